#!/usr/bin/env bash
# The screen on several environments: one after the other is shown, and what is decided goes to the one that is shown.
# runs-alone
# time-limit: 90
set -euo pipefail
# shellcheck source=tests/lib/replay.sh
. "$(dirname "$0")/../lib/replay.sh"
others=$(mktemp -d "${TMPDIR:-/tmp}/pgrunbook-ui.XXXXXX")
trap 'screen_stop; rm -rf "$replay_dir" "$others"' EXIT

# A stand-in for one more environment, on that journal; its events and commands stand in $others/NAME.
environment() {
    mkdir -p "$others/$1"
    grep -v test_clock "$top_dir/tests/ui/journals/$2.jsonl" >"$others/$1/journal.jsonl" # the first one sets the clock
    rm -f "$others/$1/events" "$others/$1/commands"
    mkfifo "$others/$1/events"
    : >"$others/$1/commands"
}

# The journal of a run that waits for its turn in its second phase.
waiting() {
    sed -n 2p "$top_dir/tests/ui/journals/running.jsonl" |
        sed 's/"run": "[^"]*"/"run": "pg15@live", "environment": "live", "environments": ["test", "stage", "live"]/; s#limor/postgres#live/postgres#' \
            >"$others/live/journal.jsonl"
    printf '%s\n' '{"seq":2,"time":1771336801000,"type":"turn_awaited","phase":"assess","message":"waits for test to be through everything, which it requires","awaited":[{"environment":"test","phase":""}]}' \
        >>"$others/live/journal.jsonl"
}

commands_of() {
    jq -r 'select(.command != "attach") | .command' "$others/$1/commands" | tr '\n' ' '
}

paused() { [ "$(commands_of live)" = "go_first pause " ]; }
confirmed() { [ "$(commands_of stage)" = "confirm " ]; }
went_first() { [ "$(commands_of live)" = "go_first " ]; }

for size in 80x24 160x50; do
    environment stage gate-key
    environment live running
    waiting
    replay "${size%x*}" "${size#*x}" running "stage=$others/stage" "live=$others/live"
    wait_for 20 screen_shows 'GATE' || true
    golden "environments-gate-$size"
    press '}'
    golden "environments-waiting-$size"
    press '}'
    golden "environments-running-$size"
done

environment stage gate-key
environment live running
waiting
replay 80 24 running "stage=$others/stage" "live=$others/live"
ok "one that needs somebody is shown first" wait_for 20 screen_shows 'GATE'
press y
ok "what is answered goes to the one that is shown" wait_for 20 confirmed
is "$(commands)$(commands_of live)" "" "and to no other"
press '{'
ok "the one before is shown" wait_for 20 screen_shows 'RUNNING'
screen_keys '}' y
sleep 0.4
is "$(commands_of stage)" "confirm " "what is typed right behind coming to a gate doesn't answer it"
press '}'
ok "the one that waits is shown" wait_for 20 screen_shows 'WAITING before assess'
press F
golden environments-first-80x24
sleep 0.4
press y
ok "it may go first" wait_for 20 went_first
press X
golden environments-out-80x24
sleep 0.4
press n p
wait_for 20 paused || true
is "$(commands_of live)" "go_first pause " "it isn't left out by a no, and can be paused while it waits"
printf '%s\n' '{"seq":900,"time":1771336900000,"type":"step_finished","step":"prepare/restore","ok":false,"message":"disk full"}' >"$replay_dir/events"
ok "what happens in another one is seen" wait_for 20 screen_shows 'test step failed'
environment stage gate-key
replay 40 12 running "stage=$others/stage" "live=$others/live"
ok "a narrow screen has the names" wait_for 20 screen_shows 'test  *stage at gate  *live'
many=()
for number in 02 03 04 05 06 07 08 09 10 11 12; do
    environment "region-$number" running
    many+=("region-$number=$others/region-$number")
done
environment region-12 gate-key
replay 80 24 running "${many[@]}"
ok "of many the one that needs somebody is shown" wait_for 20 screen_shows ' [{]7  .*region-12 at gate'
press Escape n
press '}'
ok "and how many there is no room for, on either side" wait_for 20 screen_shows '^ test  .*region-06 .* [}]6! *$'
environment stage running
environment live running
waiting
replay 80 24 complete "stage=$others/stage" "live=$others/live"
ok "nobody is needed: one that works is shown" wait_for 20 screen_shows 'RUNNING'
sed -n '$p' "$top_dir/tests/ui/journals/complete.jsonl" >"$others/stage/events"
ok "it ends" wait_for 20 screen_shows 'stage complete'
printf '%s\n' '{"seq":901,"time":1771336900000,"type":"turn_came","phase":"assess"}' \
    "$(grep '"gate_opened"' "$top_dir/tests/ui/journals/gate-key.jsonl" | tail -n 1)" >"$others/live/events"
ok "a gate that opens elsewhere is shown then" wait_for 20 screen_shows 'GATE live: prepare/backup'
printf '%s\n' '{"type":"test_close"}' >"$others/live/events"
ok "when its engine is gone there is nothing to answer any more" wait_for 20 screen_lacks '┌─ GATE'
ok "but to leave" wait_for 20 screen_shows 'ENGINE IS GONE'
press o
ok "and the gate can't be opened again" wait_for 20 screen_shows 'the engine is gone'
sed -n '$p' "$top_dir/tests/ui/journals/complete.jsonl" >>"$others/live/journal.jsonl"
ok "what its journal says by then is shown, without an engine" wait_for 20 screen_shows 'live complete'
waiting
printf '%s\n' '{"type":"test_back"}' >"$others/live/events"
ok "an engine that is back is connected to" wait_for 20 screen_shows 'WAITING before assess'
press F
ok "which can be asked to go first" wait_for 20 screen_shows 'y yes'
sleep 0.4
: >"$others/live/commands"
press y
ok "and takes decisions" wait_for 20 went_first
press q
ok "and q leaves" wait_for 20 screen_ended
done_testing
