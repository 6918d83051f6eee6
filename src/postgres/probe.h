/* probe.h: asks a service again and again, as a client does, and measures how long it was away. */
#ifndef POSTGRES_PROBE_H
#define POSTGRES_PROBE_H

#include "postgres/connection.h"

#include <stdint.h>

/* What the service does now; the strings stay valid during the call only. */
struct probe_sample {
    bool up;
    double latency_ms;     /* of the answer, when up */
    const char *version;   /* "17.12" of what answered last, or "" */
    const char *trouble;   /* the last failure, one line, "" when up */
    int64_t down_since_ms; /* wall time of the last success before, 0 when up */
    bool fast;
};

/* An absence: from the last success before it to the first success after it. A single lost
 * connection that is replaced at once is none. */
struct probe_outage {
    int64_t began_ms; /* wall time of the last success */
    double ms;        /* measured by the monotonic clock; -1 while it lasts */
    long failures;    /* attempts that failed in it */
};

struct probe_events {
    void (*sample)(void *context, const struct probe_sample *sample); /* at most every 200 ms */
    void (*outage_began)(void *context, const struct probe_outage *outage);
    void (*outage_ended)(void *context, const struct probe_outage *outage);
};

struct probe;

/* `parameters` are copied. Nothing is connected yet. */
struct probe *probe_new(const struct pg_parameters *parameters, const struct probe_events *events,
                        void *context);
void probe_free(struct probe *probe);

/* Fast: SELECT 1 every 10 ms, a new connection every 10 ms while there is none, 300 ms an attempt.
 * Slow (the beginning): once a second, 250 ms, 3 s. An attempt that hangs doesn't keep the next
 * one from starting: Docker's proxy accepts connections for a server that isn't there. */
void probe_set_fast(struct probe *probe, bool fast);
/* For a way there on which a connection takes a second, and many at a time are turned away: once a
 * second, a new connection every 2 s while there is none, 10 s an attempt. Stays, and makes an
 * outage's end known to 2 s only. */
void probe_set_patient(struct probe *probe);

/* Runs for `duration_ms`, or until `descriptor` (-1: none) can be read: returns true then. */
bool probe_run(struct probe *probe, int descriptor, long duration_ms);

#endif
