# shellcheck shell=bash
# Debian's ssh server, unpacked beside the machine's own programs and never installed: installed it would serve the whole
# machine. Needs say.sh and packages.sh.

sshd_dir() {
    printf '%s/sshd-%s\n' "$(cache_dir)" "$(debian_version)"
}

# Fetches it once and keeps it; fails, having said why, where it can't be had.
fetch_sshd() (
    set +e
    dir=$(sshd_dir)
    mkdir -p "$(cache_dir)"
    exec 7>"$(cache_dir)/sshd.lock"
    flock 7
    [ ! -e "$dir/complete" ] || exit 0
    is_debian || exit 1
    rm -rf "$dir"
    mkdir -p "$dir/packages"
    # shellcheck source=/dev/null
    fetch_from_debian "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$dir/packages" openssh-server libwrap0 || exit 1
    for package in "$dir"/packages/*.deb; do
        dpkg-deb -x "$package" "$dir" || exit 1
    done
    # Kept whole: grep ends with the first match, and who writes on to it ends by a signal.
    said=$(LD_LIBRARY_PATH=$(sshd_libraries) "$dir/usr/sbin/sshd" -V 2>&1) || true
    grep -q OpenSSH <<<"$said" && : >"$dir/complete"
)

sshd_libraries() {
    dirname "$(find "$(sshd_dir)" -name 'libwrap.so.0' | head -n 1)"
}
