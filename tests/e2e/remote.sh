#!/usr/bin/env bash
# An engine on another host, by TCP with TLS, by ssh and by a context: found, refused, and upgraded on.
# time-limit: 600
set -euo pipefail
# shellcheck source=tests/lib/e2e.sh
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/program.sh
. "$lib_dir/program.sh"
# shellcheck source=tests/lib/second-engine.sh
. "$lib_dir/second-engine.sh"
# shellcheck source=tests/lib/remote-engine.sh
. "$lib_dir/remote-engine.sh"

fetch_sshd || true
second_engine "$@"
remote_engine_prepare
second_engine_images=(pgvector/pgvector:pg15 pgvector/pgvector:pg17)
second_engine_up distribution
operator_program
remote_sshd_up || bail_out no sshd
operator_docker DOCKER_HOST=tcp://$remote_host:2376 DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$operator_home/tls
docker run -d --name box -e POSTGRES_PASSWORD=x -p 127.0.0.1:5432:5432 pgvector/pgvector:pg15 >/dev/null
program_says init; diag "$output"
operator_docker DOCKER_HOST=ssh://root@$remote_host:2022
program_says init; diag "$status $output"
operator_knows_host
time program_says init; diag "$status $output"
if [ -n "${PAUSE:-}" ]; then echo $operator_pid $test_dir; sleep 1000; fi
done_testing
