/* yaml.h: a YAML file as a tree of texts, lists and maps that knows where each of them stands. */
#ifndef RUNBOOK_YAML_H
#define RUNBOOK_YAML_H

#include "runbook/runbook.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_SIZE_MAX (1024UL * 1024UL) /* bytes of a file */
#define YAML_DEPTH_MAX 32               /* nesting of lists and maps */
#define YAML_ITEMS_MAX 1024             /* entries of one list or map */

enum node_kind {
    NODE_TEXT,
    NODE_LIST,
    NODE_MAP,
    NODE_BROKEN, /* a fault was reported here (an alias, a tag...); readers keep silent about it */
};

struct node {
    enum node_kind kind;
    struct position position;
    size_t start; /* byte range in the file, of a text */
    size_t end;
    char *text;          /* NODE_TEXT: its value */
    bool missing;        /* NODE_TEXT: nothing at all was written after the key */
    struct node *key;    /* of an entry of a map; owned */
    struct node **items; /* a list's items, a map's values */
    size_t count;
};

/* Reads one document. Anchors, aliases, tags, directives, merge keys, duplicate keys, keys that are
 * no texts and a second document are faults. Returns NULL when the syntax is broken or there is
 * nothing; the caller frees the tree. `bytes` need not outlive the call. */
struct node *yaml_parse(const char *bytes, size_t length, struct fault_list *faults);
void node_free(struct node *node);

/* The value of a map's key, or NULL. */
const struct node *node_get(const struct node *map, const char *key);
const char *node_kind_name(const struct node *node); /* "a text", "a list", "a map", "nothing" */

#endif
