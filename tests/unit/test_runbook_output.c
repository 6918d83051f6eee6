/* test_runbook_output.c: what is made from a runbook and from the tables: Markdown, the list of
 * steps, the schema, the reference. */
#include "runbook_fixture.h"

#include "base/utf8.h"
#include "runbook/markdown.h"

static struct runbook *sample(void)
{
    struct runbook *runbook = fixture_with(
        "title: A *plain* title\n"
        "about: |\n  For ${box}.\n\n  Second.\n"
        "vars:\n"
        "  box: {default: \"a|b\", about: the box}\n"
        "  none: {default: \"\"}\n"
        "  pass: {secret: yes, from: [env P, ask], about: its password}\n",
        "servers: {old: {container: \"${box}\"}}\n",
        "      - id: backup\n"
        "        title: Full backup\n"
        "        why: Because it is needed.\n"
        "        pg.backup: {server: old, to: \"/x/${box}\"}\n"
        "        expect: {duration: 30s}\n"
        "      - id: start\n"
        "        title: A title that is longer than the eighty columns of a terminal, which has to "
        "be cut\n"
        "        docker.run: {name: n, env: {PW: \"${pass}\"}}\n"
        "        when: ${none}\n"
        "        undo: {docker.remove: {name: n}}\n"
        "        expect: {duration: 5s, database: unavailable}\n"
        "      - id: remove\n"
        "        title: Remove it\n"
        "        docker.remove: {name: n}\n"
        "        gate: {require: [backup, start], confirm: type, phrase: \"${box}\", question: "
        "\"Remove ${box}?\", show: [drift, checks], max_age: 12h}\n"
        "        point_of_no_return: yes\n");
    struct error error = ERROR_INIT;
    assert_true(runbook_set(runbook, "pass", "hush", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    return runbook;
}

static void expect(const struct text *output, const char *part)
{
    if (!strstr(text_string(output), part))
        fail_msg("no \"%s\" in\n%s", part, text_string(output));
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        found++;
    return found;
}

static void test_markdown(void **state)
{
    (void)state;
    struct runbook *runbook = sample();
    struct text output = {0};
    runbook_render_markdown(runbook, &output);
    expect(&output, "# A \\*plain\\* title\n");
    expect(&output, "For a\\|b.\n\nSecond.\n");
    expect(&output, "| `box` | `a\\|b` |  | the box |\n");
    expect(&output, "| `pass` | `(secret)` | env P, ask | its password |\n");
    expect(&output, "## 1. one\n");
    expect(&output, "- [ ] **1.1 Full backup** `one/backup`\n      - Why: Because it is needed.\n");
    expect(&output, "(`pg.backup`, read): `server=old, to=/x/a|b`\n");
    expect(&output, "Expected: 30.0 s, database available\n");
    expect(&output, "Expected: 5.0 s, **database unavailable**\n");
    expect(&output, "`name=n, env={PW: ***}`");
    expect(&output, "Undo: Remove a container (`docker.remove`, destructive): `name=n`\n");
    expect(&output, "Only when `${none}` holds, now empty\n");
    expect(&output, "**Gate**: Remove a\\|b? Type `a|b`; needs `backup`, `start` passed; look at: "
                    "drift, checks; evidence at most 12 h 0 min old\n");
    expect(&output, "**Point of no return**");
    assert_int_equal(count(text_string(&output), "- [ ] "), 3);
    assert_null(strstr(text_string(&output), "hush"));
    text_free(&output);
    runbook_free(runbook);
}

static void test_list(void **state)
{
    (void)state;
    struct runbook *runbook = sample();
    struct text output = {0};
    runbook_list_steps(runbook, &output);
    expect(&output, "one: one\n   1. Full backup\n      backup: pg.backup, read, 30.0 s\n");
    expect(&output, "   2. A title that is longer");
    expect(&output,
           "...\n      start: docker.run, change, database unavailable, undo, conditional, "
           "5.0 s\n");
    expect(&output, "   3. Remove it  (POINT OF NO RETURN)\n"
                    "      remove: docker.remove, destructive, gate: type\n");
    char *rest = output.bytes;
    for (char *line; (line = strtok_r(rest, "\n", &rest));)
        assert_true(utf8_count(line) <= 80);
    text_free(&output);
    runbook_free(runbook);
}

static const cJSON *at(const cJSON *object, const char *first, const char *second)
{
    const cJSON *child = cJSON_GetObjectItemCaseSensitive(object, first);
    return second ? cJSON_GetObjectItemCaseSensitive(child, second) : child;
}

/* Every "$ref" of the schema names a definition that is there. */
static void check_references(const cJSON *node, const cJSON *definitions)
{
    static const char start[] = "#/definitions/";
    const cJSON *item;
    cJSON_ArrayForEach(item, node)
    {
        if (item->string && !strcmp(item->string, "$ref")) {
            assert_true(text_starts(item->valuestring, start));
            assert_non_null(at(definitions, item->valuestring + strlen(start), NULL));
        }
        check_references(item, definitions);
    }
}

static void test_schema(void **state)
{
    (void)state;
    struct text output = {0}, again = {0};
    runbook_schema(fixture_actions, &output);
    runbook_schema(fixture_actions, &again);
    assert_string_equal(text_string(&output), text_string(&again));
    cJSON *schema = cJSON_Parse(text_string(&output));
    assert_non_null(schema);
    const cJSON *definitions = at(schema, "definitions", NULL);
    check_references(schema, definitions);
    for (size_t i = 0; fixture_actions[i]; i++) {
        char *name = xprintf("action-%s", fixture_actions[i]->name);
        const cJSON *action = at(definitions, name, NULL);
        assert_non_null(action);
        assert_true(cJSON_IsFalse(at(action, "additionalProperties", NULL)));
        for (const struct argument *row = fixture_actions[i]->arguments; row->name; row++)
            assert_non_null(at(action, "properties", row->name));
        assert_non_null(
            at(at(definitions, "invocation", "properties"), fixture_actions[i]->name, NULL));
        free(name);
    }
    const cJSON *run = at(definitions, "action-docker.run", NULL);
    assert_int_equal(cJSON_GetArraySize(at(run, "required", NULL)), 1);
    assert_string_equal(at(run, "required", NULL)->child->valuestring, "name");
    const cJSON *format = at(at(definitions, "action-pg.backup", "properties"), "format", NULL);
    char *printed = cJSON_PrintUnformatted(format);
    assert_non_null(strstr(printed, "{\"enum\":[\"plain\",\"directory\"]}"));
    assert_non_null(strstr(printed, "\"default\":\"plain\""));
    assert_non_null(strstr(printed, "\"description\":\"how it is written\""));
    cJSON_free(printed);
    assert_non_null(at(at(definitions, "action-docker.prune", NULL), "type", NULL));
    cJSON_Delete(schema);
    text_free(&output);
    text_free(&again);
}

static void test_reference(void **state)
{
    (void)state;
    struct text output = {0};
    runbook_reference(fixture_actions, &output);
    for (size_t i = 0; fixture_actions[i]; i++) {
        char *heading = xprintf("\n### `%s` (%s)\n", fixture_actions[i]->name,
                                danger_name(fixture_actions[i]->danger));
        expect(&output, heading);
        free(heading);
    }
    expect(&output, "| `server` (required) | server |  | the server to read |\n");
    expect(&output, "| `format` | `plain`, `directory` | `plain` | how it is written |\n");
    expect(&output, "No arguments: `{}`.\n");
    expect(&output, "| `label SERVER NAME` |");
    expect(&output, "| `max_age` | duration |");
    expect(&output, "| duration | a number with ms, s, m, h or d");
    text_free(&output);
}

static void test_code_spans(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"x", "`x`"}, {"a`b", "``a`b``"}, {"`", "`` ` ``"}, {"a|b", "`a|b`"}, {"a\nb", "`a b`"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text output = {0};
        markdown_code(&output, cases[i][0]);
        assert_string_equal(text_string(&output), cases[i][1]);
        text_free(&output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markdown),   cmocka_unit_test(test_list),
        cmocka_unit_test(test_schema),     cmocka_unit_test(test_reference),
        cmocka_unit_test(test_code_spans),
    };
    return cmocka_run_group_tests_name("runbook_output", tests, NULL, NULL);
}
