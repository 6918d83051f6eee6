/* pg_compare_objects.c: pg.compare_objects, which holds everything of a new server but the rows
 * against the old one: as the backup has recorded it, or as it is now. */
#include "steps/actions.h"
#include "steps/objects_verdict.h"

#include "postgres/catalog.h"

#include <string.h>

struct parity {
    struct step_run *run;
    struct server_access old, new;
    bool old_answers; /* so that secrets can be compared, which no record holds */
    struct objects_key key;
    struct objects_scopes recorded;
    struct text_list databases; /* of the old server; "" first, for what the cluster shares */
    struct pg_database_list present;
    struct objects_verdict verdict;
};

static bool list_present(struct parity *parity, struct error *error)
{
    struct pg_connection *connection = server_open(&parity->new, error);
    bool done = connection && catalog_databases(connection, &parity->present, error);
    if (done)
        parity->verdict.setting.new_version = pg_version(connection);
    pg_close(connection);
    return done;
}

static bool list_of_old(struct parity *parity, struct error *error)
{
    struct pg_database_list list = {0};
    struct pg_connection *connection = server_open(&parity->old, error);
    bool done = connection && catalog_databases(connection, &list, error);
    if (done)
        parity->verdict.setting.old_version = pg_version(connection);
    pg_close(connection);
    text_list_add(&parity->databases, "");
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].connectable)
            text_list_add(&parity->databases, list.items[i].name);
    pg_database_list_free(&list);
    return done;
}

/* The record's version is the backup's: the fact of the server, or what it says now. */
static bool list_recorded(struct parity *parity, struct error *error)
{
    struct error ignored = ERROR_INIT;
    if (!objects_scopes_load(parity->run, step_text(parity->run, "old"), &parity->recorded, error))
        return false;
    for (size_t i = 0; i < parity->recorded.count; i++)
        text_list_add(&parity->databases, parity->recorded.items[i].database);
    parity->verdict.setting.old_version = parity->recorded.version;
    struct pg_connection *connection =
        server_find(parity->run, step_text(parity->run, "old"), &parity->old, &ignored)
            ? server_open(&parity->old, &ignored)
            : NULL;
    parity->old_answers = connection != NULL;
    pg_close(connection);
    if (!parity->old_answers)
        step_check(parity->run, "passwords", VERDICT_WARN,
                   "not compared, as no record holds them and the old server doesn't answer: %s",
                   ignored.message);
    return true;
}

static bool prepare(struct parity *parity, struct error *error)
{
    bool backup = parity->verdict.against_backup;
    if (!server_find(parity->run, step_text(parity->run, "new"), &parity->new, error) ||
        !list_present(parity, error) || !objects_key_make(&parity->key, error))
        return false;
    parity->verdict.setting.user = parity->new.parameters.user;
    if (backup)
        return list_recorded(parity, error);
    parity->old_answers = true;
    return server_find(parity->run, step_text(parity->run, "old"), &parity->old, error) &&
           list_of_old(parity, error);
}

static bool compare_with(struct parity *parity, struct objects_scope *old, struct error *error)
{
    struct objects_scope new = {0};
    bool done = objects_scope_read(&parity->new, old->database, &new, error);
    if (done)
        objects_verdict_scope(&parity->verdict, old, &new);
    objects_scope_free(&new);
    return done;
}

static bool compare_objects(struct parity *parity, const char *database, struct error *error)
{
    struct objects_scope now = {0}, *old = objects_scope_find(&parity->recorded, database);
    bool done = old || objects_scope_read(&parity->old, database, &now, error);
    done = done && compare_with(parity, old ? old : &now, error);
    objects_scope_free(&now);
    return done;
}

/* Both live servers are asked: neither a password nor what could be made of one is ever stored. */
static bool compare_secrets(struct parity *parity, const char *database, struct error *error)
{
    struct pg_object_list old = {0}, new = {0};
    bool done = !parity->old_answers ||
                (objects_secrets_read(&parity->old, database, &parity->key, &old, error) &&
                 objects_secrets_read(&parity->new, database, &parity->key, &new, error));
    if (done && parity->old_answers)
        objects_verdict_secrets(&parity->verdict, database, &old, &new);
    objects_free(&old);
    objects_free(&new);
    return done;
}

/* A database that the old server has lost since the backup has no secrets to ask for. */
static bool compare_database(struct parity *parity, size_t index, struct error *error)
{
    const char *database = parity->databases.items[index];
    step_progress(parity->run, (double)index, (double)parity->databases.count, "databases",
                  *database ? database : "roles");
    if (*database && !pg_database_find(&parity->present, database)) {
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
    done = objects_verdict_finish(&parity->verdict, done ? error : NULL) && done;
    return done && judge(&parity->verdict, error);
}

static bool run_compare_objects(struct step_run *run, struct error *error)
{
    bool backup = text_equal(step_text(run, "against"), "backup");
    struct parity parity = {.run = run, .verdict = {.run = run, .against_backup = backup}};
    if (server_not_yet(run, step_text(run, "new")))
        return true;
    bool done = compare_all(&parity, error);
    server_free(&parity.old);
    server_free(&parity.new);
    objects_scopes_free(&parity.recorded);
    text_list_free(&parity.databases);
    pg_database_list_free(&parity.present);
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
