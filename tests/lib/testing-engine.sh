# shellcheck shell=bash
# The Docker engine, its command line client and Compose of Debian testing, unpacked beside the machine's own and never
# installed. Needs say.sh and packages.sh.

# Where they are: usr/sbin/dockerd, usr/bin/docker and so on.
testing_engine_dir() {
    printf '%s/testing-engine\n' "$(cache_dir)"
}

# A folder for DOCKER_CONFIG in which the client finds that Compose.
testing_compose_config() {
    printf '%s/compose-config\n' "$(testing_engine_dir)"
}

testing_engine_is_there() {
    [ -e "$(testing_engine_dir)/complete" ]
}

# Unpacks into a new folder, which takes its name when it is complete.
unpack_testing_engine() {
    local new=$1 package
    mkdir -p "$new/packages"
    fetch_from_debian testing "$new/packages" docker.io docker-cli containerd docker-compose || return 1
    for package in "$new"/packages/*.deb; do
        dpkg-deb -x "$package" "$new" || return 1
    done
    rm -rf "$new/packages"
    mkdir -p "$new/compose-config/cli-plugins"
    ln -s ../../usr/libexec/docker/cli-plugins/docker-compose "$new/compose-config/cli-plugins/docker-compose"
    # What is needed must also run here, with this machine's libraries.
    "$new/usr/sbin/dockerd" --version >/dev/null && "$new/usr/bin/containerd" --version >/dev/null &&
        "$new/usr/bin/docker" --version >/dev/null && : >"$new/complete"
}

# Fetches them once and keeps them; fails, having said why, where Debian testing can't be reached or doesn't run here.
fetch_testing_engine() (
    set +e
    dir=$(testing_engine_dir)
    mkdir -p "$(cache_dir)"
    exec 7>"$(cache_dir)/testing-engine.lock"
    flock 7
    testing_engine_is_there && exit 0
    is_debian || exit 1
    say "fetching the Docker engine of Debian testing (once; kept in $dir)"
    rm -rf "$dir" "$dir.new"
    if unpack_testing_engine "$dir.new"; then
        mv "$dir.new" "$dir"
        exit 0
    fi
    rm -rf "$dir.new"
    exit 1
)
