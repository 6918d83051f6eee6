/* secret.h: which settings and options hold a secret, by their name or by their value: one list for
 * this program and for the SQL that it runs. */
#ifndef POSTGRES_SECRET_H
#define POSTGRES_SECRET_H

#include <stdbool.h>

/* Regular expressions that mean the same to regcomp(3) and to PostgreSQL; case doesn't matter. */
#define SECRET_NAMES                                                                               \
    "_command|conninfo|passw|pwd|passphrase|secret|token|api_?key|jwt|credential|private|_dsn|"    \
    "connection_string"
/* A connection string or an address may hold a password whatever its setting is called. */
#define SECRET_VALUES "(passw(or)?d|pwd|secret|token|api_?key)\"?[[:space:]]*[=:]|://"
/* It is called so, and says only how passwords are kept. */
#define SECRET_NOT "password_encryption"

/* An SQL condition over two expressions. */
#define SECRET_CONDITION(name, value)                                                              \
    "(" name " <> '" SECRET_NOT "' AND (" name " ~* '(" SECRET_NAMES ")' OR " value                \
    " ~* '" SECRET_VALUES "'))"

/* The same. */
bool secret_is(const char *name, const char *value);

#endif
