# shellcheck shell=bash disable=SC2154 # variables of the other libraries
# Moves that are broken in the middle: a way there and back with faults, what has to be so after each, and how it is
# brought to its end. With VERBOSE=1 in the environment each says what the program said. Needs move.sh and what that needs.

# The clients that write all through it.
meters=(port_write network_write)
# Long enough for a server that has to recover, and for the program's own attempts.
limit=40

# proxy_start [WHEN HOW]...: the program's calls go through it, with these faults.
proxy_start() {
    local faults=() engine=${DOCKER_HOST:-unix:///var/run/docker.sock}
    while [ $# -gt 0 ]; do
        faults+=(--fault "$1" "$2")
        shift 2
    done
    rm -f "$test_dir"/proxy.*
    "$lib_dir/docker-faults" --listen "$test_dir/proxy.socket" --log "$test_dir/proxy.log" --stage "$STAGE" --engine "${proxy_engine:-${engine#unix://}}" \
        "${faults[@]}" 2>"$test_dir/proxy.err" &
    proxy=$!
    background_processes+=("$proxy")
    wait_for 10 test -S "$test_dir/proxy.socket" || bail_out "the proxy doesn't start"
}

proxy_stop() {
    kill "$proxy"
    wait "$proxy" || true
}

# The faults that have hit are over.
proxy_mended() {
    kill -USR1 "$proxy"
}

# The program's calls only; what the test itself asks goes to the engine directly.
through_proxy() {
    DOCKER_HOST=unix://$test_dir/proxy.socket "$@"
}

# Which one serves, 15 or 17, goes to $test_dir/serving; fails when not exactly one does.
who_serves() {
    local major
    for major in 15 17; do
        if one_serves "$major" >/dev/null 2>&1; then
            echo "$major" >"$test_dir/serving"
            return
        fi
    done
    return 1
}

# serves_one NAME: within the limit; sets $serving.
serves_one() {
    if wait_for "$limit" who_serves; then
        serving=$(cat "$test_dir/serving")
        pass "$1: one server serves, PostgreSQL $serving"
        return
    fi
    fail "$1: one server serves"
    diag "15: $(one_serves 15 2>&1 || true)"
    diag "17: $(one_serves 17 2>&1 || true)"
    show_output 40
    give_up
}

show_server() {
    docker inspect -f '{{.Name}} {{.State.Status}} {{json .NetworkSettings.Ports}}' "$1"
    docker logs --tail 25 "$1" 2>&1
    nsenter -t "$(docker inspect -f '{{.State.Pid}}' "$1")" -n sh -c 'ip -br address; ip route; ss -tanp' 2>&1
    docker top "$1" -o pid,stat,wchan:30,args
}

# What there is of the stack, what its servers say and do, and what was asked of the engine.
show_stack() {
    local server
    {
        docker ps -a --filter "label=org.pgrunbook.stack=$STACK"
        for server in "$OLD_CONTAINER" "$STACK-parked" "$STACK-left"; do
            show_server "$server" 2>/dev/null || true
        done
        grep -v -e '^- ' -e ' GET ' "$test_dir/proxy.log" | tail -n 40
    } | sed 's/^/# /' || true
}

# What follows would only repeat that failure.
give_up() {
    show_stack
    done_testing
    exit
}

is_switched() {
    run_field "$1" '.facts.switched | type'
}

# What comes back while the fault lasts tries in vain, and mustn't leave the service to nobody.
early_retry=

# On the way forth a call that is carried out behind the step's end: a number and a pattern, as the proxy takes them.
behind=

is_carried_out() {
    [ "$(grep -cE -- "^forth .* ${behind#*:} " "$test_dir/proxy.log")" -ge "${behind%%:*}" ]
}

# go_forth RUN NAME: the way forth with its fault, and one more run where it has failed.
go_forth() {
    local run=$1 name=$2
    through_proxy move_run "$run"
    [ -z "${VERBOSE:-}" ] || show_output 60
    if [ "$status" != 10 ] && [ -n "$early_retry" ]; then
        through_proxy move_run "$run"
        diag "$name: a retry right then ends with $status"
    fi
    [ -z "$behind" ] || ok "$name: the call is carried out behind that" wait_for 60 is_carried_out
    serves_one "$name"
    if [ "$status" != 10 ] && [ "$after_failure" = run ]; then
        proxy_mended
        through_proxy move_run "$run"
        is "$status" 10 "$name: one more run brings it to its gate"
        [ "$status" = 10 ] || { show_output 60; give_up; }
        serves_one "$name, again"
    fi
    [ "$status" != 10 ] ||
        is "$serving $(is_switched "$run")" "17 number" "$name: the new server serves, and the run says so"
}

# go_back RUN NAME: the way back with its fault, and one more rollback where it has failed.
go_back() {
    local run=$1 name=$2
    through_proxy program_says rollback "$run"
    [ -z "${VERBOSE:-}" ] || show_output 60
    serves_one "$name"
    if [ "$status" != 12 ]; then
        proxy_mended
        through_proxy program_says rollback "$run"
        is "$status" 12 "$name: one more rollback brings it to its end"
        [ "$status" = 12 ] || { show_output 60; give_up; }
        serves_one "$name, again"
    fi
    is "$serving" 15 "$name: the old server serves"
}

outages() {
    local kind
    for kind in "${meters[@]}"; do
        diag "$1: $kind $(meter_tells "$kind")"
    done
}

# What the operator does when the way forth has failed: "run", or "rollback" at once.
after_failure=run

# one_case RUN NAME [WHEN HOW]...
one_case() {
    local run=$1 name=$2
    shift 2
    proxy_start "$@"
    meters_start "${meters[@]}"
    go_forth "$run" "$name, forth"
    go_back "$run" "$name, back"
    ok "$name: no process is left" wait_for 30 nobody_acts
    proxy_stop
    meters_stop
    outages "$name"
    is "$(open_records "$run")" "" "$name: no record is left"
    is "$(move_surroundings)" "$surroundings_before" "$name: all is as before"
    [ -n "${MOVE_FOLLOW:-}" ] || ok "$name: no acknowledged write is lost" meters_hold "$PG_PORT"
}
