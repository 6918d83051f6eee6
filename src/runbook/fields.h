/* fields.h: the keys that each map of a runbook may have: one table a map, from which the loader
 * reads, and the schema and the reference are made. */
#ifndef RUNBOOK_FIELDS_H
#define RUNBOOK_FIELDS_H

#include "runbook/names.h"
#include "runbook/runbook.h"
#include "runbook/yaml.h"

#include <stdbool.h>
#include <stddef.h>

/* What one loading knows. Sections are read in the tables' order, not the file's, so that variables
 * and servers are known where they are used. */
struct loader {
    struct runbook *runbook;
    const struct action *const *actions;
    struct fault_list *faults;
    const char *bytes;            /* the file, for positions inside of texts */
    struct text_list step_ids;    /* of the whole file */
    struct text_list ids_read;    /* of the steps read so far */
    long holding;                 /* index into ids_read of the step that holds, -1: none so far */
    bool priced;                  /* a step read so far has a price */
    enum phase_scope scope;       /* of the phase that is being read */
    struct text_list ids_for_all; /* of the steps read so far, those of phases for all */
};

enum field_shape {
    SHAPE_TEXT,
    SHAPE_TEMPLATE, /* text that may hold ${variables} */
    SHAPE_INTEGER,
    SHAPE_BOOLEAN,
    SHAPE_DURATION,
    SHAPE_SERVER,
    SHAPE_CHOICE,
    SHAPE_TEXTS,       /* list of texts, or one */
    SHAPE_TEMPLATES,   /* the same with ${variables} */
    SHAPE_CHOICES,     /* list of choices, or one */
    SHAPE_VALUES,      /* map from names to texts, or to maps of the table */
    SHAPE_MAP,         /* one map */
    SHAPE_NAMED_MAPS,  /* map from names to maps */
    SHAPE_MAPS,        /* list of maps */
    SHAPE_INVOCATION,  /* one action with its arguments */
    SHAPE_INVOCATIONS, /* the same, or a list of them */
};

struct field_table;

struct field {
    const char *name; /* NULL ends a table */
    enum field_shape shape;
    bool required;
    const char *help;
    const struct name_value *choices; /* of SHAPE_CHOICE and SHAPE_CHOICES */
    const struct field_table *table;  /* of the shapes with maps */
    size_t offset;                    /* of the member of the target that `read` fills */
    void (*read)(struct loader *loader, const struct field *field, const struct node *node,
                 void *target);
};

struct field_table {
    const char *what; /* "a step", for messages */
    const struct field *fields;
    bool takes_action; /* one more key names an action */
};

extern const struct field_table runbook_table;
extern const struct field_table variable_table;
extern const struct field_table server_table;
extern const struct field_table environment_table;
extern const struct field_table set_table;
extern const struct field_table docker_table;
extern const struct field_table require_table;
extern const struct field_table watch_table;
extern const struct field_table phase_table;
extern const struct field_table step_table;
extern const struct field_table expect_table;
extern const struct field_table gate_table;
extern const struct field_table hold_table;

/* Reads a map's fields into `target`: unknown and missing ones are faults. Keys that name an action
 * are left to the caller where the table takes one. False when `node` is no map (a fault). */
bool fields_read(struct loader *loader, const struct field_table *table, const struct node *node,
                 void *target);

/* Readers for the tables; the member at `offset` is of the type that stands here. */
void read_text(struct loader *loader, const struct field *field, const struct node *node,
               void *target); /* char * */
void read_template(struct loader *loader, const struct field *field, const struct node *node,
                   void *target); /* char * */
void read_integer(struct loader *loader, const struct field *field, const struct node *node,
                  void *target); /* int, 0 to 100 */
void read_boolean(struct loader *loader, const struct field *field, const struct node *node,
                  void *target); /* bool */
void read_duration(struct loader *loader, const struct field *field, const struct node *node,
                   void *target); /* long, milliseconds */
void read_choice(struct loader *loader, const struct field *field, const struct node *node,
                 void *target); /* an enum */
void read_choices(struct loader *loader, const struct field *field, const struct node *node,
                  void *target); /* unsigned, a set of bits */
void read_map(struct loader *loader, const struct field *field, const struct node *node,
              void *target); /* the target itself, by field->table */

/* The text of a node, or NULL with a fault when it's no text; `what` names it in the message. */
const char *expect_text(struct loader *loader, const struct node *node, const char *what);
/* Whether the node is of this kind; a fault otherwise. */
bool expect_kind(struct loader *loader, const struct node *node, enum node_kind kind,
                 const char *what);
/* A list's items, or the node itself when it is a text: the item, NULL behind the last. */
const struct node *text_or_list_item(const struct node *node, size_t index);

#endif
