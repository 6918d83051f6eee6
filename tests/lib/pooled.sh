# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # of e2e.sh; for the tests
# Clients that write and read through PgBouncer all the time, as pgbench has them. Needs e2e.sh and a stack with --pooler.

# pooled_start: makes their table and starts them, in a container of the stack's network.
pooled_start() {
    psql_at "$PG_PORT" limor_prod "CREATE TABLE public.pooled (client int, number bigint, at timestamptz NOT NULL DEFAULT clock_timestamp());
        GRANT INSERT, SELECT ON public.pooled TO limor_app"
    docker run -d --name "$STACK-pgbench" --label "org.pgrunbook.stack=$STACK" --network "$NETWORK" -e PGPASSWORD="$APP_PASSWORD" \
        --entrypoint bash "$OLD_IMAGE" -c '
            echo "INSERT INTO public.pooled (client, number) VALUES (:client_id, :random_seed)" >/tmp/write.sql
            echo "SELECT count(*) FROM shop.orders" >/tmp/read.sql
            exec pgbench -h pooler -p 6432 -U limor_app -n -c 4 -T 3600 --rate 100 -l --log-prefix=/tmp/client \
                -f /tmp/write.sql -f /tmp/read.sql limor_prod' >/dev/null
    wait_for 60 pooled_more_than 10 || bail_out "no client comes through the pooler: $(docker logs "$STACK-pgbench" 2>&1 | tail -n 5)"
}

pooled_more_than() {
    [ "$(psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM public.pooled')" -gt "$1" ]
}

# pooled_go_on: they get answers now.
pooled_go_on() {
    local before
    before=$(psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM public.pooled')
    wait_for 30 pooled_more_than "$before"
}

# pooled_stop SINCE: ends them as the end of their time would; sets POOLED_STATUS, POOLED_SAID, POOLED_WRITES
# (acknowledged) and POOLED_LONGEST, the longest that a client waited for an answer since then (seconds since 1970), in ms.
pooled_stop() {
    docker kill -s ALRM "$STACK-pgbench" >/dev/null 2>&1 || true
    POOLED_STATUS=$(docker wait "$STACK-pgbench")
    POOLED_SAID=$(docker logs "$STACK-pgbench" 2>&1)
    docker cp "$STACK-pgbench:/tmp" "$test_dir/pooled" >/dev/null 2>&1
    # Of a line: client, number, microseconds, script, time; writes are script 0.
    POOLED_WRITES=$(awk '$4 == 0' "$test_dir"/pooled/client.* | wc -l)
    POOLED_LONGEST=$(awk -v "since=$1" '$5 >= since && $3 - $7 > longest { longest = $3 - $7 } END { print int(longest / 1000) }' "$test_dir"/pooled/client.*)
}
