/* drift_objects.c: changed objects, less those that are rows in another form. */
#include "steps/drift_objects.h"

#include "steps/objects_parity.h"

#include <string.h>

/* What a large object's change begins with, that copying it brings over: one that is new comes with
 * its owner. */
static const char *const content_words[] = {"bytes: ", "digest: ", "it has come", "it has gone"};

bool drift_object_is_content(const char *name)
{
    static const char kind[] = ": large object ";
    const char *colon = strstr(name, ": ");
    if (!colon || !text_starts(colon, kind))
        return false;
    const char *words = strstr(colon + strlen(kind), ": ");
    for (size_t i = 0; words && i < sizeof content_words / sizeof content_words[0]; i++)
        if (text_starts(words + 2, content_words[i]))
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
        if (drift_object_is_content(changes.names.items[i]))
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
