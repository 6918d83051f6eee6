#!/usr/bin/env bash
# The comparison of two servers at once: values of every type are equal after a copy, and every kind of difference is
# found, in the table where it is and nowhere else.
# time-limit: 300
# shellcheck disable=SC2119,SC2016 # no arguments, PostgreSQL quotes
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/pair.sh
. "$lib_dir/pair.sh"

pair_up

# ---- equal ----

on_old postgres <<'SQL'
CREATE DATABASE types;
CREATE DATABASE differ;
CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C';
CREATE DATABASE bytes TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C';
CREATE DATABASE "odd ""name"" x";
SQL
on_old types <"$lib_dir/types.sql" 2>/dev/null
on_old latin <<<"CREATE TABLE \"tä\" (\"ä\" text); INSERT INTO \"tä\" VALUES ('äöü'), ('x'), (NULL), ('')"
on_old bytes <<<"CREATE TABLE raw (a text); INSERT INTO raw VALUES (E'\\xff\\xfe'), ('ä')"
on_old 'odd "name" x' <<<'CREATE TABLE t (t int); INSERT INTO t VALUES (1)'
on_old differ <"$lib_dir/differ.sql"
for database in types differ latin bytes 'odd "name" x'; do
    pair_copy "$database"
done
pair_compare equal
is "$status" 0 "after a copy all tables are equal"
[ "$status" = 0 ] || show_output 60
like "$output" 'rows: [0-9]+ tables with .* rows: all equal, count and contents' "in count and contents"
is "$(cut -f 1-5 <<<"$evidence" | grep -c '^types')" \
    "$(psql_at "$PG_PORT" types "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace = 'public'::regnamespace")" \
    "every table of a database was looked at"
columns="SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'child2'::regclass AND attnum > 0"
isnt "$(psql_at "$NEW_PORT" types "$columns")" "$(psql_at "$PG_PORT" types "$columns")" \
    "though a copy has changed the order of a child's columns"

# ---- different ----

# Each statement of differ-new.sql touches the tables that its comment names; the others stay equal.
on_new differ <"$lib_dir/differ-new.sql"
pair_compare different
is "$status" 11 "differences fail the step"
wanted=$(sed -nE 's/^-- differs: //p' "$lib_dir/differ-new.sql" | tr ' ' '\n' | LC_ALL=C sort)
found=$(awk -F '\t' '$1 == "differ" && $6 != "equal" { print $3 }' <<<"$evidence" | LC_ALL=C sort)
is "$found" "$wanted" "each kind of difference is found, and nothing else ($(wc -l <<<"$wanted") tables)"
is "$(awk -F '\t' '$1 != "differ" && $6 != "equal"' <<<"$evidence" | tail -n +2)" '' "the other databases are equal"
like "$output" 'FAIL +differ: public.bytea_bit: count 3 = 3, contents differ' "equal counts don't hide it"
like "$output" 'FAIL +differ: public.added: 3 rows on the old server, 4 on the new server \(\+1\)' "another row"
like "$evidence" '^differ.public.missing.3.2.DIFFERENT' "a missing row"
like "$output" 'public.detached_1: count 2 = 2, but the table is not a partition' "a detached partition"
like "$output" 'What to do:.*pg.fence' "it says what to do"
on_new differ <<<'ALTER TABLE renamed_to RENAME TO renamed'
pair_compare reported --set rows=report
is "$status" 0 "differences that are only to be reported don't fail"
like "$output" 'warn +differ: public.added' "but are shown"

# ---- what may not be read ----

for on in on_old on_new; do
    $on postgres <<<"CREATE ROLE reader LOGIN PASSWORD 'pair' CONNECTION LIMIT 12; GRANT pg_read_all_data, pg_read_all_stats TO reader; CREATE ROLE stranger LOGIN PASSWORD 'pair'"
    $on postgres <<<'DROP DATABASE differ'
    $on types <<<'CREATE TABLE closed (a int); INSERT INTO closed VALUES (1), (2); GRANT SELECT ON closed TO stranger'
done
pair_compare few --set user=reader --set connections=24
is "$status" 0 "a role that may have a few sessions only gets on with them"
[ "$status" = 0 ] || show_output 20
pair_compare denied --set user=stranger
is "$status" 11 "tables that the role may not read are no tables without rows"
like "$output" 'permission denied' "which is said"
for on in on_old on_new; do
    $on types <<<'ALTER TABLE closed ENABLE ROW LEVEL SECURITY; ALTER TABLE closed FORCE ROW LEVEL SECURITY; CREATE POLICY few ON closed USING (a < 2)'
done
pair_compare policy --set user=reader
is "$status" 11 "rows behind a policy aren't overlooked"
like "$output" 'row-level security policy for table "closed"' "the policy's table is named"
like "$output" 'What to do:.*superuser' "with the remedy"
pair_compare superuser
is "$status" 0 "a superuser sees all of them"
like "$evidence" '^types.public.closed.2.2.equal' "whatever the policy says"

# ---- a comparison that is taken back leaves no statement behind ----

on_old types <<<'BEGIN; LOCK TABLE closed; SELECT pg_sleep(60)' >/dev/null 2>&1 &
locking=$!
wait_for 20 psql_at "$PG_PORT" types "SELECT 1 / count(*) FROM pg_locks WHERE relation = 'closed'::regclass AND mode = 'AccessExclusiveLock'"
"$program" run "$lib_dir/compare.yaml" --plain --run-id held --set "old_port=$PG_PORT" --set "new_port=$NEW_PORT" </dev/null >/dev/null 2>&1 &
comparing=$!
waiting="SELECT 1 / count(*) FROM pg_stat_activity WHERE application_name = 'pgrunbook' AND wait_event_type = 'Lock'"
ok "it waits for a table that is locked" wait_for 30 psql_at "$PG_PORT" types "$waiting"
program_says rollback held
wait "$comparing" || true
ok "taken back, its sessions end" wait_for 60 psql_at "$PG_PORT" types \
    "SELECT 1 / (1 - least(count(*), 1)) FROM pg_stat_activity WHERE application_name = 'pgrunbook'"
psql_at "$PG_PORT" types "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'" >/dev/null
wait "$locking" || true
done_testing
