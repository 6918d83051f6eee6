/* http_wait.h: asks until the answer is the one that is waited for. */
#ifndef STEPS_HTTP_WAIT_H
#define STEPS_HTTP_WAIT_H

#include "steps/http/http_exchange.h"

/* Asks at the address until all of the step's `until` hold (at once when it has none), every
 * `every`, for `for` at most; one of `failed_when` that holds ends it as a failure with what stands
 * there. While planning it asks once. The caller deletes the tree. */
bool http_wait(struct http_exchange *exchange, const char *url, cJSON **tree, struct error *error);

#endif
