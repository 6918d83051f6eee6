/* docker_check.c: docker.check: engine and Compose new enough, disk wide enough for a second copy.
 */
#include "steps/actions.h"
#include "steps/docker/docker_common.h"

#include "base/file.h"
#include "base/text.h"
#include "compose/command.h"
#include "docker/system.h"

#include <stdlib.h>
#include <string.h>

static bool check_version(struct step_run *run, const char *what, const char *key,
                          const char *found, const char *wanted, struct error *error)
{
    bool enough = docker_version_compare(found, wanted) >= 0;
    step_check(run, what, enough ? VERDICT_PASS : VERDICT_FAIL, "%s; at least %s is needed", found,
               wanted);
    step_fact_text(run, key, found);
    if (enough)
        return true;
    error_set(error, ERROR_OTHER, "%s is %s, and at least %s is needed", what, found, wanted);
    return error_remedy(error, "Upgrade Docker on this machine before you upgrade the server.");
}

static bool check_compose(struct step_run *run, const struct docker *docker, struct error *error)
{
    char *version = NULL;
    if (!compose_version(docker_environment(docker), &version, error)) {
        step_check(run, "Docker Compose", VERDICT_FAIL, "%s", error->message);
        return false;
    }
    bool enough = check_version(run, "Docker Compose", "docker.compose", version,
                                step_text(run, "compose"), error);
    free(version);
    return enough;
}

/* du's number; it complains about files that vanish while it looks, and still counts the rest. */
static bool parse_size_line(const struct text *output, double unit, double *bytes)
{
    char *end = NULL;
    const char *text = text_string(output);
    double number = strtod(text, &end);
    *bytes = number * unit;
    return end != text && number > 0;
}

/* Symbolic links are followed: tablespaces and a WAL elsewhere count too. BusyBox has no -b. */
static bool measure(struct docker *docker, const struct docker_container *container, double *bytes,
                    struct error *error)
{
    static const struct {
        const char *option;
        double unit;
    } ways[] = {{"-sbL", 1}, {"-skL", 1024}};
    const char *data = docker_container_data(container);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *const arguments[] = {"du", ways[i].option, data, NULL};
        struct text output = {0};
        int exit_status = 0;
        bool ran = docker_exec_collect(docker, container->name, arguments, &output, NULL,
                                       &exit_status, error);
        bool parsed = ran && parse_size_line(&output, ways[i].unit, bytes);
        text_free(&output);
        if (!ran || parsed)
            return ran;
    }
    return error_set(error, ERROR_OTHER, "can't measure %s in container %s", data, container->name);
}

static bool check_space(struct step_run *run, const char *what, const char *path, double needed,
                        struct error *error)
{
    unsigned long long free_bytes = 0;
    char free_text[32], needed_text[32];
    if (!file_free_space(path, &free_bytes, error))
        return false;
    text_bytes(free_text, sizeof free_text, (double)free_bytes);
    text_bytes(needed_text, sizeof needed_text, needed);
    bool enough = (double)free_bytes >= needed;
    step_check(run, what, enough ? VERDICT_PASS : VERDICT_FAIL, "%s free at %s; %s are needed",
               free_text, path, needed_text);
    if (enough)
        return true;
    error_set(error, ERROR_OTHER, "not enough disk space: %s are free at %s, and %s are needed",
              free_text, path, needed_text);
    return error_remedy(error,
                        "Free space there (docker system df shows what Docker holds), or put "
                        "the backup elsewhere with --set backup_dir=DIRECTORY.");
}

/* Another machine's disk can't be seen from here, and nobody's socket says whose it is: the
 * server's own process does. */
static bool check_engine_space(struct step_run *run, const struct docker_system *system, bool here,
                               double needed, struct error *error)
{
    if (here && file_exists(system->directory))
        return check_space(run, "disk space for Docker", system->directory, needed, error);
    step_check(run, "disk space for Docker", VERDICT_WARN,
               "%s on host %s can't be seen from here; see yourself that %.0f MB are free",
               system->directory, system->name, needed / 1e6);
    return true;
}

/* Before the space, as a place that can't be written has none to speak of. */
static bool check_backup_place(struct step_run *run, const char *path, double needed,
                               struct error *error)
{
    if (file_may_write_in(path, error))
        return check_space(run, "disk space for the backup", path, needed, error);
    step_check(run, "disk space for the backup", VERDICT_FAIL, "%s: %s", path, error->message);
    error_wrap(error, "the backup would go to %s", path);
    return error_remedy(error,
                        "Choose a directory that you can write in with --set "
                        "backup_dir=DIRECTORY, or make it: install -d -m 700 %s",
                        path);
}

static bool check_disk(struct step_run *run, const struct docker_system *system, bool here,
                       double bytes, struct error *error)
{
    double needed = bytes * (double)step_integer(run, "factor");
    char *backup = step_path(run, "backup_dir");
    bool enough = !backup || check_backup_place(run, backup, needed, error);
    free(backup);
    return check_engine_space(run, system, here, needed, enough ? error : NULL) && enough;
}

static bool record_image(struct step_run *run, struct docker *docker,
                         const struct docker_container *container, struct error *error)
{
    struct docker_image image;
    if (!docker_image_inspect(docker, container->image_id, &image, error))
        return false;
    if (image.exists)
        step_record_image(run, container->image, &image);
    docker_image_free(&image);
    return true;
}

static bool check_server(struct step_run *run, struct docker *docker,
                         const struct docker_system *system, struct error *error)
{
    struct docker_container container = {0};
    double bytes = 0;
    char size[32];
    char *name = step_server_container(run, step_text(run, "server"), error);
    bool found = name && step_container(docker, name, &container, error);
    bool runs = found && !strcmp(container.state, "running");
    if (found)
        step_check(run, "container", runs ? VERDICT_PASS : VERDICT_FAIL, "%s is %s, image %s",
                   container.name, container.state, container.image);
    if (found && !runs) {
        error_set(error, ERROR_SERVER, "container %s is %s", name, container.state);
        error_remedy(error, "Start it: docker start %s", name);
    }
    bool done = runs && record_image(run, docker, &container, error) &&
                measure(docker, &container, &bytes, error);
    if (done) {
        step_check(run, "data directory", VERDICT_PASS, "%s", text_bytes(size, sizeof size, bytes));
        step_fact_number(run, "data.bytes", bytes);
    }
    done = done && check_disk(run, system, docker_container_is_here(&container), bytes, error);
    docker_container_free(&container);
    free(name);
    return done;
}

static bool run_check(struct step_run *run, struct error *error)
{
    struct docker_system system = {0};
    struct docker *docker = docker_open(error);
    bool read = docker && docker_system_read(docker, &system, error);
    if (read)
        step_check(run, "Docker", VERDICT_PASS, "%s, on host %s", docker_description(docker),
                   system.name);
    bool done = read &&
                check_version(run, "Docker engine", "docker.engine", system.version,
                              step_text(run, "engine"), error) &&
                check_compose(run, docker, error) && check_server(run, docker, &system, error);
    docker_system_free(&system);
    docker_close(docker);
    return done;
}

static const struct argument arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server whose data will be copied"},
    {"engine", ARGUMENT_TEXT, false, "20.10", NULL, "oldest Docker engine that will do"},
    {"compose", ARGUMENT_TEXT, false, "2", NULL, "oldest Docker Compose that will do"},
    {"backup_dir", ARGUMENT_PATH, false, NULL, NULL, "where the backup will go"},
    {"factor", ARGUMENT_INTEGER, false, "2", NULL, "free space needed, as a multiple of the data"},
    {0},
};

const struct action docker_check_action = {
    .name = "docker.check",
    .danger = DANGER_READ,
    .help = "check the versions of Docker and Compose, and the free disk against the data's size",
    .arguments = arguments,
    .run = run_check,
};
