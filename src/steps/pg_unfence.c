/* pg_unfence.c: pg.unfence, which lets clients write again. */
#include "steps/actions.h"
#include "steps/fence.h"

#include "base/json.h"

static bool nothing_held(struct step_run *run, const char *server, const char *held)
{
    if (held)
        step_log(run, "the fence that is held is around server \"%s\"", held);
    step_log(run, "no fence is held around server \"%s\"", server);
    return true;
}

static bool run_unfence(struct step_run *run, struct error *error)
{
    cJSON *record = NULL;
    const char *server = step_text(run, "server");
    bool done = fence_record_read(run, &record, error);
    const char *held = json_text(record, FENCE_SERVER);
    if (done && !record)
        done = nothing_held(run, server, NULL) && fence_record_remove(run, error);
    else if (done && !text_equal(held, server))
        done = nothing_held(run, server, held);
    else if (done)
        done = fence_release(run, record, error);
    cJSON_Delete(record);
    return done;
}

static const struct argument arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the server that a fence was put around"},
    {0},
};

const struct action pg_unfence_action = {"pg.unfence", DANGER_CHANGE,
                                         "take a fence back, as far as it got; none is fine",
                                         arguments, run_unfence};
