/* touched_blocks.c: blocks collected, sorted, and told as ranges. */
#include "postgres/touched_blocks.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST ((size_t)1024)

static int compare_numbers(uint32_t left, uint32_t right)
{
    return (left > right) - (left < right);
}

static int compare_files(const struct wal_block *left, const struct wal_block *right)
{
    int order = compare_numbers(left->database, right->database);
    order = order ? order : compare_numbers(left->tablespace, right->tablespace);
    return order ? order : compare_numbers(left->file, right->file);
}

static int compare_blocks(const void *left, const void *right)
{
    const struct wal_block *one = left, *other = right;
    int order = compare_files(one, other);
    return order ? order : compare_numbers(one->block, other->block);
}

void touched_blocks_sort(struct touched_blocks *blocks)
{
    size_t kept = 0;
    if (blocks->count)
        qsort(blocks->items, blocks->count, sizeof *blocks->items, compare_blocks);
    for (size_t i = 0; i < blocks->count; i++)
        if (kept == 0 || compare_blocks(&blocks->items[kept - 1], &blocks->items[i]) != 0)
            blocks->items[kept++] = blocks->items[i];
    blocks->count = kept;
}

/* Most records name a block that another one has named: sorting makes room before memory does. */
static void make_room(struct touched_blocks *blocks)
{
    touched_blocks_sort(blocks);
    if (blocks->count <= blocks->capacity / 2 && blocks->capacity)
        return;
    if (blocks->capacity == TOUCHED_BLOCKS_MAX) {
        blocks->overflow = true;
        return;
    }
    blocks->capacity = blocks->capacity ? blocks->capacity * 2 : CAPACITY_FIRST;
    blocks->items = xrealloc(blocks->items, blocks->capacity * sizeof *blocks->items);
}

void touched_blocks_add(struct touched_blocks *blocks, const struct wal_block *block)
{
    if (blocks->count && !compare_blocks(&blocks->items[blocks->count - 1], block))
        return;
    if (blocks->count == blocks->capacity)
        make_room(blocks);
    if (!blocks->overflow)
        blocks->items[blocks->count++] = *block;
}

void touched_blocks_free(struct touched_blocks *blocks)
{
    free(blocks->items);
    *blocks = (struct touched_blocks){0};
}

struct touched_file touched_file_at(const struct touched_blocks *blocks, size_t first)
{
    struct touched_file file = {.blocks = blocks->items + first};
    while (first + file.count < blocks->count &&
           !compare_files(file.blocks, file.blocks + file.count))
        file.count++;
    return file;
}

bool touched_file_range(const struct touched_file *file, size_t *at, struct block_range *range)
{
    if (*at >= file->count)
        return false;
    range->first = range->last = file->blocks[(*at)++].block;
    while (*at < file->count && file->blocks[*at].block - range->last <= 2 &&
           file->blocks[*at].block - range->first < BLOCK_RANGE_MAX)
        range->last = file->blocks[(*at)++].block;
    return true;
}
