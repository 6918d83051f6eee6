/* fields.c: reads maps by their tables of fields. */
#include "runbook/fields.h"

#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/template.h"
#include "runbook/values.h"

#include <stdlib.h>
#include <string.h>

#define INTEGER_MAX 100

static const struct field *field_find(const struct field_table *table, const char *name)
{
    for (const struct field *field = table->fields; field->name; field++)
        if (!strcmp(field->name, name))
            return field;
    return NULL;
}

/* `{about: this, that}` gives a key "that" without a value. */
static void unknown_key(struct loader *loader, const struct field_table *table,
                        const struct node *entry)
{
    const struct node *key = entry->key;
    if (entry->missing && strchr(key->text, ' ')) {
        fault_add(loader->faults, key->position,
                  "\"%.60s\" is no key; inside {} a text with a comma has to stand in quotes",
                  key->text);
        return;
    }
    struct text_list names = {0};
    for (const struct field *field = table->fields; field->name; field++)
        text_list_add(&names, field->name);
    if (table->takes_action)
        add_action_names(loader, &names);
    char *what = xprintf("%s has no %s", table->what,
                         table->takes_action && strchr(key->text, '.') ? "action" : "key");
    fault_add_unknown(loader->faults, key->position, what, key->text, &names);
    free(what);
    text_list_free(&names);
}

bool fields_read(struct loader *loader, const struct field_table *table, const struct node *node,
                 void *target)
{
    if (!expect_kind(loader, node, NODE_MAP, table->what))
        return false;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *entry = node->items[i];
        const char *key = entry->key->text;
        if (!field_find(table, key) && !(table->takes_action && loader_action(loader, key)))
            unknown_key(loader, table, entry);
    }
    for (const struct field *field = table->fields; field->name; field++) {
        const struct node *value = node_get(node, field->name);
        if (value)
            field->read(loader, field, value, target);
        else if (field->required)
            fault_add(loader->faults, node->position, "%s needs the key \"%s\"", table->what,
                      field->name);
    }
    return true;
}

bool expect_kind(struct loader *loader, const struct node *node, enum node_kind kind,
                 const char *what)
{
    static const char *const wanted[] = {"a text", "a list", "a map", ""};
    if (node->kind == kind && !node->missing)
        return true;
    if (node->missing && kind == NODE_TEXT)
        fault_add(loader->faults, node->position, "%s has no value; write \"\" for an empty text",
                  what);
    else if (node->kind != NODE_BROKEN)
        fault_add(loader->faults, node->position, "%s has to be %s, not %s", what, wanted[kind],
                  node_kind_name(node));
    return false;
}

const char *expect_text(struct loader *loader, const struct node *node, const char *what)
{
    return expect_kind(loader, node, NODE_TEXT, what) ? node->text : NULL;
}

const struct node *text_or_list_item(const struct node *node, size_t index)
{
    if (node->kind == NODE_LIST)
        return index < node->count ? node->items[index] : NULL;
    return index ? NULL : node;
}

static void *member(const struct field *field, void *target)
{
    return (char *)target + field->offset;
}

static void set_text(const struct field *field, void *target, const char *text)
{
    char **place = member(field, target);
    free(*place);
    *place = xstrdup(text);
}

void read_text(struct loader *loader, const struct field *field, const struct node *node,
               void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    if (strstr(text, "${"))
        fault_add(loader->faults, template_position(loader, node, "${"),
                  "variables are not replaced in \"%s\"; write it out", field->name);
    else if (field->required && !*text)
        fault_add(loader->faults, node->position, "%s is empty", field->name);
    set_text(field, target, text);
}

void read_template(struct loader *loader, const struct field *field, const struct node *node,
                   void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    template_check(loader, node, TEMPLATE_SHOWN);
    set_text(field, target, text);
}

void read_integer(struct loader *loader, const struct field *field, const struct node *node,
                  void *target)
{
    const char *text = expect_text(loader, node, field->name);
    long value = 0;
    if (text && !text_to_long(text, 0, INTEGER_MAX, &value))
        fault_add(loader->faults, node->position,
                  "%s has to be a number from 0 to %d, not \"%.60s\"", field->name, INTEGER_MAX,
                  text);
    *(int *)member(field, target) = (int)value;
}

void read_boolean(struct loader *loader, const struct field *field, const struct node *node,
                  void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (text && !parse_boolean(text, member(field, target)))
        fault_add(loader->faults, node->position, "%s has to be yes or no, not \"%.60s\"",
                  field->name, text);
}

void read_duration(struct loader *loader, const struct field *field, const struct node *node,
                   void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (text && !parse_duration(text, member(field, target)))
        fault_add(loader->faults, node->position, "%s: \"%.60s\" is not a duration: write %s",
                  field->name, text, type_rule(ARGUMENT_DURATION)->how);
}

/* The row that the node names, or NULL with a fault. */
static const struct name_value *choose(struct loader *loader, const struct field *field,
                                       const struct node *node)
{
    const char *text = expect_text(loader, node, field->name);
    const struct name_value *row = text ? name_find(field->choices, text) : NULL;
    if (row || !text)
        return row;
    struct text_list names = {0};
    for (const struct name_value *choice = field->choices; choice->name; choice++)
        text_list_add(&names, choice->name);
    char *what = xprintf("%s can't be", field->name);
    fault_add_unknown(loader->faults, node->position, what, text, &names);
    free(what);
    text_list_free(&names);
    return NULL;
}

void read_choice(struct loader *loader, const struct field *field, const struct node *node,
                 void *target)
{
    const struct name_value *row = choose(loader, field, node);
    if (row)
        *(int *)member(field, target) = row->value;
}

void read_choices(struct loader *loader, const struct field *field, const struct node *node,
                  void *target)
{
    const struct node *item;
    for (size_t i = 0; (item = text_or_list_item(node, i)); i++) {
        const struct name_value *row = choose(loader, field, item);
        if (row)
            *(unsigned *)member(field, target) |= (unsigned)row->value;
    }
}

void read_map(struct loader *loader, const struct field *field, const struct node *node,
              void *target)
{
    fields_read(loader, field->table, node, target);
}
