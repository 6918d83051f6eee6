/* fence.h: the parts of the fence around a server: holding it, proving it, giving it back. */
#ifndef STEPS_FENCE_FENCE_H
#define STEPS_FENCE_FENCE_H

#include "steps/fence/fence_record.h"
#include "steps/server/server.h"

struct fence {
    struct step_run *run;
    const char *other_way; /* a sentence: what fences without a setting; "": none; NULL: the mode
                              network */
    bool network;          /* the container leaves its networks; else clients may still read */
    struct server_access access;
    struct pg_connection *connection;
    cJSON *record;       /* what this fence has to give back */
    cJSON *held;         /* the record of the fence that was held before, or NULL */
    char *began;         /* the server's time from which on new sessions were fenced, or NULL */
    char *loaded;        /* when the server read its settings before it was told to heed these */
    long ended;          /* foreign sessions, so far */
    long limit_ms;       /* of what fence_hold_settings waits for, each; 0: as long as it takes */
    bool autovacuum_off; /* else its workers may take transaction ids, too */
    bool changed;        /* there is something to give back */
};

/* Opens the server, as it is reached at that moment; closes it. */
bool fence_connect(struct fence *fence, struct error *error);
void fence_disconnect(struct fence *fence);

/* Begins the record of what this fence has to give back, with what is `held` already around the
 * same data. `mode`: FENCE_MODE. */
bool fence_begin_record(struct fence *fence, const char *mode, struct error *error);

/* "The mode network needs no setting.", or what there is instead. */
const char *fence_other_way(const struct fence *fence);
/* Whether the server can be fenced at all: nothing that writes without a client's session, nothing
 * that lets a client write all the same. Reports its checks. */
bool fence_check_before(struct fence *fence, struct error *error);

/* Whether the container has networks of its own to leave, when it has to. */
bool fence_check_networks(const struct fence *fence, struct error *error);

/* New sessions only read (not in mode network), and autovacuum rests. The settings are in force
 * without standing in postgresql.auto.conf: a restart or a reload of the server gives them up. */
bool fence_hold_settings(struct fence *fence, struct error *error);
/* The same in parts, for whom every millisecond counts, and who ends every session anyway: written
 * into postgresql.auto.conf, where nobody heeds them yet; heeded from then on; in force for new
 * sessions, which is waited for; and out of that file again, the server's memory alone holds them.
 */
bool fence_write_settings(struct fence *fence, struct error *error);
bool fence_heed_settings(struct fence *fence, struct error *error);
bool fence_await_settings(struct fence *fence, struct error *error);
bool fence_clear_file(struct fence *fence, struct error *error);
/* Gives them back, whatever of it was done. True as well when the server isn't there any more. */
bool fence_release_settings(struct step_run *run, cJSON *record, struct error *error);

/* Waits for transactions that write, for the step's argument `wait` at most; `names` gets who still
 * does. */
bool fence_await_writers(const struct fence *fence, struct text *names, struct error *error);
/* Ends the foreign sessions; says who of them was still writing. */
bool fence_end_sessions(struct fence *fence, const struct text *writing, struct error *error);
bool fence_leave_networks(struct fence *fence, struct error *error);
bool fence_restore_networks(struct step_run *run, const cJSON *record, struct error *error);

/* No foreign session, no transaction, the WAL position unmoved for the argument `quiet`. Adds the
 * transaction id and the position to the record. */
bool fence_prove(struct fence *fence, struct error *error);
/* Nothing was written since the fact that the argument `unmoved_since` names; reported as a check
 * once the fence is proven. */
bool fence_check_unmoved(const struct fence *fence, struct error *error);

/* Gives back everything that the record names and removes it. Right after any part of it was done,
 * also when the container is gone. */
bool fence_release(struct step_run *run, cJSON *record, struct error *error);

#endif
