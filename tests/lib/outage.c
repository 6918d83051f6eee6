// Asks a server SELECT 1 every few milliseconds, as a client of its published port does, and
// connects again after every failure. Ends at SIGTERM or SIGINT and prints as one line of JSON how
// long the client went without an answer.
//
// An outage lasts from the last answer before it to the first answer after it. A silence without
// any failure counts as one from SILENCE_MS on.

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    INTERVAL_MS = 5,
    CONNECT_LIMIT_MS = 250,
    ANSWER_LIMIT_MS = 500,
    SILENCE_MS = 50,
    MOST_OUTAGES = 1000,
    MOST_VERSIONS = 16,
    VERSION_SIZE = 32,
};

struct outage {
    double start; // seconds since 1970
    double milliseconds;
};

struct meter {
    const char *keywords[16];
    const char *values[16];
    PGconn *connection;
    double last_answer; // monotonic, ms; negative before the first one
    bool failed_since;  // a failure since the last answer
    long answers;
    long failures;
    double slowest;
    double total;
    double longest;
    long outage_count;
    struct outage outages[MOST_OUTAGES];
    char versions[MOST_VERSIONS][VERSION_SIZE];
    int version_count;
    const char *ready_file;
    char error[256];
};

static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static double now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void wait_ms(double milliseconds)
{
    if (milliseconds > 0)
        poll(NULL, 0, (int)(milliseconds + 0.999));
}

// Waits until the socket is ready or the deadline (monotonic, ms) has passed.
static bool wait_for_socket(PGconn *connection, short events, double deadline)
{
    struct pollfd descriptor = {.fd = PQsocket(connection), .events = events};
    double left = deadline - now_ms(CLOCK_MONOTONIC);
    if (stopping || left <= 0 || descriptor.fd < 0)
        return false;
    int ready = poll(&descriptor, 1, (int)(left + 0.999));
    return ready > 0 || (ready < 0 && errno == EINTR && !stopping);
}

static void record_version(struct meter *meter)
{
    const char *version = PQparameterStatus(meter->connection, "server_version");
    size_t length = version ? strcspn(version, " \"\\") : 0;
    if (length == 0 || length >= VERSION_SIZE || meter->version_count == MOST_VERSIONS)
        return;
    if (meter->version_count > 0) {
        const char *last = meter->versions[meter->version_count - 1];
        if (strlen(last) == length && strncmp(last, version, length) == 0)
            return;
    }
    memcpy(meter->versions[meter->version_count++], version, length);
}

static bool connect_to_server(struct meter *meter)
{
    double deadline = now_ms(CLOCK_MONOTONIC) + CONNECT_LIMIT_MS;
    meter->connection = PQconnectStartParams(meter->keywords, meter->values, 0);
    if (!meter->connection || PQstatus(meter->connection) == CONNECTION_BAD)
        return false;
    for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
         state = PQconnectPoll(meter->connection)) {
        if (state == PGRES_POLLING_FAILED)
            return false;
        if (!wait_for_socket(meter->connection, state == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                             deadline))
            return false;
    }
    record_version(meter);
    return true;
}

static bool read_answer(PGconn *connection)
{
    bool answered = false;
    for (PGresult *result = PQgetResult(connection); result; result = PQgetResult(connection)) {
        answered = PQresultStatus(result) == PGRES_TUPLES_OK;
        PQclear(result);
    }
    return answered;
}

static bool ask(PGconn *connection)
{
    double deadline = now_ms(CLOCK_MONOTONIC) + ANSWER_LIMIT_MS;
    if (!PQsendQuery(connection, "SELECT 1"))
        return false;
    while (PQisBusy(connection)) {
        if (!wait_for_socket(connection, POLLIN, deadline) || !PQconsumeInput(connection))
            return false;
    }
    return read_answer(connection);
}

static void record_outage(struct meter *meter, double milliseconds)
{
    if (meter->outage_count < MOST_OUTAGES) {
        meter->outages[meter->outage_count] = (struct outage){
            .start = (now_ms(CLOCK_REALTIME) - milliseconds) / 1e3,
            .milliseconds = milliseconds,
        };
    }
    meter->outage_count++;
    meter->total += milliseconds;
    if (milliseconds > meter->longest)
        meter->longest = milliseconds;
}

static void announce(const char *path)
{
    int file = path ? open(path, O_CREAT | O_WRONLY, 0644) : -1;
    if (file >= 0)
        close(file);
}

static void record_answer(struct meter *meter, double asked)
{
    double now = now_ms(CLOCK_MONOTONIC);
    double silence = now - meter->last_answer;
    if (meter->last_answer < 0)
        announce(meter->ready_file);
    else if (meter->failed_since || silence >= SILENCE_MS)
        record_outage(meter, silence);
    if (now - asked > meter->slowest)
        meter->slowest = now - asked;
    meter->answers++;
    meter->failed_since = false;
    meter->last_answer = now;
}

static void record_failure(struct meter *meter)
{
    if (stopping)
        return;
    snprintf(meter->error, sizeof meter->error, "%s",
             meter->connection ? PQerrorMessage(meter->connection) : "");
    PQfinish(meter->connection);
    meter->connection = NULL;
    meter->failures++;
    meter->failed_since = true;
}

static void measure(struct meter *meter)
{
    while (!stopping) {
        double started = now_ms(CLOCK_MONOTONIC);
        if ((meter->connection || connect_to_server(meter)) && ask(meter->connection))
            record_answer(meter, started);
        else
            record_failure(meter);
        wait_ms(started + INTERVAL_MS - now_ms(CLOCK_MONOTONIC));
    }
}

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

static void print_report(struct meter *meter)
{
    // One that hasn't ended counts up to now.
    double silence = now_ms(CLOCK_MONOTONIC) - meter->last_answer;
    bool still_out = meter->last_answer >= 0 && (meter->failed_since || silence >= SILENCE_MS);
    if (still_out)
        record_outage(meter, silence);
    printf(
        "{\"longest_outage_ms\": %.1f, \"total_outage_ms\": %.1f, \"outages\": %ld, \"failures\": "
        "%ld, "
        "\"answers\": %ld, \"slowest_answer_ms\": %.1f, \"still_out\": %s, \"server_versions\": [",
        meter->longest, meter->total, meter->outage_count, meter->failures, meter->answers,
        meter->slowest, still_out || meter->last_answer < 0 ? "true" : "false");
    for (int i = 0; i < meter->version_count; i++)
        printf("%s\"%s\"", i ? ", " : "", meter->versions[i]);
    printf("], \"each\": [");
    for (long i = 0; i < meter->outage_count && i < MOST_OUTAGES; i++)
        printf("%s{\"start\": %.3f, \"ms\": %.1f}", i ? ", " : "", meter->outages[i].start,
               meter->outages[i].milliseconds);
    printf("], \"last_error\": ");
    print_string(meter->error);
    printf("}\n");
}

static void usage(void)
{
    fputs(
        "Usage: outage [--host H] [--port N] [--user U] [--dbname D] [--seconds S] [--ready FILE]\n"
        "The password comes from PGPASSWORD. FILE is made at the first answer.\n",
        stderr);
    exit(2);
}

static void set_parameter(struct meter *meter, const char *keyword, const char *value)
{
    for (int i = 0; i < 15; i++) {
        if (!meter->keywords[i] || strcmp(meter->keywords[i], keyword) == 0) {
            meter->keywords[i] = keyword;
            meter->values[i] = value;
            return;
        }
    }
}

static void parse_options(struct meter *meter, int argc, char **argv)
{
    static const struct option options[] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"user", required_argument, NULL, 'U'},
        {"dbname", required_argument, NULL, 'd'},
        {"seconds", required_argument, NULL, 's'},
        {"ready", required_argument, NULL, 'r'},
        {0},
    };
    static const struct {
        int option;
        const char *keyword;
    } parameters[] = {{'h', "host"}, {'p', "port"}, {'U', "user"}, {'d', "dbname"}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool known = option == 's' || option == 'r';
        for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
            if (parameters[i].option == option) {
                set_parameter(meter, parameters[i].keyword, optarg);
                known = true;
            }
        }
        if (option == 's')
            alarm((unsigned)atoi(optarg));
        if (option == 'r')
            meter->ready_file = optarg;
        if (!known)
            usage();
    }
}

int main(int argc, char **argv)
{
    static struct meter meter = {.last_answer = -1};
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    set_parameter(&meter, "host", "127.0.0.1");
    set_parameter(&meter, "user", "postgres");
    set_parameter(&meter, "dbname", "postgres");
    set_parameter(&meter, "sslmode", "disable");
    set_parameter(&meter, "gssencmode", "disable");
    set_parameter(&meter, "application_name", "outage meter");
    parse_options(&meter, argc, argv);
    measure(&meter);
    print_report(&meter);
    PQfinish(meter.connection);
    return 0;
}
