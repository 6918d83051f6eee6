/* edit_parts.h: what the files that edit a compose file share. */
#ifndef COMPOSE_EDIT_PARTS_H
#define COMPOSE_EDIT_PARTS_H

#include "compose/document.h"
#include "compose/edit.h"
#include "compose/patch.h"

struct editor {
    const struct compose_document *document;
    const struct compose_change *change;
    struct patches patches;
};

/* Replaces what a scalar says, when that is written plainly where it stands. `what` is for
 * messages: "the image of service postgres". `prefix` bytes at its start are replaced, (size_t)-1
 * for all. */
bool editor_replace(struct editor *editor, struct fy_node *node, const char *what, size_t prefix,
                    const char *value, struct error *error);
/* edit.c: the service's own mapping, and the image that it names. */
bool editor_find_service(struct editor *editor, struct fy_node **service, struct error *error);
bool editor_change_image(struct editor *editor, struct fy_node *service, struct error *error);
/* edit_volumes.c: the declaration of the new volume among the top-level `volumes:`. */
bool editor_declare_volume(struct editor *editor, struct error *error);
/* edit_mount.c: the item of the service's `volumes:` that is mounted at the target. */
bool editor_change_mount(struct editor *editor, struct fy_node *service, struct error *error);
/* Whether a service's `volumes:` has such an item here. */
bool editor_has_mount(struct fy_node *service, const char *target);

#endif
