/* load.c: a runbook file from its bytes to the checked structure. */
#include "runbook/load.h"

#include "runbook/fault.h"
#include "runbook/template.h"

#include <stdlib.h>
#include <string.h>

#define VERSION "1"
#define NAME_MAX_LENGTH 64

static void read_version(struct loader *loader, const struct field *field, const struct node *node,
                         void *target)
{
    (void)target;
    const char *text = expect_text(loader, node, field->name);
    if (text && strcmp(text, VERSION) != 0)
        fault_add(loader->faults, node->position,
                  "this is version \"%.20s\" of the format; this program reads version " VERSION,
                  text);
}

static void read_name(struct loader *loader, const struct field *field, const struct node *node,
                      void *target)
{
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    check_id(loader, node, "a runbook's name");
    ((struct runbook *)target)->name = xstrdup(text);
}

/* Variables before what uses them; help in the order in which a file is written. */
static const struct field fields[] = {
    {"runbook", SHAPE_INTEGER, true, "version of the format: 1", NULL, NULL, 0, read_version},
    {"name", SHAPE_TEXT, true, "the runbook's name: a-z, 0-9 and -; runs are called after it", NULL,
     NULL, 0, read_name},
    {"title", SHAPE_TEXT, false, "one line for headings; the name when not said", NULL, NULL,
     offsetof(struct runbook, title), read_text},
    {"vars", SHAPE_NAMED_MAPS, false, "variables, by name", NULL, &variable_table, 0,
     read_variables},
    {"environments", SHAPE_NAMED_MAPS, false,
     "targets that the runbook is carried out for, by name, in the order in which they take turns",
     NULL, &environment_table, 0, read_environments},
    {"servers", SHAPE_NAMED_MAPS, false, "PostgreSQL servers, by name", NULL, &server_table, 0,
     read_servers},
    {"stack", SHAPE_TEMPLATE, false,
     "how the target is called on the screen and in its lock; the first server's container when "
     "not said",
     NULL, NULL, offsetof(struct runbook, stack), read_template},
    {"about", SHAPE_TEMPLATE, false, "when to use the runbook, what it needs, what it costs", NULL,
     NULL, offsetof(struct runbook, about), read_template},
    {"watch", SHAPE_MAP, false, "what is watched during the whole run", NULL, &watch_table, 0,
     read_map},
    {"phases", SHAPE_MAPS, true, "the phases, in order", NULL, &phase_table, 0, read_phases},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table runbook_table = {"a runbook", fields, false};

/* A byte order mark is no part of the text. */
static size_t mark_length(const char *bytes, size_t length)
{
    return length >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? 3 : 0;
}

static void read_root(struct loader *loader, const struct node *root)
{
    struct runbook *runbook = loader->runbook;
    fields_read(loader, &runbook_table, root, runbook);
    const struct node *variables = node_get(root, "vars");
    if (variables)
        check_variables(loader, variables);
    check_environments(loader, root);
    check_taken_facts(runbook, loader->faults);
    if (!runbook->name)
        runbook->name = xstrdup("");
    if (!runbook->title)
        runbook->title = xstrdup(runbook->name);
}

static struct runbook *runbook_new(const char *name, const char *bytes, size_t length)
{
    struct runbook *runbook = xcalloc(1, sizeof *runbook);
    runbook->path = xstrdup(name);
    text_append(&runbook->source, bytes, length);
    sha256_bytes(bytes, length, runbook->sha256);
    return runbook;
}

bool runbook_parse(const char *name, const char *bytes, size_t length,
                   const struct action *const *actions, struct runbook **runbook,
                   struct fault_list *faults, struct error *error)
{
    size_t before = faults->count, skipped = mark_length(bytes, length);
    struct node *root = yaml_parse(bytes + skipped, length - skipped, faults);
    struct runbook *loaded = runbook_new(name, bytes, length);
    struct loader loader = {.runbook = loaded,
                            .actions = actions,
                            .faults = faults,
                            .bytes = text_string(&loaded->source) + skipped,
                            .holding = -1};
    if (root)
        read_root(&loader, root);
    text_list_free(&loader.step_ids);
    text_list_free(&loader.ids_read);
    text_list_free(&loader.ids_for_all);
    node_free(root);
    if (faults->count == before) {
        *runbook = loaded;
        return true;
    }
    runbook_free(loaded);
    fault_list_sort(faults);
    return fault_error(faults, name, error);
}

bool runbook_load(const char *path, const struct action *const *actions, struct runbook **runbook,
                  struct fault_list *faults, struct error *error)
{
    struct text content = {0};
    bool good = file_read(path, YAML_SIZE_MAX, &content, error);
    if (!good)
        error_wrap(error, "reading the runbook");
    else
        good = runbook_parse(path, text_string(&content), content.length, actions, runbook, faults,
                             error);
    text_free(&content);
    return good;
}
