/* load_memory.c: small sorts. The numbers are those of copies that were measured. */
#include "steps/restore/load_memory.h"

#include "steps/restore/load_cost.h"

#define MIB 1048576.0
#define LEAST (8 * MIB)
#define LEAST_HELPED (32 * MIB) /* of each who takes part; with less PostgreSQL takes fewer */
#define OF_A_KEY 44             /* bytes of memory of a key to sort, beside its values */
#define OF_VALUES 0.5           /* of its row in the dump: what a key rarely has more of */
#define GROWS 2.0               /* the same for rows that nobody has counted */
#define OF_A_RUN 278528.0       /* bytes of memory for each of the runs merged at once */
#define RUNS_MOST 500

long load_memory(const struct load_item *build, long most, long helpers)
{
    double parts = (double)(helpers + 1);
    double one = helpers ? LEAST_HELPED : LEAST;
    double sorted =
        build->rows > 0 ? build->rows * OF_A_KEY + build->bytes * OF_VALUES : build->bytes * GROWS;
    if (!load_build_is_sort(build->entry))
        return most;
    while (one * one < sorted * OF_A_RUN || one * RUNS_MOST < sorted)
        one *= 1.25;
    return one * parts < (double)most * MIB ? (long)(one * parts / MIB) : most;
}
