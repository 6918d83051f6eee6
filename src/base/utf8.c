/* utf8.c: which bytes are characters of UTF-8. */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

struct utf8_class {
    unsigned char first, last;               /* of the lead byte */
    unsigned char second_first, second_last; /* of the byte after it */
    size_t length;
};

/* The table of RFC 3629, section 4. */
static const struct utf8_class classes[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static bool within(unsigned char byte, unsigned char first, unsigned char last)
{
    return byte >= first && byte <= last;
}

size_t utf8_character(const char *bytes, size_t length)
{
    const unsigned char *b = (const unsigned char *)bytes;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        const struct utf8_class *class = &classes[i];
        if (!within(b[0], class->first, class->last))
            continue;
        if (class->length > length)
            return 0;
        if (class->length > 1 && !within(b[1], class->second_first, class->second_last))
            return 0;
        for (size_t j = 2; j < class->length; j++)
            if (!within(b[j], 0x80, 0xBF))
                return 0;
        return class->length;
    }
    return 0;
}

size_t utf8_valid_prefix(const char *bytes, size_t length)
{
    size_t offset = 0;
    while (offset < length) {
        size_t size = utf8_character(bytes + offset, length - offset);
        if (!size)
            break;
        offset += size;
    }
    return offset;
}

size_t utf8_count(const char *string)
{
    size_t count = 0, left = strlen(string);
    while (left) {
        size_t size = utf8_character(string, left);
        size = size ? size : 1;
        string += size;
        left -= size;
        count++;
    }
    return count;
}
