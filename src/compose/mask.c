/* mask.c: a line of a file as it may be shown: without what looks like a secret's value. */
#include "compose/diff.h"

#include <stdlib.h>
#include <string.h>

static const char *const secret_words[] = {"password", "passwd",      "passphrase",
                                           "secret",   "token",       "apikey",
                                           "api_key",  "private_key", "access_key"};

/* The place where the value of a secret starts: behind the ':' or '=' that follows a telling name.
 */
static const char *secret_value(const char *line)
{
    const char *earliest = NULL;
    for (size_t i = 0; i < sizeof secret_words / sizeof *secret_words; i++) {
        const char *word = strcasestr(line, secret_words[i]);
        const char *mark = word ? strpbrk(word, ":=") : NULL;
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
