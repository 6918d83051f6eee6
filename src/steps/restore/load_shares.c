/* load_shares.c: databases at once by their number and the connections; memory by their size. */
#include "steps/restore/load_shares.h"

#include "steps/restore/load_default.h"

#define CONNECTIONS_MOST 64 /* what `jobs` alone may ask for; a server has 100 */

static bool counts(const struct pg_database_entry *database)
{
    return database->connectable &&
           (database->bytes > PG_NEARLY_EMPTY || !load_every_server_has(database->name));
}

static size_t at_most(size_t count, size_t limit)
{
    return count < limit ? count : limit;
}

static size_t choose_count(const struct pg_database_list *databases, long jobs, size_t connections)
{
    size_t each = jobs > 1 ? (size_t)jobs : 1, count = 0;
    for (size_t i = 0; i < databases->count; i++)
        count += counts(&databases->items[i]);
    count = at_most(at_most(count, LOADED_AT_ONCE_MOST), at_most(each, connections / each));
    return count ? count : 1;
}

/* Keeps the largest, in order. */
static void insert(double largest[LOADED_AT_ONCE_MOST], double bytes)
{
    for (size_t i = 0; i < LOADED_AT_ONCE_MOST; i++)
        if (bytes > largest[i]) {
            double smaller = largest[i];
            largest[i] = bytes;
            bytes = smaller;
        }
}

struct load_shares load_shares(const struct pg_database_list *databases, long jobs,
                               const struct restore_machine *machine)
{
    size_t connections = at_most(restore_tuning_most(machine), CONNECTIONS_MOST);
    struct load_shares shares = {.count = choose_count(databases, jobs, connections)};
    double largest[LOADED_AT_ONCE_MOST] = {0};
    for (size_t i = 0; i < databases->count; i++)
        if (databases->items[i].connectable)
            insert(largest, (double)databases->items[i].bytes);
    for (size_t i = 0; shares.count > 1 && i < shares.count; i++)
        shares.at_once += largest[i];
    return shares;
}

void load_shares_limit(double bytes, double at_once, struct restore_machine *machine)
{
    double share = at_once <= 0 || bytes > at_once ? 1 : bytes > 0 ? bytes / at_once : 0;
    machine->available = (unsigned long long)((double)machine->available * share);
    machine->shared = (unsigned long long)((double)machine->shared * share);
}
