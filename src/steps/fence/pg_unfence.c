/* pg_unfence.c: pg.unfence, which lets clients write again. */
#include "steps/actions.h"
#include "steps/fence/fence.h"

static bool run_unfence(struct step_run *run, struct error *error)
{
    cJSON *record = NULL;
    const char *server = step_text(run, "server");
    bool done = fence_record_read(run, server, &record, error);
    if (done && record) {
        done = fence_release(run, record, error);
    } else if (done) {
        step_log(run, "no fence is held around server \"%s\"", server);
        done = fence_record_remove(run, server, error);
    }
    cJSON_Delete(record);
    return done;
}

static const struct argument arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server that a fence was put around"},
    {0},
};

const struct action pg_unfence_action = {
    .name = "pg.unfence",
    .danger = DANGER_CHANGE,
    .help = "take a fence back, as far as it got; none is fine",
    .arguments = arguments,
    .run = run_unfence,
};
