/* panel.c: what every panel has in common: its lines, where they stand, how they are drawn. */
#include "ui/panels/panel.h"

#include "ui/view.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 4096 /* of one line on the screen; a longer one is drawn as far */

void panel_open(struct panel *panel, const struct panel_operations *operations,
                const char *const *glyphs)
{
    *panel = (struct panel){.operations = operations, .at_end = operations->newest, .reveal = true};
    panel->state = xcalloc(1, operations->private_size ? operations->private_size : 1);
    panel->lines.glyphs = glyphs;
}

void panel_close(struct panel *panel)
{
    lines_free(&panel->lines);
    free(panel->state);
}

int panel_scrollable(const struct panel *panel)
{
    return (int)(panel->lines.count - panel->lines.header);
}

static int clamp(int value, int most)
{
    value = value > most ? most : value;
    return value < 0 ? 0 : value;
}

long panel_selected(const struct view *view, const struct panel *panel)
{
    if (panel->operations->selected)
        return panel->operations->selected(view, panel);
    return view->selected;
}

/* The first line about what is selected, -1 when there is none. */
static long selected_line(const struct view *view, const struct panel *panel)
{
    long selected = panel_selected(view, panel);
    for (size_t i = panel->lines.header; i < panel->lines.count; i++)
        if (panel->lines.items[i].tag == selected && selected >= 0)
            return (long)i;
    return -1;
}

/* What stands below the last line that can be selected is brought into sight with it. */
static bool is_last(const struct panel *panel, long line)
{
    for (size_t i = (size_t)line + 1; i < panel->lines.count; i++)
        if (panel->lines.items[i].tag >= 0)
            return false;
    return true;
}

static void reveal_selected(const struct view *view, struct panel *panel)
{
    long line = selected_line(view, panel);
    if (line < 0)
        return;
    int at = (int)line - (int)panel->lines.header, margin = panel->page > 6 ? 2 : 0;
    if (at < panel->top + margin)
        panel->top = at - margin;
    if (at >= panel->top + panel->page - margin)
        panel->top = at - panel->page + 1 + margin;
    if (is_last(panel, line) && at >= panel_scrollable(panel) - panel->page)
        panel->top = panel_scrollable(panel);
}

void panel_prepare(struct view *view, struct panel *panel, const struct rectangle *area)
{
    lines_clear(&panel->lines);
    panel->operations->build(view, panel, &panel->lines, area->columns);
    panel->page = clamp(area->rows - 1 - (int)panel->lines.header, area->rows);
    int most = clamp(panel_scrollable(panel) - panel->page, panel_scrollable(panel));
    if ((panel->operations->selects || panel->operations->reveals) && panel->reveal)
        reveal_selected(view, panel);
    panel->reveal = false;
    panel->top = panel->at_end ? most : clamp(panel->top, most);
    if (panel->left)
        panel->left = clamp(panel->left, lines_widest(&panel->lines) - area->columns);
}

/* The first line from `from` on, in the direction `way`, that can be selected; another one than the
 * selected where `other`. -1 when there is none. */
static long tagged_line(const struct view *view, const struct panel *panel, int from, int way,
                        bool other)
{
    for (int i = from; i >= 0 && i < panel_scrollable(panel); i += way) {
        long line = (long)panel->lines.header + i, tag = panel->lines.items[line].tag;
        if (tag >= 0 && (!other || tag != panel_selected(view, panel)))
            return line;
    }
    return -1;
}

static void move_selection(struct view *view, struct panel *panel, int move)
{
    int at = (int)panel_here(view, panel) - (int)panel->lines.header, way = move < 0 ? -1 : 1;
    int target = clamp(at + move, panel_scrollable(panel) - 1);
    long line = tagged_line(view, panel, target, way, true);
    if (line < 0)
        line = tagged_line(view, panel, target, -way, false);
    if (line >= 0)
        panel_go(view, panel, (size_t)line);
}

void panel_scroll(struct view *view, struct panel *panel, enum scroll how)
{
    int page = panel->page > 2 ? panel->page - 1 : 1, count = panel_scrollable(panel);
    const int moves[] = {[SCROLL_UP] = -1,          [SCROLL_DOWN] = 1,     [SCROLL_PAGE_UP] = -page,
                         [SCROLL_PAGE_DOWN] = page, [SCROLL_TOP] = -count, [SCROLL_END] = count};
    if (panel->operations->selects) {
        move_selection(view, panel, moves[how]);
        return;
    }
    int most = clamp(count - panel->page, count);
    panel->top = clamp(panel->top + moves[how], most);
    panel->at_end = panel->operations->newest && panel->top == most;
}

size_t panel_here(const struct view *view, const struct panel *panel)
{
    long line = panel->operations->selects ? selected_line(view, panel) : -1;
    return line >= 0 ? (size_t)line : panel->lines.header + (size_t)panel->top;
}

void panel_go(struct view *view, struct panel *panel, size_t line)
{
    if (panel->operations->selects && panel->lines.items[line].tag >= 0) {
        long tag = panel->lines.items[line].tag;
        if (panel->operations->select)
            panel->operations->select(view, panel, tag);
        else
            view_select(view, tag);
        panel->reveal = true;
        return;
    }
    int at = (int)(line - panel->lines.header);
    panel->at_end = false;
    if (at < panel->top || at >= panel->top + panel->page)
        panel->top = clamp(at - panel->page / 3, panel_scrollable(panel) - 1);
}

/* One line as plain bytes and, beside them, what each byte means. */
struct flat {
    char bytes[LINE_MAX_BYTES];
    unsigned char roles[LINE_MAX_BYTES];
    size_t length;
};

static void flatten(const struct lines *lines, size_t index, struct flat *flat)
{
    const struct line *line = &lines->items[index];
    flat->length = 0;
    for (size_t i = 0; i < line->count; i++) {
        const struct span *span = &lines->spans[line->first + i];
        size_t room = sizeof flat->bytes - flat->length;
        size_t length = span->length < room ? span->length : room;
        if (length)
            memcpy(flat->bytes + flat->length, lines->bytes.bytes + span->offset, length);
        memset(flat->roles + flat->length, (int)span->role, length);
        flat->length += length;
    }
}

static void mark_matches(struct flat *flat, const char *pattern)
{
    size_t wanted = strlen(pattern);
    const char *at = flat->bytes, *end = flat->bytes + flat->length;
    while ((at = fit_find(at, (size_t)(end - at), pattern))) {
        memset(flat->roles + (at - flat->bytes), ROLE_MATCH, wanted);
        at += wanted;
    }
}

/* Draws bytes [from, to) as runs of one meaning; returns the columns used. */
static int draw_runs(struct screen *screen, const struct flat *flat, size_t from, size_t to,
                     const struct rectangle *area)
{
    int used = 0;
    while (from < to && used < area->columns) {
        unsigned char role = flat->roles[from];
        size_t end = from + 1;
        while (end < to && flat->roles[end] == role)
            end++;
        used += screen_put(screen, area->row, area->column + used, (enum role)role,
                           flat->bytes + from, end - from, area->columns - used);
        from = end;
    }
    return used;
}

void line_draw(struct screen *screen, const struct lines *lines, size_t index,
               const struct rectangle *area, int left, const char *pattern, bool selected)
{
    struct flat flat = {0};
    flat.length = 0;
    flatten(lines, index, &flat);
    if (selected)
        memset(flat.roles, ROLE_SELECTED, flat.length);
    if (pattern && *pattern)
        mark_matches(&flat, pattern);
    int frozen = lines->items[index].frozen;
    size_t fixed = fit_prefix(flat.bytes, flat.length, frozen, NULL);
    size_t skipped = fit_prefix(flat.bytes + fixed, flat.length - fixed, left, NULL);
    struct rectangle rest = *area;
    int used = draw_runs(screen, &flat, 0, fixed, area);
    rest.column += used;
    rest.columns -= used;
    used += draw_runs(screen, &flat, fixed + skipped, flat.length, &rest);
    if (selected)
        screen_fill(screen, area->row, area->column + used, ROLE_SELECTED, " ",
                    area->columns - used);
}

static void cut_title(const struct view *view, struct text *title, int columns)
{
    struct text whole = *title;
    if (fit_width(text_string(title), title->length) <= columns)
        return;
    *title = (struct text){0};
    fit_cell(title, text_string(&whole), columns - 1, FIT_LEFT, view->glyphs[GLYPH_ELLIPSIS]);
    text_add(title, " ");
    text_free(&whole);
}

static void draw_title(const struct view *view, struct screen *screen, size_t index,
                       const struct rectangle *area)
{
    const struct panel *panel = &view->panels[index];
    enum role role = index == view->focus ? ROLE_TITLE_FOCUS : ROLE_TITLE;
    struct text title = {0};
    int count = panel_scrollable(panel), end = area->column + area->columns;
    text_printf(&title, " %zu ", index + 1);
    panel->operations->title(view, &title);
    text_add(&title, " ");
    screen_fill(screen, area->row, area->column, ROLE_RULE, view->glyphs[GLYPH_RULE],
                area->columns);
    cut_title(view, &title, area->columns - 2);
    int used = screen_put(screen, area->row, area->column + 1, role, text_string(&title),
                          title.length, area->columns - 2);
    text_free(&title);
    if (count <= panel->page)
        return;
    int last = panel->top + panel->page;
    text_printf(&title, " %d-%d of %d ", panel->top + 1, last < count ? last : count, count);
    int width = (int)title.length;
    if (used + width + 4 < area->columns)
        screen_put(screen, area->row, end - width - 1, ROLE_HINT, text_string(&title), title.length,
                   width);
    text_free(&title);
}

/* The tag of the line that stands out. What only this panel selects does so while its keys act. */
static long mark_of(const struct view *view, const struct panel *panel, size_t index)
{
    bool shown =
        panel->operations->selects && (!panel->operations->selected || index == view->focus);
    return shown ? panel_selected(view, panel) : -1;
}

void panel_draw(const struct view *view, struct screen *screen, size_t index,
                const struct rectangle *area)
{
    const struct panel *panel = &view->panels[index];
    const struct lines *lines = &panel->lines;
    long marked = mark_of(view, panel, index);
    draw_title(view, screen, index, area);
    for (int row = 1; row < area->rows; row++) {
        size_t at = (size_t)row - 1;
        if (at >= lines->header)
            at += (size_t)panel->top;
        if (at >= lines->count)
            break;
        struct rectangle line = {area->row + row, area->column, 1, area->columns};
        bool selected = marked >= 0 && at >= lines->header && lines->items[at].tag == marked &&
                        (at == 0 || lines->items[at - 1].tag != marked);
        line_draw(screen, lines, at, &line, panel->left, view->search.pattern, selected);
    }
}
