/* wal_record.h: what one record of the write-ahead log says about tables' blocks, out of the line
 * that pg_waldump prints of it. */
#ifndef POSTGRES_WAL_RECORD_H
#define POSTGRES_WAL_RECORD_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block of a table's file, as the log names it: numbers of catalog rows, and the file's own.
 * `database` is 0 for what the whole cluster shares. */
struct wal_block {
    uint32_t tablespace, database, file, block;
};

#define WAL_RECORD_BLOCKS_MAX 33 /* XLR_MAX_BLOCK_ID + 1 */

struct wal_record {
    struct wal_block blocks[WAL_RECORD_BLOCKS_MAX];
    size_t count;
};

/* The blocks on which the record may have changed which rows there are: those of the main fork, of
 * the records that insert, update and delete (and of any that isn't known), none of vacuum's, of
 * row locks and of updates in place. Other lines than records of the managers Heap and Heap2 have
 * none. False for a line of those that isn't understood. Source: PostgreSQL 13 to 18, pg_waldump.c
 * and xlogreader.c (XLogRecGetBlockRefInfo), heapdesc.c. */
bool wal_record_read(const char *line, struct wal_record *record, struct error *error);

#endif
