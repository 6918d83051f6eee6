/* plain_lines.c: one function per kind of event that is worth a line. */
#include "cli/plain_lines.h"
#include "cli/row_table.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(const cJSON *event, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, name));
    return text ? text : "";
}

static double number_of(const cJSON *event, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void print_time(FILE *output, const cJSON *event)
{
    time_t seconds = (time_t)(number_of(event, "time") / 1000);
    struct tm local;
    char text[16];
    localtime_r(&seconds, &local);
    strftime(text, sizeof text, "%H:%M:%S", &local);
    fprintf(output, "%s  ", text);
}

static const struct step_state *step_of(const struct run_state *state, const cJSON *event)
{
    long index = run_state_step(state, text_of(event, "step"));
    return index >= 0 ? &state->steps[index] : NULL;
}

static void print_created(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "run %s: %s, on %s\n", state->run, state->title,
            state->stack ? state->stack : "?");
}

static void print_started(FILE *output, const struct run_state *state, const cJSON *event)
{
    const struct step_state *step = step_of(state, event);
    print_time(output, event);
    fprintf(output, "[%2ld/%zu] %s: %s%s\n", (long)(step - state->steps) + 1, state->step_count,
            step->path, step->title, step->attempt > 1 ? " (again)" : "");
}

static void print_log(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    fprintf(output, "            %s\n", text_of(event, "text"));
}

static void print_check(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    fprintf(output, "            %s  %s: %s\n", verdict_name((int)number_of(event, "verdict")),
            text_of(event, "name"), text_of(event, "detail"));
}

static void print_outcome(FILE *output, const struct run_state *state, const cJSON *event)
{
    const struct step_state *step = step_of(state, event);
    char took[32];
    long ms = (long)(step->finished_ms - step->started_ms);
    print_time(output, event);
    fprintf(output, "        %s %s in %s\n", step->path, step_status_name(step->status),
            text_duration(took, sizeof took, ms));
    if (step->message && step->status != STEP_DONE)
        fprintf(output, "            %s\n", step->message);
    if (step->remedy && *step->remedy)
        fprintf(output, "            What to do: %s\n", step->remedy);
}

static void print_skipped(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "        %s skipped: %s\n", step_of(state, event)->path,
            text_of(event, "message"));
}

static void print_answer(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "gate %s: %s by %s on %s\n", text_of(event, "step"), text_of(event, "answer"),
            text_of(event, "operator"), text_of(event, "tty"));
}

static void print_rollback(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "ROLLING BACK: %s\n", text_of(event, "reason"));
}

static void print_turn_awaited(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "%s %s\n", state->turn.phase, state->turn.message);
}

static void print_turn_forced(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "%s goes first, by %s on %s\n", text_of(event, "phase"),
            text_of(event, "operator"), text_of(event, "tty"));
}

static void print_left_out(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "%s is left out, by %s on %s\n", state->environment, text_of(event, "operator"),
            text_of(event, "tty"));
}

static void print_hold_began(FILE *output, const struct run_state *state, const cJSON *event)
{
    char limit[32];
    print_time(output, event);
    fprintf(output, "        %s holds, for at most %s\n", state->hold.step,
            text_duration(limit, sizeof limit, (long)number_of(event, "limit_ms")));
}

static void print_release(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "LETTING GO of what %s holds: %s\n", state->hold.step,
            *text_of(event, "message") ? text_of(event, "message") : text_of(event, "step"));
}

static void print_released(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "        let go; %s is %s\n            What to do: %s\n",
            text_of(event, "step"), step_status_name(step_of(state, event)->status),
            text_of(event, "remedy"));
}

static void print_rollback_failed(FILE *output, const struct run_state *state, const cJSON *event)
{
    char pause[32];
    long again_ms = (long)number_of(event, "again_ms");
    if (!again_ms)
        return;
    print_time(output, event);
    fprintf(output, "%s; tried again by itself in %s\n",
            run_state_holds(state) ? "what is held is NOT LET GO yet"
                                   : "what was held is let go, but not all is undone",
            text_duration(pause, sizeof pause, again_ms));
}

static void print_repeated(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "        trying again to undo\n");
}

static void print_price_started(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "counting what the new server has taken since the switchover\n");
}

static void print_price_fence_started(FILE *output, const struct run_state *state,
                                      const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "stopping writes on the new server, for a last look\n");
}

static void print_price_fence_finished(FILE *output, const struct run_state *state,
                                       const cJSON *event)
{
    (void)state;
    print_time(output, event);
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event, "ok")))
        fprintf(output, "        no client writes there any more\n");
    else
        fprintf(output, "        writes can't be stopped: %s\n", text_of(event, "message"));
    if (*text_of(event, "remedy"))
        fprintf(output, "            What to do: %s\n", text_of(event, "remedy"));
}

static void print_price_fence_released(FILE *output, const struct run_state *state,
                                       const cJSON *event)
{
    if (!*text_of(event, "text") && state->status == RUN_ROLLING_BACK)
        return; /* behind the undo nobody is there to be let in */
    print_time(output, event);
    fprintf(output, "        %s\n",
            *text_of(event, "text") ? text_of(event, "text") : "writes come through again");
}

static void print_save_started(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "saving it first: %s\n", text_of(event, "detail"));
}

static void print_save_finished(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "        %s\n",
            state->save.done ? "saved" : "it can't be saved; nothing was undone");
    if (!state->save.done)
        fprintf(output, "            %s\n", text_of(event, "message"));
    if (*text_of(event, "remedy"))
        fprintf(output, "            What to do: %s\n", text_of(event, "remedy"));
}

static void print_undo_started(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "undo    %s: %s\n", text_of(event, "step"), step_of(state, event)->title);
}

static void print_undo_finished(FILE *output, const struct run_state *state, const cJSON *event)
{
    const struct step_state *step = step_of(state, event);
    print_time(output, event);
    fprintf(output, "        %s %s\n", step->path, step_status_name(step->status));
    if (step->message)
        fprintf(output, "            %s\n", step->message);
    if (step->remedy && *step->remedy)
        fprintf(output, "            What to do: %s\n", step->remedy);
}

static void print_outage_began(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "        the service stopped answering\n");
}

static void print_outage_ended(FILE *output, const struct run_state *state, const cJSON *event)
{
    (void)state;
    print_time(output, event);
    fprintf(output, "        the service answers again, after %.0f ms\n", number_of(event, "ms"));
}

static void print_finished(FILE *output, const struct run_state *state, const cJSON *event)
{
    print_time(output, event);
    fprintf(output, "the run is %s\n", run_status_name(state->status));
}

static const struct {
    const char *type;
    bool needs_step;
    void (*print)(FILE *output, const struct run_state *state, const cJSON *event);
} rows[] = {
    {"run_created", false, print_created},
    {"step_started", true, print_started},
    {"log", false, print_log},
    {"check", false, print_check},
    {"step_finished", true, print_outcome},
    {"step_interrupted", true, print_outcome},
    {"step_skipped", true, print_skipped},
    {"gate_answered", false, print_answer},
    {"turn_awaited", false, print_turn_awaited},
    {"turn_forced", false, print_turn_forced},
    {"left_out", false, print_left_out},
    {"rollback_started", false, print_rollback},
    {"hold_began", true, print_hold_began},
    {"release_started", true, print_release},
    {"release_finished", true, print_released},
    {"rollback_failed", true, print_rollback_failed},
    {"undo_repeated", true, print_repeated},
    {"price_started", true, print_price_started},
    {"price_fence_started", true, print_price_fence_started},
    {"price_fence_finished", true, print_price_fence_finished},
    {"price_fence_released", true, print_price_fence_released},
    {"save_started", true, print_save_started},
    {"save_finished", true, print_save_finished},
    {"undo_started", true, print_undo_started},
    {"undo_finished", true, print_undo_finished},
    {"outage_began", false, print_outage_began},
    {"outage_ended", false, print_outage_ended},
    {"run_finished", false, print_finished},
};

void plain_print_event(FILE *output, const struct run_state *state, const cJSON *event)
{
    const char *type = text_of(event, "type");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].type, type) && (!rows[i].needs_step || step_of(state, event)))
            rows[i].print(output, state, event);
}

void plain_print_gate(FILE *output, const struct run_state *state)
{
    const struct gate_state *gate = &state->gate;
    fprintf(output, "\nGATE %s: %s\n", gate->step, gate->question ? gate->question : "");
    for (size_t i = 0; i < gate->evidence_count; i++)
        fprintf(output, "  %s  %s: %s\n", verdict_name(gate->evidence[i].verdict),
                gate->evidence[i].name, gate->evidence[i].detail);
    struct text tables = {0};
    row_table(state, &tables);
    if (tables.length)
        fprintf(output, "\n%s", text_string(&tables));
    text_free(&tables);
    if (gate->diff)
        fprintf(output, "%s\n", gate->diff);
}

void plain_print_price(FILE *output, const struct run_state *state)
{
    const struct price_state *price = &state->price;
    const cJSON *tables[PRICE_TABLES_MAX];
    size_t count = run_state_price_tables(state, tables, PRICE_TABLES_MAX);
    char number[32];
    if (price->unknown) {
        fprintf(output,
                "\nRolling back loses what the new server has taken since the switchover. How much "
                "that is can't be counted: %s\n",
                price->unknown);
        return;
    }
    fprintf(output,
            "\nRolling back loses %s rows that the new server has taken since the switchover:\n",
            text_grouped(number, sizeof number, price->rows));
    for (size_t i = 0; i < count; i++)
        fprintf(output, "  %s %s.%s: %.0f inserted, %.0f updated, %.0f deleted\n",
                text_of(tables[i], "database"), text_of(tables[i], "schema"),
                text_of(tables[i], "table"), number_of(tables[i], "inserted"),
                number_of(tables[i], "updated"), number_of(tables[i], "deleted"));
    if (price->tables > (long long)count)
        fprintf(output, "  and %lld more tables\n", price->tables - (long long)count);
}

static void print_price_paid(FILE *output, const struct run_state *state)
{
    if (state->price.unknown)
        fprintf(output, "the rollback's price: unknown: %s\n", state->price.unknown);
    else
        fprintf(output, "the rollback's price: %lld rows of the new server\n", state->price.rows);
    if (state->save.done)
        fprintf(output, "saved first: %s\n", state->save.what);
}

void plain_print_end(FILE *output, const struct run_state *state)
{
    double outage = run_state_outage_ms(state, clock_wall_ms());
    if (state->outage_count)
        fprintf(output, "measured outage: %.0f ms in %zu interruption%s\n", outage,
                state->outage_count, state->outage_count == 1 ? "" : "s");
    const char *step;
    long long loss = run_state_accepted_loss(state, &step);
    if (loss)
        fprintf(output, "accepted loss: %lld rows or changes, at %s\n", loss, step);
    if (state->status == RUN_ROLLED_BACK && state->price.known)
        print_price_paid(output, state);
    fprintf(output, "run %s is %s\n", state->run, run_status_name(state->status));
}
