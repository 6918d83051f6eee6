/* edit.h: another image and another volume put into the text of a compose file, every other byte
 * kept. */
#ifndef COMPOSE_EDIT_H
#define COMPOSE_EDIT_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

struct compose_change {
    const char *service;
    const char *image;  /* to write as the service's image */
    const char *target; /* path in the container whose mount gets another source */
    const char *volume; /* that source: a volume that exists, declared as external */
    /* The key that may give its place in `volumes:` to the new one, as nothing else uses it; NULL
     * to keep every declaration. */
    const char *replaced_key;
};

/* What a file says about a service: which of the two places to edit stand in it. */
struct compose_places {
    bool service, image, mount;
};
bool compose_find(const char *name, const char *bytes, size_t length, const char *service,
                  const char *target, struct compose_places *places, struct error *error);

/* Appends the changed file to `result`. What can't be changed safely is an error with the reason
 * and what to do by hand. A file that already says all of this comes back as it is. */
bool compose_edit(const char *name, const char *bytes, size_t length,
                  const struct compose_change *change, struct text *result, struct error *error);

#endif
