/* follow_log.c: the loop in the container, and what it says. */
#include "steps/follow/follow_log.h"

#include "docker/talk.h"
#include "postgres/wal_mark.h"
#include "postgres/wal_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SILENCE_MS 60000
#define HEAP_RECORDS_VERSION 150000 /* from here on pg_waldump takes --rmgr more than once */

struct follow_log {
    struct docker_talk *talk;
    char mark[40]; /* begins the line behind each answer; nobody can guess it */
};

/* The program's place is looked for where images have it. */
#define FIND_READER                                                                                \
    "p=$(command -v pg_waldump) || p=$(pg_config --bindir 2>/dev/null)/pg_waldump; "               \
    "[ -x \"$p\" ] || for p in /usr/lib/postgresql/*/bin/pg_waldump /usr/local/bin/pg_waldump "    \
    "/opt/*/postgresql/bin/pg_waldump; do [ -x \"$p\" ] && break; done; "                          \
    "[ -x \"$p\" ] || { echo 'the container has no pg_waldump' >&2; exit 127; }; "

/* $0 is the data directory, $1 the timeline, $2 the mark, then come options. What the program says
 * when it fails comes as lines that begin with the mark, too. */
static const char script[] =
    "d=$0; t=$1; m=$2; shift 2; " FIND_READER
    "while read -r s e; do w=$( { \"$p\" --path=\"$d/pg_wal\" --timeline=\"$t\" --start=\"$s\" "
    "--end=\"$e\" \"$@\" >&3 3>&-; } 2>&1 ); r=$?; "
    "printf '%s %s %s\\n' \"$m\" \"$r\" \"$(printf '%s' \"$w\" | tr '\\n' ' ')\"; done 3>&1";

static bool make_mark(struct follow_log *log, struct error *error)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_errno(error, "can't get random bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(log->mark + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/* Its data directory, and its timeline, which is part of the log's file names. */
static const char place_sql[] =
    "SELECT pg_catalog.current_setting('data_directory'), ('x' || \"left\"("
    "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8))"
    "::pg_catalog.\"bit\"(32)::pg_catalog.int4";

static bool start(struct follow_log *log, const struct server_access *access,
                  struct pg_connection *connection, struct error *error)
{
    PGresult *place = pg_query(connection, place_sql, 0, NULL, error);
    if (!place)
        return error_wrap(error, "asking where the write-ahead log is");
    bool few = pg_version(connection) >= HEAP_RECORDS_VERSION;
    const char *const arguments[] = {"sh",
                                     "-c",
                                     script,
                                     pg_field(place, 0, 0),
                                     pg_field(place, 0, 1),
                                     log->mark,
                                     few ? "--rmgr=Heap" : NULL,
                                     "--rmgr=Heap2",
                                     NULL};
    struct docker_exec exec = {.container = access->found.id, .arguments = arguments};
    log->talk = docker_talk_open(access->docker, &exec, error);
    PQclear(place);
    return log->talk != NULL;
}

bool follow_log_check(const struct server_access *access, struct error *error)
{
    static const char *const arguments[] = {"sh", "-c", FIND_READER, NULL};
    struct text output = {0}, words = {0};
    int status = 0;
    bool done = docker_exec_collect(access->docker, access->found.id, arguments, &output, &words,
                                    &status, error);
    if (done && status != 0)
        done = error_set(error, ERROR_OTHER, "%s", text_string(&words));
    text_free(&output);
    text_free(&words);
    return done;
}

struct follow_log *follow_log_open(const struct server_access *access,
                                   struct pg_connection *connection, struct error *error)
{
    struct follow_log *log = xcalloc(1, sizeof *log);
    if (make_mark(log, error) && start(log, access, connection, error))
        return log;
    error_wrap(error, "opening the write-ahead log of %s", access->container);
    follow_log_close(log);
    return NULL;
}

static bool failed(const char *words, struct error *error)
{
    error_set(error, ERROR_OTHER, "pg_waldump failed with status %s", words);
    return error_remedy(error, "When a part of the log is gone already, a higher wal_keep_size on "
                               "that server keeps it longer.");
}

static bool take_line(const struct follow_log *log, const char *line, struct touched_blocks *blocks,
                      bool *ended, struct error *error)
{
    struct wal_record record;
    *ended = text_starts(line, log->mark);
    if (*ended) {
        const char *status = line + strlen(log->mark);
        return text_starts(status, " 0 ") || failed(status + strspn(status, " "), error);
    }
    if (!wal_record_read(line, &record, error))
        return false;
    for (size_t i = 0; i < record.count; i++)
        touched_blocks_add(blocks, &record.blocks[i]);
    return true;
}

bool follow_log_read(struct follow_log *log, uint64_t start_position, uint64_t end,
                     struct touched_blocks *blocks, struct error *error)
{
    char first[WAL_POSITION_SIZE], last[WAL_POSITION_SIZE];
    char *question = xprintf("%s %s\n", wal_position_text(first, sizeof first, start_position),
                             wal_position_text(last, sizeof last, end));
    bool ended = false;
    bool good = docker_talk_say(log->talk, question, strlen(question), error);
    while (good && !ended) {
        const char *line;
        good = docker_talk_hear(log->talk, SILENCE_MS, &line, error) &&
               take_line(log, line, blocks, &ended, error);
    }
    free(question);
    if (!good)
        return error_wrap(error, "reading the write-ahead log from %s to %s", first, last);
    touched_blocks_sort(blocks);
    return true;
}

void follow_log_close(struct follow_log *log)
{
    if (!log)
        return;
    docker_talk_close(log->talk);
    free(log);
}
