/* test_release.c: PostgreSQL's minor releases, held against each other by the day they came out. */
#include "postgres/release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void parsing(void **state)
{
    (void)state;
    struct release release;
    assert_true(release_parse("17.12", &release));
    assert_int_equal(release.major, 17);
    assert_int_equal(release.minor, 12);
    assert_true(release_parse("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n", &release));
    assert_int_equal(release.major, 15);
    assert_int_equal(release.minor, 20);
    assert_true(release_parse("16.4-1.pgdg120+1", &release));
    assert_int_equal(release.minor, 4);
    assert_false(release_parse("postgres (PostgreSQL) 18beta1", &release));
    assert_false(release_parse("17", &release));
    assert_false(release_parse("", &release));
    assert_false(release_parse("99999999999999999999.1", &release));
    assert_int_equal(release_of(150020).major, 15);
    assert_int_equal(release_of(150020).minor, 20);
}

static const struct {
    struct release left, right;
    enum release_order order;
} pairs[] = {
    {{17, 11}, {15, 20}, RELEASE_EARLIER}, /* met for real: TRAPS.md */
    {{17, 12}, {15, 20}, RELEASE_SAME_DAY}, {{17, 13}, {15, 20}, RELEASE_LATER},
    {{17, 2}, {15, 10}, RELEASE_SAME_DAY},  {{16, 4}, {15, 8}, RELEASE_SAME_DAY},
    {{18, 1}, {17, 7}, RELEASE_SAME_DAY},   {{18, 0}, {17, 7}, RELEASE_EARLIER},
    {{14, 13}, {13, 16}, RELEASE_SAME_DAY}, {{12, 20}, {15, 8}, RELEASE_SAME_DAY},
    {{17, 1}, {17, 2}, RELEASE_EARLIER},    {{99, 1}, {99, 2}, RELEASE_EARLIER},
    {{99, 1}, {17, 2}, RELEASE_UNKNOWN},    {{17, 1}, {9, 6}, RELEASE_UNKNOWN},
};

static void comparing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(release_compare(pairs[i].left, pairs[i].right), pairs[i].order);
}

static void counterparts(void **state)
{
    (void)state;
    assert_int_equal(release_counterpart(17, (struct release){15, 20}), 12);
    assert_int_equal(release_counterpart(15, (struct release){17, 12}), 20);
    assert_int_equal(release_counterpart(18, (struct release){15, 8}), 0);
    assert_int_equal(release_counterpart(99, (struct release){15, 8}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing),
        cmocka_unit_test(comparing),
        cmocka_unit_test(counterparts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
