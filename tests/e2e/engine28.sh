#!/usr/bin/env bash
# The upgrade on another Docker engine than the distribution's: Debian testing's (28.5) with its client and Compose (2.40).
# time-limit: 420
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"

second_engine "$@"
second_engine_up_newest
diag "engine $(docker version --format '{{.Server.Version}}'), Compose $(compose_version)"

# shellcheck disable=SC2119 # no arguments
stack_up
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
app_id=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$APP_CONTAINER")
on_no_network() { [ "$(docker inspect -f '{{len .NetworkSettings.Networks}}' "$OLD_CONTAINER")" = 0 ]; }

# ---- there, with the old server taken off its networks while the application wants to write on ----

upgrade there --confirm prepare/backup --set fence=network
is "$(run_field there .gate)" switchover/fence "the copy is made and proven"
[ "$status" = 10 ] || show_output 60
upgrade there --confirm switchover/fence
is "$(run_field there .gate)" switchover/go "fenced by the network, what was written since is copied again"
[ "$status" = 10 ] || show_output 60
ok "the old server is on no network" on_no_network
not_ok "no client reaches it" server_answers "$PG_PORT"
printf 'n\n' | "$program" attach there --plain >/dev/null 2>&1 || true
is "$(run_field there .status)" declined "the gate is declined"
not_ok "and the old server is on its network again" on_no_network
ok "the application goes on" commits_go_on

app_pause
digests=$(exact_digests "$PG_PORT")
upgrade there --confirm switchover/fence --confirm switchover/go
is "$(run_field there .current_step)" cleanup/stable "confirmed, traffic moves to the new server"
[ "$status" = 10 ] || show_output 60
is "$(server_major "$PG_PORT")" 17 "the service is PostgreSQL 17"
is "$(exact_digests "$PG_PORT")" "$digests" "with every row of every table"
is "$(lost_commits "$PG_PORT")" "" "and every commit that the application saw acknowledged"
app_resume
ok "the application goes on there" commits_go_on
is "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$APP_CONTAINER")" "$app_id" "and was not touched"
ok "Compose has nothing to do afterwards" up_changes_nothing

# ---- and back ----

app_pause
program_says rollback there --save
is "$status" 12 "the run is rolled back, its rows saved"
[ "$status" = 12 ] || show_output 60
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15"
is "$(exact_digests "$PG_PORT")" "$digests" "with every row that it had"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is restored byte for byte"
app_resume
ok "the application goes on" commits_go_on
ok "Compose has nothing to do afterwards" up_changes_nothing
done_testing
