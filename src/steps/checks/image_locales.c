/* image_locales.c: locales that the old server's databases and collations have, asked of the image;
 * and whether both sort texts by the same C library. */
#include "steps/checks/image_check.h"
#include "steps/checks/image_settings.h"

#include <stdlib.h>
#include <string.h>

/* The provider of a database is told since 15; before that it's always the C library. */
static const char databases_sql[] =
    "SELECT DISTINCT locale FROM pg_catalog.pg_database, "
    "LATERAL (VALUES (datcollate), (datctype)) v (locale) WHERE datallowconn AND locale <> ''";

static const char collations_sql[] =
    "SELECT DISTINCT locale FROM pg_catalog.pg_collation, "
    "LATERAL (VALUES (collcollate), (collctype)) v (locale) "
    "WHERE collprovider = 'c' AND oid >= 16384 AND locale IS NOT NULL AND locale <> ''";

static void note_locale(void *context, const char *database, const PGresult *result, int row)
{
    struct text_list *locales = context;
    (void)database;
    if (!text_list_has(locales, pg_field(result, row, 0)))
        text_list_add(locales, pg_field(result, row, 0));
}

static bool is_fixed(const char *locale)
{
    return !strcmp(locale, "C") || !strcmp(locale, "POSIX") || text_starts(locale, "C.");
}

/* A database's locale that the image lacks makes CREATE DATABASE fail. */
static bool ask_image(struct image_check *check, const struct text_list *locales,
                      struct error *error)
{
    struct image_question *questions = xcalloc(locales->count + 1, sizeof *questions);
    for (size_t i = 0; i < locales->count; i++)
        questions[i] = (struct image_question){.name = "lc_monetary", .value = locales->items[i]};
    bool asked = image_ask_settings(check->docker, check->image, questions, locales->count, error);
    for (size_t i = 0; asked && i < locales->count; i++) {
        char *name = xprintf("locale %s", locales->items[i]);
        bool there = questions[i].answer == IMAGE_TAKES;
        struct finding finding = {locales->items[i], name,
                                  "Use an image that has the locale (RUN localedef in a Dockerfile "
                                  "on top of it makes it).",
                                  there ? VERDICT_PASS : VERDICT_FAIL};
        finding_add(&check->findings, &finding,
                    there ? "in use on the old server; the image has it"
                          : "in use on the old server; the image doesn't have it, so that CREATE "
                            "DATABASE or CREATE COLLATION fails");
        free(name);
    }
    image_questions_free(questions, locales->count);
    return asked;
}

/* Indexes are built anew by the restore, so that nothing is damaged; but the order may be another.
 */
static bool compare_libc(struct image_check *check, const struct text_list *locales,
                         struct error *error)
{
    char old[64];
    const char *new = check->contents.libc;
    bool sorted = false;
    for (size_t i = 0; i < locales->count; i++)
        sorted = sorted || !is_fixed(locales->items[i]);
    if (!check->access.found.exists)
        return true;
    if (!container_libc(check->docker, check->access.container, old, sizeof old, error))
        return false;
    bool known = *old && *new, same = known && !strcmp(old, new);
    enum verdict verdict = same || !sorted ? VERDICT_PASS : VERDICT_WARN;
    step_check(check->findings.run, "order of text indexes", verdict,
               "%s on the old server, %s in the image%s", *old ? old : "an unknown C library",
               *new ? new : "an unknown one",
               verdict == VERDICT_PASS ? ""
                                       : ": ORDER BY on text may give another order; the restore "
                                         "builds every index anew");
    return true;
}

bool image_check_locales(struct image_check *check, struct error *error)
{
    struct text_list locales = {0};
    struct pg_connection *connection = server_open(&check->access, error);
    PGresult *result = connection ? pg_query(connection, databases_sql, 0, NULL, error) : NULL;
    for (int row = 0; result && row < PQntuples(result); row++)
        note_locale(&locales, NULL, result, row);
    bool done = result != NULL;
    PQclear(result);
    pg_close(connection);
    done = done && image_check_each_database(check, collations_sql, note_locale, &locales, error) &&
           ask_image(check, &locales, error) && compare_libc(check, &locales, error);
    text_list_free(&locales);
    return done;
}
