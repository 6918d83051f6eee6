/* trouble.h: known ways a server refuses a connection or a statement, each with what to do. */
#ifndef POSTGRES_TROUBLE_H
#define POSTGRES_TROUBLE_H

#include "base/error.h"

#include <stdbool.h>

/* A failed connection: kind ERROR_SERVER, "can't connect to DISPLAY: MESSAGE", and the remedy of
 * the first row of the table that the message fits. Returns false. */
bool trouble_connecting(struct error *error, const char *display, const char *message);
/* A failed statement: "MESSAGE (SQLSTATE STATE) in: STATEMENT"; state and statement may be NULL.
 * Returns false. */
bool trouble_statement(struct error *error, const char *state, const char *message,
                       const char *statement);
/* Whether a message of trouble_connecting says that trying again may help. */
bool trouble_passes(const char *message);

#endif
