#!/usr/bin/env bash
# A service that comes to two networks, and to the second one it doesn't get: whether a client wrote on it by then decides
# who serves.
# time-limit: 240
# shellcheck disable=SC2154 # variables of the libraries
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

rows() {
    psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.outage_meter WHERE meter = 'early'"
}

move_stack_up --no-app
second=$STACK-second
trap 'e2e_clean_up; docker network rm "$second" >/dev/null 2>&1 || true' EXIT
docker network create --label "org.pgrunbook.stack=$STACK" "$second" >/dev/null
sed -i -e "s|^    image: $NEW_IMAGE|&\n    networks: {default: {}, second: {}}|" \
    -e "s|^networks:|&\n  second: {name: $second, external: true}|" "$MOVED_FILE"

# A client that writes as soon as it gets through.
cat >"$test_dir/write" <<SH
#!/bin/sh
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$lib_dir/inside" "$REDIS_CONTAINER" psql -X -q -h "$SERVICE" -U postgres -d limor_prod \\
        -c "INSERT INTO public.outage_meter VALUES ('early', 1)" >>"$test_dir/write.log" 2>&1 && exit
    sleep 0.2
done
SH
chmod +x "$test_dir/write"

# partly RUN [WHEN HOW]...: the second join is refused, and others' faults before. The first such call is the stand-in's.
partly() {
    local run=$1
    proxy_start "${@:2}" "forth/3:POST .*/connect" answer:500:"made to fail"
    through_proxy move_run "$run"
    serves_one "$run"
    proxy_mended
}

partly unwritten
is "$status $serving" "11 15" "nobody wrote on it: the old server serves on"
like "$output" 'made to fail' "why is said"
through_proxy program_says rollback unwritten
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(open_records unwritten)" '' "no record is left"
proxy_stop

export PGPASSWORD=$POSTGRES_PASSWORD
partly written "forth/3:POST .*/connect" "before:$test_dir/write"
is "$serving" 17 "a client wrote on it: it serves, on both networks"
[ "$serving" = 17 ] || { show_output 60; cat "$test_dir/write.log"; }
is "$(rows)" 1 "and has the row"
is "$(docker inspect "$OLD_CONTAINER" | jq '.[0].NetworkSettings.Networks | length')" 2 "it is on both networks"
through_proxy program_says rollback written
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(rows)" 1 "the row is on the old server"
is "$(server_major "$PG_PORT")" 15 "which serves"
is "$(open_records written)" '' "no record is left"
proxy_stop
done_testing
