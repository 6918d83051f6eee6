/* drift_objects.c: changed objects, less those that are rows in another form. */
#include "steps/drift_objects.h"

#include "steps/objects_parity.h"

#include <string.h>

/* What copying a large object again brings over: it, and who may do what with it. */
static const char *const copied[] = {": large object ", ": grant large object "};

bool drift_object_is_copied(const char *name)
{
    const char *colon = strstr(name, ": ");
    for (size_t i = 0; colon && i < sizeof copied / sizeof copied[0]; i++)
        if (text_starts(colon, copied[i]))
            return true;
    return false;
}

bool drift_objects_read(struct step_run *run, const struct server_access *old,
                        struct drift_objects *objects, struct error *error)
{
    struct object_changes changes = {0};
    *objects = (struct drift_objects){0};
    if (!step_known(run, FACT_OBJECTS))
        return true;
    bool read = objects_changed_since_backup(run, old, &changes, error);
    objects->known = read;
    objects->count = changes.count;
    for (size_t i = 0; i < changes.names.count; i++)
        if (drift_object_is_copied(changes.names.items[i]))
            objects->count--;
        else
            text_list_add(&objects->names, changes.names.items[i]);
    object_changes_free(&changes);
    return read;
}

void drift_objects_free(struct drift_objects *objects)
{
    text_list_free(&objects->names);
}
