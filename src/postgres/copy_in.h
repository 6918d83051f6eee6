/* copy_in.h: statements, and the rows of a COPY among them, sent without waiting for the server. */
#ifndef POSTGRES_COPY_IN_H
#define POSTGRES_COPY_IN_H

#include "postgres/connection.h"

enum copy_in_state {
    COPY_IN_WORKING, /* the server has nothing to say yet */
    COPY_IN_WANTED,  /* it waits for rows */
    COPY_IN_ENDED,   /* all statements are done, and the connection is free again */
};

/* Sends statements, one of which may be a COPY FROM STDIN. From then on poll pg_socket: for
 * writing while something is unsent, for reading always. */
bool pg_copy_in_begin(struct pg_connection *connection, const char *sql, struct error *error);
/* Takes what has come. False when a statement has failed. Adds to *rows those that a COPY which has
 * ended took. */
bool pg_copy_in_look(struct pg_connection *connection, enum copy_in_state *state, double *rows,
                     struct error *error);
/* Rows in COPY's own format, as they stand in a dump's file. Only when nothing is unsent, as they
 * are kept in memory until they can be sent. */
bool pg_copy_in_put(struct pg_connection *connection, const char *bytes, size_t length,
                    struct error *error);
bool pg_copy_in_end(struct pg_connection *connection, struct error *error);
/* Sends what can be sent now. */
bool pg_copy_in_send(struct pg_connection *connection, bool *unsent, struct error *error);

#endif
