/* backup_contents.c: pg_restore's list of a dump, held against the tables that had rows. */
#include "steps/backup/backup_contents.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_KEPT ((size_t)4096) /* names have at most 63 bytes */
#define WORDS_MAX ((size_t)4096)

struct listing {
    struct backup_contents *contents;
    struct text words;
};

/* "3755; 0 16747 TABLE DATA catalog products limor_owner". Source: PostgreSQL manual, pg_restore,
 * option -l. */
static void take_line(struct backup_contents *contents, const char *line)
{
    static const char kind[] = "TABLE DATA ";
    for (int number = 0; number < 3; number++) {
        if (!isdigit((unsigned char)*line))
            return;
        line += strspn(line, "0123456789");
        line += strspn(line, "; ");
    }
    if (text_starts(line, kind))
        text_list_add(&contents->tables, line + strlen(kind));
}

void backup_contents_take(struct backup_contents *contents, const char *bytes, size_t length)
{
    while (length) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end ? (size_t)(end - bytes) : length;
        size_t room =
            contents->line.length < LINE_MAX_KEPT ? LINE_MAX_KEPT - contents->line.length : 0;
        text_append(&contents->line, bytes, part < room ? part : room);
        if (end) {
            take_line(contents, text_string(&contents->line));
            text_consume(&contents->line, contents->line.length);
        }
        part += end != NULL;
        bytes += part;
        length -= part;
    }
}

static int order(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void backup_contents_sort(struct backup_contents *contents)
{
    if (contents->tables.count)
        qsort(contents->tables.items, contents->tables.count, sizeof *contents->tables.items,
              order);
}

static bool take_list(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    backup_contents_take(((struct listing *)context)->contents, bytes, length);
    return true;
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct text *words = &((struct listing *)context)->words;
    size_t room = words->length < WORDS_MAX ? WORDS_MAX - words->length : 0;
    (void)error;
    text_append(words, bytes, length < room ? length : room);
    return true;
}

bool backup_contents_read(struct docker *docker, const struct docker_helper *helper,
                          const char *directory, struct backup_contents *contents,
                          struct error *error)
{
    char *path = xprintf(HELPER_DIRECTORY "/%s", directory);
    const char *const arguments[] = {"pg_restore", "--list", path, NULL};
    struct listing listing = {.contents = contents};
    struct docker_exec exec = {.container = docker_helper_id(helper),
                               .arguments = arguments,
                               .write = take_list,
                               .write_error = take_words,
                               .context = &listing};
    int exit_status = -1;
    bool read = docker_exec_run(docker, &exec, &exit_status, error);
    if (read && exit_status != 0) {
        read = error_set(error, ERROR_OTHER, "pg_restore can't read the dump: %s",
                         text_string(&listing.words));
        error_remedy(error, "Take the backup again; if these tools are older than those that wrote "
                            "it, name a newer image (argument image).");
    }
    backup_contents_sort(contents);
    text_free(&listing.words);
    free(path);
    return read;
}

void backup_contents_free(struct backup_contents *contents)
{
    text_list_free(&contents->tables);
    text_free(&contents->line);
}

/* pg_restore writes a blank for a line's end in a name. */
static char *listed_name(const char *schema, const char *table)
{
    char *name = xprintf("%s %s ", schema, table);
    for (char *c = name; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    return name;
}

static bool has(const struct backup_contents *contents, const char *name)
{
    size_t low = 0, high = contents->tables.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(contents->tables.items[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < contents->tables.count && text_starts(contents->tables.items[low], name);
}

static const char *text_of(const cJSON *row, int index)
{
    const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(row, index));
    return text ? text : "";
}

bool backup_contents_hold(const struct backup_contents *contents, const cJSON *database,
                          struct error *error)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(database, "tables"))
    {
        const char *schema = text_of(row, 0), *table = text_of(row, 1);
        char *name = listed_name(schema, table);
        bool there = has(contents, name);
        free(name);
        if (there)
            continue;
        error_set(error, ERROR_OTHER, "the dump holds no rows of table %s.%s, which had some",
                  schema, table);
        return error_remedy(error, "Take the backup again.");
    }
    return true;
}

long long backup_contents_rows(const cJSON *database)
{
    long long rows = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(database, "tables"))
    {
        rows += (long long)cJSON_GetNumberValue(cJSON_GetArrayItem(row, 2));
    }
    return rows;
}
