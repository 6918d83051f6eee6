/* backup_compression.c: methods of compression, their levels, and since when pg_dump has them. */
#include "steps/backup/backup_compression.h"

#include "base/text.h"

#include <string.h>

static const struct {
    const char *name;
    int since;          /* major of pg_dump */
    long strongest;     /* level, 0: it has none */
    const char *option; /* before the level */
} methods[] = {
    {"none", 0, 0, "--compress=0"},
    {"gzip", 0, 9, "--compress="}, /* a bare level is gzip's in every major */
    {"lz4", 16, 12, "--compress=lz4:"},
    {"zstd", 16, 22, "--compress=zstd:"},
};

#define COUNT (sizeof methods / sizeof methods[0])

static char *unknown(const char *setting, struct error *error)
{
    error_set(error, ERROR_USAGE, "compress \"%s\" is no method of compression", setting);
    error_remedy(error, "Use none, gzip:1 to gzip:9, lz4:1 to lz4:12 or zstd:1 to zstd:22.");
    return NULL;
}

char *backup_compression_option(const char *setting, int major, struct error *error)
{
    const char *colon = strchr(setting, ':');
    size_t length = colon ? (size_t)(colon - setting) : strlen(setting), i = 0;
    while (i < COUNT &&
           (strlen(methods[i].name) != length || strncmp(methods[i].name, setting, length) != 0))
        i++;
    long level = 1;
    if (i == COUNT || (colon && !text_to_long(colon + 1, 1, methods[i].strongest, &level)))
        return unknown(setting, error);
    if (major < methods[i].since) {
        error_set(error, ERROR_OTHER, "pg_dump %d can't compress with %s", major, methods[i].name);
        error_remedy(error,
                     "Set compress to gzip:1 or none; the tools of PostgreSQL %d and newer "
                     "know %s.",
                     methods[i].since, methods[i].name);
        return NULL;
    }
    return methods[i].strongest ? xprintf("%s%ld", methods[i].option, level)
                                : xstrdup(methods[i].option);
}
