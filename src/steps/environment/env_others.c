/* env_others.c: services that would stay behind with the old server: a worker that nobody named, a
 * pooler, an exporter, and whoever comes through a published port. */
#include "steps/environment/env_others.h"

#include "base/json.h"
#include "postgres/dsn.h"

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
        bool scheme = text_starts(at + length, "://");
        bool alone = at == value && !scheme && (!next || strchr(":,", next));
        bool in_address = at > value && strchr("@/=,", at[-1]);
        if (ends && (alone || in_address))
            return true;
    }
    return false;
}

/* Another service may call the same server by another of its names. */
static bool is_server(const char *hosts, const struct server_use *use)
{
    return env_names_host(hosts, use->host) || env_names_host(hosts, use->container) ||
           (use->own && env_names_host(hosts, use->own));
}

/* Of an address the host alone counts: its user and its database may be called the same. */
static bool leads_there(const char *value, const struct server_use *use)
{
    struct pg_parameters address = {0};
    struct error ignored = ERROR_INIT;
    bool there = is_server(dsn_parse(value, &address, &ignored) ? address.host : value, use);
    pg_parameters_free(&address);
    return there;
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
        const char *value = json_text(variables, use->name);
        bool named = text_list_has(use->services, service->string);
        if (own) {
            note_ports(run, service);
            continue;
        }
        if (value && !named && leads_there(value, use))
            return not_named(run, service->string, use->name, error);
        if (value && !named)
            step_check(run, service->string, VERDICT_PASS, "its %s leads to another server",
                       use->name);
        note_hosts(run, service, use);
    }
    return true;
}
