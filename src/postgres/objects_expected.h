/* objects_expected.h: differences between two servers that an upgrade brings by itself. */
#ifndef POSTGRES_OBJECTS_EXPECTED_H
#define POSTGRES_OBJECTS_EXPECTED_H

#include "postgres/objects_compare.h"

struct objects_setting {
    int old_version, new_version; /* server_version_num */
    const char *user;             /* the superuser that the new server was made with */
};

struct expected_difference {
    const char *reason;
    bool notable; /* the operator should know; else it's as it has to be */
};

/* The reason why a difference is to be expected, or NULL: then it isn't. */
const struct expected_difference *object_expected(const struct object_difference *difference,
                                                  const struct objects_setting *setting);

#endif
