/* engine_turn.c: the beginning of a phase in a run of several environments: waits for its turn, and
 * takes over what the phases for all have found out. */
#include "engine/engine_parts.h"

#include "base/clock.h"
#include "base/json.h"
#include "engine/turn.h"

#define LOOK_MS 1000

static struct standing standing_of(const struct engine *engine)
{
    bool member = engine->runbook->environment != NULL;
    return (struct standing){.runbook = engine->runbook,
                             .own = engine->state,
                             .group = member ? siblings_group(engine->siblings) : engine->state,
                             .members = siblings_members(engine->siblings),
                             .now_ms = clock_wall_ms()};
}

static cJSON *phase_event(const char *type, const char *phase)
{
    cJSON *event = engine_event(type);
    cJSON_AddStringToObject(event, "phase", phase);
    return event;
}

/* The journal has each reason once, however long it lasts. */
static void await(struct engine *engine, const char *phase, const struct turn *turn)
{
    const struct turn_state *seen = &engine->state->turn;
    engine->turn_ms = clock_monotonic_ms() + LOOK_MS;
    if (engine->state->status == RUN_WAITING && text_equal(seen->phase, phase) &&
        text_equal(seen->message, text_string(&turn->message)))
        return;
    cJSON *event = phase_event("turn_awaited", phase);
    cJSON_AddStringToObject(event, "message", text_string(&turn->message));
    cJSON_AddNumberToObject(event, "until", (double)turn->until_ms);
    cJSON_AddItemToObject(event, "awaited", cJSON_Duplicate(turn->awaited, true));
    engine_emit(engine, event);
}

static void begin(struct engine *engine, const char *phase, const struct run_state *group)
{
    cJSON *event = phase_event("turn_came", phase);
    if (engine->runbook->environment)
        cJSON_AddItemToObject(event, "facts", cJSON_Duplicate(group->facts, true));
    engine_emit(engine, event);
}

bool turn_take(struct engine *engine, size_t phase)
{
    const struct phase_state *seen = &engine->state->phases[phase];
    if (!engine->siblings || seen->begun)
        return true;
    struct error error = ERROR_INIT;
    bool read = siblings_read(engine->siblings, &error);
    struct standing standing = standing_of(engine);
    struct turn turn;
    bool come = turn_has_come(&standing, seen->id, &turn) && read;
    if (!read) /* whose turn it is can't be told */
        text_printf(&turn.message, "%scan't see where the others stand: %s",
                    turn.message.length ? "; " : "", error.message);
    if (come)
        begin(engine, seen->id, standing.group);
    else
        await(engine, seen->id, &turn);
    turn_free(&turn);
    return come;
}

/* What the runbook requires isn't the operator's to decide. */
static bool may_go_first(const struct engine *engine, const char *phase, struct error *error)
{
    if (!siblings_read(engine->siblings, error))
        return error_wrap(error, "looking where the other environments stand");
    struct standing standing = standing_of(engine);
    struct turn turn;
    standing.first = true;
    bool may = turn_has_come(&standing, phase, &turn);
    if (!may)
        error_set(error, ERROR_OTHER, "it %s", text_string(&turn.message));
    turn_free(&turn);
    return may || error_remedy(error, "nobody can let it go before that; the runbook says so");
}

bool turn_force(struct engine *engine, const cJSON *command, struct error *error)
{
    const struct run_state *state = engine->state;
    if (state->status != RUN_WAITING)
        return error_set(error, ERROR_OTHER, "it waits for no other environment: the run is %s",
                         run_status_name(state->status));
    const char *seen = json_text(command, "phase");
    if (!text_equal(seen, state->turn.phase)) {
        error_set(error, ERROR_OTHER, "it is for %s now that it waits, not for %s",
                  state->turn.phase, seen ? seen : "what was seen");
        return error_remedy(error, "look at where it stands first: pgrunbook status %s",
                            state->run);
    }
    if (!may_go_first(engine, state->turn.phase, error))
        return false;
    cJSON *event = phase_event("turn_forced", state->turn.phase);
    engine_add_who(event, command);
    engine_emit(engine, event);
    engine->turn_ms = 0;
    return true;
}

bool turn_may_roll_back(const struct engine *engine, struct error *error)
{
    if (!engine->siblings || engine->runbook->environment)
        return true;
    if (!siblings_read(engine->siblings, error))
        return error_wrap(error, "looking where the environments stand");
    const struct run_state *const *members = siblings_members(engine->siblings);
    for (size_t i = 0; i < engine->runbook->environment_count; i++) {
        if (!members[i] || run_state_finished(members[i]))
            continue;
        error_set(error, ERROR_OTHER, "%s goes on, and relies on what was done for all",
                  members[i]->environment);
        return error_remedy(error,
                            "roll it back first, or all of them, the last one first: pgrunbook "
                            "rollback %s --all",
                            engine->state->run);
    }
    return true;
}

bool turn_leave_out(struct engine *engine, const cJSON *command, struct error *error)
{
    const struct run_state *state = engine->state;
    if (!state->environment)
        return error_set(error, ERROR_OTHER, "only one of several environments can be left out");
    if (run_state_finished(state))
        return error_set(error, ERROR_OTHER, "%s is %s already", state->run,
                         run_status_name(state->status));
    if (run_state_begun(state) || state->status == RUN_ROLLING_BACK) {
        error_set(error, ERROR_OTHER, "%s has begun, so it can't be left out", state->run);
        return error_remedy(error, "roll it back, then it holds nobody up: pgrunbook rollback %s",
                            state->run);
    }
    cJSON *event = engine_event("left_out");
    engine_add_who(event, command);
    engine_emit(engine, event);
    return true;
}
