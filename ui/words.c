/* words.c: how the screen says statuses, verdicts, times and rates: one place, one wording. */
#include "ui/words.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct step_look {
    enum role role;
    enum glyph glyph;
} step_looks[] = {
    [STEP_PENDING] = {ROLE_TEXT, GLYPH_PENDING},   [STEP_AT_GATE] = {ROLE_GATE, GLYPH_GATE},
    [STEP_DECLINED] = {ROLE_GATE, GLYPH_GATE},     [STEP_RUNNING] = {ROLE_ACTIVE, GLYPH_RUNNING},
    [STEP_DONE] = {ROLE_GOOD, GLYPH_DONE},         [STEP_FAILED] = {ROLE_BAD, GLYPH_FAILED},
    [STEP_INTERRUPTED] = {ROLE_WARN, GLYPH_WARN},  [STEP_SKIPPED] = {ROLE_WARN, GLYPH_SKIPPED},
    [STEP_UNDOING] = {ROLE_ACTIVE, GLYPH_UNDONE},  [STEP_UNDONE] = {ROLE_TEXT, GLYPH_UNDONE},
    [STEP_UNDO_FAILED] = {ROLE_BAD, GLYPH_FAILED},
};

enum role words_step_role(enum step_status status)
{
    return step_looks[status].role;
}

enum glyph words_step_glyph(enum step_status status)
{
    return step_looks[status].glyph;
}

enum role words_verdict_role(int verdict)
{
    return verdict == 0 ? ROLE_GOOD : verdict == 1 ? ROLE_WARN : ROLE_BAD;
}

enum glyph words_verdict_glyph(int verdict)
{
    return verdict == 0 ? GLYPH_DONE : verdict == 1 ? GLYPH_WARN : GLYPH_FAILED;
}

const char *words_database(int availability)
{
    static const char *const names[] = {"available", "read-only", "unavailable", "interrupted"};
    return availability >= 0 && availability <= 3 ? names[availability] : "?";
}

const char *words_danger(int danger)
{
    static const char *const names[] = {"only reads", "changes something",
                                        "destroys something for good"};
    return danger >= 0 && danger <= 2 ? names[danger] : "?";
}

long words_step_ms(const struct step_state *step, int64_t now_ms)
{
    if (!step->started_ms || step->status == STEP_PENDING)
        return -1;
    bool runs = step->status == STEP_RUNNING;
    int64_t end = runs ? now_ms : step->finished_ms;
    return end > step->started_ms ? (long)(end - step->started_ms) : 0;
}

const char *words_step_time(char *buffer, size_t size, const struct step_state *step,
                            int64_t now_ms)
{
    bool undo = step->status == STEP_UNDOING || step->status == STEP_UNDONE ||
                step->status == STEP_UNDO_FAILED;
    long milliseconds = undo ? -1 : words_step_ms(step, now_ms);
    buffer[0] = '\0';
    if (milliseconds >= 0)
        text_duration(buffer, size, milliseconds);
    return buffer;
}

static bool in_bytes(const struct step_state *step)
{
    return text_equal(step->progress_unit, "bytes");
}

static bool in_seconds(const struct step_state *step)
{
    return text_equal(step->progress_unit, "seconds");
}

static const char *amount(char *buffer, size_t size, const struct step_state *step, double value)
{
    if (in_bytes(step))
        return text_bytes(buffer, size, value);
    if (in_seconds(step))
        return text_duration(buffer, size, (long)(value * 1000));
    return text_grouped(buffer, size, (long long)value);
}

/* Bytes and seconds are written with units of their own. */
static const char *unit_word(const struct step_state *step)
{
    return in_bytes(step) || in_seconds(step) || !step->progress_unit ? "" : step->progress_unit;
}

const char *words_progress(char *buffer, size_t size, const struct step_state *step)
{
    char done[24], total[24];
    const char *unit = unit_word(step);
    amount(done, sizeof done, step, step->progress_done);
    amount(total, sizeof total, step, step->progress_total);
    if (step->progress_total > 0)
        snprintf(buffer, size, "%s of %s%s%s", done, total, *unit ? " " : "", unit);
    else
        snprintf(buffer, size, "%s%s%s", done, *unit ? " " : "", unit);
    return buffer;
}

const char *words_rate(char *buffer, size_t size, const struct step_state *step, int64_t now_ms)
{
    double seconds = (double)(now_ms - step->progress_since_ms) / 1000;
    char rate[24], left[24];
    buffer[0] = '\0';
    if (!step->progress_since_ms || seconds < 1 || step->progress_done <= 0)
        return buffer;
    double each = in_seconds(step) ? 1 : step->progress_done / seconds; /* time has one pace */
    double rest = step->progress_total - step->progress_done;
    if (in_bytes(step))
        snprintf(buffer, size, "%s/s", text_bytes(rate, sizeof rate, each));
    if (rest <= 0 || rest / each > 1e6)
        return buffer;
    long milliseconds = (long)(rest / each * 1000);
    if (milliseconds < 1000)
        milliseconds = 1000;
    text_duration(left, sizeof left, milliseconds / 1000 * 1000);
    if (text_ends(left, ".0 s"))
        snprintf(left, sizeof left, "%ld s", milliseconds / 1000);
    size_t used = strlen(buffer);
    snprintf(buffer + used, size - used, "%sabout %s left", used ? ", " : "", left);
    return buffer;
}

const char *words_clock(char *buffer, size_t size, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    buffer[0] = '\0';
    if (localtime_r(&seconds, &local))
        strftime(buffer, size, "%H:%M:%S", &local);
    return buffer;
}

const char *words_ms(char *buffer, size_t size, double milliseconds)
{
    char grouped[32];
    text_grouped(grouped, sizeof grouped, (long long)(milliseconds + 0.5));
    snprintf(buffer, size, "%s ms", grouped);
    return buffer;
}

const char *words_ticking(char *buffer, size_t size, int64_t milliseconds)
{
    long value = milliseconds > 0 ? (long)milliseconds : 0;
    if (value >= 60000)
        return text_duration(buffer, size, value);
    snprintf(buffer, size, "%ld.%ld s", value / 1000, value % 1000 / 100);
    return buffer;
}

const char *words_minutes(char *buffer, size_t size, int64_t milliseconds)
{
    long seconds = milliseconds > 0 ? (long)(milliseconds / 1000) : 0;
    if (seconds >= 3600)
        snprintf(buffer, size, "%ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
        snprintf(buffer, size, "%ld:%02ld", seconds / 60, seconds % 60);
    return buffer;
}

const char *words_held(char *buffer, size_t size, const struct run_state *state, int64_t now_ms)
{
    const struct hold_state *hold = &state->hold;
    bool fenced = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(state->facts, "fence"));
    char since[24], limit[24];
    snprintf(buffer, size, "%s %s of %s", fenced ? "writes fenced" : "held",
             words_minutes(since, sizeof since, now_ms - hold->since_ms),
             words_minutes(limit, sizeof limit, hold->deadline_ms - hold->since_ms));
    return buffer;
}
