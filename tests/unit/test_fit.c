/* test_fit.c: widths, cutting, breaking and finding text, and the pages of lines made with it. */
#include "ui/fit.h"
#include "ui/lines.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : 1;
}

static int width(const char *string)
{
    return fit_width(string, strlen(string));
}

static void widths_count_columns(void **state)
{
    (void)state;
    assert_int_equal(width(""), 0);
    assert_int_equal(width("abc"), 3);
    assert_int_equal(width("naïve"), 5);
    assert_int_equal(width("数据库"), 6);
    assert_int_equal(width("e\u0301"), 1); /* a combining accent takes no column */
}

static void what_must_not_reach_a_terminal_is_replaced(void **state)
{
    unsigned character;
    (void)state;
    assert_int_equal(fit_decode("\033[31m", 5, &character), 1);
    assert_int_equal(character, '?');
    assert_int_equal(fit_decode("\t", 1, &character), 1);
    assert_int_equal(character, ' ');
    assert_int_equal(fit_decode("\xe2\x80\xae", 3, &character), 3); /* right-to-left override */
    assert_int_equal(character, '?');
    assert_int_equal(fit_decode("\xc2\x9b", 2, &character), 2); /* an 8-bit CSI */
    assert_int_equal(character, '?');
}

static void bytes_that_are_no_utf8_are_single_characters(void **state)
{
    static const char *const wrong[] = {
        "\xff", "\xc3", "\xc0\xaf", "\xe2\x28\xa1", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        unsigned character;
        assert_int_equal(fit_decode(wrong[i], strlen(wrong[i]), &character), 1);
        assert_int_equal(character, '?');
    }
}

static void a_wide_character_does_not_straddle_the_edge(void **state)
{
    int used;
    (void)state;
    assert_int_equal(fit_prefix("数据", 6, 3, &used), 3);
    assert_int_equal(used, 2);
    assert_int_equal(fit_prefix("数据", 6, 4, &used), 6);
    assert_int_equal(fit_prefix("ab", 2, 0, &used), 0);
}

static void assert_cell(const char *string, int columns, enum fit_align align, const char *wanted)
{
    struct text cell = {0};
    fit_cell(&cell, string, columns, align, "…");
    assert_string_equal(text_string(&cell), wanted);
    text_free(&cell);
}

static void cells_are_exactly_as_wide_as_asked(void **state)
{
    (void)state;
    assert_cell("abc", 5, FIT_LEFT, "abc  ");
    assert_cell("abc", 5, FIT_RIGHT, "  abc");
    assert_cell("abcdef", 4, FIT_LEFT, "abc…");
    assert_cell("abcd", 4, FIT_LEFT, "abcd");
    assert_cell("数据库", 4, FIT_LEFT, "数… "); /* the ellipsis, then what the wide one left */
    assert_cell("abc", 1, FIT_LEFT, "…");
    assert_cell("abc", 0, FIT_LEFT, "");
    assert_cell("abc", -3, FIT_LEFT, "");
    assert_cell("", 3, FIT_RIGHT, "   ");
}

static void assert_broken(const char *string, int columns, const char *const *wanted)
{
    const char *next = string;
    for (size_t i = 0; next; i++) {
        const char *start = next;
        size_t length = fit_break(start, columns, &next);
        assert_non_null(wanted[i]);
        assert_int_equal(length, strlen(wanted[i]));
        assert_memory_equal(start, wanted[i], length);
    }
}

static void lines_break_at_spaces(void **state)
{
    (void)state;
    assert_broken("one two three", 7, (const char *const[]){"one two", "three", NULL});
    assert_broken("one\ntwo", 7, (const char *const[]){"one", "two", NULL});
    assert_broken("abcdefgh", 3, (const char *const[]){"abc", "def", "gh", NULL});
    assert_broken("", 3, (const char *const[]){"", NULL});
    assert_broken("数据", 1, (const char *const[]){"数", "据", NULL});
    assert_broken("ab cd", 0, (const char *const[]){"a", "b", "c", "d", NULL});
}

static void finding_ignores_the_case_of_letters(void **state)
{
    static const char bytes[] = "Copy the ROWS";
    (void)state;
    assert_ptr_equal(fit_find(bytes, 13, "rows"), bytes + 9);
    assert_null(fit_find(bytes, 12, "rows"));
    assert_null(fit_find(bytes, 13, ""));
    assert_null(fit_find(bytes, 2, "copy"));
}

static void assert_line(const struct lines *lines, size_t index, const char *wanted)
{
    struct text line = {0};
    const struct line *item = &lines->items[index];
    for (size_t i = 0; i < item->count; i++) {
        const struct span *span = &lines->spans[item->first + i];
        text_append(&line, lines->bytes.bytes + span->offset, span->length);
    }
    assert_string_equal(text_string(&line), wanted);
    text_free(&line);
}

static void pages_keep_lines_and_what_they_mean(void **state)
{
    struct lines lines = {.glyphs = theme_glyphs(true)};
    (void)state;
    for (int round = 0; round < 2; round++) { /* cleared and built again */
        lines_clear(&lines);
        lines_begin(&lines, 7);
        lines_cell(&lines, ROLE_GOOD, "equal", 7, FIT_LEFT);
        lines_freeze(&lines);
        lines_printf(&lines, ROLE_TEXT, "%d of %d", 3, 4);
        lines_wrap(&lines, ROLE_TEXT, "one two three", 2, 9);
        assert_int_equal(lines.count, 3);
        assert_line(&lines, 0, "equal  3 of 4");
        assert_line(&lines, 1, "  one two");
        assert_line(&lines, 2, "  three");
        assert_int_equal(lines.items[0].tag, 7);
        assert_int_equal(lines.items[0].frozen, 7);
        assert_int_equal(lines_widest(&lines), 13);
    }
    lines_free(&lines);
}

static void glyphs_are_complete_and_one_column_wide(void **state)
{
    (void)state;
    for (int glyph = 0; glyph < GLYPH_COUNT; glyph++) {
        const char *ascii = theme_glyphs(false)[glyph], *utf8 = theme_glyphs(true)[glyph];
        assert_non_null(ascii);
        assert_non_null(utf8);
        assert_int_equal(strlen(ascii), 1);
        assert_int_equal(width(utf8), 1);
    }
}

static void schemes_are_chosen_by_the_environment(void **state)
{
    (void)state;
    assert_int_equal(theme_choose(NULL, 8, NULL), SCHEME_DARK);
    assert_int_equal(theme_choose("", 256, "15;0"), SCHEME_DARK);
    assert_int_equal(theme_choose(NULL, 8, "0;15"), SCHEME_LIGHT);
    assert_int_equal(theme_choose(NULL, 8, "0;default;7"), SCHEME_LIGHT);
    assert_int_equal(theme_choose("1", 256, NULL), SCHEME_MONOCHROME);
    assert_int_equal(theme_choose(NULL, 0, NULL), SCHEME_MONOCHROME);
    for (int role = 0; role < ROLE_COUNT; role++) { /* monochrome has no colour at all */
        const struct paint *paint = theme_paint(SCHEME_MONOCHROME, (enum role)role);
        assert_int_equal(paint->foreground, COLOUR_DEFAULT);
        assert_int_equal(paint->background, COLOUR_DEFAULT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths_count_columns),
        cmocka_unit_test(what_must_not_reach_a_terminal_is_replaced),
        cmocka_unit_test(bytes_that_are_no_utf8_are_single_characters),
        cmocka_unit_test(a_wide_character_does_not_straddle_the_edge),
        cmocka_unit_test(cells_are_exactly_as_wide_as_asked),
        cmocka_unit_test(lines_break_at_spaces),
        cmocka_unit_test(finding_ignores_the_case_of_letters),
        cmocka_unit_test(pages_keep_lines_and_what_they_mean),
        cmocka_unit_test(glyphs_are_complete_and_one_column_wide),
        cmocka_unit_test(schemes_are_chosen_by_the_environment),
    };
    return cmocka_run_group_tests_name("fit", tests, use_utf8, NULL);
}
