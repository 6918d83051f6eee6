/* panel.h: what a panel is: operations and a private state; where it stands; how it's drawn. */
#ifndef UI_PANELS_PANEL_H
#define UI_PANELS_PANEL_H

#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/lines.h"
#include "ui/screen.h"

#include <stdbool.h>
#include <stddef.h>

struct view;
struct panel;

struct panel_operations {
    const char *name; /* on its tab */
    /* Its heading: the name and the most important figure, short. */
    void (*title)(const struct view *view, struct text *title);
    /* Builds its content for a width of `columns`. */
    void (*build)(const struct view *view, const struct panel *panel, struct lines *lines,
                  int columns);
    /* Rows that it wants beside others, for the content that was built last, without its title. */
    struct box (*wish)(const struct view *view);
    const struct key_row *keys; /* of its own, or NULL */
    size_t private_size;        /* of its own state, zero-initialised */
    bool selects;               /* moving selects one of the lines with a tag */
    bool reveals;               /* its lines' tags are steps: the selected one is kept in sight */
    /* Which tag is selected, and selecting another; NULL: tags are steps, of which the view knows
     * the selected one. */
    long (*selected)(const struct view *view, const struct panel *panel);
    void (*select)(const struct view *view, struct panel *panel, long tag);
    bool newest;  /* stays at its end until the operator scrolls */
    bool by_step; /* shows the selected step: starts anew when another one is selected */
};

struct panel {
    const struct panel_operations *operations;
    void *state; /* private */
    struct lines lines;
    int top, left;  /* first line and column shown */
    int page;       /* lines that the last frame had room for */
    bool at_end;    /* goes with the newest line */
    size_t matched; /* line that the search found last */
    bool reveal;    /* the selected line is to be brought into sight */
};

/* Their order is that of their digits. */
extern const struct panel_operations *const panel_table[LAYOUT_PANELS];
extern const struct panel_operations checklist_panel, containers_panel, row_counts_panel,
    timings_panel, evidence_panel, log_panel;
enum {
    PANEL_CHECKLIST,
    PANEL_CONTAINERS,
    PANEL_ROW_COUNTS,
    PANEL_TIMINGS,
    PANEL_EVIDENCE,
    PANEL_LOG
};

void panel_open(struct panel *panel, const struct panel_operations *operations,
                const char *const *glyphs);
void panel_close(struct panel *panel);
/* Builds its lines for the rectangle and keeps what it shows within them. */
void panel_prepare(struct view *view, struct panel *panel, const struct rectangle *area);
/* Draws title and lines; `index` is its place in the table. */
void panel_draw(const struct view *view, struct screen *screen, size_t index,
                const struct rectangle *area);

/* The table that is selected in the panel of row counts, NULL when there is none. */
const struct table_rows *row_counts_selected(const struct view *view);

enum scroll { SCROLL_UP, SCROLL_DOWN, SCROLL_PAGE_UP, SCROLL_PAGE_DOWN, SCROLL_TOP, SCROLL_END };
void panel_scroll(struct view *view, struct panel *panel, enum scroll how);
/* Brings the line into sight (and selects it, where lines are selected). */
void panel_go(struct view *view, struct panel *panel, size_t line);
/* The line that movement starts from: the selected one, else the first that is shown. */
size_t panel_here(const struct view *view, const struct panel *panel);
/* The tag that is selected, -1 for none. */
long panel_selected(const struct view *view, const struct panel *panel);
/* Lines that can be scrolled: all but the header. */
int panel_scrollable(const struct panel *panel);

/* Draws one line of a page: what is frozen, then the rest from column `left` on; what the search
 * pattern matches stands out; `selected` overrides every colour. */
void line_draw(struct screen *screen, const struct lines *lines, size_t index,
               const struct rectangle *area, int left, const char *pattern, bool selected);

#endif
