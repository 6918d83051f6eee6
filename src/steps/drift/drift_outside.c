/* drift_outside.c: sequences and large objects of two servers, database by database. */
#include "steps/drift/drift_outside.h"

#include "steps/compare/pg_difference.h"

#include <stdlib.h>

#define EXAMPLES_MAX 10

struct reading {
    struct drift_outside *outside;
    const char *database;
};

static void add_example(const struct reading *reading, char *example)
{
    if (reading->outside->examples.count < EXAMPLES_MAX)
        text_list_add(&reading->outside->examples, example);
    free(example);
}

static void note_sequence(void *context, const struct sequence *old, const struct sequence *new)
{
    const struct reading *reading = context;
    const struct sequence *named = old ? old : new;
    if (old && new)
        reading->outside->sequences++;
    else
        reading->outside->absent_sequences++;
    add_example(reading, xprintf("%s: sequence %s.%s %s, on the copy %s", reading->database,
                                 named->schema, named->name, old ? old->last_value : "absent",
                                 new ? new->last_value : "absent"));
}

static bool note_object(void *context, enum difference_kind kind, const struct merge_row *old,
                        const struct merge_row *new, struct error *error)
{
    static const char *const words[] = {[DIFFERENCE_MISSING] = "missing on the copy",
                                        [DIFFERENCE_EXTRA] = "deleted since",
                                        [DIFFERENCE_CHANGED] = "changed"};
    const struct reading *reading = context;
    long long *const sums[] = {[DIFFERENCE_MISSING] = &reading->outside->large_objects.missing,
                               [DIFFERENCE_EXTRA] = &reading->outside->large_objects.extra,
                               [DIFFERENCE_CHANGED] = &reading->outside->large_objects.changed};
    (void)error;
    ++*sums[kind];
    add_example(reading, xprintf("%s: large object %lld %s", reading->database,
                                 (old ? old : new)->position, words[kind]));
    return true;
}

static bool compare_sequences(struct pg_connection *old, struct pg_connection *new,
                              struct reading *reading, struct error *error)
{
    struct sequence_list before = {0}, after = {0};
    bool read = sequences_read(old, &before, error) && sequences_read(new, &after, error);
    if (read)
        sequences_compare(&before, &after, note_sequence, reading);
    sequence_list_free(&before);
    sequence_list_free(&after);
    return read;
}

bool drift_outside_read(const struct server_access *old, const struct server_access *new,
                        const char *database, struct drift_outside *outside, struct error *error)
{
    struct reading reading = {outside, database};
    struct pg_connection *before = difference_open(old, database, error);
    struct pg_connection *after = before ? difference_open(new, database, error) : NULL;
    bool read = after && compare_sequences(before, after, &reading, error) &&
                large_objects_compare(before, after, note_object, &reading, error);
    pg_close(before);
    pg_close(after);
    return read || error_wrap(error, "database \"%s\"", database);
}

void drift_outside_free(struct drift_outside *outside)
{
    text_list_free(&outside->examples);
}
