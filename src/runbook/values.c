/* values.c: the types of values: how each is written, checked and described. */
#include "runbook/values.h"

#include "runbook/fault.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    unsigned long long factor;
};

static const struct unit time_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
#define TIME_UNITS (sizeof time_units / sizeof time_units[0])
#define DURATION_MAX_MS (100ULL * 366 * 86400000) /* a century: keeps sums far from overflow */

static const struct unit size_units[] = {{"", 1},
                                         {"B", 1},
                                         {"kB", 1000},
                                         {"MB", 1000000},
                                         {"GB", 1000000000},
                                         {"TB", 1000000000000},
                                         {"KiB", 1ULL << 10},
                                         {"MiB", 1ULL << 20},
                                         {"GiB", 1ULL << 30},
                                         {"TiB", 1ULL << 40}};
#define SIZE_UNITS (sizeof size_units / sizeof size_units[0])

/* Digits only; strtoull alone would take blanks and signs. */
static bool parse_digits(const char **cursor, unsigned long long *number)
{
    if (!isdigit((unsigned char)**cursor))
        return false;
    char *end = NULL;
    errno = 0;
    *number = strtoull(*cursor, &end, 10);
    *cursor = end;
    return !errno;
}

/* The unit at the cursor among time_units[from..]; its index, or TIME_UNITS. */
static size_t parse_time_unit(const char **cursor, size_t from)
{
    size_t length = strspn(*cursor, "dhms");
    for (size_t i = from; i < TIME_UNITS; i++) {
        if (strlen(time_units[i].name) == length && !strncmp(*cursor, time_units[i].name, length)) {
            *cursor += length;
            return i;
        }
    }
    return TIME_UNITS;
}

/* "30s", "1h30m": units from the largest to the smallest, each at most once; or a bare "0". */
bool parse_duration(const char *text, long *milliseconds)
{
    if (!strcmp(text, "0")) {
        *milliseconds = 0;
        return true;
    }
    unsigned long long total = 0;
    size_t unit = 0;
    const char *cursor = text;
    do {
        unsigned long long number = 0;
        if (!parse_digits(&cursor, &number) || number > DURATION_MAX_MS)
            return false;
        size_t found = parse_time_unit(&cursor, unit);
        if (found == TIME_UNITS || number > (DURATION_MAX_MS - total) / time_units[found].factor)
            return false;
        total += number * time_units[found].factor;
        unit = found + 1;
    } while (*cursor);
    *milliseconds = (long)total;
    return true;
}

bool parse_size(const char *text, unsigned long long *bytes)
{
    unsigned long long number = 0;
    if (!parse_digits(&text, &number))
        return false;
    for (size_t i = 0; i < SIZE_UNITS; i++) {
        if (strcmp(text, size_units[i].name) != 0)
            continue;
        if (number > ULLONG_MAX / size_units[i].factor)
            return false;
        *bytes = number * size_units[i].factor;
        return true;
    }
    return false;
}

bool parse_boolean(const char *text, bool *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!strcasecmp(text, words[i])) {
            *value = i % 2;
            return true;
        }
    }
    return false;
}

static bool accepts_integer(const char *text)
{
    long value;
    return text_to_long(text, LONG_MIN, LONG_MAX, &value);
}

static bool accepts_boolean(const char *text)
{
    bool value;
    return parse_boolean(text, &value);
}

static bool accepts_duration(const char *text)
{
    long value;
    return parse_duration(text, &value);
}

static bool accepts_size(const char *text)
{
    unsigned long long value;
    return parse_size(text, &value);
}

static bool accepts_port(const char *text)
{
    long value;
    return text_to_long(text, 1, 65535, &value);
}

static bool accepts_path(const char *text)
{
    return text[0] != '\0';
}

const struct type_rule type_rules[] = {
    {ARGUMENT_TEXT, "text", "a text", "any text", NULL, NULL},
    {ARGUMENT_INTEGER, "integer", "an integer", "a whole number", "^-?[0-9]+$", accepts_integer},
    {ARGUMENT_BOOLEAN, "boolean", "a boolean", "yes or no (true, false, on, off)",
     "^([Yy][Ee][Ss]|[Nn][Oo]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Oo][Nn]|[Oo][Ff][Ff])$",
     accepts_boolean},
    {ARGUMENT_DURATION, "duration", "a duration",
     "a number with ms, s, m, h or d, such as 250ms, 30s, 1h30m",
     "^(0|(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$", accepts_duration},
    {ARGUMENT_SIZE, "size", "a size",
     "a number of bytes, or one with kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024)",
     "^[0-9]+(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$", accepts_size},
    {ARGUMENT_ENUM, "choice", "a choice", "one of the listed words", NULL, NULL},
    {ARGUMENT_PATH, "path", "a path", "a file or directory; a leading ~/ is the home directory",
     NULL, accepts_path},
    {ARGUMENT_PORT, "port", "a port", "a number from 1 to 65535", "^[0-9]{1,5}$", accepts_port},
    {ARGUMENT_SERVER, "server", "a server", "a name that stands under `servers`", NULL, NULL},
    {ARGUMENT_LIST, "list", "a list", "a list of texts; one text stands for a list of one", NULL,
     NULL},
    {ARGUMENT_TREE, "structure", "a structure",
     "a map or a list, whose values are texts, maps or lists", NULL, NULL},
    {ARGUMENT_FACTS, "facts", "a map of facts",
     "a map from a fact's key, as in `${fact.KEY}`, to where its value is found", NULL, NULL},
    {ARGUMENT_MAP, "map", "a map", "a map from names to texts", NULL, NULL},
};

const struct type_rule *type_rule(enum argument_type type)
{
    const struct type_rule *rule = type_rules;
    while (rule->type != type && rule->type != ARGUMENT_MAP)
        rule++;
    return rule;
}

const char *argument_type_name(enum argument_type type)
{
    return type_rule(type)->name;
}

struct text_list server_names(const struct runbook *runbook)
{
    struct text_list names = {0};
    for (size_t i = 0; i < runbook->server_count; i++)
        text_list_add(&names, runbook->servers[i].name);
    return names;
}

struct text_list variable_names(const struct runbook *runbook)
{
    struct text_list names = {0};
    for (size_t i = 0; i < runbook->variable_count; i++)
        text_list_add(&names, runbook->variables[i].name);
    return names;
}

static char *server_complaint(const struct runbook *runbook, const char *text, const char *shown)
{
    if (runbook_server(runbook, text))
        return NULL;
    struct text_list names = server_names(runbook);
    char *complaint = unknown_name("there is no server", shown, &names);
    text_list_free(&names);
    return complaint;
}

static char *choice_complaint(const struct argument *argument, const char *text, const char *shown)
{
    struct text_list names = {0};
    for (const char *const *choice = argument->choices; choice && *choice; choice++)
        text_list_add(&names, *choice);
    char *complaint = NULL;
    if (!text_list_has(&names, text)) {
        char *what = xprintf("%s can't be", argument->name);
        complaint = unknown_name(what, shown, &names);
        free(what);
    }
    text_list_free(&names);
    return complaint;
}

char *value_complaint(const struct argument *argument, const struct runbook *runbook,
                      const char *text, bool quote)
{
    const struct type_rule *rule = type_rule(argument->type);
    char shown[64];
    text_copy(shown, sizeof shown, quote ? text : "***");
    if (!*text && argument->type != ARGUMENT_LIST)
        return argument->required ? xprintf("%s is empty", argument->name) : NULL;
    if (argument->type == ARGUMENT_SERVER)
        return server_complaint(runbook, text, shown);
    if (argument->type == ARGUMENT_ENUM)
        return choice_complaint(argument, text, shown);
    if (!rule->accepts || rule->accepts(text))
        return NULL;
    return xprintf("%s: \"%s\" is not %s: write %s", argument->name, shown, rule->a_name,
                   rule->how);
}
