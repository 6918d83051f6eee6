/* written_tables.c: the live server measured and held against the proven copy. */
#include "steps/drift/written_tables.h"

#include "steps/compare/pg_measure.h"
#include "steps/drift/drifted_tables.h"
#include "steps/drift/written_base.h"

#include <stdlib.h>
#include <string.h>

/* One database's session, and what it says of its tables. */
struct session {
    const struct server_access *access;
    struct pg_connection *connection; /* of the database looked at last */
    struct table_counters_list writes;
    struct write_position position;
    struct written_base base;
};

static void close_session(struct session *session)
{
    table_counters_free(&session->writes);
    pg_close(session->connection);
    session->connection = NULL;
}

static bool open_session(struct session *session, const char *database, struct error *error)
{
    if (session->connection && text_equal(pg_database(session->connection), database))
        return true;
    close_session(session);
    session->connection = server_open_database(session->access, database, error);
    return session->connection &&
           write_position_read(session->connection, &session->position, error) &&
           table_counters_read(session->connection, &session->writes, error);
}

static const struct table_counters *writes_of(const struct session *session,
                                              const struct written_table *table)
{
    for (size_t i = 0; i < session->writes.count; i++)
        if (!strcmp(session->writes.items[i].schema, table->schema) &&
            !strcmp(session->writes.items[i].name, table->name))
            return &session->writes.items[i];
    return NULL;
}

static bool count_table(struct session *session, struct written_table *table, long long before,
                        long long now, struct error *error)
{
    struct table_counters difference;
    long long written = -1, deleted = -1;
    if (!open_session(session, table->database, error))
        return false;
    const char *xid = written_base_xid(&session->base, &session->position);
    if (xid && !rows_written_since(session->connection, table->schema, table->name,
                                   table->condition, xid, &written, error))
        return false;
    const struct table_counters *writes = writes_of(session, table);
    if (writes && written_base_difference(&session->base, &session->position, table->database,
                                          session->writes.reset, writes, &difference))
        deleted = difference.deleted;
    written_estimate(before, now, written, deleted, table);
    return true;
}

static void found(void *context, enum row_change change, const struct row_count *before,
                  const struct row_count *now)
{
    struct written_tables *written = context;
    const struct row_count *named = now ? now : before;
    if (change == ROW_EQUAL || !named || named->kind == TABLE_MATERIALISED)
        return;
    if (written->count == written->capacity) {
        written->capacity = written->capacity ? 2 * written->capacity : 16;
        written->items = xrealloc(written->items, written->capacity * sizeof *written->items);
    }
    written->items[written->count++] = (struct written_table){
        .database = named->database,
        .schema = named->schema,
        .name = named->table,
        .inserted = now ? now->rows : 0,
        .deleted = before ? before->rows : 0,
        .exact = !before,
        .gone = !now,
    };
}

static bool count_tables_written(struct written_tables *written, struct session *session,
                                 struct error *error)
{
    written->exact = true;
    for (size_t i = 0; i < written->count; i++) {
        struct written_table *table = &written->items[i];
        const struct pg_table *now =
            drifted_tables_in(&written->survey, table->database, table->schema, table->name);
        table->condition = now ? now->condition : NULL;
        if (!table->gone && !table->exact &&
            !count_table(session, table, table->deleted, table->inserted, error))
            return false;
        written->inserted += table->inserted;
        written->updated += table->updated;
        written->deleted += table->deleted;
        written->exact = written->exact && table->exact;
    }
    return true;
}

static bool nothing_proven(struct error *error)
{
    error_set(error, ERROR_OTHER, "no copy was proven, so nobody knows what was written since");
    return error_remedy(error, "A step pg.compare or pg.drift has to come before the switch.");
}

bool written_tables_read(struct step_run *run, const struct server_access *access,
                         struct written_tables *written, struct error *error)
{
    struct session session = {.access = access};
    *written = (struct written_tables){0};
    const struct measure server = {access, &written->survey, ROWS_COLUMNS, &written->now};
    row_counts_known(run, ROWS_NEW, &written->proven);
    if (!written->proven.count)
        return nothing_proven(error);
    if (!survey_read(access, &written->survey, error))
        return false;
    bool read = measure_tables(run, &server, 1, true, error) &&
                written_base_load(run, &session.base, error);
    if (read) {
        row_counts_compare(&written->proven, &written->now, found, written);
        read = count_tables_written(written, &session, error);
    }
    close_session(&session);
    written_base_free(&session.base);
    return read;
}

void written_tables_free(struct written_tables *written)
{
    free(written->items);
    row_counts_free(&written->proven);
    row_counts_free(&written->now);
    survey_free(&written->survey);
    *written = (struct written_tables){0};
}
