/* init.c: `pgrunbook init`: finds the PostgreSQL server of a stack and writes the variables for it.
 */
#include "cli/options.h"

#include "base/file.h"
#include "docker/docker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROJECT_LABEL "com.docker.compose.project"
#define FILES_LABEL "com.docker.compose.project.config_files"
#define SERVICE_LABEL "com.docker.compose.service"

/* PGDATA is in the environment of every image that keeps the official one's contract. */
static bool is_server(const struct docker_container *container, const char *compose_file)
{
    const char *files = docker_container_label(container, FILES_LABEL);
    if (!docker_container_environment(container, "PGDATA"))
        return false;
    return !compose_file || (files && strstr(files, compose_file));
}

/* A YAML scalar between quotes: what is in the names of Docker's objects needs no other escape. */
static void print_value(const char *name, const char *value)
{
    printf("%s: \"", name);
    for (; *value; value++)
        printf(*value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    printf("\"\n");
}

static void print_label(const struct docker_container *container, const char *label,
                        const char *name)
{
    const char *value = docker_container_label(container, label);
    if (value)
        print_value(name, value);
}

/* Addresses of the engine's host mean that host to the program, 127.0.0.1 as well. */
static void print_engine(const struct docker *docker)
{
    if (docker_is_remote(docker))
        printf("# Of Docker at %s: live_host is as seen from there.\n"
               "# health_url is asked by this machine, and has to name the host.\n",
               docker_description(docker));
}

static void print_variables(const struct docker *docker, const struct docker_container *container)
{
    char address[64], port[16];
    struct docker_mount mount;
    int published = docker_container_published(container, 5432, address, sizeof address);
    const char *data = docker_container_environment(container, "PGDATA");
    const char *user = docker_container_environment(container, "POSTGRES_USER");
    printf(
        "# Variables for runbooks/pg15-to-pg17-warm.yaml, and for pg15-to-pg17.yaml where "
        "pgrunbook\n"
        "# check says that this stack can't be moved while it runs; read from container %s (%s).\n"
        "# The password is not written here: the program asks the container for it.\n",
        container->name, container->image);
    print_engine(docker);
    print_value("old_container", container->name);
    print_label(container, SERVICE_LABEL, "service");
    print_label(container, PROJECT_LABEL, "compose_project");
    print_label(container, FILES_LABEL, "compose_file");
    print_value("old_image", container->image);
    if (docker_container_mount(container, data, &mount))
        print_value("old_volume", mount.source);
    print_value("user", user ? user : "postgres");
    if (published) {
        snprintf(port, sizeof port, "%d", published);
        print_value("live_host", address);
        print_value("live_port", port);
    }
    printf("# To be looked at:\n#new_volume: \"pg17-data\"\n#new_container: \"pg17-test\"\n"
           "#new_port: \"5433\"\n#app_container: \"\"\n#health_url: \"\"\n"
           "# Of the warm runbook only:\n#parked_container: \"pg17-parked\"\n"
           "#left_container: \"pg15-left\"\n");
}

/* Prints the only match; several are listed, so that the operator can say which. */
static int choose(struct docker *docker, const cJSON *list, const char *compose_file)
{
    struct error error = ERROR_INIT;
    struct docker_container chosen = {0};
    struct text names = {0};
    size_t count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        struct docker_container container = {0};
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "Id"));
        bool matches = id && docker_inspect(docker, id, &container, &error) && container.exists &&
                       is_server(&container, compose_file);
        if (matches)
            text_printf(&names, "%s%s", count++ ? ", " : "", container.name);
        if (matches && count == 1)
            chosen = container;
        else
            docker_container_free(&container);
    }
    if (count == 1) {
        print_variables(docker, &chosen);
    } else {
        error_set(&error, ERROR_OTHER, "%s%s%s",
                  count ? "there are several PostgreSQL servers: " : "no PostgreSQL server runs",
                  text_string(&names), compose_file ? " in that stack" : "");
        error_remedy(&error, count ? "name the compose file of the one that is meant"
                                   : "start the stack: docker compose up -d");
    }
    docker_container_free(&chosen);
    text_free(&names);
    return count == 1 ? 0 : tell_error(&error);
}

static int init(const char *compose_file)
{
    struct error error = ERROR_INIT;
    char *path = compose_file ? realpath(compose_file, NULL) : NULL;
    if (compose_file && !path) {
        error_errno(&error, "can't find the compose file %s", compose_file);
        return tell_error(&error);
    }
    struct docker *docker = docker_open(&error);
    cJSON *list = NULL;
    int http = 0;
    bool listed =
        docker && docker_call(docker, "GET", "/containers/json", NULL, 0, &http, &list, &error);
    if (listed && http != 200)
        listed =
            error_set(&error, ERROR_DOCKER, "Docker doesn't list its containers (HTTP %d)", http);
    int status = listed ? choose(docker, list, path) : tell_error(&error);
    cJSON_Delete(list);
    docker_close(docker);
    free(path);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status;
    if (!options_read(command, argc, argv, &options, &status))
        return status;
    status = init(options.operand);
    options_free(&options);
    return status;
}

const struct command init_command = {
    .name = "init",
    .operands = "[COMPOSE_FILE]",
    .help = "find the server in a stack and print the variables for it (a file for --vars)",
    .run = run,
};
