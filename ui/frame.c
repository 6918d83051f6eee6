/* frame.c: the whole screen, drawn from the view: top line, panels, banner, hints, dialog. */
#include "ui/frame.h"

#include <string.h>

static void draw_too_small(const struct view *view, struct screen *screen, int rows, int columns)
{
    struct lines lines = {.glyphs = view->glyphs};
    struct rectangle line = {0, 0, 1, columns};
    const struct run_state *state = view->state;
    lines_begin(&lines, -1);
    lines_printf(&lines, ROLE_STRONG, "%s: %s", state->stack ? state->stack : "pgrunbook",
                 run_status_name(state->status));
    lines_wrap(&lines, ROLE_TEXT, "The window is too small. q leaves, R rolls back.", 0, columns);
    for (size_t i = 0; i < lines.count && line.row < rows; i++, line.row++)
        line_draw(screen, &lines, i, &line, 0, NULL, false);
    lines_free(&lines);
}

static void draw_tabs(const struct view *view, struct screen *screen, const struct rectangle *area)
{
    struct lines lines = {.glyphs = view->glyphs};
    bool tight = area->columns < 76;
    lines_begin(&lines, -1);
    for (size_t i = 0; area->rows && i < LAYOUT_PANELS; i++) {
        bool focus = i == view->focus;
        lines_printf(&lines, focus ? ROLE_TAB_FOCUS : ROLE_TAB,
                     tight && !focus ? " %zu " : " %zu %s ", i + 1,
                     view->panels[i].operations->name);
    }
    if (area->rows)
        line_draw(screen, &lines, 0, area, 0, NULL, false);
    lines_free(&lines);
}

static void draw_panels(struct view *view, struct screen *screen)
{
    const struct layout *layout = &view->layout;
    for (size_t i = 0; i < LAYOUT_PANELS; i++) {
        const struct rectangle *area = &layout->panels[i];
        if (!area->rows)
            continue;
        panel_prepare(view, &view->panels[i], area);
        panel_draw(view, screen, i, area);
    }
    for (int row = 0; layout->divider >= 0 && row < layout->body.rows; row++)
        screen_fill(screen, layout->body.row + row, layout->divider, ROLE_RULE,
                    view->glyphs[GLYPH_VERTICAL], 1);
}

/* The last line says the keys: it stays when there isn't room for all. */
static void draw_banner(const struct view *view, struct screen *screen, const struct lines *banner)
{
    struct rectangle area = view->layout.banner;
    int rows = area.rows;
    for (int i = 0; i < rows; i++, area.row++) {
        bool last = i == rows - 1;
        size_t index = last ? banner->count - 1 : (size_t)i;
        if (index < banner->count)
            line_draw(screen, banner, index, &area, 0, NULL, false);
    }
}

static void draw_waiting(struct screen *screen, const struct layout *layout)
{
    static const char words[] = "Reading the run's journal";
    screen_put(screen, layout->body.row + layout->body.rows / 2, 2, ROLE_FAINT, words,
               sizeof words - 1, layout->body.columns - 2);
}

static void compute_layout(struct view *view, int rows, int columns, int banner)
{
    struct layout_request request = {.rows = rows,
                                     .columns = columns,
                                     .focus = view->focus,
                                     .zoomed = view->zoomed,
                                     .banner = banner,
                                     .environments = view->tabs && view->tabs->count > 1};
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        request.boxes[i] = view->panels[i].operations->wish(view);
    layout_compute(&request, &view->layout);
}

/* The focused panel first: a dialog is drawn over all of them. */
static void draw_body(struct view *view, struct screen *screen, const struct lines *banner)
{
    top_line_draw(view, screen, &view->layout.top);
    environment_line_draw(view, screen, &view->layout.environments);
    draw_tabs(view, screen, &view->layout.tab_line);
    if (!view->state->run) {
        draw_waiting(screen, &view->layout);
        return;
    }
    draw_panels(view, screen);
    draw_banner(view, screen, banner);
    if (view->dialog.operations)
        dialog_draw(view, screen);
}

void frame_draw(struct view *view, struct screen *screen)
{
    int rows, columns;
    struct lines banner = {.glyphs = view->glyphs};
    screen_size(screen, &rows, &columns);
    banner_build(view, &banner, columns);
    compute_layout(view, rows, columns, (int)banner.count);
    screen_erase(screen);
    if (view->layout.too_small) {
        draw_too_small(view, screen, rows, columns);
    } else {
        draw_body(view, screen, &banner);
        hint_line_draw(view, screen, &view->layout.hint);
    }
    lines_free(&banner);
    screen_present(screen);
}
