/* test_settings.c: settings that differ, are secret, gone, or tried on an image; no server needed.
 */
#include "postgres/setting.h"
#include "postgres/setting_history.h"
#include "postgres/setting_judge.h"
#include "steps/checks/image_settings.h"
#include "steps/checks/server_checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The strings are constants here: nothing of it is freed. */
static struct pg_setting setting(const char *name, const char *value, const char *type,
                                 enum setting_origin origin)
{
    return (struct pg_setting){.name = (char *)(uintptr_t)name,
                               .value = (char *)(uintptr_t)value,
                               .shown = (char *)(uintptr_t)value,
                               .boot = (char *)(uintptr_t) "boot",
                               .type = (char *)(uintptr_t)type,
                               .place = (char *)(uintptr_t) "here",
                               .origin = origin};
}

/* ---- secrets ---- */

static const struct {
    const char *name, *value, *type;
    bool secret;
} values[] = {
    {"primary_conninfo", "host=a", "string", true},
    {"archive_command", "cp %p /x", "string", true},
    {"ssl_passphrase_command", "echo x", "string", true},
    {"ssl_passphrase_command_supports_reload", "on", "bool", false},
    {"password_encryption", "md5", "enum", false},
    {"password_encryption", "md5", "", false},
    {"app.jwt_secret", "x", "string", true},
    {"app.settings", "postgres://u:p@h/d", "string", true},
    {"app.settings", "host=x password=y", "", true},
    {"app.settings", "host=x passwd = y", "", true},
    {"app.settings", "{\"password\": \"y\"}", "", true},
    {"app.privateKey", "y", "", true},
    {"app.title", "passwords and tokens", "", false},
    {"archive_command", "", "string", false},
    {"work_mem", "65536", "integer", false},
    {"search_path", "\"$user\", public", "string", false},
    {"ssl_key_file", "server.key", "string", false},
    {"recovery_end_command", "x", "string", true},
};

static void secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct pg_setting one =
            setting(values[i].name, values[i].value, values[i].type, SETTING_COMMAND_LINE);
        assert_int_equal(setting_is_secret(&one), values[i].secret);
        assert_string_equal(setting_display(&one), values[i].secret ? "***" : values[i].value);
    }
}

/* ---- statements ---- */

static void assert_statement(const char *name, const char *value, const char *expected)
{
    struct pg_setting one = setting(name, value, "string", SETTING_COMMAND_LINE);
    struct text text = {0};
    setting_statement(&text, &one);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void statements(void **state)
{
    (void)state;
    assert_statement("log_line_prefix", "it's %t ",
                     "ALTER SYSTEM SET log_line_prefix = 'it''s %t '");
    assert_statement("search_path", "\"$user\", public, \"a b\"",
                     "ALTER SYSTEM SET search_path = '$user', 'public', 'a b'");
    assert_statement("shared_preload_libraries", "pg_stat_statements,auto_explain",
                     "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', "
                     "'auto_explain'");
    assert_statement("shared_preload_libraries", "",
                     "ALTER SYSTEM SET shared_preload_libraries = ''");
    assert_statement("search_path", "\"open", "ALTER SYSTEM SET search_path = 'open'");
    assert_statement("archive_command", "secret", "ALTER SYSTEM SET archive_command = '***'");
}

/* ---- differences ---- */

#define SET SETTING_DATA_DIRECTORY
#define UNSET SETTING_DEFAULT

static const struct {
    const char *name, *old;
    enum setting_origin old_origin;
    const char *new;
    enum setting_origin new_origin;
    enum setting_verdict verdict;
} pairs[] = {
    {"max_connections", "300", SET, "100", UNSET, SETTING_BREAKS},
    {"max_connections", "100", SET, "300", SET, SETTING_DIFFERS},
    {"max_connections", "100", SET, "100", UNSET, SETTING_EQUAL},
    {"max_connections", "300", UNSET, "100", UNSET, SETTING_EXPECTED},
    {"shared_preload_libraries", "a, b", SET, "b,c,a", SET, SETTING_DIFFERS},
    {"shared_preload_libraries", "a, b", SET, "ab", SET, SETTING_BREAKS},
    {"shared_preload_libraries", "", UNSET, "b", SET, SETTING_DIFFERS},
    {"ssl", "on", SET, "off", UNSET, SETTING_BREAKS},
    {"ssl", "off", UNSET, "on", SET, SETTING_DIFFERS},
    {"wal_level", "logical", SET, "replica", UNSET, SETTING_BREAKS},
    {"wal_level", "minimal", SET, "replica", UNSET, SETTING_DIFFERS},
    {"timezone", "UTC", SET, "Etc/UTC", SET, SETTING_EQUAL},
    {"TimeZone", "Europe/Berlin", SET, "Etc/UTC", SET, SETTING_BREAKS},
    {"lc_monetary", "en_US.utf8", SET, "en_US.UTF-8", SET, SETTING_EQUAL},
    {"lc_monetary", "en_US.utf8", SET, "C", SET, SETTING_BREAKS},
    {"password_encryption", "md5", UNSET, "scram-sha-256", UNSET, SETTING_EXPECTED},
    {"password_encryption", "md5", SET, "scram-sha-256", UNSET, SETTING_BREAKS},
    {"work_mem", "1", SET, "2", UNSET, SETTING_DIFFERS},
    {"work_mem", "1", UNSET, "2", UNSET, SETTING_EXPECTED},
    {"data_directory", "/a", SET, "/b", SET, SETTING_EXPECTED},
    {"data_checksums", "on", UNSET, "off", UNSET, SETTING_DIFFERS},
    {"app.mode", "a", SET, "b", SET, SETTING_DIFFERS},
};

static void differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct pg_setting old = setting(pairs[i].name, pairs[i].old, "string", pairs[i].old_origin);
        struct pg_setting new = setting(pairs[i].name, pairs[i].new, "string", pairs[i].new_origin);
        const char *reason;
        if (setting_judge(&old, &new, &reason) != pairs[i].verdict)
            fail_msg("%s: %s, %s", pairs[i].name, pairs[i].old, pairs[i].new);
        assert_int_equal(reason != NULL, pairs[i].verdict == SETTING_BREAKS);
    }
}

static void one_sided(void **state)
{
    (void)state;
    const char *reason;
    struct pg_setting set = setting("old_snapshot_threshold", "60", "integer", SET);
    struct pg_setting as_built = setting("old_snapshot_threshold", "boot", "integer", SET);
    struct pg_setting unset = setting("io_method", "worker", "enum", UNSET);
    assert_int_equal(setting_judge(&set, NULL, &reason), SETTING_DIFFERS);
    assert_int_equal(setting_judge(&as_built, NULL, &reason), SETTING_EXPECTED);
    assert_int_equal(setting_judge(NULL, &unset, &reason), SETTING_EXPECTED);
    assert_true(setting_rank("max_connections") < setting_rank("work_mem"));
    assert_true(setting_rank("work_mem") < setting_rank("no_such_setting"));
}

static void origins(void **state)
{
    (void)state;
    static const struct {
        enum setting_origin origin;
        bool set, along;
    } all[] = {{SETTING_DEFAULT, false, false},   {SETTING_DATA_DIRECTORY, true, false},
               {SETTING_OTHER_FILE, true, true},  {SETTING_COMMAND_LINE, true, true},
               {SETTING_ENVIRONMENT, true, true}, {SETTING_ROLE, true, true},
               {SETTING_SESSION, false, false}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct pg_setting one = setting("x", "1", "string", all[i].origin);
        assert_int_equal(setting_is_set(&one), all[i].set);
        assert_int_equal(setting_goes_along(&one), all[i].along);
    }
}

/* ---- what became of settings ---- */

static void history(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int major;
    } gone[] = {{"vacuum_defer_cleanup_age", 16}, {"promote_trigger_file", 16},
                {"force_parallel_mode", 16},      {"db_user_namespace", 17},
                {"old_snapshot_threshold", 17},   {"trace_recovery_messages", 17},
                {"wal_keep_segments", 13},        {"Stats_Temp_Directory", 15}};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        assert_non_null(setting_history(gone[i].name));
        assert_int_equal(setting_history(gone[i].name)->major, gone[i].major);
        assert_true(strlen(setting_history(gone[i].name)->advice) > 0);
    }
    assert_null(setting_history("work_mem"));
}

/* ---- an image's answers ---- */

static void answers(void **state)
{
    (void)state;
    struct image_question questions[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    image_take_answer("0: 2026-11-21 07:42:54 GMT [9] FATAL:  unrecognized configuration parameter "
                      "\"a\" ",
                      questions, 3);
    image_take_answer("1: LOG:  x 2026 FATAL:  9 is outside the valid range", questions, 3);
    image_take_answer("3: FATAL:  beyond the end", questions, 3);
    image_take_answer("asked: 3", questions, 3);
    image_take_answer("-1: no", questions, 3);
    image_take_answer("", questions, 3);
    assert_int_equal(questions[0].answer, IMAGE_LACKS);
    assert_string_equal(questions[0].message, "unrecognized configuration parameter \"a\"");
    assert_int_equal(questions[1].answer, IMAGE_REFUSES);
    assert_string_equal(questions[1].message, "9 is outside the valid range");
    assert_int_equal(questions[2].answer, IMAGE_TAKES);
    assert_null(questions[2].message);
    free(questions[0].message);
    free(questions[1].message);
}

/* ---- which checks an upgrade asks ---- */

static void applying(void **state)
{
    (void)state;
    struct server_check until = {.until = 14}, since = {.since = 15}, always = {0};
    assert_true(server_check_applies(&until, 13, 17));
    assert_true(server_check_applies(&until, 13, 0));
    assert_false(server_check_applies(&until, 14, 17));
    assert_false(server_check_applies(&until, 12, 13));
    assert_true(server_check_applies(&since, 15, 17));
    assert_false(server_check_applies(&since, 14, 17));
    assert_true(server_check_applies(&always, 9, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets),   cmocka_unit_test(statements), cmocka_unit_test(differences),
        cmocka_unit_test(one_sided), cmocka_unit_test(origins),    cmocka_unit_test(history),
        cmocka_unit_test(answers),   cmocka_unit_test(applying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
