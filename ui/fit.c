/* fit.c: how many columns a text takes on the screen, and how it is cut to what there is room for.
 */
#include "ui/fit.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

/* Marks that reorder what follows could make a dialog read differently from what it asks. */
static bool is_direction_mark(unsigned character)
{
    return character == 0x200e || character == 0x200f || character == 0x061c ||
           (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

static unsigned printable(unsigned character)
{
    if (character == '\t' || character == '\n' || character == '\r')
        return ' ';
    bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
    return control || is_direction_mark(character) ? '?' : character;
}

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_scalar(unsigned character, size_t length)
{
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    return character >= smallest[length] && character <= 0x10ffff &&
           (character < 0xd800 || character > 0xdfff);
}

size_t fit_decode(const char *bytes, size_t length, unsigned *character)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t count = sequence_length(first);
    *character = '?';
    if (count == 0 || count > length)
        return 1;
    unsigned value = count == 1 ? first : first & (0xffu >> (count + 1));
    for (size_t i = 1; i < count; i++) {
        unsigned char next = (unsigned char)bytes[i];
        if ((next & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (next & 0x3f);
    }
    if (!is_scalar(value, count))
        return 1;
    *character = printable(value);
    return count;
}

int fit_columns(unsigned character)
{
    if (character < 0x7f)
        return 1;
    int columns = wcwidth((wchar_t)character);
    return columns < 0 ? 1 : columns;
}

size_t fit_prefix(const char *bytes, size_t length, int columns, int *used)
{
    size_t at = 0;
    int taken = 0;
    while (at < length) {
        unsigned character;
        size_t step = fit_decode(bytes + at, length - at, &character);
        int width = fit_columns(character);
        if (taken + width > columns)
            break;
        taken += width;
        at += step;
    }
    if (used)
        *used = taken;
    return at;
}

int fit_width(const char *bytes, size_t length)
{
    int used;
    fit_prefix(bytes, length, 1 << 30, &used);
    return used;
}

static void add_spaces(struct text *output, int count)
{
    for (int i = 0; i < count; i++)
        text_append(output, " ", 1);
}

void fit_cell(struct text *output, const char *string, int columns, enum fit_align align,
              const char *ellipsis)
{
    if (columns <= 0)
        return;
    size_t length = strlen(string);
    int width = fit_width(string, length), mark = fit_width(ellipsis, strlen(ellipsis));
    if (width <= columns) {
        add_spaces(output, align == FIT_RIGHT ? columns - width : 0);
        text_append(output, string, length);
        add_spaces(output, align == FIT_LEFT ? columns - width : 0);
        return;
    }
    if (mark > columns)
        mark = 0;
    int used;
    size_t kept = fit_prefix(string, length, columns - mark, &used);
    text_append(output, string, kept);
    if (mark)
        text_add(output, ellipsis);
    add_spaces(output, columns - mark - used);
}

size_t fit_break(const char *string, int columns, const char **next)
{
    size_t length = strcspn(string, "\n");
    size_t fits = fit_prefix(string, length, columns > 0 ? columns : 1, NULL);
    if (fits == 0 && length) { /* a wide character in one column: go on rather than stand still */
        unsigned character;
        fits = fit_decode(string, length, &character);
    }
    if (fits == length) {
        *next = string[length] ? string + length + 1 : NULL;
        return length;
    }
    size_t space = fits;
    while (space > 0 && string[space] != ' ')
        space--;
    if (space == 0) {
        *next = string + fits;
        return fits;
    }
    *next = string + space + 1;
    return space;
}

const char *fit_find(const char *bytes, size_t length, const char *pattern)
{
    size_t wanted = strlen(pattern);
    for (size_t at = 0; wanted && at + wanted <= length; at++)
        if (!strncasecmp(bytes + at, pattern, wanted))
            return bytes + at;
    return NULL;
}
