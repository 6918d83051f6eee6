/* turn.c: the order of phases and environments. */
#include "engine/turn.h"

#include "base/clock.h"

#include <stdlib.h>

static void await(struct turn *turn, const char *environment, const char *phase)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "environment", environment);
    cJSON_AddStringToObject(item, "phase", phase);
    cJSON_AddItemToArray(turn->awaited, item);
}

static void say(struct turn *turn, const char *who, const char *what, const char *phase)
{
    text_printf(&turn->message, "%s%s%s%s", turn->message.length ? "; " : "waits for ", who, what,
                phase);
}

static const char *why_it_stands(const struct run_state *state)
{
    static const char *const words[] = {
        [RUN_AT_GATE] = " (at a gate)",       [RUN_DECLINED] = " (declined)",
        [RUN_STEP_FAILED] = " (failed)",      [RUN_PAUSED] = " (paused)",
        [RUN_ROLLED_BACK] = " (rolled back)", [RUN_ROLLBACK_FAILED] = " (its rollback failed)",
        [RUN_LEFT_OUT] = " (left out)",
    };
    const char *why = state && (size_t)state->status < sizeof words / sizeof words[0]
                          ? words[state->status]
                          : NULL;
    return why ? why : "";
}

/* Out for good: the phases for all needn't wait for it. */
static bool is_out(const struct run_state *state)
{
    return state->status == RUN_ROLLED_BACK || state->status == RUN_LEFT_OUT;
}

bool turn_lets_go_first(const struct run_state *state, const char *phase)
{
    return is_out(state) || state->status == RUN_PAUSED || run_state_through(state, phase);
}

bool turn_awaits(const struct run_state *own, const struct awaited *awaited,
                 const struct run_state *other)
{
    if (!*awaited->phase || !*awaited->environment)
        return !run_state_through(other, awaited->phase);
    if (own->environment)
        return !turn_lets_go_first(other, awaited->phase);
    return !is_out(other) && !run_state_through(other, awaited->phase);
}

static const struct environment *environment_at(const struct standing *standing, size_t index)
{
    return &standing->runbook->environments[index];
}

/* An environment has to be through everything, and for so long; the operator can't change that. */
static void await_required(const struct standing *standing, const struct requirement *row,
                           struct turn *turn)
{
    const struct runbook *runbook = standing->runbook;
    size_t index = (size_t)(runbook_environment(runbook, row->environment) - runbook->environments);
    const struct run_state *state = standing->members[index];
    if (!state || state->status != RUN_COMPLETE) {
        say(turn, row->environment, " to be through everything, which it requires",
            state ? why_it_stands(state) : " (it takes no part in this run yet)");
        await(turn, row->environment, "");
        return;
    }
    int64_t until = state->finished_ms + row->for_ms;
    if (until <= standing->now_ms)
        return;
    char at[40];
    say(turn, clock_iso(at, sizeof at, until), ": it requires that time to pass behind ",
        row->environment);
    if (until > turn->until_ms)
        turn->until_ms = until;
}

/* What stands before `phase` in the file and is for all. */
static void await_group(const struct standing *standing, const struct phase *phase,
                        struct turn *turn)
{
    const struct runbook *runbook = standing->runbook;
    for (const struct phase *before = runbook->phases; before < phase; before++) {
        if (before->scope != PHASE_ALL ||
            (standing->group && run_state_through(standing->group, before->id)))
            continue;
        say(turn, "the phase for all ", before->id, why_it_stands(standing->group));
        await(turn, "", before->id);
        return;
    }
}

static void await_earlier(const struct standing *standing, const struct phase *phase,
                          struct turn *turn)
{
    for (size_t i = 0; environment_at(standing, i) != standing->runbook->environment; i++) {
        const struct run_state *state = standing->members[i];
        if (!state || turn_lets_go_first(state, phase->id))
            continue;
        char *what = xprintf(" to be through %s", phase->id);
        say(turn, environment_at(standing, i)->name, what, why_it_stands(state));
        await(turn, environment_at(standing, i)->name, phase->id);
        free(what);
    }
}

/* A phase for all waits for every environment that is still in; without any there is nothing that
 * it could follow. */
static void await_members(const struct standing *standing, const struct phase *phase,
                          struct turn *turn)
{
    const struct runbook *runbook = standing->runbook;
    const struct phase *last = NULL;
    for (const struct phase *before = runbook->phases; before < phase; before++)
        if (before->scope == PHASE_EACH)
            last = before;
    bool any = false;
    for (size_t i = 0; last && i < runbook->environment_count; i++) {
        const struct run_state *state = standing->members[i];
        any = any || (state && run_state_through(state, last->id));
        if (!state || is_out(state) || run_state_through(state, last->id))
            continue;
        char *what = xprintf(" to be through %s", last->id);
        say(turn, environment_at(standing, i)->name, what, why_it_stands(state));
        await(turn, environment_at(standing, i)->name, last->id);
        free(what);
    }
    if (last && !any && !turn->message.length) {
        say(turn, "an environment to be through ", last->id, "");
        await(turn, environment_at(standing, 0)->name, "");
    }
}

static bool was_let_first(const struct run_state *own, const char *phase)
{
    for (size_t i = 0; i < own->phase_count; i++)
        if (text_equal(own->phases[i].id, phase))
            return own->phases[i].first;
    return false;
}

/* While something is held nobody is waited for: its time would run out. */
static void await_all(const struct standing *standing, const struct phase *phase, struct turn *turn)
{
    const struct environment *environment = standing->runbook->environment;
    bool first = standing->first || was_let_first(standing->own, phase->id) ||
                 run_state_holds(standing->own);
    for (size_t i = 0; environment && i < environment->require_count; i++)
        await_required(standing, &environment->require[i], turn);
    if (!standing->group)
        say(turn, "the run's other environments to be started", "", "");
    else if (environment)
        await_group(standing, phase, turn);
    if (!first && environment)
        await_earlier(standing, phase, turn);
    else if (!first)
        await_members(standing, phase, turn);
}

bool turn_has_come(const struct standing *standing, const char *id, struct turn *turn)
{
    const struct runbook *runbook = standing->runbook;
    *turn = (struct turn){.awaited = cJSON_CreateArray()};
    for (size_t i = 0; i < runbook->phase_count; i++)
        if (text_equal(runbook->phases[i].id, id))
            await_all(standing, &runbook->phases[i], turn);
    return turn->message.length == 0;
}

void turn_free(struct turn *turn)
{
    text_free(&turn->message);
    cJSON_Delete(turn->awaited);
}
