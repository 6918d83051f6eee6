/* proven.c: the fact that a proof has left, held against the server. */
#include "steps/server/proven.h"

#include "base/json.h"
#include "steps/server/server.h"

#include <stdlib.h>

/* As a fact holds it: text, or a number. */
bool proven_xid(const struct step_run *run, const char *key, unsigned long long *xid,
                struct error *error)
{
    const cJSON *item = json_at(step_known(run, key), "xid_now");
    const char *text = cJSON_GetStringValue(item);
    char *end = NULL;
    *xid = text                   ? strtoull(text, &end, 10)
           : cJSON_IsNumber(item) ? (unsigned long long)item->valuedouble
                                  : 0;
    if (*xid && !(text && *end))
        return true;
    error_set(error, ERROR_RUNBOOK, "no transaction id is recorded in the fact \"%s\"", key);
    return error_remedy(error, "A step pg.drift has to come before this one.");
}

bool proven_look(const struct step_run *run, const char *key, struct pg_connection *connection,
                 struct proven_place *place, struct error *error)
{
    if (!proven_xid(run, key, &place->proven, error) ||
        !write_position_read(connection, &place->now, error))
        return false;
    place->same = strtoull(place->now.xid, NULL, 10) == place->proven && !place->now.transactions;
    return true;
}

static bool moved(const struct proven_place *place, const char *outcome, struct error *error)
{
    error_set(error, ERROR_OTHER,
              "something was written on the old server since the copy was proven: transaction id "
              "%llu then, %s now; %s",
              place->proven, place->now.xid, outcome);
    return error_remedy(error,
                        "Was the server restarted or its configuration reloaded under the fence? "
                        "That ends it. Else a client takes the read-only setting off, or uses "
                        "NOTIFY: --set fence=network at the start keeps every client out.");
}

bool proven_unmoved(struct step_run *run, const char *key, const char *server, const char *outcome,
                    struct error *error)
{
    struct server_access access = {0};
    struct proven_place place = {0};
    bool looked = server_find(run, server, &access, error);
    struct pg_connection *connection = looked ? server_open(&access, error) : NULL;
    looked = connection && proven_look(run, key, connection, &place, error);
    pg_close(connection);
    server_free(&access);
    if (!looked)
        return error_wrap(error, "looking whether the old server still stands as it was proven");
    return place.same || moved(&place, outcome, error);
}
