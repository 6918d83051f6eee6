/* load.h: the sections of a runbook file, one reader each. */
#ifndef RUNBOOK_LOAD_H
#define RUNBOOK_LOAD_H

#include "runbook/fields.h"

/* Readers of sections, for the tables of fields; `target` is the member's owner. */
void read_variables(struct loader *loader, const struct field *field, const struct node *node,
                    void *target);
void read_servers(struct loader *loader, const struct field *field, const struct node *node,
                  void *target);
void read_environments(struct loader *loader, const struct field *field, const struct node *node,
                       void *target);
void read_sources(struct loader *loader, const struct field *field, const struct node *node,
                  void *target); /* struct variable * */
void read_fallback(struct loader *loader, const struct field *field, const struct node *node,
                   void *target); /* the same */
void read_phases(struct loader *loader, const struct field *field, const struct node *node,
                 void *target);
void read_gate(struct loader *loader, const struct field *field, const struct node *node,
               void *target);
void read_undo(struct loader *loader, const struct field *field, const struct node *node,
               void *target);
void read_action(struct loader *loader, const struct field *field, const struct node *node,
                 void *target); /* struct invocation * */
void read_hold(struct loader *loader, const struct field *field, const struct node *node,
               void *target);

/* The faults that show only when the whole step is read: what hold, price and save need. */
void check_hold(struct loader *loader, const struct node *node, const struct step *step);
void check_price(struct loader *loader, const struct node *node, const struct step *step);

/* Once servers are known: defaults, sources, cycles. `node` is the map of variables. */
void check_variables(struct loader *loader, const struct node *node);

/* What gives one variable its value: `node` is the text of its default, or NULL. */
void check_value_sources(struct loader *loader, const struct variable *variable,
                         const struct node *node);
/* Once everything is read: environments' values and requirements. `root` is the whole file. */
void check_environments(struct loader *loader, const struct node *root);
/* Once all steps are known: what stands in `${fact.KEY}` must be taken by an earlier step, where a
 * step of this runbook says that it takes it. */
void check_taken_facts(const struct runbook *runbook, struct fault_list *faults);

/* The entry's key names the action, its value holds the arguments. False with faults when there is
 * no such action; wrong arguments are faults too, but leave a usable invocation. */
bool read_invocation(struct loader *loader, const struct node *entry,
                     struct invocation *invocation);
const struct action *loader_action(const struct loader *loader, const char *name);
void add_action_names(const struct loader *loader, struct text_list *names);
/* A fault when the earlier step runs once for all environments and this one for each, or the other
 * way round: they are in other runs then, so it can't be `what`. */
bool expect_same_scope(struct loader *loader, const struct node *node, const char *id,
                       const char *what);
/* A fault unless there is a server of this name; it is returned then. */
const struct server *expect_server(struct loader *loader, struct position position,
                                   const char *name);
/* An id of letters a-z, digits and '-'; a fault otherwise. */
void check_id(struct loader *loader, const struct node *node, const char *what);

void invocation_free(struct invocation *invocation);

#endif
