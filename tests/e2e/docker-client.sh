#!/usr/bin/env bash
# The Docker client against the real engine: a container to look at, and build/tests/e2e/docker-client.
# time-limit: 180
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PREFIX=pgrunbook-client-$$ BOX=pgrunbook-client-$$-box
trap 'docker rm -f "$BOX" "$PREFIX-made" >/dev/null 2>&1; docker volume rm "$PREFIX-volume" >/dev/null 2>&1 || true' EXIT
docker run -d --name "$BOX" redis:7-alpine >/dev/null
build/tests/e2e/docker-client
