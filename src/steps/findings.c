/* findings.c: findings and their verdict. */
#include "steps/findings.h"

#include "base/text.h"

#include <string.h>

#define NAMED_MAX 8

static bool is_allowed(const struct step_run *run, const char *key)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, step_list(run, FINDINGS_ARGUMENT))
    {
        if (text_equal(cJSON_GetStringValue(item), key))
            return true;
    }
    return false;
}

static void note_failure(struct findings *findings, const struct finding *finding,
                         const char *detail)
{
    if (findings->failures++)
        return;
    error_set(&findings->first, ERROR_OTHER, "%s: %s", finding->name, detail);
    error_remedy(&findings->first,
                 "%s%sIf you have provided for it, the step's argument %s: [%s] "
                 "makes it a warning.",
                 finding->remedy ? finding->remedy : "", finding->remedy ? " " : "",
                 FINDINGS_ARGUMENT, finding->key);
}

void finding_add(struct findings *findings, const struct finding *finding, const char *format, ...)
{
    struct text detail = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&detail, format, arguments);
    va_end(arguments);
    bool failed = finding->verdict == VERDICT_FAIL;
    bool allowed = failed && is_allowed(findings->run, finding->key);
    if (allowed)
        text_add(&detail, " (allowed by the runbook)");
    step_check(findings->run, finding->name, allowed ? VERDICT_WARN : finding->verdict, "%s",
               text_string(&detail));
    if (failed && !allowed)
        note_failure(findings, finding, text_string(&detail));
    else if (finding->verdict == VERDICT_WARN && finding->remedy)
        step_log(findings->run, "%s: %s", finding->name, finding->remedy);
    text_free(&detail);
}

bool findings_judge(const struct findings *findings, struct error *error)
{
    if (!findings->failures)
        return true;
    if (findings->failures == 1)
        error_set(error, ERROR_OTHER, "%s", findings->first.message);
    else
        error_set(error, ERROR_OTHER,
                  "%zu points stand in the way, each is shown above; the first: %s",
                  findings->failures, findings->first.message);
    return error_remedy(error, "%s", findings->first.remedy);
}

void findings_name(struct text *text, size_t *count, const char *name)
{
    if ((*count)++ < NAMED_MAX)
        text_printf(text, "%s%s", text->length ? "; " : "", name);
}

void findings_name_end(struct text *text, size_t count)
{
    if (count > NAMED_MAX)
        text_printf(text, "; and %zu more", count - NAMED_MAX);
}
