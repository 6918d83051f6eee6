/* written_base.c: counters of all tables, in a file of the run's directory. */
#include "steps/drift/written_base.h"

#include "base/file.h"
#include "base/json.h"
#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

#define NAME "written-base.json"
#define BYTES_MAX ((size_t)256 << 20)

/* A length before the schema: "a.b"."c" and "a"."b.c" are two tables. */
static char *key_of(const struct table_counters *table)
{
    return xprintf("%zu %s.%s", strlen(table->schema), table->schema, table->name);
}

static cJSON *numbers_of(const struct table_counters *table)
{
    const double numbers[] = {(double)table->inserted, (double)table->updated,
                              (double)table->deleted};
    return cJSON_CreateDoubleArray(numbers, 3);
}

static bool add_database(cJSON *databases, const struct server_access *access, const char *name,
                         struct error *error)
{
    struct table_counters_list list = {0};
    struct pg_connection *connection = server_open_database(access, name, error);
    bool read = connection && table_counters_read(connection, &list, error);
    cJSON *database = cJSON_AddObjectToObject(databases, name);
    cJSON_AddStringToObject(database, "reset", list.reset);
    cJSON *tables = cJSON_AddObjectToObject(database, "tables");
    for (size_t i = 0; i < list.count; i++) {
        char *key = key_of(&list.items[i]);
        cJSON_AddItemToObject(tables, key, numbers_of(&list.items[i]));
        free(key);
    }
    table_counters_free(&list);
    pg_close(connection);
    return read || error_wrap(error, "database \"%s\"", name);
}

static bool read_base(const struct server_access *access, cJSON *tree, struct error *error)
{
    struct write_position position;
    struct pg_database_list list = {0};
    struct pg_connection *connection = server_open(access, error);
    bool read = connection && write_position_read(connection, &position, error) &&
                catalog_databases(connection, &list, error);
    pg_close(connection);
    if (read) {
        cJSON_AddStringToObject(tree, "system", position.system);
        cJSON_AddStringToObject(tree, "xid", position.xid);
    }
    cJSON *databases = cJSON_AddObjectToObject(tree, "databases");
    for (size_t i = 0; read && i < list.count; i++)
        if (list.items[i].connectable)
            read = add_database(databases, access, list.items[i].name, error);
    pg_database_list_free(&list);
    return read;
}

bool written_base_store(const struct step_run *run, const struct server_access *access,
                        struct error *error)
{
    if (run->planning)
        return true;
    cJSON *tree = cJSON_CreateObject();
    struct text text = {0};
    bool stored = read_base(access, tree, error);
    if (stored) {
        char *printed = cJSON_PrintUnformatted(tree), *path = file_join(run->directory, NAME);
        text_add(&text, printed);
        cJSON_free(printed);
        stored = file_write_atomic(path, text_string(&text), text.length, 0600, error);
        free(path);
    }
    text_free(&text);
    cJSON_Delete(tree);
    return stored || error_wrap(error, "recording where the new server stands");
}

bool written_base_load(const struct step_run *run, struct written_base *base, struct error *error)
{
    struct text text = {0};
    char *path = file_join(run->directory, NAME);
    *base = (struct written_base){0};
    bool there = file_exists(path), read = !there || file_read(path, BYTES_MAX, &text, error);
    if (read && there) {
        base->tree = cJSON_Parse(text_string(&text));
        read = base->tree || error_set(error, ERROR_OTHER, "%s isn't what was written there", path);
    }
    text_free(&text);
    free(path);
    return read;
}

void written_base_free(struct written_base *base)
{
    cJSON_Delete(base->tree);
    base->tree = NULL;
}

const char *written_base_xid(const struct written_base *base, const struct write_position *now)
{
    return text_equal(json_text(base->tree, "system"), now->system) ? json_text(base->tree, "xid")
                                                                    : NULL;
}

static long long number_at(const cJSON *numbers, int index)
{
    const cJSON *number = cJSON_GetArrayItem(numbers, index);
    return number ? (long long)number->valuedouble : 0;
}

bool written_base_difference(const struct written_base *base, const struct write_position *position,
                             const char *database, const char *reset,
                             const struct table_counters *now, struct table_counters *difference)
{
    const cJSON *databases = cJSON_GetObjectItemCaseSensitive(base->tree, "databases");
    const cJSON *stored = cJSON_GetObjectItemCaseSensitive(databases, database);
    *difference = (struct table_counters){0};
    if (!stored || !written_base_xid(base, position) ||
        !text_equal(json_text(stored, "reset"), reset))
        return false;
    char *key = key_of(now);
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(stored, "tables");
    const cJSON *numbers = cJSON_GetObjectItemCaseSensitive(tables, key);
    free(key);
    difference->inserted = now->inserted - number_at(numbers, 0);
    difference->updated = now->updated - number_at(numbers, 1);
    difference->deleted = now->deleted - number_at(numbers, 2);
    return difference->inserted >= 0 && difference->updated >= 0 && difference->deleted >= 0;
}
