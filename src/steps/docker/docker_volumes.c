/* docker_volumes.c: docker.volume and docker.remove_volume. */
#include "steps/actions.h"
#include "steps/docker/docker_common.h"
#include "steps/switched.h"

#include "base/text.h"
#include "docker/volume.h"

#include <stdlib.h>
#include <string.h>

/* The fact that says that a volume which was there already, and empty, was taken over by this run.
 */
static char *adopted_key(const char *volume)
{
    return xprintf("adopted.%s", volume);
}

static bool fact_holds(const struct step_run *run, char *key)
{
    const cJSON *fact = step_known(run, key);
    free(key);
    return fact && !cJSON_IsFalse(fact) && !cJSON_IsNull(fact);
}

static bool is_this_runs(const struct step_run *run, const struct docker_volume *volume)
{
    return step_is_own(run, docker_volume_label(volume, LABEL_RUN)) ||
           fact_holds(run, adopted_key(volume->name));
}

/* A volume that is there: ours from before a crash, or an empty one that the operator made. */
static bool take_over(struct step_run *run, struct docker *docker,
                      const struct docker_volume *volume, struct error *error)
{
    bool empty = false;
    if (is_this_runs(run, volume)) {
        step_log(run, "volume %s was created by this run already", volume->name);
        return true;
    }
    if (!docker_volume_empty(docker, volume, &empty, error))
        return false;
    if (!empty)
        return step_volume_taken(docker, volume->name, error);
    step_log(run, "volume %s exists and is empty: it is used", volume->name);
    char *key = adopted_key(volume->name);
    step_fact(run, key, cJSON_CreateTrue());
    free(key);
    return true;
}

static bool create(struct step_run *run, struct docker *docker, const char *name,
                   struct error *error)
{
    cJSON *labels = step_labels(run);
    bool created = docker_volume_create(docker, name, labels, error);
    cJSON_Delete(labels);
    if (created)
        step_log(run, "created volume %s", name);
    return created;
}

static bool run_volume(struct step_run *run, struct error *error)
{
    struct docker_volume volume = {0};
    const char *name = step_text(run, "name");
    struct docker *docker = docker_open(error);
    bool done = docker && docker_volume_inspect(docker, name, &volume, error);
    if (done)
        done = volume.exists ? take_over(run, docker, &volume, error)
                             : create(run, docker, name, error);
    docker_volume_free(&volume);
    docker_close(docker);
    return done;
}

/* Why a rollback leaves a volume alone; false when it may go. */
static bool kept(struct step_run *run, const struct docker_volume *volume)
{
    if (step_boolean(run, "keep_if_served") && fact_holds(run, switched_volume_key(volume->name))) {
        step_log(
            run,
            "volume %s is kept: since the switchover it was the live server's, and it may hold "
            "what was written then. When you don't need that: docker volume rm %s",
            volume->name, volume->name);
        return true;
    }
    if (run->undoing && !is_this_runs(run, volume)) {
        step_log(run, "volume %s is kept: this run didn't create it", volume->name);
        return true;
    }
    return false;
}

static bool remove_volume(struct step_run *run, struct docker *docker, const char *name,
                          struct error *error)
{
    bool removed = false;
    if (!docker_volume_remove(docker, name, &removed, error))
        return false;
    step_log(run, removed ? "removed volume %s" : "volume %s is gone already", name);
    return true;
}

static bool run_remove_volume(struct step_run *run, struct error *error)
{
    struct docker_volume volume = {0};
    const char *name = step_text(run, "name");
    struct docker *docker = docker_open(error);
    bool done = docker && docker_volume_inspect(docker, name, &volume, error);
    if (done && volume.exists && !kept(run, &volume))
        done = remove_volume(run, docker, name, error);
    else if (done && !volume.exists)
        step_log(run, "volume %s is gone already", name);
    docker_volume_free(&volume);
    docker_close(docker);
    return done;
}

static const struct argument volume_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the volume to create"},
    {0},
};

const struct action docker_volume_action = {
    .name = "docker.volume",
    .danger = DANGER_CHANGE,
    .help = "create a data volume; one that holds data is never reused",
    .arguments = volume_arguments,
    .run = run_volume,
};

static const struct argument remove_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the volume; one that is absent is fine"},
    {"keep_if_served", ARGUMENT_BOOLEAN, false, "no", NULL,
     "keep it when the switchover has put traffic on it"},
    {0},
};

const struct action docker_remove_volume_action = {
    .name = "docker.remove_volume",
    .danger = DANGER_DESTRUCTIVE,
    .help = "remove a volume that no container uses",
    .arguments = remove_arguments,
    .run = run_remove_volume,
};
