/* docker_check_move.c: docker.check_move: whether a stack allows that a running server takes over
 * another one's endpoint, and if not, why. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/docker/docker_common.h"
#include "steps/findings.h"
#include "steps/move/ask_server.h"
#include "steps/move/blueprint.h"
#include "steps/move/obstacles.h"
#include "steps/move/parked.h"
#include "steps/move/report_place.h"

#include "base/json.h"
#include "compose/config.h"
#include "docker/attachment.h"
#include "docker/lifecycle.h"
#include "docker/network.h"
#include "docker/system.h"

#include <stdlib.h>
#include <unistd.h>

#define OLDEST_ENGINE "20.10"
#define LOCK_MS 120000L

struct check_move {
    struct docker *docker;
    struct findings findings;
    struct stack stack;
    cJSON *config, *containers, *siblings;
    struct docker_container container;
    struct move_view view;
};

static void report(struct check_move *check, const struct move_obstacle *row, const char *found)
{
    char *remedy = row->weight == VERDICT_WARN
                       ? xstrdup(row->remedy)
                       : xprintf("%s%s" MOVE_OTHER_RUNBOOK, row->remedy ? row->remedy : "",
                                 row->remedy ? " Or use" : "Use");
    struct finding finding = {.key = row->key, .name = row->name, .remedy = remedy};
    finding.verdict = *found ? row->weight : VERDICT_PASS;
    if (!*found)
        finding.remedy = NULL;
    finding_add(&check->findings, &finding, "%s", *found ? found : row->fine);
    free(remedy);
}

static void look_at_stack(struct check_move *check)
{
    for (const struct move_obstacle *row = obstacles; row->key; row++) {
        struct text found = {0};
        row->look(&check->view, &found);
        report(check, row, text_string(&found));
        text_free(&found);
    }
}

static bool check_engine(struct check_move *check, struct error *error)
{
    static const struct move_obstacle row = {
        .key = "engine", .name = "engine", .weight = VERDICT_FAIL};
    struct docker_system system = {0};
    struct text found = {0};
    bool read = docker_system_read(check->docker, &system, error);
    if (read && docker_version_compare(system.version, OLDEST_ENGINE) < 0)
        text_printf(&found, "Docker engine %s is older than " OLDEST_ENGINE, system.version);
    struct move_obstacle named = row;
    char *fine = xprintf("Docker engine %s", read ? system.version : "");
    named.fine = fine;
    if (read)
        report(check, &named, text_string(&found));
    free(fine);
    text_free(&found);
    docker_system_free(&system);
    return read;
}

/* A bridge on this host is what the move was tried on. */
static bool check_drivers(struct check_move *check, struct error *error)
{
    const cJSON *entry;
    struct text found = {0}, fine = {0};
    bool done = true;
    cJSON_ArrayForEach(entry, docker_networks(&check->container))
    {
        cJSON *network = NULL;
        done = done && docker_network_inspect(check->docker, entry->string, &network, error);
        const char *driver = json_text(network, "Driver");
        bool bridge = text_equal(driver, "bridge");
        struct text *text = bridge ? &fine : &found;
        text_printf(text, "%s%s (%s)", text->length ? ", " : "", entry->string,
                    driver ? driver : "gone");
        cJSON_Delete(network);
    }
    struct move_obstacle row = {.key = "drivers", .name = "networks", .weight = VERDICT_FAIL};
    row.fine = text_string(&fine);
    if (done)
        report(check, &row, text_string(&found));
    text_free(&found);
    text_free(&fine);
    return done;
}

/* The hash that Compose gives the service now, against the one it wrote into the container's label:
 * only a container that is in force stays after `docker compose up`. */
static bool check_hash(struct check_move *check, struct error *error)
{
    struct stack_resolved resolved;
    char *hash = NULL;
    stack_resolve(&check->stack, check->config, &resolved);
    bool read = compose_hash(&resolved.project, check->view.name, &hash, error);
    stack_resolved_free(&resolved);
    const char *label = docker_container_label(&check->container, COMPOSE_LABEL("config-hash"));
    const struct move_obstacle row = {
        .key = "in_force",
        .name = "compose file in force",
        .fine = "docker compose up would leave the container as it is",
        .remedy = "The new container is made from the file as it is then; bring both together with "
                  "docker compose up -d at a quiet time.",
        .weight = VERDICT_WARN};
    if (read)
        report(check, &row,
               text_equal(hash, label) ? "" : "docker compose up would recreate the container");
    free(hash);
    return read;
}

/* One that this run has made to take the service over isn't a second replica. */
static bool drop_parked(struct check_move *check, struct error *error)
{
    for (int i = cJSON_GetArraySize(check->siblings); i-- > 0;) {
        struct docker_container container = {0};
        const char *id = json_text(cJSON_GetArrayItem(check->siblings, i), "Id");
        bool own = false;
        bool looked =
            docker_inspect(check->docker, id ? id : "", &container, error) &&
            (!container.exists || parked_is_own(check->findings.run, &container, &own, error));
        docker_container_free(&container);
        if (!looked)
            return false;
        if (own)
            cJSON_DeleteItemFromArray(check->siblings, i);
    }
    return true;
}

static bool read_stack(struct check_move *check, struct error *error)
{
    const struct step_run *run = check->findings.run;
    const char *project = step_text(run, "project");
    struct move_view *view = &check->view;
    view->name = step_text(run, "service");
    if (!stack_open(check->findings.run, check->docker, &check->stack, error) ||
        !compose_config(&check->stack.project, &check->config, error) ||
        !compose_config_service(check->config, view->name, &view->service, error) ||
        !step_container(check->docker, step_text(run, "container"), &check->container, error) ||
        !docker_list(check->docker, NULL, &check->containers, error) ||
        !stack_containers(check->docker, project, view->name, &check->siblings, error) ||
        !drop_parked(check, error))
        return false;
    view->config = check->config;
    view->container = &check->container;
    view->containers = check->containers;
    view->siblings = check->siblings;
    return true;
}

/* The runbook finds the server that serves by its name, there and on the way back. */
static void compare_name(struct check_move *check, const char *made)
{
    static const struct move_obstacle row = {
        .key = "name",
        .name = "container's name",
        .fine = "it is the one that Compose gives",
        .remedy = "Rename it, which it serves through (docker rename), and start again with that "
                  "name.",
        .weight = VERDICT_FAIL};
    struct text found = {0};
    if (!text_equal(check->container.name, made))
        text_printf(&found, "the container is called %s, and Compose would call it %s",
                    check->container.name, made);
    report(check, &row, text_string(&found));
    text_free(&found);
}

/* Without asking Compose: its separator is "_" instead of "-" where it is told to be compatible. */
static void foresee_name(struct check_move *check)
{
    const char *project = check->stack.project.name, *service = check->view.name;
    const char *given = json_text(check->view.service, "container_name");
    char *name = given ? xstrdup(given) : xprintf("%s-%s-1", project, service);
    char *compatible = xprintf("%s_%s_1", project, service);
    if (given || !text_equal(check->container.name, compatible))
        compare_name(check, name);
    free(compatible);
    free(name);
}

/* What docker.park will ask of Compose later, behind the gate, is asked once now, of the stack as
 * it stands: a container is made that is never started, and removed again. */
static bool try_pattern(struct check_move *check, struct error *error)
{
    static const struct move_obstacle row = {
        .key = "pattern",
        .name = "made by Compose",
        .fine = "Compose makes the container that the new server's is to be like",
        .weight = VERDICT_FAIL};
    struct step_run *run = check->findings.run;
    struct blueprint pattern = {0};
    struct error reason = ERROR_INIT;
    int lock = -1;
    if (run->planning)
        foresee_name(check);
    if (run->planning || check->findings.failures)
        return true;
    bool locked = stack_lock(run, LOCK_MS, &lock, error);
    bool made = locked && blueprint_make(run, check->docker, &check->stack, check->config,
                                         check->view.name, &pattern, &reason);
    if (locked)
        report(check, &row, made ? "" : reason.message);
    if (made)
        compare_name(check, pattern.name);
    blueprint_free(&pattern);
    if (lock >= 0)
        close(lock);
    return locked;
}

static bool judge(struct check_move *check, struct error *error)
{
    bool allowed = findings_judge(&check->findings, error);
    step_check(check->findings.run, "warm switch", allowed ? VERDICT_PASS : VERDICT_FAIL,
               allowed ? "this stack allows it" : "this stack doesn't allow it");
    step_fact(check->findings.run, FACT_WARM_SWITCH, cJSON_CreateBool(allowed));
    return allowed;
}

static bool run_check_move(struct step_run *run, struct error *error)
{
    struct check_move check = {.findings = {.run = run}};
    check.docker = docker_open(error);
    bool done = check.docker && read_stack(&check, error) && check_engine(&check, error) &&
                check_drivers(&check, error);
    if (done) {
        look_at_stack(&check);
        report_place(run, check.docker, &check.container);
        ask_server(&check.findings);
        ask_pooler(&check.findings);
    }
    done = done && check_hash(&check, error) && try_pattern(&check, error) && judge(&check, error);
    docker_container_free(&check.container);
    cJSON_Delete(check.siblings);
    cJSON_Delete(check.containers);
    cJSON_Delete(check.config);
    stack_close(&check.stack);
    docker_close(check.docker);
    return done;
}

static const struct argument arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the server's service"},
    {"container", ARGUMENT_TEXT, true, NULL, NULL, "its running container"},
    {"server", ARGUMENT_SERVER, false, NULL, NULL,
     "the same as a server, to be asked whether it lets its writes be stopped and followed"},
    {"pooler", ARGUMENT_TEXT, false, NULL, NULL,
     "PgBouncer in front of it: the server entry of its admin console; empty for none"},
    {FINDINGS_ARGUMENT, ARGUMENT_LIST, false, NULL, NULL, FINDINGS_HELP},
    {0},
};

const struct action docker_check_move_action = {
    .name = "docker.check_move",
    .danger = DANGER_READ,
    .help = "check whether this stack allows the warm switch: a running server takes over another "
            "one's endpoint; Compose makes its container once for that, which is removed without a "
            "start",
    .arguments = arguments,
    .run = run_check_move,
};
