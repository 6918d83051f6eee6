/* dump.h: reading a plain SQL dump as it streams by: which databases and tables are in it, and
 * whether it came to its end. */
#ifndef POSTGRES_DUMP_H
#define POSTGRES_DUMP_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* The last line of a backup by this program; DATABASES is the number of databases in it. */
#define DUMP_END_MARK "-- pgrunbook backup complete, databases: "

#define DUMP_HEAD 6

struct dump_database {
    char *name;    /* "" for a dump that doesn't say: pg_dump's without --create */
    bool single;   /* pg_dump's own: no "-- Database" line of a cluster's dump stands before it */
    bool complete; /* its "PostgreSQL database dump complete" was there */
    long long tables; /* COPY sections */
    long long rows;   /* lines in them */
};

struct dump_summary {
    struct dump_database *databases;
    size_t count;
    unsigned long long bytes;
    char head[DUMP_HEAD];  /* its first bytes, by which another format is known; zeroes behind */
    bool globals_begun;    /* "PostgreSQL database cluster dump": it holds the roles */
    bool globals_complete; /* cluster_complete, before the first database: roles by themselves */
    bool
        cluster_complete; /* "PostgreSQL database cluster dump complete", after the last database */
    long end_mark;        /* the number in DUMP_END_MARK, -1 when it isn't there */
    bool inside_data;     /* the end came within a table's rows */
    bool inside_line;     /* the last line has no end */
    unsigned long long last_mark_at; /* bytes up to the end of the last complete marker's line */
};

struct dump_scan;

struct dump_scan *dump_scan_new(void);
/* Any piece of the file, in order. */
void dump_scan_feed(struct dump_scan *scan, const char *bytes, size_t length);
/* The databases seen so far; the scan's own. */
const struct dump_summary *dump_scan_summary(const struct dump_scan *scan);
void dump_scan_free(struct dump_scan *scan);

/* Whether what was seen is a whole backup in plain SQL: one by this program, one by pg_dumpall, or
 * one by pg_dump of a single database. The error says what is missing, with the remedy. */
bool dump_is_whole(const struct dump_summary *summary, const char *path, struct error *error);

#endif
