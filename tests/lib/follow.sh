# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of pair.sh and e2e.sh
# Two servers of which one follows the other, by build/tests/e2e/follow-tool, and clients that write at random.

follow_databases=(one 'Two "2"')
follow_log=$test_dir/follow.log
writers=()

follow_up() {
    local database
    pair_up
    for database in "${follow_databases[@]}"; do
        psql_at "$PG_PORT" postgres "CREATE DATABASE \"${database//\"/\"\"}\""
        on_old "$database" <"$lib_dir/follow.sql"
        pair_copy "$database"
    done
}

# writers_start CONTAINER: three writers in each database, and one that vacuums.
writers_start() {
    local database number=0
    for database in "${follow_databases[@]}"; do
        for _ in 1 2 3; do
            number=$((number + 1))
            docker exec "$1" psql -X -q -U postgres -d "$database" \
                -c "CALL write_at_random($number, ($SEED + $number) % 1000 / 1000.0, 1000000)" >/dev/null 2>&1 &
            writers+=("$!")
        done
        # shellcheck disable=SC2016 # expanded in the container
        docker exec "$1" bash -c 'rm -f /tmp/stop; until [ -e /tmp/stop ]; do psql -X -q -U postgres -d "$1" -c "VACUUM ANALYZE"; sleep 0.2; done' vacuum "$database" >/dev/null 2>&1 &
        writers+=("$!")
    done
    SEED=$((SEED + 17))
}

# writers_stop CONTAINER: as a fence does.
writers_stop() {
    docker exec "$1" touch /tmp/stop
    docker exec "$1" psql -X -q -U postgres -c "ALTER SYSTEM SET autovacuum = off" -c "SELECT pg_reload_conf()" >/dev/null
    docker exec "$1" psql -X -q -U postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid <> pg_backend_pid() AND (backend_type = 'autovacuum worker' OR application_name = 'psql')" >/dev/null
    wait "${writers[@]}" 2>/dev/null || true
    writers=()
}

# follow_begin SOURCE COPY: the tool, listening.
follow_begin() {
    : >>"$follow_log"
    coproc FOLLOW { exec "${FOLLOW_TOOL:-$top_dir/build/tests/e2e/follow-tool}" "$1" "$2" 2>>"$follow_log"; }
    # shellcheck disable=SC2153 # coproc sets it
    follow_pid=$FOLLOW_PID follow_in=${FOLLOW[1]} follow_out=${FOLLOW[0]}
}

# says COMMAND: asks it; the answer is in $said.
says() {
    said='{"done": false, "error": "no answer"}'
    { printf "%s\n" "$1" >&"$follow_in"; } 2>/dev/null || true
    [ "$1" = end ] || IFS= read -r -t 240 said <&"$follow_out" || true
    [ "$1" = end ] || [ "$(jq -r .done <<<"$said")" = true ] || diag "$1: $said"
}

answer() {
    jq -r "$1" <<<"$said"
}

# Adds what the last round brought over to $written.
count_written() {
    written=$((written + $(answer '(.copied // 0) + (.removed // 0)')))
}

follow_end() {
    wait "$follow_pid" 2>/dev/null || true
}

# reader_kill CONTAINER: the log's reader, as the container shows it.
reader_kill() {
    # shellcheck disable=SC2016 # expanded in the container
    docker exec "$1" bash -c 'for p in /proc/[0-9]*; do
        tr "\0" " " <"$p/cmdline" | grep -q "^sh -c d=" && kill -KILL "${p#/proc/}" && exit 0; done 2>/dev/null; exit 1'
}

# all_of PORT [TABLE]: every row but that table's, every sequence, every large object.
all_of() {
    local database
    exact_digests "$1" | grep -v -e '|child|' -e "|${2:-child}|"
    sequence_values "$1"
    for database in "${follow_databases[@]}"; do
        psql_at "$1" "$database" "SELECT id, v, extra FROM child ORDER BY 1, 2, 3"
        psql_at "$1" "$database" "SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 1"
    done
}

# same_on_both DESCRIPTION [BUT]: psql finds the same.
same_on_both() {
    is "$(all_of "$NEW_PORT" "${2:-}")" "$(all_of "$PG_PORT" "${2:-}")" "$1: both servers have the same rows, sequences and large objects"
}
