/* plain_parts.h: the line mode's parts among themselves: following a run, and rolling it back. */
#ifndef CLI_PLAIN_PARTS_H
#define CLI_PLAIN_PARTS_H

#include "cli/plain.h"
#include "engine/control.h"

#include <stdio.h>

enum {
    EXIT_COMPLETE = 0,
    EXIT_OTHER = 1,
    EXIT_WAITS = 10,
    EXIT_FAILED = 11,
    EXIT_ROLLED_BACK = 12
};

struct plain;

/* Standard input, which one question after the other is answered on. */
struct plain_input {
    struct text text;
    bool ended;
    struct plain *asking; /* whose question is open, or NULL */
};

struct plain {
    const char *directory;
    FILE *output; /* standard output, with the environment's name before each line */
    bool several; /* it is one of several that are followed together */
    struct plain_input *input;
    bool deferred; /* it has a question, but another one's is open */
    const struct plain_options *options;
    struct control *control;
    struct run_state *state;
    struct text_list confirmed; /* names that were used up */
    bool caught_up;
    bool retried;
    long sent, replies;   /* commands, attach included, and what came back of them */
    long retry_sent;      /* which of them asked for the retry, 0 for none */
    const char *rollback; /* the reason of the rollback that was asked for, or NULL */
    bool asks_price;      /* the open question is what becomes of the rows it would lose */
    int64_t answered_ms;  /* names the price that was shown last */
    bool gave_up;         /* an undo that was to lose nothing */
    bool answered;        /* by an option: it says nothing of another price */
    long asked_opening;   /* of the gate that was shown last */
    bool done;
    int status;
    struct error error;
};

/* Connects; after it plain_close must follow. */
bool plain_open(struct plain *plain);
void plain_close(struct plain *plain);
/* The socket has something to read. */
void plain_read(struct plain *plain);
/* Looks at where the run stands, and asks, answers or leaves. */
void plain_react(struct plain *plain);
/* A line that was typed at this one's question. */
void plain_take_line(struct plain *plain, const char *line);
/* Nobody is there to answer the open question. */
void plain_input_ended(struct plain *plain);
/* Another one's question is open; this one comes later. */
bool plain_others_ask(struct plain *plain);

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
