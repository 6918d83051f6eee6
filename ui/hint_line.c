/* hint_line.c: the bottom line: the keys that act now, from the tables of keys. */
#include "ui/frame.h"

#include <string.h>

struct hints {
    const struct view *view;
    struct lines lines; /* one line: what is pinned, or what isn't */
    int room;           /* columns; a hint that would be cut is left away */
};

static void add_hints(struct hints *hints, const struct key_row *table, bool pinned)
{
    for (const struct key_row *row = table; row && row->act; row++) {
        if (!row->hint || row->pinned != pinned || (row->refuse && row->refuse(hints->view)))
            continue;
        size_t taken = strlen(row->name) + strlen(row->hint) + 3;
        if (lines_width(&hints->lines, 0) + (int)taken > hints->room)
            continue;
        lines_printf(&hints->lines, ROLE_KEY, " %s", row->name);
        lines_printf(&hints->lines, ROLE_HINT, " %s ", row->hint);
    }
}

/* The keys of what is in front: the dialog's, or the focused panel's and the main ones. */
static void collect(struct hints *hints, bool pinned)
{
    const struct view *view = hints->view;
    lines_begin(&hints->lines, -1);
    if (view->dialog.operations) {
        add_hints(hints, view->dialog.operations->keys, pinned);
        return;
    }
    const struct key_row *own = view->panels[view->focus].operations->keys;
    add_hints(hints, keymap_main, pinned);
    add_hints(hints, own, pinned);
}

static void draw_prompt(const struct view *view, struct screen *screen,
                        const struct rectangle *area)
{
    const char *typed = view->search.typed, *name = " search: ";
    size_t length = strlen(typed);
    int used = screen_put(screen, area->row, 0, ROLE_KEY, name, strlen(name), area->columns);
    used +=
        screen_put(screen, area->row, used, ROLE_FIELD, typed, length, area->columns - used - 1);
    screen_cursor(screen, area->row, used);
}

/* A message may be longer than the line; it then takes the lines above it for as long as it stands.
 */
static void draw_message(const struct view *view, struct screen *screen,
                         const struct rectangle *area)
{
    struct lines lines = {.glyphs = view->glyphs};
    lines_wrap(&lines, ROLE_MESSAGE, view->message, 1, area->columns - 1);
    int count = lines.count < 5 ? (int)lines.count : 5;
    for (int i = 0; i < count; i++) {
        struct rectangle row = {area->row - count + 1 + i, 0, 1, area->columns};
        screen_fill(screen, row.row, 0, ROLE_TEXT, " ", row.columns);
        line_draw(screen, &lines, (size_t)i, &row, 0, NULL, false);
    }
    lines_free(&lines);
}

static void draw_keys(const struct view *view, struct screen *screen, const struct rectangle *area)
{
    struct hints hints = {.view = view, .lines = {.glyphs = view->glyphs}};
    struct rectangle row = *area;
    hints.room = area->columns;
    collect(&hints, true);
    int pinned = hints.lines.count ? lines_width(&hints.lines, 0) : 0;
    row.column = area->columns - pinned;
    row.columns = pinned;
    line_draw(screen, &hints.lines, 0, &row, 0, NULL, false);
    lines_clear(&hints.lines);
    hints.room = area->columns - pinned;
    collect(&hints, false);
    row = (struct rectangle){area->row, 0, 1, area->columns - pinned};
    line_draw(screen, &hints.lines, 0, &row, 0, NULL, false);
    lines_free(&hints.lines);
}

void hint_line_draw(const struct view *view, struct screen *screen, const struct rectangle *area)
{
    if (view->search.open)
        draw_prompt(view, screen, area);
    else if (*view->message)
        draw_message(view, screen, area);
    else
        draw_keys(view, screen, area);
}
