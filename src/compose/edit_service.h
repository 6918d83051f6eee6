/* edit_service.h: a whole service added to a compose file or taken out of it, every other byte
 * kept. */
#ifndef COMPOSE_EDIT_SERVICE_H
#define COMPOSE_EDIT_SERVICE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>

/* A service that is as another one, but for these. It publishes no port, and has no scripts for its
 * first start. */
struct compose_addition {
    const char *service, *like; /* its name, and the service whose lines it gets */
    const char *image;
    const char *target, *volume; /* its data: the path, and the volume, declared as external */
    const char *container;       /* its container_name, where the other one has such a line */
};

/* Each appends the changed file to `result`. What can't be changed safely is an error with the
 * reason and what to do by hand. `name` is the file's, for messages. */
bool compose_add_service(const char *name, const char *bytes, size_t length,
                         const struct compose_addition *addition, struct text *result,
                         struct error *error);
/* With the declaration of its volume when `volume` names that key in the file. */
bool compose_remove_service(const char *name, const char *bytes, size_t length, const char *service,
                            const char *volume, struct text *result, struct error *error);
/* Whatever depends on (depends_on:) the one service depends on the other one then. */
bool compose_depend_on(const char *name, const char *bytes, size_t length, const char *from,
                       const char *to, struct text *result, struct error *error);
/* Another image, and nothing else. */
bool compose_change_image(const char *name, const char *bytes, size_t length, const char *service,
                          const char *image, struct text *result, struct error *error);
/* Whether the file has that service. */
bool compose_has_service(const char *name, const char *bytes, size_t length, const char *service,
                         bool *has, struct error *error);

#endif
