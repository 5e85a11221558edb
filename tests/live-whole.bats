#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# pipelines/live with all of its stages, from the vendor's socket to Redis:
# ticks, silence, a request, a snapshot, an epoch.  Thresholds are short; what
# is waited for is a state, never a time.

load helpers
load standin/standin

setup() {
	local need
	for need in "$STANDIN" "$BUILD"/bin/{ws-tap,epoch-hydrate,dormancy-watch}; do
		[[ -x $need ]] && continue
		[[ ${CI-} != true ]] || fail "not built: $need" || return 1
		skip "not built: $need"
	done
	cd "$BATS_TEST_TMPDIR" || return 1
	export PATH=$ROOT/pipelines:$PATH TMPDIR=$PWD
	export MASSIVE_API_KEY=s3cr3tTESTkey
	export LIVE_TAP='--backoff 0.05:0.2 --cooldown 0.3'
	export LIVE_WATCH='--threshold 0.3 --max-backoff 1'
	redis_start
	PID=
}

teardown() {
	standin_stop
	kill_started
	redis_stop
}

# open.json, then listed.json on "board 2"
vendor() {
	standin_stop
	standin_start --key "$MASSIVE_API_KEY" --board "$ROOT/tests/boards/open.json" \
	    --board "$ROOT/tests/boards/listed.json"
	export MASSIVE_BASE_URL=$STANDIN_URL MASSIVE_WS_URL=$STANDIN_WS
}

start() {
	env --default-signal=INT,TERM live SPX >out 2>err 3>&- 4>&- &
	PID=$!
	standin_control 'wait auth 1' 'wait pairs 2'
}

# Told to stop: by the end of it every stage is gone, and every line is whole.
stop() {
	local rc=0 left
	left=$(pgrep -P "$PID") || :
	kill -TERM "$PID"
	eventually has_ended "$PID"
	wait "$PID" || rc=$?
	PID=
	assert "$rc" = "${1-0}" "$(cat err)"
	for left in $left; do
		has_ended "$left" || fail "a stage is left"
	done
	assert "$(tail -c 1 out)" = "" "the last byte is a newline"
	jq -es 'length > 0' out >/dev/null
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

active() {
	rcli HGET epoch:active SPX
}

meta() {
	rcli HGET "epoch:meta:$(active)" "$1"
}

is_after() { # EPOCH
	[[ $(active) != "$1" ]]
}

# The epoch that was made for a reason: the first of them.
id_of() {
	grep "\"outcome\":\"new\",\"reason\":\"$1\"" out | head -n 1 | jq -r .epoch_id
}

# A look at the table: SPEC's columns of this name.
shows() {
	[[ $(epoch-inspect -o "$1" SPX) == "$2" ]]
}

# The trade that a test sent.
traded() {
	[[ $(rcli HGET "epoch:$(active):contract:O:$1" last) == 1.25 ]]
}

burst() {
	standin_control "burst $*" 'wait idle'
}

has() {
	grep -q "$1" out
}

@test "first epoch, ticks, silence, a forced epoch, ticks again" {
	local first forced
	vendor
	start
	eventually has '"outcome":"new","reason":"first"'
	first=$(id_of first)
	# no tick comes: counted, forced, a new epoch of the same board
	eventually has '"outcome":"new","reason":"forced"'
	forced=$(id_of forced)
	assert "$forced" != "$first"
	assert "$(rcli HGET "epoch:meta:$forced" prev)" = "$first"
	eventually shows forced yes
	(($(epoch-inspect -o dormant SPX) >= 2))
	# the feed comes to life: the count is 0
	burst 500 2000 seed=2 pick=subscribed
	eventually shows ws yes
	eventually has '"state":"subscribed"'
	stop
}

@test "a strike is listed: its ticks ask for the snapshot, and are in the new epoch" {
	vendor
	LIVE_WATCH='--threshold 60' LIVE_HYDRATE='--unknown-limit 1' start
	eventually has '"state":"subscribed"'
	standin_control 'board 2'
	local id now listed tick='{"ev":"T","sym":"O:%s","x":302,"p":1.25,"s":3,"t":%s,"q":7}'
	listed=$(comm -13 \
	    <(jq -r '.data.options[].option' "$ROOT/tests/boards/open.json" | sort) \
	    <(jq -r '.data.options[].option' "$ROOT/tests/boards/listed.json" | sort))
	assert "$(wc -w <<<"$listed")" = 2
	# newer than the snapshot that will have them, as far as may be
	now=$(($(date +%s%3N) + 4500))
	for id in $listed; do
		# shellcheck disable=SC2059 # it is a format
		standin_control "tick $(printf "$tick" "$id" "$now")"
	done
	eventually has '"reason":"geometry"'
	assert "$(epoch-inspect -o contract_count SPX)" = \
	    "$(jq '.data.options | length' "$ROOT/tests/boards/listed.json")"
	for id in $listed; do
		eventually traded "$id"
	done
	stop
}

@test "the vendor fails in silence: the epoch stays, fully dirty, and the table says so" {
	vendor
	start
	eventually has '"reason":"first"'
	local id
	standin_control 'fault on all always status 500'
	eventually has '"reason":"aborted"'
	# the last one before: silence may have forced some until then
	id=$(sed '/"reason":"aborted"/q' out |
	    jq -r 'select(.outcome == "new").epoch_id' | tail -n 1)
	assert "$(active)" = "$id"
	assert "$(epoch-inspect -o forced SPX)" = yes
	assert "$(meta forced_dirty)" = 1
	assert "$(rcli SISMEMBER epoch:dirty "$id")" = 1
	# it is well again: a new epoch
	standin_control 'fault off'
	eventually is_after "$id"
	assert "$(meta reason)" = forced
	stop 69
}

@test "the socket is cut: a gap is closed by a snapshot of the same epoch" {
	vendor
	LIVE_WATCH='--threshold 60' start
	eventually has '"reason":"first"'
	# before that there is nothing that a cut could lose
	eventually has '"state":"subscribed"'
	standin_control abort 'wait auth 1' 'wait opened 2'
	eventually has '"state":"lost"'
	eventually has '"outcome":"same"'
	assert "$(epoch-inspect -o forced SPX)" = no
	stop
}

@test "stopped in the middle of a burst: in order, all of it whole, every time" {
	local i
	vendor
	for ((i = 0; i < 5; i++)); do
		start
		eventually has '"state":"subscribed"'
		# what is on its way when it is told to stop has 0.7 s
		standin_control 'burst 100000 5000 seed=3 pick=subscribed'
		sleep "0.0$((i * 9 + 1))"
		stop
		standin_control stop
	done
}

@test "the key is not the vendor's any more: 77, which is not tried again" {
	vendor
	start
	eventually has '"reason":"first"'
	stop
	MASSIVE_API_KEY=another-key run_tool 77 live SPX
	assert "$(tail -n 1 <<<"$stderr")" = \
	    'live: ws-tap: FAILED: ended with 77 (exit 77)'
	run ! grep -F another-key <<<"$output$stderr"
}

@test "Redis restarts, and forgets: the pipeline stays, and begins anew" {
	vendor
	start
	eventually has '"reason":"first"'
	redis_stop KILL
	redis_start
	eventually eval '[[ $(grep -c "\"reason\":\"first\"" out) == 2 ]]'
	burst 300 2000 seed=4 pick=subscribed
	eventually shows ws yes
	stop
}
