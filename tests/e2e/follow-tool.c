/* follow-tool.c: following a server, one command a line on standard input, one line of JSON each
 * on standard output: "open", "catch_up", "finish", "unmoved", "end". Usage:
 * follow's back). Usage: follow-tool SOURCE COPY; both are containers, their password stands in
 * POSTGRES_PASSWORD. What is reported goes to standard error. */
#include "base/json.h"
#include "base/text.h"
#include "steps/follow/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server make_server(const char *name, const char *container)
{
    cJSON *settings = cJSON_CreateObject();
    cJSON_AddStringToObject(settings, "container", container);
    cJSON_AddStringToObject(settings, "user", "postgres");
    cJSON_AddStringToObject(settings, "password", getenv("POSTGRES_PASSWORD"));
    return (struct server){.name = xstrdup(name), .settings = settings};
}

static void report(void *context, cJSON *message)
{
    (void)context;
    const char *text = json_text(message, "text");
    if (text)
        fprintf(stderr, "# %s\n", text);
    cJSON_Delete(message);
}

static void say(bool done, const struct follow_round *round, const struct error *error)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddBoolToObject(answer, "done", done);
    if (!done) {
        cJSON_AddStringToObject(answer, "error", error->message);
        cJSON_AddStringToObject(answer, "remedy", error->remedy);
    } else if (round) {
        cJSON_AddNumberToObject(answer, "removed", (double)round->removed);
        cJSON_AddNumberToObject(answer, "copied", (double)round->copied);
        cJSON_AddNumberToObject(answer, "tables", (double)round->tables);
        cJSON_AddNumberToObject(answer, "log", (double)round->log);
        cJSON_AddNumberToObject(answer, "ms", (double)round->took_ms);
    }
    char *line = cJSON_PrintUnformatted(answer);
    puts(line);
    fflush(stdout);
    free(line);
    cJSON_Delete(answer);
}

static void obey(struct step_run *run, struct follow **follow, const char *command)
{
    struct error error = ERROR_INIT;
    struct follow_round round = {0};
    bool unmoved = false;
    if (text_equal(command, "open"))
        say(follow_open(run, "old", "new", follow, &error), NULL, &error);
    else if (!*follow)
        say(error_set(&error, ERROR_USAGE, "it isn't open"), NULL, &error);
    else if (text_equal(command, "catch_up"))
        say(follow_catch_up(*follow, &round, &error), &round, &error);
    else if (text_equal(command, "finish"))
        say(follow_finish(*follow, &round, &error), &round, &error);
    else if (text_equal(command, "unmoved"))
        say(follow_is_unmoved(*follow, &unmoved, &error) &&
                (unmoved || error_set(&error, ERROR_OTHER, "it moved")),
            NULL, &error);
    else
        say(error_set(&error, ERROR_USAGE, "no command \"%s\"", command), NULL, &error);
}

int main(int argc, char **argv)
{
    char line[64];
    struct follow *follow = NULL;
    if (argc != 3 || !getenv("POSTGRES_PASSWORD"))
        return 2;
    struct server servers[] = {make_server("old", argv[1]), make_server("new", argv[2])};
    struct runbook runbook = {.servers = servers, .server_count = 2};
    struct step_run run = {.runbook = &runbook, .path = "test/follow", .report = report};
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (text_equal(line, "end"))
            break;
        obey(&run, &follow, line);
    }
    follow_close(follow);
    for (int i = 0; i < 2; i++) {
        free(servers[i].name);
        cJSON_Delete(servers[i].settings);
    }
    return 0;
}
