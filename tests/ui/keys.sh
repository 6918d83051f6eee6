#!/usr/bin/env bash
# What keys do, and above all what they don't: gates, rollback, search, movement, typed-ahead and pasted keys.
# runs-alone
# time-limit: 180
set -euo pipefail
# shellcheck source=tests/lib/replay.sh
. "$(dirname "$0")/../lib/replay.sh"

commanded() { [ "$(commands | wc -l)" = "$1" ]; }
asked() { [ "$(commands)" = "$1" ]; }
gate_event() {
    jq -c --argjson number "$1" 'select(.type == "gate_opened") | .opening = $number' "$replay_dir/journal.jsonl" | tail -n 1
}
last_line() { screen_trimmed | tail -n 1; }

# ---- a gate that is answered by a key ----
replay 80 24 gate-key
press Enter Enter Space
is "$(commands)" "" "Enter and the space bar don't answer a gate"
ok "Enter says why" wait_for 20 screen_shows 'Enter is no answer'
press Escape
wait_for 20 screen_lacks 'y confirm'
is "$(commands)" "" "Esc closes the dialog and answers nothing"
ok "the gate is still announced" wait_for 20 screen_shows 'o answer the gate'
press y n
is "$(commands)" "" "y and n mean nothing while the dialog is closed"
press o
ok "o shows the gate again" wait_for 20 screen_shows 'y confirm'
sleep 0.4
press y
ok "y confirms" wait_for 20 asked "confirm prepare/backup"
press y y
sleep 0.2
is "$(commands)" "confirm prepare/backup" "and only once"
replay_event '{"type":"reply","ok":false,"message":"the gate has opened again since","remedy":"look at it first"}'
ok "what the engine refuses is said" wait_for 20 screen_shows 'opened again since: look at it first'
press n
ok "n declines" wait_for 20 asked "confirm prepare/backup
decline prepare/backup"
replay_event '{"seq":900,"time":1771336999000,"type":"gate_answered","step":"prepare/backup","opening":1,"answer":"decline","operator":"bob","tty":"/dev/pts/9"}'
ok "an answer from elsewhere closes the dialog" wait_for 20 screen_lacks 'y confirm'
ok "and is told" wait_for 20 screen_shows 'declined by bob on /dev/pts/9'
press r
ok "r opens a declined gate again" wait_for 20 asked "confirm prepare/backup
decline prepare/backup
retry"

# ---- keys that were typed before the gate was seen ----
replay 80 24 gate-key
press Escape
# Held meanwhile, so that they are there together, however slow the machine is.
kill -STOP "$(replay_pid)"
replay_event "$(gate_event 901)"
screen_keys y y
kill -CONT "$(replay_pid)"
ok "the gate that opened anew is on the screen" wait_for 20 screen_shows 'y confirm'
is "$(commands)" "" "keys typed before it was seen, and right after, don't count"
sleep 0.4
press y
ok "later ones do" wait_for 20 asked "confirm prepare/backup"

# ---- a gate whose phrase has to be typed ----
replay 80 24 gate-typed
press y Enter
ok "a wrong phrase is refused" wait_for 20 screen_shows "That isn't \"lose 43\""
is "$(commands)" "" "and not sent"
press BSpace Enter
ok "an empty one is, too" wait_for 20 screen_shows 'Nothing is typed yet'
screen_type "Lose 43"
press Enter
sleep 0.2
is "$(commands)" "" "capital letters matter"
press BSpace BSpace BSpace BSpace BSpace BSpace BSpace
screen_tmux set-buffer $'lose 43\n'
screen_tmux paste-buffer -p -t test
sleep 0.2
is "$(commands)" "" "a pasted line end doesn't confirm"
ok "pasted text stands in the field" wait_for 20 screen_shows '\[lose 43 '
press Enter
ok "Enter then does" wait_for 20 asked "confirm switchover/go lose 43"
replay 80 24 gate-typed
screen_type R
sleep 0.2
is "$(commands)" "" "R is a letter of the phrase there"
press C-r
ok "and Ctrl-R rolls back" wait_for 20 asked rollback
replay 80 24 gate-typed
screen_type no
press Enter
ok "no declines" wait_for 20 asked "decline switchover/go"

# ---- a gate that offers a step again ----
replay 80 24 gate-offer
screen_type l
press c Enter
ok "c is a letter once something is typed" wait_for 20 screen_shows "That isn't \"lose 15\""
is "$(commands)" "" "and takes nothing"
press BSpace BSpace c
ok "c takes the offer" wait_for 20 asked "offer switchover/go"
replay 80 24 gate-typed
press c
ok "a gate without an offer takes it for a letter" wait_for 20 screen_shows '\[c '
is "$(commands)" "" "and sends nothing"
replay 80 24 fenced
press p
ok "a run that holds can't be paused" wait_for 20 screen_shows "can't pause"
is "$(commands)" "" "nor is that asked for"

# ---- a rollback that would lose rows ----
replay 80 24 price
press R
ok "R has the price counted" wait_for 20 asked rollback
ok "and says that it is counted" wait_for 20 screen_shows 'Counting what'
sleep 0.4
press s
screen_type 'lose 4521'
press Enter
is "$(commands)" rollback "nothing is answered before it is counted"
replay_event '{"seq":900,"time":1771337000000,"type":"price_started","step":"switchover/apply"}' \
    '{"seq":901,"time":1771337001000,"type":"fact","step":"switchover/apply","key":"price","value":{"rows":7}}' \
    '{"seq":902,"time":1771337001010,"type":"price_finished","step":"switchover/apply","ok":true}'
ok "the price is shown" wait_for 20 screen_shows 'LOSES 7 rows'
press l o s e Space 8 Enter
ok "another number is refused" wait_for 20 screen_shows "That isn't \"lose 7\""
press BSpace 7 Enter
ok "the number rolls back without them" wait_for 20 asked "rollback
rollback lose 7"
is "$(jq -c 'select(.phrase) | .price_taken_ms' "$replay_dir/commands")" 1771337001000 "and names the count"
replay_event '{"type":"reply","ok":false,"message":"counted too long ago","remedy":"ask again"}'
ok "what the engine refuses is said" wait_for 20 screen_shows 'counted too long ago'
press C-u s
ok "s saves first" wait_for 20 commanded 3
is "$(jq -c 'select(.save) | [.command, .price_taken_ms]' "$replay_dir/commands")" '["rollback",1771337001000]' "and says so"
replay 80 24 price
press R
ok "R asks" wait_for 20 screen_shows 'ROLL BACK'
sleep 0.4
press n
ok "n stays" wait_for 20 screen_lacks 'ROLL BACK'
replay 80 24 save-failed
press s
ok "what was not undone can't be skipped" wait_for 20 screen_shows 'nothing was undone yet'
replay 80 24 price --watch
press R
ok "who only watches can't roll back" wait_for 20 screen_shows 'only watches'
is "$(commands)" "" "nor have it counted"

# ---- a gate whose evidence doesn't hold ----
replay 80 24 gate-blocked
press y
ok "y says why it can't" wait_for 20 screen_shows "evidence doesn't hold"
is "$(commands)" "" "and nothing is sent"
press r
ok "r gathers the evidence anew" wait_for 20 asked retry

# ---- who only watches ----
replay 80 24 gate-key --watch
press y n R r p
sleep 0.2
is "$(commands)" "" "a screen that only watches decides nothing"
ok "and says so" wait_for 20 screen_shows 'only watches'
ok "in the top line, too" wait_for 20 screen_shows 'WATCH ONLY'

# ---- deciding ----
replay 80 24 running
press R
ok "R rolls back with one keystroke" wait_for 20 asked rollback
press p
ok "p pauses" wait_for 20 asked "rollback
pause true"
press s
ok "s says why nothing can be skipped" wait_for 20 screen_shows 'only a failed step can be skipped'
replay 80 24 failed
screen_keys s y
ok "s asks first" wait_for 20 screen_shows 'Skip this step'
sleep 0.4
is "$(commands)" "" "a y that comes too soon doesn't count"
press y
ok "y skips" wait_for 20 asked skip
press r
ok "r retries" wait_for 20 asked "skip
retry"
replay 80 24 rolling-back
press R
ok "R says that a rollback is on its way" wait_for 20 screen_shows 'rollback is on its way'
is "$(commands)" "" "and asks for no second one"

# ---- bytes that look like keys ----
replay 80 24 running
screen_type $'\033[24;80R'
screen_type $'\033OR'
screen_type $'\033R'
screen_type $'\033[1;5R'
sleep 0.3
is "$(commands)" "" "escape sequences that end in R don't roll back"
ok "and don't change the panel" screen_shows '─ 1 Checklist'
screen_tmux set-buffer $'RRpq\n'
screen_tmux paste-buffer -p -t test
sleep 0.3
is "$(commands)" "" "what is pasted is no command"
not_ok "and doesn't leave the screen" screen_ended

# ---- looking ----
press 6
ok "a digit jumps to a panel" wait_for 20 screen_shows '─ 6 Log'
press Tab
ok "Tab goes on, round the end" wait_for 20 screen_shows '─ 1 Checklist'
press BTab
ok "Shift-Tab goes back" wait_for 20 screen_shows '─ 6 Log'
press g
ok "g goes to the beginning" wait_for 20 screen_shows 'table_0$'
press PageDown
ok "PgDn goes a page down" wait_for 20 screen_shows 'table_38'
press /
screen_type table_5
press Enter
ok "/ finds the next match" wait_for 20 screen_shows 'table_50$'
press N
ok "N goes back to the one before" wait_for 20 screen_shows 'table_5$'
press n
ok "n goes on" wait_for 20 screen_shows 'table_50$'
press /
screen_type nowhere
press Enter
ok "what isn't there is said" wait_for 20 screen_shows "\"nowhere\" isn't in this panel"
press 1 k k
press 5
ok "moving in the checklist selects another step" wait_for 20 screen_shows 'Evidence of prepare/start-new'
press f
ok "f follows the run again" wait_for 20 screen_shows 'Evidence of prepare/restore'
press '#'
ok "a key without a meaning says so" wait_for 20 screen_shows '"#" has no meaning here'
press Enter
ok "Enter says that a narrow panel can't be zoomed" wait_for 20 screen_shows 'has all of it already'
replay 110 30 failed
press 3 Right Right
ok "sideways scrolling keeps the first column" wait_for 20 screen_shows 'public.orders.*written|public.orders'
press z
ok "z zooms" wait_for 20 screen_shows '^─ 3 Row counts'
press Escape
ok "Esc zooms back" wait_for 20 screen_shows '^─ 1 Checklist'
is "$(last_line | grep -c 'help')" 1 "the bottom line names the help"
press Down Down Enter
ok "Enter opens the selected table, down to the rows that differ" wait_for 20 screen_shows 'id 10021..10023: 3 missing'
press Escape
ok "Esc closes it" wait_for 20 screen_lacks 'told apart by'
press / e m p t y Enter Enter
ok "a search finds a table and selects it" wait_for 20 screen_shows '─ limor_prod: audit.empty_table'
press Escape t t
ok "t sorts, by name in the end" wait_for 20 screen_shows 'sorted: by name'
done_testing
