#!/usr/bin/env bash
# A copy is kept equal to a server that is written to at random: by several clients at once, with savepoints, rollbacks,
# long transactions, commits that nobody waits for, while it's vacuumed; there and back.
# time-limit: 600
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/pair.sh
. "$lib_dir/pair.sh"
# shellcheck source=tests/lib/follow.sh
. "$lib_dir/follow.sh"

SEED=${SEED:-$RANDOM}
ROUNDS=${ROUNDS:-2} CYCLES=${CYCLES:-2}
diag "SEED=$SEED"

table_is_held() {
    [ "$(psql_at "$PG_PORT" one "SELECT count(*) FROM pg_locks WHERE relation = 'hot'::regclass AND mode = 'AccessExclusiveLock'")" = 1 ]
}

follow_up

# ---- there, with everything going on ----

writers_start "$OLD_SERVER"
follow_begin "$OLD_SERVER" "$NEW_SERVER"
says open
is "$(answer .done)" true "it's opened while clients write"
for cycle in $(seq "$CYCLES"); do
    written=0
    for round in $(seq "$ROUNDS"); do
        sleep 0.4
        says catch_up
        count_written
        is "$(answer .done)" true "cycle $cycle, round $round: $(answer '"\(.removed) removed, \(.copied) copied, \(.tables) tables, \(.log) bytes of log, \(.ms) ms"')"
    done
    writers_stop "$OLD_SERVER"
    says finish
    count_written
    isnt "$written" 0 "cycle $cycle: the clients wrote"
    is "$(answer .done)" true "cycle $cycle, the last round: $(answer '"\(.removed) removed, \(.copied) copied, \(.tables) tables, \(.log) bytes of log, \(.ms) ms"')"
    says unmoved
    is "$(answer .done)" true "nothing was written since"
    same_on_both "cycle $cycle"
    [ "$cycle" = "$CYCLES" ] || writers_start "$OLD_SERVER"
done
psql_at "$PG_PORT" one "UPDATE steady SET n = n + 1"
says unmoved
is "$(answer .done)" false "a write after the last round is noticed"
says finish
is "$(answer '"\(.done) \(.removed) \(.copied)"')" 'true 1 1' "and another last round brings it over"

# ---- what rewrites tables ----

psql_script_at "$PG_PORT" one <<'SQL'
TRUNCATE emptied; INSERT INTO emptied VALUES (1, 'after'); VACUUM FULL plain; CLUSTER hot;
UPDATE plain SET v = 'after' WHERE id = 17;
REFRESH MATERIALIZED VIEW totals;
BEGIN; TRUNCATE swapped; ROLLBACK;
VACUUM FULL pg_largeobject; SELECT lo_put(70001, 5, '\\x414243') \g /dev/null
DROP TABLE again; CREATE TABLE again (id int PRIMARY KEY, v text); INSERT INTO again VALUES (7, 'made anew');
SELECT setval('counter', 4711, false) \g /dev/null
ANALYZE; VACUUM;
SQL
says catch_up
is "$(answer .done)" true "tables that were emptied or written anew"
is "$(sequence_values "$NEW_PORT")" "$(sequence_values "$PG_PORT")" "the sequences are as far as the rows already"
psql_at "$PG_PORT" one "SELECT setval('counter', 17); UPDATE plain SET n = n + 1 WHERE id = 17" >/dev/null
says catch_up
is "$(answer .done) $(psql_at "$NEW_PORT" one 'SELECT last_value, is_called FROM counter')" "true 4711|f" \
    "no sequence goes back in a round that may be taken back"
says finish
same_on_both "after that"

# ---- somebody holds a table ----

psql_at "$PG_PORT" one "UPDATE hot SET n = n + 1 WHERE id % 3 = 0"
docker exec "$OLD_SERVER" psql -X -q -U postgres -d one -c "BEGIN; LOCK TABLE hot; SELECT pg_sleep(300)" >/dev/null 2>&1 &
holder=$!
wait_for 20 table_is_held
says catch_up
is "$(answer .done)" false "a client that holds a table for itself isn't waited for without end"
like "$(answer '"\(.error) \(.remedy)"')" 'public.hot.*lock timeout.*pg_locks' "which table, and what to do, is said"
psql_at "$PG_PORT" one "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'hot'::regclass AND mode = 'AccessExclusiveLock'" >/dev/null
wait "$holder" || true
says end
follow_end
follow_begin "$OLD_SERVER" "$NEW_SERVER"
says open
is "$(answer .done)" true "behind it, it begins anew"

# ---- the log is lost, the reader is killed ----

psql_at "$PG_PORT" one "UPDATE plain SET n = n + 1 WHERE id % 7 = 0"
reader_kill "$OLD_SERVER" || bail_out "there is no reader"
says catch_up
is "$(answer .done)" true "another reader takes over when one is killed"
psql_at "$PG_PORT" one "UPDATE plain SET n = n - 1 WHERE id % 11 = 0; SELECT pg_switch_wal()" >/dev/null
for _ in 1 2 3; do
    psql_at "$PG_PORT" one "CHECKPOINT; CREATE TEMP TABLE t AS SELECT 1; SELECT pg_logical_emit_message(true, 'x', ''); SELECT pg_switch_wal()" >/dev/null
done
psql_at "$PG_PORT" one CHECKPOINT
says catch_up
is "$(answer .done)" true "a part of the log that is gone is made up for"
like "$(cat "$follow_log")" 'every table is compared as a whole this time' "by comparing every table"
says finish
same_on_both "without the log"
says end
follow_end

# ---- and back, newest to oldest ----

writers_start "$NEW_SERVER"
follow_begin "$NEW_SERVER" "$OLD_SERVER"
says open
is "$(answer .done)" true "the other way round"
[ "$(answer .done)" = true ] || diag "$(answer .error)"
written=0
for round in $(seq "$ROUNDS"); do
    sleep 0.4
    says catch_up
    count_written
    is "$(answer .done)" true "back, round $round: $(answer '"\(.removed) removed, \(.copied) copied, \(.ms) ms"')"
done
writers_stop "$NEW_SERVER"
says finish
count_written
isnt "$written" 0 "back: the clients wrote"
is "$(answer .done)" true "back, the last round: $(answer '"\(.removed) removed, \(.copied) copied, \(.ms) ms"')"
same_on_both "back" totals # its contents are as old as they were on that server: it's computed anew here

# ---- what can't be followed ----

psql_at "$NEW_PORT" one "CREATE TEMP TABLE nobodys (id serial PRIMARY KEY, v text); UPDATE steady SET n = n + 1"
says catch_up
is "$(answer .done)" true "a temporary table isn't the schema's"
psql_at "$NEW_PORT" one "BEGIN; ALTER TABLE hot ADD more int; ROLLBACK"
says catch_up
is "$(answer .done)" true "nor is a change that was taken back"
for catalog in pg_policy pg_class; do
    psql_script_at "$NEW_PORT" one <<<"SET lock_timeout = '10s'; VACUUM FULL $catalog; ALTER POLICY nobody ON guarded USING (true)"
    says finish
    is "$(answer .done)" false "a catalog that was written anew doesn't hide what was changed after it"
    like "$(answer .error)" 'schema was changed: policy nobody on public.guarded' "which is named"
    psql_at "$NEW_PORT" one "ALTER POLICY nobody ON guarded USING (false)"
    says end
    follow_end
    follow_begin "$NEW_SERVER" "$OLD_SERVER"
    says open
done
psql_at "$NEW_PORT" 'Two "2"' "SELECT setval('counter', 900000)" >/dev/null
says catch_up
psql_at "$NEW_PORT" 'Two "2"' "SELECT setval('counter', 3)" >/dev/null
psql_at "$NEW_PORT" one "UPDATE steady SET n = n + 1; ALTER TABLE hot ADD more int"
says finish
is "$(answer .done)" false "a new column can't be followed"
like "$(answer .error)" 'schema was changed: .*public.hot' "and is named"
is "$(psql_at "$PG_PORT" one 'SELECT n FROM steady')" "$(($(psql_at "$NEW_PORT" one 'SELECT n FROM steady') - 1))" \
    "none of the round is on the copy"
is "$(psql_at "$PG_PORT" 'Two "2"' 'SELECT last_value FROM counter')" 900000 "nor has a sequence of another database gone back"
says catch_up
is "$(answer .done)" false "it has to begin anew"
says end
follow_end
follow_begin "$NEW_SERVER" "$OLD_SERVER"
says open
like "$(answer .error)" "columns of public.hot aren't the same" "which says so as well"
says end
follow_end

# ---- prepared transactions outlive every session ----

docker exec "$NEW_SERVER" psql -X -q -U postgres -c "ALTER SYSTEM SET max_prepared_transactions = 2" >/dev/null
docker restart "$NEW_SERVER" >/dev/null
NEW_PORT=$(pair_port "$NEW_SERVER")
wait_for 60 server_answers "$NEW_PORT" || bail_out "$NEW_SERVER doesn't answer"
psql_script_at "$NEW_PORT" one <<<"ALTER TABLE hot DROP more; BEGIN; INSERT INTO no_key VALUES ('prepared', 1); PREPARE TRANSACTION 'never'"
follow_begin "$NEW_SERVER" "$OLD_SERVER"
says open
like "$(answer .error)" "prepared transactions.*'never'" "they are refused by name"
says end
follow_end

done_testing
