/* row_transfer.h: single rows of a table, known by their places, taken from the copy and brought to
 * it. */
#ifndef POSTGRES_ROW_TRANSFER_H
#define POSTGRES_ROW_TRANSFER_H

#include "postgres/row_places.h"
#include "postgres/table_copy.h"

/* The copy equals the snapshot of `before`; copy->old is the session with the later one. Removes
 * from copy->new the rows that went, by key (or, without one, as many equal rows as went), then
 * brings those that came. *exact is false when the copy didn't have exactly those that went: it
 * isn't what it was taken for then, and table_copy has to make it equal. Neither has rows that
 * don't count (shape->condition). All sessions need digest_session. */
bool row_transfer(struct table_copy *copy, struct pg_connection *before,
                  const struct row_changes *changes, bool *exact, struct error *error);

#endif
