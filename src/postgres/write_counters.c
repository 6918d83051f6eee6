/* write_counters.c: two readings of the statistics, sorted and walked over in step. */
#include "postgres/write_counters.h"

#include "base/json.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void write_counters_add_database(struct write_counters *counters, const char *name,
                                 const char *reset, long long commits)
{
    size_t size = (counters->database_count + 1) * sizeof *counters->databases;
    counters->databases = xrealloc(counters->databases, size);
    struct database_writes *database = &counters->databases[counters->database_count++];
    *database = (struct database_writes){.name = xstrdup(name), .commits = commits};
    text_copy(database->reset, sizeof database->reset, reset);
}

void write_counters_add(struct write_counters *counters, const char *database, const char *schema,
                        const char *table, const long long rows[3])
{
    if (counters->count == counters->capacity) {
        counters->capacity = counters->capacity ? 2 * counters->capacity : 64;
        counters->tables =
            xrealloc(counters->tables, counters->capacity * sizeof *counters->tables);
    }
    counters->tables[counters->count++] = (struct table_writes){.database = xstrdup(database),
                                                                .schema = xstrdup(schema),
                                                                .table = xstrdup(table),
                                                                .inserted = rows[0],
                                                                .updated = rows[1],
                                                                .deleted = rows[2]};
}

void write_counters_free(struct write_counters *counters)
{
    for (size_t i = 0; i < counters->database_count; i++)
        free(counters->databases[i].name);
    for (size_t i = 0; i < counters->count; i++) {
        free(counters->tables[i].database);
        free(counters->tables[i].schema);
        free(counters->tables[i].table);
    }
    free(counters->databases);
    free(counters->tables);
    *counters = (struct write_counters){0};
}

static cJSON *table_json(const struct table_writes *table)
{
    cJSON *item = cJSON_CreateArray();
    cJSON_AddItemToArray(item, cJSON_CreateString(table->database));
    cJSON_AddItemToArray(item, cJSON_CreateString(table->schema));
    cJSON_AddItemToArray(item, cJSON_CreateString(table->table));
    cJSON_AddItemToArray(item, cJSON_CreateNumber((double)table->inserted));
    cJSON_AddItemToArray(item, cJSON_CreateNumber((double)table->updated));
    cJSON_AddItemToArray(item, cJSON_CreateNumber((double)table->deleted));
    return item;
}

cJSON *write_counters_json(const struct write_counters *counters)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "system", counters->system);
    cJSON *databases = cJSON_AddArrayToObject(json, "databases");
    for (size_t i = 0; i < counters->database_count; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", counters->databases[i].name);
        cJSON_AddStringToObject(item, "reset", counters->databases[i].reset);
        cJSON_AddNumberToObject(item, "commits", (double)counters->databases[i].commits);
        cJSON_AddItemToArray(databases, item);
    }
    cJSON *tables = cJSON_AddArrayToObject(json, "tables");
    for (size_t i = 0; i < counters->count; i++)
        cJSON_AddItemToArray(tables, table_json(&counters->tables[i]));
    return json;
}

static bool parse_table(const cJSON *item, struct write_counters *counters)
{
    const char *names[3];
    long long rows[3];
    const cJSON *field = item->child;
    for (size_t i = 0; i < 3; i++, field = field->next)
        if (!field || !(names[i] = cJSON_GetStringValue(field)))
            return false;
    for (size_t i = 0; i < 3; i++, field = field->next) {
        if (!cJSON_IsNumber(field))
            return false;
        rows[i] = (long long)field->valuedouble;
    }
    write_counters_add(counters, names[0], names[1], names[2], rows);
    return true;
}

static bool parse_parts(const cJSON *json, struct write_counters *counters)
{
    const char *system = json_text(json, "system");
    const cJSON *item, *databases = cJSON_GetObjectItemCaseSensitive(json, "databases");
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(json, "tables");
    if (!system || !cJSON_IsArray(databases) || !cJSON_IsArray(tables))
        return false;
    text_copy(counters->system, sizeof counters->system, system);
    cJSON_ArrayForEach(item, databases)
    {
        const char *name = json_text(item, "name"), *reset = json_text(item, "reset");
        if (!name || !reset)
            return false;
        write_counters_add_database(counters, name, reset,
                                    (long long)json_number_at(item, "commits"));
    }
    cJSON_ArrayForEach(item, tables) if (!parse_table(item, counters)) return false;
    return true;
}

bool write_counters_parse(const cJSON *json, struct write_counters *counters, struct error *error)
{
    *counters = (struct write_counters){0};
    if (parse_parts(json, counters))
        return true;
    write_counters_free(counters);
    return error_set(error, ERROR_OTHER, "these are no write counters");
}

static int by_name(const void *left, const void *right)
{
    const struct table_writes *a = left, *b = right;
    int order = strcmp(a->database, b->database);
    order = order ? order : strcmp(a->schema, b->schema);
    return order ? order : strcmp(a->table, b->table);
}

static long long changes(const struct table_writes *table)
{
    return table->inserted + table->updated + table->deleted;
}

static int by_changes(const void *left, const void *right)
{
    long long a = changes(left), b = changes(right);
    return a < b ? 1 : a > b ? -1 : by_name(left, right);
}

static void sort(struct write_counters *counters, int (*order)(const void *, const void *))
{
    if (counters->count)
        qsort(counters->tables, counters->count, sizeof *counters->tables, order);
}

static const struct database_writes *find_database(const struct write_counters *counters,
                                                   const char *name)
{
    for (size_t i = 0; i < counters->database_count; i++)
        if (!strcmp(counters->databases[i].name, name))
            return &counters->databases[i];
    return NULL;
}

/* A crash of the server empties the counters without a word: then its commits are fewer, too. */
static bool comparable(const struct write_counters *base, const struct write_counters *now,
                       struct error *error)
{
    if (strcmp(base->system, now->system) != 0)
        return error_set(error, ERROR_OTHER, "it is another server than the backup was taken from");
    for (size_t i = 0; i < now->database_count; i++) {
        const struct database_writes *after = &now->databases[i];
        const struct database_writes *before = find_database(base, after->name);
        if (before &&
            (strcmp(before->reset, after->reset) != 0 || after->commits < before->commits))
            return error_set(error, ERROR_OTHER,
                             "the statistics of database \"%s\" were reset since the backup",
                             after->name);
    }
    return true;
}

static void add_difference(struct write_counters *since, const struct table_writes *now,
                           const struct table_writes *base)
{
    long long rows[] = {now->inserted, now->updated, now->deleted};
    bool anew = base && (now->inserted < base->inserted || now->updated < base->updated ||
                         now->deleted < base->deleted);
    if (base && !anew) {
        rows[0] -= base->inserted;
        rows[1] -= base->updated;
        rows[2] -= base->deleted;
    }
    if (rows[0] || rows[1] || rows[2])
        write_counters_add(since, now->database, now->schema, now->table, rows);
}

bool write_counters_since(struct write_counters *base, struct write_counters *now,
                          struct write_counters *since, struct error *error)
{
    *since = (struct write_counters){0};
    if (!comparable(base, now, error))
        return false;
    text_copy(since->system, sizeof since->system, now->system);
    sort(base, by_name);
    sort(now, by_name);
    size_t before = 0;
    for (size_t i = 0; i < now->count; i++) {
        int order = 1;
        while (before < base->count &&
               (order = by_name(&base->tables[before], &now->tables[i])) < 0)
            before++;
        bool same = before < base->count && order == 0;
        add_difference(since, &now->tables[i], same ? &base->tables[before] : NULL);
    }
    sort(since, by_changes);
    return true;
}
