/* pg_survey.h: what a server holds (version, databases, extensions, tables), as the inventory, the
 * backup and the comparison need it. */
#ifndef STEPS_COMPARE_PG_SURVEY_H
#define STEPS_COMPARE_PG_SURVEY_H

#include "postgres/catalog.h"
#include "steps/compare/pg_rows.h"
#include "steps/server/server.h"
#include "steps/step.h"

struct survey_tables {
    const char *database; /* the list of databases' own */
    struct pg_table_list tables;
};

struct survey {
    cJSON *server; /* the fact "server.NAME": {version, version_num, encoding, collation,
                      extensions: {database: {extension: version}}, databases: {database: bytes},
                      vectors: {database: number of vector columns}} */
    struct pg_database_list databases;
    struct survey_tables *tables; /* of each database that can be connected to */
    size_t count;
};

/* Free in any case. */
bool survey_read(const struct server_access *access, struct survey *survey, struct error *error);
void survey_free(struct survey *survey);
size_t survey_table_count(const struct survey *survey);

/* Evidence: version, each database with its size, extensions. */
void survey_checks(struct step_run *run, const struct survey *survey);

/* The fact "server.NAME" of an earlier step, or NULL. */
const cJSON *survey_known(const struct step_run *run, const char *server);
/* Records `server` (a copy of it) as the fact "server.NAME". */
void survey_record(struct step_run *run, const char *name, const cJSON *server);

/* The parts: the fact without what is in the databases, and the list of them; then one database's.
 */
bool survey_server(const struct server_access *access, cJSON **server,
                   struct pg_database_list *databases, struct error *error);
bool survey_note_database(cJSON *server, const struct pg_database_entry *database,
                          struct pg_connection *connection, struct error *error);

/* Reports each count as it comes; the context of a table_counted. */
struct survey_progress {
    struct step_run *run;
    enum rows_column column;
    const char *database;
    bool silent; /* no progress: something else reports it */
    size_t done, total;
    struct row_counts *counts; /* or NULL */
};
void survey_counted(void *context, const struct pg_table *table);

#endif
