/* place.c: the file "place-ID.json" in the run's directory. */
#include "steps/move/place.h"

#include "base/file.h"
#include "base/json.h"
#include "steps/record.h"

#include <ctype.h>
#include <stdlib.h>

#define PLACE_NAME "name"
#define PLACE_NETWORKS "networks"
#define ID_MAX 128

/* An id becomes part of a file's name: nothing but what the engine makes ids of gets there. The
 * caller frees; NULL with `error`. */
static char *path_of(const struct step_run *run, const char *id, struct error *error)
{
    size_t length = 0;
    while (length <= ID_MAX && isxdigit((unsigned char)id[length]))
        length++;
    if (length == 0 || length > ID_MAX || id[length]) {
        error_set(error, ERROR_OTHER, "%.80s is no container's id", id);
        return NULL;
    }
    char *name = xprintf("place-%s.json", id);
    char *path = file_join(run->directory, name);
    free(name);
    return path;
}

bool place_write(const struct step_run *run, const char *id, const char *name,
                 const cJSON *networks, struct error *error)
{
    char *path = path_of(run, id, error);
    if (!path)
        return false;
    cJSON *place = cJSON_CreateObject();
    cJSON_AddStringToObject(place, PLACE_NAME, name);
    cJSON_AddItemToObject(place, PLACE_NETWORKS,
                          networks ? cJSON_Duplicate(networks, true) : cJSON_CreateObject());
    bool written = record_write(path, place, error);
    cJSON_Delete(place);
    free(path);
    return written || error_wrap(error, "recording the place of %s in its stack", name);
}

static bool is_whole(const cJSON *place)
{
    return json_text(place, PLACE_NAME) &&
           cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(place, PLACE_NETWORKS));
}

static bool read_place(const char *path, cJSON **place, struct error *error)
{
    if (!record_read(path, place, error) || is_whole(*place))
        return *place != NULL;
    cJSON_Delete(*place);
    *place = NULL;
    return error_set(error, ERROR_OTHER, "%s isn't what was written there", path);
}

bool place_read(const struct step_run *run, const char *id, cJSON **place, struct error *error)
{
    *place = NULL;
    char *path = path_of(run, id, error);
    if (!path)
        return false;
    bool read = !file_exists(path) || read_place(path, place, error);
    free(path);
    return read || error_remedy(error, "It says under which name and on which networks the "
                                       "container is to serve; the compose file says so too.");
}
