/* switch_proof.c: what the control file of a stopped server says of its last transaction. */
#include "steps/compose/switch_proof.h"

#include "base/text.h"
#include "docker/once.h"
#include "postgres/standstill.h"
#include "steps/docker/docker_common.h"
#include "steps/server/proven.h"

#include <stdlib.h>
#include <string.h>

#define TARGET "/left"
#define NOT_FOUND 3

/* The data directory is the mount itself, or below it. */
static const char script[] =
    "for d in " TARGET " " TARGET "/* " TARGET "/*/*; do if [ -f \"$d/global/pg_control\" ]; then "
    "LC_ALL=C exec pg_controldata \"$d\"; fi; done; exit 3";

/* The rest of the line that begins with `label`, without its leading spaces; NULL when there is
 * none. */
static const char *value_of(const char *output, const char *label)
{
    for (const char *line = output; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!text_starts(line, label))
            continue;
        line += strlen(label);
        return line + strspn(line, " ");
    }
    return NULL;
}

bool switch_proof_parse(const char *output, unsigned long long *next_xid, bool *shut_down)
{
    const char *state = value_of(output, "Database cluster state:");
    const char *next = value_of(output, "Latest checkpoint's NextXID:");
    char *end = NULL;
    if (!state || !next)
        return false;
    unsigned long long epoch = strtoull(next, &end, 10);
    if (end == next || *end != ':')
        return false;
    const char *low = end + 1;
    unsigned long long xid = strtoull(low, &end, 10);
    *next_xid = epoch << 32 | xid;
    *shut_down = text_starts(state, "shut down\n");
    return end != low;
}

static bool read_control(struct apply *apply, const char *volume, const char *image,
                         struct text *output, struct error *error)
{
    static const char *const arguments[] = {"sh", "-c", script, NULL};
    int status = -1;
    if (!docker_once_reading(apply->docker, image, arguments, volume, TARGET, output, &status,
                             error))
        return false;
    if (status == NOT_FOUND)
        return error_set(error, ERROR_OTHER, "there is no data directory in volume %s", volume);
    return status == 0 || error_set(error, ERROR_OTHER, "pg_controldata ended with status %d: %s",
                                    status, text_string(output));
}

static bool judge(struct apply *apply, unsigned long long proven, const char *output,
                  struct error *error)
{
    unsigned long long next = 0;
    bool shut_down = false;
    if (!switch_proof_parse(output, &next, &shut_down))
        return error_set(error, ERROR_OTHER, "pg_controldata says nothing of a transaction id");
    if (!shut_down) {
        error_set(error, ERROR_OTHER,
                  "the old server didn't shut down in order: it can't be proven that nothing was "
                  "written to its end");
        return error_remedy(error, "Retry, with a longer grace for its stop.");
    }
    if (next != proven) {
        error_set(error, ERROR_OTHER,
                  "something was written on the old server after the copy was proven: transaction "
                  "id %llu then, %llu when it stopped",
                  proven, next);
        return error_remedy(error, "No client has reached the new server. A client takes the "
                                   "read-only setting off: find it in the server's log, or retry "
                                   "with --set fence=network.");
    }
    step_check(apply->run, "written to the end", VERDICT_PASS,
               "nothing: the old server stopped with transaction id %llu, at which the copy was "
               "proven",
               next);
    return true;
}

bool switch_unmoved(struct apply *apply, struct error *error)
{
    const char *key = step_text(apply->run, "proven"), *server = step_text(apply->run, "server");
    return !key || proven_unmoved(apply->run, key, server, "nothing was stopped", error);
}

bool switch_prove(struct apply *apply, struct error *error)
{
    const char *key = step_text(apply->run, "proven");
    unsigned long long proven = 0;
    struct text output = {0};
    if (!key)
        return true;
    const char *volume = step_text(apply->run, "left_volume");
    const char *image = step_text(apply->run, "left_image");
    if (!volume || !image)
        return error_set(error, ERROR_RUNBOOK,
                         "compose.apply with proven needs left_volume and left_image");
    bool done = proven_xid(apply->run, key, &proven, error) &&
                read_control(apply, volume, image, &output, error) &&
                judge(apply, proven, text_string(&output), error);
    text_free(&output);
    return done || error_wrap(error, "proving that nothing was written to the end");
}

/* The checkpoint that the start began with; a later one says nothing of the time before it. */
static const char started_sql[] =
    "SELECT CAST(pg_catalog.split_part(next_xid, ':', 1) AS bigint) * 4294967296 + "
    "CAST(pg_catalog.split_part(next_xid, ':', 2) AS bigint) "
    "FROM pg_catalog.pg_control_checkpoint() "
    "WHERE checkpoint_time <= pg_catalog.pg_postmaster_start_time()";

bool switch_started_at(struct apply *apply, unsigned long long *xid, struct error *error)
{
    struct text output = {0};
    char *end = NULL;
    bool asked = step_psql(apply->run, apply->docker, apply->container,
                           step_text(apply->run, "server"), false, started_sql, &output, error);
    const char *text = text_string(&output);
    *xid = asked ? strtoull(text, &end, 10) : 0;
    bool known = asked && end != text;
    text_free(&output);
    return known ||
           (asked ? error_set(error, ERROR_SERVER, "it has had a checkpoint since its start")
                  : false);
}

bool switch_unwritten(struct apply *apply, unsigned long long began, struct error *error)
{
    struct text output = {0};
    unsigned long long next = 0;
    bool shut_down = false;
    bool read = read_control(apply, apply->volume, apply->image, &output, error) &&
                (switch_proof_parse(text_string(&output), &next, &shut_down) ||
                 error_set(error, ERROR_OTHER, "pg_controldata says nothing of a transaction id"));
    text_free(&output);
    if (!read || (shut_down && next == began))
        return read;
    return error_set(error, ERROR_OTHER,
                     shut_down ? "it started with transaction id %llu and stopped with %llu"
                               : "it didn't shut down in order (transaction id %llu, then %llu)",
                     began, next);
}
