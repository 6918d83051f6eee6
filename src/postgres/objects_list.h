/* objects_list.h: what the files about objects share of a list of them. */
#ifndef POSTGRES_OBJECTS_LIST_H
#define POSTGRES_OBJECTS_LIST_H

#include "postgres/objects.h"

/* Our own string of the same text, or NULL for a kind that there isn't. */
const char *objects_known_kind(const char *kind);
/* As strcmp, by kind and identity. */
int objects_order(const struct pg_object *left, const struct pg_object *right);

#endif
