// Asks a server SELECT 1 every few milliseconds, or commits a row, as its clients do, and connects
// again after every failure. Ends with the first answer behind SIGTERM or SIGINT and prints as one
// line of JSON how long the client went without an answer.
//
// An outage lasts from the last answer before it to the first answer after it; a write that is
// refused is none. A silence without any failure counts as an outage from SILENCE_MS on, later
// by as much as the rounds lie further apart than usual.

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
    USUAL_INTERVAL_MS = 5,
    CONNECT_LIMIT_MS = 250,
    ANSWER_LIMIT_MS = 500,
    SILENCE_MS = 50,
    LAST_S = 3,
    MOST_OUTAGES = 1000,
    MOST_VERSIONS = 16,
    VERSION_SIZE = 32,
};

struct outage {
    double start; // seconds since 1970
    double milliseconds;
};

// What a request has come to. Refused: the server said no, and the session goes on, so that nothing
// was committed. Unknown: no answer; a write may have been carried out.
enum outcome { ACKNOWLEDGED, REFUSED, UNKNOWN };

struct meter {
    const char *keywords[16];
    const char *values[16];
    PGconn *connection;
    long interval;      // ms from round to round
    bool reconnects;    // a new connection each round
    const char *writer; // what its rows are called; NULL: it only reads
    FILE *ledger;       // of writes, or NULL
    long number;        // of the write
    long outcomes[3];   // writes, by enum outcome
    long silent;        // requests and connection attempts that no word came back for in time
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

// Told to end: the next answer is the last one. Where none comes for LAST_S it ends without.
static volatile sig_atomic_t ending;
static volatile sig_atomic_t stopping;

static void stop(int signal_number)
{
    (void)signal_number;
    if (ending)
        stopping = 1;
    ending = 1;
    alarm(LAST_S);
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
                             deadline)) {
            meter->silent += !stopping;
            return false;
        }
    }
    record_version(meter);
    return true;
}

// Waits until the next result can be taken without blocking. A connection that is cut between an
// error and its end stays silent for good.
static bool wait_for_result(struct meter *meter, double deadline)
{
    while (PQisBusy(meter->connection)) {
        if (!wait_for_socket(meter->connection, POLLIN, deadline)) {
            meter->silent += !stopping;
            return false;
        }
        if (!PQconsumeInput(meter->connection))
            return false;
    }
    return true;
}

// The answer to what was sent.
static enum outcome wait_for_answer(struct meter *meter)
{
    double deadline = now_ms(CLOCK_MONOTONIC) + ANSWER_LIMIT_MS;
    bool answered = false;
    while (wait_for_result(meter, deadline)) {
        PGresult *result = PQgetResult(meter->connection);
        ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (!result && answered)
            return ACKNOWLEDGED;
        if (!result)
            return PQstatus(meter->connection) == CONNECTION_OK ? REFUSED : UNKNOWN;
        answered = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    }
    return UNKNOWN;
}

static enum outcome ask(struct meter *meter)
{
    bool sent = PQsendQuery(meter->connection, "SELECT 1");
    return sent ? wait_for_answer(meter) : UNKNOWN;
}

static enum outcome write_row(struct meter *meter)
{
    static const char *const names[] = {"acknowledged", "refused", "unknown"};
    char number[24];
    snprintf(number, sizeof number, "%ld", ++meter->number);
    const char *values[] = {meter->writer, number};
    bool sent = PQsendQueryParams(meter->connection,
                                  "INSERT INTO public.outage_meter (meter, number) VALUES ($1, $2)",
                                  2, NULL, values, NULL, NULL, 0);
    enum outcome outcome = sent ? wait_for_answer(meter) : UNKNOWN;
    meter->outcomes[outcome]++;
    if (meter->ledger) {
        fprintf(meter->ledger, "%ld %s\n", meter->number, names[outcome]);
        fflush(meter->ledger);
    }
    return outcome;
}

static void disconnect(struct meter *meter)
{
    PQfinish(meter->connection);
    meter->connection = NULL;
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

// From how long on a silence is an outage without any failure.
static double silence_limit(const struct meter *meter)
{
    return (double)(SILENCE_MS + meter->interval - USUAL_INTERVAL_MS);
}

static void record_answer(struct meter *meter, double asked)
{
    double now = now_ms(CLOCK_MONOTONIC);
    double silence = now - meter->last_answer;
    if (meter->last_answer < 0)
        announce(meter->ready_file);
    else if (meter->failed_since || silence >= silence_limit(meter))
        record_outage(meter, silence);
    if (now - asked > meter->slowest)
        meter->slowest = now - asked;
    meter->answers++;
    meter->failed_since = false;
    meter->last_answer = now;
}

// A session in which something was refused is kept, as a pool does.
static void record_failure(struct meter *meter, enum outcome outcome)
{
    if (stopping)
        return;
    snprintf(meter->error, sizeof meter->error, "%s",
             meter->connection ? PQerrorMessage(meter->connection) : "");
    if (outcome != REFUSED)
        disconnect(meter);
    meter->failures++;
    meter->failed_since = true;
}

static void measure(struct meter *meter)
{
    while (!stopping) {
        double started = now_ms(CLOCK_MONOTONIC);
        enum outcome outcome = UNKNOWN;
        if (meter->connection || connect_to_server(meter))
            outcome = meter->writer ? write_row(meter) : ask(meter);
        if (outcome == ACKNOWLEDGED)
            record_answer(meter, started);
        else
            record_failure(meter, outcome);
        if (ending && outcome == ACKNOWLEDGED)
            return;
        if (meter->reconnects)
            disconnect(meter);
        wait_ms(started + (double)meter->interval - now_ms(CLOCK_MONOTONIC));
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
    bool still_out =
        meter->last_answer >= 0 && (meter->failed_since || silence >= silence_limit(meter));
    if (still_out)
        record_outage(meter, silence);
    printf(
        "{\"longest_outage_ms\": %.1f, \"total_outage_ms\": %.1f, \"outages\": %ld, \"failures\": "
        "%ld, "
        "\"answers\": %ld, \"acknowledged\": %ld, \"refused\": %ld, \"unknown\": %ld, "
        "\"silent\": %ld, "
        "\"slowest_answer_ms\": %.1f, \"still_out\": %s, \"server_versions\": [",
        meter->longest, meter->total, meter->outage_count, meter->failures, meter->answers,
        meter->outcomes[ACKNOWLEDGED], meter->outcomes[REFUSED], meter->outcomes[UNKNOWN],
        meter->silent, meter->slowest, still_out || meter->last_answer < 0 ? "true" : "false");
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
        "              [--interval MS] [--reconnect] [--write NAME [--ledger FILE]]\n"
        "The password comes from PGPASSWORD. The ready FILE is made at the first answer.\n"
        "--reconnect asks each time on a new connection. --write commits rows with that name and "
        "a\n"
        "rising number into public.outage_meter; the ledger gets a line for each: its number and\n"
        "acknowledged, refused (not carried out) or unknown (it may have been).\n",
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

static FILE *open_ledger(const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        fprintf(stderr, "outage: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    return file;
}

static void set_number(long *number, const char *text)
{
    char *end;
    *number = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || *number <= 0 || *number > 86400)
        usage();
}

// False for an option that isn't one of the meter's own.
static bool set_option(struct meter *meter, int option)
{
    long seconds;
    switch (option) {
    case 's':
        set_number(&seconds, optarg);
        alarm((unsigned)seconds);
        return true;
    case 'i':
        set_number(&meter->interval, optarg);
        return true;
    case 'r':
        meter->ready_file = optarg;
        return true;
    case 'n':
        meter->reconnects = true;
        return true;
    case 'w':
        meter->writer = optarg;
        return true;
    case 'l':
        meter->ledger = open_ledger(optarg);
        return true;
    default:
        return false;
    }
}

static bool set_parameter_option(struct meter *meter, int option)
{
    static const struct {
        int option;
        const char *keyword;
    } parameters[] = {{'h', "host"}, {'p', "port"}, {'U', "user"}, {'d', "dbname"}};
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (parameters[i].option == option) {
            set_parameter(meter, parameters[i].keyword, optarg);
            return true;
        }
    }
    return false;
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
        {"interval", required_argument, NULL, 'i'},
        {"reconnect", no_argument, NULL, 'n'},
        {"write", required_argument, NULL, 'w'},
        {"ledger", required_argument, NULL, 'l'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (!set_parameter_option(meter, option) && !set_option(meter, option))
            usage();
    }
}

int main(int argc, char **argv)
{
    static struct meter meter = {.last_answer = -1, .interval = USUAL_INTERVAL_MS};
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
    disconnect(&meter);
    return 0;
}
