/* wal_record.c: reads "rmgr: Heap ..., desc: INSERT ..., blkref #0: rel 1663/5/16384 blk 0 FPW". */
#include "postgres/wal_record.h"

#include "base/text.h"

#include <string.h>

/* Records after which each snapshot sees the same rows as before: line pointers and flags only, and
 * single fields of the catalog's (INPLACE) that no schema is made of. CLEAN... are PostgreSQL 13's
 * names of PRUNE. */
static const char *const without_rows[] = {
    "INPLACE",
    "LOCK",
    "CONFIRM",
    "LOCK_UPDATED",
    "VISIBLE",
    "FREEZE_PAGE",
    "PRUNE",
    "VACUUM",
    "PRUNE_ON_ACCESS",
    "PRUNE_VACUUM_SCAN",
    "PRUNE_VACUUM_CLEANUP",
    "CLEAN",
    "CLEANUP_INFO",
    "NEW_CID",
};

static bool changes_rows(const char *name)
{
    size_t length = strcspn(name, " ,");
    for (size_t i = 0; i < sizeof without_rows / sizeof without_rows[0]; i++)
        if (strlen(without_rows[i]) == length && !strncmp(name, without_rows[i], length))
            return false;
    return true;
}

static bool take_number(const char **at, uint32_t *number)
{
    uint64_t value = 0;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9' && value <= UINT32_MAX; (*at)++)
        value = value * 10 + (uint64_t)(**at - '0');
    *number = (uint32_t)value;
    return *at > start && value <= UINT32_MAX;
}

static bool take_word(const char **at, const char *word)
{
    bool there = text_starts(*at, word);
    *at += there ? strlen(word) : 0;
    return there;
}

/* "0: rel 1663/5/16384 fork vm blk 0" */
static bool take_block(const char *at, struct wal_record *record)
{
    uint32_t number = 0;
    struct wal_block block = {0};
    if (!take_number(&at, &number) || !take_word(&at, ": rel ") ||
        !take_number(&at, &block.tablespace) || !take_word(&at, "/") ||
        !take_number(&at, &block.database) || !take_word(&at, "/") ||
        !take_number(&at, &block.file))
        return false;
    if (take_word(&at, " fork "))
        return true;
    if (!take_word(&at, " blk ") || !take_number(&at, &block.block) ||
        record->count == WAL_RECORD_BLOCKS_MAX)
        return false;
    record->blocks[record->count++] = block;
    return true;
}

static bool take_blocks(const char *at, struct wal_record *record)
{
    static const char mark[] = ", blkref #";
    while ((at = strstr(at, mark))) {
        at += sizeof mark - 1;
        if (!take_block(at, record))
            return false;
    }
    return true;
}

bool wal_record_read(const char *line, struct wal_record *record, struct error *error)
{
    static const char mark[] = ", desc: ";
    record->count = 0;
    if (!text_starts(line, "rmgr: Heap ") && !text_starts(line, "rmgr: Heap2 "))
        return true;
    const char *name = strstr(line, mark);
    name = name ? name + sizeof mark - 1 : NULL;
    if (name && (!changes_rows(name) || take_blocks(name, record)))
        return true;
    return error_set(error, ERROR_OTHER, "pg_waldump's line isn't understood: %s", line);
}
