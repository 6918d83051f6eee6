/* environment.c: an environment file opened for an edit, and written; its bytes from before are
 * kept for whoever needs them. */
#include "steps/environment/environment.h"

#include "base/file.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 20)
#define DIGEST_SHOWN 8

bool environment_open(struct step_run *run, struct environment_file *environment,
                      struct error *error)
{
    char *path = file_absolute_beside(step_text(run, "env_file"), step_text(run, "file"));
    *environment = (struct environment_file){.run = run, .path = path};
    if (file_read(environment->path, FILE_MAX, &environment->before, error))
        return true;
    return error_remedy(error, "Name the file that the application gets its variables from (its "
                               "env_file, or the .env beside the compose file) with --set "
                               "env_file=FILE.");
}

static void wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->length);
    text_free(text);
}

void environment_close(struct environment_file *environment)
{
    wipe(&environment->before);
    wipe(&environment->after);
    free(environment->path);
    *environment = (struct environment_file){0};
}

/* Where the first bytes are kept; the caller frees. */
static char *kept_path(const struct environment_file *environment)
{
    char hex[SHA256_HEX_SIZE];
    sha256_bytes(environment->path, strlen(environment->path), hex);
    char *copy = xstrdup(environment->path);
    char *name = xprintf("saved/%s-%.*s", basename(copy), DIGEST_SHOWN, hex);
    char *path = file_join(environment->run->directory, name);
    free(name);
    free(copy);
    return path;
}

static bool keep_first(const struct environment_file *environment, const char *kept,
                       struct error *error)
{
    const struct text *before = &environment->before;
    char *copy = xstrdup(kept);
    bool done = file_exists(kept) ||
                (file_make_directories(dirname(copy), 0700, error) &&
                 file_write_new(kept, text_string(before), before->length, 0600, error));
    free(copy);
    return done || error_wrap(error, "keeping a copy of %s", environment->path);
}

/* The file's bytes now: those of the edit, or without one those that were read. */
static const struct text *present(const struct environment_file *environment)
{
    return environment->after.length ? &environment->after : &environment->before;
}

static bool is_as_kept(const struct environment_file *environment, const char *kept)
{
    struct text first = {0};
    struct error ignored = ERROR_INIT;
    const struct text *now = present(environment);
    bool same = file_exists(kept) && file_read(kept, FILE_MAX, &first, &ignored) &&
                first.length == now->length &&
                !memcmp(text_string(&first), text_string(now), now->length);
    wipe(&first);
    return same;
}

bool environment_write(struct environment_file *environment, struct error *error)
{
    const struct text *after = &environment->after;
    char *kept = kept_path(environment);
    bool done =
        (environment->run->undoing || keep_first(environment, kept, error)) &&
        file_write_atomic(environment->path, text_string(after), after->length, 0600, error);
    free(kept);
    return done;
}

bool environment_settle(struct environment_file *environment, struct error *error)
{
    char *kept = kept_path(environment);
    bool there = file_exists(kept), same = is_as_kept(environment, kept);
    if (there)
        step_check(environment->run, "environment file", same ? VERDICT_PASS : VERDICT_WARN,
                   same ? "%s is as it was before, byte for byte"
                        : "%s was changed by somebody else as well: that stays",
                   environment->path);
    free(kept);
    return environment_forget(environment, error);
}

bool environment_edited(const struct environment_file *environment)
{
    char *kept = kept_path(environment);
    bool edited = file_exists(kept);
    free(kept);
    return edited;
}

bool environment_forget(struct environment_file *environment, struct error *error)
{
    char *kept = kept_path(environment);
    bool done = unlink(kept) == 0 || errno == ENOENT || error_errno(error, "can't remove %s", kept);
    free(kept);
    return done;
}

bool environment_check_comments(const struct environment_file *environment, const char *name,
                                struct error *error)
{
    struct environment_count count;
    if (!environment_count(environment->path, text_string(&environment->before),
                           environment->before.length, name, &count, error))
        return false;
    if (!count.detached)
        return true;
    error_set(error, ERROR_OTHER, "%s:%zu: a comment reads like %s, commented out",
              environment->path, count.detached_line, name);
    return error_remedy(error, "It would be mistaken for the variable while that is renamed. Take "
                               "the comment away, or let another word come first in it.");
}
