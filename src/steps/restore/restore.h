/* restore.h: what pg.restore's formats share: one restore under way. */
#ifndef STEPS_RESTORE_RESTORE_H
#define STEPS_RESTORE_RESTORE_H

#include "steps/restore/restore_indexes.h"
#include "steps/restore/restore_messages.h"
#include "steps/restore/restore_target.h"
#include "steps/server/pg_tool.h"
#include "steps/server/server.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct restore;

/* One kind of backup. Functions are called in this order; `end` in any case. */
struct restore_format {
    /* Opens the backup, knows its size, and holds it against the fact of this run's own backup, or
     * NULL when it is another's. */
    bool (*open)(struct restore *restore, const cJSON *fact, struct error *error);
    /* The names of its databases, into restore->databases. */
    bool (*list)(struct restore *restore, struct error *error);
    bool (*run)(struct restore *restore, struct error *error);
    void (*end)(struct restore *restore);
};

struct restore {
    struct step_run *run;
    const struct restore_format *format;
    void *state; /* the format's own */
    struct server_access access;
    char *path;
    double size, sent; /* bytes of the backup */
    char *sha256;      /* of a directory's manifest, or NULL */
    double text_bytes; /* of its rows when they aren't compressed: an estimate */
    int64_t began_ms, reported_ms, fed_ms; /* monotonic; fed: when something last went on */
    struct text_list databases;
    struct message_setting setting;
    struct restore_messages *messages;
    struct restore_indexes *indexes;
};

extern const struct restore_format restore_plain;
extern const struct restore_format restore_directory;

/* Something of the backup is on the server: counts it, and reports when it's time. */
void restore_went_on(struct restore *restore, double bytes);
/* What a tool says, and what goes on while it says nothing: their context is the restore. */
bool restore_take_words(void *context, const char *bytes, size_t length, struct error *error);
bool restore_tick(void *context, struct error *error);

/* Feeds `file` to psql on the server, as far as the first failure. False when psql couldn't be run
 * to its end, or ended with a failure of its own that `messages` doesn't know. */
bool restore_by_psql(struct restore *restore, int file, const char *options, struct error *error);
/* pg_restore goes on after errors and counts them; each has to be one that is known to be harmless.
 * True also where `messages` has a better error. */
bool restore_judge_exit(struct restore *restore, const struct pg_tool *tool, int exit_status,
                        struct error *error);
/* A database may have a setting that makes it read-only for everybody; the session's own wins.
 * Source: PostgreSQL manual, "Setting Parameters". */
#define RESTORE_WRITABLE " -c default_transaction_read_only=off"
/* Session settings for one of `jobs` connections that restore at once; appended, and logged. */
void restore_options(struct restore *restore, long jobs, struct text *options);

/* The error for a backup that isn't what it was when it was written. */
bool restore_changed(const struct restore *restore, const char *what, struct error *error);

#endif
