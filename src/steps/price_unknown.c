/* price_unknown.c: price.unknown: that what a rollback would lose can't be counted, and why. */
#include "steps/actions.h"
#include "steps/step.h"

#include "base/clock.h"

static bool run_price_unknown(struct step_run *run, struct error *error)
{
    (void)error;
    cJSON *price = cJSON_CreateObject();
    cJSON_AddStringToObject(price, "unknown", step_text(run, "why"));
    cJSON_AddNumberToObject(price, "taken_ms", (double)clock_wall_ms());
    step_fact(run, "price", price);
    return true;
}

static const struct argument arguments[] = {
    {"why", ARGUMENT_TEXT, true, NULL, NULL, "what would be lost, and why nobody can count it"},
    {0},
};

const struct action price_unknown_action = {
    .name = "price.unknown",
    .danger = DANGER_READ,
    .help =
        "as a step's price: what its rollback loses can't be counted, so that is to be given up",
    .arguments = arguments,
    .run = run_price_unknown,
};
