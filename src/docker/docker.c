/* docker.c: where the Docker engine is, how its handles are set up, and which API version is
 * spoken. */
#include "docker/docker.h"

#include "base/file.h"
#include "docker/connection.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000L
#define PING_MS 10000L
#define KEEP_ALIVE_IDLE_S 30L
#define KEEP_ALIVE_INTERVAL_S 10L
#define UNANSWERED_MS 60000U
#define SSH_PING_MS 30000L /* with the log-in */

/* Spoken at most; a newer engine accepts older versions for years (engine 29 from 1.44 on). */
static const int newest_minor = 51;

/* The address stands for none, and gives way to the tunnel's: both are IPv4. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct docker *docker = context;
    struct error ignored = ERROR_INIT; /* the transfer says that it couldn't connect */
    struct sockaddr_in tunnel;
    (void)purpose;
    int socket = tunnel_open(&docker->tunnels, &docker->endpoint, &tunnel, &ignored);
    if (socket < 0 || address->family != AF_INET || address->addrlen < sizeof tunnel)
        return CURL_SOCKET_BAD;
    memcpy(&address->addr, &tunnel, sizeof tunnel);
    return socket;
}

static int on_close(void *context, curl_socket_t socket)
{
    struct docker *docker = context;
    tunnel_close(&docker->tunnels, socket);
    return 0;
}

/* To libcurl it is a port of this machine, for which it asks us. */
static void configure_tunnel(struct docker *docker, CURL *handle)
{
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, docker);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, docker);
}

/* Nobody vouches for an engine but the CA that is given: this machine's own list must not. */
static void configure_certificates(const struct docker *docker, CURL *handle)
{
    char *authority = file_join(docker->endpoint.certificates, "ca.pem");
    char *certificate = file_join(docker->endpoint.certificates, "cert.pem");
    char *key = file_join(docker->endpoint.certificates, "key.pem");
    curl_easy_setopt(handle, CURLOPT_CAINFO, authority);
    curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
    if (file_exists(certificate)) {
        curl_easy_setopt(handle, CURLOPT_SSLCERT, certificate);
        curl_easy_setopt(handle, CURLOPT_SSLKEY, key);
    }
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    free(authority);
    free(certificate);
    free(key);
}

/* How long sent bytes may stay unanswered. Source: tcp(7), TCP_USER_TIMEOUT. */
static int on_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
    unsigned int silence = UNANSWERED_MS;
    (void)context;
    (void)purpose;
    bool set = setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence) == 0;
    return set ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

/* A connection that was forgotten on its way ends after a minute instead of never. */
static void configure_silence(CURL *handle)
{
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, KEEP_ALIVE_INTERVAL_S);
    curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, on_socket);
}

void docker_configure(struct docker *docker, CURL *handle)
{
    docker->failure[0] = '\0';
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, docker->failure);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    if (docker->endpoint.socket)
        curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, docker->endpoint.socket);
    if (docker->endpoint.transport == TRANSPORT_SSH)
        configure_tunnel(docker, handle);
    if (docker->endpoint.transport == TRANSPORT_TCP)
        configure_silence(handle);
    if (docker->endpoint.certificates)
        configure_certificates(docker, handle);
}

/* Contexts and defaults are resolved by now: whoever gets these can't find another engine. */
static void describe(struct docker *docker)
{
    const struct docker_endpoint *endpoint = &docker->endpoint;
    const char *certificates = endpoint->certificates;
    bool six = endpoint->host && strchr(endpoint->host, ':');
    if (endpoint->transport == TRANSPORT_TCP)
        docker->base = xprintf("http%s://%s%s%s:%d", certificates ? "s" : "", six ? "[" : "",
                               endpoint->host, six ? "]" : "", endpoint->port);
    else
        docker->base = xstrdup(endpoint->socket ? "http://docker" : "http://127.0.0.1");
    docker->display = endpoint->context
                          ? xprintf("%s (context %s)", endpoint->address, endpoint->context)
                          : xstrdup(endpoint->address);
    docker->environment[0] = xprintf("DOCKER_HOST=%s", endpoint->address);
    docker->environment[1] = xstrdup("DOCKER_CONTEXT=default");
    docker->environment[2] = xprintf("DOCKER_TLS_VERIFY=%s", certificates ? "1" : "");
    docker->environment[3] = xprintf("DOCKER_CERT_PATH=%s", certificates ? certificates : "");
    if (endpoint->transport != TRANSPORT_SSH)
        return;
    /* The docker command's ssh asks as little as ours. Source: ssh(1), SSH_ASKPASS_REQUIRE. */
    docker->environment[4] = xstrdup("SSH_ASKPASS_REQUIRE=force");
    docker->environment[5] = xstrdup("SSH_ASKPASS=/bin/false");
}

/* "1.41" as 41; 0 when it is no version 1. */
static int minor_of(const char *version)
{
    long minor = 0;
    return version && text_starts(version, "1.") && text_to_long(version + 2, 1, 999, &minor)
               ? (int)minor
               : 0;
}

static bool answers_ping(struct docker *docker, struct error *error)
{
    int status = 0;
    cJSON *answer = NULL;
    long patience = docker->endpoint.transport == TRANSPORT_SSH ? SSH_PING_MS : PING_MS;
    if (!docker_call(docker, "GET", "/_ping", NULL, patience, &status, &answer, error))
        return false;
    if (!docker_accepted(status, answer, error, "asking Docker at %s for its version",
                         docker->display))
        return false;
    cJSON_Delete(answer);
    struct curl_header *header = NULL;
    const char *version = NULL;
    if (curl_easy_header(docker->handle, "Api-Version", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        version = header->value;
    int minor = minor_of(version);
    if (minor == 0)
        return error_set(error, ERROR_DOCKER, "%s answers, but not as a Docker engine does",
                         docker->display);
    docker->version = xprintf("/v1.%d", minor < newest_minor ? minor : newest_minor);
    return true;
}

struct docker *docker_open(struct error *error)
{
    struct docker *docker = xcalloc(1, sizeof *docker);
    bool found = docker_endpoint_find(&docker->endpoint, error);
    if (found)
        describe(docker);
    docker->handle = found ? curl_easy_init() : NULL;
    if (found && !docker->handle)
        error_set(error, ERROR_OTHER, "libcurl can't be initialised");
    if (docker->handle && answers_ping(docker, error))
        return docker;
    docker_close(docker);
    return NULL;
}

const char *docker_address(const struct docker *docker)
{
    return docker->endpoint.address;
}

const char *docker_description(const struct docker *docker)
{
    return docker->display;
}

bool docker_is_remote(const struct docker *docker)
{
    return docker_endpoint_is_remote(&docker->endpoint);
}

const char *docker_host(const struct docker *docker)
{
    bool direct = docker->endpoint.transport == TRANSPORT_TCP && docker_is_remote(docker);
    return direct ? docker->endpoint.host : NULL;
}

const char *const *docker_environment(const struct docker *docker)
{
    return (const char *const *)docker->environment;
}

void docker_close(struct docker *docker)
{
    if (!docker)
        return;
    if (docker->handle)
        curl_easy_cleanup(docker->handle);
    tunnels_end(&docker->tunnels);
    docker_endpoint_free(&docker->endpoint);
    for (size_t i = 0; i < DOCKER_NAMES; i++)
        free(docker->environment[i]);
    free(docker->base);
    free(docker->display);
    free(docker->version);
    free(docker);
}

static const char *remedy_for(const struct docker *docker, CURLcode code, int number)
{
    if (number == EACCES || number == EPERM)
        return "This user may not use the socket: add it to the group that owns it (sudo usermod "
               "-aG docker USER, then log in again), or run as root.";
    if (docker->endpoint.socket)
        return "Is the Docker daemon running? Try: docker info; sudo systemctl status docker; "
               "sudo systemctl start docker";
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return "Something else answers there, or ca.pem isn't the CA of the engine's certificate, "
               "or that isn't made out to this host. Nothing was sent to it.";
    if (docker->endpoint.certificates)
        return "Is the Docker daemon running there with TLS, and do cert.pem and key.pem come from "
               "a CA that it trusts? Try: docker info";
    return "Is the Docker daemon running there, and does DOCKER_HOST name the right address? "
           "Try: docker info";
}

/* Not one of libcurl's reasons, which only see that the stream has ended. A call that wasn't
 * answered in time always says so, whatever ssh has said before. */
static bool tunnel_failed(const struct docker *docker, CURLcode code, struct error *error)
{
    char *words = tunnel_words(&docker->tunnels);
    bool late = code == CURLE_OPERATION_TIMEDOUT;
    const char *why = late ? "no " DOCKER_LATE : *words ? "" : "the connection was closed";
    error_set(error, ERROR_DOCKER, "cannot reach Docker at %s: %s%s%s", docker->display, why,
              late && *words ? ": " : "", words);
    tunnel_remedy(&docker->endpoint, words, error);
    free(words);
    return false;
}

void docker_limit(struct docker *docker, long milliseconds)
{
    docker->limit_ms = milliseconds;
}

bool docker_unreachable(const struct docker *docker, CURL *handle, CURLcode code,
                        struct error *error)
{
    long number = 0;
    if (docker->endpoint.transport == TRANSPORT_SSH)
        return tunnel_failed(docker, code, error);
    curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_OPERATION_TIMEDOUT)
        error_set(error, ERROR_DOCKER, "Docker at %s doesn't " DOCKER_LATE, docker->display);
    else if (code == CURLE_COULDNT_CONNECT && number)
        error_set(error, ERROR_DOCKER, "cannot reach Docker at %s: %s", docker->display,
                  strerror((int)number));
    else
        error_set(error, ERROR_DOCKER, "cannot reach Docker at %s: %s", docker->display,
                  docker->failure[0] ? docker->failure : curl_easy_strerror(code));
    return error_remedy(error, "%s", remedy_for(docker, code, (int)number));
}

bool docker_broke_off(const struct docker *docker, struct error *error)
{
    char *words = tunnel_words(&docker->tunnels);
    error_set(error, ERROR_DOCKER, "the connection to Docker at %s broke off%s%s", docker->display,
              *words ? ": " : "", words);
    free(words);
    return error_remedy(error, "What came over it isn't all. See that the host can be reached "
                               "again, then retry: what was half done is done again.");
}
