# shellcheck shell=bash
# What up and down share: names, labels, ports and the volumes with ready-made data. Needs say.sh.

# shellcheck disable=SC2034 # used by the scripts that source this file
{
    stack_label=org.pgrunbook.stack
    seed_label=org.pgrunbook.seed
    old_image=pgvector/pgvector:pg15
    new_image=pgvector/pgvector:pg17
    stack_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
}

# shellcheck source=tests/lib/ports.sh
. "$stack_dir/../lib/ports.sh"

# Names that a stack with this prefix uses or that an upgrade of it makes.
stack_containers() {
    local part
    for part in postgres redis pooler app pg17-test pg15-recovery; do
        echo "$1-$part"
    done
}

stack_volumes() {
    echo "$1-pg17-data"
    echo "$1-pg15-recovery"
    echo "pgrunbook-${1}_postgres_data"
    echo "pgrunbook-${1}_redis_data"
}

stack_project() {
    echo "pgrunbook-$1"
}

container_exists() {
    docker container inspect "$1" >/dev/null 2>&1
}

volume_exists() {
    docker volume inspect "$1" >/dev/null 2>&1
}

# ---- seeded volumes ----

# orders, customers, vectors
scale_rows() {
    case $1 in
    small) echo 2000 400 120 ;;
    demo) echo 150000 30000 3000 ;;
    full) echo 1000000 200000 20000 ;;
    *) die "no such scale: $1 (small, demo or full)" ;;
    esac
}

# The seed and the image that filled it: when either changes, so does the name.
seed_volume_name() {
    local image
    image=$(docker image inspect --format '{{.Id}}' "$old_image") || die "no image $old_image: run tests/setup stack"
    printf 'pgrunbook-seed-%s-%s\n' "$1" \
        "$( (scale_rows "$1" && cat "$stack_dir"/seed*.sql && echo "$image") | sha256sum | cut -c1-12)"
}

seed_is_complete() {
    volume_exists "$1" && docker run --rm --network none --label "$seed_label=check" -v "$1:/seed:ro" \
        --entrypoint test "$old_image" -e /seed/complete
}

container_runs() {
    [ "$(docker container inspect --format '{{.State.Running}}' "$1" 2>/dev/null)" = true ]
}

# The temporary server of a first start listens on the socket only, so TCP tells that the real one is up.
wait_for_server() {
    local tries
    for tries in $(seq 1 300); do
        ! docker exec "$1" pg_isready -q -h 127.0.0.1 2>/dev/null || return 0
        container_runs "$1" || break
        sleep 0.1
    done
    docker logs --tail 20 "$1" >&2 || true
    die "the server in $1 didn't come up ($tries tries)"
}

run_seed() {
    local container=$1 orders customers vectors
    read -r orders customers vectors < <(scale_rows "$2")
    docker cp -q "$stack_dir/." "$container:/tmp/stack" 2>/dev/null || docker cp "$stack_dir/." "$container:/tmp/stack"
    docker exec "$container" psql -q -X -U postgres -v ON_ERROR_STOP=1 \
        -v "orders=$orders" -v "customers=$customers" -v "vectors=$vectors" -f /tmp/stack/seed.sql >/dev/null
}

make_seed_volume() {
    local volume=$1 scale=$2 container=$1-maker
    say "making the data for scale $scale (once; kept in the volume $volume)"
    docker rm -f -v "$container" >/dev/null 2>&1 || true
    docker volume rm -f "$volume" >/dev/null
    docker volume create --label "$seed_label=$scale" "$volume" >/dev/null
    # Nothing is worth syncing before the end: a seed that was cut short is made again.
    docker run -d --name "$container" --network none --label "$seed_label=$scale" --shm-size 1g \
        -e POSTGRES_PASSWORD=seed -e PGDATA=/seed/data -v "$volume:/seed" "$old_image" \
        -c fsync=off -c max_wal_size=8GB -c autovacuum=off >/dev/null
    wait_for_server "$container"
    run_seed "$container" "$scale"
    docker stop -t 120 "$container" >/dev/null
    docker rm -v "$container" >/dev/null
    docker run --rm --network none --label "$seed_label=$scale" -v "$volume:/seed" --entrypoint sh "$old_image" \
        -c 'sync && touch /seed/complete'
}

# Prints the name of the volume with the data of a scale; makes it if it isn't there.
seed_volume() {
    local volume lock
    volume=$(seed_volume_name "$1")
    lock=$(cache_dir)/$volume.lock
    mkdir -p "$(cache_dir)"
    (
        flock 8
        seed_is_complete "$volume" || make_seed_volume "$volume" "$1"
    ) 8>"$lock" >&2
    echo "$volume"
}

# ---- removal ----

# Everything that belongs to the stack: by its label, by its Compose project, by the names that an upgrade uses.
stack_container_ids() {
    local prefix=$1 name
    {
        docker ps -aq --no-trunc --filter "label=$stack_label=$prefix"
        docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$(stack_project "$prefix")"
        for name in $(stack_containers "$prefix"); do
            docker container inspect --format '{{.Id}}' "$name" 2>/dev/null || true
        done
    } | sort -u
}

# The volumes that containers have mounted, but those with ready-made data: they serve every stack.
container_volumes() {
    [ $# -eq 0 ] || { docker container inspect \
        --format '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name}}{{end}}{{end}}' "$@" 2>/dev/null || true; } |
        sed -e '/^$/d' -e '/^pgrunbook-seed-/d'
}

stack_volume_names() {
    local prefix=$1
    {
        docker volume ls -q --filter "label=$stack_label=$prefix"
        docker volume ls -q --filter "label=com.docker.compose.project=$(stack_project "$prefix")"
        stack_volumes "$prefix"
    } | sort -u
}

stack_network_ids() {
    local prefix=$1
    {
        docker network ls -q --no-trunc --filter "label=$stack_label=$prefix"
        docker network ls -q --no-trunc --filter "label=com.docker.compose.project=$(stack_project "$prefix")"
    } | sort -u
}

existing_volumes() {
    local volume
    for volume in "$@"; do
        ! volume_exists "$volume" || echo "$volume"
    done
}

# One pass over containers, then volumes and networks. What vanishes by itself meanwhile doesn't matter.
remove_once() {
    local prefix=$1 containers network
    containers=$(stack_container_ids "$prefix")
    # shellcheck disable=SC2086 # one id or name a word
    {
        stack_volumes_found=$( (printf '%s\n' $stack_volumes_found && stack_volume_names "$prefix" &&
            container_volumes $containers) | sort -u)
        [ -z "$containers" ] || docker rm -f -v $containers >/dev/null 2>&1 || true
        docker volume rm -f $stack_volumes_found >/dev/null 2>&1 || true
    }
    for network in $(stack_network_ids "$prefix"); do
        docker network rm "$network" >/dev/null 2>&1 || true
    done
}

stack_remains() {
    stack_container_ids "$1"
    stack_network_ids "$1"
    # shellcheck disable=SC2086 # one name a word
    existing_volumes $stack_volumes_found
}

# Removes containers, volumes and networks of a stack, and is done only when none of them is left.
remove_stack_objects() {
    local prefix=$1 tries stack_volumes_found=
    for tries in 1 2 3 4 5; do
        remove_once "$prefix"
        [ -n "$(stack_remains "$prefix")" ] || {
            ports_give_back "$prefix"
            return 0
        }
        sleep 0.5
    done
    die "not everything of the stack $prefix could be removed ($tries tries): $(stack_remains "$prefix" | tr '\n' ' ')"
}
