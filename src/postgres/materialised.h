/* materialised.h: materialised views, in the order in which they can be computed anew. */
#ifndef POSTGRES_MATERIALISED_H
#define POSTGRES_MATERIALISED_H

#include "postgres/connection.h"

/* Called for each of them, those that others are made of first; false ends the walk. */
typedef bool materialised_found(void *context, const char *schema, const char *name,
                                struct error *error);
bool materialised_each(struct pg_connection *connection, materialised_found *found, void *context,
                       struct error *error);
/* Computes one anew from what the tables hold. */
bool materialised_refresh(struct pg_connection *connection, const char *schema, const char *name,
                          struct error *error);

#endif
