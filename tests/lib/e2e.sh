# shellcheck shell=bash
# Everything an end-to-end test needs. A test starts with
#
#     set -euo pipefail
#     . "$(dirname "$0")/../lib/e2e.sh"
#     stack_up --scale small
#
# and ends with done_testing. Stacks, outage meters and terminals of a test are gone when it ends, however it ends;
# with KEEP=1 in the environment a stack stays.

lib_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
top_dir=$(cd "$lib_dir/../.." && pwd)
# shellcheck source=tests/lib/say.sh
. "$lib_dir/say.sh"
# shellcheck source=tests/lib/tap.sh
. "$lib_dir/tap.sh"
# shellcheck source=tests/lib/lines.sh
. "$lib_dir/lines.sh"
# shellcheck source=tests/lib/postgres.sh
. "$lib_dir/postgres.sh"
# shellcheck source=tests/lib/screen.sh
. "$lib_dir/screen.sh"

# wait_for SECONDS COMMAND [ARGUMENT]...: until the command succeeds, asked ten times a second.
wait_for() {
    local deadline=$(($1 * 1000000 + ${EPOCHREALTIME/[.,]/}))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# ---- stacks ----

test_dir=$(mktemp -d "${TMPDIR:-/tmp}/pgrunbook-test.XXXXXX")
stack_dirs=()

# stack_up [options of tests/stack/up]: a stack of the test's own; its variables (PG_PORT, OLD_CONTAINER, ...) are set.
stack_up() {
    local dir prefix
    prefix=t$$-$((${#stack_dirs[@]} + 1))
    dir=$test_dir/$prefix
    "$lib_dir/../stack/up" "$dir" --name "$prefix" --scale small "$@" || bail_out "the stack didn't come up"
    stack_dirs+=("$dir")
    stack_use "$dir"
}

# Makes another of the test's stacks the current one.
stack_use() {
    # shellcheck source=/dev/null
    . "$1/stack.env"
}

stack_down_all() {
    local dir
    for dir in "${stack_dirs[@]}"; do
        if [ -n "${KEEP:-}" ]; then
            diag "the stack in $dir stays; tests/stack/down $dir removes it"
        else
            "$lib_dir/../stack/down" "$dir" || true
        fi
    done
    stack_dirs=()
}

# compose ARGUMENT...: docker compose on the current stack.
compose() {
    docker compose --progress quiet --project-directory "$STACK_DIR" -f "$COMPOSE_FILE" -p "$PROJECT" "$@"
}

# What docker compose up says; its containers, and since when they run.
compose_up_says() {
    docker compose --progress plain --project-directory "$STACK_DIR" -f "$COMPOSE_FILE" -p "$PROJECT" up -d "$@" 2>&1
}

compose_containers() {
    docker ps -aq --filter "label=com.docker.compose.project=$PROJECT" |
        xargs -r docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' | LC_ALL=C sort
}

# up_changes_nothing [ARGUMENT]...: docker compose up finds every container as it is. Says what it did if not.
up_changes_nothing() {
    local before said
    before=$(compose_containers)
    said=$(compose_up_says "$@") && grep -q Running <<<"$said" && ! grep -Eq 'Recreat|Creat|Start|Remov|rror' <<<"$said" &&
        [ -n "$before" ] && [ "$(compose_containers)" = "$before" ] && return
    printf '%s\n' "before:" "$before" "$said" "after:" "$(compose_containers)"
    return 1
}

# commands_in CONTAINER: of its processes, one a line. Docker asks for the process ids, too.
commands_in() {
    docker top "$1" -eo pid,args | sed '1d; s/^ *[0-9]* *//'
}

# ---- the application ----

app_pause() {
    curl -fsS -m 10 -X POST "$APP_URL/pause" >/dev/null
}

app_resume() {
    curl -fsS -m 10 -X POST "$APP_URL/resume" >/dev/null
}

# app_health FIELD: from the application's /health, or nothing.
app_health() {
    curl -sS -m 5 "$HEALTH_URL" 2>/dev/null | jq -r ".$1 // empty" 2>/dev/null || true
}

app_is_healthy() {
    [ "$(app_health status)" = ok ]
}

app_stat() {
    curl -fsS -m 5 "$APP_URL/stats" | jq -r ".$1"
}

# commits_go_on [SECONDS]: the application's writers commit again. Being healthy isn't that: a writer that looked the
# server's name up while nobody bore it waits for the resolver's time-out.
commits_go_on() {
    local before
    before=$(app_stat commits)
    wait_for "${1:-20}" app_committed_more_than "$before"
}

app_committed_more_than() {
    [ "$(app_stat commits)" -gt "$1" ]
}

# lost_commits PORT: entries of commits that the application saw acknowledged and that the server lacks.
lost_commits() {
    comm -23 <(whole_lines "$LEDGER" | jq -r 'select(.outcome == "acknowledged").entry' | LC_ALL=C sort) \
        <(psql_at "$1" limor_prod 'SELECT entry FROM app.events' | LC_ALL=C sort)
}

# ---- the outage meter ----

meter_pid=
meter_output=

# meter_start [options of tests/lib/outage]: measures the current stack's published port from now on.
meter_start() {
    meter_output=$(mktemp "$test_dir/outage.XXXXXX")
    PGPASSWORD=$POSTGRES_PASSWORD "$lib_dir/outage" --port "$PG_PORT" --ready "$meter_output.ready" "$@" >"$meter_output" &
    meter_pid=$!
    wait_for 60 test -e "$meter_output.ready" || bail_out "the outage meter got no answer on port $PG_PORT"
}

# Ends it and prints its JSON.
meter_stop() {
    [ -n "$meter_pid" ] || return 0
    kill -TERM "$meter_pid" 2>/dev/null || true
    wait "$meter_pid" || true
    meter_pid=
    cat "$meter_output"
}

# meter_stop_into NAME: the same into a variable. In $( ) the meter could not be waited for.
meter_stop_into() {
    local -n into=$1
    meter_stop >/dev/null
    # shellcheck disable=SC2034 # a reference
    into=$(cat "$meter_output")
}

# ---- the end ----

# Processes of the test that end with it.
background_processes=()

# Runs that wait at a gate keep their engines; a test's runs end with it.
stop_run_engines() {
    local journal process
    find "$test_dir" -name journal.jsonl 2>/dev/null | while IFS= read -r journal; do
        process=$(grep -h '"type":"engine_started"' "$journal" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')
        if [ -n "$process" ] && ! flock -n "$(dirname "$journal")/engine.lock" true; then
            kill "$process" 2>/dev/null || true
        fi
    done
}

e2e_clean_up() {
    local status=$?
    trap - EXIT INT TERM
    screen_stop
    stop_run_engines
    [ -z "$meter_pid" ] || kill -TERM "$meter_pid" 2>/dev/null || true
    [ "${#background_processes[@]}" -eq 0 ] || kill -TERM "${background_processes[@]}" 2>/dev/null || true
    stack_down_all
    [ -n "${KEEP:-}" ] || rm -rf "$test_dir"
    exit "$status"
}
trap e2e_clean_up EXIT
trap 'exit 143' INT TERM
