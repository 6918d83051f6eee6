/* names.c: the words of the format that stand for values, each with what it means. */
#include "runbook/names.h"

#include <string.h>

const struct name_value availability_names[] = {
    {"available", AVAILABLE, "clients read and write as always"},
    {"read-only", AVAILABLE_READ_ONLY, "clients can read, writes are refused"},
    {"unavailable", UNAVAILABLE, "clients can't connect"},
    {"interrupted", INTERRUPTED,
     "at one moment of it clients are held back, for less than a second"},
    {NULL, 0, NULL}};

const struct name_value confirmation_names[] = {
    {"key", CONFIRM_KEY, "one key press answers"},
    {"type", CONFIRM_TYPE, "the phrase has to be typed"},
    {NULL, 0, NULL}};

const struct name_value failure_names[] = {
    {"stop", FAILURE_STOP, "stop and ask the operator"},
    {"retry", FAILURE_RETRY,
     "try again, `retries` times (3 when it isn't said), then stop and ask"},
    {"undo", FAILURE_UNDO, "roll the whole run back"},
    {NULL, 0, NULL}};

const struct name_value danger_names[] = {
    {"read", DANGER_READ, "changes nothing; `pgrunbook plan` really runs it"},
    {"change", DANGER_CHANGE, "changes something that an undo or a second run can mend"},
    {"destructive", DANGER_DESTRUCTIVE, "removes something for good"},
    {NULL, 0, NULL}};

const struct name_value scope_names[] = {
    {"each", PHASE_EACH, "once for each environment, which take turns"},
    {"all", PHASE_ALL, "once for all of them, when each is through what comes before it"},
    {NULL, 0, NULL}};

const struct name_value show_names[] = {
    {"row_counts", SHOW_ROW_COUNTS, "exact row counts, old and new, with what differs"},
    {"drift", SHOW_DRIFT, "rows written on the old server since the backup's snapshot"},
    {"containers", SHOW_CONTAINERS, "state of the watched containers"},
    {"checks", SHOW_CHECKS, "the checks of the required steps"},
    {"diff", SHOW_DIFF, "the difference that the compose file will get"},
    {NULL, 0, NULL}};

const struct source_rule source_rules[] = {
    {"env", SOURCE_ENVIRONMENT, false, true, "the environment variable NAME of pgrunbook itself"},
    {"container", SOURCE_CONTAINER, true, true,
     "the environment variable NAME of that server's container"},
    {"label", SOURCE_LABEL, true, true, "the label NAME of that server's container"},
    {"mount", SOURCE_MOUNT, true, false, "the volume that holds that server's data"},
    {"port", SOURCE_PORT, true, false, "the host port that is published for the container's 5432"},
    {"image", SOURCE_IMAGE, true, false, "the image that the container was made from"},
    {"ask", SOURCE_ASK, false, false, "the operator; a secret is typed without echo"},
    {NULL, SOURCE_ASK, false, false, NULL}};

const struct name_value *name_find(const struct name_value *table, const char *name)
{
    for (; table->name; table++)
        if (!strcmp(table->name, name))
            return table;
    return NULL;
}

const char *name_of(const struct name_value *table, int value)
{
    for (; table->name; table++)
        if (table->value == value)
            return table->name;
    return "?";
}

const char *danger_name(enum danger danger)
{
    return name_of(danger_names, (int)danger);
}

void source_words(const struct variable_source *source, struct text *output)
{
    const struct source_rule *rule = source_rules;
    while (rule->word && rule->kind != source->kind)
        rule++;
    text_add(output, rule->word ? rule->word : "?");
    if (source->server)
        text_printf(output, " %s", source->server);
    if (source->name)
        text_printf(output, " %s", source->name);
}
