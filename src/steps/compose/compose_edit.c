/* compose_edit.c: compose.edit and compose.restore: a compose file is changed, and put back. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"

#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* This run has edited the file before, and nobody else since. */
static bool goes_on(const struct step_run *run, const char *before)
{
    return fact_text(run, FACT_ORIGINAL) && text_equal(fact_text(run, FACT_EDITED), before);
}

bool edit_plan_write(struct step_run *run, const struct edit_plan *plan, struct error *error)
{
    char before[SHA256_HEX_SIZE], after[SHA256_HEX_SIZE];
    sha256_bytes(text_string(&plan->before), plan->before.length, before);
    sha256_bytes(text_string(&plan->after), plan->after.length, after);
    edit_plan_show(run, plan);
    step_fact_text(run, FACT_FILE, plan->path);
    if (strcmp(before, after) == 0)
        return true;
    if (!goes_on(run, before))
        step_fact_text(run, FACT_ORIGINAL, before);
    step_fact_text(run, FACT_EDITED, after);
    if (!file_write_atomic(plan->path, text_string(&plan->after), plan->after.length, plan->mode,
                           error))
        return false;
    step_log(run, "wrote %s, sha256 %s", plan->path, after);
    return true;
}

static bool run_edit(struct step_run *run, struct error *error)
{
    struct edit_plan plan = {0};
    struct docker *docker = docker_open(error);
    bool done =
        docker && edit_plan_make(run, docker, &plan, error) && edit_plan_write(run, &plan, error);
    edit_plan_free(&plan);
    docker_close(docker);
    return done;
}

/* The file's bytes before the edit, as far as this run knows them. */
static const char *original_sha256(const struct step_run *run)
{
    const char *original = fact_text(run, FACT_ORIGINAL);
    return original ? original : json_text(step_known(run, FACT_BACKUP), "sha256");
}

static bool damaged(const char *path, struct error *error)
{
    error_set(error, ERROR_OTHER, "%s isn't what the compose file was before the edit", path);
    return error_remedy(error, "Put image and volume of the service back by hand (the step's log "
                               "shows the difference), then roll back again.");
}

/* FILE.before-rollback, or FILE.before-rollback-2 and so on: what an earlier rollback has kept may
 * be the only copy of it. */
static char *name_to_keep(const char *file)
{
    char *path = xprintf("%s.before-rollback", file);
    for (int number = 2; file_exists(path); number++) {
        free(path);
        path = xprintf("%s.before-rollback-%d", file, number);
    }
    return path;
}

/* Somebody has edited the file since: that version is kept beside it. */
static bool keep_present(struct step_run *run, const char *file, const struct text *present,
                         mode_t mode, struct error *error)
{
    char *path = name_to_keep(file);
    bool kept = file_write_new(path, text_string(present), present->length, mode, error);
    if (kept)
        step_log(run, "%s was changed since the switchover: that version is kept as %s", file,
                 path);
    free(path);
    return kept;
}

static bool put_back(struct step_run *run, const char *file, const char *backup,
                     const struct text *present, mode_t mode, struct error *error)
{
    char hex[SHA256_HEX_SIZE], present_hex[SHA256_HEX_SIZE];
    const char *original = original_sha256(run), *edited = fact_text(run, FACT_EDITED);
    struct text text = {0};
    mode_t backup_mode = 0;
    sha256_bytes(text_string(present), present->length, present_hex);
    bool done = compose_file_read(backup, &text, &backup_mode, error);
    sha256_bytes(text_string(&text), text.length, hex);
    if (done && original && strcmp(hex, original) != 0)
        done = damaged(backup, error);
    if (done && edited && strcmp(edited, present_hex) != 0 && strcmp(hex, present_hex) != 0)
        done = keep_present(run, file, present, mode, error);
    done = done && file_write_atomic(file, text_string(&text), text.length, mode, error);
    if (done)
        step_log(run, "put %s back from %s, sha256 %s", file, backup, hex);
    text_free(&text);
    return done;
}

static bool restore(struct step_run *run, const char *file, const char *backup, struct error *error)
{
    char hex[SHA256_HEX_SIZE];
    const char *original = original_sha256(run);
    struct text present = {0};
    mode_t mode = 0;
    bool done = compose_file_read(file, &present, &mode, error);
    sha256_bytes(text_string(&present), present.length, hex);
    bool untouched =
        original ? !strcmp(hex, original) : run->undoing && fact_text(run, FACT_EDITED) == NULL;
    if (done && untouched)
        step_log(run, "%s is as it was before, sha256 %s", file, hex);
    else if (done)
        done = put_back(run, file, backup, &present, mode, error);
    text_free(&present);
    return done;
}

/* What is edited from here on begins with other bytes, perhaps: somebody may change the file before
 * the next edit. The newest backup counts. */
static void forget_edit(struct step_run *run)
{
    step_fact(run, FACT_ORIGINAL, cJSON_CreateFalse());
    step_fact(run, FACT_EDITED, cJSON_CreateFalse());
}

static bool run_restore(struct step_run *run, struct error *error)
{
    char *file = compose_edited_file(run, error);
    char *backup = file ? compose_backup_path(file, step_text(run, "from"), error) : NULL;
    bool done = backup && restore(run, file, backup, error);
    if (done)
        forget_edit(run);
    else if (backup)
        error_wrap(error, "restoring %s", file);
    free(backup);
    free(file);
    return done;
}

static const struct argument edit_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"project", ARGUMENT_TEXT, true, NULL, NULL, "the stack's Compose project"},
    {"service", ARGUMENT_TEXT, true, NULL, NULL, "the server's service"},
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image to put in"},
    {"volume", ARGUMENT_TEXT, true, NULL, NULL, "the volume to put in, declared as external"},
    {0},
};

const struct action compose_edit_action = {
    .name = "compose.edit",
    .danger = DANGER_CHANGE,
    .help = "put another image and volume into the compose file, every other byte kept",
    .arguments = edit_arguments,
    .run = run_edit,
};

static const struct argument restore_arguments[] = {
    {"file", ARGUMENT_TEXT, true, NULL, NULL, "the compose file; several with commas"},
    {"from", ARGUMENT_PATH, true, NULL, NULL, "its copy; a relative path is beside the file"},
    {0},
};

const struct action compose_restore_action = {
    .name = "compose.restore",
    .danger = DANGER_CHANGE,
    .help = "put the compose file back as it was, byte for byte",
    .arguments = restore_arguments,
    .run = run_restore,
};
