/* merge.c: a merge of two streams of rows that have the same order. */
#include "postgres/merge.h"

#include "postgres/stream.h"

#include <string.h>

/* One server's stream and the row that it stands at. */
struct side {
    struct pg_connection *connection;
    PGresult *result; /* NULL at the end */
    struct merge_row row;
    const char *names[MERGE_NAMES_MAX];
};

int merge_order(const struct merge_row *left, const struct merge_row *right)
{
    int order = (left->position > right->position) - (left->position < right->position);
    for (size_t i = 0; !order && i < left->count && i < right->count; i++)
        order = strcmp(left->names[i], right->names[i]);
    return order;
}

static void read_row(struct side *side)
{
    int columns = PQnfields(side->result);
    side->row = (struct merge_row){
        .position = pg_number(side->result, 0, MERGE_POSITION),
        .value = pg_field(side->result, 0, MERGE_VALUE),
        .place = pg_field(side->result, 0, MERGE_PLACE),
        .names = side->names,
    };
    for (int i = MERGE_NAMES; i < columns && side->row.count < MERGE_NAMES_MAX; i++)
        side->names[side->row.count++] = pg_field(side->result, 0, i);
}

static bool advance(struct side *side, struct error *error)
{
    PQclear(side->result);
    if (!pg_stream_next(side->connection, &side->result, error))
        return false;
    if (side->result)
        read_row(side);
    return true;
}

static bool step_on(struct side *old, struct side *new, merge_found *found, void *context,
                    struct error *error)
{
    int order = !old->result ? 1 : !new->result ? -1 : merge_order(&old->row, &new->row);
    bool goes_on = true;
    if (order < 0)
        goes_on = found(context, DIFFERENCE_MISSING, &old->row, NULL, error);
    else if (order > 0)
        goes_on = found(context, DIFFERENCE_EXTRA, NULL, &new->row, error);
    else if (strcmp(old->row.value, new->row.value) != 0)
        goes_on = found(context, DIFFERENCE_CHANGED, &old->row, &new->row, error);
    return goes_on && (order > 0 || advance(old, error)) && (order < 0 || advance(new, error));
}

bool merge_servers(struct pg_connection *old, const char *old_sql, struct pg_connection *new,
                   const char *new_sql, merge_found *found, void *context, struct error *error)
{
    struct side left = {.connection = old}, right = {.connection = new};
    bool merging = pg_stream_begin(old, old_sql, error) && pg_stream_begin(new, new_sql, error) &&
                   advance(&left, error) && advance(&right, error);
    while (merging && (left.result || right.result))
        merging = step_on(&left, &right, found, context, error);
    PQclear(left.result);
    PQclear(right.result);
    return merging;
}
