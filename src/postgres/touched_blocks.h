/* touched_blocks.h: the blocks that a part of the write-ahead log names, each once, in order. */
#ifndef POSTGRES_TOUCHED_BLOCKS_H
#define POSTGRES_TOUCHED_BLOCKS_H

#include "postgres/wal_record.h"

#include <stddef.h>

#define TOUCHED_BLOCKS_MAX ((size_t)4 << 20) /* 64 MB; 32 GB of tables */

/* Zero-initialised is empty. Free with touched_blocks_free. */
struct touched_blocks {
    struct wal_block *items;
    size_t count, capacity;
    bool overflow; /* more than fit came: the set isn't whole */
};

void touched_blocks_add(struct touched_blocks *blocks, const struct wal_block *block);
/* By database, tablespace, file, block; each once. Has to be called after the last one was added.
 */
void touched_blocks_sort(struct touched_blocks *blocks);
void touched_blocks_free(struct touched_blocks *blocks);

/* The blocks of one file: a part of the sorted set. */
struct touched_file {
    const struct wal_block *blocks;
    size_t count;
};
/* The file whose blocks begin at `first`; `first` + its count is the next one's. */
struct touched_file touched_file_at(const struct touched_blocks *blocks, size_t first);

/* A range of blocks, both ends included. */
struct block_range {
    uint32_t first, last;
};
#define BLOCK_RANGE_MAX 128 /* blocks in one */
/* The next range of the file from *at on, false at the end. One block between two that were touched
 * goes with them: reading it costs less than asking twice. */
bool touched_file_range(const struct touched_file *file, size_t *at, struct block_range *range);

#endif
