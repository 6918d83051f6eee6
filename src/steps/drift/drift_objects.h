/* drift_objects.h: objects of the old server's schema that were changed since the backup, and which
 * the new server's copy therefore doesn't have. */
#ifndef STEPS_DRIFT_DRIFT_OBJECTS_H
#define STEPS_DRIFT_DRIFT_OBJECTS_H

#include "steps/server/server.h"
#include "steps/step.h"

struct drift_objects {
    bool known;             /* there is a record of the backup's objects to hold against */
    size_t count;           /* without large objects, which count as rows */
    struct text_list names; /* the first of them, with what has changed */
};

/* Free in any case. */
bool drift_objects_read(struct step_run *run, const struct server_access *old,
                        struct drift_objects *objects, struct error *error);
void drift_objects_free(struct drift_objects *objects);

#endif
