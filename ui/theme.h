/* theme.h: what colours mean: one row a meaning, one column a scheme. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

/* What a piece of text means; screen.c turns it into attributes. */
enum role {
    ROLE_TEXT,
    ROLE_FAINT,  /* of little weight: units, what hasn't happened yet */
    ROLE_STRONG, /* headings */
    ROLE_GOOD,
    ROLE_WARN,
    ROLE_BAD,
    ROLE_ACTIVE, /* what runs now */
    ROLE_GATE,   /* what waits for the operator */
    ROLE_TOP,    /* the top line */
    ROLE_TOP_GOOD,
    ROLE_TOP_GATE,
    ROLE_TOP_BAD, /* the service is down, a step failed */
    ROLE_RULE,    /* lines between panels, boxes */
    ROLE_TITLE,
    ROLE_TITLE_FOCUS,
    ROLE_TAB,
    ROLE_TAB_FOCUS,
    ROLE_KEY, /* a key's name */
    ROLE_HINT,
    ROLE_MESSAGE,
    ROLE_SELECTED,
    ROLE_MATCH, /* what the search found */
    ROLE_FIELD, /* where something is typed */
    ROLE_COUNT
};

enum colour {
    COLOUR_DEFAULT = -1,
    COLOUR_BLACK,
    COLOUR_RED,
    COLOUR_GREEN,
    COLOUR_YELLOW,
    COLOUR_BLUE,
    COLOUR_MAGENTA,
    COLOUR_CYAN,
    COLOUR_WHITE,
};

enum style { STYLE_BOLD = 1, STYLE_FAINT = 2, STYLE_REVERSE = 4, STYLE_UNDERLINE = 8 };

/* The system's first eight colours only, so that the terminal's own palette decides. */
struct paint {
    signed char foreground;
    signed char background;
    unsigned char style; /* of enum style */
};

enum scheme { SCHEME_DARK, SCHEME_LIGHT, SCHEME_MONOCHROME, SCHEME_COUNT };

const struct paint *theme_paint(enum scheme scheme, enum role role);

/* `no_color`: NO_COLOR's value (no-color.org: anything but empty counts), `colours`: what the
 * terminal can, `colour_fgbg`: COLORFGBG's value, whose last field says the background. The
 * environment's values may be NULL. */
enum scheme theme_choose(const char *no_color, int colours, const char *colour_fgbg);

/* Symbols: one table in UTF-8, one in ASCII; a word stands beside every one that tells a state. */
enum glyph {
    GLYPH_PENDING,
    GLYPH_GATE,
    GLYPH_RUNNING,
    GLYPH_DONE,
    GLYPH_FAILED,
    GLYPH_SKIPPED,
    GLYPH_UNDONE,
    GLYPH_WARN,
    GLYPH_ELLIPSIS,
    GLYPH_RULE,
    GLYPH_VERTICAL,
    GLYPH_TOP_LEFT,
    GLYPH_TOP_RIGHT,
    GLYPH_BOTTOM_LEFT,
    GLYPH_BOTTOM_RIGHT,
    GLYPH_LEFT_TEE,
    GLYPH_RIGHT_TEE,
    GLYPH_BAR_DONE,
    GLYPH_BAR_OPEN,
    GLYPH_NONE,  /* a value that isn't known */
    GLYPH_DOT,   /* between two parts of a line */
    GLYPH_ABOVE, /* there is more in that direction */
    GLYPH_BELOW,
    GLYPH_COUNT
};

const char *const *theme_glyphs(bool utf8);

#endif
