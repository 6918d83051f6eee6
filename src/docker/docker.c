/* docker.c: where the Docker engine is, how its handles are set up, and which API version is
 * spoken. */
#include "docker/docker.h"

#include "base/file.h"
#include "docker/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000L
#define PING_MS 10000L

/* Spoken at most; a newer engine accepts older versions for years (engine 29 from 1.44 on). */
static const int newest_minor = 51;

void docker_configure(const struct docker *docker, CURL *handle)
{
    if (docker->socket_path)
        curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, docker->socket_path);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    if (!docker->certificates)
        return;
    char *authority = file_join(docker->certificates, "ca.pem");
    char *certificate = file_join(docker->certificates, "cert.pem");
    char *key = file_join(docker->certificates, "key.pem");
    if (file_exists(authority))
        curl_easy_setopt(handle, CURLOPT_CAINFO, authority);
    if (file_exists(certificate) && file_exists(key)) {
        curl_easy_setopt(handle, CURLOPT_SSLCERT, certificate);
        curl_easy_setopt(handle, CURLOPT_SSLKEY, key);
    }
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, docker->verify ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, docker->verify ? 2L : 0L);
    free(authority);
    free(certificate);
    free(key);
}

static bool set(const char *value)
{
    return value && *value;
}

/* The local socket; the one of a rootless engine when only that exists. */
static char *default_host(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *rootless = set(runtime) ? xprintf("%s/docker.sock", runtime) : NULL;
    bool use = rootless && access("/var/run/docker.sock", F_OK) != 0 && file_exists(rootless);
    char *host = xprintf("unix://%s", use ? rootless : "/var/run/docker.sock");
    free(rootless);
    return host;
}

static void use_certificates(struct docker *docker)
{
    const char *directory = getenv("DOCKER_CERT_PATH"), *home = getenv("HOME");
    docker->verify = set(getenv("DOCKER_TLS_VERIFY"));
    if (set(directory))
        docker->certificates = xstrdup(directory);
    else if (docker->verify)
        docker->certificates = xprintf("%s/.docker", set(home) ? home : "");
}

/* Reads `display` (a DOCKER_HOST) into address, socket and certificates. */
static bool read_host(struct docker *docker, struct error *error)
{
    const char *host = docker->display;
    if (text_starts(host, "unix://") && host[7]) {
        docker->socket_path = xstrdup(host + 7);
        docker->address = xstrdup("http://docker");
        return true;
    }
    if (text_starts(host, "tcp://") && host[6]) {
        use_certificates(docker);
        size_t length = strcspn(host + 6, "/");
        docker->address =
            xprintf("%s://%.*s", docker->certificates ? "https" : "http", (int)length, host + 6);
        return true;
    }
    error_set(error, ERROR_DOCKER, "can't use DOCKER_HOST=%s", host);
    return error_remedy(error, "Set DOCKER_HOST to unix://PATH or tcp://HOST:PORT, or unset it to "
                               "use the local engine. For ssh://, forward the socket yourself: "
                               "ssh -L /tmp/docker.sock:/var/run/docker.sock HOST");
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
    if (!docker_call(docker, "GET", "/_ping", NULL, PING_MS, &status, &answer, error))
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
    const char *host = getenv("DOCKER_HOST");
    docker->display = set(host) ? xstrdup(host) : default_host();
    docker->handle = curl_easy_init();
    if (!docker->handle)
        error_set(error, ERROR_OTHER, "libcurl can't be initialised");
    else if (read_host(docker, error) && answers_ping(docker, error))
        return docker;
    docker_close(docker);
    return NULL;
}

const char *docker_address(const struct docker *docker)
{
    return docker->display;
}

void docker_close(struct docker *docker)
{
    if (!docker)
        return;
    if (docker->handle)
        curl_easy_cleanup(docker->handle);
    free(docker->socket_path);
    free(docker->address);
    free(docker->certificates);
    free(docker->display);
    free(docker->version);
    free(docker);
}

static const char *remedy_for(const struct docker *docker, int number)
{
    if (number == EACCES || number == EPERM)
        return "This user may not use the socket: add it to the group that owns it (sudo usermod "
               "-aG docker USER, then log in again), or run as root.";
    if (docker->socket_path)
        return "Is the Docker daemon running? Try: docker info; sudo systemctl status docker; "
               "sudo systemctl start docker";
    return "Is the Docker daemon running there, and does DOCKER_HOST name the right address? "
           "Try: docker info";
}

bool docker_unreachable(const struct docker *docker, CURL *handle, CURLcode code,
                        struct error *error)
{
    long number = 0;
    curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_OPERATION_TIMEDOUT)
        error_set(error, ERROR_DOCKER, "Docker at %s doesn't answer in time", docker->display);
    else if (code == CURLE_COULDNT_CONNECT && number)
        error_set(error, ERROR_DOCKER, "cannot reach Docker at %s: %s", docker->display,
                  strerror((int)number));
    else
        error_set(error, ERROR_DOCKER, "cannot reach Docker at %s: %s", docker->display,
                  curl_easy_strerror(code));
    return error_remedy(error, "%s", remedy_for(docker, (int)number));
}
