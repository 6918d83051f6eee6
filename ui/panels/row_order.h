/* row_order.h: in which order the tables' row counts are shown. */
#ifndef UI_PANELS_ROW_ORDER_H
#define UI_PANELS_ROW_ORDER_H

#include "engine/state.h"

#include <stddef.h>

enum row_order {
    ORDER_DIFFERING, /* what the restore made different, then what was written since */
    ORDER_SIZE,      /* the most rows first */
    ORDER_NAME,
    ORDER_COUNT
};

/* Indexes of state->tables, a database's tables together; the caller frees. */
size_t *row_order_make(const struct run_state *state, enum row_order order);

#endif
