# shellcheck shell=bash
# Files that somebody appends lines to while a test reads them.

# whole_lines FILE: its lines up to the last newline. A write that crosses a page can be seen up to there first, so what
# follows isn't a line yet.
whole_lines() {
    head -n "$(wc -l <"$1")" -- "$1"
}
