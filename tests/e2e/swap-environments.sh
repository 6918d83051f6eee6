#!/usr/bin/env bash
# The prefix swap of two environments, two stacks whose applications write all the time: live begins nothing before test
# is through, nobody can pass that, and then goes through itself. Nothing that was acknowledged is lost in either.
# time-limit: 900
# shellcheck disable=SC2154 # variables of the libraries
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/swap.sh
. "$lib_dir/swap.sh"

# What the current stack's environment has of its own.
own_values() {
    printf '{%s}' "old_container: \"$OLD_CONTAINER\", env_file: app.env, new_volume: \"$NEW_VOLUME\", \
new_container: \"$STACK-postgres17\", backup_dir: \"$BACKUP_DIR\", health_url: \"$HEALTH_URL\", disk_factor: \"1\", stable_for: 0s"
}

# Both servers' passwords come from their containers.
swap_both() {
    local password=$POSTGRES_PASSWORD
    unset POSTGRES_PASSWORD
    program_says run "$test_dir/both.yaml" --plain --run-id both "$@"
    export POSTGRES_PASSWORD=$password
}

state_of() {
    run_field "both@$1" .status
}

# untouched ENVIRONMENT WHAT: nothing of the run is to be seen in the current stack.
untouched() {
    is "$(swap_files)" "$files_before" "$1: both files are as they were"
    is "$(docker ps -aq --filter "name=$STACK-postgres17")$(docker volume ls -q --filter "name=$NEW_VOLUME")" '' "$1: there is no new server"
}

# is_through WHAT: the current stack's application uses the new server and has lost nothing.
is_through() {
    ok "$1: the application is up" wait_for 30 app_is_healthy
    is "$(app_health server_version | cut -d. -f1)" 17 "$1: it uses PostgreSQL 17"
    app_pause
    ok "$1: every acknowledged commit is there, once, in its newest state" swap_ledger_holds "$STACK-postgres17"
    app_resume
    is "$(docker ps -aq --filter "name=^$OLD_CONTAINER\$")" '' "$1: the old service is gone"
    is "$(swap_env_end)" "$(cat "$ENV_FILE")" "$1: the environment file differs by the one host, and by nothing else"
}

gates() { # gates ENVIRONMENT STEP...
    local step
    for step in "${@:2}"; do
        printf '%s\n' --confirm "$1:$step"
    done
}

swap_stack --rate 30
test_stack=$STACK_DIR test_values=$(own_values)
swap_stack --rate 30
live_stack=$STACK_DIR
files_before=$(swap_files)
awk -v test="$test_values" -v live="$(own_values)" '
    $1 == "vars:" { print "environments:\n  test: {set: " test "}\n  live: {set: " live ", require: {test: {for: 1s}}}\n" }
    { print }' "$swap_runbook" >"$test_dir/both.yaml"

# ---- live before test ----

program_says check "$test_dir/both.yaml"
is "$status" 0 "the runbook with two environments has no fault"
mapfile -t confirmed < <(gates live prepare/volume switchover/fence switchover/rename-old)
mapfile -t -O "${#confirmed[@]}" confirmed < <(gates test prepare/volume)
swap_both "${confirmed[@]}"
is "$(run_field both@test '.gate')" switchover/fence "test has come to its switchover"
is "$(state_of live)" waiting "live waits, whatever was confirmed for it"
program_says first both@live
wait_for 5 false || true
is "$(state_of live)" waiting "and can't be let go first"
untouched live

# ---- test, then live ----

mapfile -t confirmed < <(gates test switchover/fence switchover/rename-old cleanup/delete-old cleanup/remove-backup
    gates live prepare/volume switchover/fence switchover/rename-old cleanup/delete-old cleanup/remove-backup)
swap_both "${confirmed[@]}"
is "$status" 0 "both go through to the end"
[ "$status" = 0 ] || show_output 60
is "$(state_of test) $(state_of live)" "complete complete" "the record says so"
stack_use "$test_stack"
ENV_FILE=$STACK_DIR/app.env
is_through test
stack_use "$live_stack"
ENV_FILE=$STACK_DIR/app.env
is_through live
began=$(grep -hm 1 '"step":"prepare/volume"' "$XDG_STATE_HOME/pgrunbook/runs/both@live/journal.jsonl" | jq .time)
ended=$(tail -n 1 "$XDG_STATE_HOME/pgrunbook/runs/both@test/journal.jsonl" | jq .time)
ok "live changed nothing before test was complete" test "$began" -gt "$ended"
done_testing
