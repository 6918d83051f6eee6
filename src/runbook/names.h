/* names.h: the words of the format that stand for values, each with what it means. */
#ifndef RUNBOOK_NAMES_H
#define RUNBOOK_NAMES_H

#include "base/text.h"
#include "runbook/runbook.h"

#include <stdbool.h>

struct name_value {
    const char *name; /* NULL ends a table */
    int value;
    const char *help;
};

extern const struct name_value availability_names[];
extern const struct name_value confirmation_names[];
extern const struct name_value failure_names[];
extern const struct name_value danger_names[];
extern const struct name_value scope_names[];
extern const struct name_value show_names[]; /* bits of enum gate_show */

/* The row with this name or value, NULL when there is none. */
const struct name_value *name_find(const struct name_value *table, const char *name);
const char *name_of(const struct name_value *table, int value);

/* Where a variable's value may come from: "env NAME", "label SERVER NAME", ... */
struct source_rule {
    const char *word; /* NULL ends the table */
    enum source_kind kind;
    bool server; /* a server's name follows */
    bool name;   /* then another name */
    const char *help;
};

extern const struct source_rule source_rules[];
/* "container old POSTGRES_USER": how the file says it. */
void source_words(const struct variable_source *source, struct text *output);

#endif
