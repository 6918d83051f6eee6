/* objects_changes.c: what of a server's objects has changed since they were recorded, and which
 * sequences the new server has to be given the values of. */
#include "base/json.h"
#include "postgres/catalog.h"
#include "postgres/objects_compare.h"
#include "steps/parity/objects_scope.h"

#include <stdlib.h>
#include <string.h>

/* ---- objects ---- */

struct looking {
    struct object_changes *changes;
    const char *database;
};

static void note(struct looking *looking, bool rewritten, const char *name, const char *words)
{
    struct object_changes *changes = looking->changes;
    const char *colon = *looking->database ? ": " : "";
    if (!rewritten && changes->count++ >= OBJECT_NAMES_MAX)
        return;
    char *line = xprintf("%s%s%s: %s", looking->database, colon, name, words);
    text_list_add(rewritten ? &changes->rewritten : &changes->names, line);
    free(line);
}

/* Copying a large object again brings over it, and who may do what with it. */
static bool is_copied(const struct object_difference *difference)
{
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    return !strcmp(object->kind, "large object") ||
           (!strcmp(object->kind, "grant") && text_starts(object->identity, "large object "));
}

static bool is_of_table(const char *kind)
{
    static const char *const kinds[] = {"table", "column", "index", "constraint", "sequence"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kind, kinds[i]))
            return true;
    return false;
}

static void changed(void *context, const struct object_difference *difference)
{
    struct looking *looking = context;
    struct text name = {0}, words = {0};
    if (is_copied(difference)) {
        looking->changes->copied++;
        return;
    }
    object_name(&name, difference);
    object_words_since(&words, difference);
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    looking->changes->of_tables += is_of_table(object->kind);
    bool rewritten = difference->field && difference->field[0] == '@';
    note(looking, rewritten, text_string(&name), text_string(&words));
    text_free(&name);
    text_free(&words);
}

static bool compare_now(struct looking *looking, const struct server_access *old,
                        struct objects_scope *recorded, struct error *error)
{
    struct objects_scope now = {0};
    struct objects_comparison comparison = {
        .same_server = true, .found = changed, .context = looking};
    looking->database = recorded->database;
    bool done = objects_scope_read(old, recorded->database, &now, error);
    if (done)
        objects_compare(&recorded->objects, &now.objects, &comparison);
    objects_scope_free(&now);
    return done;
}

static bool databases_of(const struct server_access *access, struct pg_database_list *list,
                         struct error *error)
{
    struct pg_connection *connection = server_open(access, error);
    bool done = connection && catalog_databases(connection, list, error);
    pg_close(connection);
    return done;
}

static bool reachable(const struct pg_database_list *list, const char *name)
{
    const struct pg_database_entry *database = pg_database_find(list, name);
    return database && database->connectable;
}

bool objects_recorded_of(const struct step_run *run, const char *fact, const char *system)
{
    return text_equal(json_text(step_known(run, fact), "system"), system);
}

static bool is_recorded(const struct objects_scopes *recorded, const struct server_access *server,
                        struct error *error)
{
    char system[32] = "";
    struct pg_connection *connection = server_open(server, error);
    bool known = connection && objects_system(connection, system, error);
    pg_close(connection);
    return known && (text_equal(system, recorded->system) ||
                     error_set(error, ERROR_OTHER, "the record is of another server than \"%s\"",
                               server->name));
}

/* A new database is found by its row among the cluster's objects. */
bool objects_changed_since(struct step_run *run, const char *fact,
                           const struct server_access *server, struct object_changes *changes,
                           struct error *error)
{
    struct objects_scopes recorded = {0};
    struct pg_database_list list = {0};
    struct looking looking = {.changes = changes};
    *changes = (struct object_changes){0};
    const char *name = json_text(step_known(run, fact), "server");
    bool done = objects_scopes_load(run, fact, name ? name : server->name, &recorded, error) &&
                is_recorded(&recorded, server, error) && databases_of(server, &list, error);
    for (size_t i = 0; done && i < recorded.count; i++) {
        struct objects_scope *scope = &recorded.items[i];
        if (!*scope->database || reachable(&list, scope->database))
            done = compare_now(&looking, server, scope, error);
    }
    pg_database_list_free(&list);
    objects_scopes_free(&recorded);
    return done || error_wrap(error, "looking for objects that were changed since they were "
                                     "recorded");
}

void object_changes_free(struct object_changes *changes)
{
    text_list_free(&changes->names);
    text_list_free(&changes->rewritten);
    *changes = (struct object_changes){0};
}

/* ---- sequences ---- */

struct sequence_walk {
    struct sequence_differences *list;
    const char *database;
};

static struct sequence_difference *add_difference(const struct sequence_walk *walk,
                                                  const char *sequence)
{
    struct sequence_differences *list = walk->list;
    if (list->count && !strcmp(list->items[list->count - 1].sequence, sequence) &&
        !strcmp(list->items[list->count - 1].database, walk->database))
        return NULL; /* a second field of the same one */
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->items = xrealloc(list->items, list->capacity * sizeof *list->items);
    }
    struct sequence_difference *added = &list->items[list->count++];
    *added = (struct sequence_difference){.database = xstrdup(walk->database),
                                          .sequence = xstrdup(sequence)};
    return added;
}

static bool take_state(const struct pg_object *object, long long *value, bool *used)
{
    struct sequence_state state;
    if (!object || !sequence_state_of(object, &state))
        return false;
    *value = state.last_value;
    *used = state.used;
    return true;
}

static void value_differs(void *context, const struct object_difference *difference)
{
    const struct pg_object *object = difference->old ? difference->old : difference->new;
    const char *field = difference->field;
    if (field && strcmp(field, "last value") != 0 && strcmp(field, "used") != 0)
        return; /* how it counts belongs to its definition */
    struct sequence_difference *added = add_difference(context, object->identity);
    if (!added)
        return;
    added->on_old = take_state(difference->old, &added->old_value, &added->old_used);
    added->on_new = take_state(difference->new, &added->new_value, &added->new_used);
}

static bool read_values(const struct server_access *access, const char *database,
                        struct pg_object_list *list, struct error *error)
{
    struct pg_connection *connection = server_open_database(access, database, error);
    bool done = connection && objects_read_sequences(connection, list, error);
    pg_close(connection);
    return done;
}

static bool compare_values(const struct server_access *old, const struct server_access *new,
                           const char *database, bool on_new, struct sequence_differences *list,
                           struct error *error)
{
    struct pg_object_list before = {0}, after = {0};
    struct sequence_walk walk = {.list = list, .database = database};
    struct objects_comparison comparison = {
        .same_server = true, .found = value_differs, .context = &walk};
    bool done = read_values(old, database, &before, error) &&
                (!on_new || read_values(new, database, &after, error));
    if (done)
        objects_compare(&before, &after, &comparison);
    objects_free(&before);
    objects_free(&after);
    return done;
}

bool objects_sequences_differing(const struct server_access *old, const struct server_access *new,
                                 struct sequence_differences *list, struct error *error)
{
    struct pg_database_list theirs = {0}, ours = {0};
    *list = (struct sequence_differences){0};
    bool done = databases_of(old, &theirs, error) && databases_of(new, &ours, error);
    for (size_t i = 0; done && i < theirs.count; i++)
        if (theirs.items[i].connectable)
            done = compare_values(old, new, theirs.items[i].name,
                                  reachable(&ours, theirs.items[i].name), list, error);
    pg_database_list_free(&theirs);
    pg_database_list_free(&ours);
    return done || error_wrap(error, "comparing the sequences");
}

void sequence_differences_free(struct sequence_differences *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].database);
        free(list->items[i].sequence);
    }
    free(list->items);
    *list = (struct sequence_differences){0};
}
