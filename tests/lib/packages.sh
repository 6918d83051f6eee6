# shellcheck shell=bash
# Which Debian packages pgrunbook and its tests need, and how they are installed. Needs say.sh.

# The sanitizers' and libFuzzer's runtime comes with the version of clang that the release has.
clang_runtime_package() {
    case $(debian_version) in
    12*) echo libclang-rt-14-dev ;;
    *) echo libclang-rt-19-dev ;;
    esac
}

packages_for() {
    case $1 in
    build)
        echo gcc libc6-dev make pkg-config libncurses-dev libpq-dev libcurl4-openssl-dev libcjson-dev \
            libfyaml-dev libssl-dev
        ;;
    test) echo libcmocka-dev tmux postgresql-client curl jq python3 openssl universal-ctags util-linux procps \
            clang "$(clang_runtime_package)" ;;
    stack) echo curl jq postgresql-client iproute2 ;;
    images) echo mmdebstrap debian-archive-keyring ;;
    check) echo clang clang-tidy clang-format cppcheck valgrind shellcheck ;;
    *) die "no such set of packages: $1" ;;
    esac
}

is_debian() {
    have apt-get && have dpkg-query && [ -r /etc/os-release ] &&
        (
            . /etc/os-release
            [ "${ID:-}" = debian ] && [ "${VERSION_ID:-0}" -ge 12 ]
        )
}

debian_version() {
    (
        . /etc/os-release
        echo "${VERSION_ID:-0}"
    )
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

# Where there is no apt: the programs and pkg-config modules that stand for the packages above.
missing_requirements() {
    local program module
    for program in cc make pkg-config tmux psql curl jq python3 openssl ctags docker; do
        have "$program" || echo "program $program"
    done
    for module in ncursesw libpq libcurl libcjson libfyaml libcrypto cmocka; do
        pkg-config --exists "$module" 2>/dev/null || echo "library $module (with its headers)"
    done
    docker compose version >/dev/null 2>&1 || echo "docker compose 2 (the docker CLI's plugin)"
}

explain_other_systems() {
    local missing
    missing=$(missing_requirements)
    [ -n "$missing" ] || return 0
    {
        echo "This is neither Debian 12 nor 13, so nothing is installed for you. Missing here:"
        printf '  %s\n' "${missing//$'\n'/$'\n'  }"
        echo "Debian calls the packages that are needed:"
        printf '%s\n' "$(packages_for build)" "$(packages_for test)" "$(packages_for stack)" \
            "docker.io iptables docker-compose" | fmt -w 76 | sed 's/^/  /'
    } >&2
    exit 1
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

# The package lists are fetched once a run, and only if something has to be installed.
apt_lists_are_fresh=no
refresh_apt_lists() {
    [ "$apt_lists_are_fresh" = no ] || return 0
    apt_get update >/dev/null || die "apt-get update failed: is the package mirror reachable?"
    apt_lists_are_fresh=yes
}

# Installs what is missing of the packages given; says nothing if that is none.
install_packages() {
    local missing log
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    say "installing $(tr '\n' ' ' <<<"$missing")"
    refresh_apt_lists
    log=$(mktemp)
    # shellcheck disable=SC2086 # one package a word
    if ! apt_get install -y --no-install-recommends $missing >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "apt-get couldn't install: $(tr '\n' ' ' <<<"$missing")"
    fi
    rm -f "$log"
}

# The addresses that this machine's apt uses for Debian: "main" or "security". Nothing here names a host.
debian_mirror() {
    local wanted='^[a-z]+\|' field
    [ "$1" = security ] && wanted='^[a-z]+-security\|'
    field=$(apt-get indextargets --format "\$(CODENAME)|\$(REPO_URI)|\$(ORIGIN)|\$(COMPONENT)" 'Created-By: Packages' |
        grep '|Debian|main$' | grep -E "$wanted" | sed -n 1p | cut -d'|' -f2)
    echo "${field%/}"
}

# Prints both mirror addresses, after making sure that apt knows them.
debian_mirrors() {
    [ -n "$(debian_mirror main)" ] || refresh_apt_lists
    [ -n "$(debian_mirror main)" ] || die "no Debian mirror in this machine's apt sources"
    echo "$(debian_mirror main) $(debian_mirror security)"
}

# apt-get with its own folders under $1, so that the machine's apt configuration stays as it is.
private_apt() {
    local root=$1
    shift
    apt-get -q -o Dir::Etc::SourceList="$root/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$root/state" -o Dir::State::Status="$root/status" -o Dir::Cache="$root/cache" \
        -o APT::Sandbox::User=root "$@"
}

# fetch_from_debian SUITE INTO PACKAGE...: downloads packages of another suite, without their dependencies; apt checks
# the suite's signature against this machine's Debian keys. Prints what went wrong and fails where it can't.
fetch_from_debian() {
    local suite=$1 into=$2 mirrors root status=0
    shift 2
    mirrors=$(debian_mirrors) || return 1
    root=$(mktemp -d)
    mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial"
    : >"$root/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirrors%% *} $suite main" >"$root/sources.list"
    if ! { private_apt "$root" -o APT::Update::Error-Mode=any update &&
        (cd "$into" && private_apt "$root" download "$@"); } >"$root/log" 2>&1; then
        cat "$root/log" >&2
        status=1
    fi
    rm -rf "$root"
    return "$status"
}
