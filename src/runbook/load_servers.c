/* load_servers.c: `servers` and `watch`: how to reach the servers, and what to look at all the
 * time.
 */
#include "runbook/fault.h"
#include "runbook/load.h"
#include "runbook/references.h"
#include "runbook/template.h"
#include "runbook/values.h"

#include <stdlib.h>
#include <string.h>

static void read_setting(struct loader *loader, const struct field *field, const struct node *node,
                         void *target);
static void read_containers(struct loader *loader, const struct field *field,
                            const struct node *node, void *target);
static void read_service(struct loader *loader, const struct field *field, const struct node *node,
                         void *target);

static const struct field server_fields[] = {
    {"container", SHAPE_TEMPLATE, false, "name of its container", NULL, NULL, 0, read_setting},
    {"host", SHAPE_TEMPLATE, false, "host or address; the container's own when not said", NULL,
     NULL, 0, read_setting},
    {"port", SHAPE_TEMPLATE, false, "port; the one that the container publishes when not said",
     NULL, NULL, 0, read_setting},
    {"user", SHAPE_TEMPLATE, false, "role to log in as; postgres when not said", NULL, NULL, 0,
     read_setting},
    {"password", SHAPE_TEMPLATE, false, "its password: a variable that is a secret", NULL, NULL, 0,
     read_setting},
    {"database", SHAPE_TEMPLATE, false, "database to connect to first; postgres when not said",
     NULL, NULL, 0, read_setting},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table server_table = {"a server", server_fields, false};

static const struct field watch_fields[] = {
    {"containers", SHAPE_TEMPLATES, false,
     "containers whose state is shown; empty names are skipped", NULL, NULL,
     offsetof(struct runbook, watch_containers), read_containers},
    {"service", SHAPE_SERVER, false,
     "the server that clients use: its outage is measured the whole time", NULL, NULL,
     offsetof(struct runbook, watch_service), read_service},
    {NULL, SHAPE_TEXT, false, NULL, NULL, NULL, 0, NULL}};

const struct field_table watch_table = {"watch", watch_fields, false};

/* A password that is no secret variable would be copied with the file and shown with the values. */
static void check_password(struct loader *loader, const struct node *node)
{
    struct reference reference = reference_next(node->text);
    bool pure = true;
    const char *text = node->text;
    for (; reference.kind != REFERENCE_NONE; reference = reference_next(text)) {
        const struct variable *variable = reference.kind == REFERENCE_VARIABLE
                                              ? runbook_variable(loader->runbook, reference.name)
                                              : NULL;
        pure = pure && reference.start == text && reference.kind != REFERENCE_ESCAPED;
        if (variable && !variable->secret)
            fault_add(loader->faults, node->position,
                      "${%s} is a password, so it has to be declared with secret: yes",
                      variable->name);
        text = reference.start + reference.length;
    }
    if (!pure || *text)
        fault_add(
            loader->faults, node->position,
            "a password can't stand in this file; use ${NAME} of a variable with secret: yes");
}

static void read_setting(struct loader *loader, const struct field *field, const struct node *node,
                         void *target)
{
    static const struct argument port = {.name = "port", .type = ARGUMENT_PORT};
    struct server *server = target;
    const char *text = expect_text(loader, node, field->name);
    if (!text)
        return;
    bool password = !strcmp(field->name, "password");
    template_check(loader, node, password ? TEMPLATE_SETTING : TEMPLATE_SHOWN);
    if (password)
        check_password(loader, node);
    char *complaint = !strcmp(field->name, "port") && !template_has_reference(text)
                          ? value_complaint(&port, loader->runbook, text, true)
                          : NULL;
    if (complaint)
        fault_add(loader->faults, node->position, "%s", complaint);
    free(complaint);
    cJSON_AddStringToObject(server->settings, field->name, text);
}

void read_servers(struct loader *loader, const struct field *field, const struct node *node,
                  void *target)
{
    struct runbook *runbook = target;
    if (!expect_kind(loader, node, NODE_MAP, field->name))
        return;
    runbook->servers = xcalloc(node->count, sizeof *runbook->servers);
    for (size_t i = 0; i < node->count; i++) {
        const struct node *entry = node->items[i];
        struct server *server = &runbook->servers[runbook->server_count++];
        server->name = xstrdup(entry->key->text);
        server->position = entry->key->position;
        server->settings = cJSON_CreateObject();
        check_id(loader, entry->key, "a server's name");
        if (fields_read(loader, field->table, entry, server) && !node_get(entry, "container") &&
            !node_get(entry, "host"))
            fault_add(loader->faults, server->position, "the server %s needs a container or a host",
                      server->name);
    }
}

const struct server *expect_server(struct loader *loader, struct position position,
                                   const char *name)
{
    const struct server *server = runbook_server(loader->runbook, name);
    struct text_list names = server_names(loader->runbook);
    if (!server)
        fault_add_unknown(loader->faults, position, "there is no server", name, &names);
    text_list_free(&names);
    return server;
}

static void read_containers(struct loader *loader, const struct field *field,
                            const struct node *node, void *target)
{
    struct runbook *runbook = target;
    const struct node *item;
    for (size_t i = 0; (item = text_or_list_item(node, i)); i++) {
        const char *text = expect_text(loader, item, field->name);
        if (!text)
            continue;
        template_check(loader, item, TEMPLATE_SHOWN);
        text_list_add(&runbook->watch_containers, text);
    }
}

static void read_service(struct loader *loader, const struct field *field, const struct node *node,
                         void *target)
{
    read_text(loader, field, node, target);
    const char *name = ((struct runbook *)target)->watch_service;
    if (name)
        expect_server(loader, node->position, name);
}
