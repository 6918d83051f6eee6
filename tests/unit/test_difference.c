/* test_difference.c: ranges of keys, the order of rows, buckets, drifted tables, and what is told
 * of writes from what is left of them. */
#include "postgres/difference.h"
#include "postgres/key_list.h"
#include "postgres/key_ranges.h"
#include "steps/drift/accepted.h"
#include "steps/drift/drifted_tables.h"
#include "steps/drift/written_tables.h"
#include "steps/evidence.h"
#include "steps/fence/fence_known.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- ranges ---- */

static void add_keys(struct key_ranges *ranges, long long first, long long last, long long step)
{
    char text[32];
    for (long long i = first; i <= last; i += step) {
        snprintf(text, sizeof text, "%lld", i);
        key_ranges_add(ranges, i, text);
    }
}

static void assert_range(const struct key_ranges *ranges, size_t index, const char *name,
                         long long count)
{
    struct text text = {0};
    assert_true(index < ranges->count);
    key_range_name(&text, &ranges->items[index]);
    assert_string_equal(text_string(&text), name);
    assert_int_equal(ranges->items[index].count, count);
    text_free(&text);
}

static void contiguous_keys_are_one_range(void **state)
{
    (void)state;
    struct key_ranges ranges = {0};
    add_keys(&ranges, -3, 5, 1);
    add_keys(&ranges, 7, 7, 1);
    add_keys(&ranges, 100, 102, 1);
    assert_int_equal(ranges.count, 3);
    assert_range(&ranges, 0, "-3..5", 9);
    assert_range(&ranges, 1, "7", 1);
    assert_range(&ranges, 2, "100..102", 3);
    key_ranges_free(&ranges);
}

static void too_many_ranges_join_where_they_are_nearest(void **state)
{
    (void)state;
    struct key_ranges ranges = {0};
    add_keys(&ranges, 1000, 1000 + 100 * (KEY_RANGES_MAX - 1), 100);
    assert_int_equal(ranges.count, KEY_RANGES_MAX);
    key_ranges_add(&ranges, 1000 + 100 * (KEY_RANGES_MAX - 1) + 3, "near");
    assert_int_equal(ranges.count, KEY_RANGES_MAX);
    assert_range(&ranges, KEY_RANGES_MAX - 1, "2900..near", 2);
    assert_range(&ranges, 0, "1000", 1);
    add_keys(&ranges, 1000000, 9000000, 1000);
    assert_int_equal(ranges.count, KEY_RANGES_MAX);
    long long count = 0;
    for (size_t i = 0; i < ranges.count; i++)
        count += ranges.items[i].count;
    assert_int_equal(count, KEY_RANGES_MAX + 1 + 8001);
    key_ranges_free(&ranges);
}

static void gaps_as_wide_as_all_numbers(void **state)
{
    (void)state;
    struct key_ranges ranges = {0};
    key_ranges_add(&ranges, LLONG_MIN, "first");
    key_ranges_add(&ranges, 0, "middle");
    key_ranges_add(&ranges, LLONG_MAX, "last");
    assert_int_equal(ranges.count, 3);
    key_ranges_free(&ranges);
}

/* ---- the order of rows ---- */

static int order(long long left, const char *left_name, long long right, const char *right_name)
{
    const struct merge_row before = {.position = left, .names = &left_name, .count = 1};
    const struct merge_row after = {.position = right, .names = &right_name, .count = 1};
    int result = merge_order(&before, &after);
    assert_int_equal(merge_order(&after, &before) < 0, result > 0);
    return result;
}

static void rows_have_an_order(void **state)
{
    (void)state;
    assert_true(order(1, "b", 2, "a") < 0);
    assert_true(order(LLONG_MIN, "", LLONG_MAX, "") < 0);
    assert_true(order(1, "a", 1, "b") < 0);
    assert_true(order(1, "B", 1, "a") < 0);
    assert_true(order(1, "\x7f", 1, "\xc3\xa4") < 0);
    assert_int_equal(order(1, "a", 1, "a"), 0);
    const char *const left_names[] = {"a", "c"}, *const right_names[] = {"a", "b"};
    const struct merge_row left = {.names = left_names, .count = 2};
    const struct merge_row right = {.names = right_names, .count = 2};
    assert_true(merge_order(&left, &right) > 0);
}

static void buckets_grow_with_the_table(void **state)
{
    (void)state;
    assert_int_equal(difference_buckets(-1), 1);
    assert_int_equal(difference_buckets(0), 1);
    assert_int_equal(difference_buckets(4096), 1);
    assert_int_equal(difference_buckets(200000), 512);
    assert_int_equal(difference_buckets(LLONG_MAX), 65536);
    for (long long rows = 1; rows < 1000000000; rows *= 3) {
        long buckets = difference_buckets(rows);
        assert_int_equal(buckets & (buckets - 1), 0);
    }
}

/* ---- tables that drifted ---- */

static void add_table(struct row_counts *counts, const char *name, long long rows,
                      const char *digest, enum pg_table_kind kind)
{
    char *copy = xstrdup(name), *schema = xstrdup("public");
    struct pg_table table = {.schema = schema, .name = copy, .rows = rows, .kind = kind};
    text_copy(table.digest, sizeof table.digest, digest);
    row_counts_add(counts, "shop", &table);
    free(copy);
    free(schema);
}

static void tables_with_other_contents_have_drifted(void **state)
{
    (void)state;
    struct row_counts now = {0}, new = {0};
    struct drifted_tables tables;
    add_table(&now, "equal", 5, "1", TABLE_ORDINARY);
    add_table(&new, "equal", 5, "1", TABLE_ORDINARY);
    add_table(&now, "contents", 5, "1", TABLE_ORDINARY);
    add_table(&new, "contents", 5, "2", TABLE_ORDINARY);
    add_table(&now, "count", 6, "3", TABLE_ORDINARY);
    add_table(&new, "count", 5, "3", TABLE_ORDINARY);
    add_table(&now, "view", 6, "3", TABLE_MATERIALISED);
    add_table(&new, "view", 5, "3", TABLE_MATERIALISED);
    add_table(&now, "created", 1, "4", TABLE_ORDINARY);
    add_table(&new, "dropped", 0, "0", TABLE_ORDINARY);
    add_table(&now, "jobs", 6, "3", TABLE_EXTENSION);
    add_table(&new, "jobs", 6, "4", TABLE_EXTENSION);
    add_table(&new, "newer", 6, "4", TABLE_EXTENSION);
    drifted_tables_find(&now, &new, &tables);
    assert_int_equal(tables.count, 5);
    assert_string_equal(tables.items[0].table, "contents");
    assert_string_equal(tables.items[1].table, "count");
    assert_string_equal(tables.items[2].table, "created");
    assert_int_equal(tables.items[2].new_rows, -1);
    assert_string_equal(tables.items[3].table, "dropped");
    assert_int_equal(tables.items[3].old_rows, -1);
    assert_string_equal(tables.items[4].table, "jobs");
    assert_int_equal(tables.other_count, 2);
    assert_string_equal(tables.others[0].table, "newer");
    assert_string_equal(tables.others[1].table, "view");
    drifted_tables_free(&tables);
    row_counts_free(&now);
    row_counts_free(&new);
}

/* ---- what was written ---- */

static void assert_estimate(const long long given[4], const long long wanted[3], bool exact)
{
    struct written_table table = {0};
    written_estimate(given[0], given[1], given[2], given[3], &table);
    assert_int_equal(table.inserted, wanted[0]);
    assert_int_equal(table.updated, wanted[1]);
    assert_int_equal(table.deleted, wanted[2]);
    assert_int_equal(table.exact, exact);
    assert_true(table.inserted + table.updated + table.deleted > 0);
}

static void writes_are_told_from_what_is_left(void **state)
{
    (void)state;
    static const struct {
        long long given[4]; /* before, now, written, deleted by the counters */
        long long wanted[3];
        bool exact;
    } cases[] = {
        {{100, 105, 5, 0}, {5, 0, 0}, true},  /* only inserts explain it */
        {{100, 105, 5, 99}, {5, 0, 0}, true}, /* whatever the counters say */
        {{100, 98, 0, 2}, {0, 0, 2}, true},   /* only deletes */
        {{100, 100, 3, 0}, {0, 3, 0}, false}, /* updates, or as many deletes and inserts */
        {{100, 100, 3, 3}, {3, 0, 3}, false},
        {{100, 102, 5, 1}, {3, 2, 1}, false},    /* the counters divide them */
        {{100, 102, 5, -1}, {2, 3, 0}, false},   /* unknown counters: the fewest deletes */
        {{100, 102, 5, 1000}, {5, 0, 3}, false}, /* what came and went is in the counters too */
        {{100, 103, -1, -1}, {3, 0, 0}, false},  /* only the counts are known */
        {{100, 90, -1, -1}, {0, 0, 10}, false},
        {{100, 100, -1, -1}, {0, 1, 0}, false},
        {{100, 100, 0, 0}, {0, 1, 0}, false}, /* the contents differ: at least one row */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_estimate(cases[i].given, cases[i].wanted, cases[i].exact);
}

/* ---- facts ---- */

static void a_fence_counts_for_its_server_only(void **state)
{
    (void)state;
    struct step_run run = {.facts =
                               cJSON_Parse("{\"fence\": {\"server\": \"old\", \"xid\": \"7\"}}")};
    assert_non_null(fence_known(&run, "old"));
    assert_null(fence_known(&run, "new"));
    cJSON_Delete((cJSON *)run.facts);
    run.facts = cJSON_Parse("{\"fence\": false}");
    assert_null(fence_known(&run, "old"));
    cJSON_Delete((cJSON *)run.facts);
    run.facts = cJSON_Parse("{}");
    assert_null(fence_known(&run, "old"));
    cJSON_Delete((cJSON *)run.facts);
}

static void a_gate_for_none_covers_none(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct step_run run = {.arguments = cJSON_Parse("{\"accepted\": \"accepted.loses\"}"),
                           .facts = cJSON_Parse("{\"accepted.loses\": 0}")};
    assert_true(accepted_covers(&run, 0, 0, &error));
    assert_false(accepted_covers(&run, 1, 0, &error));
    assert_false(accepted_covers(&run, 0, 1, &error));
    assert_false(accepted_covers(&run, 0, -1, &error));
    cJSON_Delete((cJSON *)run.facts);
    run.facts = cJSON_Parse("{\"accepted.loses\": 3}");
    assert_true(accepted_covers(&run, 1, 0, &error));
    cJSON_Delete((cJSON *)run.facts);
    cJSON_Delete((cJSON *)run.arguments);
}

static void a_field_makes_no_other_line(void **state)
{
    (void)state;
    struct text lines = {0};
    const char *const fields[] = {"a\tb", "c\nd", "", NULL};
    evidence_line(&lines, fields);
    assert_string_equal(text_string(&lines), "a b\tc d\t\n");
    text_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous_keys_are_one_range),
        cmocka_unit_test(too_many_ranges_join_where_they_are_nearest),
        cmocka_unit_test(gaps_as_wide_as_all_numbers),
        cmocka_unit_test(rows_have_an_order),
        cmocka_unit_test(buckets_grow_with_the_table),
        cmocka_unit_test(tables_with_other_contents_have_drifted),
        cmocka_unit_test(writes_are_told_from_what_is_left),
        cmocka_unit_test(a_fence_counts_for_its_server_only),
        cmocka_unit_test(a_gate_for_none_covers_none),
        cmocka_unit_test(a_field_makes_no_other_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
