/* load_steps.c: `phases` and their steps. */
#include "runbook/condition.h"
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 64
#define STEPS_MAX 1000 /* of a runbook */

static void read_id(struct loader *loader, const struct field *field, const struct node *node,
                    void *target);
static void read_when(struct loader *loader, const struct field *field, const struct node *node,
                      void *target);
static void read_scope(struct loader *loader, const struct field *field, const struct node *node,
                       void *target);
static void read_retry_from(struct loader *loader, const struct field *field,
                            const struct node *node, void *target);
static void read_steps(struct loader *loader, const struct field *field, const struct node *node,
                       void *target);

static const struct field expect_fields[] = {
    {"duration", SHAPE_DURATION, false, "how long it is planned to take", NULL, NULL,
     offsetof(struct step, planned_ms), read_duration},
    {"database", SHAPE_CHOICE, false, "what clients have meanwhile; available when not said",
     availability_names, NULL, offsetof(struct step, database), read_choice},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table expect_table = {"expect", expect_fields, false};

static const struct field step_fields[] = {
    {"id", SHAPE_TEXT, true, "its name, unique in the runbook: a-z, 0-9 and -", NULL, NULL,
     offsetof(struct step, id), read_id},
    {"title", SHAPE_TEXT, false, "what it does, in one line; the id when not said", NULL, NULL,
     offsetof(struct step, title), read_text},
    {"why", SHAPE_TEXT, false, "why it is done, for the operator", NULL, NULL,
     offsetof(struct step, why), read_text},
    {"expect", SHAPE_MAP, false, "what is planned", NULL, &expect_table, 0, read_map},
    {"timeout", SHAPE_DURATION, false,
     "the step is ended and fails after it; none when not said. Its undo has as long, ten minutes "
     "at least; of a lossless step, without limit when not said",
     NULL, NULL, offsetof(struct step, timeout_ms), read_duration},
    {"retries", SHAPE_INTEGER, false, "how often it is tried again by itself, 0 to 100", NULL, NULL,
     offsetof(struct step, retries), read_integer},
    {"gate", SHAPE_MAP, false, "the step begins only when the operator has answered", NULL,
     &gate_table, 0, read_gate},
    {"danger", SHAPE_CHOICE, false, "more than the action's own danger, never less", danger_names,
     NULL, offsetof(struct step, danger), read_choice},
    {"undo", SHAPE_INVOCATIONS, false,
     "what rollback does once the step was started; safe to run twice", NULL, NULL, 0, read_undo},
    {"hold", SHAPE_MAP, false, "what is let go by itself when the run doesn't get far enough", NULL,
     &hold_table, 0, read_hold},
    {"lossless", SHAPE_BOOLEAN, false,
     "yes: the undo brings back what was written since, or it fails; the price is asked then", NULL,
     NULL, offsetof(struct step, lossless), read_boolean},
    {"price", SHAPE_INVOCATION, false, "counts what a rollback would lose", NULL, NULL,
     offsetof(struct step, price), read_action},
    {"save", SHAPE_INVOCATION, false, "saves what a rollback would lose", NULL, NULL,
     offsetof(struct step, save), read_action},
    {"fence", SHAPE_INVOCATION, false, "lets nobody write while a rollback counts, saves, undoes",
     NULL, NULL, offsetof(struct step, fence), read_action},
    {"unfence", SHAPE_INVOCATION, false, "takes that fence back; safe to run twice", NULL, NULL,
     offsetof(struct step, unfence), read_action},
    {"on_failure", SHAPE_CHOICE, false, "what happens when it fails; stop when not said",
     failure_names, NULL, offsetof(struct step, on_failure), read_choice},
    {"retry_from", SHAPE_TEXT, false,
     "id of an earlier step: the operator's retry, after a failure, begins again with that one",
     NULL, NULL, offsetof(struct step, retry_from), read_retry_from},
    {"when", SHAPE_TEMPLATE, false, "the step is left out unless this condition holds", NULL, NULL,
     offsetof(struct step, when), read_when},
    {"point_of_no_return", SHAPE_BOOLEAN, false, "yes: no rollback once it was started", NULL, NULL,
     offsetof(struct step, point_of_no_return), read_boolean},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table step_table = {"a step", step_fields, true};

static const struct field phase_fields[] = {
    {"id", SHAPE_TEXT, true, "its name: a-z, 0-9 and -", NULL, NULL, offsetof(struct phase, id),
     read_id},
    {"title", SHAPE_TEXT, false, "its heading; the id when not said", NULL, NULL,
     offsetof(struct phase, title), read_text},
    {"for", SHAPE_CHOICE, false, "with `environments`, how often it runs; each when not said",
     scope_names, NULL, offsetof(struct phase, scope), read_scope},
    {"steps", SHAPE_MAPS, true, "its steps, in order", NULL, &step_table, 0, read_steps},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table phase_table = {"a phase", phase_fields, false};

void check_id(struct loader *loader, const struct node *node, const char *what)
{
    size_t length = strlen(node->text);
    bool good = length && length <= ID_MAX;
    for (const char *c = node->text; *c && good; c++)
        good = islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-';
    if (!good)
        fault_add(loader->faults, node->position,
                  "%s has to be 1 to %d of the characters a-z, 0-9 and -, not \"%.60s\"", what,
                  ID_MAX, node->text);
}

static void read_id(struct loader *loader, const struct field *field, const struct node *node,
                    void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    check_id(loader, node, "an id");
    *(char **)(void *)((char *)target + field->offset) = xstrdup(text);
}

static void read_scope(struct loader *loader, const struct field *field, const struct node *node,
                       void *target)
{
    read_choice(loader, field, node, target);
    if (!loader->runbook->environment_count)
        fault_add(loader->faults, node->key->position,
                  "the runbook has no environments that a phase could run for");
}

static void read_when(struct loader *loader, const struct field *field, const struct node *node,
                      void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    struct condition condition;
    struct error error = ERROR_INIT;
    template_check(loader, node, TEMPLATE_CONDITION);
    if (condition_parse(text, &condition, &error))
        condition_free(&condition);
    else
        fault_add(loader->faults, node->position, "when: %s", error.message);
    ((struct step *)target)->when = xstrdup(text);
}

/* What is held has to be let go before anything earlier is done again, so the two don't go
 * together. */
bool expect_same_scope(struct loader *loader, const struct node *node, const char *id,
                       const char *what)
{
    bool for_all = text_list_has(&loader->ids_for_all, id);
    if (for_all == (loader->scope == PHASE_ALL))
        return true;
    fault_add(loader->faults, node->position,
              "the step \"%.60s\" runs once for %s, unlike this one, so it can't be %s", id,
              for_all ? "all environments" : "each environment", what);
    return false;
}

static void read_retry_from(struct loader *loader, const struct field *field,
                            const struct node *node, void *target)
{
    const char *id = expect_text(loader, node, field->name);
    if (!id)
        return;
    ((struct step *)target)->retry_from = xstrdup(id);
    if (!text_list_has(&loader->ids_read, id))
        fault_add_unknown(loader->faults, node->position, "there is no earlier step", id,
                          &loader->ids_read);
    else if (loader->holding >= 0)
        fault_add(loader->faults, node->position,
                  "the step \"%.60s\" holds something, so no step behind it can be retried from an "
                  "earlier one",
                  loader->ids_read.items[loader->holding]);
    else
        expect_same_scope(loader, node, id, "where a retry begins");
}

/* The one key that names an action. */
static void read_own_action(struct loader *loader, const struct node *node, struct step *step)
{
    const struct node *found = NULL;
    bool unknown = false;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *entry = node->items[i];
        const struct field *field = step_table.fields;
        while (field->name && strcmp(field->name, entry->key->text) != 0)
            field++;
        if (field->name)
            continue;
        if (!loader_action(loader, entry->key->text))
            unknown = true; /* reported with the keys; it may be the action, misspelt */
        else if (found)
            fault_add(loader->faults, entry->key->position,
                      "a step has one action, but this one has %s and %s", found->key->text,
                      entry->key->text);
        else
            found = entry;
    }
    if (found)
        read_invocation(loader, found, &step->invocation);
    else if (!unknown)
        fault_add(loader->faults, node->position, "the step has no action");
}

static void check_danger(struct loader *loader, const struct node *node, struct step *step)
{
    if (!step->invocation.action)
        return;
    enum danger own = step->invocation.action->danger;
    const struct node *said = node_get(node, "danger");
    bool known = said && said->kind == NODE_TEXT && name_find(danger_names, said->text);
    if (known && step->danger < own)
        fault_add(loader->faults, said->position,
                  "%s is \"%s\"; a step can say more than its action, not less (\"%s\")",
                  step->invocation.action->name, danger_name(own), danger_name(step->danger));
    if (step->danger < own)
        step->danger = own;
    const struct node *gate = node_get(node, "gate");
    if (gate && gate->kind == NODE_MAP && step->danger == DANGER_DESTRUCTIVE && step->gate &&
        step->gate->confirm != CONFIRM_TYPE)
        fault_add(loader->faults, gate->position,
                  "the gate of a destructive step has to be typed: confirm: type, with a phrase");
}

static void check_step(struct loader *loader, const struct node *node, struct step *step)
{
    check_danger(loader, node, step);
    check_hold(loader, node, step);
    check_price(loader, node, step);
    const struct node *undo = node_get(node, "undo");
    if (step->point_of_no_return && undo)
        fault_add(loader->faults, undo->key->position,
                  "a point of no return has no undo: nothing is rolled back behind it");
}

static void finish_step(struct loader *loader, const struct phase *phase, const struct node *node,
                        struct step *step)
{
    const struct node *id = node_get(node, "id");
    if (!step->id)
        step->id = xstrdup("");
    else if (text_list_has(&loader->ids_read, step->id))
        fault_add(loader->faults, id->position, "the id \"%.60s\" is used by an earlier step",
                  step->id);
    if (!step->title)
        step->title = xstrdup(step->id);
    step->path = xprintf("%s/%s", phase->id ? phase->id : "", step->id);
    if (step->hold)
        loader->holding = (long)loader->ids_read.count;
    loader->priced = loader->priced || step->price;
    text_list_add(&loader->ids_read, step->id);
    if (phase->scope == PHASE_ALL)
        text_list_add(&loader->ids_for_all, step->id);
}

static void read_step(struct loader *loader, const struct node *node, struct phase *phase)
{
    if (loader->ids_read.count == STEPS_MAX) {
        fault_add(loader->faults, node->position, "more than %d steps", STEPS_MAX);
        return;
    }
    struct step *step = &phase->steps[phase->step_count++];
    step->planned_ms = -1;
    step->position = node->position;
    if (fields_read(loader, &step_table, node, step)) {
        read_own_action(loader, node, step);
        check_step(loader, node, step);
    }
    finish_step(loader, phase, node, step);
}

static void read_steps(struct loader *loader, const struct field *field, const struct node *node,
                       void *target)
{
    struct phase *phase = target;
    if (!expect_kind(loader, node, NODE_LIST, field->name))
        return;
    if (!node->count)
        fault_add(loader->faults, node->position, "the phase has no steps");
    phase->steps = xcalloc(node->count, sizeof *phase->steps);
    loader->scope = phase->scope;
    for (size_t i = 0; i < node->count; i++)
        read_step(loader, node->items[i], phase);
}

/* All ids of the file, so that a gate's fault can tell "later" from "nowhere". */
static void collect_ids(struct loader *loader, const struct node *phases)
{
    for (size_t i = 0; i < phases->count; i++) {
        const struct node *steps = node_get(phases->items[i], "steps");
        for (size_t j = 0; steps && j < steps->count; j++) {
            const struct node *id = node_get(steps->items[j], "id");
            if (id && id->kind == NODE_TEXT && loader->step_ids.count < STEPS_MAX)
                text_list_add(&loader->step_ids, id->text);
        }
    }
}

static bool phase_known(const struct runbook *runbook, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(runbook->phases[i].id, id))
            return true;
    return false;
}

static void read_phase(struct loader *loader, const struct field *field, const struct node *node,
                       struct runbook *runbook)
{
    size_t index = runbook->phase_count++;
    struct phase *phase = &runbook->phases[index];
    fields_read(loader, field->table, node, phase);
    if (!phase->id)
        phase->id = xstrdup("");
    else if (phase_known(runbook, index, phase->id))
        fault_add(loader->faults, node_get(node, "id")->position,
                  "the id \"%.60s\" is used by an earlier phase", phase->id);
    if (!phase->title)
        phase->title = xstrdup(phase->id);
}

void read_phases(struct loader *loader, const struct field *field, const struct node *node,
                 void *target)
{
    struct runbook *runbook = target;
    if (!expect_kind(loader, node, NODE_LIST, field->name))
        return;
    if (!node->count)
        fault_add(loader->faults, node->position, "the runbook has no phases");
    collect_ids(loader, node);
    runbook->phases = xcalloc(node->count, sizeof *runbook->phases);
    for (size_t i = 0; i < node->count; i++)
        read_phase(loader, field, node->items[i], runbook);
}
