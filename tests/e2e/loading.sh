#!/usr/bin/env bash
# A server that is tuned for loading: nothing of that is left on the one that serves; data of a loading that was
# interrupted is never gone on with; whatever dies, nothing is left behind; several databases are loaded at once.
# time-limit: 600
# shellcheck disable=SC2016,SC2119 # the runbook's variables; no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up --no-app
export POSTGRES_PASSWORD
aside=$NEW_CONTAINER-loading

# An index whose build takes its time on the new server, so that there is a middle of the restore.
docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d limor_dev <<'SQL'
CREATE TABLE public.slow (id int);
INSERT INTO public.slow SELECT generate_series(1, 30);
CREATE FUNCTION public.slowly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN PERFORM pg_sleep(0.1); END IF;
    RETURN $1;
END $f$;
CREATE INDEX slow_slowly ON public.slow (public.slowly(id));
SQL
digests=$(exact_digests "$PG_PORT")

arguments=(--set "old_container=$OLD_CONTAINER" --set "new_container=$NEW_CONTAINER" --set "new_image=$NEW_IMAGE"
    --set "new_volume=$NEW_VOLUME" --set "new_port=$NEW_PORT")

load() {
    program_says run "$lib_dir/load.yaml" --plain --run-id "$1" "${arguments[@]}" --set "backup=$BACKUP_DIR/$1"
}

command_of() {
    docker inspect -f '{{json .Config.Cmd}}' "$1" 2>/dev/null
}
is_tuned() {
    command_of "$1" | grep -q fsync=off
}
is_building() {
    psql_at "$NEW_PORT" postgres 'SELECT count(*) FROM pg_stat_progress_create_index' 2>/dev/null | grep -qx '[1-9]'
}
container_is_there() {
    docker container inspect "$1" >/dev/null 2>&1
}
data_of() {
    docker run --rm -v "$NEW_VOLUME:/volume" --network none --label "org.pgrunbook.stack=$STACK" --entrypoint sh "$NEW_IMAGE" -c "$1"
}

# load_until RUN COMMAND...: kills the run's engine, and its worker with it, as soon as the command succeeds.
load_until() {
    local run=$1 client
    shift
    "$program" run "$lib_dir/load.yaml" --plain --run-id "$run" "${arguments[@]}" --set "backup=$BACKUP_DIR/$run" \
        >"$test_dir/$run.out" 2>&1 </dev/null &
    client=$!
    until "$@"; do
        kill -0 "$client" 2>/dev/null || bail_out "$run: the run ended before $*: $(tail -n 5 "$test_dir/$run.out")"
    done
    kill -9 "$(grep -h '"type":"engine_started"' "$XDG_STATE_HOME/pgrunbook/runs/$run/journal.jsonl" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')"
    wait "$client" 2>/dev/null || true
}

# Nothing of the settings for loading is on the server that is left, its data is the old one's.
is_an_ordinary_server() {
    is "$(command_of "$NEW_CONTAINER")" '["postgres"]' "$1: the container's command is the image's"
    is "$(docker inspect -f '{{index .Config.Labels "org.pgrunbook.loading"}}' "$NEW_CONTAINER")" '' "$1: it isn't marked as one for loading"
    is "$(psql_at "$NEW_PORT" postgres "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'wal_level', 'autovacuum') AND source = 'default'")" \
        "autovacuum=on fsync=on full_page_writes=on synchronous_commit=on wal_level=replica" "$1: the settings are the server's defaults"
    is "$(psql_at "$NEW_PORT" postgres "SELECT count(*) FROM pg_settings WHERE source = 'command line'")" 0 "$1: none is from the command line"
    not_ok "$1: the container for loading is gone" container_is_there "$aside"
    is "$(exact_digests "$NEW_PORT")" "$digests" "$1: the rows are the old server's"
}

undone() {
    program_says rollback "$1"
    is "$status" 12 "$1: rolled back"
    [ "$status" = 12 ] || show_output
    not_ok "$1: without its container" container_is_there "$NEW_CONTAINER"
    not_ok "$1: nor the one for loading" container_is_there "$aside"
    not_ok "$1: nor its volume" docker volume inspect "$NEW_VOLUME"
}

# ---- as it should be ----

load plain &
loading=$!
ok "while it is loaded, the server runs without fsync" wait_for 60 is_building
is "$(psql_at "$NEW_PORT" postgres 'SHOW fsync')" off "as its settings say"
ok "so does its container's command" is_tuned "$NEW_CONTAINER"
wait "$loading"
load plain # says how the complete run ended
is "$status" 0 "the copy is complete"
[ "$status" = 0 ] || show_output 60
like "$("$program" report plain)" 'all files written to disk' "the report says that it is durable"
is_an_ordinary_server plain
ok "it survives its container's kill" docker kill "$NEW_CONTAINER"
docker start "$NEW_CONTAINER" >/dev/null
ok "and starts again" wait_for 30 server_answers "$NEW_PORT"
is "$(exact_digests "$NEW_PORT" | grep -v '|cache|')" "$(grep -v '|cache|' <<<"$digests")" "with every row of the tables that are logged"
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null

# ---- the program dies, the server goes on: so does its data ----

load_until program is_building
data_of 'touch /volume/marker'
load program
is "$status" 0 "gone on with after a kill of the program"
[ "$status" = 0 ] || show_output 60
unlike "$output" 'is emptied' "in the same volume"
ok "whose contents stayed" data_of 'test -e /volume/marker'
is_an_ordinary_server program
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null

# ---- both die, as when the machine crashes: nothing that wasn't synced is gone on with ----

load_until crash is_building
docker kill "$NEW_CONTAINER" >/dev/null
data_of 'touch /volume/marker'
load crash
is "$status" 0 "gone on with after a kill of program and server"
[ "$status" = 0 ] || show_output 60
like "$output" 'is emptied, and the restore begins again' "with an empty volume, and it says so"
not_ok "in which nothing was left" data_of 'test -e /volume/marker'
is_an_ordinary_server crash
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null

# Somebody starts the server again by hand: it is the same container, but not the same run of it.
load_until restarted is_building
docker restart -t 5 "$NEW_CONTAINER" >/dev/null
load restarted
is "$status" 0 "gone on with after the server was started again by hand"
like "$output" 'is emptied' "with an empty volume as well"
is_an_ordinary_server restarted
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null

# ---- the program dies while one container takes the other's place ----

load_until between container_is_there "$aside"
load between
is "$status" 0 "gone on with after a kill between the two containers"
[ "$status" = 0 ] || show_output 60
is_an_ordinary_server between
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null

load_until given-up container_is_there "$aside"
undone given-up
load_until early is_building
undone early

# ---- a server that is tuned for loading is taken for no other ----

sed -e 's#^ *pg.restore: .*#        docker.run: {name: "${new_container}", image: "${new_image}", volume: "${new_volume}", port: "${new_port}"}#' \
    "$lib_dir/load.yaml" >"$test_dir/taken.yaml"
program_says run "$test_dir/taken.yaml" --plain --run-id taken "${arguments[@]}" --set "backup=$BACKUP_DIR/taken"
is "$status" 11 "a step that wants an ordinary server doesn't take the tuned one"
like "$output" "there is a container $NEW_CONTAINER already" "and says what is in its way"
undone taken

# ---- several databases at once, and vector indexes built by several processes ----

# What pgvector says of its builds goes into a file of the volume, which outlives the container.
sed -e 's#^\( *\)autovacuum: .*#&\n\1log_min_messages: debug1\n\1logging_collector: "on"\n\1log_directory: loading-log#' \
    "$lib_dir/load.yaml" >"$test_dir/vectors.yaml"
# The largest database, which is the first, can't be loaded beside the dump before there is a certain role on the new
# server; pg_restore isn't held up.
# What isn't a relation has to go as well from a database that every server has, when it is loaded anew.
docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d postgres <<'SQL'
CREATE SCHEMA app;
CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
SQL
docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d limor_prod <<'SQL'
SET max_parallel_maintenance_workers = 0;
CREATE TABLE public.parallel (id int, v vector(64));
INSERT INTO public.parallel SELECT i, (SELECT array_agg(sin(i * 0.37 + d * 0.11)::real ORDER BY d) FROM generate_series(1, 64) d)::vector FROM generate_series(1, 40000) i;
CREATE INDEX parallel_ivfflat ON public.parallel USING ivfflat (v vector_l2_ops) WITH (lists = 20);
-- Few rows on many pages, by which PostgreSQL decides whether a build is worth more than one process.
CREATE TABLE public.nearby (id int, v vector(3)) WITH (fillfactor = 10);
INSERT INTO public.nearby SELECT i, ARRAY[sin(i * 0.37), sin(i * 0.11), sin(i * 0.53)]::vector FROM generate_series(1, 24000) i;
CREATE INDEX parallel_hnsw ON public.nearby USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16);
CREATE FUNCTION public.released() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $f$ BEGIN
    RETURN current_setting('server_version_num')::int < 170000 OR current_setting('application_name') = 'pg_restore'
        OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'released');
END $f$;
CREATE FUNCTION public.held(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
    FOR n IN 1..3000 LOOP
        IF public.released() THEN RETURN $1; END IF;
        PERFORM pg_catalog.pg_sleep(0.1);
    END LOOP;
    RAISE EXCEPTION 'nobody has released it';
END $f$;
CREATE TABLE public.one (id int);
INSERT INTO public.one VALUES (1);
CREATE INDEX one_held ON public.one (public.held(id));
SQL
# Foreign keys of every kind. Those whose columns are indexed in the order of the key they refer to are checked by the
# indexes, if there is much to check; some aren't checked on the old server either.
docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d limor_prod <<'SQL'
CREATE SCHEMA "Odd ""keys %I";
SET search_path = "Odd ""keys %I";
CREATE TABLE to_one (id bigint PRIMARY KEY, name text UNIQUE, filler text);
CREATE TABLE "to 'two" (a int, "B b" text, filler text, PRIMARY KEY (a, "B b"), UNIQUE ("B b", a));
INSERT INTO to_one SELECT i, 'name ' || i, repeat('x', 300) FROM generate_series(1, 20000) i;
INSERT INTO "to 'two" SELECT i / 10, 'b' || i % 10, repeat('x', 300) FROM generate_series(1, 20000) i;
CREATE TABLE indexed (id int, one bigint CONSTRAINT "in ""order%" REFERENCES to_one ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE by_more (id int, one bigint REFERENCES to_one, n int);
CREATE TABLE bare (one bigint REFERENCES to_one);
CREATE TABLE partly (one bigint REFERENCES to_one);
CREATE TABLE backwards (one bigint REFERENCES to_one);
CREATE TABLE by_name (name text REFERENCES to_one (name) ON UPDATE SET NULL);
CREATE TABLE other_rules (name text COLLATE "C" REFERENCES to_one (name));
CREATE TABLE smaller (one int REFERENCES to_one);
CREATE TABLE "of 'two" (a int, "B b" text, FOREIGN KEY ("B b", a) REFERENCES "to 'two" ("B b", a) MATCH FULL);
CREATE TABLE chain (id int PRIMARY KEY, before int REFERENCES chain, filler text);
CREATE TABLE small (id int PRIMARY KEY, before int REFERENCES small);
CREATE TABLE unchecked (one bigint);
CREATE TABLE halves (one bigint REFERENCES to_one) PARTITION BY RANGE (one);
CREATE TABLE halves_1 PARTITION OF halves FOR VALUES FROM (MINVALUE) TO (10000);
CREATE TABLE halves_2 PARTITION OF halves FOR VALUES FROM (10000) TO (MAXVALUE);
CREATE INDEX ON halves (one);
CREATE INDEX ON indexed (one); CREATE INDEX ON by_more (one, n); CREATE INDEX ON partly (one) WHERE one < 100;
CREATE INDEX ON backwards (one DESC); CREATE INDEX ON by_name (name); CREATE INDEX ON other_rules (name);
CREATE INDEX ON small (before); CREATE INDEX ON smaller (one); CREATE INDEX ON "of 'two" ("B b", a); CREATE INDEX ON chain (before);
INSERT INTO indexed SELECT i, nullif(1 + i % 20000, 7) FROM generate_series(1, 60000) i;
INSERT INTO by_more SELECT * FROM indexed;
INSERT INTO bare SELECT one FROM indexed; INSERT INTO partly SELECT one FROM indexed; INSERT INTO backwards SELECT one FROM indexed;
INSERT INTO by_name SELECT 'name ' || one FROM indexed; INSERT INTO other_rules SELECT 'name ' || one FROM indexed;
INSERT INTO smaller SELECT one FROM indexed; INSERT INTO halves SELECT one FROM indexed WHERE one IS NOT NULL;
INSERT INTO "of 'two" SELECT a, "B b" FROM "to 'two"; INSERT INTO "of 'two" VALUES (NULL, NULL);
INSERT INTO small SELECT i, nullif(i / 2, 0) FROM generate_series(1, 100) i;
INSERT INTO chain SELECT i, nullif(i / 2, 0), repeat('x', 300) FROM generate_series(1, 20000) i;
INSERT INTO unchecked VALUES (1), (0);
CREATE INDEX ON unchecked (one);
ALTER TABLE unchecked ADD FOREIGN KEY (one) REFERENCES to_one NOT VALID;
SQL
keys() {
    psql_at "$1" limor_prod "SELECT conrelid::regclass, conname, convalidated, conparentid <> 0, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'f' AND connamespace = (SELECT oid FROM pg_namespace WHERE nspname LIKE 'Odd%') ORDER BY conrelid::regclass::text COLLATE \"C\", 2"
}
keys=$(keys "$PG_PORT")
# The second one fails meanwhile.
docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d limor_dev <<'SQL'
CREATE FUNCTION public.fails(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 AND current_setting('application_name') <> 'pg_restore' THEN
        RAISE EXCEPTION 'not beside a dump';
    END IF;
    RETURN $1;
END $f$;
CREATE INDEX slow_fails ON public.slow (public.fails(id));
SQL
digests=$(exact_digests "$PG_PORT")
program_says run "$test_dir/vectors.yaml" --plain --run-id fails "${arguments[@]}" --set "backup=$BACKUP_DIR/fails"
is "$status" 0 "a copy is complete of which one database couldn't be loaded beside the dump"
[ "$status" = 0 ] || show_output 60
like "$output" "couldn't be loaded beside the dump.* database \"limor_dev\": .*not beside a dump" "it says which one and why"
is "$(exact_digests "$NEW_PORT")" "$digests" "the rows are the old server's, of the one that was held up as well"
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null
docker exec "$OLD_CONTAINER" psql -U postgres -X -q -d limor_dev -c 'DROP INDEX public.slow_fails'

held() {
    psql_at "$NEW_PORT" postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = 'limor_prod' AND query LIKE '%one_held%' AND state = 'active'" | grep -qx 1
}
other_is_loaded() {
    [ "$(psql_at "$NEW_PORT" limor_dev "SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.slow_slowly'::regclass")" = t ]
}
"$program" run "$test_dir/vectors.yaml" --plain --run-id vectors "${arguments[@]}" --set "backup=$BACKUP_DIR/vectors" \
    >"$test_dir/vectors.out" 2>&1 </dev/null &
loading=$!
ok "while one database is being loaded" wait_for 100 held
ok "another one is" wait_for 100 other_is_loaded
ok "and the first one still is" held
psql_at "$NEW_PORT" postgres 'CREATE ROLE released'
status=0
wait "$loading" || status=$?
is "$status" 0 "a table with an IVFFlat index is copied"
said=$(cat "$test_dir/vectors.out")
like "$said" 'all of it was loaded while the old server was dumped' "beside the dump"
is "$(grep -c 'errors, .* warnings, .* known harmless; all in' <<<"$said")" 1 "all that was said is summed up once"
is_an_ordinary_server vectors
is "$(grep -c . <<<"$keys")" 15 "foreign keys of every kind are compared"
is "$(keys "$NEW_PORT")" "$keys" "they are the old server's, checked where they were"
is "$(psql_at "$NEW_PORT" limor_prod "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM pg_stat_user_indexes
    WHERE schemaname LIKE 'Odd%' AND idx_scan > 0 AND indexrelname ~ '_idx$'")" "by_more by_name chain indexed of 'two" \
    "those that can be are checked by their indexes"
said=$(data_of 'cat /volume/loading-log/*')
for index in 'ivfflat" on table "parallel' 'hnsw" on table "nearby'; do
    like "$said" "building index \"parallel_$index\" with request for [1-9][0-9]* parallel worker" "${index%%\"*}: its build asked for workers"
done
ok "and both had them" test "$(grep -c 'using [1-9][0-9]* parallel workers' <<<"$said")" -ge 2
docker rm -f "$NEW_CONTAINER" >/dev/null
docker volume rm "$NEW_VOLUME" >/dev/null

# ---- a row that refers to nothing, which the old server was made to take ----

docker exec -i "$OLD_CONTAINER" psql -U postgres -X -q -v ON_ERROR_STOP=1 -d limor_prod <<'SQL'
DROP INDEX public.one_held;
SET session_replication_role = replica;
INSERT INTO "Odd ""keys %I".indexed VALUES (0, 4711000);
SQL
load violated
is "$status" 11 "a copy with a foreign key that doesn't hold isn't taken"
[ "$status" = 11 ] || show_output 60
like "$output" 'couldn.t be loaded beside the dump.* database "limor_prod": .*FK CONSTRAINT indexed in "order%' "it says what couldn't be loaded beside the dump"
like "$output" 'violates foreign key constraint "in "order%"' "and why"
undone violated
done_testing
