/* deploy_trial.c: the lines of `docker compose up --dry-run`, judged one by one. */
#include "steps/compose/deploy_trial.h"

#include "steps/compose/compose_common.h"
#include "steps/compose/stack_list.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* A line such as " DRY-RUN MODE -  Container limor-db-1  Running". */
struct judging {
    const struct deploy_trial *trial;
    size_t fresh; /* services that have no container yet */
    bool touches; /* Compose would touch another container */
};

static bool leaves_alone(const char *state)
{
    static const char *const harmless[] = {"Running", "Waiting", "Healthy", "Started", "Exited"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (text_starts(state, harmless[i]))
            return true;
    return false;
}

static void judge_line(void *context, const char *line, bool from_stderr)
{
    struct judging *judging = context;
    const struct text_list *services = judging->trial->services;
    const char *name = strstr(line, "Container ");
    (void)from_stderr;
    if (!name)
        return;
    name += strlen("Container ");
    size_t length = strcspn(name, " ");
    const char *state = name + length + strspn(name + length, " ");
    char *container = xstrndup(name, length);
    const cJSON *known = stack_list_find(judging->trial->before, container);
    if (known && !stack_list_is_of(services, known) && !leaves_alone(state))
        judging->touches = true;
    else if (!known && services->count && text_starts(state, "Creating") && judging->fresh-- == 0)
        judging->touches = true;
    free(container);
}

static size_t count_fresh(const struct deploy_trial *trial)
{
    size_t count = 0;
    for (size_t i = 0; i < trial->services->count; i++) {
        bool there = false;
        const cJSON *entry;
        cJSON_ArrayForEach(entry, trial->before)
        {
            const cJSON *labels = cJSON_GetObjectItemCaseSensitive(entry, "Labels");
            there = there || text_equal(json_text(labels, COMPOSE_LABEL("service")),
                                        trial->services->items[i]);
        }
        count += !there;
    }
    return count;
}

/* With --no-deps Compose leaves what a service depends on out of the container's hash, and the next
 * `docker compose up -d` would make it anew once more. Without, Compose might replace a database
 * that isn't as the file says; that is tried first. Met with Compose 2.26. */
bool deploy_may_name_dependencies(const struct deploy_trial *trial, const struct compose_up *up)
{
    struct judging judging = {.trial = trial, .fresh = count_fresh(trial)};
    struct compose_up dry = *up;
    struct error why = ERROR_INIT;
    dry.dependencies = dry.try_only = true;
    dry.on_line = judge_line;
    dry.context = &judging;
    bool tried = compose_up(trial->project, &dry, &why);
    if (tried && !judging.touches)
        return true;
    step_check(trial->run, "compose up", VERDICT_WARN,
               "the next docker compose up -d may make these containers anew once more: %s",
               tried ? "what they depend on isn't as the file says and is left alone now"
                     : why.message);
    return false;
}
