/* restore_loading.c: what an attempt that was cut off has left of a server that was being loaded.
 */
#include "steps/restore/restore_loading.h"

#include "base/json.h"
#include "docker/lifecycle.h"
#include "docker/once.h"
#include "docker/volume.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/loading.h"
#include "steps/server/ready.h"

#include <stdlib.h>
#include <string.h>

#define THROWN_AWAY_GRACE_MS 5000L
#define READY_MS 120000L
#define TARGET "/volume"

static bool start_over(struct error *error)
{
    return error_remedy(error, "Roll back, which removes the copy and nothing else, and start "
                               "again.");
}

/* Only a volume that this run made and that no client has seen is ever emptied. */
static bool may_be_emptied(const struct step_run *run, struct docker *docker, const char *name,
                           struct error *error)
{
    struct docker_volume volume = {0};
    char *adopted = xprintf("adopted.%s", name), *served = xprintf("served.%s", name);
    bool done = docker_volume_inspect(docker, name, &volume, error);
    bool own = done && (step_is_own(run, docker_volume_label(&volume, LABEL_RUN)) ||
                        cJSON_IsTrue(step_known(run, adopted)));
    if (done && (!own || step_known(run, served))) {
        done = error_set(error, ERROR_OTHER,
                         "the loading of volume %s was interrupted, and it isn't this run's own",
                         name);
        start_over(error);
    }
    docker_volume_free(&volume);
    free(served);
    free(adopted);
    return done;
}

static bool empty_volume(struct docker *docker, const char *image, const char *volume,
                         struct error *error)
{
    static const char *const arguments[] = {"find", TARGET, "-mindepth", "1", "-delete", NULL};
    struct text output = {0};
    int status = -1;
    bool done =
        docker_once_changing(docker, image, arguments, volume, TARGET, &output, &status, error);
    if (done && status != 0)
        done = error_set(error, ERROR_OTHER, "find ended with status %d: %s", status,
                         text_string(&output));
    text_free(&output);
    return done || error_wrap(error, "emptying volume %s", volume);
}

static bool start_again(struct step_run *run, struct docker *docker, const char *server,
                        const char *name, struct error *error)
{
    const struct ready ready = {.server = server, .timeout_ms = READY_MS};
    struct docker_container container = {0};
    bool done =
        docker_start(docker, name, error) && docker_inspect(docker, name, &container, error);
    if (done)
        loading_begun(run, &container);
    docker_container_free(&container);
    return done && server_wait_ready(run, &ready, NULL, error);
}

static bool begin_again(struct step_run *run, struct docker *docker, const char *server,
                        const struct docker_container *container, struct error *error)
{
    struct docker_mount mount = {0};
    if (!loading_is(container) ||
        !docker_container_mount(container, loading_data(container), &mount) ||
        !text_equal(mount.type, "volume")) {
        error_set(error, ERROR_OTHER,
                  "loading was interrupted, and the container it ran in was "
                  "replaced or removed by hand");
        return start_over(error);
    }
    step_log(run,
             "the server has stopped since its loading began, when nothing was synced to disk: "
             "volume %s is emptied, and the restore begins again",
             mount.source);
    return may_be_emptied(run, docker, mount.source, error) &&
           docker_stop(docker, container->name, THROWN_AWAY_GRACE_MS, error) &&
           empty_volume(docker, container->image, mount.source, error) &&
           start_again(run, docker, server, container->name, error);
}

/* An attempt was cut off after it had put the ordinary container in place: it holds no data of its
 * own. */
static bool bring_back(const struct step_run *run, struct docker *docker, const char *name,
                       struct error *error)
{
    struct docker_container container = {0};
    char *aside = loading_aside(name);
    bool done = docker_inspect(docker, aside, &container, error);
    if (done && loading_is(&container) &&
        step_is_own(run, docker_container_label(&container, LABEL_RUN)))
        done =
            docker_remove(docker, name, true, error) && docker_rename(docker, aside, name, error);
    docker_container_free(&container);
    free(aside);
    return done;
}

static bool is_done(const struct step_run *run, const struct docker_container *container)
{
    const cJSON *fact = step_known(run, "restore");
    char *path = step_path(run, "from");
    bool done = container->exists && text_equal(json_text(fact, "container"), container->id) &&
                text_equal(json_text(fact, "path"), path);
    free(path);
    return done;
}

static bool prepare(struct step_run *run, struct docker *docker, const char *server,
                    const char *name, bool *already, struct error *error)
{
    struct docker_container container = {0};
    bool done = docker_inspect(docker, name, &container, error);
    enum loading_state state = done ? loading_state(run, name, &container) : LOADING_NEVER;
    if (state == LOADING_INTERRUPTED) {
        docker_container_free(&container);
        done = bring_back(run, docker, name, error) &&
               docker_inspect(docker, name, &container, error) &&
               begin_again(run, docker, server, &container, error);
    } else if (state == LOADING_DURABLE) {
        *already = is_done(run, &container);
        done = loading_remove_aside(run, docker, name, error);
    }
    docker_container_free(&container);
    return done;
}

bool restore_loading_prepare(struct step_run *run, const char *server, bool *already,
                             struct error *error)
{
    char *name = step_server_setting(run, server, "container");
    *already = false;
    if (!name)
        return true;
    struct docker *docker = docker_open(error);
    bool done = docker && prepare(run, docker, server, name, already, error);
    docker_close(docker);
    free(name);
    return done;
}
