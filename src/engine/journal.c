/* journal.c: appending events so that a crash leaves whole lines only. */
#include "engine/journal.h"

#include "base/text.h"
#include "engine/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal {
    int file;
    bool dirty;
};

#define LINE_LIMIT ((size_t)64 << 20) /* no event comes near it; a longer line is no journal */

/* Length of the file up to and with its last end of line. */
static bool whole_length(int file, off_t size, off_t *whole, struct error *error)
{
    char buffer[65536];
    *whole = size;
    while (*whole > 0) {
        size_t piece = *whole < (off_t)sizeof buffer ? (size_t)*whole : sizeof buffer;
        ssize_t got = pread(file, buffer, piece, *whole - (off_t)piece);
        if (got != (ssize_t)piece)
            return error_errno(error, "can't read the journal");
        char *end = memrchr(buffer, '\n', piece);
        if (end) {
            *whole += end + 1 - buffer - (off_t)piece;
            return true;
        }
        *whole -= (off_t)piece;
    }
    return true;
}

bool journal_begun(const char *path)
{
    struct error ignored =
        ERROR_INIT; /* one that can't be read isn't nothing: its reader says so */
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    off_t whole = 0;
    if (file < 0)
        return errno != ENOENT && errno != ENOTDIR;
    bool begun = fstat(file, &status) < 0 ||
                 !whole_length(file, status.st_size, &whole, &ignored) || whole > 0;
    close(file);
    return begun;
}

struct journal *journal_open(const char *path, struct error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat status;
    off_t whole = 0;
    if (file < 0 || fstat(file, &status) < 0) {
        error_errno(error, "can't open the journal %s", path);
    } else if (whole_length(file, status.st_size, &whole, error)) {
        if (whole == status.st_size || ftruncate(file, whole) == 0) {
            struct journal *journal = xcalloc(1, sizeof *journal);
            journal->file = file;
            return journal;
        }
        error_errno(error, "can't cut the unfinished last line off the journal %s", path);
    }
    if (file >= 0)
        close(file);
    return NULL;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    close(journal->file);
    free(journal);
}

bool journal_append(struct journal *journal, const char *line, size_t length, struct error *error)
{
    journal->dirty = true;
    while (length) {
        ssize_t wrote = write(journal->file, line, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return error_errno(error, "can't write the journal");
        line += wrote;
        length -= (size_t)wrote;
    }
    return true;
}

bool journal_sync(struct journal *journal, struct error *error)
{
    if (!journal->dirty)
        return true;
    if (fdatasync(journal->file) < 0)
        return error_errno(error, "can't sync the journal");
    journal->dirty = false;
    return true;
}

/* From `*offset` on, which moves behind the last whole line that was handed over. */
static bool read_from(const char *path, long long *offset,
                      bool (*on_line)(void *context, const char *line, size_t length,
                                      struct error *error),
                      void *context, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_errno(error, "can't open the journal %s", path);
    char *line = NULL;
    size_t capacity = 0;
    ssize_t got;
    bool good = fseeko(file, (off_t)*offset, SEEK_SET) == 0 ||
                error_errno(error, "can't read the journal %s", path);
    while (good && (got = getline(&line, &capacity, file)) > 0) {
        if ((size_t)got > LINE_LIMIT)
            good = error_set(error, ERROR_OTHER, "%s isn't a journal", path);
        else if (line[got - 1] == '\n')
            good = on_line(context, line, (size_t)got, error);
        if (good && line[got - 1] == '\n')
            *offset += got;
    }
    if (good && ferror(file))
        good = error_errno(error, "can't read the journal %s", path);
    free(line);
    fclose(file);
    return good;
}

bool journal_read(const char *path,
                  bool (*on_line)(void *context, const char *line, size_t length,
                                  struct error *error),
                  void *context, struct error *error)
{
    long long offset = 0;
    return read_from(path, &offset, on_line, context, error);
}

static bool apply_line(void *context, const char *line, size_t length, struct error *error)
{
    cJSON *event = cJSON_ParseWithLength(line, length);
    if (!event)
        return error_set(error, ERROR_OTHER, "a line of the journal isn't JSON");
    bool applied = run_state_apply(context, event, error);
    cJSON_Delete(event);
    return applied;
}

struct run_state *journal_load(const char *path, struct error *error)
{
    struct run_state *state = run_state_new();
    bool loaded = journal_read(path, apply_line, state, error);
    if (loaded && !state->run)
        loaded = error_set(error, ERROR_OTHER, "the journal %s is empty", path);
    if (loaded)
        return state;
    run_state_free(state);
    return NULL;
}

bool journal_follow(const char *path, long long *offset, struct run_state *state,
                    struct error *error)
{
    return read_from(path, offset, apply_line, state, error);
}
