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
# shellcheck source=tests/lib/move-cases.sh
. "$lib_dir/move-cases.sh"

break=$lib_dir/break

# ---- the calls of a good move ----

# calls_of forth|back: number and name of each call, ids and names left out.
calls_of() {
    awk -v stage="$1" '$1 == stage { print $2, $4, $5 }' "$test_dir/good.log" | sed -E 's/[0-9a-f]{64}/ID/g; s|/v1\.[0-9]+||'
}

# number_of forth|back PATTERN [NTH]: the number of the first such call, or of the nth one.
number_of() {
    calls_of "$1" | grep -E -- "$2" | sed -n "${3:-1}p" | cut -d' ' -f1
}

# ---- the ways of failing ----

# coming forth|back: the container that is to serve.
coming() {
    [ "$1" = forth ] && echo "$PARKED_CONTAINER" || echo "$LEFT_CONTAINER"
}

# unanswered_by_worker forth|back RUN: it dies with the call out, and what takes over is settled before the engine hears of
# it. What the server that may come then lets its clients do goes to a file, and what it does when it has been restarted.
unanswered_by_worker() {
    echo "$break worker $(run_directory "$2"); $break settled $(run_directory "$2") 3;" \
        "docker exec $(coming "$1") psql -X -A -t -U postgres -c 'SHOW default_transaction_read_only' >$test_dir/read-only.$1;" \
        "docker restart $(coming "$1"); $break held $(coming "$1") >>$test_dir/read-only.$1"
}

# fault_words KIND FORTH|BACK CALL: the faults, as proxy_start takes them. A call's number is told by its pattern: what
# comes before it differs with the rounds that a move needs.
fault_words() {
    local kind=$1 call=$2/$3
    case $kind in
    error) printf '%s\n' "$call" answer:500:"no space left on device" ;;
    conflict) printf '%s\n' "$call" answer:409:"made to conflict" ;;
    dropped) printf '%s\n' "$call" drop ;;
    lost) printf '%s\n' "$call" lose ;;
    late) printf '%s\n' "$call" delay:2 ;;
    unanswered) printf '%s\n' "$call" "before:$break settled $(run_directory "$run") 0" ;;
    worker-unanswered) printf '%s\n' "$call" "before:$(unanswered_by_worker "$2" "$run")" ;;
    worker-late) printf '%s\n' "$call" "before:$break worker $(run_directory "$run"); sleep 6" ;;
    unreachable) printf '%s\n' "$call" "before:$break calls $STAGE 3" "$2/${3/:/+:}" drop ;;
    away) printf '%s\n' "$call" "before:$break calls $STAGE 15" "$2/${3/:/+:}" drop ;;
    worker) printf '%s\n' "$call" "before:$break worker $(run_directory "$run")" ;;
    worker-after) printf '%s\n' "$call" "after:$break worker $(run_directory "$run")" ;;
    engine) printf '%s\n' "$call" "before:$break engine $(run_directory "$run")" ;;
    both) printf '%s\n' "$call" "before:$break both $(run_directory "$run")" ;;
    both-after) printf '%s\n' "$call" "after:$break both $(run_directory "$run")" ;;
    serving) printf '%s\n' "$call" "before:$break server $OLD_CONTAINER" ;;
    waiting) printf '%s\n' "$call" "before:$break server $(coming "$2")" ;;
    port) printf '%s\n' "$call" "before:$break port $PG_PORT 2" ;;
    network) printf '%s\n' "$call" "before:$break network $NETWORK 2" ;;
    esac
}

# The calls that change something, as patterns: N:PATTERN is the Nth call that fits.
# The first container that leaves and the first that joins is the one that stands in between both.
changing=("1:POST .*/disconnect" "1:POST .*/connect" "2:POST .*/disconnect" "2:POST .*/connect" "1:POST .*/rename" "2:POST .*/rename" "1:POST .*/exec" "1:POST .*/start")
every_kind=(error conflict dropped lost late unanswered worker-unanswered unreachable away worker worker-after engine both both-after serving waiting)

# kind_at KIND CALL: which server may come behind the settling is a matter of the calls that join and leave networks.
kind_at() {
    case $1:$2 in
    worker-unanswered:*connect) echo "$1" ;;
    worker-unanswered:*) echo worker-late ;;
    *) echo "$1" ;;
    esac
}

# Prints one case a line: a kind and a call.
all_cases() {
    local call kind number total
    for call in "${changing[@]}"; do
        for kind in "${every_kind[@]}"; do
            echo "$(kind_at "$kind" "$call") $call"
        done
    done
    echo "port 2:POST .*/connect"
    echo "network 2:POST .*/connect"
    total=$(calls_of forth | wc -l)
    for number in $(seq 1 3 "$total"); do
        for kind in error dropped both; do
            echo "$kind $number"
        done
    done
}

# Each call with the ways that matter most to it.
chosen_cases() {
    cat <<'CASES'
error 2:POST .*/disconnect
both 2:POST .*/disconnect
error 2:POST .*/connect
lost 2:POST .*/connect
both-after 2:POST .*/connect
serving 2:POST .*/connect
waiting 2:POST .*/connect
port 2:POST .*/connect
unreachable 2:POST .*/connect
away 2:POST .*/connect
dropped 1:POST .*/rename
both 2:POST .*/rename
error 1:POST .*/exec
error 1:POST .*/disconnect
error 1:POST .*/connect
unanswered 2:POST .*/connect
worker-unanswered 2:POST .*/connect
unanswered 2:POST .*/disconnect
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
        run=$STACK-fault$number
        # Away for longer than the step itself tries: somebody has to go on.
        MOVE_RECOVER_FOR='' early_retry=''
        [ "$kind" != away ] || MOVE_RECOVER_FOR=2s early_retry=yes
        # Long enough for the call to be carried out; that it was ends the wait.
        MOVE_LATE_FOR='' behind=''
        [[ $kind != *unanswered && $kind != worker-late ]] || MOVE_LATE_FOR=60s
        [ "$kind" != worker-unanswered ] || behind=$call
        after_failure=run
        [ $((number % 2)) = 1 ] || after_failure=rollback
        mapfile -t forth < <(fault_words "$kind" forth "$call")
        mapfile -t back < <(fault_words "$kind" back "$call")
        rm -f "$test_dir"/read-only.*
        one_case "$run" "$kind at $call" "${forth[@]}" "${back[@]}"
        [ "$kind" != worker-unanswered ] ||
            is "$(cat "$test_dir"/read-only.* | sort -u)" on "$kind at $call: nobody could write on the server that might have come"
    done 4< <(cases)
}

move_stack_up --no-app
ok "the old server serves at the start" one_serves 15
surroundings_before=$(move_surroundings)
one_case "$STACK-good" "no fault"
cp "$test_dir/proxy.log" "$test_dir/good.log"
diag "$(calls_of forth | wc -l) calls on the way forth, $(calls_of back | wc -l) on the way back"
for call in "${changing[@]}"; do
    isnt "$(number_of forth "${call#*:}" "${call%%:*}")" "" "on the way forth there is the call $call"
    isnt "$(number_of back "${call#*:}" "${call%%:*}")" "" "on the way back there is the call $call"
done
run_cases
done_testing
