# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # of second-engine.sh, and for it
# The second engine as another host: the test is there, with the engine; the program runs on the operator's machine, in
# network, process and mount namespaces of its own, and has one way to the host: its address on a pair of interfaces, where
# the engine listens with TLS and an ssh server of the test's own. Source it after second-engine.sh.

# shellcheck source=tests/lib/ssh-server.sh
. "$lib_dir/ssh-server.sh"

remote_host=10.211.77.2
remote_other_host=10.211.78.2 # the engine listens there as well, and isn't vouched for by that name
remote_ssh_port=2022
remote_user=root
remote_ssh=ssh://$remote_user@$remote_host:$remote_ssh_port
remote_sshd_pid=
operator_address=10.211.77.1
operator_pid=
operator_shell= # what the operator's machine ends with
operator_home=$test_dir/operator
remote_ssh_dir=$test_dir/ssh

# remote_engine [ARGUMENT]...: both machines, and a stack on the host; goes on there with the test's own arguments.
remote_engine() {
    # Fetched before the namespaces, in which nothing leads to a mirror.
    [ "$(id -u)" -ne 0 ] || fetch_sshd || {
        skip "Debian's ssh server can't be had here"
        not_ok "and without it there is none" sshd_libraries
        done_testing
        exit
    }
    second_engine "$@"
    operator_up
    certificates
    second_engine_arguments=(--tlsverify --tlscacert "$test_dir/host/ca.pem" --tlscert "$test_dir/host/cert.pem"
        --tlskey "$test_dir/host/key.pem" -H "tcp://$remote_host:2376" -H "tcp://$remote_other_host:2376")
    second_engine_up distribution
    remote_sshd_up || bail_out "the ssh server doesn't come up"
    operator_program
    stack_up
}

# ---- the operator's machine ----

# Its first process; all that runs there ends with it.
operator_up() {
    mkdir -p "$operator_home/.ssh"
    chmod 700 "$operator_home/.ssh"
    home_of_root "$operator_home" >"$test_dir/operator-passwd"
    unshare --net --mount --pid --fork --kill-child --mount-proc -- sh -c \
        "mount --bind '$test_dir/operator-passwd' /etc/passwd && ip link set lo up && echo >'$test_dir/operator-is-up' && exec sleep infinity" &
    wait_for 10 test -e "$test_dir/operator-is-up" || bail_out "the operator's machine doesn't come up"
    operator_shell=$!
    disown "$operator_shell"
    operator_pid=$(pgrep -P "$operator_shell")
    ip link add to-operator type veth peer name to-host netns "$operator_pid"
    ip address add "$remote_host/24" dev to-operator
    ip address add "$remote_other_host/32" dev to-operator
    ip link set to-operator up
    operator ip address add "$operator_address/24" dev to-host
    operator ip link set to-host up
    operator ip route add "$remote_other_host/32" via "$remote_host"
}

# ssh takes its configuration from the home directory that this file says, whatever HOME is.
home_of_root() {
    awk -F: -v home="$1" 'BEGIN { OFS = FS } $1 == "root" { $6 = home; $7 = "/bin/bash" } { print }' /etc/passwd
}

# operator COMMAND [ARGUMENT]...: runs it there.
operator() {
    nsenter -t "$operator_pid" --net --mount --pid -- "$@"
}

# The program as an operator's: `program` of program.sh from now on. What it finds of Docker is in this file.
operator_program() {
    program=$test_dir/pgrunbook
    cat >"$program" <<SCRIPT
#!/bin/sh
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
export HOME='$operator_home'
. '$test_dir/operator-environment'
exec nsenter -t $operator_pid --net --mount --pid --wd="\$PWD" -- '$top_dir/build/pgrunbook' "\$@"
SCRIPT
    chmod +x "$program"
}

# operator_docker [NAME=VALUE]...: how the program finds its engine from now on.
operator_docker() {
    printf "export '%s'\n" "$@" >"$test_dir/operator-environment"
}

# operator_cli ARGUMENT...: the docker command there, with the operator's own configuration.
operator_cli() {
    env -u DOCKER_HOST HOME="$operator_home" nsenter -t "$operator_pid" --net --mount --pid -- docker "$@"
}

# What of the program's ssh is there while nothing runs.
nothing_left() {
    operator ps -eo stat=,args= | grep 'dial-stdio' | grep -v -e grep -e '^Z' || true
}

# Its runs' processes have other numbers there: they end with the machine.
stop_run_engines() {
    [ -z "$operator_shell" ] || kill -KILL "$operator_shell" 2>/dev/null || true
}

# ---- certificates ----

# certificate DIRECTORY NAME EXTENSIONS: a key and a certificate of the CA in $test_dir/ca.
certificate() {
    mkdir -p "$1"
    openssl req -newkey rsa:2048 -nodes -keyout "$1/key.pem" -out "$1/request.pem" -subj "/CN=$2" 2>/dev/null
    openssl x509 -req -in "$1/request.pem" -CA "$test_dir/ca/ca.pem" -CAkey "$test_dir/ca/key.pem" -CAcreateserial \
        -days 2 -extfile <(printf '%s\n' "$3") -out "$1/cert.pem" 2>/dev/null
    cp "$test_dir/ca/ca.pem" "$1/ca.pem"
}

authority() {
    mkdir -p "$1"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1/key.pem" -out "$1/ca.pem" -days 2 -subj "/CN=$2" 2>/dev/null
}

certificates() {
    authority "$test_dir/ca" "pgrunbook test CA"
    authority "$test_dir/other" "another CA"
    certificate "$test_dir/host" "$remote_host" "subjectAltName=IP:$remote_host"
    certificate "$operator_home/tls" operator "extendedKeyUsage=clientAuth"
}

# ---- ssh ----

# Log-ins by the operator's key alone. Docker is the second engine to whoever logs in, as it is on a host of its own.
remote_sshd_up() {
    fetch_sshd || return 1
    mkdir -p "$remote_ssh_dir" /run/sshd
    { home_of_root "$test_dir" && echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin'; } >"$test_dir/host-passwd"
    mount --bind "$test_dir/host-passwd" /etc/passwd
    ssh-keygen -q -t ed25519 -N '' -f "$remote_ssh_dir/host_key"
    ssh-keygen -q -t ed25519 -N '' -f "$operator_home/.ssh/id_ed25519"
    cp "$operator_home/.ssh/id_ed25519.pub" "$remote_ssh_dir/authorized_keys"
    cat >"$remote_ssh_dir/config" <<CONFIG
ListenAddress $remote_host:$remote_ssh_port
HostKey $remote_ssh_dir/host_key
AuthorizedKeysFile $remote_ssh_dir/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv DOCKER_HOST=$DOCKER_HOST
CONFIG
    LD_LIBRARY_PATH=$(sshd_libraries) "$(sshd_dir)/usr/sbin/sshd" -D -e -f "$remote_ssh_dir/config" \
        >"$remote_ssh_dir/log" 2>&1 &
    remote_sshd_pid=$!
    background_processes+=("$remote_sshd_pid")
    wait_for 10 sshd_listens || {
        diag "$(cat "$remote_ssh_dir/log")"
        return 1
    }
}

sshd_listens() {
    grep -q 'Server listening' "$remote_ssh_dir/log"
}

# The operator has seen the host's key and found it right.
operator_knows_host() {
    printf '[%s]:%s %s\n' "$remote_host" "$remote_ssh_port" "$(cut -d' ' -f1,2 <"$remote_ssh_dir/host_key.pub")" \
        >"$operator_home/.ssh/known_hosts"
}

# Every connection by ssh breaks, as when the host is gone for a moment; new ones get through.
drop_ssh() {
    local sessions
    sessions=$(pgrep -P "$remote_sshd_pid") || return 1
    # shellcheck disable=SC2086 # one process a word
    kill -KILL $sessions
}

stop_remote_sshd() {
    kill -TERM "$remote_sshd_pid"
    wait "$remote_sshd_pid" || true
    background_processes=()
}
