/* restore_tuning.c: session settings for a restore. */
#include "steps/restore/restore_tuning.h"

#include "base/file.h"
#include "base/json.h"

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ULL << 20)
#define LEAST (64 * MIB)
#define MOST (4096 * MIB)
#define PART_OF_ONE 8 /* of the memory is for one of two */
#define SHARED_MARGIN (32 * MIB)
#define ROOM 2              /* a row in an index's memory, beside its text */
#define PERIOD_USUAL 100000 /* microseconds */
#define OUTPUT_MOST ((size_t)64 << 10)
#define WORKERS_MOST 8 /* what a server has by default, all in all (max_worker_processes) */

/* Beside the session itself, which works too: on two cores a third process made the build of an
 * HNSW index take a twentieth longer. */
static long workers(const struct restore_machine *machine)
{
    return machine->cores <= WORKERS_MOST ? machine->cores - 1 : WORKERS_MOST;
}

static unsigned long long memory_of_one(const struct restore_machine *machine,
                                        const struct restore_load *load)
{
    unsigned long long work = machine->available / PART_OF_ONE;
    if (load->jobs > 2)
        work = 2 * work / (unsigned long long)load->jobs;
    if (load->bytes > 0 && load->bytes * ROOM < (double)work)
        work = (unsigned long long)(load->bytes * ROOM);
    return work < LEAST ? LEAST : work > MOST ? MOST : work;
}

void restore_tuning(const struct restore_machine *machine, const struct restore_load *load,
                    struct text *options)
{
    unsigned long long jobs = load->jobs > 1 ? (unsigned long long)load->jobs : 1;
    unsigned long long work = memory_of_one(machine, load), share = machine->shared / jobs;
    bool parallel = share >= LEAST + SHARED_MARGIN;
    if (parallel && work > share - SHARED_MARGIN)
        work = share - SHARED_MARGIN;
    text_printf(options, "-c maintenance_work_mem=%lluMB -c synchronous_commit=off", work / MIB);
    if (!parallel)
        text_add(options, " -c max_parallel_maintenance_workers=0");
    else if (machine->cores)
        text_printf(options, " -c max_parallel_maintenance_workers=%ld", workers(machine));
}

const char *restore_tunes(const cJSON *arguments)
{
    (void)arguments;
    return "in its own sessions on the new server: maintenance_work_mem (an eighth of the free "
           "memory, 64 MB to 4 GB, no more than the rows and /dev/shm have use or room for), "
           "max_parallel_maintenance_workers (a worker for each core but one, 8 at most), "
           "synchronous_commit off; for a directory also jit off";
}

size_t restore_tuning_most(const struct restore_machine *machine)
{
    return machine->available ? (size_t)(machine->available / PART_OF_ONE * 2 / LEAST) : SIZE_MAX;
}

/* Source: Linux, proc_meminfo(5): kB. */
static void parse(const char *output, struct restore_machine *machine)
{
    const char *line = strstr(output, "MemAvailable:"), *cores = strstr(output, "\ncores ");
    machine->available = line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
    machine->cores = cores ? strtol(cores + strlen("\ncores "), NULL, 10) : 0;
}

/* Others may have a kernel of their own inside. */
static bool is_plain_process(const struct docker_container *container)
{
    static const char *const plain[] = {"runc", "crun", "io.containerd.runc.v2"};
    const char *runtime = json_text_at(container->inspect, "HostConfig.Runtime");
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (text_equal(runtime, plain[i]))
            return docker_container_is_here(container);
    return false;
}

/* As its own process could: a tenth of a second sooner than by asking inside. */
static bool look_from_here(const struct docker_container *container, struct text *output)
{
    struct error ignored = ERROR_INIT;
    cpu_set_t cores;
    if (!is_plain_process(container) ||
        sched_getaffinity(container->process, sizeof cores, &cores) < 0 ||
        !file_read("/proc/meminfo", OUTPUT_MOST, output, &ignored))
        return false;
    text_printf(output, "\ncores %d\n", CPU_COUNT(&cores));
    return true;
}

static bool ask_inside(const struct server_access *access, struct text *output)
{
    static const char *const arguments[] = {"sh", "-c", "cat /proc/meminfo; echo cores $(nproc)",
                                            NULL};
    struct error ignored = ERROR_INIT;
    int status = -1;
    return docker_exec_collect(access->docker, access->container, arguments, output, NULL, &status,
                               &ignored) &&
           status == 0;
}

/* Source: Docker Engine API, HostConfig: a share of time is given in one of two ways. */
static void limit_cores(const cJSON *inspect, struct restore_machine *machine)
{
    double quota = json_number_at(inspect, "HostConfig.CpuQuota"),
           period = json_number_at(inspect, "HostConfig.CpuPeriod"),
           share = json_number_at(inspect, "HostConfig.NanoCpus") / 1e9;
    if (quota > 0)
        share = quota / (period > 0 ? period : PERIOD_USUAL);
    if (share > 0 && machine->cores > (long)share)
        machine->cores = share < 1 ? 1 : (long)share;
}

void restore_machine_read(const struct server_access *access, struct restore_machine *machine)
{
    struct text output = {0};
    *machine = (struct restore_machine){0};
    if (look_from_here(&access->found, &output) || ask_inside(access, &output))
        parse(text_string(&output), machine);
    text_free(&output);
    limit_cores(access->found.inspect, machine);
    double limit = json_number_at(access->found.inspect, "HostConfig.Memory");
    if (limit > 0 && (!machine->available || limit < (double)machine->available))
        machine->available = (unsigned long long)limit;
    double shared = json_number_at(access->found.inspect, "HostConfig.ShmSize");
    machine->shared = shared > 0 ? (unsigned long long)shared : 0;
}
