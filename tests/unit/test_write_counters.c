/* test_write_counters.c: what was written between two readings of a server's statistics. */
#include "base/text.h"
#include "postgres/write_counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct readings {
    struct write_counters base, now, since;
};

static void add(struct write_counters *counters, const char *database, const char *table,
                long long inserted, long long updated, long long deleted)
{
    const long long rows[] = {inserted, updated, deleted};
    write_counters_add(counters, database, "public", table, rows);
}

static struct readings two_readings(void)
{
    struct readings readings = {0};
    text_copy(readings.base.system, sizeof readings.base.system, "7345");
    text_copy(readings.now.system, sizeof readings.now.system, "7345");
    write_counters_add_database(&readings.base, "prod", "", 100);
    write_counters_add_database(&readings.now, "prod", "", 110);
    return readings;
}

static void free_readings(struct readings *readings)
{
    write_counters_free(&readings->base);
    write_counters_free(&readings->now);
    write_counters_free(&readings->since);
}

static bool compare(struct readings *readings)
{
    struct error error = ERROR_INIT;
    return write_counters_since(&readings->base, &readings->now, &readings->since, &error);
}

static void the_difference_is_told_table_by_table(void **unused)
{
    (void)unused;
    struct readings readings = two_readings();
    add(&readings.base, "prod", "still", 5, 5, 5);
    add(&readings.base, "prod", "orders", 100, 20, 3);
    add(&readings.now, "prod", "orders", 112, 23, 4);
    add(&readings.now, "prod", "still", 5, 5, 5);
    add(&readings.now, "prod", "first_rows", 40, 0, 0); /* was never written before */
    assert_true(compare(&readings));
    assert_int_equal(readings.since.count, 2);
    assert_string_equal(readings.since.tables[0].table, "first_rows"); /* the most written first */
    assert_int_equal(readings.since.tables[0].inserted, 40);
    assert_string_equal(readings.since.tables[1].table, "orders");
    assert_int_equal(readings.since.tables[1].inserted, 12);
    assert_int_equal(readings.since.tables[1].updated, 3);
    assert_int_equal(readings.since.tables[1].deleted, 1);
    free_readings(&readings);
}

static void a_table_made_anew_counts_from_its_beginning(void **unused)
{
    (void)unused;
    struct readings readings = two_readings();
    add(&readings.base, "prod", "import", 1000, 0, 0);
    add(&readings.now, "prod", "import", 7, 0, 0);
    assert_true(compare(&readings));
    assert_int_equal(readings.since.count, 1);
    assert_int_equal(readings.since.tables[0].inserted, 7);
    free_readings(&readings);
}

static void tables_of_the_same_name_in_two_databases_are_two(void **unused)
{
    (void)unused;
    struct readings readings = two_readings();
    write_counters_add_database(&readings.base, "dev", "", 1);
    write_counters_add_database(&readings.now, "dev", "", 1);
    add(&readings.base, "prod", "orders", 10, 0, 0);
    add(&readings.base, "dev", "orders", 2, 0, 0);
    add(&readings.now, "dev", "orders", 2, 0, 0);
    add(&readings.now, "prod", "orders", 11, 0, 0);
    assert_true(compare(&readings));
    assert_int_equal(readings.since.count, 1);
    assert_string_equal(readings.since.tables[0].database, "prod");
    free_readings(&readings);
}

static void another_server_or_a_reset_is_no_difference_at_all(void **unused)
{
    (void)unused;
    struct error error = ERROR_INIT;
    struct readings readings = two_readings();
    text_copy(readings.now.system, sizeof readings.now.system, "9999");
    assert_false(compare(&readings));
    text_copy(readings.now.system, sizeof readings.now.system, "7345");
    text_copy(readings.now.databases[0].reset, sizeof readings.now.databases[0].reset, "17635.5");
    assert_false(write_counters_since(&readings.base, &readings.now, &readings.since, &error));
    assert_non_null(strstr(error.message, "reset"));
    readings.now.databases[0].reset[0] = '\0';
    assert_true(compare(&readings));
    readings.now.databases[0].commits = 3; /* emptied by a crash, which sets no time */
    assert_false(compare(&readings));
    free_readings(&readings);
}

static void a_file_brings_back_what_was_written_to_it(void **unused)
{
    (void)unused;
    struct error error = ERROR_INIT;
    struct readings readings = two_readings();
    struct write_counters again = {0};
    add(&readings.base, "prod", "odd \"name\"", 9000000000, 2, 1);
    cJSON *json = write_counters_json(&readings.base);
    assert_true(write_counters_parse(json, &again, &error));
    assert_string_equal(again.system, "7345");
    assert_int_equal(again.databases[0].commits, 100);
    assert_string_equal(again.tables[0].table, "odd \"name\"");
    assert_true(again.tables[0].inserted == 9000000000);
    write_counters_free(&again);
    cJSON_DeleteItemFromArray(cJSON_GetObjectItem(json, "tables")->child, 3);
    assert_false(write_counters_parse(json, &again, &error));
    cJSON_DeleteItemFromObject(json, "databases");
    assert_false(write_counters_parse(json, &again, &error));
    cJSON_Delete(json);
    free_readings(&readings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_difference_is_told_table_by_table),
        cmocka_unit_test(a_table_made_anew_counts_from_its_beginning),
        cmocka_unit_test(tables_of_the_same_name_in_two_databases_are_two),
        cmocka_unit_test(another_server_or_a_reset_is_no_difference_at_all),
        cmocka_unit_test(a_file_brings_back_what_was_written_to_it),
    };
    return cmocka_run_group_tests_name("write counters", tests, NULL, NULL);
}
