/* pg_check_sessions.c: pg.check_sessions: the application's sessions are on the new server, and
 * nobody's is on the old one. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/server/proven.h"
#include "steps/server/server.h"

#include "base/clock.h"
#include "base/json.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"
#include "postgres/sessions.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY_MS 200
#define NAMES_MAX 5

struct application {
    const char *service;        /* the list's */
    struct text_list addresses; /* of its containers; one that doesn't run has none */
    size_t sessions;            /* on the new server */
};

struct looking {
    struct step_run *run;
    struct server_access new, old;
    struct pg_connection *on_new, *on_old;
    struct text_list services;
    struct application *applications; /* one a service */
    size_t sessions;                  /* of all of them, on the new server */
    bool all;                         /* each one that runs has some */
    size_t strangers;                 /* on the old one, whosever */
    struct text names;                /* theirs */
};

static void add_addresses(struct text_list *addresses, const struct docker_container *container)
{
    static const char *const keys[] = {"IPAddress", "GlobalIPv6Address"};
    const cJSON *network;
    cJSON_ArrayForEach(network, docker_networks(container))
    {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            const char *address = json_text(network, keys[i]);
            if (address && *address)
                text_list_add(addresses, address);
        }
    }
}

static bool read_service(struct looking *looking, struct application *application,
                         struct error *error)
{
    cJSON *list = NULL;
    const cJSON *entry;
    bool read = stack_containers(looking->new.docker, step_text(looking->run, "project"),
                                 application->service, &list, error);
    cJSON_ArrayForEach(entry, list)
    {
        struct docker_container container = {0};
        const char *id = json_text(entry, "Id");
        read = read && id && docker_inspect(looking->new.docker, id, &container, error);
        if (read)
            add_addresses(&application->addresses, &container);
        docker_container_free(&container);
    }
    cJSON_Delete(list);
    return read;
}

static bool read_addresses(struct looking *looking, struct error *error)
{
    bool read = true;
    stack_services(looking->run, "services", &looking->services);
    looking->applications = xcalloc(looking->services.count, sizeof *looking->applications);
    for (size_t i = 0; read && i < looking->services.count; i++) {
        looking->applications[i].service = looking->services.items[i];
        read = read_service(looking, &looking->applications[i], error);
    }
    return read;
}

static void count_sessions(struct looking *looking, const struct session_list *list)
{
    looking->sessions = 0;
    looking->all = true;
    for (size_t i = 0; i < looking->services.count; i++) {
        struct application *application = &looking->applications[i];
        application->sessions = 0;
        for (size_t j = 0; j < list->count; j++)
            application->sessions += text_list_has(&application->addresses, list->items[j].address);
        looking->sessions += application->sessions;
        looking->all = looking->all && (application->sessions || !application->addresses.count);
    }
}

static bool look(struct looking *looking, struct error *error)
{
    struct session_list on_new = {0}, on_old = {0};
    bool read = sessions_read(looking->on_new, NULL, &on_new, error) &&
                sessions_read(looking->on_old, NULL, &on_old, error);
    looking->strangers = on_old.count;
    count_sessions(looking, &on_new);
    text_consume(&looking->names, looking->names.length);
    session_list_describe(&on_old, NAMES_MAX, &looking->names);
    session_list_free(&on_new);
    session_list_free(&on_old);
    return read;
}

/* One of several that has none may only connect when it is asked for something. */
static void report_services(const struct looking *looking)
{
    for (size_t i = 0; i < looking->services.count; i++) {
        const struct application *application = &looking->applications[i];
        enum verdict none = looking->sessions ? VERDICT_WARN : VERDICT_FAIL;
        step_check(looking->run, "on the new server", application->sessions ? VERDICT_PASS : none,
                   application->addresses.count ? "%zu sessions of service %s"
                                                : "%zu sessions of service %s, which doesn't run "
                                                  "or has no address of its own",
                   application->sessions, application->service);
    }
}

static bool judge(const struct looking *looking, struct error *error)
{
    report_services(looking);
    step_check(looking->run, "on the old server", looking->strangers ? VERDICT_FAIL : VERDICT_PASS,
               looking->strangers ? "%zu sessions: %s" : "%zu sessions%s", looking->strangers,
               text_string(&looking->names));
    if (!looking->sessions) {
        error_set(error, ERROR_OTHER, "the application has no session on the new server");
        return error_remedy(error, "Does it connect only when it is asked for something? Ask it, "
                                   "then retry. Through a pooler it isn't seen: look there.");
    }
    if (looking->strangers) {
        error_set(error, ERROR_OTHER, "the old server still has sessions: %s",
                  text_string(&looking->names));
        return error_remedy(error, "Who is that? It may have the address elsewhere. Let it use the "
                                   "new server, then retry.");
    }
    return true;
}

/* Nothing was written there to the end. */
static bool check_unmoved(const struct looking *looking, struct error *error)
{
    const char *key = step_text(looking->run, "proven");
    struct proven_place place = {0};
    if (!key)
        return true;
    if (!proven_look(looking->run, key, looking->on_old, &place, error))
        return false;
    step_check(looking->run, "written on the old server", place.same ? VERDICT_PASS : VERDICT_FAIL,
               place.same ? "nothing since the copy was proven: transaction id %llu"
                          : "something since the copy was proven: transaction id %llu then, %s now",
               place.proven, place.now.xid);
    if (place.same)
        return true;
    error_set(error, ERROR_OTHER,
              "something was written on the old server after the copy was "
              "proven");
    return error_remedy(error, "The copy lacks that. Roll back, and begin again with "
                               "--set fence=network; or find it on the old server, which is "
                               "unchanged, and carry it over by hand.");
}

static bool wait_for_sessions(struct looking *looking, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + step_duration(looking->run, "for");
    for (;;) {
        if (!look(looking, error))
            return false;
        if ((looking->sessions && looking->all && !looking->strangers) ||
            clock_monotonic_ms() >= deadline)
            return judge(looking, error);
        clock_sleep_ms(LOOK_EVERY_MS);
    }
}

static bool run_check_sessions(struct step_run *run, struct error *error)
{
    struct looking looking = {.run = run};
    if (server_not_yet(run, step_text(run, "new")))
        return true;
    looking.on_new = server_open_argument(run, "new", &looking.new, error);
    looking.on_old = looking.on_new ? server_open_argument(run, "old", &looking.old, error) : NULL;
    bool right = looking.on_old && server_needs_container(&looking.new, error) &&
                 read_addresses(&looking, error) && wait_for_sessions(&looking, error) &&
                 check_unmoved(&looking, error);
    pg_close(looking.on_new);
    pg_close(looking.on_old);
    server_free(&looking.new);
    server_free(&looking.old);
    for (size_t i = 0; looking.applications && i < looking.services.count; i++)
        text_list_free(&looking.applications[i].addresses);
    free(looking.applications);
    text_list_free(&looking.services);
    text_free(&looking.names);
    return right;
}

static const struct argument arguments[] = {
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"services", ARGUMENT_LIST, true, NULL, NULL, "the application's services"},
    {"new", ARGUMENT_SERVER, true, NULL, NULL, "the server that they have to be connected to"},
    {"old", ARGUMENT_SERVER, true, NULL, NULL, "the server that nobody may be connected to"},
    {"proven", ARGUMENT_TEXT, false, NULL, NULL,
     "a fact with a transaction id, such as drift, which the old server has to stand at still"},
    {"for", ARGUMENT_DURATION, false, "30s", NULL, "how long to wait for that"},
    {0},
};

const struct action pg_check_sessions_action = {
    .name = "pg.check_sessions",
    .danger = DANGER_READ,
    .help = "check that the application is connected to the new server, service by service, and "
            "nobody to the old one",
    .arguments = arguments,
    .run = run_check_sessions,
};
