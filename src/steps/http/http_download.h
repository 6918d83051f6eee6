/* http_download.h: a file fetched from an address that an answer gave. */
#ifndef STEPS_HTTP_DOWNLOAD_H
#define STEPS_HTTP_DOWNLOAD_H

#include "steps/http/http_exchange.h"

/* Where the step has `download` (a path in the answer) and `save_to` (a file): fetches what stands
 * at that address, without the step's headers, and puts it there, readable by this user only, whole
 * or not at all; its size and SHA-256 are evidence. The address itself is nowhere recorded, as it
 * may be signed. Nothing while planning. */
bool http_download(const struct http_exchange *exchange, const cJSON *answer, struct error *error);

#endif
