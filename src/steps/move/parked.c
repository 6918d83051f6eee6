/* parked.c: the file "parked-NAME.json" in the run's directory. */
#include "steps/move/parked.h"

#include "base/file.h"
#include "base/json.h"
#include "steps/record.h"

#include <stdlib.h>
#include <string.h>

#define PARKED_ID "id"

/* Docker's own rule for names keeps everything out that a path would take for more than a name. The
 * caller frees; NULL with `error`. Source: Docker Engine API, ContainerCreate, name. */
static char *path_of(const struct step_run *run, const char *name, struct error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (!*name || strlen(name) > 200 || name[strspn(name, allowed)]) {
        error_set(error, ERROR_OTHER, "%.80s is no name for a container", name);
        return NULL;
    }
    char *file = xprintf("parked-%s.json", name);
    char *path = file_join(run->directory, file);
    free(file);
    return path;
}

bool parked_write(const struct step_run *run, const char *name, const char *id, struct error *error)
{
    char *path = path_of(run, name, error);
    if (!path)
        return false;
    cJSON *record = cJSON_CreateObject();
    if (id)
        cJSON_AddStringToObject(record, PARKED_ID, id);
    bool written = record_write(path, record, error);
    cJSON_Delete(record);
    free(path);
    return written || error_wrap(error, "recording the container %s", name);
}

bool parked_is_own(const struct step_run *run, const struct docker_container *container, bool *own,
                   struct error *error)
{
    char *path = path_of(run, container->name, error);
    cJSON *record = NULL;
    *own = false;
    bool read = path && (!file_exists(path) || record_read(path, &record, error));
    if (read && record) {
        const char *id = json_text(record, PARKED_ID);
        *own = id ? text_equal(id, container->id) : text_equal(container->state, "created");
    }
    cJSON_Delete(record);
    free(path);
    return read;
}
