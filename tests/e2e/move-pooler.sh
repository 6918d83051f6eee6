#!/usr/bin/env bash
# A move behind PgBouncer: clients are held back while the server moves, there and back, and not one statement fails.
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
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"

# The console is a server of the runbook.
# shellcheck disable=SC2016 # expanded by the program
pooled_runbook() {
    sed -e 's/^servers:$/&\
  pool: {host: 127.0.0.1, port: "${pooler_port}", user: "${pooler_user}", password: "${pooler_password}", database: pgbouncer}/' \
        -e 's/^  password: .*/&\
  pooler_port: {about: its published port}\
  pooler_user: {about: of its console}\
  pooler_password: {secret: true, from: [env POOLER_PASSWORD]}/' \
        -e 's/docker.move: {/&pooler: pool, /' "$lib_dir/move-switch.yaml" >"$test_dir/move-pooled.yaml"
}

# moved RUN [ARGUMENT]...
moved() {
    local list
    mapfile -t list < <(move_arguments "$1")
    list[1]=$test_dir/move-pooled.yaml
    program_says "${list[@]}" --set "pooler_port=$POOLER_PORT" --set "pooler_user=$POOLER_USER" "${@:2}"
}

refused() {
    whole_lines "$LEDGER" | jq -s 'map(select(.outcome != "acknowledged")) | length'
}

# served MAJOR WHAT: the application writes there, and has met no failure.
served() {
    is "$(server_major "$PG_PORT")" "$1" "$2: PostgreSQL $1 serves"
    ok "$2: the application commits" commits_go_on
    is "$(app_stat failures)" "$failures" "$2: not one statement has failed"
    is "$(refused)" "$refused" "$2: not one commit was refused or unknown"
}

move_stack_up --pooler --rate 60
pooled_runbook
export POOLER_PASSWORD
ok "the application commits through the pooler" commits_go_on
failures=$(app_stat failures) refused=$(refused)

moved there
is "$status" 10 "the service has moved"
[ "$status" = 10 ] || show_output 60
served 17 there
program_says rollback there
is "$status" 12 "and has moved back"
[ "$status" = 12 ] || show_output 60
served 15 back
app_pause
ok "every acknowledged commit is there" ledger_holds "$PG_PORT"
app_resume

# ---- somebody else has paused it ----

console() {
    PGPASSWORD=$POOLER_PASSWORD psql -X -A -t -h 127.0.0.1 -p "$POOLER_PORT" -U "$POOLER_USER" pgbouncer -c "$1"
}

console PAUSE >/dev/null || bail_out "the pooler isn't paused"
moved kept
is "$status" 11 "a pooler that somebody else has paused stops the move"
like "$output" 'it is paused already' "which says so"
is "$(console RESUME)" RESUME "and it is paused still, until that one lets it go"
served 15 kept
program_says rollback kept
is "$status" 12 "it is rolled back"

# ---- a user that may only look ----

# shellcheck disable=SC2016 # expanded by the program
sed -e 's/^  pooler: *{default.*/&\
  pooler_password: {secret: true, from: [env POOLER_PASSWORD]}/' \
    -e 's/port: "1", user: nobody,/port: "'"$POOLER_PORT"'", user: "'"$APP_USER"'", password: "${pooler_password}",/' \
    "$lib_dir/check-move.yaml" >"$test_dir/check-pooled.yaml"
POOLER_PASSWORD=$APP_PASSWORD program_says plan "$test_dir/check-pooled.yaml" --set "compose_file=$COMPOSE_FILE" \
    --set "compose_project=$PROJECT" --set "old_container=$OLD_CONTAINER" --set pooler=pooler
like "$output" 'FAIL +pooler: .*admin access needed' "a check sees that the pooler lets its user only look"
POOLER_USER=$APP_USER POOLER_PASSWORD=$APP_PASSWORD moved looks
is "$status" 11 "a pooler that lets its user only look stops the move"
like "$output" 'admin access needed' "which says so"
like "$output" 'admin_users' "and what to do"
is "$(find "$(run_directory looks)" -name move.json)" "" "there is nothing left to settle"
served 15 looks
program_says rollback looks
is "$status" 12 "it is rolled back"

# ---- clients that don't give their connection back ----

# The pooler lets all others through again.
PGPASSWORD=$APP_PASSWORD psql -X -q -h 127.0.0.1 -p "$POOLER_PORT" -U "$APP_USER" -d limor_prod \
    -c 'BEGIN' -c 'SET LOCAL statement_timeout = 0' -c "SELECT pg_sleep(3600)" -c COMMIT >/dev/null 2>&1 &
background_processes+=($!)
keeps_its_connection() {
    [ "$(psql_at "$PG_PORT" postgres "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()")" = 1 ]
}
wait_for 30 keeps_its_connection || bail_out "the client doesn't begin"
moved held
is "$status" 11 "a client that keeps its connection stops the move"
like "$output" 'pooler' "which says so"
served 15 held
program_says rollback held
is "$status" 12 "it is rolled back"
psql_at "$PG_PORT" postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()" >/dev/null

says_it_tries_again() {
    grep -q 'it is tried again' "$(run_directory "$1")/journal.jsonl" 2>/dev/null
}

mkfifo "$test_dir/holder"
PGPASSWORD=$APP_PASSWORD psql -X -q -h 127.0.0.1 -p "$POOLER_PORT" -U "$APP_USER" -d limor_prod <"$test_dir/holder" >"$test_dir/held" 2>&1 &
background_processes+=($!)
exec 7>"$test_dir/holder"
printf '%s\n' 'BEGIN;' "SELECT 'begun';" >&7
wait_for 20 grep -q begun "$test_dir/held" || bail_out "no transaction is open"
(
    # shellcheck disable=SC2119 # no arguments
    wait_for 120 says_it_tries_again patient && commits_go_on && touch "$test_dir/went-on"
    echo 'COMMIT;' >&7
) &
letting_go=$!
moved patient --set wait=120s
wait "$letting_go"
exec 7>&-
is "$status" 10 "a move waits until the pooler can be paused"
[ "$status" = 10 ] || show_output 60
ok "and its other clients went on meanwhile" test -e "$test_dir/went-on"
rounds=$(sed '1,/it is tried again/d' "$(run_directory patient)/journal.jsonl" | grep -c '"round [0-9]*: .* of write-ahead log' || true)
isnt "$rounds" 0 "what was written meanwhile came over before they waited again"
served 17 patient
done_testing
