/* write_base.c: the write counters at the backup's snapshot, written by the backup and read by the
 * watcher. */
#include "steps/drift/write_base.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "postgres/drift.h"

#include <stdlib.h>
#include <sys/stat.h>

#define FILE_NAME "write-counters.json"
#define FILE_LIMIT ((size_t)64 << 20)

static bool keep(const struct step_run *run, const struct write_counters *counters, int64_t id,
                 struct error *error)
{
    char *path = file_join(run->directory, FILE_NAME);
    cJSON *json = write_counters_json(counters);
    cJSON_AddNumberToObject(json, "base", (double)id);
    char *text = cJSON_PrintUnformatted(json);
    struct text content = {0};
    text_add(&content, text ? text : "");
    bool kept = file_write_atomic(path, text_string(&content), content.length, 0600, error);
    text_free(&content);
    free(text);
    cJSON_Delete(json);
    free(path);
    return kept;
}

static cJSON *sums(const struct write_counters *counters, int64_t id)
{
    double inserted = 0, updated = 0, deleted = 0;
    for (size_t i = 0; i < counters->count; i++) {
        inserted += (double)counters->tables[i].inserted;
        updated += (double)counters->tables[i].updated;
        deleted += (double)counters->tables[i].deleted;
    }
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "system", counters->system);
    cJSON_AddNumberToObject(fact, "inserted", inserted);
    cJSON_AddNumberToObject(fact, "updated", updated);
    cJSON_AddNumberToObject(fact, "deleted", deleted);
    cJSON_AddNumberToObject(fact, "base", (double)id);
    return fact;
}

cJSON *write_base_note(struct step_run *run, const struct server_access *access)
{
    struct error error = ERROR_INIT;
    struct write_counters counters = {0};
    int64_t id = clock_wall_ms();
    struct drift *drift = drift_open(&access->parameters, &error);
    bool noted =
        drift && drift_read_tables(drift, &counters, &error) && keep(run, &counters, id, &error);
    cJSON *fact = noted ? sums(&counters, id) : NULL;
    if (!noted)
        step_log(run, "no write counters: %s", error.message);
    drift_close(drift);
    write_counters_free(&counters);
    return fact;
}

static bool read_base(const char *path, struct write_base *base)
{
    struct text content = {0};
    struct error ignored = ERROR_INIT; /* without a base nothing is said of the tables */
    cJSON *json = NULL;
    if (file_read(path, FILE_LIMIT, &content, &ignored))
        json = cJSON_ParseWithLength(text_string(&content), content.length);
    bool read = json && write_counters_parse(json, &base->counters, &ignored);
    base->id = read ? (int64_t)json_number_at(json, "base") : 0;
    cJSON_Delete(json);
    text_free(&content);
    return read;
}

bool write_base_refresh(const struct step_run *run, struct write_base *base)
{
    struct stat status;
    char *path = file_join(run->directory, FILE_NAME);
    bool there = stat(path, &status) == 0;
    int64_t stamp =
        there ? (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec : 0;
    if (there && stamp != base->stamp_ns) {
        write_base_free(base);
        there = read_base(path, base);
        base->stamp_ns = stamp;
    }
    free(path);
    return there && base->id > 0;
}

void write_base_free(struct write_base *base)
{
    write_counters_free(&base->counters);
    *base = (struct write_base){0};
}
