/* test_state_hold.c: the reducer: what is held and let go, what a gate offers, what a rollback
 * costs.
 */
#include "state_fixture.h"

static const char created[] =
    "{'type':'run_created','seq':1,'time':1000,'run':'r1','name':'n','title':'T','stack':'s/p',"
    "'phases':[{'id':'one','steps':[{'id':'copy','undo':true},{'id':'fence','undo':true,'hold':"
    "true},{'id':'catch-up'},{'id':'go','gate':true},{'id':'apply','undo':true,'price':true,"
    "'save':true},{'id':'after'}]}]}";

static void step_done(struct run_state *state, const char *step)
{
    char event[120];
    snprintf(event, sizeof event, "{'type':'step_started','time':5000,'step':'one/%s'}", step);
    must(state, event);
    snprintf(event, sizeof event, "{'type':'step_finished','time':5500,'step':'one/%s','ok':true}",
             step);
    must(state, event);
}

/* Copied and fenced. */
static struct run_state *fenced_run(void)
{
    struct run_state *state = run_state_new();
    must(state, created);
    step_done(state, "copy");
    must(state, "{'type':'hold_began','time':4000,'step':'one/fence','until':'switched',"
                "'limit_ms':900000}");
    step_done(state, "fence");
    return state;
}

static void fact(struct run_state *state, const char *key, const char *value)
{
    char event[120];
    snprintf(event, sizeof event,
             "{'type':'fact','time':7000,'step':'one/apply','key':'%s','value':%s}", key, value);
    must(state, event);
}

static void a_hold_lasts_until_its_fact(void **unused)
{
    (void)unused;
    struct run_state *state = fenced_run();
    assert_true(run_state_holds(state));
    assert_string_equal(state->hold.step, "one/fence");
    assert_int_equal(state->hold.since_ms, 4000);
    assert_int_equal(state->hold.deadline_ms, 904000);
    fact(state, "other", "1");
    fact(state, "switched", "false");
    fact(state, "switched", "null");
    assert_true(run_state_holds(state));
    fact(state, "switched", "5");
    assert_false(run_state_holds(state));
    fact(state, "switched", "false"); /* taken back: the run hasn't got that far */
    assert_true(run_state_holds(state));
    run_state_free(state);
}

static void an_earlier_fact_ends_no_hold(void **unused)
{
    (void)unused;
    struct run_state *state = run_state_new();
    must(state, created);
    fact(state, "switched", "5");
    must(state, "{'type':'hold_began','time':4000,'step':'one/fence','until':'switched'}");
    assert_true(run_state_holds(state));
    run_state_free(state);
}

static void letting_go_ends_where_it_was_caused(void **unused)
{
    (void)unused;
    struct run_state *state = fenced_run();
    step_done(state, "catch-up");
    must(state, "{'type':'step_started','time':6000,'step':'one/apply'}");
    must(state, "{'type':'check','step':'one/apply','name':'n','verdict':2,'detail':'d'}");
    must(state, "{'type':'step_finished','time':6100,'step':'one/apply','ok':false,'message':'m',"
                "'remedy':'r'}");
    must(state, "{'type':'release_started','step':'one/apply','message':'m','remedy':'r'}");
    assert_int_equal(state->status, RUN_RELEASING);
    must(state, "{'type':'undo_started','step':'one/apply'}");
    assert_int_equal(state->status, RUN_RELEASING);
    must(state, "{'type':'undo_finished','step':'one/apply','ok':true}");
    must(state, "{'type':'undo_started','step':'one/fence'}");
    must(state, "{'type':'step_interrupted','time':6200,'step':'one/fence','message':'killed'}");
    assert_int_equal(state->status, RUN_RELEASING);
    must(state, "{'type':'undo_finished','step':'one/fence','ok':true}");
    assert_false(run_state_holds(state)); /* whatever becomes of the rest */
    must(state, "{'type':'release_finished','time':6300,'step':'one/apply','remedy':'retry'}");
    assert_false(run_state_holds(state));
    assert_int_equal(state->status, RUN_STEP_FAILED);
    assert_int_equal(state->current, 4);
    assert_int_equal(state->steps[4].status, STEP_FAILED);
    assert_string_equal(state->steps[4].message, "m");
    assert_string_equal(state->steps[4].remedy, "retry");
    assert_int_equal(state->steps[1].status, STEP_PENDING);
    assert_int_equal(state->steps[2].status, STEP_PENDING);
    assert_int_equal(state->steps[2].check_count, 0);
    assert_false(state->steps[1].started);
    assert_false(state->steps[4].started);
    assert_int_equal(state->steps[0].status, STEP_DONE); /* what came before stays */
    assert_true(state->steps[0].started);
    run_state_free(state);
}

static const char opened[] =
    "{'type':'gate_opened','time':6000,'step':'one/go','opening':7,'typed':true,'phrase':'lose 3',"
    "'loses':3,'offer':'one/catch-up','writes':12}";

static void a_decline_lets_go_and_unconfirms(void **unused)
{
    (void)unused;
    struct run_state *state = fenced_run();
    must(state, opened);
    must(state, "{'type':'gate_answered','step':'one/go','answer':'decline','loses':3}");
    must(state, "{'type':'release_started','step':'one/go','declined':true}");
    must(state, "{'type':'release_started','step':'one/fence','message':'tried again'}");
    must(state, "{'type':'release_finished','time':6300,'step':'one/go','remedy':'retry'}");
    assert_int_equal(state->status, RUN_DECLINED);
    assert_int_equal(state->steps[3].status, STEP_DECLINED);
    assert_false(state->steps[3].confirmed);
    assert_null(state->steps[3].message);
    assert_null(state->release.step);
    run_state_free(state);
}

static void a_rollback_takes_the_hold_with_it(void **unused)
{
    (void)unused;
    struct run_state *state = fenced_run();
    must(state, "{'type':'release_started','step':'one/fence'}");
    must(state, "{'type':'rollback_started','reason':'why'}");
    assert_null(state->release.step);
    must(state, "{'type':'undo_started','step':'one/fence'}");
    assert_int_equal(state->status, RUN_ROLLING_BACK);
    must(state, "{'type':'undo_finished','step':'one/fence','ok':false}");
    assert_true(run_state_holds(state));
    must(state, "{'type':'undo_finished','step':'one/fence','ok':true}");
    assert_false(run_state_holds(state));
    run_state_free(state);
}

static void nothing_is_let_go_that_is_not_held(void **unused)
{
    (void)unused;
    struct run_state *state = run_state_new();
    struct error error = ERROR_INIT;
    must(state, created);
    assert_false(apply(state, "{'type':'release_started','step':'one/go'}", &error));
    assert_false(apply(state, "{'type':'release_finished','step':'one/go'}", &error));
    assert_false(apply(state, "{'type':'hold_began','step':'one/fence'}", &error));
    assert_false(apply(state, "{'type':'hold_began','step':'one/none','until':'x'}", &error));
    assert_int_equal(state->status, RUN_RUNNING);
    run_state_free(state);
}

static void an_offer_goes_on_with_the_asked_step(void **unused)
{
    (void)unused;
    struct run_state *state = fenced_run();
    must(state, "{'type':'step_skipped','step':'one/catch-up','message':'m'}");
    must(state, opened);
    assert_string_equal(state->gate.offer, "one/catch-up");
    assert_int_equal(state->gate.writes, 12);
    must(state, "{'type':'gate_answered','step':'one/go','answer':'offer','loses':3}");
    assert_int_equal(state->status, RUN_RUNNING);
    assert_false(state->steps[3].confirmed);
    must(state, "{'type':'steps_reset','steps':['one/catch-up','one/go'],'asked':'one/catch-up'}");
    assert_true(state->steps[2].asked);
    assert_false(state->steps[3].asked);
    step_done(state, "catch-up");
    assert_false(state->steps[2].asked);
    assert_true(run_state_holds(state));
    assert_int_equal(cJSON_GetArraySize(state->decisions), 1);
    run_state_free(state);
}

static void only_the_newest_answer_of_a_gate_accepts_a_loss(void **unused)
{
    (void)unused;
    struct run_state *state = fenced_run();
    const char *step;
    assert_int_equal(run_state_accepted_loss(state, &step), 0);
    must(state, "{'type':'gate_answered','step':'one/go','answer':'offer','loses':3}");
    assert_int_equal(run_state_accepted_loss(state, &step), 0);
    must(state, "{'type':'gate_answered','step':'one/go','answer':'confirm','loses':3}");
    assert_int_equal(run_state_accepted_loss(state, &step), 3);
    assert_string_equal(step, "one/go");
    must(state, "{'type':'gate_answered','step':'one/go','answer':'confirm','loses':0}");
    assert_int_equal(run_state_accepted_loss(state, &step), 0);
    run_state_free(state);
}

/* Switched, so that a rollback has a price. */
static struct run_state *switched_run(void)
{
    struct run_state *state = fenced_run();
    must(state, "{'type':'step_started','time':6000,'step':'one/apply'}");
    assert_int_equal(run_state_price_step(state), -1); /* nothing is switched while it holds */
    fact(state, "switched", "5");
    must(state, "{'type':'step_finished','time':6100,'step':'one/apply','ok':true}");
    return state;
}

static void a_price_is_what_its_count_says(void **unused)
{
    (void)unused;
    struct run_state *state = switched_run();
    char phrase[PRICE_PHRASE_MAX];
    assert_int_equal(run_state_price_step(state), 4);
    fact(state, "price", "{'rows':9}"); /* nobody counts: it is no price */
    assert_false(state->price.known);
    must(state, "{'type':'price_started','step':'one/apply'}");
    assert_true(state->price.counting);
    fact(state, "price", "{'rows':14,'tables':2}");
    must(state, "{'type':'price_finished','step':'one/apply','ok':true}");
    assert_true(state->price.known);
    assert_false(state->price.counting);
    assert_false(run_state_price_free(state));
    assert_int_equal(state->price.taken_ms, 7000);
    assert_string_equal(run_state_price_phrase(state, phrase, sizeof phrase), "lose 14");
    must(state, "{'type':'price_started','step':'one/apply'}");
    assert_false(state->price.known); /* the older count is no answer any more */
    fact(state, "price", "{'rows':0}");
    assert_true(run_state_price_free(state));
    run_state_free(state);
}

static void a_price_without_a_number_is_unknown(void **unused)
{
    (void)unused;
    static const char *const values[] = {
        "{'unknown':'gone'}", "{}",   "{'rows':'0'}",
        "{'rows':-1}",        "true", "{'rows':0,'unknown':'half of it'}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct run_state *state = switched_run();
        char phrase[PRICE_PHRASE_MAX];
        must(state, "{'type':'price_started','step':'one/apply'}");
        fact(state, "price", values[i]);
        assert_non_null(state->price.unknown);
        assert_false(run_state_price_free(state));
        assert_string_equal(run_state_price_phrase(state, phrase, sizeof phrase), "lose unknown");
        run_state_free(state);
    }
}

static void the_largest_tables_come_first(void **unused)
{
    (void)unused;
    struct run_state *state = switched_run();
    const cJSON *tables[2];
    must(state, "{'type':'price_started','step':'one/apply'}");
    must(state, "{'type':'fact','time':7000,'step':'one/apply','key':'price','value':{'rows':18,"
                "'list':[{'table':'a','inserted':1},{'table':'b','updated':12},{'table':'c',"
                "'inserted':3,'deleted':2}]}}");
    assert_int_equal(run_state_price_tables(state, tables, 2), 2);
    assert_string_equal(cJSON_GetObjectItem(tables[0], "table")->valuestring, "b");
    assert_string_equal(cJSON_GetObjectItem(tables[1], "table")->valuestring, "c");
    run_state_free(state);
}

static void saving_comes_before_the_undo_and_costs_nothing_when_it_fails(void **unused)
{
    (void)unused;
    struct run_state *state = switched_run();
    must(state, "{'type':'rollback_started','reason':'why','save':true,'price_rows':14}");
    assert_true(state->save.wanted);
    must(state, "{'type':'save_started','step':'one/apply','detail':'to=x'}");
    must(state, "{'type':'engine_started','time':8000}");
    assert_false(state->save.running);
    assert_true(state->save.wanted); /* an engine's death: it is done again */
    must(state, "{'type':'save_started','step':'one/apply','detail':'to=x'}");
    must(state, "{'type':'save_finished','step':'one/apply','ok':false,'message':'full'}");
    must(state, "{'type':'rollback_failed'}");
    assert_false(state->save.done);
    assert_int_equal(state->steps[4].status, STEP_DONE);
    assert_string_equal(state->steps[4].message, "full");
    assert_int_equal(run_state_price_step(state), 4);
    must(state, "{'type':'rollback_started','reason':'why','phrase':'lose 14'}");
    assert_false(state->save.wanted);
    must(state, "{'type':'undo_started','step':'one/apply'}");
    assert_int_equal(run_state_price_step(state), -1); /* it is paid */
    run_state_free(state);
}

static void what_was_saved_is_called_by_its_file(void **unused)
{
    (void)unused;
    struct run_state *state = switched_run();
    must(state, "{'type':'rollback_started','reason':'why','save':true}");
    fact(state, "saved", "{'path':'/before'}");
    must(state, "{'type':'save_started','step':'one/apply','detail':'server=live'}");
    assert_string_equal(state->save.what, "server=live");
    fact(state, "saved", "{'path':'/run/written.sql'}");
    must(state, "{'type':'save_finished','step':'one/apply','ok':true}");
    assert_true(state->save.done);
    assert_string_equal(state->save.what, "/run/written.sql");
    run_state_free(state);
}

static void a_count_dies_with_its_engine(void **unused)
{
    (void)unused;
    struct run_state *state = switched_run();
    must(state, "{'type':'price_started','step':'one/apply'}");
    must(state, "{'type':'engine_started','time':8000}");
    assert_false(state->price.counting);
    assert_false(state->price.known);
    run_state_free(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_lasts_until_its_fact),
        cmocka_unit_test(an_earlier_fact_ends_no_hold),
        cmocka_unit_test(letting_go_ends_where_it_was_caused),
        cmocka_unit_test(a_decline_lets_go_and_unconfirms),
        cmocka_unit_test(a_rollback_takes_the_hold_with_it),
        cmocka_unit_test(nothing_is_let_go_that_is_not_held),
        cmocka_unit_test(an_offer_goes_on_with_the_asked_step),
        cmocka_unit_test(only_the_newest_answer_of_a_gate_accepts_a_loss),
        cmocka_unit_test(a_price_is_what_its_count_says),
        cmocka_unit_test(a_price_without_a_number_is_unknown),
        cmocka_unit_test(the_largest_tables_come_first),
        cmocka_unit_test(saving_comes_before_the_undo_and_costs_nothing_when_it_fails),
        cmocka_unit_test(what_was_saved_is_called_by_its_file),
        cmocka_unit_test(a_count_dies_with_its_engine),
    };
    return cmocka_run_group_tests_name("state_hold", tests, NULL, NULL);
}
