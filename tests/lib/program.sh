# shellcheck shell=bash
# pgrunbook as a test runs it: its own state directory, the current stack's variables. Needs e2e.sh.

# shellcheck disable=SC2154 # of e2e.sh
program=$top_dir/build/pgrunbook
runbook=$top_dir/runbooks/pg15-to-pg17.yaml
export XDG_STATE_HOME=$test_dir/state

# upgrade RUN [ARGUMENT]...: headless, without a terminal; output in $output, exit status in $status.
upgrade() {
    local run=$1
    shift
    program_says run "$runbook" --plain --run-id "$run" --vars "$VARS_FILE" "$@"
}

# program_says ARGUMENT...: the same for any subcommand.
program_says() {
    status=0
    output=$("$program" "$@" 2>&1 </dev/null) || status=$?
}

run_field() {
    { "$program" status "$1" --json 2>/dev/null || true; } | jq -r "$2"
}

run_is() {
    [ "$(run_field "$1" .status)" = "$2" ]
}

show_output() {
    diag "$(tail -n "${1:-40}" <<<"$output")"
}

# What a refused run must leave as it was: containers, volumes, the compose file.
surroundings() {
    docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}' --filter "name=$STACK-" | LC_ALL=C sort
    docker volume ls -q --filter "name=$STACK-" | LC_ALL=C sort
    sha256sum "$COMPOSE_FILE"
    ls -A "$BACKUP_DIR"
}
