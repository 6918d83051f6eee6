/* plain_follow.c: the line mode's loop: one run, or several environments side by side. */
#include "cli/plain_parts.h"

#include "base/clock.h"
#include "cli/label.h"
#include "cli/standings.h"
#include "engine/turn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS_MAX (ENVIRONMENTS_MAX + 1)
#define INPUT_LIMIT 65536
#define LONG_WAIT_MS 60000

struct following {
    struct plain plains[RUNS_MAX];
    size_t count;
    struct plain_input input;
};

static int urgency(int status)
{
    static const int order[] = {EXIT_COMPLETE, EXIT_ROLLED_BACK, EXIT_WAITS, EXIT_FAILED};
    int rank = 0;
    while (rank < 4 && order[rank] != status)
        rank++;
    return rank;
}

int more_urgent_status(int left, int right)
{
    return urgency(left) >= urgency(right) ? left : right;
}

static const struct plain *plain_of(const struct following *following, const char *environment)
{
    for (size_t i = 0; i < following->count; i++) {
        const char *own = following->plains[i].state->environment;
        if (text_equal(own ? own : "", environment))
            return &following->plains[i];
    }
    return NULL;
}

/* It waits for one that nobody here moves on any more, or for longer than a script is held for.
 * `depth` of runs that wait for each other. */
static bool waits_in_vain(const struct following *following, const struct plain *plain,
                          size_t depth)
{
    const struct turn_state *turn = &plain->state->turn;
    if (plain->state->status != RUN_WAITING || depth > RUNS_MAX)
        return false;
    if (turn->until_ms > clock_wall_ms() + LONG_WAIT_MS)
        return true;
    for (size_t i = 0; i < turn->awaited_count; i++) {
        const struct plain *other = plain_of(following, turn->awaited[i].environment);
        if (other && !turn_awaits(plain->state, &turn->awaited[i], other->state))
            continue;
        if (!other || other->done || waits_in_vain(following, other, depth + 1))
            return true;
    }
    return false;
}

static bool all_caught_up(const struct following *following)
{
    for (size_t i = 0; i < following->count; i++)
        if (!following->plains[i].caught_up && !following->plains[i].done)
            return false;
    return true;
}

/* What only the sight of all of them tells. */
static void look_around(struct following *following)
{
    if (following->input.asking && following->input.asking->done)
        following->input.asking = NULL;
    for (size_t i = 0; i < following->count && all_caught_up(following); i++) {
        struct plain *plain = &following->plains[i];
        if (!plain->done && plain->deferred && !following->input.asking)
            plain_react(plain);
        if (plain->several && !plain->done && plain->sent <= plain->replies &&
            waits_in_vain(following, plain, 0))
            plain_leave_waiting(plain, "It waits; its engine goes on by itself when it may.");
    }
}

/* Lines that came before the question was shown don't answer it. */
static void take_lines(struct plain_input *input)
{
    const char *end;
    while (input->asking && input->text.length &&
           (end = memchr(input->text.bytes, '\n', input->text.length))) {
        size_t length = (size_t)(end - input->text.bytes);
        char *line = xstrndup(input->text.bytes, length);
        text_consume(&input->text, length + 1);
        plain_take_line(input->asking, line);
        free(line);
    }
}

static void read_input(struct plain_input *input)
{
    char buffer[4096];
    ssize_t got = read(0, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
        return;
    if (got > 0 && input->text.length < INPUT_LIMIT)
        text_append(&input->text, buffer, (size_t)got);
    input->ended = got <= 0;
    take_lines(input);
    if (input->ended && input->asking && !input->asking->done)
        plain_input_ended(input->asking);
}

static bool anybody_left(const struct following *following)
{
    for (size_t i = 0; i < following->count; i++)
        if (!following->plains[i].done)
            return true;
    return false;
}

/* Standard input is read only while a question is open, so that a script's later answers stay in
 * the pipe until their gate asks. */
static void turn(struct following *following)
{
    struct plain_input *input = &following->input;
    struct pollfd polls[RUNS_MAX + 1];
    take_lines(input);
    for (size_t i = 0; i < following->count; i++) {
        const struct plain *plain = &following->plains[i];
        polls[i] = (struct pollfd){.fd = plain->done ? -1 : control_descriptor(plain->control),
                                   .events = POLLIN};
    }
    bool reading = input->asking && !input->ended;
    polls[following->count] = (struct pollfd){.fd = reading ? 0 : -1, .events = POLLIN};
    if (!anybody_left(following) || (poll(polls, (nfds_t)following->count + 1, -1) < 0))
        return;
    if (polls[following->count].revents)
        read_input(input);
    for (size_t i = 0; i < following->count; i++)
        if (polls[i].revents && !following->plains[i].done)
            plain_read(&following->plains[i]);
    look_around(following);
    fflush(stdout);
}

static int finish(struct following *following)
{
    int status = EXIT_COMPLETE;
    for (size_t i = 0; i < following->count; i++)
        status = more_urgent_status(status, following->plains[i].status);
    for (size_t i = 0; i < following->count; i++) {
        struct plain *plain = &following->plains[i];
        FILE *output = plain->output;
        plain_close(plain);
        if (output != stdout)
            fclose(output);
    }
    text_free(&following->input.text);
    return status;
}

int plain_follow_group(const struct group *group, const struct plain_options *options)
{
    struct following *following = xcalloc(1, sizeof *following);
    for (size_t i = 0; i < group->count && i < RUNS_MAX; i++) {
        const struct group_member *member = &group->items[i];
        struct plain *plain = &following->plains[following->count++];
        *plain = (struct plain){.directory = member->directory,
                                .options = options,
                                .several = group->count > 1,
                                .input = &following->input};
        plain->output = group->count > 1 ? label_open(member->environment ? member->environment
                                                                          : ENVIRONMENT_ALL)
                                         : stdout;
        plain_open(plain);
    }
    while (anybody_left(following))
        turn(following);
    int status = finish(following);
    free(following);
    if (group->count > 1)
        print_standings(group);
    return status;
}

int plain_follow(const char *directory, const struct plain_options *options)
{
    char *copy = xstrdup(directory);
    struct group_member alone = {.directory = copy};
    int status = plain_follow_group(&(struct group){.items = &alone, .count = 1}, options);
    free(copy);
    return status;
}
