/* system.c: the engine itself: its version and where it keeps its data. */
#include "docker/system.h"

#include "base/json.h"
#include "docker/connection.h"

#include <stdlib.h>

static char *copy_of(const cJSON *info, const char *name)
{
    const char *text = json_text(info, name);
    return xstrdup(text ? text : "");
}

bool docker_system_read(struct docker *docker, struct docker_system *system, struct error *error)
{
    *system = (struct docker_system){0};
    int status = 0;
    cJSON *info = NULL;
    if (!docker_call(docker, "GET", "/info", NULL, 0, &status, &info, error) ||
        !docker_accepted(status, info, error, "asking the Docker engine about itself"))
        return false;
    system->version = copy_of(info, "ServerVersion");
    system->directory = copy_of(info, "DockerRootDir");
    system->name = copy_of(info, "Name");
    system->id = copy_of(info, "ID");
    cJSON_Delete(info);
    return true;
}

void docker_system_free(struct docker_system *system)
{
    free(system->version);
    free(system->directory);
    free(system->name);
    free(system->id);
    *system = (struct docker_system){0};
}

/* The next number, 0 when there is none; moves on behind it and its '.', or to the end. */
static long next_number(const char **text)
{
    char *end = NULL;
    bool digit = **text >= '0' && **text <= '9';
    long number = digit ? strtol(*text, &end, 10) : 0;
    *text = digit && *end == '.' ? end + 1 : "";
    return number;
}

int docker_version_compare(const char *left, const char *right)
{
    left += *left == 'v';
    right += *right == 'v';
    while (*left || *right) {
        long a = next_number(&left), b = next_number(&right);
        if (a != b)
            return a < b ? -1 : 1;
    }
    return 0;
}
