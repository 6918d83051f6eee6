/* follow_parts.h: what following a server is made of. Nothing outside of src/steps/follow/ includes
 * it. */
#ifndef STEPS_FOLLOW_FOLLOW_PARTS_H
#define STEPS_FOLLOW_FOLLOW_PARTS_H

#include "postgres/catalog.h"
#include "postgres/objects.h"
#include "postgres/row_places.h"
#include "postgres/storage.h"
#include "postgres/table_copy.h"
#include "postgres/wal_mark.h"
#include "steps/follow/follow.h"
#include "steps/follow/follow_log.h"

struct follow_table {
    struct pg_table *table, *on_copy; /* the database's lists' own */
    uint32_t tablespace, file;        /* as the held snapshot has them */
    bool unlogged;
    bool hindered; /* by triggers of the copy: see table_copy_hindered */
    bool known;    /* both shapes are */
    struct table_shape shape, copy_shape;
    bool prepared[2]; /* by session: see struct row_reader */
    /* Of one round. */
    struct touched_file touched; /* no blocks: it wasn't */
    bool whole;                  /* it has to be compared as a whole */
};

struct follow_database {
    char *name;
    /* One of the source's two sessions holds the snapshot that the copy is equal to; the other one
     * takes the next. */
    struct pg_connection *sessions[2];
    int held;
    struct pg_connection *copy;
    struct pg_table_list source_list, copy_list;
    struct follow_table *tables; /* by schema and name */
    size_t count;
    struct storage storage;
    char *schema_digest;
    char catalogs[48]; /* in which files the catalogs are, as a digest */
    struct pg_object_list objects;
    /* Of one round. */
    bool everything;     /* no log says what was touched */
    bool catalogs_moved; /* into other files, whose blocks the log names: see follow_schema_check */
    bool common_touched, schema_touched, large_objects_touched;
    bool sequences_farther; /* than those that are followed: some of the copy's are */
    bool began;             /* a transaction on the copy */
    bool final;
    size_t changed; /* tables */
    long long removed, copied;
    struct text_list remarks; /* for the step's log */
    struct error error;
    bool failed;
};

struct follow {
    struct step_run *run;
    struct server_access source, copy;
    struct pg_connection *main; /* of the source, never inside of a transaction */
    struct follow_log *log;
    struct follow_database *databases;
    size_t count;
    char *catalogs;            /* the catalogs' numbers, with commas, the same in every database */
    struct storage *templates; /* files of databases that are only watched */
    size_t template_count;
    struct pg_object_list cluster; /* roles, databases, settings... */
    struct wal_marks marks;
    uint64_t start; /* of the log, for the held snapshots */
    struct write_position position;
    bool broken; /* a round failed: what is open isn't what it has to be any more */
};

/* ---- follow_sessions.c ---- */

/* Finds both servers and opens every session. */
bool follow_sessions_open(struct follow *follow, const char *source, const char *copy,
                          struct error *error);
void follow_sessions_close(struct follow *follow);
struct pg_connection *follow_before(const struct follow_database *database);
struct pg_connection *follow_after(const struct follow_database *database);

/* ---- follow_snapshot.c ---- */

/* Writes a message to the log that means nothing to anybody: with it, all that was committed before
 * is in the log's files. *end: where it ends; *transaction: the number that it took. */
bool follow_flush(struct follow *follow, uint64_t *end, uint64_t *transaction, struct error *error);
/* A mark, then waits at most `patience_ms` until all transactions before it are over. */
bool follow_mark(struct follow *follow, long patience_ms, struct error *error);
/* Takes the next snapshot in every database, and looks where the catalogs are; *xmin is the lowest
 * of them. */
bool follow_snapshots_take(struct follow *follow, uint64_t *xmin, struct error *error);
/* The same, with follow->position and a flush: all that they see is in the log before *end. */
bool follow_snapshots_take_next(struct follow *follow, uint64_t *xmin, uint64_t *end,
                                struct error *error);
/* The same of a source that isn't written to: proven to hold all, with nothing after it. Waits for
 * what is under way, up to 3 s. */
bool follow_snapshots_take_last(struct follow *follow, uint64_t *xmin, uint64_t *end,
                                struct error *error);
/* What `look` reads in the snapshot that was taken last leaves no lock behind, also none of a
 * catalog's: who wants one for itself (VACUUM FULL) would wait for the follow, and everybody for
 * him. */
bool follow_look(struct follow_database *database,
                 bool (*look)(struct follow_database *database, struct error *error),
                 struct error *error);
/* The snapshots that were taken last are the held ones from now on. */
bool follow_snapshots_keep(struct follow *follow, uint64_t xmin, struct error *error);
/* Where both are the same session's: forgets those that were taken last. */
void follow_snapshots_drop(struct follow *follow);

/* ---- follow_tables.c ---- */

/* Lists and files: of the snapshot that was taken last. Tables that only one server has, or
 * that have other columns there, are an error. */
bool follow_tables_read(struct follow_database *database, struct error *error);
void follow_tables_free(struct follow_database *database);
/* NULL when there is none. */
struct follow_table *follow_table_find(const struct follow_database *database, const char *schema,
                                       const char *name);
bool follow_table_know(const struct follow_database *database, struct follow_table *table,
                       struct error *error);
/* Tables whose file isn't the same any more have to be compared as a whole. */
bool follow_tables_refile(struct follow_database *database, struct error *error);

/* ---- follow_schema.c ---- */

/* What is there now: of the cluster, and in the snapshots that were taken last. */
bool follow_schema_read(struct follow *follow, struct error *error);
/* Whether a database's schema is still what it was, in the snapshot that was taken last; looked at
 * only where the log says that the catalogs were touched, or can't say so as one was written anew
 * (VACUUM FULL) in between. */
bool follow_schema_check(struct follow_database *database, struct error *error);
bool follow_schema_check_cluster(struct follow *follow, struct error *error);

/* ---- follow_objects.c ---- */

/* Whether the source's objects are what is on record, of the backup or of the switch; it names
 * those that aren't. A way back without a record is an error. */
bool follow_objects_check(struct follow *follow, struct error *error);

/* ---- follow_equal.c ---- */

/* Makes the copy equal to the snapshots that were taken last, and proves it. */
bool follow_equal(struct follow *follow, struct error *error);
/* Both sides' count and digest, of the snapshot that was taken last and of the copy now. */
bool follow_table_equal(const struct follow_database *database, struct follow_table *table,
                        bool *equal, struct error *error);

/* ---- follow_apply.c ---- */

/* Brings one database's copy to the snapshot that was taken last, in a transaction that is left
 * open. */
bool follow_apply(struct follow_database *database, struct error *error);
/* One table as a whole. */
bool follow_apply_whole(struct follow_database *database, struct follow_table *table,
                        struct error *error);
/* Gives the copy's sequences the values of those that are followed, but for those that are farther
 * already. */
bool follow_sequences(struct follow_database *database, struct error *error);
/* Gives these the same value, too: behind the last round, once its rows are committed everywhere.
 */
bool follow_sequences_back(struct follow_database *database, struct error *error);
bool follow_views_refresh(struct follow_database *database, struct error *error);

/* ---- follow_side.c ---- */

/* Calls `work` for every database at once, each in a thread of its own; false with the first
 * database's error that failed. `work` must not report to the step. */
bool follow_side_by_side(struct follow *follow,
                         bool (*work)(struct follow_database *database, struct error *error),
                         struct error *error);

#endif
