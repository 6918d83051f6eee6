/* plain_lines.h: how events and gates look as lines of text. */
#ifndef CLI_PLAIN_LINES_H
#define CLI_PLAIN_LINES_H

#include "engine/state.h"

#include <stdio.h>

/* One event that was just applied; live messages print nothing but the service's ups and downs. */
void plain_print_event(FILE *output, const struct run_state *state, const cJSON *event);
void plain_print_gate(FILE *output, const struct run_state *state);
void plain_print_end(FILE *output, const struct run_state *state);

/* What a rollback would lose, table by table. */
void plain_print_price(FILE *output, const struct run_state *state);

#endif
