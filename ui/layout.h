/* layout.h: who gets which rows and columns: boxes that are fixed, grow or shrink. */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct rectangle {
    int row, column, rows, columns;
};

/* A fixed box has minimum == wanted and weight 0; one that shrinks has minimum < wanted; one that
 * grows beyond `wanted` has a weight. */
struct box {
    int minimum;
    int wanted;
    int weight;
    int size; /* result */
};

/* Shares `available` among the boxes: first every minimum, then one by one in turn up to what each
 * wants, then by weight. False, with every size 0, when the minimums alone don't fit. */
bool layout_share(struct box *boxes, size_t count, int available);

#define LAYOUT_PANELS 6
#define LAYOUT_WIDE 110 /* from so many columns on panels stand side by side */
#define LAYOUT_LEAST_ROWS 10
#define LAYOUT_LEAST_COLUMNS 40

struct layout_request {
    int rows, columns;               /* of the terminal */
    struct box boxes[LAYOUT_PANELS]; /* rows that each panel wants, its title included */
    size_t focus;
    bool zoomed;
    int banner;       /* rows that the banner wants */
    int environments; /* rows of the line of environments, 0 or 1 */
};

struct layout {
    bool too_small;
    bool wide;
    bool tabs;   /* some panels are hidden: the tab line says which there are */
    int divider; /* column of the line between the checklist and the others, -1 for none */
    struct rectangle top, environments, tab_line, body, banner, hint;
    struct rectangle panels[LAYOUT_PANELS]; /* rows 0: not shown */
};

/* Panel 0, the checklist, stands at the left when there is room for two columns; the others share
 * the right. What has no room there is hidden, the last ones first and the focused one never. */
void layout_compute(const struct layout_request *request, struct layout *layout);

#endif
