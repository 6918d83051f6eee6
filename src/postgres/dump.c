/* dump.c: a plain SQL dump line by line; rows of tables are passed over, so that nothing in them is
 * taken for a marker. */
#include "postgres/dump.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A COPY line with 1600 columns of the longest names stays below this. */
#define LINE_KEPT ((size_t)1 << 20)
#define ROW_KEPT ((size_t)4)
#define DATABASES_MAX ((size_t)10000)

struct dump_scan {
    struct dump_summary summary;
    struct text line;
    bool data_section; /* the last section's comment announced a table's rows */
    bool after_rule;   /* the line before was "--", as before every marker */
};

struct dump_scan *dump_scan_new(void)
{
    struct dump_scan *scan = xcalloc(1, sizeof *scan);
    scan->summary.end_mark = -1;
    return scan;
}

void dump_scan_free(struct dump_scan *scan)
{
    if (!scan)
        return;
    for (size_t i = 0; i < scan->summary.count; i++)
        free(scan->summary.databases[i].name);
    free(scan->summary.databases);
    text_free(&scan->line);
    free(scan);
}

const struct dump_summary *dump_scan_summary(const struct dump_scan *scan)
{
    return &scan->summary;
}

static struct dump_database *current(struct dump_scan *scan)
{
    struct dump_summary *summary = &scan->summary;
    return summary->count ? &summary->databases[summary->count - 1] : NULL;
}

static struct dump_database *begin_database(struct dump_scan *scan, const char *name, size_t length)
{
    struct dump_summary *summary = &scan->summary;
    if (summary->count == 0)
        summary->globals_complete = summary->cluster_complete;
    if (summary->count >= DATABASES_MAX)
        return current(scan);
    summary->databases =
        xrealloc(summary->databases, (summary->count + 1) * sizeof *summary->databases);
    struct dump_database *database = &summary->databases[summary->count++];
    *database = (struct dump_database){.name = xstrndup(name, length)};
    summary->cluster_complete = false;
    return database;
}

/* `-- Database "NAME" dump`, which stands before each database's own dump. */
static bool take_database(struct dump_scan *scan, const char *line)
{
    static const char before[] = "-- Database \"", after[] = "\" dump";
    if (!text_starts(line, before) || !text_ends(line, after))
        return false;
    size_t length = strlen(line) - strlen(before) - strlen(after);
    begin_database(scan, line + strlen(before), length);
    return true;
}

static struct dump_database *current_or_unnamed(struct dump_scan *scan)
{
    struct dump_database *database = current(scan);
    if (database)
        return database;
    database = begin_database(scan, "", 0);
    database->single = true;
    return database;
}

/* `'NAME'"` with a backslash before each quote and backslash in it, and each double quote twice;
 * false where that isn't all. */
static bool connection_name(const char *given, struct text *name)
{
    if (*given++ != '\'')
        return false;
    for (; *given && *given != '\''; given++) {
        given += (*given == '\\' || *given == '"') && given[1];
        text_append(name, given, 1);
    }
    return !strcmp(given, "'\"") && name->length;
}

static bool plain_name(const char *given, struct text *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    given += *given == '"';
    size_t length = strspn(given, plain);
    text_append(name, given, length);
    return length && (!given[length] || !strcmp(given + length, "\""));
}

/* `\connect NAME`, by which pg_dump --create names its only database; a name of other characters
 * stands in a connection string. Source: pg_dump's appendPsqlMetaConnect, appendConnStrVal. */
static void take_connect(struct dump_scan *scan, const char *line)
{
    static const char before[] = "\\connect ", string[] = "-reuse-previous=on \"dbname=";
    struct dump_database *database = current(scan);
    struct text name = {0};
    if (!database || *database->name || scan->summary.globals_begun || !text_starts(line, before))
        return;
    const char *given = line + strlen(before);
    bool named = text_starts(given, string) ? connection_name(given + strlen(string), &name)
                                            : plain_name(given, &name);
    if (named) {
        free(database->name);
        database->name = xstrdup(text_string(&name));
    }
    text_free(&name);
}

static void take_marker(struct dump_scan *scan, const char *line)
{
    bool mark = true;
    if (!strcmp(line, "-- PostgreSQL database dump complete"))
        current_or_unnamed(scan)->complete = true;
    else if (!strcmp(line, "-- PostgreSQL database cluster dump"))
        scan->summary.globals_begun = true;
    else if (!strcmp(line, "-- PostgreSQL database cluster dump complete"))
        scan->summary.cluster_complete = true;
    else
        mark = take_database(scan, line) || !strcmp(line, "-- PostgreSQL database dump");
    if (mark)
        scan->summary.last_mark_at = scan->summary.bytes;
    if (!strcmp(line, "-- PostgreSQL database dump"))
        current_or_unnamed(scan);
}

static void take_end_mark(struct dump_scan *scan, const char *line)
{
    long number;
    if (!text_starts(line, DUMP_END_MARK) ||
        !text_to_long(line + strlen(DUMP_END_MARK), 0, (long)DATABASES_MAX, &number))
        return;
    scan->summary.end_mark = number;
    scan->summary.last_mark_at = scan->summary.bytes;
}

/* Only where the section's comment says TABLE DATA does a COPY begin rows: a function's body may
 * hold the same words. */
static bool begins_rows(const struct dump_scan *scan, const char *line)
{
    return scan->data_section && text_starts(line, "COPY ") && text_ends(line, " FROM stdin;");
}

static void take_row(struct dump_scan *scan, const char *line)
{
    if (!strcmp(line, "\\."))
        scan->summary.inside_data = false;
    else
        current_or_unnamed(scan)->rows++;
}

static void take_comment(struct dump_scan *scan, const char *line)
{
    if (text_starts(line, "-- Data for Name: "))
        scan->data_section = true;
    else if (text_starts(line, "-- Name: "))
        scan->data_section = false;
    else if (scan->after_rule)
        take_marker(scan, line);
    take_end_mark(scan, line);
}

static void take_line(struct dump_scan *scan)
{
    const char *line = text_string(&scan->line);
    if (scan->summary.inside_data) {
        take_row(scan, line);
    } else if (begins_rows(scan, line)) {
        scan->summary.inside_data = true;
        current_or_unnamed(scan)->tables++;
    } else if (text_starts(line, "-- ")) {
        take_comment(scan, line);
    } else {
        take_connect(scan, line);
    }
    scan->after_rule = !strcmp(line, "--");
}

/* Of a table's row only "\\." matters. */
static void keep(struct dump_scan *scan, const char *bytes, size_t length)
{
    size_t limit = scan->summary.inside_data ? ROW_KEPT : LINE_KEPT;
    size_t room = scan->line.length < limit ? limit - scan->line.length : 0;
    text_append(&scan->line, bytes, length < room ? length : room);
}

static void keep_head(struct dump_summary *summary, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && summary->bytes + i < DUMP_HEAD; i++)
        summary->head[summary->bytes + i] = bytes[i];
}

void dump_scan_feed(struct dump_scan *scan, const char *bytes, size_t length)
{
    keep_head(&scan->summary, bytes, length);
    while (length) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end ? (size_t)(end - bytes) : length;
        keep(scan, bytes, part);
        part += end != NULL;
        scan->summary.bytes += part;
        scan->summary.inside_line = !end;
        if (end) {
            take_line(scan);
            text_consume(&scan->line, scan->line.length);
        }
        bytes += part;
        length -= part;
    }
}

static bool truncated(const char *path, struct error *error, const char *what)
{
    error_set(error, ERROR_OTHER, "the backup %s is not whole: %s", path, what);
    return error_remedy(error,
                        "The disk was full, or the container stopped while it was written. "
                        "Check df -h and docker ps, remove the file and run the backup again.");
}

static bool databases_complete(const struct dump_summary *summary, const char *path,
                               struct error *error)
{
    for (size_t i = 0; i < summary->count; i++) {
        if (summary->databases[i].complete)
            continue;
        char *what = xprintf("database \"%s\" has no \"PostgreSQL database dump complete\"",
                             summary->databases[i].name);
        truncated(path, error, what);
        free(what);
        return false;
    }
    return true;
}

/* Bytes behind the last marker: "--" and empty lines, \unrestrict with its key. */
#define TAIL_MAX 512

#define BY_PG_RESTORE                                                                              \
    "Make SQL of it, with the pg_restore of its version or a later one: pg_restore --create "      \
    "--no-owner --no-acl -f backup.sql FILE, and give backup.sql. Roles and grants aren't in it."

/* Source: pg_dump's pg_backup_archiver.h (K_MAGIC); RFC 1952; RFC 8878; the formats of xz and
 * bzip2. */
static const struct other_format {
    const char *head, *name, *remedy;
} other_formats[] = {
    {"PGDMP", "a file in pg_dump's custom format", BY_PG_RESTORE},
    {"toc.da", "a file in pg_dump's tar format", BY_PG_RESTORE},
    {"\x1f\x8b", "compressed (gzip)", "Unpack it (gunzip), and give what comes out."},
    {"\x28\xb5\x2f\xfd", "compressed (zstd)", "Unpack it (unzstd), and give what comes out."},
    {"\xfd\x37zXZ", "compressed (xz)", "Unpack it (unxz), and give what comes out."},
    {"BZh", "compressed (bzip2)", "Unpack it (bunzip2), and give what comes out."},
};

static bool is_plain(const struct dump_summary *summary, const char *path, struct error *error)
{
    for (size_t i = 0; i < sizeof other_formats / sizeof *other_formats; i++) {
        const struct other_format *other = &other_formats[i];
        if (memcmp(summary->head, other->head, strlen(other->head)) != 0)
            continue;
        error_set(error, ERROR_OTHER, "the backup %s is no plain SQL: it is %s", path, other->name);
        return error_remedy(error, "%s", other->remedy);
    }
    return true;
}

bool dump_is_whole(const struct dump_summary *summary, const char *path, struct error *error)
{
    if (!is_plain(summary, path, error))
        return false;
    if (summary->bytes == 0)
        return truncated(path, error, "it is empty");
    if (summary->inside_data)
        return truncated(path, error, "it ends within the rows of a table");
    if (summary->inside_line)
        return truncated(path, error, "it ends within a line");
    if (summary->count == 0)
        return truncated(path, error, "there is no database in it");
    if (!databases_complete(summary, path, error))
        return false;
    if (summary->end_mark >= 0 && (size_t)summary->end_mark != summary->count)
        return truncated(path, error, "its last line counts other databases than there are in it");
    if (summary->end_mark >= 0 && summary->globals_begun && !summary->globals_complete)
        return truncated(path, error, "the roles have no mark of their end");
    bool single = summary->count == 1 && summary->databases[0].single;
    if (summary->end_mark < 0 && !summary->cluster_complete && !single)
        return truncated(path, error, "the mark of its end is missing");
    if (summary->bytes - summary->last_mark_at > TAIL_MAX)
        return truncated(path, error, "something follows the mark of its end");
    return true;
}
