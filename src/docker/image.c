/* image.c: what an image says about itself, and its removal. */
#include "docker/image.h"

#include "base/json.h"
#include "docker/connection.h"
#include "docker/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#define REMOVE_MS 120000L

/* "pgvector/pgvector@sha256:..." as "sha256:...". */
static char *digest_of(const cJSON *inspect)
{
    const cJSON *digests = cJSON_GetObjectItemCaseSensitive(inspect, "RepoDigests");
    const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(digests, 0));
    const char *at = first ? strchr(first, '@') : NULL;
    return xstrdup(at ? at + 1 : "");
}

bool docker_image_inspect(struct docker *docker, const char *name, struct docker_image *image,
                          struct error *error)
{
    *image = (struct docker_image){0};
    char *part = docker_escape(name);
    char *path = xprintf("/images/%s/json", part);
    free(part);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, "GET", path, NULL, 0, &status, &answer, error);
    free(path);
    if (!called)
        return error_wrap(error, "asking for image %s", name);
    if (status == 404) {
        cJSON_Delete(answer);
        return true;
    }
    if (!docker_accepted(status, answer, error, "asking for image %s", name))
        return false;
    const char *id = json_text(answer, "Id");
    image->exists = true;
    image->id = xstrdup(id ? id : "");
    image->digest = digest_of(answer);
    image->inspect = answer;
    return true;
}

void docker_image_free(struct docker_image *image)
{
    free(image->id);
    free(image->digest);
    cJSON_Delete(image->inspect);
    *image = (struct docker_image){0};
}

const char *docker_image_environment(const struct docker_image *image, const char *name)
{
    return docker_environment_in(json_at(image->inspect, "Config.Env"), name);
}

const char *docker_image_data(const struct docker_image *image, const char *override)
{
    const char *own = docker_image_environment(image, "PGDATA");
    if (override && *override)
        return override;
    return own && *own ? own : DOCKER_POSTGRES_DATA;
}

const char *docker_image_mount(const struct docker_image *image, const char *data)
{
    const cJSON *volume;
    const char *best = data;
    size_t length = 0;
    cJSON_ArrayForEach(volume, json_at(image->inspect, "Config.Volumes"))
    {
        if (docker_path_holds(volume->string, data) && strlen(volume->string) > length) {
            best = volume->string;
            length = strlen(best);
        }
    }
    return best;
}

bool docker_image_uses_mount(const struct docker_image *image, const char *data, const char *mount,
                             struct error *error)
{
    if (!docker_path_holds(mount, data)) {
        error_set(error, ERROR_OTHER,
                  "the image keeps its data in %s, which a volume at %s doesn't hold", data, mount);
        return error_remedy(error,
                            "Mount the volume at %s (images of PostgreSQL 18 and newer moved it).",
                            docker_image_mount(image, data));
    }
    const cJSON *volume;
    cJSON_ArrayForEach(volume, json_at(image->inspect, "Config.Volumes"))
    {
        const char *own = volume->string;
        if (docker_path_holds(own, data) && docker_path_holds(mount, own) &&
            !docker_path_holds(own, mount))
            return error_set(error, ERROR_OTHER,
                             "the image declares a volume of its own at %s, inside of %s: the data "
                             "would go into an anonymous volume",
                             own, mount);
    }
    return true;
}

static bool in_use(struct docker *docker, const char *name, cJSON *answer, struct error *error)
{
    cJSON *list = NULL;
    struct text holders = {0};
    struct error ignored = ERROR_INIT;
    if (docker_list_by(docker, "ancestor", name, &list, &ignored))
        docker_listed_names(list, &holders);
    cJSON_Delete(list);
    error_set(error, ERROR_OTHER, "image %s can't be removed: %s", name, docker_message(answer));
    if (holders.length)
        error_remedy(error, "It is used by: %s.", text_string(&holders));
    text_free(&holders);
    cJSON_Delete(answer);
    return false;
}

bool docker_image_remove(struct docker *docker, const char *name, bool *removed,
                         struct error *error)
{
    char *part = docker_escape(name);
    char *path = xprintf("/images/%s", part);
    free(part);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, "DELETE", path, NULL, REMOVE_MS, &status, &answer, error);
    free(path);
    *removed = called && status < 400;
    if (!called)
        return error_wrap(error, "removing image %s", name);
    if (status == 409)
        return in_use(docker, name, answer, error);
    if (status != 404 && !docker_accepted(status, answer, error, "removing image %s", name))
        return false;
    cJSON_Delete(answer);
    return true;
}

bool docker_image_prune(struct docker *docker, double *freed_bytes, int *count, struct error *error)
{
    char *filter = docker_escape("{\"dangling\":[\"true\"]}");
    char *path = xprintf("/images/prune?filters=%s", filter);
    int status = 0;
    cJSON *answer = NULL;
    bool called = docker_call(docker, "POST", path, NULL, REMOVE_MS, &status, &answer, error) &&
                  docker_accepted(status, answer, error, "removing dangling images");
    free(path);
    free(filter);
    if (!called)
        return false;
    const cJSON *entry;
    *freed_bytes = json_number_at(answer, "SpaceReclaimed");
    *count = 0;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(answer, "ImagesDeleted"))
    {
        *count += json_text(entry, "Deleted") != NULL;
    }
    cJSON_Delete(answer);
    return true;
}
