/* load_commands.c: the backup's messages, line by line. */
#include "steps/restore/load_commands.h"

#include "base/json.h"
#include "steps/restore/load_dump.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX ((size_t)1 << 20)

static void add_database(struct load_commands *commands, const char *name, const char *directory,
                         double bytes)
{
    size_t count = commands->count + 1;
    commands->databases = xrealloc(commands->databases, count * sizeof *commands->databases);
    commands->databases[commands->count++] = (struct load_database){
        .name = xstrdup(name), .directory = xstrdup(directory), .bytes = bytes};
}

static void add_rows(struct load_database *database, double id)
{
    size_t count = database->row_count;
    if (!(count & (count - 1))) /* full at every power of two */
        database->rows = xrealloc(database->rows, (count ? 2 * count : 1) * sizeof *database->rows);
    database->rows[database->row_count++] = (int)id;
}

static struct load_database *find_database(const struct load_commands *commands, const char *name)
{
    for (size_t i = commands->count; i-- > 0;)
        if (text_equal(commands->databases[i].name, name))
            return &commands->databases[i];
    return NULL;
}

static void take_about(struct load_database *database, const cJSON *message)
{
    double id = json_number_at(message, LOAD_ITEM);
    database->contents = database->contents || json_true_at(message, LOAD_CONTENTS);
    database->dumped = database->dumped || json_true_at(message, LOAD_DUMPED);
    if (id > 0)
        add_rows(database, id);
}

static void take_line(struct load_commands *commands, const char *line)
{
    cJSON *message = cJSON_Parse(line);
    const char *name = json_text(message, LOAD_DATABASE),
               *directory = json_text(message, LOAD_DIRECTORY);
    struct load_database *database = name ? find_database(commands, name) : NULL;
    commands->roles = commands->roles || json_true_at(message, LOAD_ROLES);
    commands->complete = commands->complete || json_true_at(message, LOAD_COMPLETE);
    if (database)
        take_about(database, message);
    else if (name && directory)
        /* This moves them all. */
        add_database(commands, name, directory, json_number_at(message, LOAD_BYTES));
    cJSON_Delete(message);
}

static void take_lines(struct load_commands *commands)
{
    const char *start = text_string(&commands->incoming), *end;
    while ((end = strchr(start, '\n'))) {
        char *line = xstrndup(start, (size_t)(end - start));
        take_line(commands, line);
        free(line);
        start = end + 1;
    }
    text_consume(&commands->incoming, (size_t)(start - text_string(&commands->incoming)));
}

bool load_commands_take(struct load_commands *commands, bool wait, struct error *error)
{
    struct pollfd polled = {.fd = commands->file, .events = POLLIN};
    char piece[4096];
    while (poll(&polled, 1, wait ? -1 : 0) != 0) {
        ssize_t got = read(commands->file, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set(error, ERROR_OTHER, "the backup has ended");
        if (commands->incoming.length + (size_t)got > LINES_MAX)
            return error_set(error, ERROR_OTHER, "a message of the backup is too long");
        text_append(&commands->incoming, piece, (size_t)got);
        take_lines(commands);
        wait = false;
    }
    return true;
}

void load_commands_free(struct load_commands *commands)
{
    for (size_t i = 0; i < commands->count; i++) {
        free(commands->databases[i].name);
        free(commands->databases[i].directory);
        free(commands->databases[i].rows);
    }
    free(commands->databases);
    text_free(&commands->incoming);
    *commands = (struct load_commands){0};
}
