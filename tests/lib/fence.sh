# shellcheck shell=bash
# What the tests of the fence share: running tests/lib/fence.yaml, and looking at a container and its server from outside.
# Needs e2e.sh and program.sh.

# fence RUN [ARGUMENT]...
# shellcheck disable=SC2154 # of e2e.sh
fence() {
    program_says run "$lib_dir/fence.yaml" --plain --run-id "$1" --set "old_container=$OLD_CONTAINER" "${@:2}"
}

# What the operator has set of a container's networks, and its addresses. An engine writes "nothing" in two ways. From
# engine 25 on the hardware address is another one at each join.
networks() {
    docker inspect "$OLD_CONTAINER" | jq -S '.[0].NetworkSettings.Networks | map_values({
        Aliases: (.Aliases // []), IPAddress,
        IPAMConfig: (.IPAMConfig // {}), Links: (.Links // []), DriverOpts: (.DriverOpts // {})})'
}

on_no_network() {
    [ "$(docker inspect -f '{{len .NetworkSettings.Networks}}' "$OLD_CONTAINER")" = 0 ]
}

auto_conf() {
    docker exec "$OLD_CONTAINER" sha256sum /var/lib/postgresql/data/postgresql.auto.conf
}

# The server's own start: a crash in between would begin a new one.
server_started() {
    docker logs "$OLD_CONTAINER" 2>&1 | grep -c 'ready to accept connections'
}

writes() {
    psql_at "$PG_PORT" limor_prod "CREATE TABLE IF NOT EXISTS public.fence_test (id int); INSERT INTO public.fence_test VALUES ($1)"
}

writes_all_the_same() {
    psql_script_at "$PG_PORT" limor_prod <<<"SET default_transaction_read_only = off; INSERT INTO public.fence_test VALUES ($1);"
}

fact() {
    whole_lines "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl" |
        jq -c 'select(.type == "fact" and .key == "fence") | .value' | tail -n 1
}

test_no_relay() {
    local commands
    commands=$(commands_in "$OLD_CONTAINER") && ! grep -Eq '^(sh|bash|cat)( |$)' <<<"$commands"
}
