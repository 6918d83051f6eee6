/* load_default.c: the dumps of "postgres" and "template1" as initdb makes them. What isn't known
 * word for word is restored. */
#include "steps/restore/load_default.h"

#include "base/text.h"

#include <string.h>

/* Their encoding and locale are the server's, which nothing changes any more. */
static const char *const of_no_effect[] = {"ENCODING", "STDSTRINGS", "SEARCHPATH", "DATABASE",
                                           NULL};

/* Source: initdb, and what pg_dump makes of it. */
static const struct {
    const char *database, *kind, *definition;
} defaults[] = {
    {"postgres", "COMMENT",
     "COMMENT ON DATABASE postgres IS 'default administrative connection database';\n"},
    {"template1", "COMMENT",
     "COMMENT ON DATABASE template1 IS 'default template for new databases';\n"},
    {"template1", "DATABASE PROPERTIES", "ALTER DATABASE template1 IS_TEMPLATE = true;\n"},
    {"template1", "ACL",
     "REVOKE CONNECT,TEMPORARY ON DATABASE template1 FROM PUBLIC;\n"
     "GRANT CONNECT ON DATABASE template1 TO PUBLIC;\n"},
};

static bool is_known(const struct toc_entry *entry, const char *database)
{
    for (size_t i = 0; of_no_effect[i]; i++)
        if (!strcmp(entry->kind, of_no_effect[i]))
            return true;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (!strcmp(database, defaults[i].database) && !strcmp(entry->kind, defaults[i].kind) &&
            !strcmp(entry->definition, defaults[i].definition))
            return true;
    return false;
}

bool load_every_server_has(const char *database)
{
    return !strcmp(database, "postgres") || !strcmp(database, "template1");
}

bool load_is_default(const struct toc *toc, const char *database, const char *user)
{
    if (!load_every_server_has(database))
        return false;
    for (size_t i = 0; i < toc->count; i++)
        if (!is_known(&toc->items[i], database) ||
            (*toc->items[i].owner && strcmp(toc->items[i].owner, user) != 0))
            return false;
    return true;
}
