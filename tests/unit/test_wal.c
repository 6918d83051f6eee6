/* test_wal.c: what pg_waldump prints, blocks as ranges, places of rows, and where in the log to
 * begin. */
#include "base/text.h"
#include "postgres/row_places.h"
#include "postgres/touched_blocks.h"
#include "postgres/wal_mark.h"
#include "postgres/wal_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD(manager)                                                                              \
    "rmgr: " manager " len (rec/tot):     65/   485, tx:        726, lsn: 0/01538DC0, prev "       \
    "0/01538888, desc: "
#define HEAP HEAD("Heap       ")
#define HEAP2 HEAD("Heap2      ")

/* The blocks of a line as "tablespace/database/file:block ..."; "?" when it isn't understood. */
static const char *blocks_of(const char *line)
{
    static char words[256];
    struct wal_record record;
    struct error error = ERROR_INIT;
    struct text text = {0};
    if (!wal_record_read(line, &record, &error))
        return "?";
    for (size_t i = 0; i < record.count; i++)
        text_printf(&text, "%s%u/%u/%u:%u", i ? " " : "", record.blocks[i].tablespace,
                    record.blocks[i].database, record.blocks[i].file, record.blocks[i].block);
    text_copy(words, sizeof words, text_string(&text));
    text_free(&text);
    return words;
}

static void records_of_every_version(void **state)
{
    (void)state;
    static const struct {
        const char *line, *blocks;
    } cases[] = {
        {HEAP "HOT_UPDATE off 3 xmax 726 flags 0x00 ; new off 11 xmax 0, blkref #0: rel "
              "1663/5/16384 blk 0 FPW",
         "1663/5/16384:0"},
        {HEAP "HOT_UPDATE old_xmax: 740, old_off: 3, old_infobits: [], flags: 0x00, new_xmax: 0, "
              "new_off: 11, blkref #0: rel 1663/5/16384 blk 7",
         "1663/5/16384:7"},
        {HEAP "UPDATE off 2 xmax 7 flags 0x00 ; new off 1 xmax 0, blkref #0: rel 1663/5/16384 blk "
              "9, blkref #1: rel 1663/5/16384 blk 3",
         "1663/5/16384:9 1663/5/16384:3"},
        {HEAP "INSERT off: 8, flags: 0x01, blkref #0: rel 1663/5/2615 blk 4294967295 FPW, blkref "
              "#1: rel 1663/5/2615 fork vm blk 0 FPW",
         "1663/5/2615:4294967295"},
        {HEAP "INSERT+INIT off 1 flags 0x00, blkref #0: rel 1664/0/1262 blk 0", "1664/0/1262:0"},
        {HEAP "DELETE off 4 flags 0x00 KEYS_UPDATED , blkref #0: rel 1663/5/16384 blk 0",
         "1663/5/16384:0"},
        {HEAP2 "MULTI_INSERT ntuples: 6, flags: 0x02, offsets: [12, 13], blkref #0: rel "
               "1663/5/1249 blk 63",
         "1663/5/1249:63"},
        {HEAP2 "SOMETHING_NEW, blkref #0: rel 1663/5/1249 blk 63", "1663/5/1249:63"},
        /* What changes no row. */
        {HEAP "LOCK off 3: xid 726: flags 0x00 LOCK_ONLY, blkref #0: rel 1663/5/16384 blk 0", ""},
        {HEAP "INPLACE off: 5, blkref #0: rel 1663/5/1259 blk 0", ""},
        {HEAP2 "PRUNE_VACUUM_CLEANUP , isCatalogRel: F, nplans: 0, blkref #0: rel 1663/5/1 blk 0",
         ""},
        {HEAP2 "VISIBLE cutoff xid 0 flags 0x01, blkref #0: rel 1663/5/1 fork vm blk 0, blkref #1: "
               "rel 1663/5/1 blk 0",
         ""},
        /* Other managers' records, and other lines. */
        {HEAD("Btree      ") "INSERT_LEAF off 3, blkref #0: rel 1663/5/2684 blk 1", ""},
        {HEAD("Transaction") "COMMIT 2026-11-21 11:09:25.841608 UTC", ""},
        {"first record is after 0/1538DC1, at 0/1538FA8, skipping over 487 bytes", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(blocks_of(cases[i].line), cases[i].blocks);
}

/* A block that isn't understood must not be left out in silence. */
static void lines_that_nobody_understands(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "rmgr: Heap        len (rec/tot): 65/485",
        HEAP "INSERT off 1, blkref #",
        HEAP "INSERT off 1, blkref #0",
        HEAP "INSERT off 1, blkref #0: rel 1663/5/16384",
        HEAP "INSERT off 1, blkref #0: rel 1663/5 blk 1",
        HEAP "INSERT off 1, blkref #0: rel 1663/5/16384 blk ",
        HEAP "INSERT off 1, blkref #0: rel 1663/5/16384 blk -1",
        HEAP "INSERT off 1, blkref #0: rel 1663/5/16384 blk 4294967296",
        HEAP "INSERT off 1, blkref #0: rel 1663/5/99999999999999999999 blk 1",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_string_equal(blocks_of(lines[i]), "?");
}

static void more_blocks_than_a_record_has(void **state)
{
    (void)state;
    struct text line = {0};
    struct wal_record record;
    struct error error = ERROR_INIT;
    text_add(&line, HEAP "INSERT off 1");
    for (unsigned i = 0; i < WAL_RECORD_BLOCKS_MAX; i++)
        text_printf(&line, ", blkref #%u: rel 1663/5/16384 blk %u", i, i);
    assert_true(wal_record_read(text_string(&line), &record, &error));
    assert_int_equal(record.count, WAL_RECORD_BLOCKS_MAX);
    text_add(&line, ", blkref #33: rel 1663/5/16384 blk 33");
    assert_false(wal_record_read(text_string(&line), &record, &error));
    text_free(&line);
}

static void each_block_once_and_in_order(void **state)
{
    (void)state;
    struct touched_blocks blocks = {0};
    for (uint32_t i = 0; i < 20000; i++) {
        struct wal_block block = {1663, 5, 16384 + i % 3, i * 7919 % 1000};
        touched_blocks_add(&blocks, &block);
    }
    touched_blocks_sort(&blocks);
    assert_int_equal(blocks.count, 3000);
    assert_false(blocks.overflow);
    struct touched_file file = touched_file_at(&blocks, 1000);
    assert_int_equal(file.count, 1000);
    assert_int_equal(file.blocks->file, 16385);
    size_t at = 0, ranges = 0, seen = 0;
    struct block_range range;
    while (touched_file_range(&file, &at, &range)) {
        assert_true(range.last - range.first < BLOCK_RANGE_MAX);
        seen += range.last - range.first + 1;
        ranges++;
    }
    assert_int_equal(seen, 1000);
    assert_int_equal(ranges, (1000 + BLOCK_RANGE_MAX - 1) / BLOCK_RANGE_MAX);
    touched_blocks_free(&blocks);
}

static void ranges_reach_over_one_block(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {1, 3, 6, 7, 4294967295};
    struct touched_blocks blocks = {0};
    struct block_range range;
    size_t at = 0;
    for (size_t i = 0; i < 5; i++) {
        struct wal_block block = {1, 2, 3, numbers[i]};
        touched_blocks_add(&blocks, &block);
    }
    touched_blocks_sort(&blocks);
    struct touched_file file = touched_file_at(&blocks, 0);
    static const struct block_range expected[] = {{1, 3}, {6, 7}, {4294967295, 4294967295}};
    for (size_t i = 0; i < 3; i++) {
        assert_true(touched_file_range(&file, &at, &range));
        assert_int_equal(range.first, expected[i].first);
        assert_int_equal(range.last, expected[i].last);
    }
    assert_false(touched_file_range(&file, &at, &range));
    touched_blocks_free(&blocks);
}

static void too_many_blocks_are_told(void **state)
{
    (void)state;
    struct touched_blocks blocks = {0};
    for (uint32_t i = 0; i <= TOUCHED_BLOCKS_MAX && !blocks.overflow; i++) {
        struct wal_block block = {1, 2, 3, i};
        touched_blocks_add(&blocks, &block);
    }
    assert_true(blocks.overflow);
    assert_int_equal(blocks.capacity, TOUCHED_BLOCKS_MAX);
    touched_blocks_free(&blocks);
}

static void places_of_rows(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "(1,2",    "1,2)",   "(1,2)x",    "(,2)",
                                        "(1,)", "(1,2,3)", "(-1,2)", "(1,65536)", "(4294967296,1)"};
    uint64_t place = 0;
    assert_true(row_place_read("(17,3)", &place));
    assert_int_equal(place, 17 * 65536 + 3);
    assert_true(row_place_read("(4294967295,65535)", &place));
    assert_true(place == (uint64_t)4294967295U * 65536 + 65535);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(row_place_read(wrong[i], &place));
}

static void positions_in_the_log(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",          "0",           "/",           "0/",  "/0",
                                        "0/1538dc0", "123456789/0", "0/123456789", "0/1 "};
    char text[WAL_POSITION_SIZE];
    uint64_t position = 0;
    assert_true(wal_position_read("16/B374D848", &position));
    assert_true(position == 0x16B374D848);
    assert_string_equal(wal_position_text(text, sizeof text, position), "16/B374D848");
    assert_string_equal(wal_position_text(text, sizeof text, UINT64_MAX), "FFFFFFFF/FFFFFFFF");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(wal_position_read(wrong[i], &position));
}

/* A transaction that is under way when the snapshot is taken may have begun before the youngest
 * mark: then an older one counts. */
static void the_youngest_mark_that_is_old_enough(void **state)
{
    (void)state;
    struct wal_marks marks = {0};
    uint64_t start = 0;
    assert_false(wal_marks_start(&marks, 1000, &start));
    wal_marks_add(&marks, (struct wal_mark){100, 10});
    wal_marks_add(&marks, (struct wal_mark){200, 20});
    wal_marks_add(&marks, (struct wal_mark){300, 30});
    assert_false(wal_marks_start(&marks, 10, &start));
    assert_true(wal_marks_start(&marks, 20, &start));
    assert_int_equal(start, 100);
    assert_true(wal_marks_start(&marks, 21, &start));
    assert_int_equal(start, 200);
    assert_int_equal(marks.count, 2);
    assert_true(wal_marks_start(&marks, 1000, &start));
    assert_int_equal(start, 300);
    assert_int_equal(marks.count, 1);
}

static void the_oldest_mark_stays(void **state)
{
    (void)state;
    struct wal_marks marks = {0};
    uint64_t start = 0;
    for (uint64_t i = 1; i <= 1000; i++)
        wal_marks_add(&marks, (struct wal_mark){i * 10, i});
    assert_true(marks.count <= WAL_MARKS_MAX);
    assert_true(wal_marks_start(&marks, 2, &start));
    assert_int_equal(start, 10);
    assert_true(wal_marks_start(&marks, 1001, &start));
    assert_int_equal(start, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_every_version),
        cmocka_unit_test(lines_that_nobody_understands),
        cmocka_unit_test(more_blocks_than_a_record_has),
        cmocka_unit_test(each_block_once_and_in_order),
        cmocka_unit_test(ranges_reach_over_one_block),
        cmocka_unit_test(too_many_blocks_are_told),
        cmocka_unit_test(places_of_rows),
        cmocka_unit_test(positions_in_the_log),
        cmocka_unit_test(the_youngest_mark_that_is_old_enough),
        cmocka_unit_test(the_oldest_mark_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
