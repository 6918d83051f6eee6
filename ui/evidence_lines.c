/* evidence_lines.c: verdicts, decisions and the heading of a step as lines, for panels and dialogs.
 */
#include "ui/evidence_lines.h"

#include "base/json.h"
#include "ui/words.h"

#include <stdlib.h>
#include <string.h>

#define VERDICT_COLUMNS 8 /* symbol and word */

/* Verdicts of one list: names in a column as wide as the widest that leaves the details half of the
 * room. */
static void widen(int *columns, const char *name, int width)
{
    int taken = fit_width(name, strlen(name)) + 2;
    if (taken > *columns && taken <= (width - VERDICT_COLUMNS) / 2)
        *columns = taken;
}

/* One verdict: symbol, word, name, and the detail wrapped beside the name, under a name that is too
 * long for its column. */
static void add_verdict(struct lines *lines, int verdict, const char *name, const char *detail,
                        int name_columns, int width)
{
    bool beside = fit_width(name, strlen(name)) < name_columns;
    enum role role = words_verdict_role(verdict);
    lines_begin(lines, -1);
    lines_printf(lines, role, " %s ", lines->glyphs[words_verdict_glyph(verdict)]);
    lines_cell(lines, role, verdict_name(verdict), 5, FIT_LEFT);
    if (beside) {
        lines_cell(lines, ROLE_TEXT, name, name_columns, FIT_LEFT);
        lines_wrap_on(lines, ROLE_TEXT, detail, VERDICT_COLUMNS + name_columns, width);
        return;
    }
    lines_wrap_on(lines, ROLE_TEXT, name, VERDICT_COLUMNS, width);
    if (*detail)
        lines_wrap(lines, ROLE_TEXT, detail, VERDICT_COLUMNS, width);
}

static void add_attempt(const struct step_state *step, struct lines *lines)
{
    if (step->attempt > 1)
        lines_printf(lines, ROLE_TEXT, ", attempt %d", step->attempt);
}

void evidence_heading(const struct view *view, const struct step_state *step, struct lines *lines,
                      int width)
{
    char lasted[48];
    bool bad = step->status == STEP_FAILED || step->status == STEP_UNDO_FAILED ||
               step->status == STEP_INTERRUPTED;
    lines_wrap(lines, ROLE_STRONG, step->title, 1, width);
    lines_begin(lines, -1);
    lines_printf(lines, words_step_role(step->status), " %s %s",
                 lines->glyphs[words_step_glyph(step->status)], step_status_name(step->status));
    words_step_time(lasted, sizeof lasted, step, view->now_ms);
    lines_printf(lines, ROLE_TEXT, "%s%s", *lasted ? ", " : "", lasted);
    add_attempt(step, lines);
    if (step->message && *step->message)
        lines_wrap(lines, bad ? ROLE_BAD : ROLE_TEXT, step->message, 1, width);
    if (!step->remedy || !*step->remedy)
        return;
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " What to do: ");
    lines_wrap_on(lines, ROLE_TEXT, step->remedy, 13, width);
}

void evidence_gate(const struct gate_state *gate, struct lines *lines, int width)
{
    int columns = 0;
    for (size_t i = 0; i < gate->evidence_count; i++)
        widen(&columns, gate->evidence[i].name, width);
    for (size_t i = 0; i < gate->evidence_count; i++)
        add_verdict(lines, gate->evidence[i].verdict, gate->evidence[i].name,
                    gate->evidence[i].detail, columns, width);
}

void evidence_checks(const struct view *view, const struct step_state *step, struct lines *lines,
                     int width)
{
    const struct gate_state *gate = &view->state->gate;
    int columns = 0;
    if (text_equal(gate->step, step->path))
        evidence_gate(gate, lines, width);
    for (size_t i = 0; i < step->check_count; i++)
        widen(&columns, step->checks[i].name, width);
    for (size_t i = 0; i < step->check_count; i++)
        add_verdict(lines, step->checks[i].verdict, step->checks[i].name, step->checks[i].detail,
                    columns, width);
}

static const char *answer_word(const cJSON *decision)
{
    const char *answer = json_text(decision, "answer"), *command = json_text(decision, "command");
    if (text_equal(answer, "confirm"))
        return "confirmed";
    if (text_equal(answer, "decline"))
        return "declined";
    if (text_equal(answer, "offer"))
        return "took the offer";
    if (text_equal(answer, "timeout"))
        return "timed out, which means no";
    return command ? command : "decided";
}

void evidence_decisions(const struct view *view, const struct step_state *step, struct lines *lines,
                        int width)
{
    const cJSON *decision;
    cJSON_ArrayForEach(decision, view->state->decisions)
    {
        char at[32];
        const char *who = json_text(decision, "operator"), *tty = json_text(decision, "tty");
        if (!text_equal(json_text(decision, "step"), step->path))
            continue;
        words_clock(at, sizeof at, (int64_t)json_number_at(decision, "time"));
        char *words = xprintf("%s %s%s%s%s%s", at, answer_word(decision), who ? " by " : "",
                              who ? who : "", tty ? " on " : "", tty ? tty : "");
        lines_wrap(lines, ROLE_TEXT, words, 1, width);
        free(words);
    }
}

static enum role difference_role(const char *line)
{
    if (text_starts(line, "+"))
        return ROLE_GOOD;
    return text_starts(line, "-") ? ROLE_BAD : ROLE_TEXT;
}

void evidence_diff(const char *difference, struct lines *lines)
{
    while (*difference) {
        size_t length = strcspn(difference, "\n");
        lines_begin(lines, -1);
        lines_printf(lines, difference_role(difference), " %.*s", (int)length, difference);
        difference += length + (difference[length] != '\0');
    }
}
