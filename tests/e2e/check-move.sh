#!/usr/bin/env bash
# Which stacks allow the warm switch: what stands in the way is named, each in its own words, and nothing is changed.
# time-limit: 240
# shellcheck disable=SC2119 # no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

name=t$$-check dir=$test_dir/check container=t$$-check-postgres-1 container_2=t$$-check-second
mkdir "$dir"
compose_up_to() {
    docker compose --project-directory "$dir" -f "$dir/docker-compose.yml" -p "$name" "$@" >/dev/null 2>&1
}
trap 'docker rm -fv "$container_2" >/dev/null 2>&1 || true; compose_up_to down -v -t 0 || true
    docker network rm "$name-extra" "$name-vlan" >/dev/null 2>&1 || true; e2e_clean_up' EXIT

# stack [LINE]...: the compose file, with these lines in the server's service.
stack() {
    {
        printf 'services:\n  postgres:\n    image: pgvector/pgvector:pg15\n    entrypoint: [sleep, infinity]\n'
        [ $# -eq 0 ] || printf '    %s\n' "$@"
        printf '    volumes: [data:/var/lib/postgresql/data]\n'
        printf '  other:\n    image: redis:7-alpine\n    entrypoint: [sleep, infinity]\n'
        [ -z "${other:-}" ] || printf '    %s\n' "$other"
        printf 'volumes: {data: {}}\n%s\n' "${rest:-}"
    } >"$dir/docker-compose.yml"
}

look() {
    program_says plan "$lib_dir/check-move.yaml" --set "compose_file=$dir/docker-compose.yml" \
        --set "compose_project=$name" --set "old_container=$container" "$@"
}

# refused CHECK WORDS: for the stack as it is.
refused() {
    look
    is "$status" 11 "$1: refused"
    like "$output" "FAIL +$1: .*($2)" "$1: in plain words"
    like "$output" 'FAIL +warm switch: this stack doesn.t allow it' "$1: the stack doesn't allow the warm switch"
    like "$output" 'What to do: .*pg15-to-pg17\.yaml' "$1: and what to do is said"
}

stack
compose_up_to up -d -t 0 || bail_out "the stack doesn't come up"
before=$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$name" | sort)
look
is "$status" 0 "a plain stack allows the warm switch"
[ "$status" = 0 ] || show_output
like "$output" 'pass +warm switch: this stack allows it' "which is said"
like "$output" 'pass +compose file in force' "its container is what the compose file says"

checked() {
    program_says check "$lib_dir/check-move.yaml" --set "compose_file=$dir/docker-compose.yml" \
        --set "compose_project=$name" --set "old_container=$container"
}
checked
is "$status" 0 "pgrunbook check"
like "$output" 'move: docker.check_move, read' "lists the steps"
like "$output" 'pass +warm switch: this stack allows it' "and says that this stack allows the warm switch"
stack 'network_mode: host'
checked
is "$status" 1 "a stack that doesn't is no fault of the runbook, and yet not all is well"
like "$output" 'FAILED: own network: the service says network_mode: host' "why is said"
like "$(tail -n 1 <<<"$output")" "^THIS STACK DOESN'T ALLOW THE WARM SWITCH" "and the last line says so"
DOCKER_HOST=unix:///nonexistent/docker.sock checked
is "$status" 0 "without Docker"
like "$output" 'NOT LOOKED AT: cannot reach Docker' "it says that it couldn't look"
like "$(tail -n 1 <<<"$output")" "isn't known" "and the last line says so"

# ---- what Compose makes ----

# tried RUN: as a run does it, which asks Compose for the container as well.
tried() {
    program_says run "$lib_dir/check-move.yaml" --plain --run-id "$1" --set "compose_file=$dir/docker-compose.yml" \
        --set "compose_project=$name" --set "old_container=$container"
}
stack
tried made
is "$status" 0 "a run asks Compose"
like "$output" 'pass +made by Compose' "which makes such a container"
stack 'pull_policy: never'
sed -i 's|image: pgvector/pgvector:pg15|image: pgrunbook-test/absent:1|' "$dir/docker-compose.yml"
tried unmade
is "$status" 11 "one that Compose can't make is refused before anything is done"
like "$output" 'FAIL +made by Compose: .*asking Compose what it would make' "which is said"
is "$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$name" | sort)" "$before" "nothing of the stack was touched"

# ---- what the compose file says ----

stack 'network_mode: host'
refused 'own network' 'network_mode: host'
stack 'network_mode: "service:other"'
refused 'own network' 'network_mode: service:other'
stack "command: [postgres, -c, 'archive_mode=on']"
refused archiving 'archive settings'
socket_stack() {
    stack
    sed -i 's|    volumes: \[data:/var/lib/postgresql/data\]|    volumes: [data:/var/lib/postgresql/data, "'"$1"'"]|' "$dir/docker-compose.yml"
}
mkdir -p "$dir/socket"
socket_stack ./socket:/var/run/postgresql
refused 'shared directories' 'socket at /var/run/postgresql'
socket_stack ./socket:/scratch
look
like "$output" 'warn +other directories: both servers would have .*socket at /scratch' "a directory of its own is named"
socket_stack ./socket:/scratch:ro
look
like "$output" 'pass +other directories' "one that is read only is fine"
socket_stack data:/again:ro
refused 'shared directories' 'data at /again'
stack 'links: [other]'
refused links 'the service has links'
other='links: ["postgres:db"]' stack
refused links 'service other has a link to it'
other='network_mode: "service:postgres"' stack
refused 'shared network' 'service other says network_mode: service:postgres'
stack 'pid: "service:other"'
refused 'shared processes' 'the service says pid: service:other'
stack 'volumes_from: [other]'
refused volumes_from 'the service has volumes_from'
other='volumes_from: ["postgres:ro"]' stack
refused volumes_from 'service other has volumes_from: postgres'
stack 'deploy: {replicas: 2}'
refused replicas 'deploy.replicas: 2'
stack 'scale: 3'
refused replicas 'scale: 3|deploy.replicas: 3'
stack 'ports: ["127.0.0.1::5432"]'
refused 'published ports' 'port 5432 gets another host port each time'
stack 'ports: ["17000-17009:5432"]'
refused 'published ports' 'port 5432 gets any host port of 17000-17009'
stack 'mac_address: "02:42:ac:11:65:43"'
refused 'hardware address' 'the service has a mac_address'
rest='secrets: {token: {environment: HOME}}' stack 'secrets: [token]'
refused 'secrets and configs' 'token stands in no file'

# ---- what is no hindrance ----

other='depends_on: {postgres: {condition: service_started, restart: true}}' stack
look
is "$status" 0 "a service that is to be restarted with the server is no hindrance"
like "$output" 'warn +dependents: service other is to be restarted with it' "but it is said"
stack 'ports: [{target: 5432, published: "17001", mode: host}]' 'restart: always' 'read_only: true' 'hostname: db'
look
is "$status" 0 "nor are a port in mode host, restart: always, a read-only root, a host name"
[ "$status" = 0 ] || show_output
like "$output" 'warn +compose file in force: docker compose up would recreate the container' "a container that isn't what the file says is noticed"

# ---- what the engine says ----

stack
docker network create "$name-extra" >/dev/null
docker network connect "$name-extra" "$container"
refused 'networks joined by hand' "is on network $name-extra, which the compose file doesn't give it"
look --set provided=other_networks
is "$status" 0 "somebody who has provided for it may go on"
like "$output" 'warn +networks joined by hand: .*allowed by the runbook' "with a warning"
rest="networks: {extra: {external: true, name: $name-extra}}" stack 'networks: [default, extra]'
look
is "$status" 0 "two networks of the compose file are no hindrance"
like "$output" "pass +order of networks: ${name}_default is joined first, behind it $name-extra" "and their order is told"
stack
# Compose puts the id of an external network there.
docker run -d --name "$container_2" --network "$(docker network inspect -f '{{.Id}}' "$name-extra")" --entrypoint sleep redis:7-alpine infinity >/dev/null
docker network connect "${name}_default" "$container_2"
first=$container container=$container_2
look
like "$output" "pass +order of networks: $name-extra is joined first, behind it ${name}_default" "also where the first one is known by its id"
container=$first
docker rm -fv "$container_2" >/dev/null
docker network disconnect "$name-extra" "$container"
docker rename "$container" "$name-renamed"
first=$container container=$name-renamed
refused "container's name" "is called $name-renamed, and Compose would call it $first"
tried renamed
is "$status" 11 "a run, which asks Compose, refuses it as well"
like "$output" "FAIL +container's name: .* Compose would call it $first" "by the name that Compose gives"
container=$first
docker rename "$name-renamed" "$container"
docker run -d --name "$container_2" --network "container:$container" --entrypoint sleep redis:7-alpine infinity >/dev/null
refused 'shared network' 'uses its network'
docker rm -fv "$container_2" >/dev/null
docker run -d --rm --name "$container_2" --network "$(docker inspect -f '{{.HostConfig.NetworkMode}}' "$container")" \
    --label com.docker.swarm.service.name=stack_db --label com.docker.stack.namespace=stack --entrypoint sleep redis:7-alpine infinity >/dev/null
first=$container container=$container_2
refused 'removal at stop' "$container_2 was made with --rm"
refused swarm 'carries the label com.docker.swarm.service.name=stack_db'
container=$first
docker rm -fv "$container_2" >/dev/null
docker run -d --name "$container_2" --label "com.docker.compose.project=$name" --label com.docker.compose.service=postgres \
    --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=2 --entrypoint sleep redis:7-alpine infinity >/dev/null
refused replicas 'the service has 2 containers'
docker rm -fv "$container_2" >/dev/null
docker run -d --name "$container_2" --network "$(docker inspect -f '{{.HostConfig.NetworkMode}}' "$container")" -v /scratch \
    --entrypoint sleep redis:7-alpine infinity >/dev/null
container=$container_2
look
like "$output" "warn +volumes without a name: .*$container_2 has a volume without a name at /scratch" "a volume without a name is named"
container=$first
docker rm -fv "$container_2" >/dev/null
docker run -d --name "$container_2" --network none --entrypoint sleep redis:7-alpine infinity >/dev/null
container=$container_2
refused networks 'none \(null\)'
container=$first
docker rm -fv "$container_2" >/dev/null
if docker network create -d macvlan "$name-vlan" >/dev/null 2>&1; then
    docker network connect "$name-vlan" "$container" 2>/dev/null || diag "no macvlan here"
    if docker inspect "$container" | jq -e ".[0].NetworkSettings.Networks[\"$name-vlan\"]" >/dev/null; then
        refused networks "$name-vlan \\(macvlan\\)"
        docker network disconnect "$name-vlan" "$container"
    else
        skip "a container can't join a macvlan network on this machine"
    fi
else
    skip "no macvlan network can be made on this machine"
fi
look
is "$status" 0 "without all that the stack allows it again"
like "$output" 'warn +server: what a move needs of it can.t be asked' "a server that doesn't answer wasn't asked"

# ---- what the server says ----

# server [OPTION]...: it runs in the container, with these.
server() {
    docker exec -u postgres "$container" sh -c 'pg_ctl -D /tmp/data -m fast -w stop || initdb -D /tmp/data
        pg_ctl -D /tmp/data -l /tmp/log -o "$*" -w start' sh "$@" >"$test_dir/server.log" 2>&1 || bail_out "the server doesn't start"
}

server
look
is "$status" 0 "a plain server allows it, too"
[ "$status" = 0 ] || show_output
like "$output" 'pass +stopping writes' "its writes can be stopped"
like "$output" 'pass +following writes' "and followed"
look --set pooler=pooler
is "$status" 11 "a pooler whose console doesn't answer is refused"
like "$output" 'FAIL +pooler: ' "which is said"
server -c wal_level=minimal -c max_wal_senders=0
refused 'following writes' 'wal_level is minimal'
unlike "$output" 'pg15-to-pg17\.yaml.*pg15-to-pg17\.yaml' "the other runbook is named once"
server
docker exec -u postgres "$container" psql -q -c 'ALTER ROLE postgres SET default_transaction_read_only = off'
refused 'stopping writes' 'default_transaction_read_only is set to off'
unlike "$output" 'mode network' "without a way that this runbook doesn't have"
docker exec -u postgres "$container" psql -q -c 'ALTER ROLE postgres RESET default_transaction_read_only'
docker exec "$container" sh -c 'rm -f /usr/lib/postgresql/*/bin/pg_waldump /usr/bin/pg_waldump'
refused 'following writes' 'the container has no pg_waldump'
is "$(docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$name" | sort)" "$before" "nothing of the stack was touched"
done_testing
