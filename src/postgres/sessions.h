/* sessions.h: who else is connected to a server, and ending their sessions. */
#ifndef POSTGRES_SESSIONS_H
#define POSTGRES_SESSIONS_H

#include "postgres/connection.h"

struct session {
    char *name;    /* "limor_app@limor_prod from 172.18.0.3 (app.py)": no statement, it may hold
                      secrets */
    char *address; /* of the client; "" for one inside */
    bool writing;  /* its transaction has written something */
};

struct session_list {
    struct session *items;
    size_t count;
};

/* The foreign sessions: of clients and of those who stream the log, but neither this connection nor
 * other ones of this program's from the same address. `before`: only those that began before this
 * time (as sessions_now writes it), and extensions' workers whose transaction did; or NULL for all
 * clients. Free in any case.
 * Source: PostgreSQL manual, "pg_stat_activity". */
bool sessions_read(struct pg_connection *connection, const char *before, struct session_list *list,
                   struct error *error);
void session_list_free(struct session_list *list);
/* Appends at most `limit` names, and how many more there are. */
void session_list_describe(const struct session_list *list, size_t limit, struct text *output);

/* Asks the same sessions to end; *count tells how many there were. They are gone a moment later.
 * Source: PostgreSQL manual, "Server Signaling Functions". */
bool sessions_end(struct pg_connection *connection, const char *before, long *count,
                  struct error *error);
/* The same for autovacuum's workers, which begin their table anew later. */
bool sessions_end_autovacuum(struct pg_connection *connection, struct error *error);

/* Appends the same ones whose statement, or whose transaction that has written, has been running
 * for longer than that. */
bool sessions_busy(struct pg_connection *connection, long longer_than_ms, struct text *names,
                   struct error *error);

/* The server's clock, as text; the caller frees. NULL on failure. */
char *sessions_now(struct pg_connection *connection, struct error *error);

/* Appends the names of background workers that aren't PostgreSQL's own, with commas: what an
 * extension's worker does, it does without a client. */
bool sessions_foreign_workers(struct pg_connection *connection, struct text *names,
                              struct error *error);

#endif
