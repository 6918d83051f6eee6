/* compose_deploy.c: compose.deploy: services are made as the compose file and the environment files
 * now say, and no other container is touched. */
#include "steps/actions.h"
#include "steps/compose/application_down.h"
#include "steps/compose/compose_common.h"
#include "steps/compose/deploy_probe.h"
#include "steps/compose/deploy_trial.h"
#include "steps/compose/stack_list.h"
#include "steps/server/proven.h"
#include "steps/switched.h"

#include "base/clock.h"
#include "base/json.h"
#include "compose/config.h"
#include "docker/lifecycle.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MARGIN_MS 300000L

struct deploy {
    struct step_run *run;
    struct docker *docker;
    struct stack stack;
    cJSON *config;
    struct text_list services;
    cJSON *before; /* the project's containers */
    struct deploy_probe probe;
    bool first_switch; /* this attempt has recorded the switch, and no attempt before it had */
    int64_t began_ms, began_wall_ms;
    int64_t since;  /* wall ms: it was down before; 0: it wasn't */
    bool went_down; /* this one is an outage on record, until it was seen to answer */
    bool answered;  /* in the end, or there is no address to ask */
    long outage_ms; /* at the address; -1: not measured */
};

static bool read_services(struct deploy *deploy, struct error *error)
{
    const cJSON *service;
    stack_services(deploy->run, "services", &deploy->services);
    for (size_t i = 0; i < deploy->services.count; i++)
        if (!compose_config_service(deploy->config, deploy->services.items[i], &service, error))
            return false;
    return true;
}

static bool prepare(struct deploy *deploy, struct error *error)
{
    return stack_open(deploy->run, deploy->docker, &deploy->stack, error) &&
           compose_config(&deploy->stack.project, &deploy->config, error) &&
           read_services(deploy, error) &&
           stack_containers(deploy->docker, step_text(deploy->run, "project"), NULL,
                            &deploy->before, error);
}

/* What is left has to stand as it was proven. */
static bool check_unmoved(struct deploy *deploy, struct error *error)
{
    const char *key = step_text(deploy->run, "proven"), *left = step_text(deploy->run, "left");
    if (!key || deploy->run->undoing)
        return true;
    if (!left)
        return error_set(error, ERROR_RUNBOOK, "compose.deploy with proven needs left");
    return proven_unmoved(deploy->run, key, left, "nothing was deployed", error);
}

/* ---- which containers were touched ---- */

static bool same_container(const cJSON *before, const cJSON *after)
{
    return before && after && text_equal(json_text(before, "Id"), json_text(after, "Id"));
}

static void add_name(struct text *text, const cJSON *entry)
{
    text_printf(text, "%s%s", text->length ? ", " : "", docker_listed_name(entry));
}

/* Every other container has to be the one that was there before. */
static bool check_others(struct deploy *deploy, struct error *error)
{
    struct text made = {0}, same = {0}, wrong = {0};
    const cJSON *entry;
    cJSON *after = NULL;
    if (!stack_containers(deploy->docker, step_text(deploy->run, "project"), NULL, &after, error))
        return false;
    cJSON_ArrayForEach(entry, after)
    {
        const cJSON *old = stack_list_find(deploy->before, docker_listed_name(entry));
        add_name(same_container(old, entry) ? &same : &made, entry);
    }
    cJSON_ArrayForEach(entry, deploy->before)
    {
        if (!stack_list_is_of(&deploy->services, entry) &&
            !same_container(entry, stack_list_find(after, docker_listed_name(entry))))
            add_name(&wrong, entry);
    }
    step_check(deploy->run, "containers", wrong.length ? VERDICT_FAIL : VERDICT_PASS,
               "made anew: %s; untouched: %s", made.length ? text_string(&made) : "none",
               same.length ? text_string(&same) : "none");
    bool right = !wrong.length ||
                 error_set(error, ERROR_OTHER, "Compose has replaced more than it should: %s",
                           text_string(&wrong));
    text_free(&made);
    text_free(&same);
    text_free(&wrong);
    cJSON_Delete(after);
    return right;
}

/* When no container of theirs was touched, nobody has got to the new server. An attempt before may
 * have touched them all: what that one recorded stays. */
static void take_back_switch(struct deploy *deploy)
{
    const char *volume = step_text(deploy->run, "volume");
    struct error ignored = ERROR_INIT;
    const cJSON *entry;
    cJSON *after = NULL;
    bool touched = !stack_containers(deploy->docker, step_text(deploy->run, "project"), NULL,
                                     &after, &ignored);
    cJSON_ArrayForEach(entry, after)
    {
        touched =
            touched ||
            (stack_list_is_of(&deploy->services, entry) &&
             !same_container(stack_list_find(deploy->before, docker_listed_name(entry)), entry));
    }
    if (deploy->first_switch && !touched)
        switched_take_back(deploy->run, volume);
    cJSON_Delete(after);
}

/* ---- the work ---- */

/* From here on the application may write on the new server. */
static bool record_switch(struct deploy *deploy, const char *volume, struct error *error)
{
    bool first = !step_switched(deploy->run);
    bool recorded = switched_record(deploy->run, volume, error);
    deploy->first_switch = first && recorded;
    return recorded;
}

/* Before it begins: a deployment that is cut off has its outage, too. */
static bool record_outage(struct deploy *deploy, struct error *error)
{
    struct step_run *run = deploy->run;
    const char *url = step_text(run, "probe");
    int64_t since = application_down_since(run);
    if (application_concerned(run, &deploy->services, url))
        deploy->since = since;
    deploy->began_ms = clock_monotonic_ms();
    deploy->began_wall_ms = clock_wall_ms();
    if (!url || !*url)
        return true;
    bool recorded = application_goes_down(run, &deploy->services, url, error);
    deploy->went_down = recorded && !since;
    return recorded;
}

static bool bring_up(struct deploy *deploy, struct error *error)
{
    struct step_run *run = deploy->run;
    const char *volume = step_text(run, "volume");
    struct compose_up up = {
        .services = &deploy->services,
        .start = true,
        .grace_ms = step_duration(run, "grace"),
        .timeout_ms = step_duration(run, "grace") + MARGIN_MS,
        .on_line = stack_log_line,
        .context = run,
    };
    const struct deploy_trial trial = {.run = run,
                                       .project = &deploy->stack.project,
                                       .services = &deploy->services,
                                       .before = deploy->before};
    up.dependencies = deploy_may_name_dependencies(&trial, &up);
    if (volume && !run->undoing && !record_switch(deploy, volume, error))
        return false;
    if (!run->undoing)
        step_fact_number(run, FACT_SERVING, (double)clock_wall_ms());
    if (!record_outage(deploy, error))
        return false;
    deploy_probe_start(&deploy->probe, step_text(run, "probe"));
    return compose_up(&deploy->stack.project, &up, error);
}

/* The outage that is over, from the application's stop or an earlier deployment on where it was
 * down before. */
static long outage_over(const struct deploy *deploy)
{
    if (deploy->outage_ms < 0)
        return (long)(clock_wall_ms() - (deploy->since ? deploy->since : deploy->began_wall_ms));
    return deploy->outage_ms + (deploy->since ? (long)(deploy->began_wall_ms - deploy->since) : 0);
}

static void report_up(struct deploy *deploy)
{
    char how[128];
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddNumberToObject(fact, "took_ms", (double)(clock_monotonic_ms() - deploy->began_ms));
    snprintf(how, sizeof how, "%s%s",
             deploy->outage_ms >= 0 ? "by its address" : "until its containers were up",
             deploy->since ? ", from the moment on when it was stopped or answered no more" : "");
    if (deploy->since || deploy->went_down)
        application_is_back(deploy->run, "deploy", fact, outage_over(deploy), how);
    else
        step_fact(deploy->run, "deploy", fact);
}

/* Nobody has seen its end: a later step may. */
static void report_down(struct deploy *deploy)
{
    char shown[32];
    int64_t since = deploy->since ? deploy->since : deploy->began_wall_ms;
    if (deploy->since || deploy->went_down)
        step_check(deploy->run, "application's outage", VERDICT_WARN, "%s, and it lasts",
                   text_duration(shown, sizeof shown, (long)(clock_wall_ms() - since)));
}

/* Of a deployment that failed, too: its outage was one. */
static void report(struct deploy *deploy)
{
    bool answers = false;
    deploy_probe_stop(&deploy->probe, &deploy->outage_ms, &answers);
    if (deploy->answered || answers)
        report_up(deploy);
    else
        report_down(deploy);
}

static bool deploy_services(struct deploy *deploy, struct error *error)
{
    bool done = bring_up(deploy, error) &&
                stack_wait_up(deploy->run, deploy->docker, &deploy->services,
                              step_duration(deploy->run, "for"), error) &&
                application_awaited(deploy->run, step_text(deploy->run, "probe"),
                                    step_duration(deploy->run, "for"), &deploy->answered, error);
    report(deploy);
    if (done)
        return check_others(deploy, error);
    take_back_switch(deploy);
    return false;
}

static bool run_deploy(struct step_run *run, struct error *error)
{
    struct deploy deploy = {.run = run, .outage_ms = -1, .probe = {0, -1, -1}};
    int lock = -1;
    deploy.docker = docker_open(error);
    bool done =
        deploy.docker && stack_lock(run, step_duration(run, "grace") + MARGIN_MS, &lock, error) &&
        prepare(&deploy, error) && check_unmoved(&deploy, error) && deploy_services(&deploy, error);
    cJSON_Delete(deploy.before);
    cJSON_Delete(deploy.config);
    text_list_free(&deploy.services);
    stack_close(&deploy.stack);
    if (lock >= 0)
        close(lock);
    docker_close(deploy.docker);
    return done;
}

static const struct argument arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"services", ARGUMENT_LIST, false, NULL, NULL,
     "the services, without what they depend on; none: all of the stack"},
    {"probe", ARGUMENT_TEXT, false, NULL, NULL,
     "an address that answers 2xx when the application works: the outage is measured by it; in an "
     "undo it is only a warning when it doesn't"},
    {"proven", ARGUMENT_TEXT, false, NULL, NULL,
     "a fact with a transaction id, such as drift, which the server `left` has to stand at still"},
    {"left", ARGUMENT_SERVER, false, NULL, NULL, "with proven: the server that is left"},
    {"volume", ARGUMENT_TEXT, false, NULL, NULL,
     "the volume whose server gets traffic by this: the switch is recorded"},
    {"grace", ARGUMENT_DURATION, false, "30s", NULL, "time for the containers to stop"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "time to run, become healthy and answer"},
    {0},
};

const struct action compose_deploy_action = {
    .name = "compose.deploy",
    .danger = DANGER_CHANGE,
    .help = "make services as the compose file now says, and leave every other container alone",
    .arguments = arguments,
    .run = run_deploy,
};
