/* pg_measure.c: a sweep over surveyed servers, with its progress. */
#include "steps/compare/pg_measure.h"

#include "base/clock.h"
#include "postgres/digest.h"

#include <stdlib.h>
#include <string.h>

#define PROGRESS_EVERY_MS 200
#define PAGE_BYTES 8192

struct measuring {
    struct step_run *run;
    int64_t reported_ms;
};

/* Context of a source: for whom it's measured. */
struct destination {
    struct step_run *run;
    const struct measure *server;
};

static void measured(void *context, const struct sweep_source *source, const struct pg_table *table)
{
    const struct destination *destination = context;
    const struct measure *server = destination->server;
    if (server->column < ROWS_COLUMNS)
        step_rows(destination->run, server->column, source->database, table);
    if (server->counts)
        row_counts_add(server->counts, source->database, table);
}

static void report_progress(struct measuring *measuring, const struct sweep *sweep)
{
    double done, all;
    const struct sweep_source *source = NULL;
    const struct pg_table *largest = sweep_largest(sweep, &source);
    int64_t now = clock_monotonic_ms();
    if (largest && now - measuring->reported_ms < PROGRESS_EVERY_MS)
        return;
    measuring->reported_ms = now;
    sweep_progress(sweep, &done, &all);
    char *label =
        largest ? xprintf("%s: %s.%s", source->database, largest->schema, largest->name) : NULL;
    step_progress(measuring->run, done * PAGE_BYTES, all * PAGE_BYTES, "bytes", label);
    free(label);
}

bool measure_sweep(struct step_run *run, const struct sweep_source *sources, size_t count,
                   int connections, table_measured *on_table, struct error *error)
{
    bool done = false, good;
    struct measuring measuring = {.run = run};
    struct sweep *sweep = sweep_start(sources, count, connections, on_table, error);
    for (good = sweep != NULL; good && !done;) {
        report_progress(&measuring, sweep);
        good = sweep_advance(sweep, true, &done, error);
    }
    if (good)
        report_progress(&measuring, sweep);
    sweep_end(sweep);
    return good;
}

static void add_sources(struct sweep_source *sources, size_t *number,
                        struct destination *destination, bool contents)
{
    const struct measure *server = destination->server;
    for (size_t i = 0; i < server->survey->count; i++)
        sources[(*number)++] = (struct sweep_source){.parameters = &server->access->parameters,
                                                     .database = server->survey->tables[i].database,
                                                     .counts_only = !contents,
                                                     .tables = &server->survey->tables[i].tables,
                                                     .context = destination};
}

static void mark_columns(struct step_run *run, const struct measure *servers, size_t count,
                         void (*mark)(struct step_run *run, enum rows_column column))
{
    for (size_t i = 0; i < count; i++)
        if (servers[i].column < ROWS_COLUMNS)
            mark(run, servers[i].column);
}

bool measure_tables(struct step_run *run, const struct measure *servers, size_t count,
                    bool contents, struct error *error)
{
    size_t databases = 0, number = 0;
    struct destination *destinations = xcalloc(count, sizeof *destinations);
    for (size_t i = 0; i < count; i++)
        databases += servers[i].survey->count;
    struct sweep_source *sources = xcalloc(databases + 1, sizeof *sources);
    for (size_t i = 0; i < count; i++) {
        destinations[i] = (struct destination){run, &servers[i]};
        add_sources(sources, &number, &destinations[i], contents);
    }
    mark_columns(run, servers, count, step_rows_begin);
    bool done =
        measure_sweep(run, sources, number, (int)step_integer(run, "connections"), measured, error);
    if (done)
        mark_columns(run, servers, count, step_rows_end);
    free(sources);
    free(destinations);
    return done;
}
