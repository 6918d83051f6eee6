/* restore_list.c: the list's form, and how it and a database's name reach pg_restore. */
#include "steps/restore/restore_list.h"

#include <string.h>

const char restore_list_script[] =
    "l=$(mktemp) && cat >\"$l\" && exec \"$@\" --use-list=\"$l\" \"$0\"";

void restore_lists_add(struct restore_lists *lists, const struct toc_entry *entry, bool alone)
{
    text_printf(alone ? &lists->alone : &lists->beside, "%d;\n", entry->id);
}

void restore_lists_free(struct restore_lists *lists)
{
    text_free(&lists->beside);
    text_free(&lists->alone);
}

long restore_input_give(struct restore_input *input, char *buffer, size_t size)
{
    size_t count = input->length < size ? input->length : size;
    memcpy(buffer, input->bytes, count);
    input->bytes += count;
    input->length -= count;
    return (long)count;
}

/* Source: PostgreSQL manual, libpq, "Connection Strings". */
char *restore_database_option(const char *database)
{
    struct text option = {0};
    text_add(&option, "--dbname=dbname='");
    for (const char *c = database; *c; c++)
        text_printf(&option, "%s%c", strchr("'\\", *c) ? "\\" : "", *c);
    text_add(&option, "'");
    return text_take(&option);
}
