/* accepted.c: a gate's acceptance held against what is there now. */
#include "steps/drift/accepted.h"

bool accepted_covers(const struct step_run *run, long long rows, long long changes,
                     struct error *error)
{
    const char *key = step_text(run, "accepted");
    const cJSON *accepted = key ? step_known(run, key) : NULL;
    bool nothing = !rows && !changes;
    if (!accepted || nothing || cJSON_GetNumberValue(accepted) > 0)
        return true;
    error_set(error, ERROR_OTHER,
              "%lld rows and %lld changes were written after the gate was confirmed for none; "
              "nothing has been switched",
              rows, changes < 0 ? 0 : changes);
    return error_remedy(error, "stop the application's writes and retry: the gate opens again and "
                               "shows what there is now");
}
