/* screen.c: the only file that knows curses: attributes, glyphs, keys, signals, and the terminal
 * given back on every way out. */
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include "ui/screen.h"

#include "base/clock.h"
#include "base/text.h"
#include "ui/fit.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define ESCAPE_WAIT_MS 25 /* how long the rest of an escape sequence may take */
#define PASTE_MARK_BEGIN 0x7001
#define PASTE_MARK_END 0x7002

/* Set by signals, read by screen_wait; nothing else here is global. */
static volatile sig_atomic_t signal_leave, signal_gone, signal_resize, signal_stop, signal_continue;

/* For the handler of fatal signals, which may not call curses. */
static struct termios terminal_before;
static volatile sig_atomic_t terminal_taken;
static const char terminal_reset[] = "\033[?2004l\033[?1l\033>\033[0m\033[?25h\033[?1049l";

struct watched_signal {
    int number;
    void (*handler)(int number);
};

struct screen {
    SCREEN *curses;
    const char *const *glyphs;
    bool utf8;
    int attributes[ROLE_COUNT];
    int cursor_row, cursor_column;
    struct input_filter filter;
    sigset_t mask_before;
    struct sigaction actions_before[12];
    struct sigaction pipe_before;
};

static void on_leave(int number)
{
    (void)number;
    signal_leave = 1;
}

static void on_hangup(int number)
{
    (void)number;
    signal_gone = 1;
}

static void on_resize(int number)
{
    (void)number;
    signal_resize = 1;
}

static void on_stop(int number)
{
    (void)number;
    signal_stop = 1;
}

static void on_continue(int number)
{
    (void)number;
    signal_continue = 1;
}

/* The terminal must be usable after a crash too. SA_RESETHAND has put the default action back. */
static void on_crash(int number)
{
    if (terminal_taken) {
        ssize_t ignored = write(STDOUT_FILENO, terminal_reset, sizeof terminal_reset - 1);
        (void)ignored;
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    }
    raise(number);
}

static const struct watched_signal watched[] = {
    {SIGINT, on_leave},    {SIGTERM, on_leave}, {SIGQUIT, on_leave},    {SIGHUP, on_hangup},
    {SIGWINCH, on_resize}, {SIGTSTP, on_stop},  {SIGCONT, on_continue}, {SIGABRT, on_crash},
    {SIGBUS, on_crash},    {SIGFPE, on_crash},  {SIGILL, on_crash},     {SIGSEGV, on_crash},
};
#define WATCHED (sizeof watched / sizeof watched[0])

/* Signals are let in only while screen_wait waits, so no other code meets an interrupted call. */
static void take_signals(struct screen *screen)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    signal_leave = signal_gone = signal_resize = signal_stop = signal_continue = 0;
    for (size_t i = 0; i < WATCHED; i++) {
        bool crash = watched[i].handler == on_crash;
        struct sigaction action = {.sa_handler = watched[i].handler,
                                   .sa_flags = crash ? (int)SA_RESETHAND : 0};
        sigemptyset(&action.sa_mask);
        sigaction(watched[i].number, &action, &screen->actions_before[i]);
        if (!crash)
            sigaddset(&blocked, watched[i].number);
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &screen->pipe_before);
    sigprocmask(SIG_BLOCK, &blocked, &screen->mask_before);
}

static void give_signals_back(struct screen *screen)
{
    for (size_t i = 0; i < WATCHED; i++)
        sigaction(watched[i].number, &screen->actions_before[i], NULL);
    sigaction(SIGPIPE, &screen->pipe_before, NULL);
    sigprocmask(SIG_SETMASK, &screen->mask_before, NULL);
}

static int paint_attributes(const struct paint *paint, enum role role, bool colour)
{
    int attributes = 0;
    if (paint->style & STYLE_BOLD)
        attributes |= (int)A_BOLD;
    if (paint->style & STYLE_FAINT)
        attributes |= (int)A_DIM;
    if (paint->style & STYLE_REVERSE)
        attributes |= (int)A_REVERSE;
    if (paint->style & STYLE_UNDERLINE)
        attributes |= (int)A_UNDERLINE;
    if (colour) {
        init_pair((short)(role + 1), paint->foreground, paint->background);
        attributes |= COLOR_PAIR((int)role + 1);
    }
    return attributes;
}

static void mix_paints(struct screen *screen)
{
    int colours = 0;
    if (has_colors() && start_color() == OK && use_default_colors() == OK)
        colours = COLORS;
    enum scheme scheme = theme_choose(getenv("NO_COLOR"), colours, getenv("COLORFGBG"));
    for (enum role role = 0; role < ROLE_COUNT; role++)
        screen->attributes[role] =
            paint_attributes(theme_paint(scheme, role), role, scheme != SCHEME_MONOCHROME);
}

static void bracketed_paste(bool on)
{
    ssize_t ignored = write(STDOUT_FILENO, on ? "\033[?2004h" : "\033[?2004l", 8);
    (void)ignored;
}

static void set_modes(void)
{
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    set_escdelay(ESCAPE_WAIT_MS);
    define_key("\033[200~", PASTE_MARK_BEGIN);
    define_key("\033[201~", PASTE_MARK_END);
    curs_set(0);
    bracketed_paste(true);
}

static bool unfit_terminal(const char *why, struct error *error)
{
    const char *name = getenv("TERM");
    error_set(error, ERROR_USAGE, "the terminal \"%s\" %s", name ? name : "", why);
    return error_remedy(error, "set TERM to a known one, such as xterm or vt100; or use --plain");
}

/* One without a movable cursor ("dumb") gets no screen, where a question could go unread. */
static bool new_terminal(struct screen *screen, struct error *error)
{
    screen->curses = newterm(NULL, stdout, stdin);
    if (!screen->curses)
        return unfit_terminal("isn't known to this system", error);
    const char *move = tigetstr("cup");
    if (move && move != (const char *)-1)
        return true;
    endwin();
    delscreen(screen->curses);
    return unfit_terminal("can't place text on the screen", error);
}

bool screen_open(struct screen **opened, struct error *error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        error_set(error, ERROR_USAGE, "the screen needs a terminal on standard input and output");
        return error_remedy(error, "use --plain where there is none");
    }
    setlocale(LC_CTYPE, "");
    tcgetattr(STDIN_FILENO, &terminal_before);
    struct screen *screen = xcalloc(1, sizeof *screen);
    take_signals(screen); /* before curses, which then leaves them alone */
    if (!new_terminal(screen, error)) {
        give_signals_back(screen);
        free(screen);
        return false;
    }
    screen->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    screen->glyphs = theme_glyphs(screen->utf8);
    screen->cursor_row = -1;
    set_modes();
    mix_paints(screen);
    terminal_taken = 1;
    *opened = screen;
    return true;
}

void screen_close(struct screen *screen)
{
    if (!screen)
        return;
    bracketed_paste(false);
    curs_set(1);
    endwin();
    delscreen(screen->curses);
    terminal_taken = 0;
    give_signals_back(screen);
    free(screen);
}

void screen_size(const struct screen *screen, int *rows, int *columns)
{
    (void)screen;
    *rows = getmaxy(stdscr);
    *columns = getmaxx(stdscr);
}

const char *const *screen_glyphs(const struct screen *screen)
{
    return screen->glyphs;
}

void screen_erase(struct screen *screen)
{
    screen->cursor_row = -1;
    erase();
}

/* What the terminal can show: without UTF-8 nothing but ASCII. */
static wchar_t drawable(const struct screen *screen, unsigned character)
{
    if (character < 0x7f)
        return (wchar_t)character;
    if (!screen->utf8)
        return L'?';
    return wcwidth((wchar_t)character) < 0 ? (wchar_t)0xfffd : (wchar_t)character;
}

int screen_put(struct screen *screen, int row, int column, enum role role, const char *bytes,
               size_t length, int columns)
{
    wchar_t buffer[1024];
    size_t count = 0, at = 0;
    int used = 0, rows = getmaxy(stdscr), room = getmaxx(stdscr) - column;
    columns = columns < room ? columns : room;
    if (row < 0 || row >= rows || column < 0 || columns <= 0)
        return 0;
    while (at < length && count + 1 < sizeof buffer / sizeof buffer[0]) {
        unsigned character;
        at += fit_decode(bytes + at, length - at, &character);
        int width = fit_columns(character);
        if (used + width > columns)
            break;
        used += width;
        buffer[count++] = drawable(screen, character);
    }
    attrset(screen->attributes[role]);
    mvaddnwstr(row, column, buffer, (int)count);
    attrset(0);
    return used;
}

void screen_fill(struct screen *screen, int row, int column, enum role role, const char *glyph,
                 int columns)
{
    size_t length = strlen(glyph);
    for (int i = 0; i < columns; i++)
        screen_put(screen, row, column + i, role, glyph, length, 1);
}

void screen_cursor(struct screen *screen, int row, int column)
{
    screen->cursor_row = row;
    screen->cursor_column = column;
}

void screen_repaint(struct screen *screen)
{
    (void)screen;
    clearok(curscr, TRUE);
}

void screen_present(struct screen *screen)
{
    curs_set(screen->cursor_row >= 0 ? 1 : 0);
    if (screen->cursor_row >= 0)
        move(screen->cursor_row, screen->cursor_column);
    refresh();
}

static void fit_to_terminal(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    clearok(curscr, TRUE);
}

/* Gives the terminal back, stops as the shell expects, and takes it again when continued. */
static void suspend(void)
{
    bracketed_paste(false);
    curs_set(1);
    endwin();
    raise(SIGSTOP);
    refresh();
    curs_set(0);
    bracketed_paste(true);
}

static unsigned read_signals(void)
{
    unsigned seen = 0;
    if (signal_stop) {
        signal_stop = 0;
        suspend();
        signal_resize = 1;
    }
    if (signal_resize || signal_continue) {
        signal_resize = signal_continue = 0;
        fit_to_terminal();
        seen |= SCREEN_RESIZED;
    }
    if (signal_leave)
        seen |= SCREEN_LEAVE;
    if (signal_gone)
        seen |= SCREEN_GONE;
    return seen;
}

unsigned screen_wait(struct screen *screen, const int *descriptors, size_t count, int milliseconds)
{
    struct pollfd polls[1 + SCREEN_DESCRIPTORS_MAX] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    count = count < SCREEN_DESCRIPTORS_MAX ? count : SCREEN_DESCRIPTORS_MAX;
    for (size_t i = 0; i < count; i++)
        polls[1 + i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    struct timespec wait = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    int ready =
        ppoll(polls, (nfds_t)count + 1, milliseconds < 0 ? NULL : &wait, &screen->mask_before);
    unsigned seen = read_signals();
    if (ready <= 0)
        return seen;
    if (polls[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        seen |= SCREEN_GONE;
    else if (polls[0].revents)
        seen |= SCREEN_KEYS;
    for (size_t i = 0; i < count; i++)
        if (polls[1 + i].revents)
            seen |= SCREEN_DESCRIPTOR;
    return seen;
}

static const struct key_name {
    int curses;
    int ours;
} key_names[] = {
    {KEY_UP, KEY_ARROW_UP},
    {KEY_DOWN, KEY_ARROW_DOWN},
    {KEY_LEFT, KEY_ARROW_LEFT},
    {KEY_RIGHT, KEY_ARROW_RIGHT},
    {KEY_PPAGE, KEY_PAGE_UP},
    {KEY_NPAGE, KEY_PAGE_DOWN},
    {KEY_HOME, KEY_TOP},
    {KEY_END, KEY_BOTTOM},
    {KEY_BACKSPACE, KEY_ERASE},
    {KEY_BTAB, KEY_BACK_TABULATOR},
    {KEY_ENTER, KEY_RETURN},
    {PASTE_MARK_BEGIN, KEY_PASTE_BEGIN},
    {PASTE_MARK_END, KEY_PASTE_END},
};

#define CONTROL_U 21

static int translate(int kind, wint_t value)
{
    if (kind != KEY_CODE_YES) {
        if (value == 127 || value == 8)
            return KEY_ERASE;
        if (value == CONTROL_U)
            return KEY_ERASE_ALL;
        return value == '\n' ? KEY_RETURN : (int)value;
    }
    for (size_t i = 0; i < sizeof key_names / sizeof key_names[0]; i++)
        if (key_names[i].curses == (int)value)
            return key_names[i].ours;
    return KEY_OTHER;
}

/* The character right behind an ESC, 0 when there is none: Alt, or a sequence that curses doesn't
 * know. */
static int next_character(void)
{
    wint_t value;
    int kind = get_wch(&value);
    if (kind == ERR)
        return 0;
    if (kind == KEY_CODE_YES)
        ungetch((int)value);
    else
        unget_wch((wchar_t)value);
    return kind == KEY_CODE_YES ? 0 : (int)value;
}

bool screen_key(struct screen *screen, struct key *key)
{
    wint_t value;
    for (int kind; (kind = get_wch(&value)) != ERR;) {
        if (kind == KEY_CODE_YES && value == KEY_RESIZE)
            continue;
        int code = translate(kind, value);
        int next = code == KEY_ESCAPE ? next_character() : 0;
        if (input_filter(&screen->filter, code, next, clock_monotonic_ms(), key))
            return true;
    }
    return false;
}

void screen_discard_keys(struct screen *screen)
{
    flushinp();
    screen->filter = (struct input_filter){0};
}
