/* load_gate.c: a step's gate: what it asks, what it shows, what has to hold before it. */
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/template.h"

#include <stdlib.h>
#include <string.h>

static void read_require(struct loader *loader, const struct field *field, const struct node *node,
                         void *target);
static void read_offer(struct loader *loader, const struct field *field, const struct node *node,
                       void *target);

static const struct field fields[] = {
    {"require", SHAPE_TEXTS, false, "ids of earlier steps that have to have passed", NULL, NULL, 0,
     read_require},
    {"confirm", SHAPE_CHOICE, false, "how it is answered; key when not said", confirmation_names,
     NULL, offsetof(struct gate, confirm), read_choice},
    {"phrase", SHAPE_TEMPLATE, false, "what has to be typed, with confirm: type", NULL, NULL,
     offsetof(struct gate, phrase), read_template},
    {"question", SHAPE_TEMPLATE, false, "what is asked; the step's title when not said", NULL, NULL,
     offsetof(struct gate, question), read_template},
    {"show", SHAPE_CHOICES, false, "what the gate shows, frozen when it opens", show_names, NULL,
     offsetof(struct gate, show), read_choices},
    {"offer", SHAPE_TEXT, false,
     "id of an earlier step that is offered to be carried out again when rows would be lost", NULL,
     NULL, 0, read_offer},
    {"timeout", SHAPE_DURATION, false, "after it the answer is no; for ever when not said", NULL,
     NULL, offsetof(struct gate, timeout_ms), read_duration},
    {"max_age", SHAPE_DURATION, false, "how old the required steps' evidence may be", NULL, NULL,
     offsetof(struct gate, max_age_ms), read_duration},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table gate_table = {"a gate", fields, false};

/* Whether the step stands before this gate; a fault says why it can't be `what`. */
static bool expect_earlier(struct loader *loader, const struct node *node, const char *id,
                           const char *what)
{
    if (text_list_has(&loader->ids_read, id))
        return expect_same_scope(loader, node, id, what);
    if (text_list_has(&loader->step_ids, id))
        fault_add(loader->faults, node->position,
                  "the step \"%.60s\" does not come before this gate, so it can't be %s", id, what);
    else
        fault_add_unknown(loader->faults, node->position, "there is no step", id,
                          &loader->ids_read);
    return false;
}

static void check_required(struct loader *loader, const struct node *item, struct gate *gate)
{
    const char *id = expect_text(loader, item, "an item of require");
    if (!id)
        return;
    text_list_add(&gate->require, id);
    expect_earlier(loader, item, id, "required");
}

/* What is carried out again goes on under what is held meanwhile. */
static void read_offer(struct loader *loader, const struct field *field, const struct node *node,
                       void *target)
{
    const char *id = expect_text(loader, node, field->name);
    if (!id)
        return;
    ((struct gate *)target)->offer = xstrdup(id);
    if (!expect_earlier(loader, node, id, "offered"))
        return;
    for (long i = 0; i < loader->holding; i++)
        if (!strcmp(loader->ids_read.items[i], id))
            fault_add(loader->faults, node->position,
                      "the step \"%.60s\" comes before \"%.60s\", which holds; offer that one or a "
                      "later one",
                      id, loader->ids_read.items[loader->holding]);
}

static void read_require(struct loader *loader, const struct field *field, const struct node *node,
                         void *target)
{
    (void)field;
    const struct node *item;
    for (size_t i = 0; (item = text_or_list_item(node, i)); i++)
        check_required(loader, item, target);
}

static void check_phrase(struct loader *loader, const struct gate *gate, const struct node *node)
{
    const struct node *phrase = node_get(node, "phrase");
    if (gate->confirm == CONFIRM_TYPE && (!gate->phrase || !*gate->phrase))
        fault_add(loader->faults, phrase ? phrase->position : node->position,
                  "a gate with confirm: type needs the phrase that has to be typed");
    if (gate->confirm == CONFIRM_KEY && phrase)
        fault_add(loader->faults, phrase->position,
                  "a phrase is typed with confirm: type only; this gate is answered by a key");
}

void read_gate(struct loader *loader, const struct field *field, const struct node *node,
               void *target)
{
    struct step *step = target;
    step->gate = xcalloc(1, sizeof *step->gate);
    if (fields_read(loader, field->table, node, step->gate))
        check_phrase(loader, step->gate, node);
}
