# shellcheck shell=bash
# TAP, the output that tests/run reads: one line a test, the plan at the end (or at the start, with plan).

tap_count=0
tap_failed=0
tap_planned=

plan() {
    tap_planned=$1
    echo "1..$1"
}

diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $*"
}

fail() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $*"
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count # SKIP $*"
}

# ok DESCRIPTION COMMAND [ARGUMENT]...: the command succeeds. Its output is shown if it doesn't.
ok() {
    local description=$1 output
    shift
    if output=$("$@" 2>&1); then
        pass "$description"
    else
        fail "$description"
        diag "failed: $*"
        [ -z "$output" ] || diag "$output"
    fi
}

# not_ok DESCRIPTION COMMAND [ARGUMENT]...: the command fails.
not_ok() {
    local description=$1 output
    shift
    if output=$("$@" 2>&1); then
        fail "$description"
        diag "succeeded, but shouldn't have: $*"
        [ -z "$output" ] || diag "$output"
    else
        pass "$description"
    fi
}

# exits_with DESCRIPTION STATUS COMMAND [ARGUMENT]...
exits_with() {
    local description=$1 wanted=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    if [ "$status" -eq "$wanted" ]; then
        pass "$description"
    else
        fail "$description"
        diag "exit status $status instead of $wanted: $*"
        [ -z "$output" ] || diag "$output"
    fi
}

# is GOT WANTED DESCRIPTION: the two texts are the same.
is() {
    if [ "$1" = "$2" ]; then
        pass "$3"
        return
    fi
    fail "$3"
    case $1$2 in
    *$'\n'*) diff <(printf '%s\n' "$2") <(printf '%s\n' "$1") | head -n 60 | sed 's/^/# /' || true ;;
    *)
        diag "     got: $1"
        diag "expected: $2"
        ;;
    esac
}

isnt() {
    if [ "$1" != "$2" ]; then
        pass "$3"
    else
        fail "$3"
        diag "both are: $1"
    fi
}

# like TEXT PATTERN DESCRIPTION: an extended regular expression matches a line of the text.
like() {
    if grep -Eq -- "$2" <<<"$1"; then
        pass "$3"
    else
        fail "$3"
        diag "no match for $2 in:"
        diag "$1"
    fi
}

unlike() {
    if grep -Eq -- "$2" <<<"$1"; then
        fail "$3"
        diag "there is a match for $2 in:"
        diag "$1"
    else
        pass "$3"
    fi
}

# at_most NUMBER LIMIT DESCRIPTION: numbers may have fractions.
at_most() {
    if awk -v n="$1" -v limit="$2" 'BEGIN { exit !(n != "" && n + 0 <= limit + 0) }'; then
        pass "$3 ($1, limit $2)"
    else
        fail "$3"
        diag "${1:-nothing} is more than $2"
    fi
}

# Gives up at once: what follows makes no sense any more.
bail_out() {
    echo "Bail out! $*"
    exit 1
}

# The last thing a test says. Its status is the test's.
done_testing() {
    [ -n "$tap_planned" ] || echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
