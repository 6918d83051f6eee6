/* pg_compare_rows.c: two sets of row counts, table by table. */
#include "steps/pg_compare_rows.h"

#include "steps/evidence.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 20

struct walk {
    struct step_run *run;
    struct rows_verdict *verdict;
    bool equal;
    size_t shown;
    long long rows; /* of the snapshot */
    struct text evidence;
};

static const char *const change_names[] = {"equal", "DIFFERENT", "MISSING", "EXTRA"};

static void add_count(struct text *text, const struct row_count *count)
{
    if (count)
        text_printf(text, "%lld", count->rows);
    else
        text_add(text, "-");
}

static void add_evidence(struct walk *walk, enum row_change change, const struct row_count *old,
                         const struct row_count *new)
{
    const struct row_count *named = old ? old : new;
    evidence_field(&walk->evidence, named->database);
    evidence_field(&walk->evidence, named->schema);
    evidence_field(&walk->evidence, named->table);
    add_count(&walk->evidence, old);
    text_add(&walk->evidence, "\t");
    add_count(&walk->evidence, new);
    text_printf(&walk->evidence, "\t%s\n", change_names[change]);
}

static enum verdict judge(const struct walk *walk, enum row_change change,
                          const struct row_count *new)
{
    if (change == ROW_EQUAL)
        return VERDICT_PASS;
    if (change == ROW_MISSING)
        return VERDICT_FAIL;
    if (!walk->equal || new->kind != TABLE_ORDINARY)
        return VERDICT_WARN;
    return VERDICT_FAIL;
}

static void describe(struct text *text, const struct walk *walk, enum row_change change,
                     const struct row_count *old, const struct row_count *new)
{
    char before[32], after[32];
    if (change == ROW_MISSING)
        text_printf(text, "%s rows in the backup, but the table isn't on the new server",
                    text_grouped(before, sizeof before, old->rows));
    else if (change == ROW_EXTRA)
        text_printf(text, "%s rows on the new server, but the table wasn't in the backup",
                    text_grouped(after, sizeof after, new->rows));
    else if (old && new)
        text_printf(text, "%s rows in the backup, %s on the new server (%+lld)",
                    text_grouped(before, sizeof before, old->rows),
                    text_grouped(after, sizeof after, new->rows), new->rows - old->rows);
    if (new &&new->kind == TABLE_MATERIALISED)
        text_add(text, ": a materialised view, computed anew by the restore");
    else if (new &&new->kind == TABLE_EXTENSION)
        text_add(text, ": an extension's own table");
    else if (!walk->equal && change != ROW_MISSING)
        text_add(text, ": written since the switchover");
}

static void found(void *context, enum row_change change, const struct row_count *old,
                  const struct row_count *new)
{
    struct walk *walk = context;
    enum verdict verdict = judge(walk, change, new);
    walk->verdict->compared++;
    walk->rows += old ? old->rows : 0;
    add_evidence(walk, change, old, new);
    if (verdict == VERDICT_PASS)
        return;
    struct text name = {0}, detail = {0};
    row_count_name(&name, old ? old : new);
    describe(&detail, walk, change, old, new);
    if (verdict == VERDICT_FAIL && walk->verdict->failures++ == 0) {
        char *first = xprintf("%s: %s", text_string(&name), text_string(&detail));
        text_copy(walk->verdict->first, sizeof walk->verdict->first, first);
        free(first);
    }
    walk->verdict->warnings += verdict == VERDICT_WARN;
    if (walk->shown++ < SHOWN_MAX)
        step_check(walk->run, text_string(&name), verdict, "%s", text_string(&detail));
    text_free(&name);
    text_free(&detail);
}

static void sum_up(const struct walk *walk)
{
    char rows[32];
    const struct rows_verdict *verdict = walk->verdict;
    size_t other = verdict->failures + verdict->warnings;
    if (!other)
        step_check(walk->run, "rows", VERDICT_PASS, "%zu tables with %s rows: all equal",
                   verdict->compared, text_grouped(rows, sizeof rows, walk->rows));
    else
        step_check(walk->run, "rows", verdict->failures ? VERDICT_FAIL : VERDICT_WARN,
                   "%zu of %zu tables differ; all are in evidence/", other, verdict->compared);
}

bool compare_row_counts(struct step_run *run, struct row_counts *old, struct row_counts *new,
                        bool equal, struct rows_verdict *verdict, struct error *error)
{
    struct walk walk = {.run = run, .verdict = verdict, .equal = equal};
    *verdict = (struct rows_verdict){0};
    /* A server without a single table may be: then the new one has none either. */
    text_add(&walk.evidence, "database\tschema\ttable\tbackup\tnew\tverdict\n");
    row_counts_compare(old, new, found, &walk);
    sum_up(&walk);
    bool written = evidence_write(run, "rows", &walk.evidence, error);
    text_free(&walk.evidence);
    return written;
}
