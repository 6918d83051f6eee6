/* http_trouble.h: what an answer says that isn't the expected one, and what to do about it. */
#ifndef STEPS_HTTP_TROUBLE_H
#define STEPS_HTTP_TROUBLE_H

#include "steps/http/http_client.h"

#include "base/error.h"
#include "base/text.h"

/* Appends the answer's own message: of JSON the texts in it, each with its field's name (the shapes
 * {"detail": TEXT} and {"FIELD": [TEXT, ...]} among them), else its first line; at most 500
 * characters, none of them a control character. Nothing when it has none. */
void http_answer_message(const struct http_answer *answer, struct text *output);
/* What to do about such a status: sets the error's remedy. Always returns false. */
bool http_status_remedy(long status, struct error *error);

#endif
