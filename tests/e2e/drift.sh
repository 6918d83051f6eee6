#!/usr/bin/env bash
# What was written since the copy was made is found row by row, of every kind of table and key, caught up in
# one transaction, and proven; then the price of a way back, and what was written saved.
# time-limit: 400
# shellcheck disable=SC2016,SC2119 # PostgreSQL names with $, no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up --no-app
export POSTGRES_PASSWORD

old_sql() {
    psql_script_at "$PG_PORT" "$1"
}

drift() {
    program_says run "$lib_dir/drift.yaml" --plain --run-id "$1" --vars "$VARS_FILE" "${@:2}"
}

# fact RUN KEY FILTER: of the journal's last event with that fact.
fact() {
    jq -rs --arg key "$2" "[.[] | select(.type == \"fact\" and .key == \$key)] | last | .value | $3" \
        "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl"
}

# table_line RUN TABLE: inserted, updated and deleted, as the first drift of the run says.
table_line() {
    jq -rs --arg table "$2" '[.[] | select(.type == "fact" and .key == "drift")] | first | .value.list[]
        | select(.table == $table) | "\(.inserted) \(.updated) \(.deleted)"' \
        "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl"
}

# ---- a database with every kind of table ----

psql_at "$PG_PORT" postgres 'CREATE DATABASE kinds'
old_sql kinds <<'SQL'
SET client_min_messages = warning;
CREATE TABLE plain (id int PRIMARY KEY, t text, b bytea, ts timestamptz);
INSERT INTO plain SELECT n, 'row ' || n, decode(md5(n::text), 'hex'), '2026-01-01'::timestamptz + n * interval '1 us'
  FROM generate_series(1, 500) n;
CREATE TABLE same_count (id bigint PRIMARY KEY, t text);
INSERT INTO same_count SELECT n, n::text FROM generate_series(1, 10000) n;
CREATE TABLE no_key (t text, n int);
INSERT INTO no_key SELECT 'line ' || n % 10, n % 3 FROM generate_series(1, 300) n;
CREATE TABLE "Odd ""Names"" %s $1" ("a ""key""" text, "b.c" numeric(6,2), v text, PRIMARY KEY ("a ""key""", "b.c"));
INSERT INTO "Odd ""Names"" %s $1" VALUES (E'it''s \\ "quoted"', 1.50, 'x'), (E'tab\t\nline', 2, 'y'), ('äöü 日本', 3, 'z'), ('', 4, NULL);
CREATE TABLE parted (id int, day date, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parted_2 (v text, junk int, day date NOT NULL, id int NOT NULL);
ALTER TABLE parted_2 DROP COLUMN junk;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO parted SELECT n, date '2026-01-01' + n % 58, 'v' FROM generate_series(1, 400) n;
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (extra text, id int PRIMARY KEY) INHERITS (parent);
INSERT INTO parent SELECT n, 'p' FROM generate_series(1, 20) n;
INSERT INTO child (id, v, extra) SELECT n, 'c', 'e' FROM generate_series(1, 20) n;
CREATE TABLE identity_always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
INSERT INTO identity_always (v) SELECT 'v' FROM generate_series(1, 10);
CREATE TABLE computed (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO computed (id, a) SELECT n, n FROM generate_series(1, 50) n;
CREATE TABLE left_half (id int PRIMARY KEY, other int);
CREATE TABLE right_half (id int PRIMARY KEY, other int REFERENCES left_half);
INSERT INTO left_half VALUES (1, 1), (2, 2); INSERT INTO right_half VALUES (1, 1), (2, 2);
ALTER TABLE left_half ADD FOREIGN KEY (other) REFERENCES right_half;
CREATE TABLE swapped (id int PRIMARY KEY, place int UNIQUE, late int UNIQUE DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO swapped SELECT n, n, n FROM generate_series(1, 10) n;
CREATE TABLE booked (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&));
INSERT INTO booked SELECT n, int4range(n * 10, n * 10 + 10) FROM generate_series(1, 20) n;
CREATE TYPE colour AS ENUM ('red', 'green');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE typed (c colour, d positive, u uuid, PRIMARY KEY (c, d, u), v text);
INSERT INTO typed SELECT 'red', n, md5(n::text)::uuid, 'v' FROM generate_series(1, 20) n;
CREATE TABLE by_uuid (u uuid PRIMARY KEY, v int); INSERT INTO by_uuid SELECT md5(n::text)::uuid, n FROM generate_series(1, 6000) n;
CREATE TABLE by_time (at timestamp PRIMARY KEY, v int);
INSERT INTO by_time SELECT timestamp '2026-01-01' + n * interval '1 hour 1 us', n FROM generate_series(1, 100) n;
INSERT INTO by_time VALUES ('infinity', 0), ('-infinity', 0), ('0044-03-15 BC', 0);
CREATE TABLE truncated (id int PRIMARY KEY); INSERT INTO truncated SELECT generate_series(1, 40);
CREATE TABLE guarded (id int PRIMARY KEY, who text);
INSERT INTO guarded SELECT n, 'x' FROM generate_series(1, 30) n;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY none ON guarded USING (false);
CREATE TABLE watched (id int PRIMARY KEY, v text); CREATE TABLE log_of_watched (what text);
INSERT INTO watched SELECT n, 'v' FROM generate_series(1, 10) n;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log_of_watched VALUES (TG_OP); RETURN NULL; END';
CREATE TRIGGER every_time AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE watched ENABLE ALWAYS TRIGGER every_time;
CREATE RULE keep AS ON DELETE TO watched DO INSTEAD NOTHING; ALTER TABLE watched DISABLE RULE keep;
CREATE TABLE ruled (id int PRIMARY KEY); INSERT INTO ruled VALUES (1), (2), (3);
CREATE TABLE empty_one (id int PRIMARY KEY);
CREATE TABLE unchanged (id int PRIMARY KEY); INSERT INTO unchanged SELECT generate_series(1, 100);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, v text); INSERT INTO unlogged VALUES (1, 'a'), (2, 'b');
CREATE SEQUENCE counter; SELECT nextval('counter') \g /dev/null
CREATE SEQUENCE fresh; CREATE SEQUENCE downwards INCREMENT -1;
CREATE TABLE many (id int PRIMARY KEY, v text); INSERT INTO many SELECT n, md5(n::text) FROM generate_series(1, 200000) n;
CREATE MATERIALIZED VIEW totals AS SELECT count(*), sum(id) FROM plain;
CREATE MATERIALIZED VIEW of_totals AS SELECT * FROM totals;
SELECT lo_from_bytea(4711, 'first'), lo_from_bytea(4712, 'second'), lo_from_bytea(4713, 'third') \g /dev/null
ANALYZE;
SQL

# The copy, made as pg_dumpall and psql make it.
docker run -d --name "$NEW_CONTAINER" -e POSTGRES_PASSWORD="$POSTGRES_PASSWORD" -p "$NEW_PORT:5432" \
    -v "$NEW_VOLUME:/var/lib/postgresql/data" "$NEW_IMAGE" >/dev/null
wait_for 60 server_answers "$NEW_PORT"
docker exec "$OLD_CONTAINER" pg_dumpall -U postgres | docker exec -i "$NEW_CONTAINER" psql -X -q -U postgres >/dev/null 2>"$test_dir/restore.err"
is "$(grep -vc 'role "postgres" already exists' "$test_dir/restore.err")" 0 "the copy is made"

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
digests_by_name() {
    # The columns of an inheritance child stand in another order: compare those by name.
    exact_digests "$1" | grep -v '|child|'
    psql_at "$1" kinds "SELECT id, v, extra FROM child ORDER BY id"
}
is "$(digests_by_name "$NEW_PORT")" "$(digests_by_name "$PG_PORT")" "psql finds every table equal"
is "$(sequence_values "$NEW_PORT")" "$(sequence_values "$PG_PORT")" "and every sequence"
is "$(psql_at "$NEW_PORT" kinds 'SELECT nextval($$fresh$$)')" 100 "one that was never used too"
objects() {
    psql_at "$1" kinds "SELECT oid, md5(lo_get(oid)), lomacl FROM pg_largeobject_metadata ORDER BY oid"
}
is "$(objects "$NEW_PORT")" "$(objects "$PG_PORT")" "and every large object, with its grants"
is "$(psql_at "$NEW_PORT" kinds "SELECT tgenabled FROM pg_trigger WHERE tgname = 'every_time'")" A "the trigger always fires again"
is "$(psql_at "$NEW_PORT" kinds "SELECT ev_enabled FROM pg_rewrite WHERE rulename = 'keep' AND ev_class = 'ruled'::regclass")" A "and so does the rule"
psql_at "$NEW_PORT" kinds 'DROP RULE keep ON ruled' >/dev/null
psql_at "$PG_PORT" kinds 'SELECT setval($$fresh$$, 101)' >/dev/null

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
is "$(digests_by_name "$NEW_PORT")" "$(digests_by_name "$PG_PORT")" "with every row once"
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
old_sql kinds <<<'DROP SEQUENCE lonely; CREATE DATABASE further'
refused database "a database more" 'a database was created or dropped'
old_sql postgres <<<'DROP DATABASE further'
psql_at "$NEW_PORT" kinds 'ALTER TABLE computed DROP COLUMN twice; ALTER TABLE computed ADD COLUMN twice int GENERATED ALWAYS AS (a * 3) STORED'
refused computes "a column that the new server computes otherwise" 'public.computed still differs after it was copied again'
psql_at "$NEW_PORT" kinds 'ALTER TABLE computed DROP COLUMN twice; ALTER TABLE computed ADD COLUMN twice int GENERATED ALWAYS AS (a * 2) STORED'

# ---- the price of a way back ----

drift price --set price=yes
is "$status" 10 "the copy is proven"
psql_script_at "$NEW_PORT" kinds <<'SQL'
INSERT INTO plain SELECT n, 'later' FROM generate_series(601, 603) n;
UPDATE plain SET t = 'later' WHERE id IN (1, 2); DELETE FROM plain WHERE id = 3;
UPDATE same_count SET t = 'later' WHERE id = 1;
INSERT INTO no_key VALUES ('later', 1);
CREATE TABLE created_later (id int); INSERT INTO created_later VALUES (1), (2);
CREATE TABLE "later; --" ("a ""b""" int); INSERT INTO "later; --" VALUES (7);
DELETE FROM truncated;
BEGIN; INSERT INTO unchanged VALUES (1000); ROLLBACK;
SQL
docker restart "$NEW_CONTAINER" >/dev/null
wait_for 60 server_answers "$NEW_PORT"
program_says run "$lib_dir/drift.yaml" --plain --run-id price --vars "$VARS_FILE" --confirm price/written
is "$status" 0 "the price is told and what was written is saved"
[ "$status" = 0 ] || show_output 60
price_of() {
    fact price price ".list[] | select(.table == \"$1\") | \"\(.inserted) \(.updated) \(.deleted) \(.exact)\""
}
is "$(price_of plain)" '3 2 1 false' "inserted, updated, deleted on the new server"
is "$(price_of same_count)" '0 1 0 false' "the same number of rows"
is "$(price_of no_key)" '1 0 0 true' "a table without a key"
is "$(price_of created_later)" '2 0 0 true' "a table made since"
is "$(price_of truncated)" '0 0 1 true' "rows that are gone"
is "$(price_of unchanged)" '' "what was taken back costs nothing"
is "$(fact price price '"\(.rows) \(.tables)"')" '12 6' "the sum"
saved=$(fact price saved .path)
is "$(sha256sum "$saved" | cut -d' ' -f1)" "$(fact price saved .sha256)" "what was saved is whole"
is "$(stat -c %a "$saved")" 600 "and nobody else's"
psql_at "$NEW_PORT" postgres 'ALTER DATABASE kinds RENAME TO kinds_live'
docker exec "$NEW_CONTAINER" sh -c 'createdb -U postgres kinds && pg_dump -U postgres -s kinds_live | psql -X -q -U postgres kinds' >/dev/null
psql_at "$NEW_PORT" kinds 'ALTER TABLE same_count DISABLE TRIGGER ALL' >/dev/null
docker exec -i "$NEW_CONTAINER" psql -X -q -v ON_ERROR_STOP=1 -U postgres <"$saved" >/dev/null 2>"$test_dir/load.err" || true
is "$(cat "$test_dir/load.err")" '' "it loads into an empty copy of the schema"
is "$(psql_at "$NEW_PORT" kinds 'SELECT count(*), sum("a ""b""") FROM plain, "later; --"')" '503|3521' "with its rows"
is "$(psql_at "$NEW_PORT" kinds 'SELECT count(*) FROM unchanged')" 0 "and only the tables that were written"

program_says rollback price
done_testing
