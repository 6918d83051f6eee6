/* exec-tool.c: one command in a container, as docker exec -i does it, by the program's own client.
 * Usage: exec-tool CONTAINER COMMAND [ARGUMENT]...; ends with the command's status, or with 125 and
 * the error when that can't be known. */
#include "docker/docker.h"

#include <stdio.h>
#include <unistd.h>

#define FAILED 125

static long read_input(void *context, char *buffer, size_t size, struct error *error)
{
    (void)context;
    ssize_t got = read(0, buffer, size);
    if (got < 0)
        error_errno(error, "reading the input");
    return (long)got;
}

static bool write_output(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)context;
    return (fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0) ||
           error_errno(error, "writing the output");
}

int main(int argc, char **argv)
{
    struct error error = ERROR_INIT;
    int status = -1;
    if (argc < 3)
        return FAILED;
    struct docker_exec exec = {.container = argv[1],
                               .arguments = (const char *const *)argv + 2,
                               .read = read_input,
                               .write = write_output,
                               .timeout_ms = 60000};
    struct docker *docker = docker_open(&error);
    bool ran = docker && docker_exec_run(docker, &exec, &status, &error);
    docker_close(docker);
    if (!ran)
        fprintf(stderr, "%s\n%s\n", error.message, error.remedy);
    return ran ? status : FAILED;
}
