/* pg_compare_rows.c: two sets of row counts, table by table. */
#include "steps/compare/pg_compare_rows.h"

#include "postgres/digest.h"
#include "steps/evidence.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 20

struct walk {
    struct step_run *run;
    struct rows_verdict *verdict;
    bool equal;
    const char *old_place; /* in words */
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

/* Equal counts prove nothing where the contents weren't read. */
static bool unproven(const struct walk *walk, const struct row_count *old,
                     const struct row_count *new)
{
    return walk->equal && old && new && (!*old->digest || !*new->digest);
}

static const char *verdict_words(const struct walk *walk, enum row_change change,
                                 const struct row_count *old, const struct row_count *new)
{
    return change == ROW_EQUAL && unproven(walk, old, new) ? "UNPROVEN" : change_names[change];
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
    text_printf(&walk->evidence, "\t%s\t%s\t%s\n", verdict_words(walk, change, old, new),
                old ? old->digest : "", new ? new->digest : "");
}

static enum verdict judge(const struct walk *walk, enum row_change change,
                          const struct row_count *old, const struct row_count *new)
{
    if (change == ROW_EQUAL && !unproven(walk, old, new))
        return VERDICT_PASS;
    if (row_counts_explained(old, new) || (!walk->equal && change != ROW_MISSING))
        return VERDICT_WARN;
    return VERDICT_FAIL;
}

static void describe_contents(struct text *text, const struct walk *walk,
                              const struct row_count *old, const struct row_count *new)
{
    char count[32];
    text_grouped(count, sizeof count, old->rows);
    text_printf(text, "count %s = %s, ", count, count);
    if (!*old->digest || !*new->digest)
        text_printf(text, "but the contents weren't read %s",
                    *old->digest ? "on the new server" : walk->old_place);
    else if (digest_same_rows(old->digest, new->digest))
        text_add(text, "but the table is not a partition or child of the same tables: a query on "
                       "those sees other rows");
    else
        text_add(text, "contents differ");
}

static void describe_counts(struct text *text, const struct walk *walk, const struct row_count *old,
                            const struct row_count *new)
{
    char before[32], after[32];
    if (old && new)
        text_printf(text, "%s rows %s, %s on the new server (%+lld)",
                    text_grouped(before, sizeof before, old->rows), walk->old_place,
                    text_grouped(after, sizeof after, new->rows), new->rows - old->rows);
    else if (old)
        text_printf(text, "%s rows %s, but the table isn't on the new server",
                    text_grouped(before, sizeof before, old->rows), walk->old_place);
    else
        text_printf(text, "%s rows on the new server, but the table wasn't %s",
                    text_grouped(after, sizeof after, new->rows), walk->old_place);
}

static void describe(struct text *text, const struct walk *walk, const struct row_count *old,
                     const struct row_count *new)
{
    if (old && new && old->rows == new->rows)
        describe_contents(text, walk, old, new);
    else
        describe_counts(text, walk, old, new);
    if (row_counts_explained(old, new))
        text_add(text, (new ? new : old)->kind == TABLE_MATERIALISED
                           ? ": a materialised view, computed anew by the restore"
                           : ": a table that only one version of its extension has");
    else if (!walk->equal && new)
        text_add(text, ": written since the switchover");
}

static void found(void *context, enum row_change change, const struct row_count *old,
                  const struct row_count *new)
{
    struct walk *walk = context;
    enum verdict verdict = judge(walk, change, old, new);
    walk->verdict->compared++;
    walk->rows += old ? old->rows : 0;
    add_evidence(walk, change, old, new);
    if (verdict == VERDICT_PASS)
        return;
    struct text name = {0}, detail = {0};
    row_count_name(&name, old ? old : new);
    describe(&detail, walk, old, new);
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
        step_check(walk->run, "rows", VERDICT_PASS, "%zu tables with %s rows: all equal%s",
                   verdict->compared, text_grouped(rows, sizeof rows, walk->rows),
                   walk->equal ? ", count and contents" : "");
    else
        step_check(walk->run, "rows", verdict->failures ? VERDICT_FAIL : VERDICT_WARN,
                   "%zu of %zu tables differ; all are in evidence/", other, verdict->compared);
}

bool compare_row_counts(struct step_run *run, const struct rows_comparison *comparison,
                        struct rows_verdict *verdict, struct error *error)
{
    struct walk walk = {.run = run,
                        .verdict = verdict,
                        .equal = comparison->equal,
                        .old_place = comparison->live ? "on the old server" : "in the backup"};
    *verdict = (struct rows_verdict){0};
    /* A server without a single table may be: then the new one has none either. */
    text_printf(&walk.evidence,
                "database\tschema\ttable\t%s\tnew\tverdict\t%s digest\tnew digest\n",
                comparison->live ? "old" : "backup", comparison->live ? "old" : "backup");
    row_counts_compare(comparison->old, comparison->new, found, &walk);
    sum_up(&walk);
    bool written = evidence_write(run, "rows", &walk.evidence, error);
    text_free(&walk.evidence);
    return written;
}
