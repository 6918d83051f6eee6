/* http_address.h: web addresses: put together, compared, judged, and as they may be shown. */
#ifndef STEPS_HTTP_ADDRESS_H
#define STEPS_HTTP_ADDRESS_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* The address with the names and values of `query` (object of texts, or NULL) appended, encoded.
 * The caller frees; NULL when it is no address of http or https. */
char *http_address(const char *url, const cJSON *query, struct error *error);
/* Without what may hold a secret: user and password, query, fragment. The caller frees. */
char *http_shown_address(const char *url);
/* Whether both lead to the same scheme, host and port. */
bool http_same_origin(const char *left, const char *right);
/* Whether its host is this machine by name or number: localhost, 127.0.0.0/8, [::1]. */
bool http_is_loopback(const char *url);
/* Whether what is sent there can be read on the way: http, and not to this machine. */
bool http_is_open(const char *url);

#endif
