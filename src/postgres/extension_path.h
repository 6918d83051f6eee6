/* extension_path.h: which versions of an extension a set of script files can install, and from
 * which to which it can update. */
#ifndef POSTGRES_EXTENSION_PATH_H
#define POSTGRES_EXTENSION_PATH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Scripts are gathered in an object {extension: {"VERSION": true, "FROM--TO": true}}. */

/* Takes "NAME--VERSION.sql" or "NAME--FROM--TO.sql" in; any other name is left out. Source:
 * PostgreSQL manual, "Packaging Related Objects into an Extension", "Extension Updates". */
void extension_add_script(cJSON *scripts, const char *file);

/* Whether CREATE EXTENSION name VERSION version works: by a script of its own, or by updates from a
 * version that has one. */
bool extension_installs(const cJSON *scripts, const char *name, const char *version);

/* Whether ALTER EXTENSION name UPDATE TO target works on a server that has `version`, as
 * pg_extension_update_paths says it. Equal versions: true. */
bool extension_updates(const cJSON *scripts, const char *name, const char *version,
                       const char *target);

enum extension_fit {
    EXTENSION_SAME,       /* the version in use is what CREATE EXTENSION gives */
    EXTENSION_NEWER,      /* a newer one is given, and the one in use leads to it or can be had */
    EXTENSION_OLDER,      /* an older one is given, but the one in use can be had too */
    EXTENSION_NO_WAY,     /* a newer one, and nothing leads from the one in use to it */
    EXTENSION_NEWER_USED, /* an older one, and the one in use can't be had */
};

/* What a dump's CREATE EXTENSION, which names no version, gives: `offered`, held against the
 * version in use. Versions are ordered as strverscmp orders them. */
enum extension_fit extension_fit(const cJSON *scripts, const char *name, const char *used,
                                 const char *offered);

#endif
