/* step.c: an action's arguments, and its reports as messages. */
#include "steps/step.h"

#include "base/file.h"
#include "base/text.h"
#include "postgres/catalog.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct action *action_find(const char *name)
{
    for (size_t i = 0; actions[i]; i++)
        if (!strcmp(actions[i]->name, name))
            return actions[i];
    return NULL;
}

static const cJSON *argument(const struct step_run *run, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(run->arguments, name);
}

const char *step_text(const struct step_run *run, const char *name)
{
    return cJSON_GetStringValue(argument(run, name));
}

bool step_boolean(const struct step_run *run, const char *name)
{
    const char *text = step_text(run, name);
    bool value = false;
    return text && parse_boolean(text, &value) && value;
}

long step_integer(const struct step_run *run, const char *name)
{
    const char *text = step_text(run, name);
    long value = 0;
    return text && text_to_long(text, LONG_MIN, LONG_MAX, &value) ? value : 0;
}

long step_duration(const struct step_run *run, const char *name)
{
    const char *text = step_text(run, name);
    long value = 0;
    return text && parse_duration(text, &value) ? value : 0;
}

unsigned long long step_size(const struct step_run *run, const char *name)
{
    const char *text = step_text(run, name);
    unsigned long long value = 0;
    return text && parse_size(text, &value) ? value : 0;
}

const cJSON *step_list(const struct step_run *run, const char *name)
{
    const cJSON *list = argument(run, name);
    return cJSON_IsArray(list) ? list : NULL;
}

const cJSON *step_map(const struct step_run *run, const char *name)
{
    const cJSON *map = argument(run, name);
    return cJSON_IsObject(map) ? map : NULL;
}

char *step_path(const struct step_run *run, const char *name)
{
    const char *text = step_text(run, name);
    return text && *text ? file_absolute(text) : NULL;
}

char *step_server_setting(const struct step_run *run, const char *server, const char *setting)
{
    const struct server *found = runbook_server(run->runbook, server);
    const char *text =
        found ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(found->settings, setting))
              : NULL;
    struct error error = ERROR_INIT;
    char *value =
        text ? runbook_expand_text(run->runbook, text, run->facts,
                                   run->undoing ? EXPAND_UNDOING : EXPAND_WITH_SECRETS, &error)
             : NULL;
    if (value && !*value) {
        free(value);
        value = NULL;
    }
    return value;
}

const cJSON *step_known(const struct step_run *run, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(run->facts, key);
}

bool step_switched(const struct step_run *run)
{
    return cJSON_GetNumberValue(step_known(run, FACT_SWITCHED)) > 0;
}

static cJSON *message(const char *type)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "type", type);
    return object;
}

static void send_message(struct step_run *run, cJSON *object)
{
    run->report(run->context, object);
}

static void log_line(struct step_run *run, const char *line, size_t length)
{
    char *copy = xstrndup(line, length);
    cJSON *object = message("log");
    cJSON_AddStringToObject(object, "text", copy);
    free(copy);
    send_message(run, object);
}

void step_log(struct step_run *run, const char *format, ...)
{
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    const char *line = text_string(&text), *end;
    while ((end = strchr(line, '\n'))) {
        log_line(run, line, (size_t)(end - line));
        line = end + 1;
    }
    if (*line)
        log_line(run, line, strlen(line));
    text_free(&text);
}

void step_progress(struct step_run *run, double done, double total, const char *unit,
                   const char *label)
{
    cJSON *object = message("progress");
    cJSON_AddNumberToObject(object, "done", done);
    cJSON_AddNumberToObject(object, "total", total);
    cJSON_AddStringToObject(object, "unit", unit);
    if (label)
        cJSON_AddStringToObject(object, "label", label);
    send_message(run, object);
}

void step_check(struct step_run *run, const char *name, enum verdict verdict, const char *format,
                ...)
{
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    cJSON *object = message("check");
    cJSON_AddStringToObject(object, "name", name);
    cJSON_AddNumberToObject(object, "verdict", verdict);
    cJSON_AddStringToObject(object, "detail", text_string(&text));
    text_free(&text);
    send_message(run, object);
}

void step_fact(struct step_run *run, const char *key, cJSON *value)
{
    cJSON *object = message("fact");
    cJSON_AddStringToObject(object, "key", key);
    cJSON_AddItemToObject(object, "value", value);
    send_message(run, object);
}

void step_fact_text(struct step_run *run, const char *key, const char *value)
{
    step_fact(run, key, cJSON_CreateString(value));
}

void step_fact_number(struct step_run *run, const char *key, double value)
{
    step_fact(run, key, cJSON_CreateNumber(value));
}

bool step_facts_kept(struct step_run *run, cJSON *facts, struct error *error)
{
    if (run->kept) {
        cJSON *object = message("facts");
        cJSON_AddItemToObject(object, "facts", facts);
        send_message(run, object);
        return run->kept(run->context) ||
               error_set(error, ERROR_OTHER,
                         "the run was decided to go back just before this step would have gone on");
    }
    while (facts->child) {
        char *key = xstrdup(facts->child->string);
        step_fact(run, key, cJSON_DetachItemViaPointer(facts, facts->child));
        free(key);
    }
    cJSON_Delete(facts);
    return true;
}

static void rows_mark(struct step_run *run, const char *type, enum rows_column column)
{
    cJSON *object = message(type);
    cJSON_AddNumberToObject(object, "column", column);
    send_message(run, object);
}

void step_rows_begin(struct step_run *run, enum rows_column column)
{
    rows_mark(run, "rows_begin", column);
}

void step_rows_end(struct step_run *run, enum rows_column column)
{
    rows_mark(run, "rows_end", column);
}

void step_rows(struct step_run *run, enum rows_column column, const char *database,
               const struct pg_table *table)
{
    cJSON *object = message("rows");
    cJSON_AddNumberToObject(object, "column", column);
    cJSON_AddStringToObject(object, "database", database);
    cJSON_AddStringToObject(object, "schema", table->schema);
    cJSON_AddStringToObject(object, "table", table->name);
    cJSON_AddNumberToObject(object, "rows", (double)table->rows);
    if (*table->digest)
        cJSON_AddStringToObject(object, "digest", table->digest);
    if (pg_table_kind_name(table->kind))
        cJSON_AddStringToObject(object, "kind", pg_table_kind_name(table->kind));
    send_message(run, object);
}
