/* backup_database.c: one database of a backup: what is dumped, counted and digested in one
 * snapshot. */
#include "steps/backup/backup.h"

#include "base/clock.h"
#include "postgres/shape.h"
#include "postgres/sweep.h"
#include "steps/compare/pg_survey.h"

#include <stdlib.h>

#define SNAPSHOT_SIZE 64
#define CONNECTIONS_LEAST 2 /* that count beside the dump */

struct backup_measure {
    struct pg_connection *connection; /* holds the snapshot */
    char snapshot[SNAPSHOT_SIZE];
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

static void note_snapshot(struct backup *backup, const struct backup_measure *measure,
                          const PGresult *result)
{
    cJSON *taken = cJSON_AddObjectToObject(backup->snapshots, pg_database(measure->connection));
    cJSON_AddStringToObject(taken, "snapshot", measure->snapshot);
    cJSON_AddStringToObject(taken, "lsn", pg_field(result, 0, 1));
    cJSON_AddStringToObject(taken, "xid", pg_field(result, 0, 2));
    if (backup->first_snapshot)
        return;
    backup->first_snapshot = taken;
    backup->taken_ms = clock_wall_ms();
}

/* Source: PostgreSQL manual, "Snapshot Synchronization Functions": the transaction has to stay open
 * until everybody who wants the snapshot has taken it over. */
static bool take_snapshot(struct backup *backup, struct backup_measure *measure,
                          struct error *error)
{
    struct pg_connection *connection = measure->connection;
    static const char sql[] =
        "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery() "
        "THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END, "
        "pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())";
    if (!pg_execute(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error))
        return false;
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "exporting a snapshot");
    text_copy(measure->snapshot, SNAPSHOT_SIZE, pg_field(result, 0, 0));
    note_snapshot(backup, measure, result);
    PQclear(result);
    return true;
}

/* A count costs the server less than half of what a dump does. */
static int connections(const struct backup_database *database)
{
    long jobs = database->backup->jobs;
    int most = jobs > 2L * CONNECTIONS_LEAST ? (int)jobs / 2 : CONNECTIONS_LEAST;
    return backup_share(database->backup, database->entry, most);
}

static bool start_measuring(struct backup_database *database, struct error *error)
{
    struct backup_measure *measure = database->measure;
    struct pg_connection *connection = measure->connection;
    measure->progress = (struct survey_progress){.run = database->backup->run,
                                                 .column = ROWS_SNAPSHOT,
                                                 .database = pg_database(connection),
                                                 .silent = true};
    if (!shape_read(connection, &measure->shape, error) ||
        !catalog_tables(connection, &measure->tables, error))
        return false;
    measure->source = (struct sweep_source){
        .parameters = &database->backup->access.parameters,
        .database = pg_database(connection),
        .snapshot = measure->snapshot,
        .tables = &measure->tables,
        .context = &measure->progress,
    };
    measure->sweep = sweep_start(&measure->source, 1, connections(database), measured, error);
    return measure->sweep != NULL;
}

static void end_measuring(struct backup_measure *measure)
{
    if (!measure)
        return;
    if (measure->sweep)
        sweep_end(measure->sweep);
    pg_close(measure->outsider);
    shape_free(&measure->shape);
    pg_table_list_free(&measure->tables);
    pg_close(measure->connection);
    free(measure);
}

void backup_database_end(struct backup_database *database)
{
    backup_tool_drop(&database->tool);
    end_measuring(database->measure);
    database->backup->format->drop(database);
    free(database);
}

static bool failed(const struct backup_database *database, struct error *error)
{
    if (!*error->remedy)
        error_remedy(error, "Check docker ps -a and docker logs %s, then retry the step.",
                     database->backup->access.container);
    return error_wrap(error, "backup of database \"%s\"", database->entry->name);
}

bool backup_database_begin(struct backup_database *database, struct error *error)
{
    struct backup *backup = database->backup;
    struct backup_measure *measure = database->measure = xcalloc(1, sizeof *measure);
    measure->connection = server_open_database(&backup->access, database->entry->name, error);
    return (measure->connection && take_snapshot(backup, measure, error) &&
            start_measuring(database, error)) ||
           failed(database, error);
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

static bool count(struct backup_database *database, struct error *error)
{
    struct backup_measure *measure = database->measure;
    if (measure->proven)
        return true;
    if (!measure->measured && !sweep_advance(measure->sweep, false, &measure->measured, error))
        return false;
    return !measure->measured || !(database->locked || database->dumped) ||
           prove(database->backup, measure, error);
}

bool backup_database_count(struct backup_database *database, struct error *error)
{
    return count(database, error) || failed(database, error);
}

static bool note_objects(struct backup_database *database, struct error *error)
{
    struct backup *backup = database->backup;
    struct pg_connection *connection = database->measure->connection;
    return (database->entry->template ||
            survey_note_database(backup->server, database->entry, connection, error)) &&
           objects_record_snapshot(backup->objects, connection, error);
}

/* The objects first: a session of ours that waits for a lock behind somebody who waits for the dump
 * would wait for ever, as nobody reads what the dump says meanwhile. */
static bool begin_dump(struct backup_database *database, struct error *error)
{
    database->dumping = true;
    return note_objects(database, error) &&
           database->backup->format->dump(database, database->measure->snapshot, error);
}

static bool go_on_dumping(struct backup_database *database, struct error *error)
{
    bool ended = false;
    if (!backup_tool_turn(&database->tool, &ended, error))
        return false;
    database->dumped = ended && database->backup->format->dumped(database, error);
    return database->dumped || !ended;
}

bool backup_database_dump(struct backup_database *database, struct error *error)
{
    const struct backup_format *format = database->backup->format;
    if (database->dumped ||
        (database->dumping ? go_on_dumping(database, error) : begin_dump(database, error)))
        return true;
    if (format->explain)
        format->explain(database->backup, error);
    return failed(database, error);
}

bool backup_database_is_done(const struct backup_database *database)
{
    return database->dumped && database->measure->proven;
}

bool backup_database_finish(struct backup_database *database, struct error *error)
{
    struct backup *backup = database->backup;
    const struct backup_measure *measure = database->measure;
    if (!objects_record_dumped(backup->objects, measure->connection, error))
        return failed(database, error);
    if (backup->format->counted)
        backup->format->counted(database, &measure->tables);
    backup->counted += measure->tables.count;
    backup->done++;
    return true;
}

struct pg_connection *backup_database_connection(const struct backup_database *database)
{
    return database->measure->connection;
}

size_t backup_database_tables(const struct backup_database *database)
{
    return database->measure->tables.count;
}
