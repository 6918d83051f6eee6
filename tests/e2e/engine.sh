#!/usr/bin/env bash
# The engine, its gates and its journal, end to end but without Docker: small runbooks of shell and manual steps.
# time-limit: 240
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/lib/runs.sh
. tests/lib/runs.sh

# --- a run to its end

runbook simple <<YAML
runbook: 1
name: simple
stack: simple
vars:
  word: {default: hello}
phases:
  - id: one
    title: One
    steps:
      - {id: make, title: Make a file, shell: {command: "echo \${word} > $work/made"}, undo: {shell: {command: "rm -f $work/made"}}}
      - {id: skipped, when: "\${word} == other", shell: {command: "touch $work/never"}}
      - {id: show, shell: {command: "cat $work/made"}}
YAML
run run "$work/simple.yaml" --plain --run-id simple --set word=there
is "$status" 0 "a run without gates goes to its end"
says "a step's output is shown" "            there"
is "$(cat "$work/made")" there "--set reaches the command"
is "$(test -e "$work/never" && echo there || echo absent)" absent "a step whose condition doesn't hold is skipped"
run status simple
is "$status" 0 "status of a complete run is 0"
run rollback simple
is "$status" 1 "a complete run isn't rolled back"
run run "$work/simple.yaml" --plain --run-id ../x
is "$status" 2 "a run's name can't leave the runs' directory"
is "$(stat -c %a "$runs/simple")" 700 "the run's directory is private"

# --- gates fail closed

runbook gated <<YAML
runbook: 1
name: gated
stack: gated
phases:
  - id: one
    steps:
      - {id: before, shell: {command: "echo x >> $work/before"}, undo: {shell: {command: "echo x >> $work/undone"}}}
      - {id: go, gate: {require: [before], confirm: type, phrase: do it}, shell: {command: "touch $work/went"}, undo: {shell: {command: "rm $work/went"}}}
      - {id: after, shell: {command: "true"}}
YAML
run run "$work/gated.yaml" --plain --run-id gated
is "$status" 10 "end of input leaves the gate closed"
is "$(state_of gated)" "at gate" "the run waits at its gate"
is "$(test -e "$work/went" && echo went || echo waits)" waits "nothing behind the gate has run"
is "$(grep -c x "$work/before")" 1 "the step before ran once"
run run "$work/gated.yaml" --plain --run-id other
is "$status" 6 "a second run on the same target is refused"
says "it names the run that holds it" "pgrunbook attach gated"
is "$(test -e "$runs/other" && echo there || echo absent)" absent "and leaves nothing behind"
status=0
printf 'wrong\nDO IT\n\n' | "$program" attach gated --plain >"$work/out" 2>&1 || status=$?
is "$status" 10 "wrong phrases don't open it"
says "it says which phrase it wants" 'it is "do it"'
status=0
printf 'n\n' | "$program" attach gated --plain >"$work/out" 2>&1 || status=$?
is "$(state_of gated)" declined "n declines"
run run "$work/gated.yaml" --plain --run-id gated --confirm one/nothing
is "$status" 2 "--confirm of a gate that the run doesn't have is a usage error, too"
is "$(test -e "$work/went" && echo went || echo waits)" waits "and nothing ran for it"
run run "$work/gated.yaml" --plain --run-id gated --set word=late --confirm one/go
says "a variable that comes too late isn't taken without a word" 'word=late is ignored'
is "$status" 0 "going on with the declined run, with --confirm, ends it"
is "$(test -e "$work/went" && echo went)" went "the step behind the gate ran"
run report gated
says "the report has the decline" "| decline |"
says "the report has the confirmation" "| confirm |"
run run "$work/gated.yaml" --plain --confirm one/nowhere
is "$status" 2 "--confirm of a gate that isn't there is a usage error"

runbook timed <<YAML
runbook: 1
name: timed
stack: timed
phases:
  - id: one
    steps:
      - {id: go, gate: {confirm: key, timeout: 1s}, shell: {command: "touch $work/timed"}}
YAML
run run "$work/timed.yaml" --plain --run-id timed
wait_until '[ "$(state_of timed)" = declined ]' || true
is "$(state_of timed)" declined "a gate's time-out means no"
is "$(test -e "$work/timed" && echo went || echo waits)" waits "and nothing ran"

# --- failure, retry, skip, rollback

runbook failing <<YAML
runbook: 1
name: failing
stack: failing
phases:
  - id: one
    steps:
      - {id: first, shell: {command: "echo first >> $work/order"}, undo: {shell: {command: "echo undo-first >> $work/order"}}}
      - {id: second, shell: {command: "echo second >> $work/order"}}
      - {id: third, shell: {command: "test -e $work/mended || { echo half >> $work/order; exit 7; }"}, undo: {shell: {command: "echo undo-third >> $work/order"}}}
      - {id: fourth, shell: {command: "true"}, undo: {shell: {command: "echo undo-fourth >> $work/order"}}}
YAML
run run "$work/failing.yaml" --plain --run-id failing
is "$status" 11 "a failed step is exit status 11"
says "it says what failed" "ended with status 7"
run rollback failing
is "$status" 12 "rollback is exit status 12"
is "$(tr '\n' ' ' <"$work/order")" "first second half undo-third undo-first " "undo runs newest first, for what was started"
is "$(state_of failing)" "rolled back" "the run is rolled back"
run rollback failing
is "$status" 1 "a second rollback is refused"
run run "$work/failing.yaml" --plain --run-id again
is "$status" 11 "a new run may begin after that"
touch "$work/mended"
run run "$work/failing.yaml" --plain --run-id again
is "$status" 0 "a failed step is tried again when the run is gone on with"

# Watchers have news at any time; none of it is the answer to the retry.
runbook news <<YAML
runbook: 1
name: news
stack: news
phases:
  - id: one
    steps:
      - {id: only, shell: {command: "test -e $work/news-mended"}}
YAML
run run "$work/news.yaml" --plain --run-id news
is "$status" 11 "a step fails"
touch "$work/news-mended"
timeout 60 tests/lib/word-between "$runs/news/control.sock" retry "$work/news-ready" &
between=$!
ok "news can be told in between" wait_until '[ -e "$work/news-ready" ]'
run run "$work/news.yaml" --plain --run-id news
is "$status" 0 "news that come between a retry and its answer aren't taken for its outcome"
says "who goes on with the run is told what became of it" "one/only done"
status=0
wait "$between" || status=$?
is "$status" 0 "the news were told, and nothing else has failed there"

runbook retries <<YAML
runbook: 1
name: retries
stack: retries
phases:
  - id: one
    steps:
      - {id: flaky, retries: 2, shell: {command: "echo x >> $work/tries; test \$(wc -l < $work/tries) -ge 3"}}
      - {id: slow, timeout: 1s, on_failure: undo, shell: {command: "sleep 77"}, undo: {shell: {command: "touch $work/slow-undone"}}}
YAML
run run "$work/retries.yaml" --plain --run-id retries
is "$(wc -l <"$work/tries")" 3 "a step is retried as often as it says"
is "$status" 12 "a time-out with on_failure: undo rolls back"
says "it says why" "time-out"
is "$(test -e "$work/slow-undone" && echo undone)" undone "and has run the undo"
is "$(pgrep -f 'sleep 77' >/dev/null && echo alive || echo gone)" gone "nothing of the timed-out step is left"

runbook badundo <<YAML
runbook: 1
name: badundo
stack: badundo
phases:
  - id: one
    steps:
      - {id: a, shell: {command: "true"}, undo: {shell: {command: "touch $work/a-undone"}}}
      - {id: b, shell: {command: "false"}, undo: {shell: {command: "test -e $work/undo-mended"}}}
YAML
run run "$work/badundo.yaml" --plain --run-id badundo
run rollback badundo
is "$status" 11 "an undo that fails is exit status 11"
is "$(test -e "$work/a-undone" && echo undone || echo waits)" waits "older steps wait for it"
touch "$work/undo-mended"
run rollback badundo
is "$status" 12 "rolling back again goes on with it"
is "$(test -e "$work/a-undone" && echo undone)" undone "to the oldest step"

runbook noreturn <<YAML
runbook: 1
name: noreturn
stack: noreturn
phases:
  - id: one
    steps:
      - {id: a, shell: {command: "true"}, undo: {shell: {command: "touch $work/noreturn-undone"}}}
      - {id: b, shell: {command: "true"}, point_of_no_return: yes}
      - {id: c, gate: {confirm: key}, shell: {command: "true"}}
YAML
run run "$work/noreturn.yaml" --plain --run-id noreturn
run rollback noreturn
is "$status" 10 "after the point of no return a rollback is refused"
says "it says why" "no way back"
is "$(test -e "$work/noreturn-undone" && echo undone || echo kept)" kept "and nothing is undone"
mkfifo "$work/terminal"
exec 5<>"$work/terminal"
status=0
timeout 30 "$program" rollback noreturn --plain <&5 >"$work/out" 2>&1 || status=$?
exec 5>&-
is "$status" 10 "nor is anything else asked of who wants to go back"
is "$(grep -c 'y: confirm' "$work/out")" 0 "as the gate's question would be"

# --- kill -9

runbook long <<YAML
runbook: 1
name: long
stack: long
phases:
  - id: one
    steps:
      - {id: a, shell: {command: "echo a >> $work/long"}, undo: {shell: {command: "echo undo-a >> $work/long"}}}
      - {id: b, shell: {command: "echo b >> $work/long; sleep 88"}, undo: {shell: {command: "echo undo-b >> $work/long"}}}
YAML
"$program" run "$work/long.yaml" --plain --run-id long </dev/null >"$work/client" 2>&1 &
client=$!
wait_until 'grep -q "^b" "$work/long" 2>/dev/null' || true
kill -9 "$client"
wait "$client" 2>/dev/null || true
is "$(state_of long)" running "a killed client leaves the run running"
kill -9 "$(engine_process long)"
wait_until '! pgrep -f "sleep 88" >/dev/null' || true
run attach long --plain
is "$status" 11 "after kill -9 of the engine the run shows what was interrupted"
says "and says so" "the engine ended while this step ran"
is "$(pgrep -f 'sleep 88' >/dev/null && echo alive || echo gone)" gone "nothing of the killed engine's step is left"
run rollback long
is "$status" 12 "and it can be rolled back"
is "$(tr '\n' ' ' <"$work/long")" "a b undo-b undo-a " "the interrupted step is undone too"

# Killed again and again at any moment: every start finds a whole journal, and the run ends as if nothing had been.
runbook many <<YAML
runbook: 1
name: many
stack: many
phases:
  - id: one
    steps:
$(for i in $(seq 1 12); do echo "      - {id: s$i, shell: {command: \"touch $work/many-$i; sleep 0.05\"}, undo: {shell: {command: \"rm -f $work/many-$i\"}}}"; done)
YAML
"$program" run "$work/many.yaml" --plain --run-id many </dev/null >"$work/out" 2>&1 &
client=$!
wait_until '[ -s "$runs/many/journal.jsonl" ]' || true
bad=0 states=()
for i in $(seq 1 8); do
    sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
    process=$(engine_process many)
    [ -z "$process" ] || kill -9 "$process" 2>/dev/null || true
    wait "$client" 2>/dev/null || true
    states+=("$("$program" status many --json 2>"$work/out" | jq -r .status || true)")
    [ "${states[-1]}" != "" ] || bad=$((bad + 1))
    "$program" run "$work/many.yaml" --plain --run-id many </dev/null >"$work/out" 2>&1 &
    client=$!
done
status=0
wait "$client" || status=$?
while [ "$status" = 11 ]; do run run "$work/many.yaml" --plain --run-id many; done
is "$status" 0 "a run that is killed eight times comes to its end"
is "$bad" 0 "and its journal could always be read"
diag "it was ${states[*]}"
is "$(ls "$work"/many-* | wc -l)" 12 "and every step was done"
is "$(jq -s 'map(.seq) == [range(1; length + 1)]' "$runs/many/journal.jsonl")" true "its events are numbered without a gap or a double"

# --- secrets

runbook secret <<YAML
runbook: 1
name: secret
stack: secret
vars:
  password: {secret: true, from: [env TEST_SECRET]}
phases:
  - id: one
    steps:
      - {id: leak, title: "Say it", shell: {command: "echo it is \$WORD", env: {WORD: "\${password}"}}}
YAML
TEST_SECRET='s3cr3t-Zq' run run "$work/secret.yaml" --plain --run-id secret
is "$status" 0 "a secret comes from the environment"
says "what a step prints of it is masked" "it is ***"
is "$(grep -rlF 's3cr3t-Zq' "$runs/secret" | wc -l)" 0 "it is nowhere in the run's directory"
(umask 077 && printf 'password: s3cr3t-Zq\n' >"$work/secret-vars.yaml")
run render "$work/secret.yaml" --vars "$work/secret-vars.yaml"
says "render says that there is one" "(secret)"
is "$(grep -cF 's3cr3t-Zq' "$work/out")" 0 "render doesn't show it"

# Resumed from another directory, with another Docker engine in the environment and none of the secrets.
mkdir -p "$work/place/below"
runbook moved <<YAML
runbook: 1
name: moved
stack: moved
vars:
  file:     {default: ""}
  password: {secret: true, from: [env TEST_SECRET, ask]}
  other:    {secret: true}
phases:
  - id: one
    steps:
      - {id: a, shell: {command: "echo a >> \${file}", directory: below}, undo: {shell: {command: "echo undo-a,\$WORD,\$OTHER,\$DOCKER_HOST,\$DOCKER_CONTEXT >> \${file}", directory: below, env: {WORD: "\${password}", OTHER: "\${other}"}}}}
      - {id: b, gate: {confirm: key}, shell: {command: "true"}}
YAML
printf 'other: 0ther-Qx\n' >"$work/secrets.yaml"
chmod 600 "$work/secrets.yaml"

# begin_moved RUN: to its gate, then its engine is killed.
begin_moved() {
    status=0
    (cd "$work/place" && DOCKER_HOST=unix:///of-the-run.sock TEST_SECRET='s3cr3t-Zq' "$program" run "$work/moved.yaml" \
        --plain --run-id "$1" --set file=made --vars "$work/secrets.yaml") </dev/null >"$work/out" 2>&1 || status=$?
    is "$status" 10 "$1: a run with relative paths waits at its gate"
    kill -9 "$(engine_process "$1")"
    wait_until 'flock -n "$runs/'"$1"'/engine.lock" true' || true
}

# elsewhere ARGUMENTS...: the program from /, without a terminal.
elsewhere() {
    status=0
    (cd / && DOCKER_HOST=unix:///other.sock DOCKER_CONTEXT=other setsid -w "$program" "$@") </dev/null >"$work/out" 2>&1 ||
        status=$?
}

begin_moved moved
elsewhere rollback moved
is "$status" 12 "from another directory, without the secrets, it can be rolled back"
says "the secret that nobody knows is named" "none of its sources has the secret password now"
is "$(tr '\n' ' ' <"$work/place/below/made")" "a undo-a,,,unix:///of-the-run.sock, " "in the directory and with the Docker engine of its beginning"
begin_moved moved2
rm "$work/place/below/made"
mv "$work/place" "$work/gone"
elsewhere rollback moved2
is "$status" 1 "a working directory that is gone is an error"
says "which names it" "$work/place, the directory that the run was started in"
mv "$work/gone" "$work/place"
printf 'password: s3cr3t-Zq\nother: 0ther-Qx\nfile: elsewhere\n' >"$work/secrets.yaml"
elsewhere attach moved2 --plain --vars "$work/secrets.yaml"
is "$status" 10 "attach starts the engine with the secrets of --vars"
elsewhere attach moved2 --plain --vars "$work/secrets.yaml"
says "with the engine alive it says that --vars isn't read" "--vars isn't read"
elsewhere rollback moved2
is "$status" 12 "and the rollback has them"
is "$(cat "$work/place/below/made")" "undo-a,s3cr3t-Zq,0ther-Qx,unix:///of-the-run.sock," "and what is no secret stays as the run had it"
begin_moved moved3
elsewhere run "$work/moved.yaml" --plain --run-id moved3 --vars "$work/secrets.yaml" --confirm one/b
is "$status" 0 "run of an existing run takes them too"
is "$(grep -c 'has the secret' "$work/out" || true)" 0 "so that none is missing"
is "$(grep -rlE 's3cr3t-Zq|0ther-Qx' "$runs" | wc -l)" 0 "none of them is in a run's directory"

# --- a Docker engine that answers only later, to two runs on one stack

# A stand-in that says who it is, and no more.
docker_says_who() {
    exec timeout 100 python3 - "$work/docker.sock" <<'PY'
import http.server, json, socketserver, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"ID": "one", "Name": "there", "DockerRootDir": "/data"}).encode()
        self.send_response(200)
        self.send_header("Api-Version", "1.43")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

socketserver.ThreadingUnixStreamServer(sys.argv[1], Handler).serve_forever()
PY
}

runbook late <<YAML
runbook: 1
name: late
stack: late
phases:
  - id: one
    steps:
      - {id: ask, gate: {confirm: key}, shell: {command: "echo did >> $work/late.log"}}
      - {id: more, gate: {confirm: key}, shell: {command: "echo more >> $work/late.log"}}
YAML
export DOCKER_HOST=unix://$work/docker.sock
run run "$work/late.yaml" --plain --run-id late
docker_says_who &
docker_process=$!
wait_until '[ -S "$work/docker.sock" ]' || true
run run "$work/late.yaml" --plain --run-id later
is "$status" 10 "one has begun while Docker didn't answer, another one when it did"
run attach late --plain --confirm ask
is "$status $(state_of late)" "11 step failed" "the first one does nothing on the stack that is the other's by now"
says "it says whose" "held by the run later, which isn't finished"
run rollback later
run run "$work/late.yaml" --plain --run-id late --confirm ask
is "$(cat "$work/late.log")" did "once that is over it goes on"
run run "$work/late.yaml" --plain --run-id latest
is "$status" 6 "and the stack is its own, by the name of its engine too"
kill "$docker_process"
unset DOCKER_HOST

# --- watching, bad input

run run "$work/noreturn.yaml" --plain --run-id noreturn2
is "$status" 6 "an unfinished run holds its target"
status=0
printf 'y\n' | "$program" attach noreturn --plain --watch >"$work/out" 2>&1 || status=$?
is "$(state_of noreturn)" "at gate" "a watching client decides nothing"
run run "$work/none.yaml" --plain
is "$status" 1 "a runbook that isn't there is an error"
says "which names the file" "none.yaml"
printf 'runbook: 1\nname: x\nphasess: []\n' >"$work/faulty.yaml"
run run "$work/faulty.yaml" --plain
is "$status" 3 "a faulty runbook is exit status 3"
says "with line and column and the nearest name" "faulty.yaml:3:1"
run nonsense
is "$status" 2 "an unknown command is a usage error"
run status missing
is "$status" 2 "an unknown run is a usage error"
run run
is "$status" 2 "a missing operand is a usage error"
run plan --nonsense
is "$status" 2 "an unknown option is a usage error"
says "which names the program" "pgrunbook: unrecognized option"
run run --help
is "$status" 0 "--help is no error"
done_testing
