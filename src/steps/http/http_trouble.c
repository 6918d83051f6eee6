/* http_trouble.c: what an answer says that isn't the expected one, and what to do about it. */
#include "steps/http/http_trouble.h"

#include "base/json_path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 500
#define LINE_MAX_SHOWN 200

/* Names that say no more than that this is the message. */
static bool is_plain_name(const char *name)
{
    static const char *const plain[] = {"detail", "message", "error", "errors", "non_field_errors"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (!strcmp(plain[i], name))
            return true;
    return false;
}

/* Every text of the tree, "FIELD: TEXT; TEXT". */
static void add_texts(const cJSON *tree, struct text *output)
{
    const cJSON *item;
    if (output->length > MESSAGE_MAX)
        return;
    if (!cJSON_IsArray(tree) && !cJSON_IsObject(tree)) {
        json_value_text(tree, output);
        return;
    }
    const char *separator = "";
    cJSON_ArrayForEach(item, tree)
    {
        text_add(output, separator);
        if (item->string && !is_plain_name(item->string))
            text_printf(output, "%s: ", item->string);
        add_texts(item, output);
        separator = "; ";
    }
}

void http_answer_message(const struct http_answer *answer, struct text *output)
{
    cJSON *tree = cJSON_ParseWithLength(text_string(&answer->body), answer->body.length);
    struct text message = {0};
    char shown[MESSAGE_MAX + 1];
    const char *body = text_string(&answer->body);
    if (cJSON_IsObject(tree) || cJSON_IsArray(tree) || cJSON_IsString(tree))
        add_texts(tree, &message);
    else if (*body != '<') /* a page of HTML says nothing in its first line */
        text_printf(
            &message, "%.*s",
            (int)(strcspn(body, "\r\n") < LINE_MAX_SHOWN ? strcspn(body, "\r\n") : LINE_MAX_SHOWN),
            body);
    text_copy(shown, sizeof shown, text_string(&message));
    for (char *c = shown; *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' ';
    text_add(output, shown);
    text_free(&message);
    cJSON_Delete(tree);
}

static const struct {
    long from, to;
    const char *remedy;
} remedies[] = {
    {300, 399,
     "The address leads on to another one. That isn't followed, as it would carry the headers "
     "along: write the final address into the runbook."},
    {400, 400,
     "Something in the request isn't accepted: compare its arguments with what the platform has."},
    {401, 401,
     "The token isn't accepted: it may be wrong or have expired. A run keeps the one that it was "
     "begun with; pgrunbook attach RUN --vars FILE gives it another one, and says how."},
    {403, 403,
     "The token is known, but may not do this: give its account the right, then retry this step."},
    {404, 404, "There is no such thing, or the token's account may not see it: check the names."},
    {409, 409, "Something else is going on there at the moment: wait for its end, then retry."},
    {429, 429, "Too many requests were made: wait some minutes, then retry this step."},
    {500, 599,
     "The other side has trouble of its own: look at its status page, then retry this step."},
};

bool http_status_remedy(long status, struct error *error)
{
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
        if (status >= remedies[i].from && status <= remedies[i].to)
            return error_remedy(error, "%s", remedies[i].remedy);
    return false;
}
