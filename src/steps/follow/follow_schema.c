/* follow_schema.c: whether the schema of what is followed stays what the copy's was made from. */
#include "steps/follow/follow_parts.h"

#include "postgres/objects_compare.h"

#include <stdlib.h>
#include <string.h>

/* The first difference counts; more would say the same. */
struct change {
    char *words;
};

static void note_change(void *context, const struct object_difference *difference)
{
    struct change *change = context;
    struct text name = {0}, words = {0};
    if (change->words)
        return;
    object_name(&name, difference);
    object_words_since(&words, difference);
    change->words = xprintf("%s: %s", text_string(&name), text_string(&words));
    text_free(&name);
    text_free(&words);
}

static bool changed(const char *words, struct error *error)
{
    error_set(error, ERROR_OTHER, "the schema was changed: %s", words);
    return error_remedy(error, "Rows can be followed, other objects can't: undo that change, or "
                               "begin again with a new backup.");
}

/* `known` becomes what is there now. */
static bool compare(struct pg_connection *connection, enum objects_part part,
                    struct pg_object_list *known, struct error *error)
{
    struct change change = {0};
    struct pg_object_list now = {0};
    struct objects_comparison comparison = {
        .same_server = true, .found = note_change, .context = &change};
    bool same = objects_read(connection, part, NULL, &now, error);
    if (same)
        objects_compare(known, &now, &comparison);
    if (change.words)
        same = changed(change.words, error);
    free(change.words);
    objects_free(known);
    *known = now;
    return same;
}

static bool read_schema(struct follow_database *database, struct error *error)
{
    database->schema_digest = storage_schema_digest(follow_after(database), error);
    return database->schema_digest &&
           objects_read(follow_after(database), OBJECTS_DATABASE, NULL, &database->objects, error);
}

static bool read_database(struct follow_database *database, struct error *error)
{
    return follow_look(database, read_schema, error);
}

bool follow_schema_read(struct follow *follow, struct error *error)
{
    return objects_read(follow->main, OBJECTS_CLUSTER, NULL, &follow->cluster, error) &&
           follow_side_by_side(follow, read_database, error);
}

/* The digest leaves out what temporary tables are made of, which some applications make all the
 * time. What it can't tell is looked at object by object. */
static bool check_schema(struct follow_database *database, struct error *error)
{
    char *digest = storage_schema_digest(follow_after(database), error);
    if (!digest)
        return false;
    bool same = !strcmp(digest, database->schema_digest) && !database->schema_touched &&
                !database->everything && !database->catalogs_moved;
    free(database->schema_digest);
    database->schema_digest = digest;
    if (!same) {
        for (size_t i = 0; i < database->count; i++)
            database->tables[i].known = false;
        if (!compare(follow_after(database), OBJECTS_DATABASE, &database->objects, error))
            return false;
    }
    return follow_tables_refile(database, error);
}

bool follow_schema_check(struct follow_database *database, struct error *error)
{
    bool touched = database->common_touched || database->schema_touched || database->everything ||
                   database->catalogs_moved;
    return !touched || follow_look(database, check_schema, error);
}

bool follow_schema_check_cluster(struct follow *follow, struct error *error)
{
    return compare(follow->main, OBJECTS_CLUSTER, &follow->cluster, error);
}
