#!/usr/bin/env bash
# The whole warm upgrade while the application writes: nothing that it saw acknowledged is lost, there and back, before the
# old server is retired and after.
# time-limit: 900
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/warm.sh
. "$lib_dir/warm.sh"

give_up() {
    show_output 60
    done_testing
    exit
}

# serves MAJOR WHAT: that server alone does, it has all that was ever acknowledged, and the application goes on.
serves() {
    local before
    is "$(serving)" "$STACK-postgres" "$2: one container is in the service's network"
    is "$(server_major "$PG_PORT")" "$1" "$2: it is PostgreSQL $1"
    before=$(commits "$1")
    ok "$2: the application commits there" wait_for 30 commits_beyond "$1" "$before"
    app_pause
    ok "$2: every acknowledged commit is there, once, in its newest state" ledger_holds "$PG_PORT"
    app_resume
    is "$(psql_at "$PG_PORT" postgres 'SHOW default_transaction_read_only')" off "$2: clients may write"
    is "$(psql_at "$PG_PORT" postgres 'SHOW autovacuum')" on "$2: autovacuum is on"
    is "$(psql_at "$PG_PORT" postgres 'SHOW fsync')$(psql_at "$PG_PORT" postgres 'SHOW full_page_writes')" onon "$2: what is written is safe"
    is "$(docker run --rm --network "$NETWORK" --entrypoint sh "$OLD_IMAGE" -c "for name in $SERVICE $STACK-postgres; do pg_isready -q -h \$name && echo \$name; done")" \
        "$SERVICE"$'\n'"$STACK-postgres" "$2: it is found by the service's name and by the container's"
}

stack_up --rate 60
export POSTGRES_PASSWORD
compose_up_says >/dev/null
wait_for 30 app_is_healthy || bail_out "the application doesn't come up"
others_before=$(others)
compose_before=$(sha256sum <"$COMPOSE_FILE")
settings_before=$(docker exec "$OLD_CONTAINER" cat /var/lib/postgresql/data/postgresql.auto.conf)

warm_waits
warm first --confirm prepare/volume
is "$(run_field first .gate)" switchover/go "the copy is there, and proven"
[ "$(run_field first .gate)" = switchover/go ] || give_up
before=$(commits 15)
wait_for 30 commits_beyond 15 $((before + 40)) || bail_out "the application doesn't write"
warm first --confirm switchover/go
is "$(run_field first .gate)" switchover/retire "the service has moved"
[ "$(run_field first .gate)" = switchover/retire ] || give_up
ok "what was written since the backup came over" test "$(run_field first '.facts.move.rounds')" -ge 2
is "$(run_field first .row_summary.different)" 0 "the report has no difference"
serves 17 "moved"
is "$(docker inspect -f '{{len .NetworkSettings.Networks}} {{.State.Status}}' "$STACK-left")" "0 running" "the old server runs on, on no network"
is "$(docker exec "$STACK-left" psql -X -U postgres -Atc 'SHOW default_transaction_read_only')" on "and nobody may write there"
is "$(docker exec "$STACK-left" cat /var/lib/postgresql/data/postgresql.auto.conf)" "$settings_before" "nothing of that stands in a file"
is "$(others)" "$others_before" "the rest of the stack is untouched"

# Back, with what was written there.
program_says rollback first
is "$status" 12 "before the old server is retired: rolled back"
[ "$status" = 12 ] || give_up
serves 15 "moved back"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "the compose file is as it was"
is "$(docker ps -aq --filter "name=$STACK-left" --filter "name=$STACK-parked")" '' "no other container is left"
is "$(others)" "$others_before" "the rest of the stack is untouched"
ok "docker compose up finds the stack as it is" up_changes_nothing

# Once more, to the end; and back from there.
docker volume rm -f "$NEW_VOLUME" >/dev/null
rm -rf "${BACKUP_DIR:?}"/*
warm_as_shipped
warm second --confirm prepare/volume --confirm switchover/go
is "$(run_field second .current_step)" cleanup/stable "the second upgrade runs to the end of the switchover"
[ "$(run_field second .current_step)" = cleanup/stable ] || give_up
serves 17 "retired"
is "$(docker ps -aq --filter "name=$STACK-left")" '' "the old server's container is gone"
is "$(docker volume ls -q --filter "name=^$OLD_VOLUME\$")" "$OLD_VOLUME" "its volume isn't"
like "$(compose_up_says)" "$STACK-postgres +Running" "docker compose up finds the new server running"
ok "and makes nothing anew" up_changes_nothing
is "$(others)" "$others_before" "the rest of the stack is untouched"
program_says rollback second
is "$status" 12 "after the old server is retired: rolled back"
[ "$status" = 12 ] || give_up
serves 15 "brought back"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "the compose file is as it was"
ok "docker compose up finds the stack as it is" up_changes_nothing
done_testing
