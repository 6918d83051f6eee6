/* demux.c: takes apart the engine's multiplexed stream, whatever way it is cut. */
#include "docker/demux.h"

#include <stdint.h>
#include <string.h>

static bool give(struct demux *demux, const char *bytes, size_t length, struct error *error)
{
    bool is_error = demux->header[0] == 2 && !demux->raw;
    bool (*function)(void *, const char *, size_t, struct error *) =
        is_error ? demux->error_output : demux->output;
    return !function || function(demux->context, bytes, length, error);
}

/* Returns how many of the bytes went into the header. */
static size_t take_header(struct demux *demux, const char *bytes, size_t length)
{
    size_t missing = sizeof demux->header - demux->header_length;
    size_t used = length < missing ? length : missing;
    memcpy(demux->header + demux->header_length, bytes, used);
    demux->header_length += used;
    return used;
}

static bool read_header(struct demux *demux, struct error *error)
{
    const unsigned char *header = demux->header;
    if (header[0] > 3 || header[1] || header[2] || header[3])
        return error_set(error, ERROR_DOCKER, "Docker sent a stream without its headers");
    demux->left = (size_t)header[4] << 24 | (size_t)header[5] << 16 | (size_t)header[6] << 8 |
                  (size_t)header[7];
    demux->header_length = demux->left ? sizeof demux->header : 0;
    return true;
}

bool demux_feed(struct demux *demux, const char *bytes, size_t length, struct error *error)
{
    if (demux->raw)
        return length == 0 || give(demux, bytes, length, error);
    while (length) {
        size_t used;
        if (demux->left == 0) {
            used = take_header(demux, bytes, length);
            if (demux->header_length == sizeof demux->header && !read_header(demux, error))
                return false;
        } else {
            used = length < demux->left ? length : demux->left;
            if (!give(demux, bytes, used, error))
                return false;
            demux->left -= used;
            if (demux->left == 0)
                demux->header_length = 0;
        }
        bytes += used;
        length -= used;
    }
    return true;
}

bool demux_is_whole(const struct demux *demux)
{
    return demux->raw || (demux->left == 0 && demux->header_length == 0);
}
