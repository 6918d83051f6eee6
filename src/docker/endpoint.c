/* endpoint.c: an engine's address, taken apart and held against what may be used. */
#include "docker/endpoint.h"

#include "base/file.h"
#include "base/host_address.h"
#include "base/text.h"
#include "docker/context.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT_PLAIN 2375
#define PORT_TLS 2376
#define HOST_MAX 255
#define USER_MAX 64

/* The local socket; the one of a rootless engine when only that exists. */
static char *default_address(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *rootless = text_given(runtime) ? xprintf("%s/docker.sock", runtime) : NULL;
    bool use = rootless && access("/var/run/docker.sock", F_OK) != 0 && file_exists(rootless);
    char *address = xprintf("unix://%s", use ? rootless : "/var/run/docker.sock");
    free(rootless);
    return address;
}

static bool unusable(const char *address, const char *why, struct error *error)
{
    /* A password in it isn't shown. */
    const char *at = strrchr(address, '@');
    error_set(error, ERROR_DOCKER, "can't use the Docker address %s%s: %s", at ? "...@" : "",
              at ? at + 1 : address, why);
    return error_remedy(error, "Set DOCKER_HOST to unix://PATH, tcp://HOST:PORT or "
                               "ssh://USER@HOST, or unset it to use the local engine.");
}

/* No other character is in a name or an address, and none of these has a meaning to ssh's
 * configuration. */
static bool is_name(const char *text, size_t length, size_t longest)
{
    return length > 0 && length <= longest && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:") >=
               length;
}

static bool read_port(const char *address, const char *text, struct docker_endpoint *endpoint,
                      struct error *error)
{
    long port = 0;
    if (*text == ':' && text_to_long(text + 1, 1, 65535, &port)) {
        endpoint->port = (int)port;
        return true;
    }
    return !*text || unusable(address, "what follows the host is no port from 1 to 65535", error);
}

/* "[USER@]HOST[:PORT]", an IPv6 address in brackets; an empty path may follow. */
static bool read_authority(const char *address, struct docker_endpoint *endpoint,
                           struct error *error)
{
    const char *text = strstr(address, "://") + 3;
    size_t length = strcspn(text, "/");
    if (text[length] && text[length + 1])
        return unusable(address, "a path behind the host isn't supported", error);
    char *authority = xstrndup(text, length), *at = strrchr(authority, '@');
    const char *host = at ? at + 1 : authority;
    bool bracketed = *host == '[';
    size_t host_length = bracketed ? strcspn(++host, "]") : strcspn(host, ":");
    const char *rest = host + host_length + (bracketed && host[host_length]);
    bool good = (is_name(host, host_length, HOST_MAX) && (!bracketed || host[host_length])) ||
                unusable(address, "it names no host", error);
    if (good && at) {
        *at = '\0';
        good = (is_name(authority, strlen(authority), USER_MAX) && !strchr(authority, ':')) ||
               unusable(address, "before the @ stands the user's name and nothing else", error);
        endpoint->user = xstrdup(authority);
    }
    endpoint->host = xstrndup(host, host_length);
    good = good && read_port(address, rest, endpoint, error);
    free(authority);
    return good;
}

bool docker_endpoint_read(const char *address, struct docker_endpoint *endpoint,
                          struct error *error)
{
    endpoint->address = xstrdup(address);
    if (text_starts(address, "unix://") && address[7]) {
        endpoint->transport = TRANSPORT_SOCKET;
        endpoint->socket = xstrdup(address + 7);
        return true;
    }
    bool tcp = text_starts(address, "tcp://"), ssh = text_starts(address, "ssh://");
    endpoint->transport = tcp ? TRANSPORT_TCP : TRANSPORT_SSH;
    if (!tcp && !ssh)
        return unusable(address, "it is no unix://, tcp:// or ssh://", error);
    if (!read_authority(address, endpoint, error))
        return false;
    return ssh || !endpoint->user || unusable(address, "tcp:// takes no user", error);
}

bool docker_endpoint_is_remote(const struct docker_endpoint *endpoint)
{
    return endpoint->host && !host_is_loopback(endpoint->host);
}

/* What of a directory's certificates is missing; NULL when TLS can be spoken with them. Without a
 * certificate of its own the client says nothing of who it is, with half of one it is a mistake. */
static const char *missing_file(const char *directory)
{
    static const char *const names[] = {"ca.pem", "cert.pem", "key.pem"};
    bool there[3];
    for (size_t i = 0; i < 3; i++) {
        char *path = file_join(directory, names[i]);
        there[i] = access(path, R_OK) == 0;
        free(path);
    }
    if (!there[0])
        return names[0];
    return there[1] == there[2] ? NULL : names[there[1] ? 2 : 1];
}

static bool check_certificates(const struct docker_endpoint *endpoint, struct error *error)
{
    const char *missing = missing_file(endpoint->certificates);
    if (!missing)
        return true;
    error_set(error, ERROR_DOCKER, "TLS to Docker at %s: %s/%s is missing or can't be read",
              endpoint->address, endpoint->certificates, missing);
    return error_remedy(error, "The directory of DOCKER_CERT_PATH (default ~/.docker), or the "
                               "context, has to hold ca.pem, the CA of the engine's certificate, "
                               "and with it cert.pem and key.pem where the engine asks who you "
                               "are.");
}

static bool refuse_plain(const struct docker_endpoint *endpoint, struct error *error)
{
    error_set(error, ERROR_DOCKER,
              "%s has no TLS: passwords and data would go over the network "
              "for everyone to read",
              endpoint->address);
    return error_remedy(error,
                        "Use the engine's TLS port with DOCKER_TLS_VERIFY=1 and "
                        "DOCKER_CERT_PATH, or ssh://USER@%s.",
                        endpoint->host);
}

/* TCP is with TLS when there are certificates, and to this machine only without. */
static bool settle(struct docker_endpoint *endpoint, struct error *error)
{
    if (endpoint->transport != TRANSPORT_TCP) {
        free(endpoint->certificates);
        endpoint->certificates = NULL;
        return true;
    }
    if (!endpoint->port)
        endpoint->port = endpoint->certificates ? PORT_TLS : PORT_PLAIN;
    if (endpoint->certificates)
        return check_certificates(endpoint, error);
    return host_is_loopback(endpoint->host) || refuse_plain(endpoint, error);
}

/* The docker command also knows TLS that verifies nothing; here it is verified whenever it is asked
 * for in any way. */
static char *certificates_of_environment(void)
{
    const char *directory = getenv("DOCKER_CERT_PATH");
    if (text_given(directory))
        return file_absolute(directory);
    bool wanted = text_given(getenv("DOCKER_TLS_VERIFY")) || text_given(getenv("DOCKER_TLS"));
    return wanted ? docker_configuration() : NULL;
}

static bool find_by_context(struct docker_endpoint *endpoint, struct error *error)
{
    struct docker_context context = {0};
    if (!docker_context_read(endpoint->context, &context, error)) {
        docker_context_free(&context);
        return false;
    }
    char *address = context.host ? xstrdup(context.host) : default_address();
    bool found = docker_endpoint_read(address, endpoint, error);
    endpoint->certificates = context.certificates;
    context.certificates = NULL;
    docker_context_free(&context);
    free(address);
    return (found && settle(endpoint, error)) ||
           error_wrap(error, "the context \"%s\"", endpoint->context);
}

bool docker_endpoint_find(struct docker_endpoint *endpoint, struct error *error)
{
    *endpoint = (struct docker_endpoint){0};
    const char *host = getenv("DOCKER_HOST");
    if (!text_given(host) && !docker_context_name(&endpoint->context, error))
        return false;
    if (endpoint->context)
        return find_by_context(endpoint, error);
    char *address = text_given(host) ? xstrdup(host) : default_address();
    bool found = docker_endpoint_read(address, endpoint, error);
    free(address);
    endpoint->certificates = certificates_of_environment();
    return found && settle(endpoint, error);
}

void docker_endpoint_free(struct docker_endpoint *endpoint)
{
    free(endpoint->address);
    free(endpoint->context);
    free(endpoint->socket);
    free(endpoint->host);
    free(endpoint->user);
    free(endpoint->certificates);
    *endpoint = (struct docker_endpoint){0};
}
