/* top_line.c: the line that always says which stack this is, how the run stands, and for how long
 * the service has been down. */
#include "ui/frame.h"

#include "ui/words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS 8

/* A piece of the line; when there isn't room for all, those with the highest rank go first. */
struct segment {
    enum role role;
    int rank;   /* 0: always there */
    bool right; /* stands at the right end */
    char words[160];
    int width;
};

struct segments {
    struct segment items[SEGMENTS];
    size_t count;
};

static struct segment *add(struct segments *segments, enum role role, int rank, bool right)
{
    struct segment *segment = &segments->items[segments->count++];
    *segment = (struct segment){.role = role, .rank = rank, .right = right};
    return segment;
}

static enum role status_role(enum run_status status)
{
    static const enum role roles[] = {
        [RUN_RUNNING] = ROLE_TOP,           [RUN_AT_GATE] = ROLE_TOP_GATE,
        [RUN_DECLINED] = ROLE_TOP_GATE,     [RUN_STEP_FAILED] = ROLE_TOP_BAD,
        [RUN_PAUSED] = ROLE_TOP_GATE,       [RUN_RELEASING] = ROLE_TOP_GATE,
        [RUN_ROLLING_BACK] = ROLE_TOP_GATE, [RUN_ROLLBACK_FAILED] = ROLE_TOP_BAD,
        [RUN_COMPLETE] = ROLE_TOP_GOOD,     [RUN_ROLLED_BACK] = ROLE_TOP_GATE,
        [RUN_WAITING] = ROLE_TOP,           [RUN_LEFT_OUT] = ROLE_TOP_GATE,
    };
    return roles[status];
}

static void add_status(const struct view *view, struct segments *segments)
{
    const struct run_state *state = view->state;
    struct segment *segment = add(segments, status_role(state->status), 0, false);
    const char *name = run_status_name(state->status);
    size_t length = 0;
    segment->words[length++] = ' ';
    for (; *name && length + 2 < sizeof segment->words; name++)
        segment->words[length++] = (char)toupper((unsigned char)*name);
    segment->words[length] = '\0';
    text_copy(segment->words + length, sizeof segment->words - length,
              state->pause_requested ? ", PAUSES NEXT " : " ");
}

static void add_place(const struct view *view, struct segments *segments)
{
    const struct run_state *state = view->state;
    if (state->current < 0)
        return;
    struct segment *segment = add(segments, ROLE_TOP, 4, false);
    snprintf(segment->words, sizeof segment->words, " %s, %ld of %zu ",
             state->steps[state->current].path, state->current + 1, state->step_count);
}

/* Clients can't write meanwhile, and that has its limit. */
static void add_hold(const struct view *view, struct segments *segments)
{
    char words[80];
    if (run_state_holds(view->state))
        snprintf(add(segments, ROLE_TOP_GATE, 1, true)->words, 160, " %s ",
                 words_held(words, sizeof words, view->state, view->now_ms));
}

static void add_service(const struct view *view, struct segments *segments)
{
    const struct service_state *service = &view->state->service;
    char since[48];
    if (!service->known)
        return;
    struct segment *segment =
        add(segments, service->up ? ROLE_TOP : ROLE_TOP_BAD, service->up ? 5 : 0, true);
    if (service->up)
        snprintf(segment->words, sizeof segment->words, " serving %s ",
                 service->version ? service->version : "");
    else
        snprintf(segment->words, sizeof segment->words, " SERVICE DOWN %s ",
                 words_ticking(since, sizeof since, view->now_ms - service->down_since_ms));
}

static void add_outage(const struct view *view, struct segments *segments)
{
    const struct run_state *state = view->state;
    char lasted[48];
    if (!state->outage_count || (state->service.known && !state->service.up))
        return;
    struct segment *segment = add(segments, ROLE_TOP, 2, true);
    snprintf(segment->words, sizeof segment->words, " outage %s ",
             words_ms(lasted, sizeof lasted, run_state_outage_ms(state, view->now_ms)));
}

static void add_who(const struct view *view, struct segments *segments)
{
    const struct run_state *state = view->state;
    bool gone = !view->control && !run_state_finished(state);
    if (gone)
        text_copy(add(segments, ROLE_TOP_BAD, 1, true)->words, 32, " ENGINE GONE ");
    if (view->watch)
        text_copy(add(segments, ROLE_TOP_GATE, 1, true)->words, 32, " WATCH ONLY ");
    else if (state->operator_name)
        snprintf(add(segments, ROLE_TOP, 6, true)->words, 160, " operator %s ",
                 state->operator_name);
}

/* Leaves away what there is no room for. */
static void fit_segments(struct segments *segments, int columns)
{
    int width = 0, worst;
    for (size_t i = 0; i < segments->count; i++) {
        struct segment *segment = &segments->items[i];
        segment->width = fit_width(segment->words, strlen(segment->words));
        width += segment->width;
    }
    do {
        size_t at = 0;
        worst = 0;
        for (size_t i = 0; i < segments->count; i++)
            if (segments->items[i].width && segments->items[i].rank > worst) {
                worst = segments->items[i].rank;
                at = i;
            }
        if (width <= columns || !worst)
            return;
        width -= segments->items[at].width;
        segments->items[at].width = 0;
    } while (worst);
}

void top_line_draw(const struct view *view, struct screen *screen, const struct rectangle *area)
{
    struct segments segments = {.count = 0};
    const char *stack = view->state->stack ? view->state->stack : "pgrunbook";
    const char *name = view_environment(view);
    char *place = name ? xprintf("%s: %s", name, stack) : xstrdup(stack);
    snprintf(add(&segments, ROLE_TOP, 0, false)->words, 160, " %.*s ",
             (int)fit_prefix(place, strlen(place), area->columns / 3, NULL), place);
    free(place);
    add_status(view, &segments);
    add_place(view, &segments);
    add_outage(view, &segments);
    add_hold(view, &segments);
    add_service(view, &segments);
    add_who(view, &segments);
    fit_segments(&segments, area->columns);
    int left = 0, right = area->columns;
    for (size_t i = 0; i < segments.count; i++)
        right -= segments.items[i].right ? segments.items[i].width : 0;
    screen_fill(screen, area->row, 0, ROLE_TOP, " ", area->columns);
    for (size_t i = 0; i < segments.count; i++) {
        const struct segment *segment = &segments.items[i];
        int *at = segment->right ? &right : &left;
        if (segment->width)
            *at += screen_put(screen, area->row, *at, segment->role, segment->words,
                              strlen(segment->words), area->columns - *at);
    }
}
