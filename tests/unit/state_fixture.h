/* state_fixture.h: events written as text, for the tests of the reducer. */
#ifndef TESTS_STATE_FIXTURE_H
#define TESTS_STATE_FIXTURE_H

#include "engine/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events are written with single quotes here, to be readable. */
static inline bool apply(struct run_state *state, const char *json, struct error *error)
{
    char *copy = xstrdup(json);
    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    cJSON *event = cJSON_Parse(copy);
    free(copy);
    assert_non_null(event);
    bool applied = run_state_apply(state, event, error);
    cJSON_Delete(event);
    return applied;
}

static inline void must(struct run_state *state, const char *json)
{
    struct error error = ERROR_INIT;
    if (!apply(state, json, &error))
        fail_msg("%s: %s", json, error.message);
}

#endif
