/* restore_target.c: looks at the server before a restore, and clears what our own attempt left. */
#include "steps/restore/restore_target.h"

#include "base/json.h"
#include "docker/volume.h"
#include "postgres/catalog.h"
#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"
#include "steps/restore/load_default.h"

#include <stdlib.h>
#include <string.h>

struct target {
    struct step_run *run;
    const struct server_access *access;
    const struct text_list *wanted;
    bool attempted; /* this run has begun to restore into it before, when it was proven empty */
    bool emptied;   /* this run has taken its data away: what is there its start has made */
    bool own;       /* what is in it is this run's; also when it made the container or the volume */
};

/* ---- whose it is ---- */

/* The mount that holds the server's data; false when that is in the container itself. */
static bool find_data(const struct target *target, struct pg_connection *connection,
                      struct docker_mount *mount, bool *mounted, struct error *error)
{
    char *data = pg_value(connection, "SHOW data_directory", error);
    *mounted = data && docker_container_mount(&target->access->found, data, mount) &&
               !text_equal(mount->type, "tmpfs"); /* which goes with the container */
    free(data);
    return data != NULL;
}

static bool volume_is_own(const struct target *target, const char *name, bool *own,
                          struct error *error)
{
    struct docker_volume volume = {0};
    bool looked = docker_volume_inspect(target->access->docker, name, &volume, error);
    *own = looked && volume.exists &&
           step_is_own(target->run, docker_volume_label(&volume, LABEL_RUN));
    docker_volume_free(&volume);
    return looked;
}

static bool find_origin(struct target *target, struct pg_connection *connection,
                        struct error *error)
{
    const struct docker_container *container = &target->access->found;
    struct docker_mount mount;
    bool mounted = false, own = false;
    if (!find_data(target, connection, &mount, &mounted, error))
        return false;
    bool volume = mounted && text_equal(mount.type, "volume");
    if (volume && !volume_is_own(target, mount.source, &own, error))
        return false;
    target->emptied = (volume || !mounted) &&
                      stack_was_emptied(target->run, container, volume ? mount.source : NULL);
    target->own = target->attempted || target->emptied || own ||
                  step_is_own(target->run, docker_container_label(container, LABEL_RUN));
    return true;
}

/* ---- what is in it ---- */

/* Tables, views and sequences that no extension brought; what belongs to them (indexes, composite
 * types) isn't counted, as it says nowhere that an extension brought it. */
static bool has_objects(const struct target *target, const char *database, bool *has,
                        struct error *error)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
        "ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "
        "AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid "
        "AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'))";
    struct pg_connection *connection = server_open_database(target->access, database, error);
    char *value = connection ? pg_value(connection, sql, error) : NULL;
    *has = value && value[0] == 't';
    pg_close(connection);
    free(value);
    return value != NULL;
}

static bool refuse(const struct target *target, const char *database, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "server \"%s\" isn't empty: database \"%s\" holds objects that "
              "this restore didn't make",
              target->access->name, database);
    return error_remedy(error,
                        "Restore into a new volume: choose another one, or remove the container "
                        "and the volume if nothing needs them. If scripts in "
                        "/docker-entrypoint-initdb.d made them, leave that mount out: the backup "
                        "brings what they make.");
}

/* An attempt of our own, or the server's first start, may have left anything; any other server has
 * to be empty. */
static bool check_empty(const struct target *target, const struct pg_database_list *list,
                        struct error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        bool has = false;
        if (!list->items[i].connectable)
            continue;
        if (!has_objects(target, list->items[i].name, &has, error))
            return false;
        if (has && !target->attempted && !target->emptied)
            return refuse(target, list->items[i].name, error);
    }
    return true;
}

/* `sql` with %s replaced by the database's quoted name, run in another database. */
static bool change(const struct target *target, const char *database, const char *const *statements,
                   struct error *error)
{
    const char *from = !strcmp(database, "postgres") ? "template1" : "postgres";
    struct pg_parameters parameters = pg_parameters_for(&target->access->parameters, from);
    struct pg_connection *connection = pg_open_plain(&parameters, 0, error);
    bool done = connection != NULL;
    for (; done && *statements; statements++) {
        struct text sql = {0};
        const char *hole = strstr(*statements, "%s");
        text_append(&sql, *statements, (size_t)(hole - *statements));
        done = pg_add_identifier(connection, &sql, database, error);
        text_add(&sql, hole + 2);
        done = done && pg_execute(connection, text_string(&sql), error);
        text_free(&sql);
    }
    pg_close(connection);
    pg_parameters_free(&parameters);
    return done || error_wrap(error, "clearing database \"%s\"", database);
}

/* Source: PostgreSQL manual, DROP DATABASE (FORCE needs PostgreSQL 13). */
static bool drop_database(const struct target *target, const char *database, struct error *error)
{
    static const char *const statements[] = {"ALTER DATABASE %s IS_TEMPLATE false",
                                             "DROP DATABASE %s WITH (FORCE)", NULL};
    step_log(target->run, "dropping database %s of the new server: the backup brings it", database);
    return change(target, database, statements, error);
}

/* An earlier attempt may have left what isn't looked for: schemas, functions, types, large objects.
 */
static bool make_anew(const struct target *target, const char *database, struct error *error)
{
    static const char *const make[] = {"CREATE DATABASE %s TEMPLATE template0", NULL};
    static const char *const mark[] = {"ALTER DATABASE %s IS_TEMPLATE true", NULL};
    bool has = target->attempted || target->emptied;
    if (!has && !has_objects(target, database, &has, error))
        return false;
    if (!has)
        return true;
    return drop_database(target, database, error) && change(target, database, make, error) &&
           (strcmp(database, "template1") != 0 || change(target, database, mark, error));
}

static bool clear(const struct target *target, const struct pg_database_list *list,
                  struct error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i].name;
        if (!text_list_has(target->wanted, name))
            continue;
        if (load_every_server_has(name) ? !make_anew(target, name, error)
                                        : !drop_database(target, name, error))
            return false;
    }
    return true;
}

bool restore_target_prepare(struct step_run *run, const struct server_access *access,
                            const struct text_list *databases, bool *again, struct error *error)
{
    const char *started = cJSON_GetStringValue(step_known(run, "restore.started"));
    struct target target = {
        .run = run,
        .access = access,
        .wanted = databases,
        .attempted = text_equal(started, access->found.id),
    };
    struct pg_database_list list = {0};
    struct pg_connection *connection = server_open(access, error);
    bool ready = connection && find_origin(&target, connection, error) &&
                 catalog_databases(connection, &list, error);
    pg_close(connection);
    ready = ready && check_empty(&target, &list, error) &&
            (!target.own || clear(&target, &list, error));
    pg_database_list_free(&list);
    *again = target.attempted || target.emptied;
    if (ready)
        step_fact_text(run, "restore.started", access->found.id);
    return ready;
}
