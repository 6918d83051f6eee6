/* mask.c: a line of a file as it may be shown: without what looks like a secret's value. */
#include "compose/diff.h"

#include <stdlib.h>
#include <string.h>

struct secret_word {
    const char *word;
    bool ends_name; /* too short to tell much: only at a name's end, as in DB_PASS: or KEY_2= */
};

static const struct secret_word secret_words[] = {
    {"password", false},   {"passwd", false}, {"passphrase", false}, {"secret", false},
    {"token", false},      {"apikey", false}, {"api_key", false},    {"private_key", false},
    {"access_key", false}, {"pass", true},    {"pwd", true},         {"key", true},
    {"credential", false},
};

/* The ':' or '=' behind the name that the word at `end` ends, but for a number and a quote; NULL
 * when it goes on, or is followed by something else. */
static const char *mark_after_name(const char *end)
{
    end += strspn(end, "_-0123456789");
    end += strspn(end, "\"'");
    end += strspn(end, " \t");
    return *end == ':' || *end == '=' ? end : NULL;
}

static const char *mark_of(const char *line, const struct secret_word *secret)
{
    const char *word = strcasestr(line, secret->word);
    if (!secret->ends_name)
        return word ? strpbrk(word, ":=") : NULL;
    for (; word; word = strcasestr(word + 1, secret->word)) {
        const char *mark = mark_after_name(word + strlen(secret->word));
        if (mark)
            return mark;
    }
    return NULL;
}

/* The place where the value of a secret starts: behind the ':' or '=' that follows a telling name.
 */
static const char *secret_value(const char *line)
{
    const char *earliest = NULL;
    for (size_t i = 0; i < sizeof secret_words / sizeof *secret_words; i++) {
        const char *mark = mark_of(line, &secret_words[i]);
        if (mark && (!earliest || mark < earliest))
            earliest = mark;
    }
    if (!earliest)
        return NULL;
    earliest++;
    return earliest + strspn(earliest, " \t");
}

/* "//user:PASSWORD@host": the password's place. */
static bool address_password(const char *line, const char **start, const char **end)
{
    const char *user = strstr(line, "://");
    while (user) {
        user += 3;
        size_t length = strcspn(user, "/@ \t\"'");
        const char *colon = memchr(user, ':', length);
        if (user[length] == '@' && colon) {
            *start = colon + 1;
            *end = user + length;
            return true;
        }
        user = strstr(user, "://");
    }
    return false;
}

void diff_mask(const char *line, size_t length, struct text *output)
{
    char *copy = xstrndup(line, length);
    const char *rest = copy, *start, *end;
    const char *value = secret_value(copy);
    if (value && *value) {
        text_append(output, copy, (size_t)(value - copy));
        text_add(output, "***");
        free(copy);
        return;
    }
    while (address_password(rest, &start, &end)) {
        text_append(output, rest, (size_t)(start - rest));
        text_add(output, "***");
        rest = end;
    }
    text_add(output, rest);
    free(copy);
}
