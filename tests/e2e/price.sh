#!/usr/bin/env bash
# What clients have written on the new server since the copy was proven: told table by table, and saved.
# time-limit: 300
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/drift.sh
. "$lib_dir/drift.sh"

drift_up

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
docker restart "$NEW_SERVER" >/dev/null
NEW_PORT=$(pair_port "$NEW_SERVER")
wait_for 60 server_answers "$NEW_PORT"
go_on price price/written
is "$status" 0 "the price is told and what was written is saved"
[ "$status" = 0 ] || show_output 60
price_of() {
    fact price price ".list[] | select(.table == \"$1\") | \"\(.inserted) \(.updated) \(.deleted) \(.exact)\""
}
is "$(price_of plain)" '3 2 1 false' "inserted, updated, deleted on the new server"
is "$(price_of same_count)" '0 1 0 false' "the same number of rows"
is "$(price_of no_key)" '1 0 0 true' "a table without a key"
is "$(price_of created_later)" '2 0 0 true' "a table made since"
is "$(price_of truncated)" '0 0 40 true' "rows that are gone"
is "$(price_of unchanged)" '' "what was taken back costs nothing"
is "$(fact price price '"\(.rows) \(.tables)"')" '51 6' "the sum"
saved=$(fact price saved .path)
is "$(sha256sum "$saved" | cut -d' ' -f1)" "$(fact price saved .sha256)" "what was saved is whole"
is "$(stat -c %a "$saved")" 600 "and nobody else's"
psql_at "$NEW_PORT" postgres 'ALTER DATABASE kinds RENAME TO kinds_live'
docker exec "$NEW_SERVER" sh -c 'createdb -U postgres kinds && pg_dump -U postgres -s kinds_live | psql -X -q -U postgres kinds' >/dev/null
docker exec -i "$NEW_SERVER" psql -X -q -v ON_ERROR_STOP=1 -U postgres <"$saved" >/dev/null 2>"$test_dir/load.err" || true
is "$(cat "$test_dir/load.err")" '' "it loads into an empty copy of the schema"
is "$(psql_at "$NEW_PORT" kinds 'SELECT count(*), sum("a ""b""") FROM plain, "later; --"')" '502|3514' "with its rows"
is "$(psql_at "$NEW_PORT" kinds 'SELECT count(*) FROM unchanged')" 0 "and only the tables that were written"

# --- a rollback while clients write all the time

psql_at "$NEW_PORT" postgres 'DROP DATABASE kinds'
psql_at "$NEW_PORT" postgres 'DROP DATABASE kinds_live'
pair_copy kinds

# A client of the live server: its acknowledged commits, one number a line.
write_on() {
    local n=10000
    while [ ! -e "$test_dir/stop" ]; do
        n=$((n + 1))
        if psql_at "$NEW_PORT" kinds "INSERT INTO plain VALUES ($n, 'writer')" >/dev/null 2>&1; then
            echo "$n" >>"$test_dir/acknowledged"
        else
            sleep 0.05
        fi
    done
}
way_back() {
    program_says run "$lib_dir/way-back.yaml" --plain --run-id "$1" --set "old_container=$OLD_SERVER" \
        --set "new_container=$NEW_SERVER" "${@:2}"
}
acknowledged() { sort -n "$test_dir/acknowledged"; }
wrote() { [ "$(wc -l <"$test_dir/acknowledged")" -gt "$1" ]; }

touch "$test_dir/acknowledged"
way_back back
is "$status" 10 "the switch is made, with the old server fenced"
[ "$status" = 10 ] || show_output 40
write_on &
writer=$!
wait_for 20 wrote 5
# Asked and answered at a terminal's pace: clients write between the count and the answer.
mkfifo "$test_dir/answers"
"$program" rollback back <"$test_dir/answers" >"$test_dir/rollback.out" 2>&1 &
rollback=$!
exec 5>"$test_dir/answers"
ok "what clients write has a price" wait_for 30 grep -q 'Type "lose' "$test_dir/rollback.out"
wait_for 20 wrote "$(($(wc -l <"$test_dir/acknowledged") + 2))"
sed -n 's/.*Type "\(lose [0-9]*\)".*/\1/p' "$test_dir/rollback.out" >&5
ok "a number that was true once isn't enough while they write" \
    wait_for 30 eval '[ "$(grep -c "Type \"lose" "$test_dir/rollback.out")" = 2 ]'
like "$(cat "$test_dir/rollback.out")" 'stopping writes' "which is found with writes stopped"
exec 5>&-
wait "$rollback" || true
ok "they come through again" wait_for 30 wrote "$(($(wc -l <"$test_dir/acknowledged") + 3))"
is_let_go() { [ "$(run_field back .price.fenced)" = false ]; }
ok "the fence is let go" wait_for 30 is_let_go
program_says rollback back --save
is "$status" 12 "it is rolled back, with those rows saved"
[ "$status" = 12 ] || show_output 60
touch "$test_dir/stop"
wait "$writer"
saved=$(fact back saved .path)
is "$(sed -nE 's/^([0-9]+)\twriter\t.*/\1/p' "$saved" | sort -n)" "$(acknowledged)" "every acknowledged commit of the new server is in the saved file"
diag "$(wc -l <"$test_dir/acknowledged") commits were acknowledged"
is "$(docker inspect -f '{{.State.Status}}' "$NEW_SERVER")" exited "the new server is stopped"
ok "the old one may be written again" psql_at "$PG_PORT" kinds "INSERT INTO plain VALUES (9999, 'old')"
is "$(find "$XDG_STATE_HOME/pgrunbook/runs/back" -name 'fence*.json')" '' "no record of a fence is left"

done_testing
