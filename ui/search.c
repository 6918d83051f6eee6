/* search.c: the search prompt, and moving to what matches. */
#include "ui/search.h"

#include "ui/view.h"

#include <string.h>

static size_t encode(unsigned character, char bytes[4])
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    size_t count = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = count - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    bytes[0] = (char)(marks[count] | character);
    return count;
}

static void erase_last(char *field)
{
    size_t length = strlen(field);
    while (length > 0 && ((unsigned char)field[length - 1] & 0xc0) == 0x80)
        length--;
    if (length > 0)
        length--;
    field[length] = '\0';
}

bool field_key(char *field, size_t size, const struct key *key)
{
    if (key->code == KEY_ERASE) {
        erase_last(field);
        return true;
    }
    if (key->code == KEY_ERASE_ALL) {
        field[0] = '\0';
        return true;
    }
    if (key->code < ' ' || key->code == 127 || key->code >= KEY_FIRST_SPECIAL)
        return false;
    char bytes[4];
    size_t length = strlen(field), count = encode((unsigned)key->code, bytes);
    if (length + count + 1 <= size) {
        memcpy(field + length, bytes, count);
        field[length + count] = '\0';
    }
    return true;
}

void search_open(struct search *search)
{
    search->open = true;
    search->typed[0] = '\0';
}

enum reaction search_key(struct view *view, const struct key *key)
{
    struct search *search = &view->search;
    if (field_key(search->typed, sizeof search->typed, key) || key->pasted)
        return REACTION_REDRAW;
    if (key->code == KEY_ESCAPE) {
        search->open = false;
        return REACTION_REDRAW;
    }
    if (key->code != KEY_RETURN)
        return REACTION_NONE;
    search->open = false;
    if (*search->typed)
        text_copy(search->pattern, sizeof search->pattern, search->typed);
    search_go(view, 1, true);
    return REACTION_REDRAW;
}

static bool line_matches(const struct lines *lines, size_t index, const char *pattern)
{
    const struct line *line = &lines->items[index];
    if (!line->count)
        return false;
    const struct span *first = &lines->spans[line->first];
    const struct span *last = first + line->count - 1;
    size_t length = last->offset + last->length - first->offset; /* spans follow each other */
    return fit_find(text_string(&lines->bytes) + first->offset, length, pattern) != NULL;
}

/* Where a search goes on: at the line it found last while that is in sight; but from the selected
 * line where finding one selects it. */
static size_t search_start(const struct view *view, const struct panel *panel)
{
    size_t first = panel->lines.header + (size_t)panel->top;
    bool in_sight = panel->matched >= first && panel->matched < first + (size_t)panel->page &&
                    panel->matched < panel->lines.count;
    bool selected =
        panel->operations->selects && in_sight && panel->lines.items[panel->matched].tag >= 0;
    return in_sight && !selected ? panel->matched : panel_here(view, panel);
}

void search_go(struct view *view, int direction, bool from_here)
{
    struct panel *panel = view_focused(view);
    const struct lines *lines = &panel->lines;
    size_t count = lines->count - lines->header;
    const char *pattern = view->search.pattern;
    if (!count || !*pattern)
        return;
    size_t start = search_start(view, panel) - lines->header;
    for (size_t i = from_here ? 0 : 1; i <= count; i++) {
        size_t at = direction > 0 ? (start + i) % count : (start + 2 * count - i) % count;
        if (!line_matches(lines, lines->header + at, pattern))
            continue;
        panel->matched = lines->header + at;
        panel_go(view, panel, panel->matched);
        return;
    }
    view_say(view, "\"%s\" isn't in this panel", pattern);
}
