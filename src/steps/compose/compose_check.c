/* compose_check.c: compose.check: the running container comes from this compose file, and the file
 * can be edited as the switchover needs it. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"

#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

static bool check(struct step_run *run, const char *name, bool holds, const char *detail,
                  struct error *error, const char *remedy)
{
    step_check(run, name, holds ? VERDICT_PASS : VERDICT_FAIL, "%s", detail);
    if (holds)
        return true;
    error_set(error, ERROR_OTHER, "%s", detail);
    return error_remedy(error, "%s", remedy);
}

static bool check_labels(struct step_run *run, const struct docker_container *container,
                         struct error *error)
{
    const char *project = docker_container_label(container, COMPOSE_LABEL("project"));
    const char *service = docker_container_label(container, COMPOSE_LABEL("service"));
    const char *wanted = step_text(run, "project"), *wanted_service = step_text(run, "service");
    bool right = text_equal(project, wanted) && text_equal(service, wanted_service);
    char *detail =
        right ? xprintf("%s is service %s of project %s", container->name, wanted_service, wanted)
              : xprintf("%s is service %s of project %s, not %s of %s", container->name,
                        service ? service : "(none)", project ? project : "(none)", wanted_service,
                        wanted);
    check(run, "service", right, detail, error,
          "Set service and compose_project to what docker inspect shows in the container's labels "
          "com.docker.compose.service and com.docker.compose.project.");
    free(detail);
    return right;
}

static bool check_image(struct step_run *run, const struct docker_container *container,
                        const struct edit_plan *plan, struct error *error)
{
    const char *image = json_text(plan->service, "image");
    bool right = text_equal(image, container->image);
    char *detail = xprintf("%s runs %s; the compose file says %s", container->name,
                           container->image, image ? image : "none");
    check(run, "image in force", right, detail, error,
          "The compose file isn't what the container was made from: bring both together with "
          "docker compose up -d first, or name the right file with --set compose_file=FILE.");
    free(detail);
    return right;
}

static bool check_mount(struct step_run *run, const struct docker_container *container,
                        const struct edit_plan *plan, struct error *error)
{
    struct docker_mount mount;
    bool mounted = docker_container_mount(container, plan->data, &mount);
    bool right = mounted && text_equal(mount.source, plan->source);
    char *detail =
        xprintf("%s keeps %s in %s %s; the compose file says %s", container->name, plan->data,
                mounted ? mount.type : "no", mounted ? mount.source : "mount", plan->source);
    check(run, "volume in force", right, detail, error,
          "The compose file names another volume than the container uses (Compose puts the "
          "project's name before a volume's key). See that the project's name is right: --set "
          "compose_project=NAME.");
    free(detail);
    return right;
}

/* An image that keeps its data elsewhere would start on an empty anonymous volume. */
static bool check_data_path(struct step_run *run, struct docker *docker,
                            const struct edit_plan *plan, struct error *error)
{
    struct docker_image image;
    const char *name = step_text(run, "image");
    const char *set = json_text_at(plan->service, "environment.PGDATA");
    if (!docker_image_inspect(docker, name, &image, error))
        return false;
    bool right = true;
    if (image.exists) {
        right =
            docker_image_uses_mount(&image, docker_image_data(&image, set), plan->target, error);
        step_check(run, "data path", right ? VERDICT_PASS : VERDICT_FAIL, "%s",
                   right ? plan->target : error->message);
    } else {
        step_check(run, "data path", VERDICT_WARN, "image %s isn't here yet", name);
    }
    docker_image_free(&image);
    return right;
}

/* A server that is to be recovered may have lost its container. */
static bool find_container(struct step_run *run, struct docker *docker,
                           struct docker_container *container, struct error *error)
{
    const char *name = step_text(run, "container");
    if (!step_boolean(run, "may_be_absent"))
        return step_container(docker, name, container, error);
    if (!docker_inspect(docker, name, container, error))
        return false;
    if (!container->exists)
        step_check(run, "service", VERDICT_WARN,
                   "there is no container %s to compare the compose file with", name);
    return true;
}

static bool check_container(struct step_run *run, struct docker *docker,
                            const struct edit_plan *plan, struct error *error)
{
    struct docker_container container = {0};
    bool right = find_container(run, docker, &container, error);
    if (right && container.exists)
        right = check_labels(run, &container, error) && check_image(run, &container, plan, error) &&
                check_mount(run, &container, plan, error);
    docker_container_free(&container);
    return right && check_data_path(run, docker, plan, error);
}

/* Looked at now, as compose.backup would refuse only in the middle of the switchover. */
static bool check_backup(struct step_run *run, const struct edit_plan *plan, struct error *error)
{
    const char *name = step_text(run, "backup");
    char sha256[SHA256_HEX_SIZE];
    if (!name || !*name)
        return true;
    sha256_bytes(text_string(&plan->before), plan->before.length, sha256);
    char *path = compose_backup_path(plan->path, name, error);
    bool usable = path && compose_backup_free(run, path, sha256, error);
    step_check(run, "compose backup", usable ? VERDICT_PASS : VERDICT_FAIL, "%s",
               usable ? path : error->message);
    free(path);
    return usable;
}

/* The change of the service itself, or another service beside it. */
static bool make_plan(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                      struct error *error)
{
    const char *added = step_text(run, "new_service");
    if (!added || !*added)
        return edit_plan_make(run, docker, plan, error);
    return edit_plan_open_data(run, docker, plan, error) && edit_plan_add_service(run, plan, error);
}

static bool run_check(struct step_run *run, struct error *error)
{
    struct edit_plan plan = {0};
    struct docker *docker = docker_open(error);
    bool planned = docker && make_plan(run, docker, &plan, error);
    if (planned) {
        step_check(run, "compose file", VERDICT_PASS, "%s can be edited; nothing else changes",
                   plan.path);
        step_fact_text(run, FACT_FILE, plan.path);
        step_fact_text(run, FACT_VOLUME, plan.source);
        edit_plan_show(run, &plan);
    } else if (docker) {
        step_check(run, "compose file", VERDICT_FAIL, "%s", error->message);
    }
    bool right = planned && file_owner_stays(plan.path, error) &&
                 check_container(run, docker, &plan, error) && check_backup(run, &plan, error);
    edit_plan_free(&plan);
    docker_close(docker);
    return right;
}

static const struct argument arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the server's service"},
    {"container", ARGUMENT_TEXT, true, NULL, NULL, "its running container"},
    {"may_be_absent", ARGUMENT_BOOLEAN, false, "no", NULL, "yes: it may be gone"},
    {"backup", ARGUMENT_PATH, false, NULL, NULL,
     "the copy that will be made; another file of that name is a fault"},
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image to go to"},
    {"volume", ARGUMENT_TEXT, true, NULL, NULL, "the volume to go to"},
    {"new_service", ARGUMENT_TEXT, false, NULL, NULL,
     "the service to add for them; without it the service itself is to be changed"},
    {"new_container", ARGUMENT_TEXT, false, NULL, NULL, "with new_service: its container"},
    {0},
};

const struct action compose_check_action = {
    .name = "compose.check",
    .danger = DANGER_READ,
    .help = "check that the compose file is in force and can be edited, and show the difference",
    .arguments = arguments,
    .run = run_check,
};
