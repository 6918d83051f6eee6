#!/usr/bin/env bash
# What a step holds is let go whatever stops the run, a gate offers a step again, a rollback tells its price; without
# servers: the fence is a file, the facts are what shell steps print.
# time-limit: 240
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/lib/runs.sh
. tests/lib/runs.sh

# fenced NAME LIMIT STEPS: a runbook that fences, carries the steps out and switches. Its fence is the file NAME.fence;
# NAME.order tells what was done.
fenced() {
    local name=$1 limit=$2
    cat >"$work/$name.yaml" <<YAML
runbook: 1
name: $name
stack: $name
phases:
  - id: one
    steps:
      - {id: copy, shell: {command: "echo copy >> $work/$name.order"}, undo: {shell: {command: "echo undo-copy >> $work/$name.order"}}}
      - id: fence
        title: Stop writes
        hold: {until: switched, for: $limit}
        shell: {command: "touch $work/$name.fence; echo fence >> $work/$name.order"}
        undo: {shell: {command: "rm -f $work/$name.fence; echo unfence >> $work/$name.order"}}
      - {id: edit, shell: {command: "echo edit >> $work/$name.order"}, undo: {shell: {command: "echo undo-edit >> $work/$name.order"}}}
$(cat)
YAML
}

order() { tr '\n' ' ' <"$work/$1.order"; }
fence() { if [ -e "$work/$1.fence" ]; then echo fenced; else echo open; fi; }
# step RUN STEP FIELD
step() { "$program" status "$1" --json 2>/dev/null | jq -r --arg step "one/$2" --arg field "$3" '.steps[] | select(.step == $step)[$field]'; }

# --- a failure behind the fence

fenced fails 10m <<YAML
      - {id: proof, shell: {command: "test -e $work/fails.mended"}}
      - {id: switch, shell: {command: "echo 1; echo switch >> $work/fails.order", fact: switched}}
      - {id: after, shell: {command: "test -e $work/fails.after"}}
YAML
run run "$work/fails.yaml" --plain --run-id fails
is "$status" 11 "a step that fails while something is held is exit status 11"
is "$(order fails)" "copy fence edit undo-edit unfence " "what was done since is undone, newest first, to the holding step"
is "$(fence fails)" open "what was held is let go"
is "$(state_of fails)" "step failed" "the run stands still"
is "$(step fails proof status) $(step fails fence status) $(step fails edit status) $(step fails copy status)" \
    "failed pending pending done" "at the step that failed; from the holding step on all is to be done again"
like "$(step fails proof message)" "status 1" "with its reason"
says "the operator is told" "LETTING GO"
says "and where retry begins" "etry begins again at one/fence"
run run "$work/fails.yaml" --plain --run-id fails
is "$(order fails)" "copy fence edit undo-edit unfence fence edit undo-edit unfence " "retry begins at the holding step"
touch "$work/fails.mended"
run run "$work/fails.yaml" --plain --run-id fails
is "$status" 11 "behind the switch a step fails"
is "$(fence fails)" fenced "and nothing is let go any more"
like "$(order fails)" "fence edit switch $" "nor undone"
touch "$work/fails.after"
run run "$work/fails.yaml" --plain --run-id fails
is "$status" 0 "the run comes to its end"

# --- the holding step itself, with retries; a rollback behind that

cat >"$work/self.yaml" <<YAML
runbook: 1
name: self
stack: self
phases:
  - id: one
    steps:
      - {id: copy, shell: {command: "true"}, undo: {shell: {command: "echo undo-copy >> $work/self.order"}}}
      - {id: fence, retries: 1, hold: {until: switched}, shell: {command: "touch $work/self.fence; echo fence >> $work/self.order; exit 3"}, undo: {shell: {command: "rm -f $work/self.fence; echo unfence >> $work/self.order"}}}
YAML
run run "$work/self.yaml" --plain --run-id self
is "$status" 11 "a holding step that fails is exit status 11"
is "$(order self)" "fence fence unfence " "its automatic retries come first"
is "$(fence self)" open "then it is undone"
run rollback self
is "$status" 12 "and the run can be rolled back"
is "$(order self)" "fence fence unfence undo-copy " "of which the rest is undone"

# --- no at a gate, and no answer at all

fenced declined 10m <<YAML
      - {id: go, gate: {confirm: key}, shell: {command: "echo 1", fact: switched}}
YAML
run run "$work/declined.yaml" --plain --run-id declined
is "$status" 10 "the run waits at the gate"
is "$(fence declined)" fenced "and holds meanwhile"
is "$("$program" status declined --json | jq -r '.hold.step, .hold.until' | tr '\n' ' ')" "one/fence switched " "status --json says what is held"
run status declined
says "status says it, too" "holds"
printf 'n\n' >"$work/in"
status=0
"$program" attach declined --plain <"$work/in" >"$work/out" 2>&1 || status=$?
is "$status" 10 "a decline is exit status 10"
is "$(fence declined)" open "and lets go"
is "$(state_of declined)" declined "the run is declined"
is "$(step declined go status) $(step declined fence status)" "declined pending" "at its gate"
run run "$work/declined.yaml" --plain --run-id declined --confirm one/go
is "$status" 0 "retry fences again, and the gate asks again"
is "$(order declined)" "copy fence edit undo-edit unfence fence edit " "from the holding step on"

fenced silent 10m <<YAML
      - {id: go, gate: {confirm: key, timeout: 1s}, shell: {command: "echo 1", fact: switched}}
YAML
run run "$work/silent.yaml" --plain --run-id silent
wait_until '[ "$(state_of silent)" = declined ]' || true
is "$(state_of silent) $(fence silent)" "declined open" "a gate's time-out lets go"

# --- the time that the runbook allows

fenced limited 4s <<YAML
      - {id: slow, shell: {command: "echo slow >> $work/limited.order; sleep 66"}, undo: {shell: {command: "echo undo-slow >> $work/limited.order"}}}
YAML
run run "$work/limited.yaml" --plain --run-id limited
is "$status" 11 "a hold that lasts too long fails the step that runs"
is "$(order limited)" "copy fence edit slow undo-slow undo-edit unfence " "in its middle"
is "$(pgrep -f 'sleep 66' >/dev/null && echo alive || echo gone)" gone "nothing of that step is left"
like "$(step limited slow message)" "one/fence has held for 4.0 s" "it says so"

fenced reached 4s <<YAML
      - {id: switch, shell: {command: "echo 1", fact: switched}}
      - {id: slow, shell: {command: "sleep 5"}}
YAML
run run "$work/reached.yaml" --plain --run-id reached
is "$status $(fence reached)" "0 fenced" "the time doesn't matter once the fact is recorded"

fenced untrue 10m <<YAML
      - {id: switch, shell: {command: "echo false", fact: switched}}
      - {id: slow, shell: {command: "exit 1"}}
YAML
run run "$work/untrue.yaml" --plain --run-id untrue
is "$status $(fence untrue)" "11 open" "a fact that is false ends nothing"

# --- pause, skip

fenced paused 10m <<YAML
      - {id: slow, shell: {command: "touch $work/paused.runs; while [ ! -e $work/paused.on ]; do sleep 0.05; done"}}
      - {id: go, gate: {confirm: key}, shell: {command: "true"}}
YAML
"$program" run "$work/paused.yaml" --plain --run-id paused </dev/null >"$work/client" 2>&1 &
client=$!
wait_until '[ -e "$work/paused.runs" ]' || true
like "$(tell paused '{"command":"pause","pause":true}')" "can't pause while one/fence holds" "a run that holds can't be paused"
touch "$work/paused.on"
wait "$client" || true
is "$(state_of paused)" "at gate" "it goes on to its gate"
run rollback paused
is "$status $(fence paused)" "12 open" "a rollback from there undoes the hold like the rest"
is "$(order paused)" "copy fence edit undo-edit unfence undo-copy " "and everything before it"
run run "$work/self.yaml" --plain --run-id self2
like "$(tell self2 '{"command":"skip"}')" "rely on what it holds" "a holding step can't be skipped"

# --- the engine's death

fenced killed 10m <<YAML
      - {id: slow, shell: {command: "echo slow >> $work/killed.order; sleep 67"}}
YAML
"$program" run "$work/killed.yaml" --plain --run-id killed </dev/null >"$work/client" 2>&1 &
client=$!
wait_until 'grep -q slow "$work/killed.order" 2>/dev/null' || true
kill -9 "$(engine_process killed)"
wait "$client" 2>/dev/null || true
is "$(fence killed)" fenced "kill -9 of the engine leaves what it held"
run attach killed --plain
is "$status $(fence killed)" "11 open" "the next start lets go"
is "$(order killed)" "copy fence edit slow undo-edit unfence " "by undoing what was begun"
like "$(step killed slow message)" "the engine ended while this step ran" "and says why"
is "$(pgrep -f 'sleep 67' >/dev/null && echo alive || echo gone)" gone "nothing of that step is left"

run rollback killed
is "$status" 12 "and the run can be rolled back"
run run "$work/declined.yaml" --plain --run-id atgate
kill -9 "$(engine_process atgate)"
wait_until 'flock -n "$runs/atgate/engine.lock" true' || true
is "$(fence declined)" fenced "killed at a gate"
run attach atgate --plain
is "$status $(fence declined) $(state_of atgate)" "11 open step failed" "the next start lets go as well"
like "$(step atgate go message)" "the engine ended while this gate was open" "and says why"
run rollback atgate

"$program" run "$work/killed.yaml" --plain --run-id termed </dev/null >"$work/client" 2>&1 &
client=$!
wait_until '[ "$(grep -c slow "$work/killed.order")" = 2 ]' || true
kill -TERM "$(engine_process termed)"
wait "$client" 2>/dev/null || true
wait_until 'flock -n "$runs/termed/engine.lock" true' || true
is "$(fence killed)" open "an engine that is told to end lets go first"
is "$("$program" status termed --json | jq -r .status)" "step failed" "and the run stands still"
like "$(step termed slow message)" "told to end" "with that reason"

# --- an undo that fails meanwhile

cat >"$work/stuck.yaml" <<YAML
runbook: 1
name: stuck
stack: stuck
phases:
  - id: one
    steps:
      - {id: fence, hold: {until: switched}, shell: {command: "touch $work/stuck.fence"}, undo: {shell: {command: "rm $work/stuck.fence"}}}
      - {id: edit, shell: {command: "true"}, undo: {shell: {command: "test -e $work/stuck.mended"}}}
      - {id: bad, shell: {command: "false"}}
YAML
run run "$work/stuck.yaml" --plain --run-id stuck
is "$status $(state_of stuck) $(fence stuck)" "11 rollback failed open" "behind an undo that fails what is held is let go all the same"
is "$(step stuck edit status)" "undo failed" "the run stands at the undo that failed"
says "and says that it goes on" "tried again by itself"
kill -9 "$(engine_process stuck)"
wait_until 'flock -n "$runs/stuck/engine.lock" true' || true
touch "$work/stuck.mended"
run attach stuck --plain
is "$status $(state_of stuck) $(fence stuck)" "11 step failed open" "the next start tries it again"
is "$(step stuck bad status)" failed "and the run stands at what failed first"
rm "$work/stuck.mended"
run run "$work/stuck.yaml" --plain --run-id stuck
is "$(state_of stuck)" "rollback failed" "it fails again"
touch "$work/stuck.mended"
run run "$work/stuck.yaml" --plain --run-id stuck
is "$status $(state_of stuck) $(fence stuck)" "11 step failed open" "retry tries it again, too"

# --- letting go fails, and is tried again until it succeeds

cat >"$work/deaf.yaml" <<YAML
runbook: 1
name: deaf
stack: deaf
phases:
  - id: one
    steps:
      - {id: fence, hold: {until: switched}, shell: {command: "touch $work/deaf.fence"}, undo: {shell: {command: "echo try >> $work/deaf.order; test -e $work/deaf.mended && rm $work/deaf.fence"}}}
      - {id: bad, shell: {command: "false"}}
YAML
run run "$work/deaf.yaml" --plain --run-id deaf
is "$status $(state_of deaf) $(fence deaf)" "11 rollback failed fenced" "an undo of what holds that fails is told"
says "as what it is" "NOT LET GO yet; tried again by itself in 2.0 s"
run status deaf
says "status says it, too" "it is tried again by itself in"
wait_until '[ "$(grep -c try "$work/deaf.order")" -gt 1 ]' || true
touch "$work/deaf.mended"
wait_until '[ "$(state_of deaf)" = "step failed" ]' || true
is "$(fence deaf) $(state_of deaf)" "open step failed" "nobody has to do anything: it is let go as soon as that is possible"
is "$(step deaf bad status)" failed "and the run stands at what failed first"
is "$(jq -rs 'map(select(.type == "rollback_failed")) | map(.again_ms) | .[0:2] | join(" ")' "$runs/deaf/journal.jsonl")" "2000 4000" "the pauses grow"

# the same in a rollback
rm "$work/deaf.mended"
sed -i 's/{id: bad, shell: {command: "false"}}/{id: go, gate: {confirm: key}, shell: {command: "true"}}/; s/deaf$/deaf2/' "$work/deaf.yaml"
run run "$work/deaf.yaml" --plain --run-id deaf2
run rollback deaf2
is "$status $(state_of deaf2) $(fence deaf)" "11 rollback failed fenced" "a rollback fails while something is held"
touch "$work/deaf.mended"
wait_until '[ "$(state_of deaf2)" = "rolled back" ]' || true
is "$(fence deaf) $(state_of deaf2)" "open rolled back" "it is tried again by itself, too"

# --- the journal can't be written any more

fenced full 10m <<YAML
      - {id: slow, shell: {command: "touch $work/full.runs; while [ ! -e $work/full.on ]; do sleep 0.05; done; echo go"}, undo: {shell: {command: "echo undo-slow >> $work/full.order"}}}
YAML
"$program" run "$work/full.yaml" --plain --run-id full </dev/null >"$work/client" 2>&1 &
client=$!
wait_until '[ -e "$work/full.runs" ]' || true
prlimit --pid "$(engine_process full)" --fsize="$(stat -c %s "$runs/full/journal.jsonl"):"
touch "$work/full.on"
wait "$client" 2>/dev/null || true
wait_until 'flock -n "$runs/full/engine.lock" true' || true
is "$(fence full)" open "an engine whose journal can't grow any more lets go as its last act"
is "$(order full)" "copy fence edit undo-slow undo-edit unfence " "newest first, as otherwise"
run attach full --plain
is "$status $(state_of full) $(fence full)" "11 step failed open" "the next start records it"

# --- what a gate offers

# drift NAME ROWS SEQUENCES OBJECTS: what NAME.drift prints from now on.
drift() {
    printf '{"exact":true,"fenced":false,"rows":%d,"tables":%d,"inserted":%d,"updated":0,"deleted":0,"sequences":%d,"objects":%d,"taken_ms":%s}' \
        "$2" "$(($2 > 0))" "$2" "$3" "$4" "$(date +%s000)" >"$work/$1.drift"
}
# offering NAME: a runbook whose gate offers to copy again.
offering() {
    cat >"$work/$1.yaml" <<YAML
runbook: 1
name: $1
stack: $1
vars:
  again: {default: "no"}
phases:
  - id: one
    steps:
      - {id: fence, hold: {until: switched}, shell: {command: "touch $work/$1.fence"}, undo: {shell: {command: "rm $work/$1.fence"}}}
      - {id: catch-up, title: Copy again, when: "\${again}", shell: {command: "echo caught-up >> $work/$1.order; cp $work/nothing.drift $work/$1.drift"}}
      - {id: drift, shell: {command: "cat $work/$1.drift", fact: drift}}
      - {id: go, gate: {require: [drift], confirm: key, show: [drift], offer: catch-up}, shell: {command: "echo 1", fact: switched}}
YAML
}
drift nothing 0 0 0
drift offers 14 1 0
offering offers
run run "$work/offers.yaml" --plain --run-id offers
is "$status" 10 "the run waits at the gate with the loss"
says "rows and sequences are told" "14 rows in 1 table: 14 inserted, 0 updated, 0 deleted; 1 sequence behind"
says "and the phrase counts both" 'Type "lose 15" to confirm'
says "the offer is told" "offer: carry out one/catch-up again (Copy again)"
printf 'offer\ny\n' >"$work/in"
status=0
"$program" attach offers --plain <"$work/in" >"$work/out" 2>&1 || status=$?
is "$status" 0 "the offer is taken, the gate opens again, and is confirmed"
is "$(order offers)" "caught-up " "the step was carried out, though its condition doesn't hold"
is "$(jq -r 'select(.type == "hold_began") | .step' "$runs/offers/journal.jsonl" | wc -l)" 1 "under the same hold"
is "$(jq -rs 'map(select(.type == "gate_opened")) | map(.loses) | join(" ")' "$runs/offers/journal.jsonl")" "15 0" "with new evidence"
run report offers
says "the report has it" "| offer |"
drift offers 14 1 0
run run "$work/offers.yaml" --plain --run-id offers2
printf 'lose 15\n' >"$work/in"
status=0
"$program" attach offers2 --plain <"$work/in" >"$work/out" 2>&1 || status=$?
is "$status" 0 "the number typed in goes on with the loss"
run report offers2
says "the report has the accepted loss" "15 rows or changes, at one/go"
drift changed 3 0 2
offering changed
run run "$work/changed.yaml" --plain --run-id changed
says "objects that changed block the gate" "2 schema objects changed since the backup: take the backup again"
says "and nothing is offered" "The gate can't be confirmed."
# What copying rows doesn't mend blocks, and so does what has no number.
blocked() {
    local name=$1
    printf '{"exact":true,"taken_ms":%s%s}' "$(date +%s000)" "$2" >"$work/$name.drift"
    offering "$name"
    run run "$work/$name.yaml" --plain --run-id "$name"
    says "$3 blocks the gate" "The gate can't be confirmed."
}
blocked databases ',"rows":0,"tables":0,"databases":1' "a database on one server only"
blocked shape ',"rows":0,"tables":1' "a table that differs without a row"
blocked nocount ',"tables":0' "a count without a number"
blocked unfenced ',"rows":0,"tables":0,"fenced":true' "a fence that isn't there any more"

# --- the price of a rollback

# priced NAME ROWS SAVE: a runbook whose switch has a price.
priced() {
    cat >"$work/$1.yaml" <<YAML
runbook: 1
name: $1
stack: $1
phases:
  - id: one
    steps:
      - {id: copy, shell: {command: "true"}, undo: {shell: {command: "echo undo-copy >> $work/$1.order"}}}
      - id: switch
        shell: {command: "true"}
        undo: {shell: {command: "echo undo-switch >> $work/$1.order"}}
        price: {shell: {command: "$2", fact: price}}
$3
      - {id: after, gate: {confirm: key}, on_failure: undo, shell: {command: "false"}}
YAML
}
rows="cat $work/price.json"
printf '{"rows":12,"tables":1,"list":[{"database":"shop","schema":"public","table":"orders","inserted":10,"updated":2,"deleted":0}]}' >"$work/price.json"
save="        save: {shell: {command: \"echo save >> $work/NAME.order; test ! -e $work/NAME.full\"}}"

priced nothing "echo '{\\\"rows\\\":0}'" ""
run run "$work/nothing.yaml" --plain --run-id nothing
run rollback nothing
is "$status $(order nothing)" "12 undo-switch undo-copy " "a rollback that costs nothing begins at once"

priced rows "$rows" "${save//NAME/rows}"
run run "$work/rows.yaml" --plain --run-id rows
run rollback rows
is "$status" 10 "a rollback that loses rows is refused without an answer"
says "the tables are shown" "shop public.orders: 10 inserted, 2 updated, 0 deleted"
says "and what to do" "--save saves these rows first, --lose N goes on without them"
is "$(state_of rows)" "at gate" "nothing is rolled back"
run rollback rows --lose 11
is "$status $(state_of rows)" "10 at gate" "another number is refused"
run rollback rows --lose 12 --save
is "$status" 2 "both at once is a usage error"
printf 'x\nlose 13\nn\n' >"$work/in"
status=0
"$program" rollback rows <"$work/in" >"$work/out" 2>&1 || status=$?
is "$status $(state_of rows)" "10 at gate" "n on standard input stays"
like "$(tell rows '{"command":"rollback","price_taken_ms":1,"phrase":"lose 12"}')" "counted anew since" "an answer to another count is refused"
touch "$work/rows.full"
run rollback rows --save
is "$status $(state_of rows) $(order rows)" "11 rollback failed save " "what can't be saved stops the rollback before anything is undone"
says "it says so" "nothing was undone"
like "$(tell rows '{"command":"skip"}')" "nothing was undone yet" "and there is no undo to skip"
rm "$work/rows.full"
printf 's\n' >"$work/in"
status=0
"$program" rollback rows <"$work/in" >"$work/out" 2>&1 || status=$?
is "$status $(order rows)" "12 save save undo-switch undo-copy " "s saves first, then rolls back"
run report rows
says "the report has the price" "12 rows"
says "and what was saved" "saved first"

priced lost "$rows" ""
run run "$work/lost.yaml" --plain --run-id lost
run rollback lost --save
is "$status $(state_of lost)" "10 at gate" "without a way to save, --save is refused"
run rollback lost --lose 12
is "$status $(order lost)" "12 undo-switch undo-copy " "the exact number goes on"
run report lost
says "the report has that number" "lose 12"

priced unknown "echo broken >&2; exit 4" ""
run run "$work/unknown.yaml" --plain --run-id unknown
run rollback unknown
is "$status" 10 "what can't be counted isn't nothing"
says "and says why" "broken"
run rollback unknown --lose unknown
is "$status" 12 "it can be given up as such"

# a rollback that the runbook asks for
priced auto "$rows" "${save//NAME/auto}"
run run "$work/auto.yaml" --plain --run-id auto --confirm one/after
is "$status $(order auto)" "12 save undo-switch undo-copy " "on_failure: undo saves what there is"
priced auto0 "echo '{\\\"rows\\\":0}'" "${save//NAME/auto0}"
run run "$work/auto0.yaml" --plain --run-id auto0 --confirm one/after
is "$status $(order auto0)" "12 undo-switch undo-copy " "and nothing where there is nothing"
priced auto1 "$rows" ""
run run "$work/auto1.yaml" --plain --run-id auto1 --confirm one/after
is "$status $(state_of auto1)" "11 step failed" "without a way to save it waits for an answer"

# killed while it saves: the next start goes on
priced again "$rows" "        save: {shell: {command: \"echo save >> $work/again.order; test -e $work/again.on || sleep 68\"}}"
run run "$work/again.yaml" --plain --run-id again
"$program" rollback again --save </dev/null >"$work/client" 2>&1 &
client=$!
wait_until 'grep -q save "$work/again.order" 2>/dev/null' || true
kill -9 "$(engine_process again)"
wait "$client" 2>/dev/null || true
touch "$work/again.on"
run rollback again
is "$status $(order again)" "12 save save undo-switch undo-copy " "a rollback killed while it saves is gone on with"

# --- nobody writes between the last count, or the saving, and the undo

# sealed NAME ROWS [LATE]: a switch whose rollback has ROWS rows to lose, and LATE once writes are stopped; NAME.full,
# NAME.unfenced and NAME.stuck make saving, stopping and the undo fail, NAME.slow-STAGE makes one last until NAME.on is there.
# slow NAME STAGE: what waits there.
slow() { echo "test ! -e $work/$1.slow-$2 || until test -e $work/$1.on; do sleep 0.05; done"; }
sealed() {
    local name=$1
    echo "{\"rows\":$2}" >"$work/$name.price"
    [ $# -lt 3 ] || echo "{\"rows\":$3}" >"$work/$name.late"
    cat >"$work/$name.yaml" <<YAML
runbook: 1
name: $name
stack: $name
phases:
  - id: one
    steps:
      - {id: copy, shell: {command: "true"}, undo: {shell: {command: "echo undo-copy >> $work/$name.order"}}}
      - id: switch
        shell: {command: "true"}
        undo: {shell: {command: "echo undo-switch >> $work/$name.order; test ! -e $work/$name.stuck"}}
        price: {shell: {command: "cat $work/$name.price; test ! -e $work/$name.fence || { $(slow $name count); }", fact: price}}
        save: {shell: {command: "echo save >> $work/$name.order; test ! -e $work/$name.full && { $(slow $name save); }"}}
        fence: {shell: {command: "touch $work/$name.fence; echo fence >> $work/$name.order; test ! -e $work/$name.late || cp $work/$name.late $work/$name.price; test ! -e $work/$name.unfenced && { $(slow $name fence); }"}}
        unfence: {shell: {command: "echo unfence >> $work/$name.order; rm -f $work/$name.fence"}}
      - {id: after, gate: {confirm: key}, on_failure: undo, shell: {command: "false"}}
YAML
    run run "$work/$name.yaml" --plain --run-id "$name"
}
let_go() { wait_until "[ \"\$(fence $1)\" = open ]" || true; }

sealed late 12 13
run rollback late --lose 12
is "$status $(state_of late)" "10 at gate" "rows written after the count are not lost by its number"
says "the new number is told" "Rolling back loses 13 rows"
let_go late
is "$(order late)$(fence late)" "fence unfence open" "writes come through again"
run rollback late --lose 13
is "$status $(order late)" "12 fence unfence fence undo-switch unfence undo-copy " "the new number goes on, under the fence until the undo"
is "$(fence late)" open "which is taken back behind it"
sealed none 0 3
run rollback none
is "$status $(state_of none)" "10 at gate" "that nothing would be lost is held against a last count, too"
says "and told" "Rolling back loses 3 rows"
run rollback none --save
is "$status $(order none)" "12 fence unfence fence save undo-switch unfence undo-copy " "saving is done under the fence"
sealed automatic 0 3
run run "$work/automatic.yaml" --plain --run-id automatic --confirm one/after
is "$status $(order automatic)" "12 fence save undo-switch unfence undo-copy " "a rollback of the runbook's own saves what came late"

sealed unsaved 12
touch "$work/unsaved.full"
run rollback unsaved --save
let_go unsaved
is "$status $(order unsaved)$(fence unsaved)" "11 fence save unfence open" "what can't be saved lets writes through again"
rm "$work/unsaved.full"
touch "$work/unsaved.stuck"
run rollback unsaved --save
let_go unsaved
is "$status $(order unsaved)$(fence unsaved)" "11 fence save unfence fence save undo-switch unfence open" "and so does an undo that fails"
rm "$work/unsaved.stuck"
run rollback unsaved
is "$status $(state_of unsaved)" "10 rollback failed" "what was written since then has a price again"
run rollback unsaved --save
is "$status" 12 "and is saved"

sealed unstopped 12
touch "$work/unstopped.unfenced"
run rollback unstopped --save
let_go unstopped
is "$status $(state_of unstopped) $(order unstopped)$(fence unstopped)" "10 at gate fence unfence open" "writes that can't be stopped stop the rollback"
says "it says so" "writes on the new server can't be stopped"
run rollback unstopped --lose unknown
is "$status $(order unstopped)" "12 fence unfence undo-switch undo-copy " "what isn't known can be given up without"

# sealed_killed NAME STAGE CONDITION ARGUMENT...: the engine dies in that stage, once the condition holds.
sealed_killed() {
    sealed "$1" 12
    touch "$work/$1.slow-$2"
    "$program" rollback "$1" "${@:4}" </dev/null >"$work/client" 2>&1 &
    client=$!
    wait_until "$3" || true
    kill -9 "$(engine_process "$1")"
    wait "$client" 2>/dev/null || true
    touch "$work/$1.on"
    is "$(fence "$1")" fenced "killed while writes are stopped"
    run attach "$1" --plain
    let_go "$1"
    is "$(fence "$1")" open "the next start lets them through"
    run rollback "$1" --save
    is "$status $(fence "$1")" "12 open" "and the rollback can be asked for again"
}
sealed_killed killedfence fence 'grep -q fence "$work/killedfence.order" 2>/dev/null' --lose 12
sealed_killed killedcount count 'test -e "$work/killedcount.fence"' --lose 12
sealed_killed killedsave save 'grep -q save "$work/killedsave.order" 2>/dev/null' --save
is "$(order killedsave)" "fence save unfence fence save undo-switch unfence undo-copy " "which saves anew"

priced slow "sleep 69" "${save//NAME/slow}"
run run "$work/slow.yaml" --plain --run-id slow
run rollback slow --lose unknown
is "$status $(order slow)" "12 undo-switch undo-copy " "an emergency waits for no count"
is "$(pgrep -f 'sleep 69' >/dev/null && echo alive || echo gone)" gone "which is ended"
priced slow2 "sleep 70" "${save//NAME/slow2}"
run run "$work/slow2.yaml" --plain --run-id slow2
is "$(tell slow2 '{"command":"price"}')" ok "while it is being counted"
like "$(tell slow2 '{"command":"rollback","price_taken_ms":0,"phrase":"lose 0"}')" "being counted" "no number is an answer"
is "$(tell slow2 '{"command":"rollback","price_taken_ms":0,"phrase":"lose unknown"}')" ok "but that is"
wait_until '[ "$(state_of slow2)" = "rolled back" ]' || true
is "$(state_of slow2)" "rolled back" "and is carried out"

# --- facts that a command prints

cat >"$work/facts.yaml" <<YAML
runbook: 1
name: facts
stack: facts
vars:
  password: {secret: true, from: [env TEST_SECRET]}
phases:
  - id: one
    steps:
      - {id: a, shell: {command: "printf '{\"a\":[\"%s\"]}' \$WORD", fact: said, env: {WORD: "\${password}"}}}
      - {id: b, shell: {command: "echo no json", fact: said}}
YAML
TEST_SECRET='s3cr3t-Zq' run run "$work/facts.yaml" --plain --run-id facts
is "$status" 11 "a fact that is no JSON fails the step"
says "it says so" "is no JSON"
is "$("$program" status facts --json | jq -c .facts.said)" '{"a":["***"]}' "a secret in a fact is masked"
done_testing
