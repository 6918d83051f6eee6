/* surroundings.c: working directory and Docker engine, kept in the journal's first event. */
#include "engine/surroundings.h"

#include "base/file.h"
#include "base/json.h"
#include "engine/journal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const docker_names[] = {"DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY",
                                           "DOCKER_CONTEXT"};
/* Where contexts and Compose are found; names no engine by itself, so a record that lacks it leaves
 * it as it is. */
#define CONFIGURATION "DOCKER_CONFIG"
#define DOCKER_NAMES (sizeof docker_names / sizeof docker_names[0])

cJSON *surroundings_docker(void)
{
    cJSON *docker = cJSON_CreateObject();
    for (size_t i = 0; i < DOCKER_NAMES; i++) {
        const char *value = getenv(docker_names[i]);
        if (value)
            cJSON_AddStringToObject(docker, docker_names[i], value);
    }
    if (getenv(CONFIGURATION))
        cJSON_AddStringToObject(docker, CONFIGURATION, getenv(CONFIGURATION));
    return docker;
}

void surroundings_record(cJSON *event)
{
    char *directory = getcwd(NULL, 0);
    if (directory)
        cJSON_AddStringToObject(event, "directory", directory);
    free(directory);
    cJSON_AddItemToObject(event, "docker", surroundings_docker());
}

static bool take_first(void *context, const char *line, size_t length, struct error *error)
{
    cJSON **first = context;
    if (*first)
        return true;
    *first = cJSON_ParseWithLength(line, length);
    return *first || error_set(error, ERROR_OTHER, "the journal's first line isn't JSON");
}

/* The run's first event, or NULL in *event while there is none; the caller deletes it. */
static bool read_created(const char *run_directory, cJSON **event, struct error *error)
{
    char *path = file_join(run_directory, "journal.jsonl");
    *event = NULL;
    bool read = !file_exists(path) || journal_read(path, take_first, event, error);
    free(path);
    return read;
}

bool surroundings_set_docker(const cJSON *docker, struct error *error)
{
    for (size_t i = 0; docker && i < DOCKER_NAMES; i++) {
        const char *value = json_text(docker, docker_names[i]);
        if ((value ? setenv(docker_names[i], value, 1) : unsetenv(docker_names[i])) != 0)
            return error_errno(error, "can't set %s", docker_names[i]);
    }
    const char *configuration = json_text(docker, CONFIGURATION);
    return !configuration || setenv(CONFIGURATION, configuration, 1) == 0 ||
           error_errno(error, "can't set " CONFIGURATION);
}

/* A host and a context exclude each other, so what is named here takes the place of both. */
bool surroundings_use_environment(const struct environment *environment, struct error *error)
{
    if (!environment || (!environment->docker_host && !environment->docker_context))
        return true;
    char *certificates =
        environment->docker_certificates ? file_absolute(environment->docker_certificates) : NULL;
    cJSON *docker = cJSON_CreateObject();
    if (environment->docker_host)
        cJSON_AddStringToObject(docker, "DOCKER_HOST", environment->docker_host);
    if (environment->docker_context)
        cJSON_AddStringToObject(docker, "DOCKER_CONTEXT", environment->docker_context);
    if (certificates) {
        cJSON_AddStringToObject(docker, "DOCKER_CERT_PATH", certificates);
        cJSON_AddStringToObject(docker, "DOCKER_TLS_VERIFY", "1");
    }
    bool set = surroundings_set_docker(docker, error);
    cJSON_Delete(docker);
    free(certificates);
    return set;
}

static bool change_directory(const char *path, struct error *error)
{
    if (!path || chdir(path) == 0)
        return true;
    error_errno(error, "can't enter %s, the directory that the run was started in", path);
    return error_remedy(error,
                        "Relative paths among the run's variables count from there. Mount it, make "
                        "it readable, or make it again: mkdir -p %s",
                        path);
}

bool surroundings_use_docker(const char *run_directory, struct error *error)
{
    cJSON *event;
    bool used = read_created(run_directory, &event, error) &&
                surroundings_set_docker(cJSON_GetObjectItemCaseSensitive(event, "docker"), error);
    cJSON_Delete(event);
    return used;
}

bool surroundings_enter(const char *run_directory, struct error *error)
{
    cJSON *event;
    bool entered =
        read_created(run_directory, &event, error) &&
        surroundings_set_docker(cJSON_GetObjectItemCaseSensitive(event, "docker"), error) &&
        change_directory(json_text(event, "directory"), error);
    cJSON_Delete(event);
    return entered;
}
