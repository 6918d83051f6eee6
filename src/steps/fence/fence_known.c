/* fence_known.c: looks for the fact of a fence. */
#include "steps/fence/fence_known.h"

#include "base/json.h"
#include "base/text.h"

const cJSON *fence_known(const struct step_run *run, const char *server)
{
    const cJSON *fence = step_known(run, "fence");
    return cJSON_IsObject(fence) && text_equal(json_text(fence, "server"), server) ? fence : NULL;
}
