#!/usr/bin/env bash
# The warm switch behind PgBouncer, there and back: whoever comes through it sees not one failed query.
# time-limit: 400
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/warm.sh
. "$lib_dir/warm.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/pooled.sh
. "$lib_dir/pooled.sh"

stack_up --pooler
export POOLER_PASSWORD

console() {
    PGPASSWORD=$POOLER_PASSWORD psql -X -A -t -h 127.0.0.1 -p "$POOLER_PORT" -U "$POOLER_USER" pgbouncer -c "$1"
}

# Paused databases of the pooler.
paused() {
    console 'SHOW DATABASES' | awk -F'|' '$12 != 0 {print $1}'
}

# The application keeps its connections to the pooler, so its log has nothing to show.
pooled() {
    warm "$1" --set app_container= --set move_wait=2s --set pooler=pooler --set "pooler_port=$POOLER_PORT" --set "pooler_user=$POOLER_USER" "${@:2}"
}

# What the move's worth is: nobody noticed.
nobody_noticed() {
    is "$(app_stat failures)" "$failures" "$1: the application saw no failure"
    is "$(paused)" "" "$1: the pooler is paused no more"
    ok "$1: the pooler's clients go on" pooled_go_on
    ok "$1: and so does the application" commits_go_on
}

pooled_start
pooled there --confirm prepare/volume
is "$(run_field there .gate)" switchover/go "the copy is there"
[ "$status" = 10 ] || show_output 60
unlike "$output" "pooler's settings" "a pooler that forgets names and failures soon is fine"
console "SET server_login_retry = '15'" >/dev/null
program_says plan "$warm_runbook" --vars "$VARS_FILE" --set pooler=pooler --set "pooler_port=$POOLER_PORT" --set "pooler_user=$POOLER_USER"
like "$output" 'pass +warm switch: this stack allows it' "the plan says that the stack allows the switch"
like "$output" "warn +pooler's settings: server_login_retry is 15.* s:" "one that doesn't is told"
like "$output" 'tuned: .*maintenance_work_mem' "the plan says what is tuned for the copy"
like "$output" '"loading":\{"fsync":"off"' "and what the new server is started with"
console "SET server_login_retry = '0.1'" >/dev/null
failures=$(app_stat failures)

# ---- a transaction that doesn't end keeps the pooler from pausing ----

PGPASSWORD=$APP_PASSWORD psql -X -q -h 127.0.0.1 -p "$POOLER_PORT" -U limor_app limor_prod >/dev/null \
    <<<"BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_sleep(3600);" 2>/dev/null &
held=$!
transaction_is_open() {
    [ "$(psql_at "$PG_PORT" postgres "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()")" = 1 ]
}
ok "a client of the pooler keeps a transaction open" wait_for 20 transaction_is_open
pooled there --confirm switchover/go
is "$status" 11 "the switch gives up"
like "$output" 'pausing the pooler' "as the pooler can't be paused"
like "$output" 'holds a transaction open' "and says why"
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15"
nobody_noticed "given up"
psql_at "$PG_PORT" postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)%' AND pid <> pg_backend_pid()" >/dev/null
wait "$held" || true

# ---- there and back ----

there=$(date +%s)
pooled there
is "$(run_field there .current_step)" cleanup/stable "the service has moved"
[ "$status" = 10 ] || show_output 60
is "$(server_major "$PG_PORT")" 17 "to PostgreSQL 17"
nobody_noticed "there"
like "$(app_health server_version)" '^17' "a new client is told of PostgreSQL 17"

program_says rollback there
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(server_major "$PG_PORT")" 15 "to PostgreSQL 15"
nobody_noticed "back"

# ---- what its clients say ----

pooled_stop "$there"
is "$POOLED_STATUS" 0 "not one client of the pooler gave up"
like "$POOLED_SAID" 'failed transactions: 0 ' "and not one of their queries failed"
unlike "$POOLED_SAID" 'error|aborted' "nor was an error seen"
is "$(psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM public.pooled')" "$POOLED_WRITES" "the server has what they were told, no row less and no row more"
app_pause
ok "and so has the application's ledger" ledger_holds "$PG_PORT"
diag "the longest that a client of the pooler waited: $POOLED_LONGEST ms; the application: $(app_stat failures) failures"
is "$(grep -rlF "$POOLER_PASSWORD" "$XDG_STATE_HOME" | wc -l)" 0 "the pooler's password is nowhere in the run's directory"
done_testing
