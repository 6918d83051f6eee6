/* references.h: finds `${NAME}` and `${fact.KEY}` in a text. */
#ifndef RUNBOOK_REFERENCES_H
#define RUNBOOK_REFERENCES_H

#include "runbook/runbook.h"

#include <stdbool.h>
#include <stddef.h>

enum reference_kind {
    REFERENCE_NONE,      /* the text's end */
    REFERENCE_VARIABLE,  /* ${NAME} */
    REFERENCE_FACT,      /* ${fact.KEY}: `name` is KEY */
    REFERENCE_ESCAPED,   /* $${, which stands for ${ */
    REFERENCE_MALFORMED, /* ${ without its }, or with something else than a name in it */
};

#define REFERENCE_NAME_MAX 128

struct reference {
    enum reference_kind kind;
    const char *start; /* in the text; the end of it for REFERENCE_NONE */
    size_t length;     /* of the whole, braces included */
    char name[REFERENCE_NAME_MAX];
};

/* The first reference at or behind `text`; go on at start + length. */
struct reference reference_next(const char *text);
/* A variable's name: a letter or '_', then letters, digits and '_'. */
bool variable_name_valid(const char *name);
/* A fact's key: letters, digits, '.', '_', '-' (steps/step.h). */
bool fact_key_valid(const char *key);

enum reference_content {
    CONTENT_KNOWN,  /* every reference has a value */
    CONTENT_SECRET, /* at least one is a secret's value; all have one */
    CONTENT_OPEN,   /* at least one has none yet: an open variable, or a fact */
};
/* What a text would hold when it's expanded now (facts count as open). */
enum reference_content reference_content(const struct runbook *runbook, const char *text);
/* The same for a text, or an array or object of texts: the strongest of them. */
enum reference_content reference_tree_content(const struct runbook *runbook, const cJSON *tree);

#endif
