#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# What takes minutes of ws-tap: many reconnects, and a slow reader for long.

BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-$((3 * ${SOAK_SECONDS:-60} + 900))}
load ../helpers
load ../standin/standin

BOARD=$ROOT/tests/boards/open.json
RECONNECTS=${SOAK_RECONNECTS:-500}
SECONDS_LONG=${SOAK_SECONDS:-60}

setup_file() {
	redis_start
	chain-fetch --from "$BOARD" SPX 2>/dev/null | geom-hash |
	    epoch-promote >/dev/null
}

teardown_file() {
	redis_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	# of the board: its contracts expire
	export MASSIVE_API_KEY=soak-TEST-key EPOCH_NOW_MS=1794495777000
	standin_start --board "$BOARD" --ttl $((3 * SECONDS_LONG + 900))
	mkfifo ready
	exec 8<>ready
}

teardown() {
	[[ -z ${tap_pid-} ]] || kill -KILL "$tap_pid" 2>/dev/null || :
	standin_stop
}

# tap FILE: its stdout to FILE, until it is ready.
tap() {
	local dummy
	ws-tap --url "$STANDIN_WS" --backoff 0.001:0.01 --ready-fd 8 SPX \
	    >"$1" 2>err 3>&- 4>&- 6>&- &
	tap_pid=$!
	read -r -t 20 -u 8 dummy
}

resident() {
	awk '/VmRSS/ {print $2}' "/proc/$tap_pid/status"
}

descriptors() {
	local all=("/proc/$tap_pid/fd/"*)
	echo "${#all[@]}"
}

has_descriptors() {
	[[ $(descriptors) == "$1" ]]
}

has_gaps() {
	[[ $(grep -c '^{"type":"gap"' out) -ge $1 ]]
}

has_received() {
	tail -n 1 out | grep -q "\"received\":$1,"
}

@test "P15: reconnects: descriptors and memory stay as they are" {
	local n fds before=0
	tap out
	fds=$(descriptors)
	for ((n = 1; n <= RECONNECTS; n++)); do
		standin_control 'burst 20 0 kinds=T:1 pick=subscribed' abort \
		    "wait opened $((n + 1))" 'wait pairs 407'
		((n != 50)) || before=$(resident)
	done
	eventually has_descriptors "$fds"
	eventually has_gaps "$RECONNECTS"
	echo "# $RECONNECTS reconnects, $fds descriptors," \
	    "$before kB after 50, $(resident) kB at the end" >&3
	(($(resident) < before + 1024))
	kill "$tap_pid"
	wait "$tap_pid"
}

@test "a reader slower than the feed: memory has a bound, the account closes" {
	local rate=20000
	mkfifo pipe
	exec 6<>pipe
	tap pipe
	exec 5<pipe
	perl -e 'while (sysread(STDIN, $b, 65536)) { syswrite(STDOUT, $b);
	    select(undef, undef, undef, 0.05) }' <&5 >out 6>&- 8>&- &
	local reader=$!
	exec 5<&- 6>&-
	standin_control "burst $((rate * SECONDS_LONG)) $rate \
	    kinds=T:1,Q:9 pick=subscribed"
	local i
	for ((i = 0; i < SECONDS_LONG; i++)); do
		sleep 1
		(($(resident) < 65536))
	done
	standin_control 'wait idle'
	eventually has_received $((rate * SECONDS_LONG))
	echo "# $((rate * SECONDS_LONG)) events, $(resident) kB" >&3
	kill "$tap_pid"
	wait "$tap_pid"
	wait "$reader"
	tap_pid=
	assert "$(jq -nc 'reduce inputs as $r ({n: 0, ok: true};
	    if $r.type == "tick" then .n += 1
	    elif $r.type == "heartbeat" then .all = $r.received |
		.ok = (.ok and $r.written == .n and $r.received ==
		    $r.written + $r.conflated + $r.filtered + $r.unsupported +
		    $r.bad + $r.dropped)
	    else . end) | [.ok, .all]' out)" = \
	    "[true,$((rate * SECONDS_LONG))]"
}
