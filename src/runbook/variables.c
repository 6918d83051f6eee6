/* variables.c: how variables get their values, and what they need for it. */
#include "runbook/variables.h"

#include "runbook/environment.h"
#include "runbook/fault.h"
#include "runbook/names.h"
#include "runbook/references.h"
#include "runbook/values.h"
#include "runbook/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct variable *find(const struct runbook *runbook, const char *name)
{
    for (size_t i = 0; i < runbook->variable_count; i++)
        if (!strcmp(runbook->variables[i].name, name))
            return &runbook->variables[i];
    return NULL;
}

/* A source that looks at a server's container needs what the container's name is made of. */
static const char *source_needs(const struct runbook *runbook, const struct variable_source *source)
{
    const struct server *server = source->server ? runbook_server(runbook, source->server) : NULL;
    return server ? cJSON_GetStringValue(
                        cJSON_GetObjectItemCaseSensitive(server->settings, "container"))
                  : NULL;
}

enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

struct cycle_search {
    const struct runbook *runbook;
    struct fault_list *faults;
    enum visit *visits;    /* by the variables' index */
    struct text_list path; /* the variables that are being visited */
};

static void visit(struct cycle_search *search, size_t index);

static void report_cycle(struct cycle_search *search, size_t index)
{
    const struct variable *variable = &search->runbook->variables[index];
    struct text text = {0};
    bool inside = false;
    for (size_t i = 0; i < search->path.count; i++) {
        inside = inside || !strcmp(search->path.items[i], variable->name);
        if (inside)
            text_printf(&text, "%s -> ", search->path.items[i]);
    }
    fault_add(search->faults, variable->position, "the variable needs itself: %s%s",
              text_string(&text), variable->name);
    text_free(&text);
}

static void visit_references(struct cycle_search *search, const char *text)
{
    struct reference reference = reference_next(text);
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length)) {
        const struct variable *other =
            reference.kind == REFERENCE_VARIABLE ? find(search->runbook, reference.name) : NULL;
        if (other)
            visit(search, (size_t)(other - search->runbook->variables));
    }
}

static void visit(struct cycle_search *search, size_t index)
{
    const struct variable *variable = &search->runbook->variables[index];
    if (search->visits[index] == VISIT_OPEN)
        report_cycle(search, index);
    if (search->visits[index] != VISIT_NEW)
        return;
    search->visits[index] = VISIT_OPEN;
    text_list_add(&search->path, variable->name);
    if (variable->fallback)
        visit_references(search, variable->fallback);
    for (size_t i = 0; i < variable->source_count; i++) {
        const char *needs = source_needs(search->runbook, &variable->sources[i]);
        if (needs)
            visit_references(search, needs);
    }
    free(search->path.items[--search->path.count]);
    search->visits[index] = VISIT_DONE;
}

void variables_check_cycles(const struct runbook *runbook, struct fault_list *faults)
{
    struct cycle_search search = {.runbook = runbook, .faults = faults};
    search.visits = xcalloc(runbook->variable_count, sizeof *search.visits);
    for (size_t i = 0; i < runbook->variable_count; i++)
        visit(&search, i);
    text_list_free(&search.path);
    free(search.visits);
}

void variables_swap(struct runbook *runbook, struct environment *environment)
{
    for (size_t i = 0; i < environment->set_count; i++) {
        struct variable *set = &environment->set[i], *variable = find(runbook, set->name);
        if (!variable)
            continue;
        struct variable own = *variable;
        variable->fallback = set->fallback;
        variable->sources = set->sources;
        variable->source_count = set->source_count;
        variable->position = set->position;
        set->fallback = own.fallback;
        set->sources = own.sources;
        set->source_count = own.source_count;
        set->position = own.position;
    }
}

bool runbook_set(struct runbook *runbook, const char *name, const char *value, struct error *error)
{
    bool takes;
    if (!environment_takes(runbook, name, &takes, error))
        return false;
    name = runbook->environment_count ? runbook_bare_name(name) : name;
    struct variable *variable = find(runbook, name);
    if (variable && !takes)
        return true;
    if (variable) {
        free(variable->value);
        variable->value = xstrdup(value);
        return true;
    }
    struct text_list names = variable_names(runbook);
    char *message = unknown_name("the runbook has no variable", name, &names);
    error_set(error, ERROR_USAGE, "%s", message);
    free(message);
    text_list_free(&names);
    return false;
}

/* A secret in a file that others can read is none. */
static bool check_readers(const char *path, const struct variable *variable, struct error *error)
{
    struct stat status;
    if (!variable || !variable->secret || stat(path, &status) || !(status.st_mode & 077))
        return true;
    error_set(error, ERROR_USAGE, "%s holds the secret %s and others may read it", path,
              variable->name);
    return error_remedy(error, "Make it yours alone: chmod 600 %s", path);
}

static bool set_entry(struct runbook *runbook, const char *path, const struct node *entry,
                      struct error *error)
{
    const char *name = entry->key->text;
    if (entry->kind != NODE_TEXT || entry->missing) {
        error_set(error, ERROR_USAGE, "%s has to be a text, not %s", name, node_kind_name(entry));
        return error_wrap(error, "%s:%d:%d", path, entry->position.line, entry->position.column);
    }
    if (!check_readers(path, find(runbook, runbook_bare_name(name)), error))
        return false;
    return (runbook_may_set(runbook, name, error) &&
            runbook_set(runbook, name, entry->text, error)) ||
           error_wrap(error, "%s:%d:%d", path, entry->key->position.line,
                      entry->key->position.column);
}

static bool set_entries(struct runbook *runbook, const char *path, const struct node *root,
                        struct error *error)
{
    if (root->kind != NODE_MAP)
        return error_set(error, ERROR_USAGE, "%s: a file of variables is a map from names to texts",
                         path);
    for (size_t i = 0; i < root->count; i++)
        if (!set_entry(runbook, path, root->items[i], error))
            return false;
    return true;
}

bool runbook_set_file(struct runbook *runbook, const char *path, struct error *error)
{
    struct text content = {0};
    struct fault_list faults = {0};
    if (!file_read(path, YAML_SIZE_MAX, &content, error))
        return error_wrap(error, "reading the variables");
    struct node *root = yaml_parse(text_string(&content), content.length, &faults);
    fault_list_sort(&faults);
    bool good = !faults.count || fault_error(&faults, path, error);
    if (!good) {
        error->kind = ERROR_USAGE;
        error->remedy[0] = '\0';
    }
    good = good && set_entries(runbook, path, root, error);
    node_free(root);
    fault_list_free(&faults);
    text_free(&content);
    return good;
}

struct resolving {
    struct runbook *runbook;
    variable_lookup *lookup;
    void *context;
    bool lenient; /* no value is an empty one */
    size_t depth; /* of variables that wait for others: the loader has ruled out cycles */
};

static bool resolve(struct resolving *resolving, struct variable *variable, struct error *error);

static bool resolve_references(struct resolving *resolving, const char *text, struct error *error)
{
    struct reference reference = reference_next(text);
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length)) {
        struct variable *other =
            reference.kind == REFERENCE_VARIABLE ? find(resolving->runbook, reference.name) : NULL;
        if (other && !resolve(resolving, other, error))
            return false;
    }
    return true;
}

/* Asks the sources in their order; an empty value counts as none. */
static bool ask_sources(struct resolving *resolving, struct variable *variable, struct error *error)
{
    for (size_t i = 0; i < variable->source_count && !variable->value; i++) {
        const struct variable_source *source = &variable->sources[i];
        const char *needs = source_needs(resolving->runbook, source);
        char *value = NULL;
        if (needs && !resolve_references(resolving, needs, error))
            return false;
        if (!resolving->lookup(resolving->context, resolving->runbook, variable, source, &value,
                               error))
            return error_wrap(error, "looking for the variable %s", variable->name);
        if (value && *value)
            variable->value = value;
        else
            free(value);
    }
    return true;
}

static bool use_fallback(struct resolving *resolving, struct variable *variable,
                         struct error *error)
{
    if (!resolve_references(resolving, variable->fallback, error))
        return false;
    if (reference_content(resolving->runbook, variable->fallback) == CONTENT_OPEN)
        return true;
    variable->value = runbook_expand_text(resolving->runbook, variable->fallback, NULL,
                                          EXPAND_WITH_SECRETS, error);
    return variable->value || error_wrap(error, "the default of the variable %s", variable->name);
}

static bool no_value(const struct variable *variable, struct error *error)
{
    struct text tried = {0};
    for (size_t i = 0; i < variable->source_count; i++) {
        text_add(&tried, i ? ", " : " (none of its sources has one: ");
        source_words(&variable->sources[i], &tried);
    }
    error_set(error, ERROR_USAGE, "the variable %s has no value%s%s", variable->name,
              text_string(&tried), variable->source_count ? ")" : "");
    text_free(&tried);
    return error_remedy(error,
                        variable->secret ? "Give it by one of its sources, or in a file of yours "
                                           "alone with --vars FILE."
                                         : "Give it with --set %s=VALUE.",
                        variable->name);
}

static bool resolve(struct resolving *resolving, struct variable *variable, struct error *error)
{
    if (variable->value || environment_decides(resolving->runbook, variable->name))
        return true;
    if (resolving->depth > resolving->runbook->variable_count)
        return error_set(error, ERROR_RUNBOOK, "the variable %s needs itself", variable->name);
    resolving->depth++;
    bool good = true;
    if (resolving->lookup)
        good = ask_sources(resolving, variable, error);
    if (good && !variable->value && variable->fallback)
        good = use_fallback(resolving, variable, error);
    resolving->depth--;
    if (good && !variable->value && resolving->lenient)
        variable->value = xstrdup("");
    if (good && !variable->value && resolving->lookup)
        return no_value(variable, error);
    return good;
}

void runbook_had_secret(struct runbook *runbook, const char *name)
{
    for (size_t i = 0; i < runbook->variable_count; i++) {
        struct variable *variable = &runbook->variables[i];
        if (variable->secret && text_equal(variable->name, name))
            variable->lost = !variable->value || !*variable->value;
    }
}

bool variable_may_be(const struct variable *variable, const char *value)
{
    return !variable->one_of.count || text_list_has(&variable->one_of, value);
}

static bool check_value(const struct variable *variable, struct error *error)
{
    struct text values = {0};
    if (!variable->value || variable_may_be(variable, variable->value))
        return true;
    for (size_t i = 0; i < variable->one_of.count; i++)
        text_printf(&values, "%s%s", i ? ", " : "", variable->one_of.items[i]);
    error_set(error, ERROR_USAGE, "the variable %s can't be \"%s\"; it is one of: %s",
              variable->name, variable->secret ? "..." : variable->value, text_string(&values));
    text_free(&values);
    return error_remedy(error, "Give it with --set %s=VALUE, or leave it out.", variable->name);
}

static bool resolve_all(struct resolving *resolving, struct error *error)
{
    struct runbook *runbook = resolving->runbook;
    for (size_t i = 0; i < runbook->variable_count; i++)
        if (environment_needs(runbook, runbook->variables[i].name) &&
            (!resolve(resolving, &runbook->variables[i], error) ||
             !check_value(&runbook->variables[i], error)))
            return false;
    for (size_t i = 0; i < runbook->variable_count && resolving->lookup; i++)
        if (!runbook->variables[i].value) /* nothing asks for it */
            runbook->variables[i].value = xstrdup("");
    return true;
}

bool runbook_resolve(struct runbook *runbook, variable_lookup *lookup, void *context,
                     struct error *error)
{
    struct resolving resolving = {.runbook = runbook, .lookup = lookup, .context = context};
    return resolve_all(&resolving, error);
}

bool runbook_resolve_leniently(struct runbook *runbook, variable_lookup *lookup, void *context,
                               struct error *error)
{
    struct resolving resolving = {
        .runbook = runbook, .lookup = lookup, .context = context, .lenient = true};
    return resolve_all(&resolving, error);
}
