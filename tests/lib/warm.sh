# shellcheck shell=bash
# The warm upgrade of the current stack, from gate to gate. Needs e2e.sh, program.sh and a stack.

# shellcheck disable=SC2154 # of e2e.sh
warm_runbook=$top_dir/runbooks/pg15-to-pg17-warm.yaml

# warm RUN [ARGUMENT]...: headless; output in $output, exit status in $status.
warm() {
    program_says run "$warm_runbook" --plain --run-id "$1" --vars "$VARS_FILE" \
        --set "parked_container=$STACK-pg17-parked" --set "left_container=$STACK-pg15-left" "${@:2}"
}

# warm_up_to RUN GATE [ARGUMENT]...: confirms what comes before GATE, which has to open then.
warm_up_to() {
    local gate confirmed=()
    for gate in prepare/backup switchover/go switchover/retire cleanup/stable; do
        [ "$gate" != "$2" ] || break
        confirmed+=(--confirm "$gate")
    done
    warm "$1" "${confirmed[@]}" "${@:3}"
    [ "$(run_field "$1" '.gate // .current_step')" = "$2" ] || show_output 60
    is "$(run_field "$1" '.gate // .current_step')" "$2" "the warm upgrade comes to $2"
}
