/* image_libraries.c: libraries that the old server loads, and whether the image has them. */
#include "steps/checks/image_check.h"

#include "postgres/setting.h"

#include <stdlib.h>
#include <string.h>

static const char *const preloading[] = {"shared_preload_libraries", "session_preload_libraries",
                                         "local_preload_libraries"};

/* An extension's functions come by its own scripts, with the library's name of that version; these
 * are the ones that a dump writes out. Source: PostgreSQL manual, "pg_proc", probin. */
static const char functions_sql[] =
    "SELECT DISTINCT p.probin FROM pg_catalog.pg_proc p "
    "JOIN pg_catalog.pg_language l ON l.oid = p.prolang "
    "WHERE l.lanname = 'c' AND p.probin IS NOT NULL AND p.oid >= 16384 "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid "
    "AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e') ORDER BY 1";

/* "$libdir/vector.so" and "vector" are one. The caller frees. */
static char *plain_name(const char *library, size_t length)
{
    char *copy = xstrndup(library, length);
    char *slash = strrchr(copy, '/');
    char *name = xstrdup(slash ? slash + 1 : copy);
    if (text_ends(name, ".so"))
        name[strlen(name) - strlen(".so")] = '\0';
    free(copy);
    return name;
}

static void check_library(struct image_check *check, const char *library, size_t length,
                          const char *user)
{
    char *name = plain_name(library, length);
    char *title = xprintf("library %s", name);
    bool there = cJSON_GetObjectItemCaseSensitive(check->contents.libraries, name) != NULL;
    struct finding finding = {
        name, title,
        "Use an image that carries it (variable new_image), or stop using it on the old server.",
        there ? VERDICT_PASS : VERDICT_FAIL};
    finding_add(&check->findings, &finding, "%s; the image %s", user,
                there ? "has it" : "doesn't have it");
    free(title);
    free(name);
}

static void check_preloaded(struct image_check *check, const struct pg_setting *setting)
{
    char *user = xprintf("in %s (%s)", setting->name, setting->place);
    for (const char *at = setting->value; *at;) {
        at += strspn(at, " ,\"");
        size_t length = strcspn(at, " ,\"");
        if (length)
            check_library(check, at, length, user);
        at += length;
    }
    free(user);
}

static void check_function(void *context, const char *database, const PGresult *result, int row)
{
    const char *library = pg_field(result, row, 0);
    char *user = xprintf("used by functions or a language of database %s", database);
    check_library(context, library, strlen(library), user);
    free(user);
}

bool image_check_libraries(struct image_check *check, struct error *error)
{
    struct pg_settings settings = {0};
    struct pg_connection *connection = pg_open_plain(&check->access.parameters, 0, error);
    bool read = connection && pg_settings_read(connection, &settings, error) &&
                pg_settings_read_roles(connection, &settings, error);
    pg_close(connection);
    for (size_t i = 0; i < settings.count; i++)
        for (size_t name = 0; name < sizeof preloading / sizeof preloading[0]; name++)
            if (!strcmp(settings.items[i].name, preloading[name]))
                check_preloaded(check, &settings.items[i]);
    pg_settings_free(&settings);
    return read && image_check_each_database(check, functions_sql, check_function, check, error);
}
