/* difference_report.c: differing rows as checks, as a file of evidence and as the fact that the
 * screen opens. */
#include "steps/compare/pg_difference.h"

#include "steps/evidence.h"

#include <stdlib.h>

#define SHOWN_TABLES 20
#define SHOWN_KEYS 8
#define FACT "differences"
#define FACT_KEYS 20

const char *const difference_words[DIFFERENCE_KINDS] = {"missing", "extra", "changed"};
const char *const difference_drift_words[DIFFERENCE_KINDS] = {"inserted", "deleted", "updated"};

static long long count_of(const struct table_difference *difference, int kind)
{
    const long long counts[] = {[DIFFERENCE_MISSING] = difference->counts.missing,
                                [DIFFERENCE_EXTRA] = difference->counts.extra,
                                [DIFFERENCE_CHANGED] = difference->counts.changed};
    return counts[kind];
}

static void add_counts(struct text *text, const struct table_difference *difference,
                       const char *const words[DIFFERENCE_KINDS])
{
    const char *comma = "";
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++) {
        if (!count_of(difference, kind))
            continue;
        text_printf(text, "%s%lld %s", comma, count_of(difference, kind), words[kind]);
        comma = ", ";
    }
    if (!*comma)
        text_add(text, "no row differs any more");
}

static void add_range(struct text *text, const struct table_difference *difference,
                      const struct key_range *range, const char *word)
{
    text_printf(text, "%s ", difference->key.items[0]);
    key_range_name(text, range);
    text_printf(text, ": %lld %s", range->count, word);
}

static size_t key_count(const struct table_difference *difference)
{
    size_t count = 0;
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        count += (size_t)count_of(difference, kind);
    return count;
}

static void add_key_name(struct text *text, const struct table_difference *difference)
{
    for (size_t i = 0; i < difference->key.count; i++)
        text_printf(text, "%s%s", i ? ", " : "", difference->key.items[i]);
}

static void add_keys(struct text *text, const struct table_difference *difference)
{
    size_t shown = 0;
    text_add(text, "; ");
    add_key_name(text, difference);
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        for (size_t i = 0; i < difference->keys[kind].count && shown < SHOWN_KEYS; i++)
            text_printf(text, "%s%s", shown++ ? ", " : " ", difference->keys[kind].items[i]);
    text_add(text, key_count(difference) > shown ? ", ..." : "");
}

static void add_ranges(struct text *text, const struct table_difference *difference,
                       const char *const words[DIFFERENCE_KINDS])
{
    size_t shown = 0;
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        for (size_t i = 0; i < difference->ranges[kind].count && shown < SHOWN_KEYS; i++, shown++) {
            text_add(text, "; ");
            add_range(text, difference, &difference->ranges[kind].items[i], words[kind]);
        }
}

static void describe(struct text *text, const struct table_difference *difference,
                     const char *const words[DIFFERENCE_KINDS])
{
    add_counts(text, difference, words);
    if (difference->table.moved)
        text_add(text, "; it's a partition or a child of other tables on the two servers");
    if (!difference->comparable)
        text_add(text, difference->table.old_rows < 0 ? "; the old server doesn't have the table"
                       : difference->table.new_rows < 0
                           ? "; the new server doesn't have the table"
                           : "; its columns differ on the two servers");
    else if (!difference->key.count)
        text_add(text, "; it has no key: rows are told by their contents");
    else if (key_count(difference) <= SHOWN_KEYS || !difference->ranged)
        add_keys(text, difference);
    else
        add_ranges(text, difference, words);
}

static void check_table(struct step_run *run, const struct table_difference *difference,
                        enum verdict verdict, const char *const words[DIFFERENCE_KINDS])
{
    struct text detail = {0};
    char *name = xprintf("%s: %s.%s", difference->table.database, difference->table.schema,
                         difference->table.table);
    describe(&detail, difference, words);
    step_check(run, name, verdict, "%s", text_string(&detail));
    text_free(&detail);
    free(name);
}

static cJSON *list_of(const struct text_list *list)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < list->count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
    return array;
}

static cJSON *ranges_of(const struct table_difference *difference)
{
    cJSON *array = cJSON_CreateArray();
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        for (size_t i = 0; i < difference->ranges[kind].count; i++) {
            struct text text = {0};
            add_range(&text, difference, &difference->ranges[kind].items[i],
                      difference_words[kind]);
            cJSON_AddItemToArray(array, cJSON_CreateString(text_string(&text)));
            text_free(&text);
        }
    return array;
}

static cJSON *keys_of(const struct table_difference *difference)
{
    cJSON *array = cJSON_CreateArray();
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        for (size_t i = 0; i < difference->keys[kind].count && i < FACT_KEYS; i++) {
            cJSON *key = cJSON_CreateObject();
            cJSON_AddStringToObject(key, "kind", difference_words[kind]);
            cJSON_AddStringToObject(key, "key", difference->keys[kind].items[i]);
            cJSON_AddItemToArray(array, key);
        }
    return array;
}

static cJSON *fact_of(const struct table_difference *difference)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "database", difference->table.database);
    cJSON_AddStringToObject(fact, "schema", difference->table.schema);
    cJSON_AddStringToObject(fact, "table", difference->table.table);
    cJSON_AddItemToObject(fact, "key", list_of(&difference->key));
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        cJSON_AddNumberToObject(fact, difference_words[kind], (double)count_of(difference, kind));
    cJSON_AddItemToObject(fact, "ranges", ranges_of(difference));
    cJSON_AddItemToObject(fact, "keys", keys_of(difference));
    return fact;
}

static void add_lines(struct text *lines, const struct table_difference *difference)
{
    struct text key = {0};
    add_key_name(&key, difference);
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
        for (size_t i = 0; i < difference->keys[kind].count; i++) {
            const char *const fields[] = {difference->table.database,
                                          difference->table.schema,
                                          difference->table.table,
                                          difference_words[kind],
                                          text_string(&key),
                                          difference->keys[kind].items[i],
                                          NULL};
            evidence_line(lines, fields);
        }
    text_free(&key);
}

bool differences_report(struct step_run *run, const struct differences *differences,
                        enum verdict verdict, const char *const words[DIFFERENCE_KINDS],
                        struct error *error)
{
    struct text lines = {0};
    cJSON *fact = cJSON_CreateArray();
    text_add(&lines, "database\tschema\ttable\tkind\tkey\tvalue\n");
    for (size_t i = 0; i < differences->count; i++) {
        if (i < SHOWN_TABLES)
            check_table(run, &differences->items[i], verdict, words);
        if (i < DIFFERENCE_TABLES_MAX)
            cJSON_AddItemToArray(fact, fact_of(&differences->items[i]));
        add_lines(&lines, &differences->items[i]);
    }
    step_fact(run, FACT, fact);
    bool written = evidence_write(run, "differences", &lines, error);
    text_free(&lines);
    return written;
}
