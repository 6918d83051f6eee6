/* answer_lines.c: the lines of a dialog that say how it is answered. */
#include "ui/answer_lines.h"

#include "ui/commands.h"

#include <string.h>

void answer_key(struct lines *lines, const char *key, const char *what, int width)
{
    int taken = (int)(strlen(key) + strlen(what)) + 4;
    if (lines_width(lines, lines->count - 1) + taken > width)
        lines_begin(lines, -1);
    lines_printf(lines, ROLE_KEY, "   %s", key);
    lines_printf(lines, ROLE_TEXT, " %s", what);
}

void answer_said(const struct view *view, struct lines *lines, int width)
{
    if (view->dialog.sent)
        lines_wrap(lines, ROLE_TEXT, "Answer sent.", 1, width);
    else if (*view->dialog.said)
        lines_wrap(lines, ROLE_MESSAGE, view->dialog.said, 1, width);
}

bool answer_no_right(const struct view *view, struct lines *lines, int width)
{
    const char *why = refuse_deciding(view);
    if (!why)
        return false;
    lines_wrap(lines, ROLE_WARN, why, 1, width);
    lines_begin(lines, -1);
    answer_key(lines, "Esc", "look at the panels", width);
    return true;
}

void answer_field(const struct view *view, struct lines *lines, const char *phrase,
                  const char *what, int width)
{
    struct text words = {0};
    text_printf(&words, "%s, type \"%s\" and press Enter:", what, phrase);
    lines_wrap(lines, ROLE_TEXT, text_string(&words), 1, width);
    text_free(&words);
    int room = width - lines_width(lines, lines->count - 1) - 3;
    if (room < 16) {
        lines_begin(lines, -1);
        room = width - 3;
    }
    lines_add(lines, ROLE_TEXT, " [");
    lines_cell(lines, ROLE_FIELD, view->dialog.field, room < 40 ? room : 40, FIT_LEFT);
    lines_add(lines, ROLE_TEXT, "]");
}
