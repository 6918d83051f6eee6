/* load_action.c: one use of an action: its name and its arguments, checked against the table's row.
 */
#include "runbook/arguments.h"
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/references.h"
#include "runbook/template.h"
#include "runbook/values.h"

#include <stdlib.h>
#include <string.h>

const struct action *loader_action(const struct loader *loader, const char *name)
{
    for (size_t i = 0; loader->actions[i]; i++)
        if (!strcmp(loader->actions[i]->name, name))
            return loader->actions[i];
    return NULL;
}

void add_action_names(const struct loader *loader, struct text_list *names)
{
    for (size_t i = 0; loader->actions[i]; i++)
        text_list_add(names, loader->actions[i]->name);
}

static void unknown_action(struct loader *loader, const struct node *key)
{
    struct text_list names = {0};
    add_action_names(loader, &names);
    fault_add_unknown(loader->faults, key->position, "there is no action", key->text, &names);
    text_list_free(&names);
}

static void unknown_argument(struct loader *loader, const struct action *action,
                             const struct node *key)
{
    struct text_list names = {0};
    for (const struct argument *row = action->arguments; row && row->name; row++)
        text_list_add(&names, row->name);
    char *what = xprintf("%s has no argument", action->name);
    fault_add_unknown(loader->faults, key->position, what, key->text, &names);
    free(what);
    text_list_free(&names);
}

/* A text's references, and its type when it is known already. NULL with a fault when it's no text.
 */
static cJSON *read_value(struct loader *loader, const struct argument *row, const struct node *node)
{
    const char *text = expect_text(loader, node, row->name);
    if (!text)
        return NULL;
    template_check(loader, node, TEMPLATE_ARGUMENT);
    char *complaint =
        template_has_reference(text) ? NULL : value_complaint(row, loader->runbook, text, true);
    if (complaint)
        fault_add(loader->faults, node->position, "%s", complaint);
    free(complaint);
    return cJSON_CreateString(text);
}

static const struct argument any_text = {.name = "a value", .type = ARGUMENT_TEXT};

/* A fact's key is what `${fact.KEY}` can name. */
static void check_fact_keys(struct loader *loader, const struct node *map)
{
    for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++)
        if (!fact_key_valid(map->items[i]->key->text))
            fault_add(loader->faults, map->items[i]->key->position,
                      "\"%.60s\" can't be the key of a fact: letters, digits, '.', '_' and '-'",
                      map->items[i]->key->text);
}

/* Texts, maps and lists to any depth that a file can have (YAML_DEPTH_MAX). */
static cJSON *read_tree(struct loader *loader, const struct argument *row, const struct node *node)
{
    if (node->kind == NODE_TEXT)
        return read_value(loader, &any_text, node);
    bool map = node->kind == NODE_MAP;
    if (!map && !expect_kind(loader, node, NODE_LIST, row->name))
        return NULL;
    cJSON *tree = map ? cJSON_CreateObject() : cJSON_CreateArray();
    for (size_t i = 0; i < node->count; i++) {
        cJSON *item = read_tree(loader, row, node->items[i]);
        if (item && map)
            cJSON_AddItemToObject(tree, node->items[i]->key->text, item);
        else if (item)
            cJSON_AddItemToArray(tree, item);
    }
    return tree;
}

/* The items of a list or a map are texts of any content. */
static cJSON *read_values(struct loader *loader, const struct argument *row,
                          const struct node *node)
{
    const struct argument text = {.name = row->name, .type = ARGUMENT_TEXT};
    bool map = row->type == ARGUMENT_MAP || row->type == ARGUMENT_FACTS;
    if (map && !expect_kind(loader, node, NODE_MAP, row->name))
        return NULL;
    if (!map && node->kind != NODE_TEXT && !expect_kind(loader, node, NODE_LIST, row->name))
        return NULL;
    cJSON *values = map ? cJSON_CreateObject() : cJSON_CreateArray();
    const struct node *item;
    for (size_t i = 0;
         (item = map ? (i < node->count ? node->items[i] : NULL) : text_or_list_item(node, i));
         i++) {
        cJSON *value = read_value(loader, &text, item);
        if (value && map)
            cJSON_AddItemToObject(values, item->key->text, value);
        else if (value)
            cJSON_AddItemToArray(values, value);
    }
    return values;
}

static cJSON *read_any(struct loader *loader, const struct argument *row, const struct node *node)
{
    if (row->type == ARGUMENT_TREE && node->kind != NODE_TEXT)
        return read_tree(loader, row, node);
    if (row->type == ARGUMENT_TREE)
        fault_add(loader->faults, node->position, "%s has to be a map or a list", row->name);
    else if (argument_is_collection(row))
        return read_values(loader, row, node);
    else
        return read_value(loader, row, node);
    return NULL;
}

static void read_argument(struct loader *loader, const struct node *entry,
                          struct invocation *invocation)
{
    const struct argument *row = argument_find(invocation->action, entry->key->text);
    if (!row) {
        unknown_argument(loader, invocation->action, entry->key);
        return;
    }
    cJSON *value = read_any(loader, row, entry);
    if (!value)
        return;
    if (row->type == ARGUMENT_FACTS)
        check_fact_keys(loader, entry);
    cJSON_AddItemToObject(invocation->arguments, row->name, value);
    invocation->places[invocation->place_count++] =
        (struct argument_place){row->name, entry->position};
}

bool read_invocation(struct loader *loader, const struct node *entry, struct invocation *invocation)
{
    const struct action *action = loader_action(loader, entry->key->text);
    if (!action) {
        unknown_action(loader, entry->key);
        return false;
    }
    *invocation = (struct invocation){.action = action,
                                      .arguments = cJSON_CreateObject(),
                                      .places = xcalloc(entry->count, sizeof *invocation->places),
                                      .position = entry->key->position};
    if (entry->missing)
        fault_add(loader->faults, entry->position, "%s has no arguments; write {} for none",
                  action->name);
    else if (expect_kind(loader, entry, NODE_MAP, action->name)) {
        for (size_t i = 0; i < entry->count; i++)
            read_argument(loader, entry->items[i], invocation);
        for (const struct argument *row = action->arguments; row && row->name; row++)
            if (row->required && !node_get(entry, row->name))
                fault_add(loader->faults, invocation->position, "%s needs the argument \"%s\": %s",
                          action->name, row->name, row->help ? row->help : "");
    }
    return true;
}

void invocation_free(struct invocation *invocation)
{
    cJSON_Delete(invocation->arguments);
    free(invocation->places);
}

/* A map with the action's name as its only key. */
static bool read_only_action(struct loader *loader, const struct field *field,
                             const struct node *node, struct invocation *invocation)
{
    if (!expect_kind(loader, node, NODE_MAP, field->name))
        return false;
    if (node->count == 1)
        return read_invocation(loader, node->items[0], invocation);
    fault_add(loader->faults, node->position, "%s names one action, this has %zu%s", field->name,
              node->count, field->shape == SHAPE_INVOCATIONS ? "; write a list for several" : "");
    return false;
}

static void read_undo_action(struct loader *loader, const struct field *field,
                             const struct node *node, struct step *step)
{
    step->undo = xrealloc(step->undo, (step->undo_count + 1) * sizeof *step->undo);
    if (read_only_action(loader, field, node, &step->undo[step->undo_count]))
        step->undo_count++;
}

void read_undo(struct loader *loader, const struct field *field, const struct node *node,
               void *target)
{
    if (node->kind != NODE_LIST) {
        read_undo_action(loader, field, node, target);
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        read_undo_action(loader, field, node->items[i], target);
}

void read_action(struct loader *loader, const struct field *field, const struct node *node,
                 void *target)
{
    struct invocation **place = (void *)((char *)target + field->offset);
    struct invocation *invocation = xcalloc(1, sizeof *invocation);
    if (read_only_action(loader, field, node, invocation))
        *place = invocation;
    else
        free(invocation);
}
