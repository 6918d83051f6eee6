# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # of e2e.sh, and for it
# A second Docker engine that belongs to one test: it may be stopped, started and killed. Source it after e2e.sh and
# call second_engine first of all.
#
# The whole test moves into network, mount and process namespaces of its own, engine, containers, clients and program: a
# published port is 127.0.0.1's there as it is elsewhere, no process but the test's is in sight, and however the test
# ends, everything that it started ends with it.

# shellcheck source=tests/lib/packages.sh
. "$lib_dir/packages.sh"
# shellcheck source=tests/lib/testing-engine.sh
. "$lib_dir/testing-engine.sh"

second_engine_images=(pgvector/pgvector:pg15 pgvector/pgvector:pg17 redis:7-alpine pgrunbook/demo-app)
second_engine_pid=
# How it listens besides on its socket, for dockerd.
second_engine_arguments=(--tls=false)
second_engine_path=$PATH:/usr/sbin:/sbin

# second_engine [ARGUMENT]...: goes on in the namespaces with the test's own arguments; the caller's side of it never
# returns. Without root there is nothing that could be shown.
second_engine() {
    local status=0
    if [ -n "${SECOND_ENGINE_DIR:-}" ]; then
        second_engine_enter
        return
    fi
    [ "$(id -u)" -eq 0 ] || {
        second_engine_for_nobody
        exit
    }
    # The test inside gets the signal as well, and cleans up.
    trap : INT TERM
    # shellcheck disable=SC2154 # of e2e.sh
    SECOND_ENGINE_DIR=$test_dir/engine FIRST_ENGINE=${DOCKER_HOST:-unix:///var/run/docker.sock} \
        unshare --net --mount --pid --fork --kill-child --mount-proc -- "$0" "$@" || status=$?
    exit "$status"
}

second_engine_for_nobody() {
    skip "a second Docker engine needs root"
    not_ok "and who isn't root can't make one" unshare --net --mount --pid --fork true
    done_testing
}

second_engine_enter() {
    trap second_engine_clean_up EXIT
    ip link set lo up
    mkdir -p "$SECOND_ENGINE_DIR"
    export DOCKER_HOST=unix://$SECOND_ENGINE_DIR/docker.sock
}

# second_engine_up testing|distribution: Debian testing's engine, or the one that this machine has; empty, but for the
# images of the stack. Fails where Debian testing's can't be had.
second_engine_up() {
    case $1 in
    testing)
        fetch_testing_engine || return 1
        PATH=$(testing_engine_dir)/usr/sbin:$(testing_engine_dir)/usr/bin:$second_engine_path
        ;;
    distribution) PATH=$second_engine_path ;;
    esac
    second_engine_data=$SECOND_ENGINE_DIR/$1
    mkdir -p "$second_engine_data"
    second_engine_start
    docker -H "$FIRST_ENGINE" save "${second_engine_images[@]}" | docker load >/dev/null ||
        bail_out "the images couldn't be brought to the second engine"
}

# The newest that can be had, with its own Compose: where Debian testing's can't, the distribution's shows what it can.
second_engine_up_newest() {
    if second_engine_up testing; then
        compose_from testing
        return
    fi
    skip "Debian testing's engine can't be had here; the distribution's takes its place"
    second_engine_up distribution
}

second_engine_answers() {
    [ -d "/proc/$second_engine_pid" ] || return 0
    timeout 10 docker version >/dev/null 2>&1
}

# In a session of its own, so that what ends the test leaves the engine to second_engine_clean_up.
second_engine_start() {
    (cd / && exec setsid dockerd "${second_engine_arguments[@]}" -H "$DOCKER_HOST" --data-root "$second_engine_data/data" \
        --exec-root "$second_engine_data/exec" --pidfile "$second_engine_data/pid") \
        >>"$second_engine_data/log" 2>&1 </dev/null &
    second_engine_pid=$!
    wait_for 60 second_engine_answers || true
    docker version >/dev/null 2>&1 || {
        diag "$(tail -n 20 "$second_engine_data/log")"
        bail_out "the second Docker engine doesn't answer"
    }
}

# As a host that shuts down: the engine stops its containers and then itself.
second_engine_stop() {
    [ -n "$second_engine_pid" ] || return 0
    kill -TERM "$second_engine_pid" 2>/dev/null || true
    wait "$second_engine_pid" || true
    second_engine_pid=
}

# As a host that loses its power: every process of the engine and of its containers, at once. Of the whole machine only
# the test's own are in sight.
second_engine_kill() {
    local inits
    inits=$(docker ps -q | xargs -r docker inspect -f '{{.State.Pid}}')
    # shellcheck disable=SC2046,SC2086 # one process a word
    kill -KILL "$second_engine_pid" $(pgrep -x 'containerd|containerd-shim|docker-proxy') $inits 2>/dev/null || true
    wait "$second_engine_pid" 2>/dev/null || true
    second_engine_pid=
    wait_for 20 second_engine_is_gone || bail_out "processes of the killed engine are left"
}

second_engine_is_gone() {
    ! pgrep -x 'dockerd|containerd|containerd-shim|docker-proxy|postgres'
}

# compose_from testing|distribution: which Compose everything uses from now on. Fails as second_engine_up does.
compose_from() {
    case $1 in
    testing)
        fetch_testing_engine || return 1
        DOCKER_CONFIG=$(testing_compose_config)
        export DOCKER_CONFIG
        ;;
    distribution) unset DOCKER_CONFIG ;;
    esac
}

compose_version() {
    docker compose version --short | sed -E 's/^v?([0-9]+\.[0-9]+).*/\1/'
}

second_engine_clean_up() {
    local status=$?
    trap - EXIT
    # Its stacks go with it. What doesn't run can't keep it from ending at once.
    stack_dirs=()
    docker ps -q 2>/dev/null | xargs -r docker kill >/dev/null 2>&1 || true
    second_engine_stop
    set +e # else the next line is the last one after a failure
    (exit "$status")
    e2e_clean_up
}
