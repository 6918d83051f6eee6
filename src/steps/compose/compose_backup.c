/* compose_backup.c: compose.backup and compose.remove_backup: the compose file's copy comes, and
 * goes when it is this run's. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"

#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void record_backup(struct step_run *run, const char *path, const char *sha256, bool created)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "path", path);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    cJSON_AddBoolToObject(fact, "created", created);
    step_fact(run, FACT_BACKUP, fact);
}

/* Whether an earlier step of this run recorded these bytes there as the backup. */
static bool is_known(const struct step_run *run, const char *path, const char *sha256)
{
    const cJSON *fact = step_known(run, FACT_BACKUP);
    return text_equal(json_text(fact, "path"), path) &&
           text_equal(json_text(fact, "sha256"), sha256);
}

static bool is_created(const struct step_run *run, const char *path, const char *sha256)
{
    const cJSON *fact = step_known(run, FACT_BACKUP);
    return is_known(run, path, sha256) &&
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(fact, "created"));
}

bool compose_backup_free(struct step_run *run, const char *path, const char *sha256,
                         struct error *error)
{
    char there[SHA256_HEX_SIZE];
    if (!file_exists(path))
        return true;
    if (!sha256_file(path, there, error))
        return false;
    if (!strcmp(there, sha256) || is_known(run, path, there))
        return true;
    error_set(error, ERROR_OTHER, "%s exists and is another file's copy", path);
    return error_remedy(error, "It may be of an earlier upgrade: move it away, or choose another "
                               "name with --set compose_backup=NAME.");
}

/* A copy that is there: the same bytes, or this run's own from before the edit, are fine. */
static bool accept_backup(struct step_run *run, const char *path, const char *sha256,
                          struct error *error)
{
    char there[SHA256_HEX_SIZE];
    if (!compose_backup_free(run, path, sha256, error) || !sha256_file(path, there, error))
        return false;
    record_backup(run, path, there, is_created(run, path, there));
    step_log(run, "%s holds the compose file already, sha256 %s", path, there);
    return true;
}

/* It is said to be this run's before it is written, so that a crash in between leaves no file that
 * a rollback would take for somebody else's. */
static bool create_backup(struct step_run *run, const char *path, const struct text *text,
                          mode_t mode, const char *sha256, struct error *error)
{
    record_backup(run, path, sha256, true);
    if (!file_write_new(path, text_string(text), text->length, mode, error)) {
        record_backup(run, path, sha256, false);
        return false;
    }
    step_log(run, "%s holds the compose file as it is, sha256 %s", path, sha256);
    return true;
}

static bool back_up(struct step_run *run, const char *file, const char *path, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    struct text text = {0};
    mode_t mode = 0600;
    bool done = compose_file_read(file, &text, &mode, error);
    sha256_bytes(text_string(&text), text.length, sha256);
    if (done)
        done = file_exists(path) ? accept_backup(run, path, sha256, error)
                                 : create_backup(run, path, &text, mode, sha256, error);
    text_free(&text);
    return done;
}

char *compose_backup_path(const char *file, const char *name, struct error *error)
{
    char *path = path_beside(file, name);
    if (strcmp(path, file) != 0)
        return path;
    error_set(error, ERROR_OTHER, "%s can't be its own backup", file);
    free(path);
    return NULL;
}

char *compose_edited_file(struct step_run *run, struct error *error)
{
    struct stack stack = {0};
    compose_files(step_text(run, "file"), &stack.files);
    char *file = stack_edited_file(run, &stack, error);
    stack_close(&stack);
    return file;
}

static bool run_backup(struct step_run *run, struct error *error)
{
    char *file = compose_edited_file(run, error);
    char *path = file ? compose_backup_path(file, step_text(run, "to"), error) : NULL;
    bool done = path && back_up(run, file, path, error);
    if (path && !done)
        error_wrap(error, "backing up %s", file);
    free(path);
    free(file);
    return done;
}

static bool remove_backup(struct step_run *run, const char *path, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    if (!file_exists(path)) {
        step_log(run, "%s is gone already", path);
        return true;
    }
    if (!sha256_file(path, sha256, error))
        return false;
    if (!is_created(run, path, sha256)) {
        step_log(run, "%s stays: this run didn't make it, or it was changed since", path);
        return true;
    }
    if (unlink(path) != 0 && errno != ENOENT)
        return error_errno(error, "can't remove %s", path);
    step_log(run, "removed %s", path);
    return true;
}

static bool run_remove_backup(struct step_run *run, struct error *error)
{
    char *file = compose_edited_file(run, error);
    char *path = file ? compose_backup_path(file, step_text(run, "path"), error) : NULL;
    bool done = path && remove_backup(run, path, error);
    free(path);
    free(file);
    return done;
}

static const struct argument backup_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"to", ARGUMENT_PATH, true, NULL, NULL, "its copy; a relative path is beside the file"},
    {0},
};

const struct action compose_backup_action = {
    .name = "compose.backup",
    .danger = DANGER_CHANGE,
    .help = "copy the compose file before it is edited",
    .arguments = backup_arguments,
    .run = run_backup,
};

static const struct argument remove_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"path", ARGUMENT_PATH, true, NULL, NULL, "its copy; a relative path is beside the file"},
    {0},
};

const struct action compose_remove_backup_action = {
    .name = "compose.remove_backup",
    .danger = DANGER_DESTRUCTIVE,
    .help = "remove the compose file's copy if this run made it and nobody changed it since",
    .arguments = remove_arguments,
    .run = run_remove_backup,
};
