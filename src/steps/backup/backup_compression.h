/* backup_compression.h: the setting `compress` of a backup, as an option of the pg_dump at hand. */
#ifndef STEPS_BACKUP_BACKUP_COMPRESSION_H
#define STEPS_BACKUP_BACKUP_COMPRESSION_H

#include "base/error.h"

#include <stdbool.h>

/* "none", "gzip:1", "zstd:3", "lz4" into "--compress=..." (the caller frees). NULL with `error` for
 * anything else, and for a method that pg_dump of this major doesn't know. Source: PostgreSQL
 * manual, pg_dump, option -Z: a level for gzip up to 15, methods from 16 on. */
char *backup_compression_option(const char *setting, int major, struct error *error);

#endif
