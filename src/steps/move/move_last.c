/* move_last.c: how far the server that leaves had written: what is written on it afterwards isn't
 * on the other one, and a way back would take it for deleted there. */
#include "steps/move/move.h"

#include "base/file.h"
#include "base/json.h"
#include "postgres/catalog.h"
#include "steps/record.h"

#include <stdlib.h>

#define FILE_NAME "left.json" /* {system, xid, returning} */
#define SYSTEM "system"
#define XID "xid"
#define RETURNING "returning" /* a way back has begun to write there itself */

static cJSON *position_json(const struct write_position *position)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, SYSTEM, position->system);
    cJSON_AddStringToObject(json, XID, position->xid);
    return json;
}

/* Nobody else has written on the one that comes yet: whoever settles the move if it fails sees by
 * this whether a client has. */
bool move_note_position(struct move *move, struct error *error)
{
    struct write_position position, last = move->last.position;
    if (!write_position_read(move->coming, &position, error) ||
        (!move->follow && move->fence.connection &&
         !write_position_read(move->fence.connection, &last, error)))
        return false;
    fence_record_set(move->record, MOVE_XID, cJSON_CreateString(position.xid));
    if (*last.xid)
        fence_record_set(move->record, MOVE_LAST, position_json(&last));
    return move_record_write(move->run, move->record, error);
}

static bool write_file(const struct step_run *run, const cJSON *last, struct error *error)
{
    char *path = file_join(run->directory, FILE_NAME);
    bool written = record_write(path, last, error);
    free(path);
    return written || error_wrap(error, "recording how far the server that left had written");
}

static bool read_file(const struct step_run *run, cJSON **last, struct error *error)
{
    char *path = file_join(run->directory, FILE_NAME);
    *last = NULL;
    bool read = !file_exists(path) || record_read(path, last, error);
    free(path);
    return read;
}

bool move_keep_last(const struct step_run *run, const cJSON *record, struct error *error)
{
    const cJSON *last = cJSON_GetObjectItemCaseSensitive(record, MOVE_LAST);
    return !last || json_true_at(record, MOVE_WAY_BACK) || write_file(run, last, error);
}

/* ---- what was written afterwards ---- */

struct late {
    struct pg_connection *connection;
    const char *xid;
    struct text *found;
};

static bool look_at(const struct late *late, const char *schema, const char *name,
                    const char *condition, struct error *error)
{
    long long rows = 0;
    if (!rows_written_since(late->connection, schema, name, condition, late->xid, &rows, error))
        return false;
    if (rows)
        text_printf(late->found, "%s%s: %s.%s: %lld row%s", late->found->length ? ", " : "",
                    pg_database(late->connection), schema, name, rows, rows == 1 ? "" : "s");
    return true;
}

static bool look_at_tables(const struct late *late, struct error *error)
{
    struct pg_table_list tables = {0};
    bool looked = catalog_tables(late->connection, &tables, error) &&
                  look_at(late, "pg_catalog", "pg_largeobject", NULL, error);
    for (size_t i = 0; looked && i < tables.count; i++) {
        const struct pg_table *table = &tables.items[i];
        looked = table->kind == TABLE_MATERIALISED ||
                 look_at(late, table->schema, table->name, table->condition, error);
    }
    pg_table_list_free(&tables);
    return looked;
}

static bool find_late(const struct move *move, const char *xid, struct text *found,
                      struct error *error)
{
    struct pg_database_list databases = {0};
    bool looked = catalog_databases(move->coming, &databases, error);
    for (size_t i = 0; looked && i < databases.count; i++) {
        if (!databases.items[i].connectable || databases.items[i].template)
            continue;
        struct late late = {server_open_database(&move->there, databases.items[i].name, error), xid,
                            found};
        looked = late.connection && look_at_tables(&late, error);
        pg_close(late.connection);
    }
    pg_database_list_free(&databases);
    return looked;
}

static bool were_written(const struct move *move, const char *found, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "container %s was written to after the service had left it (%s): the other server "
              "doesn't have that, and it would be removed",
              move->to.name, found);
    return error_remedy(error,
                        "Write on the serving server what is needed of these rows, delete them on "
                        "%s (docker exec -it %s psql), then roll back once more (--retry).",
                        move->to.name, move->to.name);
}

/* Vacuum takes transaction numbers as well: that the next one is another is no proof of rows. A row
 * that was only deleted comes back from the other server. */
static bool check_written(struct move *move, const char *xid, struct error *error)
{
    struct write_position now;
    struct text found = {0};
    if (!write_position_read(move->coming, &now, error))
        return false;
    bool looked = text_equal(now.xid, xid) || find_late(move, xid, &found, error);
    bool fine = looked && (!found.length || were_written(move, text_string(&found), error));
    text_free(&found);
    return fine;
}

static bool is_unknown(const struct move *move, struct error *error)
{
    return error_set(error, ERROR_OTHER,
                     "it isn't on record how far container %s had written when the service left "
                     "it: what was written there since can't be told from what came over",
                     move->to.name);
}

/* The position on record, when it is this server's; NULL otherwise. */
static const char *known_xid(const cJSON *last, const char *system)
{
    return text_equal(json_text(last, SYSTEM), system) ? json_text(last, XID) : NULL;
}

static bool check_and_mark(struct move *move, cJSON *last, struct error *error)
{
    char *system = catalog_system(move->coming, error);
    const char *xid = system ? known_xid(last, system) : NULL;
    bool asked = system != NULL;
    free(system);
    if (!xid)
        return asked && is_unknown(move, error);
    if (json_true_at(last, RETURNING)) {
        move->last_unknown = true;
        step_check(move->run, "server that was left", VERDICT_WARN,
                   "a way back that was cut off has written on %s already: whether anybody else "
                   "has can't be told",
                   move->to.name);
        return true;
    }
    if (!check_written(move, xid, error))
        return false;
    cJSON_AddTrueToObject(last, RETURNING);
    return write_file(move->run, last, error);
}

bool move_check_last(struct move *move, struct error *error)
{
    cJSON *last = NULL;
    if (!move->run->undoing)
        return true;
    bool fine = read_file(move->run, &last, error) && check_and_mark(move, last, error);
    cJSON_Delete(last);
    return fine;
}

/* ---- a way back that failed ---- */

static bool renew(const struct move *move, struct error *error)
{
    struct server_access access = {0};
    struct write_position now;
    bool found = server_find_inside(move->run, step_text(move->run, "to"), &access, error);
    struct pg_connection *connection = found ? server_open(&access, error) : NULL;
    bool read = connection && write_position_read(connection, &now, error);
    pg_close(connection);
    server_free(&access);
    cJSON *last = read ? position_json(&now) : NULL;
    bool written = last && write_file(move->run, last, error);
    cJSON_Delete(last);
    return written;
}

void move_renew_last(struct move *move)
{
    struct error error = ERROR_INIT;
    cJSON *last = NULL;
    bool marked = read_file(move->run, &last, &error) && json_true_at(last, RETURNING);
    cJSON_Delete(last);
    if (marked && !move->last_unknown && !renew(move, &error))
        step_log(move->run, "%s", error.message);
}
