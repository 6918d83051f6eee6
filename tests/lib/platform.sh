# shellcheck shell=bash
# A stand-in for a platform's API (tests/lib/platform-api), over TLS with a certificate of the test's own authority. Needs
# runs.sh, which makes the directory $work.

# shellcheck disable=SC2154 # of runs.sh
platform_dir=$work/platform
platform_process=

# openssl's prime dots and remarks are of no interest
quiet_openssl() {
    openssl "$@" 2>"$work/openssl" || {
        cat "$work/openssl" >&2
        return 1
    }
}

# platform_certificate NAME: an authority NAME.ca.pem and a certificate NAME.pem for localhost that it has signed
platform_certificate() {
    local name=$platform_dir/$1
    quiet_openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=authority $1" -keyout "$name.ca.key" -out "$name.ca.pem"
    quiet_openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$name.key" -out "$name.csr"
    quiet_openssl x509 -req -days 2 -in "$name.csr" -CA "$name.ca.pem" -CAkey "$name.ca.key" -CAcreateserial \
        -extfile <(printf 'subjectAltName=DNS:%s\n' "${2:-localhost}") -out "$name.pem"
}

platform_up() {
    mkdir -p "$platform_dir"
    # a token that stands nowhere else, so that finding it anywhere is a leak
    printf '%s%s' "$RANDOM" "$RANDOM$RANDOM" >"$platform_dir/token"
    TOKEN=t0ken-$(cat "$platform_dir/token")
    platform_certificate good
    : >"$platform_dir/requests"
    "$PWD/tests/lib/platform-api" "$platform_dir" "$platform_dir/good.pem" "$platform_dir/good.key" &
    platform_process=$!
    wait_until '[ -s $platform_dir/port ]' || bail_out "the platform's stand-in didn't start"
    API=https://localhost:$(cat "$platform_dir/port")
    CA_FILE=$platform_dir/good.ca.pem
}

platform_down() {
    [ -z "$platform_process" ] || kill "$platform_process" 2>/dev/null || true
}
trap 'platform_down; stop_engines; rm -rf "$work"' EXIT

# platform_control NAME JSON: what a click in the control panel does; the platform's things as JSON
platform_control() {
    curl -fsS -m 10 --cacert "$CA_FILE" -H 'Content-Type: application/json' -d "$2" "$API/control/$1"
}

# platform_requests FILTER: how many requests were made that a jq filter answers to
platform_requests() {
    whole_lines "$platform_dir/requests" | jq -rs "[.[] | select($1)] | length"
}

# The token's value in any file of the runs, or on any command line.
token_places() {
    grep -rlF -- "${TOKEN#t0ken-}" "$XDG_STATE_HOME" "$@" 2>/dev/null || true
}
