/* yaml_bytes.h: what libfyaml isn't asked about, in a runbook as in a compose file. */
#ifndef BASE_YAML_BYTES_H
#define BASE_YAML_BYTES_H

#include <stddef.h>

enum yaml_bytes {
    YAML_BYTES_FINE,
    YAML_BYTES_NOT_UTF8, /* version 0.7.12 hangs on some of it */
    YAML_BYTES_CONTROL,  /* a control character but tab, LF and CR (YAML 1.2.2, section 5.1) */
    YAML_BYTES_TAB,      /* a tab where YAML wants spaces, and version 0.7.12 frees memory twice */
};

/* What is wrong first with the `length` bytes of a file, whose offset goes to *at (`length` when
 * nothing is). */
enum yaml_bytes yaml_bytes_check(const char *bytes, size_t length, size_t *at);

#endif
