/* compose_services.c: compose.add_service, compose.remove_service, compose.depend_on,
 * compose.set_image: edits of a compose file that are about whole services, each tried with `docker
 * compose config` before a byte is written. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"

#include "base/file.h"
#include "base/json.h"
#include "compose/config.h"
#include "compose/config_service.h"
#include "compose/first_start.h"
#include "docker/docker.h"

#include <stdlib.h>
#include <string.h>

/* What would be in force with the edited text; the caller deletes. */
static cJSON *edited_config(const struct edit_plan *plan, struct error *error)
{
    struct compose_project project = plan->stack.project;
    cJSON *config = NULL;
    project.edited = plan->path;
    project.edited_text = text_string(&plan->after);
    return compose_config(&project, &config, error) ? config : NULL;
}

static bool has(const struct edit_plan *plan, const char *service, bool *there, struct error *error)
{
    return compose_has_service(plan->path, text_string(&plan->before), plan->before.length, service,
                               there, error);
}

/* Whether the file is as this run has written it. */
static bool is_own_edit(const struct step_run *run, const struct edit_plan *plan)
{
    char hex[SHA256_HEX_SIZE];
    sha256_bytes(text_string(&plan->before), plan->before.length, hex);
    return text_equal(fact_text(run, FACT_EDITED), hex);
}

static void change_nothing(struct edit_plan *plan)
{
    text_append(&plan->after, text_string(&plan->before), plan->before.length);
}

/* The action that is given a plan, opened, to fill its `after`. */
typedef bool work_out(struct step_run *run, struct edit_plan *plan, struct error *error);

static bool run_plan(struct step_run *run, bool data, work_out *work, struct error *error)
{
    struct edit_plan plan = {0};
    struct docker *docker = docker_open(error);
    bool done = docker && (data ? edit_plan_open_data(run, docker, &plan, error)
                                : edit_plan_open(run, docker, &plan, error));
    done = done && work(run, &plan, error) && edit_plan_write(run, &plan, error);
    edit_plan_free(&plan);
    docker_close(docker);
    return done;
}

/* ---- adding ---- */

/* Without a container_name Compose makes the name; the servers of the runbook have to know it. */
static bool check_container(struct step_run *run, const struct edit_plan *plan, struct error *error)
{
    const char *wanted = step_text(run, "new_container");
    char *made = xprintf("%s-%s-1", step_text(run, "project"), step_text(run, "new_service"));
    bool right = json_text(plan->service, "container_name") || text_equal(made, wanted);
    if (!right) {
        error_set(error, ERROR_OTHER,
                  "service %s has no container_name, so the new service's container will be "
                  "called %s, not %s",
                  step_text(run, "service"), made, wanted);
        error_remedy(error, "Say so: --set new_container=%s", made);
    }
    free(made);
    return right;
}

static bool name_taken(const struct edit_plan *plan, const char *service, struct error *error)
{
    error_set(error, ERROR_OTHER, "%s has a service %s already", plan->path, service);
    return error_remedy(error, "It may be of an earlier upgrade: remove it, or choose another "
                               "name with --set new_service=NAME.");
}

bool edit_plan_add_service(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    const struct compose_addition addition = {.service = step_text(run, "new_service"),
                                              .like = step_text(run, "service"),
                                              .image = step_text(run, "image"),
                                              .target = plan->target,
                                              .volume = step_text(run, "volume"),
                                              .container = step_text(run, "new_container")};
    bool there = false;
    if (!has(plan, addition.service, &there, error) || !check_container(run, plan, error))
        return false;
    if (there && !is_own_edit(run, plan))
        return name_taken(plan, addition.service, error);
    if (there) {
        change_nothing(plan);
        return true;
    }
    if (!compose_add_service(plan->path, text_string(&plan->before), plan->before.length, &addition,
                             &plan->after, error))
        return false;
    cJSON *config = edited_config(plan, error);
    bool right = config && compose_config_added(plan->config, config, &addition, error);
    cJSON_Delete(config);
    if (right && first_start_has_scripts(plan->service))
        step_check(run, "scripts for the first start", VERDICT_WARN,
                   "service %s goes without those of %s: the backup brings what they have made",
                   addition.service, addition.like);
    return right || error_wrap(error, "%s can't be edited", plan->path);
}

static bool run_add(struct step_run *run, struct error *error)
{
    return run_plan(run, true, edit_plan_add_service, error);
}

/* ---- removing ---- */

static bool remove_service(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    const char *service = step_text(run, "service");
    const cJSON *mount = compose_config_mount(plan->service, plan->data);
    const char *key = plan->volume ? json_text(mount, "source") : NULL;
    if (key && compose_config_shares(plan->config, service, plan->target, key))
        key = NULL;
    if (!compose_remove_service(plan->path, text_string(&plan->before), plan->before.length,
                                service, key, &plan->after, error))
        return false;
    cJSON *config = edited_config(plan, error);
    bool right = config && compose_config_removed(plan->config, config, service, key, error);
    cJSON_Delete(config);
    return right || error_wrap(error, "%s can't be edited", plan->path);
}

/* An attempt before may have done it. */
static bool is_gone(struct step_run *run, bool *gone, struct error *error)
{
    struct text text = {0};
    mode_t mode;
    char *path = compose_edited_file(run, error);
    bool there = false;
    bool read = path && compose_file_read(path, &text, &mode, error) &&
                compose_has_service(path, text_string(&text), text.length,
                                    step_text(run, "service"), &there, error);
    *gone = read && !there;
    if (*gone)
        step_log(run, "%s has no service %s any more", path, step_text(run, "service"));
    text_free(&text);
    free(path);
    return read;
}

static bool run_remove(struct step_run *run, struct error *error)
{
    bool gone = false;
    return is_gone(run, &gone, error) && (gone || run_plan(run, true, remove_service, error));
}

/* ---- who depends on it ---- */

static bool depend_on(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    if (!compose_depend_on(plan->path, text_string(&plan->before), plan->before.length,
                           step_text(run, "service"), step_text(run, "to"), &plan->after, error))
        return false;
    cJSON *config = edited_config(plan, error);
    bool right = config && compose_config_same_but_dependencies(plan->config, config, error);
    cJSON_Delete(config);
    return right || error_wrap(error, "%s can't be edited", plan->path);
}

/* A rollback that comes twice finds the service gone, and nobody who depends on it. */
static bool run_depend(struct step_run *run, struct error *error)
{
    bool gone = false;
    if (run->undoing && !is_gone(run, &gone, error))
        return false;
    return gone || run_plan(run, false, depend_on, error);
}

/* ---- the image alone ---- */

static bool set_image(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    const char *service = step_text(run, "service"), *image = step_text(run, "image");
    if (!compose_change_image(plan->path, text_string(&plan->before), plan->before.length, service,
                              image, &plan->after, error))
        return false;
    cJSON *config = edited_config(plan, error);
    bool right = config && compose_config_image(plan->config, config, service, image, error);
    cJSON_Delete(config);
    return right || error_wrap(error, "%s can't be edited", plan->path);
}

static bool run_set_image(struct step_run *run, struct error *error)
{
    return run_plan(run, false, set_image, error);
}

/* ---- the rows ---- */

#define THE_STACK                                                                                  \
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},            \
    {                                                                                              \
        "project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"                  \
    }

static const struct argument add_arguments[] = {
    THE_STACK,
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the service whose lines are copied"},
    {"new_service", ARGUMENT_TEXT, true, NULL, NULL, "the new one's name"},
    {"new_container", ARGUMENT_TEXT, true, NULL, NULL, "its container's name"},
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "its image"},
    {"volume", ARGUMENT_TEXT, true, NULL, NULL, "the volume for its data, declared as external"},
    {0},
};

const struct action compose_add_service_action = {
    .name = "compose.add_service",
    .danger = DANGER_CHANGE,
    .help = "add a service to the compose file, as another one but for image, volume and ports",
    .arguments = add_arguments,
    .run = run_add,
};

static const struct argument remove_arguments[] = {
    THE_STACK,
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the service to remove"},
    {0},
};

const struct action compose_remove_service_action = {
    .name = "compose.remove_service",
    .danger = DANGER_CHANGE,
    .help = "remove a service and its volume's declaration from the compose file",
    .arguments = remove_arguments,
    .run = run_remove,
};

static const struct argument depend_arguments[] = {
    THE_STACK,
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the service that depends_on: names now"},
    {"to", ARGUMENT_TEXT, true, NULL, NULL, "the one that it is to name"},
    {0},
};

const struct action compose_depend_on_action = {
    .name = "compose.depend_on",
    .danger = DANGER_CHANGE,
    .help = "let what depends on one service in the compose file depend on another one",
    .arguments = depend_arguments,
    .run = run_depend,
};

static const struct argument image_arguments[] = {
    THE_STACK,
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the service"},
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "its image from now on"},
    {0},
};

const struct action compose_set_image_action = {
    .name = "compose.set_image",
    .danger = DANGER_CHANGE,
    .help = "put another image into the compose file, every other byte kept",
    .arguments = image_arguments,
    .run = run_set_image,
};
