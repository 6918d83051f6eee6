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

static const char *label_of(const cJSON *listed, const char *name)
{
    return json_text(cJSON_GetObjectItemCaseSensitive(listed, "Labels"), name);
}

/* The engine's filter also takes in who has anything at a place of that name inside. */
static bool has_volume(const cJSON *listed, const char *volume)
{
    const cJSON *mount, *mounts = cJSON_GetObjectItemCaseSensitive(listed, "Mounts");
    cJSON_ArrayForEach(mount, mounts)
    {
        const char *name = json_text(mount, "Name");
        if (text_equal(name && *name ? name : json_text(mount, "Source"), volume))
            return true;
    }
    return !mounts;
}

/* Whether a one-off of the service may be a server: in doubt it is. Another program than the
 * image's own, behind the same entrypoint, is none: psql, a shell. */
static bool may_serve(const struct docker_container *once, const cJSON *settings)
{
    const cJSON *entrypoint = json_at(once->inspect, "Config.Entrypoint");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(settings, "Entrypoint");
    const char *program =
        cJSON_GetStringValue(cJSON_GetArrayItem(json_at(once->inspect, "Config.Cmd"), 0));
    const char *servers = cJSON_GetStringValue(
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(settings, "Cmd"), 0));
    return !program || program[0] == '-' || text_equal(program, servers) ||
           text_equal(program, "postgres") || !cJSON_Compare(entrypoint, own, true);
}

static bool is_kin(struct docker *docker, const struct alone_kin *kin, const cJSON *listed,
                   struct docker_container *container, struct error *error)
{
    *container = (struct docker_container){0};
    if (kin && (!text_equal(label_of(listed, COMPOSE_LABEL("project")), kin->project) ||
                !text_equal(label_of(listed, COMPOSE_LABEL("service")), kin->service)))
        return true;
    if (!docker_inspect(docker, json_text(listed, "Id"), container, error))
        return false;
    bool once = kin && text_equal(label_of(listed, COMPOSE_LABEL("oneoff")), "True");
    if (once && !(kin->settings && may_serve(container, kin->settings)))
        docker_container_free(container);
    return true;
}

/* `kin` NULL: anyone. */
static bool find(struct docker *docker, const char *volume, const char *own,
                 const struct alone_kin *kin, struct docker_container *user, struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    *user = (struct docker_container){0};
    bool looked = docker_list_by(docker, "volume", volume, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        const char *id = json_text(entry, "Id");
        bool lives = id && !text_equal(id, own) && !alone_at_rest(json_text(entry, "State")) &&
                     has_volume(entry, volume);
        if (looked && !user->exists && lives)
            looked = is_kin(docker, kin, entry, user, error);
    }
    cJSON_Delete(list);
    return looked;
}

bool alone_server(struct docker *docker, const char *volume, const char *project,
                  const char *service, struct docker_container *server, struct error *error)
{
    const struct alone_kin kin = {.project = project, .service = service};
    return find(docker, volume, NULL, &kin, server, error);
}

bool alone_check(struct docker *docker, const char *volume, const char *own,
                 const struct alone_kin *kin, struct error *error)
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

bool alone_start(struct docker *docker, const struct docker_container *container,
                 struct error *error)
{
    struct docker_mount data;
    const struct alone_kin kin = {
        .project = docker_container_label(container, COMPOSE_LABEL("project")),
        .service = docker_container_label(container, COMPOSE_LABEL("service")),
        .settings = json_at(container->inspect, "Config"),
    };
    bool mounted = docker_container_mount(container, docker_container_data(container), &data);
    return (!mounted || !data.source ||
            alone_check(docker, data.source, container->id, &kin, error)) &&
           docker_start(docker, container->id, error);
}
