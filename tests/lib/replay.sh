# shellcheck shell=bash
# The real screen in a real terminal on a stand-in engine that plays a journal (tests/ui/replay.c). Needs nothing else.

lib_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(cd "$lib_dir/../.." && pwd)
# shellcheck source=tests/lib/tap.sh
. "$lib_dir/tap.sh"
# shellcheck source=tests/lib/screen.sh
. "$lib_dir/screen.sh"

replay_program=${REPLAY:-$top_dir/build/tests/ui/replay}
[ -x "$replay_program" ] || bail_out "$replay_program isn't there: make test-programs"
golden_dir=$top_dir/tests/ui/golden
replay_dir=$(mktemp -d "${TMPDIR:-/tmp}/pgrunbook-ui.XXXXXX")
trap 'screen_stop; rm -rf "$replay_dir"' EXIT

# wait_for SECONDS COMMAND [ARGUMENT]...: until the command succeeds, asked twenty times a second. SECONDS are those of a
# machine with nothing else to do; a busy one has five times that.
wait_for() {
    local deadline=$(($1 * 5000000 + ${EPOCHREALTIME/[.,]/}))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# replay COLUMNS ROWS JOURNAL [ARGUMENT]...: the screen on that journal, once it is drawn and past the guard of dialogs.
# REPLAY_ENV: more settings for env(1). REPLAY_SHELL=1: in a shell, as an operator starts it, which says what it came back
# to and then waits.
replay() {
    local columns=$1 rows=$2 journal=$3
    shift 3
    screen_stop
    rm -rf "${replay_dir:?}"/*
    cp "$top_dir/tests/ui/journals/$journal.jsonl" "$replay_dir/journal.jsonl"
    mkfifo "$replay_dir/events"
    : >"$replay_dir/commands"
    local shell=()
    # shellcheck disable=SC2016 # for the inner shell
    local report='trap : INT; before=$(stty -g); "$@"; echo "status $?"; [ "$before" = "$(stty -g)" ] && echo "stty as before"; exec sleep 60'
    [ -z "${REPLAY_SHELL:-}" ] || shell=(sh -c "$report" sh)
    # shellcheck disable=SC2086 # several words
    screen_start "$columns" "$rows" "${shell[@]}" env -u NO_COLOR -u COLORFGBG TZ=UTC LC_ALL=C.UTF-8 LANG=C.UTF-8 ${REPLAY_ENV:-} \
        "$replay_program" "$replay_dir" "$@"
    wait_for 20 screen_shows 'limor' || {
        screen_dump
        bail_out "the screen doesn't come up on $journal"
    }
    # What it asks for when it comes up is noted behind the journal's last line.
    wait_for 20 test -s "$replay_dir/commands" || bail_out "the screen doesn't read $journal"
    sleep 0.5
}

# The process id of the screen itself.
replay_pid() {
    pgrep -o -f -x "$replay_program $replay_dir"
}

# More events for the screen, one JSON object a line.
replay_event() {
    printf '%s\n' "$@" >"$replay_dir/events"
}

# What the screen has asked the engine for, without the attaching: one "command [step] [phrase]" a line.
commands() {
    jq -r 'select(.command != "attach") | [.command, .step, .phrase, (.pause | values | tostring)] | map(values) | join(" ")' \
        "$replay_dir/commands"
}

screen_trimmed() {
    screen_text | sed 's/ *$//'
}

same_as_golden() {
    [ "$(screen_trimmed)" = "$(cat "$golden_dir/$1.txt" 2>/dev/null)" ]
}

# golden NAME: the screen is or becomes what golden/NAME.txt holds; RECORD=1 writes it anew.
golden() {
    if [ -n "${RECORD:-}" ]; then
        sleep 0.4
        screen_trimmed >"$golden_dir/$1.txt"
        pass "$1 is recorded"
        return
    fi
    if wait_for 20 same_as_golden "$1"; then
        pass "$1"
        return
    fi
    fail "$1"
    diff "$golden_dir/$1.txt" <(screen_trimmed) | head -n 60 | sed 's/^/# /' || true
}

# press KEY...: one after the other, as a person would; right behind Esc a key would be Alt with that key.
press() {
    local key
    for key in "$@"; do
        screen_keys "$key"
        case $key in Escape) sleep 0.3 ;; *) sleep 0.05 ;; esac
    done
}
