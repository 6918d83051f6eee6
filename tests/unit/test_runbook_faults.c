/* test_runbook_faults.c: every kind of fault is found, at its exact line and column. "@@" marks the
 * place in the text where the fault has to be reported; it is taken out before the text is parsed.
 */
#include "runbook_fixture.h"

#include "runbook/fault.h"
#include "runbook/yaml.h"

#define MARK "@@"

struct fault_case {
    const char *text;    /* of a section or of the whole file */
    const char *message; /* part of what is said */
};

static struct position position_of(const char *text, const char *place)
{
    struct position position = {1, 1};
    for (; text < place; text++) {
        if (*text == '\n')
            position = (struct position){position.line + 1, 1};
        else if (((unsigned char)*text & 0xC0U) != 0x80U)
            position.column++;
    }
    return position;
}

/* Fails unless the text's faults hold exactly this one (or, with `others`, this one among others).
 */
static void expect_fault(const char *marked, const char *message)
{
    char *text = xstrdup(marked);
    char *mark = strstr(text, MARK);
    assert_non_null(mark);
    struct position wanted = position_of(text, mark);
    memmove(mark, mark + strlen(MARK), strlen(mark + strlen(MARK)) + 1);
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    bool good =
        runbook_parse("f.yaml", text, strlen(text), fixture_actions, &runbook, &faults, &error);
    if (good)
        fail_msg("no fault: %s\n%s", message, text);
    if (faults.count != 1 || !strstr(faults.items[0].message, message) ||
        faults.items[0].position.line != wanted.line ||
        faults.items[0].position.column != wanted.column) {
        for (size_t i = 0; i < faults.count; i++)
            print_error("%d:%d: %s\n", faults.items[i].position.line,
                        faults.items[i].position.column, faults.items[i].message);
        fail_msg("wanted only %d:%d: ...%s... of\n%s", wanted.line, wanted.column, message, text);
    }
    assert_int_equal(error.kind, ERROR_RUNBOOK);
    fault_list_free(&faults);
    free(text);
}

static void check_files(const struct fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_fault(cases[i].text, cases[i].message);
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define TAIL "phases:\n- id: one\n  steps:\n  - id: prune\n    docker.prune: {}\n"
#define HEAD "runbook: 1\nname: test\n"

static void test_yaml(void **state)
{
    static const struct fault_case cases[] = {
        {"@@", "the file is empty"},
        {"@@# a comment\n", "the file is empty"},
        {"runbook: 1\nname: t\nabout: @@&x text\n" TAIL, "anchors"},
        {HEAD "title: @@*x\n" TAIL, "aliases"},
        {HEAD "title: @@!!str x\n" TAIL, "tags"},
        {HEAD "watch: @@!map {}\n" TAIL, "tags"},
        {HEAD "@@<<: {title: x}\n" TAIL, "merge keys"},
        {HEAD "title: a\n@@title: b\n" TAIL, "\"title\" stands twice, first in line 3"},
        {HEAD "@@[a, b]: c\n" TAIL, "a key has to be a text, not a list"},
        {HEAD TAIL "@@---\nx: y\n", "a second document"},
        {"@@%YAML 1.1\n---\n" HEAD TAIL, "directives"},
    };
    (void)state;
    check_files(cases, COUNT(cases));
    expect_fault(HEAD "title: @@\"a\\0b\"\n" TAIL, "NUL");
    expect_fault(HEAD "title: a@@\xff\n" TAIL, "no UTF-8");
    expect_fault(HEAD "title: é@@\x01\n" TAIL, "control character 0x01");
    expect_fault(HEAD "? po   - {types:@@\t ? po {type: i\n" TAIL, "no tab can stand behind a ':'");
    expect_fault("@@- a\n- b\n", "a runbook has to be a map, not a list");
    expect_fault("@@just text\n", "a runbook has to be a map, not a text");
}

static void test_syntax(void **state)
{
    (void)state;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    static const char text[] = HEAD "vars:\n  a: {default: ${b}}\n" TAIL;
    assert_false(
        runbook_parse("x.yaml", text, strlen(text), fixture_actions, &runbook, &faults, &error));
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.items[0].position.line, 4);
    assert_non_null(strstr(faults.items[0].message, "has to stand in quotes"));
    assert_true(text_starts(error.message, "x.yaml:4:"));
    fault_list_free(&faults);
}

static void test_top(void **state)
{
    static const struct fault_case cases[] = {
        {"@@name: t\n" TAIL, "a runbook needs the key \"runbook\""},
        {"@@runbook: 1\n" TAIL, "a runbook needs the key \"name\""},
        {"@@" HEAD, "a runbook needs the key \"phases\""},
        {"runbook: @@2\nname: t\n" TAIL, "version \"2\""},
        {"runbook: 1\nname: @@Test Run\n" TAIL, "a runbook's name has to be"},
        {HEAD "@@titel: x\n" TAIL, "a runbook has no key \"titel\"; did you mean \"title\"?"},
        {HEAD "@@title:\n" TAIL, "title has no value"},
        {HEAD "title: x @@${a}\n" TAIL, "variables are not replaced in \"title\""},
        {HEAD "title: @@[x]\n" TAIL, "title has to be a text, not a list"},
        {HEAD "phases: @@[]\n", "no phases"},
        {HEAD "phases: @@{}\n", "phases has to be a list, not a map"},
        {HEAD "stack: x/@@${nope}\n" TAIL, "there is no variable \"nope\""},
        {HEAD "about: |\n  one\n  two @@${nope} three\n" TAIL, "there is no variable \"nope\""},
        {HEAD "stack: @@${fact.x}\n" TAIL, "facts"},
        {HEAD "stack: @@${a b}\n" TAIL, "is no ${NAME}"},
        {HEAD "stack: é @@${a\n" TAIL, "is no ${NAME}"},
        {HEAD "watch: {@@containrs: []}\n" TAIL, "did you mean \"containers\"?"},
        {HEAD "watch: {service: @@old}\n" TAIL, "there is no server \"old\""},
        {HEAD "watch: {containers: [x, @@{}]}\n" TAIL, "containers has to be a text, not a map"},
    };
    (void)state;
    check_files(cases, COUNT(cases));
}

static void test_variables(void **state)
{
    static const struct fault_case cases[] = {
        {"vars: @@[]\n", "vars has to be a map"},
        {"vars: {a: @@x}\n", "a variable has to be a map, not a text"},
        {"vars:\n  @@a-b: {}\n", "is no name for a variable"},
        {"vars:\n  a: {@@defualt: x}\n", "did you mean \"default\"?"},
        {"vars:\n  a: {default: @@x, one_of: [y, z]}\n", "isn't one of its one_of"},
        {"vars:\n  a: {one_of: [y, @@{}]}\n", "an item of one_of"},
        {"vars:\n  a: {about: this, @@that too}\n", "a text with a comma has to stand in quotes"},
        {"vars:\n  a: {secret: @@maybe}\n", "yes or no"},
        {"vars:\n  a: {default: \"x@@${b}\"}\n", "there is no variable \"b\""},
        {"vars:\n  abc: {}\n  d: {default: \"@@${abd}\"}\n", "did you mean \"abc\"?"},
        {"vars:\n  a: {default: \"@@${fact.b}\"}\n", "facts"},
        {"vars:\n  @@a: {default: \"${a}\"}\n", "needs itself: a -> a"},
        {"vars:\n  @@a: {default: \"${b}\"}\n  b: {default: \"${c}\"}\n  c: {default: \"${a}\"}\n",
         "a -> b -> c -> a"},
        {"vars:\n  @@a: {from: [label s x]}\nservers:\n  s: {container: \"${a}\"}\n",
         "needs itself: a -> a"},
        {"vars:\n  a: {secret: yes, default: @@hunter2}\n", "a secret can't stand in this file"},
        {"vars:\n  a: {secret: yes}\n  b: {default: @@\"x${a}\"}\n", "so b has to be one too"},
        {"vars:\n  a: {from: [@@environment X]}\n", "there is no source \"environment\""},
        {"vars:\n  a: {from: [env X, @@env]}\n", "is written \"env NAME\""},
        {"vars:\n  a: {from: [@@ask me]}\n", "is written \"ask\""},
        {"vars:\n  a: {from: @@label x}\n", "is written \"label SERVER NAME\""},
        {"vars:\n  a: {from: [@@mount old]}\n", "there is no server \"old\""},
        {"vars:\n  a: {from: [@@mount s]}\nservers:\n  s: {host: h}\n", "no container to look at"},
        {"vars:\n  a: {secret: yes}\nstack: \"@@${a}\"\n", "is a secret and this text is shown"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = xprintf(HEAD "%s" TAIL, cases[i].text);
        expect_fault(text, cases[i].message);
        free(text);
    }
}

static void test_servers(void **state)
{
    static const struct fault_case cases[] = {
        {"servers: @@x\n", "servers has to be a map"},
        {"servers:\n  @@s: {}\n", "needs a container or a host"},
        {"servers:\n  @@S: {host: h}\n", "a server's name has to be"},
        {"servers:\n  s: {host: h, @@usr: x}\n", "did you mean \"user\"?"},
        {"servers:\n  s: {host: h, port: @@99999}\n", "\"99999\" is not a port"},
        {"servers:\n  s: {host: \"@@${x}\"}\n", "there is no variable \"x\""},
        {"servers:\n  s: {host: h, password: @@hunter2}\n", "a password can't stand in this file"},
        {"vars: {p: {}}\nservers:\n  s: {host: h, password: @@\"${p}\"}\n", "with secret: yes"},
        {"vars: {p: {secret: yes}}\nservers:\n  s: {host: h, password: @@\"${p}x\"}\n",
         "a password can't stand"},
        {"vars: {p: {secret: yes}}\nservers:\n  s: {host: \"@@${p}\"}\n", "is a secret"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = xprintf(HEAD "%s" TAIL, cases[i].text);
        expect_fault(text, cases[i].message);
        free(text);
    }
}

/* Steps stand behind a good first one; servers `old` and variables `name`, `pass` are there. */
static void check_steps(const struct fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = xprintf(HEAD "vars: {name: {default: x}, pass: {secret: yes}}\n"
                                  "servers: {old: {container: c}}\n"
                                  "phases:\n- id: one\n  steps:\n"
                                  "  - id: first\n    docker.prune: {}\n"
                                  "%s\n"
                                  "  - id: last\n    docker.prune: {}\n",
                             cases[i].text);
        expect_fault(text, cases[i].message);
        free(text);
    }
}

#define PRUNE "  - id: s\n    docker.prune: {}\n"

static void test_steps(void **state)
{
    static const struct fault_case cases[] = {
        {"  - @@docker.prune: {}\n", "a step needs the key \"id\""},
        {"  - @@id: s\n", "the step has no action"},
        {"  - @@x\n", "a step has to be a map, not a text"},
        {"  - id: @@first\n    docker.prune: {}\n", "\"first\" is used by an earlier step"},
        {"  - id: @@S_1\n    docker.prune: {}\n", "an id has to be"},
        {"  - id: s\n    @@docker.rum: {}\n",
         "no action \"docker.rum\"; did you mean \"docker.run\"?"},
        {"  - id: s\n    docker.prune: {}\n    @@docker.remove: {name: x}\n",
         "a step has one action, but this one has docker.prune and docker.remove"},
        {PRUNE "    @@tilte: x\n", "did you mean \"title\"?"},
        {PRUNE "    retries: @@101\n", "a number from 0 to 100"},
        {PRUNE "    retries: @@-1\n", "a number from 0 to 100"},
        {PRUNE "    timeout: @@30\n", "\"30\" is not a duration"},
        {PRUNE "    expect: {duration: @@soon}\n", "is not a duration"},
        {PRUNE "    expect: {database: @@down}\n", "database can't be \"down\""},
        {PRUNE "    on_failure: @@undone\n", "did you mean \"undo\"?"},
        {PRUNE "    danger: @@read\n", "a step can say more than its action, not less"},
        {PRUNE "    danger: @@destructiv\n", "did you mean \"destructive\"?"},
        {PRUNE "    when: @@a == b == c\n", "one == or != at most"},
        {PRUNE "    when: @@\"== b\"\n", "nothing stands left of it"},
        {PRUNE "    when: @@\"b !=\"\n", "nothing stands right of it"},
        {PRUNE "    when: @@\"\"\n", "nothing stands in it"},
        {PRUNE "    when: \"@@${nam}\"\n", "did you mean \"name\"?"},
        {PRUNE "    why: a @@${name}\n", "variables are not replaced in \"why\""},
        {PRUNE "    point_of_no_return: yes\n    @@undo: {docker.prune: {}}\n", "has no undo"},
        {PRUNE "    undo: @@x\n", "undo has to be a map"},
        {PRUNE "    undo: @@{docker.prune: {}, docker.remove: {name: x}}\n", "names one action"},
        {PRUNE "    undo: [{docker.prune: {}}, {@@docker.stop: {}}]\n",
         "no action \"docker.stop\""},
        {PRUNE "    undo: {docker.remove: {name: @@[x]}}\n", "name has to be a text, not a list"},
    };
    (void)state;
    check_steps(cases, COUNT(cases));
}

static void test_phases(void **state)
{
    static const struct fault_case cases[] = {
        {HEAD "phases:\n- @@id: one\n", "a phase needs the key \"steps\""},
        {HEAD "phases:\n- id: one\n  steps: @@[]\n", "the phase has no steps"},
        {HEAD TAIL "- id: @@one\n  steps:\n  - id: b\n    docker.prune: {}\n",
         "\"one\" is used by an earlier phase"},
        {HEAD TAIL "- id: two\n  steps:\n  - id: @@prune\n    docker.prune: {}\n",
         "\"prune\" is used by an earlier step"},
    };
    (void)state;
    check_files(cases, COUNT(cases));
}

static void test_arguments(void **state)
{
#define RUN "  - id: s\n    docker.run: "
#define BACKUP "  - id: s\n    pg.backup: "
    static const struct fault_case cases[] = {
        {"  - id: s\n    @@docker.prune:\n", "has no arguments; write {} for none"},
        {"  - id: s\n    docker.prune: {@@x: y}\n", "docker.prune has no argument \"x\""},
        {"  - id: s\n    @@docker.run: {}\n", "docker.run needs the argument \"name\""},
        {RUN "@@[]\n", "docker.run has to be a map, not a list"},
        {RUN "{name: x, @@prot: 1}\n",
         "docker.run has no argument \"prot\"; did you mean \"port\"?"},
        {RUN "{name: @@\"\"}\n", "name is empty"},
        {RUN "{name: x, port: @@0}\n", "\"0\" is not a port"},
        {RUN "{name: x, port: @@{}}\n", "port has to be a text, not a map"},
        {RUN "{name: x, for: @@5 minutes}\n", "is not a duration"},
        {RUN "{name: x, retain: @@2}\n", "is not a boolean"},
        {RUN "{name: x, count: @@1.5}\n", "is not an integer"},
        {RUN "{name: x, env: @@[A]}\n", "env has to be a map, not a list"},
        {RUN "{name: x, env: {A: @@[b]}}\n", "env has to be a text, not a list"},
        {RUN "{name: x, args: @@{}}\n", "args has to be a list, not a map"},
        {RUN "{name: x, args: [a, \"@@${nme}\"]}\n", "did you mean \"name\"?"},
        {RUN "{name: \"a @@${fact.}\"}\n", "is no ${NAME}"},
        {BACKUP "{server: @@odl, to: x}\n", "there is no server \"odl\"; did you mean \"old\"?"},
        {BACKUP "{server: old, to: @@\"\"}\n", "to is empty"},
        {BACKUP "{server: old, to: x, format: @@plan}\n",
         "format can't be \"plan\"; did you mean \"plain\"?"},
        {BACKUP "{server: old, to: x, limit: @@5 MB}\n", "is not a size"},
    };
    (void)state;
    check_steps(cases, COUNT(cases));
}

static void test_gates(void **state)
{
    static const struct fault_case cases[] = {
        {PRUNE "    gate: @@yes\n", "a gate has to be a map"},
        {PRUNE "    gate: {@@requires: [first]}\n", "did you mean \"require\"?"},
        {PRUNE "    gate: {require: [first, @@frist]}\n",
         "there is no step \"frist\"; did you mean \"first\"?"},
        {PRUNE "    gate: {require: [@@last]}\n", "does not come before this gate"},
        {PRUNE "    gate: {require: [@@s]}\n", "does not come before this gate"},
        {PRUNE "    gate: @@{confirm: type}\n", "needs the phrase"},
        {PRUNE "    gate: {confirm: type, phrase: @@\"\"}\n", "needs the phrase"},
        {PRUNE "    gate: {phrase: @@x}\n", "with confirm: type only"},
        {PRUNE "    gate: {confirm: @@tipe}\n", "did you mean \"type\"?"},
        {PRUNE "    gate: {confirm: type, phrase: \"@@${pass}\"}\n", "is a secret"},
        {PRUNE "    gate: {question: \"@@${fact.x}?\"}\n", "facts"},
        {PRUNE "    gate: {show: [checks, @@rows]}\n", "show can't be \"rows\""},
        {PRUNE "    gate: {timeout: @@1 h}\n", "is not a duration"},
        {PRUNE "    gate: {max_age: @@12}\n", "is not a duration"},
        {"  - id: s\n    docker.remove: {name: x}\n    gate: @@{confirm: key}\n",
         "has to be typed"},
        {PRUNE "    danger: destructive\n    gate: @@{}\n", "has to be typed"},
    };
    (void)state;
    check_steps(cases, COUNT(cases));
}

#define UNDO "    undo: {docker.prune: {}}\n"
#define HOLDER "  - id: fence\n    docker.prune: {}\n" UNDO "    hold: {until: switched, for: 5m}\n"

static void test_holds(void **state)
{
    static const struct fault_case cases[] = {
        {PRUNE UNDO "    hold: @@yes\n", "has to be a map"},
        {PRUNE UNDO "    hold: @@{for: 5m}\n", "a hold needs the key \"until\""},
        {PRUNE UNDO "    hold: {until: @@the switch}\n", "is no fact's key"},
        {PRUNE UNDO "    hold: {until: switched, for: @@soon}\n", "is not a duration"},
        {PRUNE UNDO "    hold: {until: switched, for: @@0s}\n", "no time at all"},
        {PRUNE UNDO "    hold: {until: switched, @@limit: 5m}\n", "a hold has no key"},
        {PRUNE "    @@hold: {until: switched}\n", "a hold needs an undo"},
        {HOLDER PRUNE UNDO "    @@hold: {until: switched}\n", "and \"fence\" does already"},
        {HOLDER PRUNE "    gate: {offer: @@first}\n", "comes before \"fence\", which holds"},
        {PRUNE "    gate: {offer: @@frist}\n", "did you mean \"first\"?"},
        {PRUNE "    gate: {offer: @@last}\n", "so it can't be offered"},
        {PRUNE "    gate: {offer: @@s}\n", "so it can't be offered"},
    };
    (void)state;
    check_steps(cases, COUNT(cases));
}

static void test_prices(void **state)
{
    static const struct fault_case cases[] = {
        {PRUNE UNDO "    price: @@yes\n", "price has to be a map"},
        {PRUNE UNDO "    price: @@[docker.prune: {}]\n", "price has to be a map, not a list"},
        {PRUNE UNDO "    price: @@{docker.prune: {}, docker.run: {name: x}}\n",
         "price names one action, this has 2"},
        {PRUNE UNDO "    price: {@@docker.prunes: {}}\n", "did you mean \"docker.prune\"?"},
        {PRUNE "    @@price: {docker.prune: {}}\n", "a price needs an undo"},
        {PRUNE UNDO "    @@save: {docker.prune: {}}\n", "save needs a price"},
        {PRUNE UNDO "    @@fence: {docker.prune: {}}\n    unfence: {docker.prune: {}}\n",
         "fence needs a price"},
        {PRUNE UNDO "    price: {docker.prune: {}}\n    @@fence: {docker.prune: {}}\n",
         "fence and unfence need each other"},
        {"  - id: paid\n    docker.prune: {}\n" UNDO "    price: {docker.prune: {}}\n" PRUNE UNDO
         "    @@price: {docker.prune: {}}\n",
         "an earlier one has it already"},
    };
    (void)state;
    check_steps(cases, COUNT(cases));
}

/* All faults of a file come in one pass, in the file's order. */
static void test_all_at_once(void **state)
{
    (void)state;
    static const char text[] = "runbook: 1\n"
                               "name: test\n"
                               "stack: ${b}\n"
                               "titel: x\n"
                               "phases:\n"
                               "- id: one\n"
                               "  steps:\n"
                               "  - id: s\n"
                               "    docker.run: {nam: x}\n"
                               "  - id: s\n"
                               "    timeout: never\n";
    static const struct position wanted[] = {{3, 8},  {4, 1},  {9, 5},  {9, 18},
                                             {10, 5}, {10, 9}, {11, 14}};
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    assert_false(
        runbook_parse("x", text, strlen(text), fixture_actions, &runbook, &faults, &error));
    assert_int_equal(faults.count, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_int_equal(faults.items[i].position.line, wanted[i].line);
        assert_int_equal(faults.items[i].position.column, wanted[i].column);
    }
    assert_non_null(strstr(error.remedy, "7 faults"));
    fault_list_free(&faults);
}

static size_t count_faults(const char *text, size_t length, const char *needed)
{
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    assert_false(runbook_parse("x", text, length, fixture_actions, &runbook, &faults, &error));
    bool found = false;
    for (size_t i = 0; i < faults.count; i++)
        found = found || strstr(faults.items[i].message, needed);
    if (!found)
        fail_msg("no fault says \"%s\" but %s", needed, error.message);
    size_t count = faults.count;
    fault_list_free(&faults);
    return count;
}

static void test_limits(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 100; i++)
        text_add(&text, "[");
    assert_int_equal(count_faults(text_string(&text), text.length, "nested deeper than 32"), 1);
    text_free(&text);
    for (int i = 0; i < 5000; i++)
        text_printf(&text, "k%d: v\n", i);
    assert_int_equal(count_faults(text_string(&text), text.length, "more than 1024 entries"), 1);
    text_free(&text);
    for (int i = 0; i < 300; i++)
        text_printf(&text, "k%d: v\n", i);
    assert_int_equal(count_faults(text_string(&text), text.length, "left out"), FAULTS_MAX + 1);
    text_free(&text);
    char *large = xmalloc(YAML_SIZE_MAX + 1);
    memset(large, ' ', YAML_SIZE_MAX + 1);
    assert_int_equal(count_faults(large, YAML_SIZE_MAX + 1, "larger than"), 1);
    free(large);
}

#define EACH "phases:\n- {id: one, steps: [{id: a, docker.prune: {}}]}\n"
#define ALL "- {id: two, for: all, steps: [{id: b, docker.prune: {}}]}\n"
#define GATE(required)                                                                             \
    "- {id: three, steps: [{id: c, gate: {require: [" required "]}, docker.prune: {}}]}\n"
#define TARGETS "environments: {test: {}, live: {require: {test: {for: 24h}}}}\n"

static void test_environments(void **state)
{
    static const struct fault_case cases[] = {
        {HEAD "environments: @@{}\n" EACH, "a runbook has 1 to 16 environments"},
        {HEAD "environments: @@[test]\n" EACH, "environments has to be a map, not a list"},
        {HEAD "environments: {test: {docker: @@{host: 'ssh://ops:secret@db1'}}}\n" EACH,
         "holds no password"},
        {HEAD "environments: {@@Test: {}}\n" EACH, "an environment's name has to be"},
        {HEAD "environments: {@@all: {}}\n" EACH, "stands for all environments"},
        {HEAD "environments: {test: {@@sets: {}}}\n" EACH, "did you mean \"set\"?"},
        {HEAD "vars: {port: {default: 1}}\nenvironments: {test: {set: {@@prt: 2}}}\n" EACH,
         "there is no variable to set \"prt\"; did you mean \"port\"?"},
        {HEAD "environments: {test: {set: {@@environment: x}}}\n" EACH,
         "there is no variable to set"},
        {HEAD "vars: {@@environment: {default: x}}\nenvironments: {test: {}}\n" EACH,
         "is the environment's name and can't be declared"},
        {HEAD "vars: {a: {default: x}}\nenvironments: {test: {set: {a: @@[x]}}}\n" EACH,
         "default has to be a text"},
        {HEAD "vars: {a: {default: x}}\nenvironments: {test: {set: {a: \"@@${b}\"}}}\n" EACH,
         "there is no variable \"b\""},
        {HEAD "vars: {a: {secret: yes}}\nenvironments: {test: {set: {a: @@tiger}}}\n" EACH,
         "a secret can't stand in this file"},
        {HEAD "vars: {a: {secret: yes}}\nenvironments: {test: {set: {a: {from: @@env}}}}\n" EACH,
         "a source \"env\" is written \"env NAME\""},
        {HEAD "vars: {a: {default: x}, b: {default: \"${a}\"}}\n"
              "environments: {test: {set: {@@a: \"${b}\"}}}\n" EACH,
         "the variable needs itself"},
        {HEAD "environments: {test: {docker: @@{host: a, context: b}}}\n" EACH, "not by both"},
        {HEAD "environments: {test: {docker: @@{certificates: a}}}\n" EACH, "those of a host"},
        {HEAD "environments: {test: {require: {@@live: {}}}, live: {}}\n" EACH,
         "live doesn't come before test"},
        {HEAD "environments: {test: {}, live: {require: {@@tset: {}}}}\n" EACH,
         "there is no environment \"tset\"; did you mean \"test\"?"},
        {HEAD "environments: {test: {}, live: {require: {test: {for: @@long}}}}\n" EACH,
         "is not a duration"},
        {HEAD "environments: {test: {}, live: {require: {@@test: {}}}}\n" EACH ALL GATE("a"),
         "test would never be through: the phase two"},
        {HEAD "@@environments: {test: {}}\nphases:\n" ALL, "no phase runs for each"},
        {HEAD TARGETS EACH "- {id: two, for: @@some, steps: [{id: b, docker.prune: {}}]}\n",
         "for can't be \"some\""},
        {HEAD "environments: {test: {}}\n" EACH ALL GATE("@@b"), "runs once for all environments"},
        {HEAD "environments: {test: {}}\n" EACH ALL
              "- {id: three, steps: [{id: c, retry_from: @@b, docker.prune: {}}]}\n",
         "it can't be where a retry begins"},
        {HEAD "phases:\n- {id: two, @@for: all, steps: [{id: b, docker.prune: {}}]}\n",
         "the runbook has no environments"},
    };
    (void)state;
    check_files(cases, COUNT(cases));
}

/* What a file says can't steer the terminal that the faults are printed on. */
static void test_no_control_characters(void **state)
{
    (void)state;
    static const char text[] = HEAD "\"\\e[2J\\u009b1m\": x\n" TAIL;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    assert_false(
        runbook_parse("x", text, strlen(text), fixture_actions, &runbook, &faults, &error));
    assert_int_equal(faults.count, 1);
    assert_null(strchr(faults.items[0].message, '\x1b'));
    assert_null(strstr(faults.items[0].message, "\xc2\x9b"));
    fault_list_free(&faults);
}

static void test_missing_file(void **state)
{
    (void)state;
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    assert_false(runbook_load("/nonexistent/x.yaml", fixture_actions, &runbook, &faults, &error));
    assert_int_equal(faults.count, 0);
    assert_non_null(strstr(error.message, "/nonexistent/x.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml),         cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_top),          cmocka_unit_test(test_variables),
        cmocka_unit_test(test_servers),      cmocka_unit_test(test_steps),
        cmocka_unit_test(test_phases),       cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_gates),        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_no_control_characters),
        cmocka_unit_test(test_missing_file), cmocka_unit_test(test_holds),
        cmocka_unit_test(test_prices),       cmocka_unit_test(test_environments),
    };
    return cmocka_run_group_tests_name("runbook_faults", tests, NULL, NULL);
}
