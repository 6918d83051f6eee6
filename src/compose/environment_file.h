/* environment_file.h: files of NAME=VALUE lines, as Compose reads them (env_file, .env), edited in
 * place: every other byte stays. Values are secrets: no message holds one. */
#ifndef COMPOSE_ENVIRONMENT_FILE_H
#define COMPOSE_ENVIRONMENT_FILE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* One setting; places are bytes of the file. Source: Compose specification, env_file, "Env_file
 * format". */
struct environment_entry {
    size_t start, end;          /* its line, or lines, with the line end */
    size_t name, name_length;   /* behind "export" */
    size_t value, value_length; /* what stands between the quotes */
    char quote;                 /* ' or ", or 0 */
    size_t host, host_length,
        port;      /* of a value that is an address, SCHEME://USER:PASSWORD@HOST:PORT/NAME; port 0:
                      none is said */
    bool detached; /* a '#' is its line's first byte: nobody reads it */
};

/* How often the name is set, commented-out lines counted apart. */
struct environment_count {
    size_t set, detached;
    size_t detached_line; /* of the last commented-out one, from 1; 0: there is none */
};
bool environment_count(const char *file, const char *bytes, size_t length, const char *name,
                       struct environment_count *count, struct error *error);
/* The one setting of this name. None, and more than one, are errors. */
bool environment_find(const char *file, const char *bytes, size_t length, const char *name,
                      struct environment_entry *entry, struct error *error);
/* Where the host stands in the entry's value (in host and host_length). An error when the value is
 * no address with one plain host. */
bool environment_find_host(const char *file, const char *bytes, struct environment_entry *entry,
                           struct error *error);

/* The edits append the changed file to `result`. Each is refused where it isn't plain what is
 * meant: a name that is set twice, or taken. `file` is the file's name, for messages. */
bool environment_rename(const char *file, const char *bytes, size_t length, const char *from,
                        const char *to, struct text *result, struct error *error);
/* Adds `name` right before `like`, with its value, but another host. */
bool environment_add(const char *file, const char *bytes, size_t length, const char *name,
                     const char *like, const char *host, struct text *result, struct error *error);
/* Comments the line out by a '#' as its first byte, and takes that away again. */
bool environment_detach(const char *file, const char *bytes, size_t length, const char *name,
                        struct text *result, struct error *error);
bool environment_attach(const char *file, const char *bytes, size_t length, const char *name,
                        struct text *result, struct error *error);
/* Takes the line away, set or commented out. */
bool environment_remove(const char *file, const char *bytes, size_t length, const char *name,
                        struct text *result, struct error *error);

#endif
