/* env_others.c: services that would stay behind with the old server: a worker that nobody named, a
 * pooler, an exporter, and whoever comes through a published port. */
#include "steps/environment/env_others.h"

#include "base/json.h"

#include <ctype.h>
#include <string.h>

static bool may_be_in_name(char character)
{
    return isalnum((unsigned char)character) || strchr("_-.", character);
}

/* "db", "db:5432", "...@db:5432/name", "...//db/", "host=db ...": not "mydb", not "db.example". */
bool env_names_host(const char *value, const char *host)
{
    size_t length = strlen(host);
    for (const char *at = length ? strstr(value, host) : NULL; at; at = strstr(at + 1, host)) {
        char next = at[length];
        bool ends = !next || !may_be_in_name(next);
        bool alone = at == value && (!next || next == ':');
        bool in_address = at > value && strchr("@/=,", at[-1]);
        if (ends && (alone || in_address))
            return true;
    }
    return false;
}

static bool not_named(struct step_run *run, const char *service, const char *name,
                      struct error *error)
{
    step_check(run, service, VERDICT_FAIL, "the service gets %s too, and isn't to be deployed",
               name);
    error_set(error, ERROR_OTHER,
              "service %s gets %s too, and isn't among the services that are deployed: it would "
              "stay on the old server",
              service, name);
    return error_remedy(error,
                        "Name all of them: --set app_services=NAME,%s. One that doesn't use "
                        "the database shouldn't get the variable.",
                        service);
}

static void note_hosts(struct step_run *run, const cJSON *service, const struct server_use *use)
{
    const cJSON *variable;
    cJSON_ArrayForEach(variable, cJSON_GetObjectItemCaseSensitive(service, "environment"))
    {
        const char *value = cJSON_GetStringValue(variable);
        if (value && strcmp(variable->string, use->name) != 0 && env_names_host(value, use->host))
            step_check(run, service->string, VERDICT_WARN,
                       "its variable %s names %s as well; nothing moves that to the new server",
                       variable->string, use->host);
    }
}

static void note_ports(struct step_run *run, const cJSON *service)
{
    const cJSON *port;
    cJSON_ArrayForEach(port, cJSON_GetObjectItemCaseSensitive(service, "ports"))
    {
        const char *published = json_text(port, "published");
        if (published)
            step_check(run, service->string, VERDICT_WARN,
                       "it publishes port %s, the new service none: who comes through it stays on "
                       "the old server, and has none when that is deleted",
                       published);
    }
}

bool env_check_others(struct step_run *run, const cJSON *config, const struct server_use *use,
                      struct error *error)
{
    const cJSON *service;
    cJSON_ArrayForEach(service, cJSON_GetObjectItemCaseSensitive(config, "services"))
    {
        const cJSON *variables = cJSON_GetObjectItemCaseSensitive(service, "environment");
        bool own = text_equal(use->own, service->string);
        if (own)
            note_ports(run, service);
        else if (json_text(variables, use->name) && !text_list_has(use->services, service->string))
            return not_named(run, service->string, use->name, error);
        else
            note_hosts(run, service, use);
    }
    return true;
}
