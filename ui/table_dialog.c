/* table_dialog.c: one table's row counts in full, down to the ranges and keys of the rows that
 * differ. */
#include "ui/dialog.h"
#include "ui/view.h"
#include "ui/words.h"

#include <stdlib.h>

enum { SNAPSHOT, NEW, NOW };

#define SHOWN_MAX 200 /* ranges, and keys; the fact holds fewer */

static void table_title(const struct view *view, struct text *title)
{
    const struct table_rows *table = row_counts_selected(view);
    text_printf(title, "%s: %s.%s", table->database, table->schema, table->table);
}

static void add_column(const struct view *view, struct lines *lines, int column)
{
    static const char *const names[] = {"in the snapshot", "on the new server", "old server now"};
    const struct table_rows *table = row_counts_selected(view);
    const struct column_state *counted = &view->state->columns[column];
    char rows[32], at[16];
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_FAINT, " %-20s", names[column]);
    if (table->rows[column] < 0) {
        lines_add(lines, ROLE_FAINT, counted->complete ? "there is no such table" : "not counted");
        return;
    }
    lines_cell(lines, ROLE_TEXT, text_grouped(rows, sizeof rows, table->rows[column]), 16,
               FIT_RIGHT);
    lines_printf(lines, ROLE_FAINT, " rows  ");
    lines_add(lines, ROLE_TEXT, table->digest[column] ? table->digest[column] : "no digest");
    if (counted->complete)
        lines_printf(lines, ROLE_FAINT, "  %s", words_clock(at, sizeof at, counted->counted_ms));
}

static void add_labelled(struct lines *lines, const char *label, enum role role, const char *words,
                         int width)
{
    lines_begin(lines, -1);
    lines_printf(lines, ROLE_FAINT, " %-20s", label);
    lines_wrap_on(lines, role, words, 21, width);
}

static const char *match_words(enum rows_match match)
{
    static const char *const words[] = {
        [ROWS_UNKNOWN] = "not compared yet",
        [ROWS_EQUAL] = "none: same count, same contents",
        [ROWS_EQUAL_COUNT] = "none in the counts; the contents weren't compared",
        [ROWS_CAUGHT_UP] = ("none to the old server as it is now: what was written after the "
                            "snapshot was copied again"),
        [ROWS_COMPUTED] = ("none that counts: a materialised view, whose rows each server computes "
                           "for itself"),
        [ROWS_OF_VERSION] = "none that counts: only one version of its extension has this table",
        [ROWS_CONTENTS] = "as many rows as in the snapshot, but with OTHER CONTENTS",
        [ROWS_DIFFERENT] = "another number of rows than in the snapshot",
        [ROWS_MISSING] = "the new server doesn't have this table",
        [ROWS_EXTRA] = "the snapshot doesn't have this table",
        [ROWS_UNCOUNTED] = "the count has ended without finding it on the new server",
    };
    return words[match];
}

static void add_match(const struct view *view, struct lines *lines, int width)
{
    const struct table_rows *table = row_counts_selected(view);
    enum rows_match match = run_state_match(view->state, table);
    enum role role = rows_match_is_bad(match)                         ? ROLE_BAD
                     : match == ROWS_EQUAL || match == ROWS_CAUGHT_UP ? ROLE_GOOD
                                                                      : ROLE_TEXT;
    char number[64];
    bool counted = match == ROWS_DIFFERENT;
    char *words =
        xprintf("%s%s%s", counted ? rows_match_text(number, sizeof number, table, match) : "",
                counted ? ": " : "", match_words(match));
    add_labelled(lines, "restore difference", role, words, width);
    free(words);
}

static void add_written(const struct view *view, struct lines *lines, int width)
{
    static const char *const sources[] = {
        [WRITTEN_UNKNOWN] = "not known",
        [WRITTEN_EXACT] = "counted exactly",
        [WRITTEN_LIVE] = "by the old server's counters: + inserted, ~ updated, - deleted",
    };
    struct written written = run_state_written(view->state, row_counts_selected(view));
    char number[96];
    written_text(number, sizeof number, &written);
    bool known = *number != '\0';
    char *words =
        xprintf("%s%s%s%s", number, known ? " (" : "", sources[written.source], known ? ")" : "");
    add_labelled(lines, "written since", written.any ? ROLE_WARN : ROLE_TEXT, words, width);
    free(words);
}

/* ---- the rows that differ ---- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

static long long number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? (long long)item->valuedouble : 0;
}

static void add_numbers(const cJSON *difference, struct lines *lines, int width)
{
    char missing[32], extra[32], changed[32];
    char *words =
        xprintf("%s only on the old server, %s only on the new one, %s with other contents",
                text_grouped(missing, sizeof missing, number_of(difference, "missing")),
                text_grouped(extra, sizeof extra, number_of(difference, "extra")),
                text_grouped(changed, sizeof changed, number_of(difference, "changed")));
    lines_wrap(lines, ROLE_TEXT, words, 3, width);
    free(words);
}

static void add_key(const cJSON *difference, struct lines *lines, int width)
{
    const cJSON *column, *key = cJSON_GetObjectItemCaseSensitive(difference, "key");
    struct text words = {0};
    cJSON_ArrayForEach(column, key)
    {
        const char *name = cJSON_GetStringValue(column);
        text_printf(&words, "%s%s", words.length ? ", " : "told apart by: ", name ? name : "");
    }
    if (!words.length)
        text_add(&words, "the table has no key: rows are told apart by their contents");
    lines_wrap(lines, ROLE_FAINT, text_string(&words), 3, width);
    text_free(&words);
}

static void add_ranges(const cJSON *difference, struct lines *lines, int width)
{
    const cJSON *range, *ranges = cJSON_GetObjectItemCaseSensitive(difference, "ranges");
    int shown = 0;
    if (!cJSON_GetArraySize(ranges))
        return;
    lines_wrap(lines, ROLE_STRONG, "Ranges", 1, width);
    cJSON_ArrayForEach(range, ranges)
    {
        const char *words = cJSON_GetStringValue(range);
        if (words && shown++ < SHOWN_MAX)
            lines_wrap(lines, ROLE_TEXT, words, 3, width);
    }
}

static void add_keys(const cJSON *difference, struct lines *lines, int width)
{
    const cJSON *item, *keys = cJSON_GetObjectItemCaseSensitive(difference, "keys");
    int shown = 0;
    if (!cJSON_GetArraySize(keys))
        return;
    lines_wrap(lines, ROLE_STRONG, "Keys", 1, width);
    cJSON_ArrayForEach(item, keys)
    {
        if (shown++ >= SHOWN_MAX)
            break;
        lines_begin(lines, -1);
        lines_printf(lines, ROLE_BAD, "   %-10s", text_of(item, "kind"));
        lines_wrap_on(lines, ROLE_TEXT, text_of(item, "key"), 13, width);
    }
}

/* Why no rows are named, and how to come by them. */
static const char *words_without_rows(const struct view *view, const struct table_rows *table)
{
    enum rows_match match = run_state_match(view->state, table);
    bool written = run_state_written(view->state, table).any;
    if (match == ROWS_MISSING || match == ROWS_EXTRA || match == ROWS_UNCOUNTED)
        return "Only one of the two has the table, with all of its rows.";
    if (rows_match_is_bad(match))
        return "Which rows differ isn't known yet: the step that compares looks for them, r runs "
               "it again. All that it finds is in the run's directory, "
               "evidence/differences-*.tsv.";
    if (match == ROWS_CAUGHT_UP)
        return "No row differs any more. Those that were copied again are in the run's directory, "
               "evidence/differences-*.tsv.";
    if (match == ROWS_COMPUTED)
        return "A materialised view has no rows of its own: those of the tables that it's made of "
               "are compared. REFRESH MATERIALIZED VIEW computes them anew.";
    if (written)
        return "Which rows were written isn't known yet: the step that counts exactly what was "
               "written since the backup (pg.drift, before the switchover) looks for them.";
    return "No row is known to differ.";
}

static void add_difference(const struct view *view, struct lines *lines, int width)
{
    const struct table_rows *table = row_counts_selected(view);
    const cJSON *difference = run_state_difference(view->state, table);
    lines_blank(lines);
    if (!difference) {
        lines_wrap(lines, ROLE_TEXT, words_without_rows(view, table), 1, width);
        return;
    }
    lines_wrap(lines, ROLE_STRONG, "Rows that differ between the old server and the new one", 1,
               width);
    add_numbers(difference, lines, width);
    add_key(difference, lines, width);
    add_ranges(difference, lines, width);
    add_keys(difference, lines, width);
}

static void table_body(const struct view *view, struct lines *lines, int width)
{
    for (int column = SNAPSHOT; column <= NOW; column++)
        add_column(view, lines, column);
    lines_blank(lines);
    add_match(view, lines, width);
    add_written(view, lines, width);
    add_difference(view, lines, width);
}

static bool table_stands(const struct view *view)
{
    return row_counts_selected(view) != NULL;
}

const struct dialog_operations table_dialog = {
    .width = 104,
    .role = ROLE_ACTIVE,
    .title = table_title,
    .body = table_body,
    .stands = table_stands,
    .keys = reading_keys,
};
