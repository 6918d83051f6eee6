/* pg_tool.c: running PostgreSQL's tools in a container, and what their failures mean. */
#include "steps/server/pg_tool.h"

#include <stdlib.h>
#include <string.h>

/* An entry of a search path that holds a server's own programs, as Debian places them:
 * "/usr/lib/postgresql/17/bin". */
static bool is_servers(const char *entry, size_t length)
{
    static const char part[] = "/postgresql/", end[] = "/bin";
    const char *found = memmem(entry, length, part, strlen(part));
    return found && length > strlen(end) && text_starts(entry + length - strlen(end), end);
}

/* That directory goes first. In Debian's images another one does, with a Perl script in each
 * program's place that looks which server is meant: that costs more time than a short program's
 * work. Source: postgresql-common, pg_wrapper(1). */
static void add_path(const struct pg_tool *tool, struct server_environment *environment)
{
    const char *path = docker_container_environment(&tool->access->found, "PATH");
    for (const char *entry = path; entry && *entry;) {
        size_t length = strcspn(entry, ":");
        if (is_servers(entry, length)) {
            char *own = xprintf("%.*s:%s", (int)length, entry, path);
            server_environment_add(environment, "PATH", own);
            free(own);
            return;
        }
        entry += length + (entry[length] == ':');
    }
}

static void make_environment(const struct pg_tool *tool, struct server_environment *environment)
{
    server_environment(tool->access, environment);
    if (tool->database)
        server_environment_add(environment, "PGDATABASE", tool->database);
    if (tool->options)
        server_environment_add(environment, "PGOPTIONS", tool->options);
    server_environment_add(environment, "LC_ALL", "C"); /* their words are judged */
    if (tool->helper)
        server_environment_add(environment, "PGHOST", "127.0.0.1");
    add_path(tool, environment);
}

static struct docker_exec command_of(const struct pg_tool *tool,
                                     const struct server_environment *environment)
{
    return (struct docker_exec){
        .container = tool->helper ? tool->helper : tool->access->container,
        .arguments = tool->arguments,
        .environment = (const char *const *)environment->items,
        .read = tool->read,
        .write = tool->write,
        .write_error = tool->write_error,
        .tick = tool->tick,
        .tick_ms = tool->tick_ms,
        .context = tool->context,
        .reads_all = true,
    };
}

bool pg_tool_run(const struct pg_tool *tool, int *exit_status, struct error *error)
{
    struct server_environment environment;
    make_environment(tool, &environment);
    struct docker_exec exec = command_of(tool, &environment);
    bool ran = docker_exec_run(tool->access->docker, &exec, exit_status, error);
    server_environment_free(&environment);
    return ran;
}

struct docker_running *pg_tool_begin(const struct pg_tool *tool, struct error *error)
{
    struct server_environment environment;
    make_environment(tool, &environment);
    struct docker_exec exec = command_of(tool, &environment);
    struct docker_running *running = docker_exec_begin(tool->access->docker, &exec, error);
    server_environment_free(&environment);
    return running;
}

/* Words of pg_dump and pg_dumpall, and what to do. */
static const struct {
    const char *words;
    const char *remedy;
} remedies[] = {
    {"invalid snapshot",
     "The container and the address of this server lead to two different servers: "
     "check its settings container, host and port."},
    {"out of shared memory",
     "The server's lock table is full: raise max_locks_per_transaction and restart it at a quiet "
     "time, or wait until fewer tables are in use; with jobs: 1 databases are dumped one by one."},
    {"password authentication failed", "Check the variables user and password."},
    {"permission denied", "Use a superuser (variable user): a backup has to see every row."},
    {"row-level security", "Use a superuser (variable user): a backup has to see every row."},
    {"server closed the connection unexpectedly",
     "The server has ended meanwhile: look at docker ps -a and docker logs of its container, then "
     "retry the step."},
    {"does not support compression", "These tools can't do that: set compress to gzip:1 or none."},
    {"No space left on device", "The disk is full where Docker keeps its data (docker system df)."},
    {"executable file not found", "The container isn't a PostgreSQL server: check its name "
                                  "(docker ps --format '{{.Names}} {{.Image}}')."},
    {"does not exist", "Something was dropped or renamed while it was read: retry the step."},
};

#define KILLED 128

bool pg_tool_failed(const struct pg_tool *tool, int exit_status, const char *words,
                    struct error *error)
{
    const char *container = tool->access->container;
    error_set(error, ERROR_OTHER, "%s in %s ended with status %d: %s", tool->arguments[0],
              container, exit_status, *words ? words : "it said nothing");
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
        if (strstr(words, remedies[i].words))
            return error_remedy(error, "%s", remedies[i].remedy);
    if (exit_status < 0 || exit_status >= KILLED)
        return error_remedy(error,
                            "It was killed: the container has stopped or ran out of memory. Check "
                            "docker ps -a and docker logs %s, then retry the step.",
                            container);
    return error_remedy(error, "Check that %s is the right container and runs: docker ps",
                        container);
}
