/* row_places.c: places asked of two snapshots, block range by block range, and merged. */
#include "postgres/row_places.h"

#include "postgres/connection_parts.h"

#include <stdlib.h>
#include <string.h>

#define RANGES_ASKED 64 /* at once, of at most BLOCK_RANGE_MAX blocks each */
#define PLACE_BLOCK(place) ((place) >> 16)
#define PLACE_LINE(place) ((unsigned)((place)&0xffff))

struct asking {
    const struct table_shape *shape;
    struct text sql;
};

static void add_place(struct row_places *places, uint64_t place)
{
    if (places->count == places->capacity) {
        places->capacity = places->capacity ? places->capacity * 2 : 256;
        places->items = xrealloc(places->items, places->capacity * sizeof *places->items);
    }
    places->items[places->count++] = place;
}

bool row_place_read(const char *text, uint64_t *place)
{
    char block[16];
    long number = 0, line = 0;
    const char *comma = *text == '(' ? strchr(text, ',') : NULL;
    size_t length = comma ? (size_t)(comma - text) - 1 : 0;
    size_t rest = comma ? strcspn(comma + 1, ")") : 0;
    if (!length || length >= sizeof block || rest >= sizeof block ||
        strcmp(comma + 1 + rest, ")") != 0)
        return false;
    memcpy(block, text + 1, length);
    block[length] = '\0';
    if (!text_to_long(block, 0, UINT32_MAX, &number))
        return false;
    memcpy(block, comma + 1, rest);
    block[rest] = '\0';
    *place = 0;
    if (!text_to_long(block, 0, UINT16_MAX, &line))
        return false;
    *place = (uint64_t)number << 16 | (uint64_t)line;
    return true;
}

/* Servers before 14 can't read a range of places: there each line pointer that a block may have is
 * asked for (MaxHeapTuplesPerPage, 291). */
static bool add_preparation(struct asking *asking, const struct row_reader *reader,
                            struct error *error)
{
    struct pg_connection *connection = reader->connection;
    bool ranges = pg_version(connection) >= 140000;
    text_printf(&asking->sql, "PREPARE rows_%zu (%s) AS SELECT t.ctid FROM ONLY ",
                reader->statement, ranges ? "tid, tid" : "int8, int8");
    if (!table_shape_add_name(connection, asking->shape, &asking->sql, error))
        return false;
    text_add(&asking->sql,
             ranges ? " t WHERE t.ctid >= $1 AND t.ctid <= $2; "
                    : " t WHERE t.ctid = ANY (ARRAY(SELECT pg_catalog.format('(%s,%s)', b, l)"
                      "::pg_catalog.tid FROM pg_catalog.generate_series($1, $2) AS b, "
                      "pg_catalog.generate_series(1, 291) AS l)); ");
    return true;
}

static void add_range(struct asking *asking, const struct row_reader *reader,
                      const struct block_range *range)
{
    bool ranges = pg_version(reader->connection) >= 140000;
    text_printf(&asking->sql,
                ranges ? "EXECUTE rows_%zu ('(%lu,0)', '(%lu,65535)'); "
                       : "EXECUTE rows_%zu (%lu, %lu); ",
                reader->statement, (unsigned long)range->first, (unsigned long)range->last);
}

static bool ask(struct asking *asking, const struct row_reader *reader,
                const struct block_range *ranges, size_t count, struct error *error)
{
    text_consume(&asking->sql, asking->sql.length);
    if (!*reader->prepared && !add_preparation(asking, reader, error))
        return false;
    for (size_t i = 0; i < count; i++)
        add_range(asking, reader, &ranges[i]);
    return pg_send(reader->connection, text_string(&asking->sql), error);
}

static bool take_rows(const PGresult *result, struct row_places *places, struct error *error)
{
    for (int row = 0; row < PQntuples(result); row++) {
        uint64_t place;
        if (!row_place_read(pg_field(result, row, 0), &place))
            return error_set(error, ERROR_SERVER, "\"%s\" is no row's place",
                             pg_field(result, row, 0));
        add_place(places, place);
    }
    return true;
}

/* All answers are taken, whatever the first failure was. */
static bool take(const struct row_reader *reader, struct row_places *places, struct error *error)
{
    PGresult *result;
    bool good = true;
    places->count = 0;
    while ((result = PQgetResult(pg_handle(reader->connection)))) {
        ExecStatusType status = PQresultStatus(result);
        if (good && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            good = pg_failed(reader->connection, result, error);
        good = good && (status != PGRES_TUPLES_OK || take_rows(result, places, error));
        /* A statement that was prepared stays so, whatever became of those behind it. */
        *reader->prepared = *reader->prepared || status == PGRES_COMMAND_OK;
        PQclear(result);
    }
    return good;
}

struct asked {
    const struct row_reader *before, *after;
    struct row_places old, new;
};

/* What was asked is taken, even if the other session's answer was a failure: either of them can be
 * asked for something else then. */
static bool ask_both(struct asking *asking, struct asked *asked, const struct block_range *ranges,
                     size_t count, struct error *error)
{
    bool first = ask(asking, asked->before, ranges, count, error);
    bool second = first && ask(asking, asked->after, ranges, count, error);
    bool good = second;
    if (first)
        good = take(asked->before, &asked->old, good ? error : NULL) && good;
    if (second)
        good = take(asked->after, &asked->new, good ? error : NULL) && good;
    return good;
}

static void merge(const struct row_places *before, const struct row_places *after,
                  struct row_changes *changes)
{
    size_t left = 0, right = 0;
    while (left < before->count || right < after->count) {
        uint64_t old = left < before->count ? before->items[left] : UINT64_MAX;
        uint64_t new = right < after->count ? after->items[right] : UINT64_MAX;
        if (old < new)
            add_place(&changes->removed, old);
        else if (new < old)
            add_place(&changes->added, new);
        left += old <= new;
        right += new <= old;
    }
    changes->overflow = changes->removed.count + changes->added.count > ROW_CHANGES_MAX;
}

bool row_changes_find(const struct row_reader *before, const struct row_reader *after,
                      const struct table_shape *shape, const struct touched_file *file,
                      struct row_changes *changes, struct error *error)
{
    struct asking asking = {.shape = shape};
    struct asked asked = {.before = before, .after = after};
    struct block_range ranges[RANGES_ASKED];
    size_t at = 0, count = 0;
    bool found = true;
    *changes = (struct row_changes){0};
    while (found && !changes->overflow) {
        for (count = 0; count < RANGES_ASKED && touched_file_range(file, &at, &ranges[count]);)
            count++;
        if (!count)
            break;
        found = ask_both(&asking, &asked, ranges, count, error);
        if (found)
            merge(&asked.old, &asked.new, changes);
    }
    text_free(&asking.sql);
    free(asked.old.items);
    free(asked.new.items);
    return found || error_wrap(error, "looking for the rows of %s.%s that were changed",
                               shape->schema, shape->name);
}

void row_changes_free(struct row_changes *changes)
{
    free(changes->removed.items);
    free(changes->added.items);
    *changes = (struct row_changes){0};
}

void row_places_add_condition(const struct row_places *places, size_t first, struct text *sql)
{
    text_add(sql, "t.ctid = ANY ('{");
    for (size_t i = first; i < places->count && i - first < ROW_PLACES_BATCH; i++)
        text_printf(sql, "%s\"(%lu,%u)\"", i > first ? "," : "",
                    (unsigned long)PLACE_BLOCK(places->items[i]), PLACE_LINE(places->items[i]));
    text_add(sql, "}'::pg_catalog.tid[])");
}
