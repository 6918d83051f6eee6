# shellcheck shell=bash
# Looks at servers from outside, with psql over a published port: never through the program under test.

# psql_at PORT DATABASE SQL: unaligned rows, fields apart by |. Takes PG_USER and POSTGRES_PASSWORD.
psql_at() {
    PGPASSWORD=${POSTGRES_PASSWORD:-} PGCONNECT_TIMEOUT=${PG_CONNECT_SECONDS:-5} PGOPTIONS='-c row_security=off' \
        psql -X -q -A -t -v ON_ERROR_STOP=1 -h "${PG_HOST:-127.0.0.1}" -p "$1" -U "${PG_USER:-postgres}" -d "$2" -c "$3"
}

# psql_script_at PORT DATABASE <SCRIPT: the same for a script on standard input, with psql's own commands.
psql_script_at() {
    PGPASSWORD=${POSTGRES_PASSWORD:-} PGCONNECT_TIMEOUT=${PG_CONNECT_SECONDS:-5} PGOPTIONS='-c row_security=off' \
        psql -X -q -A -t -v ON_ERROR_STOP=1 -h "${PG_HOST:-127.0.0.1}" -p "$1" -U "${PG_USER:-postgres}" -d "$2"
}

server_answers() {
    psql_at "$1" postgres 'SELECT 1' >/dev/null 2>&1
}

# 15 or 17
server_major() {
    psql_at "$1" postgres "SELECT current_setting('server_version_num')::int / 10000"
}

user_databases() {
    psql_at "$1" postgres "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
}

# One line for each user table (partitions, materialised views too) of every database, from an SQL expression.
table_facts() {
    local port=$1 expression=$2 database
    user_databases "$port" | while IFS= read -r database; do
        psql_script_at "$port" "$database" <<SQL
SELECT format('SELECT %L, %L, %L, $expression FROM ONLY %I.%I AS "the whole row"',
              current_database(), n.nspname, c.relname, n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY 1
\\gexec
SQL
    done | LC_ALL=C sort
}

# exact_counts PORT: "database|schema|table|count" for every user table, sorted.
exact_counts() {
    table_facts "$1" 'count(*)'
}

# exact_digests PORT: count and a digest over every row's text; equal for equal rows, whatever their order.
exact_digests() {
    table_facts "$1" 'count(*), sum(hashtextextended(("the whole row".*)::text, 0))'
}

# sequence_values PORT: "database|schema|sequence|last_value", empty for one that was never used.
sequence_values() {
    local database
    user_databases "$1" | while IFS= read -r database; do
        psql_at "$1" "$database" "SELECT current_database(), schemaname, sequencename, last_value FROM pg_sequences"
    done | LC_ALL=C sort
}

# volume_fingerprint VOLUME: one hash over names, owners, modes and contents of a volume's files. Stop its server first.
volume_fingerprint() {
    # shellcheck disable=SC2016 # expanded in the container
    docker run --rm --network none -v "$1:/volume:ro" --entrypoint sh "${OLD_IMAGE:-pgvector/pgvector:pg15}" -c '
        cd /volume && {
            find . -printf "%y %m %U:%G %p\n" | LC_ALL=C sort
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
        } | sha256sum | cut -d" " -f1'
}
