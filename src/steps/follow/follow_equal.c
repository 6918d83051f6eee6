/* follow_equal.c: a copy made equal to a snapshot, and proven to be. */
#include "steps/follow/follow_parts.h"

#include "postgres/digest.h"
#include "postgres/large_objects.h"
#include "steps/compare/pg_measure.h"

#include <stdlib.h>
#include <string.h>

static bool ask(struct pg_connection *connection, const struct pg_table *table, struct error *error)
{
    struct text sql = {0};
    bool asked = digest_statement(connection, table, 0, &sql, error) &&
                 pg_send(connection, text_string(&sql), error);
    text_free(&sql);
    return asked;
}

static bool take(struct pg_connection *connection, struct pg_table *table, struct error *error)
{
    PGresult *result = NULL;
    if (!pg_take_result(connection, true, &result, error))
        return false;
    table->rows = pg_number(result, 0, 1);
    text_copy(table->digest, sizeof table->digest, pg_field(result, 0, 2));
    PQclear(result);
    return true;
}

/* Both answers are taken in any case: the sessions are asked for something else afterwards. */
static bool ask_both(struct pg_connection *source, struct pg_connection *copy,
                     struct follow_table *table, struct error *error)
{
    bool first = ask(source, table->table, error);
    bool second = first && ask(copy, table->on_copy, error);
    bool good = second;
    if (first)
        good = take(source, table->table, good ? error : NULL) && good;
    if (second)
        good = take(copy, table->on_copy, good ? error : NULL) && good;
    return good;
}

static bool same(const struct follow_table *table)
{
    return table->table->rows == table->on_copy->rows &&
           !strcmp(table->table->digest, table->on_copy->digest);
}

bool follow_table_equal(const struct follow_database *database, struct follow_table *table,
                        bool *equal, struct error *error)
{
    struct pg_connection *source = follow_after(database), *copy = database->copy;
    if (!ask_both(source, copy, table, error))
        return error_wrap(error, "comparing %s.%s", table->table->schema, table->table->name);
    *equal = same(table);
    return true;
}

static bool not_equal(const struct follow_database *database, const struct follow_table *table,
                      struct error *error)
{
    error_set(error, ERROR_OTHER,
              "%s: %s.%s still differs after it was copied again (%lld rows on the server that is "
              "followed, %lld on the copy)",
              database->name, table->table->schema, table->table->name, table->table->rows,
              table->on_copy->rows);
    return error_remedy(error, "This table can't be followed: make the copy anew with a new "
                               "backup.");
}

/* The locks of each table go before the next one is read. */
static bool mend(struct follow_database *database, struct follow_table *table, struct error *error)
{
    bool equal = false;
    struct pg_connection *source = follow_after(database);
    return pg_execute(source, "SAVEPOINT follow", error) &&
           follow_apply_whole(database, table, error) &&
           follow_table_equal(database, table, &equal, error) &&
           (equal || not_equal(database, table, error)) &&
           pg_execute(source, "ROLLBACK TO SAVEPOINT follow; RELEASE SAVEPOINT follow", error);
}

static bool mend_objects(struct follow_database *database, struct error *error)
{
    size_t objects = 0;
    return large_objects_copy(follow_after(database), database->copy, &objects, error);
}

static bool mend_tables(struct follow *follow, struct follow_database *database,
                        struct error *error)
{
    for (size_t i = 0; i < database->count; i++) {
        struct follow_table *table = &database->tables[i];
        bool view = table->table->kind == TABLE_MATERIALISED;
        table->whole = !same(table);
        if (!table->whole || view)
            continue;
        char *label =
            xprintf("%s: %s.%s", database->name, table->table->schema, table->table->name);
        step_progress(follow->run, (double)i, (double)database->count, "tables", label);
        free(label);
        if (!mend(database, table, error))
            return false;
        table->whole = false;
    }
    return follow_look(database, mend_objects, error) && follow_views_refresh(database, error) &&
           follow_look(database, follow_sequences, error);
}

static bool mend_database(struct follow *follow, struct follow_database *database,
                          struct error *error)
{
    return (table_copy_begin(database->copy, error) && mend_tables(follow, database, error) &&
            pg_execute(database->copy, "COMMIT", error)) ||
           error_wrap(error, "making database \"%s\" equal", database->name);
}

/* Every table of both servers is read once, the source's in the snapshots that are held for it. */
static bool measure(struct follow *follow, char **snapshots, struct error *error)
{
    size_t count = 0;
    struct sweep_source *sources = xcalloc(2 * follow->count + 1, sizeof *sources);
    for (size_t i = 0; i < follow->count; i++) {
        struct follow_database *database = &follow->databases[i];
        sources[count++] = (struct sweep_source){.parameters = &follow->source.parameters,
                                                 .database = database->name,
                                                 .snapshot = snapshots[i],
                                                 .tables = &database->source_list};
        sources[count++] = (struct sweep_source){.parameters = &follow->copy.parameters,
                                                 .database = database->name,
                                                 .tables = &database->copy_list};
    }
    bool measured = measure_sweep(follow->run, sources, count, 0, NULL, error);
    free(sources);
    return measured;
}

static bool export_all(struct follow *follow, char **snapshots, struct error *error)
{
    for (size_t i = 0; i < follow->count; i++) {
        snapshots[i] = pg_value(follow_after(&follow->databases[i]),
                                "SELECT pg_catalog.pg_export_snapshot()", error);
        if (!snapshots[i])
            return false;
    }
    return true;
}

bool follow_equal(struct follow *follow, struct error *error)
{
    char **snapshots = xcalloc(follow->count + 1, sizeof *snapshots);
    bool equal = export_all(follow, snapshots, error) && measure(follow, snapshots, error);
    for (size_t i = 0; i < follow->count; i++) {
        equal = equal && mend_database(follow, &follow->databases[i], error);
        free(snapshots[i]);
    }
    free(snapshots);
    return equal;
}
