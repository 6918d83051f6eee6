/* objects_record.c: the record of a server's objects as of a backup: made, written, read back. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "steps/parity/objects_scope.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_MAX ((size_t)1 << 30)
#define COLUMNS 4 /* database, reading, kind, identity; the fields follow */

static const char snapshot[] = "snapshot", dumped[] = "dumped"; /* the two readings */

struct objects_record {
    struct step_run *run;
    char *fact, *server;
    int64_t taken_ms; /* wall */
    struct objects_scopes scopes;
};

struct objects_record *objects_record_begin(struct step_run *run, const char *fact,
                                            const char *server)
{
    struct objects_record *record = xcalloc(1, sizeof *record);
    record->run = run;
    record->fact = xstrdup(fact);
    record->server = xstrdup(server);
    record->taken_ms = clock_wall_ms();
    return record;
}

void objects_record_free(struct objects_record *record)
{
    if (!record)
        return;
    objects_scopes_free(&record->scopes);
    free(record->fact);
    free(record->server);
    free(record);
}

bool objects_record_cluster(struct objects_record *record, struct pg_connection *connection,
                            struct error *error)
{
    struct objects_scope *scope = objects_scope_of(&record->scopes, "");
    record->scopes.version = pg_version(connection);
    return objects_system(connection, record->scopes.system, error) &&
           objects_read(connection, OBJECTS_CLUSTER, NULL, &scope->objects, error);
}

bool objects_record_snapshot(struct objects_record *record, struct pg_connection *connection,
                             struct error *error)
{
    struct objects_scope *scope = objects_scope_of(&record->scopes, pg_database(connection));
    return objects_read(connection, OBJECTS_DATABASE, NULL, &scope->objects, error) &&
           objects_read_sequences(connection, &scope->sequences, error);
}

bool objects_record_dumped(struct objects_record *record, struct pg_connection *connection,
                           struct error *error)
{
    struct objects_scope *scope = objects_scope_of(&record->scopes, pg_database(connection));
    return objects_read(connection, OBJECTS_LARGE, NULL, &scope->objects, error) &&
           objects_read_sequences(connection, &scope->sequences_after, error);
}

static void write_list(const char *database, const char *reading, const struct pg_object_list *list,
                       struct text *text)
{
    for (size_t i = 0; i < list->count; i++) {
        objects_escape(text, database);
        text_printf(text, "\t%s\t%s\t", reading, list->items[i].kind);
        objects_escape(text, list->items[i].identity);
        text_printf(text, "\t%s\n", list->items[i].fields);
    }
}

void objects_scopes_write(const struct objects_scopes *scopes, struct text *text)
{
    for (size_t i = 0; i < scopes->count; i++) {
        const struct objects_scope *scope = &scopes->items[i];
        write_list(scope->database, snapshot, &scope->objects, text);
        write_list(scope->database, snapshot, &scope->sequences, text);
        write_list(scope->database, dumped, &scope->sequences_after, text);
    }
}

static size_t count_objects(const struct objects_scopes *scopes, size_t *sequences)
{
    size_t count = 0;
    *sequences = 0;
    for (size_t i = 0; i < scopes->count; i++) {
        count += scopes->items[i].objects.count;
        *sequences += scopes->items[i].sequences.count;
    }
    return count;
}

static void record_fact(const struct objects_record *record, const char *file,
                        const struct text *text)
{
    char sha256[SHA256_HEX_SIZE];
    size_t sequences, objects = count_objects(&record->scopes, &sequences);
    cJSON *fact = cJSON_CreateObject();
    sha256_bytes(text_string(text), text->length, sha256);
    cJSON_AddStringToObject(fact, "server", record->server);
    cJSON_AddNumberToObject(fact, "version_num", record->scopes.version);
    cJSON_AddStringToObject(fact, "system", record->scopes.system);
    cJSON_AddStringToObject(fact, "file", file);
    cJSON_AddStringToObject(fact, "sha256", sha256);
    cJSON_AddNumberToObject(fact, "objects", (double)objects);
    cJSON_AddNumberToObject(fact, "sequences", (double)sequences);
    cJSON_AddNumberToObject(fact, "taken_ms", (double)record->taken_ms);
    step_fact(record->run, record->fact, fact);
    step_check(record->run, "objects", VERDICT_PASS,
               "%zu objects and %zu sequences' values recorded", objects, sequences);
}

bool objects_record_finish(struct objects_record *record, struct error *error)
{
    struct text text = {0};
    char *directory = file_join(record->run->directory, "evidence");
    char *file = xprintf("evidence/%s-%s.tsv", record->fact, record->server);
    char *path = file_join(record->run->directory, file);
    objects_scopes_write(&record->scopes, &text);
    bool written = file_make_directories(directory, 0700, error) &&
                   file_write_atomic(path, text_string(&text), text.length, 0600, error);
    if (written)
        record_fact(record, file, &text);
    free(directory);
    free(file);
    free(path);
    text_free(&text);
    return written || error_wrap(error, "recording the server's objects");
}

static bool take_line(char *line, struct objects_scopes *scopes)
{
    char *columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        char *tab = strchr(line, '\t');
        if (!tab)
            return false;
        *tab = '\0';
        columns[i] = line;
        line = tab + 1;
    }
    char *database = objects_unescape(columns[0]), *identity = objects_unescape(columns[3]);
    struct objects_scope *scope = objects_scope_of(scopes, database);
    struct pg_object_list *list = strcmp(columns[2], SEQUENCE_VALUE) != 0 ? &scope->objects
                                  : !strcmp(columns[1], dumped)           ? &scope->sequences_after
                                                                          : &scope->sequences;
    bool known = objects_add(list, columns[2], identity, line);
    free(database);
    free(identity);
    return known;
}

bool objects_scopes_parse(const char *content, struct objects_scopes *scopes, struct error *error)
{
    for (size_t number = 1; *content; number++) {
        size_t length = strcspn(content, "\n");
        char *line = xstrndup(content, length);
        bool taken = take_line(line, scopes);
        free(line);
        if (!taken)
            return error_set(error, ERROR_OTHER, "line %zu is none of a record of objects", number);
        content += length + (content[length] == '\n');
    }
    return true;
}

static bool nothing_recorded(const char *server, struct error *error)
{
    error_set(error, ERROR_OTHER, "no objects of server \"%s\" are recorded to compare with",
              server);
    return error_remedy(error, "A step pg.backup of server \"%s\" has to come before this one.",
                        server);
}

static bool read_record(const char *path, const char *sha256, struct objects_scopes *scopes,
                        struct error *error)
{
    struct text text = {0};
    char found[SHA256_HEX_SIZE];
    bool done = file_read(path, RECORD_MAX, &text, error);
    if (done) {
        sha256_bytes(text_string(&text), text.length, found);
        done =
            text_equal(found, sha256) ||
            error_set(error, ERROR_OTHER, "%s isn't what the backup has recorded any more", path);
    }
    done = done && objects_scopes_parse(text_string(&text), scopes, error);
    text_free(&text);
    if (!done)
        error_remedy(error, "Without the record nothing can be proven: take the backup again.");
    return done;
}

bool objects_scopes_load(const struct step_run *run, const char *fact, const char *server,
                         struct objects_scopes *scopes, struct error *error)
{
    const cJSON *record = step_known(run, fact);
    const char *file = json_text(record, "file");
    *scopes = (struct objects_scopes){0};
    if (!file || !text_equal(json_text(record, "server"), server))
        return nothing_recorded(server, error);
    char *path = file_join(run->directory, file);
    const char *system = json_text(record, "system");
    scopes->version = (int)json_number_at(record, "version_num");
    text_copy(scopes->system, sizeof scopes->system, system ? system : "");
    bool done = read_record(path, json_text(record, "sha256"), scopes, error);
    free(path);
    return done;
}
