/* evidence.c: lines of evidence, and where they go. */
#include "steps/evidence.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static void add_plain(struct text *lines, const char *field)
{
    for (; *field; field++)
        if (*field == '\t' || *field == '\n' || *field == '\r')
            text_add(lines, " ");
        else
            text_append(lines, field, 1);
}

void evidence_field(struct text *lines, const char *field)
{
    add_plain(lines, field);
    text_add(lines, "\t");
}

void evidence_line(struct text *lines, const char *const *fields)
{
    for (size_t i = 0; fields[i]; i++) {
        text_add(lines, i ? "\t" : "");
        add_plain(lines, fields[i]);
    }
    text_add(lines, "\n");
}

static char *evidence_path(const struct step_run *run, const char *kind)
{
    char *name = xprintf("evidence/%s-%s.tsv", kind, run->path);
    for (char *slash = name + strlen("evidence/"); (slash = strchr(slash, '/'));)
        *slash = '-';
    char *path = file_join(run->directory, name);
    free(name);
    return path;
}

bool evidence_write(const struct step_run *run, const char *kind, const struct text *lines,
                    struct error *error)
{
    if (run->planning)
        return true;
    char *directory = file_join(run->directory, "evidence"), *path = evidence_path(run, kind);
    bool written = file_make_directories(directory, 0700, error) &&
                   file_write_atomic(path, text_string(lines), lines->length, 0600, error);
    free(directory);
    free(path);
    return written;
}
