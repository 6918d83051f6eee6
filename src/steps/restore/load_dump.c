/* load_dump.c: roles by psql, each database's objects by pg_restore from the table of contents
 * alone, rows and indexes by connections of our own, and what is left by pg_restore. */
#include "steps/restore/load_dump.h"

#include "base/clock.h"
#include "base/file.h"
#include "steps/backup/backup_manifest.h"
#include "steps/restore/load_commands.h"
#include "steps/restore/load_default.h"
#include "steps/restore/load_lanes.h"
#include "steps/restore/load_shares.h"
#include "steps/restore/restore.h"
#include "steps/restore/restore_list.h"
#include "steps/server/pg_helper.h"
#include "steps/server/pg_tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN_MS 500
#define TURNS_IDLE 100 /* until what can't be begun is given up */
#define PROGRESS_EVERY_MS 200
#define CONTENTS_MAX ((size_t)1 << 30)
#define LINK_MAX 4096

struct load {
    const struct load_dump_setting *setting;
    struct step_run run;
    struct load_commands commands;
    struct restore restore;
    struct restore_counts counts;
    struct text options; /* session settings */
    double loaded;       /* bytes of the databases that are done */
    int directory;       /* the backup's: it stays the same when it gets another name */
    char *path;          /* that leads there */
    int64_t reported_ms;
};

/* One database on its way. */
struct load_one {
    struct load *load;
    const char *name;
    size_t number; /* among load->commands.databases, which move */
    double bytes;  /* an estimate */
    char *path;    /* of its dump */
    char *inside;  /* where the container has its table of contents */
    struct text contents;
    struct toc toc;
    struct load_queue *queue;
    size_t told; /* of its rows, how many the queue knows */
    size_t all;  /* in the queue at first */
};

struct load_tool {
    struct load *load;
    struct restore_input input;
};

static void send_line(int file, cJSON *message)
{
    char *line = cJSON_PrintUnformatted(message);
    size_t length = strlen(line);
    line[length++] = '\n'; /* in the place of the terminating NUL */
    if (!file_write_all(file, line, length))
        _exit(1); /* nobody is left to hear it */
    cJSON_free(line);
    cJSON_Delete(message);
}

static void report(void *context, cJSON *message)
{
    send_line(*(const int *)context, message);
}

static struct load_database *database_of(const struct load_one *one)
{
    return &one->load->commands.databases[one->number];
}

static long give(void *context, char *buffer, size_t size, struct error *error)
{
    (void)error;
    return restore_input_give(&((struct load_tool *)context)->input, buffer, size);
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    return restore_take_words(&((struct load_tool *)context)->load->restore, bytes, length, error);
}

/* A long statement mustn't keep it running when the backup has failed. */
static bool tick(void *context, struct error *error)
{
    return load_commands_take(&((struct load_tool *)context)->load->commands, false, error);
}

static bool failed(const struct load *load, struct error *error)
{
    return restore_messages_failed(load->restore.messages) &&
           !error_set(error, ERROR_OTHER, "%s", restore_messages_last(load->restore.messages));
}

static bool run_tool(struct load *load, const struct docker_helper *helper,
                     const char *const *arguments, const struct text *bytes, struct error *error)
{
    struct load_tool context = {load, {text_string(bytes), bytes->length}};
    struct pg_tool tool = {.access = &load->restore.access,
                           .helper = helper ? docker_helper_id(helper) : NULL,
                           .arguments = arguments,
                           .options = text_string(&load->options),
                           .read = give,
                           .write_error = take_words,
                           .tick = tick,
                           .context = &context};
    int exit_status = -1;
    restore_messages_begin(load->restore.messages);
    return pg_tool_run(&tool, &exit_status, error) &&
           restore_judge_exit(&load->restore, &tool, exit_status, error) && !failed(load, error);
}

/* Of all that comes before the data nothing but the table of contents is read. */
static bool make_objects(struct load_one *one, struct error *error)
{
    static const char script[] =
        "d=$1; shift; mkdir -p \"$d\" && cat >\"$d/toc.dat\" && exec \"$@\" \"$d\"";
    const char *const arguments[] = {"sh",
                                     "-c",
                                     script,
                                     "sh",
                                     one->inside,
                                     "pg_restore",
                                     "--create",
                                     "--section=pre-data",
                                     "--dbname=postgres",
                                     NULL};
    return run_tool(one->load, NULL, arguments, &one->contents, error);
}

static struct docker_helper *open_where_it_is(struct load *load, struct error *error)
{
    char target[LINK_MAX];
    ssize_t length = readlink(load->path, target, sizeof target - 1);
    if (length < 0) {
        error_errno(error, "can't tell the name of the backup's directory");
        return NULL;
    }
    target[length] = '\0';
    struct pg_helper_setting setting = {.image = load->restore.access.found.image_id,
                                        .container = load->restore.access.found.id,
                                        .directory = target,
                                        .read_only = true,
                                        .beside = true};
    return pg_helper_open(&load->run, load->restore.access.docker, &setting, error);
}

/* It gets its final name when it is complete, which may be at this very moment. */
static struct docker_helper *open_helper(struct load *load, struct error *error)
{
    struct error first = ERROR_INIT;
    struct docker_helper *helper = open_where_it_is(load, &first);
    return helper ? helper : open_where_it_is(load, error);
}

static bool run_list(struct load_one *one, const struct docker_helper *helper, long jobs,
                     const struct text *list, struct error *error)
{
    if (!list->length)
        return true;
    char *option = xprintf("--jobs=%ld", jobs);
    char *database = restore_database_option(one->name);
    char *mounted = xprintf(HELPER_DIRECTORY "/%s", database_of(one)->directory);
    const char *const arguments[] = {
        "sh",     "-c", restore_list_script, helper ? mounted : one->inside, "pg_restore", option,
        database, NULL};
    bool done = run_tool(one->load, helper, arguments, list, error);
    free(mounted);
    free(database);
    free(option);
    return done;
}

static bool run_rest(struct load_one *one, const struct restore_lists *rest, bool files,
                     struct error *error)
{
    struct docker_helper *helper = files ? open_helper(one->load, error) : NULL;
    bool done = (helper || !files) &&
                run_list(one, helper, one->load->setting->jobs, &rest->beside, error) &&
                run_list(one, helper, 1, &rest->alone, error);
    docker_helper_close(helper);
    return done;
}

/* What isn't rows, an index or a foreign key: triggers, policies, large objects and more. */
static bool restore_rest(struct load_one *one, struct error *error)
{
    struct restore_lists rest = {0};
    bool files = false;
    bool done = !load_queue_rest(one->queue, &rest, &files) || run_rest(one, &rest, files, error);
    restore_lists_free(&rest);
    return done;
}

static void tell_queue(struct load_one *one, const struct toc_entry *entry)
{
    struct stat status;
    char *path = entry && *entry->file ? file_join(one->path, entry->file) : NULL;
    if (path && stat(path, &status) == 0)
        load_queue_dumped(one->queue, entry->id, (double)status.st_size);
    free(path);
}

static bool hear(struct load_one *one, struct error *error)
{
    if (!load_commands_take(&one->load->commands, false, error))
        return false;
    const struct load_database *database = database_of(one);
    for (; one->told < database->row_count; one->told++)
        tell_queue(one, toc_find(&one->toc, database->rows[one->told]));
    if (database->dumped && one->told != SIZE_MAX) {
        for (size_t i = 0; i < one->toc.count; i++)
            tell_queue(one, &one->toc.items[i]);
        one->told = SIZE_MAX;
    }
    return true;
}

static void show_progress(struct load_one *one)
{
    struct load *load = one->load;
    char label[160];
    if (clock_monotonic_ms() - load->reported_ms < PROGRESS_EVERY_MS)
        return;
    load->reported_ms = clock_monotonic_ms();
    bool building = restore_indexes_look(load->restore.indexes, label, sizeof label);
    double part = (double)(one->all - load_queue_left(one->queue)) / (double)one->all;
    step_progress(&load->run, load->loaded + part * one->bytes, 0, "bytes",
                  building ? label : one->name);
}

static bool load_queued(struct load_one *one, struct load_lanes *lanes, struct error *error)
{
    int idle = 0;
    while (load_queue_left(one->queue)) {
        if (!hear(one, error) || !load_lanes_turn(lanes, one->load->commands.file, TURN_MS, error))
            return false;
        show_progress(one);
        idle = load_lanes_idle(lanes) && database_of(one)->dumped ? idle + 1 : 0;
        if (idle > TURNS_IDLE)
            return error_set(error, ERROR_OTHER,
                             "%zu tables and indexes of database %s wait for "
                             "one another",
                             load_queue_left(one->queue), one->name);
    }
    return true;
}

static bool load_data(struct load_one *one, struct error *error)
{
    struct load *load = one->load;
    long jobs = load->setting->jobs, all = (long)one->all;
    struct pg_parameters parameters =
        pg_parameters_for(&load->restore.access.parameters, one->name);
    struct load_lanes_setting setting = {.parameters = &parameters,
                                         .toc = &one->toc,
                                         .queue = one->queue,
                                         .directory = one->path,
                                         .options = text_string(&load->options),
                                         .count = jobs < all ? jobs : all};
    struct load_lanes *lanes = load_lanes_open(&setting, error);
    bool loaded = lanes && load_queued(one, lanes, error);
    load_lanes_close(lanes);
    pg_parameters_free(&parameters);
    return loaded;
}

static bool await_roles(struct load *load, struct error *error)
{
    while (!load->commands.roles)
        if (!load_commands_take(&load->commands, true, error))
            return false;
    return true;
}

/* Its table of contents, or with `whole` all of it. */
static bool await_dump(const struct load_one *one, bool whole, struct error *error)
{
    while (!database_of(one)->dumped && (whole || !database_of(one)->contents))
        if (!load_commands_take(&one->load->commands, true, error))
            return false;
    return true;
}

static bool read_contents(struct load_one *one, struct error *error)
{
    char *path = file_join(one->path, "toc.dat");
    bool read = file_read(path, CONTENTS_MAX, &one->contents, error) &&
                (toc_parse(one->contents.bytes ? one->contents.bytes : "", one->contents.length,
                           &one->toc, error) ||
                 error_wrap(error, "reading %s", path));
    free(path);
    if (read && one->toc.compressed)
        read = error_set(error, ERROR_OTHER, "the dump is compressed (argument compress)");
    return read;
}

static void choose_options(struct load_one *one)
{
    struct load *load = one->load;
    const struct restore_load session = {.bytes = one->bytes, .jobs = load->setting->jobs};
    struct restore_machine machine = load->setting->machine;
    load_shares_limit(one->bytes, load->setting->at_once, &machine);
    text_consume(&load->options, load->options.length);
    restore_tuning(&machine, &session, &load->options);
    text_add(&load->options, RESTORE_WRITABLE);
    step_log(&load->run, "database %s: session settings: %s", one->name,
             text_string(&load->options));
}

static bool load_one(struct load_one *one, struct error *error)
{
    if (!await_dump(one, false, error) || !read_contents(one, error))
        return false;
    if (!one->load->setting->again &&
        load_is_default(&one->toc, one->name, one->load->restore.setting.user))
        return true;
    choose_options(one);
    if (!make_objects(one, error))
        return false;
    one->queue = load_queue_new(&one->toc);
    one->all = load_queue_left(one->queue);
    return (!one->all || load_data(one, error)) && await_dump(one, true, error) &&
           restore_rest(one, error);
}

static void say_loaded(struct load *load, const char *database, double bytes)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, LOAD_DATABASE, database);
    cJSON_AddTrueToObject(message, LOAD_LOADED);
    load->loaded += bytes;
    send_line(load->setting->reports, message);
}

static bool load_database(struct load *load, size_t number, struct error *error)
{
    const struct load_database *database = &load->commands.databases[number];
    char *name = xstrdup(database->name);
    struct load_one one = {.load = load,
                           .name = name,
                           .number = number,
                           .bytes = database->bytes,
                           .path = file_join(load->path, database->directory),
                           .inside = xprintf("/tmp/pgrunbook-%s", database->directory)};
    bool loaded = load_one(&one, error);
    load_queue_free(one.queue);
    toc_free(&one.toc);
    text_free(&one.contents);
    free(one.inside);
    free(one.path);
    if (loaded)
        say_loaded(load, name, one.bytes);
    else
        error_wrap(error, "database \"%s\"", name);
    free(name);
    return loaded;
}

static bool load_databases(struct load *load, struct error *error)
{
    for (size_t i = 0;; i++) {
        while (i >= load->commands.count && !load->commands.complete)
            if (!load_commands_take(&load->commands, true, error))
                return false;
        if (i >= load->commands.count)
            return true;
        if (!load_database(load, i, error))
            return false;
    }
}

static void say_roles(const struct load *load)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddTrueToObject(message, LOAD_ROLES);
    send_line(load->setting->reports, message);
}

static bool load_roles(struct load *load, struct error *error)
{
    int file = openat(load->directory, BACKUP_GLOBALS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool done = file >= 0 || error_errno(error, "can't read " BACKUP_GLOBALS);
    done = done && restore_by_psql(&load->restore, file, text_string(&load->options), error) &&
           !failed(load, error);
    if (file >= 0)
        close(file);
    if (done)
        say_roles(load);
    return done;
}

static bool prepare(struct load *load, struct error *error)
{
    struct restore *restore = &load->restore;
    load->directory = open(load->setting->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (load->directory < 0)
        return error_errno(error, "can't read %s", load->setting->directory);
    load->path = xprintf("/proc/self/fd/%d", load->directory);
    if (!server_find_inside(&load->run, load->setting->server, &restore->access, error))
        return false;
    restore->setting = (struct message_setting){.user = restore->access.parameters.user,
                                                .again = load->setting->again};
    restore->began_ms = restore->fed_ms = clock_monotonic_ms();
    restore->indexes = restore_indexes_new(&restore->access);
    text_add(&load->options, "-c synchronous_commit=off" RESTORE_WRITABLE);
    return true;
}

/* The first process begins the log, and the others come to it when it has loaded the roles. */
static bool begin(struct load *load, struct error *error)
{
    struct restore *restore = &load->restore;
    if (!await_roles(load, error))
        return false;
    restore->messages =
        restore_messages_open(&load->run, &restore->setting, !load->setting->roles, error);
    return restore->messages && (!load->setting->roles || load_roles(load, error));
}

static bool load_all(struct load *load, struct error *error)
{
    return prepare(load, error) && begin(load, error) && load_databases(load, error) &&
           restore_messages_end(load->restore.messages, &load->counts, error);
}

static void say_end(const struct load *load, const struct error *failure)
{
    cJSON *end = cJSON_CreateObject();
    if (failure) {
        cJSON_AddStringToObject(end, LOAD_FAILED, failure->message);
    } else {
        cJSON_AddTrueToObject(end, LOAD_LOADED);
        cJSON_AddNumberToObject(end, LOAD_WARNINGS, (double)load->counts.warnings);
        cJSON_AddNumberToObject(end, LOAD_HARMLESS, (double)load->counts.harmless);
    }
    send_line(load->setting->reports, end);
}

void load_dump(const struct load_dump_setting *setting)
{
    struct error error = ERROR_INIT;
    int reports = setting->reports;
    struct load load = {.setting = setting,
                        .run = *setting->run,
                        .commands = {.file = setting->commands},
                        .directory = -1};
    load.run.report = report;
    load.run.kept = NULL;
    load.run.context = &reports;
    load.restore = (struct restore){.run = &load.run, .path = xstrdup(setting->directory)};
    bool loaded = load_all(&load, &error);
    restore_indexes_free(load.restore.indexes);
    restore_messages_close(load.restore.messages);
    server_free(&load.restore.access);
    load_commands_free(&load.commands);
    text_free(&load.options);
    if (load.directory >= 0)
        close(load.directory);
    free(load.restore.path);
    free(load.path);
    say_end(&load, loaded ? NULL : &error);
}
