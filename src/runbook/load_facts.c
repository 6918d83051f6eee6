/* load_facts.c: which step takes a fact, and whether `${fact.KEY}` stands behind it. */
#include "runbook/arguments.h"
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/references.h"

#include <stdlib.h>
#include <string.h>

struct facts_check {
    const struct runbook *runbook;
    struct fault_list *faults;
    struct text_list taken; /* by the steps up to here */
    struct text_list taken_for_all;
    enum phase_scope scope; /* of the phase that is looked at */
};

/* The map of the facts that an invocation takes, or NULL. */
static const cJSON *takes_of(const struct invocation *invocation)
{
    const struct argument *row = invocation->action ? invocation->action->arguments : NULL;
    for (; row && row->name; row++)
        if (row->type == ARGUMENT_FACTS)
            return cJSON_GetObjectItemCaseSensitive(invocation->arguments, row->name);
    return NULL;
}

const struct step *runbook_taker(const struct runbook *runbook, const char *fact)
{
    for (size_t i = 0; i < runbook->phase_count; i++) {
        const struct phase *phase = &runbook->phases[i];
        for (size_t j = 0; j < phase->step_count; j++)
            if (cJSON_HasObjectItem(takes_of(&phase->steps[j].invocation), fact))
                return &phase->steps[j];
    }
    return NULL;
}

/* A fact that nobody says to take may be another action's; only one that looks misspelt is told. */
static void check_fact(struct facts_check *check, struct position position, const char *fact)
{
    bool each = check->runbook->environment_count && check->scope == PHASE_ALL;
    if (text_list_has(each ? &check->taken_for_all : &check->taken, fact))
        return;
    const struct step *taker = runbook_taker(check->runbook, fact);
    if (taker && text_list_has(&check->taken, fact))
        fault_add(check->faults, position,
                  "the fact \"%s\" is taken once in each environment (by the step %s), so a phase "
                  "for all can't use it",
                  fact, taker->path);
    else if (taker)
        fault_add(
            check->faults, position,
            "the fact \"%s\" is not known here: it is taken by the step %s, which has to come "
            "before",
            fact, taker->path);
    else if (text_nearest(fact, (const char *const *)check->taken.items, check->taken.count))
        fault_add_unknown(check->faults, position, "no step takes the fact", fact, &check->taken);
}

static void check_text(struct facts_check *check, struct position position, const char *text)
{
    struct reference reference = reference_next(text);
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length))
        if (reference.kind == REFERENCE_FACT)
            check_fact(check, position, reference.name);
}

static void check_tree(struct facts_check *check, struct position position, const cJSON *tree)
{
    const cJSON *item;
    if (cJSON_IsString(tree))
        check_text(check, position, tree->valuestring);
    cJSON_ArrayForEach(item, tree) check_tree(check, position, item);
}

static void check_invocation(struct facts_check *check, const struct invocation *invocation)
{
    const cJSON *argument;
    if (!invocation || !invocation->action)
        return;
    cJSON_ArrayForEach(argument, invocation->arguments)
        check_tree(check, argument_position(invocation, argument->string), argument);
}

static void add_taken(struct facts_check *check, const struct invocation *invocation)
{
    const cJSON *fact;
    cJSON_ArrayForEach(fact, takes_of(invocation))
    {
        text_list_add(&check->taken, fact->string);
        if (check->scope == PHASE_ALL)
            text_list_add(&check->taken_for_all, fact->string);
    }
}

/* What goes back is carried out after the step itself, so it may use what that has taken. */
static void check_step(struct facts_check *check, const struct step *step)
{
    if (step->when)
        check_text(check, step->position, step->when);
    check_invocation(check, &step->invocation);
    add_taken(check, &step->invocation);
    for (size_t i = 0; i < step->undo_count; i++) {
        check_invocation(check, &step->undo[i]);
        add_taken(check, &step->undo[i]);
    }
    check_invocation(check, step->price);
    check_invocation(check, step->save);
    check_invocation(check, step->fence);
    check_invocation(check, step->unfence);
}

void check_taken_facts(const struct runbook *runbook, struct fault_list *faults)
{
    struct facts_check check = {.runbook = runbook, .faults = faults};
    for (size_t i = 0; i < runbook->phase_count; i++) {
        check.scope = runbook->phases[i].scope;
        for (size_t j = 0; j < runbook->phases[i].step_count; j++)
            check_step(&check, &runbook->phases[i].steps[j]);
    }
    text_list_free(&check.taken);
    text_list_free(&check.taken_for_all);
}
