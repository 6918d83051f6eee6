/* docker_run.c: docker.run: a new server's container beside the others, on a port of its own. */
#include "steps/actions.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/loading.h"

#include "base/json.h"
#include "base/text.h"
#include "docker/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#define SERVER_PORT 5432

static bool no_image(const char *name, struct error *error)
{
    error_set(error, ERROR_OTHER, "image %s isn't on this Docker engine", name);
    return error_remedy(error, "Pull it first: docker pull %s (the step docker.pull does it).",
                        name);
}

/* The path to mount the volume at: the argument, or what suits the image. NULL with `error`. */
static const char *mount_path(const struct step_run *run, const struct docker_image *image,
                              struct error *error)
{
    const char *set = json_text(step_map(run, "env"), "PGDATA");
    const char *data = docker_image_data(image, set);
    const char *mount = step_text(run, "mount");
    if (!mount || !*mount)
        return docker_image_mount(image, data);
    return docker_image_uses_mount(image, data, mount, error) ? mount : NULL;
}

static struct docker_creation creation_of(const struct step_run *run, const char *mount,
                                          const cJSON *labels, const cJSON *command)
{
    return (struct docker_creation){
        .name = step_text(run, "name"),
        .image = step_text(run, "image"),
        .environment = step_map(run, "env"),
        .volume = step_text(run, "volume"),
        .mount = mount,
        .port = (int)step_integer(run, "port"),
        .container_port = SERVER_PORT,
        .address = step_text(run, "address"),
        .network = step_text(run, "network"),
        .shared_memory = step_size(run, "shm_size"),
        .labels = labels,
        .command = command,
    };
}

static bool port_taken(struct docker *docker, int port, struct error *error)
{
    struct error ignored = ERROR_INIT;
    char *holder = NULL;
    const struct docker_host_port wanted = {.protocol = "tcp", .port = port};
    docker_port_holder(docker, &wanted, NULL, &holder, &ignored);
    step_port_taken(port, holder, error);
    free(holder);
    return false;
}

static bool is_port_trouble(const char *message)
{
    return strstr(message, "port is already allocated") ||
           strstr(message, "address already in use") || strstr(message, "ports are not available");
}

/* A container that can't be started isn't left behind. */
static bool create_and_start(struct step_run *run, struct docker *docker,
                             const struct docker_creation *creation, struct error *error)
{
    char *id = NULL;
    if (!docker_create(docker, creation, &id, error))
        return false;
    bool started = docker_start(docker, id, error);
    if (!started) {
        struct error ignored = ERROR_INIT;
        docker_remove(docker, id, false, &ignored);
        if (creation->port && is_port_trouble(error->message))
            port_taken(docker, creation->port, error);
    } else {
        step_log(run, "started container %s from %s, volume %s at %s", creation->name,
                 creation->image, creation->volume ? creation->volume : "none", creation->mount);
    }
    free(id);
    return started;
}

/* From here on whoever goes on with its data knows in which run of the container it was made. */
static bool note_loading(struct step_run *run, struct docker *docker, struct error *error)
{
    struct docker_container container = {0};
    bool done = docker_inspect(docker, step_text(run, "name"), &container, error);
    if (done && loading_is(&container))
        loading_begun(run, &container);
    docker_container_free(&container);
    return done;
}

/* A container of that name: this run's own, from before a crash, is kept; any other is an error.
 * One that is fit for loading only is no server for another use. */
static bool keep_existing(struct step_run *run, struct docker *docker,
                          const struct docker_container *container, const char *mount,
                          struct error *error)
{
    struct docker_mount mounted;
    const char *volume = step_text(run, "volume");
    bool own = step_is_own(run, docker_container_label(container, LABEL_RUN));
    bool same = text_equal(container->image, step_text(run, "image")) &&
                loading_is(container) == (step_map(run, "loading") != NULL) &&
                (!volume || (docker_container_mount(container, mount, &mounted) &&
                             text_equal(mounted.source, volume)));
    if (!own || !same)
        return step_name_taken(run, container, error);
    step_log(run, "container %s was created by this run already", container->name);
    return docker_start(docker, container->name, error);
}

static bool make(struct step_run *run, struct docker *docker, const struct docker_image *image,
                 const char *mount, struct error *error)
{
    const cJSON *settings = step_map(run, "loading");
    cJSON *command =
        settings ? loading_command(json_at(image->inspect, "Config.Cmd"), settings, error) : NULL;
    if (settings && !command)
        return false;
    cJSON *labels = step_labels(run);
    char *names = loading_names(settings);
    if (settings)
        cJSON_AddStringToObject(labels, LABEL_LOADING, names);
    struct docker_creation creation = creation_of(run, mount, labels, command);
    bool done = create_and_start(run, docker, &creation, error) &&
                (!settings || note_loading(run, docker, error));
    free(names);
    cJSON_Delete(labels);
    cJSON_Delete(command);
    return done;
}

/* When the data is loaded it is too late to find out that the name is in use. */
static bool aside_is_free(struct step_run *run, struct docker *docker, struct error *error)
{
    struct docker_container container = {0};
    char *aside = loading_aside(step_text(run, "name"));
    bool done = !step_map(run, "loading") || docker_inspect(docker, aside, &container, error);
    if (done && container.exists &&
        !step_is_own(run, docker_container_label(&container, LABEL_RUN)))
        done = step_name_taken(run, &container, error);
    docker_container_free(&container);
    free(aside);
    return done;
}

static bool start_server(struct step_run *run, struct docker *docker,
                         const struct docker_image *image, struct error *error)
{
    struct docker_container container;
    const char *mount = mount_path(run, image, error);
    if (!mount || !aside_is_free(run, docker, error) ||
        !docker_inspect(docker, step_text(run, "name"), &container, error))
        return false;
    bool done = container.exists ? keep_existing(run, docker, &container, mount, error)
                                 : make(run, docker, image, mount, error);
    docker_container_free(&container);
    return done;
}

static bool volume_for_loading(const struct step_run *run, struct error *error)
{
    if (!step_map(run, "loading") || step_text(run, "volume"))
        return true;
    error_set(error, ERROR_RUNBOOK, "a server that is loaded needs a volume that outlives it");
    return error_remedy(error, "Name one: docker.run: {volume: NAME}");
}

static bool run_run(struct step_run *run, struct error *error)
{
    struct docker_image image = {0};
    const char *name = step_text(run, "image");
    struct docker *docker = volume_for_loading(run, error) ? docker_open(error) : NULL;
    bool done = docker && docker_image_inspect(docker, name, &image, error) &&
                (image.exists || no_image(name, error)) && start_server(run, docker, &image, error);
    docker_image_free(&image);
    docker_close(docker);
    return done;
}

static const struct argument arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container's name"},
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image, which has to be present"},
    {"volume", ARGUMENT_TEXT, false, NULL, NULL, "named volume for its data"},
    {"mount", ARGUMENT_TEXT, false, NULL, NULL,
     "where the volume is mounted; by default where the image keeps its data"},
    {"port", ARGUMENT_PORT, false, NULL, NULL, "host port for the server's 5432"},
    {"address", ARGUMENT_TEXT, false, "127.0.0.1", NULL, "address of this machine to listen on"},
    {"env", ARGUMENT_MAP, false, NULL, NULL, "environment of the container"},
    {"network", ARGUMENT_TEXT, false, NULL, NULL, "Docker network to join"},
    {"shm_size", ARGUMENT_SIZE, false, "1GiB", NULL,
     "limit of /dev/shm, where parallel index builds share their memory"},
    {"loading", ARGUMENT_MAP, false, NULL, NULL,
     "settings of the server while it is loaded, such as fsync; the step pg.restore ends with its "
     "data on disk and a new container without them"},
    {0},
};

const struct action docker_run_action = {
    .name = "docker.run",
    .danger = DANGER_CHANGE,
    .help = "start a new container for a server, beside the others",
    .arguments = arguments,
    .run = run_run,
};
