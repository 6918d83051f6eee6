#!/usr/bin/env bash
# A switchover that fails half-way, as the new container can't start in the stack; a declined gate; the clean-up to its end.
# time-limit: 600
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up
app_pause

# An image that runs by itself, but not with what the stack's service gives it.
broken=pgrunbook-test/broken-$$:pg17
trap 'docker image rm -f "$broken" >/dev/null 2>&1; e2e_clean_up' EXIT
docker build -q -t "$broken" - >/dev/null <<'DOCKERFILE'
FROM pgvector/pgvector:pg17
LABEL org.pgrunbook.test-image=1
RUN printf '#!/bin/sh\n[ -z "$REFUSE" ] || { echo "refusing to start here" >&2; exit 1; }\nexec docker-entrypoint.sh "$@"\n' > /refuse.sh && chmod 755 /refuse.sh
ENTRYPOINT ["/refuse.sh"]
CMD ["postgres"]
DOCKERFILE
sed -i 's/^      POSTGRES_USER: postgres$/&\n      REFUSE: "yes"/' "$COMPOSE_FILE"
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
counts=$(exact_counts "$PG_PORT")

upgrade halfway --set "new_image=$broken" --confirm prepare/backup --confirm switchover/fence --confirm switchover/go
is "$status" 11 "a new container that can't start fails the step"
is "$(run_field halfway .current_step)" switchover/apply "which is the switchover itself"
[ "$(run_field halfway .current_step)" = switchover/apply ] || show_output 60
like "$output" "refusing to start here" "the container's own words are shown"
ok "the old server serves again by itself" wait_for 30 server_answers "$PG_PORT"
program_says rollback halfway
is "$status" 12 "it is rolled back"
[ "$status" = 12 ] || show_output
ok "the old server answers" wait_for 60 server_answers "$PG_PORT"
is "$(server_major "$PG_PORT")" 15 "and is PostgreSQL 15"
is "$(exact_counts "$PG_PORT")" "$counts" "with every row"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is restored byte for byte"
app_resume
ok "the application answers" wait_for 20 app_is_healthy
app_pause
is "$(docker ps -a --format '{{.Names}}' --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=postgres" | wc -l)" 1 "no half-made container is left"

# Declined: nothing happens, and the way back is open.
docker volume rm "$NEW_VOLUME" >/dev/null 2>&1 || true
rm -f "$BACKUP_DIR"/*
counts=$(exact_counts "$PG_PORT")
upgrade declined --confirm prepare/backup
is "$(run_field declined .gate)" switchover/fence "a second run reaches the gate"
[ "$(run_field declined .gate)" = switchover/fence ] || show_output 60
status=0
printf 'n\n' | "$program" attach declined --plain >/dev/null 2>&1 || status=$?
is "$status" 10 "declined, it waits"
is "$(run_field declined .status)" declined "and says so"
is "$(server_major "$PG_PORT")" 15 "the service still is PostgreSQL 15"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is untouched"
program_says rollback declined
is "$status" 12 "a declined run can be rolled back"
is "$(docker volume ls -q --filter "name=^$NEW_VOLUME\$" | wc -l)" 0 "the new volume, which never served, is removed"
is "$(docker ps -aq --filter "name=$NEW_CONTAINER" | wc -l)" 0 "and so is the test container"

# A file of somebody else's in the place of the compose file's backup: found before anything starts; put there later, the
# switchover stops at it and the rollback leaves it alone.
foreign=$(dirname "$COMPOSE_FILE")/docker-compose.pg15-backup.yml
rm -f "$BACKUP_DIR"/*
printf 'not ours\n' >"$foreign"
upgrade early
is "$status" 11 "another file in the place of the compose backup fails the run"
is "$(run_field early .current_step)" assess/compose "in the assessment"
like "$output" "move it away" "with what to do"
program_says rollback early
rm "$foreign"
upgrade late --confirm prepare/backup
printf 'not ours\n' >"$foreign"
"$program" run "$runbook" --plain --run-id late --confirm switchover/fence --confirm switchover/go </dev/null >/dev/null 2>&1 || true
is "$(run_field late .current_step)" switchover/compose-backup "put there later, it stops the switchover"
program_says rollback late
is "$status" 12 "which is rolled back"
is "$(cat "$foreign")" "not ours" "and the file is still there"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is untouched"
rm -f "$foreign"

# The engine is killed in the middle of the switchover: the next start shows it, and rolls back.
rm -f "$BACKUP_DIR"/*
sed -i '/REFUSE: "yes"/d' "$COMPOSE_FILE"
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
# In the stack's folder, as operators work there, so that relative paths count from it.
cd "$STACK_DIR"
upgrade killed --set compose_file=docker-compose.yml --set backup_dir=backups --confirm prepare/backup
journal=$XDG_STATE_HOME/pgrunbook/runs/killed/journal.jsonl
"$program" run "$runbook" --plain --run-id killed --confirm switchover/fence --confirm switchover/go </dev/null >/dev/null 2>&1 &
client=$!
wait_for 60 grep -q '"step_started","step":"switchover/apply"' "$journal"
kill -9 "$(grep '"type":"engine_started"' "$journal" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')"
wait "$client" 2>/dev/null || true
no_compose() { ! pgrep -f "compose.*$PROJECT"; }
wait_for 120 no_compose || bail_out "a docker compose goes on" # it isn't killed along
# The worst that may be left: no container of the service, so that the password stands nowhere, with nobody to ask for it;
# and the rollback is begun in another directory.
service_containers=$(docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" \
    --filter "label=com.docker.compose.service=postgres")
for container in $service_containers; do
    docker stop -t 60 "$container" >/dev/null # a crash would empty the unlogged tables
    docker rm "$container" >/dev/null
done
cd /
status=0
output=$(env -u POSTGRES_PASSWORD setsid -w "$program" rollback killed 2>&1 </dev/null) || status=$?
is "$status" 12 "after kill -9 in the switchover the run can be rolled back, from another directory"
[ "$status" = 12 ] || show_output
like "$output" "none of its sources has the secret password" "though nobody knows the password, which it says"
ok "the old server answers" wait_for 60 server_answers "$PG_PORT"
is "$(server_major "$PG_PORT")" 15 "it is PostgreSQL 15"
is "$(exact_counts "$PG_PORT")" "$counts" "with every row"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is restored byte for byte"

# Through to the end, with the clean-up, its wait cut short.
docker volume rm "$NEW_VOLUME" >/dev/null 2>&1 || true
rm -f "$BACKUP_DIR"/* "$(dirname "$COMPOSE_FILE")"/docker-compose.pg15-backup.yml
upgrade whole --set stable_for=1s --confirm prepare/backup --confirm switchover/fence --confirm switchover/go --confirm cleanup/remove-old-volume --confirm cleanup/remove-backup
is "$status" 0 "with every gate confirmed the run is complete"
[ "$status" = 0 ] || show_output 60
is "$(server_major "$PG_PORT")" 17 "the service is PostgreSQL 17"
is "$(exact_counts "$PG_PORT")" "$counts" "with every row"
is "$(docker volume ls -q --filter "name=^$OLD_VOLUME\$" | wc -l)" 0 "the old volume is removed"
is "$(find "$BACKUP_DIR" -type f | wc -l)" 0 "the backup is removed"
is "$(test -e "$(dirname "$COMPOSE_FILE")/docker-compose.pg15-backup.yml" && echo there || echo gone)" gone "and so is the compose file's"
done_testing
