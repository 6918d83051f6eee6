/* objects_secrets.c: which secrets two servers don't have in common. */
#include "postgres/catalog.h"
#include "postgres/objects_compare.h"
#include "steps/parity/objects_scope.h"

#include <stdlib.h>
#include <string.h>

struct secrets {
    const struct server_access *one, *other;
    struct objects_key key;
    const char *database; /* "" for what all share */
    struct text_list *names;
};

static void differs(void *context, const struct object_difference *difference)
{
    const struct secrets *secrets = context;
    struct text name = {0};
    object_name(&name, difference);
    char *line =
        xprintf("%s%s%s", secrets->database, *secrets->database ? ": " : "", text_string(&name));
    text_list_add(secrets->names, line);
    free(line);
    text_free(&name);
}

static bool compare(struct secrets *secrets, const char *database, struct error *error)
{
    struct pg_object_list one = {0}, other = {0};
    struct objects_comparison comparison = {.found = differs, .context = secrets};
    secrets->database = database;
    bool read = objects_secrets_read(secrets->one, database, &secrets->key, &one, error) &&
                objects_secrets_read(secrets->other, database, &secrets->key, &other, error);
    if (read)
        objects_compare(&one, &other, &comparison);
    objects_free(&one);
    objects_free(&other);
    return read;
}

static bool compare_all(struct secrets *secrets, const struct pg_database_list *databases,
                        struct error *error)
{
    bool done = compare(secrets, "", error);
    for (size_t i = 0; done && i < databases->count; i++)
        if (databases->items[i].connectable && !databases->items[i].template)
            done = compare(secrets, databases->items[i].name, error);
    return done;
}

bool objects_secrets_differing(const struct server_access *one, const struct server_access *other,
                               struct text_list *names, struct error *error)
{
    struct pg_database_list databases = {0};
    struct secrets secrets = {.one = one, .other = other, .names = names};
    struct pg_connection *connection = server_open(one, error);
    bool done = connection && objects_key_make(&secrets.key, error) &&
                catalog_databases(connection, &databases, error);
    pg_close(connection);
    done = done && compare_all(&secrets, &databases, error);
    explicit_bzero(&secrets.key, sizeof secrets.key);
    pg_database_list_free(&databases);
    return done || error_wrap(error, "comparing the two servers' passwords");
}
