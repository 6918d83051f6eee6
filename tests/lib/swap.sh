# shellcheck shell=bash
# A stack whose application finds its database by DEFAULT_DATABASE_DSN in an environment file, and the runbooks that swap
# prefixes. Needs e2e.sh and program.sh.

# shellcheck disable=SC2154 # of e2e.sh
swap_runbook=$top_dir/runbooks/prefix-swap.yaml

# The application takes DB_HOST and the like; this makes them from its variable.
swap_command="import os, runpy, urllib.parse as p; u = p.urlsplit(os.environ['DEFAULT_DATABASE_DSN']); \
os.environ.update(DB_HOST=u.hostname, DB_PORT=str(u.port), DB_NAME=u.path[1:], DB_USER=u.username, DB_PASSWORD=u.password); \
runpy.run_path('/app/app.py', run_name='__main__')"

# swap_stack: CRLF in both files, comments, quotes, no newline at the end; a script for the database's first start, which
# would make a second one refuse its restore.
# shellcheck disable=SC2153 # of the stack
swap_stack() {
    stack_up --no-app "$@"
    ENV_FILE=$STACK_DIR/app.env
    mkdir "$STACK_DIR/init"
    echo 'CREATE TABLE made_at_the_first_start (id int);' >"$STACK_DIR/init/make.sql"
    python3 - "$COMPOSE_FILE" "$ENV_FILE" "$APP_PASSWORD" "$swap_command" <<'PYTHON'
import os, re, sys
compose, env, password, command = sys.argv[1:]
text = open(compose).read()
text = re.sub(r"      DB_HOST:.*?(?=      WRITE_RATE)", "", text, flags=re.S)
text = text.replace("    environment:\n      WRITE_RATE", "    env_file: [ app.env ]   # who finds what where\n    command: [ python3, -u, -c, \""
                    + command + "\" ]\n    environment:\n      WRITE_RATE")
data = "      - postgres_data:/var/lib/postgresql/data\n"
text = text.replace(data, data + "      - ./init:/docker-entrypoint-initdb.d:ro   # once\n")
with open(compose, "w", newline="") as file:
    file.write(text.rstrip("\n").replace("\n", "\r\n"))
lines = ["# the application's settings", "", "ODD='a=b #c'   # DEFAULT_DATABASE_DSN=no",
         f"  export DEFAULT_DATABASE_DSN = 'postgres://limor_app:{password}@postgres:5432/limor_prod'   # the shop",
         "#OTHER_DATABASE_DSN=postgres://u:p@elsewhere/x", 'GREETING="hello, world"', "LAST=1"]
with open(env, "w", newline="", opener=lambda path, flags: os.open(path, flags, 0o640)) as file:
    file.write("\r\n".join(lines))
PYTHON
    cp "$ENV_FILE" "$ENV_FILE.first"
    export POSTGRES_PASSWORD
    compose up -d app >/dev/null 2>&1 || bail_out "the application can't be brought up"
    wait_for 30 app_is_healthy || bail_out "the application doesn't come up"
}

# swap RUN [ARGUMENT]...: headless; output in $output, exit status in $status.
swap() {
    program_says run "$swap_runbook" --plain --run-id "$1" --set "old_container=$OLD_CONTAINER" \
        --set "env_file=app.env" --set "new_volume=$NEW_VOLUME" --set "new_container=$STACK-postgres17" \
        --set "backup_dir=$BACKUP_DIR" --set "health_url=$HEALTH_URL" --set disk_factor=1 "${@:2}"
}

# What a rollback has to leave as it was, byte for byte, with modes.
swap_files() {
    sha256sum "$COMPOSE_FILE" "$ENV_FILE"
    stat -c '%n %a %u' "$COMPOSE_FILE" "$ENV_FILE"
}

# swap_waits STEP: from now on the runbook waits at a gate before this step; swap_as_shipped: no more.
swap_waits() {
    sed "/^      - id: $1\$/a\\        gate: {confirm: key, question: 'Go on?'}" "$top_dir/runbooks/prefix-swap.yaml" >"$test_dir/swap-waits.yaml"
    swap_runbook=$test_dir/swap-waits.yaml
}

# swap_short STEP: the runbook keeps its edits and the new service, with their undos, leaves out copies and proofs, and waits
# at one gate, before this step.
swap_short() {
    swap_runbook=$test_dir/swap-short.yaml
    python3 - "$top_dir/runbooks/prefix-swap.yaml" "$swap_runbook" "$1" <<'PYTHON'
import re, sys
source, target, wait = sys.argv[1:]
kept = "prefix volume compose-backup add-service set-new start-new stop-app rename-old detach-old rename-new depend swapped".split()
head, *phases = re.split(r"(?m)^(?=  - id: )", open(source).read())
with open(target, "w") as file:
    file.write(head)
    for phase in phases[:3]:
        title, *steps = re.split(r"(?m)^(?=      - id: )", phase)
        file.write(title)
        for step in steps:
            name = re.match(r"      - id: (\S+)\n", step).group(1)
            if name in kept:
                step = re.sub(r"(?m)^        gate:.*\n(?:          .*\n)*", "", step)
                if name == wait:
                    step = step.replace("\n", "\n        gate: {confirm: key, question: 'Go on?'}\n", 1)
                file.write(step.rstrip("\n") + "\n")
PYTHON
}

swap_as_shipped() {
    swap_runbook=$top_dir/runbooks/prefix-swap.yaml
}

# swap_kill RUN: its engine, as by kill -9; until its lock is free, so that the next start finds none.
swap_kill() {
    local process
    process=$(grep -h '"type":"engine_started"' "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl" | tail -n 1 | sed -E 's/.*"process":([0-9]+).*/\1/')
    kill -9 "$process"
    wait_for 30 flock -n "$XDG_STATE_HOME/pgrunbook/runs/$1/engine.lock" true || true
}

# swap_ledger_holds CONTAINER: as ledger_holds, for a server without a published port.
# shellcheck disable=SC2154 # of ledger.sh
swap_ledger_holds() {
    docker exec -i "$1" psql -X -q -U postgres -At -v ON_ERROR_STOP=1 -d limor_prod -c "$ledger_query" | ledger_lines |
        "$lib_dir/ledger" "${ledger_epochs[@]}" "$LEDGER"
}

# What the environment file is to be in the end.
swap_env_end() {
    sed "s/@postgres:5432/@postgres17:5432/" "$STACK_DIR/app.env.first"
}

# swap_health: an address at which the application seems to be well ($SWAP_HEALTH_URL) while the file $swap_health is there.
swap_health=$test_dir/health/ok
swap_health() {
    mkdir -p "$test_dir/health"
    : >"$swap_health"
    python3 -u -m http.server --bind 127.0.0.1 --directory "$test_dir/health" 0 >"$test_dir/health.port" 2>/dev/null &
    swap_health_process=$!
    background_processes+=("$swap_health_process")
    wait_for 10 grep -q port "$test_dir/health.port" || bail_out "the health address doesn't come up"
    SWAP_HEALTH_URL=http://127.0.0.1:$(sed -nE 's/.* port ([0-9]+).*/\1/p' "$test_dir/health.port")/ok
}

swap_health_end() {
    kill "$swap_health_process"
}

# swap_cut_restore CONTAINER: ends the restore's session in the application's database, in the middle of its work.
swap_cut_restore() {
    docker exec -i "$1" psql -X -q -U postgres -v ON_ERROR_STOP=1 <<'SQL'
DO $$
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = 'limor_prod' AND query ~ '^(COPY|ALTER TABLE|CREATE INDEX|SELECT pg_catalog.setval)';
        EXIT WHEN found;
        PERFORM pg_sleep(0.005);
    END LOOP;
END
$$;
SQL
}
