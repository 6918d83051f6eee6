#!/usr/bin/env bash
# What was written since the copy was made is found row by row, of every kind of table and key, caught up in
# one transaction, and proven.
# time-limit: 300
# shellcheck disable=SC2016 # PostgreSQL names with $
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/drift.sh
. "$lib_dir/drift.sh"

drift_up

# table_line RUN TABLE: inserted, updated and deleted, as the first drift of the run says.
table_line() {
    whole_lines "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl" |
        jq -rs --arg table "$2" '[.[] | select(.type == "fact" and .key == "drift")] | first | .value.list[]
            | select(.table == $table) | "\(.inserted) \(.updated) \(.deleted)"'
}

drift none
is "$status" 0 "nothing drifted: nothing to do"
[ "$status" = 0 ] || show_output 60
is "$(fact none drift '"\(.exact) \(.rows) \(.tables) \(.sequences)"')" 'true 0 0 0' "the fact says so"
like "$output" 'pass +written since the snapshot: no row' "as does the check"
is "$(fact none catch_up '"\(.tables) \(.rows)"')" '0 0' "and catching up does nothing"

# ---- every kind of change ----

old_sql kinds <<'SQL'
INSERT INTO plain VALUES (501, '', NULL, NULL), (502, NULL, '', 'infinity');
UPDATE plain SET b = set_byte(b, 3, get_byte(b, 3) # 1) WHERE id = 17;
UPDATE plain SET ts = ts + interval '1 us' WHERE id = 19;
DELETE FROM plain WHERE id = 23;
UPDATE same_count SET t = 'other' WHERE id IN (42, 4242);
DELETE FROM same_count WHERE id BETWEEN 100 AND 149; INSERT INTO same_count SELECT n, 'new' FROM generate_series(10001, 10050) n;
INSERT INTO no_key SELECT 'line 1', 1 FROM generate_series(1, 5);
DELETE FROM no_key WHERE ctid IN (SELECT ctid FROM no_key WHERE t = 'line 2' LIMIT 2);
UPDATE "Odd ""Names"" %s $1" SET v = 'X' WHERE "a ""key""" = E'it''s \\ "quoted"';
DELETE FROM "Odd ""Names"" %s $1" WHERE "a ""key""" = E'tab\t\nline';
INSERT INTO "Odd ""Names"" %s $1" VALUES (E'\\N', 5, E'\\.');
UPDATE parted SET day = day + 31 WHERE id IN (1, 2); DELETE FROM parted_2 WHERE id = 40; UPDATE parted_2 SET v = 'w' WHERE id = 41;
INSERT INTO parent VALUES (21, 'new'); UPDATE child SET v = 'changed' WHERE id = 5;
INSERT INTO identity_always (v) VALUES ('eleven'), ('twelve');
UPDATE computed SET a = -a WHERE id = 7;
INSERT INTO left_half VALUES (3, 1); INSERT INTO right_half VALUES (3, 3); UPDATE left_half SET other = 3 WHERE id = 3;
BEGIN; UPDATE swapped SET place = 0 WHERE id = 1; UPDATE swapped SET place = 1 WHERE id = 2; UPDATE swapped SET place = 2 WHERE id = 1;
SET CONSTRAINTS ALL DEFERRED; UPDATE swapped SET late = 11 - late; COMMIT;
UPDATE booked SET during = 'empty'; UPDATE booked SET during = int4range(id * 10 + 5, id * 10 + 15);
INSERT INTO typed VALUES ('green', 1, '00000000-0000-0000-0000-000000000001', 'n'); DELETE FROM typed WHERE d = 4;
DELETE FROM by_uuid WHERE v IN (3, 5000); UPDATE by_uuid SET v = -v WHERE v = 77;
UPDATE by_time SET v = 1 WHERE at IN ('infinity', '0044-03-15 BC'); INSERT INTO by_time VALUES ('2027-01-01', 1);
TRUNCATE truncated; INSERT INTO truncated VALUES (1000);
UPDATE guarded SET who = 'y' WHERE id = 3; INSERT INTO guarded VALUES (31, 'z');
DELETE FROM watched WHERE id = 2; UPDATE watched SET v = 'w' WHERE id = 3; INSERT INTO watched VALUES (11, 'x');
DELETE FROM ruled WHERE id = 1;
INSERT INTO unlogged VALUES (3, 'c');
SELECT nextval('counter') FROM generate_series(1, 10) \g /dev/null
SELECT setval('fresh', 100, false), nextval('downwards') \g /dev/null
UPDATE many SET v = 'changed' WHERE id % 4 = 1;
REFRESH MATERIALIZED VIEW totals; REFRESH MATERIALIZED VIEW of_totals;
SELECT lo_put(4711, 100000, 'later'), lo_unlink(4712), lo_from_bytea(4714, decode(repeat('00ff', 300000), 'hex')) \g /dev/null
GRANT SELECT ON LARGE OBJECT 4714 TO PUBLIC;
BEGIN; SELECT lo_truncate(lo_open(4713, 131072), 2) \g /dev/null
COMMIT;
SQL
psql_at "$NEW_PORT" kinds "CREATE RULE keep AS ON DELETE TO ruled DO INSTEAD NOTHING; ALTER TABLE ruled ENABLE ALWAYS RULE keep"

drift found --set catch_up=no
is "$status" 0 "the drift is taken"
[ "$status" = 0 ] || show_output 60
expect() {
    is "$(table_line found "$1")" "$2" "$3"
}
expect plain '2 2 1' "inserted, one bit and one microsecond changed, deleted"
expect same_count '50 2 50' "the same number of rows with other contents"
expect no_key '5 0 2' "equal rows of a table without a key"
expect 'Odd "Names" %s $1' '1 1 1' "two columns of a key, odd characters in names and values"
expect parted_1 '0 0 2' "rows that moved out of a partition"
expect parted_2 '2 1 1' "and into another, whose columns stand in another order"
expect parent '1 0 0' "a parent's own rows"
expect child '0 1 0' "its child's, whose columns a restore puts in another order"
expect identity_always '2 0 0' "an identity column"
expect computed '0 1 0' "a generated column"
expect left_half '1 0 0' "foreign keys in a circle"
expect right_half '1 0 0' "on both sides"
expect swapped '0 10 0' "values of a unique constraint, swapped"
expect booked '0 20 0' "an exclusion constraint"
expect typed '1 0 1' "an enumeration, a domain and a uuid as key"
expect by_uuid '0 1 2' "a uuid as key"
expect by_time '1 2 0' "times as key, infinity and long ago among them"
expect truncated '1 0 40' "a table emptied"
expect guarded '1 1 0' "rows behind a policy"
expect watched '1 1 1' "a table with a trigger that always fires"
expect ruled '0 0 1' "and with a rule"
expect log_of_watched '3 0 0' "what the trigger wrote"
expect unlogged '1 0 0' "an unlogged table"
expect many '0 50000 0' "50,000 of 200,000 rows"
expect unchanged '' "an unchanged table isn't there"
is "$(fact found drift .sequences)" 4 "sequences whose value differs"
is "$(fact found drift '.rows == .inserted + .updated + .deleted')" true "rows are the sum of all"
is "$(fact found drift .rows)" 50223 "of all tables and three large objects changed, one new, one gone"
like "$output" 'warn +kinds: public.plain: 2 inserted, 1 deleted, 2 updated; id 501, 502, 23, 17, 19' "the keys are shown"
like "$output" 'id 10001..10050: 50 inserted; id 100..149: 50 deleted' "and ranges of them"
is "$(fact found differences '[.[] | select(.table == "same_count") | .ranges[] | select(test("missing"))] | join(" ")')" \
    'id 10001..10050: 50 missing' "the fact has them too"
like "$(cat "$XDG_STATE_HOME"/pgrunbook/runs/found/evidence/differences-drift-drift.tsv)" \
    $'^kinds\tpublic\tplain\tchanged\tid\t17$' "and the evidence has the keys"
like "$output" 'warn +kinds: public.totals: a materialised view' "a materialised view is no lost row"
like "$output" 'large object 4711 changed' "large objects are named"

# ---- a comparison goes down to the rows too ----

pair_compare compared
is "$status" 11 "a comparison with the old server as it is now fails"
like "$output" 'FAIL +kinds: public.plain: 2 missing, 1 extra, 2 changed; id 501, 502, 23, 17, 19' "and shows the keys"
pair_runbook snapshot "Compare with what was recorded" <<'YAML'
phases:
  - id: compare
    title: Compare
    steps:
      - id: record
        pg.inventory: {server: old, contents: "yes"}
      - id: write
        gate: {confirm: key}
        shell: {command: "true"}
      - id: rows
        pg.compare: {old: old, new: new, rows: equal}
YAML
program_says run "$test_dir/snapshot.yaml" --plain --run-id snapshot --set "old_container=$OLD_SERVER" --set "new_container=$NEW_SERVER"
old_sql kinds <<<"INSERT INTO empty_one VALUES (1); UPDATE truncated SET id = 1001"
program_says run "$test_dir/snapshot.yaml" --plain --run-id snapshot --confirm compare/write
is "$status" 11 "one with the snapshot fails too"
like "$output" 'FAIL +kinds: public.plain: 2 missing, 1 extra, 2 changed; id 501, 502, 23, 17, 19' "and shows the keys where it can"
like "$output" 'kinds: public.truncated was written to on the old server after the snapshot' "and where it can't, says so"
program_says rollback snapshot
old_sql kinds <<<"DELETE FROM empty_one; UPDATE truncated SET id = 1000"

# ---- caught up ----

drift unfenced --set fenced=required
is "$status" 11 "without a fence it isn't caught up"
like "$output" 'no fence is held on server "old"' "it says why"
is "$(fact unfenced drift .rows)" 50223 "and nothing was changed"
program_says rollback unfenced

drift caught
is "$status" 0 "everything is caught up and proven"
[ "$status" = 0 ] || show_output 60
is "$(fact caught drift '"\(.rows) \(.tables) \(.sequences)"')" '0 0 0' "nothing is left"
same_contents "psql finds every table equal"
is "$(sequence_values "$NEW_PORT")" "$(sequence_values "$PG_PORT")" "and every sequence"
is "$(psql_at "$NEW_PORT" kinds 'SELECT nextval($$fresh$$)')" 100 "one that was never used too"
is "$(large_objects "$NEW_PORT")" "$(large_objects "$PG_PORT")" "and every large object, with its grants"
is "$(psql_at "$NEW_PORT" kinds "SELECT tgenabled FROM pg_trigger WHERE tgname = 'every_time'")" A "the trigger always fires again"
is "$(psql_at "$NEW_PORT" kinds "SELECT ev_enabled FROM pg_rewrite WHERE rulename = 'keep' AND ev_class = 'ruled'::regclass")" A "and so does the rule"
done_testing
