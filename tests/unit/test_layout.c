/* test_layout.c: who gets which rows and columns, at every size. */
#include "ui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void minimums_come_first(void **state)
{
    struct box boxes[] = {{.minimum = 3, .wanted = 3}, {.minimum = 2, .wanted = 9}};
    (void)state;
    assert_false(layout_share(boxes, 2, 4));
    assert_int_equal(boxes[0].size, 0);
    assert_true(layout_share(boxes, 2, 5));
    assert_int_equal(boxes[0].size, 3);
    assert_int_equal(boxes[1].size, 2);
}

static void nobody_starves_while_another_has_all(void **state)
{
    struct box boxes[] = {{.minimum = 1, .wanted = 10}, {.minimum = 1, .wanted = 10}};
    (void)state;
    assert_true(layout_share(boxes, 2, 9));
    assert_int_equal(boxes[0].size, 5);
    assert_int_equal(boxes[1].size, 4);
}

static void what_is_left_goes_by_weight(void **state)
{
    struct box boxes[] = {{.minimum = 2, .wanted = 2},
                          {.minimum = 1, .wanted = 1, .weight = 1},
                          {.minimum = 1, .wanted = 1, .weight = 3}};
    (void)state;
    assert_true(layout_share(boxes, 3, 12));
    assert_int_equal(boxes[0].size, 2);
    assert_int_equal(boxes[1].size, 3);
    assert_int_equal(boxes[2].size, 7);
}

static struct layout_request request_for(int rows, int columns, size_t focus)
{
    struct layout_request request = {.rows = rows, .columns = columns, .focus = focus};
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        request.boxes[i] = (struct box){.minimum = 4, .wanted = 8, .weight = 1};
    return request;
}

static void a_narrow_screen_shows_one_panel_and_tabs(void **state)
{
    struct layout layout;
    struct layout_request request = request_for(24, 80, 3);
    (void)state;
    layout_compute(&request, &layout);
    assert_false(layout.wide);
    assert_true(layout.tabs);
    for (size_t i = 0; i < LAYOUT_PANELS; i++)
        assert_int_equal(layout.panels[i].rows, i == 3 ? 21 : 0);
    assert_int_equal(layout.panels[3].row, 2);
    assert_int_equal(layout.hint.row, 23);
}

static void a_wide_screen_shows_all(void **state)
{
    struct layout layout;
    struct layout_request request = request_for(50, 160, 0);
    int bottom = 1;
    (void)state;
    layout_compute(&request, &layout);
    assert_true(layout.wide);
    assert_false(layout.tabs);
    assert_int_equal(layout.panels[0].rows, 48);
    for (size_t i = 1; i < LAYOUT_PANELS; i++) { /* stacked without a gap, down to the hints */
        assert_int_equal(layout.panels[i].row, bottom);
        assert_true(layout.panels[i].column > layout.divider);
        bottom += layout.panels[i].rows;
    }
    assert_int_equal(bottom, 49);
}

static void the_focused_panel_is_never_hidden(void **state)
{
    (void)state;
    for (size_t focus = 0; focus < LAYOUT_PANELS; focus++) {
        struct layout layout;
        struct layout_request request = request_for(14, 120, focus);
        layout_compute(&request, &layout);
        assert_true(layout.tabs);
        assert_true(layout.panels[focus].rows >= 4);
    }
}

static void a_zoomed_panel_has_all(void **state)
{
    struct layout layout;
    struct layout_request request = request_for(50, 160, 2);
    (void)state;
    request.zoomed = true;
    layout_compute(&request, &layout);
    assert_int_equal(layout.panels[2].columns, 160);
    assert_int_equal(layout.panels[0].rows, 0);
}

static void the_banner_takes_at_most_half(void **state)
{
    struct layout layout;
    struct layout_request request = request_for(24, 80, 0);
    (void)state;
    request.banner = 100;
    layout_compute(&request, &layout);
    assert_int_equal(layout.banner.rows, 10);
    assert_int_equal(layout.body.rows, 11);
    assert_int_equal(layout.banner.row, 13);
}

/* Whatever the size: nothing outside of the screen, nothing negative, or "too small". */
static void every_size_is_sound(void **state)
{
    (void)state;
    for (int rows = 0; rows < 70; rows++)
        for (int columns = 0; columns < 220; columns += 3)
            for (size_t focus = 0; focus < LAYOUT_PANELS; focus++) {
                struct layout layout;
                struct layout_request request = request_for(rows, columns, focus);
                request.banner = rows % 7;
                layout_compute(&request, &layout);
                if (layout.too_small) {
                    assert_true(rows < LAYOUT_LEAST_ROWS || columns < LAYOUT_LEAST_COLUMNS);
                    continue;
                }
                for (size_t i = 0; i < LAYOUT_PANELS; i++) {
                    const struct rectangle *panel = &layout.panels[i];
                    assert_true(panel->rows >= 0 && panel->columns >= 0);
                    assert_true(panel->row + panel->rows <= layout.banner.row);
                    assert_true(panel->column + panel->columns <= columns);
                }
                assert_true(layout.panels[focus].rows > 0);
                assert_int_equal(layout.banner.row + layout.banner.rows, rows - 1);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minimums_come_first),
        cmocka_unit_test(nobody_starves_while_another_has_all),
        cmocka_unit_test(what_is_left_goes_by_weight),
        cmocka_unit_test(a_narrow_screen_shows_one_panel_and_tabs),
        cmocka_unit_test(a_wide_screen_shows_all),
        cmocka_unit_test(the_focused_panel_is_never_hidden),
        cmocka_unit_test(a_zoomed_panel_has_all),
        cmocka_unit_test(the_banner_takes_at_most_half),
        cmocka_unit_test(every_size_is_sound),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
