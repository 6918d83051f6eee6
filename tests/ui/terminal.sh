#!/usr/bin/env bash
# The terminal: resizing in every state, being left in order on every way out, colours, and what it costs to stand still.
# runs-alone
# time-limit: 120
set -euo pipefail
# shellcheck source=tests/lib/replay.sh
. "$(dirname "$0")/../lib/replay.sh"

alive() { ! screen_ended; }
# The state of the terminal that the program was given: alternate screen, cursor, keypad.
modes() { screen_tmux display-message -p -t test '#{alternate_on} #{cursor_flag} #{keypad_flag}'; }

# ---- resizing ----
replay 80 24 gate-typed
screen_type lose
for size in 160x50 40x10 30x5 80x24; do
    screen_resize "${size%x*}" "${size#*x}"
    sleep 0.25
    ok "a gate stands a resize to $size" alive
done
ok "and keeps what was typed" wait_for 20 screen_shows '\[lose '
press Escape '?'
for size in 200x60 20x3 80x24; do
    screen_resize "${size%x*}" "${size#*x}"
    sleep 0.15
done
ok "the help stands resizes" wait_for 20 screen_shows 'HELP'
press q /
screen_resize 120 40
sleep 0.2
ok "so does the search" wait_for 20 screen_shows 'search:'
press Escape
for size in 1x1 2x200 300x2 80x24; do
    screen_resize "${size%x*}" "${size#*x}"
    sleep 0.15
done
ok "sizes without any room are survived" wait_for 20 screen_shows '─ 1 Checklist'
screen_resize 39 9
ok "a window that is too small says so" wait_for 20 screen_shows 'too small'
press q
ok "and can be left" wait_for 20 screen_ended

# ---- ways out ----
leave() {
    local how=$1
    REPLAY_SHELL=1 replay 80 24 running
    case $how in
    q) press q ;;
    C-c) press C-c ;;
    *) kill "-$how" "$(replay_pid)" ;;
    esac
    ok "$how leaves the screen" wait_for 20 screen_shows 'status 0'
    is "$(modes)" "0 1 0" "$how: the terminal is given back"
    ok "$how: with its settings" wait_for 20 screen_shows 'stty as before'
    is "$(commands)" "" "$how: the run is asked for nothing"
}
for how in q C-c INT TERM; do
    leave $how
    ok "$how: it says how to come back" screen_shows 'pgrunbook attach'
done
leave HUP
REPLAY_SHELL=1 replay 80 24 running
kill -ABRT "$(replay_pid)"
ok "a crash is a crash" wait_for 20 screen_shows 'status 134'
is "$(modes)" "0 1 0" "and gives the terminal back, too"
ok "with its settings" wait_for 20 screen_shows 'stty as before'

# ---- suspension ----
REPLAY_SHELL=1 replay 80 24 running
pid=$(replay_pid)
process_state() { [ "$(awk '{ print $3 }' "/proc/$pid/stat")" = "$1" ]; }
kill -TSTP "$pid"
ok "it can be suspended" wait_for 20 process_state T
is "$(modes)" "0 1 0" "the terminal is the shell's meanwhile"
kill -CONT "$pid"
ok "continued, it draws anew" wait_for 20 screen_shows '─ 1 Checklist'
press 6
ok "and takes keys" wait_for 20 screen_shows '─ 6 Log'

# ---- the engine goes away ----
replay_event '{"type":"test_close"}'
ok "an engine that is gone is said" wait_for 20 screen_shows 'ENGINE IS GONE'
press R
ok "and nothing can be asked of it" wait_for 20 screen_shows 'the engine is gone'
press q
ok "q leaves" wait_for 20 screen_shows 'status 0'

# ---- colours ----
coloured() { screen_attributes | grep -E $'\033\\[[0-9;]*(3[0-7]|4[0-7])m' >/dev/null; }
replay 80 24 failed
ok "there are colours" wait_for 20 coloured
REPLAY_ENV=NO_COLOR=1 replay 80 24 failed
not_ok "NO_COLOR has none" coloured
ok "and the words are the same" wait_for 20 screen_shows 'STEP FAILED'
REPLAY_ENV=NO_COLOR= replay 80 24 failed
ok "an empty NO_COLOR doesn't count" wait_for 20 coloured
SCREEN_TERM=vt100 replay 80 24 failed
not_ok "a terminal without colours has none" coloured
ok "and shows everything" wait_for 20 screen_shows 'What to do'

# ---- terminals that can't show a screen ----
refused() {
    cp "$top_dir/tests/ui/journals/running.jsonl" "$replay_dir/journal.jsonl"
    script -qec "env TERM=$1 '$replay_program' '$replay_dir'" /dev/null </dev/null 2>&1 || true
}
screen_stop
like "$(refused dumb)" "can't place text" "a dumb terminal is refused"
like "$(refused nonsense)" "isn't known" "and so is an unknown one"

# ---- what it costs ----
replay 160 50 gate-key
pid=$(screen_pid)
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
before=$(ticks)
sleep 3
at_most "$(($(ticks) - before))" 3 "three seconds at a gate cost 10 ms a second or less"
at_most "$(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")" 32 "it takes little memory (MiB)"
done_testing
