#!/usr/bin/env bash
# One runbook for several environments, end to end but without Docker: whose turn it is, and that each is paused, rolled
# back, left out and killed without touching the others.
# time-limit: 240
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/lib/runs.sh
. tests/lib/runs.sh
export TEST_SECRET=tiger-test STAGE_SECRET=tiger-stage LIVE_SECRET=tiger-live

# environments NAME [REQUIRE]: a runbook for three of them; each writes what it does into $work/NAME.log, and stays in
# its first phase as long as $work/NAME-ENVIRONMENT.held is there.
environments() {
    local log=$work/$1.log
    : >"$log"
    runbook "$1" <<YAML
runbook: 1
name: $1
vars:
  target: {}
  password: {secret: true, from: env NO_SUCH_SECRET}
stack: "$1-\${target}"
environments:
  test: {set: {target: one, password: {from: [env TEST_SECRET]}}}
  stage: {set: {target: two, password: {from: [env STAGE_SECRET]}}}
  live: {set: {target: "\${environment}-three", password: {from: [env LIVE_SECRET]}}${2:+, require: $2}}
phases:
  - id: look
    for: all
    steps:
      - {id: find, shell: {command: "echo '\"seen\"'", fact: found}}
      - {id: note, shell: {command: "echo all-note >> $log"}, undo: {shell: {command: "echo all-undo >> $log"}}}
  - id: prepare
    steps:
      - id: copy
        shell:
          command: "echo \${environment}-copy-\${target}-\${fact.found} >> $log; while [ -e $work/$1-\${environment}.held ]; do sleep 0.1; done"
        undo: {shell: {command: "echo \${environment}-undo >> $log"}}
  - id: switch
    steps:
      - id: go
        gate: {require: [copy], confirm: key, question: "switch \${environment}?"}
        shell: {command: "echo \${environment}-go >> $log; echo \$PGPASSWORD", env: {PGPASSWORD: "\${password}"}}
  - id: after
    for: all
    steps:
      - {id: tell, shell: {command: "echo all-tell >> $log"}}
YAML
}

order_of() {
    tr '\n' ' ' <"$work/$1.log"
}

# comes_before DESCRIPTION NAME FIRST SECOND: in the log.
comes_before() {
    local first second
    first=$(grep -nxm1 -- "$3" "$work/$2.log" | cut -d: -f1)
    second=$(grep -nxm1 -- "$4" "$work/$2.log" | cut -d: -f1)
    if [ "${first:-9999}" -lt "${second:-0}" ]; then pass "$1"; else
        fail "$1"
        diag "$(order_of "$2")"
    fi
}

states_of() {
    "$program" status "$1" --json | jq -r '[.environments[] | .environment + "=" + .status] | join(" ")'
}

# Until its locks are free: what is said next finds no engine.
kill_engine() {
    kill -9 "$(engine_process "$1")" 2>/dev/null || true # one that has just ended does as well
    wait_until "flock -n '$runs/$1/engine.lock' true" || true
}

reaches() {
    wait_until "[ \"\$(state_of $1)\" = \"$2\" ]" || true
    is "$(state_of "$1")" "$2" "$3"
}

# --- all of them to the end

environments order
run check "$work/order.yaml"
is "$status" 0 "the runbook is good"
run run "$work/order.yaml" --plain --run-id order --confirm test:switch/go --confirm stage:go --confirm live:switch/go
is "$status" 0 "three environments go to their end"
comes_before "the first phase for all comes first" order all-note test-copy-one-seen
comes_before "test prepares before stage" order test-copy-one-seen stage-copy-two-seen
comes_before "stage prepares before live" order stage-copy-two-seen live-copy-live-three-seen
comes_before "test goes before stage" order test-go stage-go
comes_before "stage goes before live" order stage-go live-go
comes_before "the last phase for all comes last" order live-go all-tell
is "$(wc -l <"$work/order.log")" 8 "each did everything once"
says "each line says whose it is" "stage: GATE switch/go: switch stage?"
run status order
is "$status" 0 "status of all of them is 0"
says "and lists them" "live         complete"
run status order@stage
says "one of them by its name" "stack    order-two"
is "$(states_of order)" "test=complete stage=complete live=complete" "as JSON, too"
run report order
is "$(grep -c '^# order' "$work/out")" 4 "the report has the phases for all and each environment"
is "$("$program" report order --format json | jq -r '[.environments[].steps | length] | join(" ")')" "2 2 2" \
    "and as one JSON object"
is "$(grep -rlF tiger- "$runs" | wc -l)" 0 "no secret of any environment is on disk"
is "$("$program" report order --format html | grep -c '<!doctype\|<h1>')" 6 "as HTML it is one document with a head and four reports"
run status order@nowhere
is "$status" 2 "an environment that isn't there has no state"

# --- what may be said, and for whom

run run "$work/order.yaml" --plain --run-id wrong --set target=x
is "$status" 2 "a value that environments have of their own isn't set for all"
says "it says how" "write test:target instead of target"
run run "$work/order.yaml" --plain --run-id wrong --set nowhere:target=x
is "$status" 2 "nor for an environment that isn't there"
run run "$work/order.yaml" --plain --run-id wrong --set stage:target=one
is "$status" 3 "two environments can't be the same stack"
says "it says which" "the environments test and stage are the same stack: order-one"
run run "$work/order.yaml" --plain --run-id wrong --set test:password=x
is "$status" 2 "nor a secret of one of them on the command line"
run run "$work/order.yaml" --plain --run-id wrong --confirm switch/go
is "$status" 2 "a gate of each environment is confirmed in one of them, by its name"
run run "$work/order.yaml" --plain --run-id wrong --environment nowhere
is "$status" 2 "an environment that isn't there can't be chosen"
run run "$work/order.yaml" --plain --run-id wrong@test
is "$status" 2 "a new run can't have the name of an environment's"
runbook holder <<YAML
runbook: 1
name: holder
stack: taken-two
phases: [{id: one, steps: [{id: go, gate: {confirm: key}, shell: {command: "true"}}]}]
YAML
run run "$work/holder.yaml" --plain --run-id holder
environments taken
run run "$work/taken.yaml" --plain --run-id wrong
is "$status" 6 "a stack that another run holds is refused"
says "it says which run" "holder"
is "$(find "$runs" -maxdepth 1 -name 'wrong*' | wc -l)" 0 "nothing is left of all these"
is "$(order_of taken)" "" "and nothing was done"
run run "$work/taken.yaml" --plain --run-id taken --set stage:target=free
is "$(jq -r 'select(.type == "run_created").stack' "$runs/taken@stage/journal.jsonl")" taken-free \
    "a value for one environment reaches it"

runbook docker <<YAML
runbook: 1
name: docker
stack: same
environments:
  here: {}
  there: {docker: {host: "tcp://there.example:2376", certificates: $work/certificates}}
phases:
  - id: one
    steps:
      - {id: say, shell: {command: "echo \${environment} \$DOCKER_HOST \$DOCKER_CERT_PATH \$DOCKER_TLS_VERIFY >> $work/docker.log"}}
YAML
run run "$work/docker.yaml" --plain --run-id docker
is "$status" 0 "the same name on another Docker engine is another stack"
is "$(grep -c '^all' "$work/out")" 0 "without phases for all nothing is said of all"
run report docker
is "$(grep '^# ' "$work/out" | tr '\n' ' ')" "# Run docker: complete # docker # docker " "nor in the report"
is "$(cat "$work/docker.log")" "here
there tcp://there.example:2376 $work/certificates 1" "each environment's steps have its Docker engine"
run render "$work/holder.yaml" --environment test
is "$status" 2 "a runbook without environments has none to choose"

# --- a gate holds up those behind it; the operator decides otherwise

environments turns
run run "$work/turns.yaml" --plain --run-id turns
is "$status" 10 "without answers it waits"
is "$(order_of turns)" "all-note test-copy-one-seen stage-copy-two-seen live-copy-live-three-seen " \
    "only what stands before the first gate was done"
is "$(states_of turns)" "test=at gate stage=waiting live=waiting" "the first stands at its gate, the others wait for it"
is "$("$program" status turns --json | jq -r '[.status, .finished, .all.status] | join(", ")')" "at gate, 0, waiting" \
    "all together stand where the one that needs somebody does"
run report turns
says "so does the report" "# Run turns: at gate"
run status turns
says "status says for whom" "waits for test to be through switch (at a gate)"
run first turns@stage --phase prepare
is "$status" 1 "stage isn't let go first into another phase than the one that was meant"
says "it says which one it waits before" "it is for switch now that it waits, not for prepare"
run first turns@stage --phase switch
is "$status" 0 "stage may go first"
says "and which phase that is for" "it begins switch now"
reaches turns@stage "at gate" "its gate opens"
run first turns@stage
is "$status" 1 "it no longer waits for anybody"
run attach turns --plain --confirm stage:switch/go
is "$(state_of turns@stage)" complete "stage is through while test waits"
run report turns@stage
says "that it went first is on record" "go_first"
run pause turns@live
is "$(state_of turns@live)" paused "live is paused while it waits"
run rollback turns
is "$status" 2 "rolling back all isn't done by accident"
says "it says which there are" "test, stage, live"
run rollback turns@test
is "$status" 12 "test is rolled back"
is "$(grep -c undo "$work/turns.log")" 1 "and nothing else is"
is "$(states_of turns)" "test=rolled back stage=complete live=paused" "the others stand where they stood"
run resume turns@live
reaches turns@live "at gate" "one that was rolled back holds nobody up"
is "$("$program" report turns@live --format json | jq -r '[.decisions[] | .command + " by " + .operator] | join(", ")')" \
    "pause by $(id -un), resume by $(id -un)" "who paused it, and who let it go on, is on record"
run run "$work/turns.yaml" --plain --run-id turns --confirm live:go
is "$status" 12 "the exit status says that one isn't complete"
comes_before "the phase for all follows when all that are still in are through" turns live-go all-tell

# --- begun on another's stack by mistake

environments mistaken
run run "$work/mistaken.yaml" --plain --run-id mistaken --environment test --set test:target=two
is "$(state_of mistaken@test)" "at gate" "one that has begun with another's values"
run rollback mistaken@test
run run "$work/mistaken.yaml" --plain --run-id mistaken --environment stage
is "$(state_of mistaken@stage)" "at gate" "is rolled back, and the other one can have its stack"

# --- one after the other, and all of them back

environments later
run run "$work/later.yaml" --plain --run-id later --environment test
is "$(order_of later)" "all-note test-copy-one-seen " "one environment alone"
run rollback later --environment stage
is "$status" 2 "one that takes no part can't be rolled back"
run run "$work/later.yaml" --plain --run-id later --environment stage --set stage:target=one
is "$status" 3 "one that joins later can't be the stack of one that is there"
says "it says whose" "the environments test and stage are the same stack: later-one"
says "and how its own is named" "--set stage:NAME=VALUE"
run run "$work/later.yaml" --plain --run-id later --environment stage
is "$(state_of later@stage)" waiting "another one joins later, and waits for the first"
(cd / && "$program" run "$work/later.yaml" --plain --run-id later --environment live </dev/null >"$work/out" 2>&1) || true
is "$(jq -r 'select(.type == "run_created").directory' "$runs/later@live/journal.jsonl")" "$PWD" \
    "from elsewhere, too: its directory is that of the others"
run pause later@stage
run skip later@stage
is "$status" 1 "what has begun isn't left out"
says "it says what to do instead" "pgrunbook rollback later@stage"
run rollback later@all
is "$status $(state_of later@all)" "10 waiting" "what was done for all isn't taken back under those that go on"
says "it says how" "pgrunbook rollback later --all"
run rollback later --all
is "$(order_of later)" "all-note test-copy-one-seen stage-copy-two-seen live-copy-live-three-seen live-undo stage-undo test-undo all-undo " \
    "--all rolls the last one back first"
run status later
is "$status" 12 "and all are rolled back"

# --- kill -9 of every engine in the middle; one is left out

environments killed
touch "$work/killed-test.held"
"$program" run "$work/killed.yaml" --plain --run-id killed </dev/null >"$work/killed.out" 2>&1 &
wait_until 'grep -q test-copy "$work/killed.log" && [ "$(state_of killed@live)" = waiting ]' || true
is "$(states_of killed)" "test=running stage=waiting live=waiting" "test works, the others wait"
run skip killed@stage
is "$(state_of killed@stage)" "left out" "stage is left out before it began"
for run in killed killed@test killed@live; do
    kill_engine "$run"
done
wait || true
rm "$work/killed-test.held"
is "$("$program" status killed --json | jq -r '[.environments[] | select(.status != "left out").engine_alive] | any')" false \
    "no engine is left"
run attach killed --plain
is "$(states_of killed)" "test=step failed stage=left out live=waiting" "attach starts all of them where they stood"
run run "$work/killed.yaml" --plain --run-id killed
is "$(states_of killed)" "test=at gate stage=left out live=waiting" "the interrupted step is done again"
run run "$work/killed.yaml" --plain --run-id killed --confirm test:go --confirm live:go
is "$status" 12 "the others go to their end"
is "$(states_of killed)" "test=complete stage=left out live=complete" "without the one that was left out"
is "$(grep -c stage "$work/killed.log" || true)" 0 "which did nothing"
is "$(grep -c all-note "$work/killed.log")" 1 "what is for all was done once"

# --- what is decided about one whose engine has ended comes before it goes on by itself

environments asleep '{test: {}}'
run run "$work/asleep.yaml" --plain --run-id asleep
for run in asleep@stage asleep@live; do
    kill_engine "$run"
done
run attach asleep@test --plain --confirm go
is "$(states_of asleep)" "test=complete stage=waiting live=waiting" "what two without engines waited for is over"
run pause asleep@stage
is "$status $(state_of asleep@stage)" "0 paused" "one is paused before it goes on"
run skip asleep@live
is "$status $(state_of asleep@live)" "0 left out" "the other one is left out before it begins"
is "$(grep -c live "$work/asleep.log" || true)" 0 "and nothing of it was done"
kill_engine asleep@stage
run resume asleep@stage
reaches asleep@stage "at gate" "resumed, it goes on"

run pause asleep
is "$status" 2 "which of them is to pause has to be said"
run pause asleep@all
is "$status $(state_of asleep@all) $(state_of asleep@stage)" "0 paused at gate" "RUN@all is the phases for all"
run resume asleep@all
run attach asleep --plain --confirm stage:go
run report asleep@stage
says "it goes to its end" "complete"

# --- kill -9 of a start: the names that it made can be used

mkdir -p "$runs/started@test/logs" "$runs/started@live"
: >"$runs/started@live/journal.jsonl"
environments started
run run "$work/started.yaml" --plain --run-id started
is "$(states_of started)" "test=at gate stage=waiting live=waiting" "what a killed start has left is in nobody's way"
for run in started started@test started@stage started@live; do
    kill_engine "$run"
done
rm -r "$runs/started"
echo "# another version" >>"$work/started.yaml"
run run "$work/started.yaml" --plain --run-id started
is "$status" 2 "another version of the runbook doesn't join what one has begun"
says "it says how to go on" "pgrunbook run $runs/started@test/runbook.yaml --run-id started"
run run "$runs/started@test/runbook.yaml" --plain --run-id started
is "$(states_of started)" "test=at gate stage=waiting live=waiting" "with that one it goes on"

# --- kill -9 while one of them holds writes

runbook fence <<YAML
runbook: 1
name: fence
stack: "fence-\${environment}"
environments: {test: {}, live: {}}
phases:
  - id: one
    steps:
      - id: stop
        hold: {until: switched, for: 10m}
        shell: {command: "touch $work/\${environment}.fence"}
        undo: {shell: {command: "rm -f $work/\${environment}.fence"}}
      - {id: switch, gate: {confirm: key}, shell: {command: "echo 1", fact: switched}}
YAML
run run "$work/fence.yaml" --plain --run-id fence
is "$(states_of fence)" "test=at gate live=waiting" "the first one stands at its gate and holds"
run status fence
says "status says so" "test: one/stop holds for"
kill_engine fence@test
run status fence
says "it cries out when the engine of that one has ended" "!! test: one/stop still holds"
says "with the remedy" "pgrunbook attach fence@test lets go"
run attach fence --plain
is "$(ls "$work"/*.fence 2>/dev/null || true)" "" "attach lets go"
run status fence
is "$(grep -c "NOBODY LETS GO" "$work/out" || true)" 0 "and nobody cries any more"

# --- one that is finished, or that can't be started, keeps nobody from the others

environments halt '{test: {}}'
run run "$work/halt.yaml" --plain --run-id halt
run rollback halt@test
reaches halt@stage "at gate" "one goes on without the first"
for run in halt halt@test halt@stage halt@live; do
    flock -n "$runs/$run/engine.lock" true || kill_engine "$run"
done
echo >>"$runs/halt@stage/runbook.yaml"
run attach halt --plain
is "$(grep -c engine_started "$runs/halt@test/journal.jsonl")" 1 "a finished one's engine isn't started to look at it"
says "one that can't be started says why" "starting the engine of stage: the run's copy of its runbook was changed"
says "what is known of it is shown" "stage: run halt@stage is at gate"
is "$("$program" status halt --json | jq -r '[.environments[] | .environment + "=" + (.engine_alive | tostring)] | join(" ")')" \
    "test=false stage=false live=true" "the others' engines are started all the same"
is "$status" 1 "the exit status says that one's engine is gone"

environments paused
touch "$work/paused-test.held"
"$program" run "$work/paused.yaml" --plain --run-id paused </dev/null >"$work/paused.out" 2>&1 &
wait_until 'grep -q test-copy "$work/paused.log"' || true
run pause paused@test
rm "$work/paused-test.held"
reaches paused@stage "at gate" "one that is paused holds nobody up"
is "$(state_of paused@test)" paused "it stays paused"
wait || true
run run "$work/paused.yaml" --plain --run-id paused --confirm stage:go --confirm live:go
is "$(states_of paused)" "test=paused stage=complete live=complete" "the others go to their end"
is "$(state_of paused@all)" waiting "the phase for all waits for the paused one"

# --- live requires test

environments required '{test: {for: 3s}}'
runbook between < <(sed '/id: switch$/i\  - {id: mid, for: all, steps: [{id: mid-step, shell: {command: "true"}}]}' \
    "$work/required.yaml" | sed 's/  - - {/  - {/; s/^ *  - id: switch/  - id: switch/')
run check "$work/between.yaml"
is "$status" 3 "a requirement that could never hold is a fault"
says "it says why" "test would never be through: the phase mid"
run run "$work/required.yaml" --plain --run-id required --environment live
is "$(state_of required@live)" waiting "live waits for test, which hasn't even begun"
run first required@live
is "$status" 1 "nobody can let it go first"
says "it says what it waits for" "test to be through everything, which it requires"
is "$(grep -c live "$work/required.log" || true)" 0 "nothing of live was done"
is "$(grep -c turn_forced "$runs/required@live/journal.jsonl" || true)" 0 "and what was refused isn't on record as decided"
run run "$work/required.yaml" --plain --run-id required --environment test
run run "$work/required.yaml" --plain --run-id required --confirm test:go
reaches required@live "at gate" "live begins when test is through, and its time has passed"
event_time() {
    whole_lines "$runs/$1/journal.jsonl" | jq -s "[.[] | select($2)][0].time"
}
waited=$(($(event_time required@live '.type == "turn_came"') - $(event_time required@test '.type == "run_finished"')))
ok "for so long it waited ($waited ms)" test "$waited" -ge 3000

environments back '{test: {}}'
run run "$work/back.yaml" --plain --run-id back
run rollback back@test
run first back@live
is "$status" 1 "a test that was rolled back isn't through"
is "$(grep -c live "$work/back.log" || true)" 0 "live has done nothing"

done_testing
