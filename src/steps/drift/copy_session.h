/* copy_session.h: a session that writes rows to a copy just as they are. */
#ifndef STEPS_DRIFT_COPY_SESSION_H
#define STEPS_DRIFT_COPY_SESSION_H

#include "steps/server/server.h"

/* It may write even where the server's sessions are read-only, and values read the same in it as on
 * the other server. Its errors don't show the statements, which hold rows. NULL on failure. */
struct pg_connection *copy_session_open(const struct server_access *access, const char *database,
                                        struct error *error);

#endif
