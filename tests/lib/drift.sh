# shellcheck shell=bash
# shellcheck disable=SC2154,SC2119 # lib_dir is of e2e.sh; no arguments
# Two servers, the new one with a copy of the old one's database "kinds" (drift.sql), and what a test of their
# drift asks of it. Source it after e2e.sh and program.sh.

# shellcheck source=tests/lib/pair.sh
. "$lib_dir/pair.sh"

drift_up() {
    local server
    pair_up
    for server in "$OLD_SERVER" "$NEW_SERVER"; do
        docker exec "$server" psql -X -q -U postgres -c 'CREATE ROLE reader; CREATE ROLE keeper'
    done
    psql_at "$PG_PORT" postgres 'CREATE DATABASE kinds'
    on_old kinds <"$lib_dir/drift.sql"
    pair_copy kinds
}

old_sql() {
    psql_script_at "$PG_PORT" "$1"
}

# drift RUN [ARGUMENT]...: drift, catch-up and proof.
drift() {
    program_says run "$lib_dir/drift.yaml" --plain --run-id "$1" --set "old_container=$OLD_SERVER" \
        --set "new_container=$NEW_SERVER" "${@:2}"
}

# go_on RUN GATE: the run that waits there.
go_on() {
    program_says run "$lib_dir/drift.yaml" --plain --run-id "$1" --confirm "$2"
}

# fact RUN KEY FILTER: of the journal's last event with that fact.
fact() {
    whole_lines "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl" |
        jq -rs --arg key "$2" "[.[] | select(.type == \"fact\" and .key == \$key)] | last | .value | $3"
}

digests_by_name() {
    # The columns of an inheritance child stand in another order: those are compared by name.
    exact_digests "$1" | grep -v '|child|'
    psql_at "$1" kinds "SELECT id, v, extra FROM child ORDER BY id"
}

large_objects() {
    psql_at "$1" kinds "SELECT oid, md5(lo_get(oid)), lomowner::regrole, coalesce(lomacl, acldefault('L', lomowner)) FROM pg_largeobject_metadata ORDER BY oid"
}

# same_contents DESCRIPTION: psql finds both servers equal, row by row.
same_contents() {
    is "$(digests_by_name "$NEW_PORT")" "$(digests_by_name "$PG_PORT")" "$1"
}

# pair_runbook NAME TITLE: standard input are the phases of a runbook for the pair; it is $test_dir/NAME.yaml.
pair_runbook() {
    cat >"$test_dir/$1.phases"
    cat - "$test_dir/$1.phases" >"$test_dir/$1.yaml" <<YAML
runbook: 1
name: $1
title: $2
vars:
  old_container: {about: the old server}
  new_container: {about: the copy}
  password:      {secret: true, from: [env POSTGRES_PASSWORD]}
servers:
  old: {container: "\${old_container}", password: "\${password}"}
  new: {container: "\${new_container}", password: "\${password}"}
YAML
}
