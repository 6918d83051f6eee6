/* backup_database.c: one database of a backup: what is dumped, counted and digested in one
 * snapshot. */
#include "steps/backup/backup.h"

#include "base/clock.h"
#include "postgres/shape.h"
#include "postgres/sweep.h"
#include "steps/compare/pg_jobs.h"
#include "steps/compare/pg_survey.h"

#include <stdlib.h>

#define SNAPSHOT_SIZE 64
#define TURN_MS 20
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
    bool dumping;
    bool measured; /* every table has its count and digest */
    bool proven;   /* and no table was changed under the dump or the counts */
};

static void measured(void *context, const struct sweep_source *source, const struct pg_table *table)
{
    (void)source;
    survey_counted(context, table);
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
    if (!backup->taken_ms)
        backup->taken_ms = clock_wall_ms();
    cJSON *taken = cJSON_AddObjectToObject(backup->snapshots, pg_database(connection));
    cJSON_AddStringToObject(taken, "snapshot", measure->snapshot);
    cJSON_AddStringToObject(taken, "lsn", pg_field(result, 0, 1));
    cJSON_AddStringToObject(taken, "xid", pg_field(result, 0, 2));
    PQclear(result);
    return true;
}

/* A count costs the server less than half of what a dump does. */
static bool connections(const struct backup *backup, int *count, struct error *error)
{
    long jobs = 0;
    bool known = pg_jobs(backup->run, &jobs, error);
    *count = jobs > 2L * CONNECTIONS_LEAST ? (int)jobs / 2 : CONNECTIONS_LEAST;
    return known;
}

static bool start_measuring(struct backup *backup, struct backup_measure *measure,
                            struct error *error)
{
    struct pg_connection *connection = measure->connection;
    measure->progress = (struct survey_progress){.run = backup->run,
                                                 .column = ROWS_SNAPSHOT,
                                                 .database = pg_database(connection),
                                                 .silent = true};
    int count = 0;
    if (!shape_read(connection, &measure->shape, error) ||
        !catalog_tables(connection, &measure->tables, error) || !connections(backup, &count, error))
        return false;
    measure->source = (struct sweep_source){
        .parameters = &backup->access.parameters,
        .database = pg_database(connection),
        .snapshot = measure->snapshot,
        .tables = &measure->tables,
        .context = &measure->progress,
    };
    measure->sweep = sweep_start(&measure->source, 1, count, measured, error);
    return measure->sweep != NULL;
}

void backup_measure_end(struct backup *backup)
{
    struct backup_measure *measure = backup->measuring;
    if (!measure)
        return;
    if (measure->sweep)
        sweep_end(measure->sweep);
    pg_close(measure->outsider);
    shape_free(&measure->shape);
    pg_table_list_free(&measure->tables);
    pg_close(measure->connection);
    free(measure);
    backup->measuring = NULL;
}

static bool failed(const struct backup *backup, const struct pg_database_entry *database,
                   struct error *error)
{
    if (!*error->remedy)
        error_remedy(error, "Check docker ps -a and docker logs %s, then retry the step.",
                     backup->access.container);
    return error_wrap(error, "backup of database \"%s\"", database->name);
}

bool backup_database_begin(struct backup *backup, const struct pg_database_entry *database,
                           struct error *error)
{
    struct backup_measure *measure = backup->measuring = xcalloc(1, sizeof *measure);
    measure->connection = server_open_database(&backup->access, database->name, error);
    return (measure->connection && take_snapshot(backup, measure, error) &&
            start_measuring(backup, measure, error)) ||
           failed(backup, database, error);
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
    return !measure->measured || !measure->dumping || !backup->locked ||
           prove(backup, measure, error);
}

static bool finish_measuring(struct backup *backup, struct backup_measure *measure,
                             struct error *error)
{
    while (!measure->measured) {
        if (!backup_go_on(backup, error)) /* what loads meanwhile wants to be heard */
            return false;
        if (!measure->measured)
            clock_sleep_ms(TURN_MS);
    }
    return measure->proven || prove(backup, measure, error);
}

static bool dump(struct backup *backup, const struct pg_database_entry *database,
                 struct error *error)
{
    struct backup_measure *measure = backup->measuring;
    backup->locked = false;
    measure->dumping = true;
    return backup->format->database(backup, database, measure->snapshot, error) &&
           finish_measuring(backup, measure, error);
}

static bool note_objects(struct backup *backup, const struct pg_database_entry *database,
                         struct error *error)
{
    struct pg_connection *connection = backup->measuring->connection;
    return (database->template ||
            survey_note_database(backup->server, database, connection, error)) &&
           objects_record_snapshot(backup->objects, connection, error);
}

bool backup_database(struct backup *backup, const struct pg_database_entry *database,
                     struct error *error)
{
    backup->label = database->name;
    if (!backup->measuring && !backup_database_begin(backup, database, error)) {
        backup_measure_end(backup);
        return false;
    }
    const struct backup_measure *measure = backup->measuring;
    bool done = note_objects(backup, database, error) && dump(backup, database, error) &&
                objects_record_dumped(backup->objects, measure->connection, error);
    if (done && backup->format->counted)
        backup->format->counted(backup, database, &measure->tables);
    backup->counted += measure->tables.count;
    backup_measure_end(backup);
    backup->done += done;
    return done || failed(backup, database, error);
}
