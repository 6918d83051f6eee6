#!/usr/bin/env bash
# 10,000 tables are compared on servers with default settings, whose lock tables hold fewer.
# time-limit: 300
# shellcheck disable=SC2119,SC2016 # no arguments, PostgreSQL quotes
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/pair.sh
. "$lib_dir/pair.sh"

# In pieces: a transaction that makes them all has no room in the lock table either.
make_tables() {
    local first
    for first in $(seq 1 1000 10000); do
        echo "DO \$\$ BEGIN FOR n IN $first..$first + 999 LOOP
            EXECUTE format('CREATE TABLE many_%s (id int, v text)', n);
            EXECUTE format('INSERT INTO many_%s SELECT g, md5(g::text) FROM generate_series(1, %s) g', n, n % 3);
        END LOOP; END \$\$;"
    done
}

pair_up --tmpfs /var/lib/postgresql/data
make_tables | on_old postgres &
making=$!
make_tables | on_new postgres
wait "$making"
is "$(psql_at "$PG_PORT" postgres 'SHOW max_locks_per_transaction')" 64 "the lock table has its default size"
pair_compare many
is "$status" 0 "10,000 tables are compared without a failure"
[ "$status" = 0 ] || show_output 20
like "$output" 'rows: 10000 tables with 10 000 rows: all equal, count and contents' "all of them"
on_new postgres <<<'UPDATE many_7777 SET v = $$x$$'
pair_compare one
is "$status" 11 "one row that differs in one of them is found"
is "$(awk -F '\t' 'NR > 1 && $6 != "equal" { print $3 }' <<<"$evidence")" many_7777 "and no other"
done_testing
