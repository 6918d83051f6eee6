/* text.c: growing strings, lists of strings, and allocation that can't fail. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("pgrunbook: out of memory\n", stderr);
    abort();
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *xrealloc(void *memory, size_t size)
{
    void *larger = realloc(memory, size ? size : 1);
    if (!larger)
        out_of_memory();
    return larger;
}

char *xstrdup(const char *string)
{
    return xstrndup(string, strlen(string));
}

char *xstrndup(const char *string, size_t length)
{
    length = strnlen(string, length);
    char *copy = xmalloc(length + 1);
    memcpy(copy, string, length);
    copy[length] = '\0';
    return copy;
}

char *xprintf(const char *format, ...)
{
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    return text_take(&text);
}

static void reserve(struct text *text, size_t more)
{
    if (more >= SIZE_MAX / 4 - text->length)
        out_of_memory();
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity ? text->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    text->bytes = xrealloc(text->bytes, capacity);
    text->capacity = capacity;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    reserve(text, length);
    if (length)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_vprintf(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        length = 0;
    reserve(text, (size_t)length);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(text, format, arguments);
    va_end(arguments);
}

void text_consume(struct text *text, size_t count)
{
    if (count >= text->length)
        count = text->length;
    if (!count)
        return;
    memmove(text->bytes, text->bytes + count, text->length - count + 1);
    text->length -= count;
}

const char *text_string(const struct text *text)
{
    return text->bytes ? text->bytes : "";
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes ? text->bytes : xstrdup("");
    *text = (struct text){0};
    return bytes;
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void text_list_add(struct text_list *list, const char *string)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 8;
        list->items = xrealloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = xstrdup(string);
}

bool text_list_has(const struct text_list *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i], string))
            return true;
    return false;
}

void text_list_free(struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

void text_copy(char *target, size_t size, const char *source)
{
    if (!size)
        return;
    size_t length = strlen(source);
    if (length >= size) {
        length = size - 1;
        while (length && ((unsigned char)source[length] & 0xC0U) == 0x80U)
            length--;
    }
    memmove(target, source, length);
    target[length] = '\0';
}

bool text_equal(const char *left, const char *right)
{
    return left == right || (left && right && !strcmp(left, right));
}

bool text_given(const char *string)
{
    return string && *string;
}

bool text_starts(const char *string, const char *prefix)
{
    return !strncmp(string, prefix, strlen(prefix));
}

bool text_ends(const char *string, const char *suffix)
{
    size_t length = strlen(string), end = strlen(suffix);
    return length >= end && !strcmp(string + length - end, suffix);
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

#define NEAREST_MAX 64

/* Levenshtein's distance of two short words; longer ones are never near. */
static size_t distance(const char *left, const char *right)
{
    size_t rows = strlen(left), columns = strlen(right);
    if (rows > NEAREST_MAX || columns > NEAREST_MAX)
        return SIZE_MAX;
    size_t row[NEAREST_MAX + 1];
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t change = diagonal + (tolower(left[i - 1]) != tolower(right[j - 1]));
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, change);
        }
    }
    return row[columns];
}

const char *text_nearest(const char *wrong, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t best_distance = strlen(wrong) / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(wrong, candidates[i]);
        if (d < best_distance && d < strlen(candidates[i])) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}

bool text_to_long(const char *string, long minimum, long maximum, long *value)
{
    const char *digits = string[0] == '-' ? string + 1 : string;
    if (!isdigit((unsigned char)digits[0]))
        return false;
    errno = 0;
    char *end = NULL;
    long number = strtol(string, &end, 10);
    if (errno || *end || number < minimum || number > maximum)
        return false;
    *value = number;
    return true;
}

const char *text_bytes(char *buffer, size_t size, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    while (bytes >= 999.95 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1000;
        unit++;
    }
    snprintf(buffer, size, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return buffer;
}

const char *text_duration(char *buffer, size_t size, long milliseconds)
{
    long seconds = milliseconds / 1000;
    if (milliseconds < 1000)
        snprintf(buffer, size, "%ld ms", milliseconds);
    else if (seconds < 60)
        snprintf(buffer, size, "%ld.%ld s", seconds, milliseconds % 1000 / 100);
    else if (seconds < 3600)
        snprintf(buffer, size, "%ld min %ld s", seconds / 60, seconds % 60);
    else if (seconds < 48 * 3600)
        snprintf(buffer, size, "%ld h %ld min", seconds / 3600, seconds % 3600 / 60);
    else
        snprintf(buffer, size, "%ld d %ld h", seconds / 86400, seconds % 86400 / 3600);
    return buffer;
}

const char *text_grouped(char *buffer, size_t size, long long number)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", number);
    size_t sign = digits[0] == '-' ? 1 : 0, length = strlen(digits), out = 0;
    for (size_t i = 0; i < length && out + 2 < size; i++) {
        if (i > sign && (length - i) % 3 == 0)
            buffer[out++] = ' ';
        buffer[out++] = digits[i];
    }
    if (size)
        buffer[out] = '\0';
    return buffer;
}
