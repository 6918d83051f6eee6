#!/bin/bash
# Entry point of the test images' PostgreSQL server. Makes the cluster on the first start, then becomes the server.
#
# Environment, as in the official image: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB (each also as NAME_FILE),
# POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, PGDATA. Files in /docker-entrypoint-initdb.d run once.
set -euo pipefail

# NAME_FILE names a file with the value of NAME, so that a secret needn't be in the environment.
value_of() {
    local name=$1 default=${2:-} file=$1_FILE
    if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
        echo "error: both $name and $file are set" >&2
        exit 1
    fi
    if [ -n "${!file:-}" ]; then
        cat "${!file}"
    else
        printf '%s' "${!name:-$default}"
    fi
}

require_password() {
    if [ -z "$password" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
        cat >&2 <<'TEXT'
Error: Database is uninitialized and superuser password is not specified.
       Set POSTGRES_PASSWORD to a non-empty value, for example "-e POSTGRES_PASSWORD=password" on "docker run".
TEXT
        exit 1
    fi
}

make_cluster() {
    local with_password=()
    [ -z "$password" ] || with_password=(--pwfile=/dev/fd/3)
    # shellcheck disable=SC2086 # several options, by contract
    initdb --username="$user" "${with_password[@]}" -D "$PGDATA" ${POSTGRES_INITDB_ARGS:-} \
        3< <(printf '%s\n' "$password")
    printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
}

# During the first start the server listens on the socket only: a client must not take it for the real one.
start_temporary_server() {
    pg_ctl -D "$PGDATA" -w start -o "-c listen_addresses='' -p 5432"
}

stop_temporary_server() {
    PGPASSWORD='' pg_ctl -D "$PGDATA" -m fast -w stop
}

run_sql() {
    PGPASSWORD=$password psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$user" "$@"
}

make_database() {
    [ "$database" != postgres ] || return 0
    run_sql --dbname postgres --set "db=$database" <<<'CREATE DATABASE :"db";'
}

run_init_files() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
        *.sh)
            if [ -x "$file" ]; then
                "$file"
            else
                # shellcheck disable=SC1090 # given by whoever runs the container
                . "$file"
            fi
            ;;
        *.sql) run_sql --dbname "$database" -f "$file" ;;
        *.sql.gz) gunzip -c "$file" | run_sql --dbname "$database" ;;
        *.sql.xz) xzcat "$file" | run_sql --dbname "$database" ;;
        esac
    done
}

first_start() {
    user=$(value_of POSTGRES_USER postgres)
    password=$(value_of POSTGRES_PASSWORD)
    database=$(value_of POSTGRES_DB "$user")
    require_password
    make_cluster
    start_temporary_server
    make_database
    run_init_files
    stop_temporary_server
    unset PGPASSWORD
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

prepare_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    chown postgres /var/run/postgresql
    chmod 3777 /var/run/postgresql
}

main() {
    # Options alone mean: the server, with these options.
    [ "${1:0:1}" != - ] || set -- postgres "$@"
    if [ "${1:-}" = postgres ]; then
        if [ "$(id -u)" = 0 ]; then
            prepare_folders
            exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
        fi
        if [ -s "$PGDATA/PG_VERSION" ]; then
            printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
        else
            first_start
        fi
    fi
    exec "$@"
}

main "$@"
