/* text.h: a string that grows, and the few string functions that the C library lacks. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is the empty text. `bytes` is NUL-terminated once anything was appended (or
 * NULL); it may hold NUL bytes of its own, `length` counts. Running out of memory aborts the
 * process: every caller would do the same. */
struct text {
    char *bytes;
    size_t length;
    size_t capacity;
};

void text_append(struct text *text, const char *bytes, size_t length);
void text_add(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
/* Removes the first `count` bytes (all when there are fewer). */
void text_consume(struct text *text, size_t count);
/* The string, never NULL; owned by the text. */
const char *text_string(const struct text *text);
/* Gives the string to the caller, who frees it; the text is empty afterwards. Never NULL. */
char *text_take(struct text *text);
void text_free(struct text *text);

/* A list of strings, each owned by the list. Zero-initialised is empty. */
struct text_list {
    char **items;
    size_t count;
    size_t capacity;
};

void text_list_add(struct text_list *list, const char *string);
bool text_list_has(const struct text_list *list, const char *string);
void text_list_free(struct text_list *list);

/* Allocation that aborts with a message instead of returning NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
char *xstrdup(const char *string);
char *xstrndup(const char *string, size_t length);
/* Formats into memory that the caller frees. */
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies with a terminating NUL, cut at a UTF-8 border when `size` doesn't suffice. */
void text_copy(char *target, size_t size, const char *source);
bool text_equal(const char *left, const char *right); /* NULL equals only NULL */
bool text_given(const char *string);                  /* neither NULL nor empty */
bool text_starts(const char *string, const char *prefix);
bool text_ends(const char *string, const char *suffix);
/* The candidate nearest to `wrong` by edit distance, or NULL when none is near enough to suggest.
 */
const char *text_nearest(const char *wrong, const char *const *candidates, size_t count);

/* Whole-string number parsing with range: false on anything else than digits (a leading '-' too).
 */
bool text_to_long(const char *string, long minimum, long maximum, long *value);

/* Human readable sizes and times, for the screen and the reports: "158.2 MB" (powers of 1000),
 * "1 min 20 s", "230 ms". `size` of at least 24 suffices. They return `buffer`. */
const char *text_bytes(char *buffer, size_t size, double bytes);
const char *text_duration(char *buffer, size_t size, long milliseconds);
/* "1 234 567": groups of three with a plain space. */
const char *text_grouped(char *buffer, size_t size, long long number);

#endif
