/* list.c: the numbered list of steps that `check` prints, for a terminal of 80 columns. */
#include "base/utf8.h"
#include "runbook/names.h"
#include "runbook/runbook.h"

#include <stdio.h>
#include <string.h>

#define LINE_WIDTH 80
#define INDENT 6 /* under the number */
#define NO_RETURN "  (POINT OF NO RETURN)"

/* `text` in at most `width` characters, cut with "..." when it's longer. */
static void add_cut(struct text *output, const char *text, size_t width)
{
    size_t left = strlen(text), characters = utf8_count(text), used = 0;
    bool cut = characters > width;
    size_t keep = cut ? (width > 3 ? width - 3 : 0) : characters;
    for (; used < keep && left; used++) {
        size_t size = utf8_character(text, left);
        size = size ? size : 1;
        text_append(output, text, size);
        text += size;
        left -= size;
    }
    if (cut)
        text_add(output, "...");
}

/* "backup: pg.backup, read, 30.0 s, gate: type, undo": what stands under the title. */
static void add_properties(const struct step *step, struct text *output)
{
    char duration[32];
    text_printf(output, "%s: %s, %s", step->id, step->invocation.action->name,
                danger_name(step->danger));
    if (step->gate)
        text_printf(output, ", gate: %s", name_of(confirmation_names, (int)step->gate->confirm));
    if (step->database != AVAILABLE)
        text_printf(output, ", database %s", name_of(availability_names, (int)step->database));
    if (step->undo_count)
        text_add(output, ", undo");
    if (step->hold)
        text_printf(output, ", held until %s", step->hold->until);
    if (step->price)
        text_add(output, ", price");
    if (step->when)
        text_add(output, ", conditional");
    if (step->planned_ms >= 0)
        text_printf(output, ", %s", text_duration(duration, sizeof duration, step->planned_ms));
}

static void add_step(const struct step *step, size_t number, struct text *output)
{
    const char *mark = step->point_of_no_return ? NO_RETURN : "";
    struct text properties = {0};
    text_printf(output, "%4zu. ", number);
    add_cut(output, step->title, LINE_WIDTH - INDENT - strlen(mark));
    text_printf(output, "%s\n%*s", mark, INDENT, "");
    add_properties(step, &properties);
    add_cut(output, text_string(&properties), LINE_WIDTH - INDENT);
    text_add(output, "\n");
    text_free(&properties);
}

void runbook_list_steps(const struct runbook *runbook, struct text *output)
{
    size_t number = 0;
    for (size_t i = 0; i < runbook->phase_count; i++) {
        const struct phase *phase = &runbook->phases[i];
        struct text heading = {0};
        if (!runbook_has_phase(runbook, phase))
            continue;
        text_printf(&heading, "%s: %s%s", phase->id, phase->title, runbook_scope(runbook, phase));
        text_add(output, number ? "\n" : "");
        add_cut(output, text_string(&heading), LINE_WIDTH);
        text_add(output, "\n");
        text_free(&heading);
        for (size_t j = 0; j < phase->step_count; j++)
            add_step(&phase->steps[j], ++number, output);
    }
}
