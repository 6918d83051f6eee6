/* restore_tuning.c: session settings for a restore. */
#include "steps/restore/restore_tuning.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#define MIB (1ULL << 20)
#define LEAST (64 * MIB)
#define MOST (1024 * MIB)
#define SHARED_MARGIN (32 * MIB)

void restore_tuning(const struct restore_memory *memory, struct text *options)
{
    unsigned long long work = memory->available / 8;
    work = work < LEAST ? LEAST : work > MOST ? MOST : work;
    bool parallel = memory->shared >= LEAST + SHARED_MARGIN;
    if (parallel && work > memory->shared - SHARED_MARGIN)
        work = memory->shared - SHARED_MARGIN;
    text_printf(options, "-c maintenance_work_mem=%lluMB -c synchronous_commit=off", work / MIB);
    if (!parallel)
        text_add(options, " -c max_parallel_maintenance_workers=0");
}

/* Source: Linux, proc_meminfo(5): kB. */
static unsigned long long available_memory(const struct server_access *access)
{
    static const char *const arguments[] = {"cat", "/proc/meminfo", NULL};
    struct text output = {0};
    struct error ignored = ERROR_INIT;
    int status = -1;
    unsigned long long bytes = 0;
    if (docker_exec_collect(access->docker, access->container, arguments, &output, NULL, &status,
                            &ignored) &&
        status == 0) {
        const char *line = strstr(text_string(&output), "MemAvailable:");
        bytes = line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
    }
    text_free(&output);
    return bytes;
}

void restore_memory_read(const struct server_access *access, struct restore_memory *memory)
{
    double limit = json_number_at(access->found.inspect, "HostConfig.Memory");
    memory->available = available_memory(access);
    if (limit > 0 && (!memory->available || limit < (double)memory->available))
        memory->available = (unsigned long long)limit;
    double shared = json_number_at(access->found.inspect, "HostConfig.ShmSize");
    memory->shared = shared > 0 ? (unsigned long long)shared : 0;
}
