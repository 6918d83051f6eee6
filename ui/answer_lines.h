/* answer_lines.h: the lines of a dialog that say how it is answered. */
#ifndef UI_ANSWER_LINES_H
#define UI_ANSWER_LINES_H

#include "ui/lines.h"
#include "ui/view.h"

/* A key and what it does: on the line that was begun, or on the next where there is no room. */
void answer_key(struct lines *lines, const char *key, const char *what, int width);
/* That an answer is under way, or what was wrong with it. */
void answer_said(const struct view *view, struct lines *lines, int width);
/* In place of the keys, for a client that may not answer; true when that is so. */
bool answer_no_right(const struct view *view, struct lines *lines, int width);
/* What has to be typed (`what` begins the sentence), and the field for it. */
void answer_field(const struct view *view, struct lines *lines, const char *phrase,
                  const char *what, int width);

#endif
