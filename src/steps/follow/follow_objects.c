/* follow_objects.c: whether all that isn't rows is still as it was when the copy had the same. */
#include "steps/follow/follow_parts.h"

#include "postgres/catalog.h"
#include "steps/parity/objects_parity.h"

#include <stdlib.h>

#define NAMED_MAX 5   /* in the message */
#define LISTED_MAX 50 /* in the log */

/* The copy was made from what the backup recorded; the server that took over had what the old one
 * has. */
static const struct {
    const char *fact, *since, *remedy;
} records[] = {
    {FACT_OBJECTS, "the backup",
     "Rows can be followed, other objects can't: undo that change, or begin again with a new "
     "backup."},
    {FACT_OBJECTS_SWITCHED, "the switch",
     "Rows can be brought back, other objects can't. Keep the statements that make them, undo "
     "them on this server, roll back once more (--retry), and then run them on the one that has "
     "come back."},
};

/* A password that was set to what it was is none that was changed. */
static bool add_secrets(const struct follow *follow, struct object_changes *changes,
                        struct error *error)
{
    struct text_list names = {0};
    bool read = !changes->rewritten.count ||
                objects_secrets_differing(&follow->source, &follow->copy, &names, error);
    for (size_t i = 0; i < names.count; i++) {
        char *line = xprintf("%s: another one than on the other server", names.items[i]);
        text_list_add(&changes->names, line);
        changes->count++;
        free(line);
    }
    text_list_free(&names);
    return read;
}

static bool were_changed(const struct follow *follow, const struct object_changes *changes,
                         size_t record, struct error *error)
{
    struct text named = {0};
    const char *since = records[record].since;
    for (size_t i = 0; i < changes->names.count && i < LISTED_MAX; i++) {
        step_log(follow->run, "changed since %s: %s", since, changes->names.items[i]);
        if (i < NAMED_MAX)
            text_printf(&named, "%s%s", i ? "; " : "", changes->names.items[i]);
    }
    if (changes->count > NAMED_MAX)
        text_printf(&named, "; and %zu more", changes->count - NAMED_MAX);
    error_set(error, ERROR_OTHER, "the schema was changed after %s: %s", since,
              text_string(&named));
    text_free(&named);
    return error_remedy(error, "%s", records[record].remedy);
}

static bool nothing_recorded(const struct follow *follow, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "there is no record of what server \"%s\" held besides rows when it took over: "
              "nobody can tell what was made on it since",
              follow->source.name);
    return error_remedy(error, "Compare roles, functions, views and the like of both servers.");
}

/* Looked at after follow's own lists were read, so that nothing changes unseen between. */
static bool is_unchanged(struct follow *follow, size_t record, struct error *error)
{
    struct object_changes changes = {0};
    bool read = objects_changed_since(follow->run, records[record].fact, &follow->source, &changes,
                                      error) &&
                add_secrets(follow, &changes, error);
    bool same = read && (!changes.count || were_changed(follow, &changes, record, error));
    object_changes_free(&changes);
    return same;
}

bool follow_objects_check(struct follow *follow, struct error *error)
{
    char *system = catalog_system(follow->main, error);
    size_t record = 0, count = sizeof records / sizeof *records;
    while (system && record < count &&
           !objects_recorded_of(follow->run, records[record].fact, system))
        record++;
    bool known = system != NULL;
    free(system);
    if (!known)
        return false;
    if (record < count)
        return is_unchanged(follow, record, error);
    return !follow->run->undoing || nothing_recorded(follow, error);
}
