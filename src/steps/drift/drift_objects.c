/* drift_objects.c: changed objects, where the backup has recorded what they were. */
#include "steps/drift/drift_objects.h"

#include "steps/parity/objects_parity.h"

bool drift_objects_read(struct step_run *run, const struct server_access *old,
                        struct drift_objects *objects, struct error *error)
{
    struct object_changes changes = {0};
    *objects = (struct drift_objects){0};
    if (!step_known(run, FACT_OBJECTS))
        return true;
    bool read = objects_changed_since(run, FACT_OBJECTS, old, &changes, error);
    objects->known = read;
    objects->count = changes.count + changes.rewritten.count;
    for (size_t i = 0; i < changes.names.count; i++)
        text_list_add(&objects->names, changes.names.items[i]);
    for (size_t i = 0; i < changes.rewritten.count; i++)
        text_list_add(&objects->names, changes.rewritten.items[i]);
    object_changes_free(&changes);
    return read;
}

void drift_objects_free(struct drift_objects *objects)
{
    text_list_free(&objects->names);
}
