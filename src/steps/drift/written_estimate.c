/* written_estimate.c: what was done to a table, told from what is left of it. */
#include "steps/drift/written_tables.h"

static long long clamp(long long value, long long low, long long high)
{
    return value < low ? low : value > high ? high : value;
}

/* Of `written` rows some were inserted, I, the others updated. As now = before + I - deleted, the
 * number of deleted rows lies between before - now and before - now + written: the counters choose
 * within that, as they also count what was taken back, and rows that came and went. Where the two
 * are one number it's exact. */
void written_estimate(long long before, long long now, long long written, long long deleted,
                      struct written_table *table)
{
    long long fewer = before - now;
    if (written < 0) { /* only the counts are known */
        table->inserted = fewer < 0 ? -fewer : 0;
        table->deleted = fewer > 0 ? fewer : 0;
        table->updated = fewer == 0;
        table->exact = false;
        return;
    }
    long long least = fewer > 0 ? fewer : 0, most = fewer + written;
    if (most < least)
        most = least;
    table->deleted = clamp(deleted < 0 ? least : deleted, least, most);
    table->inserted = clamp(table->deleted - fewer, 0, written);
    table->updated = written - table->inserted;
    table->exact = least == most;
    if (!table->inserted && !table->updated && !table->deleted) {
        table->updated = 1; /* the contents differ, so something was written */
        table->exact = false;
    }
}
