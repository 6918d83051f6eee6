/* document.h: a compose file as a tree whose scalars know the bytes that they stand at. */
#ifndef COMPOSE_DOCUMENT_H
#define COMPOSE_DOCUMENT_H

#include "base/error.h"

#include <libfyaml.h>
#include <stdbool.h>
#include <stddef.h>

struct compose_document {
    const char *name; /* the file's, for messages; the caller's */
    const char *bytes;
    size_t length;
    struct fy_diag *diag;
    struct fy_document *document;
    struct fy_node *root; /* a mapping */
};

/* Parses without resolving anchors. `bytes` has to outlive the document. Close in any case. */
bool compose_document_open(const char *name, const char *bytes, size_t length,
                           struct compose_document *document, struct error *error);
void compose_document_close(struct compose_document *document);

/* The pair under a plain name of a mapping; NULL when there is none or `node` is no mapping. */
struct fy_node_pair *compose_pair(struct fy_node *node, const char *key);
struct fy_node *compose_value(struct fy_node *node, const char *key);
/* The scalar's text; the caller frees. NULL for no scalar, an alias, or null. */
char *compose_scalar(struct fy_node *node);
/* The bytes between its quotes, or all of a plain one; false for a scalar that has none (null). */
bool compose_scalar_place(struct fy_node *node, size_t *start, size_t *end);
/* Whether an alias of this node's anchor stands anywhere in the document. */
bool compose_shared(const struct compose_document *document, struct fy_node *node);
/* The node's first character's column, from 0; -1 when it has none. */
long compose_column(struct fy_node *node);

#endif
