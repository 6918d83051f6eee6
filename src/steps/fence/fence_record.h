/* fence_record.h: what a fence has to give back. It is on disk before anything is changed, so that
 * it survives the death of the program at any moment. */
#ifndef STEPS_FENCE_FENCE_RECORD_H
#define STEPS_FENCE_FENCE_RECORD_H

#include "steps/step.h"

#define FACT_FENCE "fence"
/* What the record and the fact hold. */
#define FENCE_SERVER "server"       /* the runbook's name */
#define FENCE_CONTAINER "container" /* its name */
#define FENCE_ID "id"               /* the container's */
#define FENCE_SYSTEM "system"       /* the data directory's identifier */
#define FENCE_MODE "mode"           /* "read_only", "network" */
#define FENCE_SINCE "since_ms"      /* wall time */
#define FENCE_CUT "cut"             /* true: the container may have left its networks */
#define FENCE_NETWORKS "networks"   /* as the container was on them */
#define FENCE_PORTS "ports"         /* as they were published */
#define FENCE_SETTINGS                                                                             \
    "settings"                  /* by name: {file: text or null, value: text} as it was before     \
                                 */
#define FENCE_WRITTEN "written" /* true: they may stand in postgresql.auto.conf */
#define FENCE_XID "xid"         /* of the proof */
#define FENCE_LSN "lsn"

/* What is held around that server, by the run's file "fence-SERVER.json", else by the fact; *record
 * is the caller's, NULL when no fence is held. The old server's fence can last while a rollback
 * puts one around the live server. */
bool fence_record_read(const struct step_run *run, const char *server, cJSON **record,
                       struct error *error);
/* The same for the container of that id, or the data directory of that identifier (or NULL),
 * whichever server it is. */
bool fence_record_find(const struct step_run *run, const char *container, const char *system,
                       cJSON **record, struct error *error);
/* On disk when it returns; the record names the server. */
bool fence_record_write(const struct step_run *run, const cJSON *record, struct error *error);
/* No fence is held around that server any more: the file goes, the fact becomes false. */
bool fence_record_remove(struct step_run *run, const char *server, struct error *error);

/* The container of that id is stopped, or gone, for good, and what was held in its server's memory
 * with it. */
bool fence_record_forget(struct step_run *run, const char *container, struct error *error);

/* The fact: "fence", or "fence.SERVER" while that one is about another server; the caller frees. */
char *fence_record_fact(const struct step_run *run, const char *server);

/* Replaces or adds one item, which it takes over. */
void fence_record_set(cJSON *record, const char *name, cJSON *value);

#endif
