# shellcheck shell=bash
# What the scripts that print figures share: one line each, "BENCH NAME VALUE UNIT".

bench() {
    echo "BENCH $1 $2 $3"
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# percentile P: of what comes on standard input, by the nearest rank.
percentile() {
    sort -n | awk -v p="$1" '{ v[NR] = $1 } END { rank = int(NR * p / 100); print v[rank < NR * p / 100 ? rank + 1 : rank] }'
}

now_ms() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}
