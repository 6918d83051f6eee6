/* dump_toc.h: the table of contents of a dump in pg_dump's directory format: what it holds, in
 * which order, and what needs what. */
#ifndef POSTGRES_DUMP_TOC_H
#define POSTGRES_DUMP_TOC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Source: PostgreSQL's pg_backup.h, teSection. */
enum toc_section { TOC_NONE = 1, TOC_PRE_DATA, TOC_DATA, TOC_POST_DATA };

struct toc_entry {
    int id;
    enum toc_section section; /* where pg_restore --section puts it; never TOC_NONE in the list */
    char *name;
    char *kind;       /* "TABLE", "TABLE DATA", "INDEX"... */
    char *definition; /* SQL, "" for none */
    char *copy;       /* of rows: "COPY public.t (id) FROM stdin;\n", "" for none */
    char *schema;     /* "" for none */
    char *owner;      /* "" for none */
    char *tablespace; /* "" for none or the default one */
    char *file;       /* of its data, as if it weren't compressed: "3755.dat"; "" for none */
    int *needs;       /* ids, some of which may not be in the list */
    size_t needed;
};

struct toc {
    struct toc_entry *items; /* in pg_restore's order */
    size_t count;
    bool compressed; /* its data is */
    size_t *by_id;   /* indexes into items, sorted by id */
};

/* Knows the forms that pg_dump 12 to 18 write; another one, and bytes that are cut off or can't be
 * right, are errors. Free in any case. Source: PostgreSQL's pg_backup_archiver.c, WriteToc. */
bool toc_parse(const char *bytes, size_t length, struct toc *toc, struct error *error);
void toc_free(struct toc *toc);
/* NULL when there is none of that id. */
const struct toc_entry *toc_find(const struct toc *toc, int id);

#endif
