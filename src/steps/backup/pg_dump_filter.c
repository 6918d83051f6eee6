/* pg_dump_filter.c: looks at a dump's lines up to the first \connect. */
#include "steps/backup/pg_dump_filter.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_MAX ((size_t)4 << 20)

void dump_filter_begin(struct dump_filter *filter, const char *database,
                       bool (*write)(void *context, const char *bytes, size_t length,
                                     struct error *error),
                       void *context)
{
    bool everywhere = !strcmp(database, "postgres") || !strcmp(database, "template1");
    *filter = (struct dump_filter){.passing = !everywhere, .write = write, .context = context};
    filter->statement = everywhere ? xprintf("CREATE DATABASE %s ", database) : NULL;
}

static bool hand_on(struct dump_filter *filter, size_t length, struct error *error)
{
    bool written = filter->write(filter->context, filter->line.bytes, length, error);
    text_consume(&filter->line, length);
    return written;
}

/* The first line in the buffer, `length` bytes with its end. */
static bool take_line(struct dump_filter *filter, size_t length, struct error *error)
{
    static const char note[] = "-- every server has this database\n";
    if (!strncmp(filter->line.bytes, filter->statement, strlen(filter->statement))) {
        text_consume(&filter->line, length);
        filter->passing = true;
        return filter->write(filter->context, note, strlen(note), error);
    }
    filter->passing = text_starts(filter->line.bytes, "\\connect ");
    return hand_on(filter, length, error);
}

bool dump_filter_feed(struct dump_filter *filter, const char *bytes, size_t length,
                      struct error *error)
{
    if (filter->passing)
        return filter->write(filter->context, bytes, length, error);
    text_append(&filter->line, bytes, length);
    filter->passing = filter->line.length > HEAD_MAX;
    while (!filter->passing) {
        const char *end = memchr(text_string(&filter->line), '\n', filter->line.length);
        if (!end)
            return true;
        if (!take_line(filter, (size_t)(end - filter->line.bytes) + 1, error))
            return false;
    }
    return hand_on(filter, filter->line.length, error);
}

bool dump_filter_end(struct dump_filter *filter, struct error *error)
{
    bool written = !filter->line.length || hand_on(filter, filter->line.length, error);
    text_free(&filter->line);
    free(filter->statement);
    filter->statement = NULL;
    return written;
}
