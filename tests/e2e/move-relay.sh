#!/usr/bin/env bash
# A service is moved, and moved back, by somebody who may use Docker but isn't root: nothing can be reached through a
# container's network namespace then, so that all sessions go by the relay.
# time-limit: 240
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"

if [ "$(id -u)" != 0 ]; then
    skip "not root: the other tests went through the relay"
    done_testing
    exit
fi

# The program and its surroundings as they are when they are somebody else's.
be_somebody() {
    cp "$program" "$test_dir/pgrunbook"
    cat >"$test_dir/as-somebody" <<TEXT
#!/bin/sh
exec env HOME="$test_dir" setpriv --reuid 65534 --regid 65534 --groups "$(stat -c %g /var/run/docker.sock)" "$test_dir/pgrunbook" "\$@"
TEXT
    chmod 755 "$test_dir" "$test_dir/as-somebody"
    mkdir -p "$XDG_STATE_HOME"
    chown -R 65534 "$test_dir" "$STACK_DIR"
    program=$test_dir/as-somebody
}

# The relay's own process in the container: a session by the namespace has none.
relayed() {
    local commands
    commands=$(commands_in "$1") && grep -q '/dev/tcp/127.0.0.1\|socat - TCP' <<<"$commands"
}

move_stack_up --no-app --scale small
check() {
    program_says check "$lib_dir/check-move.yaml" --set "compose_file=$COMPOSE_FILE" --set "compose_project=$PROJECT" \
        --set "old_container=$OLD_CONTAINER"
}
check
is "$status" 0 "root may move the service"
unlike "$output" 'distance' "root can enter the containers' networks"
be_somebody
check
is "$status" 0 "somebody else may move the service, too"
like "$output" "warn +distance: the network of $OLD_CONTAINER can't be entered from here" "and is told what that costs"
mapfile -t list < <(move_arguments relayed)
"$program" "${list[@]}" >"$test_dir/moved.log" 2>&1 </dev/null &
moving=$!
ok "its sessions go by the relay" wait_for 120 relayed "$PARKED_CONTAINER"
status=0
wait "$moving" || status=$?
is "$status" 10 "somebody who isn't root moves the service"
[ "$status" = 10 ] || diag "$(tail -n 40 "$test_dir/moved.log")"
ok "the new server serves" one_serves 17
like "$(cat "$test_dir/moved.log")" 'round 1: ' "what was written was followed"
psql_at "$PG_PORT" limor_prod "INSERT INTO public.outage_meter (meter, number) VALUES ('brought-back', 1)"
program_says rollback relayed
is "$status" 12 "and moves it back"
[ "$status" = 12 ] || show_output 40
ok "the old server serves" one_serves 15
is "$(psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.outage_meter WHERE meter = 'brought-back'")" 1 \
    "with what was written on the new one"
is "$(open_records relayed)" '' "no record is left"
done_testing
