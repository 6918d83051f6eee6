#!/usr/bin/env bash
# The whole upgrade without a terminal, looked at from outside: then rolled back, byte for byte.
# time-limit: 400
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up
app_pause
counts=$(exact_counts "$PG_PORT")
digests=$(exact_digests "$PG_PORT")
sequences=$(sequence_values "$PG_PORT")
compose_bytes=$(sha256sum <"$COMPOSE_FILE")
cp "$COMPOSE_FILE" "$test_dir/before.yml"
redis_id=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$REDIS_CONTAINER")
app_id=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$APP_CONTAINER")

is "$(server_major "$PG_PORT")" 15 "the stack begins on PostgreSQL 15"

# Without a confirmation it stops at the first gate, with nothing changed.
before=$(surroundings)
upgrade run1
is "$status" 10 "without an answer the run waits at the first gate"
is "$(run_field run1 .gate)" prepare/backup "which is the one before the backup"
is "$(surroundings)" "$before" "and nothing has changed"

upgrade run1 --confirm prepare/backup
is "$status" 10 "confirmed, it goes on to the gate before writes are stopped"
is "$(run_field run1 .gate)" switchover/fence "and waits there"
[ "$(run_field run1 .gate)" = switchover/fence ] || show_output
is "$(exact_counts "$NEW_PORT")" "$counts" "the copy's counts are equal, table by table"
is "$(exact_digests "$NEW_PORT")" "$digests" "and so is every row's text"
is "$(sequence_values "$NEW_PORT")" "$sequences" "and every sequence"
is "$(server_major "$PG_PORT")" 15 "the service still is PostgreSQL 15"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is untouched"

# An object that was made after the backup can't be caught up: writes come through again, nothing is switched.
can_write() { psql_at "$PG_PORT" limor_prod "UPDATE app.events SET entry = entry WHERE entry = (SELECT entry FROM app.events LIMIT 1)"; }
psql_at "$PG_PORT" limor_prod "CREATE TABLE public.late (x int); INSERT INTO public.late SELECT generate_series(1, 777)"
upgrade run1 --confirm switchover/fence --confirm switchover/go
is "$status" 11 "a table that was made after the backup stops the run"
[ "$status" = 11 ] || show_output 60
like "$output" 'public\.late' "which names it"
like "$output" 'LETTING GO|let go' "and lets writes through again"
ok "the service takes writes" can_write
is "$(server_major "$PG_PORT")" 15 "nothing was switched"
is "$(run_field run1 '.hold // "none"')" none "no fence is held"
psql_at "$PG_PORT" limor_prod "DROP TABLE public.late"
program_says rollback run1
is "$status" 12 "rolled back before anything was switched"
rm -f "$BACKUP_DIR"/*

# What is written after the backup is copied again under the fence, and the gate has nothing to lose.
upgrade run3 --confirm prepare/backup
is "$(run_field run3 .gate)" switchover/fence "a new run comes to the gate before writes are stopped"
psql_at "$PG_PORT" limor_prod "INSERT INTO app.audit_log SELECT a.* FROM app.audit_log a LIMIT 7; UPDATE shop.customers SET name = name || ' (moved)' WHERE id % 10 = 3; DELETE FROM shop.payments WHERE id % 20 = 5; SELECT setval('shop.orders_id_seq', 987654)"
counts=$(exact_counts "$PG_PORT")
digests=$(exact_digests "$PG_PORT")
sequences=$(sequence_values "$PG_PORT")

# Declined after the catching up: writes come through, and the evidence that is gathered anew still holds for the copy.
upgrade run3 --confirm switchover/fence
is "$(run_field run3 .gate)" switchover/go "behind the fence the last gate opens"
printf 'n\n' | "$program" attach run3 --plain >/dev/null 2>&1 || true
is "$(run_field run3 .status)" declined "which can be declined"
ok "then the service takes writes" can_write
upgrade run3
is "$(run_field run3 .gate)" switchover/fence "the retry begins at the fence"
times_compared() { grep -c '"step_started","step":"prepare/verify"' "$XDG_STATE_HOME/pgrunbook/runs/run3/journal.jsonl"; }
before=$(times_compared)
printf 'r\n' | "$program" attach run3 --plain >"$test_dir/again" 2>&1 || true
ok "its evidence is gathered anew" test "$(times_compared)" -gt "$before"
is "$(run_field run3 '.steps[] | select(.step == "prepare/verify") | .status')" done "the caught-up copy is as it has to be"
is "$(run_field run3 '.steps[] | select(.step == "prepare/objects") | .status')" done "and so are its sequences"
is "$(run_field run3 .gate)" switchover/fence "the gate stands open"
meter_start
upgrade run3 --confirm switchover/fence --confirm switchover/go
is "$status" 10 "after the switchover the run waits for the new server to prove itself"
is "$(run_field run3 .current_step)" cleanup/stable "in the step that waits"
[ "$(run_field run3 .current_step)" = cleanup/stable ] || show_output 60
meter_stop_into outage
is "$(server_major "$PG_PORT")" 17 "the service is PostgreSQL 17"
is "$(exact_counts "$PG_PORT")" "$counts" "every table of every database has its rows"
is "$(exact_digests "$PG_PORT")" "$digests" "and every row its text"
is "$(sequence_values "$PG_PORT")" "$sequences" "and every sequence its value"
like "$("$program" report run3)" 'Copy again what was written' "the report has the catching up"
app_resume
ok "the application answers" wait_for 20 app_is_healthy
like "$(app_health server_version)" '^17' "on PostgreSQL 17"
is "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$REDIS_CONTAINER")" "$redis_id" "Redis was not touched"
is "$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' "$APP_CONTAINER")" "$app_id" "nor the application"
is "$(docker inspect -f '{{range .Mounts}}{{.Name}}{{end}}' "$OLD_CONTAINER")" "$NEW_VOLUME" "the service is on the new volume"
like "$(diff "$test_dir/before.yml" "$COMPOSE_FILE" || true)" '^> +image: pgvector/pgvector:pg17 +# the product search' "the compose file has the new image, its comment kept"
is "$(diff "$test_dir/before.yml" "$COMPOSE_FILE" | grep -c '^[<>]')" 7 "and no other line changed"
ok "Compose has nothing to do afterwards" up_changes_nothing

diag "outage meter: $outage"
isnt "$(run_field run3 '.outages | length')" 0 "the probe has measured the outage"
like "$("$program" report run3)" 'Measured outage \| [0-9]+ ms' "the report has it"
is "$("$program" report run3 --format json | jq .row_summary.different)" 0 "the report says that no count differs"
is "$(grep -rlF "$POSTGRES_PASSWORD" "$XDG_STATE_HOME" | wc -l)" 0 "the password is nowhere in the run's directory"

# The old volume stays as the old server left it, and rollback brings it back.
old_volume=$(volume_fingerprint "$OLD_VOLUME")
psql_at "$PG_PORT" limor_prod "CREATE TABLE public.after_switchover (x int)"
is "$(volume_fingerprint "$OLD_VOLUME")" "$old_volume" "what is written now doesn't touch the old volume"
program_says rollback run3
is "$status" 10 "a rollback isn't done without a word on what the new server has taken"
like "$output" 'loses [0-9]+ rows' "it tells its price"
is "$(server_major "$PG_PORT")" 17 "and has done nothing"
program_says rollback run3 --save
is "$status" 12 "with the rows saved the run is rolled back"
saved=$(run_field run3 '.saved.path // empty')
ok "the saved rows are a file" test -s "${saved:-$XDG_STATE_HOME/pgrunbook/runs/run3/saved/written.sql}"
[ "$status" = 12 ] || show_output
is "$(server_major "$PG_PORT")" 15 "the service is PostgreSQL 15 again"
is "$(sha256sum <"$COMPOSE_FILE")" "$compose_bytes" "the compose file is restored byte for byte"
ok "the application answers" wait_for 20 app_is_healthy
app_pause
is "$(psql_at "$PG_PORT" limor_prod "SELECT to_regclass('public.after_switchover') IS NULL")" t "with the old server's data"
is "$(docker ps -aq --filter "name=$NEW_CONTAINER" | wc -l)" 0 "the test container is gone"
ok "the volume that had served is kept" docker volume inspect "$NEW_VOLUME"
is "$(run_field run3 .status)" "rolled back" "the journal says so"

# A volume that holds data is never used again by itself.
upgrade run2
is "$status" 11 "a new run is stopped by the volume that holds data"
like "$output" "$NEW_VOLUME" "and names it"
done_testing
