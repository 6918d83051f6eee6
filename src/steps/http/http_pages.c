/* http_pages.c: a list that comes in pages, read as one. */
#include "steps/http/http_address.h"
#include "steps/http/http_exchange.h"

#include "base/json_path.h"

#include <stdlib.h>

#define PAGES_MAX 200
#define ITEMS_MAX 20000

static bool read_page(struct http_exchange *exchange, const char *url, cJSON **tree,
                      struct error *error)
{
    struct http_answer answer;
    enum http_outcome outcome;
    bool read = http_exchange(exchange, url, &answer, &outcome, error) &&
                http_answer_tree(&answer, url, tree, error);
    http_answer_free(&answer);
    return read;
}

/* Where the next page is, NULL when this one is the last; the tree's. */
static bool find_next(const struct http_exchange *exchange, const cJSON *page, const char *url,
                      const char **next, struct error *error)
{
    const cJSON *item = NULL;
    *next = NULL;
    if (!json_path_find(page, step_text(exchange->run, "next"), &item, error))
        return error_wrap(error, "next");
    if (json_value_empty(item))
        return true;
    if (!cJSON_IsString(item) || !http_same_origin(url, item->valuestring)) {
        error_set(error, ERROR_OTHER,
                  "the list goes on at another host than it began, which isn't followed");
        return error_remedy(error, "The headers, a token among them, would be sent there. Use the "
                                   "address that the list itself uses.");
    }
    *next = item->valuestring;
    return true;
}

/* The page's list, NULL with an error when there is none. */
static cJSON *find_results(const struct http_exchange *exchange, const cJSON *page,
                           struct error *error)
{
    const char *path = step_text(exchange->run, "results");
    const cJSON *item = NULL;
    if (!json_path_find(page, path, &item, error)) {
        error_wrap(error, "results");
        return NULL;
    }
    if (cJSON_IsArray(item))
        return (cJSON *)item; /* of the page, which is ours */
    error_set(error, ERROR_OTHER, "the answer has no list at \"%s\"", path);
    return NULL;
}

/* Moves the page's items to the end of `all`. */
static bool append_page(const struct http_exchange *exchange, cJSON *all, const cJSON *page,
                        struct error *error)
{
    cJSON *results = find_results(exchange, page, error);
    if (!results)
        return false;
    while (results->child)
        cJSON_AddItemToArray(all, cJSON_DetachItemViaPointer(results, results->child));
    return cJSON_GetArraySize(all) <= ITEMS_MAX ||
           error_set(error, ERROR_OTHER, "the list has more than %d items", ITEMS_MAX);
}

/* Reads the page at *url, and puts the address of the one behind it there, NULL when it's the last.
 */
static bool read_one_more(struct http_exchange *exchange, char **url, cJSON *all,
                          struct error *error)
{
    cJSON *page = NULL;
    const char *next = NULL;
    bool good = read_page(exchange, *url, &page, error) &&
                find_next(exchange, page, *url, &next, error) &&
                append_page(exchange, all, page, error);
    free(*url);
    *url = good && next ? xstrdup(next) : NULL;
    cJSON_Delete(page);
    return good;
}

/* Every page but the first, whose list takes the items. */
static bool read_rest(struct http_exchange *exchange, const char *first, const cJSON *tree,
                      struct error *error)
{
    const char *next = NULL;
    cJSON *all = find_results(exchange, tree, error);
    bool good = all && find_next(exchange, tree, first, &next, error);
    char *url = good && next ? xstrdup(next) : NULL;
    for (int pages = 1; good && url; pages++)
        good = (pages < PAGES_MAX ||
                error_set(error, ERROR_OTHER, "the list has more than %d pages", PAGES_MAX)) &&
               read_one_more(exchange, &url, all, error);
    free(url);
    return good;
}

bool http_read_tree(struct http_exchange *exchange, const char *url, cJSON **tree,
                    struct error *error)
{
    const char *next = step_text(exchange->run, "next");
    *tree = NULL;
    if (!read_page(exchange, url, tree, error))
        return false;
    if (!next || !*next || read_rest(exchange, url, *tree, error))
        return true;
    cJSON_Delete(*tree);
    *tree = NULL;
    return false;
}
