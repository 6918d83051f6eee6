/* application_down.c: the fact "application_down". */
#include "steps/compose/application_down.h"

#include "steps/compose/deploy_probe.h"
#include "steps/http/http_address.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>

/* {down_since: wall ms, services: [...], address, at_most}, or false */
#define FACT_DOWN "application_down"
#define DOWN_SINCE "down_since"
#define SERVICES "services" /* an empty list: all */
#define ADDRESS "address"   /* without what may be a secret */
#define AT_MOST "at_most"   /* nobody has seen it go down */

#define LOOK_EVERY_MS 50
#define SLOW_ANSWER_MS 5000L /* as http.check's own */

int64_t application_down_since(const struct step_run *run)
{
    const cJSON *since = cJSON_GetObjectItemCaseSensitive(step_known(run, FACT_DOWN), DOWN_SINCE);
    return cJSON_IsNumber(since) ? (int64_t)since->valuedouble : 0;
}

static bool is_of(const cJSON *down, const struct text_list *services)
{
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(down, SERVICES);
    if (!services->count)
        return true;
    cJSON_ArrayForEach(item, list)
    {
        if (text_list_has(services, item->valuestring))
            return true;
    }
    return false;
}

static bool is_at(const cJSON *down, const char *url)
{
    const char *address = json_text(down, ADDRESS);
    if (!address || !url || !*url)
        return false;
    char *shown = http_shown_address(url);
    bool same = text_equal(address, shown);
    free(shown);
    return same;
}

bool application_concerned(const struct step_run *run, const struct text_list *services,
                           const char *url)
{
    const cJSON *down = step_known(run, FACT_DOWN);
    return application_down_since(run) && ((services && is_of(down, services)) || is_at(down, url));
}

static cJSON *new_fact(const struct text_list *services, bool deployed)
{
    cJSON *fact = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(fact, SERVICES);
    cJSON_AddNumberToObject(fact, DOWN_SINCE, (double)clock_wall_ms());
    cJSON_AddBoolToObject(fact, AT_MOST, deployed);
    for (size_t i = 0; i < services->count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(services->items[i]));
    return fact;
}

static bool put_on_record(struct step_run *run, cJSON *fact, struct error *error)
{
    if (run->undoing) {
        step_fact(run, FACT_DOWN, fact);
        return true;
    }
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddItemToObject(facts, FACT_DOWN, fact);
    return step_facts_kept(run, facts, error);
}

bool application_goes_down(struct step_run *run, const struct text_list *services, const char *url,
                           struct error *error)
{
    bool deployed = url && *url, down = application_down_since(run) != 0;
    if (down && (!deployed || !application_concerned(run, services, url)))
        return true;
    cJSON *fact =
        down ? cJSON_Duplicate(step_known(run, FACT_DOWN), true) : new_fact(services, deployed);
    if (deployed) {
        char *shown = http_shown_address(url);
        cJSON_DeleteItemFromObjectCaseSensitive(fact, ADDRESS);
        cJSON_AddStringToObject(fact, ADDRESS, shown);
        free(shown);
    }
    return put_on_record(run, fact, error);
}

static bool no_answer(struct step_run *run, struct error *error)
{
    static const char what[] = "the application's address doesn't answer with status 2xx";
    if (run->undoing) {
        step_check(run, "application's address", VERDICT_WARN,
                   "%s; its containers are up: look at its log", what);
        return true;
    }
    error_set(error, ERROR_OTHER, "%s", what);
    return error_remedy(error, "Look at its log; then retry, or roll back: R.");
}

bool application_awaited(struct step_run *run, const char *url, long for_ms, bool *answers,
                         struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + for_ms;
    *answers = !url || !*url;
    while (!*answers && clock_monotonic_ms() < deadline) {
        *answers = deploy_probe_ask(url, SLOW_ANSWER_MS);
        if (!*answers)
            clock_sleep_ms(LOOK_EVERY_MS);
    }
    return *answers || no_answer(run, error);
}

void application_is_back(struct step_run *run, const char *key, cJSON *fact, long outage_ms,
                         const char *how)
{
    char shown[32];
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(step_known(run, FACT_DOWN), AT_MOST);
    step_check(run, "application's outage", VERDICT_PASS, "%s%s, %s",
               text_duration(shown, sizeof shown, outage_ms), cJSON_IsTrue(most) ? " at most" : "",
               how);
    cJSON_AddNumberToObject(fact, "outage_ms", (double)outage_ms);
    step_fact(run, key, fact);
    step_fact(run, FACT_DOWN, cJSON_CreateFalse());
}
