/* journal.h: the run's events on disk, one JSON object a line, appended and synced. */
#ifndef ENGINE_JOURNAL_H
#define ENGINE_JOURNAL_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct journal;

/* Opens for appending, 0600. A last line without its end (the writer died in the middle of it) was
 * never acted on: it is cut off. The caller closes it. */
struct journal *journal_open(const char *path, struct error *error);
void journal_close(struct journal *journal);
/* Writes one line; it is safe on disk only after journal_sync. */
bool journal_append(struct journal *journal, const char *line, size_t length, struct error *error);
bool journal_sync(struct journal *journal, struct error *error);

/* Whether there is a journal with at least one whole line. */
bool journal_begun(const char *path);

/* Hands every complete line to `on_line` (false with `error` stops). A partial last line is left
 * out. */
bool journal_read(const char *path,
                  bool (*on_line)(void *context, const char *line, size_t length,
                                  struct error *error),
                  void *context, struct error *error);

struct run_state;
/* Applies a whole journal to a new state; the caller frees it. NULL with `error`. */
struct run_state *journal_load(const char *path, struct error *error);

/* Applies the whole lines behind `*offset` (bytes) and moves it on; for a journal that another
 * process writes. */
bool journal_follow(const char *path, long long *offset, struct run_state *state,
                    struct error *error);

#endif
