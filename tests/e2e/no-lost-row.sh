#!/usr/bin/env bash
# The application writes all through the upgrade; no commit that it saw acknowledged is lost, none is there twice.
# RUNS says how many upgrades: 3 when nothing is said, 20 in make check.
# time-limit: 2400
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"

runs=${RUNS:-3}
# By turns: clients may go on reading behind the fence, or no client reaches the server.
settings=("fence=read_only" "fence=network")

# What follows would only repeat that failure.
give_up() {
    show_output 40
    done_testing
    exit
}

# The backup's snapshot is older than this: what drifts is certain to be something.
write_on() {
    local before
    before=$(commits 15)
    wait_for 20 commits_beyond 15 $((before + 40)) || bail_out "the application doesn't write"
}

one_run() {
    local run=run$1 setting=${settings[$((($1 - 1) % ${#settings[@]}))]} name before
    name="run $1, $setting"
    upgrade "$run" --set "$setting" --confirm prepare/backup
    is "$(run_field "$run" .gate)" switchover/fence "$name comes to the fence"
    [ "$(run_field "$run" .gate)" = switchover/fence ] || give_up
    write_on
    before=$(commits 15)
    upgrade "$run" --set "$setting" --confirm switchover/fence --confirm switchover/go
    is "$(run_field "$run" .current_step)" cleanup/stable "$name is switched"
    [ "$(run_field "$run" .current_step)" = cleanup/stable ] || give_up
    is "$(server_major "$PG_PORT")" 17 "$name: the service is PostgreSQL 17"
    is "$(run_field "$run" '.facts.catch_up.rows > 0')" true "$name: what was written was caught up"
    ok "$name: the application goes on by itself" wait_for 30 commits_beyond 17 10
    app_pause
    ok "$name: it wrote until the fence" commits_beyond 15 "$before"
    ok "$name: every acknowledged commit is there, once, in its newest state" ledger_holds "$PG_PORT"
    diag "$(ledger_holds "$PG_PORT" | tail -n 1)"
    is "$(run_field "$run" .row_summary.different)" 0 "$name: the report has no difference"
    roll_back "$run" "$name"
}

roll_back() {
    program_says rollback "$1" --save
    is "$status" 12 "$2 is rolled back"
    [ "$status" = 12 ] || give_up
    is "$(server_major "$PG_PORT")" 15 "$2: the service is PostgreSQL 15 again"
    ledger_next_epoch
    app_pause
    ok "$2: and what was committed there is all there" ledger_holds "$PG_PORT"
    app_resume
    docker volume rm -f "$NEW_VOLUME" >/dev/null
    rm -rf "${BACKUP_DIR:?}"/*
}

# The checker has to be able to fail: each kind of loss is found, and nothing but it.
spoiled() {
    local description=$1 sql=$2
    ok "nothing is wrong before: $description" ledger_holds "$PG_PORT"
    like "$(spoil_and_look "$sql" || true)" ', [1-3] violations$' "found: $description"
}

# In a transaction that is rolled back.
spoil_and_look() {
    psql_script_at "$PG_PORT" limor_prod <<SQL | ledger_lines | "$lib_dir/ledger" "$LEDGER"
BEGIN;
SET LOCAL session_replication_role = replica;
$1;
$ledger_query;
ROLLBACK;
SQL
}

stack_up --rate 60
write_on
app_pause
# A write that crosses a page is seen up to there first: what the application is just adding isn't there yet.
half=$test_dir/half.jsonl
{ cat "$LEDGER" && printf '{"time": 1, "entry": "half'; } >"$half"
is "$(LEDGER=$half commits 15)" "$(commits 15)" "a line that isn't written to its end isn't counted"
LEDGER=$half ok "nor is it in the checker's way" ledger_holds "$PG_PORT"
newest="(SELECT max(id) FROM shop.orders WHERE note LIKE 'writer%, round %')"
spoiled "an order lost" "DELETE FROM shop.orders WHERE id = $newest"
spoiled "an update undone" "UPDATE shop.orders SET note = 'writer 1, round 0, x' WHERE id = $newest"
spoiled "an order twice" "INSERT INTO shop.orders (customer_id, total, note) SELECT customer_id, total, note FROM shop.orders WHERE id = $newest"
spoiled "a line of a table without a key twice" "INSERT INTO app.audit_log SELECT * FROM app.audit_log WHERE who LIKE 'writer%' LIMIT 1"
spoiled "an event lost" "DELETE FROM app.events WHERE entry = (SELECT entry FROM app.events LIMIT 1)"
deleted=$(whole_lines "$LEDGER" | jq -rs 'map(select(.operation == "delete"))[0].order_id')
spoiled "a deleted order back" "INSERT INTO shop.orders (id, customer_id, total, note) SELECT $deleted, customer_id, total, 'writer 1, round 0, y' FROM shop.orders WHERE id = $newest"
app_resume
for ((number = 1; number <= runs; number++)); do
    one_run "$number"
done
done_testing
