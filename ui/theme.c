/* theme.c: what colours mean: one row a meaning, one column a scheme; and the symbols. */
#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>

#define NONE COLOUR_DEFAULT
#define PLAIN                                                                                      \
    {                                                                                              \
        NONE, NONE, 0                                                                              \
    }
#define INK(foreground, style)                                                                     \
    {                                                                                              \
        foreground, NONE, style                                                                    \
    }
#define ON(background, foreground, style)                                                          \
    {                                                                                              \
        foreground, background, style                                                              \
    }

/* Dark: yellow and cyan are readable. Light: they aren't, so blue and magenta stand in. Monochrome
 * is designed, not left over: reverse for what waits or is broken, bold for weight. */
static const struct paint paints[ROLE_COUNT][SCHEME_COUNT] = {
    [ROLE_TEXT] = {PLAIN, PLAIN, PLAIN},
    [ROLE_FAINT] = {INK(NONE, STYLE_FAINT), INK(NONE, STYLE_FAINT), PLAIN},
    [ROLE_STRONG] = {INK(NONE, STYLE_BOLD), INK(NONE, STYLE_BOLD), INK(NONE, STYLE_BOLD)},
    [ROLE_GOOD] = {INK(COLOUR_GREEN, 0), INK(COLOUR_GREEN, 0), PLAIN},
    [ROLE_WARN] = {INK(COLOUR_YELLOW, 0), INK(COLOUR_MAGENTA, 0), INK(NONE, STYLE_BOLD)},
    [ROLE_BAD] = {INK(COLOUR_RED, STYLE_BOLD), INK(COLOUR_RED, STYLE_BOLD),
                  INK(NONE, STYLE_BOLD | STYLE_UNDERLINE)},
    [ROLE_ACTIVE] = {INK(COLOUR_CYAN, STYLE_BOLD), INK(COLOUR_BLUE, STYLE_BOLD),
                     INK(NONE, STYLE_BOLD)},
    [ROLE_GATE] = {INK(COLOUR_YELLOW, STYLE_BOLD), INK(COLOUR_MAGENTA, STYLE_BOLD),
                   INK(NONE, STYLE_BOLD)},
    [ROLE_TOP] = {ON(COLOUR_BLUE, COLOUR_WHITE, STYLE_BOLD),
                  ON(COLOUR_BLUE, COLOUR_WHITE, STYLE_BOLD), INK(NONE, STYLE_REVERSE)},
    [ROLE_TOP_GOOD] = {ON(COLOUR_GREEN, COLOUR_BLACK, 0), ON(COLOUR_GREEN, COLOUR_BLACK, 0),
                       INK(NONE, STYLE_REVERSE)},
    [ROLE_TOP_GATE] = {ON(COLOUR_YELLOW, COLOUR_BLACK, 0), ON(COLOUR_YELLOW, COLOUR_BLACK, 0),
                       INK(NONE, STYLE_REVERSE | STYLE_BOLD)},
    [ROLE_TOP_BAD] = {ON(COLOUR_RED, COLOUR_WHITE, STYLE_BOLD),
                      ON(COLOUR_RED, COLOUR_WHITE, STYLE_BOLD),
                      INK(NONE, STYLE_REVERSE | STYLE_BOLD | STYLE_UNDERLINE)},
    [ROLE_RULE] = {INK(NONE, STYLE_FAINT), INK(NONE, STYLE_FAINT), PLAIN},
    [ROLE_TITLE] = {PLAIN, PLAIN, PLAIN},
    [ROLE_TITLE_FOCUS] = {INK(COLOUR_CYAN, STYLE_BOLD), INK(COLOUR_BLUE, STYLE_BOLD),
                          INK(NONE, STYLE_BOLD | STYLE_UNDERLINE)},
    [ROLE_TAB] = {PLAIN, PLAIN, PLAIN},
    [ROLE_TAB_FOCUS] = {INK(COLOUR_CYAN, STYLE_BOLD | STYLE_REVERSE),
                        INK(COLOUR_BLUE, STYLE_BOLD | STYLE_REVERSE), INK(NONE, STYLE_REVERSE)},
    [ROLE_KEY] = {INK(NONE, STYLE_BOLD), INK(NONE, STYLE_BOLD), INK(NONE, STYLE_BOLD)},
    [ROLE_HINT] = {INK(NONE, STYLE_FAINT), PLAIN, PLAIN},
    [ROLE_MESSAGE] = {INK(COLOUR_YELLOW, STYLE_BOLD), INK(COLOUR_MAGENTA, STYLE_BOLD),
                      INK(NONE, STYLE_BOLD)},
    [ROLE_SELECTED] = {INK(NONE, STYLE_REVERSE), INK(NONE, STYLE_REVERSE),
                       INK(NONE, STYLE_REVERSE)},
    [ROLE_MATCH] = {ON(COLOUR_YELLOW, COLOUR_BLACK, 0), ON(COLOUR_YELLOW, COLOUR_BLACK, 0),
                    INK(NONE, STYLE_REVERSE)},
    [ROLE_FIELD] = {INK(NONE, STYLE_BOLD | STYLE_UNDERLINE),
                    INK(NONE, STYLE_BOLD | STYLE_UNDERLINE),
                    INK(NONE, STYLE_BOLD | STYLE_UNDERLINE)},
};

const struct paint *theme_paint(enum scheme scheme, enum role role)
{
    return &paints[role][scheme];
}

enum scheme theme_choose(const char *no_color, int colours, const char *colour_fgbg)
{
    if ((no_color && *no_color) || colours < 8)
        return SCHEME_MONOCHROME;
    const char *background = colour_fgbg ? strrchr(colour_fgbg, ';') : NULL;
    if (!background)
        return SCHEME_DARK;
    bool light = !strcmp(background, ";7") || !strcmp(background, ";15");
    return light ? SCHEME_LIGHT : SCHEME_DARK;
}

/* Symbols: ASCII, UTF-8. */
static const char *const glyphs[2][GLYPH_COUNT] = {
    {
        [GLYPH_PENDING] = ".",   [GLYPH_GATE] = "?",        [GLYPH_RUNNING] = ">",
        [GLYPH_DONE] = "+",      [GLYPH_FAILED] = "x",      [GLYPH_SKIPPED] = "-",
        [GLYPH_UNDONE] = "<",    [GLYPH_WARN] = "!",        [GLYPH_ELLIPSIS] = "~",
        [GLYPH_RULE] = "-",      [GLYPH_VERTICAL] = "|",    [GLYPH_TOP_LEFT] = "+",
        [GLYPH_TOP_RIGHT] = "+", [GLYPH_BOTTOM_LEFT] = "+", [GLYPH_BOTTOM_RIGHT] = "+",
        [GLYPH_LEFT_TEE] = "+",  [GLYPH_RIGHT_TEE] = "+",   [GLYPH_BAR_DONE] = "#",
        [GLYPH_BAR_OPEN] = ".",  [GLYPH_NONE] = "-",        [GLYPH_DOT] = "-",
        [GLYPH_ABOVE] = "^",     [GLYPH_BELOW] = "v",
    },
    {
        [GLYPH_PENDING] = "·",   [GLYPH_GATE] = "◆",        [GLYPH_RUNNING] = "▸",
        [GLYPH_DONE] = "✓",      [GLYPH_FAILED] = "✗",      [GLYPH_SKIPPED] = "–",
        [GLYPH_UNDONE] = "◂",    [GLYPH_WARN] = "!",        [GLYPH_ELLIPSIS] = "…",
        [GLYPH_RULE] = "─",      [GLYPH_VERTICAL] = "│",    [GLYPH_TOP_LEFT] = "┌",
        [GLYPH_TOP_RIGHT] = "┐", [GLYPH_BOTTOM_LEFT] = "└", [GLYPH_BOTTOM_RIGHT] = "┘",
        [GLYPH_LEFT_TEE] = "├",  [GLYPH_RIGHT_TEE] = "┤",   [GLYPH_BAR_DONE] = "█",
        [GLYPH_BAR_OPEN] = "░",  [GLYPH_NONE] = "–",        [GLYPH_DOT] = "·",
        [GLYPH_ABOVE] = "↑",     [GLYPH_BELOW] = "↓",
    },
};

const char *const *theme_glyphs(bool utf8)
{
    return glyphs[utf8];
}
