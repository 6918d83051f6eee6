#!/usr/bin/env bash
# A server that waits on no network: made as Compose would make it, whatever the compose file says of it, it becomes
# Compose's own once the service has moved; and the server that was left goes and comes back. The moving itself is done
# by hand here.
# time-limit: 420
# shellcheck disable=SC2016 # what is expanded elsewhere
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/owned.sh
. "$lib_dir/owned.sh"
# shellcheck source=tests/lib/ports.sh
. "$lib_dir/ports.sh"

prefix=t$$-park
export POSTGRES_PASSWORD='p$$w${x}'
projects=()

# Everything of the test's projects, and what they mount.
park_clean_up() {
    local status=$? project ids volumes
    trap - EXIT
    set +e
    for project in "${projects[@]}"; do
        name=$project
        throw_aways | xargs -r docker rm -fv >/dev/null 2>&1
        ids=$(docker ps -aq --filter "label=com.docker.compose.project=$project")
        # shellcheck disable=SC2086 # one id a word
        [ -z "$ids" ] || docker rm -fv $ids >/dev/null 2>&1
        docker network ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker network rm >/dev/null 2>&1
    done
    volumes=$(docker volume ls -q | grep "^$prefix")
    # shellcheck disable=SC2086 # one name a word
    [ -z "$volumes" ] || docker volume rm -f $volumes >/dev/null 2>&1
    ports_give_back "$prefix"
    (exit "$status")
    e2e_clean_up
}
trap park_clean_up EXIT

# project NAME: a directory and names for a stack; the compose file comes from standard input, with @WORDS@ filled in.
project() {
    name=$prefix-$1 dir=$test_dir/$1
    projects+=("$name")
    mkdir -p "$dir"
    port=$(free_port "$prefix") || bail_out "no free port"
    sed -e "s|@NAME@|$name|g" -e "s|@PORT@|$port|g" -e "s|@OCTET@|$((RANDOM % 250 + 1))|g" >"$dir/docker-compose.yml"
    old_volume=${name}_data new_volume=$name-17
    old_container=$name-postgres-1
    set_up=(--set "compose_file=$dir/docker-compose.yml" --set "compose_project=$name" --set "old_container=$old_container"
        --set "left_container=$name-left" --set "old_volume=$old_volume" --set "new_container=$name-new"
        --set "new_volume=$new_volume")
}

up() {
    owned_compose "$dir" up -d >"$test_dir/up" 2>&1 || {
        diag "$(cat "$test_dir/up")"
        bail_out "the stack $name doesn't come up"
    }
    wait_for 60 owned_answers "$dir" postgres || bail_out "the server of $name doesn't answer"
}

park() {
    program_says run "$lib_dir/park.yaml" --plain --run-id "$1" "${set_up[@]}" "${@:2}"
}

place() {
    jq -r "$2" "$XDG_STATE_HOME/pgrunbook/runs/$1/place-$(docker inspect -f '{{.Id}}' "$3").json"
}

networks_of() {
    docker inspect "$1" | jq -c '.[0].NetworkSettings.Networks | keys'
}

# hand_over RUN FROM LEFT TO: by hand, what moves the service: FROM, from then on called LEFT, leaves its networks, and TO
# takes its name and joins those that were kept for it, in their order.
hand_over() {
    local network aliases address
    for network in $(networks_of "$2" | jq -r '.[]'); do
        docker network disconnect "$network" "$2"
    done
    docker rename "$2" "$3"
    docker rename "$4" "$2"
    for network in $(place "$1" '.networks | keys_unsorted[]' "$2"); do
        mapfile -t aliases < <(place "$1" ".networks[\"$network\"].Aliases[]" "$2")
        address=$(place "$1" ".networks[\"$network\"].IPAMConfig.IPv4Address // empty" "$2")
        # shellcheck disable=SC2046 # an option of two words, or none
        docker network connect $([ -z "$address" ] || echo "--ip $address") "${aliases[@]/#/--alias=}" "$network" "$2"
    done
}

throw_aways() {
    docker ps -aq --filter "name=^/?pgrunbook-$(printf '%s/postgres' "$name" | sha256sum | cut -c1-16)"
}

# ---- a service with everything ----

project rich <<'YAML'
name: @NAME@
services:
  postgres:
    image: pgvector/pgvector:pg15
    env_file: [server.env]
    environment:
      POSTGRES_PASSWORD: ${SECRET:?}
      WHERE: ${COMPOSE_PROJECT_NAME} $$HOME "quoted"
    entrypoint: ["docker-entrypoint.sh"]
    command: ["postgres", "-c", "max_connections=50", "-c", "cluster_name=a$$b"]
    ports: ["127.0.0.1:@PORT@:5432"]
    volumes:
      - data:/var/lib/postgresql/data
      - /scratch
      - ./conf:/conf:ro
    tmpfs: ["/run/small:size=1m", "/tmp"]
    shm_size: 96m
    ulimits: {nofile: {soft: 512, hard: 1024}}
    logging: {driver: json-file, options: {max-size: 5m}}
    networks:
      default: {aliases: [db, "${COMPOSE_PROJECT_NAME}-db"]}
      back: {ipv4_address: 10.214.@OCTET@.7, aliases: [reports], priority: 1000}
    extra_hosts: ["gateway.test:10.0.0.1"]
    dns_search: [example.test]
    healthcheck: {test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"], interval: 1s, timeout: 3s, retries: 30}
    secrets: [{source: token, target: token}]
    configs: [{source: banner, target: /etc/banner}]
    deploy: {resources: {limits: {memory: 600m, cpus: "1.5"}, reservations: {memory: 64m}}}
    cap_add: [SYS_NICE]
    sysctls: {net.core.somaxconn: 256}
    read_only: true
    init: true
    stop_signal: SIGINT
    stop_grace_period: 45s
    labels: {org.example.note: "a$$b, c"}
    restart: always
    depends_on: {redis: {condition: service_healthy, restart: true}, absent: {condition: service_started, required: false}}
  redis:
    image: redis:7-alpine
    container_name: @NAME@-cache
    networks: [back]
    healthcheck: {test: ["CMD", "redis-cli", "ping"], interval: 1s, timeout: 3s, retries: 30}
  absent: {image: "pgrunbook-test/absent:1", profiles: [never]}
  app:
    image: pgvector/pgvector:pg17
    entrypoint: [sleep, infinity]
    stop_grace_period: 0s
    networks: [default, back]
    depends_on: {postgres: {condition: service_healthy}}
secrets: {token: {file: ./token.txt}}
configs: {banner: {file: ./banner.txt}}
volumes:
  data:
networks:
  default:
  back: {ipam: {config: [{subnet: 10.214.@OCTET@.0/24}]}}
YAML
mkdir "$dir/conf"
echo token >"$dir/token.txt"
echo banner >"$dir/banner.txt"
printf 'FROM_FILE=it$$s a $file\nTZ=UTC\n' >"$dir/server.env"
printf 'SECRET=%s\n' "'$POSTGRES_PASSWORD'" >"$dir/.env"
# A read-only root takes the server's socket elsewhere.
sed -i 's|tmpfs: \[|tmpfs: ["/var/run/postgresql:uid=100,gid=100,mode=1777", |' "$dir/docker-compose.yml"
up
others=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$name" | LC_ALL=C sort)

park rich
is "$status" 10 "a server is parked, the run waits at the gate"
[ "$status" = 10 ] || show_output 60
like "$output" 'pass +warm switch: this stack allows it' "the stack allows the warm switch"
like "$output" 'pass +fixed addresses: 10\.214\.[0-9]+\.7 on .*_back move along' "the fixed address was noticed"
like "$output" 'pass +compose file in force' "Compose's own hash of the service is known, env_file or not"
is "$(docker inspect -f '{{.State.Status}}' "$name-new")" running "the new container runs"
is "$(networks_of "$name-new")" '[]' "on no network"
is "$(docker exec "$name-new" psql -X -A -t -U postgres -h 127.0.0.1 -c 'SHOW server_version_num' 2>/dev/null | cut -c1-2 || docker exec "$name-new" cat /var/lib/postgresql/data/PG_VERSION)" 17 "with PostgreSQL 17"
is "$(docker inspect "$name-new" | jq -r '.[0].Mounts[] | select(.Destination == "/var/lib/postgresql/data").Name')" "$new_volume" "on the new volume"
is "$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$name" --filter "label=com.docker.compose.service" | LC_ALL=C sort | comm -23 <(echo "$others") -)" '' "nothing else of the stack was touched"
is "$(throw_aways)" '' "the container that Compose made is gone"
is "$(docker inspect -f '{{index .Config.Labels "com.docker.compose.depends_on"}}' "$name-new")" "$(docker inspect -f '{{index .Config.Labels "com.docker.compose.depends_on"}}' "$old_container")" "its label says what it depends on"
ok "the old server serves" pg_isready -q -h 127.0.0.1 -p "$port"
is "$(place rich .name "$name-new")" "$old_container" "the name that Compose would give it was kept"
is "$(place rich '.networks | keys_unsorted[0]' "$name-new")" "${name}_back" "and its networks, the one with priority first"

docker restart -t 30 "$name-new" >/dev/null
is "$(networks_of "$name-new")" '[]' "started anew it is on no network either"
ok "and the old server serves" pg_isready -q -h 127.0.0.1 -p "$port"

hand_over rich "$old_container" "$name-left" "$name-new"
is "$(docker inspect "$old_container" | jq -r ".[0].NetworkSettings.Networks[\"${name}_back\"].IPAddress")" "$(sed -n 's/.*ipv4_address: \([0-9.]*\),.*/\1/p' "$dir/docker-compose.yml")" "the new container got the fixed address"
is "$(docker exec "$old_container" getent hosts redis >/dev/null 2>&1 && echo found)" found "it finds others by name"
like "$(docker exec "$old_container" getent hosts gateway.test)" '10\.0\.0\.1' "and its extra host"

park rich --confirm move/retire
is "$status" 10 "the server that was left is retired"
[ "$status" = 10 ] || show_output 60
like "$output" 'checkpoint written' "with a checkpoint"
not_ok "its container is gone" docker container inspect "$name-left"
ok "its volume is there" docker volume inspect "$old_volume"
owned_by_compose "$dir" postgres

# ---- the way back ----

label() {
    docker inspect -f "{{index .Config.Labels \"com.docker.compose.$2\"}}" "$1"
}

program_says rollback rich
is "$status" 12 "a rollback brings the old server back"
[ "$status" = 12 ] || show_output 60
is "$(docker inspect -f '{{.State.Status}}' "$name-left")" running "it runs"
is "$(networks_of "$name-left")" '[]' "on no network"
is "$(label "$name-left" project.config_files)" "$dir/docker-compose.yml" "its labels name the compose file, not its copy"
not_ok "the compose file's copy is gone" test -e "$dir/docker-compose.before.yml"
hand_over rich "$old_container" "$name-new" "$name-left"
docker rm -fv "$name-new" >/dev/null
owned_by_compose "$dir" postgres
owned_as_made "$dir" postgres
docker volume rm "$new_volume" >/dev/null 2>&1 || true
owned_goes_down "$dir" postgres

# ---- several files, another environment file, a name of its own ----

project plain <<'YAML'
services:
  postgres:
    image: pgvector/pgvector:pg15
    container_name: @NAME@-db
    environment: {POSTGRES_PASSWORD: "${SECRET}"}
    volumes: [data:/var/lib/postgresql/data, /scratch]
volumes:
  data: {}
YAML
cat >"$dir/over.yml" <<YAML
name: $name
services:
  postgres:
    ports: ["127.0.0.1:$port:5432"]
YAML
printf 'SECRET=%s\n' "'$POSTGRES_PASSWORD'" >"$dir/production.env"
owned_options=(-f "$dir/docker-compose.yml" -f "$dir/over.yml" --env-file "$dir/production.env")
old_container=$name-db
set_up+=(--set "compose_file=$dir/docker-compose.yml,$dir/over.yml" --set "old_container=$old_container")
up

# The worker dies right after Compose has made its container for the nth time, which nobody removes then: for the check
# first, then for the server that is parked.
mkdir "$test_dir/bin"
cat >"$test_dir/bin/docker" <<SH
#!/bin/sh
$(command -v docker) "\$@"
status=\$?
case " \$* " in *" --no-start "*) echo made >>"$test_dir/made" && [ "\$(wc -l <"$test_dir/made")" = "\$KILL_AT" ] && kill -9 \$PPID ;; esac
exit \$status
SH
chmod +x "$test_dir/bin/docker"
PATH=$test_dir/bin:$PATH KILL_AT=1 park asked
is "$status" 11 "the worker dies in the check"
isnt "$(throw_aways)" '' "the container that Compose made is left"
program_says rollback asked
is "$status" 12 "the run is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(throw_aways)" '' "the container is gone"
rm "$test_dir/made"
PATH=$test_dir/bin:$PATH KILL_AT=2 park dead
is "$status" 11 "the worker dies in the middle"
isnt "$(throw_aways)" '' "the container that Compose made is left"
program_says rollback dead
is "$status" 12 "the run is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(throw_aways)" '' "the container is gone, and keeps no volume in use"
ok "so the new one can be removed" docker volume rm "$new_volume"
rm "$test_dir/made"
PATH=$test_dir/bin:$PATH KILL_AT=2 park plain
is "$status" 11 "the worker of another run dies there"
isnt "$(throw_aways)" '' "the container that Compose made is left"
scratch=$(docker inspect "$(throw_aways)" | jq -r '.[0].Mounts[] | select(.Destination == "/scratch").Name')
ok "with its anonymous volume" docker volume inspect "$scratch"
not_ok "none was made of it" docker container inspect "$name-new"

# And once more while it waits for the server, which makes its data directory.
runs() {
    [ "$(docker inspect -f '{{.State.Running}}' "$1" 2>/dev/null)" = true ]
}
"$program" run "$lib_dir/park.yaml" --plain --run-id plain "${set_up[@]}" >"$test_dir/second" 2>&1 </dev/null &
second=$!
wait_for 120 runs "$name-new" || bail_out "the second try starts no container: $(cat "$test_dir/second")"
engine=$(grep -h '"type":"engine_started"' "$XDG_STATE_HOME/pgrunbook/runs/plain/journal.jsonl" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')
pgrep -P "$engine" | xargs -r kill -9 || true
wait "$second" || true
parked=$(docker inspect -f '{{.Id}}' "$name-new")
park plain
is "$status" 10 "the next try parks the server"
[ "$status" = 10 ] || show_output 60
like "$output" "$name-new was made already" "it takes over what the one before has made"
is "$(docker inspect -f '{{.Id}}' "$name-new")" "$parked" "the same container"
is "$(throw_aways)" '' "and has removed what was left"
not_ok "and its volume" docker volume inspect "$scratch"
is "$(place plain .name "$name-new")" "$old_container" "its name is to be the file's container_name"
is "$(label "$name-new" project.config_files)" "$dir/docker-compose.yml,$dir/over.yml" "its label names both files"
is "$(label "$name-new" project.environment_file)" "$dir/production.env" "and the environment file"

program_says rollback plain
is "$status" 12 "a rollback before the service has moved"
[ "$status" = 12 ] || show_output 60
not_ok "removes the parked server" docker container inspect -f '{{.Name}}' "$parked"
docker volume rm "$new_volume" >/dev/null
park again
hand_over again "$old_container" "$name-left" "$name-new"
park again --confirm move/retire
is "$status" 10 "with a container_name, too, the server that was left is retired"
[ "$status" = 10 ] || show_output 60
owned_by_compose "$dir" postgres
program_says rollback again
is "$status" 12 "and comes back"
[ "$status" = 12 ] || show_output 60
hand_over again "$old_container" "$name-new" "$name-left"
docker rm -fv "$name-new" >/dev/null
like "$(owned_compose "$dir" up -d 2>&1)" "Container $old_container +Running" "docker compose up finds it running"
ok "the old server serves" wait_for 10 pg_isready -q -h 127.0.0.1 -p "$port"

# single RUN [ARGUMENT]... <STEPS: a run of these steps, with the same names.
single() {
    sed -n "1,/steps:/p" "$lib_dir/park.yaml" >"$test_dir/single.yaml"
    cat >>"$test_dir/single.yaml"
    program_says run "$test_dir/single.yaml" --plain --run-id "$1" "${set_up[@]}" "${@:2}"
}
park_step='docker.park: {name: "${new_container}", server: new, file: "${compose_file}", project: "${compose_project}", service: "${service}", volume: "${new_volume}", major: "17"}'

# ---- what is refused ----

# One that is gone already is retired, and on the way back the old server is found where it was.
single gone <<YAML
      - id: retire
        docker.retire: {container: "$name-left", project: "\${compose_project}", service: "\${service}"}
        undo: {docker.park: {name: "$name-left", server: left, file: "\${compose_file}", project: "\${compose_project}", service: "\${service}", volume: "\${old_volume}", major: "15"}}
      - id: stay
        gate: {confirm: key, question: "Stay?"}
        pg.sql: {server: left, query: "SELECT 1"}
YAML
is "$status" 10 "a container that is gone already is retired"
program_says rollback gone
is "$status" 12 "a rollback finds the old server running where it was"
[ "$status" = 12 ] || show_output 60
not_ok "and makes none" docker container inspect -f '{{.Name}}' "$name-left"

# The server that serves: nobody retires it, nor one beside which nobody serves.
single serving <<YAML
      - id: retire
        docker.retire: {container: "$old_container", project: "\${compose_project}", service: "\${service}"}
YAML
is "$status" 11 "a server that serves isn't retired"
like "$output" "container $old_container runs on network ${name}_default: it may be the one that serves" "the network says so"
ok "it serves" pg_isready -q -h 127.0.0.1 -p "$port"
docker network disconnect "${name}_default" "$old_container"
program_says rollback serving
single nobody <<YAML
      - id: retire
        docker.retire: {container: "$old_container", project: "\${compose_project}", service: "\${service}"}
        undo: {docker.park: {name: "$old_container", server: old, file: "\${compose_file}", project: "\${compose_project}", service: "\${service}", volume: "\${old_volume}", major: "15"}}
YAML
is "$status" 11 "nor one beside which nobody serves"
like "$output" "no other container of service postgres serves clients than $old_container" "which is said"
ok "it runs" test "$(docker inspect -f '{{.State.Running}}' "$old_container")" = true
left=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$old_container")
program_says rollback nobody
is "$status" 12 "the way back finds it where it was left"
[ "$status" = 12 ] || show_output 60
is "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$old_container")" "$left" "and leaves it alone"
is "$(place nobody .name "$old_container")" "$old_container" "its place is known"
docker network connect "${name}_default" --alias postgres "$old_container"

# Two servers on one volume.
single twice --set "new_volume=$old_volume" <<YAML
      - id: park
        $park_step
YAML
is "$status" 11 "no second server is started on a volume that is in use"
like "$output" "volume $old_volume is in use by the container $old_container" "which is said"
not_ok "none was made" docker container inspect "$name-new"
program_says rollback twice

# Somebody else's container has the name.
docker create --name "$name-new" --label "com.docker.compose.project=$name" redis:7-alpine >/dev/null
foreign=$(docker inspect -f '{{.Id}}' "$name-new")
single foreign --set "new_volume=$old_volume" <<YAML
      - id: park
        $park_step
        undo: {docker.remove: {name: "\${new_container}"}}
YAML
is "$status" 11 "a container of another one's isn't taken over"
like "$output" "there is a container $name-new already" "which is said"
program_says rollback foreign
is "$(docker inspect -f '{{.Id}}' "$name-new")" "$foreign" "and a rollback leaves it"
docker rm -f "$name-new" >/dev/null
owned_goes_down "$dir" postgres
done_testing
