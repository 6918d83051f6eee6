#!/usr/bin/env bash
# A switchover that goes wrong while the fence is held: the old server comes back by itself, and no client has reached
# the new one.
# time-limit: 600
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/fence.sh
. "$lib_dir/fence.sh"

stack_up
export POSTGRES_PASSWORD
obstacle=$test_dir/obstacle
thief=$STACK-thief
trap 'docker rm -fv "$thief" >/dev/null 2>&1 || true; e2e_clean_up' EXIT

switch_arguments() { # switch_arguments RUN
    printf '%s\n' run "$lib_dir/hold-switch.yaml" --plain --run-id "$1" --set "old_container=$OLD_CONTAINER" \
        --set "compose_project=$PROJECT" --set "compose_file=$COMPOSE_FILE" \
        --set "compose_backup=$STACK_DIR/compose-before.yml" --set "old_volume=$OLD_VOLUME" \
        --set "new_image=$NEW_IMAGE" --set "new_volume=$NEW_VOLUME" --set "live_port=$PG_PORT" \
        --set "obstacle=$obstacle"
}

switch() { # switch RUN
    local list
    mapfile -t list < <(switch_arguments "$1")
    program_says "${list[@]}"
}

# begin_switch RUN: in the background, until it is in the switch itself.
begin_switch() {
    local list
    mapfile -t list < <(switch_arguments "$1")
    "$program" "${list[@]}" >"$test_dir/$1.out" 2>&1 </dev/null &
    client=$!
    journal=$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl
    wait_for 60 grep -q '"step_started","step":"switch/apply"' "$journal" || bail_out "$1 doesn't get to its switch"
}

engine_of() {
    grep '"type":"engine_started"' "$journal" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/'
}

run_is() { # run_is RUN STATUS
    [ "$(run_field "$1" .status)" = "$2" ]
}

# ---- the compose file is changed between two attempts ----

touch "$obstacle"
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
switch edited
is "$status $(run_field edited .status)" "11 step failed" "a first attempt fails behind the edit and is let go"
[ "$status" = 11 ] || show_output
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is as before"
printf 'a slip: [\n' >>"$COMPOSE_FILE"
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
switch edited
is "$status $(run_field edited .current_step)" "11 switch/edit" "the operator's slip in it fails the second attempt before the edit"
is "$(run_field edited .status)" "step failed" "which is let go all the same"
run_is edited "step failed" || show_output
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "and leaves the operator's bytes alone"
ok "clients write" writes 1
sed -i '/^a slip/d' "$COMPOSE_FILE"
program_says rollback edited
is "$status" 12 "it is rolled back"
rm "$obstacle"

# ---- the published port is taken while the new server starts ----

docker create --name "$thief" --label "org.pgrunbook.stack=$STACK" -p "127.0.0.1:$PG_PORT:5432" --entrypoint sleep \
    "$NEW_IMAGE" 3600 >/dev/null
begin_switch port
ok "something else takes the published port" wait_for 60 docker start "$thief"
status=0
wait "$client" || status=$?
is "$status" 11 "the switch fails"
like "$(cat "$test_dir/port.out")" "nothing was written on the new server" "no client has written on the new server"
is "$(run_field port .facts.switched)" false "so the switch counts as not made"
like "$(cat "$test_dir/port.out")" "tried again by itself" "what can't be undone yet is tried again"
docker rm -fv "$thief" >/dev/null
ok "once the port is free, the old server comes back by itself" wait_for 240 run_is port "step failed"
run_is port "step failed" || tail -n 40 "$test_dir/port.out"
is "$(server_major "$PG_PORT")" 15 "it is PostgreSQL 15"
ok "clients write" writes 2
ok "the application commits" commits_go_on
program_says rollback port
is "$status" 12 "the run is rolled back"

# ---- the engine is gone when the switch would be recorded ----

begin_switch halted
kill -STOP "$(engine_of)"
new_runs() { [ "$(docker inspect -f '{{.Config.Image}} {{.State.Running}}' "$OLD_CONTAINER")" = "$NEW_IMAGE true" ]; }
answers_inside() { docker exec "$OLD_CONTAINER" pg_isready -q -h 127.0.0.1; }
ok "the new server starts while the engine stands still" wait_for 60 new_runs
ok "and answers inside of its container" wait_for 60 answers_inside
not_ok "but no client reaches it before the switch is on record" wait_for 5 server_answers "$PG_PORT"
ok "it is on no network" on_no_network
kill -9 "$(engine_of)"
wait "$client" 2>/dev/null || true
program_says attach halted --plain
is "$status $(run_field halted .status)" "11 step failed" "after kill -9 the next start lets go"
[ "$status" = 11 ] || show_output
is "$(server_major "$PG_PORT")" 15 "the old server serves"
ok "clients write" writes 3
program_says rollback halted
is "$status" 12 "the run is rolled back"
is "$(docker volume ls -q --filter "name=^$NEW_VOLUME\$" | wc -l)" 0 "the new volume, which never served, is removed"
done_testing
