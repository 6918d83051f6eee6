/* env_check.c: env.check: which server a variable of the application leads to, and whether it can
 * log in there by it. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/environment/env_others.h"
#include "steps/environment/environment.h"
#include "steps/server/server.h"

#include "base/file.h"
#include "base/json.h"
#include "compose/config.h"
#include "compose/document.h"
#include "docker/attachment.h"
#include "postgres/dsn.h"

#include <stdlib.h>
#include <string.h>

struct checking {
    struct step_run *run;
    struct environment_file environment;
    struct environment_entry entry;
    struct server_access access;
    struct stack stack;
    cJSON *config;
    const char *name; /* the variable */
    char *host;       /* that it names */
    char *value;      /* as the application gets it; a secret */
};

static char *piece(const struct checking *check, size_t place, size_t length)
{
    return xstrndup(text_string(&check->environment.before) + place, length);
}

/* An edit of this run that is under way, or done, has taken the names. */
static bool names_matter(const struct checking *check)
{
    return !environment_edited(&check->environment);
}

/* Two of a kind would only be found in the middle of the renames. */
static bool check_names_differ(const struct checking *check, struct error *error)
{
    struct text_list names = {0};
    const cJSON *item;
    const char *twice = NULL;
    text_list_add(&names, check->name);
    cJSON_ArrayForEach(item, step_list(check->run, "free"))
    {
        if (text_list_has(&names, item->valuestring))
            twice = item->valuestring;
        text_list_add(&names, item->valuestring);
    }
    text_list_free(&names);
    if (!twice)
        return true;
    error_set(error, ERROR_OTHER, "%s is meant to be two variables at once", twice);
    return error_remedy(error, "The three prefixes have to differ: begin again with others "
                               "(prefix, new_prefix, old_prefix).");
}

static bool check_names_free(struct checking *check, struct error *error)
{
    const struct environment_file *environment = &check->environment;
    const cJSON *item;
    cJSON_ArrayForEach(item, step_list(check->run, "free"))
    {
        struct environment_count count;
        if (!environment_count(environment->path, text_string(&environment->before),
                               environment->before.length, item->valuestring, &count, error))
            return false;
        if (!count.set && !count.detached)
            continue;
        error_set(error, ERROR_OTHER, "%s has a line with %s already", environment->path,
                  item->valuestring);
        return error_remedy(error, "It may be of an earlier upgrade. Take the line away, or "
                                   "choose other prefixes (old_prefix, new_prefix).");
    }
    return true;
}

static bool check_line(struct checking *check, struct error *error)
{
    const struct environment_file *environment = &check->environment;
    const char *bytes = text_string(&environment->before);
    if (!environment_find(environment->path, bytes, environment->before.length, check->name,
                          &check->entry, error) ||
        !environment_find_host(environment->path, bytes, &check->entry, error))
        return false;
    check->host = piece(check, check->entry.host, check->entry.host_length);
    step_check(check->run, "variable", VERDICT_PASS, "%s is set once in %s and names the host %s",
               check->name, environment->path, check->host);
    return true;
}

/* ---- what the services get ---- */

/* A value that stands in the compose file itself isn't moved by an edit of another file. */
static bool stands_in(struct fy_node *service, const char *name)
{
    struct fy_node *environment = compose_value(service, "environment"), *item;
    char *text = compose_scalar(compose_value(environment, name));
    void *iterator = NULL;
    bool literal = text && !strchr(text, '$');
    free(text);
    if (!fy_node_is_sequence(environment))
        return literal;
    while (!literal && (item = fy_node_sequence_iterate(environment, &iterator))) {
        text = compose_scalar(item);
        literal =
            text && text_starts(text, name) && text[strlen(name)] == '=' && !strchr(text, '$');
        free(text);
    }
    return literal;
}

static bool check_literal(const char *path, const char *service, const char *name,
                          struct error *error)
{
    struct text text = {0};
    struct compose_document document = {0};
    mode_t mode;
    bool read = compose_file_read(path, &text, &mode, error) &&
                compose_document_open(path, text_string(&text), text.length, &document, error);
    bool literal =
        read && stands_in(compose_value(compose_value(document.root, "services"), service), name);
    compose_document_close(&document);
    text_free(&text);
    if (read && !literal)
        return true;
    if (literal) {
        error_set(error, ERROR_OTHER, "service %s has %s in the compose file itself", service,
                  name);
        error_remedy(error,
                     "Move it into the file that env_file: names, or write ${%s} there and "
                     "the value into .env; `docker compose up -d` has to recreate nothing "
                     "by it.",
                     name);
    }
    return false;
}

static bool not_given(const struct checking *check, const char *service, struct error *error)
{
    error_set(error, ERROR_OTHER, "service %s doesn't get %s from %s", service, check->name,
              check->environment.path);
    return error_remedy(error, "Name the file in the service's env_file:, or the service and the "
                               "file with --set app_services=NAME and --set env_file=FILE. A "
                               "variable of that name in your own environment wins over .env: "
                               "unset it.");
}

static bool check_service(struct checking *check, const char *name, struct error *error)
{
    const cJSON *service = NULL;
    if (!compose_config_service(check->config, name, &service, error))
        return false;
    const cJSON *variables = cJSON_GetObjectItemCaseSensitive(service, "environment");
    const char *value = json_text(variables, check->name);
    struct pg_parameters parameters = {0};
    struct error ignored = ERROR_INIT;
    bool right = value && dsn_parse(value, &parameters, &ignored) &&
                 text_equal(parameters.host, check->host);
    pg_parameters_free(&parameters);
    for (size_t i = 0; right && i < check->stack.files.count; i++)
        if (!check_literal(check->stack.files.items[i], name, check->name, error))
            return false;
    if (!right)
        return not_given(check, name, error);
    if (!check->value)
        check->value = xstrdup(value);
    step_check(check->run, name, VERDICT_PASS, "the service gets %s from there", check->name);
    return true;
}

/* An empty list means nobody; a step that has none at all asks about none. */
static bool check_any_named(const struct checking *check, const struct text_list *services,
                            struct error *error)
{
    if (services->count || !step_list(check->run, "services"))
        return true;
    error_set(error, ERROR_OTHER, "no service is named that uses %s", check->name);
    return error_remedy(error, "Name the application's services: --set app_services=NAME; several "
                               "with commas.");
}

static bool check_services(struct checking *check, struct error *error)
{
    struct text_list services = {0};
    stack_services(check->run, "services", &services);
    bool good = check_any_named(check, &services, error);
    good = good && (!services.count ||
                    (stack_open(check->run, check->access.docker, &check->stack, error) &&
                     compose_config(&check->stack.project, &check->config, error)));
    for (size_t i = 0; good && i < services.count; i++)
        good = check_service(check, services.items[i], error);
    const struct server_use use = {
        .name = check->name,
        .host = check->host,
        .services = &services,
        .own = docker_container_label(&check->access.found, COMPOSE_LABEL("service")),
        .container = check->access.found.name,
    };
    good =
        good && (!names_matter(check) || env_check_others(check->run, check->config, &use, error));
    text_list_free(&services);
    return good;
}

/* ---- where it leads ---- */

static bool has_alias(const struct docker_container *container, const char *host)
{
    const cJSON *network, *alias;
    cJSON_ArrayForEach(network, docker_networks(container))
    {
        cJSON_ArrayForEach(alias, cJSON_GetObjectItemCaseSensitive(network, "Aliases"))
        {
            if (text_equal(cJSON_GetStringValue(alias), host))
                return true;
        }
    }
    return false;
}

/* Source: Docker manual, "Networking overview", embedded DNS: a container answers for its name and
 * for its aliases, of which Compose makes the service's name one. */
static bool check_host(struct checking *check, struct error *error)
{
    const struct docker_container *container = &check->access.found;
    const char *service = docker_container_label(container, COMPOSE_LABEL("service"));
    bool leads = text_equal(check->host, container->name) || has_alias(container, check->host) ||
                 text_equal(check->host, service);
    step_check(check->run, "leads to", leads ? VERDICT_PASS : VERDICT_FAIL, "%s %s container %s",
               check->host, leads ? "is" : "isn't a name of", container->name);
    if (leads)
        return true;
    error_set(error, ERROR_OTHER, "%s names the host %s, and container %s has no such name",
              check->name, check->host, container->name);
    return error_remedy(error, "The application uses another server than the one of this run. "
                               "Name the right container and service, or the right prefix.");
}

/* Without quotes' escapes and variables the line says what the application gets. */
static void take_plain_value(struct checking *check)
{
    char *value = piece(check, check->entry.value, check->entry.value_length);
    bool plain = !strpbrk(value, "\\\n") && (check->entry.quote == '\'' || !strchr(value, '$'));
    if (plain && !check->value)
        check->value = xstrdup(value);
    explicit_bzero(value, strlen(value));
    free(value);
}

static bool log_in(struct checking *check, const struct pg_parameters *application,
                   struct error *error)
{
    struct pg_parameters parameters =
        pg_parameters_for(&check->access.parameters, application->database);
    free(parameters.user);
    free(parameters.password);
    parameters.user = xstrdup(application->user);
    parameters.password = application->password ? xstrdup(application->password) : NULL;
    struct pg_connection *connection = pg_open_plain(&parameters, 0, error);
    bool in = connection != NULL;
    pg_close(connection);
    pg_parameters_free(&parameters);
    step_check(check->run, "login", in ? VERDICT_PASS : VERDICT_FAIL,
               in ? "role %s, database %s" : "role %s can't log in to database %s",
               application->user, application->database);
    return in || error_wrap(error, "logging in by the address in %s", check->name);
}

static bool check_login(struct checking *check, struct error *error)
{
    struct pg_parameters application = {0};
    take_plain_value(check);
    if (!check->value) {
        step_check(check->run, "login", VERDICT_WARN,
                   "not tried: the value of %s is made of other variables", check->name);
        return true;
    }
    bool done = dsn_parse(check->value, &application, error) && log_in(check, &application, error);
    pg_parameters_free(&application);
    return done;
}

static void close_check(struct checking *check)
{
    if (check->value)
        explicit_bzero(check->value, strlen(check->value));
    free(check->value);
    free(check->host);
    cJSON_Delete(check->config);
    stack_close(&check->stack);
    server_free(&check->access);
    environment_close(&check->environment);
}

static bool run_check(struct step_run *run, struct error *error)
{
    struct checking check = {.run = run, .name = step_text(run, "name")};
    const char *server = step_text(run, "server");
    if (server_not_yet(run, server))
        return true;
    bool right = check_names_differ(&check, error) &&
                 environment_open(run, &check.environment, error) &&
                 file_owner_stays(check.environment.path, error) && check_line(&check, error) &&
                 (!names_matter(&check) ||
                  (environment_check_comments(&check.environment, check.name, error) &&
                   check_names_free(&check, error))) &&
                 server_find(run, server, &check.access, error) &&
                 server_needs_container(&check.access, error) && check_services(&check, error) &&
                 check_host(&check, error) && check_login(&check, error);
    close_check(&check);
    return right;
}

static const struct argument arguments[] = {
    {"env_file", ARGUMENT_TEXT, true, NULL, NULL,
     "the environment file (env_file, or .env); a relative path is beside the compose file"},
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the variable"},
    {"services", ARGUMENT_LIST, false, NULL, NULL, "services that have to get it from there"},
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server that it has to lead to"},
    {"free", ARGUMENT_LIST, false, NULL, NULL,
     "variables that may not be there, commented out neither, before this run's first edit"},
    {0},
};

const struct action env_check_action = {
    .name = "env.check",
    .danger = DANGER_READ,
    .help = "check that a variable is set once, leads to this server, reaches no other service "
            "than those, and lets the application log in",
    .arguments = arguments,
    .run = run_check,
};
