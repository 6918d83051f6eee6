#!/usr/bin/env bash
# A move whose every call to the Docker engine is made to fail in turn, forth and back: one server serves afterwards,
# and no more than one; one more run or rollback brings all to a clean end; no acknowledged write is lost.
# FAULTS=all tries each way of failing at each call that changes something, and samples of those that read; without it
# a choice of them. FAULTS="N..." tries these cases only.
# time-limit: 7200
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"

break=$lib_dir/break
meters=(port_write network_write)
# Long enough for a server that has to recover, and for the engine's own attempts.
limit=40

# proxies_start [FAULT OF THE WAY FORTH]... -- [OF THE WAY BACK]...: the program's calls go through two of them, one for
# each way. A fault is WHEN and HOW, two words.
proxies_start() {
    local forth=() name=$test_dir/proxy
    while [ "$1" != -- ]; do
        forth+=(--fault "$1" "$2")
        shift 2
    done
    shift
    local back=()
    while [ $# -gt 0 ]; do
        back+=(--fault "$1" "$2")
        shift 2
    done
    "$lib_dir/docker-faults" --listen "$name.forth" --log "$name.forth.log" --while "$STAGE" forth "${forth[@]}" 2>"$name.forth.err" &
    proxies=($!)
    "$lib_dir/docker-faults" --listen "$name.back" --log "$name.back.log" --while "$STAGE" back "${back[@]}" \
        --engine "$name.forth" 2>"$name.back.err" &
    proxies+=($!)
    background_processes+=("${proxies[@]}")
    wait_for 10 test -S "$name.forth" -a -S "$name.back" || bail_out "the proxies don't start"
    program_host=unix://$name.back
}

proxies_stop() {
    program_host=
    kill "${proxies[@]}"
    wait "${proxies[@]}" || true
}

# Which one serves: 15, 17, or nothing when not exactly one does.
who_serves() {
    if one_serves 15 >/dev/null 2>&1; then
        echo 15
    elif one_serves 17 >/dev/null 2>&1; then
        echo 17
    else
        return 1
    fi
}

# serves_one NAME: within the limit; sets $serving.
serves_one() {
    if wait_for "$limit" who_serves && serving=$(who_serves); then
        pass "$1: one server serves, PostgreSQL $serving"
        return
    fi
    fail "$1: one server serves"
    diag "15: $(one_serves 15 2>&1 || true)"
    diag "17: $(one_serves 17 2>&1 || true)"
    show_output 40
    give_up
}

# What follows would only repeat that failure.
give_up() {
    docker ps -a --filter "label=org.pgrunbook.stack=$STACK" | sed 's/^/# /'
    grep -v '^0 ' "$test_dir/proxy.forth.log" "$test_dir/proxy.back.log" | sed 's/^/# /' | tail -n 50
    done_testing
    exit
}

is_switched() {
    run_field "$1" '.facts.switched | type'
}

nobody_acts() {
    [ -z "$(program_processes)" ]
}

# The way forth with its fault, and one more run where it has failed.
go_forth() {
    local run=$1 name=$2
    DOCKER_HOST=$program_host move_run "$run"
    serves_one "$name"
    if [ "$status" != 10 ]; then
        DOCKER_HOST=$program_host move_run "$run"
        [ "$status" = 10 ] || diag "after $name"
        is "$status" 10 "$name: one more run brings it to its gate"
        [ "$status" = 10 ] || { show_output 60; give_up; }
        serves_one "$name, again"
    fi
    is "$serving $(is_switched "$run")" "17 number" "$name: the new server serves, and the run says so"
}

go_back() {
    local run=$1 name=$2
    DOCKER_HOST=$program_host program_says rollback "$run"
    serves_one "$name"
    if [ "$status" != 12 ]; then
        DOCKER_HOST=$program_host program_says rollback "$run"
        is "$status" 12 "$name: one more rollback brings it to its end"
        [ "$status" = 12 ] || { show_output 60; give_up; }
        serves_one "$name, again"
    fi
    is "$serving" 15 "$name: the old server serves"
}

outages() {
    local kind
    for kind in "${meters[@]}"; do
        diag "$1: $kind, longest $(meter_says "$kind" longest_outage_ms) ms, each $(meter_says "$kind" '[.each[].ms] | tostring')"
    done
}

# one_case RUN NAME [FAULT OF THE WAY FORTH]... -- [OF THE WAY BACK]...
one_case() {
    local run=$1 name=$2
    shift 2
    proxies_start "$@"
    meters_start "${meters[@]}"
    go_forth "$run" "$name, forth"
    go_back "$run" "$name, back"
    ok "$name: no process is left" wait_for 30 nobody_acts
    proxies_stop
    meters_stop
    outages "$name"
    is "$(open_records "$run")" "" "$name: no record is left"
    is "$(move_surroundings)" "$surroundings_before" "$name: all is as before"
    [ -n "${MOVE_FOLLOW:-}" ] || ok "$name: no acknowledged write is lost" meters_hold "$PG_PORT"
    rm -f "$test_dir"/proxy.*
}

# ---- the calls of a good move ----

# calls_of forth|back: number and name of each call, ids and names left out.
calls_of() {
    grep -v '^0 ' "$test_dir/proxy.$1.log" | awk '{ print $1, $3, $4 }' | sed -E 's/[0-9a-f]{64}/ID/g; s|/v1\.[0-9]+||'
}

# number_of forth|back PATTERN [NTH]: the number of the first such call, or of the nth one.
number_of() {
    calls_of "$1" | grep -E -- "$2" | sed -n "${3:-1}p" | cut -d' ' -f1
}

# ---- the ways of failing ----

# fault_words KIND FORTH|BACK CALL: the faults, as proxies_start takes them. A call's number is told by its pattern: what
# comes before it differs with the rounds that a move needs.
fault_words() {
    local kind=$1 call=$3
    case $kind in
    error) printf '%s\n' "$call" answer:500:"no space left on device" ;;
    conflict) printf '%s\n' "$call" answer:409:"made to conflict" ;;
    dropped) printf '%s\n' "$call" drop ;;
    lost) printf '%s\n' "$call" lose ;;
    late) printf '%s\n' "$call" delay:3 ;;
    unreachable) printf '%s\n' "$call" "before:$break calls $STAGE 3" "${call/:/+:}" drop ;;
    worker) printf '%s\n' "$call" "before:$break worker $(run_directory "$run")" ;;
    worker-after) printf '%s\n' "$call" "after:$break worker $(run_directory "$run")" ;;
    engine) printf '%s\n' "$call" "before:$break engine $(run_directory "$run")" ;;
    both) printf '%s\n' "$call" "before:$break both $(run_directory "$run")" ;;
    both-after) printf '%s\n' "$call" "after:$break both $(run_directory "$run")" ;;
    serving) printf '%s\n' "$call" "before:$break server $OLD_CONTAINER" ;;
    waiting)
        if [ "$2" = forth ]; then
            printf '%s\n' "$call" "before:$break server $PARKED_CONTAINER"
        else
            printf '%s\n' "$call" "before:$break server $LEFT_CONTAINER"
        fi
        ;;
    port) printf '%s\n' "$call" "before:$break port $PG_PORT 2" ;;
    network) printf '%s\n' "$call" "before:$break network $NETWORK 2" ;;
    esac
}

# The calls that change something, as patterns: N:PATTERN is the Nth call that fits.
changing=("1:POST .*/disconnect" "1:POST .*/connect" "1:POST .*/rename" "2:POST .*/rename" "1:POST .*/exec" "1:POST .*/start")
every_kind=(error conflict dropped lost late unreachable worker worker-after engine both both-after serving waiting)

# Prints one case a line: a kind and a call.
all_cases() {
    local call kind number total
    for call in "${changing[@]}"; do
        for kind in "${every_kind[@]}"; do
            echo "$kind $call"
        done
    done
    echo "port 1:POST .*/connect"
    echo "network 1:POST .*/connect"
    total=$(grep -vc '^0 ' "$test_dir/forth.log")
    for number in $(seq 1 3 "$total"); do
        for kind in error dropped both; do
            echo "$kind $number"
        done
    done
}

# Each call with the ways that matter most to it.
chosen_cases() {
    cat <<'CASES'
error 1:POST .*/disconnect
lost 1:POST .*/disconnect
both 1:POST .*/disconnect
both-after 1:POST .*/disconnect
error 1:POST .*/connect
lost 1:POST .*/connect
worker 1:POST .*/connect
both-after 1:POST .*/connect
serving 1:POST .*/connect
waiting 1:POST .*/connect
port 1:POST .*/connect
unreachable 1:POST .*/connect
dropped 1:POST .*/rename
both 2:POST .*/rename
error 1:POST .*/exec
CASES
}

cases() {
    case ${FAULTS:-} in
    all) all_cases ;;
    "") chosen_cases ;;
    *) all_cases | awk -v chosen=" $FAULTS " 'index(chosen, " " NR " ")' ;;
    esac
}

# The same fault on both ways, one after the other.
run_cases() {
    local number=0 kind call run forth back
    while read -r kind call <&4; do
        number=$((number + 1))
        run=fault$number
        mapfile -t forth < <(fault_words "$kind" forth "$call")
        mapfile -t back < <(fault_words "$kind" back "$call")
        one_case "$run" "$kind at $call" "${forth[@]}" -- "${back[@]}"
    done 4< <(cases)
}

move_stack_up --no-app
ok "the old server serves at the start" one_serves 15
surroundings_before=$(move_surroundings)
proxies_start --
meters_start "${meters[@]}"
go_forth good "no fault, forth"
go_back good "no fault, back"
ok "no fault: no process is left" wait_for 30 nobody_acts
proxies_stop
meters_stop
outages "no fault"
is "$(open_records good)" "" "no fault: no record is left"
is "$(move_surroundings)" "$surroundings_before" "no fault: all is as before"
ok "no fault: no acknowledged write is lost" meters_hold "$PG_PORT"
diag "$(calls_of forth | wc -l) calls on the way forth, $(calls_of back | wc -l) on the way back"
for call in "${changing[@]}"; do
    isnt "$(number_of forth "${call#*:}" "${call%%:*}")" "" "on the way forth there is the call $call"
    isnt "$(number_of back "${call#*:}" "${call%%:*}")" "" "on the way back there is the call $call"
done
cp "$test_dir/proxy.forth.log" "$test_dir/forth.log"
run_cases
done_testing
