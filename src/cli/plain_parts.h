/* plain_parts.h: the line mode's parts among themselves: following a run, and rolling it back. */
#ifndef CLI_PLAIN_PARTS_H
#define CLI_PLAIN_PARTS_H

#include "cli/plain.h"
#include "engine/control.h"

enum {
    EXIT_COMPLETE = 0,
    EXIT_OTHER = 1,
    EXIT_WAITS = 10,
    EXIT_FAILED = 11,
    EXIT_ROLLED_BACK = 12
};

struct plain {
    const char *directory;
    const struct plain_options *options;
    struct control *control;
    struct run_state *state;
    struct text_list confirmed; /* names that were used up */
    struct text input;
    bool caught_up, input_ended, prompted;
    bool retried;
    long sent, replies;   /* commands, attach included, and what came back of them */
    const char *rollback; /* the reason of the rollback that was asked for, or NULL */
    bool asks_price;      /* the open question is what becomes of the rows it would lose */
    int64_t answered_ms;  /* names the price that was shown last */
    bool answered;        /* by an option: it says nothing of another price */
    long asked_opening;   /* of the gate that was shown last */
    bool done;
    int status;
    struct error error;
};

void plain_leave(struct plain *plain);
void plain_leave_waiting(struct plain *plain, const char *why);
/* After every command: counts it, and gives up when it couldn't be sent. */
void plain_check_sent(struct plain *plain, bool sent);
/* Shows that an answer is waited for. */
void plain_ask(struct plain *plain);
void plain_prompt_gate(struct plain *plain);

/* plain_rollback.c */
void plain_roll_back(struct plain *plain, const char *reason);
/* Whether a rollback that was asked for is on its way, or asks something. */
bool plain_rollback_goes_on(struct plain *plain);
void plain_answer_price(struct plain *plain, const char *line);
/* Nobody is there to answer: nothing is rolled back. */
void plain_leave_price(struct plain *plain);

#endif
