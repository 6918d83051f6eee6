/* test_endpoint.c: which Docker engine is meant by the environment and the docker command's
 * contexts, and what is refused. */
#include "base/file.h"
#include "base/text.h"
#include "docker/context.h"
#include "docker/docker.h"
#include "docker/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/pgrunbook-endpoint.XXXXXX";

static const char *const names[] = {"DOCKER_HOST",       "DOCKER_CONTEXT", "DOCKER_CERT_PATH",
                                    "DOCKER_TLS_VERIFY", "DOCKER_TLS",     "XDG_RUNTIME_DIR"};

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(directory) && setenv("DOCKER_CONFIG", directory, 1) == 0 ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char *command = xprintf("rm -rf %s", directory);
    int status = system(command);
    free(command);
    return status;
}

static void write_file(const char *name, const char *text)
{
    struct error error = ERROR_INIT;
    char *path = file_join(directory, name), *slash = strrchr(path, '/');
    *slash = '\0';
    assert_true(file_make_directories(path, 0700, &error));
    *slash = '/';
    assert_true(file_write_atomic(path, text, strlen(text), 0600, &error));
    free(path);
}

/* As `docker context create` writes it. */
static void make_context(const char *name, const char *endpoint, bool with_certificates)
{
    static const char *const files[] = {"ca.pem", "cert.pem", "key.pem"};
    char hex[SHA256_HEX_SIZE], path[300];
    sha256_bytes(name, strlen(name), hex);
    char *meta =
        xprintf("{\"Name\":\"%s\",\"Metadata\":{},\"Endpoints\":{\"docker\":%s}}", name, endpoint);
    snprintf(path, sizeof path, "contexts/meta/%s/meta.json", hex);
    write_file(path, meta);
    free(meta);
    for (size_t i = 0; with_certificates && i < 3; i++) {
        snprintf(path, sizeof path, "contexts/tls/%s/docker/%s", hex, files[i]);
        write_file(path, "PEM");
    }
}

static void finds(const char *address, const char *context, bool tls)
{
    struct docker_endpoint endpoint;
    struct error error = ERROR_INIT;
    if (!docker_endpoint_find(&endpoint, &error))
        fail_msg("%s", error.message);
    assert_string_equal(endpoint.address, address);
    assert_true(text_equal(endpoint.context, context));
    assert_int_equal(endpoint.certificates != NULL, tls);
    docker_endpoint_free(&endpoint);
}

static void refuses(const char *words)
{
    struct docker_endpoint endpoint;
    struct error error = ERROR_INIT;
    if (docker_endpoint_find(&endpoint, &error))
        fail_msg("%s was taken", endpoint.address);
    if (!strstr(error.message, words))
        fail_msg("no \"%s\" in: %s", words, error.message);
    assert_int_equal(error.kind, ERROR_DOCKER);
    assert_true(*error.remedy);
    docker_endpoint_free(&endpoint);
}

static void the_host_wins_over_contexts(void **state)
{
    (void)state;
    make_context("named", "{\"Host\":\"ssh://ops@db2\"}", false);
    make_context("current", "{\"Host\":\"tcp://db3:2376\",\"SkipTLSVerify\":false}", true);
    finds("unix:///var/run/docker.sock", NULL, false);
    write_file("config.json", "{\"currentContext\": \"current\"}");
    finds("tcp://db3:2376", "current", true);
    setenv("DOCKER_CONTEXT", "named", 1);
    finds("ssh://ops@db2", "named", false);
    setenv("DOCKER_HOST", "unix:///run/other.sock", 1);
    finds("unix:///run/other.sock", NULL, false);
    unsetenv("DOCKER_HOST");
    setenv("DOCKER_CONTEXT", "default", 1);
    finds("unix:///var/run/docker.sock", NULL, false);
}

static void a_context_must_be_right(void **state)
{
    (void)state;
    make_context("open", "{\"Host\":\"tcp://db4:2376\",\"SkipTLSVerify\":true}", true);
    make_context("plain", "{\"Host\":\"tcp://db4:2375\"}", false);
    setenv("DOCKER_CONTEXT", "nowhere", 1);
    refuses("no context \"nowhere\"");
    setenv("DOCKER_CONTEXT", "open", 1);
    refuses("SkipTLSVerify");
    setenv("DOCKER_CONTEXT", "plain", 1);
    refuses("no TLS");
}

static void tls_needs_its_files(void **state)
{
    (void)state;
    char *path = file_join(directory, "tls");
    setenv("DOCKER_HOST", "tcp://db:2376", 1);
    refuses("no TLS");
    setenv("DOCKER_TLS_VERIFY", "1", 1);
    setenv("DOCKER_CERT_PATH", path, 1);
    refuses("ca.pem");
    write_file("tls/ca.pem", "PEM");
    finds("tcp://db:2376", NULL, true);
    write_file("tls/cert.pem", "PEM");
    refuses("key.pem");
    write_file("tls/key.pem", "PEM");
    finds("tcp://db:2376", NULL, true);
    /* The docker command would speak TLS then, and believe anybody. */
    unsetenv("DOCKER_TLS_VERIFY");
    finds("tcp://db:2376", NULL, true);
    free(path);
}

static void plain_tcp_is_for_this_machine(void **state)
{
    (void)state;
    static const char *const here[] = {"tcp://127.0.0.1:2375", "tcp://localhost", "tcp://[::1]:1"};
    static const char *const there[] = {"tcp://10.0.0.1:2375", "tcp://localhost.example:2375",
                                        "tcp://127.0.0.1.example", "tcp://[fd00::1]:2375"};
    for (size_t i = 0; i < 3; i++) {
        setenv("DOCKER_HOST", here[i], 1);
        finds(here[i], NULL, false);
    }
    for (size_t i = 0; i < 4; i++) {
        setenv("DOCKER_HOST", there[i], 1);
        refuses("no TLS");
    }
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *address, *user, *host;
        int port;
        bool remote;
    } cases[] = {
        {"ssh://db1", NULL, "db1", 0, true},
        {"ssh://ops@db1.example:2222/", "ops", "db1.example", 2222, true},
        {"ssh://[fd00::1]:22", NULL, "fd00::1", 22, true},
        {"tcp://[::1]:2376", NULL, "::1", 2376, false},
        {"tcp://127.3.2.1:2376", NULL, "127.3.2.1", 2376, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct docker_endpoint endpoint = {0};
        struct error error = ERROR_INIT;
        assert_true(docker_endpoint_read(cases[i].address, &endpoint, &error));
        assert_true(text_equal(endpoint.user, cases[i].user));
        assert_string_equal(endpoint.host, cases[i].host);
        assert_int_equal(endpoint.port, cases[i].port);
        assert_int_equal(docker_endpoint_is_remote(&endpoint), cases[i].remote);
        docker_endpoint_free(&endpoint);
    }
}

/* What is handed to ssh is never an option, and no secret comes back in a message. */
static void odd_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {"nonsense",
                                      "unix://",
                                      "tcp://",
                                      "ssh://",
                                      "http://db:2375",
                                      "ssh://-oProxyCommand=x",
                                      "ssh://-l@db",
                                      "ssh://db:0",
                                      "ssh://db:65536",
                                      "ssh://db:22x",
                                      "ssh://db/run/docker.sock",
                                      "ssh://[::1",
                                      "ssh://a b",
                                      "ssh://db;id",
                                      "tcp://user@db:2376",
                                      "ssh://ops:hunter2@db"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct docker_endpoint endpoint = {0};
        struct error error = ERROR_INIT;
        if (docker_endpoint_read(odd[i], &endpoint, &error))
            fail_msg("%s was taken", odd[i]);
        assert_null(strstr(error.message, "hunter2"));
        docker_endpoint_free(&endpoint);
    }
}

/* A pid of another machine's engine is some process here, or none. */
static void only_its_own_process_is_a_container(void **state)
{
    (void)state;
    char id[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct docker_container container = {.exists = true, .id = id, .process = getpid()};
    assert_false(docker_container_is_here(&container));
    container.process = 1;
    assert_false(docker_container_is_here(&container));
    container.process = 0;
    assert_false(docker_container_is_here(&container));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_host_wins_over_contexts, clear),
        cmocka_unit_test_setup(a_context_must_be_right, clear),
        cmocka_unit_test_setup(tls_needs_its_files, clear),
        cmocka_unit_test_setup(plain_tcp_is_for_this_machine, clear),
        cmocka_unit_test_setup(addresses_are_taken_apart, clear),
        cmocka_unit_test_setup(odd_addresses_are_refused, clear),
        cmocka_unit_test_setup(only_its_own_process_is_a_container, clear),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
