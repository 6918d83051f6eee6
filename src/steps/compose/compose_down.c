/* compose_down.c: compose.list_volumes and compose.down: a developer's stack taken down with its
 * data, after it was said what goes. */
#include "steps/actions.h"
#include "steps/backup/check_backup.h"
#include "steps/compose/compose_common.h"
#include "steps/compose/down_record.h"
#include "steps/compose/stack_list.h"

#include "base/json.h"
#include "compose/config.h"
#include "docker/lifecycle.h"
#include "docker/volume.h"

#include <stdlib.h>
#include <unistd.h>

#define MARGIN_MS 300000L

/* ---- what goes ---- */

struct listing {
    struct step_run *run;
    struct docker *docker;
    cJSON *config, *containers;
    struct text names; /* of what goes */
};

static const char *real_name(const cJSON *volume)
{
    const char *name = json_text(volume, "name");
    return name ? name : volume->string;
}

/* Why a declared volume's data outlives `down --volumes`; NULL when it goes. With a driver of its
 * own, or options that name a place, Docker forgets the volume and leaves the place as it is.
 * Source: Docker manual, "docker volume create", --driver and --opt. */
static const char *why_stays(const cJSON *volume)
{
    const char *driver = json_text(volume, "driver");
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(volume, "driver_opts");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(volume, "external")))
        return "it is external";
    if (driver && *driver && !text_equal(driver, "local"))
        return "its driver isn't Docker's own";
    if (cJSON_GetArraySize(options) && !text_equal(json_text(options, "type"), "tmpfs"))
        return "its driver options name another place";
    return NULL;
}

static void add_name(struct listing *listing, const char *name)
{
    text_printf(&listing->names, "%s%s", listing->names.length ? ", " : "", name);
}

static void list_declared(struct listing *listing)
{
    const cJSON *volume;
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(listing->config, "volumes"))
    {
        const char *name = real_name(volume), *why = why_stays(volume);
        if (why) {
            step_check(listing->run, name, VERDICT_PASS, "its data stays, as %s", why);
            continue;
        }
        step_check(listing->run, name, VERDICT_WARN, "is removed with its data");
        add_name(listing, name);
    }
}

/* Those that an image's VOLUME or a mount without a source has made. Source: Compose manual,
 * "docker compose down", --volumes. */
static void list_anonymous(struct listing *listing)
{
    const cJSON *entry, *mount;
    cJSON_ArrayForEach(entry, listing->containers)
    {
        cJSON_ArrayForEach(mount, cJSON_GetObjectItemCaseSensitive(entry, "Mounts"))
        {
            const char *name = json_text(mount, "Name"), *at = json_text(mount, "Destination");
            if (!name || !text_equal(json_text(mount, "Type"), "volume") ||
                down_declared(listing->config, name))
                continue;
            step_check(listing->run, name, VERDICT_WARN,
                       "is removed with its data: container %s has it at %s",
                       docker_listed_name(entry), at ? at : "?");
            add_name(listing, name);
        }
    }
}

/* ---- whether the database's data goes ---- */

static bool data_stays(struct listing *listing, const struct docker_mount *mount,
                       struct error *error)
{
    const char *service = step_text(listing->run, "service");
    const char *kind = text_equal(mount->type, "volume") ? "volume" : "directory";
    const char *why = why_stays(down_declared(listing->config, mount->source));
    char *place = xprintf("%s %s%s%s", kind, mount->source, why ? ": " : "", why ? why : "");
    step_check(listing->run, service, VERDICT_FAIL, "its data stays in the %s", place);
    error_set(error, ERROR_OTHER,
              "docker compose down -v leaves the data of service %s alone, in the %s", service,
              place);
    free(place);
    return error_remedy(error,
                        "Another major version can't read it. Let the compose file give the "
                        "service a volume of the stack's own (declared under volumes: without "
                        "external, driver and driver_opts), bring the data into it, then begin "
                        "again.");
}

static bool check_mount(struct listing *listing, const struct docker_container *container,
                        struct error *error)
{
    struct docker_mount mount;
    bool mounted;
    if (!down_data_mount(listing->docker, container, &mount, &mounted, error))
        return false;
    if (!mounted)
        return true;
    return (text_equal(mount.type, "volume") &&
            !why_stays(down_declared(listing->config, mount.source))) ||
           data_stays(listing, &mount, error);
}

static bool check_data(struct listing *listing, struct error *error)
{
    const char *service = step_text(listing->run, "service");
    struct text_list services = {0};
    const cJSON *entry;
    bool good = true;
    if (!service || !*service)
        return true;
    text_list_add(&services, service);
    cJSON_ArrayForEach(entry, listing->containers)
    {
        struct docker_container container = {0};
        if (!good || !stack_list_is_of(&services, entry))
            continue;
        good = docker_inspect(listing->docker, docker_listed_name(entry), &container, error) &&
               check_mount(listing, &container, error);
        docker_container_free(&container);
    }
    text_list_free(&services);
    return good;
}

/* ---- who else holds them ---- */

/* One that `down` removes: of the project, not from `docker compose run`, of a service that is in
 * force. */
static bool down_removes(const struct listing *listing, const cJSON *user)
{
    const cJSON *services = cJSON_GetObjectItemCaseSensitive(listing->config, "services");
    const char *service = json_text(json_at(user, "Labels"), COMPOSE_LABEL("service"));
    return stack_list_find(listing->containers, docker_listed_name(user)) && service &&
           cJSON_GetObjectItemCaseSensitive(services, service);
}

static bool held_by(struct listing *listing, const char *volume, const char *container,
                    struct error *error)
{
    step_check(listing->run, volume, VERDICT_FAIL, "container %s holds it", container);
    error_set(error, ERROR_OTHER,
              "volume %s wouldn't be removed: container %s, which docker compose down leaves "
              "alone, has it",
              volume, container);
    return error_remedy(error,
                        "It may be left of a docker compose run, or of a profile that isn't in "
                        "force. If nothing needs it any more: docker rm %s, then retry.",
                        container);
}

/* Docker keeps a volume that any container has, even a stopped one. */
static bool check_users(struct listing *listing, const char *volume, struct error *error)
{
    cJSON *users = NULL;
    const cJSON *user;
    bool good = docker_list_by(listing->docker, "volume", volume, &users, error);
    cJSON_ArrayForEach(user, users)
    {
        good = good && (down_removes(listing, user) ||
                        held_by(listing, volume, docker_listed_name(user), error));
    }
    cJSON_Delete(users);
    return good;
}

static bool check_holders(struct listing *listing, struct error *error)
{
    const cJSON *volume;
    bool good = true;
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(listing->config, "volumes"))
    {
        good = good && (why_stays(volume) || check_users(listing, real_name(volume), error));
    }
    return good;
}

static bool run_list_volumes(struct step_run *run, struct error *error)
{
    struct stack stack = {0};
    struct listing listing = {.run = run, .docker = docker_open(error)};
    bool read = listing.docker && stack_open(run, listing.docker, &stack, error) &&
                compose_config(&stack.project, &listing.config, error) &&
                stack_containers(listing.docker, step_text(run, "project"), NULL,
                                 &listing.containers, error);
    if (read) {
        list_declared(&listing);
        list_anonymous(&listing);
        step_fact_text(run, "compose.volumes",
                       listing.names.length ? text_string(&listing.names) : "none");
    }
    bool good = read && check_data(&listing, error) && check_holders(&listing, error);
    text_free(&listing.names);
    cJSON_Delete(listing.config);
    cJSON_Delete(listing.containers);
    stack_close(&stack);
    docker_close(listing.docker);
    return good;
}

/* ---- compose.down ---- */

/* Compose warns of a volume that some container still has, and ends with 0 all the same. Such a one
 * is an error that names who has it. Source: docker/compose, pkg/compose/down.go, removeVolume. */
static bool check_gone(struct step_run *run, struct docker *docker, const cJSON *config,
                       struct error *error)
{
    const cJSON *volume;
    bool gone = true;
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(config, "volumes"))
    {
        bool removed = false;
        if (!gone || why_stays(volume))
            continue;
        gone = docker_volume_remove(docker, real_name(volume), &removed, error);
        if (removed)
            step_log(run, "removed volume %s, which Compose had left", real_name(volume));
    }
    return gone;
}

struct taking_down {
    struct step_run *run;
    struct docker *docker;
    struct stack stack;
    cJSON *config, *containers;
};

/* From here on a server of the stack has what its own start makes, unless its data stays. */
static void record_emptied(struct step_run *run, const cJSON *config)
{
    const cJSON *volume;
    cJSON *fact = cJSON_CreateObject(), *stay;
    cJSON_AddStringToObject(fact, "project", step_text(run, "project"));
    stay = cJSON_AddArrayToObject(fact, "stay");
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(config, "volumes"))
    {
        if (why_stays(volume))
            cJSON_AddItemToArray(stay, cJSON_CreateString(real_name(volume)));
    }
    cJSON_AddBoolToObject(fact, "undoing", run->undoing);
    step_fact(run, FACT_EMPTIED, fact);
}

static bool remove_stack(struct taking_down *down, const struct compose_project *project,
                         struct error *error)
{
    struct compose_up times = {.grace_ms = step_duration(down->run, "grace"),
                               .timeout_ms = step_duration(down->run, "grace") + MARGIN_MS,
                               .on_line = stack_log_line,
                               .context = down->run};
    if (!compose_down_with_volumes(project, &times, error) ||
        !check_gone(down->run, down->docker, down->config, error))
        return false;
    record_emptied(down->run, down->config);
    return true;
}

/* The fact, where it is of this step's project; else NULL. */
static const cJSON *of_project(struct step_run *run, const char *key)
{
    const cJSON *fact = step_known(run, key);
    return text_equal(json_text(fact, "project"), step_text(run, "project")) ? fact : NULL;
}

static bool was_kept(struct step_run *run)
{
    return text_equal(fact_text(run, FACT_KEPT), step_text(run, "project"));
}

/* By the way back. */
static bool was_removed_again(struct step_run *run)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(of_project(run, FACT_EMPTIED), "undoing"));
}

static cJSON *make_record(struct taking_down *down, struct error *error)
{
    cJSON *record = down_record_make(down->docker, down->config, down->containers,
                                     step_text(down->run, "service"), error);
    if (record)
        cJSON_AddStringToObject(record, "project", step_text(down->run, "project"));
    return record;
}

/* On disk before Compose acts: without it a way back has nothing to remove. What the first attempt
 * found stands for those after it, until a way back came through. */
static bool record_begun(struct taking_down *down, struct error *error)
{
    struct step_run *run = down->run;
    const cJSON *before = of_project(run, FACT_DOWN_BEGAN);
    bool stands = before && !was_kept(run) && !was_removed_again(run);
    cJSON *record = stands ? cJSON_Duplicate(before, true) : make_record(down, error);
    if (!record)
        return false;
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddItemToObject(facts, FACT_DOWN_BEGAN, record);
    cJSON_AddNullToObject(facts, FACT_KEPT);
    if (!stands)
        cJSON_AddNullToObject(facts, FACT_EMPTIED);
    return step_facts_kept(run, facts, error);
}

/* ---- its way back ---- */

/* The engine goes on stopping what it was asked to stop, whoever asked being gone: each is waited
 * for, so that nothing is started that is stopped right after. */
static bool wait_for_stops(struct taking_down *down, struct error *error)
{
    const struct listing listing = {.config = down->config, .containers = down->containers};
    const cJSON *entry;
    bool stopped = true;
    cJSON_ArrayForEach(entry, down->containers)
    {
        stopped = stopped && (!down_removes(&listing, entry) ||
                              docker_stop(down->docker, docker_listed_name(entry),
                                          step_duration(down->run, "grace"), error));
    }
    return stopped;
}

static bool keep(struct taking_down *down, struct error *error)
{
    struct step_run *run = down->run;
    const char *project = step_text(run, "project");
    if (!wait_for_stops(down, error))
        return false;
    step_check(run, project, VERDICT_PASS,
               "the database's data is still what it was: no more is removed, nothing restored");
    step_fact_text(run, FACT_KEPT, project);
    return true;
}

/* Compose leaves an external one alone. */
static void make_external(cJSON *volume)
{
    char *name = xstrdup(real_name(volume));
    cJSON_Delete(volume->child);
    volume->child = NULL;
    cJSON_AddStringToObject(volume, "name", name);
    cJSON_AddTrueToObject(volume, "external");
    free(name);
}

/* As long as the stack wasn't taken down as a whole, no volume but the server's can be of this
 * run's making: the others stay, where they are still there. */
static bool spare_volumes(struct taking_down *down, struct error *error)
{
    const char *data = json_text(of_project(down->run, FACT_DOWN_BEGAN), "volume");
    cJSON *volume;
    bool looked = true;
    cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(down->config, "volumes"))
    {
        struct docker_volume there = {0};
        const char *name = real_name(volume);
        if (!looked || why_stays(volume) || text_equal(name, data))
            continue;
        looked = docker_volume_inspect(down->docker, name, &there, error);
        if (looked && there.exists) {
            step_check(down->run, name, VERDICT_PASS, "it wasn't removed, and stays");
            make_external(volume);
        }
        docker_volume_free(&there);
    }
    return looked;
}

static bool check_needed(struct step_run *run, struct error *error)
{
    char *path = step_path(run, "needs");
    bool there = !path || !*path || check_backup_file(run, path, false, error);
    free(path);
    return there;
}

static bool remove_again(struct taking_down *down, struct error *error)
{
    struct stack_resolved resolved;
    if (!check_needed(down->run, error))
        return false;
    if (of_project(down->run, FACT_EMPTIED))
        return remove_stack(down, &down->stack.project, error);
    if (!spare_volumes(down, error))
        return false;
    stack_resolve(&down->stack, down->config, &resolved);
    bool removed = remove_stack(down, &resolved.project, error);
    stack_resolved_free(&resolved);
    return removed;
}

static bool go_back(struct taking_down *down, struct error *error)
{
    bool there = false;
    if (!down_record_has_data(down->docker, of_project(down->run, FACT_DOWN_BEGAN), &there, error))
        return false;
    return there ? keep(down, error) : remove_again(down, error);
}

/* The step may have failed before Compose was asked for anything, or an earlier try of the way back
 * has found the data or removed it all: what came since is that try's. */
static bool nothing_to_undo(struct step_run *run)
{
    const char *project = step_text(run, "project");
    bool begun = of_project(run, FACT_DOWN_BEGAN);
    if (run->undoing && was_kept(run)) {
        step_log(run, "its data was found to be there, on this way back: nothing is removed");
        return true;
    }
    if (!run->undoing || (begun && !was_removed_again(run)))
        return false;
    if (begun) {
        step_log(run, "removed before, on this way back: not once more");
        return true;
    }
    step_check(run, project, VERDICT_PASS,
               "this run has removed none of its volumes: all of them are kept");
    step_fact_text(run, FACT_KEPT, project);
    return true;
}

static bool take_down(struct taking_down *down, struct error *error)
{
    return record_begun(down, error) && remove_stack(down, &down->stack.project, error);
}

static bool run_down(struct step_run *run, struct error *error)
{
    struct taking_down down = {.run = run};
    int lock = -1;
    if (nothing_to_undo(run))
        return true;
    down.docker = docker_open(error);
    bool ready =
        down.docker && stack_lock(run, step_duration(run, "grace") + MARGIN_MS, &lock, error) &&
        stack_open(run, down.docker, &down.stack, error) &&
        compose_config(&down.stack.project, &down.config, error) &&
        stack_containers(down.docker, step_text(run, "project"), NULL, &down.containers, error);
    bool done = ready && (run->undoing ? go_back(&down, error) : take_down(&down, error));
    cJSON_Delete(down.config);
    cJSON_Delete(down.containers);
    stack_close(&down.stack);
    if (lock >= 0)
        close(lock);
    docker_close(down.docker);
    return done;
}

static const struct argument list_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, false, NULL, NULL,
     "the server's service: its data has to be in what goes"},
    {0},
};

const struct action compose_list_volumes_action = {
    .name = "compose.list_volumes",
    .danger = DANGER_READ,
    .help = "list the stack's volumes, anonymous ones too, and record those that compose.down "
            "removes (compose.volumes); one that another container has is refused",
    .arguments = list_arguments,
    .run = run_list_volumes,
};

static const struct argument down_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project, and no other"},
    {"service", ARGUMENT_TEXT, false, NULL, NULL,
     "the server's service: while its data is still there, an undo removes nothing; needed where "
     "the undo restores into it"},
    {"needs", ARGUMENT_PATH, false, NULL, NULL,
     "the backup without which an undo removes nothing, a file in plain SQL"},
    {"grace", ARGUMENT_DURATION, false, "30s", NULL, "time for the containers to stop"},
    {0},
};

const struct action compose_down_action = {
    .name = "compose.down",
    .danger = DANGER_DESTRUCTIVE,
    .help =
        "remove the stack's containers, networks and its own volumes with their data; in an undo "
        "only where this run has removed the server's, and none that is still what it was before",
    .arguments = down_arguments,
    .run = run_down,
};
