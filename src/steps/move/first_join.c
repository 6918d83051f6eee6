/* first_join.c: there and away again, on a network of its own. */
#include "steps/move/first_join.h"

#include "docker/network.h"
#include "steps/docker/leftovers.h"
#include "steps/server/reach.h"

#include <stdlib.h>

static bool there_and_away(struct step_run *run, struct docker *docker,
                           const struct docker_container *container, struct error *error)
{
    char *name = xprintf("%s-first", container->name);
    cJSON *labels = step_helper_labels(run);
    char *network = docker_network_create_internal(docker, name, labels, error);
    bool done = network && docker_network_join(docker, network, container->id, NULL, error) &&
                docker_network_leave(docker, network, container->id, error) &&
                docker_network_remove(docker, network, error);
    cJSON_Delete(labels);
    free(network);
    free(name);
    return done;
}

/* A join that failed may leave an interface in the container, which the next one would meet. */
bool first_join(struct step_run *run, struct docker *docker,
                const struct docker_container *container, struct error *error)
{
    struct error reason = ERROR_INIT, ignored = ERROR_INIT;
    if (there_and_away(run, docker, container, &reason))
        return true;
    step_log(run, "%s: clients will wait some 70 ms longer for it", reason.message);
    if (!step_remove_leftovers(run, docker, error))
        return false;
    reach_clear_links(container, &ignored);
    return true;
}
