/* docker_common.c: what the steps that work on containers share: owners' labels, the gentle stop.
 */
#include "steps/docker/docker_common.h"

#include "base/text.h"
#include "docker/lifecycle.h"
#include "docker/logs.h"
#include "docker/volume.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PSQL_SILENCE_MS 300000L
#define LOG_BYTES ((size_t)64 << 10)

const char *step_run_id(const struct step_run *run)
{
    const char *slash = run->directory ? strrchr(run->directory, '/') : NULL;
    return slash ? slash + 1 : (run->directory ? run->directory : "");
}

cJSON *step_labels(const struct step_run *run)
{
    cJSON *labels = cJSON_CreateObject();
    cJSON_AddStringToObject(labels, LABEL_OWN, "1");
    cJSON_AddStringToObject(labels, LABEL_RUN, step_run_id(run));
    cJSON_AddStringToObject(labels, LABEL_STEP, run->path);
    return labels;
}

bool step_is_own(const struct step_run *run, const char *run_label)
{
    return run_label && *run_label && !strcmp(run_label, step_run_id(run));
}

/* The runbook's variable that has this value; NULL when none has. */
static const char *variable_of(const struct step_run *run, const char *value)
{
    for (size_t i = 0; i < run->runbook->variable_count; i++) {
        const struct variable *variable = &run->runbook->variables[i];
        if (!variable->secret && text_equal(variable->value, value))
            return variable->name;
    }
    return NULL;
}

/* No remedy here is a command that removes something: what is in the way may be the only copy. */
bool step_name_taken(const struct step_run *run, const struct docker_container *container,
                     struct error *error)
{
    const char *variable = variable_of(run, container->name);
    char *how = variable ? xprintf("with --set %s=NAME", variable) : xstrdup("in the runbook");
    bool ours = docker_container_label(container, LABEL_OWN) != NULL;
    error_set(error, ERROR_OTHER, "there is a container %s already (%s, image %s)", container->name,
              container->state, container->image);
    error_remedy(error, "Take another name %s.%s", how,
                 ours ? " This one was made by an earlier run; if that is over and nothing "
                        "needs it any more, remove it."
                      : "");
    free(how);
    return false;
}

bool step_volume_taken(struct docker *docker, const char *name, struct error *error)
{
    struct text users = {0};
    struct error ignored = ERROR_INIT;
    docker_volume_users(docker, name, &users, &ignored);
    error_set(error, ERROR_OTHER, "volume %s exists and holds data%s%s", name,
              users.length ? "; it is used by " : "", text_string(&users));
    text_free(&users);
    return error_remedy(error, "A volume that holds data is never reused. Take another name with "
                               "--set new_volume=NAME; remove this one only if you know that its "
                               "data is of no use any more.");
}

bool step_port_taken(int port, const char *holder, struct error *error)
{
    error_set(error, ERROR_OTHER, "port %d is in use by %s%s", port,
              holder ? "container " : "another program of this machine", holder ? holder : "");
    return error_remedy(error, "Take another one with --set new_port=PORT (ss -ltnp shows who "
                               "listens where).");
}

bool step_container(struct docker *docker, const char *name, struct docker_container *container,
                    struct error *error)
{
    if (!docker_inspect(docker, name, container, error))
        return false;
    return container->exists || docker_no_container(docker, name, error);
}

char *step_server_container(struct step_run *run, const char *server, struct error *error)
{
    char *container = step_server_setting(run, server, "container");
    if (!container) {
        error_set(error, ERROR_RUNBOOK, "server %s has no container", server);
        error_remedy(error, "Name it in the runbook: servers: %s: {container: NAME}", server);
    }
    return container;
}

static bool append(void *context, const char *bytes, size_t length, struct error *error)
{
    struct text *text = context;
    if (text->length + length > LOG_BYTES)
        return error_set(error, ERROR_OTHER, "psql wrote more than %zu bytes", LOG_BYTES);
    text_append(text, bytes, length);
    return true;
}

/* Its own words are in `output` then, standard error's too. */
static bool psql_failed(const char *statement, int exit_status, const struct text *output,
                        struct error *error)
{
    const char *words = text_string(output);
    return error_set(error, ERROR_SERVER, "%s: psql ended with status %d: %.*s", statement,
                     exit_status, (int)strcspn(words, "\n"), words);
}

bool step_psql(struct step_run *run, struct docker *docker, const char *container,
               const char *server, bool over_tcp, const char *statement, struct text *output,
               struct error *error)
{
    char *user = step_server_setting(run, server, "user");
    char *password = step_server_setting(run, server, "password");
    char *secret = xprintf("PGPASSWORD=%s", password ? password : "");
    const char *const environment[] = {"PGCONNECT_TIMEOUT=5", password ? secret : NULL, NULL};
    const char *const arguments[] = {"psql",
                                     "-X",
                                     "-w",
                                     "-q",
                                     "-A",
                                     "-t",
                                     "-U",
                                     user ? user : "postgres",
                                     "-d",
                                     "postgres",
                                     "-c",
                                     statement,
                                     over_tcp ? "-h" : NULL,
                                     "127.0.0.1",
                                     NULL};
    struct docker_exec exec = {
        .container = container,
        .arguments = arguments,
        .environment = environment,
        .write = append,
        .write_error = append,
        .context = output,
        .timeout_ms = PSQL_SILENCE_MS,
    };
    int exit_status = 0;
    bool done = docker_exec_run(docker, &exec, &exit_status, error);
    if (done && exit_status != 0)
        done = psql_failed(statement, exit_status, output, error);
    free(secret);
    free(password);
    free(user);
    return done;
}

bool step_checkpoint(struct step_run *run, struct docker *docker, const char *container,
                     const char *server)
{
    for (int i = 0; i < 2; i++) {
        struct error error = ERROR_INIT;
        struct text output = {0};
        bool done = step_psql(run, docker, container, server, false, "CHECKPOINT", &output, &error);
        text_free(&output);
        if (!done) {
            step_log(run, "no checkpoint before the stop, which may take longer: %s",
                     error.message);
            return false;
        }
    }
    step_log(run, "checkpoint written in %s", container);
    return true;
}

bool step_stop_server(struct step_run *run, struct docker *docker,
                      const struct docker_container *container, const char *server, long grace_ms,
                      struct error *error)
{
    bool runs = !strcmp(container->state, "running");
    if (runs && server)
        step_checkpoint(run, docker, container->name, server);
    if (!docker_stop(docker, container->name, grace_ms, error))
        return false;
    step_log(run, runs ? "stopped %s" : "%s was stopped already", container->name);
    return true;
}

void step_record_image(struct step_run *run, const char *name, const struct docker_image *image)
{
    char *key = xprintf("image.%s", name);
    for (char *c = key; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '_';
    cJSON *value = cJSON_CreateObject();
    cJSON_AddStringToObject(value, "name", name);
    cJSON_AddStringToObject(value, "id", image->id);
    cJSON_AddStringToObject(value, "digest", image->digest);
    step_fact(run, key, value);
    step_log(run, "image %s: %s%s%s", name, image->id, *image->digest ? ", digest " : "",
             image->digest);
    free(key);
}

void step_show_log(struct step_run *run, struct docker *docker, const char *container, long lines)
{
    struct text text = {0};
    struct error ignored = ERROR_INIT;
    if (docker_logs(docker, container, 0, lines, LOG_BYTES, &text, &ignored) && text.length)
        step_log(run, "the last lines of %s's log:\n%s", container, text_string(&text));
    text_free(&text);
}
