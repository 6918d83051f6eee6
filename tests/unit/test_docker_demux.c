/* test_docker_demux.c: the engine's multiplexed stream, cut in every way. */
#include "base/text.h"
#include "docker/demux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct both {
    struct text output, error_output;
    bool refuse;
};

static bool to_output(void *context, const char *bytes, size_t length, struct error *error)
{
    struct both *both = context;
    text_append(&both->output, bytes, length);
    return !both->refuse || error_set(error, ERROR_OTHER, "refused");
}

static bool to_error(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    text_append(&((struct both *)context)->error_output, bytes, length);
    return true;
}

static struct demux demux_into(struct both *both)
{
    *both = (struct both){0};
    return (struct demux){.output = to_output, .error_output = to_error, .context = both};
}

static void both_free(struct both *both)
{
    text_free(&both->output);
    text_free(&both->error_output);
}

static void piece(struct text *stream, char kind, const char *bytes)
{
    size_t length = strlen(bytes);
    const char header[8] = {
        kind,        0, 0, 0, (char)(length >> 24), (char)(length >> 16), (char)(length >> 8),
        (char)length};
    text_append(stream, header, sizeof header);
    text_append(stream, bytes, length);
}

static void cut_at_every_size(void **state)
{
    (void)state;
    struct text stream = {0};
    piece(&stream, 1, "one ");
    piece(&stream, 2, "oops\n");
    piece(&stream, 1, "");
    piece(&stream, 1, "two\n");
    for (size_t size = 1; size <= stream.length; size++) {
        struct both both;
        struct demux demux = demux_into(&both);
        struct error error = ERROR_INIT;
        for (size_t at = 0; at < stream.length; at += size) {
            size_t left = stream.length - at;
            assert_true(demux_feed(&demux, stream.bytes + at, left < size ? left : size, &error));
        }
        assert_string_equal(text_string(&both.output), "one two\n");
        assert_string_equal(text_string(&both.error_output), "oops\n");
        both_free(&both);
    }
    text_free(&stream);
}

static void a_piece_of_64_kib_has_a_two_byte_length(void **state)
{
    (void)state;
    struct text stream = {0};
    struct both both;
    struct demux demux = demux_into(&both);
    struct error error = ERROR_INIT;
    char *large = xmalloc(65537);
    memset(large, 'x', 65536);
    large[65536] = '\0';
    piece(&stream, 1, large);
    assert_true(demux_feed(&demux, stream.bytes, stream.length, &error));
    assert_int_equal(both.output.length, 65536);
    free(large);
    text_free(&stream);
    both_free(&both);
}

static void what_has_no_header_is_an_error(void **state)
{
    (void)state;
    struct both both;
    struct demux demux = demux_into(&both);
    struct error error = ERROR_INIT;
    assert_false(demux_feed(&demux, "Hello, world", 12, &error));
    assert_non_null(strstr(error.message, "without its headers"));
    both_free(&both);
}

static void a_terminals_stream_is_raw(void **state)
{
    (void)state;
    struct both both;
    struct demux demux = demux_into(&both);
    struct error error = ERROR_INIT;
    demux.raw = true;
    assert_true(demux_feed(&demux, "\002ello", 5, &error));
    assert_memory_equal(both.output.bytes, "\002ello", 5);
    both_free(&both);
}

static void a_refusal_ends_it(void **state)
{
    (void)state;
    struct text stream = {0};
    struct both both;
    struct demux demux = demux_into(&both);
    struct error error = ERROR_INIT;
    both.refuse = true;
    piece(&stream, 1, "a");
    piece(&stream, 1, "b");
    assert_false(demux_feed(&demux, stream.bytes, stream.length, &error));
    assert_string_equal(text_string(&both.output), "a");
    text_free(&stream);
    both_free(&both);
}

static void the_end_within_a_piece_shows(void **state)
{
    (void)state;
    struct text stream = {0};
    struct error error = ERROR_INIT;
    piece(&stream, 1, "a");
    piece(&stream, 1, "bc");
    for (size_t length = 0; length <= stream.length; length++) {
        struct demux demux = {0};
        assert_true(demux_feed(&demux, stream.bytes, length, &error));
        assert_int_equal(demux_is_whole(&demux), length == 0 || length == 9 || length == 19);
    }
    text_free(&stream);
}

static void missing_functions_drop(void **state)
{
    (void)state;
    struct text stream = {0};
    struct demux demux = {0};
    struct error error = ERROR_INIT;
    piece(&stream, 1, "a");
    piece(&stream, 2, "b");
    assert_true(demux_feed(&demux, stream.bytes, stream.length, &error));
    text_free(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_at_every_size),
        cmocka_unit_test(a_piece_of_64_kib_has_a_two_byte_length),
        cmocka_unit_test(what_has_no_header_is_an_error),
        cmocka_unit_test(a_terminals_stream_is_raw),
        cmocka_unit_test(a_refusal_ends_it),
        cmocka_unit_test(the_end_within_a_piece_shows),
        cmocka_unit_test(missing_functions_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
