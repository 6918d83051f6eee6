/* restore_indexes.h: which index a server is building now, for the progress of a restore. */
#ifndef STEPS_RESTORE_RESTORE_INDEXES_H
#define STEPS_RESTORE_RESTORE_INDEXES_H

#include "steps/server/server.h"

struct restore_indexes; /* a connection of its own, opened when it's first asked */

struct restore_indexes *restore_indexes_new(const struct server_access *access);
/* "limor_prod: items_embedding_idx, building index: loading tuples, 12 %" into `label`; false when
 * no index is being built or the server can't say in time. */
bool restore_indexes_look(struct restore_indexes *indexes, char *label, size_t size);
void restore_indexes_free(struct restore_indexes *indexes);

#endif
