/* help.c: the help screen, made from the tables of keys, so that it can't drift from them. */
#include "ui/commands.h"
#include "ui/dialog.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdlib.h>
#include <string.h>

static void help_title(const struct view *view, struct text *title)
{
    (void)view;
    text_add(title, "HELP");
}

static void add_table(struct lines *lines, const char *heading, const struct key_row *table,
                      int width)
{
    lines_wrap(lines, ROLE_STRONG, heading, 1, width);
    for (const struct key_row *row = table; row->act; row++) {
        if (!row->help)
            continue;
        lines_begin(lines, -1);
        lines_add(lines, ROLE_TEXT, "   ");
        lines_cell(lines, ROLE_KEY, row->name, 11, FIT_LEFT);
        lines_wrap_on(lines, ROLE_TEXT, row->help, 14, width);
    }
    lines_blank(lines);
}

static void add_panels(const struct view *view, struct lines *lines, int width)
{
    for (size_t i = 0; i < LAYOUT_PANELS; i++) {
        const struct panel_operations *panel = view->panels[i].operations;
        if (!panel->keys)
            continue;
        char *heading = xprintf("In panel %zu, %s", i + 1, panel->name);
        add_table(lines, heading, panel->keys, width);
        free(heading);
    }
}

static void add_symbols(struct lines *lines, int width)
{
    lines_wrap(lines, ROLE_STRONG, "Symbols", 1, width);
    lines_begin(lines, -1);
    lines_add(lines, ROLE_TEXT, "  ");
    for (enum step_status status = STEP_PENDING; status <= STEP_UNDO_FAILED; status++) {
        const char *name = step_status_name(status);
        if (lines_width(lines, lines->count - 1) + (int)strlen(name) + 5 > width) {
            lines_begin(lines, -1);
            lines_add(lines, ROLE_TEXT, "  ");
        }
        lines_printf(lines, words_step_role(status), " %s %s ",
                     lines->glyphs[words_step_glyph(status)], name);
    }
}

static void help_body(const struct view *view, struct lines *lines, int width)
{
    add_table(lines, "Keys", keymap_main, width);
    add_panels(view, lines, width);
    add_table(lines, "At a gate that is answered by a key", gate_keys, width);
    add_table(lines, "At a gate whose phrase has to be typed", gate_phrase_keys, width);
    add_table(lines, "At a rollback that would lose rows", price_keys, width);
    add_symbols(lines, width);
}

static enum reaction close_help(struct view *view, const struct key_row *row)
{
    (void)row;
    dialog_close(view);
    return REACTION_REDRAW;
}

static const struct key_row help_keys[] = {
    {KEY_ESCAPE, KEY_RETURN, "Esc", "close", "close", close_help, NULL, 0, true},
    {'q', '?', "q", NULL, "close", close_help, NULL, 0, false},
    {'R', 0, "R", "roll back", "roll back at once", command_rollback, refuse_rollback, 0, false},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct dialog_operations help_dialog = {
    .width = 84,
    .role = ROLE_ACTIVE,
    .title = help_title,
    .body = help_body,
    .keys = help_keys,
};
