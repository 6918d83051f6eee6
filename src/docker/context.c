/* context.c: the files in which the docker command keeps its contexts. */
#include "docker/context.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)4 << 20)
#define DEFAULT_CONTEXT "default"

char *docker_configuration(void)
{
    const char *directory = getenv("DOCKER_CONFIG");
    return text_given(directory) ? xstrdup(directory) : file_absolute("~/.docker");
}

static bool read_json(const char *path, cJSON **tree, struct error *error)
{
    struct text content = {0};
    bool read = file_read(path, FILE_MAX, &content, error);
    *tree = read ? cJSON_ParseWithLength(text_string(&content), content.length) : NULL;
    text_free(&content);
    if (read && !*tree)
        error_set(error, ERROR_OTHER, "%s isn't JSON", path);
    if (!*tree && error)
        error->kind = ERROR_DOCKER;
    return *tree != NULL;
}

static bool current_context(char **name, struct error *error)
{
    char *directory = docker_configuration(), *path = file_join(directory, "config.json");
    cJSON *tree = NULL;
    bool read = !file_exists(path) || read_json(path, &tree, error);
    const char *text = json_text(tree, "currentContext");
    if (text_given(text))
        *name = xstrdup(text);
    cJSON_Delete(tree);
    free(path);
    free(directory);
    return read || error_wrap(error, "reading which context docker uses");
}

bool docker_context_name(char **name, struct error *error)
{
    const char *named = getenv("DOCKER_CONTEXT");
    *name = text_given(named) ? xstrdup(named) : NULL;
    if (!*name && !current_context(name, error))
        return false;
    if (text_equal(*name, DEFAULT_CONTEXT)) {
        free(*name);
        *name = NULL;
    }
    return true;
}

/* "contexts/KIND/SHA256-OF-THE-NAME/REST" in the configuration. */
static char *path_of(const char *name, const char *kind, const char *rest)
{
    char hex[SHA256_HEX_SIZE];
    char *directory = docker_configuration();
    sha256_bytes(name, strlen(name), hex);
    char *path = xprintf("%s/contexts/%s/%s/%s", directory, kind, hex, rest);
    free(directory);
    return path;
}

static bool unknown(const char *name, struct error *error)
{
    error_set(error, ERROR_DOCKER, "docker has no context \"%s\"", name);
    return error_remedy(error, "docker context ls shows what there is. The name is from "
                               "DOCKER_CONTEXT, the runbook, or docker context use; DOCKER_CONFIG "
                               "names another directory of contexts.");
}

static bool unverified(const char *name, struct error *error)
{
    error_set(error, ERROR_DOCKER,
              "the context \"%s\" doesn't verify the engine's certificate (SkipTLSVerify)", name);
    return error_remedy(error,
                        "Whoever stands between could read and change everything. Give it the "
                        "engine's CA: docker context update %s --docker "
                        "host=tcp://HOST:2376,ca=ca.pem,cert=cert.pem,key=key.pem",
                        name);
}

static bool take(const cJSON *tree, const char *name, struct docker_context *context,
                 struct error *error)
{
    const cJSON *endpoint = json_at(tree, "Endpoints.docker");
    const char *host = json_text(endpoint, "Host");
    if (!text_equal(json_text(tree, "Name"), name) || !endpoint)
        return error_set(error, ERROR_DOCKER, "the context \"%s\" names no Docker engine", name);
    if (json_true_at(endpoint, "SkipTLSVerify"))
        return unverified(name, error);
    context->host = text_given(host) ? xstrdup(host) : NULL;
    return true;
}

bool docker_context_read(const char *name, struct docker_context *context, struct error *error)
{
    *context = (struct docker_context){0};
    char *path = path_of(name, "meta", "meta.json");
    cJSON *tree = NULL;
    bool there = file_exists(path);
    bool read = there ? read_json(path, &tree, error) : unknown(name, error);
    free(path);
    read = read && take(tree, name, context, error);
    cJSON_Delete(tree);
    char *certificates = path_of(name, "tls", "docker");
    if (read && file_exists(certificates))
        context->certificates = certificates;
    else
        free(certificates);
    return read;
}

void docker_context_free(struct docker_context *context)
{
    free(context->host);
    free(context->certificates);
    *context = (struct docker_context){0};
}
