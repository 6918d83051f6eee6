/* application_down.h: since when the application is out of use, over several steps: from its stop,
 * or a deployment, to whoever sees it back. */
#ifndef STEPS_COMPOSE_APPLICATION_DOWN_H
#define STEPS_COMPOSE_APPLICATION_DOWN_H

#include "base/text.h"
#include "steps/step.h"

#include <stdint.h>

/* Wall ms, 0: it isn't known to be down. */
int64_t application_down_since(const struct step_run *run);
/* Whether it is down, and it is the application of one of these services (none: of all; NULL: they
 * aren't known) or the one at this address. */
bool application_concerned(const struct step_run *run, const struct text_list *services,
                           const char *url);
/* To be said before it is taken down: an outage that lasts is on disk from here on, unless somebody
 * has decided otherwise meanwhile (then nothing may be done); on the way back nothing waits for
 * that. An earlier beginning stays. `url`: where it answers when it works, of a deployment, which
 * may be cut off before or after it has taken anything down; or NULL. */
bool application_goes_down(struct step_run *run, const struct text_list *services, const char *url,
                           struct error *error);
/* Waits so long for an answer with status 2xx at the address (none is no question): whether there
 * was one. Without one it's an error; on the way back, where the application is as it was as soon
 * as its containers are up, it is a warning only: an address that never was right holds up no older
 * undo. */
bool application_awaited(struct step_run *run, const char *url, long for_ms, bool *answers,
                         struct error *error);
/* Back again: the outage is over, and is reported as "outage_ms" of the fact `key`. Takes ownership
 * of `fact`, which holds what else that is to say. */
void application_is_back(struct step_run *run, const char *key, cJSON *fact, long outage_ms,
                         const char *how);

#endif
