/* count.c: exact row counts, a batch of tables at a time. */
#include "postgres/count.h"

#include <stdlib.h>

struct counting {
    struct pg_connection *connection;
    struct pg_table_list *tables;
    table_counted *on_table;
    void *context;
    size_t first, end; /* the batch that is asked for; end 0: none yet */
    bool in_transaction;
};

size_t count_batch_end(const struct pg_table_list *tables, size_t first)
{
    long long pages = 0;
    size_t end = first;
    while (end < tables->count && end - first < COUNT_BATCH_TABLES) {
        pages += tables->items[end].pages;
        if (pages > COUNT_BATCH_PAGES && end > first)
            break;
        end++;
    }
    return end;
}

/* ONLY: a parent's count must not hold its children's rows, which are counted on their own. */
bool count_statement(struct pg_connection *connection, const struct pg_table_list *tables,
                     size_t first, size_t *end, struct text *sql, struct error *error)
{
    *end = count_batch_end(tables, first);
    for (size_t i = first; i < *end; i++) {
        text_printf(sql, "%sSELECT %zu, pg_catalog.count(*) FROM ONLY ",
                    i > first ? " UNION ALL " : "", i);
        if (!pg_add_identifier(connection, sql, tables->items[i].schema, error))
            return false;
        text_add(sql, ".");
        if (!pg_add_identifier(connection, sql, tables->items[i].name, error))
            return false;
    }
    return true;
}

/* In a transaction each batch stands in a savepoint that is taken back: the snapshot stays, the
 * locks go, so that 10,000 tables don't fill the server's lock table. */
static bool send_batch(struct counting *counting, struct error *error)
{
    struct text sql = {0};
    if (counting->in_transaction)
        text_add(&sql, "SAVEPOINT counting; ");
    counting->first = counting->end;
    bool sent = count_statement(counting->connection, counting->tables, counting->first,
                                &counting->end, &sql, error) &&
                pg_send(counting->connection, text_string(&sql), error);
    text_free(&sql);
    return sent;
}

static bool release_locks(struct counting *counting, struct error *error)
{
    return !counting->in_transaction ||
           pg_execute(counting->connection, "ROLLBACK TO SAVEPOINT counting", error);
}

static bool take_batch(struct counting *counting, const PGresult *result, struct error *error)
{
    size_t expected = counting->end - counting->first;
    if ((size_t)PQntuples(result) != expected)
        return error_set(error, ERROR_SERVER, "%d counts came for %zu tables", PQntuples(result),
                         expected);
    for (int row = 0; row < PQntuples(result); row++) {
        long long index = pg_number(result, row, 0);
        if (index < (long long)counting->first || index >= (long long)counting->end)
            return error_set(error, ERROR_SERVER, "a count came for a table that wasn't asked for");
        struct pg_table *table = &counting->tables->items[index];
        table->rows = pg_number(result, row, 1);
        if (counting->on_table)
            counting->on_table(counting->context, table);
    }
    return release_locks(counting, error);
}

struct counting *counting_start(struct pg_connection *connection, struct pg_table_list *tables,
                                table_counted *on_table, void *context)
{
    struct counting *counting = xcalloc(1, sizeof *counting);
    counting->connection = connection;
    counting->tables = tables;
    counting->on_table = on_table;
    counting->context = context;
    counting->in_transaction = pg_in_transaction(connection);
    return counting;
}

bool counting_advance(struct counting *counting, bool wait, bool *done, struct error *error)
{
    *done = false;
    if (counting->end == 0 && counting->tables->count > 0 && !send_batch(counting, error))
        return error_wrap(error, "counting rows");
    while (counting->first < counting->tables->count) {
        PGresult *result = NULL;
        if (!pg_take_result(counting->connection, wait, &result, error))
            return error_wrap(error, "counting rows");
        if (!result)
            return true;
        bool taken = take_batch(counting, result, error);
        PQclear(result);
        if (!taken)
            return error_wrap(error, "counting rows");
        if (counting->end == counting->tables->count)
            counting->first = counting->end;
        else if (!send_batch(counting, error))
            return error_wrap(error, "counting rows");
    }
    *done = true;
    return true;
}

void counting_end(struct counting *counting)
{
    free(counting);
}

bool count_tables(struct pg_connection *connection, struct pg_table_list *tables,
                  table_counted *on_table, void *context, struct error *error)
{
    struct counting *counting = counting_start(connection, tables, on_table, context);
    bool done = false;
    bool counted_all = counting_advance(counting, true, &done, error);
    counting_end(counting);
    return counted_all && done;
}
