/* error.c: filling and extending errors. */
#include "base/error.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void format_message(char *target, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Formats at any length and cuts at a character's border, as vsnprintf alone would cut inside one.
 */
static void format_message(char *target, size_t size, const char *format, va_list arguments)
{
    struct text text = {0};
    text_vprintf(&text, format, arguments);
    bool fits = text.length < size;
    text_copy(target, fits ? size : size - 3, text_string(&text));
    if (!fits)
        memcpy(target + strlen(target), "...", 4);
    text_free(&text);
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    if (!error)
        return false;
    va_list arguments;
    va_start(arguments, format);
    format_message(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->kind = kind;
    error->remedy[0] = '\0';
    return false;
}

bool error_errno(struct error *error, const char *format, ...)
{
    int number = errno;
    if (!error)
        return false;
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    error_set(error, ERROR_OTHER, "%s: %s", text_string(&text), strerror(number));
    text_free(&text);
    return false;
}

bool error_wrap(struct error *error, const char *format, ...)
{
    if (!error)
        return false;
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    text_printf(&text, ": %s", error->message);
    text_copy(error->message, sizeof error->message, text_string(&text));
    text_free(&text);
    return false;
}

bool error_remedy(struct error *error, const char *format, ...)
{
    if (!error)
        return false;
    va_list arguments;
    va_start(arguments, format);
    format_message(error->remedy, sizeof error->remedy, format, arguments);
    va_end(arguments);
    return false;
}
