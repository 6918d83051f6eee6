/* pg_survey.c: what a server holds, read database by database. */
#include "steps/compare/pg_survey.h"

#include "base/json.h"
#include "postgres/vector.h"

#include <stdlib.h>

bool survey_note_database(cJSON *server, const struct pg_database_entry *database,
                          struct pg_connection *connection, struct error *error)
{
    long vectors = 0;
    cJSON *extensions = catalog_extensions(connection, error);
    if (!extensions)
        return false;
    bool counted = !cJSON_HasObjectItem(extensions, "vector") ||
                   vector_column_count(connection, &vectors, error);
    cJSON_AddItemToObject(cJSON_GetObjectItemCaseSensitive(server, "extensions"), database->name,
                          extensions);
    cJSON_AddNumberToObject(cJSON_GetObjectItemCaseSensitive(server, "databases"), database->name,
                            (double)database->bytes);
    cJSON_AddNumberToObject(cJSON_GetObjectItemCaseSensitive(server, "vectors"), database->name,
                            (double)vectors);
    return counted;
}

static bool read_database(const struct server_access *access, struct survey *survey,
                          const struct pg_database_entry *database, struct error *error)
{
    struct pg_connection *connection = server_open_database(access, database->name, error);
    if (!connection)
        return false;
    struct survey_tables *tables = &survey->tables[survey->count++];
    tables->database = database->name;
    bool read =
        catalog_tables(connection, &tables->tables, error) &&
        (database->template || survey_note_database(survey->server, database, connection, error));
    pg_close(connection);
    return read;
}

bool survey_server(const struct server_access *access, cJSON **server,
                   struct pg_database_list *databases, struct error *error)
{
    struct pg_connection *connection = server_open(access, error);
    *server = connection ? catalog_server(connection, error) : NULL;
    bool read = *server && catalog_databases(connection, databases, error);
    pg_close(connection);
    if (*server) {
        cJSON_AddObjectToObject(*server, "databases");
        cJSON_AddObjectToObject(*server, "extensions");
        cJSON_AddObjectToObject(*server, "vectors");
    }
    return read;
}

bool survey_read(const struct server_access *access, struct survey *survey, struct error *error)
{
    *survey = (struct survey){0};
    if (!survey_server(access, &survey->server, &survey->databases, error))
        return false;
    survey->tables = xcalloc(survey->databases.count + 1, sizeof *survey->tables);
    for (size_t i = 0; i < survey->databases.count; i++)
        if (survey->databases.items[i].connectable &&
            !read_database(access, survey, &survey->databases.items[i], error))
            return false;
    return true;
}

void survey_free(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        pg_table_list_free(&survey->tables[i].tables);
    free(survey->tables);
    pg_database_list_free(&survey->databases);
    cJSON_Delete(survey->server);
    *survey = (struct survey){0};
}

size_t survey_table_count(const struct survey *survey)
{
    size_t count = 0;
    for (size_t i = 0; i < survey->count; i++)
        count += survey->tables[i].tables.count;
    return count;
}

void survey_counted(void *context, const struct pg_table *table)
{
    struct survey_progress *progress = context;
    if (progress->column < ROWS_COLUMNS)
        step_rows(progress->run, progress->column, progress->database, table);
    if (progress->counts)
        row_counts_add(progress->counts, progress->database, table);
    progress->done++;
    if (!progress->silent)
        step_progress(progress->run, (double)progress->done, (double)progress->total, "tables",
                      progress->database);
}

static void check_database(struct step_run *run, const struct survey *survey,
                           const struct pg_database_entry *database)
{
    char size[24];
    struct text extensions = {0};
    const cJSON *item, *list = json_at(survey->server, "extensions");
    list = cJSON_GetObjectItemCaseSensitive(list, database->name);
    cJSON_ArrayForEach(item, list)
    {
        text_printf(&extensions, "%s%s %s", extensions.length ? ", " : "", item->string,
                    item->valuestring);
    }
    step_check(run, database->name, VERDICT_PASS, "%s; extensions: %s",
               text_bytes(size, sizeof size, (double)database->bytes), text_string(&extensions));
    text_free(&extensions);
}

void survey_checks(struct step_run *run, const struct survey *survey)
{
    char count[32];
    step_check(run, "version", VERDICT_PASS, "PostgreSQL %s, %s, %s",
               json_text(survey->server, "version"), json_text(survey->server, "encoding"),
               json_text(survey->server, "collation"));
    for (size_t i = 0; i < survey->databases.count; i++) {
        const struct pg_database_entry *database = &survey->databases.items[i];
        if (!database->connectable)
            step_check(run, database->name, VERDICT_WARN,
                       "allows no connections: no dump holds it");
        else if (!database->template)
            check_database(run, survey, database);
    }
    step_check(run, "tables", VERDICT_PASS, "%s",
               text_grouped(count, sizeof count, (long long)survey_table_count(survey)));
}

static char *fact_key(const char *server)
{
    return xprintf("server.%s", server);
}

const cJSON *survey_known(const struct step_run *run, const char *server)
{
    char *key = fact_key(server);
    const cJSON *known = step_known(run, key);
    free(key);
    return known;
}

void survey_record(struct step_run *run, const char *name, const cJSON *server)
{
    char *key = fact_key(name);
    step_fact(run, key, cJSON_Duplicate(server, true));
    free(key);
}
