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

follow_up

# ---- there, with everything going on ----

writers_start "$OLD_SERVER"
follow_begin "$OLD_SERVER" "$NEW_SERVER"
says open
is "$(answer .done)" true "it's opened while clients write"
for cycle in $(seq "$CYCLES"); do
    for round in $(seq "$ROUNDS"); do
        sleep 0.4
        says catch_up
        is "$(answer .done)" true "cycle $cycle, round $round: $(answer '"\(.removed) removed, \(.copied) copied, \(.tables) tables, \(.log) bytes of log, \(.ms) ms"')"
    done
    writers_stop "$OLD_SERVER"
    says finish
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
ANALYZE; VACUUM;
SQL
says catch_up
is "$(answer .done)" true "tables that were emptied or written anew"
says finish
same_on_both "after that"

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
for round in $(seq "$ROUNDS"); do
    sleep 0.4
    says catch_up
    is "$(answer .done)" true "back, round $round: $(answer '"\(.removed) removed, \(.copied) copied, \(.ms) ms"')"
done
writers_stop "$NEW_SERVER"
says finish
is "$(answer .done)" true "back, the last round: $(answer '"\(.removed) removed, \(.copied) copied, \(.ms) ms"')"
same_on_both "back" totals # its contents are as old as they were on that server: it's computed anew here

# ---- what can't be followed ----

psql_at "$NEW_PORT" one "CREATE TEMP TABLE nobodys (id serial PRIMARY KEY, v text); UPDATE steady SET n = n + 1"
says catch_up
is "$(answer .done)" true "a temporary table isn't the schema's"
psql_at "$NEW_PORT" one "BEGIN; ALTER TABLE hot ADD more int; ROLLBACK"
says catch_up
is "$(answer .done)" true "nor is a change that was taken back"
psql_at "$NEW_PORT" one "UPDATE steady SET n = n + 1; ALTER TABLE hot ADD more int"
says finish
is "$(answer .done)" false "a new column can't be followed"
like "$(answer .error)" 'schema was changed: .*public.hot' "and is named"
is "$(psql_at "$PG_PORT" one 'SELECT n FROM steady')" "$(($(psql_at "$NEW_PORT" one 'SELECT n FROM steady') - 1))" \
    "none of the round is on the copy"
says catch_up
is "$(answer .done)" false "it has to begin anew"
says end
follow_end
follow_begin "$NEW_SERVER" "$OLD_SERVER"
says open
like "$(answer .error)" "columns of public.hot aren't the same" "which says so as well"
psql_at "$NEW_PORT" one "ALTER TABLE hot DROP more; BEGIN; INSERT INTO no_key VALUES ('prepared', 1); PREPARE TRANSACTION 'never'" 2>/dev/null || true
says end
follow_end

done_testing
