/* test_runbook_facts.c: what steps take from answers: structures and facts as arguments, where a
 * fact may stand, from which step a retry begins, and secrets in texts from outside. */
#include "runbook_fixture.h"

static const struct argument call_arguments[] = {
    {"url", ARGUMENT_TEXT, true, NULL, NULL, "address"},
    {"body", ARGUMENT_TREE, false, NULL, NULL, "body"},
    {"take", ARGUMENT_FACTS, false, NULL, NULL, "facts"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL}};
static const struct action call = {
    .name = "call",
    .danger = DANGER_CHANGE,
    .help = "Call",
    .arguments = call_arguments,
};
static const struct action *const calls[] = {&call, NULL};

static bool parse(const char *vars, const char *steps, struct runbook **runbook,
                  struct fault_list *faults)
{
    struct error error = ERROR_INIT;
    char *text = fixture_text(vars, "", steps);
    bool good = runbook_parse("test.yaml", text, strlen(text), calls, runbook, faults, &error);
    free(text);
    return good;
}

static const struct {
    const char *steps;
    const char *fault; /* NULL: it has none */
} cases[] = {
    {"      - {id: a, call: {url: u, take: {one: x}}}\n"
     "      - {id: b, call: {url: \"${fact.one}\"}}\n",
     NULL},
    {"      - {id: a, call: {url: u}, undo: {call: {url: \"${fact.two}\"}}}\n"
     "      - {id: b, call: {url: u, take: {two: x}}}\n",
     "is taken by the step one/b"},
    {"      - {id: a, call: {url: u, take: {one: x}}, undo: {call: {url: \"${fact.one}\"}}}\n",
     NULL},
    {"      - {id: a, call: {url: u}, undo: [{call: {url: u, take: {back: x}}}, {call: {url: "
     "\"${fact.back}\"}}]}\n",
     NULL},
    {"      - {id: a, call: {url: u, take: {backup: x}}}\n"
     "      - {id: b, call: {url: u, body: {x: [{y: \"${fact.bakcup}\"}]}}}\n",
     "did you mean \"backup\""},
    {"      - {id: a, call: {url: u, take: {backup: x}}}\n"
     "      - {id: b, call: {url: \"${fact.switched}\"}}\n",
     NULL},
    {"      - {id: a, call: {url: u, take: {backup: x}}}\n"
     "      - {id: b, when: \"${fact.bakcup}\", call: {url: u}}\n",
     "did you mean \"backup\""},
    {"      - {id: a, call: {url: u, take: {\"a b\": x}}}\n", "can't be the key of a fact"},
    {"      - {id: a, call: {url: u, take: [x]}}\n", "take has to be a map"},
    {"      - {id: a, call: {url: u, body: text}}\n", "body has to be a map or a list"},
    {"      - {id: a, call: {url: u, body: {x: \"${nothing}\"}}}\n", "there is no variable"},
    {"      - {id: a, call: {url: u}}\n      - {id: b, retry_from: a, call: {url: u}}\n", NULL},
    {"      - {id: a, retry_from: b, call: {url: u}}\n      - {id: b, call: {url: u}}\n",
     "there is no earlier step"},
    {"      - {id: a, retry_from: a, call: {url: u}}\n", "there is no earlier step"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct runbook *runbook = NULL;
        struct fault_list faults = {0};
        bool good = parse("", cases[i].steps, &runbook, &faults);
        if (good != !cases[i].fault)
            fail_msg("case %zu: %s", i, good ? "no fault" : faults.items[0].message);
        if (!good && !strstr(faults.items[0].message, cases[i].fault))
            fail_msg("case %zu: %s", i, faults.items[0].message);
        if (good)
            runbook_free(runbook);
        fault_list_free(&faults);
    }
}

/* A phase for all can't read what each environment found out; the other way round it can. */
static void test_environments(void **state)
{
    static const char each[] = "      - {id: a, call: {url: u, take: {one: x}}}\n"
                               "  - {id: two, for: all, steps: [{id: b, call: {url: "
                               "\"${fact.one}\"}}]}\n";
    static const char all[] = "      - {id: a, call: {url: u}}\n"
                              "  - {id: two, for: all, steps: [{id: b, call: {url: u, take: {one: "
                              "x}}}]}\n"
                              "  - {id: three, steps: [{id: c, call: {url: \"${fact.one}\"}}]}\n";
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    (void)state;
    assert_false(parse("environments: {test: {}}\n", each, &runbook, &faults));
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.items[0].message, "is taken once in each environment"));
    fault_list_free(&faults);
    assert_true(parse("environments: {test: {}}\n", all, &runbook, &faults));
    runbook_free(runbook);
}

static void test_structure(void **state)
{
    (void)state;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    assert_true(
        parse("vars: {v: {default: x}}\n",
              "      - {id: a, call: {url: u, body: {a: no, b: [16.10, {c: \"${v}\"}], d: {}}}}\n",
              &runbook, &faults));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    cJSON *arguments = runbook_expand_arguments(runbook, &runbook_step(runbook, "a")->invocation,
                                                NULL, EXPAND_WITH_SECRETS, &error);
    char *printed = cJSON_PrintUnformatted(cJSON_GetObjectItem(arguments, "body"));
    assert_string_equal(printed, "{\"a\":\"no\",\"b\":[\"16.10\",{\"c\":\"x\"}],\"d\":{}}");
    cJSON_free(printed);
    cJSON_Delete(arguments);
    runbook_free(runbook);
}

static void test_taker(void **state)
{
    (void)state;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    assert_true(parse("", "      - {id: a, call: {url: u, take: {one: x}}}\n", &runbook, &faults));
    assert_string_equal(runbook_taker(runbook, "one")->path, "one/a");
    assert_null(runbook_taker(runbook, "two"));
    runbook_free(runbook);
}

static void test_redact(void **state)
{
    (void)state;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    assert_true(
        parse("vars:\n  token: {secret: yes, from: ask}\n  short: {secret: yes, from: ask}\n"
              "  same: {secret: yes, from: ask}\n  open: {default: postgres}\n",
              "      - {id: a, call: {url: u}}\n", &runbook, &faults));
    assert_true(runbook_set(runbook, "token", "s3cret", &error));
    assert_true(runbook_set(runbook, "short", "abc", &error));
    assert_true(runbook_set(runbook, "same", "postgres", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    char *clean = runbook_redact(runbook, "s3cret, abc, postgres, s3cret");
    assert_string_equal(clean, "***, abc, postgres, ***");
    free(clean);
    runbook_free(runbook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_environments), cmocka_unit_test(test_taker),
        cmocka_unit_test(test_redact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
