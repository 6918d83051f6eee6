/* test_environments.c: a runbook made the one of an environment, what may be set in it, and whose
 * turn it is. */
#include "runbook_fixture.h"
#include "state_fixture.h"

#include "engine/turn.h"

static const char file[] =
    "runbook: 1\n"
    "name: several\n"
    "vars:\n"
    "  port: {default: 1}\n"
    "  host: {default: \"${environment}.example\", from: env PGRUNBOOK_NO_SUCH}\n"
    "  only: {about: needed by the environments}\n"
    "environments:\n"
    "  test: {set: {only: a}, docker: {host: \"tcp://a:2376\", certificates: /c}}\n"
    "  stage: {set: {only: {default: b}, host: fixed}}\n"
    "  live: {set: {only: c}, require: {test: {for: 24h}}}\n"
    "phases:\n"
    "- {id: first, for: all, steps: [{id: a, docker.run: {name: \"${port}\"}}]}\n"
    "- {id: each, steps: [{id: b, docker.run: {name: \"${only}\"}}]}\n"
    "- {id: more, steps: [{id: c, docker.prune: {}}]}\n"
    "- {id: last, for: all, steps: [{id: d, docker.prune: {}}]}\n";

static bool nothing(void *context, const struct runbook *runbook, const struct variable *variable,
                    const struct variable_source *source, char **value, struct error *error)
{
    (void)context, (void)runbook, (void)variable, (void)source, (void)value, (void)error;
    return true;
}

static struct runbook *entered(const char *environment)
{
    struct error error = ERROR_INIT;
    struct runbook *runbook = fixture_load(file);
    assert_true(runbook_enter(runbook, environment, &error));
    assert_true(runbook_resolve(runbook, nothing, NULL, &error));
    return runbook;
}

static const char *value_of(const struct runbook *runbook, const char *name)
{
    return runbook_variable(runbook, name)->value;
}

static void test_values(void **state)
{
    (void)state;
    struct runbook *test = entered("test"), *stage = entered("stage"), *all = entered(NULL);
    assert_string_equal(value_of(test, "environment"), "test");
    assert_string_equal(value_of(test, "host"), "test.example");
    assert_string_equal(value_of(test, "only"), "a");
    assert_string_equal(test->environment->docker_host, "tcp://a:2376");
    assert_string_equal(test->environment->docker_certificates, "/c");
    assert_string_equal(value_of(stage, "host"), "fixed");
    assert_string_equal(value_of(stage, "only"), "b");
    assert_string_equal(value_of(all, "environment"), "all");
    assert_string_equal(value_of(all, "port"), "1");
    assert_string_equal(value_of(all, "only"), ""); /* no phase for all needs it */
    assert_false(runbook_has_phase(test, &test->phases[0]));
    assert_true(runbook_has_phase(test, &test->phases[1]));
    assert_true(runbook_has_phase(all, &all->phases[0]));
    assert_false(runbook_has_phase(all, &all->phases[1]));
    runbook_free(test);
    runbook_free(stage);
    runbook_free(all);
}

static void test_set(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct runbook *runbook = fixture_load(file);
    assert_false(runbook_enter(runbook, "tset", &error));
    assert_non_null(strstr(error.message, "did you mean \"test\"?"));
    assert_true(runbook_enter(runbook, "test", &error));
    assert_true(runbook_set(runbook, "port", "5", &error));
    assert_true(runbook_set(runbook, "live:port", "6", &error));
    assert_string_equal(value_of(runbook, "port"), "5");
    assert_true(runbook_set(runbook, "test:port", "7", &error));
    assert_string_equal(value_of(runbook, "port"), "7");
    assert_false(runbook_set(runbook, "tset:port", "8", &error));
    assert_false(runbook_set(runbook, "live:prt", "8", &error));
    assert_true(runbook_may_set(runbook, "port", &error));
    assert_true(runbook_may_set(runbook, "stage:host", &error));
    assert_false(runbook_may_set(runbook, "host", &error));
    assert_string_equal(error.remedy, "write stage:host instead of host");
    assert_false(runbook_may_set(runbook, "environment", &error));
    runbook_free(runbook);
}

/* --- whose turn it is */

#define STEP(id) "{'id':'" id "','action':'shell'}"

static struct run_state *member(const char *environment, const char *done)
{
    struct run_state *state = run_state_new();
    char *created =
        xprintf("{'seq':1,'time':1000,'type':'run_created','run':'R@%s',"
                "'environment':'%s','environments':['test','stage','live'],'phases':["
                "{'id':'each','steps':[" STEP("b") "]},"
                                                   "{'id':'more','steps':[" STEP("c") "]}]}",
                environment, environment);
    must(state, created);
    free(created);
    for (; *done; done++) {
        char *finished =
            xprintf("{'seq':2,'time':2000,'type':'step_finished','step':'%c','ok':true}", *done);
        must(state, finished);
        free(finished);
    }
    return state;
}

static struct run_state *group(const char *done)
{
    struct run_state *state = run_state_new();
    must(state,
         "{'seq':1,'time':1000,'type':'run_created','run':'R','environments':['test','stage',"
         "'live'],'phases':[{'id':'first','steps':[" STEP("a") "]},"
                                                               "{'id':'last','steps':[" STEP(
                                                                   "d") "]}]}");
    if (*done)
        must(state, "{'seq':2,'time':2000,'type':'step_finished','step':'a','ok':true}");
    return state;
}

struct scene {
    struct run_state *group, *members[3];
};

static struct scene scene(const char *group_done, const char *test, const char *stage,
                          const char *live)
{
    return (struct scene){group(group_done),
                          {test ? member("test", test) : NULL,
                           stage ? member("stage", stage) : NULL,
                           live ? member("live", live) : NULL}};
}

static void scene_free(struct scene *scene)
{
    run_state_free(scene->group);
    for (size_t i = 0; i < 3; i++)
        run_state_free(scene->members[i]);
}

/* `words` is what the waiting one says, NULL: it may begin. */
static void expect_at(const struct scene *scene, const char *environment, const char *phase,
                      int64_t now_ms, const char *words)
{
    static const char *const names[] = {"test", "stage", "live"};
    const struct run_state *own = scene->group;
    for (size_t i = 0; environment && i < 3; i++)
        if (text_equal(names[i], environment))
            own = scene->members[i];
    struct runbook *runbook = entered(environment);
    struct standing standing = {.runbook = runbook,
                                .own = own,
                                .group = scene->group,
                                .members = (const struct run_state *const *)scene->members,
                                .now_ms = now_ms};
    struct turn turn;
    bool come = turn_has_come(&standing, phase, &turn);
    if (words && !strstr(text_string(&turn.message), words))
        fail_msg("%s of %s says \"%s\", not \"%s\"", phase, environment, text_string(&turn.message),
                 words);
    if (come != !words)
        fail_msg("%s of %s: %s", phase, environment, text_string(&turn.message));
    turn_free(&turn);
    runbook_free(runbook);
}

static void expect(const struct scene *scene, const char *environment, const char *phase,
                   const char *words)
{
    expect_at(scene, environment, phase, 3000, words);
}

static void test_order(void **state)
{
    (void)state;
    struct scene fresh = scene("", "", "", NULL);
    expect(&fresh, NULL, "first", NULL);
    expect(&fresh, "test", "each", "waits for the phase for all first");
    expect(&fresh, NULL, "last", "waits for test to be through more; stage to be through more");
    scene_free(&fresh);
    struct scene begun = scene("a", "", "", NULL);
    expect(&begun, "test", "each", NULL);
    expect(&begun, "stage", "each", "waits for test to be through each");
    scene_free(&begun);
    struct scene further = scene("a", "b", "", NULL);
    expect(&further, "test", "more", NULL); /* nobody behind it holds it up */
    expect(&further, "stage", "each", NULL);
    scene_free(&further);
    struct scene through = scene("a", "bc", "bc", NULL);
    expect(&through, NULL, "last", NULL);
    scene_free(&through);
    struct scene unfinished = {NULL, {member("test", ""), NULL, NULL}};
    expect(&unfinished, "test", "each", "the run's other environments to be started");
    scene_free(&unfinished);
}

/* What the events in `json` make of test, and whether stage and the phase for all then go on. */
static void expect_after(const char *json, const char *stage_waits, const char *all_waits)
{
    struct scene scene_ = scene("a", "", "bc", NULL);
    must(scene_.members[0], json);
    expect(&scene_, "stage", "each", stage_waits);
    expect(&scene_, NULL, "last", all_waits);
    scene_free(&scene_);
}

static void test_who_holds_up(void **state)
{
    (void)state;
    expect_after("{'seq':5,'time':1,'type':'paused'}", NULL, "test to be through more (paused)");
    expect_after("{'seq':5,'time':1,'type':'left_out'}", NULL, NULL);
    expect_after("{'seq':5,'time':1,'type':'run_finished','status':'rolled back'}", NULL, NULL);
    expect_after("{'seq':5,'time':1,'type':'step_finished','step':'b','ok':false}",
                 "test to be through each (failed)", "test to be through more (failed)");
    expect_after("{'seq':5,'time':1,'type':'step_skipped','step':'b'}", NULL,
                 "test to be through more");
    struct scene all_out = scene("a", "", NULL, NULL);
    must(all_out.members[0], "{'seq':5,'time':1,'type':'left_out'}");
    expect(&all_out, NULL, "last", "waits for an environment to be through more");
    scene_free(&all_out);
}

static void test_first(void **state)
{
    (void)state;
    struct scene waits = scene("a", "", "", "");
    must(waits.members[1], "{'seq':5,'time':1,'type':'turn_forced','phase':'each'}");
    expect(&waits, "stage", "each", NULL);
    expect(&waits, "stage", "more", "test to be through more");
    must(waits.members[2], "{'seq':5,'time':1,'type':'turn_forced','phase':'each'}");
    expect(&waits, "live", "each", "waits for test to be through everything, which it requires");
    scene_free(&waits);
}

static void test_required(void **state)
{
    (void)state;
    const int64_t day = 24L * 3600 * 1000;
    struct scene done = scene("a", "bc", "b", "");
    expect(&done, "live", "each", "through everything");
    must(done.members[0], "{'seq':9,'time':5000,'type':'run_finished','status':'complete'}");
    expect_at(&done, "live", "each", 5000 + day - 1, "1970-01-02T00:00:05.000Z");
    expect_at(&done, "live", "each", 5000 + day, NULL);
    scene_free(&done);
    struct scene back = scene("a", "bc", "b", "");
    must(back.members[0], "{'seq':9,'time':5000,'type':'run_finished','status':'rolled back'}");
    expect_at(&back, "live", "each", 5000 + 2 * day, "(rolled back)");
    scene_free(&back);
    struct scene absent = scene("a", NULL, NULL, "");
    expect(&absent, "live", "each", "waits for test to be through everything");
    scene_free(&absent);
}

/* What the phases for all found out is known, unless it was found out anew. */
static void test_facts(void **state)
{
    (void)state;
    struct run_state *own = member("test", "");
    must(own, "{'seq':3,'time':1,'type':'turn_came','phase':'each','facts':{'a':1,'b':1}}");
    must(own, "{'seq':4,'time':1,'type':'fact','step':'b','key':'b','value':2}");
    must(own, "{'seq':5,'time':1,'type':'turn_came','phase':'more','facts':{'a':3,'b':3}}");
    assert_int_equal(cJSON_GetObjectItem(own->facts, "a")->valueint, 3);
    assert_int_equal(cJSON_GetObjectItem(own->facts, "b")->valueint, 2);
    run_state_free(own);
}

static void test_state(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    struct run_state *own = member("test", "");
    must(own, "{'seq':3,'time':7,'type':'turn_awaited','phase':'each','message':'waits','until':9,"
              "'awaited':[{'environment':'live','phase':'more'}]}");
    assert_int_equal(own->status, RUN_WAITING);
    assert_string_equal(own->turn.awaited[0].environment, "live");
    must(own,
         "{'seq':4,'time':8,'type':'turn_awaited','phase':'each','message':'still','awaited':[]}");
    assert_int_equal(own->turn.since_ms, 7);
    assert_false(apply(own, "{'seq':5,'time':8,'type':'turn_came','phase':'nowhere'}", &error));
    must(own, "{'seq':5,'time':8,'type':'turn_came','phase':'each'}");
    assert_null(own->turn.phase);
    assert_int_equal(own->status, RUN_RUNNING);
    must(own, "{'seq':6,'time':8,'type':'step_started','step':'b'}");
    assert_false(apply(own, "{'seq':7,'time':8,'type':'left_out'}", &error));
    run_state_free(own);
}

/* Nobody is asked any more for what isn't done. */
static void test_left_out_at_gate(void **state)
{
    (void)state;
    struct run_state *own = member("test", "");
    must(own, "{'seq':3,'time':7,'type':'gate_opened','step':'b','opening':1,'deadline':9}");
    must(own, "{'seq':4,'time':8,'type':'left_out'}");
    assert_int_equal(own->status, RUN_LEFT_OUT);
    assert_null(own->gate.step);
    assert_int_equal(own->steps[0].status, STEP_PENDING);
    run_state_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_who_holds_up),
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_left_out_at_gate),
    };
    return cmocka_run_group_tests_name("environments", tests, NULL, NULL);
}
