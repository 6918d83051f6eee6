#!/usr/bin/env bash
# runbooks/divio.yaml through to its end against a stand-in for the platform, the clicks done by the test; a backup that
# fails there; the way back before and after the deployment; and the token nowhere.
# time-limit: 240
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/lib/runs.sh
. tests/lib/runs.sh
# shellcheck source=tests/lib/platform.sh
. tests/lib/platform.sh
platform_up
(umask 077 && printf 'token: %s\n' "$TOKEN" >"$work/secrets.yaml")

# divio RUN [ARGUMENT]...: goes on as far as the gates that are confirmed
divio() {
    run run runbooks/divio.yaml --plain --run-id "$1" --vars "$work/secrets.yaml" --set "api=$API" --set "ca_file=$CA_FILE" \
        --set application=shop --set region=eu --set new_service=services-9 --set every=50ms --set keep_for=100ms \
        --set by_hand=20s --set patience=20s "${@:2}"
}

at_gate() {
    is "$status $("$program" status "$1" --json | jq -r .current_step)" "10 $2" "$1 waits at $2"
}

# instance ENVIRONMENT PREFIX: the uuid of its database service with that prefix
instance() {
    platform_control look '{}' | jq -r --arg environment "$1" --arg prefix "$2" \
        '."service-instances"[] | select(.environment == $environment and .prefix == $prefix and .type == "DATABASE").uuid'
}

rename_service() {
    platform_control rename "{\"uuid\": \"$1\", \"prefix\": \"$2\"}" >/dev/null
}

posts() {
    platform_requests ".method == \"POST\" and .path == \"/apps/v3/$1/\""
}

# --- through to the end, for the live environment

live=environments-4
old=$(instance "$live" DEFAULT)
run plan runbooks/divio.yaml --vars "$work/secrets.yaml" --set "api=$API" --set "ca_file=$CA_FILE" --set application=shop \
    --set region=eu --set new_service=services-9
is "$status" 0 "plan reads what is there"
says "and changes nothing" 'NOT RUN: it changes something'
is "$(platform_requests '.method == "POST"')" 0 "no request but for reading"

divio taken --set new_prefix=DEFAULT
is "$status" 11 "a prefix that is taken is refused"
is "$(tell taken '{"command":"skip"}')" ok "that can be skipped"
divio taken --set new_prefix=DEFAULT --confirm prepare/add-new
at_gate taken prepare/add-new
says "and not to be skipped" "it failed and was skipped"
is "$(posts service-instances)" 0 "nothing is asked for"
run rollback taken

# A service that somebody else has added isn't taken, a lost answer of the run's own is.
platform_control set '{"fail": [{"method": "POST", "path": "service-instances", "status": 502, "count": 1, "after": true}]}' >/dev/null
divio live --set "download_to=$work/copy.dump"
at_gate live prepare/add-new
divio live --confirm prepare/add-new
is "$status" 11 "the answer to the new service gets lost"
run plan runbooks/divio.yaml --vars "$work/secrets.yaml" --set "api=$API" --set "ca_file=$CA_FILE" --set application=shop \
    --set region=eu --set new_service=services-9
says "a service with the new prefix that another run finds is refused" "A service has this prefix already, perhaps of an earlier attempt"
divio live --confirm prepare/add-new
at_gate live prepare/provision
new=$(instance "$live" NEW)
isnt "$new" "" "the new service is added beside the old one"
divio live --confirm prepare/provision
at_gate live copy/closed
says "the gate says what is lost" "is LOST"
platform_control set '{"backup_errors": "pg_dump: out of disk"}' >/dev/null
divio live --confirm copy/closed
is "$status" 11 "a backup that fails stops the run"
says "with the platform's reason" "it has failed there (errors): pg_dump: out of disk"
says "and what to do" "retry makes a new one"
divio live
at_gate live copy/restore
is "$(posts backups)" 2 "a retry made another backup"
is "$(jq -sc '[.[] | select(.path == "/apps/v3/backups/")][0].body | [.services, .trigger]' "$platform_dir/requests")" \
    "[[\"$old\"],\"MANUAL\"]" "of the old service"
is "$(stat -c '%a %s' "$work/copy.dump")" "600 69632" "its copy is on this machine"
divio live --confirm copy/restore
at_gate live switch/rename-old
says "a gate says what to do by hand" "rename the prefix of the old service from DEFAULT to OLD"

# An operator says yes too early: nothing goes on until it is seen.
divio live --confirm switch/rename-old &
client=$!
wait_until '[ "$("$program" status live --json | jq -r .current_step)" = switch/old-renamed ]'
is "$(instance "$live" OLD)" "" "the rename wasn't done yet"
rename_service "$old" OLD
wait "$client" || true
divio live
at_gate live switch/detach-old
divio live --confirm switch/detach-old
at_gate live switch/rename-new
rename_service "$new" DEFAULT
divio live --confirm switch/rename-new
at_gate live switch/deploy
says "the last gate says it once more" "still has to be unreachable for everybody who writes"
is "$(posts deployments)" 0 "nothing was deployed before"
divio live --confirm switch/deploy
at_gate live switch/works
is "$(posts deployments)" 1 "deployed once"
divio live --confirm switch/works --confirm switch/open
at_gate live cleanup/delete-old
run rollback live
is "$(state_of live)" "at gate" "a rollback that nobody can count the loss of isn't begun by itself"
says "and says what is lost" "written to the new service since it was deployed is LOST"
says "and what it takes" "lose unknown"
divio live --confirm cleanup/delete-old &
client=$!
wait_until '[ "$("$program" status live --json | jq -r .current_step)" = cleanup/old-deleted ]'
is "$(instance "$live" OLD)" "$old" "the old service is there until the operator deletes it"
platform_control delete "{\"uuid\": \"$old\"}" >/dev/null
wait "$client" || true
divio live
is "$(state_of live)" complete "the run is complete"
is "$status" 0 "through to the end"
[ "$status" = 0 ] || diag "$(cat "$work/out")"
is "$(instance "$live" DEFAULT)" "$new" "the new service has the prefix in use"
run report live
is "$status" 0 "there is a report"
cp "$work/out" "$work/report"

# --- back, before and after the deployment, for the test environment

test=environments-2
old=$(instance "$test" DEFAULT)
divio early --set environment=test --confirm prepare/add-new --confirm prepare/provision --confirm copy/closed --confirm copy/restore
new=$(instance "$test" NEW)
rename_service "$old" OLD
divio early --confirm switch/rename-old --confirm switch/detach-old
at_gate early switch/rename-new
"$program" rollback early --plain </dev/null >"$work/early.out" 2>&1 &
client=$!
ok "before the deployment the way back asks for the rename and for the old service to be attached" \
    wait_until 'grep -q "to do by hand: .*back to DEFAULT, and attach it again" "$work/early.out"'
rename_service "$old" DEFAULT
ok "then for the new one to be deleted" wait_until 'grep -q "to do by hand: delete the service with the prefix NEW" "$work/early.out"'
platform_control delete "{\"uuid\": \"$new\"}" >/dev/null
status=0
wait "$client" || status=$?
is "$status" 12 "rolled back before the deployment"
ok "what nobody was asked about is a warning" grep -q "warn.*nobody was asked whether it is: .*attach the old service again" "$work/early.out"
is "$(grep -c "carried out by the operator: .*attach the old" "$work/early.out" || true)" 0 "and is not said to be done"
divio back --set environment=test --confirm prepare/add-new --confirm prepare/provision --confirm copy/closed --confirm copy/restore
at_gate back switch/rename-old
new=$(instance "$test" NEW)
rename_service "$old" OLD
divio back --confirm switch/rename-old --confirm switch/detach-old
at_gate back switch/rename-new
rename_service "$new" DEFAULT
platform_control set '{"deploy_status": "failure"}' >/dev/null
divio back --confirm switch/rename-new --confirm switch/deploy
is "$status" 11 "a deployment that fails stops the run"
says "as a failure" "it has failed there (status == failure): failure"
divio back
at_gate back switch/deploy
is "$(posts deployments)" 2 "a retry asks before it deploys again"
platform_control set '{"deploy_status": "cancelled"}' >/dev/null
divio back --confirm switch/deploy
is "$status" 11 "one that ends in any other way does, too"
says "as no success" "doesn't say: status == success"
deployments=$(posts deployments)
# The first one of the way back fails, the answer to the second gets lost, the third is good.
platform_control set '{"deploy_status": "failure"}' >/dev/null
"$program" rollback back --plain </dev/null >"$work/back.out" 2>&1 &
client=$!
ok "the way back says what to do by hand" wait_until 'grep -q "to do by hand: .*in the control panel, rename" "$work/back.out"'
is "$(posts deployments)" "$deployments" "and deploys nothing before it is done"
rename_service "$new" NEW
rename_service "$old" DEFAULT
status=0
wait "$client" || status=$?
is "$status $(posts deployments)" "11 $((deployments + 1))" "then the old service is deployed, which fails"
ok "and what to do is said" grep -q "Rolling back once more deploys the old service again" "$work/back.out"
platform_control set '{"fail": [{"method": "POST", "path": "deployments", "status": 500, "count": 1, "after": true}]}' >/dev/null
run rollback back
is "$status $(posts deployments)" "11 $((deployments + 2))" "rolling back once more deploys again; the answer gets lost"
says "and that is said" "isn't known whether the request was carried out"
run rollback back
is "$status $(posts deployments)" "11 $((deployments + 2))" "the next one asks first"
says "when it was sent" "this request was sent at 20"
"$program" rollback back --plain </dev/null >"$work/back.out" 2>&1 &
client=$!
ok "and the one after it is the operator's word" wait_until '[ "$(posts deployments)" -gt $((deployments + 2)) ]'
ok "and the new one is to be deleted" wait_until 'grep -q "to do by hand: delete the service with the prefix NEW" "$work/back.out"'
platform_control delete "{\"uuid\": \"$new\"}" >/dev/null
status=0
wait "$client" || status=$?
is "$status" 12 "rolled back"
[ "$status" = 12 ] || diag "$(tail -n 30 "$work/back.out")"
is "$(instance "$test" DEFAULT)" "$old" "the old service is in use as before"

# --- the token

is "$(token_places "$work/out" "$work/report" "$work/back.out")" "" "the token is in no file of any run, and in no report"
is "$(grep -rl s1gnature "$XDG_STATE_HOME" || true)" "" "nor is a signed address"
# While an engine waits at a gate.
divio waiting --set environment=dev
is "$(ps -ef | grep -F -- "${TOKEN#t0ken-}" | grep -vF grep || true)" "" "nor is the token on any command line"
done_testing
