/* test_runbook_variables.c: where values come from, in which order, and how they are put in. */
#include "runbook_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

/* A fake of the world: "KIND SERVER NAME" to value; and what it was asked, in order. */
struct world {
    const char *const (*values)[2];
    struct text_list asked;
    const char *fails; /* a variable whose look-up fails */
};

static bool look(void *context, const struct runbook *runbook, const struct variable *variable,
                 const struct variable_source *source, char **value, struct error *error)
{
    static const char *const kinds[] = {"env",  "container", "label", "mount",
                                        "port", "image",     "ask"};
    struct world *world = context;
    struct text asked = {0};
    text_add(&asked, kinds[source->kind]);
    if (source->server) {
        const struct server *server = runbook_server(runbook, source->server);
        char *container = runbook_expand_text(
            runbook, cJSON_GetObjectItem(server->settings, "container")->valuestring, NULL,
            EXPAND_WITH_SECRETS, error);
        assert_non_null(container); /* it was resolved before */
        text_printf(&asked, " %s", container);
        free(container);
    }
    if (source->name)
        text_printf(&asked, " %s", source->name);
    text_list_add(&world->asked, text_string(&asked));
    for (size_t i = 0; world->values && world->values[i][0]; i++)
        if (!strcmp(world->values[i][0], text_string(&asked)))
            *value = xstrdup(world->values[i][1]);
    text_free(&asked);
    if (text_equal(world->fails, variable->name))
        return error_set(error, ERROR_DOCKER, "Docker is away");
    return true;
}

static const char *value(const struct runbook *runbook, const char *name)
{
    const struct variable *variable = runbook_variable(runbook, name);
    assert_non_null(variable);
    return variable->value;
}

static void test_sources(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with(
        "vars:\n"
        "  user: {default: postgres, from: [env PGUSER, container old POSTGRES_USER]}\n"
        "  image: {from: image old, default: none}\n"
        "  both: {default: \"${user}@${box}\"}\n"
        "  pass: {secret: yes, from: [env PGPASSWORD, ask]}\n"
        "  port: {from: [port old], default: \"5432\"}\n"
        "  set: {from: [env X]}\n"
        "  box: {default: limor}\n",
        "servers:\n  old: {container: \"${box}-db\"}\n", "");
    static const char *const values[][2] = {{"env PGUSER", ""},
                                            {"container limor-db POSTGRES_USER", "admin"},
                                            {"image limor-db", "pg:15"},
                                            {"ask", "hush"},
                                            {NULL, NULL}};
    struct world world = {.values = values};
    struct error error = ERROR_INIT;
    assert_true(runbook_set(runbook, "set", "${user}", &error));
    if (!runbook_resolve(runbook, look, &world, &error))
        fail_msg("%s", error.message);
    assert_string_equal(value(runbook, "user"), "admin"); /* an empty value counts as none */
    assert_string_equal(value(runbook, "image"), "pg:15");
    assert_string_equal(value(runbook, "both"), "admin@limor");
    assert_string_equal(value(runbook, "pass"), "hush");
    assert_string_equal(value(runbook, "port"), "5432");
    assert_string_equal(value(runbook, "set"), "${user}"); /* taken as it was given */
    static const char *const asked[] = {"env PGUSER",
                                        "container limor-db POSTGRES_USER",
                                        "image limor-db",
                                        "env PGPASSWORD",
                                        "ask",
                                        "port limor-db"};
    assert_int_equal(world.asked.count, sizeof asked / sizeof asked[0]);
    for (size_t i = 0; i < world.asked.count; i++)
        assert_string_equal(world.asked.items[i], asked[i]);
    text_list_free(&world.asked);
    runbook_free(runbook);
}

static void test_no_value(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with("vars:\n  a: {from: [env A, image s]}\n",
                                           "servers: {s: {container: c}}\n", "");
    struct world world = {0};
    struct error error = ERROR_INIT;
    assert_false(runbook_resolve(runbook, look, &world, &error));
    assert_string_equal(error.message, "the variable a has no value (none of its sources has one: "
                                       "env A, image s)");
    assert_non_null(strstr(error.remedy, "--set a=VALUE"));
    world.fails = "a";
    assert_false(runbook_resolve(runbook, look, &world, &error));
    assert_int_equal(error.kind, ERROR_DOCKER);
    assert_string_equal(error.message, "looking for the variable a: Docker is away");
    text_list_free(&world.asked);
    runbook_free(runbook);
}

static void test_one_of(void **state)
{
    (void)state;
    static const char *const given[] = {"fence", "stop", "Stop", "", "st"};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        struct runbook *runbook =
            fixture_with("vars:\n  close: {default: fence, one_of: [fence, stop]}\n", "", "");
        struct world world = {0};
        struct error error = ERROR_INIT;
        assert_true(runbook_set(runbook, "close", given[i], &error));
        assert_int_equal(runbook_resolve(runbook, look, &world, &error), i < 2);
        if (i == 2)
            assert_string_equal(error.message, "the variable close can't be \"Stop\"; it is one "
                                               "of: fence, stop");
        runbook_free(runbook);
    }
}

/* A run that was begun is gone on with, whatever its secrets' sources have lost since. */
static void test_lenient(void **state)
{
    (void)state;
    struct runbook *runbook =
        fixture_with("vars:\n"
                     "  a: {secret: yes, from: [env A, image s]}\n"
                     "  b: {secret: yes}\n"
                     "  c: {secret: yes, from: [env C]}\n"
                     "  d: {secret: yes, from: [env A], default: \"<${c}>\"}\n",
                     "servers: {s: {container: c}}\n", "");
    static const char *const values[][2] = {{"env C", "hush"}, {NULL, NULL}};
    struct world world = {.values = values};
    struct error error = ERROR_INIT;
    if (!runbook_resolve_leniently(runbook, look, &world, &error))
        fail_msg("%s", error.message);
    assert_string_equal(value(runbook, "a"), "");
    assert_string_equal(value(runbook, "b"), "");
    assert_string_equal(value(runbook, "c"), "hush");
    assert_string_equal(value(runbook, "d"), "<hush>");
    text_list_free(&world.asked);
    runbook_free(runbook);
}

/* `check` and `render` resolve without asking anybody. */
static void test_open(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with("vars:\n"
                                           "  pass: {secret: yes, from: [env P, ask]}\n"
                                           "  copy: {secret: yes, default: \"${pass}\"}\n"
                                           "  open: {from: [env O]}\n"
                                           "  built: {default: \"x/${open}\"}\n",
                                           "", "");
    struct error error = ERROR_INIT;
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    assert_null(value(runbook, "pass"));
    assert_null(value(runbook, "copy"));
    assert_null(value(runbook, "open"));
    assert_null(value(runbook, "built"));
    char *text = runbook_expand_text(runbook, "${pass} ${open} $${x}", NULL, EXPAND_MASKED, &error);
    assert_string_equal(text, "*** ${open} ${x}");
    free(text);
    assert_null(runbook_expand_text(runbook, "${pass}", NULL, EXPAND_WITH_SECRETS, &error));
    assert_string_equal(error.message, "the variable pass has no value");
    runbook_free(runbook);
}

static void test_set(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with("vars:\n  new_image: {default: a}\n", "", "");
    struct error error = ERROR_INIT;
    assert_false(runbook_set(runbook, "new_imgae", "b", &error));
    assert_int_equal(error.kind, ERROR_USAGE);
    assert_string_equal(error.message,
                        "the runbook has no variable \"new_imgae\"; did you mean \"new_image\"?");
    assert_true(runbook_set(runbook, "new_image", "b", &error));
    assert_true(runbook_set(runbook, "new_image", "", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    assert_string_equal(value(runbook, "new_image"), ""); /* an empty value is a value */
    runbook_free(runbook);
}

static char *write_file(const char *content, mode_t mode)
{
    char *path = xstrdup("/tmp/test_runbook_variables.XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    return path;
}

static void expect_file_error(struct runbook *runbook, const char *content, mode_t mode,
                              const char *message)
{
    struct error error = ERROR_INIT;
    char *path = write_file(content, mode);
    assert_false(runbook_set_file(runbook, path, &error));
    if (!strstr(error.message, message))
        fail_msg("%s", error.message);
    assert_int_equal(error.kind, ERROR_USAGE);
    unlink(path);
    free(path);
}

static void test_set_file(void **state)
{
    (void)state;
    struct runbook *runbook =
        fixture_with("vars:\n  a: {}\n  port: {}\n  pass: {secret: yes}\n", "", "");
    struct error error = ERROR_INIT;
    char *path = write_file("a: \"x: ${y}\"\nport: 5433\npass: hush\n", 0600);
    if (!runbook_set_file(runbook, path, &error))
        fail_msg("%s", error.message);
    assert_string_equal(value(runbook, "a"), "x: ${y}");
    assert_string_equal(value(runbook, "port"), "5433");
    assert_string_equal(value(runbook, "pass"), "hush");
    unlink(path);
    free(path);
    expect_file_error(runbook, "a: x\nprot: 1\n", 0644,
                      ":2:1: the runbook has no variable \"prot\"");
    expect_file_error(runbook, "a: [x]\n", 0644, ":1:4: a has to be a text, not a list");
    expect_file_error(runbook, "- x\n", 0644, "is a map from names to texts");
    expect_file_error(runbook, "a: x\na: y\n", 0644, ":2:1: the key \"a\" stands twice");
    expect_file_error(runbook, "pass: hush\n", 0644, "others may read it");
    assert_false(runbook_set_file(runbook, "/nonexistent", &error));
    runbook_free(runbook);
}

static void test_expand(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with("vars:\n  a: {default: \"1\"}\n  p: {secret: yes}\n"
                                           "  url: {secret: yes, default: \"u:${p}@h\"}\n",
                                           "", "");
    struct error error = ERROR_INIT;
    assert_true(runbook_set(runbook, "p", "hush", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    cJSON *facts = cJSON_Parse("{\"old.version\":\"15.4\",\"n\":3,\"list\":[1,2]}");
    static const char *const cases[][3] = {
        {"", "", ""},
        {"${a}${a}", "11", "11"},
        {"$a $$ $ {a}", "$a $$ $ {a}", "$a $$ $ {a}"},
        {"$${a} $$${a}", "${a} $${a}", "${a} $${a}"},
        {"x${p}y", "xhushy", "x***y"},
        {"${url}", "u:hush@h", "***"},
        {"${fact.old.version}/${fact.n}", "15.4/3", "15.4/3"},
        {"${fact.list}", "[1,2]", "[1,2]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *open = runbook_expand_text(runbook, cases[i][0], facts, EXPAND_WITH_SECRETS, &error);
        char *masked = runbook_expand_text(runbook, cases[i][0], facts, EXPAND_MASKED, &error);
        assert_string_equal(open, cases[i][1]);
        assert_string_equal(masked, cases[i][2]);
        free(open);
        free(masked);
    }
    char *kept = runbook_expand_text(runbook, "${fact.n}", NULL, EXPAND_MASKED, &error);
    assert_string_equal(kept, "${fact.n}");
    free(kept);
    assert_null(runbook_expand_text(runbook, "${fact.m}", facts, EXPAND_MASKED, &error));
    assert_null(runbook_expand_text(runbook, "${b}", facts, EXPAND_MASKED, &error));
    assert_string_equal(error.message, "there is no variable \"b\"; known: a, p, url");
    cJSON_Delete(facts);
    runbook_free(runbook);
}

/* Ten defaults that name the next one ten times would be 10^10 characters. */
static void test_growth(void **state)
{
    (void)state;
    struct text vars = {0};
    text_add(&vars, "vars:\n  v0: {default: x}\n");
    for (int i = 1; i <= 10; i++) {
        text_printf(&vars, "  v%d: {default: \"", i);
        for (int j = 0; j < 10; j++)
            text_printf(&vars, "${v%d}", i - 1);
        text_add(&vars, "\"}\n");
    }
    struct runbook *runbook = fixture_with(text_string(&vars), "", "");
    struct error error = ERROR_INIT;
    assert_false(runbook_resolve(runbook, NULL, NULL, &error));
    assert_non_null(strstr(error.message, "grows beyond"));
    text_free(&vars);
    runbook_free(runbook);
}

static const char run_step[] = "      - id: start\n"
                               "        docker.run:\n"
                               "          name: \"${name}\"\n"
                               "          port: \"${port}\"\n"
                               "          env: {P: \"${p}\", A: b}\n"
                               "          args: one\n";

static void test_arguments(void **state)
{
    (void)state;
    struct runbook *runbook =
        fixture_with("vars:\n  name: {default: box}\n  port: {default: \"5433\"}\n"
                     "  p: {secret: yes}\n",
                     "", run_step);
    struct error error = ERROR_INIT;
    assert_true(runbook_set(runbook, "p", "hush", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    const struct step *step = runbook_step(runbook, "one/start");
    cJSON *arguments =
        runbook_expand_arguments(runbook, &step->invocation, NULL, EXPAND_WITH_SECRETS, &error);
    assert_non_null(arguments);
    char *printed = cJSON_PrintUnformatted(arguments);
    assert_string_equal(printed, "{\"name\":\"box\",\"port\":\"5433\",\"env\":{\"P\":\"hush\","
                                 "\"A\":\"b\"},\"args\":[\"one\"],\"for\":\"60s\"}");
    cJSON_free(printed);
    cJSON_Delete(arguments);
    struct text words = {0};
    runbook_describe_arguments(runbook, &step->invocation, &words);
    assert_string_equal(text_string(&words), "name=box, port=5433, env={P: ***, A: b}, args=[one]");
    text_free(&words);
    /* empty: as if it weren't given */
    assert_true(runbook_set(runbook, "port", "", &error));
    arguments =
        runbook_expand_arguments(runbook, &step->invocation, NULL, EXPAND_WITH_SECRETS, &error);
    assert_non_null(arguments);
    assert_false(cJSON_HasObjectItem(arguments, "port"));
    cJSON_Delete(arguments);
    assert_true(runbook_set(runbook, "port", "99999", &error));
    assert_null(
        runbook_expand_arguments(runbook, &step->invocation, NULL, EXPAND_WITH_SECRETS, &error));
    assert_non_null(strstr(error.message, "docker.run (line 13 of the runbook): port: \"99999\""));
    runbook_free(runbook);
}

static size_t value_faults(struct runbook *runbook, struct position *position, struct text *message)
{
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    bool good = runbook_check_values(runbook, &faults, &error);
    assert_int_equal(good, faults.count == 0);
    if (faults.count) {
        *position = faults.items[0].position;
        text_consume(message, message->length);
        text_add(message, faults.items[0].message);
    }
    size_t count = faults.count;
    fault_list_free(&faults);
    return count;
}

static void test_check_values(void **state)
{
    (void)state;
    struct runbook *runbook = fixture_with(
        "vars:\n  name: {default: box}\n  port: {}\n  p: {secret: yes}\n", "", run_step);
    struct error error = ERROR_INIT;
    struct position position = {0};
    struct text message = {0};
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    assert_int_equal(value_faults(runbook, &position, &message), 0); /* the port is open */
    assert_true(runbook_set(runbook, "port", "one", &error));
    assert_true(runbook_set(runbook, "name", "", &error));
    assert_int_equal(value_faults(runbook, &position, &message), 2);
    assert_int_equal(position.line, 12);
    assert_int_equal(position.column, 17);
    assert_string_equal(text_string(&message), "name is empty");
    text_free(&message);
    runbook_free(runbook);
}

/* A step that is left out need not have good arguments; a secret isn't repeated by a fault. */
static void test_check_values_details(void **state)
{
    (void)state;
    struct position position = {0};
    struct text message = {0};
    struct error error = ERROR_INIT;
    struct runbook *runbook =
        fixture_with("vars:\n  name: {default: \"\"}\n  p: {secret: yes}\n", "",
                     "      - id: a\n"
                     "        when: \"${name}\"\n"
                     "        docker.run: {name: \"${name}\"}\n"
                     "      - id: b\n"
                     "        docker.run: {name: x, port: \"${p}\"}\n"
                     "        undo: {docker.remove: {name: \"${fact.x}\"}}\n");
    assert_true(runbook_set(runbook, "p", "hush", &error));
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    assert_int_equal(value_faults(runbook, &position, &message), 1);
    assert_null(strstr(text_string(&message), "hush"));
    assert_non_null(strstr(text_string(&message), "port: \"***\" is not a port"));
    assert_int_equal(position.line, 13);
    text_free(&message);
    runbook_free(runbook);
}

static void test_stack_name(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct runbook *runbook = fixture_with(
        "vars:\n  c: {default: box}\n", "servers: {s: {host: h}, t: {container: \"${c}\"}}\n", "");
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    char *name = runbook_stack_name(runbook, &error);
    assert_string_equal(name, "box");
    free(name);
    runbook_free(runbook);
    runbook = fixture_with("vars:\n  c: {default: box}\nstack: x/${c}\n", "", "");
    assert_true(runbook_resolve(runbook, NULL, NULL, &error));
    name = runbook_stack_name(runbook, &error);
    assert_string_equal(name, "x/box");
    free(name);
    runbook_free(runbook);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),      cmocka_unit_test(test_no_value),
        cmocka_unit_test(test_one_of),       cmocka_unit_test(test_lenient),
        cmocka_unit_test(test_open),         cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_file),     cmocka_unit_test(test_expand),
        cmocka_unit_test(test_growth),       cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_check_values), cmocka_unit_test(test_check_values_details),
        cmocka_unit_test(test_stack_name),
    };
    return cmocka_run_group_tests_name("runbook_variables", tests, NULL, NULL);
}
