/* follow.c: opening, and rounds: log, blocks, rows, copy. */
#include "steps/follow/follow_parts.h"

#include "base/clock.h"
#include "postgres/standstill.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PATIENCE_MS 60000 /* for transactions that are under way when it's opened */
#define PATIENCE_MS 200         /* in each round */

/* ---- opening ---- */

static bool too_old(struct error *error)
{
    error_set(error, ERROR_OTHER,
              "a transaction that has written something has been under way for "
              "more than %d s",
              FIRST_PATIENCE_MS / 1000);
    return error_remedy(error, "Look into pg_stat_activity, ORDER BY xact_start; end it, or wait "
                               "for it, and try again.");
}

static bool first_snapshot(struct follow *follow, struct error *error)
{
    uint64_t xmin = 0, start;
    return follow_mark(follow, FIRST_PATIENCE_MS, error) &&
           follow_snapshots_take(follow, &xmin, error) &&
           (wal_marks_start(&follow->marks, xmin, &start) || too_old(error)) &&
           follow_schema_read(follow, error) && follow_objects_check(follow, error) &&
           follow_side_by_side(follow, follow_tables_read, error) && follow_equal(follow, error) &&
           follow_snapshots_keep(follow, xmin, error);
}

static bool open_follow(struct follow *follow, const char *source, const char *copy,
                        struct error *error)
{
    if (!follow_sessions_open(follow, source, copy, error))
        return false;
    follow->log = follow_log_open(&follow->source, follow->main, error);
    return follow->log && first_snapshot(follow, error);
}

bool follow_open(struct step_run *run, const char *source, const char *copy, struct follow **follow,
                 struct error *error)
{
    *follow = xcalloc(1, sizeof **follow);
    (*follow)->run = run;
    if (open_follow(*follow, source, copy, error))
        return true;
    follow_close(*follow);
    *follow = NULL;
    return error_wrap(error, "following server \"%s\"", source);
}

void follow_close(struct follow *follow)
{
    if (!follow)
        return;
    follow_log_close(follow->log);
    follow_sessions_close(follow);
    objects_free(&follow->cluster);
    free(follow);
}

struct pg_connection *follow_source(struct follow *follow)
{
    return follow->main;
}

/* ---- what the log says ---- */

static void begin_round(struct follow_database *database, bool final)
{
    database->everything = database->common_touched = database->schema_touched = false;
    database->large_objects_touched = database->began = database->catalogs_moved = false;
    database->sequences_farther = false;
    database->final = final;
    database->changed = 0;
    database->removed = database->copied = 0;
    text_list_free(&database->remarks);
    for (size_t i = 0; i < database->count; i++)
        database->tables[i].touched = (struct touched_file){0};
}

static void note_file(struct follow_database *database, const struct storage_file *file,
                      const struct touched_file *touched)
{
    struct follow_table *table = follow_table_find(database, file->schema, file->name);
    database->common_touched = database->common_touched || file->kind == STORAGE_COMMON;
    database->schema_touched = database->schema_touched || file->kind == STORAGE_SCHEMA;
    database->large_objects_touched =
        database->large_objects_touched || file->kind == STORAGE_LARGE_OBJECT;
    if (table && (file->kind == STORAGE_TABLE || file->kind == STORAGE_VIEW))
        table->touched = *touched;
}

static bool template_written(const struct storage_file *file, struct error *error)
{
    error_set(error, ERROR_OTHER, "a template database was changed (%s.%s)", file->schema,
              file->name);
    return error_remedy(error, "Templates aren't followed: begin again with a new backup.");
}

/* Which database a file is of. *cluster: it's shared by all of them. */
static bool note_touched(struct follow *follow, const struct touched_file *touched, bool *cluster,
                         struct error *error)
{
    const struct wal_block *block = touched->blocks;
    for (size_t i = 0; i < follow->template_count; i++) {
        const struct storage_file *file = block->database
                                              ? storage_find(&follow->templates[i], block->database,
                                                             block->tablespace, block->file)
                                              : NULL;
        if (file)
            return template_written(file, error);
    }
    for (size_t i = 0; i < follow->count; i++) {
        const struct storage_file *file = storage_find(
            &follow->databases[i].storage, block->database, block->tablespace, block->file);
        if (file && block->database)
            note_file(&follow->databases[i], file, touched);
        *cluster = *cluster || (file && !block->database);
    }
    return true;
}

static bool sort_out(struct follow *follow, const struct touched_blocks *blocks,
                     struct error *error)
{
    bool cluster = false;
    for (size_t i = 0; i < blocks->count;) {
        struct touched_file touched = touched_file_at(blocks, i);
        if (!note_touched(follow, &touched, &cluster, error))
            return false;
        i += touched.count;
    }
    for (size_t i = 0; i < follow->count; i++) {
        struct follow_database *database = &follow->databases[i];
        cluster = cluster || database->catalogs_moved;
        database->large_objects_touched =
            database->large_objects_touched || database->catalogs_moved;
    }
    return !cluster || follow_schema_check_cluster(follow, error);
}

/* The reader is made anew once; a log that is gone stays gone. */
static bool read_again(struct follow *follow, uint64_t end, struct touched_blocks *blocks,
                       struct error *error)
{
    touched_blocks_free(blocks);
    follow_log_close(follow->log);
    follow->log = follow_log_open(&follow->source, follow->main, error);
    return follow->log && follow_log_read(follow->log, follow->start, end, blocks, error);
}

static bool read_log(struct follow *follow, uint64_t end, struct touched_blocks *blocks,
                     struct error *error)
{
    struct error first = ERROR_INIT;
    if (follow->log && follow_log_read(follow->log, follow->start, end, blocks, &first))
        return true;
    step_log(follow->run, "%s", follow->log ? first.message : "the reader of the log is gone");
    return read_again(follow, end, blocks, error);
}

/* Without the log every table is compared; while clients can't write that would take too long. */
static bool find_touched(struct follow *follow, uint64_t end, bool final,
                         struct touched_blocks *blocks, struct error *error)
{
    bool read = read_log(follow, end, blocks, error);
    if (read && !blocks->overflow)
        return sort_out(follow, blocks, error);
    if (final)
        return read ? error_set(error, ERROR_OTHER, "too much was written since the last round")
                    : false;
    step_log(follow->run, "every table is compared as a whole this time: %s",
             read ? "too much was written" : error->message);
    for (size_t i = 0; i < follow->count; i++)
        follow->databases[i].everything = true;
    return follow_schema_check_cluster(follow, error);
}

/* ---- a round ---- */

static bool commit(struct follow_database *database, struct error *error)
{
    return !database->began || pg_execute(database->copy, "COMMIT", error);
}

static void sum_up(struct follow *follow, struct follow_round *round)
{
    for (size_t i = 0; i < follow->count; i++) {
        const struct follow_database *database = &follow->databases[i];
        round->removed += database->removed;
        round->copied += database->copied;
        round->tables += database->changed;
        for (size_t j = 0; j < database->remarks.count; j++)
            step_log(follow->run, "%s", database->remarks.items[j]);
    }
    round->position = follow->position;
}

static bool take_snapshots(struct follow *follow, bool final, uint64_t *xmin, uint64_t *end,
                           struct error *error)
{
    return final ? follow_snapshots_take_last(follow, xmin, end, error)
                 : follow_mark(follow, PATIENCE_MS, error) &&
                       follow_snapshots_take_next(follow, xmin, end, error);
}

static bool run_round(struct follow *follow, bool final, struct follow_round *round,
                      struct error *error)
{
    uint64_t end = 0, xmin = 0;
    struct touched_blocks blocks = {0};
    for (size_t i = 0; i < follow->count; i++)
        begin_round(&follow->databases[i], final);
    bool done = take_snapshots(follow, final, &xmin, &end, error) &&
                find_touched(follow, end, final, &blocks, error) &&
                follow_side_by_side(follow, follow_apply, error) &&
                follow_side_by_side(follow, commit, error) &&
                (!final || follow_side_by_side(follow, follow_sequences_back, error));
    round->log = end > follow->start ? end - follow->start : 0;
    done = done && follow_snapshots_keep(follow, xmin, error);
    touched_blocks_free(&blocks);
    return done;
}

static bool is_broken(struct error *error)
{
    return error_set(error, ERROR_OTHER, "an earlier round failed: following has to begin anew");
}

static bool round_of(struct follow *follow, bool final, struct follow_round *round,
                     struct error *error)
{
    int64_t began = clock_monotonic_ms();
    *round = (struct follow_round){0};
    if (follow->broken)
        return is_broken(error);
    follow->broken = !run_round(follow, final, round, error);
    if (follow->broken)
        return error_wrap(error, "bringing over what was written on server \"%s\"",
                          follow->source.name);
    sum_up(follow, round);
    round->took_ms = (long)(clock_monotonic_ms() - began);
    return true;
}

bool follow_catch_up(struct follow *follow, struct follow_round *round, struct error *error)
{
    return round_of(follow, false, round, error);
}

bool follow_finish(struct follow *follow, struct follow_round *round, struct error *error)
{
    return round_of(follow, true, round, error);
}

bool follow_is_unmoved(struct follow *follow, bool *unmoved, struct error *error)
{
    struct write_position now;
    bool read = write_position_read(follow->main, &now, error);
    *unmoved = read && standstill_same_transactions(&follow->position, &now);
    return read;
}
