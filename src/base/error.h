/* error.h: what failed, why, and what to do about it; the exit status of the side that failed. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

/* The values are the program's exit statuses (DESIGN.md section 5). */
enum error_kind {
    ERROR_OTHER = 1,
    ERROR_USAGE = 2,
    ERROR_RUNBOOK = 3,
    ERROR_DOCKER = 4, /* Docker can't be reached */
    ERROR_SERVER = 5, /* a PostgreSQL server can't be reached */
    ERROR_LOCKED = 6, /* another run holds the target */
};

#define ERROR_MESSAGE_MAX 2048
#define ERROR_REMEDY_MAX 1024

/* Zero-initialise with ERROR_INIT. Holds no memory of its own. A message that doesn't fit is cut
 * at a UTF-8 character's border and ends in "...". */
struct error {
    enum error_kind kind;
    char message[ERROR_MESSAGE_MAX]; /* what failed and why, one line where possible */
    char remedy[ERROR_REMEDY_MAX];   /* what to do, "" when nothing better is known */
};

#define ERROR_INIT                                                                                 \
    {                                                                                              \
        ERROR_OTHER, "", ""                                                                        \
    }

/* Sets kind and message and clears the remedy. Always returns false, so that a function can
 * `return error_set(error, ...)`. A null error is allowed. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like error_set with ERROR_OTHER and ": " plus the text of errno at the end. */
bool error_errno(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "what the caller was doing: " before the message. Always returns false. */
bool error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the remedy. Always returns false. */
bool error_remedy(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
