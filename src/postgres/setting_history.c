/* setting_history.c: what became of settings, major by major. */
#include "postgres/setting_history.h"

#include <stddef.h>
#include <strings.h>

/* Source: PostgreSQL manual, release notes of 12 to 18, "Migration to Version". */
static const struct setting_change changes[] = {
    {"standby_mode", 12, "A file standby.signal in the data directory replaces it."},
    {"trigger_file", 12, "Use pg_ctl promote or pg_promote()."},
    {"wal_keep_segments", 13, "wal_keep_size replaces it: segments times 16 MB."},
    {"operator_precedence_warning", 14, "Leave it out: it only warned of changes made in 9.5."},
    {"vacuum_cleanup_index_scale_factor", 14, "Leave it out: it had no effect any more."},
    {"stats_temp_directory", 15, "Leave it out: statistics live in shared memory."},
    {"promote_trigger_file", 16, "Use pg_ctl promote or pg_promote()."},
    {"vacuum_defer_cleanup_age", 16, "hot_standby_feedback and replication slots replace it."},
    {"force_parallel_mode", 16, "debug_parallel_query is its new name."},
    {"lc_collate", 16, "Read pg_database.datcollate instead; it could never be set."},
    {"lc_ctype", 16, "Read pg_database.datctype instead; it could never be set."},
    {"db_user_namespace", 17,
     "There is no replacement: give each database's roles names of "
     "their own."},
    {"old_snapshot_threshold", 17,
     "There is no replacement; transaction_timeout ends transactions "
     "that stay open for too long."},
    {"trace_recovery_messages", 17, "Leave it out: log_min_messages says what is logged."},
    {"ssl_ecdh_curve", 18, "ssl_groups is its new name."},
};

const struct setting_change *setting_history(const char *name)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (!strcasecmp(changes[i].name, name))
            return &changes[i];
    return NULL;
}
