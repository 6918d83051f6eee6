/* dump_alone.c: the attached partitions of indexes, what needs them, and what must come last. */
#include "postgres/dump_alone.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ATTACH "INDEX ATTACH"

static bool is_one_of(const struct toc_entry *entry, const char *const *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(entry->kind, kinds[i]))
            return true;
    return false;
}

/* An event trigger would fire for what comes behind it, and default privileges be given to it. */
static bool is_last(const struct toc_entry *entry)
{
    static const char *const kinds[] = {ATTACH, "EVENT TRIGGER", "DEFAULT ACL"};
    return is_one_of(entry, kinds, sizeof kinds / sizeof kinds[0]);
}

static bool has_attached(const struct toc *toc)
{
    for (size_t i = 0; i < toc->count; i++)
        if (text_equal(toc->items[i].kind, ATTACH))
            return true;
    return false;
}

static bool needs_one(const struct toc *toc, const struct toc_entry *entry, const bool *alone)
{
    for (size_t i = 0; i < entry->needed; i++) {
        const struct toc_entry *need = toc_find(toc, entry->needs[i]);
        if (need && alone[need - toc->items])
            return true;
    }
    return false;
}

/* Entries stand behind what they need. */
bool *toc_alone(const struct toc *toc)
{
    if (!has_attached(toc))
        return NULL;
    bool *alone = xcalloc(toc->count, sizeof *alone);
    for (size_t i = 0; i < toc->count; i++)
        alone[i] = is_last(&toc->items[i]) || needs_one(toc, &toc->items[i], alone);
    return alone;
}
