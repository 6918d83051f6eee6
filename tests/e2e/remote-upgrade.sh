#!/usr/bin/env bash
# The whole upgrade of a stack on another host, by ssh, with nothing but the Docker engine between: there and back.
# time-limit: 600
# for-check
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"
# shellcheck source=tests/lib/remote-engine.sh
. "$lib_dir/remote-engine.sh"

remote_engine "$@"
operator_knows_host
operator_docker "DOCKER_HOST=$remote_ssh"
sed -i '/^health_url/d' "$VARS_FILE"
echo 'health_url: ""' >>"$VARS_FILE"

app_pause
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
app_id=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$APP_CONTAINER")

upgrade there --confirm prepare/backup
is "$(run_field there .gate)" switchover/fence "the copy is made and proven"
[ "$status" = 10 ] || show_output 60
psql_at "$PG_PORT" limor_prod "INSERT INTO app.audit_log SELECT a.* FROM app.audit_log a LIMIT 7; DELETE FROM shop.payments WHERE id % 20 = 5"
counts=$(exact_counts "$PG_PORT")
digests=$(exact_digests "$PG_PORT")
upgrade there --confirm switchover/fence --confirm switchover/go
is "$(run_field there .current_step)" cleanup/stable "confirmed, what was written since is copied again and traffic moves"
[ "$status" = 10 ] || show_output 60
is "$(server_major "$PG_PORT")" 17 "the service is PostgreSQL 17"
is "$(exact_counts "$PG_PORT")" "$counts" "every table has its rows"
is "$(exact_digests "$PG_PORT")" "$digests" "and every row its text"
app_resume
ok "the application goes on there" commits_go_on
is "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$APP_CONTAINER")" "$app_id" "and was not touched"
ok "Compose has nothing to do afterwards" up_changes_nothing
isnt "$(run_field there '.outages | length')" 0 "the probe has seen the outage"
is "$(grep -rlF "$POSTGRES_PASSWORD" "$XDG_STATE_HOME" | wc -l)" 0 "the password is nowhere in the run's directory"

app_pause
program_says rollback there --save
is "$status" 12 "the run is rolled back, its rows saved"
[ "$status" = 12 ] || show_output 60
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15"
is "$(exact_digests "$PG_PORT")" "$digests" "with every row that it had"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is restored byte for byte"
app_resume
ok "the application goes on" commits_go_on
done_testing
