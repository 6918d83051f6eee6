/* leftovers.c: helper containers and networks by the label that says whose they are. */
#include "steps/docker/leftovers.h"

#include "base/json.h"
#include "docker/lifecycle.h"
#include "docker/network.h"
#include "steps/docker/docker_common.h"

#include <stdlib.h>
#include <unistd.h>

#define HOST_SIZE 256

/* "HOST:DIRECTORY"; the caller frees. */
static char *place_of(const struct step_run *run)
{
    char host[HOST_SIZE] = "";
    gethostname(host, sizeof host - 1);
    return xprintf("%s:%s", host, run->directory);
}

cJSON *step_helper_labels(const struct step_run *run)
{
    cJSON *labels = step_labels(run);
    char *place = place_of(run);
    cJSON_AddStringToObject(labels, LABEL_HELPER, step_run_id(run));
    cJSON_AddStringToObject(labels, LABEL_PLACE, place);
    free(place);
    return labels;
}

/* What the engine's lists are filtered by; the caller deletes. */
static cJSON *own_filter(const struct step_run *run)
{
    char *place = place_of(run);
    char *labels[] = {xprintf("%s=%s", LABEL_HELPER, step_run_id(run)),
                      xprintf("%s=%s", LABEL_PLACE, place)};
    cJSON *filter = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(filter, "label");
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(labels[i]));
        free(labels[i]);
    }
    free(place);
    return filter;
}

static bool remove_containers(struct step_run *run, struct docker *docker, const cJSON *filter,
                              struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool listed = docker_list(docker, filter, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        struct error ignored = ERROR_INIT; /* the engine may be removing it */
        const char *name = docker_listed_name(entry);
        step_log(run, "removing the helper container %s of an attempt before", name);
        docker_remove(docker, name, true, &ignored);
    }
    cJSON_Delete(list);
    return listed;
}

static bool remove_networks(struct step_run *run, struct docker *docker, const cJSON *filter,
                            struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool done = docker_network_list(docker, filter, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        const char *id = json_text(entry, "Id"), *name = json_text(entry, "Name");
        step_log(run, "removing the network %s of an attempt before", name ? name : "");
        done = done && (!id || docker_network_remove(docker, id, error));
    }
    cJSON_Delete(list);
    return done;
}

bool step_remove_leftovers(struct step_run *run, struct docker *docker, struct error *error)
{
    cJSON *filter = own_filter(run);
    bool done = remove_containers(run, docker, filter, error) &&
                remove_networks(run, docker, filter, error);
    cJSON_Delete(filter);
    return done;
}
