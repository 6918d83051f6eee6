/* pg_jobs.c: the argument `jobs`. */
#include "steps/compare/pg_jobs.h"

#include <unistd.h>

#define DEFAULT_MOST 8
#define MOST 64

bool pg_jobs(const struct step_run *run, long *jobs, struct error *error)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *jobs = step_integer(run, "jobs");
    if (*jobs < 0 || *jobs > MOST)
        return error_set(error, ERROR_USAGE, "jobs: %ld isn't from 1 to %d", *jobs, MOST);
    if (!*jobs)
        *jobs = cores < 1 ? 1 : cores > DEFAULT_MOST ? DEFAULT_MOST : cores;
    return true;
}
