/* runbook_fixture.h: a small table of actions and a runbook around it, for the runbook's tests. */
#ifndef TESTS_RUNBOOK_FIXTURE_H
#define TESTS_RUNBOOK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runbook/runbook.h"

static const char *const fixture_formats[] = {"plain", "directory", NULL};

static const struct argument fixture_backup_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to read"},
    {"to", ARGUMENT_PATH, true, NULL, NULL, "the file to write"},
    {"format", ARGUMENT_ENUM, false, "plain", fixture_formats, "how it is written"},
    {"limit", ARGUMENT_SIZE, false, NULL, NULL, "bytes a second"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL}};

static const struct argument fixture_run_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the container's name"},
    {"port", ARGUMENT_PORT, false, NULL, NULL, "the host port"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "how long to wait"},
    {"retain", ARGUMENT_BOOLEAN, false, NULL, NULL, "keep it"},
    {"count", ARGUMENT_INTEGER, false, NULL, NULL, "how many"},
    {"env", ARGUMENT_MAP, false, NULL, NULL, "its environment"},
    {"args", ARGUMENT_LIST, false, NULL, NULL, "more arguments"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL}};

static const struct argument fixture_remove_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "what to remove"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL}};

static const struct argument fixture_no_arguments[] = {
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL}};

static const struct action fixture_backup = {
    .name = "pg.backup",
    .danger = DANGER_READ,
    .help = "Back up a server",
    .arguments = fixture_backup_arguments,
};
static const struct action fixture_run = {
    .name = "docker.run",
    .danger = DANGER_CHANGE,
    .help = "Start a container",
    .arguments = fixture_run_arguments,
};
static const struct action fixture_remove = {
    .name = "docker.remove",
    .danger = DANGER_DESTRUCTIVE,
    .help = "Remove a container",
    .arguments = fixture_remove_arguments,
};
static const struct action fixture_prune = {
    .name = "docker.prune",
    .danger = DANGER_CHANGE,
    .help = "Remove what is left",
    .arguments = fixture_no_arguments,
};
static const struct action *const fixture_actions[] = {&fixture_backup, &fixture_run,
                                                       &fixture_remove, &fixture_prune, NULL};

/* Loads `text`; the test fails, with the first fault, when it is faulty. */
static inline struct runbook *fixture_load(const char *text)
{
    struct runbook *runbook = NULL;
    struct fault_list faults = {0};
    struct error error = ERROR_INIT;
    if (!runbook_parse("test.yaml", text, strlen(text), fixture_actions, &runbook, &faults, &error))
        fail_msg("%s", error.message);
    fault_list_free(&faults);
    return runbook;
}

/* A whole runbook with these sections put in; "" for none. `steps` is indented by six. */
static inline char *fixture_text(const char *vars, const char *servers, const char *steps)
{
    return xprintf("runbook: 1\nname: test\n%s%sphases:\n  - id: one\n    steps:\n%s", vars,
                   servers, *steps ? steps : "      - id: prune\n        docker.prune: {}\n");
}

static inline struct runbook *fixture_with(const char *vars, const char *servers, const char *steps)
{
    char *text = fixture_text(vars, servers, steps);
    struct runbook *runbook = fixture_load(text);
    free(text);
    return runbook;
}

#endif
