/* catch_up_database.c: tables, large objects, sequences and materialised views of one database. */
#include "steps/drift/catch_up_database.h"

#include "postgres/digest.h"
#include "postgres/large_objects.h"
#include "postgres/materialised.h"
#include "postgres/sequences.h"
#include "postgres/table_copy.h"
#include "steps/compare/pg_difference.h"
#include "steps/drift/copy_session.h"

#include <stdlib.h>
#include <string.h>

struct transaction {
    struct catch_up_database *work;
    struct catch_up_sums sums; /* of this database */
    struct pg_connection *old, *new;
    struct pg_table *views;    /* those that were computed anew, with what they hold now */
    struct pg_table *measured; /* copies of the tables, with what both servers have now */
    struct error *error;       /* of a callback that can't return one */
    bool failed;
};

static bool open_new(struct transaction *transaction, struct error *error)
{
    transaction->new =
        copy_session_open(transaction->work->new, transaction->work->database, error);
    return transaction->new &&table_copy_begin(transaction->new, error);
}

/* One snapshot of the old server for all that is compared, copied and measured. */
static bool open_old(struct transaction *transaction, struct error *error)
{
    struct catch_up_database *work = transaction->work;
    transaction->old = difference_open(work->old, work->database, error);
    return transaction->old &&
           pg_execute(transaction->old, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error);
}

static bool ask_both(struct transaction *transaction, const struct pg_table *old,
                     const struct pg_table *new, struct error *error)
{
    struct text before = {0}, after = {0};
    bool asked = digest_statement(transaction->old, old, 0, &before, error) &&
                 digest_statement(transaction->new, new, 0, &after, error) &&
                 pg_send(transaction->old, text_string(&before), error) &&
                 pg_send(transaction->new, text_string(&after), error);
    text_free(&before);
    text_free(&after);
    return asked;
}

static bool measure_both(struct transaction *transaction, struct pg_table *old,
                         struct pg_table *new, struct error *error)
{
    PGresult *before = NULL, *after = NULL;
    bool measured = ask_both(transaction, old, new, error) &&
                    pg_take_result(transaction->old, true, &before, error) &&
                    pg_take_result(transaction->new, true, &after, error);
    if (measured) {
        old->rows = pg_number(before, 0, 1);
        new->rows = pg_number(after, 0, 1);
        text_copy(old->digest, sizeof old->digest, pg_field(before, 0, 2));
        text_copy(new->digest, sizeof new->digest, pg_field(after, 0, 2));
    }
    PQclear(before);
    PQclear(after);
    return measured;
}

static bool not_equal(const struct pg_table *old, const struct pg_table *new, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "%s.%s still differs after it was copied again (%lld rows on the old server, %lld on "
              "the new one); nothing was changed",
              old->schema, old->name, old->rows, new->rows);
    return error_remedy(error, "Roll back and un-fence the old server; this table can't be caught "
                               "up, so make the copy anew with a new backup.");
}

/* The proof: the same count and digest, before anything is committed; of each server's rows those
 * that count there. */
static bool prove(struct transaction *transaction, struct pg_table *table,
                  const struct table_shape *new_shape, struct error *error)
{
    struct pg_table new = *table;
    new.condition = new_shape->condition;
    bool measured = measure_both(transaction, table, &new, error);
    return measured && ((table->rows == new.rows && !strcmp(table->digest, new.digest)) ||
                        not_equal(table, &new, error));
}

static bool other_columns(const struct table_shape *shape, struct error *error)
{
    error_set(error, ERROR_OTHER, "the columns of %s.%s aren't the same on both servers any more",
              shape->schema, shape->name);
    return error_remedy(error, "The schema was changed after the backup: roll back, and begin "
                               "again with a new backup.");
}

static bool copy_table(struct transaction *transaction, struct pg_table *table, struct error *error)
{
    struct table_shape old = {0}, new = {0};
    struct table_copy copy = {.old = transaction->old,
                              .new = transaction->new,
                              .shape = &old,
                              .new_shape = &new,
                              .rows = table->rows};
    bool copied =
        table_shape_read(transaction->old, table->schema, table->name, &old, error) &&
        table_shape_read(transaction->new, table->schema, table->name, &new, error) &&
        ((old.count == new.count &&table_shapes_alike(&old, &new)) || other_columns(&old, error)) &&
        table_copy(&copy, error) && prove(transaction, table, &new, error);
    transaction->sums.rows += copy.removed + copy.copied;
    transaction->sums.whole += copy.whole;
    transaction->sums.tables++;
    table_shape_free(&old);
    table_shape_free(&new);
    return copied;
}

static bool copy_tables(struct transaction *transaction, struct error *error)
{
    struct catch_up_database *work = transaction->work;
    for (size_t i = 0; i < work->count; i++) {
        struct pg_table *table = &transaction->measured[i];
        char *label = xprintf("%s: %s.%s", work->database, table->schema, table->name);
        step_progress(work->run, (double)work->done++, (double)work->total, "tables", label);
        free(label);
        if (!copy_table(transaction, table, error))
            return false;
    }
    return true;
}

static bool absent_sequence(const struct sequence *named, const char *where, struct error *error)
{
    error_set(error, ERROR_OTHER, "the sequence %s.%s is on the %s server only", named->schema,
              named->name, where);
    return error_remedy(error, "The schema was changed after the backup: roll back, and begin "
                               "again with a new backup.");
}

static void set_sequence(void *context, const struct sequence *old, const struct sequence *new)
{
    struct transaction *transaction = context;
    if (transaction->failed)
        return;
    if (old && new)
        transaction->failed = !sequence_set(transaction->new, old, transaction->error);
    else
        transaction->failed =
            !absent_sequence(old ? old : new, old ? "old" : "new", transaction->error);
    transaction->sums.sequences++;
}

static bool copy_sequences(struct transaction *transaction, struct error *error)
{
    struct sequence_list old = {0}, new = {0};
    transaction->error = error;
    bool read = sequences_read(transaction->old, &old, error) &&
                sequences_read(transaction->new, &new, error);
    if (read)
        sequences_compare(&old, &new, set_sequence, transaction);
    sequence_list_free(&old);
    sequence_list_free(&new);
    return read && !transaction->failed;
}

static bool measure_view(struct transaction *transaction, const struct pg_table *view,
                         struct error *error)
{
    struct text sql = {0};
    PGresult *result = digest_statement(transaction->new, view, 0, &sql, error)
                           ? pg_query(transaction->new, text_string(&sql), 0, NULL, error)
                           : NULL;
    struct pg_table *measured = &transaction->views[transaction->sums.views];
    text_free(&sql);
    if (!result)
        return false;
    *measured = *view;
    measured->rows = pg_number(result, 0, 1);
    text_copy(measured->digest, sizeof measured->digest, pg_field(result, 0, 2));
    transaction->sums.views++;
    PQclear(result);
    return true;
}

static const struct pg_table *wanted_view(const struct catch_up_database *work, const char *schema,
                                          const char *name)
{
    for (size_t i = 0; i < work->view_count; i++)
        if (!strcmp(work->views[i]->schema, schema) && !strcmp(work->views[i]->name, name))
            return work->views[i];
    return NULL;
}

static bool refresh_wanted(void *context, const char *schema, const char *name, struct error *error)
{
    struct transaction *transaction = context;
    const struct pg_table *view = wanted_view(transaction->work, schema, name);
    return !view || (materialised_refresh(transaction->new, schema, name, error) &&
                     measure_view(transaction, view, error));
}

static bool refresh_views(struct transaction *transaction, struct error *error)
{
    if (!transaction->work->view_count)
        return true;
    transaction->views = xcalloc(transaction->work->view_count, sizeof *transaction->views);
    return materialised_each(transaction->new, refresh_wanted, transaction, error);
}

/* After the commit, never before: a count that was reported and then taken back would be a lie. */
static void report_rows(const struct catch_up_database *work, enum rows_column column,
                        const struct pg_table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        step_rows(work->run, column, work->database, &tables[i]);
}

static void add_sums(struct catch_up_sums *sums, const struct catch_up_sums *more)
{
    sums->tables += more->tables;
    sums->sequences += more->sequences;
    sums->large_objects += more->large_objects;
    sums->views += more->views;
    sums->whole += more->whole;
    sums->rows += more->rows;
}

bool catch_up_database(struct catch_up_database *work, struct catch_up_sums *sums,
                       struct error *error)
{
    struct transaction transaction = {.work = work};
    transaction.measured = xcalloc(work->count + 1, sizeof *transaction.measured);
    for (size_t i = 0; i < work->count; i++)
        transaction.measured[i] = *work->tables[i];
    bool done = open_old(&transaction, error) && open_new(&transaction, error) &&
                copy_tables(&transaction, error) &&
                large_objects_copy(transaction.old, transaction.new,
                                   &transaction.sums.large_objects, error) &&
                refresh_views(&transaction, error) && copy_sequences(&transaction, error) &&
                pg_execute(transaction.new, "COMMIT", error);
    if (done) {
        /* What the copy is held against from here on: the snapshot with what was carried over. */
        report_rows(work, ROWS_SNAPSHOT, transaction.measured, work->count);
        report_rows(work, ROWS_NEW, transaction.measured, work->count);
        report_rows(work, ROWS_NOW, transaction.measured, work->count);
        report_rows(work, ROWS_NEW, transaction.views, transaction.sums.views);
        add_sums(sums, &transaction.sums);
    }
    pg_close(transaction.old);
    pg_close(transaction.new);
    free(transaction.measured);
    free(transaction.views);
    return done || error_wrap(error, "catching up database \"%s\"", work->database);
}
