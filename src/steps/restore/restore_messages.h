/* restore_messages.h: what psql and pg_restore say during a restore: all of it to a log, each
 * message judged. */
#ifndef STEPS_RESTORE_RESTORE_MESSAGES_H
#define STEPS_RESTORE_RESTORE_MESSAGES_H

#include "postgres/message.h"
#include "steps/step.h"

struct restore_messages;

struct restore_counts {
    size_t failures, warnings, harmless;
};

/* Opens logs/restore-STEP.log in the run's directory; with `shared` what is in it stays, as another
 * process writes into it as well. `setting` has to stay. NULL on failure. */
struct restore_messages *restore_messages_open(struct step_run *run,
                                               const struct message_setting *setting, bool shared,
                                               struct error *error);
/* A piece of their standard error. */
void restore_messages_take(struct restore_messages *messages, const char *bytes, size_t length);
/* Whether there was an error that isn't known to be harmless. */
bool restore_messages_failed(const struct restore_messages *messages);
/* pg_restore goes on after errors and says at its end how many there were. From _begin on: whether
 * it said so, and that is how many harmless ones were seen. */
void restore_messages_begin(struct restore_messages *messages);
bool restore_messages_explained(const struct restore_messages *messages);
/* After the last piece: false with the first failure, its place in the dump, its cause and remedy.
 * Adds to the counts. */
bool restore_messages_end(struct restore_messages *messages, struct restore_counts *counts,
                          struct error *error);
/* Evidence: the sum of all that was said. */
void restore_messages_report(struct step_run *run, const struct restore_counts *counts);
/* Both of them. */
bool restore_messages_judge(struct restore_messages *messages, struct error *error);
/* The last line that they wrote, "" for none. */
const char *restore_messages_last(const struct restore_messages *messages);
void restore_messages_close(struct restore_messages *messages);

#endif
