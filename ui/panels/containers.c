/* containers.c: the panel of the watched containers and of the service as its clients see it. */
#include "ui/panels/panel.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdio.h>
#include <string.h>

#define STATE_COLUMNS 9
#define HEALTH_COLUMNS 9
#define TIME_COLUMNS 12
#define IMAGE_LEAST 12
#define STALE_MS 5000 /* the watcher asks every second */

static void containers_title(const struct view *view, struct text *title)
{
    size_t running = 0;
    const struct run_state *state = view->state;
    for (size_t i = 0; i < state->container_count; i++)
        running += text_equal(state->containers[i].state, "running");
    text_printf(title, "Containers %s %zu of %zu running", view->glyphs[GLYPH_DOT], running,
                state->container_count);
}

static enum role state_role(const struct container_state *container)
{
    if (text_equal(container->state, "running"))
        return text_equal(container->health, "unhealthy") ? ROLE_BAD : ROLE_GOOD;
    bool broken =
        text_equal(container->state, "restarting") || text_equal(container->state, "dead");
    return broken ? ROLE_BAD : ROLE_WARN;
}

static enum role health_role(const struct container_state *container)
{
    return text_equal(container->health, "unhealthy") ? ROLE_BAD : ROLE_TEXT;
}

static const char *processor(const struct view *view, char *buffer, size_t size, double percent)
{
    snprintf(buffer, size, "%.1f%%", percent);
    return percent < 0 ? view->glyphs[GLYPH_NONE] : buffer;
}

static const char *memory(const struct view *view, char *buffer, size_t size, double bytes)
{
    return bytes < 0 ? view->glyphs[GLYPH_NONE] : text_bytes(buffer, size, bytes);
}

static const char *uptime(const struct view *view, const struct container_state *container,
                          char *buffer, size_t size)
{
    bool running = text_equal(container->state, "running") && container->started_ms;
    int64_t up = view->now_ms - container->started_ms;
    return running ? text_duration(buffer, size, up > 0 ? (long)(up / 1000 * 1000) : 0)
                   : view->glyphs[GLYPH_NONE];
}

/* Its end, the tag, tells the versions apart: where room is short the beginning goes. */
static void add_image(struct lines *lines, const char *image, int columns)
{
    int room = columns - lines_width(lines, lines->count - 1),
        width = fit_width(image, strlen(image));
    if (room >= IMAGE_LEAST && width > room) {
        lines_add(lines, ROLE_FAINT, lines->glyphs[GLYPH_ELLIPSIS]);
        image += fit_prefix(image, strlen(image), width - room + 1, NULL);
    }
    lines_add(lines, ROLE_TEXT, image);
}

static void add_container(const struct view *view, const struct container_state *container,
                          struct lines *lines, int name_columns, int columns)
{
    char buffer[48];
    const char *none = view->glyphs[GLYPH_NONE];
    bool health = container->health && *container->health;
    lines_begin(lines, -1);
    lines_add(lines, ROLE_TEXT, " ");
    lines_cell(lines, ROLE_TEXT, container->name, name_columns, FIT_LEFT);
    lines_add(lines, ROLE_TEXT, " ");
    lines_freeze(lines);
    lines_cell(lines, state_role(container), container->state ? container->state : "unknown",
               STATE_COLUMNS, FIT_LEFT);
    lines_cell(lines, health_role(container), health ? container->health : none, HEALTH_COLUMNS,
               FIT_LEFT);
    lines_cell(lines, ROLE_TEXT, processor(view, buffer, sizeof buffer, container->cpu_percent), 7,
               FIT_RIGHT);
    lines_cell(lines, ROLE_TEXT, memory(view, buffer, sizeof buffer, container->memory_bytes), 10,
               FIT_RIGHT);
    lines_cell(lines, ROLE_TEXT, uptime(view, container, buffer, sizeof buffer), TIME_COLUMNS,
               FIT_RIGHT);
    lines_add(lines, ROLE_TEXT, "  ");
    add_image(lines, container->image ? container->image : none, columns);
}

/* Docker's trouble in plain words, and how old what is shown has become. */
static void add_trouble(const struct view *view, const struct container_state *container,
                        struct lines *lines, int columns)
{
    char age[48];
    int64_t old = container->seen_ms ? view->now_ms - container->seen_ms : 0;
    bool stale = view->control && !run_state_finished(view->state) && old > STALE_MS;
    if (!container->trouble && !stale)
        return;
    struct text words = {0};
    if (stale)
        text_printf(&words, "stale since %s",
                    text_duration(age, sizeof age, (long)(old / 1000 * 1000)));
    if (container->trouble)
        text_printf(&words, "%s%s", stale ? ": " : "", container->trouble);
    lines_wrap(lines, ROLE_WARN, text_string(&words), 3, columns);
    text_free(&words);
}

static void add_service(const struct view *view, struct lines *lines, int columns)
{
    const struct service_state *service = &view->state->service;
    char since[48];
    lines_begin(lines, -1);
    lines_add(lines, ROLE_STRONG, " Service, as clients see it: ");
    if (!service->known) {
        lines_add(lines, ROLE_FAINT, "not asked yet");
        return;
    }
    if (service->up) {
        lines_printf(lines, ROLE_GOOD, "up");
        lines_printf(lines, ROLE_TEXT, ", PostgreSQL %s, answers in %.1f ms",
                     service->version ? service->version : "?", service->latency_ms);
        return;
    }
    words_ticking(since, sizeof since, view->now_ms - service->down_since_ms);
    lines_printf(lines, ROLE_BAD, "DOWN for %s", since);
    if (service->trouble)
        lines_wrap(lines, ROLE_TEXT, service->trouble, 3, columns);
}

static void add_header(struct lines *lines, int name_columns)
{
    lines_begin(lines, -1);
    lines_add(lines, ROLE_FAINT, " ");
    lines_cell(lines, ROLE_FAINT, "name", name_columns, FIT_LEFT);
    lines_add(lines, ROLE_FAINT, " ");
    lines_freeze(lines);
    lines_cell(lines, ROLE_FAINT, "state", STATE_COLUMNS, FIT_LEFT);
    lines_cell(lines, ROLE_FAINT, "health", HEALTH_COLUMNS, FIT_LEFT);
    lines_cell(lines, ROLE_FAINT, "CPU", 7, FIT_RIGHT);
    lines_cell(lines, ROLE_FAINT, "memory", 10, FIT_RIGHT);
    lines_cell(lines, ROLE_FAINT, "up for", TIME_COLUMNS, FIT_RIGHT);
    lines_add(lines, ROLE_FAINT, "  image");
    lines->header = lines->count;
}

static int widest_name(const struct run_state *state)
{
    int widest = 8;
    for (size_t i = 0; i < state->container_count; i++) {
        int width = fit_width(state->containers[i].name, strlen(state->containers[i].name));
        widest = width > widest ? width : widest;
    }
    return widest < 24 ? widest : 24;
}

static void containers_build(const struct view *view, const struct panel *panel,
                             struct lines *lines, int columns)
{
    const struct run_state *state = view->state;
    int name_columns = widest_name(state);
    (void)panel;
    add_header(lines, name_columns);
    for (size_t i = 0; i < state->container_count; i++) {
        add_container(view, &state->containers[i], lines, name_columns, columns);
        add_trouble(view, &state->containers[i], lines, columns);
    }
    if (!state->container_count) {
        lines_begin(lines, -1);
        lines_add(lines, ROLE_FAINT, " no container has been asked about yet");
    }
    lines_blank(lines);
    add_service(view, lines, columns);
}

static struct box containers_wish(const struct view *view)
{
    int rows = (int)view->state->container_count + 4;
    return (struct box){.minimum = 4, .wanted = rows > 6 ? rows + 1 : 7};
}

const struct panel_operations containers_panel = {
    .name = "Containers",
    .title = containers_title,
    .build = containers_build,
    .wish = containers_wish,
};
