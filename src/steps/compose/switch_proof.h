/* switch_proof.h: the proof, taken from the volume that is left, that nothing was written there
 * after the copy was proven. */
#ifndef STEPS_COMPOSE_SWITCH_PROOF_H
#define STEPS_COMPOSE_SWITCH_PROOF_H

#include "steps/compose/compose_switch.h"

/* Reads the control file of the argument left_volume, by the argument left_image's own
 * pg_controldata, and holds the next transaction id against the fact that the argument `proven`
 * names. True without that argument. A server that wasn't shut down in order has no proof: an
 * error. Source: PostgreSQL manual, "pg_controldata"; the shutdown's checkpoint records the id. */
bool switch_prove(struct apply *apply, struct error *error);

/* The same asked of the server that still runs, so that nothing is stopped in vain. */
bool switch_unmoved(struct apply *apply, struct error *error);

/* The 64-bit next transaction id from pg_controldata's output, and whether the server was shut down
 * in order. False when there is none. */
bool switch_proof_parse(const char *output, unsigned long long *next_xid, bool *shut_down);

/* Which transaction id the new server, which runs, started with; false when that can't be told any
 * more. Source: PostgreSQL 17 manual, 9.27.9 (pg_control_checkpoint). */
bool switch_started_at(struct apply *apply, unsigned long long *xid, struct error *error);
/* Whether it stopped with the same one: then nobody has written on it. */
bool switch_unwritten(struct apply *apply, unsigned long long began, struct error *error);

#endif
