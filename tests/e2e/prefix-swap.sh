#!/usr/bin/env bash
# The prefix swap while the application writes: killed in the middle of the renames (the application stopped), rolled back after the deployment, and
# through to the end. Nothing that the application saw acknowledged is lost; every other byte of both files stays.
# time-limit: 900
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/ledger.sh
. "$lib_dir/ledger.sh"
# shellcheck source=tests/lib/swap.sh
. "$lib_dir/swap.sh"

give_up() {
    show_output 60
    done_testing
    exit
}

# comes_to RUN STEP WHAT: the run stands there.
comes_to() {
    is "$(run_field "$1" '.gate // .current_step')" "$2" "$3"
    [ "$(run_field "$1" '.gate // .current_step')" = "$2" ] || give_up
}

is_rolled_back() {
    is "$status" 12 "$1"
    [ "$status" = 12 ] || give_up
}

# serves MAJOR CONTAINER WHAT: the application writes there, and everything that it saw acknowledged is there.
serves() {
    local before
    ok "$3: the application is up" wait_for 30 app_is_healthy
    is "$(app_health server_version | cut -d. -f1)" "$1" "$3: the application uses PostgreSQL $1"
    before=$(commits "$1")
    ok "$3: and commits there" wait_for 30 commits_beyond "$1" "$before"
    app_pause
    ok "$3: every acknowledged commit is there, once, in its newest state" swap_ledger_holds "$2"
    app_resume
}

# what of the stack an upgrade may not touch
databases() {
    docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' "$OLD_CONTAINER" "$REDIS_CONTAINER" "$@"
}

names_no_password() {
    local run=$1 name
    for name in "$APP_PASSWORD" "$POSTGRES_PASSWORD"; do
        if grep -rqF --exclude-dir=saved -e "$name" "$XDG_STATE_HOME/pgrunbook/runs/$run"; then
            return 1
        fi
    done
    "$program" report "$run" >"$test_dir/report" && [ -s "$test_dir/report" ] || return 1
    ! grep -qF -e "$APP_PASSWORD" -e "$POSTGRES_PASSWORD" "$test_dir/report"
}

saved_rows() {
    grep -q 'writer.*, round' "$XDG_STATE_HOME/pgrunbook/runs/$1/saved/written.sql"
}

swap_stack --rate 60
files_before=$(swap_files)
application=$(docker inspect -f '{{.Id}}' "$APP_CONTAINER")
databases_before=$(databases)

# ---- a worker that nobody named ----

cp -p "$COMPOSE_FILE" "$test_dir/compose"
cp -p "$ENV_FILE" "$test_dir/env"
sed -i 's/^  app:\r$/  worker: { image: "redis:7-alpine", env_file: [ app.env ] }\r\n&/' "$COMPOSE_FILE"
sed -i 's/^  app:\r$/  crm: { image: "redis:7-alpine", environment: { DEFAULT_DATABASE_DSN: "postgres:\/\/u:p@crm-db:5432\/postgres" } }\r\n&/' "$COMPOSE_FILE"
printf '\r\nQUEUE=redis://postgres:5432\r\n' >>"$ENV_FILE"
sed -i '1s/^/# DEFAULT_DATABASE_DSN: where the data is\r\n/' "$ENV_FILE"
swap unnamed
is "$status $(run_field unnamed .current_step)" "11 assess/prefix" "a comment that reads like the variable is refused before anything begins"
like "$output" 'app.env:1: a comment reads like DEFAULT_DATABASE_DSN, commented out' "with its line"
sed -i 1d "$ENV_FILE"
swap unnamed
is "$status $(run_field unnamed .current_step)" "11 assess/prefix" "a service that gets the variable, and isn't deployed, is refused"
like "$output" 'service worker gets DEFAULT_DATABASE_DSN too' "by its name"
like "$output" 'crm: its DEFAULT_DATABASE_DSN leads to another server' "one that gets it for another server isn't"
like "$output" 'app: its variable QUEUE names postgres as well' "another variable that names the old server is shown"
like "$output" 'postgres: it publishes port' "and its published port"
program_says rollback unnamed
swap nobody --set app_services=
is "$status $(run_field nobody .current_step)" "11 assess/prefix" "no service at all is refused"
like "$output" 'no service is named that uses DEFAULT_DATABASE_DSN' "as that"
program_says rollback nobody
swap twice --set old_prefix=NEW
is "$status $(run_field twice .current_step)" "11 assess/prefix" "so is one prefix for two"
like "$output" 'NEW_DATABASE_DSN is meant to be two variables at once' "by its name"
program_says rollback twice
cp -p "$test_dir/compose" "$COMPOSE_FILE"
cp -p "$test_dir/env" "$ENV_FILE"
swap asked
is "$(run_field asked .gate)" prepare/volume "with the files as they were it waits at the first gate"
like "$output" 'pass +Ask the application.s health endpoint' "which shows that the application's health endpoint answers"
program_says rollback asked

# ---- rolled back at step after step ----

swap_short start-new
swap stranger
comes_to stranger prepare/start-new "the new service and its address are written"
docker create --name "$STACK-postgres17" --label com.docker.compose.service=postgres17 -v /data redis:7-alpine >/dev/null
stranger=$(docker inspect -f '{{.Id}} {{(index .Mounts 0).Name}}' "$STACK-postgres17")
swap stranger --confirm prepare/start-new
is "$status $(run_field stranger .current_step)" "11 prepare/start-new" "somebody's container has come to the name of the new one"
printf '\r\n# mine\r\n' >>"$COMPOSE_FILE"
echo "an earlier rollback's" >"$COMPOSE_FILE.before-rollback"
program_says rollback stranger
is_rolled_back "which fails the step: rolled back"
is "$(docker inspect -f '{{.Id}} {{(index .Mounts 0).Name}}' "$STACK-postgres17")" "$stranger" "that container, and its data, stay"
like "$(cat "$XDG_STATE_HOME/pgrunbook/runs/stranger/journal.jsonl")" "container $STACK-postgres17 is kept: this run didn't create it" "as the record says"
docker rm -fv "$STACK-postgres17" >/dev/null 2>&1
like "$(tail -n 1 "$COMPOSE_FILE.before-rollback-2")" '^# mine' "what somebody has edited since is kept under a name of its own"
is "$(cat "$COMPOSE_FILE.before-rollback")" "an earlier rollback's" "beside what an earlier rollback has kept"
is "$(swap_files)" "$files_before" "both files are as they were, byte for byte, mode and owner too"
for step in rename-old swapped; do
    swap_short "$step"
    ended=true address=$HEALTH_URL patience=60s
    [ "$step" = swapped ] || ended=false address=http://127.0.0.1:1/ patience=2s
    swap "before-$step" --set close=stop --set "health_url=$address" --set "deploy_for=$patience"
    comes_to "before-$step" "switchover/$step" "all is done until there"
    if [ "$step" = rename-old ]; then
        sed -i '1s/^/# DEFAULT_DATABASE_DSN: moves on Monday\r\n/' "$ENV_FILE"
        noted=$(swap_files)
        swap before-rename-old --confirm switchover/rename-old
        is "$status $(run_field before-rename-old .current_step)" "11 switchover/rename-old" "a comment that has come since is refused"
        like "$output" 'app.env:1: a comment reads like DEFAULT_DATABASE_DSN, commented out' "with its line"
        is "$(swap_files)" "$noted" "before anything is renamed"
        sed -i 1d "$ENV_FILE"
    fi
    program_says rollback "before-$step"
    is_rolled_back "rolled back before $step"
    is "$(swap_files)" "$files_before" "both files are as they were, byte for byte, mode and owner too"
    is "$(run_field "before-$step" '.outages | map(.ms > 0) | tostring')" "[$ended]" \
        "the time without the application is one outage; that it has ended: $ended, as it answers or not"
done
is "$(docker ps -aq --filter "name=$STACK-postgres17")$(docker volume ls -q --filter "name=$NEW_VOLUME")" '' "the new server is gone"
is "$(databases)" "$databases_before" "the old one wasn't touched"

# ---- killed between the renames ----

swap_waits rename-new
(
    wait_for 120 docker exec "$STACK-postgres17" pg_isready -q -h 127.0.0.1 && swap_cut_restore "$STACK-postgres17"
) >/dev/null 2>&1 &
cutting=$!
swap killed --set close=stop --confirm prepare/volume
kill "$cutting" 2>/dev/null || true
comes_to killed prepare/restore "the restore was cut off in the middle"
swap killed --set close=stop
comes_to killed switchover/fence "the new server is filled and proven"
databases_filled=$(databases "$STACK-postgres17")
like "$(cat "$ENV_FILE")" "NEW_DATABASE_DSN = 'postgres://[^ ]*@postgres17:5432/limor_prod'   # the shop" "its address stands under the prefix NEW"
swap killed --set close=stop --confirm switchover/fence --confirm switchover/rename-old
comes_to killed switchover/rename-new "DEFAULT is renamed and detached"
is "$(docker exec "$OLD_CONTAINER" psql -X -U postgres -Atc 'SHOW default_transaction_read_only')" on "nobody may write"
is "$(docker inspect -f '{{.State.Status}}' "$APP_CONTAINER")" exited "the application is stopped meanwhile"
unlike "$(cat "$ENV_FILE")" '(^|export )DEFAULT_DATABASE_DSN' "no DEFAULT is there at that moment"
swap_kill killed
program_says rollback killed
is_rolled_back "killed in the middle of the renames: rolled back"
is "$(grep -hoE 'started [a-z0-9-]+-app|the fence around' "$XDG_STATE_HOME/pgrunbook/runs/killed/journal.jsonl" | sort -u | wc -l)" 2 \
    "the fence is lifted, the application is started"
like "$(grep -hoE 'started [a-z0-9-]+-app|the fence around' "$XDG_STATE_HOME/pgrunbook/runs/killed/journal.jsonl" | tail -n 1)" started "in this order"
is "$(swap_files)" "$files_before" "both files are as they were, byte for byte, mode and owner too"
is "$(docker inspect -f '{{.Id}}' "$APP_CONTAINER")" "$application" "the application was not made anew"
is "$(databases)" "$databases_before" "nor the old server"
is "$(docker ps -aq --filter "name=$STACK-postgres17")$(docker volume ls -q --filter "name=$NEW_VOLUME")" '' "the new one is gone"
serves 15 "$OLD_CONTAINER" "after the kill"

# ---- declined, deployed, rolled back ----

swap_as_shipped
swap_health
rm -rf "${BACKUP_DIR:?}"/*
swap second --set "health_url=$SWAP_HEALTH_URL" --set deploy_for=3s --confirm prepare/volume
comes_to second switchover/fence "a second run comes to the switchover"
"$program" attach second --plain <<<no >"$test_dir/declined" 2>&1 || true
is "$(docker exec "$OLD_CONTAINER" psql -X -U postgres -Atc 'SHOW default_transaction_read_only')" off "declined: clients go on writing"
databases_filled=$(databases "$STACK-postgres17")
before=$(commits 15)
wait_for 30 commits_beyond 15 $((before + 40)) || bail_out "the application doesn't write"
rm "$swap_health"
swap second --confirm switchover/fence --confirm switchover/rename-old
comes_to second switchover/deploy "the application is deployed, and doesn't answer at its address"
is "$status" 11 "which fails the deployment"
is "$(run_field second '.outages | map(.ms < 0) | tostring')" '[true]' "its outage is on record, and lasts"
is "$(grep -oE "\"key\":\"application_down\"|compose: [^\"]*$APP_CONTAINER" "$XDG_STATE_HOME/pgrunbook/runs/second/journal.jsonl" |
    uniq | head -n 2 | cut -d: -f1 | tr '\n' ' ')" '"key" compose ' "since before Compose touched anything"
ok "what was written since the backup was caught up" test "$(run_field second '.facts.catch_up.rows')" -gt 0
is "$(databases "$STACK-postgres17")" "$databases_filled" "no database was touched by the deployment"
isnt "$(docker inspect -f '{{.Id}}' "$APP_CONTAINER")" "$application" "the application's container is another one"
serves 17 "$STACK-postgres17" "deployed"
swap second
comes_to second switchover/deploy "a retry deploys nothing new, and fails again"
is "$(run_field second '.outages | map(.ms < 0) | tostring')" '[true]' "the outage is the same"
is "$(run_field second '.facts.switched > 0')" true "it is still on record that the new server was in use"
ok "no secret is in the journal, the logs or the report" names_no_password second
cat >"$test_dir/sessions.yaml" <<YAML
runbook: 1
name: sessions
title: Who is connected, without a proof before
vars:
  password: {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  old: {container: "$OLD_CONTAINER", user: postgres, password: "\${password}"}
  new: {container: "$STACK-postgres17", user: postgres, password: "\${password}"}
phases:
  - id: look
    title: Look
    steps:
      - {id: all, title: All, pg.check_sessions: {project: "$PROJECT", services: "app,redis", new: new, old: old, for: 1s}}
      - {id: unproven, title: Unproven, pg.check_sessions: {project: "$PROJECT", services: app, new: new, old: old, proven: drift}}
YAML
program_says run "$test_dir/sessions.yaml" --plain --run-id sessions
is "$status $(run_field sessions .current_step)" "11 look/unproven" "without a transaction id on record nothing is taken for proven"
like "$output" 'pass +on the new server: [1-9][0-9]* sessions of service app' "sessions are counted service by service"
like "$output" 'warn +on the new server: 0 sessions of service redis' "one without any is shown"
program_says rollback second --save
is_rolled_back "after the deployment: rolled back, though nothing answers at the address"
like "$output" 'application.s outage: .*and it lasts' "which is said to last"
is "$(run_field second '.outages | map(.ms < 0) | tostring')" '[true]' "and isn't told as ended"
cat >"$test_dir/outage.yaml" <<YAML
runbook: 1
name: outage
title: A stop that can't be done, a deployment that doesn't answer in time
vars:
  stops: {default: ""}
stack: "$PROJECT/redis"
phases:
  - id: down
    title: Down
    steps:
      - {id: stop, title: Stop, when: "\${stops}", compose.stop: {project: "$PROJECT", services: "redis,nobody"}}
      - id: deploy
        title: Deploy
        compose.deploy: {file: "$COMPOSE_FILE", project: "$PROJECT", services: redis, probe: "$SWAP_HEALTH_URL", for: 1s}
        undo: {http.check: {url: "$SWAP_HEALTH_URL"}}
YAML
program_says run "$test_dir/outage.yaml" --plain --run-id stops --set stops=yes
is "$status $(run_field stops .current_step)" "11 down/stop" "a service that isn't there can't be stopped"
is "$(run_field stops '.outages | length')" 0 "nothing was stopped: no outage"
program_says rollback stops
program_says run "$test_dir/outage.yaml" --plain --run-id answers
is "$(run_field answers '.outages | map(.ms < 0) | tostring')" '[true]' "an outage that no deployment sees the end of"
: >"$swap_health"
program_says rollback answers
is "$(run_field answers '.outages | map(.ms > 0) | tostring')" '[true]' "ends where its address is seen to answer"
swap_health_end
ok "what the new server had taken was saved" saved_rows second
is "$(swap_files)" "$files_before" "both files are as they were, byte for byte, mode and owner too"
is "$(databases)" "$databases_before" "the old server was never touched"
ledger_next_epoch
serves 15 "$OLD_CONTAINER" "rolled back"
ok "docker compose up finds the stack as it is" up_changes_nothing

# ---- to the end ----

docker volume rm -f "$NEW_VOLUME" >/dev/null
rm -rf "${BACKUP_DIR:?}"/*
echo mine >"$test_dir/elsewhere.sql.part"
swap_waits deploy
swap third --set close=stop --set stable_for=0s --set "copy_to=$test_dir/elsewhere.sql" --confirm prepare/volume \
    --confirm switchover/fence --confirm switchover/rename-old
comes_to third switchover/deploy "all is ready to be deployed"
docker exec "$OLD_CONTAINER" psql -X -q -U postgres -c 'SET default_transaction_read_only = off' -c 'SELECT txid_current()' >/dev/null
swap third --confirm switchover/deploy
is "$status" 11 "a write on the old server at the last moment fails the deployment"
is "$(sha256sum <"$ENV_FILE")" "$(sha256sum <"$ENV_FILE.first")" "before the switch: the environment file is as it was"
before=$(commits 15)
ok "and clients write again" wait_for 30 commits_beyond 15 "$before"
swap third --confirm switchover/fence --confirm switchover/rename-old --confirm switchover/deploy --confirm cleanup/delete-old \
    --confirm cleanup/remove-backup
is "$status" 0 "the retry begins at the fence, and goes through to the end"
[ "$status" = 0 ] || give_up
ok "the application's outage was measured" test "$(run_field third '.facts.deploy.outage_ms')" -gt 0
is "$(run_field third '.facts.deploy.outage_ms >= ([.steps[] | select(.step == "switchover/deploy")][0].started -
    [.steps[] | select(.step == "switchover/stop-app")][0].finished)')" true "from the stop of the application on"
is "$(run_field third '.outage_ms == ([.outages[].ms] | add) and .outage_ms >= .facts.deploy.outage_ms')" true \
    "and is the run's"
diag "the application's outage: $(run_field third '.facts.deploy.outage_ms') ms"
serves 17 "$STACK-postgres17" "at the end"
ok "the backup was copied elsewhere" test -s "$test_dir/elsewhere.sql"
is "$(cat "$test_dir/elsewhere.sql.part")" mine "and somebody's file beside it was left alone"
is "$(docker ps -aq --filter "name=^$OLD_CONTAINER\$")$(docker volume ls -q --filter "name=^$OLD_VOLUME\$")" '' "the old service is gone"
is "$(swap_env_end)" "$(cat "$ENV_FILE")" "the environment file differs by the one host, and by nothing else"
services=$(compose config --services)
like "$services" '^postgres17$' "the compose file has the new service"
unlike "$services" '^postgres$' "and the old one no more"
ok "docker compose up finds the stack as it is" up_changes_nothing
done_testing
