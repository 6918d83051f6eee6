/* loading.c: the settings, the label and the fact of a server that is being loaded. */
#include "steps/docker/loading.h"

#include "base/json.h"
#include "docker/lifecycle.h"
#include "steps/docker/docker_common.h"

#include <stdlib.h>
#include <string.h>

#define DATA_DEFAULT "/var/lib/postgresql/data"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_."

static bool add_setting(cJSON *command, const cJSON *setting, struct error *error)
{
    const char *name = setting->string, *value = cJSON_GetStringValue(setting);
    if (!*name || name[strspn(name, NAME_CHARACTERS)])
        return error_set(error, ERROR_RUNBOOK, "\"%s\" isn't the name of a setting", name);
    char *assignment = xprintf("%s=%s", name, value ? value : "");
    cJSON_AddItemToArray(command, cJSON_CreateString("-c"));
    cJSON_AddItemToArray(command, cJSON_CreateString(assignment));
    free(assignment);
    return true;
}

cJSON *loading_command(const cJSON *own, const cJSON *settings, struct error *error)
{
    bool has_own = cJSON_IsArray(own) && cJSON_GetArraySize(own) > 0;
    cJSON *command = has_own ? cJSON_Duplicate(own, true) : cJSON_CreateArray();
    const cJSON *setting;
    if (!has_own)
        cJSON_AddItemToArray(command, cJSON_CreateString("postgres"));
    cJSON_ArrayForEach(setting, settings)
    {
        if (!add_setting(command, setting, error)) {
            cJSON_Delete(command);
            return NULL;
        }
    }
    return command;
}

char *loading_names(const cJSON *settings)
{
    struct text names = {0};
    const cJSON *setting;
    cJSON_ArrayForEach(setting, settings)
    {
        text_printf(&names, "%s%s", names.length ? "," : "", setting->string);
    }
    return text_take(&names);
}

static bool gives(const cJSON *command, const char *name, size_t length)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, command)
    {
        const char *word = cJSON_GetStringValue(item);
        if (word && !strncmp(word, name, length) && word[length] == '=')
            return true;
    }
    return false;
}

char *loading_names_not_in(const char *label, const cJSON *command)
{
    struct text names = {0};
    text_add(&names, "{");
    for (const char *name = label; *name;) {
        size_t length = strcspn(name, ",");
        if (length && !gives(command, name, length))
            text_printf(&names, "%s%.*s", names.length > 1 ? "," : "", (int)length, name);
        name += length + (name[length] == ',');
    }
    text_add(&names, "}");
    return text_take(&names);
}

bool loading_is(const struct docker_container *container)
{
    return container->exists && docker_container_label(container, LABEL_LOADING) != NULL;
}

const char *loading_data(const struct docker_container *container)
{
    const char *data = docker_container_environment(container, "PGDATA");
    return data && *data ? data : DATA_DEFAULT;
}

char *loading_aside(const char *name)
{
    return xprintf("%s-loading", name);
}

static char *fact_key(const char *name)
{
    return xprintf("loading.%s", name);
}

static void report(struct step_run *run, const char *name, cJSON *fact)
{
    char *key = fact_key(name);
    step_fact(run, key, fact);
    free(key);
}

void loading_begun(struct step_run *run, const struct docker_container *container)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "container", container->id);
    cJSON_AddNumberToObject(fact, "started_ms", (double)container->started_ms);
    cJSON_AddBoolToObject(fact, "durable", false);
    report(run, container->name, fact);
}

void loading_durable(struct step_run *run, const char *name)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddBoolToObject(fact, "durable", true);
    report(run, name, fact);
}

/* Without the fact nobody knows how the container has fared since it was made. */
enum loading_state loading_state(const struct step_run *run, const char *name,
                                 const struct docker_container *container)
{
    char *key = fact_key(name);
    const cJSON *fact = step_known(run, key);
    free(key);
    if (!fact && !loading_is(container))
        return LOADING_NEVER;
    if (json_true_at(fact, "durable") && !loading_is(container))
        return LOADING_DURABLE;
    bool same = fact && loading_is(container) && text_equal(container->state, "running") &&
                text_equal(json_text(fact, "container"), container->id) &&
                (int64_t)json_number_at(fact, "started_ms") == container->started_ms;
    return same ? LOADING_GOES_ON : LOADING_INTERRUPTED;
}

bool loading_remove_aside(struct step_run *run, struct docker *docker, const char *name,
                          struct error *error)
{
    struct docker_container container = {0};
    char *aside = loading_aside(name);
    bool done = docker_inspect(docker, aside, &container, error);
    if (done && loading_is(&container) &&
        step_is_own(run, docker_container_label(&container, LABEL_RUN))) {
        done = docker_remove(docker, aside, true, error);
        if (done)
            step_log(run, "removed container %s, in which the data was loaded", aside);
    }
    docker_container_free(&container);
    free(aside);
    return done;
}
