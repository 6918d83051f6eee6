#!/usr/bin/env bash
# An engine on another host: found by TCP with TLS, by ssh and by a context, and refused where nobody vouches for it.
# time-limit: 300
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"
# shellcheck source=tests/lib/remote-engine.sh
. "$lib_dir/remote-engine.sh"

remote_engine "$@"

by_tls=("DOCKER_HOST=tcp://$remote_host:2376" DOCKER_TLS_VERIFY=1 "DOCKER_CERT_PATH=$operator_home/tls")
by_ssh=("DOCKER_HOST=$remote_ssh")

# refused DESCRIPTION PATTERN [NAME=VALUE]...: exit status 4, and these words.
refused() {
    local description=$1 pattern=$2
    shift 2
    operator_docker "$@"
    program_says init
    is "$status" 4 "$description: exit status 4"
    like "$output" "$pattern" "with the reason"
}

# ---- who isn't let in, and whom we don't believe ----

refused "TCP without TLS" 'has no TLS' "DOCKER_HOST=tcp://$remote_host:2376"
cp "$operator_home/tls/"{cert,key}.pem "$test_dir/other"
refused "another CA than the engine's" 'certificate' "${by_tls[@]::2}" "DOCKER_CERT_PATH=$test_dir/other"
like "$output" 'Nothing was sent' "nothing was sent"
refused "a certificate that is made out to another host" 'subject name' "DOCKER_HOST=tcp://$remote_other_host:2376" "${by_tls[@]:1}"
like "$output" 'Nothing was sent' "nothing was sent"
mkdir "$operator_home/no-certificate"
cp "$operator_home/tls/ca.pem" "$operator_home/no-certificate"
refused "no certificate of our own" 'alert (bad certificate|certificate required)' "${by_tls[@]::2}" "DOCKER_CERT_PATH=$operator_home/no-certificate"
refused "a directory without certificates" 'ca.pem is missing' "${by_tls[@]::2}" "DOCKER_CERT_PATH=$operator_home"
refused "a port that nobody listens on" 'Connection refused' "DOCKER_HOST=tcp://$remote_host:2377" "${by_tls[@]:1}"
refused "an ssh host whose key nobody has accepted" 'Host key verification failed' "${by_ssh[@]}"
like "$output" "ssh -p $remote_ssh_port $remote_user@$remote_host docker version" "with the command to accept it by"
operator_knows_host
refused "a user that no key lets in" 'Permission denied' "DOCKER_HOST=ssh://nobody@$remote_host:$remote_ssh_port"
refused "a context that there isn't" 'no context "nowhere"' DOCKER_CONTEXT=nowhere

# ---- the ways to it ----

check_way() {
    local way=$1 engine=$2
    program_says check "$runbook" --vars "$VARS_FILE"
    is "$status" 0 "by $way: the runbook is checked"
    like "$output" "Docker engine: $engine" "and the engine named"
    program_says init
    is "$status" 0 "by $way: the engine answers"
    like "$output" "old_container: \"$OLD_CONTAINER\"" "and shows the server"
}

operator_docker "${by_tls[@]}"
check_way TLS "tcp://$remote_host:2376"
operator_docker "${by_ssh[@]}"
check_way ssh "$remote_ssh"

operator_cli context create host --docker \
    "host=tcp://$remote_host:2376,ca=$operator_home/tls/ca.pem,cert=$operator_home/tls/cert.pem,key=$operator_home/tls/key.pem" >/dev/null
operator_cli context create unverified --docker "host=tcp://$remote_host:2376,skip-tls-verify=true" >/dev/null
operator_cli context create by-ssh --docker "host=$remote_ssh" >/dev/null
operator_docker DOCKER_CONTEXT=host
check_way "a context" "tcp://$remote_host:2376 \\(context host\\)"
operator_cli context use by-ssh >/dev/null
operator_docker UNUSED=
check_way "the context in use" "$remote_ssh \\(context by-ssh\\)"
operator_docker DOCKER_CONTEXT=unverified
program_says init
is "$status" 4 "a context that verifies nothing is refused"
like "$output" SkipTLSVerify "with the reason"
operator_docker "DOCKER_HOST=tcp://$remote_host:2376" "${by_tls[@]:1}" DOCKER_CONTEXT=unverified
check_way "DOCKER_HOST before DOCKER_CONTEXT" "tcp://$remote_host:2376"

# ---- what is looked at over there ----

operator_docker DOCKER_CONTEXT=by-ssh
program_says plan "$runbook" --vars "$VARS_FILE"
is "$status" 0 "the plan's reading steps are done there"
[ "$status" = 0 ] || show_output 60
like "$output" "$remote_ssh \\(context by-ssh\\), on host" "it says which engine it is"
like "$output" 'Compose.*at least' "Compose is asked about the same one"
like "$output" "can't be seen from here" "and that its disk can't be seen"
is "$(nothing_left)" "" "no ssh is left"

# ---- what a command there reads and writes ----

# exec_there COMMAND [ARGUMENT]...: in the old server's container, from the operator's machine.
exec_there() {
    # shellcheck disable=SC1091 # written by operator_docker
    (. "$test_dir/operator-environment" && HOME=$operator_home operator timeout 30 "$top_dir/build/tests/e2e/exec-tool" "$OLD_CONTAINER" "$@")
}

# More than fits into the buffers on the way while nobody reads yet.
operator_docker "${by_tls[@]}"
is "$(head -c 8388000 /dev/zero | exec_there sh -c 'sleep 0.3; wc -c')" 8388000 "by TLS: a command gets all its input, and its end"

# A command that ends well when its connection breaks, as its input does.
operator_docker "${by_ssh[@]}"
mkfifo "$test_dir/input"
exec_there sh -c 'touch /tmp/begun; cat >/dev/null; echo done' <"$test_dir/input" >"$test_dir/said" 2>&1 &
command_pid=$!
exec 7>"$test_dir/input"
wait_for 20 docker exec "$OLD_CONTAINER" test -e /tmp/begun || bail_out "the command doesn't begin"
ok "ssh is cut off" drop_ssh
exec 7>&-
status=0
wait "$command_pid" || status=$?
is "$status" 125 "by ssh: the end of the connection isn't the command's"
like "$(cat "$test_dir/said")" 'broke off: .*(closed by remote host|Broken pipe|Connection reset)' "but an error that says so"

# ---- one run at a time, whatever the address, and a connection that breaks in the middle of a step ----

count_waits() {
    [ "$(psql_at "$PG_PORT" postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = 'limor_prod' AND wait_event_type = 'Lock'")" != 0 ]
}

app_pause
psql_at "$PG_PORT" limor_prod "BEGIN; LOCK TABLE app.audit_log; SELECT pg_sleep(120)" >/dev/null 2>&1 &
{ wait_for 60 count_waits && drop_ssh; } &
upgrade first
is "$status" 11 "ssh breaks while a server is read: the step fails"
[ "$status" = 11 ] || show_output 60
like "$output" "through Docker at $remote_ssh.*closed the connection" "and says what broke"
psql_at "$PG_PORT" postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()" >/dev/null
upgrade first
is "$status" 10 "retried, the run waits at its first gate"
[ "$status" = 10 ] || show_output 60
like "$("$program" status first)" "stack .* on $remote_ssh" "its stack has the engine beside it"
operator_docker "${by_tls[@]}"
upgrade second
is "$status" 6 "another address of the same engine is the same target"
like "$output" 'held by the run first' "and held"
program_says rollback first
is "$status" 12 "the first run, taken back from a shell that has another engine"
[ "$status" = 12 ] || show_output

# ---- a copy by TLS alone ----

upgrade by-tls --confirm prepare/backup
is "$(run_field by-tls .gate)" switchover/fence "by TLS the copy is made and proven"
[ "$status" = 10 ] || show_output 60
program_says rollback by-tls
is "$status" 12 "and the run taken back"
[ "$status" = 12 ] || show_output
stop_remote_sshd
operator_docker "${by_ssh[@]}"
upgrade third
is "$status" 4 "an engine that can't be reached is exit status 4"
like "$output" "cannot reach Docker at $remote_ssh" "with its address"
done_testing
