/* input.h: keys as the rest of ui/ sees them, and the filter that keeps stray escape sequences and
 * pasted text from acting as commands. */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include <stdbool.h>
#include <stdint.h>

/* A key is a Unicode character or one of these. */
enum {
    KEY_NONE = 0,
    KEY_CONTROL_L = 12,
    KEY_CONTROL_R = 18,
    KEY_TABULATOR = 9,
    KEY_RETURN = 13,
    KEY_ESCAPE = 27,
    KEY_FIRST_SPECIAL = 0x110000,
    KEY_ARROW_UP,
    KEY_ARROW_DOWN,
    KEY_ARROW_LEFT,
    KEY_ARROW_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_TOP,
    KEY_BOTTOM,
    KEY_ERASE,     /* backspace */
    KEY_ERASE_ALL, /* Ctrl-U */
    KEY_BACK_TABULATOR,
    KEY_PASTE_BEGIN, /* bracketed paste: the terminal's marks */
    KEY_PASTE_END,
    KEY_OTHER, /* a key that has no meaning here */
};

struct key {
    int code;
    bool pasted; /* text from the clipboard: it may fill a field, never answer or command */
};

/* Zero-initialised at the start. */
struct input_filter {
    int sequence; /* inside of an escape sequence that the terminal's description doesn't know */
    bool pasting;
    int64_t last_ms; /* monotonic, of the newest key */
};

/* Passes `code` through: true with *key when it is one for the program. An unknown sequence such as
 * ESC [ 2 4 ; 8 0 R, whose last letter would roll the run back, is swallowed as a whole, also when
 * it arrives in pieces. Alt with a letter is an ESC whose letter doesn't count. `next`: the
 * character that follows at once, 0 when none does. */
bool input_filter(struct input_filter *filter, int code, int next, int64_t now_ms, struct key *key);

#endif
