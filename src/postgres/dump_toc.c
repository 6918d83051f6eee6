/* dump_toc.c: reads toc.dat. */
#include "postgres/dump_toc.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAJOR 1
#define OLDEST 14 /* minor: with access methods of tables */
#define NEWEST 16
#define WITH_METHOD_OF_COMPRESSION 15
#define WITH_RELKIND 16
#define TAR 3 /* archTar, which a directory's table of contents claims to be */
#define ENTRIES_MAX 10000000
#define DATE_PARTS 7
#define INTEGER_SIZE 4

struct toc_reader {
    const char *next, *end;
    int minor;
    bool bad; /* something couldn't be right: all that is read from then on is empty */
};

static int read_byte(struct toc_reader *reader)
{
    if (reader->next == reader->end) {
        reader->bad = true;
        return 0;
    }
    return (unsigned char)*reader->next++;
}

/* A sign and four bytes, the lowest first. */
static int read_integer(struct toc_reader *reader)
{
    int negative = read_byte(reader);
    unsigned value = 0;
    for (int i = 0; i < INTEGER_SIZE; i++)
        value |= (unsigned)read_byte(reader) << (8 * i);
    reader->bad = reader->bad || negative > 1 || value > 0x7fffffff;
    return reader->bad ? 0 : negative ? -(int)value : (int)value;
}

/* The length, -1 for none, and the bytes. */
static char *read_text(struct toc_reader *reader, bool *there)
{
    int length = read_integer(reader);
    *there = length >= 0 && !reader->bad;
    if (length < 0)
        return xstrdup("");
    if (length > reader->end - reader->next || memchr(reader->next, '\0', (size_t)length)) {
        reader->bad = true;
        return xstrdup("");
    }
    char *text = xstrndup(reader->next, (size_t)length);
    reader->next += length;
    return text;
}

static char *take_text(struct toc_reader *reader)
{
    bool there = false;
    return read_text(reader, &there);
}

static void skip_text(struct toc_reader *reader)
{
    free(take_text(reader));
}

static bool read_head(struct toc_reader *reader, struct toc *toc, struct error *error)
{
    static const char magic[] = "PGDMP";
    size_t length = strlen(magic);
    if ((size_t)(reader->end - reader->next) < length || memcmp(reader->next, magic, length) != 0)
        return error_set(error, ERROR_OTHER, "it isn't a dump's table of contents");
    reader->next += length;
    int major = read_byte(reader);
    reader->minor = read_byte(reader);
    read_byte(reader); /* the revision changes nothing */
    int integer_size = read_byte(reader);
    read_byte(reader); /* the size of an offset, of which a directory has none */
    int format = read_byte(reader);
    if (major != MAJOR || reader->minor < OLDEST || reader->minor > NEWEST ||
        integer_size != INTEGER_SIZE || format != TAR)
        return error_set(error, ERROR_OTHER, "its form %d.%d isn't known", major, reader->minor);
    toc->compressed = (reader->minor < WITH_METHOD_OF_COMPRESSION ? read_integer(reader)
                                                                  : read_byte(reader)) != 0;
    for (int i = 0; i < DATE_PARTS; i++)
        read_integer(reader);
    skip_text(reader); /* database */
    skip_text(reader); /* version of its server */
    skip_text(reader); /* version of pg_dump */
    return true;
}

static void read_needs(struct toc_reader *reader, struct toc_entry *entry)
{
    bool there = true;
    while (!reader->bad) {
        char *text = read_text(reader, &there);
        long id = 0;
        if (there && !text_to_long(text, 1, 0x7fffffff, &id))
            reader->bad = true;
        free(text);
        if (!there || reader->bad)
            return;
        if (!(entry->needed & (entry->needed - 1))) /* full at every power of two */
            entry->needs = xrealloc(entry->needs,
                                    (entry->needed ? 2 * entry->needed : 1) * sizeof *entry->needs);
        entry->needs[entry->needed++] = (int)id;
    }
}

static void read_entry(struct toc_reader *reader, struct toc_entry *entry)
{
    entry->id = read_integer(reader);
    read_integer(reader); /* whether there is data */
    skip_text(reader);    /* catalog and oid of the object */
    skip_text(reader);
    entry->name = take_text(reader);
    entry->kind = take_text(reader);
    int section = read_integer(reader);
    reader->bad = reader->bad || section < TOC_NONE || section > TOC_POST_DATA;
    entry->section = reader->bad ? TOC_NONE : (enum toc_section)section;
    entry->definition = take_text(reader);
    skip_text(reader); /* how it's dropped */
    entry->copy = take_text(reader);
    entry->schema = take_text(reader);
    entry->tablespace = take_text(reader);
    skip_text(reader); /* access method of a table */
    if (reader->minor >= WITH_RELKIND)
        read_integer(reader);
    entry->owner = take_text(reader);
    skip_text(reader); /* "false", for a setting of old */
    read_needs(reader, entry);
    entry->file = take_text(reader);
}

/* An entry without a section of its own belongs where it stands. Source: pg_backup_archiver.c,
 * ProcessArchiveRestoreOptions. */
static void settle_sections(struct toc *toc)
{
    enum toc_section current = TOC_PRE_DATA;
    for (size_t i = 0; i < toc->count; i++) {
        if (toc->items[i].section != TOC_NONE)
            current = toc->items[i].section;
        toc->items[i].section = current;
    }
}

static int order(const void *left, const void *right, void *items)
{
    int a = ((const struct toc_entry *)items)[*(const size_t *)left].id;
    int b = ((const struct toc_entry *)items)[*(const size_t *)right].id;
    return (a > b) - (a < b);
}

static void sort_ids(struct toc *toc)
{
    toc->by_id = xcalloc(toc->count + 1, sizeof *toc->by_id);
    for (size_t i = 0; i < toc->count; i++)
        toc->by_id[i] = i;
    qsort_r(toc->by_id, toc->count, sizeof *toc->by_id, order, toc->items);
}

bool toc_parse(const char *bytes, size_t length, struct toc *toc, struct error *error)
{
    struct toc_reader reader = {.next = bytes, .end = bytes + length};
    *toc = (struct toc){0};
    if (!read_head(&reader, toc, error))
        return false;
    int count = read_integer(&reader);
    /* An entry has more bytes than that. */
    if (reader.bad || count < 0 || count > ENTRIES_MAX || (size_t)count > length)
        return error_set(error, ERROR_OTHER, "its number of entries can't be right");
    toc->items = xcalloc((size_t)count + 1, sizeof *toc->items);
    while (!reader.bad && toc->count < (size_t)count)
        read_entry(&reader, &toc->items[toc->count++]);
    if (reader.bad || reader.next != reader.end)
        return error_set(error, ERROR_OTHER, "it's cut off or damaged at entry %zu of %d",
                         toc->count, count);
    settle_sections(toc);
    sort_ids(toc);
    return true;
}

void toc_free(struct toc *toc)
{
    for (size_t i = 0; i < toc->count; i++) {
        struct toc_entry *entry = &toc->items[i];
        free(entry->name);
        free(entry->kind);
        free(entry->definition);
        free(entry->copy);
        free(entry->schema);
        free(entry->owner);
        free(entry->tablespace);
        free(entry->file);
        free(entry->needs);
    }
    free(toc->items);
    free(toc->by_id);
    *toc = (struct toc){0};
}

const struct toc_entry *toc_find(const struct toc *toc, int id)
{
    size_t low = 0, high = toc->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct toc_entry *entry = &toc->items[toc->by_id[middle]];
        if (entry->id == id)
            return entry;
        if (entry->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
