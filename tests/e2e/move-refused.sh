#!/usr/bin/env bash
# A way back that can't bring along what was written on the new server: it says so and changes nothing; without those
# rows only who gives them up goes back. And a move whose old server dies.
# time-limit: 420
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"
# shellcheck source=tests/lib/move-cases.sh
. "$lib_dir/move-cases.sh"

# What a rollback without those rows is asked with, as in the warm runbook.
priced_runbook() {
    sed -e 's/^      - id: end$/        lossless: yes\
        price: {pg.written: {server: live}}\
        fence: {pg.fence: {server: live, quiet: 300ms}}\
        unfence: {pg.unfence: {server: live}}\
      - id: counted\
        pg.inventory: {server: left, column: switch, contents: "yes"}\
&/' "$lib_dir/move-switch.yaml" >"$test_dir/move-priced.yaml"
}

# moved RUN: the new server serves.
moved() {
    local list
    mapfile -t list < <(move_arguments "$1")
    list[1]=$test_dir/move-priced.yaml
    program_says "${list[@]}"
    is "$status" 10 "$1: the service has moved"
    [ "$status" = 10 ] || { show_output 40; done_testing; exit; }
}

move_stack_up --no-app
priced_runbook

# --- the old server dies while its writers are waited for

# A transaction that began before following did is waited for before clients are held back; so this one comes later, in a
# session that is there already: little time is left by then.
has_compared() {
    grep -q '"round 1' "$(run_directory waiting)/journal.jsonl"
}
refuses_writes() {
    ! psql_at "$PG_PORT" limor_prod "INSERT INTO public.outage_meter (meter, number) VALUES ('kept', 1) ON CONFLICT DO NOTHING" >/dev/null 2>&1
}
(
    mkfifo "$test_dir/unfinished"
    psql_script_at "$PG_PORT" limor_prod <"$test_dir/unfinished" >/dev/null 2>&1 &
    exec 8>"$test_dir/unfinished"
    until has_compared 2>/dev/null; do sleep 0.01; done
    echo "BEGIN; INSERT INTO public.outage_meter (meter, number) VALUES ('unfinished', 1); SELECT pg_sleep(60);" >&8
    wait_for 60 refuses_writes
    docker kill "$OLD_CONTAINER" >/dev/null
) &
background_processes+=($!)
mapfile -t list < <(move_arguments waiting)
program_says "${list[@]}" --set wait=30s
is "$status" 11 "a server that dies while its writers are waited for doesn't move"
like "$output" 'nothing was moved' "nothing was moved"
ok "it is brought to serve again" wait_for 60 one_serves 15
is "$(psql_at "$PG_PORT" limor_prod "SELECT string_agg(meter, ' ') FROM public.outage_meter WHERE meter IN ('kept', 'unfinished')")" kept \
    "with what was acknowledged"
program_says rollback waiting
is "$status" 12 "and rolls back"
is "$(open_records waiting)" '' "no record is left"
docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data

# --- nothing but objects were made on the new server

moved objects
psql_script_at "$PG_PORT" limor_prod <<'SQL'
CREATE ROLE carol LOGIN PASSWORD 'made-later'; CREATE VIEW public.seen_later AS SELECT 1 AS one;
CREATE FUNCTION public.added_later() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER ROLE postgres SET work_mem = '5MB';
SQL
program_says rollback objects
is "$status" 11 "what isn't rows can't be brought back"
for name in 'role carol' 'view public.seen_later' 'function public.added_later\(\)' 'setting work_mem'; do
    like "$output" "$name" "named: $name"
done
like "$output" 'lose unknown' "and what to do"
ok "the new server serves on, and takes writes" one_serves 17
program_says rollback objects
is "$status" 10 "who asks again is told the price"
like "$output" "can't be counted: besides rows 4 other objects were made .*role carol" "which no number of rows says"
psql_script_at "$PG_PORT" limor_prod <<'SQL'
DROP ROLE carol; DROP VIEW public.seen_later; DROP FUNCTION public.added_later(); ALTER ROLE postgres RESET work_mem;
INSERT INTO public.outage_meter (meter, number) VALUES ('brought-back', 1);
SQL

# --- a password, the same one again

hash=$(psql_at "$PG_PORT" postgres "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
psql_at "$PG_PORT" postgres "ALTER ROLE postgres PASSWORD '$POSTGRES_PASSWORD'"
program_says rollback objects --retry
is "$status" 11 "nor can another password"
like "$output" 'password postgres: another one than on the other server' "whose it is, is said"
unlike "$output$(cat "$(run_directory objects)"/*.json*)" 'SCRAM-SHA-256.4096' 'and nothing of what it is'
psql_at "$PG_PORT" postgres "ALTER ROLE postgres PASSWORD '$hash'"

# --- the server that was left is written to

late() {
    docker exec "$LEFT_CONTAINER" psql -X -q -U postgres -d limor_prod -c "SET default_transaction_read_only = off" -c "$1"
}
late "INSERT INTO public.outage_meter (meter, number) SELECT 'aside', n FROM generate_series(1, 3) n"
program_says rollback objects --retry
is "$status" 11 "what was written on the server that was left isn't removed"
like "$output" "$LEFT_CONTAINER was written to after .*limor_prod: public.outage_meter: 3 rows" "where it was is said"
ok "the new server serves on" one_serves 17
late "DELETE FROM public.outage_meter WHERE meter = 'aside'"
program_says rollback objects --retry
is "$status" 12 "without all of that the way back is free"
[ "$status" = 12 ] || show_output 60
ok "the old server serves" one_serves 15
is "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.outage_meter WHERE meter IN ('brought-back', 'aside')")" 1 \
    "with what was written on the new one, and nothing else"
docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data

# --- a table was made on the new server

moved schema
came=$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.outage_meter")
psql_script_at "$PG_PORT" limor_prod <<<'CREATE TABLE public.made_later (id int); INSERT INTO public.made_later VALUES (1), (2), (3)'
program_says rollback schema
is "$status" 11 "a changed schema can't be brought back"
like "$output" 'made_later' "which table it is, is said"
like "$output" 'lose unknown' "and what to do"
ok "the new server serves on, and takes writes" one_serves 17
is "$(run_field schema .status)" 'rollback failed' "the run stands still"

rows=$(psql_at "$PG_PORT" limor_prod "SELECT (SELECT count(*) FROM public.made_later) + (SELECT count(*) FROM public.outage_meter) - $came")
program_says rollback schema --lose $((rows - 1))
is "$status" 10 "another number of rows than there are isn't taken"
like "$output" "loses $rows rows" "how many there are is told"
is "$(server_major "$PG_PORT")" 17 "still the new server serves"

# Asked at a terminal's pace: what watchers see meanwhile answers nothing.
mkfifo "$test_dir/answers"
"$program" rollback schema --plain <"$test_dir/answers" >"$test_dir/asked.out" 2>&1 &
asks=$!
exec 5>"$test_dir/answers"
ok "who asks by hand is asked what becomes of them" wait_for 60 grep -q 'Type "lose' "$test_dir/asked.out"
sleep 4
(echo n >&5) 2>/dev/null || true
exec 5>&-
status=0
wait "$asks" || status=$?
is "$status" 10 "and has the time to answer"
ok "by no" grep -q 'Nothing is rolled back\.$' "$test_dir/asked.out"

program_says rollback schema --lose "$rows"
is "$status" 12 "who gives up exactly these goes back"
[ "$status" = 12 ] || show_output 60
ok "the old server serves" one_serves 15
is "$(psql_at "$PG_PORT" limor_prod "SELECT to_regclass('public.made_later') IS NULL")" t "without the table"
is "$(open_records schema)" '' "no record is left"

# --- everything of the program died while the names moved

docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data
proxy_start "forth/2:POST .*/rename" "instead:$lib_dir/break all $OLD_CONTAINER"
mapfile -t list < <(move_arguments names)
list[1]=$test_dir/move-priced.yaml
through_proxy program_says "${list[@]}"
proxy_mended
ok "nobody acts any more" wait_for 30 nobody_acts
is "$(docker inspect -f '{{.Config.Image}}' "$LEFT_CONTAINER")" "$OLD_IMAGE" "the old server has the name of one that was left"
through_proxy program_says rollback names --lose unknown
is "$status" 12 "who gives up what was written goes back"
[ "$status" = 12 ] || show_output 60
ok "the old server serves, under its name, and takes writes" one_serves 15
not_ok "no container is called otherwise" docker container inspect -f '{{.Name}}' "$LEFT_CONTAINER"
is "$(open_records names)" '' "no record is left"
proxy_stop

# --- a way back that would bring everything along doesn't come to its end

docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data
moved endless
psql_script_at "$PG_PORT" limor_prod <<<"BEGIN; INSERT INTO public.outage_meter (meter, number) VALUES ('open', 1); SELECT pg_sleep(300)" >/dev/null 2>&1 &
background_processes+=($!)
is_awaited() {
    [ "$(psql_at "$PG_PORT" postgres "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_snapshot_xmin%' AND pid <> pg_backend_pid()")" = 1 ]
}
"$program" rollback endless --plain >"$test_dir/endless.out" 2>&1 </dev/null &
rolling=$!
ok "it waits for a transaction that doesn't end" wait_for 60 is_awaited
program_says rollback endless --lose unknown
is "$status" 12 "who gives up what was written doesn't wait for it"
[ "$status" = 12 ] || show_output 60
status=0
wait "$rolling" || status=$?
is "$status" 12 "the one that waited sees the same end"
like "$(cat "$test_dir/endless.out")" 'it was ended, as what was written since is given up' "and why"
ok "the old server serves" one_serves 15
is "$(open_records endless)" '' "no record is left"

# --- what a fence minds stands on the new server

docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data
moved faulty
docker exec "$OLD_CONTAINER" sh -c "echo 'no_such_parameter = 1' >>/var/lib/postgresql/data/postgresql.conf"
program_says rollback faulty
is "$status" 11 "a server whose files have faults isn't fenced"
like "$output" 'postgresql.conf, line [0-9]+: unrecognized' "which says where"
ok "it serves on" one_serves 17
program_says rollback faulty --lose unknown
is "$status" 12 "who gives up what was written isn't kept by that"
[ "$status" = 12 ] || show_output 60
ok "the old server serves" one_serves 15
is "$(open_records faulty)" '' "no record is left"

# --- the new server is dead

docker volume rm "$NEW_VOLUME" >/dev/null
move_copy_data
moved dead
docker kill "$OLD_CONTAINER" >/dev/null
program_says rollback dead
is "$status" 11 "a dead server can't be asked what was written on it"
like "$output" 'lose unknown' "what to do is said"
not_ok "nothing was changed: nobody serves" server_answers "$PG_PORT"
program_says rollback dead --lose unknown
is "$status" 12 "in an emergency nobody is asked"
[ "$status" = 12 ] || show_output 60
ok "the old server serves" one_serves 15
is "$(open_records dead)" '' "no record is left"
done_testing
