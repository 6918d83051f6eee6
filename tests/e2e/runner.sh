#!/usr/bin/env bash
# tests/run itself: what a program says that fails comes first and is cut short, what comes behind it is run and counted all
# the same, and the sum is the last line.
# time-limit: 60
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The one fails in every test and says more than a pipe holds; the other passes.
cat >"$work/fails" <<'PROGRAM'
#!/usr/bin/env bash
for i in {1..300}; do
    echo "not ok $i - test $i"
    printf '# said %0100d\n' {1..12}
done
echo 1..300
exit 1
PROGRAM
cat >"$work/passes" <<'PROGRAM'
#!/usr/bin/env bash
echo 'ok 1 - passes'
echo 1..1
PROGRAM
chmod +x "$work/fails" "$work/passes"

# runs JOBS: both programs; sets status and output.
runs() {
    status=0
    output=$(tests/run --logs "$work/logs" --jobs "$1" "$work/fails" "$work/passes" 2>&1) || status=$?
}

for jobs in 1 2; do
    runs "$jobs"
    is "$status" 1 "$jobs at once: a failure is the exit status"
    is "$(tail -n 1 <<<"$output")" "1 passed, 300 failed" "$jobs at once: the sum is the last line"
    is "$(grep -c '^    ! ' <<<"$output")" 40 "$jobs at once: of many failures so many lines are shown first"
    is "$(grep -c '^    | not ok' <<<"$output")" 300 "$jobs at once: and all of them behind"
    like "$output" '^ok +1 .*passes$' "$jobs at once: the other program was run"
done
done_testing
