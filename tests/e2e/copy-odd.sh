#!/usr/bin/env bash
# Backup, restore and comparison of what a plain database never has, while clients write; then the copy is
# changed by one row, and the comparison has to find it.
# time-limit: 300
# shellcheck disable=SC2016,SC2119 # PostgreSQL names with $, no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up
export POSTGRES_PASSWORD

copy() {
    program_says run "$lib_dir/copy.yaml" --plain --run-id "$1" --vars "$VARS_FILE" "${@:2}"
}

sql() {
    docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d "$1" "${@:2}"
}

on_both() {
    local database=$1 query=$2 old
    old=$(psql_at "$PG_PORT" "$database" "$query")
    isnt "$old" '' "$3: there is something to compare"
    is "$(psql_at "$NEW_PORT" "$database" "$query")" "$old" "$3"
}

odd="dbname='odd \"name\" = x'"
sql postgres <<'SQL'
CREATE DATABASE "odd ""name"" = x" TEMPLATE template0;
CREATE DATABASE empty;
CREATE DATABASE pattern IS_TEMPLATE true;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
CREATE ROLE "Weird Role" LOGIN PASSWORD 'we''ird';
ALTER DATABASE postgres SET work_mem = '7MB';
ALTER ROLE "Weird Role" IN DATABASE postgres SET work_mem = '8MB';
COMMENT ON DATABASE postgres IS 'the first one';
GRANT CREATE ON DATABASE postgres TO "Weird Role";
CREATE TABLE in_postgres (id int); INSERT INTO in_postgres SELECT generate_series(1, 12);
SQL
sql template1 <<<'CREATE TABLE in_template1 (id int); INSERT INTO in_template1 VALUES (1), (2);'
sql pattern <<<'CREATE TABLE in_pattern (id int); INSERT INTO in_pattern VALUES (1);'
sql "$odd" <<'SQL'
CREATE SCHEMA "Sch""ema %s $1"; SET search_path = "Sch""ema %s $1";
CREATE TABLE "ta\ble; --" ("col umn" text);
INSERT INTO "ta\ble; --" VALUES (E'\\.'), (E'--\n-- PostgreSQL database dump complete\n--'), (E'\t\n\\N'), (NULL), ('');
CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY HASH (id);
CREATE TABLE parted_2_0 PARTITION OF parted_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_2_1 PARTITION OF parted_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT n, date '2026-01-01' + n % 50 FROM generate_series(1, 1000) n;
CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);
CREATE TABLE guarded (id int, owner text); INSERT INTO guarded SELECT n, 'x' FROM generate_series(1, 100) n;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON guarded USING (id < 10);
CREATE UNLOGGED TABLE unlogged (id int); INSERT INTO unlogged VALUES (1);
CREATE MATERIALIZED VIEW stale AS SELECT * FROM parent; INSERT INTO parent VALUES (4);
CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA;
CREATE FUNCTION tricky() RETURNS void LANGUAGE sql AS $f$
SELECT '
COPY parent (id) FROM stdin;
';
$f$;
DO $d$ BEGIN FOR n IN 1..700 LOOP EXECUTE format('CREATE TABLE many_%s (id int)', n); END LOOP; END $d$;
INSERT INTO many_1 VALUES (1);
SQL

# A writer that never rests, in large and small steps, so that a count out of the snapshot would differ.
(while docker exec "$OLD_CONTAINER" psql -U postgres -X -q -d "$odd" \
    -c 'INSERT INTO "Sch""ema %s $1".parent SELECT generate_series(1, 37)' 2>/dev/null; do :; done) &
writer=$!

copy one --set "backup_dir=$BACKUP_DIR" --set check_image=yes
kill "$writer" 2>/dev/null || true
wait "$writer" 2>/dev/null || true
is "$status" 0 "the copy is complete and equal"
[ "$status" = 0 ] || show_output 60
like "$output" 'warn +closed: allows no connections' "a database that can't be dumped is mentioned"
like "$output" 'warn .*stale: .*a materialised view, computed anew' "a stale view is no difference"
like "$output" 'rows: 7[0-9][0-9] tables|tables differ' "all tables were compared"

on_both "$odd" 'SELECT count(*), sum(id), max(day) FROM "Sch""ema %s $1".parted' "partitions"
on_both "$odd" 'SELECT count(*) FROM "Sch""ema %s $1".guarded' "rows behind a policy"
on_both "$odd" 'SELECT string_agg(md5("col umn"), chr(44) ORDER BY "col umn") FROM "Sch""ema %s $1"."ta\ble; --"' "texts that look like marks"
on_both postgres "SELECT array_agg(c ORDER BY c::text) FROM (SELECT unnest(setconfig) c FROM pg_db_role_setting) s" "settings of databases and of roles in them"
on_both postgres "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'postgres'" "the comment on database postgres"
on_both postgres "SELECT datacl FROM pg_database WHERE datname = 'postgres'" "its grants"
on_both postgres "SELECT count(*) FROM in_postgres" "its table"
on_both template1 "SELECT count(*) FROM in_template1" "a table in template1"
on_both pattern "SELECT count(*), (SELECT datistemplate FROM pg_database WHERE datname = 'pattern') FROM in_pattern" "a template"
on_both postgres "SELECT rolname, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1" "roles with their passwords"

is "$(stat -c %a "$BACKUP_DIR/backup.sql")" 600 "nobody else can read the backup"
is "$(find "$BACKUP_DIR" -name '*.partial' | wc -l)" 0 "nothing partial is left"
unlike "$(grep -r "$POSTGRES_PASSWORD" "$XDG_STATE_HOME" || true)" . "the password is nowhere in the run's directory"

# The dump restores with psql alone, as one of pg_dumpall does.
docker run -d --name "$RECOVERY_CONTAINER" -e POSTGRES_PASSWORD="$POSTGRES_PASSWORD" "$OLD_IMAGE" >/dev/null
wait_for 60 docker exec "$RECOVERY_CONTAINER" psql -h 127.0.0.1 -U postgres -c 'SELECT 1'
docker exec -i "$RECOVERY_CONTAINER" psql -X -q -U postgres <"$BACKUP_DIR/backup.sql" >/dev/null 2>"$test_dir/psql.err" || true
is "$(grep -c ERROR "$test_dir/psql.err")" 1 "restored by hand it has one message"
like "$(cat "$test_dir/psql.err")" 'role "postgres" already exists' "the harmless one"
is "$(docker exec "$RECOVERY_CONTAINER" psql -X -At -U postgres -d limor_prod -c 'SELECT count(*) FROM shop.customers')" \
    "$(psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM shop.customers')" "and every row"
docker rm -fv "$RECOVERY_CONTAINER" >/dev/null

docker rm -fv "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null
copy two --set "backup_dir=$BACKUP_DIR"
is "$status" 11 "a backup that another run wrote isn't overwritten"
like "$output" 'backup.sql already' "the message names it"
like "$output" 'What to do:' "and says what to do"
program_says rollback two

# One row less on the copy: found, named, and the run fails.
app_pause
copy three --set "backup_dir=$BACKUP_DIR/three" \
    --set 'spoil=DELETE FROM app.events WHERE ctid = (SELECT min(ctid) FROM app.events)'
is "$status" 11 "one row less on the copy fails the comparison"
like "$output" 'FAIL +limor_prod: app.events: .*\(-1\)' "which names the table and the difference"
like "$(grep -h DIFFERENT "$XDG_STATE_HOME"/pgrunbook/runs/three/evidence/*.tsv)" '^limor_prod.app.events' "as does the evidence"
is "$(run_field three .current_step)" copy/verify "the run stands at the comparison"
program_says rollback three
done_testing
