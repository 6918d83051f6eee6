# shellcheck shell=bash
# A Docker engine and Compose 2 on this machine. Needs say.sh and packages.sh.

# A file of ours tells which engine we started; no other one is ever stopped.
engine_pid_file=/var/run/pgrunbook-dockerd.pid
engine_log=/var/log/pgrunbook-dockerd.log
compose_plugin_dir=/usr/local/lib/docker/cli-plugins

engine_answers() {
    timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

we_started_engine() {
    local pid
    [ -r "$engine_pid_file" ] || return 1
    pid=$(cat "$engine_pid_file")
    [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]
}

install_engine() {
    local client=
    # From Debian 13 on the command line client is a package of its own.
    [ "$(debian_version)" -ge 13 ] && client=docker-cli
    if ! have dockerd && [ ! -x /usr/sbin/dockerd ]; then
        # shellcheck disable=SC2086 # empty on Debian 12
        install_packages docker.io iptables $client
    elif ! have docker; then
        # shellcheck disable=SC2086 # empty on Debian 12
        install_packages $client
    fi
    have iptables || [ -x /usr/sbin/iptables ] || install_packages iptables
}

# The socket belongs to the caller's group, so that the tests don't need root afterwards. The engine must not keep
# the set-up's lock (file descriptor 9), as it outlives it.
launch_dockerd() {
    as_root sh -c "cd / && PATH=\"/usr/sbin:/sbin:\$PATH\" \
        setsid nohup dockerd --pidfile '$engine_pid_file' --group '$(id -gn)' \
        >'$engine_log' 2>&1 </dev/null &" 9>&-
}

wait_for_engine() {
    local tries
    for tries in $(seq 1 150); do
        engine_answers && return 0
        sleep 0.2
    done
    as_root tail -n 20 "$engine_log" >&2 || true
    die "the Docker engine didn't answer in ${tries} tries; its log is $engine_log"
}

start_engine() {
    engine_answers && return 0
    if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ] && pidof dockerd >/dev/null; then
        die "a Docker engine runs, but $(id -un) may not use /var/run/docker.sock: join the group docker, or use root"
    fi
    if [ -d /run/systemd/system ]; then
        say "starting the Docker engine (systemd)"
        as_root systemctl start docker
    else
        say "starting the Docker engine, log in $engine_log"
        launch_dockerd
    fi
    wait_for_engine
}

# Ends the engine that start_engine launched, by its process id, and waits until it is gone.
stop_engine() {
    local pid tries
    if ! we_started_engine; then
        say "no Docker engine of ours is running"
        return 0
    fi
    pid=$(cat "$engine_pid_file")
    as_root kill -TERM "$pid"
    for tries in $(seq 1 300); do
        if [ ! -d "/proc/$pid" ]; then
            as_root rm -f "$engine_pid_file"
            return 0
        fi
        sleep 0.1
    done
    die "the Docker engine (process $pid) didn't stop in $((tries / 10)) s"
}

compose_is_version_2() {
    docker compose version --short 2>/dev/null | grep -Eq '^v?([2-9]|[1-9][0-9])\.'
}

install_compose() {
    local work
    compose_is_version_2 && return 0
    if [ "$(debian_version)" -ge 13 ]; then
        install_packages docker-compose
    else
        say "installing Compose 2 from Debian 13's package docker-compose"
        work=$(mktemp -d)
        fetch_from_debian trixie "$work" docker-compose || die "couldn't download Debian 13's package docker-compose"
        dpkg-deb -x "$work"/docker-compose_*.deb "$work/root"
        as_root install -D -m 755 "$work/root/usr/libexec/docker/cli-plugins/docker-compose" \
            "$compose_plugin_dir/docker-compose"
        rm -rf "$work"
    fi
    compose_is_version_2 || die "docker compose 2 still doesn't work: $(docker compose version 2>&1 | head -n 1)"
}
