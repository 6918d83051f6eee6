/* probe.c: a few connections at once, driven by poll(); the first that answers is kept. */
#include "postgres/probe.h"

#include "base/clock.h"
#include "postgres/attempt.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 40 /* 300 ms each, one every 10 ms, and room */
#define SAMPLE_EVERY_US 200000
#define TROUBLE_SIZE 200
#define VERSION_SIZE 32
/* A lost connection alone is no outage; one refused attempt after it, or this long, makes one. */
#define FAILURES_OF_OUTAGE 2
#define OUTAGE_US 100000

struct pace {
    int64_t ask_us, connect_us, limit_us;
};

static const struct pace slow_pace = {1000000, 250000, 3000000};
static const struct pace fast_pace = {10000, 10000, 300000};
static const struct pace patient_pace = {1000000, 2000000, 10000000};

enum attempt_state { ATTEMPT_NONE, ATTEMPT_CONNECTING, ATTEMPT_ASKING, ATTEMPT_IDLE };

struct attempt {
    enum attempt_state state;
    PGconn *handle;
    PostgresPollingStatusType wants; /* while connecting */
    int64_t began_us;                /* of what it does now */
};

struct probe {
    struct pg_parameters parameters;
    struct probe_events events;
    void *context;
    const struct pace *pace;
    struct attempt attempts[ATTEMPTS];
    int64_t next_connect_us, next_sample_us;
    int64_t last_success_us, last_success_wall_ms; /* 0: none yet */
    long failures;                                 /* since then */
    bool in_outage;
    double latency_ms;
    char version[VERSION_SIZE];
    char trouble[TROUBLE_SIZE];
};

struct probe *probe_new(const struct pg_parameters *parameters, const struct probe_events *events,
                        void *context)
{
    struct probe *probe = xcalloc(1, sizeof *probe);
    probe->parameters = pg_parameters_for(parameters, parameters->database);
    probe->events = *events;
    probe->context = context;
    probe->pace = &slow_pace;
    return probe;
}

static void drop(struct attempt *attempt)
{
    PQfinish(attempt->handle);
    *attempt = (struct attempt){0};
}

void probe_free(struct probe *probe)
{
    if (!probe)
        return;
    for (size_t i = 0; i < ATTEMPTS; i++)
        drop(&probe->attempts[i]);
    pg_parameters_free(&probe->parameters);
    free(probe);
}

void probe_set_fast(struct probe *probe, bool fast)
{
    if (probe->pace == &patient_pace)
        return;
    probe->pace = fast ? &fast_pace : &slow_pace;
    if (fast)
        probe->next_connect_us = 0;
}

void probe_set_patient(struct probe *probe)
{
    probe->pace = &patient_pace;
}

static void sample(struct probe *probe, int64_t now)
{
    bool up = probe->last_success_us && !probe->failures;
    struct probe_sample sample = {
        .up = up,
        .latency_ms = probe->latency_ms,
        .version = probe->version,
        .trouble = up ? "" : probe->trouble,
        .down_since_ms = up ? 0 : probe->last_success_wall_ms,
        .fast = probe->pace == &fast_pace,
    };
    probe->next_sample_us = now + SAMPLE_EVERY_US;
    if (probe->events.sample)
        probe->events.sample(probe->context, &sample);
}

static struct probe_outage outage(const struct probe *probe, double ms)
{
    return (struct probe_outage){
        .began_ms = probe->last_success_wall_ms, .ms = ms, .failures = probe->failures};
}

static void note_failure(struct probe *probe, const char *trouble, int64_t now)
{
    bool was_up = probe->last_success_us && !probe->failures;
    probe->failures++;
    text_copy(probe->trouble, sizeof probe->trouble, trouble);
    probe->trouble[strcspn(probe->trouble, "\n")] = '\0';
    bool outage_now =
        probe->failures >= FAILURES_OF_OUTAGE || now - probe->last_success_us > OUTAGE_US;
    if (probe->last_success_us && !probe->in_outage && outage_now) {
        struct probe_outage began = outage(probe, -1);
        probe->in_outage = true;
        if (probe->events.outage_began)
            probe->events.outage_began(probe->context, &began);
        sample(probe, now);
    } else if (was_up || now >= probe->next_sample_us) {
        sample(probe, now);
    }
}

static void note_success(struct probe *probe, int64_t began, int64_t now)
{
    bool was_down = probe->failures || !probe->last_success_us;
    if (probe->in_outage) {
        struct probe_outage ended = outage(probe, (double)(now - probe->last_success_us) / 1000);
        if (probe->events.outage_ended)
            probe->events.outage_ended(probe->context, &ended);
    }
    probe->in_outage = false;
    probe->failures = 0;
    probe->last_success_us = now;
    probe->last_success_wall_ms = clock_wall_ms();
    probe->latency_ms = (double)(now - began) / 1000;
    probe->trouble[0] = '\0';
    if (was_down || now >= probe->next_sample_us)
        sample(probe, now);
}

static void fail_attempt(struct probe *probe, struct attempt *attempt, const char *trouble,
                         int64_t now)
{
    char *copy = xstrdup(trouble);
    drop(attempt);
    note_failure(probe, copy, now);
    free(copy);
}

static void ask(struct probe *probe, struct attempt *attempt, int64_t now)
{
    attempt->state = ATTEMPT_ASKING;
    attempt->began_us = now;
    if (!PQsendQuery(attempt->handle, "SELECT 1"))
        fail_attempt(probe, attempt, PQerrorMessage(attempt->handle), now);
}

/* The one that answered stays; those that still hang go. */
static void keep_only(struct probe *probe, const struct attempt *kept)
{
    for (size_t i = 0; i < ATTEMPTS; i++)
        if (&probe->attempts[i] != kept)
            drop(&probe->attempts[i]);
}

static void take_answer(struct probe *probe, struct attempt *attempt, int64_t now)
{
    bool answered = false;
    if (!PQconsumeInput(attempt->handle)) {
        fail_attempt(probe, attempt, PQerrorMessage(attempt->handle), now);
        return;
    }
    while (!PQisBusy(attempt->handle)) {
        PGresult *result = PQgetResult(attempt->handle);
        if (!result) {
            attempt->state = ATTEMPT_IDLE;
            break;
        }
        answered = answered || PQresultStatus(result) == PGRES_TUPLES_OK;
        PQclear(result);
    }
    if (attempt->state != ATTEMPT_IDLE && !answered)
        return;
    if (!answered) {
        fail_attempt(probe, attempt, PQerrorMessage(attempt->handle), now);
        return;
    }
    note_success(probe, attempt->began_us, now);
    keep_only(probe, attempt);
}

static void go_on_connecting(struct probe *probe, struct attempt *attempt, int64_t now)
{
    attempt->wants = PQconnectPoll(attempt->handle);
    if (attempt->wants == PGRES_POLLING_FAILED) {
        fail_attempt(probe, attempt, PQerrorMessage(attempt->handle), now);
    } else if (attempt->wants == PGRES_POLLING_OK) {
        const char *version = PQparameterStatus(attempt->handle, "server_version");
        text_copy(probe->version, sizeof probe->version, version ? version : "");
        probe->version[strcspn(probe->version, " ")] = '\0';
        ask(probe, attempt, now);
    }
}

static void connect_anew(struct probe *probe, int64_t now)
{
    probe->next_connect_us = now + probe->pace->connect_us;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        struct attempt *attempt = &probe->attempts[i];
        if (attempt->state != ATTEMPT_NONE)
            continue;
        attempt->handle = attempt_start(&probe->parameters);
        attempt->state = ATTEMPT_CONNECTING;
        attempt->wants = PGRES_POLLING_WRITING;
        attempt->began_us = now;
        if (!attempt->handle || PQstatus(attempt->handle) == CONNECTION_BAD)
            fail_attempt(probe, attempt,
                         attempt->handle ? PQerrorMessage(attempt->handle) : "out of memory", now);
        return;
    }
}

/* Time limits, the next question, the next connection. Returns when something is due next. */
static int64_t turn(struct probe *probe, int64_t now)
{
    bool established = false;
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        struct attempt *attempt = &probe->attempts[i];
        int64_t at = attempt->began_us +
                     (attempt->state == ATTEMPT_IDLE ? probe->pace->ask_us : probe->pace->limit_us);
        if (attempt->state == ATTEMPT_IDLE && now >= at)
            ask(probe, attempt, now);
        else if (attempt->state != ATTEMPT_NONE && attempt->state != ATTEMPT_IDLE && now >= at)
            fail_attempt(probe, attempt, "no answer in time", now);
        if (attempt->state == ATTEMPT_NONE)
            continue;
        at = attempt->began_us +
             (attempt->state == ATTEMPT_IDLE ? probe->pace->ask_us : probe->pace->limit_us);
        due = at < due ? at : due;
        /* While it was up, the one connection is trusted until its answer is late. */
        established = established || attempt->state == ATTEMPT_IDLE ||
                      (attempt->state == ATTEMPT_ASKING && !probe->failures);
    }
    if (established)
        return due;
    if (now >= probe->next_connect_us)
        connect_anew(probe, now);
    return probe->next_connect_us < due ? probe->next_connect_us : due;
}

static void serve(struct probe *probe, const struct pollfd *entries, struct attempt *const *owners,
                  nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        struct attempt *attempt = owners[i];
        /* One that answered may just have dropped the others. */
        if (!entries[i].revents || attempt->state == ATTEMPT_NONE ||
            PQsocket(attempt->handle) != entries[i].fd)
            continue;
        int64_t now = clock_monotonic_us();
        if (attempt->state == ATTEMPT_CONNECTING)
            go_on_connecting(probe, attempt, now);
        else if (attempt->state == ATTEMPT_ASKING)
            take_answer(probe, attempt, now);
        else if (!PQconsumeInput(attempt->handle) || PQstatus(attempt->handle) == CONNECTION_BAD)
            fail_attempt(probe, attempt, PQerrorMessage(attempt->handle), now);
    }
}

static nfds_t collect(struct probe *probe, struct pollfd *entries, struct attempt **owners)
{
    nfds_t count = 0;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        struct attempt *attempt = &probe->attempts[i];
        if (attempt->state == ATTEMPT_NONE)
            continue;
        bool writing =
            attempt->state == ATTEMPT_CONNECTING && attempt->wants == PGRES_POLLING_WRITING;
        owners[count] = attempt;
        entries[count++] =
            (struct pollfd){.fd = PQsocket(attempt->handle), .events = writing ? POLLOUT : POLLIN};
    }
    return count;
}

static int wait_ms(int64_t until_us, int64_t now_us)
{
    int64_t left = (until_us - now_us + 999) / 1000;
    if (left < 0)
        return 0;
    return left > 3600000 ? 3600000 : (int)left;
}

bool probe_run(struct probe *probe, int descriptor, long duration_ms)
{
    struct pollfd entries[ATTEMPTS + 1];
    struct attempt *owners[ATTEMPTS];
    int64_t end = clock_monotonic_us() + (int64_t)duration_ms * 1000;
    for (;;) {
        int64_t now = clock_monotonic_us();
        if (now >= end)
            return false;
        int64_t due = turn(probe, now);
        nfds_t count = collect(probe, entries, owners);
        entries[count] = (struct pollfd){.fd = descriptor, .events = POLLIN};
        int ready = poll(entries, count + 1, wait_ms(due < end ? due : end, now));
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready <= 0)
            continue;
        serve(probe, entries, owners, count);
        if (entries[count].revents)
            return true;
    }
}
