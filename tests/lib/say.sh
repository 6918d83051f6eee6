# shellcheck shell=bash
# Messages and small helpers that every script under tests/ shares. Source it; it runs nothing.

# A failure inside $( ) ends the script as one outside does.
shopt -s inherit_errexit

# Progress goes to standard error, so that a script's standard output stays its result.
say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$*"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Runs a command as root: directly, or through sudo where the caller isn't root.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "root or sudo is needed for: $*"
    fi
}

# Where results that take long to make are kept between runs.
cache_dir() {
    printf '%s/pgrunbook\n' "${XDG_CACHE_HOME:-$HOME/.cache}"
}

# One hash over the contents of files, whatever their names and dates.
hash_files() {
    cat "$@" | sha256sum | cut -c1-16
}
