/* definition.c: SQL definitions compared token by token, past what majors print differently. */
#include "postgres/definition.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static size_t quoted_length(const char *sql, char quote)
{
    size_t length = 1;
    while (sql[length]) {
        if (sql[length] == quote && sql[length + 1] == quote)
            length += 2;
        else if (sql[length++] == quote)
            break;
    }
    return length;
}

/* $tag$ ... $tag$, as in the body of a function: compared as it stands. 0 when it's none. */
static size_t dollar_length(const char *sql)
{
    size_t tag = 1;
    while (isalnum((unsigned char)sql[tag]) || sql[tag] == '_')
        tag++;
    if (sql[tag] != '$' || isdigit((unsigned char)sql[1]))
        return 0;
    char *mark = xstrndup(sql, tag + 1);
    const char *end = strstr(sql + tag + 1, mark);
    size_t length = end ? (size_t)(end - sql) + tag + 1 : strlen(sql);
    free(mark);
    return length;
}

static bool in_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (byte & 0x80);
}

static size_t token_length(const char *sql)
{
    size_t length = 0;
    if (*sql == '\'' || *sql == '"')
        return quoted_length(sql, *sql);
    if (*sql == '$' && (length = dollar_length(sql)))
        return length;
    if (!strncmp(sql, "::", 2))
        return 2;
    while (in_word(sql[length]))
        length++;
    return length ? length : 1;
}

static void split(const char *sql, struct text_list *tokens)
{
    while (*sql) {
        if (isspace((unsigned char)*sql)) {
            sql++;
            continue;
        }
        char *token = xstrndup(sql, token_length(sql));
        sql += strlen(token);
        text_list_add(tokens, token);
        free(token);
    }
}

static const char *at(const struct text_list *tokens, size_t index)
{
    return index < tokens->count ? tokens->items[index] : "";
}

static bool is(const struct text_list *tokens, size_t index, const char *token)
{
    return !strcmp(at(tokens, index), token);
}

static int depth_change(const char *token)
{
    return (!strcmp(token, "(") || !strcmp(token, "[")) -
           (!strcmp(token, ")") || !strcmp(token, "]"));
}

/* Index of the bracket that closes the one at `open`; the count when there is none. */
static size_t closing(const struct text_list *tokens, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < tokens->count; i++)
        if ((depth += depth_change(tokens->items[i])) == 0)
            return i;
    return tokens->count;
}

static void add_range(struct text_list *to, const struct text_list *from, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        text_list_add(to, from->items[i]);
}

/* One pass of a rewriting: at each token it may write something else and say where to go on. */
typedef size_t rewriting(const struct text_list *tokens, size_t index, struct text_list *out);

static bool rewrite(struct text_list *tokens, rewriting *rule)
{
    struct text_list out = {0};
    bool changed = false;
    for (size_t i = 0; i < tokens->count;) {
        size_t next = rule(tokens, i, &out);
        changed = changed || next != i;
        if (next == i)
            text_list_add(&out, tokens->items[i++]);
        else
            i = next;
    }
    text_list_free(tokens);
    *tokens = out;
    return changed;
}

static void cast_element(const struct text_list *tokens, size_t first, size_t end,
                         const struct text_list *type, struct text_list *out)
{
    if (first == end)
        return;
    text_list_add(out, "(");
    add_range(out, tokens, first, end);
    text_list_add(out, ")");
    text_list_add(out, "::");
    add_range(out, type, 0, type->count);
}

static void cast_elements(const struct text_list *tokens, size_t first, size_t end,
                          const struct text_list *type, struct text_list *out)
{
    int depth = 0;
    size_t element = first;
    for (size_t i = first; i < end; i++) {
        depth += depth_change(tokens->items[i]);
        if (depth == 0 && is(tokens, i, ",")) {
            cast_element(tokens, element, i, type, out);
            text_list_add(out, ",");
            element = i + 1;
        }
    }
    cast_element(tokens, element, end, type, out);
}

/* The name of a type from `first` on up to its "[]": 0 when it isn't an array's. */
static size_t array_type_end(const struct text_list *tokens, size_t first)
{
    size_t i = first;
    while (i < tokens->count && depth_change(tokens->items[i]) == 0 && !is(tokens, i, ",") &&
           !is(tokens, i, "::"))
        i++;
    if (i > first && is(tokens, i, "(")) /* character varying(10)[] */
        i = closing(tokens, i) + 1;
    return i > first && is(tokens, i, "[") && is(tokens, i + 1, "]") ? i : 0;
}

/* ( ARRAY [ ... ] ) :: type [ ] */
static size_t hand_on_cast(const struct text_list *tokens, size_t index, struct text_list *out)
{
    if (!is(tokens, index, "(") || !is(tokens, index + 1, "ARRAY") || !is(tokens, index + 2, "["))
        return index;
    size_t close = closing(tokens, index + 2);
    if (!is(tokens, close + 1, ")") || !is(tokens, close + 2, "::"))
        return index;
    size_t end = array_type_end(tokens, close + 3);
    if (!end)
        return index;
    struct text_list type = {0};
    add_range(&type, tokens, close + 3, end);
    text_list_add(out, "ARRAY");
    text_list_add(out, "[");
    cast_elements(tokens, index + 3, close, &type, out);
    text_list_add(out, "]");
    text_list_free(&type);
    return end + 2;
}

/* Whether this word joins operands between two brackets, outside of any inner ones: one that stands
 * in a subquery's own WHERE has brackets of its own. */
static bool joined_by(const struct text_list *tokens, size_t open, size_t close, const char *word)
{
    int depth = 0;
    bool joined = false;
    for (size_t i = open + 1; i < close; i++) {
        depth += depth_change(tokens->items[i]);
        joined = joined || (depth == 0 && is(tokens, i, word));
    }
    return joined && !is(tokens, open + 1, "SELECT") && !is(tokens, open + 1, "WITH");
}

/* ( ( a AND b ) AND c ): the inner brackets go. */
static size_t flatten(const struct text_list *tokens, size_t index, struct text_list *out)
{
    if (!is(tokens, index, "(") || !is(tokens, index + 1, "("))
        return index;
    size_t inner = closing(tokens, index + 1);
    const char *word = is(tokens, inner + 1, "AND") ? "AND" : "OR";
    if (!is(tokens, inner + 1, word) || !joined_by(tokens, index + 1, inner, word))
        return index;
    text_list_add(out, "(");
    add_range(out, tokens, index + 2, inner);
    return inner + 1;
}

static size_t drop_no_indent(const struct text_list *tokens, size_t index, struct text_list *out)
{
    (void)out;
    return is(tokens, index, "NO") && is(tokens, index + 1, "INDENT") ? index + 2 : index;
}

static void canonical(const char *sql, struct text_list *tokens)
{
    split(sql, tokens);
    rewrite(tokens, drop_no_indent);
    rewrite(tokens, hand_on_cast);
    while (rewrite(tokens, flatten))
        ;
}

static bool is_name(const char *token)
{
    return *token == '"' || (in_word(*token) && !isdigit((unsigned char)*token));
}

/* `old` has "table ." before a column that `new` has alone. */
static bool only_qualified(const struct text_list *old, size_t left, const struct text_list *new,
                           size_t right)
{
    return is_name(at(old, left)) && is(old, left + 1, ".") && !is(new, right + 1, ".") &&
           !strcmp(at(old, left + 2), at(new, right));
}

static bool same_tokens(const struct text_list *old, const struct text_list *new, bool unqualified)
{
    size_t left = 0, right = 0;
    while (left < old->count && right < new->count) {
        if (strcmp(old->items[left], new->items[right]) != 0) {
            if (!unqualified || !only_qualified(old, left, new, right))
                return false;
            left += 2;
        }
        left++;
        right++;
    }
    return left == old->count && right == new->count;
}

bool definition_equal(const char *old, const char *new, bool unqualified)
{
    struct text_list left = {0}, right = {0};
    if (!strcmp(old, new))
        return true;
    canonical(old, &left);
    canonical(new, &right);
    bool equal = same_tokens(&left, &right, unqualified);
    text_list_free(&left);
    text_list_free(&right);
    return equal;
}
