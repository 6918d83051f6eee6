#!/usr/bin/env bash
# A whole run and its rollback leave the source as it was: every row, every line of its catalog, every byte of its
# files; and its own log of statements has nothing but reads and the fence's.
# time-limit: 600
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

# What this script does on the server itself is told from the program's doings by the name.
export PGAPPNAME=witness

all_databases() {
    psql_at "$PG_PORT" postgres "SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1"
}

# The source's log goes into its own data directory, where it outlives the container. Nothing is left to be tidied up:
# no autovacuum comes in between, every row is frozen, so that reading it sets no bit.
prepare_source() {
    local setting database
    for setting in "log_destination = 'jsonlog'" "logging_collector = on" "log_filename = 'source.log'" \
        "log_rotation_age = 0" "log_rotation_size = 0" "log_statement = 'all'" "log_connections = on" "autovacuum = off"; do
        psql_at "$PG_PORT" postgres "ALTER SYSTEM SET $setting"
    done
    docker restart -t 60 "$OLD_CONTAINER" >/dev/null
    wait_for 60 server_answers "$PG_PORT" || bail_out "the source doesn't come up with its log"
    wait_for 60 app_is_healthy || bail_out "the application doesn't come back"
    app_pause
    for database in $(all_databases); do
        psql_at "$PG_PORT" "$database" "VACUUM (FREEZE, ANALYZE)"
    done
    # Once more: the first one's own changes of the catalog.
    for database in $(all_databases); do
        psql_at "$PG_PORT" "$database" "VACUUM (FREEZE)"
    done
    psql_at "$PG_PORT" postgres "CHECKPOINT"
}

# One line a table of the system catalog, in every database: its rows as text, all columns.
catalog_digests() {
    local database
    for database in $(all_databases); do
        psql_script_at "$PG_PORT" "$database" <<'SQL'
SELECT format('SELECT current_database(), %L, count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")) FROM %s t',
              c.oid::regclass, c.oid::regclass)
  FROM pg_class c
 WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
 ORDER BY c.relname
\gexec
SQL
    done
}

sequence_digests() {
    local database
    for database in $(user_databases "$PG_PORT"); do
        psql_script_at "$PG_PORT" "$database" <<'SQL'
SELECT format('SELECT %L, %L, last_value, is_called FROM %s', current_database(), c.oid::regclass, c.oid::regclass)
  FROM pg_class c WHERE c.relkind = 'S' ORDER BY 1
\gexec
SQL
    done
}

# The server's identity and settings, and the transaction that comes next: none was given out, none wrote.
server_facts() {
    psql_at "$PG_PORT" postgres "
        SELECT 'system', system_identifier::text FROM pg_control_system()
        UNION ALL SELECT 'next transaction', pg_snapshot_xmax(pg_current_snapshot())::text
        UNION ALL SELECT 'setting', format('%s = %s (%s)', name, setting, applied) FROM pg_file_settings ORDER BY 1, 2"
}

# SHA-256 of every file of the data directory but those that each start and stop of a server writes: its control file,
# its log of changes, its counters, its caches. The server has to be stopped.
file_digests() {
    docker run --rm --network none -v "$OLD_VOLUME:/volume:ro" --entrypoint sh "$OLD_IMAGE" -c '
        cd /volume && find . -type f ! -path "./pg_wal/*" ! -path "./pg_stat/*" ! -path "./pg_stat_tmp/*" ! -path "./log/*" \
            ! -name pg_control ! -name pg_internal.init ! -name postmaster.opts ! -name postmaster.pid \
            ! -name current_logfiles -print0 | LC_ALL=C sort -z | xargs -0 sha256sum'
}

stop_source() {
    docker stop -t 60 "$OLD_CONTAINER" >/dev/null
}

start_source() {
    docker start "$OLD_CONTAINER" >/dev/null
    wait_for 60 server_answers "$PG_PORT" || bail_out "the source doesn't come up again"
}

functions_of_the_source() {
    local database
    for database in $(user_databases "$PG_PORT"); do
        psql_at "$PG_PORT" "$database" "
            SELECT (CASE WHEN provolatile <> 'v' THEN 'stable ' WHEN pronamespace = 'pg_catalog'::regnamespace THEN 'volatile '
                         ELSE 'user ' END) || lower(proname)
              FROM pg_proc WHERE proname !~ '[^a-zA-Z0-9_]'"
    done | LC_ALL=C sort -u
}

source_log() {
    docker run --rm --network none -v "$OLD_VOLUME:/volume:ro" --entrypoint cat "$OLD_IMAGE" /volume/log/source.json
}

# Its starts and stops, for a person to read.
life_of_the_source() {
    jq -r 'select(.backend_type == "postmaster" or .backend_type == "startup" or .backend_type == "checkpointer")
        | "\(.timestamp) \(.message)"' "$test_dir/source.json"
}

foreign_statements() {
    printf '%s\n' witness limor-app | "$lib_dir/statements" --functions "$test_dir/functions" "$test_dir/source.json"
}

# judged STATEMENT: what the list says of one more statement in the log.
judged() {
    jq -nc --arg message "statement: $1" '{application_name: "pgrunbook", message: $message}' >"$test_dir/one.json"
    "$lib_dir/statements" --functions "$test_dir/functions" "$test_dir/one.json" </dev/null
}

stack_up --rate 60
app_pause
prepare_source
functions_of_the_source >"$test_dir/functions"
stop_source
file_digests >"$test_dir/files.before"
start_source
wait_for 60 app_is_healthy || bail_out "the application doesn't come back"
catalog_digests >"$test_dir/catalog.before"
exact_digests "$PG_PORT" >"$test_dir/data.before"
sequence_digests >"$test_dir/sequences.before"
server_facts >"$test_dir/facts.before"
diag "$(wc -l <"$test_dir/catalog.before") catalog tables, $(wc -l <"$test_dir/data.before") tables, $(wc -l <"$test_dir/files.before") files"

for statement in "DELETE FROM shop.orders" "SELECT nextval('app.countdown')" "WITH gone AS (DELETE FROM t RETURNING 1) SELECT 1" \
    "SELECT shop.touch()" "SELECT 1; DROP TABLE t" "ALTER SYSTEM SET fsync = off" "SELECT lo_unlink(1)" "COPY t FROM STDIN" \
    "LOCK TABLE t IN EXCLUSIVE MODE" "SELECT * FROM t FOR UPDATE" "ANALYZE" "SELECT pg_switch_wal()"; do
    not_ok "the list refuses: $statement" judged "$statement"
done
for statement in "SELECT 'DELETE FROM t; '' INSERT'" "/* UPDATE */ SHOW work_mem" "COPY (SELECT 1) TO STDOUT" "CHECKPOINT" \
    "ALTER SYSTEM SET default_transaction_read_only = 'on'" 'ALTER SYSTEM RESET "autovacuum"' "SELECT pg_catalog.pg_export_snapshot()"; do
    ok "the list lets pass: $statement" judged "$statement"
done

upgrade run1 --confirm prepare/backup --confirm switchover/fence --confirm switchover/go
is "$(run_field run1 .current_step)" cleanup/stable "the run is switched"
[ "$(run_field run1 .current_step)" = cleanup/stable ] || show_output 60
is "$(server_major "$PG_PORT")" 17 "the service is PostgreSQL 17"
program_says rollback run1
is "$status" 12 "and is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(server_major "$PG_PORT")" 15 "to PostgreSQL 15"
app_pause

is "$(server_facts)" "$(cat "$test_dir/facts.before")" "the same server, the same settings, no transaction was given out"
is "$(catalog_digests)" "$(cat "$test_dir/catalog.before")" "every table of the catalog is as it was, in every database"
is "$(exact_digests "$PG_PORT")" "$(cat "$test_dir/data.before")" "and so is every table's data"
is "$(sequence_digests)" "$(cat "$test_dir/sequences.before")" "and every sequence"
stop_source
is "$(file_digests)" "$(cat "$test_dir/files.before")" "and every byte of its files"
source_log >"$test_dir/source.json"
unlike "$(life_of_the_source)" 'not properly shut down' "it was never killed"
if found=$(foreign_statements); then
    pass "its log has nothing but reads and the fence's own statements"
else
    fail "its log has nothing but reads and the fence's own statements"
fi
diag "$found"
like "$found" 'pg_dump [0-9]+' "the log has the dump's statements"
like "$found" 'pgrunbook [0-9]+' "and this program's"
is "$(jq -r 'select(.application_name == "pgrunbook") | .message' "$test_dir/source.json" | grep -cE 'ALTER SYSTEM SET "?default_transaction_read_only' || true)" 1 \
    "and the fence is among them"
done_testing
