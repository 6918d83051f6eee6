/* load_process.h: a process that loads databases: told line by line what there is, and heard. */
#ifndef STEPS_RESTORE_LOAD_PROCESS_H
#define STEPS_RESTORE_LOAD_PROCESS_H

#include "steps/restore/load_dump.h"

#include <poll.h>

struct load_process;

/* Starts one that does load_dump (its descriptors are filled in here). `heard` gets each message of
 * it, and owns that. NULL on failure. */
struct load_process *load_process_start(const struct load_dump_setting *setting,
                                        void (*heard)(void *context, cJSON *message), void *context,
                                        struct error *error);
/* Takes ownership of the message. Never waits: what the process can't take yet goes later. */
void load_process_tell(struct load_process *process, cJSON *message);
/* Nothing more will be told: it ends, and says so. */
void load_process_leave(struct load_process *process);

/* Sends and hears what can be without waiting. False once the process has ended. */
bool load_process_go_on(struct load_process *process);
/* What to poll for. */
void load_process_poll(const struct load_process *process, struct pollfd polled[2]);

/* Ends it, whatever it does. NULL is fine. */
void load_process_end(struct load_process *process);

#endif
