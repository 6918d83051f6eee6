#!/usr/bin/env bash
# A move gives a long statement its time while everybody else goes on, ends what takes longer, and isn't begun where
# clients would have to wait too long; roles whose sessions soon time out don't end its own.
# time-limit: 420
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"

write() {
    psql_at "$PG_PORT" limor_prod "INSERT INTO public.outage_meter (meter, number) VALUES ('$1', 1)"
}

# A session holds a lock for as long as the test likes; who asks for it has a statement that runs so long. The program
# takes it for one of its own, by its name and as it comes from inside of the container, and doesn't end it: the
# statement would come to its end in the moment in between.
hold() {
    rm -f "$test_dir/holder"
    mkfifo "$test_dir/holder"
    docker exec -i -e PGPASSWORD="$POSTGRES_PASSWORD" -e PGAPPNAME=pgrunbook -e PGOPTIONS='-c idle_session_timeout=0' "$OLD_CONTAINER" \
        psql -X -q -h 127.0.0.1 -U postgres -d limor_prod <"$test_dir/holder" >/dev/null 2>&1 &
    background_processes+=($!)
    exec 7>"$test_dir/holder"
    echo "SELECT pg_advisory_lock(7);" >&7
    wait_for 10 held || bail_out "the lock isn't held"
}

held() {
    [ "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND granted")" = 1 ]
}

let_go() {
    echo "SELECT pg_advisory_unlock(7);" >&7
}

# long NAME: a statement that writes once the lock is free, however long that takes.
long() {
    psql_at "$PG_PORT" limor_prod "SET lock_timeout = 0; INSERT INTO public.outage_meter (meter, number)
        SELECT '$1', 1 FROM (SELECT pg_advisory_lock_shared(7)) l" >"$test_dir/$1.out" 2>&1 &
    long_statement=$!
    background_processes+=("$long_statement")
    wait_for 10 asked_for || bail_out "$1 doesn't wait for the lock"
}

asked_for() {
    [ "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted")" = 1 ]
}

says_it_waits() {
    grep -q 'waiting for long statements of' "$(run_directory "$1")/journal.jsonl" 2>/dev/null
}

# moved RUN [ARGUMENT]...
moved() {
    local list
    mapfile -t list < <(move_arguments "$1")
    program_says "${list[@]}" "${@:2}"
}

move_stack_up --no-app
psql_script_at "$PG_PORT" postgres <<'SQL'
ALTER ROLE postgres SET idle_session_timeout = '500ms';
ALTER ROLE postgres SET idle_in_transaction_session_timeout = '300ms';
ALTER ROLE postgres SET lock_timeout = '2s';
SQL
docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data

# --- clients would have to wait too long

moved slow --set round_most=1ms
is "$status" 11 "a round that takes longer than clients may wait keeps the service where it is"
like "$output" 'too much is written: the last of [0-9]+ rounds took .*clients would have to wait' "which is said"
like "$output" 'round_most' "and what to do"
ok "the old server serves, and takes writes" one_serves 15
program_says rollback slow
is "$status" 12 "it is rolled back"

# --- a long statement that ends

hold
long finishes
(
    wait_for 60 says_it_waits patient && write meanwhile && touch "$test_dir/written-meanwhile"
    let_go
) &
letting_go=$!
moved patient --set wait=60s
wait "$letting_go"
is "$status" 10 "a move waits for a long statement"
[ "$status" = 10 ] || show_output 60
ok "the others write on meanwhile" test -e "$test_dir/written-meanwhile"
long_status=0
wait "$long_statement" || long_status=$?
is "$long_status" 0 "the statement came to its end"
ok "the new server serves, though sessions of its role soon time out" one_serves 17
is "$(psql_at "$PG_PORT" limor_prod "SELECT string_agg(meter, ' ' ORDER BY meter) FROM public.outage_meter WHERE meter IN ('finishes', 'meanwhile')")" \
    'finishes meanwhile' "with what both have written"

# --- one that doesn't

hold
long endless
program_says rollback patient
is "$status" 12 "the way back goes on when the time is over"
[ "$status" = 12 ] || show_output 60
like "$output" "long statements: .*they didn't end in time" "which is said"
long_status=0
wait "$long_statement" || long_status=$?
isnt "$long_status" 0 "the statement was ended"
[ "$long_status" != 0 ] || show_output 60
ok "the old server serves" one_serves 15
is "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.outage_meter WHERE meter = 'endless'")" 0 "without what it had not written"
done_testing
