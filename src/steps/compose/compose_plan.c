/* compose_plan.c: the change of a compose file, worked out and tried with `docker compose config`
 * before a byte is written. */
#include "steps/compose/compose_common.h"

#include "base/json.h"
#include "compose/config.h"
#include "compose/diff.h"
#include "docker/image.h"

#include <stdlib.h>
#include <string.h>

/* Where the server's container keeps its data: what the service sets, else what its image says. */
static bool find_data(struct docker *docker, struct edit_plan *plan, struct error *error)
{
    struct docker_image image;
    const char *name = json_text(plan->service, "image");
    const char *set = json_text_at(plan->service, "environment.PGDATA");
    if (!docker_image_inspect(docker, name ? name : "", &image, error))
        return false;
    plan->data = xstrdup(docker_image_data(&image, set));
    docker_image_free(&image);
    return true;
}

static bool no_mount(const struct edit_plan *plan, const char *service, struct error *error)
{
    error_set(error, ERROR_OTHER, "service %s mounts no volume that holds %s", service, plan->data);
    return error_remedy(error,
                        "If %s isn't the server's service, name that one with --set. If it is, its "
                        "data is in an anonymous volume, which the next `docker compose down -v` "
                        "takes with it: give the service a named volume first.",
                        service);
}

static bool find_mount(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    const cJSON *mount = compose_config_mount(plan->service, plan->data);
    const char *target = json_text(mount, "target"), *source = json_text(mount, "source");
    if (!target || !source)
        return no_mount(plan, step_text(run, "service"), error);
    plan->volume = text_equal(json_text(mount, "type"), "volume");
    const char *real = plan->volume ? compose_config_volume(plan->config, source) : NULL;
    plan->target = xstrdup(target);
    plan->source = xstrdup(real ? real : source);
    return true;
}

/* Of several files, the last one that says the service's image is the one in force. */
static bool choose_file(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    const char *service = step_text(run, "service");
    for (size_t i = plan->stack.files.count; i-- > 0;) {
        const char *path = plan->stack.files.items[i];
        struct compose_places places;
        struct text text = {0};
        bool read = compose_file_read(path, &text, &plan->mode, error) &&
                    compose_find(path, text_string(&text), text.length, service,
                                 plan->target ? plan->target : "/", &places, error);
        if (read && (places.image || i == 0)) {
            plan->path = xstrdup(path);
            plan->before = text;
            return true;
        }
        text_free(&text);
        if (!read)
            return false;
    }
    return error_set(error, ERROR_OTHER, "no compose file");
}

/* What would be in force with the edited text, compared with what is. */
static bool try_out(struct edit_plan *plan, const struct compose_change *change,
                    struct error *error)
{
    struct compose_project project = plan->stack.project;
    project.edited = plan->path;
    project.edited_text = text_string(&plan->after);
    cJSON *config = NULL;
    bool right = compose_config(&project, &config, error) &&
                 compose_config_changed(plan->config, config, change, error);
    cJSON_Delete(config);
    return right || error_wrap(error, "%s can't be edited", plan->path);
}

static bool work_out(struct step_run *run, struct edit_plan *plan, struct error *error)
{
    const char *service = step_text(run, "service");
    const cJSON *mount = compose_config_mount(plan->service, plan->data);
    const char *key = json_text(mount, "source");
    bool shared =
        !plan->volume || compose_config_shares(plan->config, service, plan->target, key ? key : "");
    struct compose_change change = {
        .service = service,
        .image = step_text(run, "image"),
        .target = plan->target,
        .volume = step_text(run, "volume"),
        .replaced_key = shared ? NULL : key,
    };
    return compose_edit(plan->path, text_string(&plan->before), plan->before.length, &change,
                        &plan->after, error) &&
           try_out(plan, &change, error);
}

static bool open_stack(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                       struct error *error)
{
    *plan = (struct edit_plan){0};
    return stack_open(run, docker, &plan->stack, error) &&
           compose_config(&plan->stack.project, &plan->config, error) &&
           compose_config_service(plan->config, step_text(run, "service"), &plan->service, error);
}

bool edit_plan_open(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                    struct error *error)
{
    return open_stack(run, docker, plan, error) && choose_file(run, plan, error);
}

bool edit_plan_open_data(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                         struct error *error)
{
    return open_stack(run, docker, plan, error) && find_data(docker, plan, error) &&
           find_mount(run, plan, error) && choose_file(run, plan, error);
}

bool edit_plan_make(struct step_run *run, struct docker *docker, struct edit_plan *plan,
                    struct error *error)
{
    return edit_plan_open_data(run, docker, plan, error) && work_out(run, plan, error);
}

void edit_plan_free(struct edit_plan *plan)
{
    stack_close(&plan->stack);
    free(plan->path);
    text_free(&plan->before);
    text_free(&plan->after);
    cJSON_Delete(plan->config);
    free(plan->data);
    free(plan->target);
    free(plan->source);
    *plan = (struct edit_plan){0};
}

void edit_plan_show(struct step_run *run, const struct edit_plan *plan)
{
    struct text diff = {0};
    diff_lines(plan->path, text_string(&plan->before), text_string(&plan->after), &diff);
    if (diff.length) {
        step_log(run, "%s", text_string(&diff));
        step_fact_text(run, "diff", text_string(&diff));
    } else {
        step_log(run, "%s says all of this already", plan->path);
    }
    text_free(&diff);
}
