/* template.h: checks the `${...}` of a text while a runbook is loaded. */
#ifndef RUNBOOK_TEMPLATE_H
#define RUNBOOK_TEMPLATE_H

#include "runbook/fields.h"

enum template_use {
    TEMPLATE_SHOWN,     /* stands on the screen: no secrets, no facts */
    TEMPLATE_SETTING,   /* a server's setting, or a secret's default: no facts */
    TEMPLATE_CONDITION, /* everything may stand in it */
    TEMPLATE_ARGUMENT,
};

/* Adds a fault for every reference that is malformed, unknown or not allowed in such a text. */
void template_check(struct loader *loader, const struct node *node, enum template_use use);
/* Where `part` stands inside of the node's text in the file; the text's own start when it can't be
 * found there, as it was written with escapes. */
struct position template_position(const struct loader *loader, const struct node *node,
                                  const char *part);
bool template_has_reference(const char *text);

#endif
