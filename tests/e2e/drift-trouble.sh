#!/usr/bin/env bash
# Catching up is killed in the middle, meets what it can't bring over, and works under a fence.
# time-limit: 300
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/drift.sh
. "$lib_dir/drift.sh"

drift_up

# ---- killed in the middle ----

engine_process() {
    grep -h '"type":"engine_started"' "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl" | tail -n 1 |
        sed -E 's/.*"process":([0-9]+).*/\1/'
}
waits_for_lock() {
    [ "$(psql_at "$NEW_PORT" kinds "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'many'::regclass")" = 1 ]
}
no_session() {
    [ "$(psql_at "$NEW_PORT" kinds "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgrunbook'")" = 0 ]
}
old_sql kinds <<'SQL'
UPDATE computed SET a = 1000 WHERE id = 9;
UPDATE many SET v = 'again';
SQL
psql_at "$NEW_PORT" kinds 'BEGIN; LOCK TABLE many IN SHARE MODE; SELECT pg_sleep(60)' >/dev/null 2>&1 &
locker=$!
(drift killed) &
wait_for 60 waits_for_lock || fail "it comes to the table that is locked"
kill -9 "$(engine_process killed)"
is "$(psql_at "$NEW_PORT" kinds 'SELECT a FROM computed WHERE id = 9')" 9 "it's killed in the middle"
kill "$locker"
psql_at "$NEW_PORT" kinds "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'pg_sleep' AND pid <> pg_backend_pid()" >/dev/null
wait || true
wait_for 30 no_session || fail "its sessions end with it" # what waits for a lock doesn't hear of its client's end
is "$(psql_at "$NEW_PORT" kinds 'SELECT a FROM computed WHERE id = 9')" 9 "and nothing is changed"
drift killed
is "$status" 0 "run again, it comes to its end"
[ "$status" = 0 ] || show_output 60
same_contents "with every row once"
like "$output$("$program" report killed)" '\([1-9] as a whole\)' "a table with too many differences was copied anew"

# ---- what can't be caught up ----

refused() {
    local before
    before=$(digests_by_name "$NEW_PORT")
    drift "$1"
    is "$status" 11 "$2"
    like "$output" "$3" "it says what"
    is "$(digests_by_name "$NEW_PORT")" "$before" "and nothing was changed"
    program_says rollback "$1"
}
old_sql kinds <<<'UPDATE plain SET t = NULL WHERE id = 1; ALTER TABLE computed ADD COLUMN more int'
refused column "a column more on the old server" 'the columns of public.computed aren.t the same'
old_sql kinds <<<'ALTER TABLE computed DROP COLUMN more; CREATE TABLE another (id int); INSERT INTO another VALUES (1)'
refused table "a table more" 'kinds: public.another is on the old server only'
old_sql kinds <<<'DROP TABLE another; CREATE SEQUENCE lonely'
refused sequence "a sequence more" 'the sequence public.lonely is on the old server only'
pair_runbook gate "A gate that shows the drift" <<'YAML'
phases:
  - id: gate
    title: Gate
    steps:
      - id: drift
        pg.drift: {old: old, new: new}
      - id: go
        gate: {require: [drift], confirm: key, show: [drift]}
        shell: {command: "true"}
YAML
program_says run "$test_dir/gate.yaml" --plain --run-id gate --set "old_container=$OLD_SERVER" --set "new_container=$NEW_SERVER" \
    --confirm gate/go
is "$status" 10 "a gate isn't passed on it"
like "$output" 'FAIL +Written since the backup: 1 sequence is on one server only' "and says why"
program_says rollback gate
old_sql kinds <<<'DROP SEQUENCE lonely; ALTER TABLE parted DETACH PARTITION parted_1'
refused partition "a partition detached" 'public.parted_1 is a partition or a child of other tables now'
old_sql kinds <<<"ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"
old_sql postgres <<<'CREATE DATABASE further'
refused database "a database more" 'a database was created or dropped'
old_sql postgres <<<'DROP DATABASE further'
psql_at "$NEW_PORT" kinds 'ALTER TABLE computed DROP COLUMN twice; ALTER TABLE computed ADD COLUMN twice int GENERATED ALWAYS AS (a * 3) STORED'
refused computes "a column that the new server computes otherwise" 'public.computed still differs after it was copied again'
psql_at "$NEW_PORT" kinds 'ALTER TABLE computed DROP COLUMN twice; ALTER TABLE computed ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) STORED'

drift settled
is "$status" 0 "once that is taken back, it goes on"

# ---- under a fence, with a record of the objects ----

held() {
    drift "$1" --set fence=yes --set fenced=required --set "backup=$test_dir/$1.sql" "${@:3}"
    is "$status" 10 "a backup is made"
    old_sql kinds <<<"$2"
    go_on "$1" drift/write
}
held fenced "INSERT INTO plain VALUES (9001, 'after'); SELECT lo_put(4711, 5, 'more'); SELECT lo_create(4715);
    GRANT SELECT ON LARGE OBJECT 4715 TO reader; ALTER LARGE OBJECT 4715 OWNER TO keeper;
    DELETE FROM no_key WHERE ctid IN (SELECT ctid FROM no_key LIMIT 1);
    GRANT SELECT ON LARGE OBJECT 4713 TO PUBLIC; ALTER LARGE OBJECT 4712 OWNER TO keeper"
is "$status" 0 "under a fence it's caught up"
[ "$status" = 0 ] || show_output 60
is "$(fact fenced drift '"\(.rows) \(.fenced) \(.objects)"')" '0 true 0' "and proven, with no object changed"
like "$output" '6 rows in 2 tables: 2 inserted, 3 updated, 1 deleted' "after rows and large objects that were"
like "$output" 'WAL [0-9A-F]+/[0-9A-F]+ then and [0-9A-F]+/[0-9A-F]+ now' "the WAL positions are the evidence"
is "$(large_objects "$NEW_PORT")" "$(large_objects "$PG_PORT")" "a new large object has its owner and grants"
held large 'DO $$ BEGIN PERFORM lo_create(n) FROM generate_series(20001, 21200) n; END $$; GRANT SELECT ON LARGE OBJECT 20001 TO PUBLIC'
is "$status" 0 "more large objects than are named are caught up"
[ "$status" = 0 ] || show_output 60
is "$(fact large drift .objects)" 0 "none of them is a change of the schema"
is "$(large_objects "$NEW_PORT")" "$(large_objects "$PG_PORT")" "all are there"
held index 'CREATE INDEX late ON plain (t); UPDATE plain SET t = NULL WHERE id = 9001'
is "$status" 11 "an index made since can't be caught up"
like "$output" 'warn +object: kinds: index public.late: it has come since' "the drift names it"
like "$output" 'the schema was changed after the backup' "and catching up says so"
program_says rollback index
old_sql kinds <<<'DROP INDEX late'
drift breach --set fence=yes --set "before_drift=PGPASSWORD=$POSTGRES_PASSWORD psql -X -q -h 127.0.0.1 -p $PG_PORT -U postgres \
    -d kinds -c 'SET default_transaction_read_only = off' -c 'UPDATE plain SET t = 1 WHERE id = 9001'"
is "$status" 11 "what is written under the fence fails the drift"
like "$output" 'something was written under the fence' "it says so"
like "$output" 'pg_current_xact_id.*fence=network' "and what does so without a write, and the way out"
program_says rollback breach
is "$(psql_at "$PG_PORT" kinds 'SHOW default_transaction_read_only')" off "the fence is gone"
drift after
is "$status" 0 "and the copy is equal again"
done_testing
