/* pg_compare.c: pg.compare, which holds a new server against what was recorded of the old one, or
 * against the old one itself. */
#include "steps/actions.h"
#include "steps/compare/compare_explain.h"
#include "steps/compare/pg_compare_rows.h"
#include "steps/compare/pg_measure.h"

#include "base/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct comparison {
    struct step_run *run;
    bool live;        /* against the old server as it is now */
    const cJSON *old; /* the fact "server.OLD", or what the old server says now */
    struct server_access old_access, access;
    struct survey old_survey, new; /* the old one only when live */
    size_t failures;
    char first[400]; /* what failed first, for the step's message */
};

static void fail(struct comparison *comparison, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct comparison *comparison, const char *name, const char *format, ...)
{
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    step_check(comparison->run, name, VERDICT_FAIL, "%s", text_string(&text));
    if (comparison->failures++ == 0) {
        char *first = xprintf("%s: %s", name, text_string(&text));
        text_copy(comparison->first, sizeof comparison->first, first);
        free(first);
    }
    text_free(&text);
}

static void compare_versions(struct comparison *comparison)
{
    int old = (int)json_number_at(comparison->old, "version_num");
    int new = (int)json_number_at(comparison->new.server, "version_num");
    const char *old_text = json_text(comparison->old, "version");
    const char *new_text = json_text(comparison->new.server, "version");
    long major = step_integer(comparison->run, "major");
    if (major && catalog_major(new) != major)
        fail(comparison, "version", "PostgreSQL %s, expected was %ld", new_text, major);
    else if (!major && new < old)
        fail(comparison, "version", "PostgreSQL %s is older than the old server's %s", new_text,
             old_text);
    else
        step_check(comparison->run, "version", VERDICT_PASS, "%s to %s", old_text, new_text);
}

static void compare_encodings(struct comparison *comparison)
{
    static const char *const names[] = {"encoding", "collation"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *old = json_text(comparison->old, names[i]);
        const char *new = json_text(comparison->new.server, names[i]);
        if (!text_equal(old, new))
            step_check(comparison->run, names[i], VERDICT_WARN,
                       "database postgres: %s on the old server, %s on the new one", old, new);
    }
}

static void compare_extension(struct comparison *comparison, const char *database, const cJSON *old,
                              const char *new)
{
    char *name = xprintf("%s: extension %s", database, old->string);
    int order = new ? strverscmp(new, old->valuestring) : 0;
    if (!new)
        fail(comparison, name, "version %s on the old server, none on the new one",
             old->valuestring);
    else if (order < 0)
        step_check(comparison->run, name, VERDICT_WARN,
                   "%s to %s: the new server's version is older", old->valuestring, new);
    else if (order > 0)
        step_check(comparison->run, name, VERDICT_PASS, "%s to %s: the image brings a newer one",
                   old->valuestring, new);
    else
        step_check(comparison->run, name, VERDICT_PASS, "%s on both", new);
    free(name);
}

static const cJSON *extensions_of(const cJSON *server, const char *database)
{
    return cJSON_GetObjectItemCaseSensitive(json_at(server, "extensions"), database);
}

static void compare_database(struct comparison *comparison, const cJSON *old)
{
    char before[24], after[24];
    const cJSON *item, *new = extensions_of(comparison->new.server, old->string);
    const struct pg_database_entry *database =
        pg_database_find(&comparison->new.databases, old->string);
    if (!database) {
        fail(comparison, old->string, "the database isn't on the new server");
        return;
    }
    step_check(comparison->run, old->string, VERDICT_PASS, "%s on the old server, %s on the new",
               text_bytes(before, sizeof before, old->valuedouble),
               text_bytes(after, sizeof after, (double)database->bytes));
    cJSON_ArrayForEach(item, extensions_of(comparison->old, old->string))
    {
        compare_extension(comparison, old->string, item, json_text(new, item->string));
    }
}

static void expect_all_counts(struct comparison *comparison, const struct row_counts *old)
{
    const cJSON *taken = step_known(comparison->run, "backup");
    if (taken && (double)old->count != json_number_at(taken, "counts_tables"))
        fail(comparison, "rows", "the backup counted %.0f tables, %zu counts are known",
             json_number_at(taken, "counts_tables"), old->count);
}

/* Both servers at once when the old one is asked now. After the switchover, differences are only
 * reported: counts will do, and what was proven before stays on the screen. */
static bool measure_rows(struct comparison *comparison, const struct rows_comparison *rows,
                         struct error *error)
{
    bool show = rows->equal;
    const struct measure servers[] = {
        {&comparison->access, &comparison->new, show ? ROWS_NEW : ROWS_COLUMNS, rows->new},
        {&comparison->old_access, &comparison->old_survey, show ? ROWS_NOW : ROWS_COLUMNS,
         rows->old},
    };
    if (!comparison->live) {
        row_counts_known(comparison->run, ROWS_SNAPSHOT, rows->old);
        expect_all_counts(comparison, rows->old);
    }
    return measure_tables(comparison->run, servers, comparison->live ? 2 : 1, rows->equal, error);
}

/* Down to the rows, as long as the old server can be asked. */
static void explain(struct comparison *comparison, const struct rows_comparison *rows)
{
    struct error error = ERROR_INIT;
    struct server_access old = {0};
    const struct compare_explain asked = {
        .old = comparison->live ? &comparison->old_access : &old,
        .new = &comparison->access,
        .before = rows->old,
        .after = rows->new,
        .live = comparison->live,
    };
    if (comparison->live ||
        server_find(comparison->run, step_text(comparison->run, "old"), &old, &error))
        compare_explain(comparison->run, &asked);
    else
        step_log(comparison->run, "the differing rows couldn't be looked at: %s", error.message);
    server_free(&old);
}

static bool compare_rows(struct comparison *comparison, struct error *error)
{
    struct row_counts old = {0}, new = {0};
    struct rows_verdict verdict = {0};
    const struct rows_comparison rows = {
        .old = &old,
        .new = &new,
        .equal = text_equal(step_text(comparison->run, "rows"), "equal"),
        .live = comparison->live};
    bool done = measure_rows(comparison, &rows, error) &&
                compare_row_counts(comparison->run, &rows, &verdict, error);
    if (done && verdict.failures && rows.equal)
        explain(comparison, &rows);
    if (done && verdict.failures && comparison->failures == 0)
        text_copy(comparison->first, sizeof comparison->first, verdict.first);
    comparison->failures += verdict.failures;
    row_counts_free(&old);
    row_counts_free(&new);
    return done;
}

static bool judge(const struct comparison *comparison, struct error *error)
{
    if (!comparison->failures)
        return true;
    error_set(error, ERROR_OTHER, "the new server differs in %zu points; the first: %s",
              comparison->failures, comparison->first);
    if (comparison->live)
        return error_remedy(error,
                            "The evidence names each difference. What clients have written on the "
                            "old server since the backup is among them: stop the writes (pg.fence) "
                            "and catch up, or make a new backup, then compare again.");
    return error_remedy(error,
                        "These are exact counts and checksums, no estimates. The evidence names "
                        "each difference. Don't switch over: roll back, find out what the restore "
                        "said (logs/restore-*.log), and begin again with a new backup.");
}

/* What the old server says now takes the place of what was recorded. */
static bool ask_old(struct comparison *comparison, struct error *error)
{
    if (!comparison->live)
        return true;
    if (!server_find(comparison->run, step_text(comparison->run, "old"), &comparison->old_access,
                     error) ||
        !survey_read(&comparison->old_access, &comparison->old_survey, error))
        return false;
    comparison->old = comparison->old_survey.server;
    return true;
}

static bool compare_all(struct comparison *comparison, struct error *error)
{
    const cJSON *database;
    if (!ask_old(comparison, error) ||
        !server_find(comparison->run, step_text(comparison->run, "new"), &comparison->access,
                     error) ||
        !survey_read(&comparison->access, &comparison->new, error))
        return false;
    compare_versions(comparison);
    compare_encodings(comparison);
    cJSON_ArrayForEach(database, json_at(comparison->old, "databases"))
    {
        compare_database(comparison, database);
    }
    if (!compare_rows(comparison, error))
        return false;
    survey_record(comparison->run, comparison->access.name, comparison->new.server);
    return judge(comparison, error);
}

static bool nothing_recorded(const char *old, struct error *error)
{
    error_set(error, ERROR_OTHER, "nothing is recorded of server \"%s\" to compare with", old);
    return error_remedy(error,
                        "A step pg.inventory or pg.backup of server \"%s\" has to come "
                        "before this one.",
                        old);
}

static bool run_compare(struct step_run *run, struct error *error)
{
    const char *old = step_text(run, "old");
    struct comparison comparison = {.run = run,
                                    .live = text_equal(step_text(run, "against"), "now"),
                                    .old = survey_known(run, old)};
    if (server_not_yet(run, step_text(run, "new")))
        return true;
    if (!comparison.old && !comparison.live)
        return nothing_recorded(old, error);
    bool done = compare_all(&comparison, error);
    survey_free(&comparison.new);
    survey_free(&comparison.old_survey);
    server_free(&comparison.access);
    server_free(&comparison.old_access);
    return done;
}

static const char *const against_choices[] = {"snapshot", "now", NULL};
static const char *const rows_choices[] = {"equal", "report", NULL};

static const struct argument compare_arguments[] = {
    {"old", ARGUMENT_SERVER, true, NULL, NULL, "the old server"},
    {"new", ARGUMENT_SERVER, true, NULL, NULL, "the new server"},
    {"rows", ARGUMENT_ENUM, false, "equal", rows_choices,
     "equal: count and contents of every table have to match; report: counts that differ are only "
     "shown, as after the switchover"},
    {"against", ARGUMENT_ENUM, false, "snapshot", against_choices,
     "snapshot: what the backup recorded of the old server; now: the old server as it is now, both "
     "asked at once"},
    {"connections", ARGUMENT_INTEGER, false, "4", NULL,
     "over how many connections each server is asked, at most; fewer where it has few free"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "major version that the new server has to be"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_compare_action = {
    .name = "pg.compare",
    .danger = DANGER_READ,
    .help = "compares version, databases, extensions, and count and contents of every table",
    .arguments = compare_arguments,
    .run = run_compare,
};
