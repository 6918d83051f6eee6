/* backup_contents.h: whose rows are in a dump of one database, as pg_restore lists them. */
#ifndef STEPS_BACKUP_BACKUP_CONTENTS_H
#define STEPS_BACKUP_BACKUP_CONTENTS_H

#include "base/text.h"
#include "docker/helper.h"

struct backup_contents {
    struct text_list tables; /* "SCHEMA TABLE OWNER", sorted once they are read */
    struct text line;        /* that isn't complete yet */
};

/* Asks pg_restore --list in the helper about a directory of the backup. Free in any case. */
bool backup_contents_read(struct docker *docker, const struct docker_helper *helper,
                          const char *directory, struct backup_contents *contents,
                          struct error *error);
void backup_contents_free(struct backup_contents *contents);

/* The parts: any piece of what pg_restore writes, in order; then the end. */
void backup_contents_take(struct backup_contents *contents, const char *bytes, size_t length);
void backup_contents_sort(struct backup_contents *contents);

/* Whether every table of a manifest's database that had rows is there. */
bool backup_contents_hold(const struct backup_contents *contents, const cJSON *database,
                          struct error *error);
/* Rows of a manifest's database. */
long long backup_contents_rows(const cJSON *database);

#endif
