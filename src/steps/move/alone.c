/* alone.c: who else lives on a server's data is asked right before it is started. */
#include "steps/move/alone.h"

#include "base/json.h"
#include "docker/lifecycle.h"
#include "steps/compose/compose_common.h"

bool alone_at_rest(const char *state)
{
    static const char *const states[] = {"created", "exited", "dead"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (text_equal(state, states[i]))
            return true;
    return false;
}

static bool same_label(const cJSON *listed, const struct docker_container *container,
                       const char *name)
{
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(listed, "Labels");
    return text_equal(json_text(labels, name), docker_container_label(container, name));
}

/* `kin`: one of the same service is looked for; NULL: anyone. */
static bool find(struct docker *docker, const char *volume, const char *own,
                 const struct docker_container *kin, struct docker_container *user,
                 struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    *user = (struct docker_container){0};
    bool looked = docker_list_by(docker, "volume", volume, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        const char *id = json_text(entry, "Id");
        bool counts = id && !text_equal(id, own) && !alone_at_rest(json_text(entry, "State")) &&
                      (!kin || (same_label(entry, kin, COMPOSE_LABEL("project")) &&
                                same_label(entry, kin, COMPOSE_LABEL("service"))));
        if (looked && !user->exists && counts)
            looked = docker_inspect(docker, id, user, error);
    }
    cJSON_Delete(list);
    return looked;
}

bool alone_user(struct docker *docker, const char *volume, const char *own,
                struct docker_container *user, struct error *error)
{
    return find(docker, volume, own, NULL, user, error);
}

static bool check(struct docker *docker, const char *volume, const char *own,
                  const struct docker_container *kin, struct error *error)
{
    struct docker_container user;
    bool looked = find(docker, volume, own, kin, &user, error), unused = !user.exists;
    if (looked && !unused) {
        error_set(error, ERROR_OTHER, "volume %s is in use by the container %s", volume, user.name);
        error_remedy(error, "Nothing was started: two servers on one data directory would destroy "
                            "it. Stop that container first.");
    }
    docker_container_free(&user);
    return looked && unused;
}

bool alone_check(struct docker *docker, const char *volume, const char *own, struct error *error)
{
    return check(docker, volume, own, NULL, error);
}

bool alone_start(struct docker *docker, const struct docker_container *container,
                 struct error *error)
{
    struct docker_mount data;
    bool mounted = docker_container_mount(container, docker_container_data(container), &data);
    return (!mounted || !data.source ||
            check(docker, data.source, container->id, container, error)) &&
           docker_start(docker, container->id, error);
}
