/* fuzz_compose.c: any bytes as a compose file: the edit never crashes or leaks, and what it lets
 * through comes back as it is when it is edited again. */
#include "compose/diff.h"
#include "compose/edit.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 leaks the text of a quoted scalar that turns out to be no YAML: its own error
 * path. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

static const struct compose_change change = {
    .service = "postgres",
    .image = "pgvector/pgvector:pg17",
    .target = "/var/lib/postgresql/data",
    .volume = "limor-pg17-data",
    .replaced_key = "postgres_data",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text before = {0}, once = {0}, twice = {0}, diff = {0};
    struct error error = {0};
    text_append(&before, (const char *)data, size);
    if (compose_edit("f", before.bytes, before.length, &change, &once, &error)) {
        if (!compose_edit("f", text_string(&once), once.length, &change, &twice, &error) ||
            once.length != twice.length || memcmp(once.bytes, twice.bytes, once.length) != 0)
            abort();
        diff_lines("f", text_string(&before), text_string(&once), &diff);
    }
    text_free(&before);
    text_free(&once);
    text_free(&twice);
    text_free(&diff);
    return 0;
}
