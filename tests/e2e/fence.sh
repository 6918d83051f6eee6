#!/usr/bin/env bash
# The fence around a server that clients read and write all the time: by the network and by read-only sessions; what
# stands in its way; and that everything is as before when it is taken back.
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
second=$STACK-second
trap 'docker network disconnect -f "$second" "$OLD_CONTAINER" >/dev/null 2>&1 || true
    docker network rm "$second" >/dev/null 2>&1 || true; e2e_clean_up' EXIT

# From inside of the stack's network, by a name.
inside_answers() {
    docker exec -e PGPASSWORD="$APP_PASSWORD" -e PGCONNECT_TIMEOUT=2 "$client" \
        psql -X -A -t -h "$1" -U limor_app -d limor_prod -c 'SELECT 1' >/dev/null 2>&1
}

for tries in $(seq 1 20); do
    octet=$((RANDOM % 250 + 1))
    if docker network create --subnet "10.213.$octet.0/24" --label "org.pgrunbook.stack=$STACK" "$second" >/dev/null 2>&1; then
        break
    fi
    [ "$tries" -lt 20 ] || bail_out "no subnet is free"
done
docker network connect --ip "10.213.$octet.77" --alias ledger-db --alias reports-db "$second" "$OLD_CONTAINER"
client=$STACK-client
docker run -d --name "$client" --label "org.pgrunbook.stack=$STACK" --network "$NETWORK" --entrypoint sleep \
    pgvector/pgvector:pg17 3600 >/dev/null
trap 'docker rm -fv "$client" "$STACK-seventeen" >/dev/null 2>&1 || true; docker network disconnect -f "$second" "$OLD_CONTAINER" >/dev/null 2>&1 || true
    docker network rm "$second" >/dev/null 2>&1 || true; e2e_clean_up' EXIT

# ---- by the network ----

networks_before=$(networks)
conf_before=$(auto_conf)
starts_before=$(server_started)
like "$networks_before" '"ledger-db"' "the container is on a second network with aliases"
ok "a client inside of the network gets through" inside_answers postgres

fence cut --set mode=network
is "$status" 10 "fenced by the network, the run waits at the gate"
[ "$status" = 10 ] || show_output 60
ok "the container is on no network" on_no_network
not_ok "no client gets through over the published port" server_answers "$PG_PORT"
not_ok "nor inside of the network by its alias" inside_answers postgres
like "$output" 'standstill: transaction id [0-9]+ and WAL position [0-9A-F/]+ stood still' "the proof names both positions"
like "$output" 'pass +tables: [0-9]+' "while the program counts every row"
is "$(fact cut | jq -r '.mode')" network "the fact says how it is fenced"
is "$(fact cut | jq -r '.networks | keys | length')" 2 "and on which networks the container was"
is "$(auto_conf)" "$conf_before" "postgresql.auto.conf is as it was"
is "$(docker exec "$OLD_CONTAINER" psql -U postgres -X -A -t -c "SELECT count(*) FROM pg_stat_activity WHERE application_name <> 'pgrunbook' AND backend_type = 'client backend' AND pid <> pg_backend_pid()")" 0 "no foreign session is there"

program_says run "$lib_dir/fence.yaml" --plain --run-id cut --confirm fence/stay
is "$status" 0 "confirmed, the fence is taken back, twice"
[ "$status" = 0 ] || show_output 60
is "$(networks)" "$networks_before" "aliases, addresses and options are as before"
ok "a client gets through over the published port" wait_for 30 server_answers "$PG_PORT"
ok "and inside of the network" wait_for 30 inside_answers postgres
is "$(psql_at "$PG_PORT" postgres 'SHOW autovacuum')" on "autovacuum is on again"
is "$(auto_conf)" "$conf_before" "postgresql.auto.conf is as it was"
is "$(fact cut)" false "the fact says that nothing is fenced"
ok "the application commits again" commits_go_on

# A restart in between: the container comes up on no network, or on some engines on its first one, without its aliases.
fence restarted --set mode=network
docker restart -t 60 "$OLD_CONTAINER" >/dev/null
program_says rollback restarted
is "$status" 12 "after a restart of the fenced container a rollback takes the fence back"
[ "$status" = 12 ] || show_output
is "$(networks)" "$networks_before" "its networks are as before"
ok "clients get through" wait_for 60 server_answers "$PG_PORT"
starts_before=$(server_started)

# ---- read only ----

# A client that has written and sits in its transaction, and one that only reads.
docker exec "$OLD_CONTAINER" psql -U postgres -X -d limor_prod \
    -c 'CREATE TABLE IF NOT EXISTS public.fence_test (id int)' >/dev/null
mkfifo "$test_dir/idle"
docker exec -i "$client" env PGPASSWORD="$APP_PASSWORD" psql -X -q -h postgres -U limor_app -d limor_prod \
    >"$test_dir/idle.out" 2>&1 <"$test_dir/idle" &
idle_client=$!
exec 7>"$test_dir/idle"
echo "BEGIN; INSERT INTO app.audit_log VALUES (now(), 'nobody', 'never committed');" >&7 || true
has_written() {
    [ "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND backend_xid IS NOT NULL AND query LIKE '%never committed%' AND pid <> pg_backend_pid()")" = 1 ]
}
wait_for 60 has_written || bail_out "the client doesn't write: $(cat "$test_dir/idle.out")"
fence held --set mode=read_only
is "$status" 10 "fenced read-only, the run waits at the gate"
[ "$status" = 10 ] || show_output 60
echo "COMMIT;" >&7 || true
exec 7>&-
wait "$idle_client" 2>/dev/null || true
like "$(cat "$test_dir/idle.out")" 'terminating connection|server closed|connection to server was lost' \
    "a client in a writing transaction was ended"
like "$output" 'ended while writing' "and it is said"
ok "clients still read" server_answers "$PG_PORT"
ok "inside of the network, too" inside_answers postgres
failure=$(writes 1 2>&1) || true
like "$failure" 'read-only transaction' "a write fails with the server's own error"
is "$(auto_conf)" "$conf_before" "postgresql.auto.conf is as it was, so that a restart would lift the fence"
xid=$(fact held | jq -r .xid)
sleep 1
is "$(psql_at "$PG_PORT" postgres 'SELECT pg_snapshot_xmax(pg_current_snapshot())')" "$xid" "no transaction id was taken since"
program_says run "$lib_dir/fence.yaml" --plain --run-id held --confirm fence/stay
is "$status" 0 "the fence is taken back"
ok "clients write again" writes 2
is "$(auto_conf)" "$conf_before" "postgresql.auto.conf is as it was"

# A client that takes the setting off and writes: the seal finds it, and undoes itself.
fence sneaky --set mode=read_only --set seal=yes --set stay=
is "$(run_field sneaky .gate)" fence/before-seal "fenced read-only, before the seal"
writes_all_the_same 3
program_says run "$lib_dir/fence.yaml" --plain --run-id sneaky --confirm fence/before-seal
is "$status" 11 "a write in spite of the fence fails the seal"
like "$output" 'something was written on server "old" since the fact fence' "which says so"
is "$(networks)" "$networks_before" "the container is on its networks"
failure=$(writes 4 2>&1) || true
like "$failure" 'read-only transaction' "and fenced read-only as before the seal"
program_says rollback sneaky
is "$status" 12 "rolled back"
ok "clients write again" writes 5

fence sealed --set mode=read_only --set seal=yes --set stay=
program_says run "$lib_dir/fence.yaml" --plain --run-id sealed --confirm fence/before-seal
is "$status" 0 "without such a write it is sealed, counted and taken back"
[ "$status" = 0 ] || show_output 60
like "$output" 'nothing written since: transaction id' "with the proof that nothing was written in between"
is "$(networks)" "$networks_before" "aliases, addresses and options are as before"
ok "clients write again" writes 6

# One that writes all the time inside of the fence: the proof names it, and the step takes back what it did. The interval
# of the proof is one that a slow machine writes in, too.
(
    while :; do
        PGAPPNAME=stubborn writes_all_the_same 7 || true
    done >/dev/null 2>&1
) &
stubborn=$!
fence stubborn --set mode=read_only --set quiet=2s --set for=6s
kill "$stubborn" 2>/dev/null || true
wait "$stubborn" 2>/dev/null || true
is "$status" 11 "who writes all the time in spite of the fence fails it"
like "$output" 'something was written inside of the fence' "and it is said"
ok "the step has taken the fence back" writes 8
is "$(auto_conf)" "$conf_before" "postgresql.auto.conf is as it was"
is "$(fact stubborn)" false "and nothing is held"
program_says rollback stubborn
is "$status" 12 "rolled back, there is nothing to take back"

# ---- what stands in the way ----

psql_at "$PG_PORT" postgres "ALTER ROLE limor_app SET default_transaction_read_only = off"
fence role
is "$status" 11 "a role that may write all the same fails the fence"
like "$output" 'role limor_app' "which names it"
program_says rollback role
psql_at "$PG_PORT" postgres "ALTER ROLE limor_app RESET default_transaction_read_only"

psql_at "$PG_PORT" postgres "ALTER SYSTEM SET default_transaction_read_only = off"
conf_before=$(auto_conf)
fence written --set stay=
is "$status" 0 "a setting that stood in postgresql.auto.conf before"
is "$(auto_conf)" "$conf_before" "stands there again"
psql_at "$PG_PORT" postgres "ALTER SYSTEM RESET default_transaction_read_only"
conf_before=$(auto_conf)

is "$(server_started)" "$starts_before" "the server never crashed"

# ---- another major, and a container on the default network, where there are no aliases ----

seventeen=$STACK-seventeen
# seventeen_up [ARGUMENT of docker run]... -- [ARGUMENT of postgres]...
seventeen_up() {
    local options=()
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    docker rm -fv "$seventeen" >/dev/null 2>&1 || true
    docker run -d --name "$seventeen" --label "org.pgrunbook.stack=$STACK" -e "POSTGRES_PASSWORD=$POSTGRES_PASSWORD" \
        "${options[@]}" "$NEW_IMAGE" "$@" >/dev/null
    wait_for 60 server_answers "$NEW_PORT" || bail_out "PostgreSQL 17 doesn't answer"
}

seventeen_up -p "127.0.0.1:$NEW_PORT:5432" --
OLD_CONTAINER=$seventeen
networks_but_addresses() { # on the default network nobody can ask for one, and another container may take it
    networks | grep -v '"IPAddress"'
}
networks_before=$(networks_but_addresses)
fence seventeen --set mode=read_only --set seal=yes --set stay=
is "$status" 10 "PostgreSQL 17 is fenced read-only"
[ "$status" = 10 ] || show_output 60
program_says run "$lib_dir/fence.yaml" --plain --run-id seventeen --confirm fence/before-seal
is "$status" 0 "then by the network, and the fence is taken back"
[ "$status" = 0 ] || show_output 60
is "$(networks_but_addresses)" "$networks_before" "it is on the default network as before"
ok "clients write" psql_at "$NEW_PORT" postgres 'CREATE TABLE fence_test (id int)'

seventeen_up -p "127.0.0.1:$NEW_PORT:5432" -- -c allow_alter_system=off
fence forbidden --set mode=read_only
is "$status" 11 "where ALTER SYSTEM is forbidden there is no read-only fence"
like "$output" 'The mode network needs no setting' "and the message says what there is instead"
program_says rollback forbidden
fence forbidden-network --set mode=network --set stay=
is "$status" 0 "the fence by the network can be had"
[ "$status" = 0 ] || show_output 60
like "$output" 'warn +autovacuum: it goes on' "without a rest for autovacuum, as it says"

seventeen_up --network host -- -p "$NEW_PORT"
fence hosts --set mode=network --set host=127.0.0.1 --set "port=$NEW_PORT"
is "$status" 11 "a container on the host's network has none to leave"
like "$output" 'no network of its own to leave .network mode host' "and the message says so"
ok "clients write" psql_at "$NEW_PORT" postgres 'CREATE TABLE fence_test (id int)'
docker rm -fv "$seventeen" >/dev/null
done_testing
