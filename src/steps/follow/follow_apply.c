/* follow_apply.c: what one round changes in one database of the copy. */
#include "steps/follow/follow_parts.h"

#include "postgres/large_objects.h"
#include "postgres/materialised.h"
#include "postgres/row_transfer.h"
#include "postgres/sequences.h"

#include <stdlib.h>

static const char hold_sql[] = "SAVEPOINT follow";
static const char release_sql[] = "RELEASE SAVEPOINT follow";
/* The locks that reading took go with it; the snapshot stays. */
static const char let_go_sql[] = "ROLLBACK TO SAVEPOINT follow; RELEASE SAVEPOINT follow";

/* The statements of all three sessions at once; one that is in no transaction (when it's opened,
 * the source's second one) has nothing to hold. */
static bool on_all(const struct follow_database *database, const char *source, const char *copy,
                   struct error *error)
{
    struct {
        struct pg_connection *connection;
        const char *sql;
    } asked[] = {{follow_before(database), source},
                 {follow_after(database), source},
                 {database->copy, copy}};
    bool good = true, sent[3];
    for (int i = 0; i < 3; i++) {
        sent[i] = pg_in_transaction(asked[i].connection);
        good =
            (!sent[i] || pg_send(asked[i].connection, asked[i].sql, good ? error : NULL)) && good;
    }
    for (int i = 0; i < 3; i++) {
        PGresult *result = NULL;
        good =
            (!sent[i] || pg_take_result(asked[i].connection, true, &result, good ? error : NULL)) &&
            good;
        PQclear(result);
    }
    return good;
}

static struct table_copy copy_of(const struct follow_database *database, struct follow_table *table)
{
    return (struct table_copy){.old = follow_after(database),
                               .new = database->copy,
                               .shape = &table->shape,
                               .new_shape = &table->copy_shape,
                               .rows = table->table->rows,
                               .unhindered = !table->hindered};
}

static void count(struct follow_database *database, struct follow_table *table,
                  const struct table_copy *copy)
{
    database->removed += copy->removed;
    database->copied += copy->copied;
    database->changed += copy->removed || copy->copied;
    table->table->rows += copy->copied - copy->removed;
    if (table->table->rows < 0)
        table->table->rows = 0;
}

bool follow_apply_whole(struct follow_database *database, struct follow_table *table,
                        struct error *error)
{
    bool equal = false;
    if (!follow_table_know(database, table, error) ||
        !follow_table_equal(database, table, &equal, error))
        return false;
    struct table_copy copy = copy_of(database, table);
    if (equal)
        return true;
    if (!table_copy(&copy, error))
        return false;
    count(database, table, &copy);
    return true;
}

static bool transfer(struct follow_database *database, struct follow_table *table, bool *exact,
                     struct error *error)
{
    struct row_reader before = {follow_before(database), &table->prepared[database->held],
                                (size_t)(table - database->tables)};
    struct row_reader after = {follow_after(database), &table->prepared[1 - database->held],
                               (size_t)(table - database->tables)};
    struct row_changes changes = {0};
    struct table_copy copy = copy_of(database, table);
    bool done = row_changes_find(&before, &after, &table->shape, &table->touched, &changes, error);
    *exact = !changes.overflow;
    if (done && *exact && (changes.removed.count || changes.added.count)) {
        done = row_transfer(&copy, before.connection, &changes, exact, error);
        if (done && *exact)
            count(database, table, &copy);
    }
    row_changes_free(&changes);
    return done;
}

static void remark(struct follow_database *database, const struct follow_table *table,
                   const char *why)
{
    char *line = xprintf("%s: %s.%s is compared as a whole: %s", database->name,
                         table->table->schema, table->table->name, why);
    text_list_add(&database->remarks, line);
    free(line);
}

/* What single rows can't mend, such as a table that was emptied between two looks at it, the whole
 * table does. */
static bool transfer_or_copy(struct follow_database *database, struct follow_table *table,
                             struct error *error)
{
    bool exact = false;
    struct error first = ERROR_INIT;
    bool transferred = transfer(database, table, &exact, &first);
    if (transferred && exact)
        return true;
    remark(database, table,
           transferred ? "too much was changed, or not what was expected" : first.message);
    if (!transferred && database->final)
        return error_set(error, first.kind, "%s", first.message);
    return (transferred || (on_all(database, let_go_sql, let_go_sql, error) &&
                            on_all(database, hold_sql, hold_sql, error))) &&
           follow_apply_whole(database, table, error);
}

static bool apply_table(struct follow_database *database, struct follow_table *table,
                        struct error *error)
{
    bool single = !table->whole && !table->unlogged && !table->shape.condition;
    return single ? transfer_or_copy(database, table, error)
                  : follow_apply_whole(database, table, error);
}

/* In the last round nobody waits for a lock that reading took, so all go in its end; and nobody
 * empties a table meanwhile. */
static bool apply_gently(struct follow_database *database, struct follow_table *table,
                         struct error *error)
{
    bool final = database->final;
    return (final || on_all(database, hold_sql, hold_sql, error)) &&
           follow_table_know(database, table, error) && apply_table(database, table, error) &&
           (final || on_all(database, let_go_sql, release_sql, error));
}

static bool is_wanted(const struct follow_database *database, const struct follow_table *table)
{
    return table->table->kind != TABLE_MATERIALISED &&
           (table->touched.count || table->whole || table->unlogged || database->everything);
}

static bool apply_tables(struct follow_database *database, struct error *error)
{
    for (size_t i = 0; i < database->count; i++) {
        struct follow_table *table = &database->tables[i];
        table->whole = table->whole || database->everything;
        if (is_wanted(database, table) && !apply_gently(database, table, error))
            return error_wrap(error, "%s.%s", table->table->schema, table->table->name);
        table->whole = table->whole && table->table->kind == TABLE_MATERIALISED;
    }
    return true;
}

/* One that the source has touched, or whose file is another one; computed anew only when its rows
 * differ, as the source's may be older than the tables that it's made of. */
static bool view_is_wanted(const struct follow_table *table)
{
    return table->table->kind == TABLE_MATERIALISED && (table->whole || table->touched.count);
}

static bool refresh_wanted(void *context, const char *schema, const char *name, struct error *error)
{
    struct follow_database *database = context;
    struct follow_table *view = follow_table_find(database, schema, name);
    bool equal = true;
    if (!view || !view_is_wanted(view))
        return true;
    view->whole = false;
    return follow_table_equal(database, view, &equal, error) &&
           (equal || materialised_refresh(database->copy, schema, name, error));
}

bool follow_views_refresh(struct follow_database *database, struct error *error)
{
    bool any = false;
    for (size_t i = 0; i < database->count; i++)
        any = any || view_is_wanted(&database->tables[i]);
    return !any || (on_all(database, hold_sql, hold_sql, error) &&
                    materialised_each(database->copy, refresh_wanted, database, error) &&
                    on_all(database, let_go_sql, release_sql, error));
}

struct setting_sequences {
    struct follow_database *database;
    struct error *error;
    bool exactly, failed;
};

static bool set_or_advance(const struct setting_sequences *setting, const struct sequence *old,
                           const struct sequence *new)
{
    struct follow_database *database = setting->database;
    bool farther = false;
    if (setting->exactly)
        return sequence_set(database->copy, old, setting->error);
    bool done = sequence_advance(database->copy, old, new, &farther, setting->error);
    database->sequences_farther = database->sequences_farther || farther;
    return done;
}

static void set_sequence(void *context, const struct sequence *old, const struct sequence *new)
{
    struct setting_sequences *setting = context;
    if (setting->failed || (!old && !new))
        return;
    if (old && new)
        setting->failed = !set_or_advance(setting, old, new);
    else
        setting->failed =
            !error_set(setting->error, ERROR_OTHER, "the sequence %s.%s is on the %s only",
                       (old ? old : new)->schema, (old ? old : new)->name,
                       old ? "server that is followed" : "copy");
}

static bool pass_sequences(struct follow_database *database, bool exactly, struct error *error)
{
    struct sequence_list old = {0}, new = {0};
    struct setting_sequences setting = {.database = database, .error = error, .exactly = exactly};
    bool read = sequences_read(follow_after(database), &old, error) &&
                sequences_read(database->copy, &new, error);
    if (read)
        sequences_compare(&old, &new, set_sequence, &setting);
    sequence_list_free(&old);
    sequence_list_free(&new);
    return read && !setting.failed;
}

/* They are no part of the transaction that brings the rows: each is at least as far as those rows
 * are, so that the copy can serve with what a round has left on it. None goes back, as the rows
 * may do so with their transaction. */
bool follow_sequences(struct follow_database *database, struct error *error)
{
    return pass_sequences(database, false, error);
}

static bool set_sequences(struct follow_database *database, struct error *error)
{
    return pass_sequences(database, true, error);
}

bool follow_sequences_back(struct follow_database *database, struct error *error)
{
    return !database->sequences_farther || follow_look(database, set_sequences, error);
}

static bool copy_objects(struct follow_database *database, struct error *error)
{
    size_t copied = 0;
    if (!database->large_objects_touched && !database->everything)
        return true;
    bool done = on_all(database, hold_sql, hold_sql, error) &&
                large_objects_copy(follow_after(database), database->copy, &copied, error) &&
                on_all(database, let_go_sql, release_sql, error);
    database->copied += (long long)copied;
    return done;
}

bool follow_apply(struct follow_database *database, struct error *error)
{
    bool wanted = database->final || database->large_objects_touched || database->everything;
    if (!follow_schema_check(database, error))
        return false;
    for (size_t i = 0; i < database->count && !wanted; i++)
        wanted = is_wanted(database, &database->tables[i]) || database->tables[i].whole ||
                 database->tables[i].touched.count;
    if (!wanted)
        return true;
    database->began = table_copy_begin(database->copy, error);
    return database->began && (!database->final || on_all(database, hold_sql, hold_sql, error)) &&
           apply_tables(database, error) && copy_objects(database, error) &&
           follow_views_refresh(database, error) &&
           (database->final ? follow_sequences(database, error) &&
                                  on_all(database, let_go_sql, release_sql, error)
                            : follow_look(database, follow_sequences, error));
}
