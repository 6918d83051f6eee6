/* row_table.h: the row counts that differ, as lines of a plain terminal. */
#ifndef CLI_ROW_TABLE_H
#define CLI_ROW_TABLE_H

#include "base/text.h"
#include "engine/state.h"

/* Appends the tables that the restore made different or that were written to since the snapshot,
 * with a heading, in columns; nothing when there is none. At most 50 tables,
 * then how many more there are. */
void row_table(const struct run_state *state, struct text *output);

#endif
