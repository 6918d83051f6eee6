/* release.c: the calendar of PostgreSQL's minor releases. */
#include "postgres/release.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* All majors get their minor releases on the same days, so that a day is known by the minor number
 * that major 15 got on it; the others are a constant away. 15.8, 16.4, 14.13, 13.16 and 12.20 came
 * out on 2024-08-08; 17.2 and 15.10 on 2024-11-21; 18.1 and 17.7 on 2025-11-13; 15.20 belongs
 * to 17.12. Source: PostgreSQL manual, "Release Notes". */
static const struct {
    int major;
    int behind; /* minor of 15 minus minor of this major, on one day */
} calendar[] = {{12, -12}, {13, -8}, {14, -5}, {15, 0}, {16, 4}, {17, 8}, {18, 14}};

static bool number_at(const char **text, int *number)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    long value = strtol(*text, &end, 10);
    if (value > 10000)
        return false;
    *number = (int)value;
    *text = end;
    return true;
}

static bool parse_here(const char *text, struct release *release)
{
    if (!number_at(&text, &release->major) || *text++ != '.' || !number_at(&text, &release->minor))
        return false;
    return !*text || isspace((unsigned char)*text) || *text == '-';
}

bool release_parse(const char *text, struct release *release)
{
    while (text) {
        while (isspace((unsigned char)*text))
            text++;
        if (parse_here(text, release))
            return true;
        text = strpbrk(text, " \t\n");
    }
    return false;
}

struct release release_of(int version_num)
{
    return (struct release){version_num / 10000, version_num % 10000};
}

static bool behind(int major, int *difference)
{
    for (size_t i = 0; i < sizeof calendar / sizeof calendar[0]; i++)
        if (calendar[i].major == major) {
            *difference = calendar[i].behind;
            return true;
        }
    return false;
}

enum release_order release_compare(struct release release, struct release other)
{
    int own = 0, others = 0;
    if (release.major != other.major &&
        (!behind(release.major, &own) || !behind(other.major, &others)))
        return RELEASE_UNKNOWN;
    int difference = release.minor + own - other.minor - others;
    if (difference == 0)
        return RELEASE_SAME_DAY;
    return difference < 0 ? RELEASE_EARLIER : RELEASE_LATER;
}

int release_counterpart(int major, struct release other)
{
    int own = 0, others = 0;
    if (!behind(major, &own) || !behind(other.major, &others))
        return 0;
    int minor = other.minor + others - own;
    return minor > 0 ? minor : 0;
}
