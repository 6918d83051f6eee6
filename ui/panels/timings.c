/* timings.c: the panel of planned against actual time, the database's availability, and the outages
 * that were measured. */
#include "ui/panels/panel.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdlib.h>

#define TIME_COLUMNS 13
#define DATABASE_COLUMNS 14

struct times {
    long planned; /* ms, of the steps that say it */
    long actual;
    bool started;
};

static void timings_title(const struct view *view, struct text *title)
{
    char downtime[48];
    double outage = run_state_outage_ms(view->state, view->now_ms);
    words_ms(downtime, sizeof downtime, outage);
    text_printf(title, "Timings %s downtime so far %s", view->glyphs[GLYPH_DOT],
                run_state_outage_known(view->state) ? downtime : "not measured");
}

static struct times sum_times(const struct view *view, long phase)
{
    struct times times = {0};
    for (size_t i = 0; i < view->state->step_count; i++) {
        const struct step_state *step = &view->state->steps[i];
        long actual = words_step_ms(step, view->now_ms);
        if (phase >= 0 && step->phase != (size_t)phase)
            continue;
        times.planned += step->planned_ms > 0 ? step->planned_ms : 0;
        times.actual += actual > 0 ? actual : 0;
        times.started = times.started || actual >= 0;
    }
    return times;
}

static void add_time(struct lines *lines, enum role role, long milliseconds)
{
    char buffer[48];
    const char *words = lines->glyphs[GLYPH_NONE];
    if (milliseconds >= 0)
        words = text_duration(buffer, sizeof buffer, milliseconds);
    lines_cell(lines, milliseconds < 0 ? ROLE_FAINT : role, words, TIME_COLUMNS, FIT_RIGHT);
}

static void add_sum(struct lines *lines, const char *title, const struct times *times,
                    int name_columns)
{
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " ");
    lines_cell(lines, ROLE_STRONG, title, name_columns - 1, FIT_LEFT);
    lines_freeze(lines);
    add_time(lines, ROLE_STRONG, times->planned);
    add_time(lines, ROLE_STRONG, times->started ? times->actual : -1);
}

static void add_step(const struct view *view, struct lines *lines, size_t index, int name_columns)
{
    const struct step_state *step = &view->state->steps[index];
    long actual = words_step_ms(step, view->now_ms);
    bool late = step->planned_ms > 0 && actual > 2 * step->planned_ms && actual > 5000;
    lines_begin(lines, (long)index);
    lines_add(lines, ROLE_TEXT, "   ");
    lines_cell(lines, words_step_role(step->status), step->id, name_columns - 3, FIT_LEFT);
    lines_freeze(lines);
    add_time(lines, ROLE_TEXT, step->planned_ms);
    add_time(lines, late ? ROLE_WARN : ROLE_TEXT, actual);
    lines_add(lines, ROLE_TEXT, "   ");
    lines_cell(lines, step->database ? ROLE_WARN : ROLE_FAINT, words_database(step->database),
               DATABASE_COLUMNS - 3, FIT_LEFT);
}

static void add_header(struct lines *lines, int name_columns)
{
    lines_begin(lines, -1);
    lines_cell(lines, ROLE_FAINT, " step", name_columns, FIT_LEFT);
    lines_freeze(lines);
    lines_cell(lines, ROLE_FAINT, "planned", TIME_COLUMNS, FIT_RIGHT);
    lines_cell(lines, ROLE_FAINT, "actual", TIME_COLUMNS, FIT_RIGHT);
    lines_add(lines, ROLE_FAINT, "   database");
    lines->header = lines->count;
}

static void add_outage(const struct view *view, struct lines *lines, const struct outage *outage,
                       int columns)
{
    char began[32], lasted[48];
    double since = (double)(view->now_ms - outage->began_ms);
    bool lasts = outage->ms < 0;
    words_ms(lasted, sizeof lasted, lasts ? since : outage->ms);
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_TEXT, "   %s ", words_clock(began, sizeof began, outage->began_ms));
    lines_cell(lines, lasts ? ROLE_BAD : ROLE_STRONG, lasted, 12, FIT_RIGHT);
    const char *step = outage->step ? outage->step : "no step";
    char *words = lasts ? xprintf("  and it lasts, in %s", step)
                  : outage->failures < 0
                      ? xprintf("  in %s", step)
                      : xprintf("  in %s, %ld failed attempts", step, outage->failures);
    lines_wrap_on(lines, lasts ? ROLE_BAD : ROLE_TEXT, words, 24, columns);
    free(words);
}

static void add_outages(const struct view *view, struct lines *lines, int columns)
{
    const struct run_state *state = view->state;
    char total[48];
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " Outages, measured as a client meets them");
    for (size_t i = 0; i < state->outage_count; i++)
        add_outage(view, lines, &state->outages[i], columns);
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_TEXT, "   downtime so far %s",
                 words_ms(total, sizeof total, run_state_outage_ms(state, view->now_ms)));
    lines_blank(lines);
}

static void timings_build(const struct view *view, const struct panel *panel, struct lines *lines,
                          int columns)
{
    const struct run_state *state = view->state;
    int name_columns = columns - 2 * TIME_COLUMNS - DATABASE_COLUMNS - 1;
    struct times all = sum_times(view, -1);
    (void)panel;
    name_columns = name_columns < 20 ? 20 : name_columns > 40 ? 40 : name_columns;
    add_header(lines, name_columns);
    if (state->outage_count)
        add_outages(view, lines, columns);
    for (size_t i = 0; i < state->step_count; i++) {
        size_t phase = state->steps[i].phase;
        if (i == 0 || phase != state->steps[i - 1].phase) {
            struct times times = sum_times(view, (long)phase);
            add_sum(lines, state->phases[phase].title, &times, name_columns);
        }
        add_step(view, lines, i, name_columns);
    }
    add_sum(lines, "Whole run", &all, name_columns);
}

static struct box timings_wish(const struct view *view)
{
    (void)view;
    return (struct box){.minimum = 4, .wanted = 10};
}

const struct panel_operations timings_panel = {
    .name = "Timings",
    .title = timings_title,
    .build = timings_build,
    .wish = timings_wish,
    .reveals = true,
};
