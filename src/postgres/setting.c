/* setting.c: settings, asked of the server's views. */
#include "postgres/setting.h"

#include "postgres/secret.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MASK "***"

static const char settings_sql[] =
    "SELECT name, setting, coalesce(pg_catalog.current_setting(name, true), setting, ''), "
    "coalesce(boot_val, ''), vartype, source, coalesce(sourcefile, ''), coalesce(sourceline, 0), "
    "coalesce(pg_catalog.starts_with(sourcefile, "
    "pg_catalog.current_setting('data_directory') || '/'), false), pending_restart, "
    "coalesce(pg_catalog.regexp_replace(sourcefile, '^.*/', ''), '') "
    "FROM pg_catalog.pg_settings ORDER BY name COLLATE \"C\"";

/* Names with a dot that no loaded library knows are hidden in pg_settings; the files show them. */
static const char customs_sql[] =
    "SELECT f.name, f.setting, f.setting, '', 'string', 'configuration file', f.sourcefile, "
    "f.sourceline, pg_catalog.starts_with(f.sourcefile, "
    "pg_catalog.current_setting('data_directory') || '/'), false, "
    "pg_catalog.regexp_replace(f.sourcefile, '^.*/', '') FROM pg_catalog.pg_file_settings f "
    "WHERE f.name LIKE '%.%' AND f.applied AND NOT EXISTS "
    "(SELECT FROM pg_catalog.pg_settings s WHERE s.name = f.name) ORDER BY f.name COLLATE \"C\"";

enum column { NAME, VALUE, SHOWN, BOOT, TYPE, SOURCE, FILE_PATH, LINE, INSIDE, PENDING, FILE_NAME };

/* One "NAME=VALUE" a row. */
static const char roles_sql[] =
    "SELECT c, coalesce(d.datname, ''), coalesce(r.rolname, '') "
    "FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) c "
    "LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase "
    "LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole "
    "ORDER BY c COLLATE \"C\", 2, 3";

/* Source: PostgreSQL's source, GucSource_Names. */
static const struct {
    const char *source;
    enum setting_origin origin;
} origins[] = {
    {"default", SETTING_DEFAULT},
    {"override", SETTING_DEFAULT},
    {"dynamic default", SETTING_DEFAULT},
    {"command line", SETTING_COMMAND_LINE},
    {"environment variable", SETTING_ENVIRONMENT},
    {"configuration file", SETTING_OTHER_FILE},
};

static enum setting_origin origin_of(const char *source, bool inside)
{
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++)
        if (!strcmp(source, origins[i].source))
            return inside ? SETTING_DATA_DIRECTORY : origins[i].origin;
    return SETTING_SESSION;
}

static char *place_of(const PGresult *result, int row, enum setting_origin origin)
{
    if (!*pg_field(result, row, FILE_NAME))
        return xstrdup(pg_field(result, row, SOURCE));
    return xprintf("%s line %s",
                   pg_field(result, row, origin == SETTING_OTHER_FILE ? FILE_PATH : FILE_NAME),
                   pg_field(result, row, LINE));
}

static struct pg_setting *grow(struct pg_settings *settings)
{
    if (settings->count == settings->capacity) {
        settings->capacity = settings->capacity ? settings->capacity * 2 : 64;
        settings->items = xrealloc(settings->items, settings->capacity * sizeof *settings->items);
    }
    return &settings->items[settings->count++];
}

static bool read_rows(struct pg_connection *connection, const char *sql,
                      struct pg_settings *settings, struct error *error)
{
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading the settings");
    for (int row = 0; row < PQntuples(result); row++) {
        enum setting_origin origin =
            origin_of(pg_field(result, row, SOURCE), pg_true(result, row, INSIDE));
        *grow(settings) = (struct pg_setting){
            .name = xstrdup(pg_field(result, row, NAME)),
            .value = xstrdup(pg_field(result, row, VALUE)),
            .shown = xstrdup(pg_field(result, row, SHOWN)),
            .boot = xstrdup(pg_field(result, row, BOOT)),
            .type = xstrdup(pg_field(result, row, TYPE)),
            .place = place_of(result, row, origin),
            .origin = origin,
            .pending = pg_true(result, row, PENDING),
        };
    }
    PQclear(result);
    return true;
}

bool pg_settings_read(struct pg_connection *connection, struct pg_settings *settings,
                      struct error *error)
{
    return read_rows(connection, settings_sql, settings, error) &&
           read_rows(connection, customs_sql, settings, error);
}

static char *role_place(const char *database, const char *role)
{
    if (*role && *database)
        return xprintf("role %s in database %s", role, database);
    if (*role)
        return xprintf("role %s", role);
    return *database ? xprintf("database %s", database) : xstrdup("all roles");
}

bool pg_settings_read_roles(struct pg_connection *connection, struct pg_settings *settings,
                            struct error *error)
{
    PGresult *result = pg_query(connection, roles_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading the settings of roles and databases");
    for (int row = 0; row < PQntuples(result); row++) {
        const char *text = pg_field(result, row, 0), *equals = strchr(text, '=');
        if (!equals)
            continue;
        *grow(settings) = (struct pg_setting){
            .name = xstrndup(text, (size_t)(equals - text)),
            .value = xstrdup(equals + 1),
            .shown = xstrdup(equals + 1),
            .boot = xstrdup(""),
            .type = xstrdup(""),
            .place = role_place(pg_field(result, row, 1), pg_field(result, row, 2)),
            .origin = SETTING_ROLE,
        };
    }
    PQclear(result);
    return true;
}

void pg_settings_free(struct pg_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct pg_setting *setting = &settings->items[i];
        char *const owned[] = {setting->name, setting->value, setting->shown,
                               setting->boot, setting->type,  setting->place};
        for (size_t part = 0; part < sizeof owned / sizeof owned[0]; part++)
            free(owned[part]);
    }
    free(settings->items);
    *settings = (struct pg_settings){0};
}

const struct pg_setting *pg_settings_find(const struct pg_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->count; i++)
        if (settings->items[i].origin != SETTING_ROLE && !strcasecmp(settings->items[i].name, name))
            return &settings->items[i];
    return NULL;
}

bool setting_is_set(const struct pg_setting *setting)
{
    return setting->origin != SETTING_DEFAULT && setting->origin != SETTING_SESSION;
}

bool setting_goes_along(const struct pg_setting *setting)
{
    return setting_is_set(setting) && setting->origin != SETTING_DATA_DIRECTORY;
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

bool setting_is_secret(const struct pg_setting *setting)
{
    bool text = !*setting->type || !strcmp(setting->type, "string");
    return text && *setting->value && secret_is(setting->name, setting->value);
}

const char *setting_display(const struct pg_setting *setting)
{
    return setting_is_secret(setting) ? MASK : setting->shown;
}

static void add_literal(struct text *text, const char *value, size_t length)
{
    text_add(text, "'");
    for (size_t i = 0; i < length; i++)
        text_append(text, value[i] == '\'' ? "''" : &value[i], value[i] == '\'' ? 2 : 1);
    text_add(text, "'");
}

/* Settings that ALTER SYSTEM takes as a list: one literal for all of it would be one name. Source:
 * PostgreSQL's source, GUC_LIST_QUOTE. */
static bool takes_list(const char *name)
{
    static const char *const lists[] = {"search_path",
                                        "temp_tablespaces",
                                        "unix_socket_directories",
                                        "shared_preload_libraries",
                                        "session_preload_libraries",
                                        "local_preload_libraries"};
    for (size_t i = 0; i < COUNT(lists); i++)
        if (!strcmp(lists[i], name))
            return true;
    return false;
}

static void add_list(struct text *text, const char *value)
{
    for (const char *separator = ""; *value; separator = ", ") {
        value += strspn(value, " ,");
        bool quoted = *value == '"';
        value += quoted;
        size_t length = strcspn(value, quoted ? "\"" : ", ");
        text_add(text, length ? separator : "");
        if (length)
            add_literal(text, value, length);
        value += length + (quoted && value[length]);
    }
}

void setting_statement(struct text *text, const struct pg_setting *setting)
{
    const char *value = setting_display(setting);
    text_printf(text, "ALTER SYSTEM SET %s = ", setting->name);
    if (takes_list(setting->name) && *value)
        add_list(text, value);
    else
        add_literal(text, value, strlen(value));
}
