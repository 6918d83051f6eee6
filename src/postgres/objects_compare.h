/* objects_compare.h: what differs between two lists of objects, field by field. */
#ifndef POSTGRES_OBJECTS_COMPARE_H
#define POSTGRES_OBJECTS_COMPARE_H

#include "postgres/objects.h"

enum object_change {
    OBJECT_CHANGED,
    OBJECT_MISSING, /* on the new server */
    OBJECT_EXTRA,   /* on the new server */
};

struct object_difference {
    enum object_change change;
    const struct pg_object *old; /* NULL when it's extra */
    const struct pg_object *new; /* NULL when it's missing */
    const char *field;           /* of OBJECT_CHANGED, else NULL */
    const char *before, *after;  /* its values, NULL where it isn't there */
};

typedef void object_differs(void *context, const struct object_difference *difference);

struct objects_comparison {
    /* Both lists are one server's, at two times: the fields that begin with '@' count as well, and
     * a definition is the same only when its text is. */
    bool same_server;
    /* The new server prints a query of one table without its name before each column, the old one
     * with it. */
    bool unqualified;
    object_differs *found;
    void *context;
};

/* Calls `found` for each field that differs, and for each object that only one list has. Sorts the
 * lists. Sequences' values are compared as any other fields. */
void objects_compare(struct pg_object_list *old, struct pg_object_list *new,
                     const struct objects_comparison *comparison);

/* "index public.orders_total_idx" */
void object_name(struct text *text, const struct object_difference *difference);
/* "valid on the old server, invalid on the new one"; long values only from where they differ on.
 * Nothing of a secret's value is said. */
void object_words(struct text *text, const struct object_difference *difference);
/* The same for one server at two times: "valid then, invalid now". */
void object_words_since(struct text *text, const struct object_difference *difference);

/* Where a sequence stands. */
struct sequence_state {
    long long last_value, increment, minimum, maximum;
    bool used, cycle; /* used: last_value was given out (is_called) */
};
/* Of an object of the kind SEQUENCE_VALUE. */
bool sequence_state_of(const struct pg_object *object, struct sequence_state *state);
/* Whether `now` lies between the two readings, in the sequence's direction, over its end when it
 * cycles; one that was set back between them may lie anywhere between. */
bool sequence_between(const struct sequence_state *first, const struct sequence_state *second,
                      const struct sequence_state *now);

#endif
