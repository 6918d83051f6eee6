/* load_dump.h: loads a backup's directory while it is being written, as it is told what is there.
 */
#ifndef STEPS_RESTORE_LOAD_DUMP_H
#define STEPS_RESTORE_LOAD_DUMP_H

#include "steps/restore/restore_tuning.h"
#include "steps/step.h"

/* What it is told, each a line of JSON. */
#define LOAD_ROLES "roles"         /* true: the roles' file is complete, or they are loaded */
#define LOAD_DATABASE "database"   /* name: that this is about, with one of these */
#define LOAD_DIRECTORY "directory" /* below the backup's: its dump begins there... */
#define LOAD_BYTES "bytes"         /* ...and has about so many */
#define LOAD_CONTENTS "contents"   /* true: its table of contents is complete */
#define LOAD_ITEM "item"           /* id: the file of these rows is complete */
#define LOAD_DUMPED "dumped"       /* true: the database's dump is complete */
#define LOAD_COMPLETE "complete"   /* true: so is the backup */
/* What it answers, between its reports: LOAD_ROLES when it has loaded them, LOAD_DATABASE with
 * LOAD_LOADED for each database; in the end one of these. Its progress is in bytes of all databases
 * that it was told of so far. */
#define LOAD_LOADED "loaded" /* true */
#define LOAD_FAILED "failed" /* why */
/* Together with LOAD_LOADED; what was said, see struct restore_counts. */
#define LOAD_WARNINGS "warnings"
#define LOAD_HARMLESS "harmless"

struct load_dump_setting {
    const struct step_run *run;
    const char *server, *directory;
    struct restore_machine machine; /* the new server's */
    double at_once;                 /* bytes that are loaded at once, by this process and others */
    long jobs;
    bool roles;            /* they are its work, too; else it waits until they are loaded */
    bool again;            /* an attempt before has left its roles */
    int commands, reports; /* descriptors */
};

/* The body of a process of its own: returns when all is loaded, something has failed, or nobody is
 * left to tell it anything. */
void load_dump(const struct load_dump_setting *setting);

#endif
