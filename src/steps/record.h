/* record.h: a JSON object in a file of the run's directory, for what has to outlive the program's
 * death at any moment. */
#ifndef STEPS_RECORD_H
#define STEPS_RECORD_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* *record is the caller's. A file that holds anything but an object, or more than 1 MiB, is an
 * error. */
bool record_read(const char *path, cJSON **record, struct error *error);
/* On disk when this returns, in place of what was there; readable by this user only. */
bool record_write(const char *path, const cJSON *record, struct error *error);

#endif
