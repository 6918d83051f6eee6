#!/usr/bin/env bash
# No difference is reported on 50 random schemas after a dump of 15 was restored into 17. SEED=N in the environment
# repeats a run.
# time-limit: 300
# shellcheck disable=SC2119,SC2016 # no arguments, PostgreSQL quotes
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/pair.sh
. "$lib_dir/pair.sh"

seed=${SEED:-$RANDOM$RANDOM}
diag "SEED=$seed"
pair_up
for part in 1 2 3 4 5; do
    on_old postgres <<<"CREATE DATABASE random_$part"
    "$lib_dir/random-schema.py" --seed "$((seed + part))" --schemas 10 | on_old "random_$part" >/dev/null
    pair_copy "random_$part"
done
# shellcheck disable=SC2016 # psql's variables
schemas=$(for part in 1 2 3 4 5; do
    psql_at "$NEW_PORT" "random_$part" "SELECT nspname FROM pg_namespace WHERE nspname ~ '^s[0-9]+ '"
done | wc -l)
is "$schemas" 50 "50 schemas were copied"
pair_compare random
is "$status" 0 "no difference is reported (SEED=$seed)"
[ "$status" = 0 ] || show_output 40
like "$output" 'rows: [0-9]+ tables with .* rows: all equal, count and contents' "in count and contents"
ok "hundreds of tables were compared" test "$(cut -f 1 <<<"$evidence" | grep -c "^random_")" -gt 150

# The digests are of use only where a difference would show in them.
table=$(awk -F '\t' '$1 == "random_1" && $4 > 1 && $3 ~ /^table/ { print "\"" $2 "\".\"" $3 "\""; exit }' <<<"${evidence//\"/\"\"}")
on_new random_1 <<<"ALTER TABLE $table ADD COLUMN spoilt_ int DEFAULT 1"
pair_compare spoilt
is "$status" 11 "a changed table among them is"
is "$(awk -F '\t' 'NR > 1 && $6 != "equal"' <<<"$evidence" | wc -l)" 1 "found, and only that"
done_testing
