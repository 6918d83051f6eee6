/* test_application_down.c: an outage that several steps know of: who begins it, and who ends it. */
#include "base/json.h"
#include "steps/compose/application_down.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define FACT "application_down"
#define URL "http://someone:secret@127.0.0.1:8000/health?token=secret"

struct fixture {
    struct step_run run;
    cJSON *facts;
    long sent; /* "application_down" facts */
    long asked;
    bool refuses;
};

static void learn(struct fixture *fixture, const char *key, const cJSON *value)
{
    fixture->sent += strcmp(key, FACT) == 0;
    cJSON_DeleteItemFromObjectCaseSensitive(fixture->facts, key);
    cJSON_AddItemToObject(fixture->facts, key, cJSON_Duplicate(value, true));
}

static void report(void *context, cJSON *message)
{
    struct fixture *fixture = context;
    const cJSON *fact;
    if (json_text(message, "key"))
        learn(fixture, json_text(message, "key"), cJSON_GetObjectItem(message, "value"));
    cJSON_ArrayForEach(fact, cJSON_GetObjectItem(message, "facts"))
    {
        if (!fixture->refuses)
            learn(fixture, fact->string, fact);
    }
    cJSON_Delete(message);
}

static bool kept(void *context)
{
    struct fixture *fixture = context;
    fixture->asked++;
    return !fixture->refuses;
}

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.facts = cJSON_CreateObject()};
    fixture->run = (struct step_run){
        .facts = fixture->facts, .report = report, .kept = kept, .context = fixture};
}

static bool goes_down(struct fixture *fixture, const char *service, const char *url)
{
    struct text_list services = {0};
    struct error error = ERROR_INIT;
    if (service)
        text_list_add(&services, service);
    bool down = application_goes_down(&fixture->run, &services, url, &error);
    text_list_free(&services);
    return down;
}

static bool concerned(struct fixture *fixture, const char *service, const char *url)
{
    struct text_list services = {0};
    if (service)
        text_list_add(&services, service);
    bool is = application_concerned(&fixture->run, &services, url);
    text_list_free(&services);
    return is;
}

static void ends_by_its_own_services(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_false(concerned(&fixture, "app", NULL));
    assert_true(goes_down(&fixture, "app", NULL));
    assert_int_equal(fixture.asked, 1);
    assert_true(application_down_since(&fixture.run) > 0);
    assert_true(concerned(&fixture, "app", NULL));
    assert_true(concerned(&fixture, NULL, NULL));
    assert_false(concerned(&fixture, "db", NULL));
    assert_false(application_concerned(&fixture.run, NULL, URL));

    cJSON *fact = cJSON_CreateObject();
    application_is_back(&fixture.run, "deploy", fact, 1300, "by its address");
    assert_int_equal(application_down_since(&fixture.run), 0);
    assert_false(concerned(&fixture, "app", NULL));
    const cJSON *deploy = cJSON_GetObjectItem(fixture.facts, "deploy");
    assert_int_equal(cJSON_GetObjectItem(deploy, "outage_ms")->valuedouble, 1300);
    cJSON_Delete(fixture.facts);
}

/* The address of a deployment is added to what the stop began; its secrets aren't. */
static void ends_by_its_own_address(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_true(goes_down(&fixture, "app", NULL));
    cJSON *down = cJSON_GetObjectItem(fixture.facts, FACT);
    cJSON_SetNumberValue(cJSON_GetObjectItem(down, "down_since"), 4000);
    assert_true(goes_down(&fixture, "db", URL));
    assert_int_equal(fixture.sent, 1);
    assert_true(goes_down(&fixture, "app", URL));
    assert_int_equal(fixture.sent, 2);
    assert_int_equal(application_down_since(&fixture.run), 4000);
    assert_true(application_concerned(&fixture.run, NULL, URL));
    assert_false(application_concerned(&fixture.run, NULL, "http://127.0.0.1:8000/other"));
    char *shown = cJSON_PrintUnformatted(fixture.facts);
    assert_null(strstr(shown, "secret"));
    cJSON_free(shown);
    cJSON_Delete(fixture.facts);
}

/* Of all services: another deployment of some says nothing about the rest. */
static void ends_by_all(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_true(goes_down(&fixture, NULL, URL));
    assert_false(concerned(&fixture, "app", NULL));
    assert_true(concerned(&fixture, "app", URL));
    assert_true(concerned(&fixture, NULL, NULL));
    cJSON_Delete(fixture.facts);
}

static void is_on_disk_first(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    fixture.refuses = true;
    assert_false(goes_down(&fixture, "app", NULL));
    assert_false(goes_down(&fixture, "app", URL));
    assert_int_equal(fixture.asked, 2);
    assert_int_equal(application_down_since(&fixture.run), 0);
    fixture.run.undoing = true;
    assert_true(goes_down(&fixture, "app", NULL));
    assert_int_equal(fixture.asked, 2);
    assert_true(application_down_since(&fixture.run) > 0);
    cJSON_Delete(fixture.facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_by_its_own_services),
        cmocka_unit_test(ends_by_its_own_address),
        cmocka_unit_test(ends_by_all),
        cmocka_unit_test(is_on_disk_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
