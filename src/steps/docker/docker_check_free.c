/* docker_check_free.c: docker.check_free: the new container's name, its volume, its port and the
 * backup's place are free. */
#include "steps/actions.h"
#include "steps/backup/backup.h"
#include "steps/docker/docker_common.h"

#include "base/file.h"
#include "base/text.h"
#include "docker/lifecycle.h"
#include "docker/volume.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool taken(struct step_run *run, const char *what, struct error *error)
{
    step_check(run, what, VERDICT_FAIL, "%s", error->message);
    return false;
}

static bool check_name(struct step_run *run, struct docker *docker, const char *name,
                       struct error *error)
{
    struct docker_container container;
    if (!docker_inspect(docker, name, &container, error))
        return false;
    bool is_free = !container.exists;
    if (is_free) {
        step_check(run, "container name", VERDICT_PASS, "%s is free", name);
    } else {
        step_name_taken(run, &container, error);
        taken(run, "container name", error);
    }
    docker_container_free(&container);
    return is_free;
}

static bool check_volume(struct step_run *run, struct docker *docker, const char *name,
                         struct error *error)
{
    struct docker_volume volume;
    bool empty = true;
    if (!docker_volume_inspect(docker, name, &volume, error))
        return false;
    bool seen = !volume.exists || docker_volume_empty(docker, &volume, &empty, error);
    if (seen && empty)
        step_check(run, "volume", VERDICT_PASS,
                   volume.exists ? "%s exists and is empty" : "%s doesn't exist yet", name);
    else if (seen) {
        step_volume_taken(docker, name, error);
        taken(run, "volume", error);
    }
    docker_volume_free(&volume);
    return seen && empty;
}

/* Binding it for a moment is the only sure way to know, on this machine; a connection in TIME_WAIT
 * doesn't count. */
static bool port_binds(int port, int *number)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    if (descriptor < 0)
        return true;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool bound = bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
                 listen(descriptor, 1) == 0;
    *number = errno;
    close(descriptor);
    return bound;
}

static bool check_port(struct step_run *run, struct docker *docker, int port, struct error *error)
{
    char *holder = NULL;
    int number = 0;
    const struct docker_host_port wanted = {.protocol = "tcp", .port = port};
    if (!docker_port_holder(docker, &wanted, NULL, &holder, error))
        return false;
    bool binds = docker_is_remote(docker) || port_binds(port, &number);
    bool is_free = !holder && binds;
    if (is_free)
        step_check(run, "port", VERDICT_PASS, "%d is free", port);
    else if (!holder && number == EACCES)
        error_set(error, ERROR_OTHER, "port %d may not be used without root's rights", port);
    else
        step_port_taken(port, holder, error);
    if (!is_free)
        taken(run, "port", error);
    free(holder);
    return is_free;
}

/* The backup step would refuse it too, but only after the operator has come that far. */
static bool check_backup(struct step_run *run, const char *path, struct error *error)
{
    bool there = file_exists(path), own = there && backup_is_own(run, path);
    if (!there || own) {
        step_check(run, "backup", VERDICT_PASS, own ? "%s is this run's own" : "%s is free", path);
        return true;
    }
    error_set(error, ERROR_OTHER, "%s is there already, and this run didn't write it", path);
    taken(run, "backup", error);
    return error_remedy(error,
                        "It may be the only backup of an earlier run: move it away, or choose "
                        "another place with --set backup_dir=DIRECTORY.");
}

/* Every check runs, so that the operator sees all at once; the first failure is the step's. */
static bool run_check_free(struct step_run *run, struct error *error)
{
    struct docker *docker = docker_open(error);
    const char *name = step_text(run, "container"), *volume = step_text(run, "volume");
    int port = (int)step_integer(run, "port");
    if (!docker)
        return false;
    struct error others = ERROR_INIT;
    bool fine = !name || check_name(run, docker, name, error);
    fine = (!volume || check_volume(run, docker, volume, fine ? error : &others)) && fine;
    fine = (!port || check_port(run, docker, port, fine ? error : &others)) && fine;
    char *backup = step_path(run, "backup");
    fine = (!backup || check_backup(run, backup, fine ? error : &others)) && fine;
    free(backup);
    docker_close(docker);
    return fine;
}

static const struct argument arguments[] = {
    {"container", ARGUMENT_TEXT, false, NULL, NULL, "name that no container may have yet"},
    {"volume", ARGUMENT_TEXT, false, NULL, NULL, "volume that must be absent or empty"},
    {"port", ARGUMENT_PORT, false, NULL, NULL, "host port that nothing may listen on"},
    {"backup", ARGUMENT_PATH, false, NULL, NULL,
     "file or directory of the backup, which no other run may have left there"},
    {0},
};

const struct action docker_check_free_action = {
    .name = "docker.check_free",
    .danger = DANGER_READ,
    .help = "check that a container's name, a volume, a host port and the backup's place are free",
    .arguments = arguments,
    .run = run_check_free,
};
