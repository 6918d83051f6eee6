#!/usr/bin/env bash
# A server with an object of every kind is copied to the next major: no difference but those that an upgrade brings.
# Then each kind of difference is made on the copy, and each is found, named, and fails the step.
# time-limit: 600
# shellcheck disable=SC2016,SC2119 # PostgreSQL's dollar quotes, no arguments
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"

stack_up --no-app
export POSTGRES_PASSWORD

runs=$XDG_STATE_HOME/pgrunbook/runs

# DESCRIPTION; SQL for the copy's database parity (one line); what the evidence's line begins with: kind, object,
# change, field.
differences=$(
    cat <<'TEXT'
a sequence one behind; SELECT setval('app.alone', 5); sequence value|app.alone|CHANGED|last value
a descending sequence; SELECT setval('app.down', 20, false); sequence value|app.down|CHANGED|last value|used
a cycled sequence; SELECT setval('app.round', 7); sequence value|app.round|CHANGED|last value
a sequence that was never used; SELECT nextval('app.unused'); sequence value|app.unused|CHANGED|used
a sequence's definition; ALTER SEQUENCE app.set_back CACHE 9; sequence|app.set_back|CHANGED|cache
an invalid index; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.t_two'::regclass; index|app.t_two|CHANGED|is
a missing index; DROP INDEX app.t_low; index|app.t_low|MISSING
an index more; CREATE INDEX extra ON app.t (d); index|app.extra|EXTRA
a grant missing; REVOKE INSERT ON app.t FROM readers; grant|table app.t to readers by alice|CHANGED|privileges
a grant more; GRANT DELETE ON app.guarded TO PUBLIC; grant|table app.guarded to PUBLIC by postgres|EXTRA
a column's grant; REVOKE UPDATE (note) ON app.t FROM bob; grant|table column app.t.note to bob by alice|CHANGED|privileges
a schema's grant; REVOKE USAGE ON SCHEMA app FROM readers; grant|schema app to readers by alice|MISSING
a function's grant option; REVOKE GRANT OPTION FOR EXECUTE ON FUNCTION app.g(text) FROM bob; grant|function app.g(pg_catalog.text) to bob by postgres|CHANGED|privileges
a system function's grant; GRANT EXECUTE ON FUNCTION pg_sleep(float8) TO PUBLIC; grant|function pg_catalog.pg_sleep(double precision) taken from PUBLIC by postgres|MISSING
a large object's grant; REVOKE SELECT ON LARGE OBJECT 500002 FROM readers; grant|large object 500002 to readers by postgres|MISSING
a database's grant; REVOKE TEMPORARY ON DATABASE parity FROM bob; grant|database parity to bob by alice|MISSING
a parameter's grant; REVOKE SET ON PARAMETER work_mem FROM bob; grant|parameter ACL work_mem to bob by postgres|MISSING
a default privilege; ALTER DEFAULT PRIVILEGES FOR ROLE alice IN SCHEMA app REVOKE SELECT ON TABLES FROM readers; default privilege|for role alice in schema app on tables to readers by alice|MISSING
a role's password; ALTER ROLE alice PASSWORD 'another'; password|alice|CHANGED|value
a role's md5 password; UPDATE pg_authid SET rolpassword = 'md5' || md5('xdinosaur') WHERE rolname = 'dinosaur'; password|dinosaur|CHANGED|value
a role's password kind; ALTER ROLE bob PASSWORD 'one'; role|bob|CHANGED|password kind
a role's attribute; ALTER ROLE "Odd Role" CREATEROLE; role|"Odd Role"|CHANGED|create role
a role's validity; ALTER ROLE bob VALID UNTIL '2031-02-03 04:05:07+00'; role|bob|CHANGED|valid until
a role more; CREATE ROLE eve; role|eve|EXTRA
a membership's option; GRANT readers TO alice WITH ADMIN FALSE; membership|alice in readers|CHANGED|options
a membership missing; REVOKE readers FROM bob; membership|bob in readers|MISSING
a role's setting; ALTER ROLE bob SET work_mem = '10MB'; setting|work_mem for role bob|CHANGED|value
a role's secret setting; ALTER ROLE bob SET app.jwt_secret = 'jwt-other'; secret setting|app.jwt_secret for role bob|CHANGED|value
a role's setting with a password in its value; ALTER ROLE bob SET app.database_url = 'postgres://bob:url-other@far.example/x'; secret setting|app.database_url for role bob|CHANGED|value
a role's setting in a database; ALTER ROLE bob IN DATABASE parity RESET search_path; setting|search_path for role bob in database parity|MISSING
a database's setting; ALTER DATABASE parity SET statement_timeout = '6min'; setting|statement_timeout in database parity|CHANGED|value
a database's limit; ALTER DATABASE parity CONNECTION LIMIT 91; database|parity|CHANGED|connection limit
a trigger disabled; ALTER TABLE app.t DISABLE TRIGGER before; trigger|before on app.t|CHANGED|is
a partition's trigger enabled; ALTER TABLE app.parted_1 ENABLE TRIGGER of_parts; trigger|of_parts on app.parted_1|CHANGED|is
an event trigger; ALTER EVENT TRIGGER watching DISABLE; event trigger|watching|CHANGED|is
a policy; ALTER POLICY few ON app.guarded TO bob; policy|few on app.guarded|CHANGED|roles
a policy's condition; ALTER POLICY more ON app.guarded WITH CHECK (owner = SESSION_USER); policy|more on app.guarded|CHANGED|check
row security; ALTER TABLE app.guarded NO FORCE ROW LEVEL SECURITY; table|app.guarded|CHANGED|forced row security
a constraint validated; ALTER TABLE app."Ref ""x" VALIDATE CONSTRAINT unproven; constraint|unproven on app."Ref ""x"|CHANGED|is
a check constraint's list; ALTER TABLE app.t DROP CONSTRAINT t_status_check, ADD CONSTRAINT t_status_check CHECK (status IN ('a', 'c')); constraint|t_status_check on app.t|CHANGED|definition
a foreign key's action; ALTER TABLE app."Ref ""x" DROP CONSTRAINT "Ref ""x_id_fkey", ADD CONSTRAINT "Ref ""x_id_fkey" FOREIGN KEY (id) REFERENCES app.t; constraint|"Ref ""x_id_fkey" on app."Ref ""x"|CHANGED|definition
a foreign key's triggers disabled; ALTER TABLE app."Ref ""x" DISABLE TRIGGER ALL; constraint|"Ref ""x_id_fkey" on app."Ref ""x"|CHANGED|enforced by triggers
a partition's foreign key disabled; ALTER TABLE app.parted_1 DISABLE TRIGGER ALL; ALTER TABLE app.parted_1 ENABLE TRIGGER of_parts; constraint|parted_ref_fkey on app.parted|CHANGED|enforced by triggers
a default; ALTER TABLE app.t ALTER status SET DEFAULT 'b'; column|app.t.status|CHANGED|default
a column's type; ALTER TABLE app.child ALTER c TYPE bigint; column|app.child.c|CHANGED|type
NOT NULL; ALTER TABLE app.other ALTER id SET NOT NULL; column|app.other.id|CHANGED|not null
a statistics target; ALTER TABLE app.t ALTER note SET STATISTICS 78; column|app.t.note|CHANGED|statistics target
a column's storage; ALTER TABLE app.t ALTER tags SET STORAGE MAIN; column|app.t.tags|CHANGED|storage
identity; ALTER TABLE app.t ALTER id SET GENERATED ALWAYS; column|app.t.id|CHANGED|identity column
a comment; COMMENT ON COLUMN app.t.note IS 'another note'; comment|table column app.t.note|CHANGED|text
a blank in a comment; COMMENT ON CONSTRAINT odd ON app.t IS 'odd '; comment|table constraint odd on app.t|CHANGED|text
a comment missing; COMMENT ON TRIGGER before ON app.t IS NULL; comment|trigger before on app.t|MISSING
a database's comment; COMMENT ON DATABASE parity IS 'most kinds'; comment|database parity|CHANGED|text
a large object truncated by one byte; DO $$ DECLARE f int := lo_open(500001, 393216); BEGIN PERFORM lo_truncate(f, 15999 / 2); END $$; large object|500001|CHANGED|bytes
a byte of a large object; SELECT lo_put(500002, 100001, '\x64'); large object|500002|CHANGED|digest
a large object's owner; ALTER LARGE OBJECT 500003 OWNER TO bob; large object|500003|CHANGED|owner
a partition detached; ALTER TABLE app.parted DETACH PARTITION app.parted_2; table|app.parted_2|CHANGED|parents
a view's definition; CREATE OR REPLACE VIEW app.v1 AS SELECT id, status FROM app.t WHERE status IN ('a', 'c') ORDER BY t.id; view|app.v1|CHANGED|definition
a view's options; ALTER VIEW app.v15 RESET (security_barrier); view|app.v15|CHANGED|options
a materialised view unpopulated; REFRESH MATERIALIZED VIEW app.filled WITH NO DATA; materialised view|app.filled|CHANGED|is
a rule enabled; ALTER TABLE app.other ENABLE RULE r2; rule|r2 on app.other|CHANGED|is
a function's body; CREATE OR REPLACE FUNCTION app.g(text) RETURNS text LANGUAGE sql SECURITY DEFINER STRICT IMMUTABLE LEAKPROOF AS $b$ SELECT $1 || E'\t''y' $b$; function|app.g(text)|CHANGED|definition
a function's attribute; ALTER FUNCTION app.trg() STABLE; function|app.trg()|CHANGED|definition
an enum's label; ALTER TYPE app.mood ADD VALUE 'glad' BEFORE 'happy'; type|app.mood|CHANGED|labels
a domain's check; ALTER DOMAIN app.code DROP CONSTRAINT lower; constraint|lower on domain app.code|MISSING
a domain's default; ALTER DOMAIN app.positive SET DEFAULT 2; type|app.positive|CHANGED|default
an extension's version; UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'hstore'; extension|hstore|CHANGED|version
a published table; ALTER PUBLICATION pub SET TABLE app.t (id) WHERE (id > 5); published table|pub: app.t|CHANGED|columns
a publication's operations; ALTER PUBLICATION everything SET (publish = 'insert'); publication|everything|CHANGED|publishes
a foreign server's option; ALTER SERVER far OPTIONS (SET fetch_size '78'); foreign server|far|CHANGED|options
a user mapping's password; ALTER USER MAPPING FOR bob SERVER far OPTIONS (SET password 'far-other'); secret option|user mapping bob on far: password|CHANGED|value
a subscription's password; ALTER SUBSCRIPTION sub CONNECTION 'host=far.example password=sub-other'; subscription's connection|sub|CHANGED|value
a foreign table's option; ALTER FOREIGN TABLE app.far_away OPTIONS (SET table_name 'far'); table|app.far_away|CHANGED|foreign options
unlogged instead of logged; ALTER TABLE app.of_pair SET UNLOGGED; table|app.of_pair|CHANGED|is
a table's owner; ALTER TABLE app.parent OWNER TO bob; table|app.parent|CHANGED|owner
a table's options; ALTER TABLE app.t SET (fillfactor = 71); table|app.t|CHANGED|options
a table missing; DROP TABLE app.fleeting; table|app.fleeting|MISSING
a statistics object; ALTER STATISTICS app.st SET STATISTICS 34; statistics object|app.st|CHANGED|target
an operator's estimator; ALTER OPERATOR app.=== (app.pair, app.pair) SET (RESTRICT = NONE); operator|app.===(app.pair,app.pair)|CHANGED|restrict
a cast; DROP CAST (app.pair AS text); cast|app.pair as text|MISSING
a text search configuration; ALTER TEXT SEARCH CONFIGURATION app.cfg DROP MAPPING FOR asciiword; text search configuration|app.cfg|CHANGED|mappings
a collation's locale; DROP COLLATION app.phonebook; CREATE COLLATION app.phonebook (provider = icu, locale = 'de-u-co-eor'); collation|app.phonebook|CHANGED|locale
a collation; DROP COLLATION app.plain; collation|app.plain|MISSING
TEXT
)

# evidence_has FILE PATTERN: a line of it is not expected and begins so. Fields: kind|object|change|field...
evidence_has() {
    local kind object change fields field
    IFS='|' read -r kind object change fields <<<"$2"
    fields=${fields:-'|'}
    while IFS= read -r field; do
        awk -F '\t' -v kind="$kind" -v object="$object" -v change="$change" -v field="$field" '
            $2 == kind && $3 == object && $4 == change && $5 == field && $8 == "NOT EXPECTED" { found = 1 }
            END { exit !found }' "$1" || return 1
    done <<<"${fields//|/$'\n'}"
}

copy() {
    program_says run "$lib_dir/parity.yaml" --plain --run-id "$1" --vars "$VARS_FILE" --set "backup_dir=$BACKUP_DIR" "${@:2}"
}

copy_away() {
    docker rm -fv "$NEW_CONTAINER" >/dev/null
    docker volume rm "$NEW_VOLUME" >/dev/null
    rm -rf "$BACKUP_DIR/backup"
}

compare_now() {
    program_says run "$lib_dir/parity-now.yaml" --plain --run-id "$1" --vars "$VARS_FILE"
    evidence=$runs/$1/evidence/objects-compare-objects.tsv
    "$program" rollback "$1" >/dev/null 2>&1 </dev/null || true
}

psql_script_at "$PG_PORT" postgres <"$lib_dir/parity.sql" >/dev/null 2>"$test_dir/schema.err" || bail_out "$(cat "$test_dir/schema.err")"

# ---- as restored, and against the backup ----

# Every statement that changes the copy; its objects are set back afterwards by nobody.
printf '%s\n' "$differences" | sed -E 's/^[^;]*; (.*); [^;]*$/\1;/' >"$test_dir/spoil.sql"
cat >"$test_dir/spoil" <<TEXT
#!/bin/sh
echo "\$0 \$*" >"$test_dir/spoilt"
PGPASSWORD=$POSTGRES_PASSWORD psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $NEW_PORT -U postgres -d parity -f "$test_dir/spoil.sql" >/dev/null
TEXT
chmod 700 "$test_dir/spoil"

# The old server doesn't answer before the second comparison, whose passwords only it can tell.
cat >"$test_dir/hush" <<TEXT
#!/bin/sh
exec docker stop -t 30 $OLD_CONTAINER
TEXT
chmod 700 "$test_dir/hush"
copy hushed --set "spoil=$test_dir/hush"
is "$status" 11 "with the old server stopped the passwords can't be compared, and the step fails"
like "$output" 'asking server "old" for its passwords, which no record holds' "which the message says"
unlike "$output" 'warn +passwords' "before the switchover that is no warning"
program_says rollback hushed
docker start "$OLD_CONTAINER" >/dev/null
wait_for 60 docker exec "$OLD_CONTAINER" psql -h 127.0.0.1 -U postgres -c 'SELECT 1'
copy_away

copy one
is "$status" 0 "no difference between the copy and what the backup has recorded"
[ "$status" = 0 ] || show_output 60
like "$output" 'objects: [0-9]+ objects: no difference that is not expected' "as the step says"
like "$output" 'expected difference: .*: the new image brings a newer version of the extension' "a newer extension is expected"
like "$output" 'expected difference: .*MAINTAIN' "as is the privilege that 17 has brought"
like "$output" 'expected difference: 5: the new version keeps ICU locales in their standard form' "and another form of the same locale"
like "$output" 'warn +expected difference: 4: the database allows no connections, so that no backup holds it' \
    "a database that can't be copied is told, with what is said of it"
record=$runs/one/evidence/objects-old.tsv
is "$(stat -c %a "$record")" 600 "nobody else can read the record"
is "$(sha256sum <"$record" | cut -d' ' -f1)" "$(grep -o '"key":"objects".*' "$runs/one/journal.jsonl" | tail -n 1 | grep -oE '"sha256":"[0-9a-f]+' | cut -d'"' -f4)" \
    "the journal has its SHA-256"
kinds=$(cut -f3 "$record" | sort -u)
for kind in aggregate cast collation column comment constraint conversion database 'default privilege' 'event trigger' \
    extension 'foreign server' function grant index 'large object' 'materialised view' membership operator \
    'operator class' 'operator family' policy publication 'published schema' 'published table' role rule schema \
    sequence 'sequence value' setting 'statistics object' subscription table 'text search configuration' \
    'text search dictionary' trigger type 'user mapping' view; do
    grep -qxF "$kind" <<<"$kinds" || fail "the record has no $kind"
done
is "$(cut -f2 "$record" | sort | uniq -c | awk '{print $2}' | paste -sd' ')" 'dumped snapshot' "sequences were read twice"

# ---- no secret in the run's directory ----

hashes=$(psql_at "$PG_PORT" postgres "SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")
while IFS= read -r hash; do
    # As it is, its parts, and digests of it that need no key.
    for form in "$hash" "${hash#md5}" "$(cut -d'$' -f3 <<<"$hash" | cut -d: -f1)" "$(printf %s "$hash" | sha256sum | cut -d' ' -f1)" \
        "$(printf %s "$hash" | md5sum | cut -d' ' -f1)"; do
        [ -z "$form" ] || ! grep -rqF -- "$form" "$runs/one" || fail "the run's directory holds $form of a password's hash"
    done
done <<<"$hashes"
for secret in far-password sub-password jwt-in-a-setting url-password dsn-password; do
    ! grep -rqF -- "$secret" "$runs/one" || fail "the run's directory holds the secret $secret"
done
unlike "$(cut -f4 "$record" | grep -E '^(password|secret)' || true; cut -f3 "$record")" '^(password|secret|subscription.s)' "no kind of secret is recorded, in no form"

# ---- one at a time, against the old server as it is now ----

compare_now clean
is "$status" 0 "no difference between the two servers as they are now"

program_says run "$lib_dir/parity-now.yaml" --plain --run-id itself --vars "$VARS_FILE" --set "new_container=$OLD_CONTAINER"
is "$status" 11 "a server isn't compared with itself"
like "$output" 'one and the same server' "which the message says"
unlike "$output" 'no difference' "and nothing is said to be equal"
program_says rollback itself

# in_turn NAME CHANGE BACK PATTERN
in_turn() {
    psql_at "$NEW_PORT" parity "$2" >/dev/null
    compare_now "turn-$1"
    is "$status" 11 "$1 alone fails the step"
    like "$output" "$4" "and is named"
    psql_at "$NEW_PORT" parity "$3" >/dev/null
}

in_turn index "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'app.t_two'::regclass" \
    "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'app.t_two'::regclass" \
    'FAIL +parity: index app.t_two: valid on the old server, invalid on the new one'
in_turn sequence "SELECT setval('app.alone', 5)" "SELECT setval('app.alone', 6)" \
    'parity: sequence value app.alone: last value: 6 on the old server, 5 on the new one'
in_turn password "ALTER ROLE alice PASSWORD 'another'" \
    "UPDATE pg_authid SET rolpassword = '$(psql_at "$PG_PORT" postgres "SELECT rolpassword FROM pg_authid WHERE rolname = 'alice'")' WHERE rolname = 'alice'" \
    'FAIL +password alice: the two servers have different ones'
in_turn grant "REVOKE SELECT (note) ON app.t FROM bob" "SET ROLE alice; GRANT SELECT (note) ON app.t TO bob" \
    'grant table column app.t.note to bob by alice: privileges: SELECT, UPDATE on the old server, UPDATE on the new one'
in_turn trigger "ALTER TABLE app.t DISABLE TRIGGER before" "ALTER TABLE app.t ENABLE TRIGGER before" \
    'trigger before on app.t: enabled on the old server, disabled on the new one'
in_turn object "DO \$\$ DECLARE f int := lo_open(500001, 393216); BEGIN PERFORM lo_truncate(f, 7999); END \$\$" \
    "SELECT lo_put(500001, 7999, '\\xef')" 'large object 500001: bytes: 8000 on the old server, 7999 on the new one'
in_turn partition "ALTER TABLE app.parted DETACH PARTITION app.parted_1" \
    "ALTER TABLE app.parted ATTACH PARTITION app.parted_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); ALTER TABLE app.parted_1 DISABLE TRIGGER of_parts" \
    'table app.parted_1: parents: app.parted on the old server, none on the new one'
compare_now clean-again
is "$status" 0 "without them there is no difference again"
[ "$status" = 0 ] || show_output

# ---- all at once, against the backup ----

copy_away
# The same from a backup in the other format.
copy two --set "spoil=$test_dir/spoil" --set format=directory
is "$status" 11 "the differences fail the step"
is "$(run_field two .current_step)" copy/compare-spoilt "which is the comparison after they were made"
[ "$(run_field two .current_step)" = copy/compare-spoilt ] || show_output
like "$output" '[0-9]+ differences between the objects of the two servers; ' "the message counts them"
evidence=$runs/two/evidence/objects-copy-compare-spoilt.tsv
while IFS= read -r line; do
    ok "found: ${line%%;*}" evidence_has "$evidence" "${line##*; }"
done <<<"$differences"
is "$(awk -F '\t' '$1 == "limor_prod"' "$evidence")" '' "nothing is said of a database that nobody changed"
for secret in far-other sub-other jwt-other url-other "$(psql_at "$NEW_PORT" postgres "SELECT split_part(rolpassword, '\$', 3) FROM pg_authid WHERE rolname = 'alice'")"; do
    ! grep -rqF -- "$secret" "$runs/two" || fail "the run's directory holds the secret $secret"
done
done_testing
