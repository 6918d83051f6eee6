/* objects_parity.h: what a server holds besides rows, recorded at the backup, and what has become
 * of it since. */
#ifndef STEPS_PARITY_OBJECTS_PARITY_H
#define STEPS_PARITY_OBJECTS_PARITY_H

#include "postgres/objects.h"
#include "steps/server/server.h"
#include "steps/step.h"

/* {server, version_num, system, file (below the run's directory), sha256, objects, sequences,
 * taken_ms} */
#define FACT_OBJECTS "objects"
/* The same of the server that takes over, from right before its first client. */
#define FACT_OBJECTS_SWITCHED "objects.switched"

/* ---- recording, in one worker; several databases may be under way at once ---- */

struct objects_record;

/* Nothing is written before objects_record_finish. `fact`: one of both above. */
struct objects_record *objects_record_begin(struct step_run *run, const char *fact,
                                            const char *server);
/* Roles, grants, settings...: on any connection to the server. */
bool objects_record_cluster(struct objects_record *record, struct pg_connection *connection,
                            struct error *error);
/* A database's objects and its sequences' values, on a connection whose transaction has taken the
 * dump's snapshot; nothing else may be under way on it. Takes no lock and no setting with it. */
bool objects_record_snapshot(struct objects_record *record, struct pg_connection *connection,
                             struct error *error);
/* Once the database's dump is done, in the same transaction: the sequences' values once more, and
 * the large objects with digests of what is in them. */
bool objects_record_dumped(struct objects_record *record, struct pg_connection *connection,
                           struct error *error);
/* Writes evidence/FACT-SERVER.tsv (0600, without secrets) and the fact. */
bool objects_record_finish(struct objects_record *record, struct error *error);
void objects_record_free(struct objects_record *record); /* NULL is fine */

/* ---- what has changed since ---- */

#define OBJECT_NAMES_MAX 1000

struct object_changes {
    size_t count;               /* differences, without sequences' values and those below */
    size_t of_tables;           /* of `count`: tables and what they are made of */
    size_t copied;              /* of large objects, which copying them again makes up for */
    struct text_list names;     /* "limor_prod: table public.t: owner: ...", the first
                                   OBJECT_NAMES_MAX that `count` counts */
    struct text_list rewritten; /* objects whose row, which may hold a secret, was written anew: it
                                   may be the same as before; not in `count` */
};

/* What has changed on the server that the record is of: it is asked now, large objects' contents
 * and roles' passwords (that they were set, not to what) included. No record, or one of a server
 * with another data directory, is an error. Free in any case. */
bool objects_changed_since(struct step_run *run, const char *fact,
                           const struct server_access *server, struct object_changes *changes,
                           struct error *error);
/* Whether the fact's record is of the server with this data directory's identifier, whatever the
 * runbook calls it. */
bool objects_recorded_of(const struct step_run *run, const char *fact, const char *system);
/* That identifier. */
bool objects_system(struct pg_connection *connection, char system[32], struct error *error);
void object_changes_free(struct object_changes *changes);

/* The names of what holds another secret on one of the servers than on the other, as they are now:
 * passwords of roles, foreign servers and subscriptions, settings. Nothing of a secret comes out.
 * Free `names` in any case. */
bool objects_secrets_differing(const struct server_access *one, const struct server_access *other,
                               struct text_list *names, struct error *error);

struct sequence_difference {
    char *database;
    char *sequence; /* qualified and quoted: "public.orders_id_seq" */
    bool on_old, on_new;
    long long old_value, new_value; /* last_value */
    bool old_used, new_used;        /* is_called */
};

struct sequence_differences {
    struct sequence_difference *items;
    size_t count, capacity;
};

/* Sequences whose values (last_value, is_called) differ between the two servers as they are now, in
 * every database that can be connected to on the old one. Free in any case. */
bool objects_sequences_differing(const struct server_access *old, const struct server_access *new,
                                 struct sequence_differences *list, struct error *error);
void sequence_differences_free(struct sequence_differences *list);

#endif
