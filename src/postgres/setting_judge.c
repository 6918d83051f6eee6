/* setting_judge.c: the settings that matter, and how each may differ. */
#include "postgres/setting_judge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How a setting may differ. */
enum rule {
    OWN,       /* each server has its own */
    NOT_LOWER, /* a lower number breaks; 0 and -1 are numbers like others */
    NOT_LESS,  /* a list that must hold what the old one held */
    NOT_OFF,   /* on may not become off */
    NO_DEEPER, /* wal_level: minimal, replica, logical */
    LOCALE,    /* equal but for case and hyphens: en_US.utf8 is en_US.UTF-8 */
    ZONE,      /* equal, or both of them UTC */
    EQUAL,     /* any difference breaks */
    ADVICE,    /* any difference is worth a look */
    MADE,      /* the same, though initdb or the build decides it and nobody sets it */
};

static const struct row {
    const char *name;
    enum rule rule;
    const char *reason;
} rows[] = {
    {"shared_preload_libraries", NOT_LESS, "extensions that need their library preloaded fail"},
    {"max_connections", NOT_LOWER, "clients that connect to the old server may be refused"},
    {"max_prepared_transactions", NOT_LOWER, "PREPARE TRANSACTION fails"},
    {"wal_level", NO_DEEPER, "standbys or subscribers can't be set up anew"},
    {"ssl", NOT_OFF, "clients that insist on TLS are refused"},
    {"password_encryption", EQUAL, "passwords set from now on are kept in another form"},
    {"session_preload_libraries", NOT_LESS, "what those libraries do is not done"},
    {"standard_conforming_strings", EQUAL, "backslashes in strings mean something else"},
    {"search_path", EQUAL, "unqualified names find other objects, or none"},
    {"TimeZone", ZONE, "timestamps are read and shown in another zone"},
    {"DateStyle", EQUAL, "dates are read and shown in another form"},
    {"IntervalStyle", EQUAL, "intervals are shown in another form"},
    {"bytea_output", EQUAL, "bytea is shown in another form"},
    {"extra_float_digits", EQUAL, "floating point numbers are shown with other digits"},
    {"lc_monetary", LOCALE, "money is read and shown in another form"},
    {"lc_numeric", LOCALE, "to_char and to_number use another form"},
    {"lc_time", LOCALE, "names of days and months are in another language"},
    {"default_text_search_config", EQUAL, "text search stems words in another way"},
    {"default_transaction_isolation", EQUAL, "transactions see other data"},
    {"default_transaction_read_only", EQUAL, "sessions may or may not write"},
    {"default_transaction_deferrable", EQUAL, "transactions begin in another way"},
    {"session_replication_role", EQUAL, "triggers and rules fire, or don't"},
    {"array_nulls", EQUAL, "NULL in arrays is read in another way"},
    {"backslash_quote", EQUAL, "quotes in strings are read in another way"},
    {"transform_null_equals", EQUAL, "comparisons with NULL give other results"},
    {"row_security", EQUAL, "policies hide rows, or don't"},
    {"shared_buffers", ADVICE, NULL},
    {"work_mem", ADVICE, NULL},
    {"hash_mem_multiplier", ADVICE, NULL},
    {"maintenance_work_mem", ADVICE, NULL},
    {"effective_cache_size", ADVICE, NULL},
    {"max_wal_size", ADVICE, NULL},
    {"min_wal_size", ADVICE, NULL},
    {"checkpoint_timeout", ADVICE, NULL},
    {"wal_buffers", ADVICE, NULL},
    {"fsync", NOT_OFF, "a crash may damage the data"},
    {"full_page_writes", NOT_OFF, "a crash may damage the data"},
    {"synchronous_commit", ADVICE, NULL},
    {"data_checksums", MADE, NULL},
    {"archive_mode", ADVICE, NULL},
    {"archive_command", ADVICE, NULL},
    {"max_locks_per_transaction", ADVICE, NULL},
    {"max_worker_processes", ADVICE, NULL},
    {"max_wal_senders", ADVICE, NULL},
    {"max_replication_slots", ADVICE, NULL},
    {"listen_addresses", ADVICE, NULL},
    {"lc_messages", LOCALE, "messages are in another language"},
    {"log_timezone", ZONE, "the log has another zone"},
    {"statement_timeout", ADVICE, NULL},
    {"lock_timeout", ADVICE, NULL},
    {"idle_in_transaction_session_timeout", ADVICE, NULL},
    {"idle_session_timeout", ADVICE, NULL},
    {"application_name", OWN, NULL},
    {"block_size", MADE, NULL},
    {"client_encoding", OWN, NULL},
    {"cluster_name", OWN, NULL},
    {"config_file", OWN, NULL},
    {"data_directory", OWN, NULL},
    {"data_directory_mode", OWN, NULL},
    {"external_pid_file", OWN, NULL},
    {"hba_file", OWN, NULL},
    {"ident_file", OWN, NULL},
    {"in_hot_standby", OWN, NULL},
    {"lc_collate", OWN, NULL},
    {"lc_ctype", OWN, NULL},
    {"num_os_semaphores", OWN, NULL},
    {"port", OWN, NULL},
    {"server_version", OWN, NULL},
    {"server_version_num", OWN, NULL},
    {"shared_memory_size", OWN, NULL},
    {"shared_memory_size_in_huge_pages", OWN, NULL},
    {"transaction_read_only", OWN, NULL},
    {"unix_socket_directories", OWN, NULL},
};

#define ROWS (sizeof rows / sizeof rows[0])

static size_t row_of(const char *name)
{
    size_t row = 0;
    while (row < ROWS && strcasecmp(rows[row].name, name) != 0)
        row++;
    return row;
}

int setting_rank(const char *name)
{
    return (int)row_of(name);
}

static bool is_item(const char *text, size_t length, const char *list)
{
    for (const char *at = list; *at;) {
        at += strspn(at, " ,\"");
        size_t size = strcspn(at, " ,\"");
        if (size == length && !strncmp(at, text, size))
            return true;
        at += size;
    }
    return false;
}

static bool list_holds(const char *list, const char *items)
{
    while (*items) {
        items += strspn(items, " ,\"");
        size_t length = strcspn(items, " ,\"");
        if (length && !is_item(items, length, list))
            return false;
        items += length;
    }
    return true;
}

static char *plain_locale(const char *name)
{
    char *plain = xstrdup(name), *to = plain;
    for (const char *from = name; *from; from++)
        if (*from != '-')
            *to++ = *from;
    *to = '\0';
    return plain;
}

static bool same_locale(const char *left, const char *right)
{
    char *a = plain_locale(left), *b = plain_locale(right);
    bool same = !strcasecmp(a, b);
    free(a);
    free(b);
    return same;
}

static bool is_utc(const char *zone)
{
    static const char *const names[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT",
                                        "UCT", "Etc/UCT", "Zulu"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcasecmp(names[i], zone))
            return true;
    return false;
}

static int depth(const char *wal_level)
{
    static const char *const levels[] = {"minimal", "replica", "logical"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(levels[i], wal_level))
            return i;
    return 0;
}

/* Whether the difference does what the row's reason says. */
static bool breaks(enum rule rule, const char *old, const char *new)
{
    switch (rule) {
    case NOT_LOWER:
        return strtod(new, NULL) < strtod(old, NULL);
    case NOT_LESS:
        return !list_holds(new, old);
    case NOT_OFF:
        return !strcmp(old, "on") && !strcmp(new, "off");
    case NO_DEEPER:
        return depth(new) < depth(old);
    case EQUAL:
    case LOCALE:
    case ZONE:
        return true;
    case OWN:
    case ADVICE:
    case MADE:
        break;
    }
    return false;
}

static bool same(enum rule rule, const struct pg_setting *old, const struct pg_setting *new)
{
    if (!strcmp(old->value, new->value) || !strcmp(old->shown, new->shown))
        return true;
    if (rule == LOCALE)
        return same_locale(old->value, new->value);
    return rule == ZONE && is_utc(old->value) && is_utc(new->value);
}

/* A server that doesn't know a setting has nothing to differ with, unless the other has set it. */
static enum setting_verdict judge_one(const struct pg_setting *only)
{
    return setting_is_set(only) && strcmp(only->value, only->boot) != 0 ? SETTING_DIFFERS
                                                                        : SETTING_EXPECTED;
}

enum setting_verdict setting_judge(const struct pg_setting *old, const struct pg_setting *new,
                                   const char **reason)
{
    *reason = NULL;
    if (!old || !new)
        return judge_one(old ? old : new);
    size_t row = row_of(old->name);
    enum rule rule = row < ROWS ? rows[row].rule : ADVICE;
    if (same(rule, old, new))
        return SETTING_EQUAL;
    bool set = setting_is_set(old) || setting_is_set(new) || rule == MADE;
    if (rule == OWN || !set)
        return SETTING_EXPECTED;
    if (!breaks(rule, old->value, new->value))
        return SETTING_DIFFERS;
    *reason = rows[row].reason;
    return SETTING_BREAKS;
}
