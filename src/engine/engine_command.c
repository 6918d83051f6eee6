/* engine_command.c: the table of commands that a client can send. */
#include "engine/engine_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *field(const cJSON *command, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(command, name));
}

static bool attach(struct engine *engine, struct client *client, const cJSON *command,
                   struct error *error)
{
    (void)error;
    client->watching = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "watch"));
    if (engine_sync(engine))
        engine_replay(engine, client);
    return true;
}

/* The gate that the command is about must be the one that is open, in the opening that was seen. */
static bool gate_matches(const struct engine *engine, const cJSON *command, struct error *error)
{
    const struct gate_state *gate = &engine->state->gate;
    const char *step = field(command, "step");
    const cJSON *opening = cJSON_GetObjectItemCaseSensitive(command, "opening");
    if (engine->state->status != RUN_AT_GATE || !gate->step)
        return error_set(error, ERROR_OTHER, "no gate is open now");
    if (!text_equal(step, gate->step))
        return error_set(error, ERROR_OTHER, "the gate %s isn't open; %s is", step ? step : "?",
                         gate->step);
    if (!cJSON_IsNumber(opening) || (long)opening->valuedouble != gate->opening)
        return error_set(error, ERROR_OTHER,
                         "the gate has opened again since, with other evidence: look at it first");
    return true;
}

static bool phrase_matches(const struct gate_state *gate, const cJSON *command, struct error *error)
{
    bool named = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "named"));
    if (named && gate->loses) {
        error_set(
            error, ERROR_OTHER,
            "confirming %s would lose %lld rows or changes that the old server has taken since "
            "the backup",
            gate->step, gate->loses);
        return error_remedy(error,
                            "stop the application's writes and retry, or confirm it at a "
                            "terminal by typing \"%s\"",
                            gate->phrase);
    }
    if (!named && gate->typed && !text_equal(field(command, "phrase"), gate->phrase))
        return error_set(error, ERROR_OTHER, "that is not the phrase; it is \"%s\"", gate->phrase);
    return true;
}

static bool confirm(struct engine *engine, struct client *client, const cJSON *command,
                    struct error *error)
{
    (void)client;
    if (!gate_matches(engine, command, error) ||
        !phrase_matches(&engine->state->gate, command, error))
        return false;
    const struct step *step = engine_step(engine, engine->state->gate.step);
    if (engine->state->gate.blocked || !gate_still_holds(engine, step, error)) {
        if (engine->state->gate.blocked)
            error_set(error, ERROR_OTHER,
                      "the gate's evidence doesn't hold, it can't be confirmed");
        return error_remedy(error, "retry gathers the evidence again");
    }
    gate_answer(engine, "confirm", command);
    return true;
}

static bool decline(struct engine *engine, struct client *client, const cJSON *command,
                    struct error *error)
{
    (void)client;
    if (!gate_matches(engine, command, error))
        return false;
    gate_answer(engine, "decline", command);
    return true;
}

/* Instead of going on with a loss: what was offered is carried out again. */
static bool take_offer(struct engine *engine, struct client *client, const cJSON *command,
                       struct error *error)
{
    (void)client;
    if (!gate_matches(engine, command, error))
        return false;
    if (!engine->state->gate.offer)
        return error_set(error, ERROR_OTHER, "this gate offers nothing else");
    gate_take_offer(engine, command);
    return true;
}

static void record_decision(struct engine *engine, const cJSON *command, const char *step)
{
    cJSON *event = cJSON_Duplicate(command, true);
    cJSON_AddStringToObject(event, "type", "decision");
    cJSON_DeleteItemFromObjectCaseSensitive(event, "step");
    if (step)
        cJSON_AddStringToObject(event, "step", step);
    engine_emit(engine, event);
}

/* The failed step alone, or everything from where its runbook says that a retry begins. */
static void retry_failed(struct engine *engine, const struct step *step)
{
    const struct run_state *state = engine->state;
    const struct step *from = step->retry_from ? engine_step(engine, step->retry_from) : step;
    long first = run_state_step(state, from->path), last = run_state_step(state, step->path);
    cJSON *event = engine_event("steps_reset");
    cJSON_AddItemToObject(event, "steps", engine_steps_between(state, first, last));
    if (from != step)
        cJSON_AddStringToObject(event, "asked", from->path);
    engine_emit(engine, event);
}

static bool retry(struct engine *engine, struct client *client, const cJSON *command,
                  struct error *error)
{
    (void)client;
    enum run_status status = engine->state->status;
    if (status == RUN_ROLLBACK_FAILED && engine->state->release.step) {
        record_decision(engine, command, engine->state->steps[engine->state->current].path);
        hold_let_go_again(engine);
        return true;
    }
    if (run_state_may_try_back(engine->state)) {
        record_decision(engine, command, engine->state->steps[engine->state->current].path);
        engine_start_rollback(engine, engine_rollback_event("retried", field(command, "operator"),
                                                            field(command, "tty")));
        return true;
    }
    if (status != RUN_AT_GATE && status != RUN_DECLINED && status != RUN_STEP_FAILED)
        return error_set(error, ERROR_OTHER, "nothing to retry: the run is %s",
                         run_status_name(status));
    const struct step *step =
        engine_step(engine, engine->state->steps[engine->state->current].path);
    record_decision(engine, command, step->path);
    if (status != RUN_STEP_FAILED && step->gate) {
        gate_reopen(engine, step);
        return true;
    }
    retry_failed(engine, step);
    return true;
}

/* An undo that can't succeed must not keep the older ones from being done. */
static bool skip_undo(struct engine *engine, const cJSON *command, struct error *error)
{
    const char *path = engine->state->steps[engine->state->current].path;
    if (engine->state->steps[engine->state->current].status != STEP_UNDO_FAILED)
        return error_set(error, ERROR_OTHER,
                         "nothing was undone yet: roll back again, with or without saving");
    record_decision(engine, command, path);
    cJSON *event = engine_step_event("undo_finished", path);
    cJSON_AddTrueToObject(event, "ok");
    cJSON_AddStringToObject(event, "message", "the operator skipped this undo after it had failed");
    engine_emit(engine, event);
    if (engine->state->release.step)
        hold_let_go_again(engine);
    else
        price_ask(engine, "it goes on after a skipped undo", field(command, "operator"),
                  field(command, "tty"), false);
    return true;
}

static bool skip(struct engine *engine, struct client *client, const cJSON *command,
                 struct error *error)
{
    (void)client;
    if (engine->state->status == RUN_ROLLBACK_FAILED)
        return skip_undo(engine, command, error);
    if (engine->state->status != RUN_STEP_FAILED)
        return error_set(error, ERROR_OTHER, "only a failed step can be skipped: the run is %s",
                         run_status_name(engine->state->status));
    const struct step *step =
        engine_step(engine, engine->state->steps[engine->state->current].path);
    if (step->gate)
        return error_set(error, ERROR_OTHER, "%s stands behind a gate and can't be skipped",
                         step->path);
    if (step->hold)
        return error_set(error, ERROR_OTHER,
                         "%s can't be skipped: the steps behind it rely on what it holds",
                         step->path);
    for (long i = 0; i < engine->state->current; i++)
        if (engine->state->steps[i].status == STEP_PENDING)
            return error_set(
                error, ERROR_OTHER,
                "%s can't be skipped: the steps from %s on are to be done again first; "
                "retry begins there",
                step->path, engine->state->steps[i].path);
    if (!strcmp(step->invocation.action->name, "wait"))
        return error_set(error, ERROR_OTHER, "a wait can't be skipped; retry goes on with it");
    record_decision(engine, command, step->path);
    cJSON *event = engine_step_event("step_skipped", step->path);
    cJSON_AddStringToObject(event, "message", "the operator skipped it after it had failed");
    engine_emit(engine, event);
    return true;
}

void engine_add_who(cJSON *event, const cJSON *command)
{
    static const char *const names[] = {"command", "operator", "tty"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (field(command, names[i]))
            cJSON_AddStringToObject(event, names[i], field(command, names[i]));
}

/* Takes the event. Others may no longer wait for this run, or wait for it again. */
static void emit_pause(struct engine *engine, cJSON *event, const cJSON *command, bool wanted)
{
    engine_add_who(event, command);
    if (!wanted)
        cJSON_ReplaceItemInObjectCaseSensitive(event, "command", cJSON_CreateString("resume"));
    engine_emit(engine, event);
}

static bool set_pause(struct engine *engine, struct client *client, const cJSON *command,
                      struct error *error)
{
    (void)client;
    bool wanted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "pause"));
    enum run_status status = engine->state->status;
    if (wanted && run_state_holds(engine->state))
        return error_set(error, ERROR_OTHER,
                         "the run can't pause while %s holds: its time would run out",
                         engine->state->hold.step);
    if (status == RUN_PAUSED && !wanted) {
        emit_pause(engine, engine_event("resumed"), command, wanted);
    } else if (status == RUN_RUNNING || (status == RUN_WAITING && wanted)) {
        cJSON *event = engine_event("pause_requested");
        cJSON_AddBoolToObject(event, "pause", wanted);
        emit_pause(engine, event, command, wanted);
    } else {
        return error_set(error, ERROR_OTHER, "the run is %s; there is nothing to %s",
                         run_status_name(status), wanted ? "pause" : "resume");
    }
    return true;
}

/* A rollback is under way: only who gives up what it is bringing back may ask for another one. */
static bool rolls_back_already(const struct run_state *state, struct error *error)
{
    error_set(error, ERROR_OTHER, "the run is rolling back already");
    return run_state_may_give_up(state)
               ? error_remedy(error, "It brings back what was written since the switch. To go back "
                                     "without that, roll back with \"lose unknown\" "
                                     "(--lose unknown).")
               : false;
}

static bool may_roll_back(const struct engine *engine, struct error *error)
{
    const struct run_state *state = engine->state;
    if (run_state_finished(state))
        return error_set(error, ERROR_OTHER, "the run is %s already",
                         run_status_name(state->status));
    if (state->status == RUN_ROLLING_BACK)
        return rolls_back_already(state, error);
    if (state->point_of_no_return_passed) {
        error_set(error, ERROR_OTHER, "there is no way back: %s has removed what rollback needs",
                  state->point_of_no_return_step);
        return error_remedy(error, "the backup is what remains of the old server: "
                                   "runbooks/recover-from-backup.yaml");
    }
    return turn_may_roll_back(engine, error);
}

/* Without an answer to the price it is counted first; a rollback that costs nothing begins at once
 * behind that. */
static bool roll_back(struct engine *engine, struct client *client, const cJSON *command,
                      struct error *error)
{
    (void)client;
    const char *reason = field(command, "reason") ? field(command, "reason") : "asked for";
    const char *operator_name = field(command, "operator"), *tty = field(command, "tty");
    bool gives_up = run_state_may_give_up(engine->state) &&
                    cJSON_HasObjectItem(command, "price_taken_ms") &&
                    !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(command, "save")) &&
                    text_equal(field(command, "phrase"), PRICE_UNKNOWN_PHRASE);
    if (!gives_up && !may_roll_back(engine, error))
        return false;
    if (!cJSON_HasObjectItem(command, "price_taken_ms")) {
        price_ask(engine, reason, operator_name, tty, false);
        return true;
    }
    cJSON *event = engine_rollback_event(reason, operator_name, tty);
    bool accepted = price_accept(engine, command, event, error);
    if (accepted && gives_up)
        engine_give_up_undo(engine, event);
    else if (accepted)
        price_answer(engine, event);
    else
        cJSON_Delete(event);
    return accepted;
}

static bool count_price(struct engine *engine, struct client *client, const cJSON *command,
                        struct error *error)
{
    (void)client, (void)command;
    if (!may_roll_back(engine, error))
        return false;
    if (run_state_price_step(engine->state) < 0)
        return error_set(error, ERROR_OTHER, "a rollback costs nothing from here");
    price_start(engine);
    return true;
}

static bool go_first(struct engine *engine, struct client *client, const cJSON *command,
                     struct error *error)
{
    (void)client;
    return turn_force(engine, command, error);
}

static bool leave_out(struct engine *engine, struct client *client, const cJSON *command,
                      struct error *error)
{
    (void)client;
    return turn_leave_out(engine, command, error);
}

static const struct command_row {
    const char *name;
    bool decides; /* a watching client may not */
    bool (*run)(struct engine *engine, struct client *client, const cJSON *command,
                struct error *error);
} command_rows[] = {
    {"attach", false, attach},     {"confirm", true, confirm},     {"decline", true, decline},
    {"retry", true, retry},        {"skip", true, skip},           {"pause", true, set_pause},
    {"rollback", true, roll_back}, {"price", true, count_price},   {"offer", true, take_offer},
    {"go_first", true, go_first},  {"leave_out", true, leave_out},
};

static void reply(struct client *client, bool ok, const struct error *error)
{
    cJSON *answer = engine_event("reply");
    cJSON_AddBoolToObject(answer, "ok", ok);
    if (!ok) {
        cJSON_AddStringToObject(answer, "message", error->message);
        cJSON_AddStringToObject(answer, "remedy", error->remedy);
    }
    char *json = cJSON_PrintUnformatted(answer);
    char *line = xprintf("%s\n", json ? json : "{}");
    client_send(client, line, strlen(line));
    free(line);
    free(json);
    cJSON_Delete(answer);
}

static bool dispatch(struct engine *engine, struct client *client, const cJSON *command,
                     struct error *error)
{
    const char *name = field(command, "command");
    for (size_t i = 0; name && i < sizeof command_rows / sizeof command_rows[0]; i++) {
        const struct command_row *row = &command_rows[i];
        if (strcmp(row->name, name) != 0)
            continue;
        if (row->decides && (client->watching || !client->attached))
            return error_set(error, ERROR_OTHER, "this client only watches, it may not %s", name);
        if (row->decides)
            engine->decision_ms = 0;
        return row->run(engine, client, command, error);
    }
    return error_set(error, ERROR_OTHER, "unknown command \"%s\"", name ? name : "");
}

void engine_command(void *context, struct client *client, const cJSON *command)
{
    struct error error = ERROR_INIT;
    bool ok = dispatch(context, client, command, &error);
    reply(client, ok, &error);
}
