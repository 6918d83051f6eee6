/* table.c: the table of panels, in the order of their digits. */
#include "ui/panels/panel.h"

const struct panel_operations *const panel_table[LAYOUT_PANELS] = {
    [PANEL_CHECKLIST] = &checklist_panel,   [PANEL_CONTAINERS] = &containers_panel,
    [PANEL_ROW_COUNTS] = &row_counts_panel, [PANEL_TIMINGS] = &timings_panel,
    [PANEL_EVIDENCE] = &evidence_panel,     [PANEL_LOG] = &log_panel,
};
