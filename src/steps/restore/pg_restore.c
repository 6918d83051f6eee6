/* pg_restore.c: pg.restore, which brings a backup into a new server and judges every message. */
#include "steps/actions.h"
#include "steps/compose/compose_common.h"
#include "steps/restore/load_beside.h"
#include "steps/restore/restore.h"
#include "steps/restore/restore_loading.h"
#include "steps/restore/restore_tuning.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <sys/stat.h>

#define PROGRESS_EVERY_MS 200
#define LABEL_SIZE 160
#define ALL_BUT_SOME 1 /* pg_restore's exit status when it went on after errors */

static void report_progress(struct restore *restore, const char *label)
{
    restore->reported_ms = clock_monotonic_ms();
    step_progress(restore->run, restore->sent, restore->size, "bytes", label);
}

void restore_went_on(struct restore *restore, double bytes)
{
    restore->sent += bytes;
    restore->fed_ms = clock_monotonic_ms();
    if (restore->fed_ms - restore->reported_ms >= PROGRESS_EVERY_MS)
        report_progress(restore, NULL);
}

bool restore_take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct restore *restore = context;
    (void)error;
    restore_messages_take(restore->messages, bytes, length);
    return true;
}

/* The tools take nothing while the server builds an index: then that is what is going on. */
bool restore_tick(void *context, struct error *error)
{
    struct restore *restore = context;
    char label[LABEL_SIZE];
    (void)error;
    if (clock_monotonic_ms() - restore->fed_ms < PROGRESS_EVERY_MS)
        return true;
    bool building = restore_indexes_look(restore->indexes, label, sizeof label);
    report_progress(restore, building ? label : NULL);
    return true;
}

void restore_options(struct restore *restore, long jobs, struct text *options)
{
    const struct restore_load load = {.bytes = restore->text_bytes, .jobs = jobs};
    struct restore_machine machine;
    restore_machine_read(&restore->access, &machine);
    restore_tuning(&machine, &load, options);
    text_add(options, RESTORE_WRITABLE);
    step_log(restore->run, "session settings: %s", text_string(options));
}

bool restore_judge_exit(struct restore *restore, const struct pg_tool *tool, int exit_status,
                        struct error *error)
{
    if (restore_messages_failed(restore->messages) || exit_status == 0)
        return true;
    if (exit_status == ALL_BUT_SOME && restore_messages_explained(restore->messages))
        return true;
    return pg_tool_failed(tool, exit_status, restore_messages_last(restore->messages), error);
}

bool restore_changed(const struct restore *restore, const char *what, struct error *error)
{
    error_set(error, ERROR_OTHER, "the backup %s has another %s than when it was written",
              restore->path, what);
    return error_remedy(error, "Something has changed it: take the backup again.");
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The fact of this run's own backup, when this is it. */
static const cJSON *recorded(const struct restore *restore)
{
    const cJSON *fact = step_known(restore->run, "backup");
    return text_equal(json_text(fact, "path"), restore->path) ? fact : NULL;
}

static bool restore_all(struct restore *restore, struct error *error)
{
    restore->began_ms = restore->fed_ms = clock_monotonic_ms();
    if (!restore->format->list(restore, error))
        return false;
    if (restore->sha256 &&
        load_beside_is_done(restore->run, &restore->access.found, restore->path, restore->sha256)) {
        step_log(restore->run, "all of it was loaded while the old server was dumped");
        restore->sent = restore->size;
        return true;
    }
    if (!restore_target_prepare(restore->run, &restore->access, &restore->databases,
                                &restore->setting.again, error))
        return false;
    restore->setting.user = restore->access.parameters.user;
    restore->messages = restore_messages_open(restore->run, &restore->setting, false, error);
    restore->indexes = restore_indexes_new(&restore->access);
    if (!restore->messages)
        return false;
    bool ran = restore->format->run(restore, error);
    return restore_messages_judge(restore->messages, ran ? error : NULL) && ran;
}

static void record(struct restore *restore)
{
    char size[24], took[24];
    long milliseconds = (long)(clock_monotonic_ms() - restore->began_ms);
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "container", restore->access.found.id);
    cJSON_AddStringToObject(fact, "path", restore->path);
    cJSON_AddNumberToObject(fact, "bytes", restore->size);
    cJSON_AddNumberToObject(fact, "ms", (double)milliseconds);
    step_fact(restore->run, "restore", fact);
    report_progress(restore, NULL);
    step_check(restore->run, "restored", VERDICT_PASS, "%s, %zu databases, in %s",
               text_bytes(size, sizeof size, restore->size), restore->databases.count,
               text_duration(took, sizeof took, milliseconds));
}

static void end_tools(struct restore *restore)
{
    restore->format->end(restore);
    restore->state = NULL;
    restore_indexes_free(restore->indexes);
    restore->indexes = NULL;
    restore_messages_close(restore->messages);
    restore->messages = NULL;
}

static bool open_and_restore(struct restore *restore, struct error *error)
{
    struct step_run *run = restore->run;
    restore->format = is_directory(restore->path) ? &restore_directory : &restore_plain;
    bool done =
        restore->format->open(restore, recorded(restore), error) && restore_all(restore, error);
    end_tools(restore);
    done = done && restore_loading_finish(run, &restore->access, error);
    if (done)
        record(restore);
    return done && restore_loading_end(run, &restore->access, error);
}

/* What was never taken away needs no backup either. */
static bool restore_it(struct restore *restore, struct error *error)
{
    struct step_run *run = restore->run;
    bool found = server_find(run, step_text(run, "server"), &restore->access, error) &&
                 server_needs_container(&restore->access, error);
    bool kept = found && stack_was_kept(run, &restore->access.found);
    if (kept)
        step_log(run, "its data was never taken away: nothing is restored");
    bool done = kept || (found && open_and_restore(restore, error));
    server_free(&restore->access);
    return done;
}

static bool run_restore(struct step_run *run, struct error *error)
{
    struct restore restore = {.run = run, .path = step_path(run, "from")};
    bool already = false;
    bool done = restore_loading_prepare(run, step_text(run, "server"), &already, error);
    if (done && already)
        step_log(run, "%s was restored already", restore.path);
    else if (done)
        done = restore_it(&restore, error);
    text_list_free(&restore.databases);
    free(restore.sha256);
    free(restore.path);
    return done;
}

static const struct argument restore_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the new, empty server"},
    {"from", ARGUMENT_PATH, true, NULL, NULL, "the backup's file or directory"},
    {"jobs", ARGUMENT_INTEGER, false, NULL, NULL,
     "of a directory: how many tables and indexes at once; else as many as this machine has cores, "
     "at most 8"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_restore_action = {
    .name = "pg.restore",
    .danger = DANGER_CHANGE,
    .help = "restores a backup into a new server and judges every message",
    .arguments = restore_arguments,
    .run = run_restore,
    .tunes = restore_tunes,
};
