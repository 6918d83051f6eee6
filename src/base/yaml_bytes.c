/* yaml_bytes.c: what libfyaml isn't asked about, in a runbook as in a compose file. */
#include "base/yaml_bytes.h"

#include "base/utf8.h"

#include <string.h>

static bool is_control(unsigned char byte)
{
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

/* A key of its own line, "? ": whatever may be a blank or a line's end behind it. */
static bool begins_key(const char *bytes, size_t length, size_t at)
{
    if (bytes[at] != '?')
        return false;
    unsigned char next = at + 1 < length ? (unsigned char)bytes[at + 1] : ' ';
    return next <= ' ' || next >= 0x80;
}

/* The tab between a ':' at `at` and one of the signs that begin a block, or 0. */
static size_t tab_before_block(const char *bytes, size_t length, size_t at)
{
    size_t tab = 0, next = at + 1;
    for (; next < length && (bytes[next] == ' ' || bytes[next] == '\t'); next++)
        if (!tab && bytes[next] == '\t')
            tab = next;
    return next < length && memchr("?:|>-", bytes[next], 5) ? tab : 0;
}

/* Version 0.7.12 puts the key away twice where a tab stands behind the ':' of a value whose mapping
 * has a key written with "? " (fy_fetch_value, behind fy_ws_indentation_check). In quotes and in
 * comments the same bytes are harmless, but nobody writes both signs into one file there either. */
static size_t harmful_tab(const char *bytes, size_t length)
{
    bool key = false;
    for (size_t i = 0; i < length; i++) {
        key = key || begins_key(bytes, length, i);
        size_t tab = key && bytes[i] == ':' ? tab_before_block(bytes, length, i) : 0;
        if (tab)
            return tab;
    }
    return length;
}

bool yaml_bytes_check(const char *bytes, size_t length, size_t *at, struct error *error)
{
    *at = utf8_valid_prefix(bytes, length);
    if (*at != length)
        return error_set(error, ERROR_OTHER, "this byte is no UTF-8");
    for (*at = 0; *at < length; (*at)++) {
        unsigned char byte = (unsigned char)bytes[*at];
        if (is_control(byte))
            return error_set(error, ERROR_OTHER, "the control character 0x%02X can't stand here",
                             byte);
    }
    *at = harmful_tab(bytes, length);
    return *at == length ||
           error_set(error, ERROR_OTHER,
                     "in a file that has a key written with '?', no tab can stand behind a ':'; "
                     "write spaces");
}
