/* pg_compare_objects.c: pg.compare_objects, which holds everything of a new server but the rows
 * against the old one: as the backup has recorded it, or as it is now. */
#include "steps/actions.h"
#include "steps/parity/objects_verdict.h"

#include "postgres/catalog.h"

#include <string.h>

struct side {
    struct server_access access;
    struct pg_database_list databases; /* that it has now; empty when it doesn't answer */
    int version;                       /* server_version_num */
    char system[32];                   /* its data directory's identifier */
};

struct parity {
    struct step_run *run;
    struct side old, new;
    struct objects_key key;
    struct objects_scopes recorded;
    struct text_list databases; /* to compare; "" first, for what the cluster shares */
    struct objects_verdict verdict;
};

static bool know_side(struct parity *parity, const char *argument, struct side *side,
                      struct error *error)
{
    struct pg_connection *connection =
        server_open_argument(parity->run, argument, &side->access, error);
    bool done = connection && objects_system(connection, side->system, error) &&
                catalog_databases(connection, &side->databases, error);
    side->version = connection ? pg_version(connection) : 0;
    pg_close(connection);
    return done;
}

static void free_side(struct side *side)
{
    server_free(&side->access);
    pg_database_list_free(&side->databases);
}

static bool same_server(const struct parity *parity, struct error *error)
{
    error_set(error, ERROR_OTHER, "\"%s\" and \"%s\" are one and the same server",
              step_text(parity->run, "old"), step_text(parity->run, "new"));
    return error_remedy(error,
                        "Check the containers' names of both. Once traffic has moved, compare "
                        "with against: backup.");
}

static bool list_now(struct parity *parity, struct error *error)
{
    if (!know_side(parity, "old", &parity->old, error))
        return false;
    if (text_equal(parity->old.system, parity->new.system))
        return same_server(parity, error);
    text_list_add(&parity->databases, "");
    for (size_t i = 0; i < parity->old.databases.count; i++)
        if (parity->old.databases.items[i].connectable)
            text_list_add(&parity->databases, parity->old.databases.items[i].name);
    parity->verdict.setting.old_version = parity->old.version;
    return true;
}

static bool nobody_to_ask(struct parity *parity, const char *why)
{
    pg_database_list_free(&parity->old.databases);
    step_check(parity->run, "passwords", VERDICT_WARN,
               "not compared: no record holds them, and the old server can't be asked: %s", why);
    return true;
}

/* The old server is asked for what no record holds. Only after the switchover may it be gone, and
 * its container's name be the new server's: then there is nobody to ask. */
static bool find_old(struct parity *parity, struct error *error)
{
    struct error why = ERROR_INIT;
    bool known = know_side(parity, "old", &parity->old, &why);
    bool same = known && text_equal(parity->old.system, parity->recorded.system);
    if (same)
        return true;
    if (known)
        error_set(&why, ERROR_OTHER, "another server is in its place than the one backed up");
    if (step_switched(parity->run))
        return nobody_to_ask(parity, why.message);
    *error = why;
    error_wrap(error, "asking server \"%s\" for its passwords, which no record holds",
               step_text(parity->run, "old"));
    return error_remedy(error, "Let the old server run and take connections, then retry: the "
                               "passwords of both servers have to be compared.");
}

static bool list_recorded(struct parity *parity, struct error *error)
{
    if (!objects_scopes_load(parity->run, FACT_OBJECTS, step_text(parity->run, "old"),
                             &parity->recorded, error))
        return false;
    if (text_equal(parity->recorded.system, parity->new.system))
        return same_server(parity, error);
    for (size_t i = 0; i < parity->recorded.count; i++)
        text_list_add(&parity->databases, parity->recorded.items[i].database);
    parity->verdict.setting.old_version = parity->recorded.version;
    return find_old(parity, error);
}

static bool prepare(struct parity *parity, struct error *error)
{
    if (!know_side(parity, "new", &parity->new, error) || !objects_key_make(&parity->key, error))
        return false;
    parity->verdict.setting.user = parity->new.access.parameters.user;
    parity->verdict.setting.new_version = parity->new.version;
    return parity->verdict.against_backup ? list_recorded(parity, error) : list_now(parity, error);
}

/* Only a change of the form takes a question, and only the new server knows its answer. */
static bool know_locales(struct parity *parity, const struct objects_scope *old,
                         struct error *error)
{
    if (!objects_setting_crosses(&parity->verdict.setting, OBJECTS_LANGUAGE_TAGS))
        return true;
    struct pg_connection *connection =
        objects_scope_open(&parity->new.access, old->database, error);
    bool done = connection &&
                icu_locales_ask(connection, &old->objects, &parity->verdict.setting.locales, error);
    pg_close(connection);
    return done;
}

static bool compare_with(struct parity *parity, struct objects_scope *old, struct error *error)
{
    struct objects_scope new = {0};
    bool done = objects_scope_read(&parity->new.access, old->database, &new, error) &&
                know_locales(parity, old, error);
    if (done)
        objects_verdict_scope(&parity->verdict, old, &new);
    objects_scope_free(&new);
    return done;
}

static bool compare_objects(struct parity *parity, const char *database, struct error *error)
{
    struct objects_scope now = {0}, *old = objects_scope_find(&parity->recorded, database);
    bool done = old || objects_scope_read(&parity->old.access, database, &now, error);
    done = done && compare_with(parity, old ? old : &now, error);
    objects_scope_free(&now);
    return done;
}

static bool has_database(const struct side *side, const char *database)
{
    return *database ? pg_database_find(&side->databases, database) != NULL
                     : side->databases.count > 0;
}

/* Both live servers are asked: neither a password nor what could be made of one is ever stored. */
static bool compare_secrets(struct parity *parity, const char *database, struct error *error)
{
    struct pg_object_list old = {0}, new = {0};
    if (!has_database(&parity->old, database)) {
        if (parity->old.databases.count)
            step_check(parity->run, "passwords of foreign servers", VERDICT_WARN,
                       "database %s isn't on the old server any more: they were not compared",
                       database);
        return true;
    }
    bool done = objects_secrets_read(&parity->old.access, database, &parity->key, &old, error) &&
                objects_secrets_read(&parity->new.access, database, &parity->key, &new, error);
    if (done)
        objects_verdict_secrets(&parity->verdict, database, &old, &new);
    objects_free(&old);
    objects_free(&new);
    return done;
}

static bool compare_database(struct parity *parity, size_t index, struct error *error)
{
    const char *database = parity->databases.items[index];
    step_progress(parity->run, (double)index, (double)parity->databases.count, "databases",
                  *database ? database : "roles");
    if (!has_database(&parity->new, database)) {
        objects_verdict_fail(&parity->verdict, database, "the database isn't on the new server");
        return true;
    }
    return (compare_objects(parity, database, error) && compare_secrets(parity, database, error)) ||
           error_wrap(error, "comparing the objects of %s", *database ? database : "the cluster");
}

static bool judge(const struct objects_verdict *verdict, struct error *error)
{
    if (!verdict->failures)
        return true;
    error_set(error, ERROR_OTHER, "%zu differences between the objects of the two servers; %s",
              verdict->failures, verdict->first);
    return error_remedy(error,
                        "The evidence names each one. If somebody has changed the new server, "
                        "mend it there and retry; if the old server was changed since the backup, "
                        "roll back and begin again with a new backup.");
}

static bool compare_all(struct parity *parity, struct error *error)
{
    bool done = prepare(parity, error);
    for (size_t i = 0; done && i < parity->databases.count; i++)
        done = compare_database(parity, i, error);
    done = done && objects_verdict_finish(&parity->verdict, error);
    text_free(&parity->verdict.evidence);
    return done && judge(&parity->verdict, error);
}

static bool run_compare_objects(struct step_run *run, struct error *error)
{
    bool backup = text_equal(step_text(run, "against"), "backup");
    struct parity parity = {.run = run, .verdict = {.run = run, .against_backup = backup}};
    if (server_not_yet(run, step_text(run, "new")))
        return true;
    bool done = compare_all(&parity, error);
    free_side(&parity.old);
    free_side(&parity.new);
    objects_scopes_free(&parity.recorded);
    text_list_free(&parity.databases);
    objects_setting_free(&parity.verdict.setting);
    explicit_bzero(&parity.key, sizeof parity.key);
    return done;
}

static const char *const against_choices[] = {"backup", "now", NULL};

static const struct argument compare_objects_arguments[] = {
    {"old", ARGUMENT_SERVER, true, NULL, NULL, "the old server"},
    {"new", ARGUMENT_SERVER, true, NULL, NULL, "the new server"},
    {"against", ARGUMENT_ENUM, false, "backup", against_choices,
     "backup: the old server as it was recorded at the backup; now: as it is now"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_compare_objects_action = {
    .name = "pg.compare_objects",
    .danger = DANGER_READ,
    .help = "compares roles, grants, settings, sequences and every other object but the rows",
    .arguments = compare_objects_arguments,
    .run = run_compare_objects,
};
