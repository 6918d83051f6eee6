#!/usr/bin/env bash
# The rows that clients have in an extension's own tables are carried over by the dump, and so they are compared, counted
# and caught up as any other; the rows that come with the extension's version aren't looked at.
# shellcheck disable=SC2119 # pair_up without options
# time-limit: 240
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/drift.sh
. "$lib_dir/drift.sh"

# add_extension SERVER MAJOR VERSION: its script on standard input.
add_extension() {
    local directory=/usr/share/postgresql/$2/extension
    printf "default_version = '%s'\nrelocatable = false\nschema = public\n" "$3" |
        docker exec -i "$1" tee "$directory/crontab.control" >/dev/null
    docker exec -i "$1" tee "$directory/crontab--$3.sql" >/dev/null
}

pair_up
add_extension "$OLD_SERVER" 15 1.0 <<'SQL'
CREATE TABLE job (id int PRIMARY KEY, what text, shipped bool NOT NULL DEFAULT false);
INSERT INTO job VALUES (1, 'vacuum', true), (2, 'analyze', true);
SELECT pg_catalog.pg_extension_config_dump('job', 'WHERE NOT job.shipped');
CREATE TABLE note (t text, own bool NOT NULL DEFAULT false);
INSERT INTO note VALUES ('of 1.0', true);
SELECT pg_catalog.pg_extension_config_dump('note', 'WHERE own IS FALSE');
CREATE TABLE whole (id int PRIMARY KEY, v text);
SELECT pg_catalog.pg_extension_config_dump('whole', '');
CREATE TABLE private (id int);
SQL
add_extension "$NEW_SERVER" 17 1.1 <<'SQL'
CREATE TABLE job (id int PRIMARY KEY, what text, shipped bool NOT NULL DEFAULT false);
INSERT INTO job VALUES (1, 'vacuum', true), (2, 'analyze again', true), (3, 'reindex', true);
SELECT pg_catalog.pg_extension_config_dump('job', 'WHERE NOT job.shipped');
CREATE TABLE note (t text, own bool NOT NULL DEFAULT false);
INSERT INTO note VALUES ('of 1.1', true), ('also', true);
SELECT pg_catalog.pg_extension_config_dump('note', 'WHERE own IS FALSE');
CREATE TABLE whole (id int PRIMARY KEY, v text);
SELECT pg_catalog.pg_extension_config_dump('whole', '');
CREATE TABLE later (id int); INSERT INTO later VALUES (1);
SELECT pg_catalog.pg_extension_config_dump('later', '');
CREATE TABLE private (id int); INSERT INTO private VALUES (1);
SQL
psql_at "$PG_PORT" postgres 'CREATE DATABASE kinds'
on_old kinds <<'SQL'
CREATE EXTENSION crontab;
INSERT INTO job SELECT n, 'job ' || n FROM generate_series(100, 119) n;
INSERT INTO job SELECT n, 'job ' || n FROM generate_series(1000, 8999) n;
INSERT INTO note SELECT 'note ' || n % 7 FROM generate_series(1, 30) n;
INSERT INTO whole SELECT n, 'v' FROM generate_series(1, 5) n;
CREATE TABLE plain (id int PRIMARY KEY); INSERT INTO plain SELECT generate_series(1, 10);
SQL
pair_copy kinds

users_rows() {
    psql_at "$1" kinds 'SELECT * FROM job WHERE NOT shipped ORDER BY id'
    psql_at "$1" kinds 'SELECT * FROM note WHERE NOT own ORDER BY t'
    psql_at "$1" kinds 'SELECT * FROM whole ORDER BY id'
}
own_rows() {
    psql_at "$NEW_PORT" kinds 'SELECT id, what FROM job WHERE shipped ORDER BY id'
    psql_at "$NEW_PORT" kinds 'SELECT t FROM note WHERE own ORDER BY t'
}
own=$(own_rows)

pair_compare equal
is "$status" 0 "a newer version's own rows and tables are no difference"
[ "$status" = 0 ] || show_output 40
like "$evidence" $'\tjob\t8020\t8020\tequal\t' "the users' rows of the extension's table are compared"
like "$evidence" $'\tlater\t-\t1\tEXTRA' "a table that only the newer version has is named"
drift none
is "$(fact none drift '"\(.rows) \(.tables)"')" '0 0' "and nothing has drifted"

psql_at "$NEW_PORT" kinds 'DELETE FROM job WHERE id = 105'
pair_compare lost
is "$status" 11 "a user's row that the restore has lost fails the comparison"
like "$output" 'FAIL +kinds: public.job: .*8 020 rows .*, 8 019' "it names the table"
like "$output" 'kinds: public.job: 1 missing; id 105' "and the row"
psql_at "$NEW_PORT" kinds "INSERT INTO job VALUES (105, 'job 105')"

old_sql kinds <<'SQL'
UPDATE job SET what = 'other' WHERE id = 101; DELETE FROM job WHERE id IN (102, 8000); INSERT INTO job VALUES (200, 'new');
UPDATE job SET what = 'vacuum all' WHERE id = 1; DELETE FROM job WHERE id = 2;
INSERT INTO note VALUES ('new'), ('new'); DELETE FROM note WHERE t = 'note 3'; UPDATE note SET t = 'changed' WHERE own;
UPDATE whole SET v = 'w' WHERE id = 2;
SQL
drift changed --set catch_up=no
is "$status" 0 "the drift is taken"
drifted() {
    fact changed drift ".list[] | select(.table == \"$1\") | \"\\(.inserted) \\(.updated) \\(.deleted)\""
}
is "$(drifted job)" '1 1 2' "the users' rows are counted, the extension's own aren't"
is "$(drifted note)" '2 0 4' "without a key too"
is "$(drifted whole)" '0 1 0' "and all of a table that is dumped as a whole"
is "$(fact changed drift .rows)" 11 "the sum"

drift caught
is "$status" 0 "they are caught up"
[ "$status" = 0 ] || show_output 40
is "$(fact caught drift '"\(.rows) \(.tables)"')" '0 0' "nothing is left"
is "$(users_rows "$NEW_PORT")" "$(users_rows "$PG_PORT")" "psql finds the users' rows equal"
is "$(own_rows)" "$own" "and the extension's own untouched"

old_sql kinds <<<"UPDATE job SET what = 'all' WHERE id > 2"
drift whole
is "$status" 0 "so many that the table is copied as a whole"
like "$output$("$program" report whole)" '\([1-9] as a whole\)' "it says so"
is "$(users_rows "$NEW_PORT")" "$(users_rows "$PG_PORT")" "psql finds the users' rows equal"
is "$(own_rows)" "$own" "and the extension's own untouched"

drift price --set price=yes
psql_script_at "$NEW_PORT" kinds <<'SQL'
INSERT INTO job VALUES (300, 'since'), (301, 'since'); UPDATE job SET what = 'vacuum some' WHERE shipped;
SQL
go_on price price/written
is "$status" 0 "the price of a way back is told"
is "$(fact price price '.list[] | "\(.table) \(.inserted) \(.updated) \(.deleted)"')" 'job 2 0 0' "with the users' rows alone"
saved=$(cat "$(fact price saved .path)")
like "$saved" $'300\tsince\tf' "the users' rows are saved"
unlike "$saved" 'vacuum some' "without the extension's own"
done_testing
