#!/usr/bin/env bash
# The actions http.get and http.request against a stand-in for a platform's API, over TLS: facts, pages, waiting,
# repeating, what must not be sent twice, certificates, downloads, and that the token stays where it belongs.
# time-limit: 240
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
# shellcheck source=tests/lib/runs.sh
. tests/lib/runs.sh
# shellcheck source=tests/lib/platform.sh
. tests/lib/platform.sh
platform_up
export PLATFORM_TOKEN=$TOKEN

# steps NAME: a runbook of the steps on standard input, each with the headers and the authority that it needs
steps() {
    {
        cat <<YAML
runbook: 1
name: $1
stack: "\${target}"
vars:
  target: {default: $1}
  api: {default: "$API"}
  ca: {default: "$CA_FILE"}
  token: {secret: true, from: [env PLATFORM_TOKEN]}
  save: {default: "$work/$1.saved"}
phases:
  - id: one
    steps:
YAML
        sed 's|COMMON|headers: {Authorization: "Token ${token}"}, ca_file: "${ca}", pause: 20ms, every: 20ms|'
    } >"$work/$1.yaml"
}

fact() {
    grep -h "\"key\":\"$2\"" "$runs/$1/journal.jsonl" | tail -n 1 | jq -c .value
}

# go NAME [ARGUMENT]...: the runbook of that name as a run of that name
go() {
    run run "$work/$1.yaml" --plain --run-id "$1" "${@:2}"
}

# A failed run is taken up again: its failed step is retried once.
again() {
    go "$1"
}

# --- reading: facts, pages, the one item that answers, facts in later steps

steps reads <<'YAML'
      - {id: environment, http.get: {url: "${api}/apps/v3/environments/", COMMON, next: next, take: {env: "results[slug=live].uuid"}}}
      - id: service
        http.get: {url: "${api}/apps/v3/service-instances/", query: {environment: "${fact.env}"}, COMMON, next: next, take: {old: "results[type=DATABASE,prefix=DEFAULT].uuid", all: results}}
      - {id: show, shell: {command: "echo got ${fact.old}"}}
YAML
go reads
is "$status" 0 "facts are taken from answers"
is "$(fact reads env)" '"environments-4"' "from an item on the second page"
says "and stand in a later step's arguments" "got $(fact reads old | tr -d '"')"
is "$(fact reads all | jq length)" 3 "the items of all pages are one list"
run plan "$work/reads.yaml"
is "$status" 0 "plan really reads"
says "plan runs what only reads" "env: environments-4"

steps several <<'YAML'
      - {id: several, http.get: {url: "${api}/apps/v3/service-instances/", COMMON, next: next, take: {old: "results[type=DATABASE].uuid"}}}
YAML
go several
is "$status" 11 "several items that answer are an error"
says "which says how many" "3 items answer to [type=DATABASE]"
steps none <<'YAML'
      - {id: none, http.get: {url: "${api}/apps/v3/service-instances/", COMMON, next: next, take: {old: "results[prefix=NEW].uuid"}, remedy: look there}}
YAML
go none
is "$status" 11 "none is one too"
says "it says what was looked for" 'nothing at "results[prefix=NEW].uuid"'
says "and the runbook's remedy" "look there"

# --- faults of a runbook

steps faulty <<'YAML'
      - {id: early, shell: {command: "echo ${fact.late}"}}
      - {id: late, http.get: {url: "${api}/", take: {late: uuid, "no key": uuid}}}
      - {id: wrong, http.get: {url: "${api}/${fact.lat}"}}
      - {id: body, http.request: {url: "${api}/", body: text}}
YAML
run check "$work/faulty.yaml"
is "$status" 3 "what can't be known is found out when the runbook is loaded"
says "a fact of a later step" 'the fact "late" is not known here: it is taken by the step one/late'
says "a misspelt fact" 'no step takes the fact "lat"; did you mean "late"'
says "a key that can't be one" '"no key" can'"'"'t be the key of a fact'
says "a body that is a text" "body has to be a map or a list"
steps unknown <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/backups/", COMMON, body: {environment: e, services: [s], trigger: MANUAL}, take: {backup: uuid}}}
      - {id: look, http.get: {url: "${api}/apps/v3/backups/${fact.backup}/", COMMON}}
YAML
before=$(platform_requests '.method == "POST"')
run plan "$work/unknown.yaml"
says "plan says when a fact is known" '${fact.backup}: known when one/make has run'
is "$(platform_requests '.method == "POST"')" "$before" "and changes nothing"

# --- what is sent

steps sends <<'YAML'
      - id: send
        http.request:
          url: "${api}/apps/v3/echo/"
          query: {q: "a b&c=ä", d: "${token}"}
          headers: {Authorization: "Token ${token}"}
          ca_file: "${ca}"
          body: {text: "7", number: "7", deep: {list: [a, {yes: "no"}], flag: "true", nothing: "null"}, secret: "${token}"}
          literals: [number, deep.flag, deep.nothing]
          take: {sent: body.number, listed: "body.deep.list[1].yes", query: query.q}
YAML
go sends
is "$status" 0 "a structured body is sent"
[ "$status" = 0 ] || diag "$(cat "$work/out")"
is "$(jq -sc 'last | .body | del(.secret)' "$platform_dir/requests")" \
    '{"text":"7","number":7,"deep":{"list":["a",{"yes":"no"}],"flag":true,"nothing":null}}' "texts stay texts, literals are numbers, true and null"
is "$(jq -sr 'last | .body.secret' "$platform_dir/requests")" "$TOKEN" "a secret reaches the platform"
is "$(fact sends query)" '["a b&c=ä"]' "the query is encoded"

# --- waiting

steps waits <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/backups/", COMMON, body: {environment: e, services: [s], trigger: MANUAL}, take: {backup: uuid}}}
      - {id: wait, http.get: {url: "${api}/apps/v3/backups/${fact.backup}/", COMMON, until: ["state == COMPLETED"], take: {part: "service_instance_backups[0]"}}}
      - {id: never, http.get: {url: "${api}/apps/v3/backups/${fact.backup}/", COMMON, until: ["state == LOST"], for: 60ms}}
YAML
go waits
is "$status" 11 "a wait ends with its time"
says "the first one came to its end" "answers as it should"
says "the second says what it waited for" "doesn't say: state == LOST"
fail_next() {
    platform_control set "{\"fail\": [$1]}" >/dev/null
}
steps away <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/backups/", COMMON, body: {environment: e, services: [s], trigger: MANUAL}, take: {backup: uuid}}}
      - {id: wait, http.get: {url: "${api}/apps/v3/backups/${fact.backup}/", COMMON, attempts: "2", until: ["state == COMPLETED"], for: 20s}}
YAML
fail_next '{"method": "GET", "path": "backups/", "status": 503, "count": 5}'
go away
is "$status" 0 "a platform that is away for a while doesn't end a wait"
says "it is asked again" "asked again, as there is time left"
platform_control set '{"backup_errors": "disk full"}' >/dev/null
steps fails <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/backups/", COMMON, body: {environment: e, services: [s], trigger: MANUAL}, take: {backup: uuid}}}
      - {id: wait, http.get: {url: "${api}/apps/v3/backups/${fact.backup}/", COMMON, until: ["state == COMPLETED"], take: {part: "service_instance_backups[0]"}}}
      - {id: part, retry_from: make, http.get: {url: "${api}/apps/v3/service-instance-backups/${fact.part}/", COMMON, until: [ended_at], failed_when: [errors]}}
YAML
go fails
is "$status" 11 "a failure there is one here"
says "with the platform's reason" "it has failed there (errors): disk full"
made=$(platform_requests '.method == "POST" and .path == "/apps/v3/backups/"')
again fails
is "$status" 0 "retry begins again with the step that retry_from names"
is "$(platform_requests '.method == "POST" and .path == "/apps/v3/backups/"')" $((made + 1)) "with a new backup"

# --- repeating, and what must not be repeated

steps again <<'YAML'
      - {id: read, http.get: {url: "${api}/apps/v3/applications/", COMMON}}
YAML
fail_next '{"method": "GET", "path": "applications", "status": 503, "count": 2, "headers": {"Retry-After": 1}}'
go again
is "$status" 0 "a read is repeated"
says "after what the platform asks for" "status 503: Server trouble.; once more in 1.0 s"
steps posts <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/deployments/", COMMON, body: {environment: live}, take: {deployment: uuid}}}
YAML
posts() {
    platform_requests '.method == "POST" and .path == "/apps/v3/deployments/"'
}
fail_next '{"method": "POST", "path": "deployments", "status": 500, "count": 1, "after": true}'
made=$(posts)
go posts
is "$status" 11 "a POST whose answer got lost fails"
is "$(posts)" $((made + 1)) "it was sent once"
says "it says that the outcome isn't known" "isn't known whether the request was carried out"
again posts
is "$status" 11 "a retry asks first"
says "when it was sent" "this request was sent at 20"
is "$(posts)" $((made + 1)) "and sends nothing"
again posts
is "$status" 0 "the second retry is the operator's word"
is "$(posts)" $((made + 2)) "it is sent again"
steps refused <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/deployments/", COMMON, body: {environment: "${fact.none}"}}}
YAML
sed -i 's/"${fact.none}"/""/' "$work/refused.yaml"
made=$(posts)
go refused
says "a refusal is told in the platform's words" "status 400: environment: This field is required."
again refused
is "$(posts)" $((made + 2)) "a request that was refused can be sent again without a question"

# Killed while the answer is waited for.
platform_control set '{"hang": "deployments"}' >/dev/null
made=$(posts)
cp "$work/posts.yaml" "$work/killed.yaml"
sed -i 's/: posts$/: killed/' "$work/killed.yaml"
"$program" run "$work/killed.yaml" --plain --run-id killed </dev/null >"$work/out" 2>&1 &
client=$!
ok "the request has reached the platform" wait_until '[ "$(posts)" -gt "$made" ]'
kill -9 "$(engine_process killed)"
wait "$client" || true
platform_control set '{"hang": ""}' >/dev/null
again killed
is "$status" 11 "after kill -9 it isn't sent a second time without a word"
says "but asked" "it isn't known whether it was carried out"
is "$(posts)" $((made + 1)) "it was sent once"

steps exists <<'YAML'
      - id: add
        http.request:
          url: "${api}/apps/v3/service-instances/"
          headers: {Authorization: "Token ${token}"}
          ca_file: "${ca}"
          body: {environment: environments-4, region: eu, service: s, prefix: NEW}
          exists: "${api}/apps/v3/service-instances/"
          exists_query: {environment: environments-4}
          exists_at: "results[type=DATABASE,prefix=NEW]"
          next: next
          take: {new: uuid}
YAML
fail_next '{"method": "POST", "path": "service-instances", "status": 502, "count": 1, "after": true}'
go exists
is "$status" 11 "an answer gets lost again"
again exists
is "$status" 0 "with exists the retry finds the work done"
says "and says so" "it is there already, nothing was sent"
is "$(platform_requests '.method == "POST" and (.path | contains("service-instances"))')" 1 "it was sent once"
is "$(fact exists new | cut -c1-18)" '"service-instances' "and its fact is taken from there"

# --- errors of the platform and of the way to it

for case in 'away|isn'"'"'t followed' 'large|larger than 8 MiB' 'html|is no JSON' 'nothing|status 404: Not found'; do
    steps "trouble-${case%%|*}" <<YAML
      - {id: read, http.get: {url: "\${api}/apps/v3/${case%%|*}/", COMMON, take: {x: text}}}
YAML
    go "trouble-${case%%|*}"
    is "$status" 11 "${case%%|*}: fails"
    says "${case%%|*}: says why" "${case#*|}"
done
is "$(platform_requests '(.path | contains("echo")) and .method == "GET"')" 0 "a redirect takes the token nowhere"
platform_control set '{"next_host": "127.0.0.1:9"}' >/dev/null
go reads --run-id reads-away --set target=reads-away
platform_control set '{"next_host": ""}' >/dev/null
is "$status" 11 "a next page at another host isn't read"
says "and why" "goes on at another host"
PLATFORM_TOKEN=t0ken-nonsense go reads --run-id reads-token --set target=reads-token
is "$status" 11 "a wrong token"
says "is told with what to do" "status 401: Invalid token."
says "as the platform says it" "The token isn't accepted"

platform_certificate other
go reads --run-id reads-authority --set target=reads-authority --set "ca=$platform_dir/other.ca.pem"
is "$status" 11 "a certificate of an authority that isn't trusted is refused"
says "nothing was sent there" "certificate can't be trusted, so nothing was sent"
go reads --run-id reads-name --set target=reads-name --set "api=${API/localhost/127.0.0.1}"
is "$status" 11 "a certificate for another name is refused"
steps plain <<'YAML'
      - {id: read, http.get: {url: "http://192.0.2.1/", headers: {Authorization: "Token ${token}"}}}
YAML
go plain
says "http to another machine is refused" "is not encrypted"
steps plain-secret <<'YAML'
      - {id: read, http.get: {url: "http://192.0.2.1/", allow_http: yes, headers: {Authorization: "Token ${token}"}}}
YAML
go plain-secret
says "with a secret even where it is allowed" "a secret would be sent there"

# --- a download

steps download <<'YAML'
      - {id: make, http.request: {url: "${api}/apps/v3/backup-downloads/", COMMON, body: {backup: b, service_instance_backups: [p], trigger: PULL}, take: {download: uuid}}}
      - {id: part, http.get: {url: "${api}/apps/v3/backup-download-service-instances/", query: {backup: "${fact.download}"}, COMMON, take: {part: "results[0].uuid"}}}
      - {id: save, http.get: {url: "${api}/apps/v3/backup-download-service-instances/${fact.part}/", COMMON, until: [ended_at], download: download_url, save_to: "${save}"}}
YAML
echo mine >"$work/download.saved.part"
go download
is "$status" 0 "what stands at an answer's address is saved"
is "$(stat -c '%a %s' "$work/download.saved")" "600 69632" "whole, for this user only"
is "$(cat "$work/download.saved.part")" mine "somebody's file beside it is left alone"
is "$(find "$work" -name 'download.saved.*.part')" "" "no part of it is left"
says "its digest is on record" "$(sha256sum <"$work/download.saved" | cut -d' ' -f1)"
is "$(platform_requests '(.path | startswith("/storage")) and .authorized')" 0 "the token isn't sent along"
is "$(grep -rl s1gnature "$XDG_STATE_HOME" || true)" "" "the signed address is nowhere recorded"
echo mine >"$work/other.saved"
go download --run-id download-there --set target=there --set "save=$work/other.saved"
is "$status" 11 "a file that is there"
is "$(cat "$work/other.saved")" mine "stays as it is"
: >"$work/blocked"
go download --run-id download-blocked --set target=blocked --set "save=$work/blocked/saved"
is "$status" 11 "a first try that comes to nothing"
rm "$work/blocked"
mkdir "$work/blocked"
echo mine >"$work/blocked/saved"
go download --run-id download-blocked --set target=blocked --set "save=$work/blocked/saved"
is "$status $(cat "$work/blocked/saved")" "11 mine" "has claimed nothing: a file that somebody saves there stays as well"

# --- the token

run report reads
is "$(token_places "$work/out")" "" "the token is in no file of any run"
done_testing
