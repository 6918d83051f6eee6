/* follow_tables.c: the tables of a database that is followed, on both servers, and their files. */
#include "steps/follow/follow_parts.h"

#include <stdlib.h>
#include <string.h>

/* One text a table: its columns, whatever their order. */
static const char columns_sql[] =
    "SELECT n.nspname, c.relname, pg_catalog.string_agg(pg_catalog.concat_ws(' ', "
    "pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod), "
    "a.attgenerated), ', ' ORDER BY a.attname COLLATE \"C\") "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped WHERE c.relkind = 'r' AND c.relpersistence <> 't' "
    "AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' "
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e' "
    "AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass) "
    "GROUP BY 1, 2 ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

static int order_names(const char *schema, const char *name, const char *other_schema,
                       const char *other_name)
{
    int order = strcmp(schema, other_schema);
    return order ? order : strcmp(name, other_name);
}

struct follow_table *follow_table_find(const struct follow_database *database, const char *schema,
                                       const char *name)
{
    size_t low = 0, high = database->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct follow_table *table = &database->tables[middle];
        int order = order_names(schema, name, table->table->schema, table->table->name);
        if (order == 0)
            return table;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool only_on(const char *schema, const char *name, const char *where, struct error *error)
{
    error_set(error, ERROR_OTHER, "the table %s.%s is only on the %s", schema, name, where);
    return error_remedy(error, "The schema was changed after the copy was made: rows can be "
                               "followed, tables can't. Begin again with a new backup.");
}

static bool other_columns(const char *schema, const char *name, struct error *error)
{
    error_set(error, ERROR_OTHER, "the columns of %s.%s aren't the same on both servers", schema,
              name);
    return error_remedy(error, "The schema was changed after the copy was made: begin again with a "
                               "new backup.");
}

/* A table of an extension's may be new in its other version, with rows of its own. */
static bool may_lack(const struct pg_table *table)
{
    return table->kind == TABLE_EXTENSION || table->kind == TABLE_MATERIALISED;
}

static bool pair_tables(struct follow_database *database, struct error *error)
{
    struct pg_table_list *ours = &database->source_list, *theirs = &database->copy_list;
    size_t left = 0, right = 0;
    database->tables = xcalloc(ours->count + 1, sizeof *database->tables);
    while (left < ours->count || right < theirs->count) {
        struct pg_table *one = left < ours->count ? &ours->items[left] : NULL;
        struct pg_table *other = right < theirs->count ? &theirs->items[right] : NULL;
        int order = !one     ? 1
                    : !other ? -1
                             : order_names(one->schema, one->name, other->schema, other->name);
        left += order <= 0;
        right += order >= 0;
        if (one && order < 0 && !may_lack(one))
            return only_on(one->schema, one->name, "server that is followed", error);
        if (other && order > 0 && !may_lack(other))
            return only_on(other->schema, other->name, "copy", error);
        if (order == 0)
            database->tables[database->count++] =
                (struct follow_table){.table = one, .on_copy = other};
    }
    return true;
}

static bool same_columns(const PGresult *ours, const PGresult *theirs, struct error *error)
{
    int count = PQntuples(ours) < PQntuples(theirs) ? PQntuples(ours) : PQntuples(theirs);
    for (int row = 0; row < count; row++) {
        const char *schema = pg_field(ours, row, 0), *name = pg_field(ours, row, 1);
        if (order_names(schema, name, pg_field(theirs, row, 0), pg_field(theirs, row, 1)) == 0 &&
            strcmp(pg_field(ours, row, 2), pg_field(theirs, row, 2)) != 0)
            return other_columns(schema, name, error);
    }
    return true;
}

static bool compare_columns(struct follow_database *database, struct error *error)
{
    PGresult *ours = pg_query(follow_after(database), columns_sql, 0, NULL, error);
    PGresult *theirs = ours ? pg_query(database->copy, columns_sql, 0, NULL, error) : NULL;
    bool same = theirs && same_columns(ours, theirs, error);
    PQclear(ours);
    PQclear(theirs);
    return same;
}

/* A table whose file is another one than before was emptied or written anew. */
static void place_tables(struct follow_database *database)
{
    for (size_t i = 0; i < database->storage.count; i++) {
        const struct storage_file *file = &database->storage.items[i];
        struct follow_table *table = file->kind == STORAGE_TABLE || file->kind == STORAGE_VIEW
                                         ? follow_table_find(database, file->schema, file->name)
                                         : NULL;
        if (!table)
            continue;
        table->whole =
            table->whole || table->tablespace != file->tablespace || table->file != file->file;
        table->tablespace = file->tablespace;
        table->file = file->file;
        table->unlogged = file->unlogged;
    }
}

bool follow_tables_refile(struct follow_database *database, struct error *error)
{
    storage_free(&database->storage);
    if (!storage_read(follow_after(database), &database->storage, error))
        return false;
    place_tables(database);
    return true;
}

static void note_hindered(void *context, const char *schema, const char *name)
{
    struct follow_table *table = follow_table_find(context, schema, name);
    if (table)
        table->hindered = true;
}

static bool read_tables(struct follow_database *database, struct error *error)
{
    bool read = catalog_tables(follow_after(database), &database->source_list, error) &&
                catalog_tables(database->copy, &database->copy_list, error) &&
                pair_tables(database, error) && compare_columns(database, error) &&
                table_copy_hindered(database->copy, note_hindered, database, error) &&
                follow_tables_refile(database, error);
    if (!read)
        return false;
    for (size_t i = 0; i < database->count; i++)
        database->tables[i].whole = false;
    return true;
}

bool follow_tables_read(struct follow_database *database, struct error *error)
{
    return follow_look(database, read_tables, error);
}

bool follow_table_know(const struct follow_database *database, struct follow_table *table,
                       struct error *error)
{
    if (table->known)
        return true;
    const char *schema = table->table->schema, *name = table->table->name;
    table_shape_free(&table->shape);
    table_shape_free(&table->copy_shape);
    if (!table_shape_read(follow_after(database), schema, name, &table->shape, error) ||
        !table_shape_read(database->copy, schema, name, &table->copy_shape, error))
        return false;
    table->known = table->shape.count == table->copy_shape.count &&
                   table_shapes_alike(&table->shape, &table->copy_shape);
    return table->known || other_columns(schema, name, error);
}

void follow_tables_free(struct follow_database *database)
{
    for (size_t i = 0; i < database->count; i++) {
        table_shape_free(&database->tables[i].shape);
        table_shape_free(&database->tables[i].copy_shape);
    }
    free(database->tables);
    pg_table_list_free(&database->source_list);
    pg_table_list_free(&database->copy_list);
    storage_free(&database->storage);
    objects_free(&database->objects);
    free(database->schema_digest);
}
