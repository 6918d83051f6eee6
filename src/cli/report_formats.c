/* report_formats.c: the report's sections, written once through a table of two markups. */
#include "cli/report_formats.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 8

/* What differs between Markdown and HTML. */
struct markup {
    const char *heading_open[2], *heading_close[2]; /* first and second level */
    const char *paragraph_open, *paragraph_close;
    const char *table_open, *table_close;
    const char *row_open, *cell_between, *row_close;
    const char *rule; /* one cell of the line under a table's head, or NULL */
    bool html;
};

static const struct markup markdown = {
    .heading_open = {"# ", "\n## "},
    .heading_close = {"\n\n", "\n\n"},
    .paragraph_open = "",
    .paragraph_close = "\n\n",
    .table_open = "",
    .table_close = "\n",
    .row_open = "| ",
    .cell_between = " | ",
    .row_close = " |\n",
    .rule = "---",
};

const char html_report_begin[] =
    "<!doctype html>\n<meta charset=\"utf-8\">\n<title>pgrunbook report</title>\n"
    "<style>body{font:15px sans-serif;max-width:70em;margin:2em auto}table{border-collapse:"
    "collapse}td{border:1px solid #999;padding:.2em .6em;vertical-align:top}"
    "tr:first-child{font-weight:bold}</style>\n";

static const struct markup html = {
    .heading_open = {"<h1>", "<h2>"},
    .heading_close = {"</h1>\n", "</h2>\n"},
    .paragraph_open = "<p>",
    .paragraph_close = "</p>\n",
    .table_open = "<table>\n",
    .table_close = "</table>\n",
    .row_open = "<tr><td>",
    .cell_between = "</td><td>",
    .row_close = "</td></tr>\n",
    .html = true,
};

struct report {
    const struct markup *markup;
    struct text *output;
};

/* In Markdown a '|' would end the cell and a line's end the row; in HTML < and & are markup. */
static void add_escaped(const struct report *report, const char *text)
{
    for (; *text; text++) {
        if (report->markup->html && *text == '<')
            text_add(report->output, "&lt;");
        else if (report->markup->html && *text == '&')
            text_add(report->output, "&amp;");
        else if (!report->markup->html && (*text == '|' || *text == '\\'))
            text_printf(report->output, "\\%c", *text);
        else
            text_append(report->output, *text == '\n' ? " " : text, 1);
    }
}

static void heading(const struct report *report, int level, const char *text)
{
    text_add(report->output, report->markup->heading_open[level]);
    add_escaped(report, text);
    text_add(report->output, report->markup->heading_close[level]);
}

static void row(const struct report *report, const char *const cells[], size_t count)
{
    text_add(report->output, report->markup->row_open);
    for (size_t i = 0; i < count; i++) {
        if (i)
            text_add(report->output, report->markup->cell_between);
        add_escaped(report, cells[i] ? cells[i] : "");
    }
    text_add(report->output, report->markup->row_close);
}

static void table_head(const struct report *report, const char *const cells[], size_t count)
{
    const char *rules[CELLS_MAX];
    text_add(report->output, report->markup->table_open);
    row(report, cells, count);
    for (size_t i = 0; i < count && i < CELLS_MAX; i++)
        rules[i] = report->markup->rule;
    if (report->markup->rule)
        row(report, rules, count);
}

static void table_end(const struct report *report)
{
    text_add(report->output, report->markup->table_close);
}

static void fact_row(const struct report *report, const char *name, const char *value)
{
    const char *const cells[] = {name, value};
    row(report, cells, 2);
}

/* What was given up, what a rollback cost, and what was saved of it. */
static void add_losses(const struct report *report, const struct run_state *state)
{
    const char *step;
    char words[256], rows[32];
    long long loss = run_state_accepted_loss(state, &step);
    snprintf(words, sizeof words, "%s rows or changes, at %s",
             text_grouped(rows, sizeof rows, loss), step ? step : "?");
    if (loss)
        fact_row(report, "Loss accepted at the switchover", words);
    snprintf(words, sizeof words, "%s rows of the new server",
             text_grouped(rows, sizeof rows, state->price.rows));
    if (state->price.known)
        fact_row(report, "A rollback's price", state->price.unknown ? state->price.unknown : words);
    if (state->save.done)
        fact_row(report, "Of that saved first", state->save.what);
}

static void add_summary(const struct report *report, const struct run_state *state)
{
    char from[40], to[40], outage[40], rows[192], total[32];
    struct rows_summary summary = run_state_rows(state);
    static const char *const head[] = {"What", "Value"};
    snprintf(outage, sizeof outage, "%.0f ms in %zu interruptions",
             run_state_outage_ms(state, clock_wall_ms()), state->outage_count);
    if (!run_state_outage_known(state))
        text_copy(outage, sizeof outage, "not measured in this run");
    snprintf(rows, sizeof rows, "%zu tables, %s rows, %zu compared, %zu different", summary.tables,
             text_grouped(total, sizeof total, summary.rows), summary.compared, summary.different);
    if (summary.computed)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows),
                 ", %zu materialised views computed anew", summary.computed);
    table_head(report, head, 2);
    fact_row(report, "Run", state->run);
    fact_row(report, "State", run_status_name(state->status));
    fact_row(report, "Stack", state->stack);
    fact_row(report, "Operator", state->operator_name);
    fact_row(report, "Runbook", state->runbook_path);
    fact_row(report, "Runbook's SHA-256", state->runbook_sha256);
    fact_row(report, "Started", clock_iso(from, sizeof from, state->created_ms));
    fact_row(report, state->finished_ms ? "Finished" : "Last event",
             clock_iso(to, sizeof to, state->finished_ms ? state->finished_ms : state->event_ms));
    fact_row(report, "Measured outage", outage);
    fact_row(report, "Row counts", rows);
    add_losses(report, state);
    if (state->rollback_reason)
        fact_row(report, "Rolled back because", state->rollback_reason);
    table_end(report);
}

static const char *duration_or_empty(char *buffer, size_t size, long ms)
{
    if (ms >= 0)
        return text_duration(buffer, size, ms);
    return "";
}

static void add_steps(const struct report *report, const struct run_state *state)
{
    static const char *const head[] = {"Step", "Title", "State", "Planned", "Actual", "Database"};
    static const char *const database[] = {"available", "read-only", "unavailable"};
    heading(report, 1, "Steps and times");
    table_head(report, head, 6);
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        char planned[32], actual[32];
        long took = step->finished_ms && step->started_ms
                        ? (long)(step->finished_ms - step->started_ms)
                        : -1;
        const char *const cells[] = {step->path,
                                     step->title,
                                     step_status_name(step->status),
                                     duration_or_empty(planned, sizeof planned, step->planned_ms),
                                     duration_or_empty(actual, sizeof actual, took),
                                     database[step->database % 3]};
        row(report, cells, 6);
    }
    table_end(report);
}

static void add_evidence(const struct report *report, const struct run_state *state)
{
    static const char *const head[] = {"Step", "Verdict", "Check", "Detail"};
    heading(report, 1, "Evidence");
    table_head(report, head, 4);
    for (size_t i = 0; i < state->step_count; i++) {
        const struct step_state *step = &state->steps[i];
        for (size_t j = 0; j < step->check_count; j++) {
            const char *const cells[] = {step->path, verdict_name(step->checks[j].verdict),
                                         step->checks[j].name, step->checks[j].detail};
            row(report, cells, 4);
        }
        if (step->message && step->status != STEP_DONE) {
            const char *const cells[] = {step->path, step_status_name(step->status), step->message,
                                         step->remedy};
            row(report, cells, 4);
        }
    }
    table_end(report);
}

static const char *count_text(char *buffer, size_t size, long long rows)
{
    if (rows >= 0)
        return text_grouped(buffer, size, rows);
    return "-";
}

static const char *or_dash(const char *text)
{
    return *text ? text : "-";
}

static void add_rows(const struct report *report, const struct run_state *state)
{
    static const char *const head[] = {"Database",
                                       "Schema",
                                       "Table",
                                       "In the snapshot",
                                       "On the new server",
                                       "Restore difference",
                                       "Old server now",
                                       "Written since"};
    heading(report, 1, "Row counts");
    table_head(report, head, 8);
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_rows *t = &state->tables[i];
        struct written since = run_state_written(state, t);
        char snapshot[32], fresh[32], now[32], difference[64], written[96];
        rows_match_text(difference, sizeof difference, t, run_state_match(state, t));
        written_text(written, sizeof written, &since);
        const char *const cells[] = {t->database,
                                     t->schema,
                                     t->table,
                                     count_text(snapshot, sizeof snapshot, t->rows[0]),
                                     count_text(fresh, sizeof fresh, t->rows[1]),
                                     or_dash(difference),
                                     count_text(now, sizeof now, t->rows[2]),
                                     or_dash(written)};
        row(report, cells, 8);
    }
    table_end(report);
}

static void join(struct text *text, const cJSON *list, const char *kind)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        const char *value = cJSON_GetStringValue(kind ? cJSON_GetObjectItem(item, "key") : item);
        const char *what = kind ? cJSON_GetStringValue(cJSON_GetObjectItem(item, kind)) : NULL;
        text_printf(text, "%s%s%s%s", text->length ? ", " : "", what ? what : "", what ? " " : "",
                    value ? value : "");
    }
}

static void add_difference(const struct report *report, const struct table_rows *table,
                           const cJSON *difference)
{
    static const char *const numbers[] = {"missing", "extra", "changed"};
    struct text name = {0}, ranges = {0}, keys = {0};
    char counts[3][32];
    text_printf(&name, "%s: %s.%s", table->database, table->schema, table->table);
    join(&ranges, cJSON_GetObjectItemCaseSensitive(difference, "ranges"), NULL);
    join(&keys, cJSON_GetObjectItemCaseSensitive(difference, "keys"), "kind");
    for (size_t i = 0; i < 3; i++) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(difference, numbers[i]);
        text_grouped(counts[i], sizeof counts[i], (long long)cJSON_GetNumberValue(number));
    }
    const char *const cells[] = {text_string(&name),   counts[0],         counts[1], counts[2],
                                 text_string(&ranges), text_string(&keys)};
    row(report, cells, 6);
    text_free(&name);
    text_free(&ranges);
    text_free(&keys);
}

/* What the last comparison found row by row; nothing when it found no difference. */
static void add_differences(const struct report *report, const struct run_state *state)
{
    static const char *const head[] = {
        "Table", "Only on the old server", "Only on the new server", "Changed", "Ranges", "Keys"};
    bool any = false;
    for (size_t i = 0; i < state->table_count; i++) {
        const cJSON *difference = run_state_difference(state, &state->tables[i]);
        if (!difference)
            continue;
        if (!any) {
            heading(report, 1, "Rows that differ");
            table_head(report, head, 6);
        }
        any = true;
        add_difference(report, &state->tables[i], difference);
    }
    if (any)
        table_end(report);
}

static const char *decision_text(const cJSON *decision, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(decision, name));
}

static void add_decisions(const struct report *report, const struct run_state *state)
{
    static const char *const head[] = {"When", "Who", "Where", "What", "Step", "Typed"};
    const cJSON *decision;
    heading(report, 1, "Decisions");
    table_head(report, head, 6);
    cJSON_ArrayForEach(decision, state->decisions)
    {
        char at[40];
        const cJSON *time = cJSON_GetObjectItemCaseSensitive(decision, "time");
        const char *what = decision_text(decision, "answer");
        if (!what)
            what = decision_text(decision, "command");
        const char *const cells[] = {clock_iso(at, sizeof at, (int64_t)cJSON_GetNumberValue(time)),
                                     decision_text(decision, "operator"),
                                     decision_text(decision, "tty"),
                                     what ? what : "roll back",
                                     decision_text(decision, "step"),
                                     decision_text(decision, "phrase")};
        row(report, cells, 6);
    }
    table_end(report);
}

static void add_outages(const struct report *report, const struct run_state *state)
{
    static const char *const head[] = {"Began", "While", "Lasted", "Failed attempts"};
    heading(report, 1, "Outages, as a client measured them");
    table_head(report, head, 4);
    for (size_t i = 0; i < state->outage_count; i++) {
        const struct outage *outage = &state->outages[i];
        char at[40], lasted[40], failures[32];
        snprintf(lasted, sizeof lasted, outage->ms >= 0 ? "%.0f ms" : "it lasts", outage->ms);
        snprintf(failures, sizeof failures, outage->failures < 0 ? "not counted" : "%ld",
                 outage->failures);
        const char *const cells[] = {clock_iso(at, sizeof at, outage->began_ms), outage->step,
                                     lasted, failures};
        row(report, cells, 4);
    }
    table_end(report);
}

static void write_report(const struct markup *markup, const struct run_state *state,
                         struct text *output)
{
    const struct report report = {.markup = markup, .output = output};
    heading(&report, 0, state->title);
    add_summary(&report, state);
    add_steps(&report, state);
    add_outages(&report, state);
    add_decisions(&report, state);
    add_evidence(&report, state);
    add_rows(&report, state);
    add_differences(&report, state);
}

void markdown_report(const struct run_state *state, struct text *output)
{
    write_report(&markdown, state, output);
}

void html_report(const struct run_state *state, struct text *output)
{
    write_report(&html, state, output);
}

static void write_group(const struct markup *markup, const struct report_group *group,
                        struct text *output)
{
    static const char *const head[] = {"Environment", "State", "Started", "Finished"};
    const struct report report = {.markup = markup, .output = output};
    char *title = xprintf("Run %s: %s", group->run, group->status);
    heading(&report, 0, title);
    free(title);
    table_head(&report, head, 4);
    for (size_t i = 0; i < group->count; i++) {
        const struct run_state *state = group->states[i];
        char from[40], to[40] = "";
        if (state->finished_ms)
            clock_iso(to, sizeof to, state->finished_ms);
        const char *const cells[] = {group->labels[i], run_status_name(state->status),
                                     clock_iso(from, sizeof from, state->created_ms), to};
        row(&report, cells, 4);
    }
    table_end(&report);
}

void markdown_group(const struct report_group *group, struct text *output)
{
    write_group(&markdown, group, output);
}

void html_group(const struct report_group *group, struct text *output)
{
    write_group(&html, group, output);
}
