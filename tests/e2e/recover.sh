#!/usr/bin/env bash
# The fresh restore from the backup, with the old server's own tools, and back into service.
# time-limit: 300
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up
app_pause
counts=$(exact_counts "$PG_PORT")
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
upgrade made --confirm prepare/backup
program_says rollback made
is "$status" 12 "a backup is there, its run rolled back"
backup=$BACKUP_DIR/pg15_full_backup.sql
ok "the rollback kept the backup" test -s "$backup"

recover() {
    # The address goes before a context, which leads nowhere: Compose has to use the engine that the program uses.
    DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock} DOCKER_CONTEXT=nowhere POSTGRES_PASSWORD=$POSTGRES_PASSWORD program_says run "$top_dir/runbooks/recover-from-backup.yaml" --plain --run-id "$1" \
        --set "backup=$2" --set "recovery_container=$RECOVERY_CONTAINER" --set "recovery_volume=$RECOVERY_VOLUME" \
        --set "recovery_port=$NEW_PORT" --set "compose_project=$PROJECT" --set "compose_file=$COMPOSE_FILE" \
        --set "live_container=$OLD_CONTAINER" --set "live_port=$PG_PORT" "${@:3}"
}
export POSTGRES_PASSWORD

head -c "$(($(stat -c %s "$backup") * 2 / 3))" "$backup" >"$test_dir/truncated.sql"
recover truncated "$test_dir/truncated.sql" --confirm recover/volume
is "$status" 11 "a truncated backup is refused"
like "$output" 'What to do:' "with what to do"
is "$(docker volume ls -q --filter "name=^$RECOVERY_VOLUME\$" | wc -l)" 0 "before anything is made"
program_says rollback truncated

# Put into service, but another service of the stack doesn't run: all the way back.
docker stop "$APP_CONTAINER" >/dev/null
recover undone "$backup" --set put_into_service=yes --confirm recover/volume --confirm service/go
is "$(run_field undone .current_step)" service/services "a stack that isn't whole stops the run after the switch"
program_says rollback undone
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output 60
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is as it was, byte for byte"
is "$(docker inspect -f '{{range .Mounts}}{{.Name}}{{end}}' "$OLD_CONTAINER")" "$OLD_VOLUME" "the service is back on the volume it had before"
is "$(exact_counts "$PG_PORT")" "$counts" "and answers, with every row"
is "$(test -e "$(dirname "$COMPOSE_FILE")/docker-compose.before-recovery.yml" && echo there || echo gone)" gone "the compose file's copy, made by the run, is removed"
ok "the recovered volume, which served, is kept" docker volume inspect "$RECOVERY_VOLUME"
docker volume rm "$RECOVERY_VOLUME" >/dev/null

# The old server is gone altogether: there is no container to look into.
docker rm -f "$OLD_CONTAINER" >/dev/null
docker start "$APP_CONTAINER" >/dev/null
ok "the application is up again, without a database" wait_for 20 app_pause
recover recovered "$backup" --set put_into_service=yes --confirm recover/volume --confirm service/go
is "$status" 0 "the recovery is complete"
[ "$status" = 0 ] || show_output 60
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15"
is "$(exact_counts "$PG_PORT")" "$counts" "with every row"
is "$(docker inspect -f '{{range .Mounts}}{{.Name}}{{end}}' "$OLD_CONTAINER")" "$RECOVERY_VOLUME" "on the recovered volume"
app_resume
ok "the application answers" wait_for 20 app_is_healthy
done_testing
