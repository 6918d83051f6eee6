#!/usr/bin/env bash
# A materialised view that wasn't refreshed since its tables changed has other rows on the new server, where the restore
# computes them: the gates name it, and can be passed.
# shellcheck disable=SC2119 # pair_up without options
# time-limit: 180
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/drift.sh
. "$lib_dir/drift.sh"

pair_runbook view "A stale view" <<'YAML'
phases:
  - id: view
    title: View
    steps:
      - id: record
        pg.inventory: {server: old, contents: "yes"}
      - id: rows
        pg.compare: {old: old, new: new, rows: equal}
      - id: restored
        gate: {require: [rows], confirm: key, show: [row_counts]}
        shell: {command: "true"}
      - id: drift
        pg.drift: {old: old, new: new}
      - id: catch-up
        pg.catch_up: {old: old, new: new, fenced: any}
      - id: proof
        pg.drift: {old: old, new: new}
      - id: caught-up
        gate: {require: [proof], confirm: key, show: [row_counts, drift]}
        shell: {command: "true"}
YAML

view() {
    program_says run "$test_dir/view.yaml" --plain --run-id "$1" --set "old_container=$OLD_SERVER" \
        --set "new_container=$NEW_SERVER" "${@:2}"
}
# evidence_of RUN NAME: as the last gate that opened shows it.
evidence_of() {
    whole_lines "$XDG_STATE_HOME/pgrunbook/runs/$1/journal.jsonl" |
        jq -rs --arg name "$2" '[.[] | select(.type == "gate_opened")] | last | .evidence[] | select(.name == $name)
            | "\(.verdict) \(.detail)"'
}

pair_up
psql_at "$PG_PORT" postgres 'CREATE DATABASE kinds'
on_old kinds <<'SQL'
CREATE TABLE plain (id int PRIMARY KEY, v int); INSERT INTO plain SELECT n, n FROM generate_series(1, 10) n;
CREATE MATERIALIZED VIEW totals AS SELECT count(*), sum(v) FROM plain;
CREATE MATERIALIZED VIEW listed AS SELECT id FROM plain;
CREATE MATERIALIZED VIEW fresh AS SELECT max(id) FROM plain WHERE id < 5;
INSERT INTO plain VALUES (11, 11);
SQL
pair_copy kinds

view stale
is "$status" 10 "the comparison lets stale views pass"
like "$(evidence_of stale 'Row counts')" '^1 .*2 with other rows.*\(kinds: public.listed, kinds: public.totals\)' "the gate warns of them by name"
is "$("$program" report stale --format json | jq -r '.row_summary | "\(.different) \(.computed_anew)"')" '0 2' "the record counts them apart"
like "$("$program" report stale)" 'totals \|.* computed anew \|' "and has a word for them"

old_sql kinds <<<'UPDATE plain SET v = 0 WHERE id = 3; REFRESH MATERIALIZED VIEW totals; INSERT INTO plain VALUES (12, 12)'
view stale --confirm view/restored
is "$status" 10 "the first gate is passed, and the drift is caught up"
like "$(evidence_of stale 'Row counts')" '^1 .*2 with other rows' "the second gate warns of them too"
like "$(evidence_of stale 'Written since the backup')" '^0 nothing' "nothing is lost"
is "$(psql_at "$NEW_PORT" kinds 'SELECT * FROM totals')" '12|75' "the new server's view is of the rows as they are"
view stale --confirm view/caught-up
is "$status" 0 "the second gate is passed"

psql_at "$NEW_PORT" kinds 'DROP MATERIALIZED VIEW listed; CREATE TABLE listed AS SELECT id FROM plain'
view replaced
is "$status" 11 "a table in a view's place is no view"
like "$output" 'FAIL +kinds: public.listed' "it fails the comparison"
done_testing
