/* frame.h: the whole screen, drawn from the view: top line, panels, banner, hints, dialog. */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "ui/lines.h"
#include "ui/screen.h"
#include "ui/view.h"

/* Draws everything anew; the terminal gets what differs from the last frame. */
void frame_draw(struct view *view, struct screen *screen);

/* Its parts. */
void top_line_draw(const struct view *view, struct screen *screen, const struct rectangle *area);
/* Where each environment stands, the one that is shown marked. Nothing when there is only one. */
void environment_line_draw(const struct view *view, struct screen *screen,
                           const struct rectangle *area);
void hint_line_draw(const struct view *view, struct screen *screen, const struct rectangle *area);
/* What the operator has to know now and may not miss, with the keys to answer it: a failed step, a
 * closed gate, the end. No line when there is nothing. */
void banner_build(const struct view *view, struct lines *lines, int width);

#endif
