/* pg_difference.c: differing rows of a list of tables, table by table over two servers. */
#include "steps/compare/pg_difference.h"

#include "postgres/digest.h"

#include <stdlib.h>

/* The two sessions, which stay open as long as the tables are of one database. */
struct pair {
    const struct server_access *old_access, *new_access;
    struct pg_connection *old, *new;
};

/* Where a table's rows go. */
struct collecting {
    struct table_difference *difference;
    bool keys; /* kept */
};

struct pg_connection *difference_open(const struct server_access *access, const char *database,
                                      struct error *error)
{
    struct pg_connection *connection = server_open_database(access, database, error);
    if (!connection || digest_session(connection, error))
        return connection;
    pg_close(connection);
    return NULL;
}

static void close_pair(struct pair *pair)
{
    pg_close(pair->old);
    pg_close(pair->new);
    pair->old = pair->new = NULL;
}

static bool open_pair(struct pair *pair, const char *database, struct error *error)
{
    if (pair->old && text_equal(pg_database(pair->old), database))
        return true;
    close_pair(pair);
    pair->old = difference_open(pair->old_access, database, error);
    pair->new = pair->old ? difference_open(pair->new_access, database, error) : NULL;
    return pair->new != NULL;
}

static void add_key(struct text *text, const struct difference_row *row)
{
    const struct merge_row *found = row->row;
    text_add(text, found->count > 1 ? "(" : "");
    for (size_t i = 0; i < found->count; i++)
        text_printf(text, "%s%s", i ? ", " : "", found->names[i]);
    text_add(text, found->count > 1 ? ")" : "");
}

/* A row without a key is shown by its place on its server: its values may be nobody's business. */
static void add_place(struct text *text, const struct difference_row *row)
{
    text_printf(text, "ctid %s, hash %s", row->row->place, row->row->names[0]);
    if (row->count > 1)
        text_printf(text, ", %lld times", row->count);
}

static bool collect(void *context, const struct difference_row *row, struct error *error)
{
    struct collecting *collecting = context;
    struct table_difference *difference = collecting->difference;
    struct text name = {0};
    (void)error;
    bool keep = collecting->keys && difference->keys[row->kind].count < DIFFERENCE_KEYS_MAX;
    if (!keep && !difference->ranged)
        return true;
    if (difference->key.count)
        add_key(&name, row);
    else
        add_place(&name, row);
    if (keep)
        text_list_add(&difference->keys[row->kind], text_string(&name));
    if (difference->ranged)
        key_ranges_add(&difference->ranges[row->kind], row->row->position, text_string(&name));
    text_free(&name);
    return true;
}

/* A table that can't be compared row by row lacks or has too much what its numbers say, and not one
 * of the rows that both have is known to be equal. */
static void count_by_number(struct table_difference *difference)
{
    long long old = difference->table.old_rows > 0 ? difference->table.old_rows : 0;
    long long new = difference->table.new_rows > 0 ? difference->table.new_rows : 0;
    difference->counts.missing = old > new ? old - new : 0;
    difference->counts.extra = new > old ? new - old : 0;
    difference->counts.changed = old < new ? old : new;
}

static bool find_rows(const struct pair *pair, const struct table_shape *shape,
                      const struct table_shape *new_shape, bool keys,
                      struct table_difference *difference, struct error *error)
{
    struct collecting collecting = {difference, keys};
    long long old = difference->table.old_rows, new = difference->table.new_rows;
    struct difference_request request = {.old = pair->old,
                                         .new = pair->new,
                                         .shape = shape,
                                         .new_shape = new_shape,
                                         .rows = old > new ? old : new,
                                         .found = collect,
                                         .context = &collecting};
    difference->comparable = true;
    difference->ranged = shape->key_count && shape->position != POSITION_HASH;
    for (size_t i = 0; i < shape->key_count; i++)
        text_list_add(&difference->key, shape->columns[shape->key[i]].name);
    return difference_find(&request, &difference->counts, error);
}

static bool compare_table(const struct pair *pair, bool keys, struct table_difference *difference,
                          struct error *error)
{
    const struct difference_table *table = &difference->table;
    struct table_shape old = {0}, new = {0};
    bool compared = table_shape_read(pair->old, table->schema, table->table, &old, error) &&
                    table_shape_read(pair->new, table->schema, table->table, &new, error);
    if (compared && old.count && table_shapes_alike(&old, &new))
        compared = find_rows(pair, &old, &new, keys, difference, error);
    else
        count_by_number(difference);
    table_shape_free(&old);
    table_shape_free(&new);
    return compared;
}

/* One snapshot for the buckets and the rows of a table; its locks go with it. */
static bool compare_in_snapshot(struct pair *pair, bool keys, struct table_difference *difference,
                                struct error *error)
{
    static const char begin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    return open_pair(pair, difference->table.database, error) &&
           pg_execute(pair->old, begin, error) && pg_execute(pair->new, begin, error) &&
           compare_table(pair, keys, difference, error) && pg_execute(pair->old, "COMMIT", error) &&
           pg_execute(pair->new, "COMMIT", error);
}

bool differences_find(struct step_run *run, const struct server_access *old,
                      const struct server_access *new, const struct difference_table *tables,
                      size_t count, struct differences *differences, struct error *error)
{
    struct pair pair = {.old_access = old, .new_access = new};
    bool found = true;
    *differences = (struct differences){.items = xcalloc(count + 1, sizeof *differences->items)};
    for (size_t i = 0; found && i < count; i++) {
        struct table_difference *difference = &differences->items[differences->count++];
        difference->table = tables[i];
        step_progress(run, (double)i, (double)count, "tables", "differing rows");
        if (tables[i].old_rows < 0 || tables[i].new_rows < 0)
            count_by_number(difference);
        else
            found = compare_in_snapshot(&pair, i < DIFFERENCE_TABLES_MAX, difference, error) ||
                    error_wrap(error, "%s", tables[i].database);
    }
    close_pair(&pair);
    return found;
}

void differences_free(struct differences *differences)
{
    for (size_t i = 0; i < differences->count; i++) {
        text_list_free(&differences->items[i].key);
        for (int kind = 0; kind < DIFFERENCE_KINDS; kind++) {
            text_list_free(&differences->items[i].keys[kind]);
            key_ranges_free(&differences->items[i].ranges[kind]);
        }
    }
    free(differences->items);
    *differences = (struct differences){0};
}

bool difference_explain(struct step_run *run, const struct server_access *old,
                        const struct server_access *new, const struct difference_table *tables,
                        size_t count, struct error *error)
{
    struct differences differences;
    bool explained = differences_find(run, old, new, tables, count, &differences, error) &&
                     differences_report(run, &differences, VERDICT_FAIL, difference_words, error);
    differences_free(&differences);
    return explained;
}
