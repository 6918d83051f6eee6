/* restore_messages.h: what psql says during a restore: all of it to a log, each message judged. */
#ifndef STEPS_RESTORE_MESSAGES_H
#define STEPS_RESTORE_MESSAGES_H

#include "postgres/message.h"
#include "steps/step.h"

struct restore_messages;

/* Opens logs/restore-STEP.log in the run's directory. `setting` has to stay. NULL on failure. */
struct restore_messages *restore_messages_open(struct step_run *run,
                                               const struct message_setting *setting,
                                               struct error *error);
/* A piece of psql's standard error. */
void restore_messages_take(struct restore_messages *messages, const char *bytes, size_t length);
/* Whether there was an error that isn't known to be harmless. */
bool restore_messages_failed(const struct restore_messages *messages);
/* After the last piece: evidence for what was harmless and for the warnings; false with the first
 * failure, its place in the dump, its cause and remedy. */
bool restore_messages_judge(struct restore_messages *messages, struct error *error);
/* The last line that psql wrote, "" for none. */
const char *restore_messages_last(const struct restore_messages *messages);
void restore_messages_close(struct restore_messages *messages);

#endif
