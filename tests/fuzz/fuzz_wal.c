/* fuzz_wal.c: any bytes as lines of pg_waldump's: either refused, or blocks that make a set in
 * order, each once, which the ranges hold. */
#include "base/text.h"
#include "postgres/touched_blocks.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_line(const char *line, struct touched_blocks *blocks)
{
    struct wal_record record;
    struct error error = ERROR_INIT;
    if (!wal_record_read(line, &record, &error))
        return;
    if (record.count > WAL_RECORD_BLOCKS_MAX)
        abort();
    for (size_t i = 0; i < record.count; i++)
        touched_blocks_add(blocks, &record.blocks[i]);
}

static void check_file(const struct touched_file *file)
{
    struct block_range range;
    size_t at = 0, held = 0;
    while (touched_file_range(file, &at, &range))
        for (; held < file->count && file->blocks[held].block <= range.last; held++)
            if (file->blocks[held].block < range.first ||
                range.last - range.first >= BLOCK_RANGE_MAX)
                abort();
    if (held != file->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct touched_blocks blocks = {0};
    char *text = xstrndup((const char *)data, size), *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        take_line(line, &blocks);
    touched_blocks_sort(&blocks);
    for (size_t i = 0; i < blocks.count;) {
        struct touched_file file = touched_file_at(&blocks, i);
        check_file(&file);
        i += file.count;
    }
    touched_blocks_free(&blocks);
    free(text);
    return 0;
}
