/* backup_database.c: one database of a backup: what is dumped, counted and digested in one
 * snapshot. */
#include "steps/backup/backup.h"

#include "base/clock.h"
#include "postgres/shape.h"
#include "postgres/sweep.h"
#include "steps/compare/pg_survey.h"

#include <stdlib.h>

#define SNAPSHOT_SIZE 64
#define CONNECTIONS 2 /* that count beside the dump */

struct backup_measure {
    struct survey_progress progress;
    struct pg_table_list tables;
    struct sweep_source source;
    struct sweep *sweep;
    struct shape shape;             /* at the snapshot */
    struct pg_connection *outsider; /* sees what others have done since */
    bool measured;                  /* every table has its count and digest */
    bool proven;                    /* and no table was changed under the dump or the counts */
};

static void measured(void *context, const struct sweep_source *source, const struct pg_table *table)
{
    (void)source;
    survey_counted(context, table);
}

/* Source: PostgreSQL manual, "Snapshot Synchronization Functions": the transaction has to stay open
 * until everybody who wants the snapshot has taken it over. */
static bool take_snapshot(struct backup *backup, struct pg_connection *connection,
                          char snapshot[SNAPSHOT_SIZE], struct error *error)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery() "
        "THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END, "
        "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())";
    if (!pg_execute(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error))
        return false;
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "exporting a snapshot");
    text_copy(snapshot, SNAPSHOT_SIZE, pg_field(result, 0, 0));
    if (!backup->taken_ms)
        backup->taken_ms = clock_wall_ms();
    cJSON *taken = cJSON_AddObjectToObject(backup->snapshots, pg_database(connection));
    cJSON_AddStringToObject(taken, "snapshot", snapshot);
    cJSON_AddStringToObject(taken, "lsn", pg_field(result, 0, 1));
    cJSON_AddStringToObject(taken, "xid", pg_field(result, 0, 2));
    PQclear(result);
    return true;
}

static bool start_measuring(struct backup *backup, struct backup_measure *measure,
                            struct pg_connection *connection, const char *snapshot,
                            struct error *error)
{
    *measure = (struct backup_measure){
        .progress = {.run = backup->run,
                     .column = ROWS_SNAPSHOT,
                     .database = pg_database(connection),
                     .silent = true},
    };
    if (!shape_read(connection, &measure->shape, error) ||
        !catalog_tables(connection, &measure->tables, error))
        return false;
    measure->source = (struct sweep_source){
        .parameters = &backup->access.parameters,
        .database = pg_database(connection),
        .snapshot = snapshot,
        .tables = &measure->tables,
        .context = &measure->progress,
    };
    measure->sweep = sweep_start(&measure->source, 1, CONNECTIONS, measured, error);
    return measure->sweep != NULL;
}

static void free_measure(struct backup_measure *measure)
{
    if (measure->sweep)
        sweep_end(measure->sweep);
    pg_close(measure->outsider);
    shape_free(&measure->shape);
    pg_table_list_free(&measure->tables);
}

static bool changed(const char *table, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "table %s was emptied, rewritten, altered or dropped by another session during the "
              "backup",
              table);
    return error_remedy(error, "The backup would lack its rows. Retry the step at a time when "
                               "nothing runs TRUNCATE, ALTER or DROP TABLE, CLUSTER or VACUUM "
                               "FULL.");
}

/* While the dump holds its locks, or once it has ended: then what stands now stood all the time. */
static bool prove(struct backup *backup, struct backup_measure *measure, struct error *error)
{
    struct shape now = {0};
    if (!measure->outsider)
        measure->outsider =
            server_open_database(&backup->access, measure->progress.database, error);
    bool read = measure->outsider && shape_read(measure->outsider, &now, error);
    char *table = read ? shape_first_change(&measure->shape, &now) : NULL;
    measure->proven = read && !table;
    if (table)
        changed(table, error);
    free(table);
    shape_free(&now);
    return measure->proven;
}

bool backup_measure_go_on(struct backup *backup, struct error *error)
{
    struct backup_measure *measure = backup->measuring;
    if (!measure || measure->proven)
        return true;
    if (!measure->measured && !sweep_advance(measure->sweep, false, &measure->measured, error))
        return false;
    return !measure->measured || !backup->locked || prove(backup, measure, error);
}

static bool finish_measuring(struct backup *backup, struct backup_measure *measure,
                             struct error *error)
{
    while (!measure->measured)
        if (!sweep_advance(measure->sweep, true, &measure->measured, error))
            return false;
    return measure->proven || prove(backup, measure, error);
}

static bool dump_and_measure(struct backup *backup, const struct pg_database_entry *database,
                             struct pg_connection *connection, const char *snapshot,
                             struct error *error)
{
    struct backup_measure measure;
    bool done = start_measuring(backup, &measure, connection, snapshot, error);
    backup->measuring = done ? &measure : NULL;
    backup->locked = false;
    done = done && backup->format->database(backup, database, snapshot, error) &&
           finish_measuring(backup, &measure, error);
    backup->measuring = NULL;
    if (done && backup->format->counted)
        backup->format->counted(backup, database, &measure.tables);
    backup->counted += measure.tables.count;
    free_measure(&measure);
    return done;
}

bool backup_database(struct backup *backup, const struct pg_database_entry *database,
                     struct error *error)
{
    char snapshot[SNAPSHOT_SIZE];
    backup->label = database->name;
    struct pg_connection *connection = server_open_database(&backup->access, database->name, error);
    bool done =
        connection && take_snapshot(backup, connection, snapshot, error) &&
        (database->template || survey_note_database(backup->server, database, connection, error)) &&
        objects_record_snapshot(backup->objects, connection, error) &&
        dump_and_measure(backup, database, connection, snapshot, error) &&
        objects_record_dumped(backup->objects, connection, error);
    pg_close(connection);
    backup->done += done;
    if (!done && !*error->remedy)
        error_remedy(error, "Check docker ps -a and docker logs %s, then retry the step.",
                     backup->access.container);
    return done || error_wrap(error, "backup of database \"%s\"", database->name);
}
