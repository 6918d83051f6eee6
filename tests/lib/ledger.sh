# shellcheck shell=bash
# The application's ledger of commits against what a server holds. Needs e2e.sh and a stack.

ledger_epochs=()

# The application's rows, and as tests/lib/ledger reads them.
ledger_query="
    SELECT 'order', id::text, note FROM shop.orders WHERE note LIKE 'writer%, round %'
    UNION ALL SELECT 'event', entry::text, '' FROM app.events
    UNION ALL SELECT 'audit', what, '' FROM app.audit_log WHERE who LIKE 'writer%'"

ledger_lines() {
    sed -E 's/^((event|audit)\|[^|]*)\|$/\1/'
}

# commits MAJOR: how many the application saw acknowledged by servers of that version.
commits() {
    whole_lines "$LEDGER" |
        jq -s --arg major "$1" 'map(select(.outcome == "acknowledged" and (.server_version | startswith($major)))) | length'
}

# commits_beyond MAJOR NUMBER
commits_beyond() {
    [ "$(commits "$1")" -gt "$2" ]
}

# ledger_holds PORT: succeeds when nothing is lost, twice or undone; says what was found.
ledger_holds() {
    # shellcheck disable=SC2154 # of e2e.sh
    psql_at "$1" limor_prod "$ledger_query" | ledger_lines | "$lib_dir/ledger" "${ledger_epochs[@]}" "$LEDGER"
}

# ledger_next_epoch: after a rollback: what was written on the new server is gone with it, and the application begins
# anew, with a new ledger.
ledger_next_epoch() {
    # shellcheck disable=SC2154 # of e2e.sh
    local epoch=$test_dir/ledger-$((${#ledger_epochs[@]} + 1)).jsonl
    docker stop -t 10 "$APP_CONTAINER" >/dev/null
    mv "$LEDGER" "$epoch"
    ledger_epochs+=("$epoch")
    docker start "$APP_CONTAINER" >/dev/null
    wait_for 60 app_is_healthy || bail_out "the application doesn't come back"
}
