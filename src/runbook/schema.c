/* schema.c: the format as a JSON Schema (draft 7, which editors' YAML servers read best), made from
 * the tables of fields and of actions. */
#include "runbook/fields.h"
#include "runbook/references.h"
#include "runbook/values.h"

#include <stdlib.h>
#include <string.h>

#define DRAFT "http://json-schema.org/draft-07/schema#"
#define REFERENCE_PATTERN "\\$\\{"
#define ID_PATTERN "^[a-z0-9-]{1,64}$"
#define VARIABLE_PATTERN "^[A-Za-z_][A-Za-z0-9_]*$"

struct schema {
    const struct action *const *actions;
    cJSON *definitions;
};

static cJSON *typed(const char *type)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "type", type);
    return schema;
}

static cJSON *reference_to(const char *definition)
{
    char *target = xprintf("#/definitions/%s", definition);
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "$ref", target);
    free(target);
    return schema;
}

static cJSON *pattern(const char *expression)
{
    cJSON *schema = typed("string");
    cJSON_AddStringToObject(schema, "pattern", expression);
    return schema;
}

/* Draft 7 ignores what stands beside a $ref, so help goes around it. */
static cJSON *with_help(cJSON *schema, const char *help)
{
    if (!help)
        return schema;
    cJSON *around = schema;
    if (cJSON_HasObjectItem(schema, "$ref")) {
        around = cJSON_CreateObject();
        cJSON_AddItemToArray(cJSON_AddArrayToObject(around, "allOf"), schema);
    }
    cJSON_AddStringToObject(around, "description", help);
    return around;
}

/* Every scalar is text to us, so `7` and `yes` without quotes are as good as with them. */
static cJSON *any_scalar(void)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON *types = cJSON_AddArrayToObject(schema, "type");
    cJSON_AddItemToArray(types, cJSON_CreateString("string"));
    cJSON_AddItemToArray(types, cJSON_CreateString("number"));
    cJSON_AddItemToArray(types, cJSON_CreateString("boolean"));
    return schema;
}

/* The type's own form, or (`replaced`) a text with ${...} in it. A YAML editor sees unquoted
 * numbers and booleans as such. */
static cJSON *scalar_schema(const struct type_rule *rule, bool replaced)
{
    if (!rule->pattern)
        return any_scalar();
    cJSON *schema = cJSON_CreateObject();
    cJSON *either = cJSON_AddArrayToObject(schema, "anyOf");
    cJSON_AddItemToArray(either, pattern(rule->pattern));
    if (rule->type == ARGUMENT_BOOLEAN)
        cJSON_AddItemToArray(either, typed("boolean"));
    if (rule->type == ARGUMENT_INTEGER || rule->type == ARGUMENT_SIZE ||
        rule->type == ARGUMENT_PORT)
        cJSON_AddItemToArray(either, typed("integer"));
    if (replaced)
        cJSON_AddItemToArray(either, pattern(REFERENCE_PATTERN));
    cJSON_AddStringToObject(schema, "description", rule->how);
    return schema;
}

static cJSON *one_or_list(cJSON *item)
{
    cJSON *schema = cJSON_CreateObject(), *list = typed("array");
    cJSON *either = cJSON_AddArrayToObject(schema, "anyOf");
    cJSON_AddItemToObject(list, "items", cJSON_Duplicate(item, true));
    cJSON_AddItemToArray(either, item);
    cJSON_AddItemToArray(either, list);
    return schema;
}

/* Texts, lists and maps to any depth; at its top a map or a list. */
static void add_structure(struct schema *schema)
{
    static const char *const shapes[] = {"text", "structure"};
    cJSON *list = typed("array"), *map = typed("object"), *both = cJSON_CreateObject();
    cJSON *item = cJSON_CreateObject(), *parts = cJSON_AddArrayToObject(item, "anyOf");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        cJSON_AddItemToArray(parts, reference_to(shapes[i]));
    cJSON_AddItemToObject(list, "items", cJSON_Duplicate(item, true));
    cJSON_AddItemToObject(map, "additionalProperties", item);
    cJSON *either = cJSON_AddArrayToObject(both, "anyOf");
    cJSON_AddItemToArray(either, list);
    cJSON_AddItemToArray(either, map);
    cJSON_AddItemToObject(schema->definitions, "structure", both);
}

static void add_scalar_definitions(struct schema *schema)
{
    cJSON_AddItemToObject(schema->definitions, "text", any_scalar());
    cJSON_AddItemToObject(schema->definitions, "texts", one_or_list(reference_to("text")));
    cJSON *map = typed("object");
    cJSON_AddItemToObject(map, "additionalProperties", reference_to("text"));
    cJSON_AddItemToObject(schema->definitions, "map", map);
    add_structure(schema);
    for (const struct type_rule *rule = type_rules; rule->type != ARGUMENT_MAP; rule++) {
        if (!rule->pattern)
            continue;
        char *argument = xprintf("argument-%s", rule->name);
        cJSON_AddItemToObject(schema->definitions, rule->name, scalar_schema(rule, false));
        cJSON_AddItemToObject(schema->definitions, argument, scalar_schema(rule, true));
        free(argument);
    }
}

static cJSON *choice_schema(const struct argument *argument)
{
    cJSON *schema = cJSON_CreateObject(), *words = cJSON_CreateObject();
    cJSON *either = cJSON_AddArrayToObject(schema, "anyOf");
    cJSON *list = cJSON_AddArrayToObject(words, "enum");
    for (const char *const *choice = argument->choices; choice && *choice; choice++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*choice));
    cJSON_AddItemToArray(either, words);
    cJSON_AddItemToArray(either, pattern(REFERENCE_PATTERN));
    return schema;
}

static cJSON *argument_schema(const struct argument *argument)
{
    if (argument->type == ARGUMENT_ENUM)
        return choice_schema(argument);
    if (argument->type == ARGUMENT_LIST)
        return reference_to("texts");
    if (argument->type == ARGUMENT_MAP || argument->type == ARGUMENT_FACTS)
        return reference_to("map");
    if (argument->type == ARGUMENT_TREE)
        return reference_to("structure");
    if (!type_rule(argument->type)->pattern)
        return reference_to("text");
    char *name = xprintf("argument-%s", argument_type_name(argument->type));
    cJSON *schema = reference_to(name);
    free(name);
    return schema;
}

static void add_required(cJSON *object, cJSON *required)
{
    if (cJSON_GetArraySize(required))
        cJSON_AddItemToObject(object, "required", required);
    else
        cJSON_Delete(required);
}

static cJSON *closed_object(void)
{
    cJSON *schema = typed("object");
    cJSON_AddFalseToObject(schema, "additionalProperties");
    return schema;
}

static cJSON *action_schema(const struct action *action)
{
    cJSON *schema = closed_object(), *required = cJSON_CreateArray();
    cJSON *properties = cJSON_AddObjectToObject(schema, "properties");
    cJSON_AddStringToObject(schema, "description", action->help ? action->help : "");
    for (const struct argument *row = action->arguments; row && row->name; row++) {
        cJSON *value = with_help(argument_schema(row), row->help);
        if (row->fallback && !cJSON_HasObjectItem(value, "$ref"))
            cJSON_AddStringToObject(value, "default", row->fallback);
        cJSON_AddItemToObject(properties, row->name, value);
        if (row->required)
            cJSON_AddItemToArray(required, cJSON_CreateString(row->name));
    }
    add_required(schema, required);
    return schema;
}

static char *action_definition(const struct action *action)
{
    return xprintf("action-%s", action->name);
}

/* One property an action, and exactly one of them in the object. */
static void add_actions(const struct schema *schema, cJSON *object)
{
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(object, "properties");
    if (!properties)
        properties = cJSON_AddObjectToObject(object, "properties");
    cJSON *one = cJSON_AddArrayToObject(object, "oneOf");
    for (size_t i = 0; schema->actions[i]; i++) {
        const struct action *action = schema->actions[i];
        char *name = action_definition(action);
        cJSON_AddItemToObject(properties, action->name,
                              with_help(reference_to(name), action->help));
        cJSON *needed = cJSON_CreateObject();
        cJSON_AddItemToArray(cJSON_AddArrayToObject(needed, "required"),
                             cJSON_CreateString(action->name));
        cJSON_AddItemToArray(one, needed);
        free(name);
    }
}

static cJSON *choices_schema(const struct name_value *choices)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON *words = cJSON_AddArrayToObject(schema, "enum");
    for (const struct name_value *row = choices; row->name; row++)
        cJSON_AddItemToArray(words, cJSON_CreateString(row->name));
    return schema;
}

static cJSON *table_schema(const struct schema *schema, const struct field_table *table);

static cJSON *text_or(cJSON *map)
{
    cJSON *schema = cJSON_CreateObject(), *either = cJSON_AddArrayToObject(schema, "anyOf");
    cJSON_AddItemToArray(either, reference_to("text"));
    cJSON_AddItemToArray(either, map);
    return schema;
}

/* A map from names to maps, or a list of maps. */
static cJSON *collection_schema(const struct schema *schema, const struct field *field)
{
    cJSON *item = table_schema(schema, field->table);
    cJSON *collection = typed(field->shape == SHAPE_MAPS ? "array" : "object");
    if (field->shape == SHAPE_MAPS) {
        cJSON_AddItemToObject(collection, "items", item);
        cJSON_AddNumberToObject(collection, "minItems", 1);
        return collection;
    }
    bool variables = field->table == &variable_table || field->table == &set_table;
    cJSON *names = cJSON_AddObjectToObject(collection, "propertyNames");
    cJSON_AddStringToObject(names, "pattern", variables ? VARIABLE_PATTERN : ID_PATTERN);
    cJSON_AddItemToObject(collection, "additionalProperties",
                          field->shape == SHAPE_VALUES ? text_or(item) : item);
    return collection;
}

static cJSON *field_schema(const struct schema *schema, const struct field *field)
{
    switch (field->shape) {
    case SHAPE_TEXT:
    case SHAPE_TEMPLATE:
    case SHAPE_SERVER:
        return !strcmp(field->name, "id") ? pattern(ID_PATTERN) : reference_to("text");
    case SHAPE_INTEGER:
    case SHAPE_BOOLEAN:
    case SHAPE_DURATION:
        return reference_to(field->shape == SHAPE_INTEGER   ? "integer"
                            : field->shape == SHAPE_BOOLEAN ? "boolean"
                                                            : "duration");
    case SHAPE_CHOICE:
        return choices_schema(field->choices);
    case SHAPE_CHOICES:
        return one_or_list(choices_schema(field->choices));
    case SHAPE_TEXTS:
    case SHAPE_TEMPLATES:
        return reference_to("texts");
    case SHAPE_MAP:
        return table_schema(schema, field->table);
    case SHAPE_VALUES:
    case SHAPE_NAMED_MAPS:
    case SHAPE_MAPS:
        return collection_schema(schema, field);
    case SHAPE_INVOCATION:
        return reference_to("invocation");
    case SHAPE_INVOCATIONS:
        return one_or_list(reference_to("invocation"));
    }
    return reference_to("text");
}

static cJSON *table_schema(const struct schema *schema, const struct field_table *table)
{
    cJSON *object = closed_object(), *required = cJSON_CreateArray();
    cJSON *properties = cJSON_AddObjectToObject(object, "properties");
    for (const struct field *field = table->fields; field->name; field++) {
        cJSON_AddItemToObject(properties, field->name,
                              with_help(field_schema(schema, field), field->help));
        if (field->required)
            cJSON_AddItemToArray(required, cJSON_CreateString(field->name));
    }
    add_required(object, required);
    if (table->takes_action)
        add_actions(schema, object);
    return object;
}

static void add_action_definitions(struct schema *schema)
{
    for (size_t i = 0; schema->actions[i]; i++) {
        char *name = action_definition(schema->actions[i]);
        cJSON_AddItemToObject(schema->definitions, name, action_schema(schema->actions[i]));
        free(name);
    }
    cJSON *invocation = closed_object();
    add_actions(schema, invocation);
    cJSON_AddItemToObject(schema->definitions, "invocation", invocation);
}

void runbook_schema(const struct action *const *actions, struct text *output)
{
    struct schema schema = {.actions = actions, .definitions = cJSON_CreateObject()};
    add_scalar_definitions(&schema);
    add_action_definitions(&schema);
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "$schema", DRAFT);
    cJSON_AddStringToObject(root, "title", "pgrunbook's runbook file");
    cJSON *object = table_schema(&schema, &runbook_table);
    while (object->child) {
        cJSON *item = cJSON_DetachItemViaPointer(object, object->child);
        cJSON_AddItemToObject(root, item->string, item);
    }
    cJSON_Delete(object);
    cJSON_AddItemToObject(root, "definitions", schema.definitions);
    char *printed = cJSON_Print(root);
    text_add(output, printed ? printed : "");
    text_add(output, "\n");
    cJSON_free(printed);
    cJSON_Delete(root);
}
