/* write_position.c: asks a server how far it has written. */
#include "postgres/write_position.h"

#include <inttypes.h>
#include <stdlib.h>

static const char position_sql[] =
    "SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()), "
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
    "ELSE pg_catalog.pg_current_wal_lsn() END, "
    "(SELECT system_identifier FROM pg_catalog.pg_control_system()), "
    "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks "
    "WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted)";

static const char writes_sql[] =
    "SELECT schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del, "
    "(SELECT stats_reset FROM pg_catalog.pg_stat_database WHERE datname = current_database()) "
    "FROM pg_catalog.pg_stat_user_tables ORDER BY schemaname COLLATE \"C\", relname COLLATE \"C\"";

bool write_position_read(struct pg_connection *connection, struct write_position *position,
                         struct error *error)
{
    *position = (struct write_position){0};
    PGresult *result = pg_query(connection, position_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading how far the server has written");
    text_copy(position->xid, sizeof position->xid, pg_field(result, 0, 0));
    text_copy(position->lsn, sizeof position->lsn, pg_field(result, 0, 1));
    text_copy(position->system, sizeof position->system, pg_field(result, 0, 2));
    position->transactions = (long)pg_number(result, 0, 3);
    PQclear(result);
    return true;
}

bool table_counters_read(struct pg_connection *connection, struct table_counters_list *list,
                         struct error *error)
{
    *list = (struct table_counters_list){0};
    PGresult *result = pg_query(connection, writes_sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading the tables' write counters");
    size_t count = (size_t)PQntuples(result);
    list->items = xcalloc(count + 1, sizeof *list->items);
    for (; list->count < count; list->count++) {
        int row = (int)list->count;
        list->items[list->count] = (struct table_counters){
            .schema = xstrdup(pg_field(result, row, 0)),
            .name = xstrdup(pg_field(result, row, 1)),
            .inserted = pg_number(result, row, 2),
            .updated = pg_number(result, row, 3),
            .deleted = pg_number(result, row, 4),
        };
        text_copy(list->reset, sizeof list->reset, pg_field(result, row, 5));
    }
    PQclear(result);
    return true;
}

void table_counters_free(struct table_counters_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].schema);
        free(list->items[i].name);
    }
    free(list->items);
    *list = (struct table_counters_list){0};
}

/* A row's xmin is the id without its epoch. Ids compare in a circle: one is later when the way to
 * it is shorter than half the circle. */
bool rows_written_since(struct pg_connection *connection, const char *schema, const char *name,
                        const char *condition, const char *xid, long long *rows,
                        struct error *error)
{
    struct text sql = {0};
    uint64_t since = strtoull(xid, NULL, 10) & 0xffffffffU;
    text_add(&sql, "SELECT pg_catalog.count(*) FROM ONLY ");
    bool added = pg_add_identifier(connection, &sql, schema, error);
    text_add(&sql, ".");
    added = added && pg_add_identifier(connection, &sql, name, error);
    text_printf(&sql,
                " t WHERE ((t.xmin::pg_catalog.text::pg_catalog.int8 - %" PRIu64 ") & 4294967295) "
                "< 2147483648 AND t.xmin::pg_catalog.text::pg_catalog.int8 > 2",
                since);
    if (condition)
        text_printf(&sql, " AND %s", condition);
    PGresult *result = added ? pg_query(connection, text_string(&sql), 0, NULL, error) : NULL;
    *rows = result ? pg_number(result, 0, 0) : 0;
    PQclear(result);
    text_free(&sql);
    return result || error_wrap(error, "counting the rows written in %s.%s", schema, name);
}
