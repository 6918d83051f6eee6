/* test_runbook_load.c: a good file's every key arrives in the structure, as it was written. */
#include "runbook_fixture.h"

static const char whole[] =
    "# comment\n"
    "runbook: 1\n"
    "name: whole\n"
    "title: 16.10\n"
    "stack: \"${c}/x\"\n"
    "about: |\n"
    "  One.\n"
    "  Two: ${c}.\n"
    "phases:\n" /* before the variables that they use */
    "  - id: one\n"
    "    title: First\n"
    "    steps:\n"
    "      - id: a\n"
    "        title: 'A ''quoted'' title'\n"
    "        why: >-\n"
    "          Folded\n"
    "          text.\n"
    "        docker.run: {name: no, port: 5433, env: {A: ~, B: \"${p}\"}, args: [1, two]}\n"
    "        expect: {duration: 90s, database: read-only}\n"
    "        timeout: 5m\n"
    "        retries: 3\n"
    "        on_failure: retry\n"
    "        when: ${c} == box\n"
    "        undo:\n"
    "          - docker.remove: {name: \"${fact.container}\"}\n"
    "          - docker.prune: {}\n"
    "  - id: two\n"
    "    steps:\n"
    "      - id: b\n"
    "        pg.backup: {server: old, to: ~/x}\n"
    "        danger: destructive\n"
    "        point_of_no_return: yes\n"
    "        gate:\n"
    "          require: a\n"
    "          confirm: type\n"
    "          phrase: \"${c}\"\n"
    "          question: Really?\n"
    "          show: [row_counts, diff]\n"
    "          timeout: 1h\n"
    "          max_age: 2d\n"
    "watch: {containers: [\"${c}\", other], service: old}\n"
    "servers:\n"
    "  old: {container: \"${c}\", port: 5432, password: \"${p}\"}\n"
    "vars:\n"
    "  c: {default: box, about: \"a container, ours\"}\n"
    "  p: {secret: yes, from: [env P, container old P, label old l, mount old, port old, image "
    "old, "
    "ask]}\n";

static const char *argument(const struct invocation *invocation, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(invocation->arguments, name));
}

static void check_first(const struct step *step)
{
    assert_string_equal(step->path, "one/a");
    assert_string_equal(step->title, "A 'quoted' title");
    assert_string_equal(step->why, "Folded text.");
    assert_string_equal(step->invocation.action->name, "docker.run");
    assert_string_equal(argument(&step->invocation, "name"), "no");
    assert_string_equal(argument(&step->invocation, "port"), "5433");
    char *printed = cJSON_PrintUnformatted(step->invocation.arguments);
    assert_non_null(
        strstr(printed, "\"env\":{\"A\":\"~\",\"B\":\"${p}\"},\"args\":[\"1\",\"two\"]"));
    cJSON_free(printed);
    assert_int_equal(step->planned_ms, 90000);
    assert_int_equal(step->database, AVAILABLE_READ_ONLY);
    assert_int_equal(step->timeout_ms, 300000);
    assert_int_equal(step->retries, 3);
    assert_int_equal(step->on_failure, FAILURE_RETRY);
    assert_int_equal(step->danger, DANGER_CHANGE);
    assert_string_equal(step->when, "${c} == box");
    assert_false(step->point_of_no_return);
    assert_null(step->gate);
    assert_int_equal(step->undo_count, 2);
    assert_string_equal(step->undo[0].action->name, "docker.remove");
    assert_string_equal(argument(&step->undo[0], "name"), "${fact.container}");
    assert_string_equal(step->undo[1].action->name, "docker.prune");
    assert_int_equal(step->position.line, 13);
    assert_int_equal(step->position.column, 9);
}

static void check_second(const struct step *step)
{
    assert_string_equal(step->path, "two/b");
    assert_string_equal(step->title, "b"); /* the id when nothing is said */
    assert_null(step->why);
    assert_int_equal(step->planned_ms, -1);
    assert_int_equal(step->database, AVAILABLE);
    assert_int_equal(step->danger, DANGER_DESTRUCTIVE);
    assert_true(step->point_of_no_return);
    assert_int_equal(step->on_failure, FAILURE_STOP);
    const struct gate *gate = step->gate;
    assert_int_equal(gate->require.count, 1);
    assert_string_equal(gate->require.items[0], "a");
    assert_int_equal(gate->confirm, CONFIRM_TYPE);
    assert_string_equal(gate->phrase, "${c}");
    assert_string_equal(gate->question, "Really?");
    assert_int_equal(gate->show, SHOW_ROW_COUNTS | SHOW_DIFF);
    assert_int_equal(gate->timeout_ms, 3600000);
    assert_int_equal(gate->max_age_ms, 172800000);
}

static void check_variables(const struct runbook *runbook)
{
    static const enum source_kind kinds[] = {SOURCE_ENVIRONMENT, SOURCE_CONTAINER, SOURCE_LABEL,
                                             SOURCE_MOUNT,       SOURCE_PORT,      SOURCE_IMAGE,
                                             SOURCE_ASK};
    assert_int_equal(runbook->variable_count, 2);
    const struct variable *c = runbook_variable(runbook, "c"), *p = runbook_variable(runbook, "p");
    assert_string_equal(c->fallback, "box");
    assert_string_equal(c->about, "a container, ours");
    assert_false(c->secret);
    assert_int_equal(c->position.line, 45);
    assert_true(p->secret);
    assert_null(p->fallback);
    assert_int_equal(p->source_count, sizeof kinds / sizeof kinds[0]);
    for (size_t i = 0; i < p->source_count; i++)
        assert_int_equal(p->sources[i].kind, kinds[i]);
    assert_string_equal(p->sources[1].server, "old");
    assert_string_equal(p->sources[1].name, "P");
    assert_null(p->sources[6].server);
    assert_null(runbook_variable(runbook, "x"));
}

static void test_whole(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_load(whole);
    assert_string_equal(runbook->name, "whole");
    assert_string_equal(runbook->title, "16.10");
    assert_string_equal(runbook->stack, "${c}/x");
    assert_string_equal(runbook->about, "One.\nTwo: ${c}.\n");
    assert_string_equal(text_string(&runbook->source), whole);
    assert_int_equal(strlen(runbook->sha256), 64);
    assert_int_equal(runbook->watch_containers.count, 2);
    assert_string_equal(runbook->watch_containers.items[0], "${c}");
    assert_string_equal(runbook->watch_service, "old");
    const struct server *server = runbook_server(runbook, "old");
    assert_string_equal(cJSON_GetObjectItem(server->settings, "port")->valuestring, "5432");
    assert_null(cJSON_GetObjectItem(server->settings, "user"));
    assert_int_equal(runbook->phase_count, 2);
    assert_string_equal(runbook->phases[0].title, "First");
    assert_string_equal(runbook->phases[1].title, "two");
    check_first(runbook_step(runbook, "one/a"));
    check_second(runbook_step(runbook, "b"));
    assert_null(runbook_step(runbook, "two/a"));
    check_variables(runbook);
    runbook_free(runbook);
}

static void test_byte_order_mark(void **state)
{
    (void)state;
    struct runbook *runbook =
        fixture_load("\xEF\xBB\xBFrunbook: 1\r\nname: crlf\r\nphases:\r\n- id: p\r\n  steps:\r\n"
                     "  - id: s\r\n    docker.prune: {}\r\n");
    assert_string_equal(runbook->name, "crlf");
    assert_string_equal(runbook->title, "crlf");
    assert_int_equal(runbook->phases[0].steps[0].invocation.position.line, 7);
    runbook_free(runbook);
}

/* What a whole file makes of `stack`, `about` and conditions once its variables have values. */
static void test_used(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_load(whole);
    struct error error = ERROR_INIT;
    struct fault_list faults = {0};
    bool holds = false;
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    assert_true(runbook_check_values(runbook, &faults, &error));
    assert_true(runbook_condition(runbook, runbook_step(runbook, "a")->when, NULL, &holds, &error));
    assert_true(holds);
    char *stack = runbook_stack_name(runbook, &error);
    assert_string_equal(stack, "box/x");
    free(stack);
    runbook_free(runbook);
}

static void test_hold_and_price(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with(
        "", "",
        "      - {id: fence, docker.prune: {}, undo: {docker.prune: {}}, hold: {until: switched}}\n"
        "      - {id: again, docker.prune: {}}\n"
        "      - id: apply\n"
        "        docker.prune: {}\n"
        "        gate: {offer: again}\n"
        "        undo: {docker.prune: {}}\n"
        "        price: {docker.run: {name: p}}\n"
        "        save: {docker.run: {name: s}}\n");
    const struct step *fence = runbook_step(runbook, "fence");
    const struct step *apply = runbook_step(runbook, "apply");
    assert_string_equal(fence->hold->until, "switched");
    assert_int_equal(fence->hold->limit_ms, 15 * 60 * 1000);
    assert_null(fence->price);
    assert_string_equal(apply->gate->offer, "again");
    assert_string_equal(cJSON_GetObjectItem(apply->price->arguments, "name")->valuestring, "p");
    assert_string_equal(cJSON_GetObjectItem(apply->save->arguments, "name")->valuestring, "s");
    runbook_free(runbook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hold_and_price),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_byte_order_mark),
        cmocka_unit_test(test_used),
    };
    return cmocka_run_group_tests_name("runbook_load", tests, NULL, NULL);
}
