/* sequences.h: the values of a database's sequences, which no table's rows hold. */
#ifndef POSTGRES_SEQUENCES_H
#define POSTGRES_SEQUENCES_H

#include "postgres/connection.h"

struct sequence {
    char *schema, *name;
    char *last_value; /* a whole number as text */
    bool called;      /* false: the next value is last_value itself */
};

struct sequence_list {
    struct sequence *items; /* by schema and name, in byte order */
    size_t count;
};

/* Every sequence of the connection's database that a dump holds. Free in any case. Source:
 * PostgreSQL manual, CREATE SEQUENCE, "Notes". */
bool sequences_read(struct pg_connection *connection, struct sequence_list *list,
                    struct error *error);
void sequence_list_free(struct sequence_list *list);

/* Calls `found` for each sequence whose value isn't the same on both, or that one side lacks: NULL
 * there. */
void sequences_compare(const struct sequence_list *old, const struct sequence_list *new,
                       void (*found)(void *context, const struct sequence *old,
                                     const struct sequence *new),
                       void *context);

/* Gives the sequence of that name this value; no transaction takes it back. */
bool sequence_set(struct pg_connection *connection, const struct sequence *sequence,
                  struct error *error);
/* The same, unless `now`, the value that it has, is farther along its direction: *farther. */
bool sequence_advance(struct pg_connection *connection, const struct sequence *sequence,
                      const struct sequence *now, bool *farther, struct error *error);

#endif
