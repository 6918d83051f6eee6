/* test_sweep.c: in which order and in which batches a sweep measures tables, and what its digests
 * say of each other. */
#include "postgres/digest.h"
#include "postgres/sweep_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct pg_table_list tables_of(const long long *pages, size_t count)
{
    struct pg_table_list list = {.items = calloc(count + 1, sizeof(struct pg_table)),
                                 .count = count};
    assert_non_null(list.items);
    for (size_t i = 0; i < count; i++)
        list.items[i].pages = pages[i];
    return list;
}

static void largest_first(void **state)
{
    (void)state;
    static const long long pages[] = {5, 900, 0, 900, 70000, 1};
    static const size_t wanted[] = {4, 1, 3, 0, 5, 2};
    struct pg_table_list list = tables_of(pages, COUNT(pages));
    struct sweep_queue queue;
    sweep_queue_begin(&queue, &list);
    assert_memory_equal(queue.order, wanted, sizeof wanted);
    assert_true(queue.pages == 71806 + 6);
    sweep_queue_free(&queue);
    free(list.items);
}

static void none_is_left_out_and_none_comes_twice(void **state)
{
    (void)state;
    long long pages[1000];
    struct sweep_batch batch;
    struct sweep_queue queue;
    size_t end = 0;
    for (size_t i = 0; i < COUNT(pages); i++)
        pages[i] = (long long)(i * 37 % 500);
    struct pg_table_list list = tables_of(pages, COUNT(pages));
    sweep_queue_begin(&queue, &list);
    while (sweep_queue_take(&queue, 1 + (int)(end % 5), &batch)) {
        assert_int_equal(batch.first, end);
        assert_true(batch.end > batch.first);
        assert_true(batch.end - batch.first <= SWEEP_BATCH_TABLES);
        end = batch.end;
    }
    assert_int_equal(end, COUNT(pages));
    assert_true(sweep_queue_empty(&queue));
    assert_true(queue.untaken == 0);
    sweep_queue_free(&queue);
    free(list.items);
}

static void a_large_table_stands_alone(void **state)
{
    (void)state;
    static const long long pages[] = {SWEEP_BATCH_PAGES * 3, SWEEP_BATCH_PAGES, 1, 1, 1};
    struct pg_table_list list = tables_of(pages, COUNT(pages));
    struct sweep_queue queue;
    struct sweep_batch batch;
    sweep_queue_begin(&queue, &list);
    assert_true(sweep_queue_take(&queue, 4, &batch));
    assert_int_equal(batch.end, 1);
    assert_true(sweep_queue_take(&queue, 4, &batch));
    assert_int_equal(batch.end, 2);
    assert_true(sweep_queue_take(&queue, 4, &batch));
    assert_int_equal(batch.end, 5);
    sweep_queue_free(&queue);
    free(list.items);
}

/* So that no connection is left with a long batch while the others have nothing to do any more. */
static void batches_grow_smaller(void **state)
{
    (void)state;
    long long pages[400];
    struct sweep_batch batch;
    struct sweep_queue queue;
    size_t last = SWEEP_BATCH_TABLES;
    for (size_t i = 0; i < COUNT(pages); i++)
        pages[i] = 100;
    struct pg_table_list list = tables_of(pages, COUNT(pages));
    sweep_queue_begin(&queue, &list);
    while (sweep_queue_take(&queue, 4, &batch)) {
        assert_true(batch.end - batch.first <= last);
        last = batch.end - batch.first;
    }
    assert_int_equal(last, 1);
    sweep_queue_free(&queue);
    free(list.items);
}

static void no_tables(void **state)
{
    (void)state;
    struct pg_table_list list = {0};
    struct sweep_queue queue;
    struct sweep_batch batch;
    sweep_queue_begin(&queue, &list);
    assert_true(sweep_queue_empty(&queue));
    assert_false(sweep_queue_take(&queue, 4, &batch));
    sweep_queue_free(&queue);
}

static void digests(void **state)
{
    (void)state;
    assert_true(digest_same_rows("-12", "-12"));
    assert_true(digest_same_rows("-12@ab", "-12"));
    assert_true(digest_same_rows("-12@ab", "-12@cd"));
    assert_false(digest_same_rows("-12@ab", "-1@ab"));
    assert_false(digest_same_rows("-12", ""));
    /* The longest there can be fits. */
    assert_true(strlen("-99999999999999999999999999999999@ffffffffffffffff") < PG_DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(largest_first),
        cmocka_unit_test(none_is_left_out_and_none_comes_twice),
        cmocka_unit_test(a_large_table_stands_alone),
        cmocka_unit_test(batches_grow_smaller),
        cmocka_unit_test(no_tables),
        cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
