/* image_check.h: the parts of pg.check_image, each of which holds one kind of what the old server
 * uses against what the image carries. */
#ifndef STEPS_CHECKS_IMAGE_CHECK_H
#define STEPS_CHECKS_IMAGE_CHECK_H

#include "steps/checks/image_contents.h"
#include "steps/findings.h"
#include "steps/server/server.h"

struct image_check {
    struct findings findings;
    const char *image;
    struct docker *docker;
    const cJSON *server; /* the fact "server.NAME" */
    struct server_access access;
    struct image_contents contents;
};

/* Each extension's default version and update path. */
void image_check_extensions(struct image_check *check);
/* Libraries that the server preloads, and those of functions and languages that are no extension's.
 * False when the server can't be asked. */
bool image_check_libraries(struct image_check *check, struct error *error);
/* Locales of databases and collations, and the C library that sorts by them. */
bool image_check_locales(struct image_check *check, struct error *error);

/* Walks over the rows of a statement in every database that takes connections and is no template.
 */
bool image_check_each_database(struct image_check *check, const char *sql,
                               void (*row)(void *context, const char *database,
                                           const PGresult *result, int row),
                               void *context, struct error *error);

#endif
