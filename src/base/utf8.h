/* utf8.h: which bytes are characters of UTF-8. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character at `bytes` (`length` > 0 are left): 1 to 4, or 0 when it is none:
 * cut, overlong, a surrogate, beyond U+10FFFF (RFC 3629, section 4). */
size_t utf8_character(const char *bytes, size_t length);
/* Offset of the first byte that is no UTF-8, or `length` when all of it is. */
size_t utf8_valid_prefix(const char *bytes, size_t length);
/* Characters of a string; a byte that is no UTF-8 counts as one. */
size_t utf8_count(const char *string);

#endif
