/* objects.h: everything of a server but the rows, object by object, in a form that two servers of
 * different majors can be compared in. */
#ifndef POSTGRES_OBJECTS_H
#define POSTGRES_OBJECTS_H

#include "postgres/connection.h"

/* One object. `fields` is "name=value" after "name=value", each with a tab at its end; in a value
 * '\\', tab, newline and carriage return are written as in COPY's text format; a field that is NULL
 * isn't there. A field whose name begins with '@' says only whether this server's own row is still
 * the same one. */
struct pg_object {
    const char *kind; /* "table", "grant"...; of the tables of queries */
    char *identity;   /* qualified, with the signature: "public.f(integer)" */
    char *fields;
};

/* The objects of one database, or those of the cluster. Zero-initialised is empty. */
struct pg_object_list {
    struct pg_object *items;
    size_t count, capacity;
    bool sorted;
};

enum objects_part {
    OBJECTS_CLUSTER,          /* roles, memberships, databases, settings, tablespaces... */
    OBJECTS_DATABASE,         /* all else, but sequences' values and large objects */
    OBJECTS_LARGE,            /* large objects with a digest of their content */
    OBJECTS_CLUSTER_SECRETS,  /* password hashes and settings that hold a secret */
    OBJECTS_DATABASE_SECRETS, /* passwords of foreign servers and subscriptions */
};

/* Makes digests of secrets that mean nothing outside of this process. */
struct objects_key {
    unsigned char bytes[32];
};
bool objects_key_make(struct objects_key *key, struct error *error);

/* The field of a foreign key that tells whether its triggers are enabled. */
#define FOREIGN_KEY_TRIGGERS "enforced by triggers"

/* Appends a part to `list`. In a transaction its snapshot is read, and no lock and no setting
 * stays; else one of its own. `key` is needed for the secrets only: the values don't come out, a
 * keyed digest of each does. Members of an extension are left out, as is what the system brings,
 * unless its grants were changed. Source: PostgreSQL manual, "System Catalogs". */
bool objects_read(struct pg_connection *connection, enum objects_part part,
                  const struct objects_key *key, struct pg_object_list *list, struct error *error);

/* The values of all sequences, of the kind SEQUENCE_VALUE. They are what stands there now: a
 * snapshot doesn't hold them back. */
#define SEQUENCE_VALUE "sequence value"
bool objects_read_sequences(struct pg_connection *connection, struct pg_object_list *list,
                            struct error *error);

/* Copies. `kind` has to be one of ours: false otherwise. */
bool objects_add(struct pg_object_list *list, const char *kind, const char *identity,
                 const char *fields);
void objects_free(struct pg_object_list *list);
/* By kind and identity. */
void objects_sort(struct pg_object_list *list);

/* Whether values of this kind must not be shown. */
bool objects_kind_secret(const char *kind);

/* The next field of `fields` from *at on; false at the end. The caller frees *name and *value (the
 * value as it was before it was escaped). */
bool objects_next_field(const char *fields, size_t *at, char **name, char **value);
/* The value of a field; the caller frees; NULL when it isn't there. */
char *objects_field(const struct pg_object *object, const char *name);
/* As the values of fields are written; the caller frees what objects_unescape gives. */
void objects_escape(struct text *text, const char *value);
char *objects_unescape(const char *value);

#endif
