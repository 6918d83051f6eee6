# shellcheck shell=bash
# Two bare servers, PostgreSQL 15 and 17, for tests of what only reads them. Source it after e2e.sh and program.sh.

pair_containers=()

pair_remove() {
    [ "${#pair_containers[@]}" -eq 0 ] || docker rm -fv "${pair_containers[@]}" >/dev/null 2>&1 || true
}

pair_clean_up() {
    local status=$?
    trap - EXIT
    pair_remove
    set +e # else the next line is the last one after a failure
    (exit "$status")
    e2e_clean_up
}
trap pair_clean_up EXIT

pair_port() {
    docker port "$1" 5432 | sed -n '1s/.*://p'
}

# pair_up [options of docker run]: sets OLD_SERVER and NEW_SERVER (containers), OLD_ADDRESS, PG_PORT and NEW_PORT.
pair_up() {
    local name
    export POSTGRES_PASSWORD=pair PG_USER=postgres
    OLD_SERVER=t$$-pair-15 NEW_SERVER=t$$-pair-17
    pair_containers=("$OLD_SERVER" "$NEW_SERVER")
    for name in "${pair_containers[@]}"; do
        docker run -d --name "$name" --label "org.pgrunbook.stack=t$$-pair" -p 127.0.0.1::5432 \
            -e POSTGRES_PASSWORD="$POSTGRES_PASSWORD" "$@" "pgvector/pgvector:pg${name##*-}" >/dev/null ||
            bail_out "$name doesn't start"
    done
    PG_PORT=$(pair_port "$OLD_SERVER") NEW_PORT=$(pair_port "$NEW_SERVER")
    # shellcheck disable=SC2034 # for the tests
    OLD_ADDRESS=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' "$OLD_SERVER")
    wait_for 60 server_answers "$PG_PORT" || bail_out "$OLD_SERVER doesn't answer"
    wait_for 60 server_answers "$NEW_PORT" || bail_out "$NEW_SERVER doesn't answer"
}

on_old() {
    docker exec -i "$OLD_SERVER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d "$@"
}

on_new() {
    docker exec -i "$NEW_SERVER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d "$@"
}

# pair_copy DATABASE: by the new server's own tools, from server to server.
pair_copy() {
    # shellcheck disable=SC2016 # expanded in the container
    docker exec -e PGPASSWORD="$POSTGRES_PASSWORD" "$NEW_SERVER" bash -o pipefail -c '
        pg_dump -C -h "$1" -U postgres "$2" | psql -U postgres -X -q -o /dev/null -v ON_ERROR_STOP=1' \
        copy "$OLD_ADDRESS" "$1" || bail_out "database $1 wasn't copied"
}

# pair_compare RUN [ARGUMENT]...: by the program; in $output, $status and, table by table, $evidence. A run that stands
# still is taken back, so that the next one may begin.
pair_compare() {
    local said code file
    # shellcheck disable=SC2154 # of program.sh
    program_says run "$lib_dir/compare.yaml" --plain --run-id "$1" --set "old_port=$PG_PORT" --set "new_port=$NEW_PORT" "${@:2}"
    said=$output code=$status
    [ "$status" = 0 ] || program_says rollback "$1"
    output=$said status=$code
    file=$XDG_STATE_HOME/pgrunbook/runs/$1/evidence/rows-compare-rows.tsv
    # shellcheck disable=SC2034 # for the tests
    evidence=$(cat "$file" 2>/dev/null || true)
}
