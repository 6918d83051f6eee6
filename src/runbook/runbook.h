/* runbook.h: a runbook as it was loaded, its variables, and the expansion of `${...}`. */
#ifndef RUNBOOK_RUNBOOK_H
#define RUNBOOK_RUNBOOK_H

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runbook/action.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct position {
    int line;   /* from 1 */
    int column; /* from 1, in characters */
};

/* One fault of a runbook file; `check` prints all of them as FILE:LINE:COLUMN: message. */
struct fault {
    struct position position;
    char *message; /* with the nearest valid name where one is near */
};

struct fault_list {
    struct fault *items;
    size_t count;
};

/* `from: [env NAME, container SERVER NAME, label SERVER NAME, mount SERVER, port SERVER,
 * image SERVER, ask]`:
 * where a variable's value may come from, tried in order before the default. */
enum source_kind {
    SOURCE_ENVIRONMENT, /* env NAME */
    SOURCE_CONTAINER,   /* container SERVER NAME: an environment variable of that server's container
                         */
    SOURCE_LABEL,       /* label SERVER NAME: a label of that server's container */
    SOURCE_MOUNT,       /* mount SERVER: the volume that holds that server's data */
    SOURCE_PORT,        /* port SERVER: the host port that is published for 5432 */
    SOURCE_IMAGE,       /* image SERVER: the image that its container was made from */
    SOURCE_ASK,         /* ask the operator, without echo when secret */
};

struct variable_source {
    enum source_kind kind;
    char *server; /* or NULL */
    char *name;   /* or NULL */
    struct position position;
};

struct variable {
    char *name;
    char *about;    /* or NULL */
    char *fallback; /* `default`, may hold ${...}; or NULL */
    char *value;    /* what it is; NULL until runbook_set or runbook_resolve */
    bool secret;
    bool lost;               /* the run began with this secret, and no source has it any more */
    struct text_list one_of; /* the values that it may have; none: any */
    struct variable_source *sources;
    size_t source_count;
    struct position position;
};

/* Another environment that has to be through first. */
struct requirement {
    char *environment;
    long for_ms; /* so long it has to have been through */
    struct position position;
};

/* One of several targets that a runbook is carried out for. */
struct environment {
    char *name;           /* [a-z0-9-]+ */
    char *about;          /* or NULL */
    struct variable *set; /* default and sources that take the place of the variable's own */
    size_t set_count;
    char *docker_host;    /* like DOCKER_HOST, or NULL; */
    char *docker_context; /* or this, or NULL: the Docker engine that pgrunbook's own shell uses */
    char *docker_certificates; /* directory of ca.pem, cert.pem, key.pem: TLS, verified; or NULL */
    struct requirement *require;
    size_t require_count;
    struct position position;
};
#define ENVIRONMENTS_MAX 16
#define ENVIRONMENT_VARIABLE "environment" /* ${environment}: its name, or... */
#define ENVIRONMENT_ALL "all"              /* ... this, in the phases that run once for all */

struct server {
    char *name;
    cJSON *settings; /* object of texts, unexpanded: container | host, port, user, password,
                        database */
    struct position position;
};

enum availability { AVAILABLE, AVAILABLE_READ_ONLY, UNAVAILABLE, INTERRUPTED };
enum confirmation { CONFIRM_KEY, CONFIRM_TYPE };
enum failure_policy { FAILURE_STOP, FAILURE_RETRY, FAILURE_UNDO };

/* What a gate can show; a set of these. */
enum gate_show {
    SHOW_ROW_COUNTS = 1,
    SHOW_DRIFT = 2, /* rows written on the old server since the snapshot */
    SHOW_CONTAINERS = 4,
    SHOW_CHECKS = 8,
    SHOW_DIFF = 16, /* the difference of an edited file (fact "diff") */
};

struct gate {
    struct text_list require; /* ids of steps whose evidence has to hold */
    enum confirmation confirm;
    char *phrase;   /* unexpanded; what has to be typed with CONFIRM_TYPE, or NULL */
    char *question; /* unexpanded, or NULL: the step's title is the question */
    unsigned show;  /* of enum gate_show */
    char *offer; /* id of the step that can be carried out again when rows would be lost, or NULL */
    long timeout_ms; /* 0: waits for ever; passing it means "no" */
    long max_age_ms; /* of the required evidence; 0: any age */
};

/* Where an argument's value stands in the file. */
struct argument_place {
    const char *name; /* owned by the arguments */
    struct position position;
};

/* One use of an action: a step's own, or one of its undo. */
struct invocation {
    const struct action *action;
    cJSON *arguments; /* object, unexpanded: text, array of texts, object of texts */
    struct argument_place *places;
    size_t place_count;
    struct position position;
};

/* What a step holds from its start on (a write fence) is let go by itself, by its undo, unless the
 * run gets as far as recording a fact. */
struct hold {
    char *until;   /* the fact's key */
    long limit_ms; /* how long it may last without that */
};

struct step {
    char *id;    /* unique in the runbook: [a-z0-9-]+ */
    char *path;  /* "PHASE/STEP" */
    char *title; /* never NULL */
    char *why;   /* or NULL */
    struct invocation invocation;
    struct invocation *undo;
    size_t undo_count;
    struct hold *hold; /* or NULL */
    bool lossless;     /* its undo loses nothing, or fails */
    struct invocation
        *price; /* tells what a rollback would lose once the step was started, or NULL */
    struct invocation *save;    /* saves that before the rollback, or NULL */
    struct invocation *fence;   /* lets nobody write until the undo is done, or NULL */
    struct invocation *unfence; /* takes that back, also after the undo; NULL without a fence */
    long planned_ms;            /* expect.duration, -1 when not said */
    enum availability database; /* expect.database */
    long timeout_ms;            /* 0: none */
    int retries;
    struct gate *gate;  /* or NULL */
    enum danger danger; /* the action's, or what the step says when that is more */
    enum failure_policy on_failure;
    char *retry_from; /* id of the earlier step that the operator's retry begins with, or NULL */
    char *when;       /* unexpanded condition or NULL */
    bool point_of_no_return;
    struct position position;
};

enum phase_scope {
    PHASE_EACH, /* once for each environment */
    PHASE_ALL,  /* once for all of them */
};

struct phase {
    char *id;
    char *title;
    enum phase_scope scope; /* says nothing in a runbook without environments */
    struct step *steps;
    size_t step_count;
};

struct runbook {
    char *path;         /* as given */
    struct text source; /* the file's bytes as loaded */
    char sha256[SHA256_HEX_SIZE];
    char *name;
    char *title;
    char *about; /* or NULL */
    char *stack; /* unexpanded: how the target is called on the screen and in its lock; or NULL */
    struct variable *variables;
    size_t variable_count;
    struct server *servers;
    size_t server_count;
    struct environment *environments; /* in the file's order */
    size_t environment_count;
    bool entered;                          /* see runbook_enter */
    const struct environment *environment; /* the one that was entered; NULL: the phases for all */
    struct text_list watch_containers;     /* unexpanded */
    char *watch_service;                   /* name of a server, or NULL */
    struct phase *phases;
    size_t phase_count;
};

/* Loads and checks the file's shape against the table `actions` (NULL-terminated array of rows).
 * All faults found are added to `faults`; false when there is at least one (error.kind is
 * ERROR_RUNBOOK and its message the first fault) or the file can't be read. On true the caller
 * frees with runbook_free. */
bool runbook_load(const char *path, const struct action *const *actions, struct runbook **runbook,
                  struct fault_list *faults, struct error *error);
/* The same from memory (resume from the journal's copy, tests, fuzzing); `name` is for messages. */
bool runbook_parse(const char *name, const char *bytes, size_t length,
                   const struct action *const *actions, struct runbook **runbook,
                   struct fault_list *faults, struct error *error);
void runbook_free(struct runbook *runbook);
void fault_list_free(struct fault_list *faults);

/* In a runbook with environments: makes it the one of this environment, whose values take the place
 * of the variables' own, whose name ${environment} stands for, and which has the phases for each;
 * without a name, the one of the phases that run once for all. To be called once, before variables
 * get their values. An unknown name is an error. Does nothing in a runbook without environments. */
bool runbook_enter(struct runbook *runbook, const char *environment, struct error *error);
const struct environment *runbook_environment(const struct runbook *runbook, const char *name);
/* Whether the phase belongs to what was entered; before that, and without environments, all do. */
bool runbook_has_phase(const struct runbook *runbook, const struct phase *phase);
/* " (once for all)" or " (for each environment)" behind its title; "" without environments. */
const char *runbook_scope(const struct runbook *runbook, const struct phase *phase);
/* Whether the operator may give this variable a value, "NAME" or "ENVIRONMENT:NAME": one that an
 * environment sets itself has to be given to that one. */
bool runbook_may_set(const struct runbook *runbook, const char *name, struct error *error);
/* "ENVIRONMENT:NAME" without the environment. */
const char *runbook_bare_name(const char *name);

/* --set NAME=VALUE, or ENVIRONMENT:NAME=VALUE, which only that environment takes; an unknown name
 * is an error that says the nearest one. */
bool runbook_set(struct runbook *runbook, const char *name, const char *value, struct error *error);
/* --vars FILE: a YAML map of names to texts. */
bool runbook_set_file(struct runbook *runbook, const char *path, struct error *error);

/* Asks one source for a value. Sets *value (caller frees) or leaves it NULL when the source has
 * none, which is no error. False when looking failed in a way the operator must hear of. */
typedef bool variable_lookup(void *context, const struct runbook *runbook,
                             const struct variable *variable, const struct variable_source *source,
                             char **value, struct error *error);

/* Gives every variable without a value one: its sources in order, then its default expanded. A
 * variable that ends without a value is an error, unless `lookup` is NULL (then secrets stay open:
 * `check` and `render` don't ask). */
bool runbook_resolve(struct runbook *runbook, variable_lookup *lookup, void *context,
                     struct error *error);
/* The same, but a variable that ends without a value gets an empty one: for a run that was begun,
 * whose rollback must not hang on a secret that nobody knows any more. */
bool runbook_resolve_leniently(struct runbook *runbook, variable_lookup *lookup, void *context,
                               struct error *error);

/* After runbook_resolve: expands every argument and checks its type, adding to `faults`. */
bool runbook_check_values(const struct runbook *runbook, struct fault_list *faults,
                          struct error *error);

enum expand_mode {
    EXPAND_WITH_SECRETS, /* for workers, in memory only; one that is lost is an error */
    EXPAND_UNDOING,      /* the same, but a lost one is empty: a way back goes as far as it can */
    EXPAND_MASKED,       /* secrets as "***": for the journal, the screen, reports */
};

/* `${NAME}` replaced by the variable's value, "$${" stands for "${". `${fact.KEY}` is replaced from
 * `facts` (object, may be NULL: then it is left as it stands). The caller frees; NULL with `error`.
 */
char *runbook_expand_text(const struct runbook *runbook, const char *text, const cJSON *facts,
                          enum expand_mode mode, struct error *error);
/* The same for every text in a tree of arrays and objects; the caller deletes the copy. */
cJSON *runbook_expand(const struct runbook *runbook, const cJSON *tree, const cJSON *facts,
                      enum expand_mode mode, struct error *error);
/* Arguments of an invocation, expanded, with fallbacks filled in and types checked. */
cJSON *runbook_expand_arguments(const struct runbook *runbook, const struct invocation *invocation,
                                const cJSON *facts, enum expand_mode mode, struct error *error);
/* A text from outside without the secrets' values: each is replaced by "***", unless it is shorter
 * than 4 characters or also an open variable's value. The caller frees. */
char *runbook_redact(const struct runbook *runbook, const char *text);
/* Whether a `when` condition holds: "A == B", "A != B", or a single value that is neither empty nor
 * no, false, off or 0. */
bool runbook_condition(const struct runbook *runbook, const char *condition, const cJSON *facts,
                       bool *holds, struct error *error);

/* To be called for a secret that the run began with, once all are resolved: where it has no value
 * now it counts as lost, whatever its default. */
void runbook_had_secret(struct runbook *runbook, const char *name);
const struct variable *runbook_variable(const struct runbook *runbook, const char *name);
const struct server *runbook_server(const struct runbook *runbook, const char *name);
/* By "PHASE/STEP" or by a step's id; NULL when there is none. */
const struct step *runbook_step(const struct runbook *runbook, const char *path);
/* The first step that says it takes the fact (an argument of type ARGUMENT_FACTS), or NULL. */
const struct step *runbook_taker(const struct runbook *runbook, const char *fact);
/* How the target is called: `stack` expanded, or the first server's container; caller frees. */
char *runbook_stack_name(const struct runbook *runbook, struct error *error);

/* Appends "name=value, name=value": an invocation's arguments in one line, secrets masked, what
 * isn't known yet as it stands in the file. */
void runbook_describe_arguments(const struct runbook *runbook, const struct invocation *invocation,
                                struct text *output);

/* Parsing of typed texts, as the arguments use them. */
bool parse_duration(const char *text, long *milliseconds);
bool parse_size(const char *text, unsigned long long *bytes);
bool parse_boolean(const char *text, bool *value);

/* The checklist as Markdown (`render`), the numbered list of steps (`check`), the JSON schema of
 * the format and the reference of the actions (Markdown): all from the loaded runbook and the
 * table. */
void runbook_render_markdown(const struct runbook *runbook, struct text *output);
void runbook_list_steps(const struct runbook *runbook, struct text *output);
void runbook_schema(const struct action *const *actions, struct text *output);
void runbook_reference(const struct action *const *actions, struct text *output);

#endif
