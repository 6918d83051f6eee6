#!/usr/bin/env bash
# The host is restarted during a warm upgrade and after it: the engine with all that it runs, and the program, once in
# order and once as by a loss of power. The stack comes up by itself, on the server that served, with its data; the run
# goes on, or back. On an engine of the test's own.
# for-check
# time-limit: 1200
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"
second_engine "$@"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/warm.sh
. "$lib_dir/warm.sh"

give_up() {
    show_output 60
    docker ps -a | sed 's/^/# /'
    done_testing
    exit
}

# Engines of the test's runs that still are, with what they have started.
program_engines() {
    local journal engine
    for journal in "$XDG_STATE_HOME"/pgrunbook/runs/*/journal.jsonl; do
        engine=$(grep -h '"type":"engine_started"' "$journal" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')
        [ "$(cat "/proc/$engine/comm" 2>/dev/null)" != pgrunbook ] || echo "$engine" $(pgrep -P "$engine")
    done
}

# stop_program SIGNAL
stop_program() {
    local list
    list=$(program_engines)
    # shellcheck disable=SC2086 # one process a word
    [ -z "$list" ] || kill "-$1" $list 2>/dev/null || true
}

# reboot stop|kill: what a host does, and what happens to one.
reboot() {
    if [ "$1" = kill ]; then
        stop_program KILL
    else
        stop_program TERM
    fi
    "second_engine_$1"
    stop_program KILL
    second_engine_start
}

# serves MAJOR WHAT: the stack has come up by itself; that server has all that was acknowledged.
serves() {
    ok "$2: the application is healthy" wait_for 60 app_is_healthy
    ok "$2: and commits" commits_go_on 60
    is "$(server_major "$PG_PORT")" "$1" "$2: on PostgreSQL $1"
    is "$(serving)" "$STACK-postgres" "$2: one server is in the service's network"
    app_pause
    ok "$2: every acknowledged commit is there, once, in its newest state" ledger_holds "$PG_PORT"
    diag "$(ledger_holds "$PG_PORT" | tail -n 1)"
    app_resume
    is "$(psql_at "$PG_PORT" postgres 'SHOW default_transaction_read_only')" off "$2: clients may write"
}

second_engine_up distribution
diag "engine $(docker version --format '{{.Server.Version}}')"
# shellcheck disable=SC2119 # no arguments
stack_up
compose_before=$(sha256sum <"$COMPOSE_FILE")
warm_waits
for how in stop kill; do
    docker volume rm -f "$NEW_VOLUME" >/dev/null
    rm -rf "${BACKUP_DIR:?}"/*
    warm "$how" --confirm prepare/volume
    is "$(run_field "$how" .gate)" switchover/go "$how: the copy is there"
    [ "$(run_field "$how" .gate)" = switchover/go ] || give_up
    reboot "$how"
    serves 15 "$how before the switch"
    warm "$how" --confirm switchover/go
    is "$(run_field "$how" .gate)" switchover/retire "$how: the service has moved"
    [ "$(run_field "$how" .gate)" = switchover/retire ] || give_up
    reboot "$how"
    serves 17 "$how while the old server waits"
    program_says rollback "$how"
    is "$status" 12 "$how: the way back is open"
    [ "$status" = 12 ] || give_up
    serves 15 "$how, rolled back"
    is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "$how: the compose file is as it was"
    ok "$how: Compose has nothing to do" up_changes_nothing
done
docker volume rm -f "$NEW_VOLUME" >/dev/null
rm -rf "${BACKUP_DIR:?}"/*
warm_as_shipped
warm whole --confirm prepare/volume --confirm switchover/go
is "$(run_field whole .current_step)" cleanup/stable "the whole upgrade is made"
[ "$(run_field whole .current_step)" = cleanup/stable ] || give_up
for how in stop kill; do
    reboot "$how"
    serves 17 "$how after the upgrade"
    ok "$how: Compose has nothing to do" up_changes_nothing
done
program_says rollback whole
is "$status" 12 "the way back is open after that, too"
[ "$status" = 12 ] || give_up
serves 15 "rolled back"
done_testing
