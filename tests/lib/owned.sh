# shellcheck shell=bash
# Whether a container that Compose didn't make is Compose's own all the same. Needs e2e.sh. Options for `docker compose`
# besides those that the directory's files give (-f, --env-file) go into the array owned_options.

owned_options=()

# owned_compose DIRECTORY ARGUMENT...
owned_compose() (
    cd "$1" && shift && docker compose "${owned_options[@]}" "$@"
)

# The one container of the service, running or not; a second one shows as a second line.
owned_container() {
    owned_compose "$1" ps -aq --no-trunc "$2" 2>/dev/null
}

# All containers of the stack, so that one that was made anew shows.
owned_stack() {
    owned_compose "$1" ps -aq --no-trunc 2>/dev/null | LC_ALL=C sort
}

owned_answers() {
    owned_compose "$1" exec -T "$2" pg_isready -q -h 127.0.0.1 2>/dev/null
}

# Whether somebody at the container's first published port gets an answer.
owned_is_published() {
    local address
    address=$(owned_compose "$1" port "$2" 5432 2>/dev/null)
    pg_isready -q -h "${address%:*}" -p "${address##*:}"
}

# owned_by_compose DIRECTORY SERVICE: Compose leaves the running container as it is, and each of its commands works on it.
owned_by_compose() {
    local before stack said started name
    before=$(owned_container "$1" "$2")
    stack=$(owned_stack "$1")
    name=$(docker inspect -f '{{slice .Name 1}}' "$before" 2>/dev/null || true)
    said=$(owned_compose "$1" up -d 2>&1) || true
    like "$said" "Container $name +Running" "docker compose up finds $name running"
    unlike "$said" 'Recreate|Creat|Started|Removed|rror' "it makes, starts and removes nothing"
    is "$(owned_stack "$1")" "$stack" "every container of the stack is the same one"
    is "$(owned_container "$1" "$2" | wc -l)" 1 "the service has one container"
    is "$(owned_compose "$1" ps --format '{{.Name}} {{.Service}} {{.State}}' "$2" 2>/dev/null)" "$name $2 running" "docker compose ps lists it"
    like "$(owned_compose "$1" logs --no-log-prefix "$2" 2>&1)" 'ready to accept connections' "docker compose logs shows its log"
    ok "docker compose exec runs a command in it" owned_answers "$1" "$2"
    started=$(docker inspect -f '{{.State.StartedAt}}' "$before")
    ok "docker compose restart works" owned_compose "$1" restart "$2"
    isnt "$(docker inspect -f '{{.State.StartedAt}}' "$before")" "$started" "the container was started anew"
    is "$(owned_container "$1" "$2")" "$before" "and is the same one"
    ok "its server answers" wait_for 30 owned_answers "$1" "$2"
    ok "also at its published port" wait_for 30 owned_is_published "$1" "$2"
    like "$(owned_compose "$1" up -d 2>&1)" "Container $name +Running" "docker compose up still finds it running"
}

# What of a container isn't its own by chance: no ids, times, addresses, names of anonymous volumes, no order where there
# is none; an engine writes "nothing" in several ways.
owned_settings() {
    docker inspect "$1" | jq -S '.[0] | .Id[0:12] as $id | {
        Name, Image, Path, Args,
        Config: (.Config | .Env |= sort | if .Hostname == $id then del(.Hostname) else . end),
        HostConfig: (.HostConfig | .Mounts |= (. // [] | map(if (.Source // "" | test("^[0-9a-f]{64}$")) then del(.Source) else . end) | sort)
            | .Binds |= (. // [] | sort)),
        Mounts: (.Mounts | map(if (.Name // "" | test("^[0-9a-f]{64}$")) then del(.Name, .Source) else . end) | sort),
        Ports: .NetworkSettings.Ports,
        Networks: (.NetworkSettings.Networks | map_values({
            Aliases: ((.Aliases // []) - [$id] | sort), IPAMConfig, Links, DriverOpts, GwPriority}))}
        | walk(if type == "object" then with_entries(select(.value as $v | [null, "", [], {}] | index([$v]) | not)) else . end)'
}

# owned_as_made DIRECTORY SERVICE: Compose makes the service anew, from nothing, and the container is as it was.
owned_as_made() {
    local ours
    ours=$(owned_settings "$(owned_container "$1" "$2")")
    isnt "$ours" '' "the container's settings can be read"
    owned_compose "$1" rm -sf "$2" >/dev/null 2>&1
    owned_compose "$1" up -d "$2" >/dev/null 2>&1
    is "$(owned_settings "$(owned_container "$1" "$2")")" "$ours" "the container that Compose makes is the same in every setting"
    ok "its server answers" wait_for 60 owned_answers "$1" "$2"
}

# owned_goes_down DIRECTORY SERVICE: nothing of the stack is left but its volumes.
owned_goes_down() {
    local container networks
    container=$(owned_container "$1" "$2")
    networks=$(docker inspect "$container" | jq -r '.[0].NetworkSettings.Networks | keys[]')
    ok "docker compose down works" owned_compose "$1" down
    is "$(owned_stack "$1")" '' "no container is left"
    not_ok "not the service's either" docker container inspect "$container"
    for network in $networks; do
        not_ok "network $network is gone" docker network inspect "$network"
    done
}
