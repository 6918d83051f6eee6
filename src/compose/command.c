/* command.c: `docker compose`, run as a program, and what it answers. */
#include "compose/command.h"

#include "base/file.h"
#include "compose/config.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_MS 60000L
#define CONFIG_MAX ((size_t)16 << 20)

void compose_files(const char *value, struct text_list *files)
{
    char *whole = file_absolute(value);
    bool one = !strchr(value, ',') || file_exists(whole);
    if (one)
        text_list_add(files, whole);
    free(whole);
    while (!one && *value) {
        size_t length = strcspn(value, ",");
        char *part = xstrndup(value, length), *path = file_absolute(part);
        if (length)
            text_list_add(files, path);
        free(path);
        free(part);
        value += length + (value[length] == ',');
    }
}

/* Grows by one argument. */
struct arguments {
    const char **items;
    size_t count;
};

static void add(struct arguments *arguments, const char *item)
{
    arguments->items =
        xrealloc(arguments->items, (arguments->count + 2) * sizeof *arguments->items);
    arguments->items[arguments->count++] = item;
    arguments->items[arguments->count] = NULL;
}

static void add_option(struct arguments *arguments, const char *option, const char *value)
{
    add(arguments, option);
    add(arguments, value);
}

/* "docker compose -p NAME -f FILE..." and then `rest` (NULL-terminated). An edited file is given on
 * standard input, so that nothing has to be written to try it. */
static const char **arguments_for(const struct compose_project *project, const char *directory,
                                  const char *const *rest)
{
    struct arguments arguments = {0};
    add_option(&arguments, "docker", "compose");
    if (project->name && *project->name)
        add_option(&arguments, "-p", project->name);
    for (size_t i = 0; i < project->files->count; i++) {
        const char *file = project->files->items[i];
        add_option(&arguments, "-f", text_equal(file, project->edited) ? "-" : file);
    }
    if (project->files->count)
        add_option(&arguments, "--project-directory", directory);
    for (size_t i = 0; project->environment_files && i < project->environment_files->count; i++)
        add_option(&arguments, "--env-file", project->environment_files->items[i]);
    for (; *rest; rest++)
        add(&arguments, *rest);
    return arguments.items;
}

static bool judge(const struct process_result *result, const char *what, struct error *error)
{
    char words[512];
    if (result->timed_out)
        return error_set(error, ERROR_OTHER, "docker compose %s didn't end in time", what);
    if (result->exit_status == 0)
        return true;
    process_last_words(result, words, sizeof words);
    error_set(error, ERROR_OTHER, "docker compose %s failed with status %d: %s", what,
              result->exit_status, words[0] ? words : "it gave no reason");
    if (strstr(words, "is not a docker command") || strstr(words, "docker --help"))
        error_remedy(error, "Install Docker Compose 2 (the package docker-compose-plugin, or "
                            "docker-compose of Debian 13).");
    return false;
}

/* The docker command has contexts, which may know another engine than the one that the API is
 * spoken with: what it gets leaves it no choice. */
static bool run_at(const struct compose_project *project, struct process_request *request,
                   struct process_result *result, struct error *error)
{
    request->environment = project->engine;
    return process_run(request, result, error) ||
           error_remedy(error, "Install the docker command with its compose plugin, and see that "
                               "the compose file's directory is there.");
}

static bool run(const struct compose_project *project, const char *const *rest,
                struct process_request *request, struct process_result *result, struct error *error)
{
    char *first = xstrdup(project->files->count ? project->files->items[0] : "/");
    const char *directory = project->directory ? project->directory : dirname(first);
    const char **arguments = arguments_for(project, directory, rest);
    request->arguments = arguments;
    request->directory = directory;
    request->input = project->edited ? project->edited_text : NULL;
    bool ran = run_at(project, request, result, error);
    free(first);
    free(arguments);
    return ran && judge(result, rest[0], error);
}

bool compose_version(const char *const *engine, char **version, struct error *error)
{
    static const char *const rest[] = {"version", "--short", NULL};
    struct text_list none = {0};
    struct compose_project project = {.engine = engine, .files = &none};
    struct process_request request = {.timeout_ms = SHORT_MS};
    struct process_result result;
    bool ran = run(&project, rest, &request, &result, error);
    const char *text = text_string(&result.output);
    *version = ran ? xstrndup(text, strcspn(text, "\r\n")) : NULL;
    process_result_free(&result);
    return ran;
}

bool compose_config(const struct compose_project *project, cJSON **config, struct error *error)
{
    static const char *const rest[] = {"config", "--format", "json", NULL};
    struct process_request request = {.timeout_ms = SHORT_MS, .output_limit = CONFIG_MAX};
    struct process_result result;
    bool ran = run(project, rest, &request, &result, error);
    *config = ran ? cJSON_ParseWithLength(text_string(&result.output), result.output.length) : NULL;
    process_result_free(&result);
    if (ran && !*config)
        return error_set(error, ERROR_OTHER, "docker compose config wrote no JSON");
    compose_config_drop_absent(*config);
    return ran;
}

bool compose_hash(const struct compose_project *project, const char *service, char **hash,
                  struct error *error)
{
    const char *const rest[] = {"config", "--hash", service, NULL};
    struct process_request request = {.timeout_ms = SHORT_MS};
    struct process_result result;
    bool ran = run(project, rest, &request, &result, error);
    const char *line = text_string(&result.output);
    size_t named = ran && text_starts(line, service) ? strlen(service) : 0;
    size_t length = named ? strspn(line + named + 1, "0123456789abcdef") : 0;
    bool whole = length && line[named] == ' ' && strchr("\r\n", line[named + 1 + length]);
    *hash = whole ? xstrndup(line + named + 1, length) : NULL;
    process_result_free(&result);
    if (ran && !*hash)
        return error_set(error, ERROR_OTHER, "docker compose config --hash gave no hash of %s",
                         service);
    return ran;
}

/* "--scale NAME=0" for each; what `scales` gets is to be freed after the run. */
static void leave_out(struct arguments *rest, const struct text_list *without,
                      struct text_list *scales)
{
    if (!without)
        add(rest, "--no-deps");
    for (size_t i = 0; without && i < without->count; i++) {
        char *scale = xprintf("%s=0", without->items[i]);
        text_list_add(scales, scale);
        free(scale);
    }
    for (size_t i = 0; i < scales->count; i++)
        add_option(rest, "--scale", scales->items[i]);
}

bool compose_up(const struct compose_project *project, const struct compose_up *up,
                struct error *error)
{
    char seconds[24];
    struct arguments rest = {0};
    struct text_list scales = {0};
    struct process_request request = {
        .timeout_ms = up->timeout_ms, .on_line = up->on_line, .context = up->context};
    struct process_result result;
    snprintf(seconds, sizeof seconds, "%ld", (up->grace_ms + 999) / 1000);
    add_option(&rest, "up", up->start ? "-d" : "--no-start");
    add_option(&rest, "--timeout", seconds);
    add_option(&rest, "--pull", "never");
    if (up->try_only)
        add(&rest, "--dry-run");
    if (!up->dependencies && (!up->services || up->services->count))
        leave_out(&rest, up->without, &scales);
    if (!up->services)
        add(&rest, up->service);
    for (size_t i = 0; up->services && i < up->services->count; i++)
        add(&rest, up->services->items[i]);
    bool ran = run(project, rest.items, &request, &result, error);
    process_result_free(&result);
    text_list_free(&scales);
    free(rest.items);
    return ran;
}

bool compose_down_with_volumes(const struct compose_project *project, const struct compose_up *up,
                               struct error *error)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%ld", (up->grace_ms + 999) / 1000);
    const char *const rest[] = {"down", "--volumes", "--timeout", seconds, NULL};
    struct process_request request = {
        .timeout_ms = up->timeout_ms, .on_line = up->on_line, .context = up->context};
    struct process_result result;
    bool ran = run(project, rest, &request, &result, error);
    process_result_free(&result);
    return ran;
}
