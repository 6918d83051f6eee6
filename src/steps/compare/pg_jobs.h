/* pg_jobs.h: how many jobs a parallel dump or restore gets: the argument `jobs`. */
#ifndef STEPS_COMPARE_PG_JOBS_H
#define STEPS_COMPARE_PG_JOBS_H

#include "steps/step.h"

/* As it says, 1 to 64; without it as many as this machine has cores, at most 8. */
bool pg_jobs(const struct step_run *run, long *jobs, struct error *error);

#endif
