/* objects_expected.h: differences between two servers that an upgrade brings by itself. */
#ifndef POSTGRES_OBJECTS_EXPECTED_H
#define POSTGRES_OBJECTS_EXPECTED_H

#include "postgres/icu_locale.h"
#include "postgres/objects_compare.h"

struct objects_setting {
    int old_version, new_version; /* server_version_num */
    const char *user;             /* the superuser that the new server was made with */
    struct icu_locales locales;   /* the old server's, as the new one keeps them */
    struct text_list closed;      /* databases, quoted, that allow no connections on the old one */
};

struct expected_difference {
    const char *reason;
    bool notable; /* the operator should know; else it's as it has to be */
};

/* Notes which databases the old server allows no connections to. `cluster` holds its objects. */
void objects_setting_note_closed(struct objects_setting *setting,
                                 const struct pg_object_list *cluster);
void objects_setting_free(struct objects_setting *setting);
/* Whether the old server is older than that server_version_num, and the new one isn't. */
bool objects_setting_crosses(const struct objects_setting *setting, int version);
/* From this version on a query of one table is printed without the table's name before its columns,
 * and ICU locales are kept as language tags. Source: PostgreSQL 16's source, get_query_def, and
 * release notes, "Collations". */
#define OBJECTS_UNQUALIFIED 160000
#define OBJECTS_LANGUAGE_TAGS 160000

/* The reason why a difference is to be expected, or NULL: then it isn't. */
const struct expected_difference *object_expected(const struct object_difference *difference,
                                                  const struct objects_setting *setting);

/* What to do about a difference that isn't, where it takes more than to see it; or NULL. */
const char *object_advice(const struct object_difference *difference);

#endif
