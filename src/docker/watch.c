/* watch.c: the live figures of a few containers: one list call, and one for the figures of each. */
#include "docker/watch.h"

#include "base/json.h"
#include "docker/connection.h"
#include "docker/lifecycle.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 5000L

/* One container's last look; forgotten with the container. */
struct memory {
    char *id;
    char *state; /* a change of it means that the start has to be asked for again */
    int64_t started_ms;
    double used, total; /* processor counters, 0 before the first look */
    bool seen;
};

struct docker_watch {
    struct memory *items;
    size_t count;
};

struct docker_watch *docker_watch_new(void)
{
    return xcalloc(1, sizeof(struct docker_watch));
}

static void memory_free(struct memory *memory)
{
    free(memory->id);
    free(memory->state);
}

void docker_watch_free(struct docker_watch *watch)
{
    if (!watch)
        return;
    for (size_t i = 0; i < watch->count; i++)
        memory_free(&watch->items[i]);
    free(watch->items);
    free(watch);
}

void docker_watched_free(struct docker_watched *watched)
{
    free(watched->image);
    free(watched->state);
    free(watched->health);
}

static struct memory *memory_of(struct docker_watch *watch, const char *id)
{
    for (size_t i = 0; i < watch->count; i++)
        if (!strcmp(watch->items[i].id, id))
            return &watch->items[i];
    watch->items = xrealloc(watch->items, (watch->count + 1) * sizeof *watch->items);
    watch->items[watch->count] = (struct memory){.id = xstrdup(id), .state = xstrdup("")};
    return &watch->items[watch->count++];
}

static void forget_unseen(struct docker_watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->items[i].seen)
            watch->items[kept++] = watch->items[i];
        else
            memory_free(&watch->items[i]);
    }
    watch->count = kept;
}

/* The list has no field for the health; it stands in "Up 3 seconds (health: starting)". */
static const char *health_in(const char *status)
{
    if (!status)
        return "";
    if (strstr(status, "(unhealthy)"))
        return "unhealthy";
    if (strstr(status, "(healthy)"))
        return "healthy";
    return strstr(status, "(health: starting)") ? "starting" : "";
}

static const cJSON *entry_of(const cJSON *list, const char *name)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        if (!strcmp(docker_listed_name(entry), name))
            return entry;
    }
    return NULL;
}

/* Usage without what the kernel would give back, as `docker stats` counts it: cgroup version 1 and
 * 2 name it differently. */
static double memory_used(const cJSON *stats)
{
    const cJSON *usage = json_at(stats, "memory_stats.usage");
    const cJSON *details = json_at(stats, "memory_stats.stats");
    double cache = json_number_at(details, "total_inactive_file");
    if (cache == 0)
        cache = json_number_at(details, "inactive_file");
    if (!cJSON_IsNumber(usage))
        return -1;
    return usage->valuedouble > cache ? usage->valuedouble - cache : usage->valuedouble;
}

/* Docker Engine API, "Get container stats": (cpu delta / system delta) * processors * 100. */
static double processor_used(struct memory *memory, const cJSON *stats)
{
    double used = json_number_at(stats, "cpu_stats.cpu_usage.total_usage");
    double total = json_number_at(stats, "cpu_stats.system_cpu_usage");
    double processors = json_number_at(stats, "cpu_stats.online_cpus");
    double percent = -1;
    if (memory->total > 0 && total > memory->total && used >= memory->used)
        percent = (used - memory->used) / (total - memory->total) *
                  (processors > 0 ? processors : 1) * 100;
    memory->used = used;
    memory->total = total;
    return percent;
}

static bool look_at_figures(struct docker *docker, struct memory *memory,
                            struct docker_watched *watched, struct error *error)
{
    char *path = xprintf("/containers/%s/stats?stream=0&one-shot=1", memory->id);
    int status = 0;
    cJSON *stats = NULL;
    bool called = docker_call(docker, "GET", path, NULL, LOOK_MS, &status, &stats, error);
    free(path);
    if (called && status == 200) {
        watched->cpu_percent = processor_used(memory, stats);
        watched->memory_bytes = memory_used(stats);
    }
    cJSON_Delete(called ? stats : NULL);
    return called;
}

/* The list doesn't say when a container started, so it is asked for when its state has changed. A
 * restart between two looks goes back in the processor's counter. */
static bool look_at_start(struct docker *docker, struct memory *memory, const char *state,
                          bool again, struct error *error)
{
    if (!again && !strcmp(memory->state, state))
        return true;
    struct docker_container container;
    if (!docker_inspect(docker, memory->id, &container, error))
        return false;
    memory->started_ms = container.started_ms;
    docker_container_free(&container);
    free(memory->state);
    memory->state = xstrdup(state);
    return true;
}

static bool look_at(struct docker *docker, struct docker_watch *watch, const cJSON *entry,
                    struct docker_watched *watched, struct error *error)
{
    const char *image = json_text(entry, "Image"), *state = json_text(entry, "State");
    const char *id = json_text(entry, "Id");
    watched->image = xstrdup(image ? image : "");
    watched->state = xstrdup(entry ? (state ? state : "unknown") : "absent");
    watched->health = xstrdup(health_in(json_text(entry, "Status")));
    watched->cpu_percent = watched->memory_bytes = -1;
    if (!id)
        return true;
    struct memory *memory = memory_of(watch, id);
    double used = memory->used;
    memory->seen = true;
    if (!strcmp(watched->state, "running") && !look_at_figures(docker, memory, watched, error))
        return false;
    if (!look_at_start(docker, memory, watched->state, memory->used < used, error))
        return false;
    watched->started_ms = memory->started_ms;
    return true;
}

/* The filter matches parts of names too; entry_of then looks for the whole one. */
static cJSON *filter_for(const char *const *names, size_t count)
{
    cJSON *filter = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(filter, "name");
    for (size_t i = 0; i < count; i++)
        if (*names[i])
            cJSON_AddItemToArray(list, cJSON_CreateString(names[i]));
    return filter;
}

bool docker_watch_look(struct docker *docker, struct docker_watch *watch, const char *const *names,
                       size_t count, struct docker_watched *watched, struct error *error)
{
    cJSON *filter = filter_for(names, count), *list = NULL;
    bool looked = docker_list(docker, filter, &list, error);
    cJSON_Delete(filter);
    for (size_t i = 0; i < watch->count; i++)
        watch->items[i].seen = false;
    memset(watched, 0, count * sizeof *watched);
    for (size_t i = 0; looked && i < count; i++) {
        watched[i].name = names[i];
        looked = look_at(docker, watch, entry_of(list, names[i]), &watched[i], error);
    }
    for (size_t i = 0; !looked && i < count; i++) {
        docker_watched_free(&watched[i]);
        watched[i] = (struct docker_watched){.name = names[i]};
    }
    if (looked)
        forget_unseen(watch);
    cJSON_Delete(list);
    return looked;
}
