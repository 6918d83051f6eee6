#!/usr/bin/env bash
# Bad input and bad surroundings: a clear error, the right exit status, and nothing changed.
# time-limit: 300
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up
app_pause
before=$(surroundings)

# refused NAME STATUS PATTERN [VARIABLE=VALUE] [ARGUMENT]...: the run, with that environment, ends with the status, says the
# pattern and a remedy, and changes nothing.
refused() {
    local name=$1 wanted=$2 pattern=$3 run
    shift 3
    run=bad-${name//[^a-z]/-}
    case ${1:-} in
    [A-Z]*=*) local -x "$1" && shift ;;
    esac
    upgrade "$run" --confirm prepare/backup "$@"
    is "$status" "$wanted" "$name: exit status $wanted"
    like "$output" "$pattern" "$name: says what is wrong"
    like "$output" 'What to do:|did you mean|: write ' "$name: says what to do"
    unset DOCKER_HOST
    is "$(surroundings)" "$before" "$name: nothing has changed"
    if [ -d "$XDG_STATE_HOME/pgrunbook/runs/$run" ]; then
        program_says rollback "$run"
    fi
}

refused "wrong container" 1 'no container .nonsense' --set old_container=nonsense
refused "wrong password" 11 'password' POSTGRES_PASSWORD=wrong
refused "port in use" 11 "$PG_PORT" --set "new_port=$PG_PORT"
docker volume create --label "org.pgrunbook.stack=$STACK" "$STACK-full" >/dev/null
docker run --rm --network none -v "$STACK-full:/v" --entrypoint sh "$OLD_IMAGE" -c 'echo x > /v/file'
before=$(surroundings)
refused "volume with data" 11 "$STACK-full" --set "new_volume=$STACK-full"
docker volume rm "$STACK-full" >/dev/null
before=$(surroundings)
refused "no such service" 11 'no-such-service' --set service=no-such-service
refused "image that can't be had" 11 'no-such-image' --set new_image=no-such-image:pg17
refused "image without the extension" 11 'lacks extensions that the old server uses: vector' --set new_image=postgres:17
refused "disk too full" 11 'not enough disk space: ' --set disk_factor=100000000
refused "unknown variable" 2 'new_ports' --set new_ports=1
refused "port that is none" 3 'new_port|port' --set new_port=seventy
refused "Docker absent" 4 'Docker' DOCKER_HOST=unix:///nonexistent/docker.sock

refused "secret on the command line" 2 'password' --set password=x

program_says check "$runbook"
is "$status" 0 "check accepts the shipped runbook"
program_says check "$top_dir/runbooks/recover-from-backup.yaml"
is "$status" 0 "and the recovery runbook"
program_says plan "$runbook" --vars "$VARS_FILE"
is "$status" 0 "plan goes through"
[ "$status" = 0 ] || show_output 60
like "$output" 'NOT RUN' "and marks what it doesn't run"
is "$(surroundings)" "$before" "plan changes nothing"
program_says init "$COMPOSE_FILE"
is "$status" 0 "init finds the server"
like "$output" "old_container: \"$OLD_CONTAINER\"" "and names its container"
unlike "$output" "$POSTGRES_PASSWORD" "without its password"
done_testing
