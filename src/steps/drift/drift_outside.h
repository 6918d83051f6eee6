/* drift_outside.h: what differs between two servers outside of their tables' rows, and yet is lost
 * with a switch: the values of sequences, large objects. */
#ifndef STEPS_DRIFT_DRIFT_OUTSIDE_H
#define STEPS_DRIFT_DRIFT_OUTSIDE_H

#include "postgres/difference.h"
#include "postgres/large_objects.h"
#include "postgres/sequences.h"
#include "steps/server/server.h"
#include "steps/step.h"

struct drift_outside {
    long long sequences;        /* whose values differ */
    long long absent_sequences; /* on one side only */
    struct difference_counts large_objects;
    struct text_list examples; /* "limor_prod: shop.orders_id_seq 17, 15 on the copy" */
};

/* Adds one database's. Both have it. */
bool drift_outside_read(const struct server_access *old, const struct server_access *new,
                        const char *database, struct drift_outside *outside, struct error *error);
void drift_outside_free(struct drift_outside *outside);

#endif
