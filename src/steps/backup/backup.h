/* backup.h: what pg.backup's formats share: one backup under way. */
#ifndef STEPS_BACKUP_BACKUP_H
#define STEPS_BACKUP_BACKUP_H

#include "postgres/catalog.h"
#include "steps/parity/objects_parity.h"
#include "steps/restore/load_beside.h"
#include "steps/server/pg_tool.h"
#include "steps/server/server.h"

#define FACT_BACKUP "backup"
#define FACT_BACKUP_STARTED "backup.started"

struct backup;

/* One kind of backup. Functions are called in this order; `end` in any case. */
struct backup_format {
    const char *name; /* of the argument `format` */
    const char *kind; /* "backup file", for the evidence and errors */
    bool largest_first;
    /* Whether what stands at the path may be replaced, as this run made it, is asked before. */
    bool (*begin)(struct backup *backup, struct error *error);
    bool (*globals)(struct backup *backup, struct error *error);
    /* In this snapshot; `tables` get their counts meanwhile, and have them afterwards. */
    bool (*database)(struct backup *backup, const struct pg_database_entry *database,
                     const char *snapshot, struct error *error);
    /* A line that the tool which dumps has put out: whether it only says how far it is. May be
     * NULL. */
    bool (*said)(struct backup *backup, const char *line);
    /* A database's counts are complete. May be NULL. */
    void (*counted)(struct backup *backup, const struct pg_database_entry *database,
                    const struct pg_table_list *tables);
    /* Puts it in place. Adds bytes, sha256, databases to the fact. */
    bool (*finish)(struct backup *backup, cJSON *fact, struct error *error);
    double (*bytes)(struct backup *backup); /* written so far, of the whole estimate */
    void (*end)(struct backup *backup);
};

struct backup {
    struct step_run *run;
    const struct backup_format *format;
    void *state; /* the format's own */
    struct server_access access;
    struct pg_database_list databases;
    char *path;
    bool replace;                   /* what stands at the path is this run's own */
    cJSON *server;                  /* the fact "server.NAME" as of the snapshots */
    cJSON *snapshots;               /* {database: {snapshot, lsn, xid}} */
    int64_t taken_ms;               /* wall, of the first snapshot */
    cJSON *writes;                  /* the write counters then, or NULL */
    struct objects_record *objects; /* all but the rows, as of the snapshots */
    size_t counted, done;           /* tables; databases */
    double total;                   /* bytes of all databases: an estimate */
    const char *label;              /* of the progress */
    int64_t reported_ms;
    struct text words;                /* standard error of the tool that runs */
    struct text line;                 /* of it: the one that isn't complete yet */
    struct load_beside *beside;       /* what loads a new server meanwhile, or NULL */
    struct backup_measure *measuring; /* of the database that is next or is dumped, or NULL */
    bool locked; /* the database's dump has put out something: it holds its locks by now */
};

extern const struct backup_format backup_plain;
extern const struct backup_format backup_directory;

/* Runs one of PostgreSQL's tools: in `helper` (a container's id) when it isn't NULL, with `write`
 * (context: the backup) for its output. Meanwhile counts and progress go on. */
bool backup_run_tool(struct backup *backup, const char *const *arguments, const char *database,
                     const char *helper,
                     bool (*write)(void *context, const char *bytes, size_t length,
                                   struct error *error),
                     struct error *error);
/* Whether this run wrote what stands at `path`. */
bool backup_is_own(const struct step_run *run, const char *path);

/* Lets the counts and the progress go on; between two pieces of a tool's output. */
bool backup_go_on(struct backup *backup, struct error *error);

/* backup_database.c: snapshot, dump, counts and digests of one database; then the proof that no
 * other session has changed a table in a way that snapshots don't hide. */
bool backup_database(struct backup *backup, const struct pg_database_entry *database,
                     struct error *error);
/* The first part of it, where there is something to do before the dump: the snapshot is taken, and
 * the server begins to count. */
bool backup_database_begin(struct backup *backup, const struct pg_database_entry *database,
                           struct error *error);
bool backup_measure_go_on(struct backup *backup, struct error *error);
/* Without a database under way it does nothing. */
void backup_measure_end(struct backup *backup);

#endif
