/* follow_sessions.c: the sessions that stay open, all of them inside of the servers' containers. */
#include "steps/follow/follow_log.h"
#include "steps/follow/follow_parts.h"

#include "postgres/standstill.h"
#include "steps/compare/pg_difference.h"
#include "steps/drift/copy_session.h"

#include <stdlib.h>
#include <string.h>

/* No jit: compiling a statement takes longer than most of these run. A prepared statement is
 * planned once. A commit is waited for until it's on this server's disk, and not on another's. Who
 * holds a table for itself for longer is named rather than waited for. */
static const char source_sql[] = "SET jit = off; SET plan_cache_mode = force_generic_plan; "
                                 "SET synchronous_commit = local; SET lock_timeout = '10s'";
static const char copy_sql[] = "SET jit = off; SET synchronous_commit = local";

/* 11 is the number of the schema pg_catalog, by PostgreSQL's pg_namespace.dat. */
static const char catalogs_sql[] = "SELECT pg_catalog.string_agg(oid::pg_catalog.text, ',') "
                                   "FROM pg_catalog.pg_class WHERE relnamespace = 11 "
                                   "AND relkind = 'r'";

struct pg_connection *follow_before(const struct follow_database *database)
{
    return database->sessions[database->held];
}

struct pg_connection *follow_after(const struct follow_database *database)
{
    return database->sessions[1 - database->held];
}

static struct pg_connection *open_source(const struct server_access *access, const char *database,
                                         struct error *error)
{
    struct pg_connection *connection = difference_open(access, database, error);
    if (!connection || pg_execute(connection, source_sql, error))
        return connection;
    pg_close(connection);
    return NULL;
}

static bool open_database(struct follow *follow, struct follow_database *database,
                          struct error *error)
{
    for (int i = 0; i < 2; i++) {
        database->sessions[i] = open_source(&follow->source, database->name, error);
        if (!database->sessions[i])
            return false;
    }
    database->copy = copy_session_open(&follow->copy, database->name, error);
    return database->copy && pg_execute(database->copy, copy_sql, error);
}

/* A template is only looked at: a session in it would keep others from making databases of it. */
static bool watch_template(struct follow *follow, const char *name, struct error *error)
{
    struct pg_connection *connection = server_open_database(&follow->source, name, error);
    bool read =
        connection && storage_read(connection, &follow->templates[follow->template_count++], error);
    pg_close(connection);
    return read;
}

static bool open_databases(struct follow *follow, const struct pg_database_list *list,
                           struct error *error)
{
    follow->databases = xcalloc(list->count + 1, sizeof *follow->databases);
    follow->templates = xcalloc(list->count + 1, sizeof *follow->templates);
    for (size_t i = 0; i < list->count; i++) {
        const struct pg_database_entry *entry = &list->items[i];
        if (!entry->connectable)
            continue;
        if (entry->template) {
            if (!watch_template(follow, entry->name, error))
                return false;
            continue;
        }
        struct follow_database *database = &follow->databases[follow->count++];
        database->name = xstrdup(entry->name);
        if (!open_database(follow, database, error))
            return error_wrap(error, "opening database \"%s\"", entry->name);
    }
    return true;
}

static bool is_minimal(const char *level, struct error *error)
{
    error_set(error, ERROR_OTHER, "the server's wal_level is %s: its log doesn't hold all changes",
              level);
    return error_remedy(error, "Set wal_level to replica and start that server anew.");
}

static bool are_prepared(const char *names, struct error *error)
{
    error_set(error, ERROR_OTHER, "there are prepared transactions, which nobody may ever end: %s",
              names);
    return error_remedy(error, "COMMIT PREPARED or ROLLBACK PREPARED each of them.");
}

static bool may_be_followed(struct pg_connection *connection, struct error *error)
{
    struct text prepared = {0};
    char *level = pg_value(connection, "SHOW wal_level", error);
    bool may = level && (strcmp(level, "minimal") != 0 || is_minimal(level, error)) &&
               standstill_prepared(connection, &prepared, error) &&
               (!prepared.length || are_prepared(text_string(&prepared), error));
    free(level);
    text_free(&prepared);
    return may;
}

bool follow_check(const struct server_access *access, struct pg_connection *connection,
                  struct error *error)
{
    return may_be_followed(connection, error) && follow_log_check(access, error);
}

bool follow_sessions_open(struct follow *follow, const char *source, const char *copy,
                          struct error *error)
{
    struct pg_database_list list = {0};
    if (!server_find_inside(follow->run, source, &follow->source, error) ||
        !server_find_inside(follow->run, copy, &follow->copy, error))
        return false;
    follow->main = open_source(&follow->source, follow->source.parameters.database, error);
    bool opened = follow->main && may_be_followed(follow->main, error) &&
                  (follow->catalogs = pg_value(follow->main, catalogs_sql, error)) &&
                  catalog_databases(follow->main, &list, error) &&
                  open_databases(follow, &list, error);
    pg_database_list_free(&list);
    return opened;
}

static void close_database(struct follow_database *database)
{
    for (int i = 0; i < 2; i++)
        pg_close(database->sessions[i]);
    pg_close(database->copy);
    follow_tables_free(database);
    text_list_free(&database->remarks);
    free(database->name);
}

void follow_sessions_close(struct follow *follow)
{
    for (size_t i = 0; i < follow->count; i++)
        close_database(&follow->databases[i]);
    for (size_t i = 0; i < follow->template_count; i++)
        storage_free(&follow->templates[i]);
    free(follow->databases);
    free(follow->templates);
    free(follow->catalogs);
    pg_close(follow->main);
    server_free(&follow->source);
    server_free(&follow->copy);
}
