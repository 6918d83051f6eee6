/* load_variables.c: `vars`: declarations, where their values may come from, and what they need. */
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/references.h"
#include "runbook/template.h"
#include "runbook/variables.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_WORDS_MAX 3

static void read_one_of(struct loader *loader, const struct field *field, const struct node *node,
                        void *target);

static const struct field fields[] = {
    {"default", SHAPE_TEMPLATE, false, "the value when no source has one", NULL, NULL,
     offsetof(struct variable, fallback), read_fallback},
    {"from", SHAPE_TEXTS, false, "where the value may come from, tried in this order", NULL, NULL,
     0, read_sources},
    {"secret", SHAPE_BOOLEAN, false, "yes: never shown, logged, journaled or put on a command line",
     NULL, NULL, offsetof(struct variable, secret), read_boolean},
    {"one_of", SHAPE_TEXTS, false, "the values that it may have; without it any", NULL, NULL,
     offsetof(struct variable, one_of), read_one_of},
    {"about", SHAPE_TEXT, false, "what it is for, in one line", NULL, NULL,
     offsetof(struct variable, about), read_text},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table variable_table = {"a variable", fields, false};

/* Its references are checked once all variables are known. */
void read_fallback(struct loader *loader, const struct field *field, const struct node *node,
                   void *target)
{
    struct variable *variable = target;
    const char *text = expect_text(loader, node, field->name);
    if (text)
        variable->fallback = xstrdup(text);
}

static void read_one_of(struct loader *loader, const struct field *field, const struct node *node,
                        void *target)
{
    struct variable *variable = target;
    const struct node *item;
    if (node->kind != NODE_LIST && !expect_text(loader, node, field->name))
        return;
    for (size_t i = 0; (item = text_or_list_item(node, i)); i++) {
        const char *text = expect_text(loader, item, "an item of one_of");
        if (text)
            text_list_add(&variable->one_of, text);
    }
}

/* Splits into at most SOURCE_WORDS_MAX words and a rest; the count of words. */
static size_t split_words(char *text, const char *words[SOURCE_WORDS_MAX + 1])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t\n", &rest); word && count <= SOURCE_WORDS_MAX;
         word = strtok_r(NULL, " \t\n", &rest))
        words[count++] = word;
    return count;
}

static const struct source_rule *source_rule_find(const char *word)
{
    for (const struct source_rule *rule = source_rules; rule->word; rule++)
        if (!strcmp(rule->word, word))
            return rule;
    return NULL;
}

static void unknown_source(struct loader *loader, const struct node *node, const char *word)
{
    struct text_list names = {0};
    for (const struct source_rule *rule = source_rules; rule->word; rule++)
        text_list_add(&names, rule->word);
    fault_add_unknown(loader->faults, node->position, "there is no source", word, &names);
    text_list_free(&names);
}

static void add_source(struct variable *variable, const struct source_rule *rule,
                       const char *const *words, struct position position)
{
    variable->sources =
        xrealloc(variable->sources, (variable->source_count + 1) * sizeof *variable->sources);
    struct variable_source *source = &variable->sources[variable->source_count++];
    *source = (struct variable_source){.kind = rule->kind, .position = position};
    if (rule->server)
        source->server = xstrdup(words[1]);
    if (rule->name)
        source->name = xstrdup(words[rule->server ? 2 : 1]);
}

static void read_source(struct loader *loader, const struct node *node, struct variable *variable)
{
    const char *text = expect_text(loader, node, "an item of from");
    if (!text)
        return;
    char *copy = xstrdup(text);
    const char *words[SOURCE_WORDS_MAX + 1] = {NULL};
    size_t count = split_words(copy, words);
    const struct source_rule *rule = count ? source_rule_find(words[0]) : NULL;
    if (!rule)
        unknown_source(loader, node, count ? words[0] : "");
    else if (count != 1U + rule->server + rule->name)
        fault_add(loader->faults, node->position, "a source \"%s\" is written \"%s%s%s\"",
                  rule->word, rule->word, rule->server ? " SERVER" : "", rule->name ? " NAME" : "");
    else
        add_source(variable, rule, words, node->position);
    free(copy);
}

void read_sources(struct loader *loader, const struct field *field, const struct node *node,
                  void *target)
{
    (void)field;
    if (node->kind != NODE_LIST && !expect_text(loader, node, "from"))
        return;
    const struct node *item;
    for (size_t i = 0; (item = text_or_list_item(node, i)); i++)
        read_source(loader, item, target);
}

void read_variables(struct loader *loader, const struct field *field, const struct node *node,
                    void *target)
{
    struct runbook *runbook = target;
    if (!expect_kind(loader, node, NODE_MAP, field->name))
        return;
    runbook->variables = xcalloc(node->count, sizeof *runbook->variables);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *entry = node->items[i];
        struct variable *variable = &runbook->variables[runbook->variable_count++];
        variable->name = xstrdup(entry->key->text);
        variable->position = entry->key->position;
        if (!variable_name_valid(variable->name))
            fault_add(loader->faults, variable->position,
                      "\"%.60s\" is no name for a variable: letters, digits and _, no digit first",
                      variable->name);
        fields_read(loader, field->table, entry, variable);
    }
}

/* A secret's default may only put other secrets together: this file is copied and shown. */
static void check_default(struct loader *loader, const struct variable *variable,
                          const struct node *node)
{
    template_check(loader, node, TEMPLATE_SETTING);
    if (variable->secret && *node->text && !template_has_reference(node->text))
        fault_add(loader->faults, node->position,
                  "a secret can't stand in this file; give ${%s} a source, such as from: ask",
                  variable->name);
    if (!template_has_reference(node->text) && !variable_may_be(variable, node->text))
        fault_add(loader->faults, node->position, "the default of %s isn't one of its one_of",
                  variable->name);
    struct reference reference = reference_next(node->text);
    for (; reference.kind != REFERENCE_NONE && !variable->secret;
         reference = reference_next(reference.start + reference.length)) {
        const struct variable *other = reference.kind == REFERENCE_VARIABLE
                                           ? runbook_variable(loader->runbook, reference.name)
                                           : NULL;
        if (other && other->secret)
            fault_add(loader->faults, node->position,
                      "${%s} is a secret, so %s has to be one too (secret: yes)", other->name,
                      variable->name);
    }
}

static void check_source(struct loader *loader, const struct variable_source *source)
{
    const struct server *server =
        source->server ? expect_server(loader, source->position, source->server) : NULL;
    if (server && !cJSON_HasObjectItem(server->settings, "container"))
        fault_add(loader->faults, source->position, "the server %s has no container to look at",
                  server->name);
}

void check_value_sources(struct loader *loader, const struct variable *variable,
                         const struct node *node)
{
    if (node && variable->fallback)
        check_default(loader, variable, node);
    for (size_t i = 0; i < variable->source_count; i++)
        check_source(loader, &variable->sources[i]);
}

void check_variables(struct loader *loader, const struct node *node)
{
    for (size_t i = 0; i < loader->runbook->variable_count; i++) {
        const struct variable *variable = &loader->runbook->variables[i];
        const struct node *map = node_get(node, variable->name);
        check_value_sources(loader, variable, map ? node_get(map, "default") : NULL);
    }
    variables_check_cycles(loader->runbook, loader->faults);
}
