/* objects_compare.c: two sorted lists of objects walked side by side. */
#include "postgres/objects_compare.h"

#include "postgres/definition.h"
#include "postgres/objects_list.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 100    /* bytes of a value */
#define BEFORE_CHANGE 24 /* of them before the first that differs */

static void whole(const struct objects_comparison *comparison, enum object_change change,
                  const struct pg_object *object)
{
    struct object_difference difference = {.change = change};
    if (change == OBJECT_MISSING)
        difference.old = object;
    else
        difference.new = object;
    comparison->found(comparison->context, &difference);
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* Fields that a server prints from a parse tree, in its own manner; all others are texts. */
static bool is_printed(const char *field)
{
    static const char *const printed[] = {"definition",      "default",       "using", "check",
                                          "partition bound", "partition key", "where", NULL};
    return is_one_of(field, printed);
}

/* Kinds with queries in them; a function's may be SQL that was parsed when it was made. */
static bool has_query(const char *kind)
{
    static const char *const kinds[] = {"view",   "materialised view", "rule",
                                        "policy", "function",          NULL};
    return is_one_of(kind, kinds);
}

static bool same_value(const struct objects_comparison *comparison, const char *kind,
                       const char *field, const char *before, const char *after)
{
    if (field[0] == '@' && !comparison->same_server)
        return true;
    if (!before || !after)
        return before == after;
    if (comparison->same_server || !is_printed(field))
        return !strcmp(before, after);
    return definition_equal(before, after, comparison->unqualified && has_query(kind));
}

static void field(const struct objects_comparison *comparison, const struct pg_object *old,
                  const struct pg_object *new, const char *name, const char *before,
                  const char *after)
{
    struct object_difference difference = {.change = OBJECT_CHANGED,
                                           .old = old,
                                           .new = new,
                                           .field = name,
                                           .before = before,
                                           .after = after};
    if (!same_value(comparison, old->kind, name, before, after))
        comparison->found(comparison->context, &difference);
}

static void old_fields(const struct objects_comparison *comparison, const struct pg_object *old,
                       const struct pg_object *new)
{
    size_t at = 0;
    char *name, *before;
    while (objects_next_field(old->fields, &at, &name, &before)) {
        char *after = objects_field(new, name);
        field(comparison, old, new, name, before, after);
        free(after);
        free(before);
        free(name);
    }
}

/* Those that the old server's object lacks. */
static void new_fields(const struct objects_comparison *comparison, const struct pg_object *old,
                       const struct pg_object *new)
{
    size_t at = 0;
    char *name, *after;
    while (objects_next_field(new->fields, &at, &name, &after)) {
        char *before = objects_field(old, name);
        if (!before)
            field(comparison, old, new, name, NULL, after);
        free(before);
        free(after);
        free(name);
    }
}

void objects_compare(struct pg_object_list *old, struct pg_object_list *new,
                     const struct objects_comparison *comparison)
{
    size_t left = 0, right = 0;
    objects_sort(old);
    objects_sort(new);
    while (left < old->count || right < new->count) {
        int order = left == old->count    ? 1
                    : right == new->count ? -1
                                          : objects_order(&old->items[left], &new->items[right]);
        if (order == 0 && strcmp(old->items[left].fields, new->items[right].fields) != 0) {
            old_fields(comparison, &old->items[left], &new->items[right]);
            new_fields(comparison, &old->items[left], &new->items[right]);
        } else if (order < 0) {
            whole(comparison, OBJECT_MISSING, &old->items[left]);
        } else if (order > 0) {
            whole(comparison, OBJECT_EXTRA, &new->items[right]);
        }
        left += order <= 0;
        right += order >= 0;
    }
}

void object_name(struct text *text, const struct object_difference *difference)
{
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    text_printf(text, "%s %s", object->kind, object->identity);
}

/* From a bit before the byte where the two part, on one line. */
static void add_value(struct text *text, const char *value, size_t from)
{
    char shown[SHOWN_MAX + 1];
    if (!value) {
        text_add(text, "none");
        return;
    }
    while (from > 0 && ((unsigned char)value[from] & 0xC0) == 0x80)
        from--;
    text_copy(shown, sizeof shown, value + from);
    for (char *byte = shown; *byte; byte++)
        if (*byte == '\n' || *byte == '\t' || *byte == '\r')
            *byte = ' ';
    text_printf(text, "%s%s%s", from ? "..." : "", shown,
                strlen(value + from) > strlen(shown) ? "..." : "");
}

static size_t first_difference(const char *before, const char *after)
{
    size_t same = 0;
    if (!before || !after || (strlen(before) <= SHOWN_MAX && strlen(after) <= SHOWN_MAX))
        return 0;
    while (before[same] && before[same] == after[same])
        same++;
    return same > BEFORE_CHANGE ? same - BEFORE_CHANGE : 0;
}

/* How the two sides are called. */
struct sides {
    const char *before, *after, *missing, *extra, *secret;
};

static void add_words(struct text *text, const struct object_difference *difference,
                      const struct sides *sides)
{
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    if (difference->change == OBJECT_MISSING) {
        text_add(text, sides->missing);
    } else if (difference->change == OBJECT_EXTRA) {
        text_add(text, sides->extra);
    } else if (objects_kind_secret(object->kind)) {
        text_add(text, sides->secret);
    } else if (difference->field[0] == '@') {
        text_add(text, "it was written anew, as when a password is set");
    } else {
        size_t from = first_difference(difference->before, difference->after);
        if (strcmp(difference->field, "is") != 0)
            text_printf(text, "%s: ", difference->field);
        add_value(text, difference->before, from);
        text_printf(text, " %s, ", sides->before);
        add_value(text, difference->after, from);
        text_printf(text, " %s", sides->after);
    }
}

void object_words(struct text *text, const struct object_difference *difference)
{
    static const struct sides sides = {"on the old server", "on the new one",
                                       "it isn't on the new server", "it is on the new server only",
                                       "the two servers have different ones"};
    add_words(text, difference, &sides);
}

void object_words_since(struct text *text, const struct object_difference *difference)
{
    static const struct sides sides = {"then", "now", "it has gone since", "it has come since",
                                       "it was changed since"};
    add_words(text, difference, &sides);
}
