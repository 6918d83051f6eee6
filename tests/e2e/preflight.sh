#!/usr/bin/env bash
# Before the backup: whatever is known to make an upgrade fail is put on real servers, and each thing has to be
# named; a server without any of it has to pass.
# time-limit: 300
# shellcheck disable=SC2016 # SQL with $
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up --no-app
export POSTGRES_PASSWORD APP_PASSWORD

runs=0

# look STEP [ARGUMENT]...: one step against the stack's servers; a run that stopped is taken back.
look() {
    local step=$1
    shift
    runs=$((runs + 1))
    program_says run "$lib_dir/preflight.yaml" --plain --run-id "look-$runs" --vars "$VARS_FILE" --set "only=$step" "$@"
    case $status in
    10 | 11) "$program" rollback "look-$runs" --plain >/dev/null 2>&1 </dev/null || true ;;
    esac
}

# names STATUS PATTERN DESCRIPTION
names() {
    if [ "$status" != "$1" ]; then
        fail "$3"
        diag "exit status $status instead of $1"
        show_output 40
        return
    fi
    like "$output" "$2" "$3"
}

sql() {
    docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d limor_prod
}

new_sql() {
    docker exec -i "$NEW_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d postgres
}

restart() {
    docker restart -t 30 "$1" >/dev/null
    wait_for 60 docker exec "$1" psql -h 127.0.0.1 -U postgres -c 'SELECT 1'
}

# ---- a server that has nothing in the way ----

look image
is "$status" 0 "the image suits a server without anything unusual"
[ "$status" = 0 ] || show_output
like "$output" 'pass +limor_prod: extension vector: version 0.8.0 in use, 0.8.0 in the image' "with its extensions"
like "$output" 'pass +locale en_US.utf8' "and its locale"
like "$output" 'warn +order of text indexes: glibc 2.36 on the old server, glibc 2.41 in the image' "another C library is told"
look server
is "$status" 0 "such a server passes"
[ "$status" = 0 ] || show_output
unlike "$output" 'FAIL' "without a failure"
like "$output" 'pass +health check' "and its health check is harmless"
look settings
is "$status" 0 "so do its settings"
[ "$status" = 0 ] || show_output

# ---- what the image carries ----

look image --set new_image=postgres:17
names 11 'lacks extensions that the old server uses: vector' "an image without pgvector is refused"
look image --set new_image=postgres:17 --set allow=vector
is "$status" 0 "unless that is allowed"

extension_version() {
    sql <<<"UPDATE pg_extension SET extversion = '$1' WHERE extname = 'vector'"
}

extension_version 0.0.9
look image
names 11 'FAIL .*extension vector: version 0.0.9 in use, 0.8.0 in the image, and no script leads' "a version without an update path is refused"
extension_version 0.9.1
look image
names 11 'FAIL .*version 0.9.1 in use, 0.8.0 in the image: an older one, and the one in use' "so is one newer than the image's"
extension_version 0.7.4
look image
names 0 'warn .*version 0.7.4 in use, 0.8.0 in the image: the new server will have the newer one' "one with a path is a warning"
extension_version 0.8.0

sql <<'SQL'
CREATE EXTENSION adminpack;
CREATE FUNCTION own_write(text, text, boolean) RETURNS bigint AS '$libdir/adminpack', 'pg_file_write' LANGUAGE C;
ALTER ROLE limor_app SET session_preload_libraries = 'auto_explain, $libdir/old_snapshot';
CREATE COLLATION elsewhere (locale = 'C.utf8');
UPDATE pg_collation SET collcollate = 'de_DE.utf8', collctype = 'de_DE.utf8' WHERE collname = 'elsewhere';
SQL
look image
names 11 'FAIL +extension adminpack: .*lacks extensions' "an extension that PostgreSQL 17 dropped is refused"
like "$output" 'DROP EXTENSION adminpack on the old server' "with what to do about it"
like "$output" 'FAIL +library adminpack: used by functions or a language of database limor_prod' "a function's library that the image lacks is named"
like "$output" 'FAIL +library old_snapshot: in session_preload_libraries \(role limor_app\)' "as is a preloaded one"
like "$output" 'pass +library auto_explain' "and not one that it has"
like "$output" 'FAIL +locale de_DE.utf8: .*image doesn.t have it' "a collation's locale that the image lacks is named"
sql <<'SQL'
DROP FUNCTION own_write; DROP EXTENSION adminpack; DROP COLLATION elsewhere;
ALTER ROLE limor_app RESET session_preload_libraries;
SQL

# ---- what the old server holds ----

docker exec "$OLD_CONTAINER" install -d -o postgres /var/lib/postgresql/elsewhere
sql <<'SQL'
ALTER SYSTEM SET max_prepared_transactions = 5;
ALTER SYSTEM SET wal_level = logical;
SQL
restart "$OLD_CONTAINER"
sql <<'SQL'
CREATE TABLE public.keyless (i int);
CREATE UNLOGGED TABLE public.fleeting (i int PRIMARY KEY);
CREATE TABLE information_schema.misplaced (i int PRIMARY KEY);
BEGIN; INSERT INTO public.keyless VALUES (1); PREPARE TRANSACTION 'stuck one';
SELECT pg_create_physical_replication_slot('standby_one') \g /dev/null
CREATE PUBLICATION news FOR ALL TABLES;
CREATE SUBSCRIPTION idle CONNECTION 'host=127.0.0.1 port=1' PUBLICATION x WITH (connect = false, slot_name = NONE);
CREATE SUBSCRIPTION busy CONNECTION 'host=127.0.0.1 port=1' PUBLICATION x WITH (connect = false, slot_name = 'busy');
ALTER SUBSCRIPTION busy ENABLE;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
CREATE TABLE public.pointed (i int PRIMARY KEY);
CREATE TABLE public.pointing (i int PRIMARY KEY REFERENCES public.pointed);
ALTER TABLE public.pointing DISABLE TRIGGER ALL;
CREATE DATABASE half_dropped;
UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'half_dropped';
UPDATE pg_database SET datcollversion = '2.0' WHERE datname = 'limor_prod';
CREATE TABLESPACE elsewhere LOCATION '/var/lib/postgresql/elsewhere';
SET password_encryption = md5;
CREATE ROLE old_client LOGIN PASSWORD 'kept as md5';
CREATE ROLE old_group PASSWORD 'kept as md5';
SQL
docker exec -d "$OLD_CONTAINER" pg_receivewal -U postgres -D /tmp --no-loop
wait_for 60 eval '[ "$(psql_at "$PG_PORT" postgres "SELECT count(*) FROM pg_stat_replication")" = 1 ]'

look server
is "$status" 11 "a server full of trouble is refused"
like "$output" 'points stand in the way' "the failure counts the points"
for pattern in \
    'FAIL +prepared transactions: stuck one \(of postgres in limor_prod, since 20' \
    'FAIL +replication slots: standby_one \(physical, inactive\)' \
    'FAIL +connected standbys and receivers: pg_receivewal from the socket' \
    'FAIL +enabled subscriptions: busy in limor_prod' \
    'warn +disabled subscriptions: idle in limor_prod' \
    'warn +publications: limor_prod: news' \
    'FAIL +invalid databases: half_dropped' \
    'FAIL +databases without connections: closed' \
    'FAIL +foreign keys with disabled triggers: limor_prod: pointing_i_fkey on (public.)?pointing' \
    'FAIL +tablespaces: elsewhere at /var/lib/postgresql/elsewhere' \
    "FAIL +tables in the system's schemas: limor_prod: information_schema.misplaced" \
    'warn +collation versions of databases: limor_prod \(made with 2.0, now 2.36\)' \
    'pass +tables without a primary key: .*limor_prod: public.keyless' \
    'pass +unlogged tables: .*limor_prod: public.fleeting' \
    'FAIL +passwords kept as md5: old_client: .*scram-sha-256, which refuses them'; do
    like "$output" "$pattern" "it names: $pattern"
done
unlike "$output" 'old_group' "a role that may not log in isn't asked for a password"
look server --set auth_method=md5
like "$output" 'pass +passwords kept as md5: old_client; the new server.s method md5 takes them' "md5 passwords are fine under md5 rules"
look server --set allow=tablespaces
like "$output" 'warn +tablespaces: .*allowed by the runbook' "what is allowed is a warning"

sql >/dev/null 2>&1 <<'SQL'
SELECT pg_terminate_backend(pid) FROM pg_stat_replication;
ROLLBACK PREPARED 'stuck one';
SELECT pg_drop_replication_slot('standby_one');
DROP PUBLICATION news;
ALTER SUBSCRIPTION busy DISABLE; ALTER SUBSCRIPTION busy SET (slot_name = NONE); DROP SUBSCRIPTION busy; DROP SUBSCRIPTION idle;
DROP DATABASE half_dropped; DROP DATABASE closed; DROP TABLE public.pointing, public.pointed; DROP TABLESPACE elsewhere; DROP TABLE information_schema.misplaced;
ALTER DATABASE limor_prod REFRESH COLLATION VERSION;
SET password_encryption = 'scram-sha-256';
ALTER ROLE old_client PASSWORD 'kept anew';
SQL
look server
is "$status" 0 "with all of it mended the server passes"
[ "$status" = 0 ] || show_output

# ---- settings that the new major doesn't take ----

docker run -d --name "$RECOVERY_CONTAINER" --health-cmd 'pg_isready -U postgres' -p "127.0.0.1::5432" -e POSTGRES_PASSWORD="$POSTGRES_PASSWORD" "$OLD_IMAGE" \
    -c vacuum_defer_cleanup_age=1 -c old_snapshot_threshold=60 >/dev/null
odd=(--set "old_container=$RECOVERY_CONTAINER")
wait_for 60 docker exec "$RECOVERY_CONTAINER" psql -h 127.0.0.1 -U postgres -c 'SELECT 1'
look server "${odd[@]}"
names 0 'warn +health check: it runs by a shell' "a health check whose child the server may inherit is named"
like "$output" 'health check: In the compose file: .*"CMD".*init: true' "with what to do about it"
docker exec -i "$RECOVERY_CONTAINER" psql -X -q -U postgres >/dev/null <<'SQL'
ALTER SYSTEM SET db_user_namespace = off;
ALTER SYSTEM SET trace_recovery_messages = 'log';
ALTER SYSTEM SET primary_conninfo = 'host=nowhere password=hush-hush-hush';
ALTER SYSTEM SET max_connections = 300;
ALTER SYSTEM SET work_mem = '32MB';
ALTER SYSTEM SET shared_preload_libraries = 'auto_explain';
CREATE ROLE app LOGIN;
ALTER ROLE app SET force_parallel_mode = on;
ALTER ROLE app SET TimeZone = 'US/Pacific';
SELECT pg_reload_conf();
SQL
docker exec "$RECOVERY_CONTAINER" sh -c 'echo "shop.mode = night" >>"$PGDATA/postgresql.conf"
    printf "%s\n" "hostssl shop app 10.1.2.0/24 cert" "host shop +app 10.1.2.0/24 md5" >>"$PGDATA/pg_hba.conf"'

look settings "${odd[@]}"
is "$status" 11 "settings that would stop the new server or the restore are refused"
for pattern in \
    'FAIL +setting vacuum_defer_cleanup_age: 1 \(command line\): gone since PostgreSQL 16' \
    'FAIL +setting old_snapshot_threshold: .*\(command line\): gone since PostgreSQL 17' \
    'FAIL +setting force_parallel_mode: on \(role app\): gone since PostgreSQL 16' \
    'FAIL +setting TimeZone: US/Pacific \(role app\): the new PostgreSQL refuses it: invalid value' \
    'warn +setting db_user_namespace: off \(postgresql.auto.conf line [0-9]+\): gone since PostgreSQL 17' \
    'warn +setting trace_recovery_messages: log \(postgresql.auto.conf line [0-9]+\)' \
    'warn +settings that wait for a restart: max_connections'; do
    like "$output" "$pattern" "they are named: $pattern"
done
evidence=$XDG_STATE_HOME/pgrunbook/runs/look-$runs/evidence/settings-look-settings.tsv
like "$(cat "$evidence")" $'^work_mem\t32MB\tpostgresql.auto.conf line [0-9]+\ttaken\t$' "the evidence has every setting with its source"
like "$(cat "$evidence")" $'^primary_conninfo\t\\*\\*\\*\t' "a connection string is masked"

# ---- two servers' settings ----

docker run -d --name "$NEW_CONTAINER" -p "127.0.0.1:$NEW_PORT:5432" -e POSTGRES_PASSWORD="$POSTGRES_PASSWORD" "$NEW_IMAGE" >/dev/null
wait_for 60 docker exec "$NEW_CONTAINER" psql -h 127.0.0.1 -U postgres -c 'SELECT 1'
restart "$RECOVERY_CONTAINER"
docker exec "$RECOVERY_CONTAINER" sh -c 'echo nonsense >>"$PGDATA/pg_hba.conf"'

look compare "${odd[@]}"
is "$status" 11 "a lower max_connections on the new server is refused"
for pattern in \
    'FAIL +setting max_connections: 300 \(postgresql.auto.conf line [0-9]+\) on the old server, 100 \(postgresql.conf line [0-9]+\) on the new one' \
    'FAIL +setting shared_preload_libraries: auto_explain .* empty \(default\) on the new one' \
    'warn +setting work_mem: 32MB .*4MB \(default\)' \
    "ALTER SYSTEM SET work_mem = '32MB'" \
    'warn +setting primary_conninfo: \*\*\* ' \
    'warn +setting shop.mode: night \(postgresql.conf line [0-9]+\)' \
    'warn +pg_hba.conf: only the old server has: hostssl shop app 10.1.2.0 255.255.255.0 cert' \
    'warn +pg_hba.conf: only the old server has: host shop \+app 10.1.2.0 255.255.255.0 md5' \
    'warn +pg_hba.conf: on the old server it has a fault: line [0-9]+: '; do
    like "$output" "$pattern" "it names: $pattern"
done
unlike "$output" 'setting (TimeZone|lc_|data_directory|server_version|port)' "what each server has of its own isn't named"
unlike "$(grep -r hush-hush "$XDG_STATE_HOME" || true)" . "its password is nowhere in the runs' directories"
new_sql <<'SQL'
ALTER SYSTEM SET max_connections = 300;
ALTER SYSTEM SET shared_preload_libraries = 'auto_explain';
SQL
restart "$NEW_CONTAINER"
look compare "${odd[@]}"
is "$status" 0 "carried over, they are no failure any more"
[ "$status" = 0 ] || show_output

look later
names 11 'asking the old server for its settings: ' "a server that doesn't answer is a failure as long as traffic is on it"
unlike "$output" 'on record' "and no record stands in for it"
restart "$OLD_CONTAINER"
look later --set switched=yes
names 11 'server "old" is gone: its settings are those on record' "after the switchover it is compared by its record"
like "$output" 'warn +pg_hba.conf: not compared' "which holds no rules, and this is said"
like "$output" 'FAIL +setting max_prepared_transactions: 5 \(postgresql.auto.conf line [0-9]+\) on the old server, 0 \(default\)' "with its values and their sources"
restart "$OLD_CONTAINER"

# ---- the application's own login ----

new_sql <<'SQL'
CREATE DATABASE limor_prod;
CREATE ROLE limor_app LOGIN PASSWORD 'temporary';
CREATE ROLE outdated LOGIN PASSWORD 'temporary';
CREATE ROLE idler NOLOGIN PASSWORD 'temporary';
SQL
new_sql <<<"ALTER ROLE limor_app PASSWORD '$APP_PASSWORD'; ALTER ROLE idler PASSWORD '$APP_PASSWORD';
SET password_encryption = md5; ALTER ROLE outdated PASSWORD '$APP_PASSWORD'"
look login --set app_user=limor_app
names 0 'pass +login: role limor_app, database limor_prod, from 1[0-9.]+: SELECT 1 answered \(password kept as scram-sha-256\)' "the application's login works"
like "$output" 'pass +how the server lets it in: pg_hba.conf line [0-9]+: host all all all scram-sha-256' "by a rule that asks for the password"
APP_PASSWORD=not-the-one look login --set app_user=limor_app
names 11 'role limor_app can.t log in .*: the password is wrong' "a wrong password is refused"
look login --set app_user=outdated
names 11 'kept as an md5 hash, and the rule asks for scram-sha-256' "an md5 hash under a scram rule is named as the cause"
look login --set app_user=idler
names 11 'the role may not log in' "as is NOLOGIN"
look login --set app_user=nobody
names 11 'the new server has no such role' "and a role that isn't there"
look login --set app_user=limor_app --set app_database=nowhere
names 11 'database "nowhere" does not exist' "and a database that isn't there"
look login
names 0 'warn +login: not tried' "without a role it is left out"
docker exec "$NEW_CONTAINER" sh -c 'sed -i "1i host limor_prod limor_app all trust" "$PGDATA/pg_hba.conf"'
new_sql <<<'SELECT pg_reload_conf()' >/dev/null
APP_PASSWORD=not-the-one look login --set app_user=limor_app
names 0 'warn +how the server lets it in: .*trust: it asked for no password' "a login by trust proves nothing"
unlike "$(grep -r "$APP_PASSWORD" "$XDG_STATE_HOME" || true)" . "the password is nowhere in the runs' directories"

# ---- where the backup goes ----

look docker
is "$status" 0 "a directory that can be written is fine"
look docker --set backup_dir=/proc/backups
names 11 'the backup would go to /proc/backups: directory /proc is on a file system that holds no files' "one that can't says so"
unlike "$output" '0 B free' "instead of how much is free there"
touch "$test_dir/a-file"
look docker --set "backup_dir=$test_dir/a-file/backups"
names 11 'Not a directory' "nor can one below a file"
docker rm -fv "$NEW_CONTAINER" >/dev/null
look free
is "$status" 0 "no backup stands in the way"
touch "$BACKUP_DIR/backup.sql"
look free
names 11 'backup.sql is there already, and this run didn.t write it' "a leftover backup is found at once"
done_testing
