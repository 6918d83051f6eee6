/* load_lanes.c: rows from files into COPY, builds, and who of the connections does what. */
#include "steps/restore/load_lanes.h"

#include "base/clock.h"
#include "base/file.h"
#include "postgres/copy_in.h"
#include "steps/restore/load_cost.h"
#include "steps/restore/load_foreign_key.h"
#include "steps/restore/load_memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE ((size_t)256 << 10)
#define PIECES_MOST 8     /* of one lane before the others get their turn */
#define FOLLOW_MS 20      /* until a file that is being written is looked at again */
#define LOOK_MS 50        /* until the directory is, as long as there is nothing new in it */
#define SMALL 65536       /* bytes of rows for which a table isn't made anew */
#define KEY_SMALL 4194304 /* of the larger table's rows for which a foreign key isn't split */
#define EMPTY 5           /* bytes of a file without a row: its end mark */
#define COPY_END " FROM stdin;\n"
#define ALONE_AFTER 0.5 /* of a build's time, in which the other lanes have done all the rest */

struct lane {
    struct pg_connection *connection;
    struct load_item *item; /* NULL: idle */
    int file;               /* of rows, -1 none */
    enum copy_in_state state;
    bool ending; /* all rows are handed over */
    bool unsent;
    bool starved; /* the file has no more at this time */
    double rows;  /* that the item has taken */
};

struct load_lanes {
    const struct load_lanes_setting *setting;
    struct lane *items;
    size_t count;
    struct pollfd *polled;
    char *piece;
    long cores_most;   /* workers of one build */
    long memory_most;  /* MiB of one build */
    int64_t looked_ms; /* into the directory, monotonic */
};

/* Source: pg_backup_archiver.c, _doSetFixedOutputState. */
static const char session_sql[] =
    "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = "
    "0; " PG_NO_LIMITS_SQL "; "
    "SET check_function_bodies = false; SET xmloption = content; SET client_min_messages = error; "
    "SET row_security = off; SET jit = off; ";

static void add_options(struct text *sql, const char *options)
{
    static const char mark[] = "-c ";
    for (const char *at = strstr(options, mark); at; at = strstr(at, mark)) {
        at += strlen(mark);
        size_t name = strcspn(at, "="), value = strcspn(at, " ");
        if (name < value)
            text_printf(sql, "SET %.*s = '%.*s'; ", (int)name, at, (int)(value - name - 1),
                        at + name + 1);
    }
}

/* Encoding, strings and search path as the dump has them. */
static void add_dumps_own(struct text *sql, const struct toc *toc)
{
    static const char *const kinds[] = {"ENCODING", "STDSTRINGS", "SEARCHPATH"};
    for (size_t i = 0; i < toc->count; i++)
        for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++)
            if (text_equal(toc->items[i].kind, kinds[kind]))
                text_add(sql, toc->items[i].definition);
}

static bool open_lane(struct lane *lane, const struct load_lanes_setting *setting, const char *sql,
                      struct error *error)
{
    lane->file = -1;
    lane->connection = pg_open_plain(setting->parameters, 0, error);
    return lane->connection && pg_execute(lane->connection, sql, error);
}

static bool read_number(struct load_lanes *lanes, const char *sql, long *number,
                        struct error *error)
{
    char *value = pg_value(lanes->items[0].connection, sql, error);
    bool known = value && (text_to_long(value, 0, INT_MAX, number) ||
                           error_set(error, ERROR_SERVER, "the new server answers %s", value));
    free(value);
    return known;
}

static bool read_most(struct load_lanes *lanes, struct error *error)
{
    return read_number(lanes,
                       "SELECT pg_catalog.current_setting('max_parallel_maintenance_workers')",
                       &lanes->cores_most, error) &&
           read_number(lanes,
                       "SELECT pg_catalog.pg_size_bytes(pg_catalog.current_setting("
                       "'maintenance_work_mem')) / 1048576",
                       &lanes->memory_most, error);
}

struct load_lanes *load_lanes_open(const struct load_lanes_setting *setting, struct error *error)
{
    struct load_lanes *lanes = xcalloc(1, sizeof *lanes);
    struct text sql = {0};
    lanes->setting = setting;
    lanes->count = (size_t)setting->count;
    lanes->items = xcalloc(lanes->count, sizeof *lanes->items);
    lanes->polled = xcalloc(lanes->count + 1, sizeof *lanes->polled);
    lanes->piece = xmalloc(PIECE);
    text_add(&sql, session_sql);
    add_options(&sql, setting->options);
    add_dumps_own(&sql, setting->toc);
    bool opened = true;
    for (size_t i = 0; opened && i < lanes->count; i++)
        opened = open_lane(&lanes->items[i], setting, text_string(&sql), error);
    text_free(&sql);
    if (opened && read_most(lanes, error))
        return lanes;
    load_lanes_close(lanes);
    return NULL;
}

void load_lanes_close(struct load_lanes *lanes)
{
    if (!lanes)
        return;
    for (size_t i = 0; i < lanes->count; i++) {
        pg_close(lanes->items[i].connection);
        if (lanes->items[i].connection && lanes->items[i].file >= 0)
            close(lanes->items[i].file);
    }
    free(lanes->items);
    free(lanes->polled);
    free(lanes->piece);
    free(lanes);
}

static char *path_of(const struct load_lanes *lanes, const struct load_item *item)
{
    return file_join(lanes->setting->directory, item->entry->file);
}

static bool open_rows(const struct load_lanes *lanes, struct lane *lane, struct error *error)
{
    char *path = path_of(lanes, lane->item);
    lane->file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool opened = lane->file >= 0 || error_errno(error, "can't read %s", path);
    free(path);
    return opened;
}

/* A copy statement names its table as the SQL of the dump does; TRUNCATE needs it alone. */
static bool add_anew(struct pg_connection *connection, const struct toc_entry *entry,
                     struct text *sql, struct error *error)
{
    text_add(sql, "BEGIN; TRUNCATE TABLE ONLY ");
    bool added = !*entry->schema || pg_add_identifier(connection, sql, entry->schema, error);
    text_add(sql, *entry->schema ? "." : "");
    added = added && pg_add_identifier(connection, sql, entry->name, error);
    text_printf(sql, "; %.*s FROM stdin WITH (FREEZE); COMMIT",
                (int)(strlen(entry->copy) - strlen(COPY_END)), entry->copy);
    return added;
}

/* A table that is made anew in the transaction needs no WAL where wal_level is minimal, and its
 * rows can be frozen at once. A small one isn't worth it. Source: PostgreSQL manual, "Populating a
 * Database"; COPY, FREEZE. */
static bool begin_rows(struct load_lanes *lanes, struct lane *lane, struct error *error)
{
    static const char copy[] = "COPY ";
    const struct toc_entry *entry = lane->item->entry;
    struct text sql = {0};
    bool small = lane->item->dumped && lane->item->bytes <= SMALL;
    if (!text_starts(entry->copy, copy))
        return error_set(error, ERROR_OTHER, "the dump's statement for its rows isn't a COPY");
    if (small)
        text_add(&sql, entry->copy);
    bool begun = (small || add_anew(lane->connection, entry, &sql, error)) &&
                 open_rows(lanes, lane, error) &&
                 pg_copy_in_begin(lane->connection, text_string(&sql), error);
    text_free(&sql);
    return begun;
}

/* Workers of a sort write all that they sort to files, which costs more than it gains as long as
 * there is something else to do for the other cores. A single connection leaves them idle. */
static long workers(const struct load_lanes *lanes, const struct load_item *item)
{
    double of_others = (double)(lanes->count - 1) * ALONE_AFTER;
    bool alone = lanes->count == 1 || load_queue_others(lanes->setting->queue, item) <= of_others;
    return alone || item->parallel ? lanes->cores_most : 0;
}

static bool begin_build(const struct load_lanes *lanes, struct lane *lane, struct error *error)
{
    const struct toc_entry *entry = lane->item->entry;
    struct text sql = {0};
    long helpers = workers(lanes, lane->item);
    text_printf(&sql,
                "SET max_parallel_maintenance_workers = %ld; SET maintenance_work_mem = '%ldMB'; "
                "SET default_tablespace = ",
                helpers, load_memory(lane->item, lanes->memory_most, helpers));
    bool begun = true;
    if (*entry->tablespace)
        begun = pg_add_identifier(lane->connection, &sql, entry->tablespace, error);
    else
        text_add(&sql, "''");
    text_add(&sql, "; ");
    if (lane->item->foreign_key && lane->item->bytes > KEY_SMALL)
        load_foreign_key_add(&sql, entry->definition);
    else
        text_add(&sql, entry->definition);
    begun = begun && pg_copy_in_begin(lane->connection, text_string(&sql), error);
    text_free(&sql);
    return begun;
}

static bool begin(struct load_lanes *lanes, struct lane *lane, struct load_item *item,
                  struct error *error)
{
    lane->item = item;
    lane->state = COPY_IN_WORKING;
    lane->ending = lane->starved = false;
    lane->unsent = true;
    lane->rows = 0;
    bool begun =
        item->kind == LOAD_ROWS ? begin_rows(lanes, lane, error) : begin_build(lanes, lane, error);
    return begun || error_wrap(error, "loading %s %s", item->entry->kind, item->entry->name);
}

static void finish(struct load_lanes *lanes, struct lane *lane)
{
    if (lane->file >= 0)
        close(lane->file);
    lane->file = -1;
    lane->item->rows = lane->rows;
    load_queue_finished(lanes->setting->queue, lane->item);
    lane->item = NULL;
}

/* Hands over what the file has, until the server is behind. */
static bool feed(struct load_lanes *lanes, struct lane *lane, struct error *error)
{
    for (int i = 0; i < PIECES_MOST && !lane->unsent; i++) {
        bool whole = lane->item->dumped; /* before it is read: then its end is the end */
        ssize_t got = read(lane->file, lanes->piece, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(error, "can't read %s", lane->item->entry->file);
        lane->starved = got == 0;
        if (got == 0) {
            lane->ending = whole;
            return !whole || (pg_copy_in_end(lane->connection, error) &&
                              pg_copy_in_send(lane->connection, &lane->unsent, error));
        }
        if (!pg_copy_in_put(lane->connection, lanes->piece, (size_t)got, error) ||
            !pg_copy_in_send(lane->connection, &lane->unsent, error))
            return false;
    }
    return true;
}

static bool go_on(struct load_lanes *lanes, struct lane *lane, struct error *error)
{
    if (!pg_copy_in_send(lane->connection, &lane->unsent, error))
        return false;
    if (lane->state == COPY_IN_WORKING || lane->ending) {
        if (lane->unsent || !pg_copy_in_look(lane->connection, &lane->state, &lane->rows, error))
            return lane->unsent;
        if (lane->state == COPY_IN_ENDED)
            finish(lanes, lane);
    }
    if (!lane->item || lane->state != COPY_IN_WANTED || lane->ending)
        return true;
    return lane->item->kind == LOAD_ROWS
               ? feed(lanes, lane, error)
               : error_set(error, ERROR_OTHER, "a statement of the dump asks for rows");
}

static struct lane *idle_lane(const struct load_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (!lanes->items[i].item)
            return &lanes->items[i];
    return NULL;
}

/* A file that pg_dump has begun, whose rows nobody has begun to load. */
static struct load_item *find_begun(struct load_lanes *lanes)
{
    struct load_item *item = NULL;
    if (clock_monotonic_ms() - lanes->looked_ms < LOOK_MS)
        return NULL;
    lanes->looked_ms = clock_monotonic_ms();
    DIR *directory = opendir(lanes->setting->directory);
    const struct dirent *entry;
    while (directory && !item && (entry = readdir(directory))) {
        char *end = NULL;
        long id = strtol(entry->d_name, &end, 10);
        if (text_equal(end, ".dat") && id > 0 && id <= 0x7fffffff)
            item = load_queue_follow(lanes->setting->queue, (int)id);
    }
    if (directory)
        closedir(directory);
    if (item)
        lanes->looked_ms = 0; /* there may be one for the next lane, too */
    return item;
}

static struct load_item *next_item(struct load_lanes *lanes)
{
    struct load_item *item = load_queue_next(lanes->setting->queue);
    while (item && item->kind == LOAD_ROWS && item->bytes <= EMPTY) {
        load_queue_finished(lanes->setting->queue, item);
        item = load_queue_next(lanes->setting->queue);
    }
    return item ? item : find_begun(lanes);
}

static bool begin_all(struct load_lanes *lanes, struct error *error)
{
    struct lane *lane;
    struct load_item *item;
    while ((lane = idle_lane(lanes)) && (item = next_item(lanes)))
        if (!begin(lanes, lane, item, error))
            return false;
    return true;
}

bool load_lanes_idle(const struct load_lanes *lanes)
{
    for (size_t i = 0; i < lanes->count; i++)
        if (lanes->items[i].item)
            return false;
    return true;
}

/* Rows wait for room to be sent, or for the file to grow; all else for an answer. */
static short awaited(const struct lane *lane)
{
    bool feeding = lane->state == COPY_IN_WANTED && !lane->ending && !lane->starved;
    return (short)(POLLIN | (lane->unsent || feeding ? POLLOUT : 0));
}

bool load_lanes_turn(struct load_lanes *lanes, int file, int timeout_ms, struct error *error)
{
    nfds_t count = 0;
    bool begun = begin_all(lanes, error);
    for (size_t i = 0; i < lanes->count; i++) {
        struct lane *lane = &lanes->items[i];
        bool waits = lane->item && lane->starved && !lane->ending;
        if (waits && timeout_ms > FOLLOW_MS)
            timeout_ms = FOLLOW_MS;
        /* What the server says while the file grows is heard with the next rows. */
        if (lane->item && !waits)
            lanes->polled[count++] =
                (struct pollfd){.fd = pg_socket(lane->connection), .events = awaited(lane)};
        else if (!lane->item && timeout_ms > LOOK_MS)
            timeout_ms = LOOK_MS;
    }
    lanes->polled[count++] = (struct pollfd){.fd = file, .events = POLLIN};
    if (!begun)
        return false;
    if (poll(lanes->polled, count, timeout_ms) < 0 && errno != EINTR)
        return error_errno(error, "waiting for the new server");
    for (size_t i = 0; i < lanes->count; i++) {
        struct lane *lane = &lanes->items[i];
        if (lane->item && !go_on(lanes, lane, error))
            return lane->item ? error_wrap(error, "loading %s %s", lane->item->entry->kind,
                                           lane->item->entry->name)
                              : false;
    }
    return true;
}
