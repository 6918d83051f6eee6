/* fence_release.c: giving back what a fence holds. */
#include "steps/fence/fence.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdlib.h>

#define REACHED_MS 15000
#define ATTEMPT_MS 3000L
#define PAUSE_MS 100

/* *runs: there is a running container that somebody could reach. */
static bool reached_once(struct step_run *run, const char *server, bool *runs, struct error *error)
{
    struct server_access access = {0};
    bool found = server_find_as_client(run, server, &access, error);
    *runs = access.found.exists && text_equal(access.found.state, "running");
    bool reached = found && server_answers(&access, ATTEMPT_MS, error);
    if (reached)
        step_check(run, "clients", VERDICT_PASS, "%s answers again", access.parameters.display);
    server_free(&access);
    return reached;
}

static bool check_reached(struct step_run *run, const char *server, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + REACHED_MS;
    bool runs = true;
    while (!reached_once(run, server, &runs, error)) {
        if (!runs) {
            step_log(run, "no container of server \"%s\" runs: nobody could reach it", server);
            return true;
        }
        if (clock_monotonic_ms() >= deadline)
            return error_wrap(error, "the fence is taken back, but clients don't reach the server");
        clock_sleep_ms(PAUSE_MS);
    }
    return true;
}

/* The networks come first: without them clients lack the whole server. */
bool fence_release(struct step_run *run, cJSON *record, struct error *error)
{
    const char *server = json_text(record, FENCE_SERVER);
    if (!fence_restore_networks(run, record, error) ||
        !fence_release_settings(run, record, error) ||
        !check_reached(run, server ? server : "", error))
        return false;
    step_log(run, "the fence around server \"%s\" is taken back", server ? server : "");
    return fence_record_remove(run, server ? server : "", error);
}
