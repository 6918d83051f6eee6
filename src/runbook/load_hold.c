/* load_hold.c: what a step holds and for how long, and what a rollback behind it costs. */
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/references.h"

#include <stdlib.h>

#define DEFAULT_LIMIT_MS (15L * 60 * 1000)

static void read_until(struct loader *loader, const struct field *field, const struct node *node,
                       void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    if (!fact_key_valid(text))
        fault_add(loader->faults, node->position,
                  "\"%.60s\" is no fact's key: letters, digits, '.', '_' and '-'", text);
    ((struct hold *)target)->until = xstrdup(text);
}

static const struct field fields[] = {
    {"until", SHAPE_TEXT, true, "the fact that ends it: once it is recorded, nothing is let go",
     NULL, NULL, 0, read_until},
    {"for", SHAPE_DURATION, false, "how long it may last without that; 15m when not said", NULL,
     NULL, offsetof(struct hold, limit_ms), read_duration},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table hold_table = {"a hold", fields, false};

void read_hold(struct loader *loader, const struct field *field, const struct node *node,
               void *target)
{
    struct step *step = target;
    step->hold = xcalloc(1, sizeof *step->hold);
    step->hold->limit_ms = DEFAULT_LIMIT_MS;
    fields_read(loader, field->table, node, step->hold);
    if (step->hold->limit_ms <= 0)
        fault_add(loader->faults, node_get(node, "for")->position,
                  "a hold that lasts no time at all lets go before it begins");
}

void check_hold(struct loader *loader, const struct node *node, const struct step *step)
{
    const struct node *hold = node_get(node, "hold");
    if (!hold)
        return;
    if (!node_get(node, "undo"))
        fault_add(loader->faults, hold->key->position,
                  "a hold needs an undo: that is how it is let go");
    if (loader->holding >= 0)
        fault_add(loader->faults, hold->key->position,
                  "one step of a runbook can hold, and \"%.60s\" does already",
                  loader->ids_read.items[loader->holding]);
    if (step->point_of_no_return)
        fault_add(loader->faults, hold->key->position,
                  "a point of no return can't hold: there is no way back from it");
}

static void check_price_fence(struct loader *loader, const struct node *node)
{
    const struct node *fence = node_get(node, "fence"), *unfence = node_get(node, "unfence");
    const struct node *one = fence ? fence : unfence;
    if (one && !node_get(node, "price"))
        fault_add(loader->faults, one->key->position,
                  "%s needs a price: a rollback fences to count what it would lose for the last "
                  "time",
                  one->key->text);
    if (!fence != !unfence)
        fault_add(loader->faults, one->key->position,
                  "fence and unfence need each other: what a rollback fences it has to give back "
                  "when it comes to nothing");
}

void check_price(struct loader *loader, const struct node *node, const struct step *step)
{
    const struct node *price = node_get(node, "price"), *save = node_get(node, "save");
    if (save && !price)
        fault_add(loader->faults, save->key->position,
                  "save needs a price: without it nobody knows whether there is anything to save");
    check_price_fence(loader, node);
    if (!price)
        return;
    if (!node_get(node, "undo") || step->point_of_no_return)
        fault_add(loader->faults, price->key->position,
                  "a price needs an undo: it is what the rollback of this step costs");
    if (loader->priced)
        fault_add(loader->faults, price->key->position,
                  "one step of a runbook can have a price, and an earlier one has it already");
}
