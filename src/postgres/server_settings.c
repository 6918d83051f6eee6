/* server_settings.c: ALTER SYSTEM, reload, and what comes of it. */
#include "postgres/server_settings.h"

#include <stdlib.h>

static const char written_sql[] =
    "SELECT setting FROM pg_catalog.pg_file_settings "
    "WHERE name = $1 AND sourcefile LIKE '%postgresql.auto.conf' ORDER BY seqno DESC LIMIT 1";

bool server_setting_written(struct pg_connection *connection, const char *name, char **value,
                            struct error *error)
{
    *value = NULL;
    PGresult *result = pg_query(connection, written_sql, 1, &name, error);
    if (!result)
        return error_wrap(error, "looking for %s in postgresql.auto.conf", name);
    if (PQntuples(result))
        *value = xstrdup(pg_field(result, 0, 0));
    PQclear(result);
    return true;
}

static void add_literal(struct text *sql, const char *value)
{
    text_add(sql, "'");
    for (; *value; value++)
        text_append(sql, *value == '\'' ? "''" : value, *value == '\'' ? 2 : 1);
    text_add(sql, "'");
}

bool server_setting_write(struct pg_connection *connection, const char *name, const char *value,
                          struct error *error)
{
    struct text sql = {0};
    text_add(&sql, value ? "ALTER SYSTEM SET " : "ALTER SYSTEM RESET ");
    bool done = pg_add_identifier(connection, &sql, name, error);
    if (value) {
        text_add(&sql, " = ");
        add_literal(&sql, value);
    }
    done = done && pg_execute(connection, text_string(&sql), error);
    text_free(&sql);
    return done;
}

bool server_settings_alterable(struct pg_connection *connection, bool *alterable,
                               struct error *error)
{
    char *allowed = pg_value(
        connection, "SELECT coalesce(pg_catalog.current_setting('allow_alter_system', true), '')",
        error);
    *alterable = allowed && !text_equal(allowed, "off");
    free(allowed);
    return allowed != NULL;
}

bool server_settings_reload(struct pg_connection *connection, struct error *error)
{
    return pg_execute(connection, "SELECT pg_catalog.pg_reload_conf()", error);
}

static bool read_setting(struct pg_connection *connection, const char *name,
                         struct new_session_setting *setting, struct error *error)
{
    PGresult *result =
        pg_query(connection, "SELECT setting, source FROM pg_catalog.pg_settings WHERE name = $1",
                 1, &name, error);
    bool found = result && PQntuples(result) == 1;
    if (found) {
        text_copy(setting->value, sizeof setting->value, pg_field(result, 0, 0));
        text_copy(setting->source, sizeof setting->source, pg_field(result, 0, 1));
    } else if (result) {
        error_set(error, ERROR_SERVER, "the server has no setting %s", name);
    }
    PQclear(result);
    return found;
}

bool new_session_setting(const struct pg_parameters *parameters, const char *name, long limit_ms,
                         struct new_session_setting *setting, struct error *error)
{
    struct pg_connection *connection = pg_open_plain(parameters, limit_ms, error);
    if (connection)
        pg_limit(connection, limit_ms);
    bool read = connection && read_setting(connection, name, setting, error);
    pg_close(connection);
    return read;
}

static bool add_value(struct pg_connection *connection, const char *sql, int count,
                      const char *const *values, struct text *names, struct error *error)
{
    PGresult *result = pg_query(connection, sql, count, values, error);
    if (result && PQntuples(result))
        text_add(names, pg_field(result, 0, 0));
    PQclear(result);
    return result != NULL;
}

static const char off_sql[] =
    "SELECT pg_catalog.string_agg(CASE WHEN r.oid IS NULL THEN 'database ' || d.datname "
    "WHEN d.oid IS NULL THEN 'role ' || r.rolname "
    "ELSE 'role ' || r.rolname || ' in database ' || d.datname END, ', ' "
    "ORDER BY r.rolname, d.datname) "
    "FROM pg_catalog.pg_db_role_setting AS s "
    "CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c "
    "LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase "
    "LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole "
    "WHERE pg_catalog.split_part(c, '=', 1) = $1 "
    "AND NOT CASE WHEN pg_catalog.split_part(c, '=', 1) = $1 "
    "THEN pg_catalog.split_part(c, '=', 2)::boolean END";

bool server_setting_off_for(struct pg_connection *connection, const char *name, struct text *names,
                            struct error *error)
{
    return add_value(connection, off_sql, 1, &name, names, error) ||
           error_wrap(error, "looking for %s of databases and roles", name);
}

/* What needs a restart isn't wrong. */
static const char faults_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('%s, line %s: %s', sourcefile, sourceline, "
    "error), '; ') FROM pg_catalog.pg_file_settings "
    "WHERE error IS NOT NULL AND error <> 'setting could not be applied'";

bool server_settings_faults(struct pg_connection *connection, struct text *faults,
                            struct error *error)
{
    return add_value(connection, faults_sql, 0, NULL, faults, error);
}
