/* test_json_path.c: one item of a JSON tree by its path: names, indexes, the one item that answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/json_path.h"

static const char document[] =
    "{\"results\": ["
    "{\"uuid\": \"a\", \"type\": \"DATABASE\", \"prefix\": \"DEFAULT\", \"n\": 1, \"on\": true,"
    " \"gone\": null, \"service\": {\"name\": \"x], y\"}},"
    "{\"uuid\": \"b\", \"type\": \"DATABASE\", \"prefix\": \"NEW\", \"n\": 2.5},"
    "{\"uuid\": \"c\", \"type\": \"CACHE\", \"prefix\": \"DEFAULT\"}],"
    " \"next\": null, \"nested\": [[1, 2], [3]], \"empty\": {}, \"zero\": 0, \"no\": false}";

static const struct {
    const char *path;
    const char *value; /* NULL: there is nothing */
} found[] = {
    {"results[0].uuid", "a"},
    {"results[2].type", "CACHE"},
    {"results[3].uuid", NULL},
    {"results[type=DATABASE,prefix=DEFAULT].uuid", "a"},
    {"results[prefix=NEW].n", "2.5"},
    {"results[n=1].uuid", "a"},
    {"results[n=2.5].uuid", "b"},
    {"results[on=true].uuid", "a"},
    {"results[gone=null].uuid", "a"},
    {"results[service.name='x], y'].uuid", "a"},
    {"results[type='CACHE'].uuid", "c"},
    {"results[prefix=OLD].uuid", NULL},
    {"results[prefix=].uuid", NULL},
    {"results.uuid", NULL},
    {"nested[1][0]", "3"},
    {"next", ""},
    {"next.uuid", NULL},
    {"empty[0]", NULL},
    {"nothing.at.all[0][x=y]", NULL},
};

static void test_found(void **state)
{
    (void)state;
    cJSON *tree = cJSON_Parse(document);
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        struct error error = ERROR_INIT;
        struct text text = {0};
        const cJSON *item = NULL;
        assert_true(json_path_find(tree, found[i].path, &item, &error));
        if (!found[i].value) {
            if (item)
                fail_msg("%s finds something", found[i].path);
            continue;
        }
        assert_non_null(item);
        json_value_text(item, &text);
        assert_string_equal(text_string(&text), found[i].value);
        text_free(&text);
    }
    cJSON_Delete(tree);
}

static void test_whole(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    cJSON *tree = cJSON_Parse(document);
    const cJSON *item = NULL;
    assert_true(json_path_find(tree, "", &item, &error));
    assert_ptr_equal(item, tree);
    cJSON_Delete(tree);
}

static const char *const refused[] = {"results[type=DATABASE].uuid",
                                      "results[prefix=DEFAULT]",
                                      "results[",
                                      "results[]",
                                      "results[=x]",
                                      "results[type]",
                                      "a..b",
                                      ".a",
                                      "a.",
                                      "a]",
                                      "results[0]uuid",
                                      "a.[0]",
                                      "nothing[x='a'b]",
                                      "nothing[x=y"};

static void test_refused(void **state)
{
    (void)state;
    cJSON *tree = cJSON_Parse(document);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct error error = ERROR_INIT;
        const cJSON *item = NULL;
        if (json_path_find(tree, refused[i], &item, &error))
            fail_msg("%s is taken", refused[i]);
        assert_true(*error.message);
        assert_non_null(strstr(error.message, i < 2 ? "2 items" : "is no path"));
    }
    cJSON_Delete(tree);
}

static void test_empty(void **state)
{
    (void)state;
    cJSON *tree = cJSON_Parse(document);
    assert_true(json_value_empty(NULL));
    static const char *const empty[] = {"next", "empty", "zero", "no"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        assert_true(json_value_empty(cJSON_GetObjectItem(tree, empty[i])));
    assert_false(json_value_empty(cJSON_GetObjectItem(tree, "results")));
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
