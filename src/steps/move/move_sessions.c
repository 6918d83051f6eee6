/* move_sessions.c: clients of the server that leaves get a clear end, as a connection to an address
 * that is gone only hangs. */
#include "steps/move/move.h"

#include "base/clock.h"
#include "postgres/sessions.h"

#define APART_MS 5
#define GONE_MS 10000
#define NAMES_MAX 5
#define LONG_MS 200 /* what runs no longer ends by itself before it is missed */
#define LOOK_MS 50

static bool look(struct move *move, struct text *names, struct error *error)
{
    text_consume(names, names->length);
    bool looked = sessions_busy(move->fence.connection, LONG_MS, names, error);
    move->busy = looked && names->length;
    return looked;
}

bool move_see_busy(struct move *move, struct error *error)
{
    struct text names = {0};
    bool looked = !move->fence.connection || look(move, &names, error);
    text_free(&names);
    return looked;
}

bool move_await_calm(struct move *move, int64_t deadline, bool *waited, struct error *error)
{
    struct text names = {0};
    *waited = false;
    if (!move->fence.connection)
        return true;
    bool looked = look(move, &names, error);
    *waited = looked && move->busy;
    if (*waited)
        step_log(move->run, "waiting for long statements of %s", text_string(&names));
    while (looked && move->busy && clock_monotonic_ms() < deadline) {
        clock_sleep_ms(LOOK_MS);
        looked = look(move, &names, error);
    }
    if (looked && move->busy)
        step_check(move->run, "long statements", VERDICT_WARN,
                   "%s: they didn't end in time; they are ended with their sessions",
                   text_string(&names));
    text_free(&names);
    return looked;
}

static bool connect_inside(void *context, struct error *error)
{
    struct move *move = context;
    move->fence.connection = server_open(&move->fence.access, error);
    return move->fence.connection != NULL;
}

static bool end_again(void *context, struct error *error)
{
    const struct move *move = context;
    long count = 0;
    while (sessions_end(move->fence.connection, NULL, &count, error))
        clock_sleep_ms(APART_MS);
    return false;
}

bool move_prepare_ending(struct move *move, struct aside *ender, struct error *error)
{
    const struct aside_job job = {connect_inside, end_again, move};
    return aside_prepare(ender, &job, error);
}

static bool still_there(const struct session_list *list, struct error *error)
{
    struct text names = {0};
    session_list_describe(list, NAMES_MAX, &names);
    error_set(error, ERROR_OTHER, "sessions that were ended are still there: %s",
              text_string(&names));
    text_free(&names);
    return error_remedy(error, "Stop these clients, then retry.");
}

bool move_wait_ended(struct move *move, bool any, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + GONE_MS;
    const char *before = any ? NULL : move->fence.began;
    for (;;) {
        struct session_list list;
        long count = 0;
        bool read = sessions_read(move->fence.connection, before, &list, error);
        bool none = read && list.count == 0;
        if (read && !none && clock_monotonic_ms() >= deadline)
            read = still_there(&list, error);
        session_list_free(&list);
        if (!read || none || !sessions_end(move->fence.connection, before, &count, error))
            return none;
        clock_sleep_ms(1);
    }
}
