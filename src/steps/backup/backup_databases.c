/* backup_databases.c: the databases of a backup, several at once: as one ends, the next begins. */
#include "steps/backup/backup.h"

#include "base/clock.h"
#include "postgres/slots.h"

#include <stdlib.h>

#define PROGRESS_EVERY_MS 200
/* Connections that a database may need beside its share of the jobs: its snapshot's, pg_dump's
 * first one, one more job, two that count, one for the proof. */
#define CONNECTIONS_BESIDE 6

int backup_share(const struct backup *backup, const struct pg_database_entry *database, int most)
{
    double bytes = database->bytes > 0 ? (double)database->bytes : 0;
    double share = backup->total > 0 ? most * bytes / backup->total : most;
    int rounded = (int)share + (share > (int)share);
    return rounded < 1 ? 1 : rounded > most ? most : rounded;
}

static void report_progress(struct backup *backup)
{
    int64_t now = clock_monotonic_ms();
    struct text names = {0};
    if (now - backup->reported_ms < PROGRESS_EVERY_MS)
        return;
    double bytes = backup->format->bytes(backup);
    backup->reported_ms = now;
    for (size_t i = 0; i < backup->under_way_count; i++)
        if (backup->under_way[i]->dumping)
            text_printf(&names, "%s%s", names.length ? ", " : "",
                        backup->under_way[i]->entry->name);
    step_progress(backup->run, bytes, bytes > backup->total ? bytes : backup->total, "bytes",
                  names.length ? text_string(&names) : "roles");
    text_free(&names);
}

bool backup_go_on(struct backup *backup, struct error *error)
{
    report_progress(backup);
    load_beside_go_on(backup->beside);
    for (size_t i = 0; i < backup->under_way_count; i++)
        if (!backup_database_count(backup->under_way[i], error))
            return false;
    return true;
}

/* The next one that can be dumped, or NULL. */
static const struct pg_database_entry *next_database(struct backup *backup)
{
    for (; backup->next < backup->databases.count; backup->next++) {
        const struct pg_database_entry *entry = &backup->databases.items[backup->next];
        if (entry->connectable)
            return entry;
        step_check(backup->run, entry->name, VERDICT_WARN,
                   "allows no connections (datallowconn): it isn't in the backup");
    }
    return NULL;
}

static bool begin_next(struct backup *backup, const struct pg_database_entry *entry,
                       struct error *error)
{
    struct backup_database *database = xcalloc(1, sizeof *database);
    *database = (struct backup_database){
        .backup = backup,
        .entry = entry,
        .number = ++backup->begun,
        .tool = {.backup = backup, .database = database},
    };
    backup->under_way[backup->under_way_count++] = database;
    backup->next++;
    return backup_database_begin(database, error);
}

bool backup_databases_begin(struct backup *backup, struct error *error)
{
    const struct pg_database_entry *first = next_database(backup);
    return !first || begin_next(backup, first, error);
}

static size_t most_at_once(const struct backup *backup)
{
    size_t jobs = backup->format->together ? (size_t)backup->jobs : 1;
    return jobs < BACKUP_TOGETHER_MOST ? jobs : BACKUP_TOGETHER_MOST;
}

/* Only then do the server's own figures hold what they take of it. */
static bool all_have_what_they_need(const struct backup *backup)
{
    for (size_t i = 0; i < backup->under_way_count; i++)
        if (!backup->under_way[i]->locked && !backup->under_way[i]->dumped)
            return false;
    return true;
}

/* A dump locks all tables of its database until it ends, in a table that is all sessions' own. */
static size_t tables_under_way(const struct backup *backup)
{
    size_t count = 0;
    for (size_t i = 0; i < backup->under_way_count; i++)
        count += backup_database_tables(backup->under_way[i]);
    return count;
}

/* The application has to find room while this goes on: half of what is free is enough. */
static bool look_for_room(struct backup *backup, const struct pg_database_entry *entry,
                          struct error *error)
{
    struct pg_connection *connection = backup_database_connection(backup->under_way[0]);
    long slots = 0, locks = 0;
    bool known =
        (pg_free_slots(connection, &slots, error) && pg_lock_slots(connection, &locks, error)) ||
        error_wrap(error, "looking for room for the backup of database \"%s\"", entry->name);
    backup->crowded =
        slots / 2 < backup_share(backup, entry, (int)backup->jobs) + CONNECTIONS_BESIDE ||
        (size_t)locks / 2 < tables_under_way(backup);
    return known;
}

/* One more, where there is room for it; one in any case. */
static bool begin_more(struct backup *backup, struct error *error)
{
    const struct pg_database_entry *entry;
    if (backup->crowded || backup->under_way_count >= most_at_once(backup) ||
        !all_have_what_they_need(backup) || !(entry = next_database(backup)))
        return true;
    if (backup->under_way_count && !look_for_room(backup, entry, error))
        return false;
    return backup->crowded || begin_next(backup, entry, error);
}

static bool turn_all(struct backup *backup, struct error *error)
{
    for (size_t i = 0; i < backup->under_way_count; i++)
        if (!backup_database_dump(backup->under_way[i], error))
            return false;
    return true;
}

static bool finish_those_done(struct backup *backup, struct error *error)
{
    for (size_t i = 0; i < backup->under_way_count;) {
        struct backup_database *database = backup->under_way[i];
        if (!backup_database_is_done(database)) {
            i++;
            continue;
        }
        if (!backup_database_finish(database, error))
            return false;
        backup_database_end(database);
        backup->under_way_count--;
        backup->crowded = false;
        for (size_t j = i; j < backup->under_way_count; j++)
            backup->under_way[j] = backup->under_way[j + 1];
    }
    return true;
}

static void wait_for_any(const struct backup *backup)
{
    struct backup_tool *tools[BACKUP_TOGETHER_MOST];
    for (size_t i = 0; i < backup->under_way_count; i++)
        tools[i] = &backup->under_way[i]->tool;
    backup_tools_wait(tools, backup->under_way_count);
}

bool backup_databases(struct backup *backup, struct error *error)
{
    while (backup->under_way_count || next_database(backup)) {
        if (!turn_all(backup, error) || !begin_more(backup, error))
            return false;
        wait_for_any(backup);
        if (!backup_go_on(backup, error) || !finish_those_done(backup, error))
            return false;
    }
    return true;
}

void backup_databases_end(struct backup *backup)
{
    for (size_t i = 0; i < backup->under_way_count; i++)
        backup_database_end(backup->under_way[i]);
    backup->under_way_count = 0;
}
