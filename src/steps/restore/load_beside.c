/* load_beside.c: the side of the backup: which process loads which database, what all of them are
 * told, and what becomes of their reports. */
#include "steps/restore/load_beside.h"

#include "base/json.h"
#include "steps/docker/docker_common.h"
#include "steps/docker/loading.h"
#include "steps/restore/load_process.h"
#include "steps/restore/load_shares.h"
#include "steps/restore/restore_messages.h"
#include "steps/restore/restore_target.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 500

/* A process loads the databases that it was given one after the other. */
struct loader {
    struct load_beside *beside;
    struct load_process *process;
    double given, loaded; /* bytes of whole databases */
    double done;          /* bytes, with what it has of the one it is at */
    bool complete, ended;
};

struct given {
    char *database;
    double bytes;
    struct loader *loader;
};

struct load_beside {
    struct step_run *run;
    struct loader loaders[LOADED_AT_ONCE_MOST]; /* the first one loads the roles, too */
    size_t count;
    struct given *given;
    size_t given_count;
    double total; /* bytes of what was given */
    bool waiting; /* its progress is the step's */
    bool failed;
    struct restore_machine machine; /* the new server's */
    struct restore_counts counts;
    char *container; /* id */
    double started_ms;
    struct error failure;
};

static bool prepare(const struct load_beside_setting *setting, const struct server_access *access,
                    bool *again, struct error *error)
{
    struct text_list names = {0};
    for (size_t i = 0; i < setting->databases->count; i++)
        if (setting->databases->items[i].connectable)
            text_list_add(&names, setting->databases->items[i].name);
    bool prepared = restore_target_prepare(setting->run, access, &names, again, error);
    text_list_free(&names);
    return prepared;
}

/* Refused where pg.restore would refuse, or would have to begin with an empty volume. */
static bool look_at_server(const struct load_beside_setting *setting, struct load_beside *beside,
                           bool *again, struct error *error)
{
    struct server_access access = {0};
    bool fit = server_find_inside(setting->run, setting->server, &access, error);
    if (fit && loading_state(setting->run, access.container, &access.found) == LOADING_INTERRUPTED)
        fit = error_set(error, ERROR_OTHER, "the server has stopped since its loading began");
    if (fit)
        step_fact(setting->run, FACT_LOADED, cJSON_CreateNull()); /* it may be emptied now */
    fit = fit && prepare(setting, &access, again, error);
    if (fit) {
        restore_machine_read(&access, &beside->machine);
        beside->container = xstrdup(access.found.id);
        beside->started_ms = (double)access.found.started_ms;
    }
    server_free(&access);
    return fit;
}

/* ---- what is told ---- */

static cJSON *only(const char *what)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddTrueToObject(message, what);
    return message;
}

static cJSON *about(const char *database)
{
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, LOAD_DATABASE, database);
    return message;
}

static struct given *find_given(const struct load_beside *beside, const char *database)
{
    for (size_t i = 0; i < beside->given_count; i++)
        if (text_equal(beside->given[i].database, database))
            return &beside->given[i];
    return NULL;
}

static void tell(const struct load_beside *beside, const char *database, cJSON *message)
{
    const struct given *given = beside ? find_given(beside, database) : NULL;
    if (given)
        load_process_tell(given->loader->process, message);
    else
        cJSON_Delete(message);
}

/* Roles are the whole server's: the others begin when the first one has loaded them. */
void load_beside_roles(struct load_beside *beside)
{
    if (beside)
        load_process_tell(beside->loaders[0].process, only(LOAD_ROLES));
}

static struct loader *least_to_do(struct load_beside *beside)
{
    struct loader *least = &beside->loaders[0];
    for (size_t i = 1; i < beside->count; i++)
        if (beside->loaders[i].given - beside->loaders[i].loaded < least->given - least->loaded)
            least = &beside->loaders[i];
    return least;
}

static void give(struct load_beside *beside, const char *database, double bytes)
{
    struct loader *loader = least_to_do(beside);
    beside->given = xrealloc(beside->given, (beside->given_count + 1) * sizeof *beside->given);
    beside->given[beside->given_count++] =
        (struct given){.database = xstrdup(database), .bytes = bytes, .loader = loader};
    loader->given += bytes;
    beside->total += bytes;
}

void load_beside_dumping(struct load_beside *beside, const char *database, const char *directory,
                         double bytes)
{
    cJSON *message = about(database);
    bytes = bytes > 0 ? bytes : 0;
    if (beside)
        give(beside, database, bytes);
    cJSON_AddStringToObject(message, LOAD_DIRECTORY, directory);
    cJSON_AddNumberToObject(message, LOAD_BYTES, bytes);
    tell(beside, database, message);
}

void load_beside_contents(struct load_beside *beside, const char *database)
{
    cJSON *message = about(database);
    cJSON_AddTrueToObject(message, LOAD_CONTENTS);
    tell(beside, database, message);
}

void load_beside_rows(struct load_beside *beside, const char *database, long id)
{
    cJSON *message = about(database);
    cJSON_AddNumberToObject(message, LOAD_ITEM, (double)id);
    tell(beside, database, message);
}

void load_beside_dumped(struct load_beside *beside, const char *database)
{
    cJSON *message = about(database);
    cJSON_AddTrueToObject(message, LOAD_DUMPED);
    tell(beside, database, message);
}

/* ---- what is heard ---- */

/* Half of a copy is of no use: the others end as well. */
static void fail(struct load_beside *beside, const char *why)
{
    if (!beside->failed)
        error_set(&beside->failure, ERROR_OTHER, "%s", why);
    beside->failed = true;
    for (size_t i = 0; i < beside->count; i++)
        load_process_leave(beside->loaders[i].process);
}

static void show_progress(struct load_beside *beside, const char *label)
{
    double done = 0;
    for (size_t i = 0; i < beside->count; i++)
        done += beside->loaders[i].done;
    if (beside->waiting)
        step_progress(beside->run, done, beside->total, "bytes", label);
}

/* A report of the step's; of their progress only the sum is one. */
static void take_report(struct loader *loader, const char *type, cJSON *message)
{
    struct load_beside *beside = loader->beside;
    if (!text_equal(type, "progress")) {
        beside->run->report(beside->run->context, message);
        return;
    }
    loader->done = json_number_at(message, "done");
    show_progress(beside, json_text(message, "label"));
    cJSON_Delete(message);
}

static void take_loaded(struct loader *loader, const char *database)
{
    const struct given *given = find_given(loader->beside, database);
    loader->loaded += given ? given->bytes : 0;
    loader->done = loader->loaded;
}

static void take_roles(struct load_beside *beside)
{
    for (size_t i = 1; i < beside->count; i++)
        load_process_tell(beside->loaders[i].process, only(LOAD_ROLES));
}

static void take_end(struct loader *loader, const cJSON *message)
{
    struct restore_counts *counts = &loader->beside->counts;
    loader->complete = true;
    counts->warnings += (size_t)json_number_at(message, LOAD_WARNINGS);
    counts->harmless += (size_t)json_number_at(message, LOAD_HARMLESS);
}

static void hear(void *context, cJSON *message)
{
    struct loader *loader = context;
    const char *type = json_text(message, "type"), *failed = json_text(message, LOAD_FAILED),
               *database = json_text(message, LOAD_DATABASE);
    if (type) {
        take_report(loader, type, message);
        return;
    }
    if (failed)
        fail(loader->beside, failed);
    else if (database)
        take_loaded(loader, database);
    else if (json_true_at(message, LOAD_ROLES))
        take_roles(loader->beside);
    else if (json_true_at(message, LOAD_LOADED))
        take_end(loader, message);
    cJSON_Delete(message);
}

/* False once all of them have ended. */
static bool go_on(struct load_beside *beside)
{
    bool any = false;
    for (size_t i = 0; i < beside->count; i++) {
        struct loader *loader = &beside->loaders[i];
        loader->ended = loader->ended || !load_process_go_on(loader->process);
        if (loader->ended && !loader->complete)
            fail(beside, "the process that loads was ended");
        any = any || !loader->ended;
    }
    return any;
}

void load_beside_go_on(struct load_beside *beside)
{
    if (beside)
        go_on(beside);
}

/* ---- beginning and end ---- */

static bool start_loaders(const struct load_beside_setting *setting, bool again,
                          struct load_beside *beside, struct error *error)
{
    const struct load_shares shares =
        load_shares(setting->databases, setting->jobs, &beside->machine);
    struct load_dump_setting dump = {.run = setting->run,
                                     .server = setting->server,
                                     .directory = setting->directory,
                                     .machine = beside->machine,
                                     .at_once = shares.at_once,
                                     .jobs = setting->jobs,
                                     .again = again};
    while (beside->count < shares.count) {
        struct loader *loader = &beside->loaders[beside->count];
        dump.roles = beside->count == 0;
        loader->beside = beside;
        loader->process = load_process_start(&dump, hear, loader, error);
        if (!loader->process)
            return false;
        beside->count++;
    }
    return true;
}

struct load_beside *load_beside_start(const struct load_beside_setting *setting,
                                      struct error *error)
{
    struct load_beside *beside = xcalloc(1, sizeof *beside);
    bool again = false;
    beside->run = setting->run;
    beside->failure = (struct error)ERROR_INIT;
    if (look_at_server(setting, beside, &again, error) &&
        start_loaders(setting, again, beside, error))
        return beside;
    load_beside_end(beside);
    return NULL;
}

static void record(struct load_beside *beside, const char *path, const char *sha256)
{
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "container", beside->container);
    cJSON_AddNumberToObject(fact, "started_ms", beside->started_ms);
    cJSON_AddStringToObject(fact, "path", path);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    step_fact(beside->run, FACT_LOADED, fact);
}

static void wait_for_all(struct load_beside *beside)
{
    struct pollfd polled[2 * LOADED_AT_ONCE_MOST];
    for (size_t i = 0; i < beside->count; i++)
        load_process_tell(beside->loaders[i].process, only(LOAD_COMPLETE));
    beside->waiting = true;
    while (go_on(beside)) {
        for (size_t i = 0; i < beside->count; i++)
            load_process_poll(beside->loaders[i].process, &polled[2 * i]);
        poll(polled, 2 * beside->count, PATIENCE_MS);
    }
}

void load_beside_finish(struct load_beside *beside, const char *path, const char *sha256)
{
    if (!beside)
        return;
    wait_for_all(beside);
    if (beside->failed) {
        step_log(beside->run,
                 "the new server couldn't be loaded beside the dump, which the restore makes "
                 "good: %s",
                 beside->failure.message);
        return;
    }
    restore_messages_report(beside->run, &beside->counts);
    record(beside, path, sha256);
}

void load_beside_end(struct load_beside *beside)
{
    if (!beside)
        return;
    for (size_t i = 0; i < beside->count; i++)
        load_process_end(beside->loaders[i].process);
    for (size_t i = 0; i < beside->given_count; i++)
        free(beside->given[i].database);
    free(beside->given);
    free(beside->container);
    free(beside);
}

bool load_beside_is_done(const struct step_run *run, const struct docker_container *container,
                         const char *path, const char *sha256)
{
    const cJSON *fact = step_known(run, FACT_LOADED);
    return fact && text_equal(json_text(fact, "container"), container->id) &&
           json_number_at(fact, "started_ms") == (double)container->started_ms &&
           text_equal(json_text(fact, "path"), path) &&
           text_equal(json_text(fact, "sha256"), sha256) &&
           text_equal(cJSON_GetStringValue(step_known(run, "restore.started")), container->id);
}
