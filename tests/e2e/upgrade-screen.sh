#!/usr/bin/env bash
# The whole upgrade by keystrokes on the screen, with the application writing all the time, and R.
# time-limit: 400
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

gate_is_answered() {
    [ "$(run_field screen .gate)" != "$1" ]
}

stack_up
compose_bytes=$(sha256sum <"$COMPOSE_FILE")

screen_start 160 50 "$program" run "$runbook" --run-id screen --vars "$VARS_FILE"
ok "the screen opens on the runbook" screen_wait 20 'Pre-upgrade assessment'
ok "the first gate opens" screen_wait 120 'Start the backup of'
screen_keys Enter Enter
sleep 1
is "$(run_field screen .gate)" prepare/backup "Enter is not yes"
screen_keys y
ok "y confirms it" wait_for 20 gate_is_answered prepare/backup
ok "the gate before writes are stopped opens" screen_wait 180 'Stop writes on .* and prepare to switch'
ok "it shows the compose file's difference" screen_shows 'pgvector/pgvector:pg17'
screen_type y
screen_keys Enter
sleep 1
is "$(run_field screen .gate)" switchover/fence "a wrong phrase doesn't open it"
screen_keys BSpace
phrase=$(jq -r 'select(.type == "gate_opened" and .step == "switchover/fence") | .phrase' "$XDG_STATE_HOME/pgrunbook/runs/screen/journal.jsonl" | tail -n 1)
screen_type "$phrase"
screen_keys Enter
ok "the typed phrase does" wait_for 20 gate_is_answered switchover/fence
ok "the top line says that writes are fenced" screen_wait 60 'writes fenced [0-9]+:'
ok "the gate before the switchover opens" screen_wait 120 'Switch .* to pgvector/pgvector:pg17 .* now'
ok "with nothing to lose, though the application never stopped" screen_shows 'nothing, counted at'
sleep 1
screen_keys y
ok "y confirms it" wait_for 20 gate_is_answered switchover/go
at_stable() { [ "$(run_field screen .current_step)" = cleanup/stable ]; }
ok "the upgrade goes through to the wait" wait_for 120 at_stable
at_stable || screen_dump
is "$(server_major "$PG_PORT")" 17 "the service is PostgreSQL 17"
ok "the application answers" wait_for 20 app_is_healthy
ok "and writes" commits_go_on 60
ok "the screen says how long the outage was" screen_wait 30 'outage.*[0-9]'
screen_keys q
ok "q leaves the screen" wait_for 10 screen_ended
is "$(run_field screen .engine_alive)" true "and the run goes on"

screen_start 80 24 "$program" attach screen
ok "attach shows it again, in 80x24" screen_wait 30 'cleanup|Clean up|Wait until'
screen_keys R
ok "R tells what the new server has taken since" screen_wait 60 'Rolling back LOSES [0-9 ]+ rows'
sleep 1 # keys that were typed ahead don't answer
screen_keys s
rolled_back() { run_is screen "rolled back"; }
ok "R rolls back" wait_for 180 rolled_back
rolled_back || screen_dump
ok "the screen says so" screen_wait 30 'ROLLED BACK'
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15 again"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is restored byte for byte"
ok "the application answers" wait_for 20 app_is_healthy
like "$("$program" report screen)" "$phrase" "the report has what was typed"
like "$("$program" report screen)" "written.sql" "and where the new server's rows were saved"
done_testing
