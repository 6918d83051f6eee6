#!/usr/bin/env bash
# The action http.upload against a small server: a file is sent and read back; a refusal, a server that is busy, one that
# keeps something else, and one that gets no secret in the open.
# time-limit: 60
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/lib/runs.sh
. tests/lib/runs.sh

cat >"$work/store.py" <<'PYTHON'
import http.server, sys
stored, busy = {}, {"/busy": 2}
class Store(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/signed"):
            # A signature is for one method, and for no header of ours.
            if self.path != "/signed?for=put-sesame" or "Authorization" in self.headers:
                return self.answer(403)
        elif self.headers.get("Authorization") != "Bearer sesame-open":
            return self.answer(401)
        if busy.get(self.path, 0):
            busy[self.path] -= 1
            return self.answer(503)
        stored[self.path] = body[:-1] + b"?" if self.path == "/changes" else body[:-1] if self.path == "/cuts" else body
        self.answer(201)
    def do_GET(self):
        if self.path.startswith("/signed"):
            good = self.path == "/signed?for=get-sesame" and "Authorization" not in self.headers
            return self.answer(200, stored["/signed?for=put-sesame"]) if good else self.answer(403)
        self.answer(200, stored[self.path]) if self.path in stored else self.answer(404)
    def log_message(self, *arguments):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
open(sys.argv[1], "w").write(str(server.server_port))
server.serve_forever()
PYTHON
python3 "$work/store.py" "$work/port" &
store=$!
trap 'kill "$store"; stop_engines; rm -rf "$work"' EXIT
# shellcheck disable=SC2016 # evaluated there
wait_until '[ -s "$work/port" ]' || bail_out "the server doesn't come up"
address=http://127.0.0.1:$(cat "$work/port")
export SESAME=sesame-open
seq 1 400000 >"$work/backup"
sum=$(sha256sum <"$work/backup" | cut -d' ' -f1)

# upload NAME URL: the statuses that are right are those of the PUT
upload() {
    runbook "$1" <<YAML
runbook: 1
name: $1
stack: $1
vars:
  sesame: {secret: true, from: [env SESAME]}
phases:
  - id: one
    steps:
      - {id: send, http.upload: {file: "$work/backup", url: "$2", headers: {Authorization: "Bearer \${sesame}"}, expect: ["201"], pause: 20ms, attempts: "3"}}
YAML
    run run "$work/$1.yaml" --plain --run-id "$1"
}

upload good "$address/good"
is "$status" 0 "a file is sent"
says "and what comes back has its SHA-256" "$sum, read back from"
is "$(curl -fsS "$address/good" | sha256sum | cut -d' ' -f1)" "$sum" "it is there"
upload busy "$address/busy"
is "$status" 0 "a server that is busy is asked again"
upload changes "$address/changes"
is "$status" 11 "another byte there is a failure"
says "and said to be one" "isn't the file that was sent"
upload cuts "$address/cuts"
is "$status" 11 "so is a byte less"
SESAME=wrong upload refused "$address/refused"
is "$status" 11 "a refusal is one, too"
says "with its status" "status 401"
upload open "http://192.0.2.1/backup"
is "$status" 11 "nothing goes in the open"
says "and that is said" "not encrypted"

# As prefix-swap.yaml does it: addresses that are signed, each for one method, and no header for who it is.
{
    printf 'runbook: 1\nname: signed\nstack: signed\nvars:\n  backup_dir: {default: "%s"}\n' "$work"
    grep '^  upload_' runbooks/prefix-swap.yaml
    printf 'phases:\n  - id: one\n    steps:\n'
    sed -n '/- id: upload-backup/,/http.upload:/p' runbooks/prefix-swap.yaml
} >"$work/signed.yaml"
cp "$work/backup" "$work/pg15_full_backup.sql"
UPLOAD_URL="$address/signed?for=put-sesame" UPLOAD_READ_FROM="$address/signed?for=get-sesame" run run "$work/signed.yaml" --plain --run-id signed
is "$status" 0 "a file is sent to one signed address and read back from another"
[ "$status" = 0 ] || diag "$(cat "$work/signed.yaml" "$work/out")"
not_ok "which are in no journal and no log" grep -rqF -e put-sesame -e get-sesame "$XDG_STATE_HOME"
UPLOAD_URL="$address/signed?for=put-sesame" run run "$work/signed.yaml" --plain --run-id signed-one
is "$status" 11 "a signature for PUT isn't one for GET"
"$program" rollback signed-one --plain </dev/null >/dev/null 2>&1 || true
run run "$work/signed.yaml" --plain --run-id signed-none
says "without an address nothing is sent" "skipped"

# Until its lock is free: the next start finds no engine.
engine_dies() {
    kill -9 "$(engine_process "$1")"
    wait_until "flock -n '$runs/$1/engine.lock' true" || true
}

# Taken up again where the address isn't known any more: what was ordered isn't left out.
sed -e 's/^    steps:/&\n      - {id: go, gate: {confirm: key}, shell: {command: "true"}}/' "$work/signed.yaml" >"$work/late.yaml"
UPLOAD_URL="$address/signed?for=put-sesame" UPLOAD_READ_FROM="$address/signed?for=get-sesame" run run "$work/late.yaml" --plain --run-id late
engine_dies late
run run "$work/late.yaml" --plain --run-id late --confirm one/go
is "$status" 11 "a run that has lost the address stops"
says "it says so at once" "none of its sources has the secret upload_url now"
says "and at the step" "the run began with the secret upload_url, and has it no more"
engine_dies late
UPLOAD_URL="$address/signed?for=put-sesame" UPLOAD_READ_FROM="$address/signed?for=get-sesame" run run "$work/late.yaml" --plain --run-id late
is "$status" 0 "with the address it goes on"
says "and sends the file" "read back from"
not_ok "the secret is in no journal and no log" grep -rqF -e sesame-open "$XDG_STATE_HOME"
done_testing
