/* test_state.c: the reducer: what a run's events make of its state. */
#include "state_fixture.h"

static const char created[] =
    "{'type':'run_created','seq':1,'time':1000,'run':'r1','name':'n','title':'T','stack':'s/p',"
    "'variables':{'a':'b'},'phases':[{'id':'one','title':'One','steps':[{'id':'a','title':'A',"
    "'action':'shell','undo':true,'planned_ms':2000},{'id':'b','title':'B','action':'shell',"
    "'gate':true,'database':2,'point_of_no_return':true}]}]}";

static struct run_state *new_run(void)
{
    struct run_state *state = run_state_new();
    must(state, created);
    return state;
}

static void a_run_begins_with_its_plan(void **unused)
{
    (void)unused;
    struct run_state *state = run_state_new();
    struct error error = ERROR_INIT;
    assert_false(apply(state, "{'type':'paused'}", &error));
    assert_non_null(strstr(error.message, "before run_created"));
    must(state, created);
    assert_int_equal(state->step_count, 2);
    assert_string_equal(state->steps[1].path, "one/b");
    assert_int_equal(state->steps[0].planned_ms, 2000);
    assert_int_equal(state->steps[1].planned_ms, -1);
    assert_int_equal(run_state_step(state, "b"), 1);
    assert_int_equal(run_state_step(state, "one/a"), 0);
    assert_int_equal(run_state_step(state, "c"), -1);
    assert_false(apply(state, created, &error));
    assert_int_equal(state->step_count, 2);
    run_state_free(state);
}

static void a_step_runs_reports_and_ends(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'step_started','seq':2,'time':2000,'step':'one/a','attempt':1}");
    must(state, "{'type':'log','step':'one/a','text':'line'}");
    must(state,
         "{'type':'progress','time':2100,'step':'one/a','done':5,'total':10,'unit':'bytes'}");
    must(state, "{'type':'progress','time':2200,'step':'one/a','done':6,'total':10,'unit':'bytes',"
                "'label':'another part'}");
    assert_int_equal(state->steps[0].progress_since_ms, 2100);
    must(state,
         "{'type':'progress','time':2300,'step':'one/a','done':1,'total':3,'unit':'indexes'}");
    assert_int_equal(state->steps[0].progress_since_ms, 2300);
    must(state, "{'type':'check','step':'one/a','name':'n','verdict':1,'detail':'d'}");
    must(state, "{'type':'fact','step':'one/a','key':'k','value':{'x':1}}");
    must(state, "{'type':'fact','step':'one/a','key':'k','value':2}");
    assert_int_equal(state->steps[0].status, STEP_RUNNING);
    assert_int_equal(state->current, 0);
    must(state, "{'type':'step_finished','seq':3,'time':4000,'step':'one/a','ok':false,"
                "'message':'broke','remedy':'mend'}");
    assert_int_equal(state->status, RUN_STEP_FAILED);
    assert_string_equal(state->steps[0].message, "broke");
    assert_string_equal(state->steps[0].remedy, "mend");
    assert_int_equal(state->steps[0].finished_ms - state->steps[0].started_ms, 2000);
    assert_int_equal(state->steps[0].check_count, 1);
    assert_int_equal((int)cJSON_GetNumberValue(cJSON_GetObjectItem(state->facts, "k")), 2);
    must(state, "{'type':'steps_reset','steps':['one/a']}");
    must(state, "{'type':'step_started','seq':4,'time':5000,'step':'one/a','attempt':2}");
    assert_int_equal(state->steps[0].check_count, 0);
    assert_null(state->steps[0].message);
    assert_int_equal(state->steps[0].attempt, 2);
    run_state_free(state);
}

static void the_log_keeps_its_newest_lines(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    for (int i = 0; i < STEP_LOG_MAX + 10; i++) {
        char event[80];
        snprintf(event, sizeof event, "{'type':'log','step':'a','text':'%d'}", i);
        must(state, event);
    }
    assert_int_equal(state->steps[0].log.count, STEP_LOG_MAX);
    assert_int_equal(state->steps[0].log_dropped, 10);
    assert_string_equal(state->steps[0].log.items[0], "10");
    run_state_free(state);
}

static const char opened[] =
    "{'type':'gate_opened','seq':7,'time':1,'step':'b','opening':7,'question':'Go?','typed':true,"
    "'phrase':'lose "
    "3','loses':3,'blocked':false,'evidence':[{'name':'e','verdict':0,'detail':'d'}]}";

static void a_gate_is_frozen_and_answered(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, opened);
    assert_int_equal(state->status, RUN_AT_GATE);
    assert_int_equal(state->gate.loses, 3);
    assert_int_equal(state->gate.evidence_count, 1);
    must(state, "{'type':'gate_answered','step':'b','answer':'decline','operator':'o'}");
    assert_int_equal(state->status, RUN_DECLINED);
    assert_false(state->steps[1].confirmed);
    assert_null(state->gate.step);
    must(state, "{'type':'steps_reset','steps':['one/b']}");
    must(state, opened);
    must(state, "{'type':'gate_answered','step':'b','answer':'timeout'}");
    assert_int_equal(state->status, RUN_DECLINED);
    must(state, "{'type':'steps_reset','steps':['one/b']}");
    must(state, opened);
    must(state, "{'type':'gate_answered','step':'b','answer':'confirm'}");
    assert_true(state->steps[1].confirmed);
    assert_int_equal(state->status, RUN_RUNNING);
    assert_int_equal(cJSON_GetArraySize(state->decisions), 3);
    must(state, "{'type':'steps_reset','steps':['one/b']}");
    assert_false(state->steps[1].confirmed); /* a retried step asks again */
    run_state_free(state);
}

static void a_point_of_no_return_is_remembered(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    assert_false(state->point_of_no_return_passed);
    must(state, "{'type':'step_started','seq':2,'time':2000,'step':'one/b'}");
    assert_true(state->point_of_no_return_passed);
    assert_string_equal(state->point_of_no_return_step, "one/b");
    run_state_free(state);
}

static void an_interrupted_step_stops_a_run_but_not_a_rollback(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'step_started','time':2000,'step':'one/a'}");
    must(state, "{'type':'step_interrupted','time':3000,'step':'one/a','message':'m'}");
    assert_int_equal(state->status, RUN_STEP_FAILED);
    assert_int_equal(state->steps[0].status, STEP_INTERRUPTED);
    must(state, "{'type':'rollback_started','reason':'why','operator':'o'}");
    must(state, "{'type':'undo_started','step':'one/a'}");
    must(state, "{'type':'step_interrupted','time':4000,'step':'one/a','message':'m'}");
    assert_int_equal(state->status, RUN_ROLLING_BACK);
    must(state, "{'type':'undo_started','step':'one/a'}");
    must(state, "{'type':'undo_finished','step':'one/a','ok':false,'message':'x'}");
    assert_int_equal(state->steps[0].status, STEP_UNDO_FAILED);
    must(state, "{'type':'rollback_failed'}");
    assert_int_equal(state->status, RUN_ROLLBACK_FAILED);
    /* The operator's word is for one attempt: not for the engine's own, nor for one after a crash.
     */
    must(state, "{'type':'undo_repeated'}");
    must(state, "{'type':'undo_started','step':'one/a'}");
    assert_false(state->steps[0].back_again);
    must(state, "{'type':'undo_finished','step':'one/a','ok':false,'message':'x'}");
    must(state, "{'type':'rollback_started','reason':'why','operator':'o'}");
    must(state, "{'type':'undo_started','step':'one/a'}");
    assert_true(state->steps[0].back_again);
    must(state, "{'type':'step_interrupted','time':5000,'step':'one/a','message':'m'}");
    must(state, "{'type':'undo_started','step':'one/a'}");
    assert_false(state->steps[0].back_again);
    must(state, "{'type':'run_finished','time':9,'status':'rolled back'}");
    assert_true(run_state_finished(state));
    run_state_free(state);
}

static void count(struct run_state *state, int column, const char *table, int rows)
{
    char event[160];
    snprintf(event, sizeof event,
             "{'type':'rows','column':%d,'database':'d','schema':'s','table':'%s','rows':%d}",
             column, table, rows);
    must(state, event);
}

static void column_begins(struct run_state *state, int column, const char *step)
{
    char event[80];
    snprintf(event, sizeof event, "{'type':'rows_begin','step':'%s','column':%d}", step, column);
    must(state, event);
}

static void equal_counts_are_no_difference(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    column_begins(state, 0, "one/a");
    count(state, 0, "z", 5);
    count(state, 0, "b", 7);
    column_begins(state, 1, "one/b");
    count(state, 1, "b", 7);
    count(state, 1, "z", 5);
    struct rows_summary rows = run_state_rows(state);
    assert_int_equal(rows.tables, 2);
    assert_int_equal(rows.compared, 2);
    assert_int_equal(rows.different, 0);
    assert_int_equal(rows.rows, 12);
    assert_false(rows.drift_known);
    assert_string_equal(state->tables[0].table, "b");
    run_state_free(state);
}

static void a_table_missing_on_either_side_is_a_difference(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'step_started','time':1,'step':'one/a'}");
    column_begins(state, 0, "one/a");
    count(state, 0, "only_old", 5);
    must(state, "{'type':'step_finished','time':2,'step':'one/a','ok':true}");
    assert_int_equal(run_state_rows(state).different, 0); /* the new server isn't counted yet */
    must(state, "{'type':'step_started','time':3,'step':'one/b'}");
    column_begins(state, 1, "one/b");
    count(state, 1, "only_new", 2);
    must(state, "{'type':'step_finished','time':4,'step':'one/b','ok':true}");
    assert_int_equal(run_state_rows(state).different, 2);
    assert_int_equal(run_state_rows(state).difference, 7);
    run_state_free(state);
}

static void a_failed_comparison_has_counted_all_the_same(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'step_started','time':1,'step':'one/a'}");
    column_begins(state, 0, "one/a");
    count(state, 0, "lost", 5);
    must(state, "{'type':'step_finished','time':2,'step':'one/a','ok':true}");
    must(state, "{'type':'step_started','time':3,'step':'one/b'}");
    column_begins(state, 1, "one/b");
    must(state, "{'type':'rows_end','time':4,'step':'one/b','column':1}");
    must(state, "{'type':'step_finished','time':5,'step':'one/b','ok':false}");
    assert_int_equal(run_state_rows(state).different, 1);
    assert_int_equal(state->columns[1].counted_ms, 4);
    run_state_free(state);
}

static void a_rollback_closes_the_gate(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, opened);
    must(state, "{'type':'rollback_started','reason':'why','operator':'o'}");
    assert_int_equal(state->steps[1].status, STEP_PENDING);
    assert_null(state->gate.step);
    run_state_free(state);
}

static void drift_counts_only_after_the_snapshot(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    column_begins(state, 2, "one/b");
    count(state, 2, "t", 9);
    must(state, "{'type':'step_started','time':1,'step':'one/b'}");
    must(state, "{'type':'step_finished','time':2,'step':'one/b','ok':true}");
    column_begins(state, 0, "one/a");
    count(state, 0, "t", 5);
    must(state, "{'type':'step_started','time':3,'step':'one/a'}");
    must(state, "{'type':'step_finished','time':4,'step':'one/a','ok':true}");
    assert_false(run_state_rows(state).drift_known);
    column_begins(state, 2, "one/b");
    count(state, 2, "t", 8);
    count(state, 2, "fresh", 1);
    must(state, "{'type':'step_started','time':5,'step':'one/b'}");
    must(state, "{'type':'step_finished','time':6,'step':'one/b','ok':true}");
    struct rows_summary rows = run_state_rows(state);
    assert_true(rows.drift_known);
    assert_int_equal(rows.drifted_tables, 2);
    assert_int_equal(rows.drifted_rows, 4);
    run_state_free(state);
}

static void a_skip_after_a_failure_is_remembered(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'step_skipped','time':1,'step':'one/b','message':'m'}");
    assert_false(state->steps[1].skipped_after_failure);
    must(state, "{'type':'step_started','time':1,'step':'one/a'}");
    must(state, "{'type':'step_finished','time':2,'step':'one/a','ok':false}");
    must(state, "{'type':'step_skipped','time':3,'step':'one/a','message':'m'}");
    assert_true(state->steps[0].skipped_after_failure);
    run_state_free(state);
}

static void an_outage_ends_with_its_watcher(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'outage_began','step':'one/b','at':1000}");
    must(state, "{'type':'engine_started','seq':5,'time':3000}");
    assert_true(run_state_outage_ms(state, 90000) == 2000);
    must(state, "{'type':'outage_began','step':'one/b','at':5000}");
    must(state, "{'type':'run_finished','time':6000,'status':'rolled back'}");
    assert_true(run_state_outage_ms(state, 90000) == 3000);
    run_state_free(state);
}

/* Only where no watcher measures the same. */
static void a_step_that_measured_an_outage_is_believed(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'fact','key':'deploy','value':{'outage_ms':1300},'time':5000}");
    assert_true(run_state_outage_known(state));
    assert_int_equal(state->outage_count, 0);
    state->unwatched = true;
    assert_false(run_state_outage_known(state));
    must(state, "{'type':'fact','key':'deploy','value':{'outage_ms':0},'time':5000}");
    assert_true(run_state_outage_known(state));
    must(state, "{'type':'fact','key':'deploy','value':{'outage_ms':1300},'time':5000}");
    must(state, "{'type':'fact','key':'deploy','value':{'outage_ms':200},'time':9000}");
    assert_true(run_state_outage_ms(state, 90000) == 1500);
    assert_int_equal(state->outages[0].began_ms, 3700);
    run_state_free(state);
}

/* The engine's end isn't the outage's. */
static void an_outage_lasts_until_a_step_sees_its_end(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    state->unwatched = true;
    must(state, "{'type':'fact','key':'down','value':{'down_since':4000},'time':5000}");
    assert_true(run_state_outage_known(state));
    assert_true(run_state_outage_ms(state, 7000) == 3000);
    must(state, "{'type':'engine_started','seq':5,'time':8000}");
    must(state, "{'type':'fact','key':'down','value':{'down_since':4000},'time':8500}");
    assert_true(run_state_outage_ms(state, 9000) == 5000);
    must(state, "{'type':'fact','key':'deploy','value':{'outage_ms':5500},'time':9900}");
    must(state, "{'type':'fact','key':'down','value':false,'time':9900}");
    assert_true(run_state_outage_ms(state, 90000) == 5500);
    assert_int_equal(state->outage_count, 1);
    assert_int_equal(state->outages[0].began_ms, 4000);
    must(state, "{'type':'fact','key':'down','value':{'down_since':12000},'time':12000}");
    must(state, "{'type':'fact','key':'deploy','value':{'outage_ms':0},'time':13000}");
    assert_int_equal(state->outage_count, 1);
    must(state, "{'type':'fact','key':'down','value':{'down_since':20000},'time':20000}");
    must(state, "{'type':'run_finished','time':21000,'status':'rolled back'}");
    assert_true(run_state_outage_ms(state, 90000) == 6500);
    run_state_free(state);
}

static void outages_add_up(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    struct error error = ERROR_INIT;
    assert_false(apply(state, "{'type':'outage_ended','ms':5}", &error));
    must(state, "{'type':'outage_began','step':'one/b','at':1000}");
    assert_true(run_state_outage_ms(state, 1500) == 500);
    must(state, "{'type':'outage_ended','ms':812.5,'failures':40}");
    assert_true(run_state_outage_ms(state, 99999) == 812.5);
    must(state, "{'type':'outage_began','at':5000}");
    assert_true(run_state_outage_ms(state, 5100) == 912.5);
    run_state_free(state);
}

static void a_containers_trouble_keeps_what_was_seen(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'container','time':5,'name':'c','state':'running','image':'i','cpu':1.5}");
    must(state, "{'type':'container','time':9,'name':'c','trouble':'no answer'}");
    assert_int_equal(state->container_count, 1);
    assert_string_equal(state->containers[0].state, "running");
    assert_int_equal(state->containers[0].seen_ms, 5);
    assert_string_equal(state->containers[0].trouble, "no answer");
    run_state_free(state);
}

static void writes_count_from_the_snapshot_of_the_same_server(void **unused)
{
    (void)unused;
    struct run_state *state = new_run();
    must(state, "{'type':'writes','time':1,'system':'7','inserted':10,'updated':2,'deleted':1}");
    assert_false(state->writes.known);
    must(state, "{'type':'fact','step':'one/a','key':'backup','value':"
                "{'writes':{'system':'7','inserted':10,'updated':2,'deleted':1}}}");
    must(state, "{'type':'writes','time':2,'system':'7','inserted':13,'updated':2,'deleted':3}");
    assert_true(state->writes.known);
    assert_int_equal(state->writes.inserted, 3);
    assert_int_equal(state->writes.updated, 0);
    assert_int_equal(state->writes.deleted, 2);
    must(state, "{'type':'writes','time':3,'system':'8','inserted':99,'updated':2,'deleted':3}");
    assert_false(state->writes.known);
    run_state_free(state);
}

static void a_bad_event_is_refused(void **unused)
{
    (void)unused;
    static const char *const bad[] = {
        "{}",
        "{'type':'nonsense'}",
        "{'type':'step_started','step':'nowhere'}",
        "{'type':'rows','column':3,'database':'d','schema':'s','table':'t','rows':1}",
        "{'type':'rows','column':0}",
        "{'type':'run_finished','status':'maybe'}",
        "{'type':'gate_opened','step':'x'}",
        "{'type':'fact','key':'k'}",
        "{'type':'log','step':'a'}",
        "{'type':'container'}",
        "[]",
    };
    struct run_state *state = new_run();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error error = ERROR_INIT;
        assert_false(apply(state, bad[i], &error));
        assert_true(error.message[0]);
    }
    assert_int_equal(state->status, RUN_RUNNING);
    run_state_free(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_begins_with_its_plan),
        cmocka_unit_test(a_step_runs_reports_and_ends),
        cmocka_unit_test(the_log_keeps_its_newest_lines),
        cmocka_unit_test(a_gate_is_frozen_and_answered),
        cmocka_unit_test(a_point_of_no_return_is_remembered),
        cmocka_unit_test(an_interrupted_step_stops_a_run_but_not_a_rollback),
        cmocka_unit_test(equal_counts_are_no_difference),
        cmocka_unit_test(a_table_missing_on_either_side_is_a_difference),
        cmocka_unit_test(a_failed_comparison_has_counted_all_the_same),
        cmocka_unit_test(a_rollback_closes_the_gate),
        cmocka_unit_test(drift_counts_only_after_the_snapshot),
        cmocka_unit_test(a_skip_after_a_failure_is_remembered),
        cmocka_unit_test(an_outage_ends_with_its_watcher),
        cmocka_unit_test(a_step_that_measured_an_outage_is_believed),
        cmocka_unit_test(an_outage_lasts_until_a_step_sees_its_end),
        cmocka_unit_test(outages_add_up),
        cmocka_unit_test(a_containers_trouble_keeps_what_was_seen),
        cmocka_unit_test(writes_count_from_the_snapshot_of_the_same_server),
        cmocka_unit_test(a_bad_event_is_refused),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
