# shellcheck shell=bash
# Several clients of a stack at once, each of its own kind, and the ledger of what the writing ones were told. Needs
# e2e.sh and a stack.

# By kind: options of tests/lib/outage. On the published port, or in the stack's network by the service's name; reading,
# or committing a row; on a connection that is held, or on a new one each time.
declare -A meter_options=(
    [port_read]=""
    [port_write]="--write"
    [network_read]="--network"
    [network_write]="--network --write"
    [port_read_new]="--reconnect --interval 25"
    [port_write_new]="--reconnect --interval 25 --write"
    [network_read_new]="--network --reconnect --interval 25"
    [network_write_new]="--network --reconnect --interval 25 --write"
)
meters_round=0
declare -A meter_processes=()
# Of all rounds, for writers: the name of their rows, and the ledger's file.
declare -A meter_ledgers=()

# meters_prepare: makes the writers' table, before the old server is copied.
meters_prepare() {
    psql_at "$PG_PORT" limor_prod "CREATE TABLE public.outage_meter
        (meter text, number bigint, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (meter, number))"
}

meter_file() {
    # shellcheck disable=SC2154 # of e2e.sh
    echo "$test_dir/meter-$1"
}

meter_arguments() { # meter_arguments KIND NAME
    local option
    case ${meter_options[$1]} in
    *--network*) printf '%s\n' --inside "$REDIS_CONTAINER" --host "$SERVICE" --port 5432 ;;
    *) printf '%s\n' --port "$PG_PORT" ;;
    esac
    for option in ${meter_options[$1]}; do
        case $option in
        --network) ;;
        --write) printf '%s\n' --write "$2" --ledger "$(meter_file "$1").ledger-$meters_round" ;;
        *) printf '%s\n' "$option" ;;
        esac
    done
}

# meters_start KIND...: all of them measure when it returns.
meters_start() {
    local kind name list
    meters_round=$((meters_round + 1))
    for kind in "$@"; do
        name=$kind-$meters_round
        mapfile -t list < <(meter_arguments "$kind" "$name")
        [[ ${meter_options[$kind]} != *--write* ]] ||
            meter_ledgers[$name]=$(meter_file "$kind").ledger-$meters_round
        rm -f "$(meter_file "$kind").ready"
        # shellcheck disable=SC2154 # of e2e.sh
        PGPASSWORD=$POSTGRES_PASSWORD "$lib_dir/outage" "${list[@]}" --dbname limor_prod \
            --ready "$(meter_file "$kind").ready" >"$(meter_file "$kind").json" &
        meter_processes[$kind]=$!
        background_processes+=($!)
    done
    for kind in "$@"; do
        wait_for 60 test -e "$(meter_file "$kind").ready" || bail_out "the client $kind got no answer"
    done
}

# Ends them; meter_says has their figures from then on.
meters_stop() {
    local kind
    [ "${#meter_processes[@]}" -eq 0 ] || kill -TERM "${meter_processes[@]}" 2>/dev/null || true
    for kind in "${!meter_processes[@]}"; do
        wait "${meter_processes[$kind]}" || true
    done
    meter_processes=()
    background_processes=()
}

# meter_says KIND FIELD: of what it has printed.
meter_says() {
    jq -r ".$2" "$(meter_file "$1").json"
}

# meter_tells KIND: its longest outages in a line, in ms.
meter_tells() {
    jq -r '"\(.each | map(.ms | select(. >= 150) | tostring) | join(" ")) ms; \(.silent) unanswered, last error: \(.last_error)"' \
        "$(meter_file "$1").json"
}

# meters_hold PORT: every write that was acknowledged is there, and none but it and those that nobody knows of. Says how
# many there were, and each one that is wrong.
meters_hold() {
    local name
    for name in "${!meter_ledgers[@]}"; do
        {
            sed "s/^/$name /" "${meter_ledgers[$name]}"
            psql_at "$1" limor_prod "SELECT 'row', meter, number FROM public.outage_meter WHERE meter = '$name'" |
                tr '|' ' '
        }
    done | awk '
        $1 == "row" { rows[$2 " " $3]++; next }
        { told[$1 " " $2] = $3; count[$3]++ }
        END {
            for (write in told) if (told[write] == "acknowledged" && !rows[write]) wrong[write " was acknowledged and is lost"]
            for (write in rows) {
                if (rows[write] > 1) wrong[write " is there " rows[write] " times"]
                if (!(write in told)) wrong[write " is there, and nobody wrote it"]
                if (told[write] == "refused") wrong[write " was refused and is there"]
            }
            for (what in wrong) if (++number <= 20) print what
            printf "%d acknowledged, %d refused, %d unknown, %d violations\n", count["acknowledged"], count["refused"],
                count["unknown"], number
            exit number > 0 || !count["acknowledged"]
        }'
}
