/* label.c: a stream of one's own that puts the name before each line. */
#include "cli/label.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct label {
    char *name;
    bool inside; /* of a line that has its name already */
};

static ssize_t write_labelled(void *cookie, const char *bytes, size_t length)
{
    struct label *label = cookie;
    size_t done = 0;
    while (done < length) {
        const char *end = memchr(bytes + done, '\n', length - done);
        size_t piece = end ? (size_t)(end - bytes) + 1 - done : length - done;
        if (!label->inside)
            printf("%s: ", label->name);
        fwrite(bytes + done, 1, piece, stdout);
        label->inside = !end;
        done += piece;
    }
    fflush(stdout);
    return (ssize_t)length;
}

static int close_label(void *cookie)
{
    struct label *label = cookie;
    free(label->name);
    free(label);
    return 0;
}

FILE *label_open(const char *name)
{
    struct label *label = xcalloc(1, sizeof *label);
    label->name = xstrdup(name);
    FILE *stream = fopencookie(
        label, "w", (cookie_io_functions_t){.write = write_labelled, .close = close_label});
    if (!stream)
        abort(); /* out of memory, as with xmalloc */
    setvbuf(stream, NULL, _IOLBF, BUFSIZ);
    return stream;
}
