/* compose_service.c: what the compose file says of a service, held against what is meant. */
#include "steps/compose/compose_common.h"

#include "base/json.h"
#include "compose/config.h"
#include "docker/image.h"
#include "docker/volume.h"

#include <string.h>

static bool wrong_volume(const char *service, const char *volume, const char *found,
                         struct error *error)
{
    error_set(error, ERROR_OTHER, "the compose file mounts %s in service %s, not %s",
              found ? found : "no volume", service, volume);
    return error_remedy(error, "Nothing was changed. Look at the compose file's volumes of the "
                               "service; the step before edits it.");
}

static bool no_image(const char *image, struct error *error)
{
    error_set(error, ERROR_OTHER, "image %s isn't on this Docker engine", image);
    return error_remedy(error, "Nothing was changed. Pull it first: docker pull %s",
                        *image ? image : "IMAGE");
}

/* Compose would make a volume that is gone anew, and an empty server would answer. */
static bool check_volume(struct docker *docker, const char *name, struct error *error)
{
    struct docker_volume volume = {0};
    if (name[0] == '/')
        return true;
    bool looked = docker_volume_inspect(docker, name, &volume, error);
    bool exists = volume.exists;
    docker_volume_free(&volume);
    if (!looked || exists)
        return looked;
    error_set(error, ERROR_OTHER, "there is no volume %s", name);
    return error_remedy(error, "Nothing was changed. Compose would start an empty server: bring "
                               "the volume back, or leave this step out.");
}

/* The mount that is in force has to be the volume we mean, by its real name. */
bool compose_service_find(struct docker *docker, const cJSON *config, const char *name,
                          const char *volume, const char **image, char **data, struct error *error)
{
    const cJSON *service = NULL;
    if (!compose_config_service(config, name, &service, error))
        return false;
    const char *text = json_text(service, "image");
    *image = text ? text : "";
    struct docker_image found;
    if (!docker_image_inspect(docker, *image, &found, error))
        return false;
    *data = xstrdup(docker_image_data(&found, json_text_at(service, "environment.PGDATA")));
    bool exists = found.exists;
    docker_image_free(&found);
    if (!exists)
        return no_image(*image, error);
    const char *key = json_text(compose_config_mount(service, *data), "source");
    const char *real = key ? compose_config_volume(config, key) : NULL;
    const char *mounted = real ? real : key;
    return (text_equal(mounted, volume) || wrong_volume(name, volume, mounted, error)) &&
           check_volume(docker, volume, error);
}

bool compose_service_is(const struct docker_container *container, const char *image,
                        const char *data, const char *volume)
{
    struct docker_mount mount;
    return container->exists && text_equal(container->image, image) &&
           docker_container_mount(container, data, &mount) && text_equal(mount.source, volume);
}
