#!/usr/bin/env bash
# A row whose text doesn't fit into the server's memory (1 GB) is compared all the same: each column on its own.
# time-limit: 400
# shellcheck disable=SC2119,SC2016 # no arguments, PostgreSQL quotes
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/pair.sh
. "$lib_dir/pair.sh"

pair_up
for on in on_old on_new; do
    $on postgres <<<'CREATE DATABASE large'
    $on large <<'SQL'
CREATE TABLE quotes (id int, a text, b text, c text, d text);
INSERT INTO quotes SELECT 1, v, v, v, v FROM repeat('"', 134217728) v;
INSERT INTO quotes VALUES (2);
CREATE TABLE beside (id int); INSERT INTO beside VALUES (1);
SQL
done
not_ok "the server can't make such a row's text" psql_at "$PG_PORT" large 'SELECT length(t::text) FROM quotes t'
pair_compare large
is "$status" 0 "it is compared all the same"
[ "$status" = 0 ] || show_output 20
like "$evidence" '^large.public.quotes.2.2.equal.' "as the evidence says"
on_new large <<<"UPDATE quotes SET c = overlay(c PLACING '.' FROM 100000000) WHERE id = 1"
pair_compare large-text
is "$status" 11 "one character of it is found"
like "$evidence" '^large.public.quotes.2.2.DIFFERENT.' "in that table"
done_testing
