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

/* The engine's filter also takes in who has anything at a place of that name inside. Of several
 * mounts of one volume the one that can be written to counts. */
static const cJSON *mount_of(const cJSON *listed, const char *volume)
{
    const cJSON *mount, *found = NULL;
    cJSON_ArrayForEach(mount, cJSON_GetObjectItemCaseSensitive(listed, "Mounts"))
    {
        const char *name = json_text(mount, "Name");
        if (text_equal(name && *name ? name : json_text(mount, "Source"), volume) &&
            (!found || json_true_at(mount, "RW")))
            found = mount;
    }
    return found;
}

static bool has_volume(const cJSON *listed, const char *volume)
{
    return mount_of(listed, volume) || !cJSON_GetObjectItemCaseSensitive(listed, "Mounts");
}

/* Whether it was given the server's program, or an argument of it, or nothing, which is the same;
 * psql and a shell are something else. */
static bool is_told_to_serve(const struct docker_container *container, const cJSON *settings)
{
    const char *program =
        cJSON_GetStringValue(cJSON_GetArrayItem(json_at(container->inspect, "Config.Cmd"), 0));
    const char *servers = cJSON_GetStringValue(
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(settings, "Cmd"), 0));
    return !program || program[0] == '-' || text_equal(program, servers) ||
           text_equal(program, "postgres");
}

/* Of the service's one-offs: in doubt it is a server. */
static bool may_serve(const struct docker_container *once, const cJSON *settings)
{
    return is_told_to_serve(once, settings) ||
           !cJSON_Compare(json_at(once->inspect, "Config.Entrypoint"),
                          cJSON_GetObjectItemCaseSensitive(settings, "Entrypoint"), true);
}

/* Of somebody else's, who may have been there beside the server before: it is one when it runs one,
 * or is about to. A server writes to its data. */
static bool serves_elsewhere(const struct docker_container *other, const cJSON *mount,
                             const cJSON *settings)
{
    bool writes = !mount || json_true_at(mount, "RW");
    bool entrypoint = cJSON_Compare(json_at(other->inspect, "Config.Entrypoint"),
                                    cJSON_GetObjectItemCaseSensitive(settings, "Entrypoint"), true);
    return writes && entrypoint && is_told_to_serve(other, settings);
}

/* One that couldn't be asked may just have ended, as a backup's that was started with --rm. */
static bool still_runs(struct docker *docker, const char *id)
{
    struct docker_container now = {0};
    struct error ignored = ERROR_INIT;
    bool runs =
        !docker_inspect(docker, id, &now, &ignored) ||
        (now.exists && (text_equal(now.state, "running") || text_equal(now.state, "paused")));
    docker_container_free(&now);
    return runs;
}

/* Whatever it was started with. Of one that runs and can't be asked it is in doubt; one that is
 * restarting is told by what it was started with alone. */
static bool runs_server(struct docker *docker, const struct docker_container *container,
                        const cJSON *mount)
{
    static const char *const servers[] = {"postgres", "postmaster", NULL};
    struct error ignored = ERROR_INIT;
    bool runs = false;
    bool told = docker_runs_program(docker, container->id, servers, &runs, &ignored);
    return (told ? runs : still_runs(docker, container->id)) &&
           (!mount || json_true_at(mount, "RW"));
}

/* `container` exists afterwards when it counts. */
static bool look_at(struct docker *docker, const struct alone_kin *kin, const char *volume,
                    const cJSON *listed, struct docker_container *container, struct error *error)
{
    *container = (struct docker_container){0};
    bool of_service = kin && text_equal(label_of(listed, COMPOSE_LABEL("project")), kin->project) &&
                      text_equal(label_of(listed, COMPOSE_LABEL("service")), kin->service);
    bool once = text_equal(label_of(listed, COMPOSE_LABEL("oneoff")), "True");
    const cJSON *mount = mount_of(listed, volume);
    if (kin && !kin->settings && (!of_service || once))
        return true;
    if (!docker_inspect(docker, json_text(listed, "Id"), container, error))
        return false;
    if (container->exists && kin && (!of_service || once) &&
        !runs_server(docker, container, mount) &&
        !(of_service ? may_serve(container, kin->settings)
                     : serves_elsewhere(container, mount, kin->settings)))
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
            looked = look_at(docker, kin, volume, entry, user, error);
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
