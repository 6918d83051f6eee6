/* env_edit.c: env.set, env.rename, env.detach, env.attach, env.remove: one line of an environment
 * file each. What was done already, by an attempt before, is found out first. */
#include "steps/actions.h"
#include "steps/environment/environment.h"

#include <stdlib.h>

/* One edit of the open file: fills `after`, or leaves it empty when there is nothing to do. */
typedef bool edit(struct environment_file *environment, struct error *error);

/* A rollback takes back what this run has done, and nothing else. */
static bool nothing_to_undo(const struct environment_file *environment)
{
    if (!environment->run->undoing || environment_edited(environment))
        return false;
    step_log(environment->run, "%s: nothing of this run is in it", environment->path);
    return true;
}

static bool run_edit(struct step_run *run, edit *work, struct error *error)
{
    struct environment_file environment;
    bool done = environment_open(run, &environment, error) &&
                (nothing_to_undo(&environment) || work(&environment, error)) &&
                (!environment.after.length || environment_write(&environment, error));
    environment_close(&environment);
    return done;
}

static bool count(const struct environment_file *environment, const char *name,
                  struct environment_count *found, struct error *error)
{
    return environment_count(environment->path, text_string(&environment->before),
                             environment->before.length, name, found, error);
}

static bool nothing_to_do(const struct environment_file *environment, const char *name,
                          const char *how)
{
    step_log(environment->run, "%s: %s is %s already", environment->path, name, how);
    return true;
}

/* ---- env.set ---- */

static bool set(struct environment_file *environment, struct error *error)
{
    struct step_run *run = environment->run;
    const char *name = step_text(run, "name"), *host = step_text(run, "host");
    const char *bytes = text_string(&environment->before);
    struct environment_count found;
    struct environment_entry entry;
    if (!count(environment, name, &found, error))
        return false;
    if (found.set) {
        if (!environment_find(environment->path, bytes, environment->before.length, name, &entry,
                              error) ||
            !environment_find_host(environment->path, bytes, &entry, error))
            return false;
        char *there = xstrndup(bytes + entry.host, entry.host_length);
        bool same = text_equal(there, host);
        free(there);
        if (same)
            return nothing_to_do(environment, name, "set");
    }
    if (!environment_add(environment->path, bytes, environment->before.length, name,
                         step_text(run, "like"), host, &environment->after, error))
        return false;
    step_log(run, "%s: %s is set, as %s is but with the host %s", environment->path, name,
             step_text(run, "like"), host);
    return true;
}

static bool run_set(struct step_run *run, struct error *error)
{
    return run_edit(run, set, error);
}

/* ---- env.rename ---- */

/* A rollback that finds the name there has nothing to rename: the step hadn't come to it. A comment
 * in the variable's way may have come since env.check has looked: here nothing is renamed yet. */
static bool rename_variable(struct environment_file *environment, struct error *error)
{
    struct step_run *run = environment->run;
    const char *from = step_text(run, "from"), *to = step_text(run, "to");
    struct environment_count old, new;
    if (!count(environment, from, &old, error) || !count(environment, to, &new, error))
        return false;
    if (new.set == 1 && (!old.set || run->undoing))
        return nothing_to_do(environment, to, "there");
    if (!run->undoing && old.set && !environment_check_comments(environment, from, error))
        return false;
    if (!environment_rename(environment->path, text_string(&environment->before),
                            environment->before.length, from, to, &environment->after, error))
        return false;
    step_log(run, "%s: %s is called %s now", environment->path, from, to);
    return true;
}

static bool run_rename(struct step_run *run, struct error *error)
{
    return run_edit(run, rename_variable, error);
}

/* ---- env.detach, env.attach ---- */

static bool detach(struct environment_file *environment, struct error *error)
{
    const char *name = step_text(environment->run, "name");
    struct environment_count found;
    if (!count(environment, name, &found, error))
        return false;
    if (!found.set && found.detached == 1)
        return nothing_to_do(environment, name, "commented out");
    if (!environment_detach(environment->path, text_string(&environment->before),
                            environment->before.length, name, &environment->after, error))
        return false;
    step_log(environment->run, "%s: %s is commented out", environment->path, name);
    return true;
}

static bool run_detach(struct step_run *run, struct error *error)
{
    return run_edit(run, detach, error);
}

static bool attach(struct environment_file *environment, struct error *error)
{
    const char *name = step_text(environment->run, "name");
    struct environment_count found;
    if (!count(environment, name, &found, error))
        return false;
    if (found.set == 1 && !found.detached)
        return nothing_to_do(environment, name, "set");
    if (environment->run->undoing && !found.set && !found.detached)
        return nothing_to_do(environment, name, "gone, under another name,");
    if (!environment_attach(environment->path, text_string(&environment->before),
                            environment->before.length, name, &environment->after, error))
        return false;
    step_log(environment->run, "%s: %s is set again", environment->path, name);
    return true;
}

static bool run_attach(struct step_run *run, struct error *error)
{
    return run_edit(run, attach, error);
}

/* ---- env.remove ---- */

/* The last line of all may be it: an empty file is written, then. */
static bool remove_variable(struct environment_file *environment, bool *gone, struct error *error)
{
    const char *name = step_text(environment->run, "name");
    struct environment_count found;
    if (!count(environment, name, &found, error))
        return false;
    *gone = nothing_to_undo(environment) || (!found.set && !found.detached);
    if (*gone)
        return nothing_to_do(environment, name, "gone");
    if (!environment_remove(environment->path, text_string(&environment->before),
                            environment->before.length, name, &environment->after, error))
        return false;
    step_log(environment->run, "%s: %s is removed", environment->path, name);
    return true;
}

static bool run_remove(struct step_run *run, struct error *error)
{
    struct environment_file environment;
    bool gone = false;
    bool done = environment_open(run, &environment, error) &&
                remove_variable(&environment, &gone, error) &&
                (gone || environment_write(&environment, error));
    done = done && (run->undoing ? environment_settle(&environment, error)
                                 : environment_forget(&environment, error));
    environment_close(&environment);
    return done;
}

/* ---- the rows ---- */

#define THE_FILE                                                                                   \
    {"env_file", ARGUMENT_TEXT, true, NULL, NULL, "the environment file (env_file, or .env)"},     \
    {                                                                                              \
        "file", ARGUMENT_TEXT, false, NULL, NULL,                                                  \
            "the compose file, which a relative path is beside of"                                 \
    }

static const struct argument set_arguments[] = {
    THE_FILE,
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the variable to add"},
    {"like", ARGUMENT_TEXT, true, NULL, NULL, "the variable whose value it gets"},
    {"host", ARGUMENT_TEXT, true, NULL, NULL, "the host that takes the place of the one in it"},
    {0},
};

const struct action env_set_action = {
    .name = "env.set",
    .danger = DANGER_CHANGE,
    .help = "add a database's address to an environment file: another one's, with another host",
    .arguments = set_arguments,
    .run = run_set,
};

static const struct argument rename_arguments[] = {
    THE_FILE,
    {"from", ARGUMENT_TEXT, true, NULL, NULL, "the variable, which has to be there once"},
    {"to", ARGUMENT_TEXT, true, NULL, NULL, "its new name, which has to be free"},
    {0},
};

const struct action env_rename_action = {
    .name = "env.rename",
    .danger = DANGER_CHANGE,
    .help = "rename a variable in an environment file, every other byte kept",
    .arguments = rename_arguments,
    .run = run_rename,
};

static const struct argument name_arguments[] = {
    THE_FILE,
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the variable"},
    {0},
};

const struct action env_detach_action = {
    .name = "env.detach",
    .danger = DANGER_CHANGE,
    .help = "comment a variable out, so that the application doesn't get it any more",
    .arguments = name_arguments,
    .run = run_detach,
};

const struct action env_attach_action = {
    .name = "env.attach",
    .danger = DANGER_CHANGE,
    .help = "take back what env.detach has done",
    .arguments = name_arguments,
    .run = run_attach,
};

const struct action env_remove_action = {
    .name = "env.remove",
    .danger = DANGER_CHANGE,
    .help = "remove a variable, set or commented out, and the file's copy that this run kept",
    .arguments = name_arguments,
    .run = run_remove,
};
