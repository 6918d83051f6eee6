/* test_written.c: what row counts, digests and counters say of a table: the two differences, in
 * words and in order. */
#include "engine/state.h"
#include "ui/panels/row_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(struct run_state *state, const char *json)
{
    struct error error = ERROR_INIT;
    char *copy = xstrdup(json);
    for (char *c = copy; *c; c++) /* events are written with single quotes here, to be readable */
        if (*c == '\'')
            *c = '"';
    cJSON *event = cJSON_Parse(copy);
    free(copy);
    assert_non_null(event);
    if (!run_state_apply(state, event, &error))
        fail_msg("%s: %s", json, error.message);
    cJSON_Delete(event);
}

static struct run_state *new_run(void)
{
    struct run_state *state = run_state_new();
    must(state, "{'type':'run_created','seq':1,'time':1,'run':'r','name':'n','title':'T',"
                "'stack':'s','variables':{},'phases':[{'id':'p','title':'P','steps':["
                "{'id':'a','title':'A','action':'shell'}]}]}");
    must(state, "{'type':'rows_begin','time':2,'step':'p/a','column':0}");
    must(state, "{'type':'rows_begin','time':2,'step':'p/a','column':1}");
    must(state, "{'type':'rows_begin','time':2,'step':'p/a','column':2}");
    return state;
}

static void count(struct run_state *state, int column, const char *table, int rows,
                  const char *digest)
{
    char event[256];
    snprintf(event, sizeof event,
             "{'type':'rows','time':3,'column':%d,'database':'d','schema':'s','table':'%s',"
             "'rows':%d%s%s%s}",
             column, table, rows, *digest ? ",'digest':'" : "", digest, *digest ? "'" : "");
    must(state, event);
}

static void end_columns(struct run_state *state)
{
    for (int column = 0; column < 3; column++) {
        char event[80];
        snprintf(event, sizeof event, "{'type':'rows_end','time':4,'column':%d}", column);
        must(state, event);
    }
}

static const struct table_rows *table(const struct run_state *state, const char *name)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (!strcmp(state->tables[i].table, name))
            return &state->tables[i];
    fail_msg("no table %s", name);
    return NULL;
}

static void matches(const struct run_state *state, const char *name, enum rows_match match,
                    const char *words)
{
    char buffer[64];
    const struct table_rows *found = table(state, name);
    assert_int_equal(run_state_match(state, found), match);
    assert_string_equal(rows_match_text(buffer, sizeof buffer, found, match), words);
}

static void is_written(const struct run_state *state, const char *name, enum written_source source,
                       const char *words)
{
    char buffer[96];
    struct written written = run_state_written(state, table(state, name));
    assert_int_equal(written.source, source);
    assert_string_equal(written_text(buffer, sizeof buffer, &written), words);
}

static void equal_counts_with_other_contents_are_not_equal(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count(state, 0, "same", 5, "1");
    count(state, 1, "same", 5, "1");
    count(state, 0, "unseen", 5, "1");
    count(state, 1, "unseen", 5, "");
    count(state, 0, "other", 5, "1");
    count(state, 1, "other", 5, "2");
    count(state, 0, "fewer", 1005, "1");
    count(state, 1, "fewer", 2, "2");
    matches(state, "same", ROWS_EQUAL, "=");
    matches(state, "unseen", ROWS_EQUAL_COUNT, "count =");
    matches(state, "other", ROWS_CONTENTS, "contents");
    matches(state, "fewer", ROWS_DIFFERENT, "-1 003");
    assert_true(rows_match_is_bad(ROWS_CONTENTS));
    assert_false(rows_match_is_bad(ROWS_EQUAL_COUNT));
    assert_int_equal(run_state_rows(state).different, 2);
    run_state_free(state);
}

static void what_was_copied_again_is_no_restore_difference(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count(state, 0, "t", 5, "1");
    count(state, 1, "t", 7, "3");
    count(state, 2, "t", 7, "2"); /* as many rows as on the old server, but others */
    count(state, 1, "made_since", 3, "8");
    count(state, 2, "made_since", 3, "8");
    end_columns(state);
    matches(state, "t", ROWS_DIFFERENT, "+2");
    assert_int_equal(run_state_rows(state).drifted_tables, 1);
    count(state, 1, "t", 7, "2");
    matches(state, "t", ROWS_CAUGHT_UP, "caught up");
    matches(state, "made_since", ROWS_CAUGHT_UP, "caught up");
    struct rows_summary rows = run_state_rows(state);
    assert_int_equal(rows.different, 0);
    assert_int_equal(rows.caught_up, 2);
    assert_int_equal(rows.drifted_tables, 0); /* the new server lacks nothing */
    is_written(state, "t", WRITTEN_EXACT, "+2");
    run_state_free(state);
}

static void count_kind(struct run_state *state, int column, const char *table, int rows,
                       const char *digest, const char *kind)
{
    char event[256];
    snprintf(event, sizeof event,
             "{'type':'rows','time':3,'column':%d,'database':'d','schema':'s','table':'%s',"
             "'rows':%d,'digest':'%s','kind':'%s'}",
             column, table, rows, digest, kind);
    must(state, event);
}

static void what_each_server_has_of_its_own_is_no_difference(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count_kind(state, 0, "view", 5, "1", "materialised view");
    count_kind(state, 1, "view", 6, "2", "materialised view");
    count_kind(state, 2, "view", 7, "3", "materialised view");
    count_kind(state, 0, "same", 5, "1", "materialised view");
    count_kind(state, 1, "same", 5, "1", "materialised view");
    count_kind(state, 1, "newer", 2, "1", "extension");
    count_kind(state, 0, "older", 0, "0", "extension");
    end_columns(state);
    matches(state, "view", ROWS_COMPUTED, "computed anew");
    matches(state, "same", ROWS_EQUAL, "=");
    matches(state, "newer", ROWS_OF_VERSION, "extension's");
    matches(state, "older", ROWS_OF_VERSION, "extension's");
    struct rows_summary rows = run_state_rows(state);
    assert_int_equal(rows.different, 0);
    assert_int_equal(rows.computed, 1);
    assert_int_equal(rows.of_version, 2);
    count_kind(state, 0, "jobs", 5, "1", "extension");
    count_kind(state, 1, "jobs", 5, "2", "extension");
    count_kind(state, 0, "lost", 1, "1", "extension");
    count(state, 0, "replaced", 5, "1");
    count_kind(state, 1, "replaced", 5, "2", "materialised view");
    matches(state, "jobs", ROWS_CONTENTS, "contents");
    matches(state, "lost", ROWS_MISSING, "MISSING");
    matches(state, "replaced", ROWS_CONTENTS, "contents");
    assert_int_equal(run_state_rows(state).different, 3);
    run_state_free(state);
}

static void a_count_says_what_was_written_until_a_counter_knows_more(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count(state, 0, "t", 5, "1");
    count(state, 0, "swapped", 5, "1");
    count(state, 0, "gone", 5, "1");
    is_written(state, "t", WRITTEN_UNKNOWN, "");
    count(state, 2, "t", 7, "2");
    count(state, 2, "swapped", 5, "2");
    end_columns(state);
    is_written(state, "t", WRITTEN_EXACT, "+2");
    is_written(state, "swapped", WRITTEN_EXACT, "contents");
    is_written(state, "gone", WRITTEN_EXACT, "DROPPED");
    must(state, "{'type':'fact','time':5,'key':'backup','value':{'writes':{'system':'7','base':9,"
                "'inserted':0,'updated':0,'deleted':0}}}");
    must(state, "{'type':'writes','time':6,'system':'7','inserted':4,'updated':1,'deleted':2,"
                "'since':{'base':9,'more':0,'inserted':4,'updated':1,'deleted':2,'tables':["
                "{'database':'d','schema':'s','table':'t','inserted':1234,'updated':1,'deleted':2},"
                "{'database':'d','schema':'s','table':'late','inserted':1,'updated':0,'deleted':0}"
                "]}}");
    is_written(state, "t", WRITTEN_LIVE, "+1 234 ~1 -2");
    is_written(state, "late", WRITTEN_LIVE, "+1");
    is_written(state, "swapped", WRITTEN_EXACT, "contents");
    must(state,
         "{'type':'fact','time':7,'key':'drift','value':{'fenced':true,'list':["
         "{'database':'d','schema':'s','table':'t','inserted':3,'updated':0,'deleted':1}]}}");
    is_written(state, "t", WRITTEN_EXACT, "+3 -1"); /* under the fence nothing was added */
    run_state_free(state);
}

static void counters_say_nothing_without_their_base(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count(state, 0, "t", 5, "1");
    must(state, "{'type':'fact','time':5,'key':'backup','value':{'writes':{'system':'7','base':9,"
                "'inserted':10,'updated':0,'deleted':0}}}");
    must(state, "{'type':'writes','time':6,'system':'7','inserted':10,'updated':0,'deleted':0,"
                "'since':{'base':9,'more':0,'inserted':0,'updated':0,'deleted':0,'tables':[]}}");
    is_written(state, "t", WRITTEN_LIVE, "0");
    must(state, "{'type':'writes','time':6,'system':'7','inserted':10,'updated':0,'deleted':0,"
                "'since':{'base':9,'more':3,'inserted':0,'updated':0,'deleted':0,'tables':[]}}");
    is_written(state, "t", WRITTEN_UNKNOWN, ""); /* it may be one of those that weren't named */
    must(state, "{'type':'writes','time':6,'system':'7','inserted':11,'updated':0,'deleted':0,"
                "'unknown':'the statistics were reset'}");
    is_written(state, "t", WRITTEN_UNKNOWN, "");
    assert_false(state->writes.known);
    assert_string_equal(state->writes.trouble, "the statistics were reset");
    must(state, "{'type':'writes','time':6,'system':'7','inserted':3,'updated':0,'deleted':0}");
    assert_false(state->writes.known); /* fewer than at the backup */
    assert_non_null(strstr(state->writes.trouble, "reset"));
    must(state, "{'type':'writes','time':6,'system':'8','inserted':30,'updated':0,'deleted':0}");
    assert_false(state->writes.known);
    assert_null(state->writes.trouble);
    run_state_free(state);
}

static void rows_that_differ_are_found_by_their_table(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count(state, 0, "t", 5, "1");
    count(state, 0, "u", 5, "1");
    must(state, "{'type':'fact','time':7,'key':'differences','value':[{'database':'d','schema':'s',"
                "'table':'u','missing':2}]}");
    assert_null(run_state_difference(state, table(state, "t")));
    assert_non_null(run_state_difference(state, table(state, "u")));
    run_state_free(state);
}

static void is_order(const struct run_state *state, enum row_order order, const char *expected)
{
    char found[64] = "";
    size_t *indexes = row_order_make(state, order);
    for (size_t i = 0; i < state->table_count; i++)
        strncat(found, state->tables[indexes[i]].table, 2);
    free(indexes);
    assert_string_equal(found, expected);
}

static void tables_are_sorted_within_their_databases(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    count(state, 0, "a", 5, "1");
    count(state, 1, "a", 5, "1");
    count(state, 0, "b", 50, "1");
    count(state, 1, "b", 50, "2"); /* other contents */
    count(state, 0, "c", 500, "1");
    count(state, 2, "c", 501, "3"); /* written since */
    must(state, "{'type':'rows','time':3,'column':0,'database':'e','schema':'s','table':'z',"
                "'rows':9000}");
    is_order(state, ORDER_NAME, "abcz");
    is_order(state, ORDER_SIZE, "zcba");
    is_order(state, ORDER_DIFFERING, "bcaz");
    run_state_free(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_counts_with_other_contents_are_not_equal),
        cmocka_unit_test(what_was_copied_again_is_no_restore_difference),
        cmocka_unit_test(what_each_server_has_of_its_own_is_no_difference),
        cmocka_unit_test(a_count_says_what_was_written_until_a_counter_knows_more),
        cmocka_unit_test(counters_say_nothing_without_their_base),
        cmocka_unit_test(rows_that_differ_are_found_by_their_table),
        cmocka_unit_test(tables_are_sorted_within_their_databases),
    };
    return cmocka_run_group_tests_name("written", tests, NULL, NULL);
}
