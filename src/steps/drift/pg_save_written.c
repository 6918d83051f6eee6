/* pg_save_written.c: pg.save_written, which dumps the tables that were written on the new server
 * since the switch, before a rollback leaves them behind. */
#include "steps/actions.h"
#include "steps/backup/backup_file.h"
#include "steps/drift/written_tables.h"
#include "steps/server/pg_tool.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX ((size_t)16 << 10)
#define TABLES_MAX 500 /* named on a command line; of a database with more all data is dumped */
#define FACT_STARTED "saved.started"

struct saving {
    struct step_run *run;
    struct server_access access;
    struct written_tables written;
    struct backup_file *file;
    char *path;
    struct text words; /* standard error of pg_dump */
    size_t databases;
};

static bool take_dump(void *context, const char *bytes, size_t length, struct error *error)
{
    struct saving *saving = context;
    return backup_file_write(saving->file, bytes, length, error);
}

static bool take_words(void *context, const char *bytes, size_t length, struct error *error)
{
    struct saving *saving = context;
    (void)error;
    size_t room = saving->words.length < WORDS_MAX ? WORDS_MAX - saving->words.length : 0;
    text_append(&saving->words, bytes, length < room ? length : room);
    return true;
}

/* In double quotes a pattern of pg_dump is a plain name. Source: PostgreSQL manual, psql,
 * "Patterns". */
static void add_quoted(struct text *text, const char *name)
{
    text_add(text, "\"");
    for (; *name; name++) {
        text_append(text, name, 1);
        if (*name == '"')
            text_add(text, "\"");
    }
    text_add(text, "\"");
}

static char *table_option(const struct written_table *table)
{
    struct text option = {0};
    text_add(&option, "--table=");
    add_quoted(&option, table->schema);
    text_add(&option, ".");
    add_quoted(&option, table->name);
    return text_take(&option);
}

static bool belongs(const struct written_table *table, const char *database)
{
    return !table->gone && !strcmp(table->database, database);
}

/* pg_dump's arguments: the tables of this database, or all of its data where they are too many. */
static void add_arguments(const struct saving *saving, const char *database,
                          struct text_list *arguments)
{
    const struct written_tables *written = &saving->written;
    text_list_add(arguments, "pg_dump");
    text_list_add(arguments, "--data-only");
    for (size_t i = 0; i < written->count; i++) {
        if (!belongs(&written->items[i], database))
            continue;
        char *option = table_option(&written->items[i]);
        text_list_add(arguments, option);
        free(option);
    }
    bool too_many = arguments->count > TABLES_MAX;
    while (arguments->count > 2 && too_many)
        free(arguments->items[--arguments->count]);
}

static bool run_dump(struct saving *saving, const char *database, struct error *error)
{
    int exit_status = -1;
    struct text_list arguments = {0};
    add_arguments(saving, database, &arguments);
    const char **list = xcalloc(arguments.count + 1, sizeof *list);
    for (size_t i = 0; i < arguments.count; i++)
        list[i] = arguments.items[i];
    struct pg_tool tool = {.access = &saving->access,
                           .arguments = list,
                           .database = database,
                           .write = take_dump,
                           .write_error = take_words,
                           .context = saving};
    text_consume(&saving->words, saving->words.length);
    bool done = pg_tool_run(&tool, &exit_status, error) &&
                (exit_status == 0 ||
                 pg_tool_failed(&tool, exit_status, text_string(&saving->words), error));
    free(list);
    text_list_free(&arguments);
    return done;
}

static bool write_text(struct saving *saving, const struct text *text, struct error *error)
{
    return backup_file_write(saving->file, text_string(text), text->length, error);
}

/* psql's own quoting: a connection string in double quotes, its value in single ones. */
static void add_connect(struct text *text, const char *database)
{
    text_add(text, "\\connect -reuse-previous=on \"dbname='");
    for (; *database; database++) {
        if (*database == '\'' || *database == '\\')
            text_add(text, "\\");
        text_append(text, database, 1);
        if (*database == '"')
            text_add(text, "\"");
    }
    text_add(text, "'\"\n\n");
}

static bool save_database(struct saving *saving, const char *database, struct error *error)
{
    struct text head = {0};
    text_printf(&head, "--\n-- Database \"%s\" dump\n--\n\n", database);
    add_connect(&head, database);
    saving->databases++;
    bool saved = write_text(saving, &head, error) && run_dump(saving, database, error);
    text_free(&head);
    return saved || error_wrap(error, "saving what was written in database \"%s\"", database);
}

static bool has_tables(const struct saving *saving, const char *database)
{
    for (size_t i = 0; i < saving->written.count; i++)
        if (belongs(&saving->written.items[i], database))
            return true;
    return false;
}

static bool save_databases(struct saving *saving, struct error *error)
{
    static const char head[] =
        "-- What clients have written on the new server: the data of every table that isn't any "
        "more what\n-- it was at the switch, with all of its rows. Load it into an empty copy of "
        "the schema, and take\n-- from there by hand what the old server is to get:\n"
        "--   psql -X -v ON_ERROR_STOP=1 -f THIS_FILE postgres\n\n";
    struct text mark = {0};
    const struct survey *survey = &saving->written.survey;
    if (!backup_file_write(saving->file, head, strlen(head), error))
        return false;
    for (size_t i = 0; i < survey->count; i++) {
        step_progress(saving->run, (double)i, (double)survey->count, "databases",
                      survey->tables[i].database);
        if (has_tables(saving, survey->tables[i].database) &&
            !save_database(saving, survey->tables[i].database, error))
            return false;
    }
    text_printf(&mark, "\n%s%zu\n", DUMP_END_MARK, saving->databases);
    bool written = write_text(saving, &mark, error);
    text_free(&mark);
    return written;
}

static void record(const struct saving *saving, unsigned long long bytes, const char *sha256)
{
    char size[24];
    const struct written_tables *written = &saving->written;
    long long rows = written->inserted + written->updated + written->deleted;
    cJSON *fact = cJSON_CreateObject();
    cJSON_AddStringToObject(fact, "path", saving->path);
    cJSON_AddNumberToObject(fact, "bytes", (double)bytes);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    cJSON_AddNumberToObject(fact, "tables", (double)written->count);
    cJSON_AddNumberToObject(fact, "rows", (double)rows);
    step_fact(saving->run, "saved", fact);
    step_check(saving->run, "saved", VERDICT_PASS,
               "%zu tables of %zu databases in %s, %s, SHA-256 %s", written->count,
               saving->databases, saving->path, text_bytes(size, sizeof size, (double)bytes),
               sha256);
}

/* An attempt before, or an earlier save of this run, is written over; anybody else's file isn't. */
static bool check_target(const struct saving *saving, struct error *error)
{
    const char *started = cJSON_GetStringValue(step_known(saving->run, FACT_STARTED));
    if (!file_exists(saving->path) || text_equal(started, saving->path))
        return true;
    error_set(error, ERROR_OTHER, "there is a file %s already, which this run didn't write",
              saving->path);
    return error_remedy(error, "Move it away, or choose another place (argument to).");
}

static bool save_file(struct saving *saving, struct error *error)
{
    char sha256[SHA256_HEX_SIZE];
    if (!check_target(saving, error))
        return false;
    step_fact_text(saving->run, FACT_STARTED, saving->path);
    saving->file = backup_file_begin(saving->path, error);
    if (!saving->file || !save_databases(saving, error) ||
        !backup_file_finish(saving->file, true, sha256, error))
        return false;
    record(saving, backup_file_summary(saving->file)->bytes, sha256);
    return true;
}

static bool save(struct saving *saving, struct error *error)
{
    if (!written_tables_read(saving->run, &saving->access, &saving->written, error))
        return false;
    if (saving->written.count)
        return save_file(saving, error);
    step_check(saving->run, "saved", VERDICT_PASS, "nothing was written: there is nothing to save");
    return true;
}

static char *target(const struct step_run *run)
{
    char *path = step_path(run, "to");
    return path ? path : file_join(run->directory, "saved/written.sql");
}

static bool run_save_written(struct step_run *run, struct error *error)
{
    struct saving saving = {.run = run, .path = target(run)};
    bool done = server_find(run, step_text(run, "server"), &saving.access, error) &&
                server_needs_container(&saving.access, error) && save(&saving, error);
    backup_file_close(saving.file);
    written_tables_free(&saving.written);
    server_free(&saving.access);
    text_free(&saving.words);
    free(saving.path);
    return done;
}

static const struct argument save_written_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the new server, which clients use"},
    {"to", ARGUMENT_PATH, false, NULL, NULL,
     "the file to write; saved/written.sql in the run's directory when it isn't said"},
    {"connections", ARGUMENT_INTEGER, false, "4", NULL,
     "over how many connections it's measured, at most"},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_save_written_action = {
    .name = "pg.save_written",
    .danger = DANGER_CHANGE,
    .help = "dumps the data of the tables that were written on the new server since the switch",
    .arguments = save_written_arguments,
    .run = run_save_written,
};
