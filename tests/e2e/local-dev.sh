#!/usr/bin/env bash
# A development stack gets a new image and an environment's data: refused where its own data wouldn't go, declined before
# the deletion as something was written, a deletion that fails before, amid and after the first volume's removal, through to the end, rolled back after the deletion. The database has a script for its first start, which
# makes tables and roles that the backups have too.
# time-limit: 600
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

give_up() {
    show_output 60
    done_testing
    exit
}

renew() {
    program_says run "$top_dir/runbooks/local-dev.yaml" --plain --run-id "$1" --set "container=$OLD_CONTAINER" \
        --set "new_image=$NEW_IMAGE" --set "backup=$environment_backup" --set "backup_dir=$test_dir/local-$1" "${@:2}"
}

orders() {
    psql_at "$PG_PORT" limor_prod 'SELECT count(*) FROM shop.orders'
}

# The stack is as one whose database had the script from its beginning.
first_start_script() {
    mkdir "$STACK_DIR/init"
    cat >"$STACK_DIR/init/make.sql" <<'SQL'
CREATE ROLE limor_app LOGIN;
CREATE TABLE made_at_the_first_start (id int);
CREATE DATABASE limor_prod OWNER limor_app;
\connect limor_prod
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int);
SQL
    sed -i 's|^      - postgres_data:.*|&\n      - ./init:/docker-entrypoint-initdb.d:ro\n      - /var/lib/scratch|' "$COMPOSE_FILE"
    compose up -d >/dev/null 2>&1 || bail_out "the stack doesn't come up with the script"
    wait_for 30 app_is_healthy || bail_out "the application doesn't come up"
}

stack_up --rate 0
export POSTGRES_PASSWORD
first_start_script
compose_before=$(sha256sum <"$COMPOSE_FILE")
environment_backup=$test_dir/environment
cat >"$test_dir/take.yaml" <<YAML
runbook: 1
name: take
title: The environment's backup
vars:
  password: {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  environment: {container: "$OLD_CONTAINER", user: postgres, password: "\${password}"}
phases:
  - id: take
    title: Take it
    steps:
      - {id: backup, title: Back it up, pg.backup: {server: environment, to: "$environment_backup", format: directory}}
YAML
program_says run "$test_dir/take.yaml" --plain --run-id take
is "$status" 0 "the environment's backup is taken"
[ "$status" = 0 ] || give_up
orders_there=$(orders)
docker exec "$OLD_CONTAINER" pg_dump -U postgres -Fc limor_prod >"$test_dir/custom.dump"
docker exec -i "$OLD_CONTAINER" pg_restore --create --no-owner --no-acl -f - <"$test_dir/custom.dump" >"$test_dir/converted.sql"
docker exec "$OLD_CONTAINER" pg_dump -U postgres limor_prod >"$test_dir/nameless.sql"
docker exec "$OLD_CONTAINER" pg_dump -U postgres --create --no-owner --no-acl limor_prod >"$test_dir/single.sql"
# The developer's own data differs.
psql_at "$PG_PORT" limor_prod "DELETE FROM shop.orders WHERE id IN (SELECT id FROM shop.orders ORDER BY id LIMIT 100)"
orders_here=$(orders)

renew custom --set "backup=$test_dir/custom.dump"
is "$status" 11 "a backup in pg_dump's custom format is refused before anything begins"
like "$output" 'pg_restore --create --no-owner --no-acl -f backup.sql' "with the way to make SQL of it"
program_says rollback custom
renew nameless --set "backup=$test_dir/nameless.sql"
is "$status" 11 "so is one that doesn't say which database it is of"
program_says rollback nameless
renew converted --set "backup=$test_dir/converted.sql"
is "$(run_field converted .gate)" renew/fence "what pg_restore makes of the first is taken"
program_says rollback converted

sed 's|^  postgres_data:.*|  postgres_data: {external: true, name: '"$OLD_VOLUME"'}|' "$COMPOSE_FILE" >"$STACK_DIR/external.yml"
renew external --set "compose_file=$STACK_DIR/external.yml" --confirm renew/fence
is "$status" 11 "data that docker compose down -v leaves alone is refused"
like "$(run_field external .message)$output" "volume $OLD_VOLUME: it is external" "with its place"
program_says rollback external

sed 's|^  postgres_data:.*|  postgres_data: {name: '"$OLD_VOLUME"', driver_opts: {type: none, o: bind, device: /srv}}|' "$COMPOSE_FILE" >"$STACK_DIR/bind.yml"
cat >"$test_dir/volumes.yaml" <<YAML
runbook: 1
name: volumes
title: The volumes that go
vars:
  file: {about: the compose file}
phases:
  - id: look
    title: Look
    steps:
      - {id: volumes, title: List them, compose.list_volumes: {file: "\${file}", project: "$PROJECT", service: postgres}}
YAML
program_says run "$test_dir/volumes.yaml" --plain --run-id bind --set "file=$STACK_DIR/bind.yml"
is "$status" 11 "so is a volume whose driver options name a place"
like "$output" 'volume.*driver options name another place' "with the reason"
program_says rollback bind
holder=$PROJECT-holder
holder_made() {
    docker create --name "$holder" --label "com.docker.compose.project=$PROJECT" --label com.docker.compose.oneoff=True \
        -v "$OLD_VOLUME:/data" "$NEW_IMAGE" >/dev/null
}
holder_made
program_says run "$test_dir/volumes.yaml" --plain --run-id held --set "file=$COMPOSE_FILE"
is "$status" 11 "so is one that a container has which stays"
like "$output" "container $holder" "which is named"
program_says rollback held
docker rm "$holder" >/dev/null
program_says run "$test_dir/volumes.yaml" --plain --run-id free --set "file=$COMPOSE_FILE"
is "$status" 0 "without that it is fine"

renew first --confirm renew/fence
is "$(run_field first .gate)" renew/unmoved "it waits before anything is deleted"
[ "$(run_field first .gate)" = renew/unmoved ] || give_up
like "$(run_field first '.facts["compose.volumes"]')" "$OLD_VOLUME" "the volumes that go are named"
like "$output" '/var/lib/scratch' "an anonymous one too"
like "$(psql_at "$PG_PORT" limor_prod 'CREATE TABLE refused ()' 2>&1 || true)" 'read-only transaction' "nothing can be written there"
psql_at "$PG_PORT" limor_prod 'BEGIN READ WRITE; CREATE TABLE around_the_fence (); COMMIT' >/dev/null
program_says run "$top_dir/runbooks/local-dev.yaml" --plain --run-id first --confirm renew/unmoved
is "$status" 11 "what was written since the backup keeps it from the deletion"
like "$output" 'something was written' "and is told"
program_says rollback first
is "$status" 12 "rolled back before the deletion"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "the compose file is as it was"
is "$(server_major "$PG_PORT") $(orders)" "15 $orders_here" "the local data was not touched"
ok "what was written meanwhile is there, and more can be" psql_at "$PG_PORT" limor_prod 'DROP TABLE around_the_fence'

# The removal fails before anything is gone, and is rolled back.
anonymous_file=/var/lib/scratch/theirs
docker exec "$OLD_CONTAINER" touch "$anonymous_file"
docker exec "$REDIS_CONTAINER" touch /data/theirs
renew broken --set fence=network --confirm renew/fence
printf 'broken: [\n' >>"$COMPOSE_FILE"
program_says run "$top_dir/runbooks/local-dev.yaml" --plain --run-id broken --confirm renew/unmoved
is "$status $(run_field broken .current_step)" "11 renew/down" "a compose file that can't be read keeps the volumes from being removed"
rm "$test_dir/local-broken/local.sql"
program_says rollback broken
is "$status" 12 "rolled back, and without the local data's backup, as nothing was removed"
[ "$status" = 12 ] || show_output 60
like "$output" 'removed none of its volumes: all of them are kept' "it says that nothing was removed"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "the compose file is as it was"
is "$(server_major "$PG_PORT") $(orders)" "15 $orders_here" "the local data is there"
ok "so is what another volume holds" docker exec "$REDIS_CONTAINER" test -e /data/theirs
ok "so is what a volume without a name holds" docker exec "$OLD_CONTAINER" test -e "$anonymous_file"

# Compose fails while it takes the stack down: a docker command of the test's own carries out the first part of it.
mkdir "$test_dir/bin"
cat >"$test_dir/bin/docker" <<SH
#!/bin/sh
case " \$* " in *" down --volumes "*) [ ! -e "$test_dir/part" ] || { . "$test_dir/part"; exit 1; } ;; esac
exec $(command -v docker) "\$@"
SH
chmod +x "$test_dir/bin/docker"
PATH=$test_dir/bin:$PATH
echo "docker stop $STACK-app $OLD_CONTAINER" >"$test_dir/part"
renew stopped --set fence=network --confirm renew/fence --confirm renew/unmoved
is "$status $(run_field stopped .current_step)" "11 renew/down" "Compose stops containers, and fails"
rm "$test_dir/local-stopped/local.sql"
program_says rollback stopped
is "$status $(server_major "$PG_PORT") $(orders)" "12 15 $orders_here" "rolled back, the data is there"
[ "$status" = 12 ] || show_output 60
ok "so is what another volume holds" docker exec "$REDIS_CONTAINER" test -e /data/theirs
ok "so is what a volume without a name holds" docker exec "$OLD_CONTAINER" test -e "$anonymous_file"
ok "the application works on it" wait_for 30 app_is_healthy
echo "docker compose -p $PROJECT down; docker volume rm $OLD_VOLUME" >"$test_dir/part"
renew removed --confirm renew/fence --confirm renew/unmoved
is "$status $(run_field removed .current_step)" "11 renew/down" "Compose removes the database's volume, and fails"
rm "$test_dir/part"
mv "$test_dir/local-removed/local.sql" "$test_dir/away.sql"
program_says rollback removed
is "$status" 11 "without the local data's backup the way back goes no further"
like "$output" "Nothing is removed without it: put the file there" "and says what to do"
mv "$test_dir/away.sql" "$test_dir/local-removed/local.sql"
program_says rollback removed
is "$status $(server_major "$PG_PORT") $(orders)" "12 15 $orders_here" "rolled back, the data is restored"
[ "$status" = 12 ] || show_output 60
ok "what the other volume holds was never removed" docker exec "$REDIS_CONTAINER" test -e /data/theirs

renew second --set fence=network --confirm renew/fence --confirm renew/unmoved
is "$(run_field second .gate)" cleanup/keep "the stack is renewed"
[ "$(run_field second .gate)" = cleanup/keep ] || give_up
unlike "$output" 'anew once more' "nothing is said of containers that will be made anew"
is "$(server_major "$PG_PORT") $(orders)" "17 $orders_there" "it has the new image and the environment's data"
ok "the application works on it" wait_for 30 app_is_healthy
ok "docker compose up finds the stack as it is" up_changes_nothing

# A count that differs is found.
psql_at "$PG_PORT" limor_prod "DELETE FROM shop.orders WHERE id IN (SELECT id FROM shop.orders ORDER BY id LIMIT 1)"
cat >"$test_dir/compare.yaml" <<YAML
runbook: 1
name: compare
title: Compare
vars:
  password: {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  db: {container: "$OLD_CONTAINER", user: postgres, password: "\${password}"}
phases:
  - id: compare
    title: Compare
    steps:
      - {id: compare, title: Compare, pg.compare_backup: {server: db, from: "$environment_backup"}}
YAML
program_says run "$test_dir/compare.yaml" --plain --run-id compare
is "$status" 11 "one row less than in the backup is found"

mv "$test_dir/local-second/local.sql" "$test_dir/away.sql"
program_says rollback second
is "$status $(server_major "$PG_PORT") $(orders)" "11 17 $((orders_there - 1))" "without the local data's backup the way back removes nothing"
mv "$test_dir/away.sql" "$test_dir/local-second/local.sql"
holder_made
program_says rollback second
is "$status" 11 "the way back stops at a volume that wasn't removed"
like "$output" "volume $OLD_VOLUME is in use by $holder" "and says who has it"
docker rm "$holder" >/dev/null
program_says rollback second
is "$status" 12 "rolled back after the deletion"
[ "$status" = 12 ] || give_up
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "the compose file is as it was"
is "$(server_major "$PG_PORT") $(orders)" "15 $orders_here" "the old image and the local data are back"
ok "the application works on it" wait_for 30 app_is_healthy

# What pg_dump makes of a single database, in full.
renew single --set "backup=$test_dir/single.sql" --confirm renew/fence --confirm renew/unmoved
is "$(run_field single .gate) $(server_major "$PG_PORT") $(orders)" "cleanup/keep 17 $orders_there" "one database's dump is restored"
done_testing
