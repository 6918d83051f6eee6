/* objects_scope.h: the objects of one database (or those that all share), asked of a server or
 * taken out of the record of a backup. */
#ifndef STEPS_PARITY_OBJECTS_SCOPE_H
#define STEPS_PARITY_OBJECTS_SCOPE_H

#include "steps/parity/objects_parity.h"

struct objects_scope {
    char *database; /* "" for what the whole cluster shares */
    struct pg_object_list objects;
    struct pg_object_list sequences;       /* values as read with the snapshot, or now */
    struct pg_object_list sequences_after; /* of a record: as read after the dump */
};

struct objects_scopes {
    struct objects_scope *items;
    size_t count;
    /* Of the server that a record is of. */
    int version;     /* server_version_num */
    char system[32]; /* its data directory's identifier, by pg_control_system() */
};

/* The scope of that name, added when it isn't there. Valid until the next one is added. */
struct objects_scope *objects_scope_of(struct objects_scopes *scopes, const char *database);
/* NULL when it isn't there. */
struct objects_scope *objects_scope_find(const struct objects_scopes *scopes, const char *database);
void objects_scopes_free(struct objects_scopes *scopes);
void objects_scope_free(struct objects_scope *scope);

/* A connection to a scope's database, or to the server's first for what all share. NULL with
 * `error`. */
struct pg_connection *objects_scope_open(const struct server_access *access, const char *database,
                                         struct error *error);
/* One scope of a server as it is now: objects with large ones, and sequences. Free in any case. */
bool objects_scope_read(const struct server_access *access, const char *database,
                        struct objects_scope *scope, struct error *error);
/* Only the secrets, as digests by `key`. */
bool objects_secrets_read(const struct server_access *access, const char *database,
                          const struct objects_key *key, struct pg_object_list *list,
                          struct error *error);

/* The record's text, a line an object. */
void objects_scopes_write(const struct objects_scopes *scopes, struct text *text);
bool objects_scopes_parse(const char *content, struct objects_scopes *scopes, struct error *error);
/* The record that the fact tells of; one that is of another server, isn't there any more, or has
 * another SHA-256, is an error. Free in any case. */
bool objects_scopes_load(const struct step_run *run, const char *fact, const char *server,
                         struct objects_scopes *scopes, struct error *error);

#endif
