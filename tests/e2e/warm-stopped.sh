#!/usr/bin/env bash
# The old server's container has stopped, with nobody to start it again (no restart policy), when the upgrade is rolled
# back: before the switch, and in the middle of it as in a loss of power. The rollback starts that container, and no
# second one beside it on the same data.
# time-limit: 600
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/meters.sh
. "$lib_dir/meters.sh"
# shellcheck source=tests/lib/move.sh
. "$lib_dir/move.sh"
# shellcheck source=tests/lib/move-cases.sh
. "$lib_dir/move-cases.sh"
# shellcheck source=tests/lib/warm.sh
. "$lib_dir/warm.sh"

give_up() {
    show_output 60
    show_stack
    done_testing
    exit
}

# All that has the volume, and the state of each, but for who looks on.
users_of() {
    docker ps -a --filter "volume=$1" --format '{{.Names}} {{.State}}' | grep -v -e "^$sidecar " -e "^$once " | LC_ALL=C sort
}

alone_with() {
    [ "$(users_of "$1")" = "$2" ]
}

# begun RUN: the copy is proven, the new server waits; the next step is the move.
begun() {
    docker volume rm -f "$NEW_VOLUME" >/dev/null
    rm -rf "${BACKUP_DIR:?}"/*
    through_proxy warm "$1" --confirm prepare/volume --confirm switchover/go
    is "$(run_field "$1" .gate)" switchover/move "$1: all is ready for the switch"
    [ "$(run_field "$1" .gate)" = switchover/move ] || give_up
}

# brought_back RUN
brought_back() {
    is "$(users_of "$OLD_VOLUME")" "$OLD_CONTAINER running" "$1: its container is the only one on its data, and runs"
    is "$(docker inspect -f '{{.Id}}' "$OLD_CONTAINER")" "$old_id" "$1: it is the one that there was"
    ok "$1: the application is healthy" wait_for 60 app_is_healthy
    ok "$1: and commits" commits_go_on 60
    is "$(server_major "$PG_PORT")" 15 "$1: on PostgreSQL 15"
    app_pause
    ok "$1: every acknowledged commit is there, once, in its newest state" ledger_holds "$PG_PORT"
    app_resume
    is "$(psql_at "$PG_PORT" postgres 'SHOW default_transaction_read_only')" off "$1: clients may write"
    is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "$1: the compose file is as it was"
}

# shellcheck disable=SC2119 # no arguments
stack_up
STAGE=$STACK_DIR/stage
echo before >"$STAGE"
compose_before=$(sha256sum <"$COMPOSE_FILE")
old_id=$(docker inspect -f '{{.Id}}' "$OLD_CONTAINER")
# Somebody who backs the data up, and somebody's psql, made with docker compose run: neither is a server.
sidecar=$STACK-sidecar once=$STACK-once
docker run -d --name "$sidecar" --label "org.pgrunbook.stack=$STACK" -v "$OLD_VOLUME:/backup:ro" --entrypoint sleep "$OLD_IMAGE" infinity >/dev/null
# run_once NAME COMMAND...: as docker compose run does it.
run_once() {
    docker run -d --name "$1" --label "org.pgrunbook.stack=$STACK" -v "$OLD_VOLUME:/var/lib/postgresql/data" \
        --label "com.docker.compose.project=$PROJECT" --label "com.docker.compose.service=$SERVICE" \
        --label com.docker.compose.oneoff=True --label com.docker.compose.container-number=1 "$OLD_IMAGE" "${@:2}" >/dev/null
}
run_once "$once" sleep infinity
docker update --restart no "$OLD_CONTAINER" >/dev/null
warm_waits move
proxy_start "switch/2:POST .*/disconnect" \
    "before:$lib_dir/break all $STACK; docker kill $OLD_CONTAINER $STACK-parked" \
    "joined/2:POST .*/connect" "after:$lib_dir/break all $STACK; docker kill $OLD_CONTAINER $STACK-parked" \
    "given/1:POST .*/start" "before:$lib_dir/break all $STACK"

# refused_beside CONTAINER HOW [ARGUMENT...]: somebody has started a server on the data of the one that is to come back.
refused_beside() {
    through_proxy program_says rollback stopped "${@:3}"
    is "$status" 11 "stopped: nothing is started while there is a server on its data, by $2"
    like "$output" "volume $OLD_VOLUME is in use by the container $1" "stopped: who that is is said"
    is "$(docker inspect -f '{{.State.Status}}' "$OLD_CONTAINER")" exited "stopped: its container isn't started"
    docker exec -u postgres "$1" sh -c 'pg_ctl stop -D "$(test -e /old/PG_VERSION && echo /old || echo "$PGDATA")" -m fast' >/dev/null 2>&1 || true
    docker stop -t 1 "$1" >/dev/null
    docker rm "$1" >/dev/null
}

# ---- before the switch ----

begun stopped
docker kill "$OLD_CONTAINER" >/dev/null
through_proxy warm stopped --confirm switchover/move
is "$status" 11 "stopped: a server that is gone can't be followed"
[ "$status" = 11 ] || give_up
run_once "$once-server" postgres -c max_connections=5
refused_beside "$once-server" "docker compose run"
docker run -d --name "$once-server" --label "org.pgrunbook.stack=$STACK" -v "$OLD_VOLUME:/var/lib/postgresql/data" "$OLD_IMAGE" >/dev/null
refused_beside "$once-server" "docker run" --retry
docker run -d --name "$once-server" --label "org.pgrunbook.stack=$STACK" -v "$OLD_VOLUME:/old" --entrypoint sleep "$OLD_IMAGE" infinity >/dev/null
docker exec -d -u postgres "$once-server" postgres -D /old
ok "stopped: there is a server that was started by hand" wait_for 30 docker exec "$once-server" pg_isready -q
refused_beside "$once-server" "a shell" --retry
through_proxy program_says rollback stopped --retry
is "$status" 12 "stopped: rolled back"
[ "$status" = 12 ] || give_up
brought_back stopped

# ---- in the middle of it ----

begun powerless
echo switch >"$STAGE"
through_proxy warm powerless --confirm switchover/move
like "$status" '^(1|137)$' "powerless: all that there was of the program is dead, or says that the rest is"
ok "powerless: so is the old server" wait_for 20 alone_with "$OLD_VOLUME" "$OLD_CONTAINER exited"
ok "powerless: and the new one" wait_for 20 alone_with "$NEW_VOLUME" "$STACK-parked exited"
echo behind >"$STAGE"
through_proxy program_says rollback powerless
is "$status" 12 "powerless: rolled back"
[ "$status" = 12 ] || give_up
brought_back powerless

# ---- behind it, and what may have been written is given up ----

echo before >"$STAGE"
given=$STACK-given-up # break finds the way back by this
begun "$given"
app_pause
echo joined >"$STAGE"
through_proxy warm "$given" --confirm switchover/move
like "$status" '^(1|137)$' "given-up: all that there was of the program is dead, or says that the rest is"
ok "given-up: so is the new server" wait_for 20 alone_with "$NEW_VOLUME" "$STACK-parked exited"
echo given >"$STAGE"
through_proxy program_says rollback "$given" --lose unknown
like "$status" '^(1|137)$' "given-up: the way back is dead, too, with the new server off its networks"
echo behind >"$STAGE"
through_proxy program_says rollback "$given" --lose unknown
is "$status" 12 "given-up: rolled back"
[ "$status" = 12 ] || give_up
app_resume
brought_back "$given"
is "$(docker volume ls -q --filter "name=^$NEW_VOLUME\$")" "$NEW_VOLUME" "given-up: the volume stays that a client may have written on"
proxy_stop
done_testing
