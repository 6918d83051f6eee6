# shellcheck shell=bash
# Ports of this machine for tests that run at the same time: one is given out while nobody listens on it, and to nobody
# else until it is given back.

port_is_free() {
    ! { ss -ltnH 2>/dev/null || true; } | awk '{print $4}' | grep ":$1\$" >/dev/null
}

# port_reserve PORT OWNER. What somebody who was killed has left is nobody's after three hours.
port_reserve() {
    local file=${TMPDIR:-/tmp}/pgrunbook-port.$1
    find "$file" -mmin +180 -delete 2>/dev/null || true
    (set -C && echo "$2" >"$file") 2>/dev/null
}

# free_port OWNER: prints one. Below the ports that the kernel gives out by itself, so that it stays free until it is used.
free_port() {
    local port tries
    for tries in $(seq 1 200); do
        port=$((15000 + RANDOM % 16000))
        port_reserve "$port" "$1" || continue
        ! port_is_free "$port" || {
            echo "$port"
            return
        }
        rm -f "${TMPDIR:-/tmp}/pgrunbook-port.$port"
    done
    echo "no free port found in $tries tries" >&2
    return 1
}

# ports_give_back OWNER: all of them.
ports_give_back() {
    { grep -lxsF -- "$1" "${TMPDIR:-/tmp}"/pgrunbook-port.* || true; } | xargs -r rm -f --
}
