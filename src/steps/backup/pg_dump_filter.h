/* pg_dump_filter.h: takes the CREATE DATABASE of a database that every server has out of its dump.
 */
#ifndef STEPS_BACKUP_PG_DUMP_FILTER_H
#define STEPS_BACKUP_PG_DUMP_FILTER_H

#include "base/error.h"
#include "base/text.h"

/* pg_dumpall dumps postgres and template1 without --create, and loses their settings, comment and
 * grants. With --create they are all there, and only this statement is too much. */
struct dump_filter {
    bool passing;    /* nothing is looked for any more: bytes go through as they are */
    char *statement; /* "CREATE DATABASE postgres " */
    struct text line;
    bool (*write)(void *context, const char *bytes, size_t length, struct error *error);
    void *context;
};

/* For any other database it lets everything pass. */
void dump_filter_begin(struct dump_filter *filter, const char *database,
                       bool (*write)(void *context, const char *bytes, size_t length,
                                     struct error *error),
                       void *context);
bool dump_filter_feed(struct dump_filter *filter, const char *bytes, size_t length,
                      struct error *error);
/* Hands on what is left, and frees. */
bool dump_filter_end(struct dump_filter *filter, struct error *error);

#endif
