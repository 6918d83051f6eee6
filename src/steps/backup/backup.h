/* backup.h: what pg.backup's formats share: one backup under way, and its databases. */
#ifndef STEPS_BACKUP_BACKUP_H
#define STEPS_BACKUP_BACKUP_H

#include "postgres/catalog.h"
#include "steps/backup/backup_tool.h"
#include "steps/parity/objects_parity.h"
#include "steps/restore/load_beside.h"
#include "steps/server/server.h"

#define FACT_BACKUP "backup"
#define FACT_BACKUP_STARTED "backup.started"
/* Databases: each one costs the server connections besides its jobs. */
#define BACKUP_TOGETHER_MOST 4

struct backup;
struct backup_database;

/* One kind of backup. Functions are called in this order; `end` in any case. */
struct backup_format {
    const char *name; /* of the argument `format` */
    const char *kind; /* "backup file", for the evidence and errors */
    bool largest_first;
    bool together; /* several databases may be dumped at once */
    /* Whether what stands at the path may be replaced, as this run made it, is asked before. */
    bool (*begin)(struct backup *backup, struct error *error);
    bool (*globals)(struct backup *backup, struct error *error);
    /* Begins the database's tool, in this snapshot. */
    bool (*dump)(struct backup_database *database, const char *snapshot, struct error *error);
    /* A line that the tool which dumps has put out: whether it only says how far it is. May be
     * NULL. */
    bool (*said)(const struct backup_database *database, const char *line);
    /* The tool has ended, and well. */
    bool (*dumped)(struct backup_database *database, struct error *error);
    /* Its counts are complete. May be NULL. */
    void (*counted)(struct backup_database *database, const struct pg_table_list *tables);
    /* What the format has of a database under way goes, however far it came. */
    void (*drop)(struct backup_database *database);
    /* Says what to do about a failure, where the format knows better. May be NULL. */
    bool (*explain)(struct backup *backup, struct error *error);
    /* Puts it in place. Adds bytes, sha256, databases to the fact. */
    bool (*finish)(struct backup *backup, cJSON *fact, struct error *error);
    double (*bytes)(struct backup *backup); /* written so far, of the whole estimate */
    void (*end)(struct backup *backup);
};

struct backup {
    struct step_run *run;
    const struct backup_format *format;
    void *state; /* the format's own */
    long jobs;
    struct server_access access;
    struct pg_database_list databases;
    char *path;
    bool replace;                   /* what stands at the path is this run's own */
    cJSON *server;                  /* the fact "server.NAME" as of the snapshots */
    cJSON *snapshots;               /* {database: {snapshot, lsn, xid}} */
    const cJSON *first_snapshot;    /* of them: the one that was taken first */
    int64_t taken_ms;               /* wall, of that one */
    cJSON *writes;                  /* the write counters then, or NULL */
    struct objects_record *objects; /* all but the rows, as of the snapshots */
    size_t counted, done;           /* tables; databases */
    double total;                   /* bytes of all databases: an estimate */
    int64_t reported_ms;
    struct load_beside *beside; /* what loads a new server meanwhile, or NULL */
    size_t next;                /* of `databases`: the first that hasn't been looked at */
    struct backup_database *under_way[BACKUP_TOGETHER_MOST]; /* as they were begun */
    size_t under_way_count, begun;
    bool crowded; /* the server had no room for another one when it was asked */
};

/* A database under way. */
struct backup_database {
    struct backup *backup;
    const struct pg_database_entry *entry;
    size_t number; /* from 1 on, as they are begun */
    struct backup_tool tool;
    struct backup_measure *measure; /* its snapshot, counts and digests */
    void *state;                    /* the format's own */
    bool dumping;                   /* its tool was begun */
    bool locked;                    /* its dump has put out something: it holds its locks by now */
    bool dumped;                    /* its tool has ended, and well */
};

extern const struct backup_format backup_plain;
extern const struct backup_format backup_directory;

/* Whether this run wrote what stands at `path`. */
bool backup_is_own(const struct step_run *run, const char *path);

/* Of `most`, as many as the database's share of all bytes, rounded up: so the last one to end holds
 * up the others no longer than all of them take together. */
int backup_share(const struct backup *backup, const struct pg_database_entry *database, int most);

/* backup_databases.c: all databases, several at once. The first one's counts begin before
 * everything else, if there is one. */
bool backup_databases_begin(struct backup *backup, struct error *error);
bool backup_databases(struct backup *backup, struct error *error);
/* Lets the counts and the progress of all that is under way go on, without waiting. */
bool backup_go_on(struct backup *backup, struct error *error);
/* Those that are still under way are given up. */
void backup_databases_end(struct backup *backup);

/* backup_database.c: snapshot, dump, counts and digests of one database; then the proof that no
 * other session has changed a table in a way that snapshots don't hide. Errors name it. */
/* The snapshot is taken, and the server begins to count. */
bool backup_database_begin(struct backup_database *database, struct error *error);
/* Begins or goes on to dump it, without waiting. */
bool backup_database_dump(struct backup_database *database, struct error *error);
/* The counts, without waiting. */
bool backup_database_count(struct backup_database *database, struct error *error);
/* Whether it is dumped, counted and proven. */
bool backup_database_is_done(const struct backup_database *database);
/* Then: records what it is. */
bool backup_database_finish(struct backup_database *database, struct error *error);
/* The connection that holds its snapshot. */
struct pg_connection *backup_database_connection(const struct backup_database *database);
/* How many tables it has. */
size_t backup_database_tables(const struct backup_database *database);
/* Frees it, however far it came. */
void backup_database_end(struct backup_database *database);

#endif
