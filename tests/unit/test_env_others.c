/* test_env_others.c: values of variables that name a host, and those that only look so. */
#include "steps/environment/env_others.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void addresses_name_their_host(void **state)
{
    (void)state;
    assert_true(env_names_host("db", "db"));
    assert_true(env_names_host("db:5432", "db"));
    assert_true(env_names_host("postgres://u:p@db:5432/x", "db"));
    assert_true(env_names_host("postgres://u:p@db", "db"));
    assert_true(env_names_host("jdbc:postgresql://db/x", "db"));
    assert_true(env_names_host("host=db user=u", "db"));
    assert_true(env_names_host("dbname=db host=db", "db"));
    assert_true(env_names_host("a:1,db:5432", "db"));
    assert_true(env_names_host("db,other", "db"));
}

static void other_texts_do_not(void **state)
{
    (void)state;
    assert_false(env_names_host("", "db"));
    assert_false(env_names_host("db", ""));
    assert_false(env_names_host("mydb", "db"));
    assert_false(env_names_host("postgres://u:p@db.example/x", "db"));
    assert_false(env_names_host("postgres://u:p@db17:5432/x", "db"));
    assert_false(env_names_host("the db of the shop", "db"));
    assert_false(env_names_host("db of the shop", "db"));
    assert_false(env_names_host("db://u:p@other/x", "db"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_name_their_host),
        cmocka_unit_test(other_texts_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
