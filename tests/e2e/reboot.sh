#!/usr/bin/env bash
# After a warm upgrade the stack is Compose's own, and a host that is booted again brings it up on PostgreSQL 17 with the
# right data: on the distribution's Docker engine and on Debian testing's, with Compose 2.40, shut down and without power.
# for-check
# time-limit: 600
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/warm.sh
. "$lib_dir/warm.sh"
# shellcheck source=tests/lib/owned.sh
. "$lib_dir/owned.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"

second_engine "$@"
# All that an engine starts at once may take its time.
PG_CONNECT_SECONDS=20

identity() {
    docker inspect -f '{{.Id}}' "$OLD_CONTAINER" "$REDIS_CONTAINER" "$APP_CONTAINER"
}

# served DESCRIPTION: by PostgreSQL 17, from the new volume, with nothing that was acknowledged missing, by the same
# containers as before.
served() {
    local description=$1
    wait_for 60 app_is_healthy || true
    ok "$description, the application goes on" commits_go_on 60
    is "$(server_major "$PG_PORT")" 17 "on PostgreSQL 17"
    is "$(docker inspect -f '{{range .Mounts}}{{.Name}}{{end}}' "$OLD_CONTAINER")" "$NEW_VOLUME" "on the new volume"
    is "$(identity)" "$containers" "in the same containers"
    app_pause
    is "$(lost_commits "$PG_PORT")" "" "with every commit that the application saw acknowledged"
    app_resume
}

# Of the tables that the application doesn't write, and without app.cache: a crash empties tables that aren't logged.
still_digests() {
    exact_digests "$PG_PORT" | grep -vE '^limor_prod\|(shop\|orders|app\|events|app\|audit_log)\||\|app\|cache\|'
}

# booted HOW: the engine ends as HOW says and is started again; nothing else is touched.
booted() {
    local digests
    digests=$(still_digests)
    "second_engine_$1"
    second_engine_start
    served "after $2"
    is "$(still_digests)" "$digests" "and every row of the tables that nobody writes"
}

# upgraded ENGINE: a stack of its own is brought to PostgreSQL 17 there, and the engine is booted twice.
upgraded() {
    export XDG_STATE_HOME=$test_dir/state-$1
    diag "engine $(docker version --format '{{.Server.Version}}'), Compose $(compose_version)"
    # shellcheck disable=SC2119 # no arguments
    stack_up
    warm warm --confirm prepare/volume --confirm switchover/go
    is "$(run_field warm .current_step)" cleanup/stable "the warm upgrade comes to its end"
    [ "$(run_field warm .current_step)" = cleanup/stable ] || show_output 60
    containers=$(identity)
    served "moved"
    owned_by_compose "$STACK_DIR" postgres
    ok "the application goes on" commits_go_on 60
    booted stop "a shutdown"
    booted kill "a loss of power"
    ok "and docker compose up has nothing to do" up_changes_nothing
    stack_down_all
}

if second_engine_up testing; then
    compose_from testing
    upgraded testing
    second_engine_stop
else
    skip "Debian testing's engine and Compose can't be had here"
fi
second_engine_up distribution
upgraded distribution
done_testing
