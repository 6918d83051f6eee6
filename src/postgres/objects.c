/* objects.c: reading a server's objects, query by query, in a transaction that leaves no trace. */
#include "postgres/objects.h"

#include "base/file.h"
#include "postgres/objects_list.h"
#include "postgres/objects_queries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PG_BOOLEAN 16 /* pg_type's oid of boolean, which never changes */
#define SEQUENCES_AT_ONCE 128

static const struct objects_query *const tables[] = {
    objects_cluster_queries,     objects_relation_queries, objects_column_queries,
    objects_routine_queries,     objects_type_queries,     objects_search_queries,
    objects_foreign_queries,     objects_remark_queries,   objects_grant_queries,
    objects_publication_queries,
};
#define TABLES (sizeof tables / sizeof tables[0])

/* What the server prints must not depend on the settings of the role or the database. */
static const char settings[] =
    "SET LOCAL search_path = pg_catalog; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; "
    "SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL quote_all_identifiers = off; "
    "SET LOCAL lc_monetary = 'C'; SET LOCAL lc_numeric = 'C'; SET LOCAL lc_time = 'C'; "
    "SET LOCAL lock_timeout = '60s'"; /* views' definitions lock what they are of */

const char *objects_known_kind(const char *kind)
{
    if (!strcmp(kind, SEQUENCE_VALUE))
        return SEQUENCE_VALUE;
    for (size_t i = 0; i < TABLES; i++)
        for (const struct objects_query *query = tables[i]; query->kind; query++)
            if (!strcmp(query->kind, kind))
                return query->kind;
    return NULL;
}

bool objects_kind_secret(const char *kind)
{
    for (size_t i = 0; i < TABLES; i++)
        for (const struct objects_query *query = tables[i]; query->kind; query++)
            if (!strcmp(query->kind, kind))
                return query->part == OBJECTS_CLUSTER_SECRETS ||
                       query->part == OBJECTS_DATABASE_SECRETS;
    return false;
}

bool objects_key_make(struct objects_key *key, struct error *error)
{
    ssize_t got;
    do
        got = getrandom(key->bytes, sizeof key->bytes, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof key->bytes || error_errno(error, "no random numbers");
}

static void add_digest(struct text *fields, const struct objects_key *key, const char *value)
{
    char hex[SHA256_HEX_SIZE];
    struct sha256 *hash = sha256_new();
    sha256_update(hash, key->bytes, sizeof key->bytes);
    sha256_update(hash, value, strlen(value));
    sha256_finish(hash, hex);
    text_add(fields, hex);
}

static void add_value(struct text *fields, const PGresult *result, int row, int column)
{
    const char *value = pg_field(result, row, column);
    if (PQftype(result, column) == PG_BOOLEAN)
        text_add(fields, value[0] == 't' ? "yes" : "no");
    else
        objects_escape(fields, value);
}

static void take_row(struct pg_object_list *list, const struct objects_query *query,
                     const struct objects_key *key, const PGresult *result, int row)
{
    struct text fields = {0};
    for (int column = 1; column < PQnfields(result); column++) {
        if (PQgetisnull(result, row, column))
            continue;
        text_printf(&fields, "%s=", PQfname(result, column));
        if (key)
            add_digest(&fields, key, pg_field(result, row, column));
        else
            add_value(&fields, result, row, column);
        text_add(&fields, "\t");
    }
    objects_add(list, query->kind, pg_field(result, row, 0), text_string(&fields));
    text_free(&fields);
}

static bool run_query(struct pg_connection *connection, const struct objects_query *query,
                      const struct objects_key *key, struct pg_object_list *list,
                      struct error *error)
{
    PGresult *result = pg_query(connection, query->sql, 0, NULL, error);
    if (!result)
        return error_wrap(error, "reading objects of the kind %s", query->kind);
    for (int row = 0; row < PQntuples(result); row++)
        take_row(list, query, key, result, row);
    PQclear(result);
    return true;
}

static bool applies(const struct objects_query *query, enum objects_part part, int version)
{
    return query->part == part && version >= query->from &&
           (!query->until || version < query->until);
}

/* In a transaction of the caller's the savepoint is taken back: settings and locks go with it. */
struct visit {
    bool own;
};

static bool visit_begin(struct pg_connection *connection, struct visit *visit, struct error *error)
{
    visit->own = !pg_in_transaction(connection);
    return pg_execute(connection,
                      visit->own ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                 : "SAVEPOINT objects",
                      error) &&
           pg_execute(connection, settings, error);
}

/* After a failure the caller's transaction is broken anyway, and what failed is what is told. */
static bool visit_end(struct pg_connection *connection, const struct visit *visit, bool done,
                      struct error *error)
{
    struct error ignored = ERROR_INIT;
    return pg_execute(connection,
                      visit->own ? "ROLLBACK"
                                 : "ROLLBACK TO SAVEPOINT objects; RELEASE SAVEPOINT objects",
                      done ? error : &ignored) &&
           done;
}

bool objects_read(struct pg_connection *connection, enum objects_part part,
                  const struct objects_key *key, struct pg_object_list *list, struct error *error)
{
    struct visit visit;
    bool secret = part == OBJECTS_CLUSTER_SECRETS || part == OBJECTS_DATABASE_SECRETS;
    int version = pg_version(connection);
    bool done = visit_begin(connection, &visit, error);
    for (size_t i = 0; done && i < TABLES; i++)
        for (const struct objects_query *query = tables[i]; done && query->kind; query++)
            if (applies(query, part, version))
                done = run_query(connection, query, secret ? key : NULL, list, error);
    return visit_end(connection, &visit, done, error);
}

static const char list_sequences[] =
    "SELECT c.oid::regclass, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle FROM pg_sequence s "
    "JOIN pg_class c ON c.oid = s.seqrelid WHERE c.relpersistence <> 't' "
    "AND " OBJECTS_OWN("pg_class", "c.oid") " ORDER BY c.oid";

static void take_value(struct pg_object_list *list, const PGresult *sequences, int sequence,
                       const PGresult *values, int row)
{
    char *fields =
        xprintf("last value=%s\tused=%s\tincrement=%s\tminimum=%s\tmaximum=%s\tcycle=%s\t",
                pg_field(values, row, 1), pg_true(values, row, 2) ? "yes" : "no",
                pg_field(sequences, sequence, 1), pg_field(sequences, sequence, 2),
                pg_field(sequences, sequence, 3), pg_true(sequences, sequence, 4) ? "yes" : "no");
    objects_add(list, SEQUENCE_VALUE, pg_field(sequences, sequence, 0), fields);
    free(fields);
}

/* The names come quoted out of regclass. */
static bool read_values(struct pg_connection *connection, const PGresult *sequences, int first,
                        struct pg_object_list *list, struct error *error)
{
    struct text sql = {0};
    for (int i = first; i < first + SEQUENCES_AT_ONCE && i < PQntuples(sequences); i++)
        text_printf(&sql, "%sSELECT %d, last_value, is_called FROM %s",
                    i > first ? " UNION ALL " : "", i, pg_field(sequences, i, 0));
    PGresult *values = pg_query(connection, text_string(&sql), 0, NULL, error);
    text_free(&sql);
    for (int row = 0; values && row < PQntuples(values); row++) {
        long long sequence = pg_number(values, row, 0);
        if (sequence >= first && sequence < PQntuples(sequences))
            take_value(list, sequences, (int)sequence, values, row);
    }
    PQclear(values);
    return values != NULL;
}

bool objects_read_sequences(struct pg_connection *connection, struct pg_object_list *list,
                            struct error *error)
{
    struct visit visit;
    PGresult *sequences = NULL;
    bool done = visit_begin(connection, &visit, error) &&
                (sequences = pg_query(connection, list_sequences, 0, NULL, error));
    done = visit_end(connection, &visit, done, error);
    /* Each batch lets its locks go: 10,000 sequences would fill the server's lock table. */
    for (int first = 0; done && first < PQntuples(sequences); first += SEQUENCES_AT_ONCE) {
        done = visit_begin(connection, &visit, error) &&
               read_values(connection, sequences, first, list, error);
        done = visit_end(connection, &visit, done, error);
    }
    PQclear(sequences);
    return done || error_wrap(error, "reading the sequences' values");
}
