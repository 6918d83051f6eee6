#!/usr/bin/env bash
# A move beside something that writes on a server without being a client of it, as an extension's worker does: on the
# one that comes it may not write, on the one that leaves it keeps the service from moving. And a machine that goes down
# in the middle: what held clients back is given back, whatever is done next.
# time-limit: 420
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

# worker CONTAINER: psql inside of it, from when its server answers on, which the program takes for one of its own
# sessions and so doesn't end.
worker() {
    docker exec -i -e PGAPPNAME=pgrunbook -e PGPASSWORD="$POSTGRES_PASSWORD" "$1" bash -c \
        'until pg_isready -q -h 127.0.0.1; do sleep 0.02; done; exec psql -X -q -A -t -h 127.0.0.1 -U postgres -d limor_prod'
}

# Writes a row again and again from the server's start on, and lists what came of it.
write_when_it_runs() {
    local from=$1
    until docker exec "$from" true 2>/dev/null; do
        sleep 0.02
    done
    while [ ! -e "$test_dir/enough" ]; do
        echo "INSERT INTO public.outage_meter (meter, number)
            SELECT 'worker', coalesce(max(number), 0) + 1 FROM public.outage_meter WHERE meter = 'worker' RETURNING 'written';
            SELECT pg_sleep(0.01);"
    done | worker "$from" >"$test_dir/worker" 2>&1 || true
}

auto_conf() {
    docker exec "$1" cat /var/lib/postgresql/data/postgresql.auto.conf
}

read_only_by_file() {
    local settings
    settings=$(auto_conf "$1") && { grep -c default_transaction_read_only <<<"$settings" || true; }
}

give_up() {
    show_output 60
    done_testing
    exit
}

move_stack_up --no-app
conf_before=$(auto_conf "$OLD_CONTAINER")

# ---- on the server that comes ----

# Somebody else has the same port of another address: that is no hindrance.
docker run -d --name "$STACK-other" --label "org.pgrunbook.stack=$STACK" -p "127.0.0.2:$PG_PORT:5432" --entrypoint sleep \
    redis:7-alpine infinity >/dev/null
write_when_it_runs "$PARKED_CONTAINER" &
writer=$!
background_processes+=("$writer")
move_run coming
[ "$status" = 10 ] || give_up
touch "$test_dir/enough"
wait "$writer" || true
docker rm -fv "$STACK-other" >/dev/null
ok "the worker wrote on the parked server" grep -q written "$test_dir/worker"
ok "from when the two were made equal it could only read" grep -q 'read-only transaction' "$test_dir/worker"
last_refused=$(grep -n 'read-only transaction' "$test_dir/worker" | tail -n 1 | cut -d: -f1 || true)
is "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.outage_meter WHERE meter = 'worker'")" \
    "$(tail -n "+$last_refused" "$test_dir/worker" | grep -c written)" "what it had written before is gone, what it writes once the server serves stays"
ok "the new server takes writes" one_serves 17
is "$(read_only_by_file "$OLD_CONTAINER")" 0 "nothing of it stands in a file"
like "$output" 'pass +server that was left: nothing was written there since' "nothing was written on the old server since"
is "$(open_records coming)" fence-old.json "no record is left but the fence around the old server"
program_says rollback coming
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || give_up
ok "the old server serves" one_serves 15
is "$(open_records coming)" '' "no record is left"

# ---- on the server that leaves ----

# As a worker would that took the read-only setting off, always in the next transaction already.
worker "$OLD_CONTAINER" >"$test_dir/worker" 2>&1 <<'SQL' &
SET default_transaction_read_only = off;
DO $$ BEGIN LOOP UPDATE public.outage_meter SET number = number WHERE meter = 'worker'; PERFORM pg_current_xact_id(); COMMIT; PERFORM pg_sleep(0.005); END LOOP; END $$;
SQL
writer=$!
background_processes+=("$writer")
move_run leaving
is "$status" 11 "a server that something goes on writing on doesn't leave"
like "$output" 'goes on writing|was written' "which is said"
ok "it serves on" one_serves 15
docker exec "$OLD_CONTAINER" psql -X -q -U postgres -c \
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgrunbook'" >/dev/null
wait "$writer" || true
program_says rollback leaving
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || give_up

# ---- the machine goes down while the old server's settings stand in its file ----

# cut_short RUN: everything of the program dies when the container is about to leave its network, and the server is
# started anew.
cut_short() {
    # The first such call is the stand-in's, before anything is changed.
    proxy_start "forth/2:POST .*/disconnect" "instead:$lib_dir/break all $OLD_CONTAINER"
    through_proxy move_run "$1"
    proxy_mended
    ok "$1: no process is left" wait_for 30 nobody_acts
    docker restart -t 30 "$OLD_CONTAINER" >/dev/null
    wait_for 30 server_answers "$PG_PORT" || bail_out "$OLD_CONTAINER doesn't start"
    is "$(psql_at "$PG_PORT" postgres 'SHOW default_transaction_read_only')" on "$1: what stood in the file is in force after a restart"
}

# given_back RUN
given_back() {
    is "$(auto_conf "$OLD_CONTAINER")" "$conf_before" "$1: the old server's file is as before"
    is "$(open_records "$1")" '' "$1: no record is left"
}

cut_short back
through_proxy program_says rollback back
is "$status" 12 "a rollback finds it"
[ "$status" = 12 ] || give_up
ok "the old server serves, and takes writes" one_serves 15
given_back back

proxy_stop

cut_short on
through_proxy move_run on
is "$status" 10 "gone on with, it moves"
[ "$status" = 10 ] || give_up
ok "the new server serves" one_serves 17
is "$(read_only_by_file "$LEFT_CONTAINER")" 0 "nothing stands in the file of the one that was left"
through_proxy program_says rollback on
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || give_up
ok "the old server serves, and takes writes" one_serves 15
given_back on
proxy_stop
done_testing
