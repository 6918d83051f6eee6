/* yaml_bytes.h: what libfyaml isn't asked about, in a runbook as in a compose file. */
#ifndef BASE_YAML_BYTES_H
#define BASE_YAML_BYTES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the `length` bytes of a file may be parsed. If not, `error` says what stands at *at that
 * mustn't: what is no UTF-8 (version 0.7.12 hangs on some of it), a control character but tab, LF
 * and CR (YAML 1.2.2, section 5.1), or a tab that version 0.7.12 frees memory twice on. */
bool yaml_bytes_check(const char *bytes, size_t length, size_t *at, struct error *error);

#endif
