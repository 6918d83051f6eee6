# shellcheck shell=bash disable=SC2154 # variables of the other libraries
# A stack whose service can be moved to a second server and back, again and again: tests/lib/move-switch.yaml on it, and
# what must be there and what must be gone afterwards. Needs e2e.sh, program.sh and meters.sh.

# move_stack_up [options of tests/stack/up]: a stack; $NEW_VOLUME has a copy of its data, $MOVED_FILE is its compose file
# as it is to be.
move_stack_up() {
    stack_up "$@"
    export POSTGRES_PASSWORD
    MOVED_FILE=$STACK_DIR/moved.yml STAGE=$STACK_DIR/stage
    PARKED_CONTAINER=$STACK-parked LEFT_CONTAINER=$STACK-left
    meters_prepare
    move_edit_file
    move_copy_data
}

move_edit_file() {
    sed -e "s|image: $OLD_IMAGE|image: $NEW_IMAGE|" -e "s|- postgres_data:|- moved_data:|" \
        -e "s|^volumes:|volumes:\n  moved_data: {name: $NEW_VOLUME, external: true}|" "$COMPOSE_FILE" >"$MOVED_FILE"
}

move_copy_data() {
    docker volume create --label "org.pgrunbook.stack=$STACK" "$NEW_VOLUME" >/dev/null
    docker run -d --name "$NEW_CONTAINER" --label "org.pgrunbook.stack=$STACK" -v "$NEW_VOLUME:/var/lib/postgresql/data" \
        -e POSTGRES_PASSWORD "$NEW_IMAGE" >/dev/null
    wait_for 60 docker exec "$NEW_CONTAINER" pg_isready -q -h 127.0.0.1 || bail_out "$NEW_CONTAINER doesn't start"
    docker exec "$OLD_CONTAINER" pg_dumpall -U postgres |
        docker exec -i "$NEW_CONTAINER" psql -X -q -U postgres >"$test_dir/copy.log" 2>&1 || true
    docker stop -t 60 "$NEW_CONTAINER" >/dev/null
    docker rm "$NEW_CONTAINER" >/dev/null
}

# move_arguments RUN: of pgrunbook run.
move_arguments() {
    printf '%s\n' run "$lib_dir/move-switch.yaml" --plain --run-id "$1" --set "old_container=$OLD_CONTAINER" \
        --set "parked_container=$PARKED_CONTAINER" --set "left_container=$LEFT_CONTAINER" \
        --set "compose_project=$PROJECT" --set "compose_file=$MOVED_FILE" --set "old_volume=$OLD_VOLUME" \
        --set "new_volume=$NEW_VOLUME" --set "live_port=$PG_PORT" --set "stage=$STAGE" ${MOVE_FOLLOW:+--set "follow=$MOVE_FOLLOW"} ${MOVE_RECOVER_FOR:+--set "recover_for=$MOVE_RECOVER_FOR"} ${MOVE_LATE_FOR:+--set "late_for=$MOVE_LATE_FOR"}
}

# move_run RUN: until it waits at its gate, or fails. Without arguments of its own a run that exists goes on.
move_run() {
    local list
    mapfile -t list < <(move_arguments "$1")
    program_says "${list[@]}"
}

run_directory() {
    echo "$XDG_STATE_HOME/pgrunbook/runs/$1"
}

# ---- who serves ----

# The major version that a client in the network finds by the service's name.
major_inside() {
    PGPASSWORD=$POSTGRES_PASSWORD PGCONNECT_TIMEOUT=5 "$lib_dir/inside" "$REDIS_CONTAINER" \
        psql -X -q -A -t -h "$SERVICE" -U postgres -d postgres \
        -c "SELECT current_setting('server_version_num')::int / 10000" 2>&1
}

addresses_inside() {
    "$lib_dir/inside" "$REDIS_CONTAINER" getent ahostsv4 "$SERVICE" | awk '{ print $1 }' | sort -u
}

# The stack's servers that are on a network, one a line.
servers_on_networks() {
    docker ps -a --filter "label=org.pgrunbook.stack=$STACK" --format '{{.Image}}|{{.Names}}|{{.Networks}}' |
        awk -F '|' -v old="$OLD_IMAGE" -v new="$NEW_IMAGE" '($1 == old || $1 == new) && $3 != "" { print $2 }'
}

takes_writes() {
    psql_at "$1" postgres "CREATE TEMPORARY TABLE try (id int)" &&
        psql_at "$1" limor_prod "INSERT INTO public.outage_meter (meter, number)
            SELECT 'try', coalesce(max(number), 0) + 1 FROM public.outage_meter WHERE meter = 'try'"
}

# one_serves MAJOR NAME: that one server, and none but it, on the port and in the network, and it takes writes. Says what
# isn't so.
one_serves() {
    local major=$1
    [ "$(server_major "$PG_PORT")" = "$major" ] || { echo "on the port is not $major"; return 1; }
    [ "$(major_inside)" = "$major" ] || { echo "in the network is $(major_inside), not $major"; return 1; }
    [ "$(addresses_inside | wc -l)" = 1 ] || { echo "addresses: $(addresses_inside)"; return 1; }
    [ "$(servers_on_networks)" = "$OLD_CONTAINER" ] || { echo "on networks: $(servers_on_networks)"; return 1; }
    takes_writes "$PG_PORT"
}

# ---- what is left behind ----

# The interfaces of a running container besides its own loop. An engine numbers them anew each time.
interfaces_of() {
    local process
    process=$(docker inspect -f '{{.State.Pid}}' "$1")
    as_root nsenter --net="/proc/$process/ns/net" cat /proc/net/dev | sed -nE 's/^ *([^:]+):.*/\1/p' | grep -vx lo | sort
}

# All that a move could leave: containers, volumes, networks' members, interfaces, rules, proxies of the port, the old
# server's settings.
move_surroundings() {
    docker ps -a --no-trunc --format '{{.Names}} {{.Image}} {{.State}} {{.Networks}}' --filter "label=org.pgrunbook.stack=$STACK" |
        LC_ALL=C sort
    docker volume ls -q --filter "label=org.pgrunbook.stack=$STACK" | LC_ALL=C sort
    docker network ls --format '{{.Name}}' --filter "label=org.pgrunbook.stack=$STACK"
    docker network inspect "$NETWORK" | jq -r '.[0].Containers[].Name' | LC_ALL=C sort
    docker inspect "$OLD_CONTAINER" | jq -c '.[0] | .Id, (.NetworkSettings.Networks | map_values(.Aliases - [.Aliases[] | select(test("^[0-9a-f]{12}$"))])), .NetworkSettings.Ports, .HostConfig.RestartPolicy'
    interfaces_of "$OLD_CONTAINER" | wc -l
    as_root iptables-save -t nat | grep -c -- "--dport $PG_PORT" || true
    pgrep -fc "^/usr/s?bin/docker-proxy .*-host-port $PG_PORT " || true
    docker exec "$OLD_CONTAINER" sha256sum /var/lib/postgresql/data/postgresql.auto.conf
    psql_at "$PG_PORT" postgres "SELECT name, setting FROM pg_settings
        WHERE name IN ('default_transaction_read_only', 'autovacuum', 'fsync', 'wal_level') ORDER BY 1"
    psql_at "$PG_PORT" postgres "SELECT slot_name FROM pg_replication_slots UNION ALL SELECT gid FROM pg_prepared_xacts"
    psql_at "$PG_PORT" limor_prod "SELECT pubname FROM pg_publication"
}

# Files in a run's directory that stand for something that isn't over.
open_records() {
    find "$(run_directory "$1")" \( -name 'move*.json' -o -name 'fence-*.json' \) -printf '%f\n'
}

# Processes of the program that belong to this stack: an engine's command line is that of the client that began it, which
# names the container, or a run with the stack's name in its own.
program_processes() {
    pgrep -f "pgrunbook .*$STACK-" || true
}

nobody_acts() {
    [ -z "$(program_processes)" ]
}
