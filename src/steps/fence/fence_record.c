/* fence_record.c: the file "fence-SERVER.json" in the run's directory, and the fact. */
#include "steps/fence/fence_record.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "steps/record.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static bool read_file(const char *path, cJSON **record, struct error *error)
{
    if (record_read(path, record, error))
        return true;
    return error->remedy[0]
               ? false
               : error_remedy(error,
                              "It says what the fence has to give back: the container's networks "
                              "and two settings. The run's journal has the same in its fact "
                              "fence.");
}

static char *path_of(const struct step_run *run, const char *server)
{
    char *name = xprintf("fence-%s.json", server);
    char *path = file_join(run->directory, name);
    free(name);
    return path;
}

char *fence_record_fact(const struct step_run *run, const char *server)
{
    const char *held = json_text(step_known(run, FACT_FENCE), FENCE_SERVER);
    return held && !text_equal(held, server) ? xprintf(FACT_FENCE ".%s", server)
                                             : xstrdup(FACT_FENCE);
}

bool fence_record_read(const struct step_run *run, const char *server, cJSON **record,
                       struct error *error)
{
    char *key = fence_record_fact(run, server), *path = path_of(run, server);
    const cJSON *fact = step_known(run, key);
    bool done = true;
    *record = NULL;
    if (file_exists(path))
        done = read_file(path, record, error);
    else if (cJSON_IsObject(fact))
        *record = cJSON_Duplicate(fact, true);
    free(path);
    free(key);
    return done;
}

/* A container that was made anew on the same data has what stands in its files. */
static bool is_about(const cJSON *record, const char *container, const char *system)
{
    return text_equal(json_text(record, FENCE_ID), container) ||
           (system && text_equal(json_text(record, FENCE_SYSTEM), system));
}

bool fence_record_find(const struct step_run *run, const char *container, const char *system,
                       cJSON **record, struct error *error)
{
    *record = NULL;
    for (size_t i = 0; i < run->runbook->server_count; i++) {
        if (!fence_record_read(run, run->runbook->servers[i].name, record, error))
            return false;
        if (*record && is_about(*record, container, system))
            return true;
        cJSON_Delete(*record);
        *record = NULL;
    }
    return true;
}

bool fence_record_write(const struct step_run *run, const cJSON *record, struct error *error)
{
    const char *server = json_text(record, FENCE_SERVER);
    char *path = path_of(run, server ? server : "");
    bool done = record_write(path, record, error);
    free(path);
    return done || error_wrap(error, "recording the fence");
}

bool fence_record_remove(struct step_run *run, const char *server, struct error *error)
{
    char *key = fence_record_fact(run, server), *path = path_of(run, server);
    bool done = unlink(path) == 0 ? file_sync_directory(run->directory, error)
                                  : errno == ENOENT || error_errno(error, "can't remove %s", path);
    if (done)
        step_fact(run, key, cJSON_CreateFalse());
    free(path);
    free(key);
    return done;
}

bool fence_record_forget(struct step_run *run, const char *container, struct error *error)
{
    cJSON *record = NULL;
    bool done = fence_record_find(run, container, NULL, &record, error);
    bool in_file = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, FENCE_WRITTEN));
    const char *server = json_text(record, FENCE_SERVER);
    done = done && (!server || in_file || fence_record_remove(run, server, error));
    cJSON_Delete(record);
    return done;
}

void fence_record_set(cJSON *record, const char *name, cJSON *value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(record, name);
    cJSON_AddItemToObject(record, name, value);
}
