/* pg_compare_settings.c: pg.compare_settings, which holds two servers' settings and pg_hba.conf
 * against each other. */
#include "steps/actions.h"
#include "steps/checks/settings_record.h"
#include "steps/evidence.h"
#include "steps/findings.h"

#include "postgres/hba.h"
#include "postgres/setting_history.h"
#include "postgres/setting_judge.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 30

struct difference {
    const struct pg_setting *old, *new; /* one may be NULL */
    enum setting_verdict verdict;
    const char *reason;
    bool goes_along; /* what the old server has comes to the new one by itself */
};

struct comparison {
    struct findings findings;
    struct server_access old_access, new_access;
    bool recalled; /* the old server doesn't run: its settings are those on record */
    struct pg_settings old, new;
    struct difference *items; /* every setting */
    size_t count, equal, expected;
    struct text evidence;
};

static void judge(struct comparison *comparison, const struct pg_setting *old,
                  const struct pg_setting *new)
{
    struct difference difference = {.old = old, .new = new};
    difference.verdict = setting_judge(old, new, &difference.reason);
    if (setting_is_kept_back(old))
        difference.verdict = SETTING_EXPECTED;
    difference.goes_along = old && setting_goes_along(old);
    comparison->equal += difference.verdict == SETTING_EQUAL;
    comparison->expected += difference.verdict == SETTING_EXPECTED;
    comparison->items[comparison->count++] = difference;
}

static const char *name_of(const struct difference *difference)
{
    return difference->old ? difference->old->name : difference->new->name;
}

static int by_importance(const void *left, const void *right)
{
    const struct difference *a = left, *b = right;
    if (a->verdict != b->verdict)
        return a->verdict > b->verdict ? -1 : 1;
    int order = setting_rank(name_of(a)) - setting_rank(name_of(b));
    return order ? order : strcmp(name_of(a), name_of(b));
}

static void judge_all(struct comparison *comparison)
{
    comparison->items =
        xcalloc(comparison->old.count + comparison->new.count + 1, sizeof *comparison->items);
    for (size_t i = 0; i < comparison->old.count; i++)
        judge(comparison, &comparison->old.items[i],
              pg_settings_find(&comparison->new, comparison->old.items[i].name));
    for (size_t i = 0; i < comparison->new.count; i++)
        if (!pg_settings_find(&comparison->old, comparison->new.items[i].name))
            judge(comparison, NULL, &comparison->new.items[i]);
    qsort(comparison->items, comparison->count, sizeof *comparison->items, by_importance);
}

static void add_evidence(struct text *evidence, const struct difference *difference)
{
    static const char *const verdicts[] = {"equal", "expected", "differs", "BREAKS"};
    const struct pg_setting *old = difference->old, *new = difference->new;
    const char *const fields[] = {name_of(difference),
                                  old ? setting_display(old) : "(unknown there)",
                                  old ? old->place : "",
                                  new ? setting_display(new) : "(unknown there)",
                                  new ? new->place : "",
                                  verdicts[difference->verdict],
                                  NULL};
    evidence_line(evidence, fields);
}

static char *side(const struct pg_setting *setting, bool set_only)
{
    if (!setting)
        return xstrdup(set_only ? "default" : "unknown");
    const char *value = setting_display(setting);
    return xprintf("%s (%s)", *value ? value : "empty", setting->place);
}

/* How to carry it over. The caller frees. */
static char *remedy_of(const struct difference *difference)
{
    const struct pg_setting *old = difference->old;
    const struct setting_change *change = setting_history(name_of(difference));
    struct text text = {0};
    if (!difference->new &&change)
        text_printf(&text, "%s", change->advice);
    else if (difference->goes_along)
        text_add(&text, "The compose file brings it to the new server at the switchover, if its "
                        "command, environment and mounts stay as they are.");
    else if (!old || (!difference->new && !strchr(old->name, '.')))
        text_add(&text, "See whether the application needs it.");
    else if (setting_is_secret(old))
        text_printf(&text,
                    "To carry it over, set %s on the new server by hand: its value may hold "
                    "a secret and isn't shown.",
                    old->name);
    else {
        text_add(&text, "To carry it over, on the new server: ");
        setting_statement(&text, old);
        text_add(&text, "; then restart that server (or -c in the compose file's command).");
    }
    return text_take(&text);
}

static void report(struct comparison *comparison, const struct difference *difference)
{
    bool breaks = difference->verdict == SETTING_BREAKS && !difference->goes_along;
    char *name = xprintf("setting %s", name_of(difference)), *remedy = remedy_of(difference);
    char *old = side(difference->old, comparison->recalled), *new = side(difference->new, false);
    struct finding finding = {name_of(difference), name, remedy,
                              breaks ? VERDICT_FAIL : VERDICT_WARN};
    finding_add(&comparison->findings, &finding, "%s on the old server, %s on the new one%s%s%s",
                old, new, difference->reason ? ": " : "",
                difference->reason ? difference->reason : "",
                difference->goes_along ? "; set outside of the data directory, it goes along" : "");
    free(new);
    free(old);
    free(remedy);
    free(name);
}

static void report_all(struct comparison *comparison)
{
    size_t shown = 0, differ = 0;
    text_add(&comparison->evidence,
             "setting\ton the old server\tset in\ton the new server\tset in\tverdict\n");
    for (size_t i = 0; i < comparison->count; i++) {
        const struct difference *difference = &comparison->items[i];
        add_evidence(&comparison->evidence, difference);
        if (difference->verdict < SETTING_DIFFERS)
            continue;
        differ++;
        if (difference->verdict == SETTING_BREAKS || shown++ < SHOWN_MAX)
            report(comparison, difference);
    }
    step_check(comparison->findings.run, "settings", differ ? VERDICT_WARN : VERDICT_PASS,
               "%zu equal, %zu differ, %zu are each server's own or a default that changed; each "
               "one stands in evidence/",
               comparison->equal, differ, comparison->expected);
}

/* ---- pg_hba.conf ---- */

static void report_rule(struct comparison *comparison, const struct hba_rules *rules,
                        const struct hba_rule *rule)
{
    struct text text = {0};
    hba_rule_text(&text, rule);
    char *place = xprintf("%s line %d", rules->file, rule->line);
    const char *const fields[] = {"pg_hba.conf", text_string(&text), place, "-",
                                  "-",           "differs",          NULL};
    evidence_line(&comparison->evidence, fields);
    free(place);
    step_check(comparison->findings.run, "pg_hba.conf", VERDICT_WARN,
               "only the old server has: %s (line %d)%s", text_string(&text), rule->line,
               rules->inside ? ""
                             : "; its file stands outside of the data directory and goes "
                               "along if it is mounted");
    text_free(&text);
}

static size_t report_rules(struct comparison *comparison, const struct hba_rules *old,
                           const struct hba_rules *new)
{
    size_t missing = 0;
    for (size_t i = 0; i < old->count; i++)
        if (!hba_has(new, &old->items[i]) && missing++ < SHOWN_MAX)
            report_rule(comparison, old, &old->items[i]);
    const struct hba_rules *const both[] = {old, new};
    for (size_t i = 0; i < 2; i++)
        if (both[i]->trouble)
            step_check(comparison->findings.run, "pg_hba.conf", VERDICT_WARN,
                       "on the %s server it has a fault: %s", i ? "new" : "old", both[i]->trouble);
    return missing;
}

static bool read_rules(const struct server_access *access, struct hba_rules *rules,
                       struct error *error)
{
    struct pg_connection *connection = server_open(access, error);
    bool read = connection && hba_read(connection, rules, error);
    pg_close(connection);
    return read;
}

static bool compare_rules(struct comparison *comparison, struct error *error)
{
    struct hba_rules old = {0}, new = {0};
    struct step_run *run = comparison->findings.run;
    bool read = read_rules(&comparison->old_access, &old, error) &&
                read_rules(&comparison->new_access, &new, error);
    size_t missing = read ? report_rules(comparison, &old, &new) : 0;
    if (missing)
        step_log(run,
                 "pg_hba.conf: copy the rules that are still needed into the new server's file, "
                 "before its last line (docker exec %s sh -c 'vi \"$PGDATA/pg_hba.conf\"'), then "
                 "SELECT pg_reload_conf()",
                 comparison->new_access.container ? comparison->new_access.container : "CONTAINER");
    else if (read)
        step_check(run, "pg_hba.conf", VERDICT_PASS,
                   "the new server has every rule of the old one");
    hba_rules_free(&old);
    hba_rules_free(&new);
    return read;
}

/* ---- the action ---- */

/* After the switchover the old server is gone, its container's name may be the new one's, and what
 * was recorded of it counts. Before it whatever keeps the old server from answering is a failure.
 */
static bool read_old(struct comparison *comparison, struct error *error)
{
    struct step_run *run = comparison->findings.run;
    const char *name = step_text(run, "old");
    if (!step_switched(run))
        return (server_find(run, name, &comparison->old_access, error) &&
                settings_of_server(&comparison->old_access, false, &comparison->old, error)) ||
               error_wrap(error, "asking the old server for its settings");
    comparison->recalled = settings_recall(run, name, &comparison->old);
    if (comparison->recalled)
        step_log(run, "server \"%s\" is gone: its settings are those on record", name);
    return comparison->recalled ||
           error_set(error, ERROR_OTHER,
                     "server \"%s\" has been switched off, and its settings are not on record "
                     "(pg.check_settings records them)",
                     name);
}

static bool compare_all_rules(struct comparison *comparison, struct error *error)
{
    if (!comparison->recalled)
        return compare_rules(comparison, error);
    step_check(comparison->findings.run, "pg_hba.conf", VERDICT_WARN,
               "not compared: no record holds the old server's rules, and it is gone");
    return true;
}

static bool compare(struct comparison *comparison, struct error *error)
{
    struct step_run *run = comparison->findings.run;
    if (!server_find(run, step_text(run, "new"), &comparison->new_access, error) ||
        !settings_of_server(&comparison->new_access, false, &comparison->new, error) ||
        !read_old(comparison, error))
        return false;
    judge_all(comparison);
    report_all(comparison);
    return compare_all_rules(comparison, error) &&
           evidence_write(run, "settings", &comparison->evidence, error) &&
           findings_judge(&comparison->findings, error);
}

static bool run_compare_settings(struct step_run *run, struct error *error)
{
    struct comparison comparison = {.findings = {.run = run}};
    if (server_not_yet(run, step_text(run, "new")))
        return true;
    bool done = compare(&comparison, error);
    free(comparison.items);
    text_free(&comparison.evidence);
    pg_settings_free(&comparison.old);
    pg_settings_free(&comparison.new);
    server_free(&comparison.old_access);
    server_free(&comparison.new_access);
    return done;
}

static const struct argument compare_settings_arguments[] = {
    {"old", ARGUMENT_SERVER, true, NULL, NULL,
     "the old server; after the switchover, what pg.check_settings recorded of it"},
    {"new", ARGUMENT_SERVER, true, NULL, NULL, "the new server"},
    {FINDINGS_ARGUMENT, ARGUMENT_LIST, false, NULL, NULL, FINDINGS_HELP},
    {NULL, ARGUMENT_TEXT, false, NULL, NULL, NULL},
};

const struct action pg_compare_settings_action = {
    .name = "pg.compare_settings",
    .danger = DANGER_READ,
    .help = "compares two servers' settings and pg_hba.conf, each value with where it is set",
    .arguments = compare_settings_arguments,
    .run = run_compare_settings,
};
