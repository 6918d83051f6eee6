/* dialog.c: a box over the panels: something to read that scrolls, and the keys that answer it. */
#include "ui/dialog.h"

#include "ui/view.h"

#include <string.h>

void dialog_open(struct view *view, const struct dialog_operations *operations, long subject)
{
    struct dialog *dialog = &view->dialog;
    dialog_close(view);
    dialog->operations = operations;
    dialog->subject = subject;
    dialog->discard = operations->guarded;
}

void dialog_close(struct view *view)
{
    struct dialog *dialog = &view->dialog;
    struct lines body = dialog->body, foot = dialog->foot;
    *dialog = (struct dialog){.body = body, .foot = foot};
}

static enum reaction scroll(struct dialog *dialog, int lines)
{
    int most = (int)dialog->body.count - dialog->page;
    dialog->top += lines;
    if (dialog->top > most)
        dialog->top = most;
    if (dialog->top < 0)
        dialog->top = 0;
    return REACTION_REDRAW;
}

/* Movement inside of the text; letters only where none can be typed. */
static enum reaction scroll_key(struct dialog *dialog, int key, bool letters)
{
    const struct {
        int key, letter, lines;
    } moves[] = {
        {KEY_ARROW_UP, 'k', -1},         {KEY_ARROW_DOWN, 'j', 1},
        {KEY_PAGE_UP, 2, -dialog->page}, {KEY_PAGE_DOWN, ' ', dialog->page},
        {KEY_TOP, 'g', -(1 << 20)},      {KEY_BOTTOM, 'G', 1 << 20},
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++)
        if (key == moves[i].key || (letters && key == moves[i].letter))
            return scroll(dialog, moves[i].lines);
    return REACTION_NONE;
}

/* No phrase begins with such a letter. */
static bool is_key(const struct view *view, const struct key *key)
{
    const struct dialog *dialog = &view->dialog;
    const struct key_row *row = keymap_find(dialog->operations->keys, key->code);
    return row && !key->pasted && !*dialog->field && !(row->refuse && row->refuse(view));
}

enum reaction dialog_key(struct view *view, const struct key *key)
{
    struct dialog *dialog = &view->dialog;
    const struct dialog_operations *operations = dialog->operations;
    bool types = operations->types && operations->types(view);
    if (operations->guarded &&
        (!dialog->shown_ms || view->monotonic_ms - dialog->shown_ms < DIALOG_GUARD_MS))
        return REACTION_NONE;
    if (types && !dialog->sent && !is_key(view, key) &&
        field_key(dialog->field, sizeof dialog->field, key)) {
        dialog->said[0] = '\0';
        return REACTION_REDRAW;
    }
    if (key->pasted)
        return REACTION_NONE;
    enum reaction reaction = keymap_run(operations->keys, view, key->code);
    return reaction == REACTION_NONE ? scroll_key(dialog, key->code, !types) : reaction;
}

#define BODY_LEAST 2 /* rows of the body that stay whatever the foot wants */

/* Where the dialog stands (below the line of environments), and how its rows are shared: where the
 * foot doesn't fit, its end (the keys) stays and all of it can be read in the body too. */
static struct rectangle place(const struct view *view, struct dialog *dialog)
{
    const struct layout *layout = &view->layout;
    int first = 1 + layout->environments.rows;
    int columns = layout->top.columns, rows = layout->hint.row - first;
    int width = dialog->operations->width < columns ? dialog->operations->width : columns;
    int foot = (int)dialog->foot.count, most = rows - 3 - BODY_LEAST;
    if (foot > most) {
        dialog->operations->foot(view, &dialog->body, width - 3);
        foot = most > 0 ? most : 0;
    }
    int edges = foot ? 3 : 2, wanted = (int)dialog->body.count + foot + edges;
    int height = wanted < rows ? wanted : rows;
    dialog->foot_rows = foot;
    dialog->page = height - foot - edges;
    return (struct rectangle){first + (rows - height) / 2, (columns - width) / 2, height, width};
}

static void draw_edge(const struct view *view, struct screen *screen, enum role role,
                      const struct rectangle *box, int row, enum glyph left, enum glyph right)
{
    screen_fill(screen, row, box->column, role, view->glyphs[left], 1);
    screen_fill(screen, row, box->column + 1, role, view->glyphs[GLYPH_RULE], box->columns - 2);
    screen_fill(screen, row, box->column + box->columns - 1, role, view->glyphs[right], 1);
}

static void draw_line(const struct view *view, struct screen *screen, enum role role,
                      const struct rectangle *box, int row, const struct lines *lines, size_t index)
{
    struct rectangle inner = {row, box->column + 1, 1, box->columns - 2};
    screen_fill(screen, row, box->column, role, view->glyphs[GLYPH_VERTICAL], 1);
    screen_fill(screen, row, inner.column, ROLE_TEXT, " ", inner.columns);
    if (index < lines->count)
        line_draw(screen, lines, index, &inner, 0, NULL, false);
    screen_fill(screen, row, box->column + box->columns - 1, role, view->glyphs[GLYPH_VERTICAL], 1);
}

/* On the top edge: what it is, and, where the body doesn't fit, which part is shown. */
static void draw_heading(const struct view *view, struct screen *screen,
                         const struct rectangle *box)
{
    const struct dialog *dialog = &view->dialog;
    struct text title = {0};
    text_add(&title, " ");
    dialog->operations->title(view, &title);
    text_add(&title, " ");
    screen_put(screen, box->row, box->column + 2, dialog->operations->role, text_string(&title),
               title.length, box->columns - 4);
    text_free(&title);
    int count = (int)dialog->body.count, last = dialog->top + dialog->page;
    if (count <= dialog->page)
        return;
    text_printf(&title, " %s%s lines %d-%d of %d ", view->glyphs[GLYPH_ABOVE],
                view->glyphs[GLYPH_BELOW], dialog->top + 1, last < count ? last : count, count);
    int width = fit_width(text_string(&title), title.length);
    int row = dialog->foot_rows ? box->row + 1 + dialog->page : box->row + box->rows - 1;
    screen_put(screen, row, box->column + box->columns - width - 2, ROLE_STRONG,
               text_string(&title), title.length, width);
    text_free(&title);
}

static void build(const struct view *view, struct dialog *dialog)
{
    const struct dialog_operations *operations = dialog->operations;
    int columns = view->layout.top.columns;
    int width = (operations->width < columns ? operations->width : columns) - 3;
    lines_clear(&dialog->body);
    lines_clear(&dialog->foot);
    operations->body(view, &dialog->body, width);
    if (operations->foot)
        operations->foot(view, &dialog->foot, width);
}

/* The terminal's cursor stands behind what is typed. */
static void place_cursor(const struct dialog *dialog, struct screen *screen, int row, int column,
                         size_t index)
{
    const struct line *line = &dialog->foot.items[index];
    for (size_t i = 0; i < line->count; i++) {
        const struct span *span = &dialog->foot.spans[line->first + i];
        if (span->role == ROLE_FIELD) {
            int typed = fit_width(dialog->field, strlen(dialog->field));
            int room = fit_width(dialog->foot.bytes.bytes + span->offset, span->length);
            screen_cursor(screen, row, column + (typed < room ? typed : room - 1));
            return;
        }
        column += fit_width(dialog->foot.bytes.bytes + span->offset, span->length);
    }
}

static void draw_foot(const struct view *view, struct screen *screen, const struct rectangle *box)
{
    const struct dialog *dialog = &view->dialog;
    enum role role = dialog->operations->role;
    int row = box->row + 1 + dialog->page;
    if (!dialog->foot_rows)
        return;
    draw_edge(view, screen, role, box, row++, GLYPH_LEFT_TEE, GLYPH_RIGHT_TEE);
    for (int i = 0; i < dialog->foot_rows; i++, row++) {
        size_t index = dialog->foot.count - (size_t)dialog->foot_rows + (size_t)i;
        draw_line(view, screen, role, box, row, &dialog->foot, index);
        place_cursor(dialog, screen, row, box->column + 1, index);
    }
}

void dialog_draw(struct view *view, struct screen *screen)
{
    struct dialog *dialog = &view->dialog;
    enum role role = dialog->operations->role;
    build(view, dialog);
    struct rectangle box = place(view, dialog);
    int row = box.row + 1;
    scroll(dialog, 0);
    draw_edge(view, screen, role, &box, box.row, GLYPH_TOP_LEFT, GLYPH_TOP_RIGHT);
    for (int i = 0; i < dialog->page; i++)
        draw_line(view, screen, role, &box, row++, &dialog->body, (size_t)dialog->top + (size_t)i);
    draw_foot(view, screen, &box);
    draw_edge(view, screen, role, &box, box.row + box.rows - 1, GLYPH_BOTTOM_LEFT,
              GLYPH_BOTTOM_RIGHT);
    draw_heading(view, screen, &box);
    if (!dialog->shown_ms)
        dialog->shown_ms = view->monotonic_ms;
}
