#!/usr/bin/env bash
# A way back that can't bring along what was written on the new server: it says so and changes nothing; without those
# rows only who gives them up goes back.
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

# --- a table was made on the new server

moved schema
psql_script_at "$PG_PORT" limor_prod <<<'CREATE TABLE public.made_later (id int); INSERT INTO public.made_later VALUES (1), (2), (3)'
program_says rollback schema
is "$status" 11 "a changed schema can't be brought back"
like "$output" 'made_later' "which table it is, is said"
like "$output" 'lose unknown' "and what to do"
ok "the new server serves on, and takes writes" one_serves 17
is "$(run_field schema .status)" 'rollback failed' "the run stands still"

rows=$(psql_at "$PG_PORT" limor_prod "SELECT (SELECT count(*) FROM public.made_later) + (SELECT count(*) FROM public.outage_meter)")
program_says rollback schema --lose $((rows - 1))
is "$status" 10 "another number of rows than there are isn't taken"
like "$output" "loses $rows rows" "how many there are is told"
is "$(server_major "$PG_PORT")" 17 "still the new server serves"

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
ok "nobody acts any more" wait_for 10 nobody_acts
is "$(docker inspect -f '{{.Config.Image}}' "$LEFT_CONTAINER")" "$OLD_IMAGE" "the old server has the name of one that was left"
through_proxy program_says rollback names --lose unknown
is "$status" 12 "who gives up what was written goes back"
[ "$status" = 12 ] || show_output 60
ok "the old server serves, under its name, and takes writes" one_serves 15
not_ok "no container is called otherwise" docker container inspect -f '{{.Name}}' "$LEFT_CONTAINER"
is "$(open_records names)" '' "no record is left"
proxy_stop

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
