/* leftovers.c: helper containers and networks by the label that says whose they are. */
#include "steps/docker/leftovers.h"

#include "base/json.h"
#include "docker/lifecycle.h"
#include "docker/network.h"
#include "steps/docker/docker_common.h"

#include <stdlib.h>

cJSON *step_helper_labels(const struct step_run *run)
{
    cJSON *labels = step_labels(run);
    cJSON_AddStringToObject(labels, LABEL_HELPER, step_run_id(run));
    return labels;
}

static bool remove_containers(struct step_run *run, struct docker *docker, const char *label,
                              struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool listed = docker_list_by(docker, "label", label, &list, error);
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

static bool remove_networks(struct step_run *run, struct docker *docker, const char *label,
                            struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool done = docker_network_list(docker, label, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        const char *id = json_text(entry, "Id"), *name = json_text(entry, "Name");
        step_log(run, "removing the network %s of an attempt before", name ? name : "");
        done = done && id && docker_network_remove(docker, id, error);
    }
    cJSON_Delete(list);
    return done;
}

bool step_remove_leftovers(struct step_run *run, struct docker *docker, struct error *error)
{
    char *label = xprintf("%s=%s", LABEL_HELPER, step_run_id(run));
    bool done =
        remove_containers(run, docker, label, error) && remove_networks(run, docker, label, error);
    free(label);
    return done;
}
