/* settings_record.c: settings kept for later. */
#include "steps/checks/settings_record.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_BACK "***"

bool settings_of_server(const struct server_access *access, bool roles,
                        struct pg_settings *settings, struct error *error)
{
    struct pg_connection *connection = pg_open_plain(&access->parameters, 0, error);
    bool read = connection && pg_settings_read(connection, settings, error) &&
                (!roles || pg_settings_read_roles(connection, settings, error));
    pg_close(connection);
    return read;
}

static char *fact_key(const char *server)
{
    return xprintf("settings.%s", server);
}

void settings_record(struct step_run *run, const char *server, const struct pg_settings *settings)
{
    char *key = fact_key(server);
    cJSON *fact = cJSON_CreateObject();
    for (size_t i = 0; i < settings->count; i++) {
        const struct pg_setting *setting = &settings->items[i];
        if (!setting_is_set(setting) || setting->origin == SETTING_ROLE)
            continue;
        cJSON *entry = cJSON_AddObjectToObject(fact, setting->name);
        bool secret = setting_is_secret(setting);
        cJSON_AddStringToObject(entry, "value", secret ? KEPT_BACK : setting->value);
        cJSON_AddStringToObject(entry, "shown", setting_display(setting));
        cJSON_AddStringToObject(entry, "boot", setting->boot);
        cJSON_AddStringToObject(entry, "type", setting->type);
        cJSON_AddStringToObject(entry, "place", setting->place);
        cJSON_AddNumberToObject(entry, "origin", setting->origin);
    }
    step_fact(run, key, fact);
    free(key);
}

static char *text_of(const cJSON *entry, const char *name)
{
    const char *text = json_text(entry, name);
    return xstrdup(text ? text : "");
}

bool settings_recall(const struct step_run *run, const char *server, struct pg_settings *settings)
{
    char *key = fact_key(server);
    const cJSON *entry, *fact = step_known(run, key);
    free(key);
    size_t count = fact ? (size_t)cJSON_GetArraySize(fact) : 0;
    settings->items = xcalloc(count + 1, sizeof *settings->items);
    settings->capacity = count + 1;
    cJSON_ArrayForEach(entry, fact)
    {
        settings->items[settings->count++] = (struct pg_setting){
            .name = xstrdup(entry->string),
            .value = text_of(entry, "value"),
            .shown = text_of(entry, "shown"),
            .boot = text_of(entry, "boot"),
            .type = text_of(entry, "type"),
            .place = text_of(entry, "place"),
            .origin = (enum setting_origin)json_number_at(entry, "origin"),
        };
    }
    return fact != NULL;
}

bool setting_is_kept_back(const struct pg_setting *setting)
{
    return setting && !strcmp(setting->value, KEPT_BACK);
}
