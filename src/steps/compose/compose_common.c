/* compose_common.c: which files a stack is made of, and which containers belong to it. */
#include "steps/compose/compose_common.h"

#include "base/file.h"
#include "base/json.h"
#include "docker/lifecycle.h"
#include "steps/run_lock.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)4 << 20)

const char *fact_text(const struct step_run *run, const char *key)
{
    return cJSON_GetStringValue(step_known(run, key));
}

bool stack_containers(struct docker *docker, const char *project, const char *service, cJSON **list,
                      struct error *error)
{
    cJSON *filter = cJSON_CreateObject(), *labels = cJSON_AddArrayToObject(filter, "label");
    char *of_project = xprintf(COMPOSE_LABEL("project") "=%s", project);
    char *of_service = xprintf(COMPOSE_LABEL("service") "=%s", service ? service : "");
    cJSON_AddItemToArray(labels, cJSON_CreateString(of_project));
    cJSON_AddItemToArray(labels, cJSON_CreateString(COMPOSE_LABEL("oneoff") "=False"));
    if (service)
        cJSON_AddItemToArray(labels, cJSON_CreateString(of_service));
    bool listed = docker_list(docker, filter, list, error);
    free(of_project);
    free(of_service);
    cJSON_Delete(filter);
    return listed;
}

void stack_log_line(void *run, const char *line, bool from_stderr)
{
    (void)from_stderr;
    if (*line)
        step_log(run, "compose: %s", line);
}

bool stack_was_emptied(const struct step_run *run, const struct docker_container *container,
                       const char *volume)
{
    const cJSON *fact = step_known(run, FACT_EMPTIED), *stays;
    const char *project = docker_container_label(container, COMPOSE_LABEL("project"));
    cJSON_ArrayForEach(stays, cJSON_GetObjectItemCaseSensitive(fact, "stay"))
    {
        if (text_equal(cJSON_GetStringValue(stays), volume))
            return false;
    }
    return project && text_equal(json_text(fact, "project"), project);
}

bool stack_was_kept(const struct step_run *run, const struct docker_container *container)
{
    const char *project = docker_container_label(container, COMPOSE_LABEL("project"));
    return run->undoing && project && text_equal(fact_text(run, FACT_KEPT), project);
}

/* "a,b" as two; blanks around them don't count. */
static void add_separated(struct text_list *list, const char *value)
{
    while (value && *value) {
        value += strspn(value, ", ");
        size_t length = strcspn(value, ","), end = length;
        while (end && value[end - 1] == ' ')
            end--;
        char *part = xstrndup(value, end);
        if (end)
            text_list_add(list, part);
        free(part);
        value += length;
    }
}

void stack_services(const struct step_run *run, const char *argument, struct text_list *services)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, step_list(run, argument))
    {
        add_separated(services, cJSON_GetStringValue(item));
    }
}

/* A stack that was brought up with --project-directory or --env-file is read in the same way. */
static void take_labels(struct step_run *run, struct stack *stack, const cJSON *labels)
{
    const char *directory = json_text(labels, COMPOSE_LABEL("project.working_dir"));
    const char *environment = json_text(labels, COMPOSE_LABEL("project.environment_file"));
    struct stat info;
    if (!directory || stat(directory, &info) != 0)
        return;
    stack->directory = xstrdup(directory);
    add_separated(&stack->environment_files, environment);
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "directory", directory);
    cJSON_AddStringToObject(fact, "environment_files", environment ? environment : "");
    step_fact(run, FACT_STACK, fact);
}

/* From an earlier step, as the containers may be gone by now; else from a container's labels. */
static bool find_circumstances(struct step_run *run, struct docker *docker, struct stack *stack,
                               struct error *error)
{
    const cJSON *fact = step_known(run, FACT_STACK);
    const char *directory = json_text(fact, "directory");
    if (directory) {
        stack->directory = xstrdup(directory);
        add_separated(&stack->environment_files, json_text(fact, "environment_files"));
        return true;
    }
    cJSON *list = NULL;
    if (!stack_containers(docker, step_text(run, "project"), NULL, &list, error))
        return false;
    take_labels(run, stack, json_at(cJSON_GetArrayItem(list, 0), "Labels"));
    cJSON_Delete(list);
    return true;
}

static bool no_file(const char *path, struct error *error)
{
    error_set(error, ERROR_OTHER, "there is no compose file %s", path);
    return error_remedy(error, "Name it with --set compose_file=FILE. The running container knows "
                               "it: docker inspect CONTAINER, label "
                               "com.docker.compose.project.config_files.");
}

bool stack_open(struct step_run *run, struct docker *docker, struct stack *stack,
                struct error *error)
{
    *stack = (struct stack){0};
    compose_files(step_text(run, "file"), &stack->files);
    for (size_t i = 0; i < stack->files.count; i++)
        if (!file_exists(stack->files.items[i]))
            return no_file(stack->files.items[i], error);
    if (stack->files.count == 0)
        return no_file("", error);
    if (!find_circumstances(run, docker, stack, error))
        return false;
    stack->project = (struct compose_project){
        .files = &stack->files,
        .engine = docker_environment(docker),
        .name = step_text(run, "project"),
        .directory = stack->directory,
        .environment_files = &stack->environment_files,
    };
    return true;
}

void stack_close(struct stack *stack)
{
    text_list_free(&stack->files);
    text_list_free(&stack->environment_files);
    free(stack->directory);
    *stack = (struct stack){0};
}

void stack_resolve(const struct stack *stack, const cJSON *config, struct stack_resolved *resolved)
{
    char *first = xstrdup(stack->files.items[0]);
    *resolved = (struct stack_resolved){
        .directory = xstrdup(stack->directory ? stack->directory : dirname(first)),
        .text = cJSON_PrintUnformatted(config),
        .project = stack->project,
    };
    text_list_add(&resolved->files, "-");
    resolved->project.files = &resolved->files;
    resolved->project.edited = resolved->files.items[0];
    resolved->project.edited_text = resolved->text;
    resolved->project.directory = resolved->directory;
    free(first);
}

void stack_resolved_free(struct stack_resolved *resolved)
{
    text_list_free(&resolved->files);
    free(resolved->directory);
    cJSON_free(resolved->text);
    *resolved = (struct stack_resolved){0};
}

bool stack_lock(struct step_run *run, long timeout_ms, int *lock, struct error *error)
{
    const struct run_lock compose = {"compose.lock", "docker compose", true, timeout_ms};
    return run_lock(run, &compose, lock, error);
}

char *stack_edited_file(struct step_run *run, const struct stack *stack, struct error *error)
{
    const char *known = fact_text(run, FACT_FILE);
    if (known && text_list_has(&stack->files, known))
        return xstrdup(known);
    if (stack->files.count == 1)
        return xstrdup(stack->files.items[0]);
    error_set(error, ERROR_OTHER, "%zu compose files, and it isn't known which one is edited",
              stack->files.count);
    error_remedy(error, "Run compose.check first, or name one file with --set compose_file=FILE.");
    return NULL;
}

char *path_beside(const char *file, const char *path)
{
    if (path[0] == '/' || path[0] == '~')
        return file_absolute(path);
    char *copy = xstrdup(file);
    char *joined = file_join(dirname(copy), path);
    free(copy);
    return joined;
}

bool compose_file_read(const char *path, struct text *text, mode_t *mode, struct error *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return error_errno(error, "can't read %s", path);
    *mode = info.st_mode & 07777;
    return file_read(path, FILE_MAX, text, error);
}
