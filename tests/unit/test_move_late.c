/* test_move_late.c: for how long a call may be out, as the move's record tells whoever takes over.
 */
#include "base/clock.h"
#include "base/json.h"
#include "steps/move/move.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#define HOUR_MS 3600000

struct fixture {
    char directory[32];
    cJSON *arguments;
    cJSON *record;
    struct step_run run;
};

static void set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){.directory = "/tmp/pgrunbook-late.XXXXXX"};
    assert_non_null(mkdtemp(fixture->directory));
    fixture->arguments = cJSON_Parse("{\"late_for\":\"1h\"}");
    fixture->record = cJSON_CreateObject();
    fixture->run =
        (struct step_run){.directory = fixture->directory, .arguments = fixture->arguments};
}

static void tear_down(struct fixture *fixture)
{
    struct error error = ERROR_INIT;
    assert_true(move_record_remove(&fixture->run, &error));
    assert_int_equal(rmdir(fixture->directory), 0);
    cJSON_Delete(fixture->arguments);
    cJSON_Delete(fixture->record);
}

static void test_on_record(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = ERROR_INIT;
    cJSON *read = NULL;
    set_up(&fixture);
    assert_int_equal(move_late_left(&fixture.run, fixture.record), 0);
    assert_true(move_late_note(&fixture.run, fixture.record, &error));
    assert_true(move_record_read(&fixture.run, &read, &error));
    long left = move_late_left(&fixture.run, read);
    assert_true(left > 0 && left <= HOUR_MS);
    cJSON_Delete(read);
    tear_down(&fixture);
}

/* Who takes over: a death counts once, and not behind a settled move. */
static void test_death(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = ERROR_INIT;
    set_up(&fixture);
    cJSON_AddStringToObject(fixture.record, MOVE_SETTLED, MOVE_BACK);
    assert_true(move_late_note_death(&fixture.run, fixture.record, &error));
    assert_int_equal(move_late_left(&fixture.run, fixture.record), 0);
    cJSON_DeleteItemFromObject(fixture.record, MOVE_SETTLED);
    assert_true(move_late_note_death(&fixture.run, fixture.record, &error));
    assert_true(move_late_left(&fixture.run, fixture.record) > 0);
    fence_record_set(fixture.record, MOVE_LATE, cJSON_CreateNumber(1));
    assert_true(move_late_note_death(&fixture.run, fixture.record, &error));
    assert_int_equal(json_number_at(fixture.record, MOVE_LATE), 1);
    tear_down(&fixture);
}

/* The engine was away for longer than that: the time begins when it can be asked again, and only
 * once. */
static void test_begins_when_settled(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    move_late_renew(&fixture.run, fixture.record);
    assert_false(cJSON_HasObjectItem(fixture.record, MOVE_LATE));
    cJSON_AddNumberToObject(fixture.record, MOVE_LATE, 1);
    assert_int_equal(move_late_left(&fixture.run, fixture.record), HOUR_MS);
    move_late_renew(&fixture.run, fixture.record);
    cJSON_AddStringToObject(fixture.record, MOVE_SETTLED, MOVE_BACK);
    long left = move_late_left(&fixture.run, fixture.record);
    assert_true(left > 0 && left <= HOUR_MS);
    fence_record_set(fixture.record, MOVE_LATE, cJSON_CreateNumber(1));
    move_late_renew(&fixture.run, fixture.record);
    assert_int_equal(move_late_left(&fixture.run, fixture.record), 0);
    tear_down(&fixture);
}

/* The clock was set back by a day since. */
static void test_clock(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture);
    cJSON_AddStringToObject(fixture.record, MOVE_SETTLED, MOVE_BACK);
    cJSON_AddNumberToObject(fixture.record, MOVE_LATE, (double)clock_wall_ms() + 24.0 * HOUR_MS);
    assert_int_equal(move_late_left(&fixture.run, fixture.record), HOUR_MS);
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_on_record),
        cmocka_unit_test(test_death),
        cmocka_unit_test(test_begins_when_settled),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
