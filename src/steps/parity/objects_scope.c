/* objects_scope.c: objects by database: asked of a server, held together, freed. */
#include "steps/parity/objects_scope.h"

#include <stdlib.h>
#include <string.h>

struct objects_scope *objects_scope_find(const struct objects_scopes *scopes, const char *database)
{
    for (size_t i = 0; i < scopes->count; i++)
        if (!strcmp(scopes->items[i].database, database))
            return &scopes->items[i];
    return NULL;
}

struct objects_scope *objects_scope_of(struct objects_scopes *scopes, const char *database)
{
    struct objects_scope *scope = objects_scope_find(scopes, database);
    if (scope)
        return scope;
    scopes->items = xrealloc(scopes->items, (scopes->count + 1) * sizeof *scopes->items);
    scope = &scopes->items[scopes->count++];
    *scope = (struct objects_scope){.database = xstrdup(database)};
    return scope;
}

void objects_scope_free(struct objects_scope *scope)
{
    free(scope->database);
    objects_free(&scope->objects);
    objects_free(&scope->sequences);
    objects_free(&scope->sequences_after);
    *scope = (struct objects_scope){0};
}

void objects_scopes_free(struct objects_scopes *scopes)
{
    for (size_t i = 0; i < scopes->count; i++)
        objects_scope_free(&scopes->items[i]);
    free(scopes->items);
    *scopes = (struct objects_scopes){0};
}

struct pg_connection *objects_scope_open(const struct server_access *access, const char *database,
                                         struct error *error)
{
    return *database ? server_open_database(access, database, error) : server_open(access, error);
}

bool objects_scope_read(const struct server_access *access, const char *database,
                        struct objects_scope *scope, struct error *error)
{
    *scope = (struct objects_scope){.database = xstrdup(database)};
    struct pg_connection *connection = objects_scope_open(access, database, error);
    bool done = connection != NULL;
    if (done && !*database)
        done = objects_read(connection, OBJECTS_CLUSTER, NULL, &scope->objects, error);
    else if (done)
        done = objects_read(connection, OBJECTS_DATABASE, NULL, &scope->objects, error) &&
               objects_read(connection, OBJECTS_LARGE, NULL, &scope->objects, error) &&
               objects_read_sequences(connection, &scope->sequences, error);
    pg_close(connection);
    return done;
}

bool objects_secrets_read(const struct server_access *access, const char *database,
                          const struct objects_key *key, struct pg_object_list *list,
                          struct error *error)
{
    enum objects_part part = *database ? OBJECTS_DATABASE_SECRETS : OBJECTS_CLUSTER_SECRETS;
    struct pg_connection *connection = objects_scope_open(access, database, error);
    bool done = connection && objects_read(connection, part, key, list, error);
    pg_close(connection);
    return done;
}

bool objects_system(struct pg_connection *connection, char system[32], struct error *error)
{
    char *value =
        pg_value(connection, "SELECT system_identifier FROM pg_catalog.pg_control_system()", error);
    text_copy(system, 32, value ? value : "");
    free(value);
    return *system != '\0';
}
