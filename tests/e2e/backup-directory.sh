#!/usr/bin/env bash
# A backup as a directory: the copy is the same as by the plain way; what is missing, changed, cut off or of
# somebody else is found; nothing is left behind.
# time-limit: 1200
# shellcheck disable=SC2016,SC2119 # PostgreSQL names with $, no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up --no-app
export POSTGRES_PASSWORD

# The runbook of the other copies, with another backup.
copy_book=$test_dir/copy.yaml
sed -e 's#pg.backup: .*#pg.backup: {server: old, to: "${backup_dir}/backup", format: "${format}", jobs: "${jobs}", compress: "${compress}"}#' \
    -e 's#backup.sql"#backup"#' -e 's#pg.restore: {server: new, from: "${backup}"#&, jobs: "4"#' \
    -e 's#^  user: .*#&\n  format:   {default: directory, about: of the backup}\n  jobs:     {default: "2", about: how many}\n  compress: {default: "gzip:1", about: of the backup}#' \
    "$lib_dir/copy.yaml" >"$copy_book"

copy() {
    program_says run "$copy_book" --plain --run-id "$1" --vars "$VARS_FILE" --set "backup_dir=$BACKUP_DIR/$1" "${@:2}"
}

# one ACTION: a runbook of one step.
one() {
    cat >"$test_dir/one.yaml" <<YAML
runbook: 1
name: one
title: One step
vars:
  container: {default: $OLD_CONTAINER, about: the server}
  password:  {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  it: {container: "\${container}", password: "\${password}"}
phases:
  - id: one
    title: One
    steps:
      - id: one
        $1
YAML
    runs=$((${runs:-0} + 1))
    program_says run "$test_dir/one.yaml" --plain --run-id "one-$runs" "${@:2}"
    program_said=$output one_status=$status
    program_says rollback "one-$runs"
    output=$program_said status=$one_status
}

check() {
    one "pg.check_backup: {from: \"$1\"}"
}

helpers() {
    docker ps -aq --filter label=org.pgrunbook.helper="$1"
}
no_helper() {
    [ -z "$(helpers "$1")" ]
}

sql() {
    docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d "$1"
}

remove_copy() {
    docker rm -fv "$NEW_CONTAINER" >/dev/null
    docker volume rm "$NEW_VOLUME" >/dev/null
}

# All that the copy holds but its rows, in SQL, by the new server's own tools.
objects() {
    docker exec "$NEW_CONTAINER" pg_dumpall -U postgres --schema-only | grep -vE '^(--|\\(un)?restrict |$)'
}
large_objects() {
    psql_at "$1" limor_prod 'SELECT oid, md5(lo_get(oid)), (SELECT lomacl FROM pg_largeobject_metadata m WHERE m.oid = l.oid), obj_description(oid) FROM pg_largeobject_metadata l ORDER BY 1'
}

# All is attached, nothing has fired, what needs the attached indexes is there.
last_of_tree() {
    psql_at "$NEW_PORT" tree "SELECT (SELECT count(*) FROM pg_index WHERE NOT indisvalid), (SELECT count(*) FROM pg_inherits), (SELECT count(*) FROM fired),
        (SELECT count(*) FROM pg_constraint WHERE contype = 'f'), (SELECT sum(count) FROM per_kind), (SELECT obj_description(oid, 'pg_event_trigger') FROM pg_event_trigger)"
}

roles() {
    psql_at "$1" postgres "SELECT rolname, rolpassword, rolconnlimit, (SELECT string_agg(format('%s %s', datname, setconfig), ' ' ORDER BY datname)
        FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = setdatabase WHERE setrole = r.oid) FROM pg_authid r WHERE rolname !~ '^pg_' ORDER BY 1"
}

sql postgres <<'SQL'
CREATE DATABASE "odd/../""name"" x" TEMPLATE template0;
CREATE DATABASE empty;
CREATE DATABASE pattern IS_TEMPLATE true;
CREATE ROLE "Weird Role" LOGIN PASSWORD 'we''ird' CONNECTION LIMIT 7;
ALTER ROLE "Weird Role" SET work_mem = '9MB';
ALTER DATABASE limor_dev SET default_transaction_read_only = on;
ALTER DATABASE limor_prod SET work_mem = '7MB';
ALTER DATABASE limor_prod CONNECTION LIMIT 90;
ALTER DATABASE postgres SET work_mem = '5MB';
ALTER ROLE "Weird Role" IN DATABASE postgres SET work_mem = '8MB';
COMMENT ON DATABASE postgres IS 'the first one';
GRANT CREATE ON DATABASE postgres TO "Weird Role";
REVOKE CONNECT ON DATABASE limor_prod FROM PUBLIC; GRANT CONNECT ON DATABASE limor_prod TO "Weird Role";
CREATE TABLE in_postgres (id int); INSERT INTO in_postgres SELECT generate_series(1, 12);
SQL
sql template1 <<<'CREATE TABLE in_template1 (id int); INSERT INTO in_template1 VALUES (1), (2);'
sql pattern <<<'CREATE TABLE in_pattern (id int); INSERT INTO in_pattern VALUES (1);'
sql 'odd/../"name" x' <<'SQL'
CREATE SCHEMA "Sch""ema %s $1"; SET search_path = "Sch""ema %s $1";
CREATE TABLE "ta\ble; --
two" ("col umn" text); INSERT INTO "ta\ble; --
two" VALUES (E'\\.'), (NULL), (''), ('pg_restore: error: could not execute query: ERROR:  no');
CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO parted SELECT date '2026-01-01' + n % 50 - date '2025-01-01', date '2026-01-01' + n % 50 FROM generate_series(1, 1000) n;
CREATE TABLE guarded (id int); INSERT INTO guarded SELECT generate_series(1, 100);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON guarded USING (id < 10);
CREATE UNLOGGED TABLE unlogged (id int); INSERT INTO unlogged VALUES (1);
CREATE FUNCTION said() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE '
error: ERROR:  pg_restore: no'; END $f$;
SQL
sql limor_prod <<<"SELECT lo_from_bytea(424242, decode(repeat('00ff10', 70000), 'hex')); COMMENT ON LARGE OBJECT 424242 IS 'large'; GRANT SELECT ON LARGE OBJECT 424242 TO \"Weird Role\";" >/dev/null

# Jobs of pg_restore that deadlock when they run side by side: the build of index `meets` holds the root, and wants its
# partitions' indexes as soon as somebody waits for the root; who attaches such an index locks it and waits for the
# root, where what is above is attached already (the build of `late` sees to that). Enums make pg_dump fill `hashed` by
# its root, so that an index on its partition is left to pg_restore. Both builds end by
# themselves.
sql postgres <<<'CREATE DATABASE tree TEMPLATE template0'
sql tree <<'SQL'
CREATE TABLE kinds (id int PRIMARY KEY); INSERT INTO kinds SELECT generate_series(1, 3);
CREATE TABLE root (id int, kind int REFERENCES kinds, note text) PARTITION BY LIST (kind);
DO $d$ BEGIN
    FOR n IN 1..3 LOOP
        EXECUTE format('CREATE TABLE root_%s PARTITION OF root FOR VALUES IN (%s) PARTITION BY HASH (id)', n, n);
        EXECUTE format('CREATE TABLE root_%s_leaf PARTITION OF root_%s FOR VALUES WITH (MODULUS 1, REMAINDER 0)', n, n);
    END LOOP;
END $d$;
CREATE UNIQUE INDEX root_key ON root (id, kind); CREATE INDEX root_note ON root (note);
INSERT INTO root SELECT n, n % 3 + 1, md5(n::text) FROM generate_series(1, 300) n;
CREATE TABLE refers (id int, kind int, FOREIGN KEY (id, kind) REFERENCES root (id, kind));
INSERT INTO refers SELECT id, kind FROM root;
COMMENT ON CONSTRAINT refers_id_kind_fkey ON refers IS 'to a partitioned key';
CREATE MATERIALIZED VIEW per_kind AS SELECT kind, count(*) FROM root GROUP BY kind;
GRANT SELECT ON per_kind TO "Weird Role";
CREATE FUNCTION by_pg_restore() RETURNS boolean LANGUAGE sql STABLE AS $f$ SELECT current_setting('application_name') = 'pg_restore' $f$;
CREATE FUNCTION late(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
    IF $1 = 3 AND public.by_pg_restore() THEN PERFORM pg_catalog.pg_sleep(1); END IF;
    RETURN $1;
END $f$;
CREATE INDEX root_late ON root (late(id));
CREATE FUNCTION meets(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
    IF public.by_pg_restore() THEN
        PERFORM FROM ONLY public.root;
        FOR n IN 1..25 LOOP
            EXIT WHEN EXISTS (SELECT FROM pg_catalog.pg_locks WHERE NOT granted AND relation = 'public.root'::regclass);
            PERFORM pg_catalog.pg_sleep(0.1);
        END LOOP;
        PERFORM FROM public.root;
    END IF;
    RETURN $1;
END $f$;
CREATE TYPE place AS ENUM ('here');
CREATE TABLE hashed (place place, id int) PARTITION BY HASH (place);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO hashed VALUES ('here', 1);
CREATE INDEX meets ON hashed_1 (meets(id));
CREATE TABLE fired (tag text);
CREATE FUNCTION fires() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO public.fired VALUES (tg_tag); END $f$;
CREATE EVENT TRIGGER fires ON ddl_command_end WHEN TAG IN ('CREATE INDEX', 'ALTER INDEX', 'ALTER TABLE') EXECUTE FUNCTION fires();
COMMENT ON EVENT TRIGGER fires IS 'for what comes behind it';
SQL

# ---- the same copy by both ways ----

copy plain --set format=plain
is "$status" 0 "the copy by one SQL file is complete"
[ "$status" = 0 ] || show_output 40
objects >"$test_dir/plain.objects"
exact_digests "$NEW_PORT" >"$test_dir/plain.digests"
last=$(last_of_tree)
like "$last" '^0\|25\|0\|[0-9]+\|300\|for what comes behind it$' "partitions and an event trigger as they should be"
remove_copy

copy dir
is "$status" 0 "the copy by a directory is complete"
[ "$status" = 0 ] || show_output 60
backup=$BACKUP_DIR/dir/backup
objects >"$test_dir/dir.objects"
isnt "$(wc -l <"$test_dir/dir.objects")" 0 "it has objects"
is "$(cat "$test_dir/dir.objects")" "$(cat "$test_dir/plain.objects")" "the same as by the other way"
exact_digests "$NEW_PORT" >"$test_dir/dir.digests"
is "$(cat "$test_dir/dir.digests")" "$(cat "$test_dir/plain.digests")" "the same rows"
is "$(cat "$test_dir/dir.digests")" "$(exact_digests "$PG_PORT")" "which are the old server's"
is "$(sequence_values "$NEW_PORT")" "$(sequence_values "$PG_PORT")" "and sequences"
is "$(large_objects "$NEW_PORT")" "$(large_objects "$PG_PORT")" "and large objects with their comments and grants"
is "$(roles "$NEW_PORT")" "$(roles "$PG_PORT")" "and roles with their passwords and settings"
is "$(psql_at "$NEW_PORT" template1 'SELECT count(*) FROM in_template1')" 2 "template1 has its table"
is "$(last_of_tree)" "$last" "indexes and foreign keys of partitions of partitions, event triggers and comments on these"
like "$output" 'harmless: .*database "postgres" already exists' "what every server has is harmless"
like "$(cat "$XDG_STATE_HOME"/pgrunbook/runs/dir/logs/restore-*.log)" 'finished item [0-9]+ TABLE DATA' "all that pg_restore said is in the log"

is "$(stat -c %a "$backup")" 700 "nobody else can look into the backup"
is "$(find "$backup" -type f ! -perm 600 | wc -l)" 0 "nor read its files"
is "$(find "$BACKUP_DIR/dir" -name '*.partial' | wc -l)" 0 "nothing partial is left"
is "$(jq -r '.files[].path' "$backup/manifest.json" | LC_ALL=C sort)" \
    "$(cd "$backup" && find . -type f ! -name manifest.json -printf '%P\n' | LC_ALL=C sort)" "the manifest lists every file"
is "$(jq -r '.files[] | "\(.sha256)  \(.path)"' "$backup/manifest.json" | (cd "$backup" && sha256sum --check --quiet 2>&1))" '' "with its SHA-256"
like "$(run_field dir '.facts.backup // empty | tostring' || true)$(grep -h '"key":"backup"' "$XDG_STATE_HOME/pgrunbook/runs/dir/journal.jsonl")" '"snapshots":\{.*"xid":"[0-9]+"' "the fact has each snapshot's transaction id"
ok "no helper container is left" no_helper dir
unlike "$(grep -rl -- "$POSTGRES_PASSWORD" "$XDG_STATE_HOME" "$backup" || true)" . "the password is nowhere in the run's directory or the backup"

# ---- the new server loaded beside the dump ----

remove_copy
sed -e '/^      - id: backup$/,/pg.check_backup/d' \
    -e 's#^        docker.wait_ready: .*#&\n      - id: backup\n        pg.backup: {server: old, to: "${backup_dir}/backup", format: directory, compress: none, into: new, jobs: "2"}\n      - id: check-backup\n        pg.check_backup: {from: "${backup}"}#' \
    "$copy_book" >"$test_dir/beside.yaml"
program_says run "$test_dir/beside.yaml" --plain --run-id beside --vars "$VARS_FILE" --set "backup_dir=$BACKUP_DIR/beside"
is "$status" 0 "the copy is complete, and compared"
[ "$status" = 0 ] || show_output 60
like "$output" 'all of it was loaded while the old server was dumped' "it was loaded beside the dump"
is "$(objects)" "$(cat "$test_dir/plain.objects")" "the same objects"
is "$(exact_digests "$NEW_PORT")" "$(cat "$test_dir/plain.digests")" "the same rows"
is "$(sequence_values "$NEW_PORT")" "$(sequence_values "$PG_PORT")" "and sequences"
is "$(large_objects "$NEW_PORT")" "$(large_objects "$PG_PORT")" "and large objects with their comments and grants"
is "$(roles "$NEW_PORT")" "$(roles "$PG_PORT")" "and roles with their passwords and settings"
is "$(psql_at "$NEW_PORT" template1 'SELECT count(*) FROM in_template1')" 2 "template1 has its table"
is "$(last_of_tree)" "$last" "indexes and foreign keys of partitions of partitions, event triggers and comments on these"
ok "no helper container is left" no_helper beside
unlike "$(grep -rl -- "$POSTGRES_PASSWORD" "$XDG_STATE_HOME" "$BACKUP_DIR/beside" || true)" . "the password is nowhere in the run's directory or the backup"
remove_copy
sql postgres <<<'DROP DATABASE tree' # what follows needn't wait for it
sed -e 's#compress: none#compress: "gzip:1"#' "$test_dir/beside.yaml" >"$test_dir/compressed.yaml"
program_says run "$test_dir/compressed.yaml" --plain --run-id compressed --vars "$VARS_FILE" --set "backup_dir=$BACKUP_DIR/compressed"
is "$status" 0 "with a dump that can't be followed the copy is complete as well"
like "$output" "couldn't be loaded beside the dump.* compressed" "and it says why"

# ---- a backup that isn't whole ----

check "$backup"
is "$status" 0 "the backup is whole"
broken=$test_dir/broken
break_it() {
    rm -rf "$broken"
    cp -a "$backup" "$broken"
    data=$(find "$broken" -name '*.dat.gz' -size +0 | LC_ALL=C sort | sed -n 1p)
}
break_it
rm "$data"
check "$broken"
is "$status" 11 "a missing file is found"
like "$output" "not whole: .*${data##*/} is missing" "by its name"
break_it
truncate -s -1 "$data"
check "$broken"
like "$output" "${data##*/} has [0-9]+ bytes instead of" "so is a truncated one"
break_it
printf '\001' | dd of="$data" bs=1 seek=10 conv=notrunc status=none
check "$broken"
is "$status" 11 "so is one with another byte"
like "$output" "${data##*/} has another SHA-256" "by its SHA-256"
break_it
head -c 300 "$backup/manifest.json" >"$broken/manifest.json"
check "$broken"
like "$output" 'not whole: manifest.json' "half a manifest is no manifest"
rm "$broken/manifest.json"
check "$broken"
like "$output" 'not whole: there is no manifest.json' "nor is none"
break_it
echo mine >"$broken/notes.txt"
check "$broken"
like "$output" 'holds notes.txt, which' "a stranger's file is named"

# A dump whose table of contents lacks a table that had rows: its manifest is right about the files.
break_it
jq '(.databases[] | select(.name == "limor_prod").tables) += [["shop", "vanished", 3, ""]]' "$backup/manifest.json" >"$broken/manifest.json"
check "$broken"
is "$status" 11 "a table without rows in the dump is found"
like "$output" 'holds no rows of table shop.vanished' "by its name"

one "pg.restore: {server: it, from: \"$backup\"}"
is "$status" 11 "a server in use isn't restored into"
like "$output" "isn't empty: database" "it says why"

# ---- removed, and nothing else ----

break_it
echo mine >"$broken/notes.txt"
one "file.remove: {path: \"$broken\"}"
is "$status" 11 "a directory with a stranger's file isn't removed"
ok "it is complete" test -e "$data" -a -e "$broken/manifest.json"
rm "$broken/notes.txt"
one "file.remove: {path: \"$broken\"}"
is "$status" 0 "a backup's directory is removed"
not_ok "all of it" test -e "$broken"
mkdir -p "$test_dir/own/photos"
touch "$test_dir/own/photos/one"
one "file.remove: {path: \"$test_dir/own\"}"
is "$status" 11 "any other directory isn't"
ok "it is there" test -e "$test_dir/own/photos/one"
remove_copy

# ---- whose directory it is ----

program_says run "$copy_book" --plain --run-id other --vars "$VARS_FILE" --set "backup_dir=$BACKUP_DIR/dir"
is "$status" 11 "another run's directory isn't written over"
like "$output" 'there is a directory .*backup already' "it is named"
program_says rollback other
mkdir -p "$BACKUP_DIR/half/backup.partial"
copy half
is "$status" 11 "nor is what another run has left half done"
like "$output" 'of another run that was cut off' "it says so"
program_says rollback half

# ---- compression ----

for method in none gzip:9; do
    one "pg.backup: {server: it, to: \"$test_dir/$method\", format: directory, compress: \"$method\"}"
    is "$status" 0 "a backup with compress: $method"
    check "$test_dir/$method"
    is "$status" 0 "is whole"
done
at_most "$(du -sb "$test_dir/gzip:9" | cut -f1)" "$(du -sb "$test_dir/none" | cut -f1)" "the compressed one is smaller"
one "pg.backup: {server: it, to: \"$test_dir/zstd\", format: directory, compress: \"zstd:3\"}"
is "$status" 11 "the tools of PostgreSQL 15 have no zstd"
like "$output" "pg_dump 15 can't compress with zstd" "it says so"
like "$output" 'gzip:1 or none' "and what they have"
one "pg.backup: {server: it, to: \"$test_dir/brotli\", format: directory, compress: \"brotli:3\"}"
like "$output" 'is no method of compression' "nobody has brotli"
docker run -d --name "$RECOVERY_CONTAINER" -e POSTGRES_PASSWORD="$POSTGRES_PASSWORD" "$NEW_IMAGE" >/dev/null
wait_for 60 docker exec "$RECOVERY_CONTAINER" psql -h 127.0.0.1 -U postgres -c 'SELECT 1'
docker exec "$RECOVERY_CONTAINER" psql -qU postgres -c 'CREATE TABLE items AS SELECT generate_series(1, 1000)'
for method in zstd:3 lz4; do
    one "pg.backup: {server: it, to: \"$test_dir/17-$method\", format: directory, compress: \"$method\"}" --set "container=$RECOVERY_CONTAINER"
    is "$status" 0 "those of 17 have $method"
    check "$test_dir/17-$method"
    is "$status" 0 "which they read back"
done
docker rm -fv "$RECOVERY_CONTAINER" >/dev/null

# ---- what no snapshot hides ----

# truncated FORMAT: while the backup waits for a table's lock, after its snapshot, the table is emptied.
truncated() {
    sql limor_prod <<'SQL' &
BEGIN;
LOCK TABLE catalog.products;
DO $$ BEGIN
    FOR n IN 1..600 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                           WHERE NOT l.granted AND a.application_name IN ('pg_dump', 'pgrunbook'));
        PERFORM pg_sleep(0.1), pg_stat_clear_snapshot();
    END LOOP;
END $$;
CREATE TEMP TABLE kept AS SELECT * FROM catalog.products;
TRUNCATE catalog.products;
COMMIT;
INSERT INTO catalog.products OVERRIDING SYSTEM VALUE SELECT * FROM kept;
SQL
    local session=$!
    wait_for 20 psql_at "$PG_PORT" limor_prod "SELECT 1 / count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'catalog.products'::regclass"
    one "pg.backup: {server: it, to: \"$test_dir/truncated-$1\", format: $1}"
    wait "$session"
    is "$status" 11 "a table that is emptied between the snapshot and the dump fails the $1 backup"
    like "$output" 'table catalog\.products was emptied' "it is named"
    is "$(find "$test_dir" -maxdepth 1 -name 'truncated-*' | wc -l)" 0 "and no backup is left"
}
truncated directory
truncated plain

# ---- a server that no client reaches ----

one "pg.fence: {server: it, mode: network}
        undo: {pg.unfence: {server: it}}
      - id: backup
        pg.backup: {server: it, to: \"$test_dir/fenced\", format: directory}
      - id: alone
        shell: {command: \"docker inspect -f 'networks {{len .NetworkSettings.Networks}}' $OLD_CONTAINER; exit 3\"}"
like "$output" 'one/backup done' "a server whose container is on no network is backed up"
like "$output" 'networks 0' "as it was on none then"
check "$test_dir/fenced"
is "$status" 0 "and the backup is whole"

# ---- cut off ----

# Its COPY lasts on the new server, whatever the machine: a CHECK is evaluated for each row.
sql limor_prod <<'SQL'
CREATE FUNCTION slowly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN PERFORM pg_sleep(0.03); END IF;
    RETURN $1;
END $$;
CREATE TABLE large AS SELECT n, md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) AS text FROM generate_series(1, 700000) n;
ALTER TABLE large ADD CHECK (n % 7000 <> 0 OR slowly(n) IS NOT NULL);
SQL
partial_has() {
    [ "$(du -sk "$BACKUP_DIR/$1/backup.partial" | cut -f 1)" -gt 4000 ]
}
(copy killed --set compress=gzip:9) & # its output is its own; slow, so that the dump lasts
copying=$!
wait_for 120 partial_has killed || bail_out "no backup is under way"
isnt "$(helpers killed)" '' "while it is dumped there is a helper container"
engine=$(grep -h '"type":"engine_started"' "$XDG_STATE_HOME/pgrunbook/runs/killed/journal.jsonl" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')
kill -9 "$engine"
wait "$copying" || true
ok "with the engine killed, the helper container goes" wait_for 60 no_helper killed
is "$(find "$BACKUP_DIR/killed" -mindepth 1 -maxdepth 1 -printf '%f\n')" backup.partial "what is left has a partial name"
copy killed
is "$status" 0 "the next start takes the backup anew, and the copy is complete"
[ "$status" = 0 ] || show_output 60
is "$(find "$BACKUP_DIR/killed" -mindepth 1 -maxdepth 1 -printf '%f\n')" backup "the partial one is gone"
is "$(exact_counts "$NEW_PORT")" "$(exact_counts "$PG_PORT")" "with every row"
remove_copy

(copy cut) &
copying=$!
wait_for 120 psql_at "$NEW_PORT" limor_prod 'SELECT 1 / count(*) FROM pg_stat_progress_copy' || bail_out "no COPY was seen"
docker top "$(helpers cut)" -eo pid,comm | awk '$2 == "pg_restore" { print $1 }' | xargs -r kill -9
wait "$copying" || true
is "$(run_field cut .current_step)" copy/restore "pg_restore was killed in the middle of the restore"
ok "its helper container is gone" no_helper cut
copy cut
is "$status" 0 "retried, the restore begins anew and is complete"
[ "$status" = 0 ] || show_output 60
is "$(exact_counts "$NEW_PORT")" "$(exact_counts "$PG_PORT")" "with every row once"
remove_copy

(copy tool --set compress=gzip:9) &
copying=$!
wait_for 120 partial_has tool || bail_out "no backup is under way"
dumps() { # of the largest database
    docker top "$(helpers tool)" -eo pid,args | grep 'pg_dump .*/01-limor_prod' | awk '{ print $1 }'
}
all_but_one_are_dumped() {
    local commands
    [ "$(find "$BACKUP_DIR/tool/backup.partial" -name toc.dat | wc -l)" = "$databases" ] &&
        commands=$(commands_in "$(helpers tool)") &&
        [ -z "$(grep 'pg_dump ' <<<"$commands" | grep -v '/01-limor_prod')" ]
}
databases=$(psql_at "$PG_PORT" postgres 'SELECT count(*) FROM pg_database WHERE datallowconn')
dumps | xargs -r kill -STOP
ok "while the largest database is dumped, all others are" wait_for 60 all_but_one_are_dumped
dumps | xargs -r kill -9
wait "$copying" || true
is "$(run_field tool .current_step)" copy/backup "pg_dump was killed"
like "$("$program" status tool)" 'database "limor_prod": pg_dump in .* ended with status' "it says so, and of which database"
is "$(find "$BACKUP_DIR/tool" -type f | wc -l)" 0 "the partial backup is gone"
program_says rollback tool

# Another database fails while that one is dumped.
sql postgres <<<'CREATE DATABASE broken TEMPLATE template0'
sql broken <<<"CREATE COLLATION stray FROM \"C\"; UPDATE pg_collation SET collnamespace = 999999 WHERE collname = 'stray'"
one "pg.backup: {server: it, to: \"$test_dir/broken\", format: directory, compress: \"gzip:9\", jobs: \"2\"}"
is "$status" 11 "when one of several databases can't be dumped, the backup fails"
like "$output" 'backup of database "broken": ' "it names the database"
is "$(find "$test_dir" -maxdepth 1 -name 'broken*.partial')" '' "and nothing of the others is left"
ok "no helper container either" no_helper "one-$runs"
sql postgres <<<'DROP DATABASE broken'

mkdir "$test_dir/small"
if mount -t tmpfs -o size=2m tmpfs "$test_dir/small" 2>/dev/null; then
    program_says run "$copy_book" --plain --run-id full --vars "$VARS_FILE" --set "backup_dir=$test_dir/small" --set compress=none
    is "$status" 11 "a backup on a full disk fails"
    like "$output" 'No space left on device' "with the cause"
    like "$output" 'df -h' "and the remedy"
    is "$(find "$test_dir/small" -type f | wc -l)" 0 "and leaves nothing behind"
    umount "$test_dir/small"
    program_says rollback full
else
    skip "no tmpfs can be mounted here"
fi
sql limor_prod <<<'DROP TABLE large; DROP FUNCTION slowly'

# ---- another user; an engine that has other files ----

chmod 711 "$test_dir"
cp "$program" "$test_dir/pgrunbook"
install -d -o 12345 -g 12345 "$test_dir/user"
as_user() {
    output=$(cd / && XDG_STATE_HOME=$test_dir/user/state HOME=$test_dir/user \
        setpriv --reuid 12345 --regid 12345 --groups "$(stat -c %g /var/run/docker.sock)" \
        "$test_dir/pgrunbook" "$@" 2>&1 </dev/null) && status=0 || status=$?
}
if [ "$(id -u)" = 0 ] && [ -z "${DOCKER_HOST:-}" ]; then
    install -m 644 "$copy_book" "$test_dir/user/copy.yaml"
    install -m 600 -o 12345 "$VARS_FILE" "$test_dir/user/vars.yaml"
    as_user run "$test_dir/user/copy.yaml" --plain --run-id user --vars "$test_dir/user/vars.yaml" --set "backup_dir=$test_dir/user/backups"
    is "$status" 0 "a user who isn't root copies too"
    [ "$status" = 0 ] || show_output 40
    is "$(find "$test_dir/user/backups" ! -user 12345 | wc -l)" 0 "all files are the user's own"
    remove_copy
    output=$(unshare -m sh -c "mount -t tmpfs tmpfs '$test_dir/small' && exec '$program' run '$copy_book' --plain --run-id elsewhere --vars '$VARS_FILE' --set 'backup_dir=$test_dir/small'" 2>&1 </dev/null) && status=0 || status=$?
    is "$status" 11 "an engine that has other files than this machine is found out"
    like "$output" 'format: plain' "the remedy is the other format"
    program_says rollback elsewhere
else
    skip "not root, or an engine elsewhere"
fi
is "$(docker ps -aq --filter label=org.pgrunbook.helper --filter "label=org.pgrunbook.run=elsewhere")" '' "no helper container is left"
done_testing
