/* keymap.c: the main table of keys, and which table a key goes to. */
#include "ui/keymap.h"

#include "ui/commands.h"
#include "ui/view.h"

const struct key_row keymap_main[] = {
    {'o', 0, "o", "answer the gate", "show the open gate again, to answer it", command_gate,
     refuse_gate, 0, false},
    {'r', 0, "r", "retry", "retry the failed step; gather a gate's evidence anew", command_retry,
     refuse_retry, 0, false},
    {'s', 0, "s", "skip", "skip the failed step (asks first)", command_skip, refuse_skip, 0, false},
    {'R', 0, "R", "roll back",
     "roll back at once: undo every step that was started, newest first; asks only when rows of "
     "the "
     "new server would be lost",
     command_rollback, refuse_rollback, 0, false},
    {'p', 0, "p", "pause/resume", "pause before the next step; again: go on", command_pause,
     refuse_pause, 0, false},
    {'}', 0, "}", "environment", "the next environment", command_environment, refuse_environment, 1,
     false},
    {'{', 0, "{", NULL, "the environment before", command_environment, refuse_environment, -1,
     false},
    {'F', 0, "F", "go first",
     "begin the phase before the environments that it waits for (asks first)", command_go_first,
     refuse_go_first, 0, false},
    {'X', 0, "X", "leave out", "leave an environment out that hasn't begun (asks first)",
     command_leave_out, refuse_leave_out, 0, false},
    {'1', 0, "1 to 6", NULL, "jump to a panel", command_focus, NULL, 0, false},
    {'2', 0, "2", NULL, NULL, command_focus, NULL, 1, false},
    {'3', 0, "3", NULL, NULL, command_focus, NULL, 2, false},
    {'4', 0, "4", NULL, NULL, command_focus, NULL, 3, false},
    {'5', 0, "5", NULL, NULL, command_focus, NULL, 4, false},
    {'6', 0, "6", NULL, NULL, command_focus, NULL, 5, false},
    {KEY_TABULATOR, 0, "Tab", "next panel", "go on to the next panel", command_next, NULL, 1,
     false},
    {KEY_BACK_TABULATOR, 0, "Shift-Tab", NULL, "go to the panel before", command_next, NULL, -1,
     false},
    {KEY_RETURN, 0, "Enter", NULL, "the panel on the whole screen, and back", command_zoom,
     refuse_zoom, 0, false},
    {'z', 0, "z", NULL, "the same, for the checklist too", command_zoom, refuse_zoom, 0, false},
    {KEY_ESCAPE, 0, "Esc", NULL, "back: leave the whole-screen panel, forget the search",
     command_back, NULL, 0, false},
    {KEY_ARROW_UP, 'k', "Up k", NULL, "up, a line", command_scroll, NULL, SCROLL_UP, false},
    {KEY_ARROW_DOWN, 'j', "Down j", NULL, "down, a line", command_scroll, NULL, SCROLL_DOWN, false},
    {KEY_PAGE_UP, 2, "PgUp", NULL, "up, a page", command_scroll, NULL, SCROLL_PAGE_UP, false},
    {KEY_PAGE_DOWN, 6, "PgDn", NULL, "down, a page", command_scroll, NULL, SCROLL_PAGE_DOWN, false},
    {KEY_TOP, 'g', "Home g", NULL, "to the beginning", command_scroll, NULL, SCROLL_TOP, false},
    {KEY_BOTTOM, 'G', "End G", NULL, "to the end", command_scroll, NULL, SCROLL_END, false},
    {KEY_ARROW_LEFT, 'h', "Left h", NULL, "scroll to the left", command_sideways, NULL, -8, false},
    {KEY_ARROW_RIGHT, 'l', "Right l", NULL, "scroll to the right; the first column stays",
     command_sideways, NULL, 8, false},
    {'f', 0, "f", "follow", "follow the run again, after moving away from its step", command_follow,
     refuse_follow, 0, false},
    {'/', 0, "/", "search", "search in the panel", command_search, NULL, 0, false},
    {'n', 0, "n", NULL, "the next line that matches", command_search_again, refuse_search_again, 1,
     false},
    {'N', 0, "N", NULL, "the one before", command_search_again, refuse_search_again, -1, false},
    {KEY_CONTROL_L, 0, "Ctrl-L", NULL, "draw the screen anew", command_redraw, NULL, 0, false},
    {'?', 0, "?", "help", "this help", command_help, NULL, 0, true},
    {'q', 0, "q", "leave", "leave the screen (Ctrl-C too); the run goes on without it",
     command_leave, NULL, 0, true},
    {0, 0, NULL, NULL, NULL, NULL, NULL, 0, false},
};

const struct key_row *keymap_find(const struct key_row *table, int key)
{
    for (const struct key_row *row = table; row && row->act; row++)
        if (row->key == key || (row->other && row->other == key))
            return row;
    return NULL;
}

enum reaction keymap_run(const struct key_row *table, struct view *view, int key)
{
    const struct key_row *row = keymap_find(table, key);
    if (!row)
        return REACTION_NONE;
    const char *why = row->refuse ? row->refuse(view) : NULL;
    if (!why)
        return row->act(view, row);
    view_say(view, "%s: %s", row->name, why);
    return REACTION_REDRAW;
}

/* Of all keys, these few also act on a screen that is too small to show what they do. */
static enum reaction too_small_key(struct view *view, int key)
{
    return key == 'q' || key == 'R' ? keymap_run(keymap_main, view, key) : REACTION_NONE;
}

static enum reaction panel_key(struct view *view, int key)
{
    const struct key_row *own = view_focused(view)->operations->keys;
    const struct key_row *table = keymap_find(own, key) ? own : keymap_main;
    if (keymap_find(table, key))
        return keymap_run(table, view, key);
    if (key > ' ' && key < 127)
        view_say(view, "\"%c\" has no meaning here; ? lists the keys", key);
    return REACTION_REDRAW;
}

enum reaction keymap_dispatch(struct view *view, const struct key *key)
{
    if (view->layout.too_small)
        return key->pasted ? REACTION_NONE : too_small_key(view, key->code);
    if (!view->dialog.operations)
        view->message[0] = '\0';
    if (view->dialog.operations)
        return dialog_key(view, key);
    if (view->search.open)
        return search_key(view, key);
    if (key->pasted)
        return REACTION_NONE;
    return panel_key(view, key->code);
}
