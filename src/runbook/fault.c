/* fault.c: collecting what is wrong with a runbook file, each with its position. */
#include "runbook/fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 80      /* bytes of a wrong name that a message repeats */
#define FEW_CANDIDATES 10 /* so many are listed when none of them is near */

/* ESC and its like would let a file write anything on the operator's terminal; C1 controls are two
 * bytes in UTF-8, C2 80 to C2 9F. */
static void replace_controls(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7F)
            *c = ' ';
        else if (*c == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F)
            c[0] = c[1] = '?';
    }
}

static void append(struct fault_list *faults, struct position position, char *message)
{
    replace_controls(message);
    faults->items = xrealloc(faults->items, (faults->count + 1) * sizeof *faults->items);
    faults->items[faults->count++] = (struct fault){position, message};
}

void fault_add(struct fault_list *faults, struct position position, const char *format, ...)
{
    if (faults->count > FAULTS_MAX)
        return;
    if (faults->count == FAULTS_MAX) {
        append(faults, position, xstrdup("more faults follow; they are left out"));
        return;
    }
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&text, format, arguments);
    va_end(arguments);
    append(faults, position, text_take(&text));
}

char *unknown_name(const char *what, const char *wrong, const struct text_list *candidates)
{
    char shown[SHOWN_MAX];
    text_copy(shown, sizeof shown, wrong);
    struct text text = {0};
    text_printf(&text, "%s \"%s\"", what, shown);
    const char *nearest =
        text_nearest(shown, (const char *const *)candidates->items, candidates->count);
    if (nearest)
        text_printf(&text, "; did you mean \"%s\"?", nearest);
    else if (candidates->count && candidates->count <= FEW_CANDIDATES)
        for (size_t i = 0; i < candidates->count; i++)
            text_printf(&text, "%s%s", i ? ", " : "; known: ", candidates->items[i]);
    return text_take(&text);
}

void fault_add_unknown(struct fault_list *faults, struct position position, const char *what,
                       const char *wrong, const struct text_list *candidates)
{
    char *message = unknown_name(what, wrong, candidates);
    fault_add(faults, position, "%s", message);
    free(message);
}

static bool before(struct position left, struct position right)
{
    return left.line != right.line ? left.line < right.line : left.column < right.column;
}

void fault_list_sort(struct fault_list *faults)
{
    for (size_t i = 1; i < faults->count; i++) {
        struct fault fault = faults->items[i];
        size_t place = i;
        for (; place && before(fault.position, faults->items[place - 1].position); place--)
            faults->items[place] = faults->items[place - 1];
        faults->items[place] = fault;
    }
}

void fault_list_free(struct fault_list *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        free(faults->items[i].message);
    free(faults->items);
    *faults = (struct fault_list){0};
}

bool fault_error(const struct fault_list *faults, const char *file, struct error *error)
{
    const struct fault *first = &faults->items[0];
    error_set(error, ERROR_RUNBOOK, "%s:%d:%d: %s", file, first->position.line,
              first->position.column, first->message);
    if (faults->count > 1)
        error_remedy(error, "The file has %zu faults; `pgrunbook check %s` lists them.",
                     faults->count, file);
    return false;
}
