/* docker_containers.c: docker.stop, docker.remove, docker.restart. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/leftovers.h"
#include "steps/docker/loading.h"
#include "steps/fence/fence_record.h"
#include "steps/move/blueprint.h"
#include "steps/move/parked.h"

#include "base/text.h"
#include "docker/lifecycle.h"

#include <string.h>
#include <unistd.h>

#define UNDO_GRACE_MS 5000L
#define LOCK_MS 120000L

/* Somebody has removed it by hand, and perhaps its data with it: what was proven of it counts no
 * more. */
static bool nothing_to_stop(const char *name, struct error *error)
{
    error_set(error, ERROR_OTHER, "there is no container %s to stop: it was removed by hand", name);
    return error_remedy(error,
                        "what was proven of its data doesn't hold any more: roll back and start "
                        "again");
}

static bool run_stop(struct step_run *run, struct error *error)
{
    struct docker_container container = {0};
    const char *name = step_text(run, "name");
    struct docker *docker = docker_open(error);
    bool done = docker && docker_inspect(docker, name, &container, error);
    if (done && !container.exists && run->undoing)
        step_log(run, "container %s is gone already", name);
    else if (done && !container.exists)
        done = nothing_to_stop(name, error);
    else if (done)
        done = step_stop_server(run, docker, &container, step_text(run, "server"),
                                step_duration(run, "grace"), error);
    docker_container_free(&container);
    docker_close(docker);
    return done;
}

static bool not_ours(const char *name, struct error *error)
{
    error_set(error, ERROR_OTHER, "container %s wasn't created by this run", name);
    return error_remedy(error, "Remove it yourself if nothing needs it: docker rm %s", name);
}

/* A rollback throws the data away too, and a start script may be deaf to signals. */
static long grace_of(const struct step_run *run)
{
    long grace = step_duration(run, "grace");
    return run->undoing && grace > UNDO_GRACE_MS ? UNDO_GRACE_MS : grace;
}

/* Force that is for one service reaches no other container: somebody's may have come to the name
 * since it was found free. */
static bool force_reaches(const struct step_run *run, const struct docker_container *container)
{
    static const struct {
        const char *argument, *label;
    } required[] = {{"project", COMPOSE_LABEL("project")}, {"service", COMPOSE_LABEL("service")}};
    bool reaches = step_boolean(run, "force");
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        const char *wanted = step_text(run, required[i].argument);
        reaches =
            reaches &&
            (!wanted || text_equal(docker_container_label(container, required[i].label), wanted));
    }
    return reaches;
}

/* A rollback leaves what isn't ours and says so; a step that was meant to remove it fails. */
static bool remove_container(struct step_run *run, struct docker *docker,
                             const struct docker_container *container, struct error *error)
{
    bool own = step_is_own(run, docker_container_label(container, LABEL_RUN));
    if (!own && !parked_is_own(run, container, &own, error))
        return false;
    if (!own && !force_reaches(run, container)) {
        if (!run->undoing)
            return not_ours(container->name, error);
        step_log(run, "container %s is kept: this run didn't create it", container->name);
        return true;
    }
    if (!strcmp(container->state, "running") &&
        !docker_stop(docker, container->name, grace_of(run), error))
        return false;
    if (!fence_record_forget(run, container->id, error) ||
        !docker_remove(docker, container->name, step_boolean(run, "volumes"), error))
        return false;
    step_log(run, "removed container %s", container->name);
    return true;
}

/* Of an earlier attempt; Compose may still be at work for it. */
static bool clean_up(struct step_run *run, struct docker *docker, struct error *error)
{
    int lock = -1;
    bool done = stack_lock(run, LOCK_MS, &lock, error) && blueprint_clean_up(run, docker, error);
    if (lock >= 0)
        close(lock);
    return done;
}

static bool run_remove(struct step_run *run, struct error *error)
{
    struct docker_container container = {0};
    const char *name = step_text(run, "name");
    struct docker *docker = docker_open(error);
    bool done =
        docker && clean_up(run, docker, error) && docker_inspect(docker, name, &container, error);
    if (done && !container.exists)
        step_log(run, "container %s is gone already", name);
    else if (done)
        done = remove_container(run, docker, &container, error);
    done = done && loading_remove_aside(run, docker, name, error) &&
           step_remove_leftovers(run, docker, error);
    docker_container_free(&container);
    docker_close(docker);
    return done;
}

static bool run_restart(struct step_run *run, struct error *error)
{
    struct docker_container container = {0};
    const char *name = step_text(run, "name");
    struct docker *docker = docker_open(error);
    bool done = docker && step_container(docker, name, &container, error) &&
                docker_restart(docker, name, step_duration(run, "grace"), error);
    if (done)
        step_log(run, "restarted container %s", name);
    docker_container_free(&container);
    docker_close(docker);
    return done;
}

static const struct argument stop_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container; one that is absent is fine"},
    {"server", ARGUMENT_SERVER, false, NULL, NULL, "the server in it: CHECKPOINT comes first"},
    {"grace", ARGUMENT_DURATION, false, GRACE_DEFAULT, NULL, "time before it is killed"},
    {0},
};

const struct action docker_stop_action = {
    .name = "docker.stop",
    .danger = DANGER_CHANGE,
    .help = "stop a container gently, after a checkpoint of its server",
    .arguments = stop_arguments,
    .run = run_stop,
};

static const struct argument remove_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container; one that is absent is fine"},
    {"volumes", ARGUMENT_BOOLEAN, false, "no", NULL, "its anonymous volumes go too"},
    {"force", ARGUMENT_BOOLEAN, false, "no", NULL, "even when this run didn't create it"},
    {"project", ARGUMENT_TEXT, false, NULL, NULL,
     "with force: only a container of this Compose project"},
    {"service", ARGUMENT_TEXT, false, NULL, NULL, "with force: only a container of this service"},
    {"grace", ARGUMENT_DURATION, false, GRACE_DEFAULT, NULL, "time before it is killed"},
    {0},
};

const struct action docker_remove_action = {
    .name = "docker.remove",
    .danger = DANGER_CHANGE,
    .help = "stop and remove a container that this run has created",
    .arguments = remove_arguments,
    .run = run_remove,
};

static const struct argument restart_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container"},
    {"grace", ARGUMENT_DURATION, false, "30s", NULL, "time before it is killed"},
    {0},
};

const struct action docker_restart_action = {
    .name = "docker.restart",
    .danger = DANGER_CHANGE,
    .help = "restart a container",
    .arguments = restart_arguments,
    .run = run_restart,
};
