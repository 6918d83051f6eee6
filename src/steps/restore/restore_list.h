/* restore_list.h: pg_restore of some of a dump's entries, whose list it gets by its standard input.
 */
#ifndef STEPS_RESTORE_RESTORE_LIST_H
#define STEPS_RESTORE_RESTORE_LIST_H

#include "base/error.h"
#include "base/text.h"
#include "postgres/dump_toc.h"

/* Arguments for sh: "-c", this, the dump's directory where it runs, then pg_restore and its options
 * without that directory. Standard input: a line "ID;" for each entry, in order. Source: PostgreSQL
 * manual, pg_restore, --use-list. */
extern const char restore_list_script[];

struct restore_lists {
    struct text beside; /* may go side by side */
    struct text alone;  /* go after those, one after the other (dump_alone.h) */
};

/* Appends the line of one entry. */
void restore_lists_add(struct restore_lists *lists, const struct toc_entry *entry, bool alone);
void restore_lists_free(struct restore_lists *lists);

/* Bytes for a tool's standard input. */
struct restore_input {
    const char *bytes;
    size_t length;
};

/* As struct pg_tool's `read` wants it. */
long restore_input_give(struct restore_input *input, char *buffer, size_t size);

/* "--dbname=..." for a database of any name; the caller frees it. */
char *restore_database_option(const char *database);

#endif
