/* environment_file.c: the settings of an environment file: found, renamed, added, commented out and
 * removed, every other byte kept. */
#include "compose/environment_file.h"

#include "compose/patch.h"

#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

struct scan {
    const char *file, *bytes;
    size_t length, place;
    size_t line; /* from 1, of the next entry */
};

static bool is_name_byte(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '.' || byte == '-';
}

static size_t skip_blanks(const struct scan *scan, size_t place)
{
    while (place < scan->length && (scan->bytes[place] == ' ' || scan->bytes[place] == '\t'))
        place++;
    return place;
}

/* The line's end, before '\n' and the '\r' in front of it. */
static size_t content_end(const struct scan *scan, size_t place)
{
    const char *end = memchr(scan->bytes + place, '\n', scan->length - place);
    size_t at = end ? (size_t)(end - scan->bytes) : scan->length;
    return end && at > place && scan->bytes[at - 1] == '\r' ? at - 1 : at;
}

static size_t behind_line(const struct scan *scan, size_t place)
{
    const char *end = memchr(scan->bytes + place, '\n', scan->length - place);
    return end ? (size_t)(end - scan->bytes) + 1 : scan->length;
}

static bool scan_begin(struct scan *scan, const char *file, const char *bytes, size_t length,
                       struct error *error)
{
    size_t mark = strlen(BYTE_ORDER_MARK);
    *scan = (struct scan){.file = file, .bytes = bytes, .length = length, .line = 1};
    if (length >= mark && !memcmp(bytes, BYTE_ORDER_MARK, mark))
        scan->place = mark;
    return !memchr(bytes, '\0', length) ||
           error_set(error, ERROR_OTHER, "%s is no environment file: it holds a NUL byte", file);
}

/* Whether what begins at `place` is a name and a mark; the entry's name is filled, and `place` is
 * behind the mark. */
static bool read_name(const struct scan *scan, size_t *place, struct environment_entry *entry)
{
    static const char export[] = "export";
    size_t at = skip_blanks(scan, *place), behind = at + sizeof export - 1;
    if (scan->length > behind && !memcmp(scan->bytes + at, export, sizeof export - 1) &&
        skip_blanks(scan, behind) > behind)
        at = skip_blanks(scan, behind);
    entry->name = at;
    while (at < scan->length && is_name_byte(scan->bytes[at]))
        at++;
    entry->name_length = at - entry->name;
    at = skip_blanks(scan, at);
    bool named = entry->name_length && at < scan->length &&
                 (scan->bytes[at] == '=' || scan->bytes[at] == ':');
    *place = named ? skip_blanks(scan, at + 1) : *place;
    return named;
}

/* Up to a '#' behind a blank, without the blanks at its end. */
static void read_plain(const struct scan *scan, size_t place, struct environment_entry *entry)
{
    size_t end = content_end(scan, place);
    for (size_t at = place; at < end; at++)
        if (scan->bytes[at] == '#' && (at == place || strchr(" \t", scan->bytes[at - 1])))
            end = at;
    while (end > place && strchr(" \t", scan->bytes[end - 1]))
        end--;
    entry->value = place;
    entry->value_length = end - place;
}

/* May go on over several lines; a backslash keeps a quote from closing it. */
static bool read_quoted(const struct scan *scan, size_t place, struct environment_entry *entry)
{
    size_t at = place + 1;
    while (at < scan->length && scan->bytes[at] != scan->bytes[place])
        at += scan->bytes[at] == '\\' ? 2 : 1;
    entry->quote = scan->bytes[place];
    entry->value = place + 1;
    entry->value_length = at < scan->length ? at - place - 1 : 0;
    return at < scan->length;
}

static bool read_value(const struct scan *scan, size_t place, struct environment_entry *entry,
                       struct error *error)
{
    bool quoted = place < scan->length && strchr("'\"", scan->bytes[place]);
    if (quoted && !read_quoted(scan, place, entry))
        return error_set(entry->detached ? NULL : error, ERROR_OTHER,
                         "%s:%zu: the quote isn't closed", scan->file, scan->line);
    if (!quoted)
        read_plain(scan, place, entry);
    entry->end = behind_line(scan, entry->value + entry->value_length);
    return true;
}

static size_t count_lines(const char *bytes, size_t length)
{
    size_t count = 0;
    for (const char *at = bytes; (at = memchr(at, '\n', length - (size_t)(at - bytes))); at++)
        count++;
    return count;
}

/* The next setting, detached ones too; *found is false at the end. */
static bool scan_next(struct scan *scan, struct environment_entry *entry, bool *found,
                      struct error *error)
{
    for (*found = false; !*found && scan->place < scan->length;) {
        size_t start = scan->place, place = start;
        *entry = (struct environment_entry){.start = start};
        entry->detached = scan->bytes[place] == '#';
        place += entry->detached;
        size_t end = behind_line(scan, start);
        if (read_name(scan, &place, entry)) {
            bool good = read_value(scan, place, entry, error);
            if (!good && !entry->detached)
                return false;
            /* A comment's quote doesn't take the next lines with it. */
            *found = good && !(entry->detached && entry->end > end);
        }
        scan->place = *found ? entry->end : end;
        scan->line += count_lines(scan->bytes + start, scan->place - start);
    }
    return true;
}

static bool is_named(const struct scan *scan, const struct environment_entry *entry,
                     const char *name)
{
    return entry->name_length == strlen(name) &&
           !memcmp(scan->bytes + entry->name, name, entry->name_length);
}

/* Counts, and keeps the last one of each kind. */
static bool look(struct scan *scan, const char *name, struct environment_count *count,
                 struct environment_entry *set, struct environment_entry *detached,
                 struct error *error)
{
    struct environment_entry entry;
    bool found = false;
    *count = (struct environment_count){0};
    while (scan_next(scan, &entry, &found, error) && found) {
        if (!is_named(scan, &entry, name))
            continue;
        *(entry.detached ? detached : set) = entry;
        ++*(entry.detached ? &count->detached : &count->set);
        if (entry.detached)
            count->detached_line = count_lines(scan->bytes, entry.start) + 1;
    }
    return !found && scan->place >= scan->length;
}

bool environment_count(const char *file, const char *bytes, size_t length, const char *name,
                       struct environment_count *count, struct error *error)
{
    struct scan scan;
    struct environment_entry set, detached;
    return scan_begin(&scan, file, bytes, length, error) &&
           look(&scan, name, count, &set, &detached, error);
}

static bool not_once(const char *file, const char *name, size_t count, const char *how,
                     struct error *error)
{
    if (!count)
        return error_set(error, ERROR_OTHER, "%s doesn't have %s%s", file, name, how);
    error_set(error, ERROR_OTHER, "%s has %s%s %zu times", file, name, how, count);
    return error_remedy(error, "Which one counts is easily mistaken: leave one of the lines.");
}

static bool find(const char *file, const char *bytes, size_t length, const char *name,
                 bool detached, struct environment_entry *entry, struct error *error)
{
    struct scan scan;
    struct environment_count count;
    struct environment_entry other;
    if (!scan_begin(&scan, file, bytes, length, error) ||
        !look(&scan, name, &count, detached ? &other : entry, detached ? entry : &other, error))
        return false;
    size_t found = detached ? count.detached : count.set;
    return found == 1 || not_once(file, name, found, detached ? ", commented out," : "", error);
}

bool environment_find(const char *file, const char *bytes, size_t length, const char *name,
                      struct environment_entry *entry, struct error *error)
{
    return find(file, bytes, length, name, false, entry, error);
}

/* Neither set nor commented out: the name can be taken, and the way back isn't mistaken. */
static bool is_free(const char *file, const char *bytes, size_t length, const char *name,
                    struct error *error)
{
    struct environment_count count;
    if (!environment_count(file, bytes, length, name, &count, error))
        return false;
    if (!count.set && !count.detached)
        return true;
    error_set(error, ERROR_OTHER, "%s has %s already%s", file, name,
              count.set ? "" : ", commented out");
    return error_remedy(error, "It may be of an earlier upgrade. Take that line away, or choose "
                               "another prefix.");
}

/* ---- the host in an address ---- */

static bool is_host_byte(char byte)
{
    return is_name_byte(byte);
}

static size_t find_in(const char *bytes, size_t length, const char *word)
{
    const char *found = memmem(bytes, length, word, strlen(word));
    return found ? (size_t)(found - bytes) : length;
}

static bool no_host(const char *file, const char *bytes, const struct environment_entry *entry,
                    struct error *error)
{
    error_set(error, ERROR_OTHER,
              "%s: the value of %.*s is no address with one plain host "
              "(postgres://USER:PASSWORD@HOST:PORT/NAME)",
              file, (int)entry->name_length, bytes + entry->name);
    return error_remedy(error, "Write it so; a user or a password with special characters has them "
                               "as %%40 and the like.");
}

bool environment_find_host(const char *file, const char *bytes, struct environment_entry *entry,
                           struct error *error)
{
    const char *value = bytes + entry->value;
    size_t scheme = find_in(value, entry->value_length, "://"), start = scheme + 3, port = 0;
    if (!scheme || start > entry->value_length)
        return no_host(file, bytes, entry, error);
    size_t end = start, digits = 0;
    while (end < entry->value_length && !strchr("/?#", value[end]))
        end++;
    for (size_t at = start; at < end; at++)
        if (value[at] == '@')
            start = at + 1;
    size_t host_end = start;
    while (host_end < end && is_host_byte(value[host_end]))
        host_end++;
    entry->host = entry->value + start;
    entry->host_length = host_end - start;
    bool plain = host_end > start;
    if (plain && host_end < end) {
        plain = value[host_end] == ':';
        for (size_t at = host_end + 1; at < end && digits < 6; at++, digits++) {
            plain = plain && value[at] >= '0' && value[at] <= '9';
            port = port * 10 + (size_t)(value[at] - '0');
        }
        plain = plain && digits && digits < 6 && port <= 65535;
    }
    entry->port = plain ? port : 0;
    return plain || no_host(file, bytes, entry, error);
}

/* ---- the edits ---- */

static void apply(struct patches *patches, const char *bytes, size_t length, struct text *result)
{
    patches_apply(patches, bytes, length, result);
    patches_free(patches);
}

bool environment_rename(const char *file, const char *bytes, size_t length, const char *from,
                        const char *to, struct text *result, struct error *error)
{
    struct environment_entry entry;
    struct patches patches = {0};
    if (!environment_find(file, bytes, length, from, &entry, error) ||
        !is_free(file, bytes, length, to, error))
        return false;
    patches_add(&patches, entry.name, entry.name + entry.name_length, to);
    apply(&patches, bytes, length, result);
    return true;
}

/* The line's own end; the last line may have none, then the file's first one. */
static const char *line_end_of(const char *bytes, size_t length,
                               const struct environment_entry *entry)
{
    const char *end = bytes + entry->end;
    if (entry->end <= entry->start || end[-1] != '\n') {
        end = memchr(bytes, '\n', length);
        end = end ? end + 1 : NULL;
    }
    return end && end - bytes >= 2 && end[-2] == '\r' ? "\r\n" : "\n";
}

bool environment_add(const char *file, const char *bytes, size_t length, const char *name,
                     const char *like, const char *host, struct text *result, struct error *error)
{
    struct environment_entry entry;
    if (!environment_find(file, bytes, length, like, &entry, error) ||
        !environment_find_host(file, bytes, &entry, error) ||
        !is_free(file, bytes, length, name, error))
        return false;
    size_t behind_name = entry.name + entry.name_length,
           behind_host = entry.host + entry.host_length;
    text_append(result, bytes, entry.name);
    text_add(result, name);
    text_append(result, bytes + behind_name, entry.host - behind_name);
    text_add(result, host);
    text_append(result, bytes + behind_host, entry.end - behind_host);
    if (bytes[entry.end - 1] != '\n')
        text_add(result, line_end_of(bytes, length, &entry));
    text_append(result, bytes + entry.start, length - entry.start);
    return true;
}

bool environment_detach(const char *file, const char *bytes, size_t length, const char *name,
                        struct text *result, struct error *error)
{
    struct environment_entry entry;
    struct environment_count count;
    if (!environment_find(file, bytes, length, name, &entry, error) ||
        !environment_count(file, bytes, length, name, &count, error))
        return false;
    if (count.detached)
        return error_set(error, ERROR_OTHER, "%s has %s already, commented out", file, name);
    if (memchr(bytes + entry.start, '\n', entry.value + entry.value_length - entry.start))
        return error_set(error, ERROR_OTHER, "%s: the value of %s goes over several lines", file,
                         name);
    text_append(result, bytes, entry.start);
    text_add(result, "#");
    text_append(result, bytes + entry.start, length - entry.start);
    return true;
}

bool environment_attach(const char *file, const char *bytes, size_t length, const char *name,
                        struct text *result, struct error *error)
{
    struct environment_entry entry = {0};
    struct environment_count count;
    if (!find(file, bytes, length, name, true, &entry, error) ||
        !environment_count(file, bytes, length, name, &count, error))
        return false;
    if (count.set)
        return error_set(error, ERROR_OTHER, "%s has %s already", file, name);
    text_append(result, bytes, entry.start);
    text_append(result, bytes + entry.start + 1, length - entry.start - 1);
    return true;
}

/* A last line without an end takes the end of the one before it along: the file keeps its habit. */
static size_t removal_start(const char *bytes, size_t length, const struct environment_entry *entry)
{
    size_t start = entry->start;
    if (entry->end < length || !start || bytes[entry->end - 1] == '\n')
        return start;
    start -= bytes[start - 1] == '\n';
    return start && bytes[start] == '\n' && bytes[start - 1] == '\r' ? start - 1 : start;
}

bool environment_remove(const char *file, const char *bytes, size_t length, const char *name,
                        struct text *result, struct error *error)
{
    struct environment_entry entry = {0};
    struct environment_count count;
    if (!environment_count(file, bytes, length, name, &count, error))
        return false;
    if (count.set && count.detached)
        return not_once(file, name, count.set + count.detached, "", error);
    if (!find(file, bytes, length, name, count.detached > 0, &entry, error))
        return false;
    text_append(result, bytes, removal_start(bytes, length, &entry));
    text_append(result, bytes + entry.end, length - entry.end);
    return true;
}
