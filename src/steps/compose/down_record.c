/* down_record.c: a stack's server and its data before compose.down, put down and recognised. */
#include "steps/compose/down_record.h"

#include "steps/compose/stack_list.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/image.h"
#include "docker/lifecycle.h"
#include "docker/volume.h"

#include <stdlib.h>

#define SERVER "server"
#define VOLUME "volume"
#define CREATED "created"
#define REMOVAL_MS 120000
#define REMOVAL_AGAIN_MS 200

bool down_data_mount(struct docker *docker, const struct docker_container *container,
                     struct docker_mount *mount, bool *mounted, struct error *error)
{
    struct docker_image image;
    if (!docker_image_inspect(docker, container->image_id, &image, error))
        return false;
    const char *set = docker_container_environment(container, "PGDATA");
    *mounted = docker_container_mount(container, docker_image_data(&image, set), mount) &&
               !text_equal(mount->type, "tmpfs");
    docker_image_free(&image);
    return true;
}

const cJSON *down_declared(const cJSON *config, const char *name)
{
    const cJSON *volume;
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(config, "volumes"))
    {
        if (text_equal(json_text(volume, "name"), name))
            return volume;
    }
    return NULL;
}

/* When the engine made it; NULL when it isn't there. The caller frees. Before version 23 of the
 * engine it is the time of the last file made in it or removed. Source: Docker Engine API,
 * VolumeInspect; moby, volume/local, CreatedAt. */
static bool made_at(struct docker *docker, const char *name, char **at, struct error *error)
{
    struct docker_volume volume;
    *at = NULL;
    if (!docker_volume_inspect(docker, name, &volume, error))
        return false;
    const char *created = json_text(volume.inspect, "CreatedAt");
    *at = created ? xstrdup(created) : NULL;
    docker_volume_free(&volume);
    return true;
}

static bool add_volume(struct docker *docker, const char *name, cJSON *record, struct error *error)
{
    char *at = NULL;
    if (!made_at(docker, name, &at, error))
        return false;
    cJSON_AddStringToObject(record, VOLUME, name);
    if (at)
        cJSON_AddStringToObject(record, CREATED, at);
    free(at);
    return true;
}

static bool add_server(struct docker *docker, const cJSON *config, const char *name, cJSON *record,
                       struct error *error)
{
    struct docker_container container = {0};
    struct docker_mount mount = {0};
    bool mounted = false;
    bool read = docker_inspect(docker, name, &container, error) &&
                (!container.exists || down_data_mount(docker, &container, &mount, &mounted, error));
    if (read && container.exists)
        cJSON_AddStringToObject(record, SERVER, container.id);
    if (read && mounted && text_equal(mount.type, "volume") && down_declared(config, mount.source))
        read = add_volume(docker, mount.source, record, error);
    docker_container_free(&container);
    return read;
}

cJSON *down_record_make(struct docker *docker, const cJSON *config, const cJSON *containers,
                        const char *service, struct error *error)
{
    cJSON *record = cJSON_CreateObject();
    struct text_list services = {0};
    const cJSON *entry;
    bool good = true;
    if (service && *service)
        text_list_add(&services, service);
    cJSON_ArrayForEach(entry, containers)
    {
        if (good && services.count && !json_text(record, SERVER) &&
            stack_list_is_of(&services, entry))
            good = add_server(docker, config, docker_listed_name(entry), record, error);
    }
    text_list_free(&services);
    if (good)
        return record;
    cJSON_Delete(record);
    return NULL;
}

/* The engine goes on with a removal that it has begun, whoever asked for it being gone. */
static bool look_when_settled(struct docker *docker, const char *id,
                              struct docker_container *container, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + REMOVAL_MS;
    for (;;) {
        if (!docker_inspect(docker, id, container, error))
            return false;
        if (!container->exists || !text_equal(container->state, "removing"))
            return true;
        docker_container_free(container);
        *container = (struct docker_container){0};
        if (clock_monotonic_ms() >= deadline)
            break;
        clock_sleep_ms(REMOVAL_AGAIN_MS);
    }
    error_set(error, ERROR_OTHER, "container %s is being removed, and doesn't go", id);
    return error_remedy(error, "Look at docker ps -a; roll back again when it has gone.");
}

/* The engine removes no volume that a container has, even a stopped one: while the server's own
 * container is there, so is its data. */
bool down_record_has_data(struct docker *docker, const cJSON *record, bool *same,
                          struct error *error)
{
    const char *id = json_text(record, SERVER), *volume = json_text(record, VOLUME);
    struct docker_container container = {0};
    char *at = NULL;
    *same = false;
    if (!id)
        return true;
    bool looked = look_when_settled(docker, id, &container, error);
    bool whole = looked && container.exists && !text_equal(container.state, "dead");
    looked = looked && (whole || !volume || made_at(docker, volume, &at, error));
    *same = looked && (whole || (at && text_equal(at, json_text(record, CREATED))));
    free(at);
    docker_container_free(&container);
    return looked;
}
