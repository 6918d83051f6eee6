/* dsn.c: an application's address of its database, taken apart by libpq. */
#include "postgres/dsn.h"

#include <stdlib.h>
#include <string.h>

static void take(struct pg_parameters *parameters, const PQconninfoOption *option)
{
    long port = 0;
    if (!option->val)
        return;
    if (!strcmp(option->keyword, "host"))
        parameters->host = xstrdup(option->val);
    else if (!strcmp(option->keyword, "user"))
        parameters->user = xstrdup(option->val);
    else if (!strcmp(option->keyword, "password"))
        parameters->password = xstrdup(option->val);
    else if (!strcmp(option->keyword, "dbname"))
        parameters->database = xstrdup(option->val);
    else if (!strcmp(option->keyword, "port") && text_to_long(option->val, 1, 65535, &port))
        parameters->port = (int)port;
}

bool dsn_parse(const char *address, struct pg_parameters *parameters, struct error *error)
{
    const char *rest = strstr(address, "://");
    char *words = NULL;
    *parameters = (struct pg_parameters){.port = 5432};
    if (!rest)
        return error_set(error, ERROR_OTHER, "that is no database's address");
    size_t length = strcspn(rest, "?#");
    char *plain = xprintf("postgresql%.*s", (int)length, rest);
    PQconninfoOption *options = PQconninfoParse(plain, &words);
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        take(parameters, option);
    PQconninfoFree(options);
    PQfreemem(words);
    explicit_bzero(plain, strlen(plain));
    free(plain);
    if (!parameters->user)
        parameters->user = xstrdup("postgres");
    if (!parameters->database)
        parameters->database = xstrdup(parameters->user);
    return (options && parameters->host) ||
           error_set(error, ERROR_OTHER, "libpq can't read that database's address");
}
