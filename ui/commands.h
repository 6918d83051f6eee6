/* commands.h: what the keys of the main table do. */
#ifndef UI_COMMANDS_H
#define UI_COMMANDS_H

#include "ui/keymap.h"

#define ROLLBACK_REASON "the operator pressed R"

/* Looking. */
enum reaction command_leave(struct view *view, const struct key_row *row);
enum reaction command_help(struct view *view, const struct key_row *row);
enum reaction command_focus(struct view *view, const struct key_row *row); /* panel row->value */
enum reaction command_next(struct view *view, const struct key_row *row);  /* by row->value */
enum reaction command_zoom(struct view *view, const struct key_row *row);
enum reaction command_enter(struct view *view, const struct key_row *row);
enum reaction command_back(struct view *view, const struct key_row *row);
enum reaction command_scroll(struct view *view, const struct key_row *row);   /* enum scroll */
enum reaction command_sideways(struct view *view, const struct key_row *row); /* columns */
enum reaction command_search(struct view *view, const struct key_row *row);
enum reaction command_search_again(struct view *view, const struct key_row *row); /* 1 or -1 */
enum reaction command_follow(struct view *view, const struct key_row *row);
enum reaction command_redraw(struct view *view, const struct key_row *row);
enum reaction command_environment(struct view *view, const struct key_row *row); /* 1 or -1 */

/* Deciding; each is refused to a client that may only watch. */
enum reaction command_rollback(struct view *view, const struct key_row *row);
enum reaction command_pause(struct view *view, const struct key_row *row);
enum reaction command_retry(struct view *view, const struct key_row *row);
enum reaction command_skip(struct view *view, const struct key_row *row);
enum reaction command_gate(struct view *view, const struct key_row *row);
enum reaction command_go_first(struct view *view, const struct key_row *row);
enum reaction command_leave_out(struct view *view, const struct key_row *row);

/* Why a key can't act now; NULL when it can. */
const char *refuse_rollback(const struct view *view);
const char *refuse_pause(const struct view *view);
const char *refuse_retry(const struct view *view);
const char *refuse_skip(const struct view *view);
const char *refuse_gate(const struct view *view);
const char *refuse_environment(const struct view *view);
const char *refuse_go_first(const struct view *view);
const char *refuse_leave_out(const struct view *view);
const char *refuse_search_again(const struct view *view);
const char *refuse_follow(const struct view *view);
const char *refuse_zoom(const struct view *view);

/* Why this client may decide nothing at all (it only watches, the engine is gone), or NULL. */
const char *refuse_deciding(const struct view *view);

#endif
