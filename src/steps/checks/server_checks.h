/* server_checks.h: what an old server may hold that a dump can't carry over, as a table of
 * statements. */
#ifndef STEPS_CHECKS_SERVER_CHECKS_H
#define STEPS_CHECKS_SERVER_CHECKS_H

#include "steps/step.h"

#include <stdbool.h>

struct server_check {
    const char *key;  /* by which `allow` names it */
    const char *name; /* the check's */
    bool each_database;
    int since;            /* the old server's major from which the statement works; 0 any */
    int until;            /* the first major that doesn't take it over any more; 0: no major does */
    enum verdict verdict; /* when something is found; VERDICT_PASS for what is only told */
    const char *sql;      /* a row for each thing found: its name */
    const char *found;    /* after the names */
    const char *none;     /* when there is nothing */
    const char *remedy;   /* or NULL */
};

extern const struct server_check server_checks[];
extern const size_t server_check_count;

/* Whether an upgrade from one major to another (0: unknown) has to ask it. */
bool server_check_applies(const struct server_check *check, int from, int to);

#endif
