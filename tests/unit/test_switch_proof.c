/* test_switch_proof.c: reading pg_controldata's output. */
#include "steps/compose/switch_proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char stopped[] = "pg_control version number:            1300\n"
                              "Database cluster state:               shut down\n"
                              "Latest checkpoint's NextXID:          0:1559\n"
                              "Latest checkpoint's NextOID:          24576\n";

static void orderly(void **state)
{
    (void)state;
    unsigned long long xid = 0;
    bool shut_down = false;
    assert_true(switch_proof_parse(stopped, &xid, &shut_down));
    assert_int_equal(xid, 1559);
    assert_true(shut_down);
}

static void epoch_counts(void **state)
{
    (void)state;
    unsigned long long xid = 0;
    bool shut_down = true;
    assert_true(switch_proof_parse("Database cluster state:  in production\n"
                                   "Latest checkpoint's NextXID:  2:7\n",
                                   &xid, &shut_down));
    assert_true(xid == (2ULL << 32 | 7));
    assert_false(shut_down);
}

static void other_states_are_no_shutdown(void **state)
{
    (void)state;
    unsigned long long xid = 0;
    bool shut_down = true;
    assert_true(switch_proof_parse("Database cluster state:  shut down in recovery\n"
                                   "Latest checkpoint's NextXID:  0:7\n",
                                   &xid, &shut_down));
    assert_false(shut_down);
}

static void nothing_there(void **state)
{
    (void)state;
    unsigned long long xid = 0;
    bool shut_down = false;
    static const char *const outputs[] = {
        "",
        "pg_controldata: error: could not open file\n",
        "Database cluster state:  shut down\n",
        "Database cluster state:  shut down\nLatest checkpoint's NextXID:  seven\n",
        "Database cluster state:  shut down\nLatest checkpoint's NextXID:  7\n",
        "Database cluster state:  shut down\nLatest checkpoint's NextXID:  0:\n"};
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++)
        assert_false(switch_proof_parse(outputs[i], &xid, &shut_down));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orderly),
        cmocka_unit_test(epoch_counts),
        cmocka_unit_test(other_states_are_no_shutdown),
        cmocka_unit_test(nothing_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
