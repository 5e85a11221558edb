#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The account from the vendor's socket to Redis, with the real tools:
#
#	stand-in -> ws-tap | tee out | epoch-hydrate -> Redis
#
# after each thing that can happen to one of them.  What the stand-in says
# that it sent is what the tap received, but across a cut, and there a gap
# covers it; what the tap wrote are the ticks in between and what the hydrator
# read; both accounts close in every record; and the values in Redis are those
# that another program works out of what was sent.

load helpers
load standin/standin
load hydrate
load tap

# All kinds, some twice, late, out of order, of nobody's contracts and roots.
MARKET='kinds=Q:6,T:3,A:1 pick=subscribed duplicate=3 reorder=20 late=3:2000'
MARKET+=' unknown=3 foreign=2'

setup_file() {
	redis_start
	chain-fetch --from "$BOARD" SPX 2>/dev/null |
	    geom-hash >"$BATS_FILE_TMPDIR/board"
}

teardown_file() {
	redis_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MASSIVE_API_KEY=$KEY
	tap_pid='' tee_pid='' pid=''
	find_redis || redis_start
	rcli FLUSHALL >/dev/null
	epoch-promote <"$BATS_FILE_TMPDIR/board" >/dev/null
}

teardown() {
	[[ -z ${REDIS_PID-} ]] || kill -CONT "$REDIS_PID" 2>/dev/null || :
	standin_stop
	kill_started
	[[ $BATS_TEST_DESCRIPTION != own:* ]] || redis_stop
	rm -f "$BATS_FILE_TMPDIR"/redis/dump.rdb
	rm -rf "$BATS_FILE_TMPDIR"/redis/appendonlydir
}

# flow [OPTION...]: all of it, with options for the hydrator.
flow() {
	vendor
	mkfifo tapped told
	epoch-hydrate "$@" <told >hydrated 2>hydrate-err 3>&- 4>&- &
	pid=$!
	tee out <tapped >told 3>&- 4>&- &
	tee_pid=$!
	ready_tap -o tapped --channels T,Q,A --redis-timeout 2 SPX
}

# A burst, to its last byte on the socket.
burst() { # COUNT SEED
	standin_control "burst $1 0 seed=$2 $MARKET" 'wait idle'
}

last_beat() { # NAME
	tail -n 2000 out | records heartbeat | tail -n 1 | jq ".$1"
}

is_through() {
	[[ $(last_beat received) == "$1" ]] || return 1
	sum_of hydrated
	[[ $sum_read == "$(last_beat written)" ]]
}

# All that was sent went the whole way, and is accounted for.
settles() {
	eventually is_through "$(standin_status .sent)"
}

# Every one of them ends well, and nothing is left on the way.
flow_ends() {
	local rc=0
	tap_ends
	wait "$tee_pid"
	wait "$pid" || rc=$?
	assert $rc = 0 "epoch-hydrate: $(cat hydrate-err)"
	tee_pid='' pid=''
}

# Both accounts, and what joins them.  Leaves $account and sum_….
accounted() { # RECEIVED
	account_closes
	sum_of hydrated
	assert "$(jq -r '.[0]' <<<"$account")" = "$1" "received"
	assert "$(jq -r '.[1]' <<<"$account")" = "$(count tick)" "written"
	assert "$sum_read" = "$(count tick)" "read"
	assert "$(jq -r '.[6]' <<<"$account") $sum_dropped" = "0 0" "dropped"
	sound "$BATS_TEST_DESCRIPTION"
}

# The same, where no connection was cut; and the values are the newest sent.
all_accounted() {
	local sent
	sent=$(wc -l <sent)
	assert "$(standin_status .sent)" = "$sent" "what the stand-in says"
	accounted "$sent"
	assert "$(count gap)" = 0
	"$TICKS" events <sent >wanted
	as_expected wanted "$BATS_FILE_TMPDIR/board"
	# what the market had, so that nothing of this is true of nothing
	assert "$(jq '.[3] > 0' <<<"$account")" = true "filtered"
	((sum_unknown > 0 && sum_applied > 0)) || fail "nothing happened"
}

tap_says() { # PATTERN: in its counters
	kill -USR1 "$tap_pid"
	err_has "COUNTS.* $1 "
}

hydrator_says() {
	kill -USR1 "$pid"
	grep -q "COUNTS.* $1 " hydrate-err
}

@test "nothing happens to anybody: all of it, nothing conflated by the tap" {
	local i
	flow
	# No more at once than the tap keeps, should nobody else get to run.
	for i in 1 2 3 4; do
		burst 2000 $i
		settles
	done
	flow_ends
	all_accounted
	assert "$(jq '.[2]' <<<"$account")" = 0
	((sum_late > 0 && sum_duplicate > 0)) || fail "neither late nor twice"
}

@test "P6: a slow consumer: the hydrator stands still until the tap conflates" {
	flow
	burst 1000 1
	settles
	kill -STOP "$pid"
	burst 120000 2
	eventually tap_says 'conflated [1-9][0-9]*'
	kill -CONT "$pid"
	burst 1000 3
	settles
	flow_ends
	all_accounted
	assert "$(jq '.[2] > 0' <<<"$account")" = true
}

@test "the hydrator stands still again and again, for less than conflates" {
	local i
	flow
	for i in 1 2 3 4 5; do
		kill -STOP "$pid"
		burst 2000 $i
		kill -CONT "$pid"
		settles
	done
	flow_ends
	all_accounted
	assert "$(jq '.[2]' <<<"$account")" = 0
}

@test "R2: Redis stands still, until the hydrator conflates and gives it up" {
	flow --redis-timeout 2
	burst 1000 1
	settles
	kill -STOP "$REDIS_PID"
	burst 40000 2
	eventually grep -q REDIS_TIMEOUT hydrate-err
	eventually hydrator_says 'conflated [1-9][0-9]*'
	kill -CONT "$REDIS_PID"
	eventually grep -q REDIS_BACK hydrate-err
	burst 1000 3
	settles
	flow_ends
	all_accounted
	((sum_conflated > 0)) || fail "nothing waited"
}

@test "own: R9: Redis killed, and back from its dump" {
	flow --redis-timeout 2
	burst 5000 1
	settles
	rcli SAVE >/dev/null
	redis_stop KILL
	burst 20000 2
	eventually grep -q 'ticks wait' hydrate-err
	redis_start
	eventually grep -q REDIS_BACK hydrate-err
	burst 1000 3
	settles
	flow_ends
	all_accounted
}

@test "own: R9: Redis killed in a burst, three times, and back from its journal" {
	local i
	redis_stop
	redis_start --appendonly yes --appendfsync always
	epoch-promote <"$BATS_FILE_TMPDIR/board" >/dev/null
	flow --redis-timeout 2
	for i in 1 2 3; do
		standin_control "burst 12000 20000 seed=$i $MARKET"
		sum_of hydrated
		eventually applied_more_than "$sum_applied"
		redis_stop KILL
		redis_start --appendonly yes --appendfsync always
		standin_control 'wait idle'
		settles
	done
	# the batch that is lost with it has the newest ticks of some
	kill -STOP "$REDIS_PID"
	burst 200 4
	eventually grep -q REDIS_TIMEOUT hydrate-err
	redis_stop KILL
	redis_start --appendonly yes --appendfsync always
	settles
	flow_ends
	all_accounted
	((sum_duplicate > 0)) || fail "none came twice"
}

applied_more_than() {
	local before=$1
	sum_of hydrated
	((sum_applied > before))
}

@test "W6: 20 cuts in bursts: what is missing is missing across cuts, a gap each" {
	local n sent counts market=${MARKET/foreign=2/}
	flow
	for ((n = 1; n <= 20; n++)); do
		sent=$(standin_status .sent)
		# the second half of what was sent by then is lost for sure
		standin_control "burst 2000 0 seed=$n $market frame=700" \
		    "wait sent $((sent + 300))" 'stall write' \
		    "wait sent $((sent + 600))" abort
		eventually has_count gap $n
		standin_control 'wait idle'
	done
	standin_control "burst 1000 0 seed=21 $market" 'wait idle'
	eventually last_came
	flow_ends
	"$TICKS" events <sent >wanted
	counts=$(standin_status '[.connections[] | .events + .queued_events + .lost] | @sh')
	# shellcheck disable=SC2086 # numbers
	run_tool "$TICKS" cuts wanted out $counts
	assert "$output" =~ '^gaps 20 lost [1-9]'
	accounted "$(($(wc -l <sent) - ${output##* }))"
	as_expected out "$BATS_FILE_TMPDIR/board"
}

# The last event that was sent is a tick, and Redis has heard of it.
last_came() {
	local last
	last=$(tail -n 1 sent | "$TICKS" events | sed 's/"recv_ts":[0-9]*/"recv_ts":[0-9]*/')
	tail -n 100 out | grep -q "^$last" || return 1
	sum_of hydrated
	[[ $sum_read == "$(count tick)" ]]
}
