/* patch.h: replacements in a text, collected first and carried out together. */
#ifndef COMPOSE_PATCH_H
#define COMPOSE_PATCH_H

#include "base/text.h"

struct patch {
    size_t start, end; /* bytes of the old text */
    char *replacement;
};

/* Zero-initialised is empty. */
struct patches {
    struct patch *items;
    size_t count;
};

void patches_add(struct patches *patches, size_t start, size_t end, const char *replacement);
/* The old text with all of them carried out; they must not overlap. */
void patches_apply(struct patches *patches, const char *bytes, size_t length, struct text *result);
void patches_free(struct patches *patches);

#endif
