#!/usr/bin/env bash
# A service moved to a second server and back, again and again, while clients write and read on the published port and
# in the network, on held connections and on new ones: no move fails, the service's name is never nobody's, no
# acknowledged write is lost or there twice, and nothing is left behind. RUNS says how often: 5 when nothing is said.
# time-limit: 14400
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"

runs=${RUNS:-5}
meters=(port_read port_write network_read network_write port_write_new network_write_new)

give_up() {
    show_output 60
    done_testing
    exit
}

# The engine's own process, by the socket that it listens on.
docker_engine() {
    pidof dockerd | tr ' ' '\n' | sort -n | head -n 1
}

descriptors_of() {
    as_root ls "/proc/$1/fd" | wc -l
}

memory_of() {
    awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$1/status"
}

all_rules() {
    as_root iptables-save | grep -c '^-A'
}

# On a machine that others use, too, these may move a little; in a loop nothing of it may grow with the moves.
engine_figures() {
    local engine
    engine=$(docker_engine)
    echo "engine: $(descriptors_of "$engine") descriptors, $(memory_of "$engine") MiB; $(all_rules) rules, $(pgrep -c docker-proxy) proxies"
}

# one_move RUN: there and back; every step of it has to succeed.
one_move() {
    move_run "$1"
    [ "$status" = 10 ] || { fail "$1 moves"; give_up; }
    wait_for 40 one_serves 17 || { fail "$1: one server serves, PostgreSQL 17"; diag "$(one_serves 17 2>&1)"; give_up; }
    sleep 0.5
    program_says rollback "$1"
    [ "$status" = 12 ] || { fail "$1 moves back"; give_up; }
    wait_for 40 one_serves 15 || { fail "$1: one server serves, PostgreSQL 15"; diag "$(one_serves 15 2>&1)"; give_up; }
    [ -z "$(open_records "$1")" ] || { fail "$1 leaves no record"; diag "$(open_records "$1")"; give_up; }
}

# A client in the network that looks the service's name up all the time.
lookups_start() {
    "$lib_dir/inside" "$REDIS_CONTAINER" python3 "$lib_dir/lookups.py" "$SERVICE" "$test_dir/lookups.ready" >"$test_dir/lookups" &
    lookups_process=$!
    background_processes+=($!)
    wait_for 20 test -e "$test_dir/lookups.ready" || bail_out "$SERVICE isn't found"
}

lookups_stop() {
    kill -TERM "$lookups_process"
    wait "$lookups_process" || true
    read -r looked_up not_found longest_lookup <"$test_dir/lookups"
    diag "$looked_up lookups, the longest $longest_lookup ms"
}

# The slowest of all times without an answer that lie within a move; on a machine with other work there are more.
say_outages() {
    local kind
    for kind in "${meters[@]}"; do
        diag "$kind: longest $(meter_says "$kind" longest_outage_ms) ms, $(meter_says "$kind" outages) outages, $(meter_says "$kind" silent) unanswered"
    done
}

move_stack_up --rate 40
surroundings_before=$(move_surroundings)
diag "$(engine_figures)"
lookups_start
one_move looked-up
lookups_stop
is "$not_found" 0 "somebody bears the service's name at every instant of a move there and back"

# A network for a container's first join, as a run that was killed leaves it.
left_network() { # left_network NAME RUN DIRECTORY
    docker network create --internal --label "org.pgrunbook.stack=$STACK" --label "org.pgrunbook.helper=$2" \
        --label "org.pgrunbook.place=$(hostname):$3" "$1" >/dev/null
}
left_network "$STACK-own" loop1 "$(run_directory loop1)"
left_network "$STACK-other" loop1 "/somewhere/else/runs/loop1"
meters_start "${meters[@]}"
for ((number = 1; number <= runs; number++)); do
    one_move "loop$number"
done
pass "$runs moves there and back"
ok "no process is left" wait_for 30 nobody_acts
ok "the application commits" commits_go_on
meters_stop
app_pause
is "$(docker network ls --filter "label=org.pgrunbook.stack=$STACK" --filter label=org.pgrunbook.helper --format '{{.Name}}')" "$STACK-other" \
    "what a killed run left is removed by itself, and not by one of the same name elsewhere"
docker network rm "$STACK-other" >/dev/null
say_outages
diag "$(engine_figures)"
is "$(move_surroundings)" "$surroundings_before" "all is as before"
ok "no acknowledged write of a client is lost or there twice" meters_hold "$PG_PORT"
diag "$(meters_hold "$PG_PORT" | tail -n 1)"
ok "no acknowledged commit of the application is lost, undone or there twice" ledger_holds "$PG_PORT"
diag "$(ledger_holds "$PG_PORT" | tail -n 1)"
diag "a run's directory: $(du -sk "$(run_directory "loop$runs")" | cut -f1) KiB, $(find "$(run_directory "loop$runs")" | wc -l) files"
done_testing
