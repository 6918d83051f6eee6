/* load_environments.c: `environments`: what differs between the targets of one runbook, and which
 * of them has to be through before another. */
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/references.h"
#include "runbook/values.h"
#include "runbook/variables.h"

#include <stdlib.h>
#include <string.h>

static void read_set(struct loader *loader, const struct field *field, const struct node *node,
                     void *target);
static void read_require(struct loader *loader, const struct field *field, const struct node *node,
                         void *target);

static const struct field set_fields[] = {
    {"default", SHAPE_TEMPLATE, false, "the value when no source has one", NULL, NULL,
     offsetof(struct variable, fallback), read_fallback},
    {"from", SHAPE_TEXTS, false, "where the value may come from, instead of the variable's own",
     NULL, NULL, 0, read_sources},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table set_table = {"a value", set_fields, false};

static const struct field docker_fields[] = {
    {"host", SHAPE_TEXT, false, "address of the engine, as in DOCKER_HOST", NULL, NULL,
     offsetof(struct environment, docker_host), read_text},
    {"context", SHAPE_TEXT, false, "or the name of one of docker's contexts", NULL, NULL,
     offsetof(struct environment, docker_context), read_text},
    {"certificates", SHAPE_TEXT, false,
     "directory of ca.pem, cert.pem and key.pem, for a host over TLS", NULL, NULL,
     offsetof(struct environment, docker_certificates), read_text},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table docker_table = {"docker", docker_fields, false};

static const struct field require_fields[] = {
    {"for", SHAPE_DURATION, false, "how long it has to have been through; no time when not said",
     NULL, NULL, offsetof(struct requirement, for_ms), read_duration},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table require_table = {"a requirement", require_fields, false};

static const struct field fields[] = {
    {"about", SHAPE_TEXT, false, "what it is, in one line", NULL, NULL,
     offsetof(struct environment, about), read_text},
    {"set", SHAPE_VALUES, false, "values of variables, by name", NULL, &set_table, 0, read_set},
    {"docker", SHAPE_MAP, false, "its Docker engine; the shell's own when not said", NULL,
     &docker_table, 0, read_map},
    {"require", SHAPE_NAMED_MAPS, false,
     "earlier environments that have to be through before it begins", NULL, &require_table, 0,
     read_require},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table environment_table = {"an environment", fields, false};

static void read_set(struct loader *loader, const struct field *field, const struct node *node,
                     void *target)
{
    struct environment *environment = target;
    if (!expect_kind(loader, node, NODE_MAP, field->name))
        return;
    environment->set = xcalloc(node->count, sizeof *environment->set);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *entry = node->items[i];
        struct variable *value = &environment->set[environment->set_count++];
        value->name = xstrdup(entry->key->text);
        value->position = entry->key->position;
        if (entry->kind == NODE_MAP)
            fields_read(loader, field->table, entry, value);
        else
            read_fallback(loader, &set_fields[0], entry, value);
    }
}

static void read_require(struct loader *loader, const struct field *field, const struct node *node,
                         void *target)
{
    struct environment *environment = target;
    if (!expect_kind(loader, node, NODE_MAP, field->name))
        return;
    environment->require = xcalloc(node->count, sizeof *environment->require);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *entry = node->items[i];
        struct requirement *row = &environment->require[environment->require_count++];
        row->environment = xstrdup(entry->key->text);
        row->position = entry->key->position;
        fields_read(loader, field->table, entry, row);
    }
}

/* "ssh://user:password@host": a run keeps its runbook. */
static bool names_password(const char *address)
{
    const char *authority = strstr(address, "://");
    const char *user = authority ? authority + 3 : address;
    const char *at = strrchr(user, '@');
    return at && memchr(user, ':', (size_t)(at - user));
}

static void check_docker(struct loader *loader, const struct environment *environment,
                         const struct node *node)
{
    const struct node *docker = node_get(node, "docker");
    if (environment->docker_host && environment->docker_context)
        fault_add(loader->faults, docker->position,
                  "a Docker engine is named by its host or by a context, not by both");
    if (environment->docker_host && names_password(environment->docker_host))
        fault_add(loader->faults, docker->position,
                  "a Docker engine's address holds no password: ssh takes keys, TCP certificates");
    if (environment->docker_certificates && !environment->docker_host)
        fault_add(loader->faults, docker->position, "certificates are those of a host");
}

static void read_environment(struct loader *loader, const struct field *field,
                             const struct node *entry, struct environment *environment)
{
    environment->name = xstrdup(entry->key->text);
    environment->position = entry->key->position;
    check_id(loader, entry->key, "an environment's name");
    if (text_equal(environment->name, ENVIRONMENT_ALL))
        fault_add(loader->faults, environment->position,
                  "\"" ENVIRONMENT_ALL
                  "\" stands for all environments, so none can have that name");
    if (fields_read(loader, field->table, entry, environment))
        check_docker(loader, environment, entry);
}

/* ${environment} is a variable like the others, from here on. */
static void add_variable(struct loader *loader, struct position position)
{
    struct runbook *runbook = loader->runbook;
    const struct variable *own = runbook_variable(runbook, ENVIRONMENT_VARIABLE);
    if (own) {
        fault_add(loader->faults, own->position,
                  "${" ENVIRONMENT_VARIABLE "} is the environment's name and can't be declared");
        return;
    }
    runbook->variables =
        xrealloc(runbook->variables, (runbook->variable_count + 1) * sizeof *runbook->variables);
    runbook->variables[runbook->variable_count++] =
        (struct variable){.name = xstrdup(ENVIRONMENT_VARIABLE),
                          .about = xstrdup("the environment's name"),
                          .position = position};
}

void read_environments(struct loader *loader, const struct field *field, const struct node *node,
                       void *target)
{
    struct runbook *runbook = target;
    if (!expect_kind(loader, node, NODE_MAP, field->name))
        return;
    if (!node->count || node->count > ENVIRONMENTS_MAX) {
        fault_add(loader->faults, node->position, "a runbook has 1 to %d environments",
                  ENVIRONMENTS_MAX);
        return;
    }
    runbook->environments = xcalloc(node->count, sizeof *runbook->environments);
    for (size_t i = 0; i < node->count; i++)
        read_environment(loader, field, node->items[i],
                         &runbook->environments[runbook->environment_count++]);
    add_variable(loader, node->position);
}

static void check_set(struct loader *loader, struct environment *environment,
                      const struct node *node)
{
    struct text_list names = variable_names(loader->runbook);
    for (size_t i = 0; i < environment->set_count; i++) {
        struct variable *value = &environment->set[i];
        const struct variable *variable = runbook_variable(loader->runbook, value->name);
        const struct node *entry = node_get(node, value->name);
        if (!variable || text_equal(value->name, ENVIRONMENT_VARIABLE)) {
            fault_add_unknown(loader->faults, value->position, "there is no variable to set",
                              value->name, &names);
            continue;
        }
        value->secret = variable->secret;
        check_value_sources(loader, value,
                            entry->kind == NODE_MAP ? node_get(entry, "default") : entry);
    }
    text_list_free(&names);
}

/* Only one that stands before it can be required: so no two wait for each other. */
static void check_requirement(struct loader *loader, size_t index, const struct requirement *row)
{
    const struct runbook *runbook = loader->runbook;
    struct text_list names = {0};
    const struct environment *other = runbook_environment(runbook, row->environment);
    for (size_t i = 0; i < index; i++)
        text_list_add(&names, runbook->environments[i].name);
    if (!other)
        fault_add_unknown(loader->faults, row->position, "there is no environment",
                          row->environment, &names);
    else if (other >= &runbook->environments[index])
        fault_add(loader->faults, row->position,
                  "%s doesn't come before %s in this file, so it can't be required",
                  row->environment, runbook->environments[index].name);
    text_list_free(&names);
}

/* A phase for all between phases for each waits for every environment, also for one that waits
 * until another is through everything. */
static const struct phase *phase_between(const struct runbook *runbook)
{
    const struct phase *between = NULL;
    bool each = false;
    for (size_t i = 0; i < runbook->phase_count; i++) {
        const struct phase *phase = &runbook->phases[i];
        if (phase->scope == PHASE_ALL && each && !between)
            between = phase;
        each = each || phase->scope == PHASE_EACH;
        if (phase->scope == PHASE_EACH && between)
            return between;
    }
    return NULL;
}

static void check_requirements(struct loader *loader, size_t index)
{
    const struct environment *environment = &loader->runbook->environments[index];
    const struct phase *between = phase_between(loader->runbook);
    for (size_t i = 0; i < environment->require_count; i++)
        check_requirement(loader, index, &environment->require[i]);
    if (between && environment->require_count)
        fault_add(loader->faults, environment->require[0].position,
                  "%s would never be through: the phase %s, for all, waits for %s as well",
                  environment->require[0].environment, between->id, environment->name);
}

static bool has_phase_for_each(const struct runbook *runbook)
{
    for (size_t i = 0; i < runbook->phase_count; i++)
        if (runbook->phases[i].scope == PHASE_EACH)
            return true;
    return false;
}

void check_environments(struct loader *loader, const struct node *root)
{
    struct runbook *runbook = loader->runbook;
    const struct node *environments = node_get(root, "environments");
    size_t before = loader->faults->count;
    for (size_t i = 0; i < runbook->environment_count; i++) {
        struct environment *environment = &runbook->environments[i];
        const struct node *entry = node_get(environments, environment->name);
        check_set(loader, environment, entry ? node_get(entry, "set") : NULL);
        check_requirements(loader, i);
    }
    if (runbook->environment_count && runbook->phase_count && !has_phase_for_each(runbook))
        fault_add(loader->faults, environments->key->position,
                  "no phase runs for each environment");
    for (size_t i = 0; i < runbook->environment_count && loader->faults->count == before; i++) {
        variables_swap(runbook, &runbook->environments[i]);
        variables_check_cycles(runbook, loader->faults);
        variables_swap(runbook, &runbook->environments[i]);
    }
}
