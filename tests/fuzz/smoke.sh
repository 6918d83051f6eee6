#!/usr/bin/env bash
# Every fuzz target for some seconds: what reads files, streams and compose files must survive any bytes.
# time-limit: 600
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh

for source in tests/fuzz/fuzz_*.c; do
    name=${source#tests/fuzz/fuzz_}
    name=${name%.c}
    ok "fuzzing $name finds nothing in ${FUZZ_SECONDS:-10} s" make --no-print-directory "fuzz-$name" SECONDS="${FUZZ_SECONDS:-10}"
done
done_testing
