/* write_counters.h: what a server's statistics say was written, table by table, at one moment, and
 * what was written between two such readings. */
#ifndef POSTGRES_WRITE_COUNTERS_H
#define POSTGRES_WRITE_COUNTERS_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct table_writes {
    char *database, *schema, *table;
    long long inserted, updated, deleted; /* rows, those of transactions that failed too */
};

struct database_writes {
    char *name;
    char reset[40]; /* when its statistics were last reset, "" for never */
    long long commits;
};

/* One reading. Zero-initialised is empty; free with write_counters_free. A table without a row in
 * it was never written. Source: PostgreSQL manual, pg_stat_all_tables, pg_stat_database. */
struct write_counters {
    char system[32]; /* the data directory's identifier, by pg_control_system() */
    struct database_writes *databases;
    size_t database_count;
    struct table_writes *tables;
    size_t count, capacity;
};

void write_counters_add_database(struct write_counters *counters, const char *name,
                                 const char *reset, long long commits);
void write_counters_add(struct write_counters *counters, const char *database, const char *schema,
                        const char *table, const long long rows[3]);
void write_counters_free(struct write_counters *counters);

/* For a file, and back; false when it isn't one. The caller deletes. */
cJSON *write_counters_json(const struct write_counters *counters);
bool write_counters_parse(const cJSON *json, struct write_counters *counters, struct error *error);

/* What `now` has more than `base`, into `since` (the caller frees it): the tables that were
 * written, the most written first. A table that counts less than before was made anew: all that it
 * counts is since then. False, with the reason in `error`, when the two can't be compared: two
 * servers, or counters that were reset in between. Rows that a TRUNCATE removed are counted by no
 * server. */
bool write_counters_since(struct write_counters *base, struct write_counters *now,
                          struct write_counters *since, struct error *error);

#endif
