# shellcheck shell=bash
# The warm runbook as a test runs it. Needs e2e.sh and program.sh.

# shellcheck disable=SC2154 # of e2e.sh
warm_runbook=$top_dir/runbooks/pg15-to-pg17-warm.yaml

# warm RUN [ARGUMENT]...: headless; output in $output, exit status in $status.
warm() {
    # shellcheck disable=SC2153 # of the stack
    program_says run "$warm_runbook" --plain --run-id "$1" --vars "$VARS_FILE" \
        --set "parked_container=$STACK-parked" --set "left_container=$STACK-left" "${@:2}"
}

# warm_waits [ACTION]: from now on the runbook waits at a gate before it retires the old server, or does what ACTION does
# (move).
warm_waits() {
    sed "s/^\( \{8\}\)docker\.${1:-retire}:/\1gate: {confirm: key, question: 'Go on?'}\n&/" \
        "$top_dir/runbooks/pg15-to-pg17-warm.yaml" >"$test_dir/warm-waits.yaml"
    warm_runbook=$test_dir/warm-waits.yaml
}

# warm_as_shipped: as it is again.
warm_as_shipped() {
    warm_runbook=$top_dir/runbooks/pg15-to-pg17-warm.yaml
}

# The containers that have a place in the stack's network and a server in them: never none, never two.
serving() {
    docker ps --no-trunc --filter "network=$NETWORK" --filter "label=com.docker.compose.service=$SERVICE" --format '{{.Names}}'
}

# The rest of the stack.
others() {
    docker ps -a --no-trunc --filter "label=com.docker.compose.project=$PROJECT" --format '{{.ID}} {{.Names}} {{.State}}' |
        grep -v -e "$STACK-postgres " -e "$STACK-parked " -e "$STACK-left " | LC_ALL=C sort
}
