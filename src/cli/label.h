/* label.h: standard output with a name before each line. */
#ifndef CLI_LABEL_H
#define CLI_LABEL_H

#include <stdio.h>

/* A stream whose lines come out on standard output behind "NAME: ", each line whole. The caller
 * closes it. */
FILE *label_open(const char *name);

#endif
