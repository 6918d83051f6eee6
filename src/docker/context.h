/* context.h: the docker command's contexts: engines under names, kept in its configuration. */
#ifndef DOCKER_CONTEXT_H
#define DOCKER_CONTEXT_H

#include "base/error.h"

#include <stdbool.h>

struct docker_context {
    char *host;         /* its address, NULL for this machine's socket */
    char *certificates; /* directory that holds its certificates, NULL when it has none */
};

/* The directory of the docker command's configuration: DOCKER_CONFIG, else ~/.docker. The caller
 * frees. */
char *docker_configuration(void);

/* The name of the context in use, NULL for none (and for "default", which is none): DOCKER_CONTEXT,
 * else the configuration's currentContext. The caller frees. An unreadable configuration is an
 * error: with another engine than the docker command's there is nothing to gain. */
bool docker_context_name(char **name, struct error *error);

/* Reads a context. One that says not to verify the engine's certificate is refused. Source:
 * docker/cli, cli/context/store (contexts/meta/SHA256/meta.json, contexts/tls/SHA256/docker).
 * Free in any case. */
bool docker_context_read(const char *name, struct docker_context *context, struct error *error);
void docker_context_free(struct docker_context *context);

#endif
