/* objects_verdict.c: differences between objects, each judged: expected or a failure. */
#include "steps/parity/objects_verdict.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 20

static void add_column(struct text *text, const char *value)
{
    text_add(text, "\t");
    if (value)
        objects_escape(text, value);
}

static void add_evidence(struct objects_verdict *verdict,
                         const struct object_difference *difference,
                         const struct expected_difference *expected)
{
    static const char *const changes[] = {"CHANGED", "MISSING", "EXTRA"};
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    bool secret = objects_kind_secret(object->kind);
    objects_escape(&verdict->evidence, verdict->database);
    add_column(&verdict->evidence, object->kind);
    add_column(&verdict->evidence, object->identity);
    add_column(&verdict->evidence, changes[difference->change]);
    add_column(&verdict->evidence, difference->field);
    add_column(&verdict->evidence, secret ? NULL : difference->before);
    add_column(&verdict->evidence, secret ? NULL : difference->after);
    add_column(&verdict->evidence, expected ? expected->reason : "NOT EXPECTED");
    text_add(&verdict->evidence, "\n");
}

void objects_verdict_fail(struct objects_verdict *verdict, const char *name, const char *detail)
{
    if (verdict->failures++ == 0) {
        char *first = xprintf("%s: %s", name, detail);
        text_copy(verdict->first, sizeof verdict->first, first);
        free(first);
    }
    if (verdict->failures <= SHOWN_MAX)
        step_check(verdict->run, name, VERDICT_FAIL, "%s", detail);
}

static void count_reason(struct objects_verdict *verdict, const char *name,
                         const struct expected_difference *expected)
{
    size_t i = 0;
    while (i < verdict->reason_count && verdict->reasons[i].difference != expected)
        i++;
    if (i == REASONS_MAX)
        return;
    struct objects_reason *reason = &verdict->reasons[i];
    if (i == verdict->reason_count) {
        verdict->reason_count++;
        reason->difference = expected;
        text_copy(reason->first, sizeof reason->first, name);
    }
    reason->count++;
}

static char *full_name(const struct objects_verdict *verdict,
                       const struct object_difference *difference)
{
    struct text name = {0};
    if (*verdict->database)
        text_printf(&name, "%s: ", verdict->database);
    object_name(&name, difference);
    return text_take(&name);
}

/* What pg.catch_up carries over besides rows is no longer what the backup has recorded; pg.drift
 * holds it against the old server as it is. */
static const struct expected_difference *caught_up(const struct objects_verdict *verdict,
                                                   const struct object_difference *difference)
{
    static const struct expected_difference carried = {
        "copied again after the backup; compared with the old server under the fence", false};
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    bool value = text_equal(difference->field, "last value") ||
                 text_equal(difference->field, "used") || text_equal(object->kind, "large object");
    return value && verdict->against_backup && cJSON_IsObject(step_known(verdict->run, "catch_up"))
               ? &carried
               : NULL;
}

static void found(void *context, const struct object_difference *difference)
{
    struct objects_verdict *verdict = context;
    const struct expected_difference *expected = object_expected(difference, &verdict->setting);
    if (!expected)
        expected = caught_up(verdict, difference);
    char *name = full_name(verdict, difference);
    struct text words = {0};
    object_words(&words, difference);
    if (!expected && object_advice(difference))
        text_printf(&words, "; %s", object_advice(difference));
    add_evidence(verdict, difference, expected);
    if (expected)
        count_reason(verdict, name, expected);
    else
        objects_verdict_fail(verdict, name, text_string(&words));
    text_free(&words);
    free(name);
}

/* Compared as any object, unless the sequence may have been read somewhere between two readings. */
struct between {
    struct objects_verdict *verdict;
    struct pg_object_list *after;
};

static const struct pg_object *find(const struct pg_object_list *list, const char *identity)
{
    for (size_t low = 0, high = list->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list->items[middle].identity, identity);
        if (order == 0)
            return &list->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool may_be(const struct between *between, const struct object_difference *difference)
{
    struct sequence_state first, second, now;
    const struct pg_object *after = difference->change == OBJECT_CHANGED
                                        ? find(between->after, difference->old->identity)
                                        : NULL;
    return after && sequence_state_of(difference->old, &first) &&
           sequence_state_of(after, &second) && sequence_state_of(difference->new, &now) &&
           (text_equal(difference->field, "last value") || text_equal(difference->field, "used")) &&
           sequence_between(&first, &second, &now);
}

static void found_value(void *context, const struct object_difference *difference)
{
    const struct between *between = context;
    if (!may_be(between, difference))
        found(between->verdict, difference);
}

static void compare_sequences(struct objects_verdict *verdict, struct objects_scope *old,
                              struct objects_scope *new)
{
    struct between between = {.verdict = verdict, .after = &old->sequences_after};
    struct objects_comparison comparison = {.found = found_value, .context = &between};
    if (verdict->against_backup)
        objects_sort(&old->sequences_after);
    objects_compare(&old->sequences, &new->sequences, &comparison);
}

void objects_verdict_scope(struct objects_verdict *verdict, struct objects_scope *old,
                           struct objects_scope *new)
{
    struct objects_comparison comparison = {
        .unqualified = objects_setting_crosses(&verdict->setting, OBJECTS_UNQUALIFIED),
        .found = found,
        .context = verdict};
    verdict->database = old->database;
    verdict->compared += old->objects.count + old->sequences.count;
    objects_setting_note_closed(&verdict->setting, &old->objects);
    objects_compare(&old->objects, &new->objects, &comparison);
    compare_sequences(verdict, old, new);
}

void objects_verdict_secrets(struct objects_verdict *verdict, const char *database,
                             struct pg_object_list *old, struct pg_object_list *new)
{
    struct objects_comparison comparison = {.found = found, .context = verdict};
    verdict->database = database;
    verdict->compared += old->count;
    objects_compare(old, new, &comparison);
}

static void sum_up(const struct objects_verdict *verdict)
{
    size_t expected = 0;
    for (size_t i = 0; i < verdict->reason_count; i++) {
        const struct objects_reason *reason = &verdict->reasons[i];
        expected += reason->count;
        step_check(verdict->run, "expected difference",
                   reason->difference->notable ? VERDICT_WARN : VERDICT_PASS, "%zu: %s; %s%s",
                   reason->count, reason->difference->reason, reason->first,
                   reason->count > 1 ? "..." : "");
    }
    if (verdict->failures)
        step_check(verdict->run, "objects", VERDICT_FAIL,
                   "%zu differences that are not expected, %zu that are; all are in evidence/",
                   verdict->failures, expected);
    else
        step_check(verdict->run, "objects", VERDICT_PASS,
                   "%zu objects: no difference that is not expected", verdict->compared);
}

static bool write_evidence(const struct objects_verdict *verdict, struct error *error)
{
    static const char head[] =
        "database\tkind\tobject\tchange\tfield\told server\tnew server\texpected because\n";
    struct text text = {0};
    char *directory = file_join(verdict->run->directory, "evidence");
    char *name = xprintf("objects-%s.tsv", verdict->run->path);
    for (char *slash = name; (slash = strchr(slash, '/'));)
        *slash = '-';
    char *path = file_join(directory, name);
    text_add(&text, head);
    text_append(&text, text_string(&verdict->evidence), verdict->evidence.length);
    bool written = file_make_directories(directory, 0700, error) &&
                   file_write_atomic(path, text_string(&text), text.length, 0600, error);
    text_free(&text);
    free(directory);
    free(name);
    free(path);
    return written;
}

bool objects_verdict_finish(struct objects_verdict *verdict, struct error *error)
{
    sum_up(verdict);
    return verdict->run->planning || write_evidence(verdict, error);
}
