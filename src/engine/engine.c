/* engine.c: starting an engine in the background: locks, journal, socket, then the loop. */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/file.h"
#include "engine/engine_parts.h"
#include "engine/surroundings.h"
#include "steps/step.h"
#include "steps/where.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DECISION_MS 30000 /* so long an engine waits for the command that it was started for */

static void release(struct engine *engine)
{
    watchers_stop(engine);
    if (engine->worker.process) {
        worker_end(&engine->worker, "the engine was stopped");
        worker_reap(&engine->worker);
    }
    worker_clear(&engine->worker);
    if (engine->counter.process) {
        worker_end(&engine->counter, "the engine was stopped");
        worker_reap(&engine->counter);
    }
    worker_clear(&engine->counter);
    repeat_last_act(engine);
    price_forget_asked(engine);
    cJSON_Delete(engine->given_up);
    clients_close(&engine->clients, engine->directory);
    journal_close(engine->journal);
    siblings_close(engine->siblings);
    run_state_free(engine->state);
    cJSON_Delete(engine->live);
    text_free(&engine->outbox);
    target_release(engine);
    lock_release(&engine->engine_lock);
}

static const char *run_name(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    return slash ? slash + 1 : directory;
}

/* The stack as the operator sees it, with the engine when that isn't this machine's own. One that
 * can't be found is told by the first step that needs it. */
static void name_engine(char **stack)
{
    struct error ignored = ERROR_INIT;
    char *engine = NULL;
    if (!*stack || !where_description(&engine, &ignored) || !engine)
        return;
    char *name = xprintf("%s on %s", *stack, engine);
    free(*stack);
    free(engine);
    *stack = name;
}

/* A new journal gets its first event, an old one is read into the state. */
static bool take_up(struct engine *engine, const char *stack, struct error *error)
{
    char *path = file_join(engine->directory, "journal.jsonl");
    engine->journal = journal_open(path, error);
    struct text content = {0};
    bool good = engine->journal && file_read(path, (size_t)1 << 30, &content, error);
    bool fresh = good && content.length == 0;
    text_free(&content);
    engine->state = good && !fresh ? journal_load(path, error) : run_state_new();
    free(path);
    if (!good || !engine->state)
        return false;
    if (fresh)
        engine_emit(engine,
                    engine_created_event(engine->runbook, run_name(engine->directory), stack));
    cJSON *started = engine_event("engine_started");
    cJSON_AddNumberToObject(started, "process", (double)getpid());
    engine_emit(engine, started);
    engine_take_up_loose_ends(engine);
    if (engine_sync(engine))
        return true;
    *error = engine->failure;
    return false;
}

static bool set_up(struct engine *engine, struct error *error)
{
    char *stack = NULL;
    engine->live = cJSON_CreateObject();
    if (engine->runbook->environment_count)
        engine->siblings = siblings_open(engine->directory, engine->runbook);
    bool ready = lock_engine(engine->directory, &engine->engine_lock, error) &&
                 surroundings_enter(engine->directory, error) && where_stay(error) &&
                 (stack = runbook_stack_name(engine->runbook, error)) &&
                 target_take(engine, stack, error);
    name_engine(&stack);
    if (ready)
        worker_end_leftovers(engine->directory);
    ready = ready && clients_listen(&engine->clients, engine->directory, error) &&
            take_up(engine, stack, error);
    free(stack);
    return ready;
}

static void redirect_output(const char *directory)
{
    char *path = file_join(directory, "logs/engine.log");
    int null = open("/dev/null", O_RDWR), log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    free(path);
    dup2(null, 0);
    dup2(log >= 0 ? log : null, 1);
    dup2(log >= 0 ? log : null, 2);
    if (null > 2)
        close(null);
    if (log > 2)
        close(log);
    setvbuf(stderr, NULL, _IOLBF, 0);
}

static int be_engine(const char *directory, const struct runbook *runbook, bool for_decision,
                     int ready)
{
    struct engine engine = {.directory = directory,
                            .runbook = runbook,
                            .decision_ms = for_decision ? clock_monotonic_ms() + DECISION_MS : 0,
                            .engine_lock = {-1},
                            .target_lock = {-1},
                            .named_lock = {-1},
                            .clients = {.listening = -1},
                            .worker = {.reports = -1, .commands = -1},
                            .counter = {.reports = -1, .commands = -1}};
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        engine.clients.items[i].socket = -1;
    struct error error = ERROR_INIT;
    bool up = set_up(&engine, &error);
    if (write(ready, up ? "+" : "-", 1) != 1 ||
        (!up && write(ready, &error, sizeof error) != (ssize_t)sizeof error))
        fprintf(stderr, "pgrunbook: nobody waits for the engine any more\n");
    close(ready);
    bool good = up && engine_loop(&engine);
    release(&engine);
    return good ? 0 : 1;
}

static bool read_exactly(int file, void *target, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = read(file, (char *)target + done, length - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* Two forks and a session of its own: nothing that happens to the terminal reaches the engine. */
static bool launch(const char *directory, const struct runbook *runbook, bool for_decision,
                   struct error *error)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) < 0)
        return error_errno(error, "can't make a pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        close(ready[0]);
        redirect_output(directory);
        exit(be_engine(directory, runbook, for_decision, ready[1]));
    }
    close(ready[1]);
    if (child > 0)
        waitpid(child, NULL, 0);
    char sign = 0;
    bool told = child > 0 && read_exactly(ready[0], &sign, 1);
    bool up = told && sign == '+';
    if (!told)
        error_set(error, ERROR_OTHER, "the engine couldn't be started; see %s/logs/engine.log",
                  directory);
    else if (!up && !read_exactly(ready[0], error, sizeof *error))
        error_set(error, ERROR_OTHER, "the engine ended before it was ready");
    close(ready[0]);
    return up;
}

static bool save_runbook(const char *directory, const struct runbook *runbook, struct error *error)
{
    char *path = file_join(directory, "runbook.yaml");
    bool saved =
        file_write_atomic(path, text_string(&runbook->source), runbook->source.length, 0600, error);
    free(path);
    return saved;
}

/* A run that never began leaves nothing behind. */
static void remove_directory(const char *directory)
{
    static const char *const names[] = {"runbook.yaml",    "journal.jsonl", "engine.lock",
                                        "logs/engine.log", "logs",          "evidence"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = file_join(directory, names[i]);
        remove(path);
        free(path);
    }
    remove(directory);
}

bool engine_create(struct runbook *runbook, const char *run, char **directory, struct error *error)
{
    struct lock making;
    if (!run_directory_create(run, runbook->name, &making, directory, error))
        return false;
    bool launched =
        save_runbook(*directory, runbook, error) && launch(*directory, runbook, false, error);
    if (!launched)
        remove_directory(*directory);
    lock_release(&making);
    if (launched)
        return true;
    free(*directory);
    *directory = NULL;
    return false;
}

static bool set_variables(struct runbook *runbook, const cJSON *variables, struct error *error)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, variables)
    {
        const struct variable *variable = runbook_variable(runbook, item->string);
        if (variable && !variable->secret && cJSON_IsString(item) &&
            !runbook_set(runbook, item->string, item->valuestring, error))
            return false;
    }
    return true;
}

static void expect_secrets(struct runbook *runbook, const cJSON *variables)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, variables)
    {
        if (text_equal(cJSON_GetStringValue(item), "***"))
            runbook_had_secret(runbook, item->string);
    }
}

static bool load_copy(const char *directory, const struct run_state *state,
                      struct runbook **runbook, struct error *error)
{
    char *path = file_join(directory, "runbook.yaml");
    struct fault_list faults = {0};
    bool loaded = runbook_load(path, actions, runbook, &faults, error);
    fault_list_free(&faults);
    free(path);
    if (loaded && !text_equal((*runbook)->sha256, state->runbook_sha256)) {
        runbook_free(*runbook);
        *runbook = NULL;
        return error_set(error, ERROR_RUNBOOK,
                         "the run's copy of its runbook was changed: %s/runbook.yaml", directory);
    }
    return loaded;
}

/* What the journal has of the files' variables is set anew after them: only secrets stay theirs. */
static bool set_secrets(struct runbook *runbook, const struct text_list *files, struct error *error)
{
    for (size_t i = 0; i < files->count; i++)
        if (!runbook_set_file(runbook, files->items[i], error))
            return false;
    return true;
}

bool engine_load_runbook(const char *directory, const struct text_list *secrets,
                         variable_lookup *lookup, void *context, struct runbook **runbook,
                         struct error *error)
{
    char *path = file_join(directory, "journal.jsonl");
    struct run_state *state = journal_load(path, error);
    free(path);
    *runbook = NULL;
    bool loaded = state && load_copy(directory, state, runbook, error);
    bool good = loaded && runbook_enter(*runbook, state->environment, error) &&
                set_secrets(*runbook, secrets, error) &&
                set_variables(*runbook, state->variables, error) &&
                surroundings_use_docker(directory, error) &&
                runbook_resolve_leniently(*runbook, lookup, context, error);
    if (good)
        expect_secrets(*runbook, state->variables);
    if (loaded && !good) {
        runbook_free(*runbook);
        *runbook = NULL;
    }
    run_state_free(state);
    return good;
}

bool engine_resume(const char *directory, struct runbook *runbook, bool for_decision,
                   struct error *error)
{
    return launch(directory, runbook, for_decision, error) ||
           error_wrap(error, "going on with the run");
}

static bool take_process(void *context, const char *line, size_t length, struct error *error)
{
    (void)error;
    cJSON *event = cJSON_ParseWithLength(line, length);
    const cJSON *process = cJSON_GetObjectItemCaseSensitive(event, "process");
    if (cJSON_IsNumber(process))
        *(pid_t *)context = (pid_t)process->valuedouble;
    cJSON_Delete(event);
    return true;
}

void engine_discard(const char *directory)
{
    char *path = file_join(directory, "journal.jsonl");
    struct error ignored = ERROR_INIT; /* without a journal there is no engine either */
    pid_t process = 0;
    journal_read(path, take_process, &process, &ignored);
    free(path);
    if (process > 0 && engine_alive(directory))
        kill(process, SIGTERM);
    for (int i = 0; i < 100 && engine_alive(directory); i++)
        clock_sleep_ms(50);
    remove_directory(directory);
}
