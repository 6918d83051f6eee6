/* demux.h: takes apart the stream in which the engine sends a container's output and error output
 * (Docker Engine API, "Attach to a container", stream format: an 8-byte header before each piece).
 */
#ifndef DOCKER_DEMUX_H
#define DOCKER_DEMUX_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialise, then set the functions; either may be NULL to drop that stream. */
struct demux {
    bool (*output)(void *context, const char *bytes, size_t length, struct error *error);
    bool (*error_output)(void *context, const char *bytes, size_t length, struct error *error);
    void *context;
    bool raw; /* a container with a terminal has no headers: all is output */
    unsigned char header[8];
    size_t header_length;
    size_t left; /* bytes of the present piece that are still to come */
};

/* Takes bytes as they arrive, cut anywhere. False when one of the functions refused or the bytes
 * are no such stream. */
bool demux_feed(struct demux *demux, const char *bytes, size_t length, struct error *error);
/* Whether the stream may end here: not within a piece. */
bool demux_is_whole(const struct demux *demux);

#endif
