/* test_http_parts.c: web addresses, conditions on answers, and the messages in them, without a
 * network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "steps/http/http_address.h"
#include "steps/http/http_condition.h"
#include "steps/http/http_exchange.h"
#include "steps/http/http_trouble.h"

static void test_address(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    cJSON *query = cJSON_Parse("{\"a\": \"b c&d=e\", \"next\": \"\"}");
    char *address = http_address("https://host/list/?x=1", query, &error);
    assert_string_equal(address, "https://host/list/?x=1&a=b+c%26d%3de&next=");
    free(address);
    address = http_address("https://host/list/", NULL, &error);
    assert_string_equal(address, "https://host/list/");
    free(address);
    cJSON_Delete(query);
}

static void test_no_address(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "ftp://host/", "file:///etc/passwd", "https://",
                                        "https://ho st/"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error error = ERROR_INIT;
        char *address = http_address(wrong[i], NULL, &error);
        if (address)
            fail_msg("\"%s\" is taken", wrong[i]);
        assert_non_null(strstr(error.message, "is no web address"));
    }
}

static void test_shown(void **state)
{
    (void)state;
    char *shown = http_shown_address("https://user:secret@host:8443/path/?token=secret#secret");
    assert_string_equal(shown, "https://host:8443/path/");
    free(shown);
}

static const struct {
    const char *url;
    bool loopback, open;
} places[] = {
    {"http://localhost:8080/", true, false},        {"http://127.0.0.1/", true, false},
    {"http://127.255.0.1/", true, false},           {"http://[::1]:80/", true, false},
    {"https://example.org/", false, false},         {"http://example.org/", false, true},
    {"http://localhost.example.org/", false, true}, {"http://127.0.0.1.example.org/", false, true},
    {"http://127.0.0.1@example.org/", false, true},
};

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (http_is_loopback(places[i].url) != places[i].loopback)
            fail_msg("%s: this machine or not", places[i].url);
        if (http_is_open(places[i].url) != places[i].open)
            fail_msg("%s: open or not", places[i].url);
    }
}

static void test_origin(void **state)
{
    (void)state;
    assert_true(http_same_origin("https://host/a", "https://HOST:443/b?c"));
    assert_false(http_same_origin("https://host/a", "http://host/a"));
    assert_false(http_same_origin("https://host/a", "https://host:8443/a"));
    assert_false(http_same_origin("https://host/a", "https://host.example.org/a"));
    assert_false(http_same_origin("https://host/a", "/a"));
}

static const struct {
    const char *condition;
    bool holds;
} conditions[] = {
    {"state", true},
    {"state == DONE", true},
    {"state==DONE", true},
    {"state != DONE", false},
    {"state == WORKING", false},
    {"errors", false},
    {"errors == ''", true},
    {"errors != ''", false},
    {"nothing.at.all == ''", true},
    {"list[name=a].n == 7", true},
    {"list[name='x==y'].n == 8", true},
    {"list[name='x==y']", true},
    {"list[name=c]", false},
    {"list[name=c].n == ''", true},
    {"off", false},
    {"empty", false},
};

static void test_conditions(void **state)
{
    (void)state;
    cJSON *answer =
        cJSON_Parse("{\"state\": \"DONE\", \"errors\": null, \"off\": false, \"empty\": [],"
                    " \"list\": [{\"name\": \"a\", \"n\": 7}, {\"name\": \"x==y\", \"n\": 8},"
                    " {\"name\": \"b\"}, {\"name\": \"b\"}]}");
    struct error error = ERROR_INIT;
    bool holds = false;
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        assert_true(http_condition(answer, conditions[i].condition, &holds, &error));
        if (holds != conditions[i].holds)
            fail_msg("%s", conditions[i].condition);
    }
    assert_false(http_condition(answer, "list[name=b]", &holds, &error));
    assert_false(http_condition(answer, "list[name", &holds, &error));
    cJSON_Delete(answer);
}

static const struct {
    const char *body, *message;
} messages[] = {
    {"{\"detail\": \"Invalid token.\"}", "Invalid token."},
    {"{\"prefix\": [\"Too long.\", \"Not free.\"], \"region\": [\"Required.\"]}",
     "prefix: Too long.; Not free.; region: Required."},
    {"{\"non_field_errors\": [\"No.\"]}", "No."},
    {"upstream is down\nmore", "upstream is down"},
    {"<html><body>Bad gateway</body></html>", ""},
    {"{\"detail\": \"a\\u001b[31mb\\nc\"}", "a [31mb c"},
    {"", ""},
};

static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        struct http_answer answer = {.status = 400};
        struct text text = {0};
        text_add(&answer.body, messages[i].body);
        http_answer_message(&answer, &text);
        assert_string_equal(text_string(&text), messages[i].message);
        text_free(&text);
        http_answer_free(&answer);
    }
}

/* Only what was refused may be sent again without a question. */
static void test_outcomes(void **state)
{
    (void)state;
    static const struct {
        long status;
        enum http_outcome outcome;
    } cases[] = {
        {200, HTTP_UNREAD},   {202, HTTP_UNREAD},   {302, HTTP_UNKNOWN},  {303, HTTP_UNREAD},
        {307, HTTP_NOT_DONE}, {308, HTTP_NOT_DONE}, {400, HTTP_NOT_DONE}, {429, HTTP_NOT_DONE},
        {500, HTTP_UNKNOWN},  {502, HTTP_UNKNOWN},  {503, HTTP_NOT_DONE}, {504, HTTP_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (http_outcome_of(cases[i].status) != cases[i].outcome)
            fail_msg("status %ld", cases[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address),  cmocka_unit_test(test_no_address),
        cmocka_unit_test(test_shown),    cmocka_unit_test(test_places),
        cmocka_unit_test(test_origin),   cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_messages), cmocka_unit_test(test_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
