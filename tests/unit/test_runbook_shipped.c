/* test_runbook_shipped.c: the runbooks that are shipped have no fault, with the real table of
 * actions; the schema and the reference beside them are what the tables say. Runs at the top of the
 * source tree. */
#include "runbook_fixture.h"

#include "steps/step.h"

#include <glob.h>
#include <regex.h>

#define GENERATED_MAX (4UL * 1024UL * 1024UL)

static void fail_with(const struct fault_list *faults, const char *path, const struct error *error)
{
    for (size_t i = 0; i < faults->count; i++)
        print_error("%s:%d:%d: %s\n", path, faults->items[i].position.line,
                    faults->items[i].position.column, faults->items[i].message);
    fail_msg("%s", error->message);
}

static void check_rendering(const struct runbook *runbook)
{
    struct text markdown = {0}, list = {0};
    runbook_render_markdown(runbook, &markdown);
    runbook_list_steps(runbook, &list);
    for (size_t i = 0; i < runbook->phase_count; i++) {
        for (size_t j = 0; j < runbook->phases[i].step_count; j++) {
            const struct step *step = &runbook->phases[i].steps[j];
            char *path = xprintf("`%s`\n", step->path), *id = xprintf(" %s: ", step->id);
            assert_non_null(strstr(text_string(&markdown), path));
            assert_non_null(strstr(text_string(&list), id));
            free(path);
            free(id);
        }
    }
    text_free(&markdown);
    text_free(&list);
}

static void check_file(const char *path)
{
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    if (!runbook_load(path, actions, &runbook, &faults, &error) ||
        !runbook_resolve(runbook, NULL, NULL, &error) ||
        !runbook_check_values(runbook, &faults, &error))
        fail_with(&faults, path, &error);
    check_rendering(runbook);
    runbook_free(runbook);
}

static void test_runbooks(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("runbooks/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 2);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_file(found.gl_pathv[i]);
    globfree(&found);
}

static const struct {
    const char *line;
    bool connected;
} log_lines[] = {
    {"2026-01-01T00:00:00 database connected: PostgreSQL 17.2 (writer)", true},
    {"INFO Connected to database limor_prod", true},
    {"connected to PostgreSQL 17", true},
    {"Database client connected", true},
    {"database: reconnected", true},
    {"2026-01-01T00:00:00 database connection lost: server closed (writer)", false},
    {"database disconnected", false},
    {"Disconnected from database", false},
    {"database is not connected", false},
    {"not connected to the database", false},
    {"cannot connect to the database", false},
};

/* A lost connection must not pass for a made one. Matched as docker.logs does. */
static void test_application_log(void **state)
{
    (void)state;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    regex_t pattern;
    assert_true(runbook_load("runbooks/pg15-to-pg17.yaml", actions, &runbook, &faults, &error));
    const char *text = runbook_variable(runbook, "app_log")->fallback;
    assert_int_equal(regcomp(&pattern, text, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    for (size_t i = 0; i < sizeof log_lines / sizeof *log_lines; i++)
        if ((regexec(&pattern, log_lines[i].line, 0, NULL, 0) == 0) != log_lines[i].connected)
            fail_msg("\"%s\" is judged wrongly", log_lines[i].line);
    regfree(&pattern);
    runbook_free(runbook);
}

/* `make generated` writes these files anew. */
static void check_generated(const char *path,
                            void (*make)(const struct action *const *actions, struct text *output))
{
    struct text file = {0}, made = {0};
    struct error error = ERROR_INIT;
    if (!file_read(path, GENERATED_MAX, &file, &error))
        fail_msg("%s", error.message);
    make(actions, &made);
    if (strcmp(text_string(&file), text_string(&made)) != 0)
        fail_msg("%s is not what the tables say: run `make generated`", path);
    text_free(&file);
    text_free(&made);
}

static void test_schema_file(void **state)
{
    (void)state;
    check_generated("runbooks/runbook.schema.json", runbook_schema);
}

static void test_reference_file(void **state)
{
    (void)state;
    check_generated("runbooks/README.md", runbook_reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runbooks),
        cmocka_unit_test(test_application_log),
        cmocka_unit_test(test_schema_file),
        cmocka_unit_test(test_reference_file),
    };
    return cmocka_run_group_tests_name("runbook_shipped", tests, NULL, NULL);
}
