#!/usr/bin/env bash
# A fence whose program dies at the worst moments, a switchover behind it and back, and the way to a fenced server for
# somebody who isn't root.
# time-limit: 420
# shellcheck disable=SC2119 # no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/fence.sh
. "$lib_dir/fence.sh"

stack_up
export POSTGRES_PASSWORD
networks_before=$(networks)
conf_before=$(auto_conf)
starts_before=$(server_started)
psql_at "$PG_PORT" limor_prod 'CREATE TABLE public.fence_test (id int)'

# to_each SIGNAL PROCESS...: one that has ended meanwhile doesn't matter.
to_each() {
    # shellcheck disable=SC2068 # several in a word
    kill "-$1" ${@:2} 2>/dev/null || true
}

# killed RUN PATTERN CONDITION [ARGUMENT]...: the engine is killed when the fence's record on disk fits the pattern and
# what it speaks of, which it says before it does it, holds. It and its worker are halted whenever somebody looks, so
# that they can't be past it by then.
killed() {
    local run=$1 pattern=$2 condition=$3 directory=$XDG_STATE_HOME/pgrunbook/runs/$1 client engine workers
    shift 3
    "$program" run "$lib_dir/fence.yaml" --plain --run-id "$run" --set "old_container=$OLD_CONTAINER" "$@" \
        >/dev/null 2>&1 </dev/null &
    client=$!
    wait_for 60 grep -q '"type":"engine_started"' "$directory/journal.jsonl" || bail_out "$run: no engine"
    engine=$(grep -h '"type":"engine_started"' "$directory/journal.jsonl" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')
    until grep -Eq "$pattern" "$directory/fence-old.json" 2>/dev/null; do
        kill -0 "$client" 2>/dev/null || bail_out "$run: the run ended before its record had $pattern"
    done
    # The fence is put up by its worker, which goes on by itself when only the engine is halted.
    workers=$(pgrep -P "$engine") || bail_out "$run: the engine has no worker"
    to_each STOP "$engine" "$workers"
    until "$condition"; do
        to_each CONT "$engine" "$workers"
        sleep 0.002
        to_each STOP "$engine" "$workers"
        grep -Eq "$pattern" "$directory/fence-old.json" || {
            kill -9 "$engine" # halted, it wouldn't heed the clean-up's SIGTERM
            bail_out "$run: the fence went past $pattern"
        }
    done
    kill -9 "$engine"
    wait "$client" 2>/dev/null || true
}

clients_only_read() {
    [ "$(psql_at "$PG_PORT" limor_prod 'SHOW default_transaction_read_only')" = on ]
}

settings_stand() {
    [ "$(auto_conf)" != "$conf_before" ]
}

# restored RUN: a rollback, the program's next start, gives everything back.
restored() {
    program_says rollback "$1"
    is "$status" 12 "$1: the next start rolls back"
    [ "$status" = 12 ] || show_output
    is "$(networks)" "$networks_before" "$1: the container's networks are as before"
    is "$(auto_conf)" "$conf_before" "$1: so is postgresql.auto.conf"
    ok "$1: clients write" writes 1
    is "$(psql_at "$PG_PORT" postgres 'SHOW autovacuum')" on "$1: autovacuum is on"
    not_ok "$1: no record is left" test -e "$XDG_STATE_HOME/pgrunbook/runs/$1/fence-old.json"
    ok "$1: the application commits" commits_go_on
}

# ---- the program dies ----

killed written '"written":[[:space:]]*true' settings_stand --set mode=read_only
isnt "$(auto_conf)" "$conf_before" "killed while the settings stand in postgresql.auto.conf"
restored written

killed held '"written":[[:space:]]*false' clients_only_read --set mode=read_only --set quiet=20s
failure=$(writes 2 2>&1) || true
like "$failure" 'read-only transaction' "killed while clients may only read"
restored held

killed cut '"cut":[[:space:]]*true' on_no_network --set mode=network --set quiet=20s
ok "killed while the container leaves its networks" wait_for 30 on_no_network
restored cut

# Half of it undone by somebody else.
killed half '"cut":[[:space:]]*true' on_no_network --set mode=network --set quiet=20s
wait_for 30 on_no_network
docker network connect "$NETWORK" "$OLD_CONTAINER"
restored half

# The run is gone on with instead: the fence is put up again.
killed resumed '"cut":[[:space:]]*true' on_no_network --set mode=network --set quiet=2s
program_says run "$lib_dir/fence.yaml" --plain --run-id resumed
is "$status" 10 "gone on with after a kill, the run is fenced and waits at its gate"
[ "$status" = 10 ] || show_output 60
ok "the container is on no network" on_no_network
restored resumed

# Another program has taken the published port meanwhile. A join that it makes fail leaves its interface in the
# container: the engine refuses the next one until the container is started anew.
fence port --set mode=network
thief=$STACK-thief
trap 'docker rm -fv "$thief" >/dev/null 2>&1 || true; e2e_clean_up' EXIT
docker run -d --name "$thief" --label "org.pgrunbook.stack=$STACK" -p "127.0.0.1:$PG_PORT:5432" --entrypoint sleep \
    "$NEW_IMAGE" 3600 >/dev/null
program_says rollback port
is "$status" 11 "a published port that is taken meanwhile fails the rollback"
like "$output" 'ss -ltnp' "which says what to look for"
docker rm -fv "$thief" >/dev/null
restored port
starts_before=$(server_started)

# Nobody knows the password any more.
fence forgotten --set mode=read_only
status=0
output=$(env -u POSTGRES_PASSWORD setsid -w "$program" rollback forgotten 2>&1 </dev/null) || status=$?
is "$status" 12 "without the password a rollback takes the fence back all the same"
[ "$status" = 12 ] || show_output
ok "clients write" writes 3

# ---- not as root ----

if [ "$(id -u)" = 0 ]; then
    other_dir=$(mktemp -d /tmp/pgrunbook-other.XXXXXX)
    cp "$program" "$lib_dir/fence.yaml" "$other_dir"
    chown -R 65534 "$other_dir"
    as_other() {
        status=0
        output=$(XDG_STATE_HOME=$other_dir/state setpriv --reuid 65534 --regid 65534 \
            --groups "$(stat -c %g /var/run/docker.sock)" "$other_dir/pgrunbook" "$@" 2>&1 </dev/null) || status=$?
    }
    as_other run "$other_dir/fence.yaml" --plain --run-id other --set "old_container=$OLD_CONTAINER" --set mode=network
    is "$status" 10 "somebody who isn't root fences by the network, too"
    [ "$status" = 10 ] || show_output 60
    ok "the container is on no network" on_no_network
    like "$output" 'pass +tables: [0-9]+' "and counts every row, through the relay"
    as_other rollback other
    is "$status" 12 "and takes it back"
    [ "$status" = 12 ] || show_output
    is "$(networks)" "$networks_before" "the container's networks are as before"
    ok "clients write" writes 4
    ok "no process of the relay is left in the container" wait_for 30 test_no_relay
    is "$(server_started)" "$starts_before" "no end of a relayed connection was taken for a crash"
    rm -rf "$other_dir"
else
    skip "not root: the other tests went through the relay"
fi

# ---- the switchover behind the fence ----

networks_before=$(networks)
rows_before=$(psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM public.fence_test')
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
program_says run "$lib_dir/fence-switch.yaml" --plain --run-id switch \
    --set "old_container=$OLD_CONTAINER" --set "compose_project=$PROJECT" --set "compose_file=$COMPOSE_FILE" \
    --set "compose_backup=$STACK_DIR/compose-before.yml" --set "old_volume=$OLD_VOLUME" --set "new_image=$NEW_IMAGE" \
    --set "new_volume=$NEW_VOLUME" --set "live_port=$PG_PORT"
is "$status" 10 "a switchover from behind the fence"
[ "$status" = 10 ] || show_output 80
like "$output" 'checkpoint written' "with a checkpoint"
is "$(server_major "$PG_PORT")" 17 "serves PostgreSQL 17"
program_says rollback switch
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output 80
is "$(server_major "$PG_PORT")" 15 "to PostgreSQL 15"
is "$(psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM public.fence_test')" "$rows_before" "with every row"
is "$(networks | jq -c 'map_values(.Aliases | map(select(test("^[0-9a-f]{12}$") | not)))')" \
    "$(jq -c 'map_values(.Aliases | map(select(test("^[0-9a-f]{12}$") | not)))' <<<"$networks_before")" "on its networks, by its names"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is as before"
is "$(auto_conf)" "$conf_before" "so is postgresql.auto.conf"
ok "clients write" writes 5
ok "the application commits" commits_go_on

# One that fails before it has touched anything: the fenced container gets its networks back and goes on.
container_before=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$OLD_CONTAINER")
docker volume rm "$NEW_VOLUME" >/dev/null 2>&1 || true
networks_before=$(networks)
program_says run "$lib_dir/fence-switch.yaml" --plain --run-id unswitched \
    --set "old_container=$OLD_CONTAINER" --set "compose_project=$PROJECT" --set "compose_file=$COMPOSE_FILE" \
    --set "compose_backup=$STACK_DIR/compose-before.yml" --set "old_volume=$OLD_VOLUME" \
    --set "new_image=pgrunbook-test/absent:1" --set "new_volume=$NEW_VOLUME" --set "live_port=$PG_PORT"
is "$status" 11 "a switch to an image that isn't there fails behind the fence"
is "$(run_field unswitched .current_step)" switch/apply "at its beginning"
[ "$(run_field unswitched .current_step)" = switch/apply ] || show_output 60
ok "the old container is on no network" on_no_network
program_says rollback unswitched
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$OLD_CONTAINER")" "$container_before" "the old server was never stopped"
is "$(networks)" "$networks_before" "its networks are as before"
ok "clients write" writes 8

# ---- a prepared transaction ----

psql_at "$PG_PORT" postgres 'ALTER SYSTEM SET max_prepared_transactions = 4'
docker restart -t 60 "$OLD_CONTAINER" >/dev/null
wait_for 60 server_answers "$PG_PORT"
starts_before=$(server_started)
conf_before=$(auto_conf)
psql_script_at "$PG_PORT" limor_prod <<<"BEGIN; INSERT INTO public.fence_test VALUES (6); PREPARE TRANSACTION 'two-phase'; "
fence prepared --set mode=network
is "$status" 11 "a prepared transaction fails the fence"
like "$output" "two-phase.*limor_prod" "which names it and its database"
ok "clients write" writes 7
program_says rollback prepared
psql_at "$PG_PORT" limor_prod "ROLLBACK PREPARED 'two-phase'"
is "$(server_started)" "$starts_before" "the server never crashed"
done_testing
