/* first_start.h: mounts with scripts that a server runs when it starts with an empty data
 * directory.
 */
#ifndef COMPOSE_FIRST_START_H
#define COMPOSE_FIRST_START_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct editor;
struct error;
struct fy_node;

/* Whether a service of a configuration has such a mount. Source: Docker Official Image
 * documentation of postgres, "Initialization scripts". */
bool first_start_has_scripts(const cJSON *service);
/* Takes them out of it. */
void first_start_drop(cJSON *service);
/* Takes their lines out of a service of a compose file. Items that don't stand in lines of their
 * own are an error. */
bool editor_drop_first_start(struct editor *editor, struct fy_node *service, struct error *error);

#endif
