/* test_keymap.c: the tables of keys, the filter of bytes that look like keys, and what is refused.
 */
#include "ui/commands.h"
#include "ui/input.h"
#include "ui/keymap.h"
#include "ui/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct key_row *const tables[] = {keymap_main, gate_keys, gate_phrase_keys};

static void every_row_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct key_row *row = tables[i]; row->act; row++) {
            assert_non_null(row->name);
            assert_true(row->key != 0);
            assert_true(!row->help || *row->help);
            if (row->pinned)
                assert_non_null(row->hint);
        }
}

static void no_key_stands_twice_in_a_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct key_row *row = tables[i]; row->act; row++) {
            assert_ptr_equal(keymap_find(tables[i], row->key), row);
            if (row->other)
                assert_ptr_equal(keymap_find(tables[i], row->other), row);
        }
    for (size_t i = 0; i < LAYOUT_PANELS; i++) /* only Enter has a meaning of its own in a panel */
        for (const struct key_row *row = panel_table[i]->keys; row && row->act; row++)
            assert_true(row->key == KEY_RETURN || !keymap_find(keymap_main, row->key));
}

static void every_panel_has_its_digit(void **state)
{
    (void)state;
    for (int i = 0; i < LAYOUT_PANELS; i++) {
        const struct key_row *row = keymap_find(keymap_main, '1' + i);
        assert_non_null(row);
        assert_int_equal(row->value, i);
    }
    assert_null(keymap_find(keymap_main, '1' + LAYOUT_PANELS));
}

static void enter_confirms_no_gate(void **state)
{
    (void)state;
    assert_ptr_not_equal(keymap_find(gate_keys, KEY_RETURN)->act, keymap_find(gate_keys, 'y')->act);
    assert_null(keymap_find(gate_keys, ' '));
    assert_null(keymap_find(gate_phrase_keys, 'y'));
}

static void feed(struct view *view, const char *json)
{
    cJSON *event = cJSON_Parse(json);
    assert_non_null(event);
    view_event(view, event);
    view_settle(view);
    cJSON_Delete(event);
}

static const char created[] =
    "{\"seq\":1,\"time\":1000,\"type\":\"run_created\",\"run\":\"r\",\"stack\":\"s\",\"phases\":["
    "{\"id\":\"p\",\"title\":\"P\",\"steps\":[{\"id\":\"a\",\"title\":\"A\"},"
    "{\"id\":\"b\",\"title\":\"B\",\"gate\":true}]}]}";

static int open_view(void **state)
{
    static struct view view;
    view_open(&view, NULL, 0, theme_glyphs(true));
    view.control = (struct control *)&view; /* anything but NULL: nothing is sent in these tests */
    feed(&view, created);
    feed(&view, "{\"type\":\"caught_up\"}");
    *state = &view;
    return 0;
}

static int close_view(void **state)
{
    view_close(*state);
    return 0;
}

static void what_cant_act_says_why(void **state)
{
    struct view *view = *state;
    assert_non_null(refuse_retry(view));
    assert_non_null(refuse_skip(view));
    assert_non_null(refuse_gate(view));
    assert_null(refuse_rollback(view));
    assert_null(refuse_pause(view));
    assert_int_equal(keymap_run(keymap_main, view, 's'), REACTION_REDRAW);
    assert_string_equal(view->message, "s: only a failed step can be skipped");
    view->watch = true;
    assert_non_null(refuse_rollback(view));
    view->watch = false;
    view->control = NULL;
    assert_non_null(refuse_rollback(view));
}

static void a_failed_step_can_be_retried_and_skipped(void **state)
{
    struct view *view = *state;
    feed(view, "{\"seq\":2,\"time\":2000,\"type\":\"step_started\",\"step\":\"p/a\"}");
    feed(view, "{\"seq\":3,\"time\":3000,\"type\":\"step_finished\",\"step\":\"p/a\",\"ok\":false,"
               "\"message\":\"no\"}");
    assert_null(refuse_retry(view));
    assert_null(refuse_skip(view));
    assert_non_null(refuse_pause(view));
    assert_int_equal(view->selected, 0);
}

static void the_selection_follows_until_it_is_moved(void **state)
{
    struct view *view = *state;
    feed(view, "{\"seq\":2,\"time\":2000,\"type\":\"step_started\",\"step\":\"p/b\"}");
    assert_int_equal(view->selected, 1);
    view_select(view, 0);
    feed(view, "{\"seq\":3,\"time\":2100,\"type\":\"log\",\"step\":\"p/b\",\"text\":\"x\"}");
    assert_int_equal(view->selected, 0);
    command_follow(view, NULL);
    view_settle(view);
    assert_int_equal(view->selected, 1);
}

static void a_gate_comes_up_by_itself_and_goes(void **state)
{
    struct view *view = *state;
    static const char opened[] =
        "{\"seq\":2,\"time\":2000,\"type\":\"gate_opened\",\"step\":\"p/b\","
        "\"opening\":2,\"question\":\"?\",\"evidence\":[]}";
    view->caught_up = false;
    feed(view, opened);
    assert_null(view->dialog.operations); /* not before the journal has been read */
    feed(view, "{\"type\":\"caught_up\"}");
    assert_non_null(view->dialog.operations);
    assert_true(view->dialog.discard); /* what was typed before is forgotten */
    assert_int_equal(keymap_dispatch(view, &(struct key){.code = 'n'}), REACTION_NONE);
    view->dialog.shown_ms = 1000;
    view->monotonic_ms = 1000 + DIALOG_GUARD_MS - 1;
    assert_int_equal(keymap_dispatch(view, &(struct key){.code = KEY_ESCAPE}), REACTION_NONE);
    view->monotonic_ms++;
    assert_int_equal(keymap_dispatch(view, &(struct key){.code = 'y', .pasted = true}),
                     REACTION_NONE);
    assert_int_equal(keymap_dispatch(view, &(struct key){.code = KEY_ESCAPE}), REACTION_REDRAW);
    view_settle(view);
    assert_null(view->dialog.operations); /* closed, not answered, and it doesn't come back */
    assert_int_equal(view->state->status, RUN_AT_GATE);
    command_gate(view, NULL);
    feed(view, "{\"seq\":3,\"time\":3000,\"type\":\"gate_answered\",\"step\":\"p/b\",\"opening\":2,"
               "\"answer\":\"timeout\"}");
    assert_null(view->dialog.operations);
    assert_non_null(strstr(view->message, "means no"));
}

/* Feeds codes to the filter, each a millisecond after the other, and returns what comes through. */
static const char *filtered(const char *codes)
{
    static char out[64];
    struct input_filter filter = {0};
    size_t length = 0;
    for (size_t i = 0; codes[i]; i++) {
        struct key key;
        int next = codes[i] == KEY_ESCAPE ? codes[i + 1] : 0;
        if (input_filter(&filter, codes[i], next, 10000 + (int64_t)i, &key))
            out[length++] = (char)key.code;
    }
    out[length] = '\0';
    return out;
}

static void sequences_are_swallowed_whole(void **state)
{
    (void)state;
    assert_string_equal(filtered("aRb"), "aRb");
    assert_string_equal(filtered("\033[24;80Rq"), "q"); /* where the cursor is */
    assert_string_equal(filtered("\033[1;5R"), "");     /* Ctrl-F3 */
    assert_string_equal(filtered("\033OR"), "");        /* F3 */
    assert_string_equal(filtered("\033Rx"), "\033x");   /* Alt-R */
    assert_string_equal(filtered("x\033"), "x\033");    /* Esc itself */
}

static void sequences_in_pieces_are_swallowed_too(void **state)
{
    struct input_filter filter = {0};
    struct key key;
    (void)state;
    assert_true(input_filter(&filter, KEY_ESCAPE, 0, 5000, &key));
    assert_int_equal(key.code, KEY_ESCAPE);
    assert_false(input_filter(&filter, '[', 0, 5200, &key));
    assert_false(input_filter(&filter, '2', 0, 5300, &key));
    assert_false(input_filter(&filter, 'R', 0, 5400, &key));
    assert_true(input_filter(&filter, 'R', 0, 5500, &key));
    assert_true(input_filter(&filter, KEY_ESCAPE, 0, 6000, &key));
    assert_true(input_filter(&filter, 'O', 0, 9000, &key)); /* much later: a letter */
}

static void pasted_text_is_marked(void **state)
{
    struct input_filter filter = {0};
    struct key key;
    (void)state;
    assert_false(input_filter(&filter, KEY_PASTE_BEGIN, 0, 5000, &key));
    assert_true(input_filter(&filter, 'R', 0, 5001, &key));
    assert_true(key.pasted);
    assert_false(input_filter(&filter, KEY_PASTE_END, 0, 5002, &key));
    assert_true(input_filter(&filter, 'R', 0, 5003, &key));
    assert_false(key.pasted);
    assert_false(input_filter(&filter, KEY_PASTE_BEGIN, 0, 6000, &key));
    assert_true(input_filter(&filter, 'q', 0, 9000, &key)); /* its end mark got lost */
    assert_false(key.pasted);
}

static void fields_take_characters_and_stay_within_their_size(void **state)
{
    char field[6] = "";
    (void)state;
    assert_true(field_key(field, sizeof field, &(struct key){.code = 'a'}));
    assert_true(field_key(field, sizeof field, &(struct key){.code = 0xe9}));
    assert_string_equal(field, "aé");
    assert_true(field_key(field, sizeof field, &(struct key){.code = 0x6570}));
    assert_string_equal(field, "aé"); /* three more bytes don't fit */
    assert_true(field_key(field, sizeof field, &(struct key){.code = KEY_ERASE}));
    assert_string_equal(field, "a");
    field_key(field, sizeof field, &(struct key){.code = KEY_ERASE});
    field_key(field, sizeof field, &(struct key){.code = KEY_ERASE});
    assert_string_equal(field, "");
    assert_false(field_key(field, sizeof field, &(struct key){.code = KEY_RETURN}));
    assert_false(field_key(field, sizeof field, &(struct key){.code = KEY_ARROW_UP}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(no_key_stands_twice_in_a_table),
        cmocka_unit_test(every_panel_has_its_digit),
        cmocka_unit_test(enter_confirms_no_gate),
        cmocka_unit_test_setup_teardown(what_cant_act_says_why, open_view, close_view),
        cmocka_unit_test_setup_teardown(a_failed_step_can_be_retried_and_skipped, open_view,
                                        close_view),
        cmocka_unit_test_setup_teardown(the_selection_follows_until_it_is_moved, open_view,
                                        close_view),
        cmocka_unit_test_setup_teardown(a_gate_comes_up_by_itself_and_goes, open_view, close_view),
        cmocka_unit_test(sequences_are_swallowed_whole),
        cmocka_unit_test(sequences_in_pieces_are_swallowed_too),
        cmocka_unit_test(pasted_text_is_marked),
        cmocka_unit_test(fields_take_characters_and_stay_within_their_size),
    };
    return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
