/* template.c: checks the `${...}` of a text while a runbook is loaded. */
#include "runbook/template.h"

#include "runbook/fault.h"
#include "runbook/references.h"
#include "runbook/values.h"

#include <stdlib.h>
#include <string.h>

struct position template_position(const struct loader *loader, const struct node *node,
                                  const char *part)
{
    const char *start = loader->bytes + node->start;
    const char *found = memmem(start, node->end - node->start, part, strlen(part));
    struct position position = node->position;
    for (; found && start < found; start++) {
        if (*start == '\n')
            position = (struct position){position.line + 1, 1};
        else if (((unsigned char)start[1] & 0xC0U) != 0x80U)
            position.column++;
    }
    return position;
}

bool template_has_reference(const char *text)
{
    struct reference reference = reference_next(text);
    while (reference.kind == REFERENCE_ESCAPED)
        reference = reference_next(reference.start + reference.length);
    return reference.kind != REFERENCE_NONE;
}

static void check_variable(struct loader *loader, struct position position, const char *name,
                           enum template_use use)
{
    const struct variable *variable = runbook_variable(loader->runbook, name);
    if (!variable) {
        struct text_list names = variable_names(loader->runbook);
        fault_add_unknown(loader->faults, position, "there is no variable", name, &names);
        text_list_free(&names);
    } else if (variable->secret && use == TEMPLATE_SHOWN) {
        fault_add(loader->faults, position,
                  "${%s} is a secret and this text is shown; it can't hold it", name);
    }
}

static void check_reference(struct loader *loader, const struct node *node,
                            const struct reference *reference, enum template_use use)
{
    char *written = xstrndup(reference->start, reference->length);
    struct position position = template_position(loader, node, written);
    free(written);
    if (reference->kind == REFERENCE_VARIABLE)
        check_variable(loader, position, reference->name, use);
    else if (reference->kind == REFERENCE_MALFORMED)
        fault_add(loader->faults, position,
                  "\"%.*s\" is no ${NAME}; write $${ for the characters themselves",
                  reference->length < 60 ? (int)reference->length : 60, reference->start);
    else if (reference->kind == REFERENCE_FACT && use != TEMPLATE_CONDITION &&
             use != TEMPLATE_ARGUMENT)
        fault_add(loader->faults, position,
                  "facts (${fact.%s}) can stand in actions' arguments and in `when` only",
                  reference->name);
}

void template_check(struct loader *loader, const struct node *node, enum template_use use)
{
    struct reference reference = reference_next(node->text);
    for (; reference.kind != REFERENCE_NONE;
         reference = reference_next(reference.start + reference.length))
        if (reference.kind != REFERENCE_ESCAPED)
            check_reference(loader, node, &reference, use);
}
