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
upgrade made --confirm prepare/backup
program_says rollback made
is "$status" 12 "a backup is there, its run rolled back"
backup=$BACKUP_DIR/pg15_full_backup.sql
ok "the rollback kept the backup" test -s "$backup"

recover() {
    POSTGRES_PASSWORD=$POSTGRES_PASSWORD program_says run "$top_dir/runbooks/recover-from-backup.yaml" --plain --run-id "$1" \
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

recover recovered "$backup" --set put_into_service=yes --confirm recover/volume --confirm service/go
is "$status" 0 "the recovery is complete"
[ "$status" = 0 ] || show_output 60
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15"
is "$(exact_counts "$PG_PORT")" "$counts" "with every row"
is "$(docker inspect -f '{{range .Mounts}}{{.Name}}{{end}}' "$OLD_CONTAINER")" "$RECOVERY_VOLUME" "on the recovered volume"
app_resume
ok "the application answers" wait_for 20 app_is_healthy
done_testing
