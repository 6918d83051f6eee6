# shellcheck shell=bash
# A real terminal for tests of the screen: tmux with a socket and a configuration of its own. Needs tap.sh and wait_for.

screen_socket=

screen_tmux() {
    tmux -u -L "$screen_socket" "$@"
}

# screen_start COLUMNS ROWS COMMAND [ARGUMENT]...: the command runs in a terminal of that size. SCREEN_TERM sets TERM.
screen_start() {
    local columns=$1 rows=$2 command
    shift 2
    screen_stop
    screen_socket=pgrunbook-test-$$-$RANDOM
    printf -v command '%q ' "$@"
    screen_tmux -f /dev/null new-session -d -s test -x "$columns" -y "$rows" \; \
        set-option -g status off \; set-option -g remain-on-exit on \; set-option -g escape-time 0 \; \
        set-option -g history-limit 0 \; set-option -g default-terminal "${SCREEN_TERM:-tmux-256color}" \; \
        set-option -g window-size manual \; \
        respawn-pane -k -t test "exec $command"
}

# screen_keys KEY...: names as tmux knows them (Enter, Escape, Up, C-c, F1) or single characters.
screen_keys() {
    screen_tmux send-keys -t test -- "$@"
}

# screen_type TEXT: as it is, nothing in it is taken for the name of a key.
screen_type() {
    screen_tmux send-keys -t test -l -- "$1"
}

screen_text() {
    screen_tmux capture-pane -p -t test
}

# The same with colours and attributes as escape sequences.
screen_attributes() {
    screen_tmux capture-pane -p -e -t test
}

screen_resize() {
    screen_tmux resize-window -t test -x "$1" -y "$2"
}

screen_shows() {
    screen_text | grep -E -- "$1" >/dev/null
}

screen_lacks() {
    ! screen_shows "$1"
}

screen_dump() {
    diag "the screen:"
    screen_text | sed 's/^/#   | /'
}

# screen_wait SECONDS PATTERN: until the screen shows a match of an extended regular expression; dumps it if it never does.
screen_wait() {
    wait_for "$1" screen_shows "$2" && return 0
    diag "waited $1 s for $2"
    screen_dump
    return 1
}

# Has the command ended?
screen_ended() {
    [ "$(screen_tmux display-message -p -t test '#{pane_dead}' 2>/dev/null || echo 1)" = 1 ]
}

screen_exit_status() {
    screen_tmux display-message -p -t test '#{pane_dead_status}'
}

# The process id of the command.
screen_pid() {
    screen_tmux display-message -p -t test '#{pane_pid}'
}

# Ends our own tmux server, by its socket.
screen_stop() {
    [ -z "$screen_socket" ] || screen_tmux kill-server 2>/dev/null || true
    screen_socket=
}
