/* pg_check_settings.c: pg.check_settings, which tries the old server's settings on the target
 * image's PostgreSQL. */
#include "steps/actions.h"
#include "steps/checks/image_settings.h"
#include "steps/checks/settings_record.h"
#include "steps/evidence.h"
#include "steps/findings.h"

#include "postgres/setting_history.h"

#include <stdlib.h>
#include <string.h>

struct trial {
    struct findings findings;
    struct server_access access;
    struct pg_settings settings;
    const struct pg_setting **tried;  /* of `settings` */
    struct image_question *questions; /* one for each of `tried` */
    size_t count, taken;
    struct text evidence;
};

/* Their values name files and roles of the old server, which the image doesn't have. */
static bool by_name_only(const struct pg_setting *setting)
{
    static const char *const names[] = {"config_file", "data_directory", "hba_file",
                                        "ident_file",  "role",           "session_authorization"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(setting->name, names[i]))
            return true;
    return setting_is_secret(setting);
}

/* A name with a dot is an extension's or the application's: any server takes it. */
static void choose(struct trial *trial)
{
    trial->tried = xcalloc(trial->settings.count + 1, sizeof *trial->tried);
    trial->questions = xcalloc(trial->settings.count + 1, sizeof *trial->questions);
    for (size_t i = 0; i < trial->settings.count; i++) {
        const struct pg_setting *setting = &trial->settings.items[i];
        if (!setting_is_set(setting) || strchr(setting->name, '.'))
            continue;
        trial->questions[trial->count].name = setting->name;
        trial->questions[trial->count].value = by_name_only(setting) ? NULL : setting->value;
        trial->tried[trial->count++] = setting;
    }
}

/* What follows from where it is set. */
static const struct {
    enum verdict verdict;
    const char *remedy;
} fates[] = {
    [SETTING_DEFAULT] = {VERDICT_PASS, ""},
    [SETTING_DATA_DIRECTORY] = {VERDICT_WARN, "It stays behind with the old volume: leave it out "
                                              "when you carry settings over."},
    [SETTING_OTHER_FILE] = {VERDICT_FAIL,
                            "That file goes along if it is mounted, and the new server "
                            "would not start: take it out or change it before the "
                            "switchover."},
    [SETTING_COMMAND_LINE] = {VERDICT_FAIL,
                              "The service's command goes along with the compose file, "
                              "and the new server would not start: take it out or "
                              "change it there before the switchover."},
    [SETTING_ENVIRONMENT] = {VERDICT_FAIL, "The service's environment goes along with the compose "
                                           "file: change it there before the switchover."},
    [SETTING_ROLE] = {VERDICT_FAIL,
                      "It goes along in the dump, and restoring it fails: RESET it on "
                      "the old server before the backup (ALTER ROLE or ALTER DATABASE "
                      "... RESET NAME)."},
    [SETTING_SESSION] = {VERDICT_PASS, ""},
};

static void report_trouble(struct trial *trial, const struct pg_setting *setting,
                           const struct image_question *question)
{
    const struct setting_change *change = setting_history(setting->name);
    char *name = xprintf("setting %s", setting->name);
    bool lacks = question->answer == IMAGE_LACKS;
    char *remedy = xprintf("%s%s%s", lacks && change ? change->advice : "",
                           lacks && change ? " " : "", fates[setting->origin].remedy);
    struct finding finding = {setting->name, name, remedy, fates[setting->origin].verdict};
    if (lacks && change)
        finding_add(&trial->findings, &finding, "%s (%s): gone since PostgreSQL %d",
                    setting_display(setting), setting->place, change->major);
    else if (lacks)
        finding_add(&trial->findings, &finding, "%s (%s): the new PostgreSQL doesn't know it",
                    setting_display(setting), setting->place);
    else
        finding_add(&trial->findings, &finding, "%s (%s): the new PostgreSQL refuses it: %s",
                    setting_display(setting), setting->place, question->message);
    free(remedy);
    free(name);
}

static void report_renamed(struct trial *trial, const struct pg_setting *setting)
{
    const struct setting_change *change = setting_history(setting->name);
    if (!change)
        return;
    char *name = xprintf("setting %s", setting->name);
    struct finding finding = {setting->name, name, change->advice, VERDICT_WARN};
    finding_add(&trial->findings, &finding, "%s (%s): an old name, still taken",
                setting_display(setting), setting->place);
    free(name);
}

static void report(struct trial *trial, size_t number)
{
    static const char *const answers[] = {"taken", "unknown", "refused"};
    const struct pg_setting *setting = trial->tried[number];
    const struct image_question *question = &trial->questions[number];
    const char *const fields[] = {setting->name,
                                  setting_display(setting),
                                  setting->place,
                                  answers[question->answer],
                                  question->message ? question->message : "",
                                  NULL};
    evidence_line(&trial->evidence, fields);
    if (question->answer != IMAGE_TAKES) {
        report_trouble(trial, setting, question);
        return;
    }
    trial->taken++;
    report_renamed(trial, setting);
}

static void report_pending(struct trial *trial)
{
    struct text names = {0};
    size_t count = 0;
    for (size_t i = 0; i < trial->settings.count; i++)
        if (trial->settings.items[i].pending)
            findings_name(&names, &count, trial->settings.items[i].name);
    findings_name_end(&names, count);
    if (count)
        step_check(trial->findings.run, "settings that wait for a restart", VERDICT_WARN,
                   "%s: the old server takes on other values when it is started again, as by a "
                   "rollback",
                   text_string(&names));
    text_free(&names);
}

/* Source: PostgreSQL manual, "pg_file_settings". A change that waits for a restart isn't an error
 * of the file. */
static bool report_file(struct trial *trial, struct error *error)
{
    static const char sql[] =
        "SELECT pg_catalog.format('%s line %s: %s', sourcefile, sourceline, error) "
        "FROM pg_catalog.pg_file_settings "
        "WHERE error IS NOT NULL AND error <> 'setting could not be applied' ORDER BY seqno";
    struct pg_connection *connection = server_open(&trial->access, error);
    PGresult *result = connection ? pg_query(connection, sql, 0, NULL, error) : NULL;
    for (int row = 0; result && row < PQntuples(result); row++) {
        struct finding finding = {
            "configuration-file", "configuration file",
            "Mend the file: with it the old server would not start again, and "
            "so not come back by a rollback.",
            VERDICT_FAIL};
        finding_add(&trial->findings, &finding, "%s", pg_field(result, row, 0));
    }
    bool read = result != NULL;
    PQclear(result);
    pg_close(connection);
    return read;
}

static bool try_all(struct trial *trial, struct error *error)
{
    struct step_run *run = trial->findings.run;
    const char *image = step_text(run, "image");
    struct docker *docker = docker_open(error);
    choose(trial);
    bool asked = docker && image_ask_settings(docker, image, trial->questions, trial->count, error);
    docker_close(docker);
    if (!asked)
        return false;
    text_add(&trial->evidence, "setting\tvalue\tset in\tanswer of the image\tits words\n");
    for (size_t i = 0; i < trial->count; i++)
        report(trial, i);
    report_pending(trial);
    step_check(run, "settings", VERDICT_PASS,
               "%zu are set on the old server, the image's PostgreSQL takes %zu as they are",
               trial->count, trial->taken);
    settings_record(run, trial->access.name, &trial->settings);
    return report_file(trial, error) && evidence_write(run, "settings", &trial->evidence, error) &&
           findings_judge(&trial->findings, error);
}

static bool run_check_settings(struct step_run *run, struct error *error)
{
    struct trial trial = {.findings = {.run = run}};
    bool done = server_find(run, step_text(run, "server"), &trial.access, error) &&
                settings_of_server(&trial.access, true, &trial.settings, error) &&
                try_all(&trial, error);
    image_questions_free(trial.questions, trial.count);
    free(trial.tried);
    text_free(&trial.evidence);
    pg_settings_free(&trial.settings);
    server_free(&trial.access);
    return done;
}

static const struct argument check_settings_arguments[] = {
    {"server", ARGUMENT_SERVER, true, NULL, NULL, "the old server"},
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image to go to"},
    {FINDINGS_ARGUMENT, ARGUMENT_LIST, false, NULL, NULL, FINDINGS_HELP},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_check_settings_action = {
    .name = "pg.check_settings",
    .danger = DANGER_READ,
    .help = "tries the old server's settings on the target image: which are gone, renamed or out "
            "of range",
    .arguments = check_settings_arguments,
    .run = run_check_settings,
};
