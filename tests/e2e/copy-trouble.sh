#!/usr/bin/env bash
# What goes wrong with backups and restores is recognised: a plain image, an attempt cut off, a server that
# isn't empty, a broken backup, a full disk, a wrong password.
# time-limit: 300
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up --no-app
export POSTGRES_PASSWORD

copy() {
    program_says run "$lib_dir/copy.yaml" --plain --run-id "$1" --vars "$VARS_FILE" --set "backup_dir=$BACKUP_DIR/$1" "${@:2}"
}

# ---- an image without the extension ----

copy plain --set new_image=postgres:17
is "$status" 11 "a plain image is refused"
is "$(run_field plain .current_step)" copy/image-check "before anything is made"
like "$output" 'lacks extensions that the old server uses: vector' "for what it lacks"
like "$output" 'pgvector/pgvector:pg17, not postgres:17' "with the remedy"
program_says rollback plain

copy forced --set new_image=postgres:17 --set check_image=no
is "$status" 11 "without that check, the restore fails"
is "$(run_field forced .current_step)" copy/restore "in its own step"
like "$output" 'line [0-9]+ of the backup: the new image lacks an extension' "with the line and the cause"
like "$output" 'pgvector/pgvector:pg17 instead of postgres:17' "and the remedy"
like "$(cat "$XDG_STATE_HOME"/pgrunbook/runs/forced/logs/restore-*.log)" 'vector' "all that psql said is in the log"
unlike "$(cat "$XDG_STATE_HOME"/pgrunbook/runs/forced/logs/restore-*.log)" 'SCRAM-SHA' "without password hashes"
program_says rollback forced
is "$status" 12 "it rolls back"

copy old --set new_image=pgvector/pgvector:pg15
is "$status" 11 "an image of another major is refused"
like "$output" 'PostgreSQL 15\.[0-9]+, expected was 17' "as what it is"
program_says rollback old

# ---- an attempt that was cut off ----

# Its COPY lasts on the new server, whatever the machine: a CHECK is evaluated for each row.
psql_script_at "$PG_PORT" limor_prod <<'SQL'
CREATE FUNCTION slowly(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    IF current_setting('server_version_num')::int >= 170000 THEN PERFORM pg_sleep(0.03); END IF;
    RETURN $1;
END $$;
CREATE TABLE slow AS SELECT n, md5(n::text) FROM generate_series(1, 400000) n;
ALTER TABLE slow ADD CHECK (n % 4000 <> 0 OR slowly(n) IS NOT NULL);
SQL
psql_at "$PG_PORT" postgres 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)' >/dev/null
(copy cut) &
copying=$! # its output is its own
wait_for 120 psql_at "$NEW_PORT" limor_prod 'SELECT 1 / count(*) FROM pg_stat_progress_copy' || bail_out "no COPY was seen"
docker top "$NEW_CONTAINER" -eo pid,comm | awk '$2 == "psql" { print $1 }' | xargs -r kill -9
wait "$copying" || true
is "$(run_field cut .current_step)" copy/restore "psql was killed in the middle of the restore"
copy cut
is "$status" 0 "retried, the restore begins anew and is complete"
[ "$status" = 0 ] || show_output 60
is "$(exact_counts "$NEW_PORT")" "$(exact_counts "$PG_PORT")" "with every row once"

# ---- a server that isn't empty ----

cat >"$test_dir/again.yaml" <<'YAML'
runbook: 1
name: again
title: Restore into a server that is in use
vars:
  container: {about: the server}
  backup:    {about: the backup}
  password:  {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  new: {container: "${container}", password: "${password}"}
phases:
  - id: again
    title: Again
    steps:
      - id: check
        pg.check_backup: {from: "${backup}"}
      - id: restore
        pg.restore: {server: new, from: "${backup}"}
YAML
# once RUN RUNBOOK [ARGUMENT]...: its output, status and where it stopped; the run is taken back, so that it
# holds nothing.
once() {
    local said code run=$1
    program_says run "$2" --plain --run-id "$run" "${@:3}"
    said=$output code=$status
    stopped_at=$(run_field "$run" .current_step)
    program_says rollback "$run"
    output=$said status=$code
}
again() {
    once "$1" "$test_dir/again.yaml" --set "container=$2" --set "backup=$3"
}
before=$(exact_counts "$PG_PORT")
again in-use "$OLD_CONTAINER" "$BACKUP_DIR/cut/backup.sql"
is "$status" 11 "a server in use isn't restored into"
like "$output" "isn't empty: database" "it says why"
is "$(exact_counts "$PG_PORT")" "$before" "nothing on it has changed"
again other-run "$NEW_CONTAINER" "$BACKUP_DIR/cut/backup.sql"
is "$status" 11 "nor is another run's copy"

# ---- a broken backup ----

size=$(stat -c %s "$BACKUP_DIR/cut/backup.sql")
head -c $((size / 2)) "$BACKUP_DIR/cut/backup.sql" >"$test_dir/half.sql"
again half "$NEW_CONTAINER" "$test_dir/half.sql"
is "$status" 11 "half a backup is refused"
like "$output" 'is not whole' "as not whole"
: >"$test_dir/empty.sql"
again empty "$NEW_CONTAINER" "$test_dir/empty.sql"
like "$output" 'it is empty' "an empty one too"
docker exec "$OLD_CONTAINER" pg_dumpall -U postgres >"$test_dir/theirs.sql"
again theirs "$NEW_CONTAINER" "$test_dir/theirs.sql"
is "$stopped_at" again/restore "one by pg_dumpall itself is whole"
program_says rollback cut

# ---- a disk that is full ----

mkdir "$test_dir/small"
if mount -t tmpfs -o size=1m tmpfs "$test_dir/small" 2>/dev/null; then
    program_says run "$lib_dir/copy.yaml" --plain --run-id full --vars "$VARS_FILE" --set "backup_dir=$test_dir/small"
    is "$status" 11 "a backup on a full disk fails"
    like "$output" 'No space left on device' "with the cause"
    like "$output" 'df -h' "and the remedy"
    is "$(find "$test_dir/small" -type f | wc -l)" 0 "and leaves nothing behind"
    umount "$test_dir/small"
    program_says rollback full
else
    skip "no tmpfs can be mounted here"
fi

# ---- names and passwords ----

POSTGRES_PASSWORD=wrong-password copy wrong
is "$status" 11 "a wrong password fails the first step"
like "$output" 'password authentication failed' "which says so"
like "$output" 'variables user and password' "with what to check"
unlike "$output$(grep -r wrong-password "$XDG_STATE_HOME" || true)" wrong-password "and never shows it"
program_says rollback wrong
copy absent --set "old_container=$OLD_CONTAINER-x"
is "$status" 11 "a wrong container fails"
like "$output" "there is no container \"$OLD_CONTAINER-x\"" "by its name"
program_says rollback absent

# ---- servers that never get ready, or go away ----

cat >"$test_dir/ready.yaml" <<'YAML'
runbook: 1
name: ready
title: Wait for a server
vars:
  container: {about: the server}
  for:       {default: 20s, about: how long}
  password:  {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  new: {container: "${container}", password: "${password}"}
phases:
  - id: wait
    title: Wait
    steps:
      - id: ready
        docker.wait_ready: {server: new, for: "${for}", major: "17"}
YAML
ready() {
    once "$1" "$test_dir/ready.yaml" --set "container=$2" "${@:3}"
}
has_ended() {
    [ "$(docker inspect -f '{{.State.Running}}' "$1")" = false ]
}
docker run -d --name "$RECOVERY_CONTAINER" "$NEW_IMAGE" >/dev/null # without a password it ends at once
wait_for 20 has_ended "$RECOVERY_CONTAINER"
began=$SECONDS
ready ended "$RECOVERY_CONTAINER" --set for=300s
is "$status" 11 "a container that has ended isn't waited for"
at_most $((SECONDS - began)) 150 "it didn't wait"
like "$output" 'POSTGRES_PASSWORD|superuser password is not specified' "its last words are shown"
docker rm -fv "$RECOVERY_CONTAINER" >/dev/null
ready major "$OLD_CONTAINER"
like "$output" 'is PostgreSQL 15[^,]*, expected was 17' "nor a server of another major"
POSTGRES_PASSWORD=wrong-password ready denied "$OLD_CONTAINER"
like "$output" 'password authentication failed' "nor one that refuses the password"
docker run -d --name "$RECOVERY_CONTAINER" --entrypoint sleep "$NEW_IMAGE" 600 >/dev/null
ready silent "$RECOVERY_CONTAINER" --set for=2s
like "$output" 'was not ready after 2' "a server that never listens has its time limit"
docker rm -fv "$RECOVERY_CONTAINER" >/dev/null

psql_at "$PG_PORT" limor_prod 'CREATE TABLE large AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 400000) n' >/dev/null
(copy gone) &
copying=$! # its output is its own
backup_has_begun() {
    [ "$(stat -c %s "$BACKUP_DIR/gone/backup.sql.partial")" -gt 3000000 ]
}
wait_for 60 backup_has_begun
docker kill "$OLD_CONTAINER" >/dev/null
wait "$copying" || true
is "$(run_field gone .current_step)" copy/backup "the server was killed during its backup"
is "$(find "$BACKUP_DIR/gone" -type f | wc -l)" 0 "the partial backup is gone"
like "$("$program" status gone)" 'docker logs' "and it says where to look"
done_testing
