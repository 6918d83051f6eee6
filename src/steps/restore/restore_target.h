/* restore_target.h: whether a server may be restored into, and what an attempt before has left on
 * it. */
#ifndef STEPS_RESTORE_RESTORE_TARGET_H
#define STEPS_RESTORE_RESTORE_TARGET_H

#include "steps/server/server.h"

/* Refuses a server on which anybody has made tables, unless they can only be of this run's making:
 * an attempt of its own left them, one that began in this very container and found it empty, or the
 * server's own first start made them after compose.down had taken the data away. What is in the way
 * then, or in a container or a volume that this run made, is dropped: the databases that the backup
 * holds. *again: roles may be there already. */
bool restore_target_prepare(struct step_run *run, const struct server_access *access,
                            const struct text_list *databases, bool *again, struct error *error);

#endif
