#!/usr/bin/env bash
# Somebody runs docker compose up while two containers bear the service's labels, which makes the service anew from the
# edited file: that is found out, no row of the old server is lost, and the way back is open.
# time-limit: 400
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/warm.sh
. "$lib_dir/warm.sh"

give_up() {
    show_output 40
    done_testing
    exit
}

up() {
    docker compose --project-directory "$STACK_DIR" -f "$COMPOSE_FILE" -p "$PROJECT" up -d >/dev/null 2>&1
}

marked() {
    psql_at "$PG_PORT" limor_prod "SELECT count(*) FROM public.marks WHERE mark = '$1'"
}

stack_up --no-app
export POSTGRES_PASSWORD
psql_at "$PG_PORT" limor_prod 'CREATE TABLE public.marks (id serial PRIMARY KEY, mark text)'
compose_before=$(sha256sum <"$COMPOSE_FILE")

# --- while the new server is parked

warm_waits move
warm parked --confirm prepare/volume --confirm switchover/go --set app_container= --set health_url=
is "$(run_field parked .gate)" switchover/move "the new server is parked"
[ "$(run_field parked .gate)" = switchover/move ] || give_up
psql_at "$PG_PORT" limor_prod "INSERT INTO public.marks (mark) VALUES ('since the backup')"
up || true
warm parked --confirm switchover/move
is "$status" 11 "what Compose made of the edited file is no switch"
like "$output" 'docker compose up was +run|compose up was' "which is said"
program_says rollback parked
is "$status" 11 "nothing is brought back from a server that lacks rows"
like "$output" 'lose unknown' "what to do is said"
program_says rollback parked --lose unknown
is "$status" 11 "what Compose made may hold rows, so it isn't removed"
like "$output" "in use by $STACK-parked" "which is said"
is "$(server_major "$PG_PORT")" 15 "it serves"
is "$(marked 'since the backup')" 1 "with the row that it had taken last"
is "$(serving)" "$STACK-postgres" "alone"
docker rm -f "$STACK-parked" >/dev/null
program_says rollback parked
is "$status" 12 "once it is removed the rollback comes to its end"
[ "$status" = 12 ] || give_up
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_before" "the compose file is as it was"
ok "docker compose up finds the stack as it is" up_changes_nothing
is "$(server_major "$PG_PORT")" 15 "and leaves it so"
done_testing
