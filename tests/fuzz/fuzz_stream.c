/* fuzz_stream.c: any bytes as the engine's multiplexed stream: however it is cut, the same comes
 * out. */
#include "base/text.h"
#include "docker/demux.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool keep(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    text_append(context, bytes, length);
    return true;
}

static bool feed(const char *bytes, size_t size, size_t step, struct text *text)
{
    struct demux demux = {.output = keep, .error_output = keep, .context = text};
    struct error error = {0};
    bool right = true;
    for (size_t at = 0; at < size && right; at += step)
        right = demux_feed(&demux, bytes + at, size - at < step ? size - at : step, &error);
    return right;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text whole = {0}, cut = {0};
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 1;
    bool first = feed(bytes, size - 1, size - 1, &whole);
    bool second = feed(bytes, size - 1, (size_t)data[0] % 13 + 1, &cut);
    if (first != second || whole.length != cut.length ||
        (whole.length && memcmp(whole.bytes, cut.bytes, whole.length) != 0))
        abort();
    text_free(&whole);
    text_free(&cut);
    return 0;
}
