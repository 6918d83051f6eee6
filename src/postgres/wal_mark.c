/* wal_mark.c: positions in the log, and which one to begin at. */
#include "postgres/wal_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool take_half(const char **at, uint32_t *half)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t length = strspn(*at, digits);
    *half = 0;
    for (size_t i = 0; i < length && length <= 8; i++)
        *half = *half << 4 | (uint32_t)(strchr(digits, (*at)[i]) - digits);
    *at += length;
    return length >= 1 && length <= 8;
}

bool wal_position_read(const char *text, uint64_t *position)
{
    uint32_t high = 0, low = 0;
    const char *at = text;
    if (!take_half(&at, &high) || *at++ != '/' || !take_half(&at, &low) || *at)
        return false;
    *position = (uint64_t)high << 32 | low;
    return true;
}

const char *wal_position_text(char *buffer, size_t size, uint64_t position)
{
    snprintf(buffer, size, "%" PRIX32 "/%" PRIX32, (uint32_t)(position >> 32), (uint32_t)position);
    return buffer;
}

void wal_marks_add(struct wal_marks *marks, struct wal_mark mark)
{
    if (marks->count == WAL_MARKS_MAX) {
        marks->count = 0;
        for (size_t i = 0; i < WAL_MARKS_MAX; i += 2)
            marks->items[marks->count++] = marks->items[i];
    }
    marks->items[marks->count++] = mark;
}

bool wal_marks_start(struct wal_marks *marks, uint64_t xmin, uint64_t *position)
{
    size_t usable = 0;
    while (usable < marks->count && marks->items[usable].transaction < xmin)
        usable++;
    if (!usable)
        return false;
    *position = marks->items[usable - 1].position;
    memmove(marks->items, marks->items + usable - 1,
            (marks->count - usable + 1) * sizeof marks->items[0]);
    marks->count -= usable - 1;
    return true;
}
