#!/usr/bin/env bash
# Every screen as text, compared with golden/*.txt; RECORD=1 writes those anew, for a person to look at.
# runs-alone
# time-limit: 180
set -euo pipefail
# shellcheck source=tests/lib/replay.sh
. "$(dirname "$0")/../lib/replay.sh"

price_events=(
    '{"seq":900,"time":1771337000000,"type":"price_started","step":"switchover/apply"}'
    '{"seq":901,"time":1771337001000,"type":"fact","step":"switchover/apply","key":"price","value":{"rows":4521,"tables":4,"list":[{"database":"shop","schema":"public","table":"orders","inserted":812,"updated":40,"deleted":3},{"database":"shop","schema":"public","table":"order_lines","inserted":2210,"updated":0,"deleted":9},{"database":"shop","schema":"public","table":"customers","inserted":31,"updated":12,"deleted":0},{"database":"shop","schema":"public","table":"audit_log","inserted":1404,"updated":0,"deleted":0}]}}'
    '{"seq":902,"time":1771337001010,"type":"price_finished","step":"switchover/apply","ok":true}'
)

for size in 80x24 160x50; do
    replay "${size%x*}" "${size#*x}" running
    golden "running-$size"
    press '?'
    golden "help-$size"
    press q Enter
    golden "step-$size"
    press Escape
    for panel in 2 3 4 5 6; do
        press $panel
        golden "panel-$panel-$size"
    done
    for journal in gate-key gate-typed gate-blocked failed down trouble complete rolling-back rollback-failed rolled-back \
        declined paused fenced gate-offer releasing let-go save-failed rolled-back-saved; do
        replay "${size%x*}" "${size#*x}" "$journal"
        golden "$journal-$size"
    done
    replay "${size%x*}" "${size#*x}" price
    press R
    golden "price-counting-$size"
    replay_event "${price_events[@]}"
    golden "price-$size"
done

replay 80 24 failed
press 3
golden different-rows-80x24
press m
golden only-different-rows-80x24
press m Down Down Enter
golden table-80x24
press Escape Down Enter
golden table-without-rows-80x24
press Escape t
golden sorted-by-size-80x24
press t
golden sorted-by-name-80x24
press 4
golden timings-80x24
replay 80 24 down
press 4
golden timings-down-80x24
press 2
golden containers-down-80x24
replay 80 24 trouble
press 2
golden containers-stale-80x24
press 6
golden log-with-control-characters-80x24

replay 80 24 gate-typed
press Escape 3
golden written-80x24
press Enter
golden table-written-80x24
replay 160 50 failed
press 3 Down Enter
golden table-160x50
press Escape z
golden different-rows-160x50
replay 160 50 gate-typed
press Escape 3 z
golden written-160x50

replay 110 30 down
golden down-110x30
replay 109 30 down
golden down-109x30
replay 40 10 gate-typed
golden gate-typed-40x10
replay 39 9 gate-typed
golden too-small-39x9

REPLAY_ENV="LC_ALL=C LANG=C" replay 120 30 trouble
golden ascii-120x30
REPLAY_ENV="LC_ALL=C LANG=C" replay 80 24 gate-typed
golden ascii-gate-80x24
REPLAY_ENV="LC_ALL=C LANG=C" replay 80 24 failed
press 3
golden ascii-different-rows-80x24
REPLAY_ENV="NO_COLOR=1" replay 80 24 failed
press 3
golden different-rows-80x24
ok "without colours a word tells what differs" screen_shows 'customers .*contents'
coloured() { screen_attributes | grep '\[[0-9;]*3[1-7]m' >/dev/null; }
not_ok "and there are none" coloured
REPLAY_ENV="LC_ALL=C LANG=C" replay 80 24 gate-typed
REPLAY_ENV="LC_ALL=C LANG=C" replay 80 24 fenced
golden ascii-fenced-80x24
ascii_only() { screen_text | LC_ALL=C awk '/[^ -~]/ { other = 1 } END { exit !NR || other }'; }
ok "without UTF-8 there is nothing but ASCII" ascii_only
done_testing
