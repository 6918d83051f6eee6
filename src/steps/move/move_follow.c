/* move_follow.c: what is written on the server that leaves is brought over to the one that comes:
 * first while clients write on, then the rest while they wait. */
#include "steps/move/move.h"

#include "base/clock.h"

#include <stdio.h>

#define UNMOVED_TRIES 3

static void tell(struct move *move, const struct follow_round *round)
{
    char log[24], took[24], label[96];
    text_bytes(log, sizeof log, (double)round->log);
    text_duration(took, sizeof took, round->took_ms);
    step_log(move->run,
             "round %d: %lld rows removed, %lld copied in %zu tables, %s of write-ahead log, %s",
             move->rounds, round->removed, round->copied, round->tables, log, took);
    snprintf(label, sizeof label, "round %d: %lld rows, %s", move->rounds,
             round->removed + round->copied, took);
    step_progress(move->run, move->rounds, 0, "rounds", label);
}

static bool begin(struct move *move, struct error *error)
{
    const char *from = step_text(move->run, "from"), *to = step_text(move->run, "to");
    return follow_open(move->run, from, to, &move->follow, error) ||
           error_wrap(error, "making server \"%s\" equal to \"%s\"", to, from);
}

/* Once more from the beginning when a session or a statement failed, such as behind a lock that
 * somebody held; what else fails, as a changed schema, is final. */
static bool round_or_again(struct move *move, struct error *error)
{
    if (follow_catch_up(move->follow, &move->last, error))
        return true;
    if (error->kind != ERROR_SERVER)
        return false;
    step_log(move->run, "%s; it begins anew", error->message);
    follow_close(move->follow);
    move->follow = NULL;
    return begin(move, error) && follow_catch_up(move->follow, &move->last, error);
}

bool move_catch_up(struct move *move, struct error *error)
{
    long left = step_integer(move->run, "rounds");
    long short_enough = step_duration(move->run, "round_for");
    do {
        if (!round_or_again(move, error))
            return false;
        move->rounds++;
        tell(move, &move->last);
    } while (--left > 0 && move->last.took_ms > short_enough);
    return true;
}

/* The last one is as long as clients have to wait. */
static bool check_short(const struct move *move, struct error *error)
{
    char took[24];
    if (move->last.took_ms <= step_duration(move->run, "round_most"))
        return true;
    error_set(error, ERROR_OTHER,
              "too much is written: the last of %d rounds took %s, and clients would have to wait "
              "for another one",
              move->rounds, text_duration(took, sizeof took, move->last.took_ms));
    return error_remedy(error, "Nothing was changed. Try again when less is written, or give the "
                               "step a longer round_most.");
}

/* What was written while a long statement had its time comes over before anybody has to wait, and
 * another one may have begun meanwhile. */
bool move_come_to_rest(struct move *move, long wait_ms, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + wait_ms;
    bool waited = false;
    do {
        if (!move_await_calm(move, deadline, &waited, error) ||
            (waited && move->follow && !move_catch_up(move, error)))
            return false;
    } while (waited && clock_monotonic_ms() < deadline);
    return !move->follow || check_short(move, error);
}

bool move_follow(struct move *move, struct error *error)
{
    return begin(move, error) && move_catch_up(move, error) &&
           move_come_to_rest(move, step_duration(move->run, "wait"), error);
}

bool move_bring_over(struct move *move, struct error *error)
{
    if (move->follow) {
        if (!follow_finish(move->follow, &move->last, error))
            return error_wrap(error, "bringing the last changes over");
        move->rounds++;
    }
    return move_note_position(move, error);
}

/* A client can take the read-only setting off by itself, and so can an extension's worker. Behind
 * the fence by network no client is left to do so: what came in between is brought over, too. The
 * transaction ids tell it, whoever it was that wrote. */
bool move_check_equal(struct move *move, struct error *error)
{
    bool unmoved = !move->follow;
    for (int tries = 0; !unmoved && tries < UNMOVED_TRIES; tries++) {
        if (!follow_is_unmoved(move->follow, &unmoved, error) ||
            (!unmoved && !move_bring_over(move, error)))
            return false;
    }
    if (unmoved)
        return true;
    error_set(error, ERROR_OTHER, "something goes on writing on server \"%s\", on no network",
              step_text(move->run, "from"));
    return error_remedy(error, "Look for a scheduler or a background worker inside of its "
                               "container, stop it, then retry.");
}

/* Nothing but a worker inside of the container can have. It was equal when the last clients were
 * cut off, so that nobody has seen more on it than is on the other one. */
void move_check_left(struct move *move)
{
    bool unmoved = false;
    struct error error = ERROR_INIT;
    if (!move->follow)
        return;
    if (!follow_is_unmoved(move->follow, &unmoved, &error))
        step_check(move->run, "server that was left", VERDICT_WARN,
                   "whether anything was written there since can't be told: %s", error.message);
    else if (unmoved)
        step_check(move->run, "server that was left", VERDICT_PASS,
                   "nothing was written there since the last round");
    else
        step_check(move->run, "server that was left", VERDICT_FAIL,
                   "something inside of its container, now %s, goes on writing there, such as an "
                   "extension's worker: look there at what it wrote before that container is "
                   "removed; it isn't on the other server",
                   step_text(move->run, "left"));
}
