/* pg_backup.c: pg.backup, a dump of the whole server into one SQL file, with the exact counts of
 * each database taken in the snapshot of its own dump. */
#include "steps/actions.h"
#include "steps/backup_file.h"
#include "steps/objects_parity.h"
#include "steps/pg_dump_filter.h"
#include "steps/pg_survey.h"
#include "steps/pg_tool.h"

#include "base/clock.h"
#include "base/json.h"
#include "postgres/count.h"
#include "postgres/drift.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX ((size_t)16 << 10)
#define PROGRESS_EVERY_MS 200
#define SNAPSHOT_SIZE 64
#define FACT "backup"
#define FACT_STARTED "backup.started"

struct backup {
    struct step_run *run;
    struct server_access access;
    struct pg_database_list databases;
    struct backup_file *file;
    char *path;
    cJSON *server;    /* the fact "server.NAME" as of the snapshots */
    cJSON *snapshots; /* {database: id} */
    char lsn[SNAPSHOT_SIZE];
    int64_t taken_ms; /* wall, of the first snapshot */
    cJSON *writes;    /* the write counters then, or NULL */
    size_t counted;   /* tables */
    double total;     /* bytes of all databases: an estimate */
    int64_t reported_ms;
    const char *label; /* of the progress */
    struct text words; /* standard error of the tool that runs */
    struct counting *counting;
    struct dump_filter *filter;
    struct objects_record *objects; /* all but the rows, as of the snapshots */
};

static bool take_output(void *context, const char *bytes, size_t length, struct error *error)
{
    struct backup *backup = context;
    return backup_file_write(backup->file, bytes, length, error);
}

static void report_progress(struct backup *backup)
{
    int64_t now = clock_monotonic_ms();
    if (now - backup->reported_ms < PROGRESS_EVERY_MS)
        return;
    double bytes = (double)backup_file_summary(backup->file)->bytes;
    backup->reported_ms = now;
    step_progress(backup->run, bytes, bytes > backup->total ? bytes : backup->total, "bytes",
                  backup->label);
}

/* Between two pieces of the dump the counts go on, on a connection of their own. */
static bool go_on_counting(struct backup *backup, struct error *error)
{
    bool done = false;
    report_progress(backup);
    return !backup->counting || counting_advance(backup->counting, false, &done, error);
}

static bool take_dump(void *context, const char *bytes, size_t length, struct error *error)
{
    struct backup *backup = context;
    bool taken = backup->filter ? dump_filter_feed(backup->filter, bytes, length, error)
                                : take_output(backup, bytes, length, error);
    return taken && go_on_counting(backup, error);
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct backup *backup = context;
    (void)error;
    size_t room = backup->words.length < WORDS_MAX ? WORDS_MAX - backup->words.length : 0;
    text_append(&backup->words, bytes, length < room ? length : room);
    return true;
}

static bool tick(void *context, struct error *error)
{
    return go_on_counting(context, error);
}

static bool run_tool(struct backup *backup, const char *const *arguments, const char *database,
                     struct error *error)
{
    int exit_status = -1;
    struct pg_tool tool = {.access = &backup->access,
                           .arguments = arguments,
                           .database = database,
                           .write = take_dump,
                           .write_error = take_words,
                           .tick = tick,
                           .context = backup};
    text_consume(&backup->words, backup->words.length);
    if (!pg_tool_run(&tool, &exit_status, error))
        return false;
    if (exit_status != 0)
        return pg_tool_failed(&tool, exit_status, text_string(&backup->words), error);
    if (backup->words.length)
        step_log(backup->run, "%s: %s", arguments[0], text_string(&backup->words));
    return true;
}

static bool write_text(struct backup *backup, char *text, struct error *error)
{
    bool written = backup_file_write(backup->file, text, strlen(text), error);
    free(text);
    return written;
}

static bool dump_globals(struct backup *backup, struct error *error)
{
    static const char *const arguments[] = {"pg_dumpall", "--globals-only", NULL};
    backup->label = "roles";
    return run_tool(backup, arguments, "postgres", error) ||
           error_wrap(error, "backup of the roles");
}

static bool record_cluster(struct backup *backup, struct error *error)
{
    struct pg_connection *connection = server_open(&backup->access, error);
    backup->objects = objects_record_begin(backup->run, backup->access.name);
    bool done = connection && objects_record_cluster(backup->objects, connection, error);
    pg_close(connection);
    return done;
}

static void note_counters(struct backup *backup)
{
    struct error ignored = ERROR_INIT;
    struct drift_counters counters;
    struct drift *drift = drift_open(&backup->access.parameters, &ignored);
    if (drift && drift_read(drift, &counters, &ignored)) {
        backup->writes = cJSON_CreateObject();
        cJSON_AddStringToObject(backup->writes, "system", counters.system);
        cJSON_AddNumberToObject(backup->writes, "inserted", (double)counters.inserted);
        cJSON_AddNumberToObject(backup->writes, "updated", (double)counters.updated);
        cJSON_AddNumberToObject(backup->writes, "deleted", (double)counters.deleted);
    } else {
        step_log(backup->run, "no write counters: %s", ignored.message);
    }
    drift_close(drift);
}

/* Source: PostgreSQL manual, "Snapshot Synchronization Functions". The transaction has to stay open
 * until pg_dump has taken the snapshot over; here it stays until the counts are done. */
static bool take_snapshot(struct backup *backup, struct pg_connection *connection,
                          char snapshot[SNAPSHOT_SIZE], struct error *error)
{
    static const char sql[] =
        "SELECT pg_catalog.pg_export_snapshot(), CASE WHEN pg_catalog.pg_is_in_recovery() "
        "THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END";
    if (!pg_execute(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error))
        return false;
    PGresult *result = pg_query(connection, sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "exporting a snapshot");
    text_copy(snapshot, SNAPSHOT_SIZE, pg_field(result, 0, 0));
    if (!backup->taken_ms) {
        backup->taken_ms = clock_wall_ms();
        text_copy(backup->lsn, sizeof backup->lsn, pg_field(result, 0, 1));
    }
    PQclear(result);
    cJSON_AddStringToObject(backup->snapshots, pg_database(connection), snapshot);
    return true;
}

/* Like pg_dumpall's own header of a database. */
static bool dump_snapshot(struct backup *backup, const char *database, const char *snapshot,
                          struct error *error)
{
    struct dump_filter filter;
    char *option = xprintf("--snapshot=%s", snapshot);
    const char *const arguments[] = {"pg_dump", "--create", option, NULL};
    dump_filter_begin(&filter, database, take_output, backup);
    backup->filter = &filter;
    bool dumped =
        write_text(backup, xprintf("--\n-- Database \"%s\" dump\n--\n\n", database), error) &&
        run_tool(backup, arguments, database, error);
    dumped = dump_filter_end(&filter, dumped ? error : NULL) && dumped;
    backup->filter = NULL;
    free(option);
    return dumped;
}

static bool dump_and_count(struct backup *backup, struct pg_connection *connection,
                           const char *snapshot, struct error *error)
{
    struct pg_table_list tables = {0};
    struct survey_progress progress = {.run = backup->run,
                                       .column = ROWS_SNAPSHOT,
                                       .database = pg_database(connection),
                                       .silent = true};
    bool done = catalog_tables(connection, &tables, error);
    backup->counting = done ? counting_start(connection, &tables, survey_counted, &progress) : NULL;
    done = done && dump_snapshot(backup, pg_database(connection), snapshot, error) &&
           counting_advance(backup->counting, true, &done, error) && done;
    counting_end(backup->counting);
    backup->counting = NULL;
    backup->counted += tables.count;
    pg_table_list_free(&tables);
    return done;
}

static bool dump_database(struct backup *backup, const struct pg_database_entry *database,
                          struct error *error)
{
    char snapshot[SNAPSHOT_SIZE];
    backup->label = database->name;
    struct pg_connection *connection = server_open_database(&backup->access, database->name, error);
    bool dumped =
        connection && take_snapshot(backup, connection, snapshot, error) &&
        objects_record_snapshot(backup->objects, connection, error) &&
        (database->template || survey_note_database(backup->server, database, connection, error)) &&
        dump_and_count(backup, connection, snapshot, error) &&
        objects_record_dumped(backup->objects, connection, error);
    pg_close(connection);
    return dumped || error_wrap(error, "backup of database \"%s\"", database->name);
}

static bool dump_all(struct backup *backup, struct error *error)
{
    size_t dumped = 0;
    step_rows_begin(backup->run, ROWS_SNAPSHOT);
    note_counters(backup);
    if (!dump_globals(backup, error) || !record_cluster(backup, error))
        return false;
    for (size_t i = 0; i < backup->databases.count; i++) {
        const struct pg_database_entry *database = &backup->databases.items[i];
        if (!database->connectable) {
            step_check(backup->run, database->name, VERDICT_WARN,
                       "allows no connections (datallowconn): it isn't in the backup");
            continue;
        }
        if (!dump_database(backup, database, error))
            return false;
        dumped++;
    }
    step_rows_end(backup->run, ROWS_SNAPSHOT);
    return write_text(backup, xprintf("\n%s%zu\n", DUMP_END_MARK, dumped), error);
}

static bool know_server(struct backup *backup, struct error *error)
{
    if (!survey_server(&backup->access, &backup->server, &backup->databases, error))
        return false;
    backup->snapshots = cJSON_CreateObject();
    backup->total = (double)pg_database_list_bytes(&backup->databases);
    return true;
}

/* Whether this run wrote the file that stands there. */
static bool own_file(const struct step_run *run, const char *path)
{
    const char *started = cJSON_GetStringValue(step_known(run, FACT_STARTED));
    return text_equal(started, path) || text_equal(json_text(step_known(run, FACT), "path"), path);
}

static bool check_target(struct backup *backup, struct error *error)
{
    if (!file_exists(backup->path) || own_file(backup->run, backup->path))
        return true;
    error_set(error, ERROR_OTHER, "there is a file %s already, which this run didn't write",
              backup->path);
    return error_remedy(error,
                        "If it isn't needed any more, remove it; else move it away, or choose "
                        "another place with --set backup_dir=DIRECTORY.");
}

static void record(struct backup *backup, const struct dump_summary *summary, const char *sha256)
{
    cJSON *fact = cJSON_CreateObject(), *names = cJSON_AddArrayToObject(fact, "databases");
    for (size_t i = 0; i < summary->count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(summary->databases[i].name));
    cJSON_AddStringToObject(fact, "path", backup->path);
    cJSON_AddNumberToObject(fact, "bytes", (double)summary->bytes);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    cJSON_AddStringToObject(fact, "format", step_text(backup->run, "format"));
    cJSON_AddItemToObject(fact, "snapshots", backup->snapshots);
    backup->snapshots = NULL;
    cJSON_AddStringToObject(fact, "lsn", backup->lsn);
    cJSON_AddNumberToObject(fact, "taken_ms", (double)backup->taken_ms);
    cJSON_AddNumberToObject(fact, "counts_tables", (double)backup->counted);
    if (backup->writes)
        cJSON_AddItemToObject(fact, "writes", backup->writes);
    backup->writes = NULL;
    step_fact(backup->run, FACT, fact);
    survey_record(backup->run, backup->access.name, backup->server);
}

static void check_result(struct backup *backup, const struct dump_summary *summary)
{
    char size[24], taken[40];
    step_check(backup->run, "backup file", VERDICT_PASS, "%s, %s", backup->path,
               text_bytes(size, sizeof size, (double)summary->bytes));
    step_check(backup->run, "snapshot", VERDICT_PASS,
               "%s, WAL position %s; %zu tables counted in the dumps' own snapshots",
               clock_iso(taken, sizeof taken, backup->taken_ms), backup->lsn, backup->counted);
    step_progress(backup->run, (double)summary->bytes, (double)summary->bytes, "bytes", NULL);
}

static bool finish(struct backup *backup, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    bool replace = own_file(backup->run, backup->path);
    if (!objects_record_finish(backup->objects, error) ||
        !backup_file_finish(backup->file, replace, sha256, error))
        return false;
    const struct dump_summary *summary = backup_file_summary(backup->file);
    record(backup, summary, sha256);
    check_result(backup, summary);
    return true;
}

static void free_backup(struct backup *backup)
{
    backup_file_close(backup->file);
    objects_record_free(backup->objects);
    server_free(&backup->access);
    pg_database_list_free(&backup->databases);
    cJSON_Delete(backup->server);
    cJSON_Delete(backup->snapshots);
    cJSON_Delete(backup->writes);
    text_free(&backup->words);
    free(backup->path);
}

static bool run_backup(struct step_run *run, struct error *error)
{
    struct backup backup = {.run = run, .path = step_path(run, "to")};
    bool done = check_target(&backup, error) &&
                server_find(run, step_text(run, "server"), &backup.access, error) &&
                server_needs_container(&backup.access, error) && know_server(&backup, error);
    if (done) {
        step_fact_text(run, FACT_STARTED, backup.path);
        backup.file = backup_file_begin(backup.path, error);
        done = backup.file && dump_all(&backup, error) && finish(&backup, error);
    }
    free_backup(&backup);
    return done;
}

static const char *const formats[] = {"plain", NULL};

static const struct argument backup_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to back up"},
    {"to", ARGUMENT_PATH, true, NULL, NULL, "the file to write"},
    {"format", ARGUMENT_ENUM, false, "plain", formats, "plain: one SQL file for psql"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_backup_action = {
    .name = "pg.backup",
    .danger = DANGER_CHANGE,
    .help = "dumps roles, permissions and every database, and counts every table in the same "
            "snapshot",
    .arguments = backup_arguments,
    .run = run_backup,
};
