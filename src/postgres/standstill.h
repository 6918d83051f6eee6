/* standstill.h: whether a server has stopped writing, by its transaction ids and its log. */
#ifndef POSTGRES_STANDSTILL_H
#define POSTGRES_STANDSTILL_H

#include "postgres/write_position.h"

/* Whether no transaction wrote anything from the one reading to the other. The log alone may move:
 * checkpoints and what readers tidy up are written to it too. */
bool standstill_same_transactions(const struct write_position *before,
                                  const struct write_position *now);
bool standstill_same_log(const struct write_position *before, const struct write_position *now);

/* What keeps writing without a client, or could: appended to `names` with commas, "" for none. */
bool standstill_prepared(struct pg_connection *connection, struct text *names, struct error *error);
bool standstill_subscriptions(struct pg_connection *connection, struct text *names,
                              struct error *error);

#endif
