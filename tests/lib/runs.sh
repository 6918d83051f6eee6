# shellcheck shell=bash
# Runs of small runbooks without Docker, in a state directory of their own, and what tests ask of them. Needs tap.sh.

# shellcheck source=tests/lib/lines.sh
. "${BASH_SOURCE[0]%/*}/lines.sh"

program=${PROGRAM:-$PWD/build/pgrunbook}
work=$(mktemp -d)
export XDG_STATE_HOME=$work/state
runs=$XDG_STATE_HOME/pgrunbook/runs

engine_process() {
    grep -h '"type":"engine_started"' "$runs/$1/journal.jsonl" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/'
}

stop_engines() {
    local run
    for run in "$runs"/*; do
        [ -e "$run/journal.jsonl" ] || continue
        flock -n "$run/engine.lock" true || kill -9 "$(engine_process "$(basename "$run")")" 2>/dev/null || true
    done
}
trap 'stop_engines; rm -rf "$work"' EXIT

# run NAME ARGUMENTS...: output in $work/out, exit status in $status.
run() {
    status=0
    "$program" "$@" </dev/null >"$work/out" 2>&1 || status=$?
}

says() {
    if grep -qF -- "$2" "$work/out"; then pass "$1"; else
        fail "$1"
        sed 's/^/#   /' "$work/out" | tail -n 30
    fi
}

# a runbook of its own stack, so that runs don't hold each other's target
runbook() {
    cat >"$work/$1.yaml"
}

wait_until() {
    local tries
    for tries in $(seq 1 200); do
        if eval "$1"; then return 0; fi
        sleep 0.05
    done
    return 1
}

state_of() {
    "$program" status "$1" --json 2>/dev/null | jq -r .status
}

# tell RUN COMMAND-JSON: its reply
tell() {
    python3 - "$runs/$1/control.sock" "$2" <<'PY'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"command":"attach"}\n' + sys.argv[2].encode() + b"\n")
replies = 0
for line in s.makefile():
    event = json.loads(line)
    replies += event["type"] == "reply"
    if replies == 2:
        print("ok" if event["ok"] else event["message"])
        break
PY
}
