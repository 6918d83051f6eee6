/* docker_ready.c: docker.wait_ready, which waits for a server to accept connections. */
#include "steps/server/ready.h"

#include "base/clock.h"
#include "steps/actions.h"
#include "steps/server/server.h"

static bool run_wait_ready(struct step_run *run, struct error *error)
{
    struct ready ready = {
        .server = step_text(run, "server"),
        .timeout_ms = step_duration(run, "for"),
        .major = (int)step_integer(run, "major"),
    };
    char version[32], waited[24];
    if (server_not_yet(run, ready.server))
        return true;
    int64_t began = clock_monotonic_ms();
    if (!server_wait_ready(run, &ready, version, error))
        return false;
    step_check(run, "accepts connections", VERDICT_PASS,
               "PostgreSQL %s, two logins over TCP, after %s", version,
               text_duration(waited, sizeof waited, (long)(clock_monotonic_ms() - began)));
    return true;
}

static const struct argument wait_ready_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server to wait for"},
    {"for", ARGUMENT_DURATION, false, "60s", NULL, "how long at most"},
    {"major", ARGUMENT_INTEGER, false, NULL, NULL, "major version that it has to be"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action docker_wait_ready_action = {
    .name = "docker.wait_ready",
    .danger = DANGER_READ,
    .help = "waits until a server answers over TCP as the real role, twice",
    .arguments = wait_ready_arguments,
    .run = run_wait_ready,
};
