/* load_beside.h: a new server is loaded, several databases at once, by processes of their own while
 * the old one is still being dumped. Nothing depends on their success: pg.restore does what wasn't
 * done. */
#ifndef STEPS_RESTORE_LOAD_BESIDE_H
#define STEPS_RESTORE_LOAD_BESIDE_H

#include "postgres/catalog.h"
#include "steps/server/server.h"
#include "steps/step.h"

/* {container, started_ms, path, sha256}: all of that backup is on that server, as long as its
 * container hasn't been started anew. */
#define FACT_LOADED "loaded"

struct load_beside;

struct load_beside_setting {
    struct step_run *run;
    const char *server;                       /* the new one, in the runbook */
    const char *directory;                    /* where the backup is made, there already */
    const struct pg_database_list *databases; /* of the old one */
    long jobs;                                /* tables and indexes of a database at once */
};

/* Looks at the new server as pg.restore does, and starts the processes. NULL when it can't be done,
 * with the reason in `error`. */
struct load_beside *load_beside_start(const struct load_beside_setting *setting,
                                      struct error *error);

/* What the backup has come to: the roles' file is complete; then of each database, of which several
 * may be under way: it is being dumped into a directory (bytes: of the database, an estimate; the
 * largest best come first), its table of contents is there, the file of a table's rows is, all of
 * the database is. `beside` may be NULL in all of them. */
void load_beside_roles(struct load_beside *beside);
void load_beside_dumping(struct load_beside *beside, const char *database, const char *directory,
                         double bytes);
void load_beside_contents(struct load_beside *beside, const char *database);
void load_beside_rows(struct load_beside *beside, const char *database, long id);
void load_beside_dumped(struct load_beside *beside, const char *database);

/* Hands on what the processes report; now and then. */
void load_beside_go_on(struct load_beside *beside);
/* The backup is complete: waits until it's loaded, then records the fact. What has kept it from
 * being loaded is only reported. */
void load_beside_finish(struct load_beside *beside, const char *path, const char *sha256);
/* Ends the processes, whatever they do. NULL is fine. */
void load_beside_end(struct load_beside *beside);

/* Whether the fact says so of this backup and of this container as it runs now. */
bool load_beside_is_done(const struct step_run *run, const struct docker_container *container,
                         const char *path, const char *sha256);

#endif
