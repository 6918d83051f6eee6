/* layout.c: who gets which rows and columns: boxes that are fixed, grow or shrink. */
#include "ui/layout.h"

#include <string.h>

static int smaller(int left, int right)
{
    return left < right ? left : right;
}

static int larger(int left, int right)
{
    return left > right ? left : right;
}

/* One unit at a time in turn, so that nobody starves while another has all it wants. */
static int share_wanted(struct box *boxes, size_t count, int left)
{
    for (bool progress = true; left > 0 && progress;) {
        progress = false;
        for (size_t i = 0; i < count && left > 0; i++) {
            if (boxes[i].size >= boxes[i].wanted)
                continue;
            boxes[i].size++;
            left--;
            progress = true;
        }
    }
    return left;
}

static void share_weight(struct box *boxes, size_t count, int left)
{
    int weights = 0;
    for (size_t i = 0; i < count; i++)
        weights += boxes[i].weight;
    for (size_t i = 0; i < count && weights > 0; i++) {
        int extra = left * boxes[i].weight / weights;
        boxes[i].size += extra;
        left -= extra;
        weights -= boxes[i].weight;
    }
}

bool layout_share(struct box *boxes, size_t count, int available)
{
    int least = 0;
    for (size_t i = 0; i < count; i++) {
        boxes[i].size = 0;
        least += boxes[i].minimum;
    }
    if (least > available)
        return false;
    for (size_t i = 0; i < count; i++)
        boxes[i].size = boxes[i].minimum;
    share_weight(boxes, count, share_wanted(boxes, count, available - least));
    return true;
}

/* Which of the panels at the right can be shown at all in `rows`. */
static void choose_shown(const struct layout_request *request, int rows, bool *shown)
{
    int least = 0;
    for (size_t i = 1; i < LAYOUT_PANELS; i++) {
        shown[i] = true;
        least += request->boxes[i].minimum;
    }
    for (size_t i = LAYOUT_PANELS - 1; i > 0 && least > rows; i--) {
        if (i == request->focus)
            continue;
        shown[i] = false;
        least -= request->boxes[i].minimum;
    }
}

static void stack_panels(const struct layout_request *request, struct rectangle area,
                         struct layout *layout)
{
    bool shown[LAYOUT_PANELS] = {false};
    struct box boxes[LAYOUT_PANELS];
    size_t members[LAYOUT_PANELS], count = 0;
    choose_shown(request, area.rows, shown);
    for (size_t i = 1; i < LAYOUT_PANELS; i++) {
        if (!shown[i]) {
            layout->tabs = true;
            continue;
        }
        members[count] = i;
        boxes[count++] = request->boxes[i];
    }
    layout_share(boxes, count, area.rows);
    for (size_t i = 0; i < count; i++) {
        layout->panels[members[i]] =
            (struct rectangle){area.row, area.column, boxes[i].size, area.columns};
        area.row += boxes[i].size;
    }
}

/* Top line, tab line, banner and hint line round what remains for the panels. */
static void frame(const struct layout_request *request, bool tabs, struct layout *layout)
{
    int columns = request->columns, above = 1 + request->environments;
    int first = above + (tabs ? 1 : 0);
    int inner = request->rows - first - 1;
    int banner = smaller(request->banner, inner / 2);
    layout->tabs = tabs;
    layout->top = (struct rectangle){0, 0, 1, columns};
    layout->environments = (struct rectangle){1, 0, request->environments, columns};
    layout->tab_line = (struct rectangle){above, 0, tabs ? 1 : 0, columns};
    layout->body = (struct rectangle){first, 0, inner - banner, columns};
    layout->banner = (struct rectangle){first + inner - banner, 0, banner, columns};
    layout->hint = (struct rectangle){request->rows - 1, 0, 1, columns};
}

static void side_by_side(const struct layout_request *request, struct layout *layout)
{
    struct rectangle body = layout->body;
    int left = smaller(larger(body.columns * 48 / 100, 58), 84);
    struct rectangle right = {body.row, left + 1, body.rows, body.columns - left - 1};
    memset(layout->panels, 0, sizeof layout->panels);
    layout->panels[0] = (struct rectangle){body.row, 0, body.rows, left};
    layout->divider = left;
    stack_panels(request, right, layout);
}

void layout_compute(const struct layout_request *request, struct layout *layout)
{
    *layout = (struct layout){.divider = -1};
    layout->too_small =
        request->rows < LAYOUT_LEAST_ROWS || request->columns < LAYOUT_LEAST_COLUMNS;
    if (layout->too_small)
        return;
    layout->wide = request->columns >= LAYOUT_WIDE;
    bool one = !layout->wide || request->zoomed;
    frame(request, one, layout);
    if (one) {
        layout->panels[request->focus] = layout->body;
        return;
    }
    side_by_side(request, layout);
    if (!layout->tabs)
        return;
    frame(request, true, layout);
    side_by_side(request, layout);
    layout->tabs = true;
}
