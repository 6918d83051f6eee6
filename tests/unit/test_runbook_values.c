/* test_runbook_values.c: typed texts: durations, sizes, booleans; conditions. */
#include "runbook_fixture.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        long milliseconds; /* -1: no duration */
    } cases[] = {
        {"0", 0},
        {"250ms", 250},
        {"30s", 30000},
        {"5m", 300000},
        {"24h", 86400000},
        {"2d", 172800000},
        {"1h30m", 5400000},
        {"1d2h3m4s5ms", 93784005},
        {"0s", 0},
        {"", -1},
        {"30", -1},
        {"s", -1},
        {"-1s", -1},
        {" 1s", -1},
        {"1s ", -1},
        {"1.5s", -1},
        {"30m1h", -1},
        {"1s1s", -1},
        {"1sm", -1},
        {"5 m", -1},
        {"1h30", -1},
        {"99999999999999999999s", -1},
        {"36600d", 3162240000000L},
        {"36601d", -1},
        {"5M", -1},
        {"+1s", -1},
        {"36600d1ms", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        long value = -1;
        bool good = parse_duration(cases[i].text, &value);
        if (good != (cases[i].milliseconds >= 0) || (good && value != cases[i].milliseconds))
            fail_msg("\"%s\" gives %ld", cases[i].text, value);
    }
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        bool good;
        unsigned long long bytes;
    } cases[] = {
        {"512", true, 512},
        {"0", true, 0},
        {"1B", true, 1},
        {"64kB", true, 64000},
        {"1MB", true, 1000000},
        {"2GiB", true, 2147483648ULL},
        {"3TiB", true, 3298534883328ULL},
        {"18446744073709551615", true, 18446744073709551615ULL},
        {"18446744073709551616", false, 0},
        {"18446744073709551615kB", false, 0},
        {"1KB", false, 0},
        {"1 MB", false, 0},
        {"-1", false, 0},
        {"1.5GB", false, 0},
        {"", false, 0},
        {"MB", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned long long value = 0;
        bool good = parse_size(cases[i].text, &value);
        if (good != cases[i].good || (good && value != cases[i].bytes))
            fail_msg("\"%s\" gives %llu", cases[i].text, value);
    }
}

static void test_booleans(void **state)
{
    (void)state;
    static const char *const yes[] = {"yes", "true", "on", "Yes", "TRUE", "On"};
    static const char *const no[] = {"no", "false", "off", "NO", "False"};
    static const char *const neither[] = {"", "y", "n", "1", "0", "yes ", "truee"};
    bool value = false;
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_true(parse_boolean(yes[i], &value) && value);
    for (size_t i = 0; i < COUNT(no); i++)
        assert_true(parse_boolean(no[i], &value) && !value);
    for (size_t i = 0; i < COUNT(neither); i++)
        assert_false(parse_boolean(neither[i], &value));
}

static void test_type_names(void **state)
{
    (void)state;
    assert_string_equal(argument_type_name(ARGUMENT_TEXT), "text");
    assert_string_equal(argument_type_name(ARGUMENT_DURATION), "duration");
    assert_string_equal(argument_type_name(ARGUMENT_MAP), "map");
    assert_string_equal(danger_name(DANGER_READ), "read");
    assert_string_equal(danger_name(DANGER_DESTRUCTIVE), "destructive");
}

static void test_conditions(void **state)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"yes", true},
        {"no", false},
        {"False", false},
        {"off", false},
        {"0", false},
        {"''", false},
        {"x", true},
        {"00", true},
        {"${filled}", true},
        {"${empty}", false},
        {"${filled} == a b", true},
        {"${filled}==a b", true},
        {"${filled} != a b", false},
        {"${filled} == a", false},
        {"${empty} == ''", true},
        {"${empty} != \"\"", false},
        {"${filled} != ''", true},
        {"${equals} == ${equals}", true},
        {"${fact.n} == 15", true},
        {"${fact.n}", true},
        {"${fact.b}", false},
        {"${fact.t} == 17.11", true},
        {"${fact.null}", false},
        {"${secret} == hush", true},
    };
    (void)state;
    struct runbook *runbook = fixture_with("vars:\n"
                                           "  filled: {default: a b}\n"
                                           "  empty: {default: ''}\n"
                                           "  equals: {default: a==b}\n"
                                           "  secret: {secret: yes}\n",
                                           "", "");
    struct error error = ERROR_INIT;
    assert_true(runbook_set(runbook, "secret", "hush", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    cJSON *facts = cJSON_Parse("{\"n\":15,\"b\":false,\"t\":\"17.11\",\"null\":null}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool holds = !cases[i].holds;
        if (!runbook_condition(runbook, cases[i].text, facts, &holds, &error))
            fail_msg("%s: %s", cases[i].text, error.message);
        if (holds != cases[i].holds)
            fail_msg("\"%s\" %s", cases[i].text, holds ? "holds" : "doesn't hold");
    }
    bool holds;
    assert_false(runbook_condition(runbook, "${fact.none}", facts, &holds, &error));
    assert_non_null(strstr(error.message, "no step has recorded the fact \"none\""));
    assert_false(runbook_condition(runbook, "${fact.n}", NULL, &holds, &error));
    assert_false(runbook_condition(runbook, "${nope}", facts, &holds, &error));
    assert_false(runbook_condition(runbook, "a == b != c", facts, &holds, &error));
    cJSON_Delete(facts);
    runbook_free(runbook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),  cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_booleans),   cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests_name("runbook_values", tests, NULL, NULL);
}
