/* application_down.h: since when the application is out of use, over several steps: from its stop,
 * or a deployment after which it didn't answer, to what brings it back. */
#ifndef STEPS_COMPOSE_APPLICATION_DOWN_H
#define STEPS_COMPOSE_APPLICATION_DOWN_H

#include "steps/step.h"

#include <stdint.h>

/* Wall ms, 0: it isn't known to be down. */
int64_t application_down_since(const struct step_run *run);
/* On record from here on, as an outage that lasts; an earlier beginning stays. */
void application_is_down(struct step_run *run, int64_t since_ms);
/* Back again. The caller reports the whole outage, as "outage_ms" of a fact of its own. */
void application_is_up(struct step_run *run);

#endif
