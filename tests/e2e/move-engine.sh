#!/usr/bin/env bash
# The Docker engine is restarted in the middle of a move, by a signal that lets it stop its containers, or by one that
# doesn't: one server serves afterwards, and no more than one. On an engine of the test's own.
# FAULTS=all tries both at each call that changes something, before it and after it; without it a choice of them.
# for-check
# time-limit: 2400
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"
second_engine "$@"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"
# shellcheck source=tests/lib/move-cases.sh
. "$lib_dir/move-cases.sh"

# The client in the network would end with its container.
meters=(port_write)
limit=90
wish=$test_dir/wish
proxy_engine=$SECOND_ENGINE_DIR/docker.sock

engine_is_gone() {
    ! [ -d "/proc/$1" ]
}

# restart_engine TERM|KILL: the engine alone. After SIGKILL it may leave its containers stopped; the servers are the
# program's affair.
restart_engine() {
    local engine
    engine=$(cat "$second_engine_data/pid")
    kill "-$1" "$engine"
    wait_for 60 engine_is_gone "$engine" || say "the engine doesn't end"
    second_engine_start
    docker start "$REDIS_CONTAINER" >/dev/null
}

# Restarts it whenever a call wishes so.
serve_wishes() {
    while sleep 0.05; do
        [ -s "$wish" ] || continue
        restart_engine "$(cat "$wish")"
        rm "$wish"
    done
}

chosen_cases() {
    cat <<'CASES'
TERM before 2:POST .*/connect
KILL before 2:POST .*/connect
TERM after 2:POST .*/connect
KILL after 2:POST .*/disconnect
CASES
}

all_cases() {
    local call how when
    for call in "2:POST .*/disconnect" "2:POST .*/connect" "1:POST .*/rename"; do
        for how in TERM KILL; do
            for when in before after; do
                echo "$how $when $call"
            done
        done
    done
}

run_cases() {
    local number=0 how when call
    while read -r how when call <&4; do
        number=$((number + 1))
        one_case "$STACK-restart$number" "restart by $how $when $call" "forth/$call" "$when:$lib_dir/break wish $wish $how" \
            "back/$call" "$when:$lib_dir/break wish $wish $how"
    done 4< <(if [ "${FAULTS:-}" = all ]; then all_cases; else chosen_cases; fi)
}

second_engine_up distribution
diag "engine $(docker version --format '{{.Server.Version}}')"
move_stack_up --no-app
surroundings_before=$(move_surroundings)
serve_wishes &
background_processes+=($!)
run_cases
done_testing
