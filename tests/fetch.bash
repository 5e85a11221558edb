# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# fetch: chain-fetch against the stand-in vendor; loaded instead of helpers.
# A file that loads it has a board of some pages, and the commands massive and
# cboe, which ask the vendor at $VENDOR.
#
#	vendor SCRIPT [OPTION...]	a new one with these faults
#	requests			how many it was asked
#	assert_abort CODE EXIT [TEXT]	what the run before wrote
#	assert_fails SCRIPT CODE EXIT [TEXT]	… under these faults, by WALKS
#					walks (1), FAST times faster, by DEADLINE
#	clean				the snapshot without faults, in file clean
#	assert_same SCRIPT [OPTION...]	… is that under these faults, too
#	assert_board WHAT		… and the run before wrote its contracts
#	fast N run_tool...		N times faster waits (shim/clock.c); not
#					for what starts a vendor
#	promoted			a Redis in which that of clean is active
#	assert_untouched RC [OPTION...]	… and stays so under a fetch that ends
#					the pipe with RC

load helpers
load standin/standin

KEY=s3cr3tTESTkey

# Both are called by setup_file and setup, also by those of a file that has its
# own.
fetch_file() {
	export EPOCH_NOW_MS=1794511000000
	# open.json's contracts at more strikes: some pages of 250
	jq -c '.data.options |= ([.[], (.[] | .option |=
	    (capture("^(?<a>.*[CP])(?<k>[0-9]{8})$") |
	     .a + ("0000000" + (.k | tonumber + 2500 | tostring))[-8:])),
	    (.[] | .option |= (capture("^(?<a>.*[CP])(?<k>[0-9]{8})$") |
	     .a + ("0000000" + (.k | tonumber + 1250 | tostring))[-8:]))] |
	    unique_by(.option))' "$ROOT/tests/boards/open.json" \
	    >"$BATS_FILE_TMPDIR/board.json"
	printf '%s\n' "#!/bin/sh" \
	    'exec chain-fetch --source massive --base-url "$VENDOR" "$@"' \
	    >"$BATS_FILE_TMPDIR/massive"
	printf '%s\n' "#!/bin/sh" 'exec chain-fetch --source cboe --base-url \
	    "$VENDOR/api/global/delayed_quotes/options" "$@"' \
	    >"$BATS_FILE_TMPDIR/cboe"
	chmod +x "$BATS_FILE_TMPDIR/massive" "$BATS_FILE_TMPDIR/cboe"
	export PATH=$BATS_FILE_TMPDIR:$PATH
}

fetch_test() {
	if [[ ! -x $STANDIN ]]; then
		[[ ${CI-} != true ]] || fail "no stand-in built" || return 1
		skip "no stand-in built (make built)"
	fi
	cd "$BATS_TEST_TMPDIR" || return 1
	BOARD=$BATS_FILE_TMPDIR/board.json
	export MASSIVE_API_KEY=$KEY
}

setup_file() {
	fetch_file
}

setup() {
	fetch_test
}

teardown() {
	standin_stop
	standin_stop OTHER
	kill_started
}

vendor() {
	local script=$1
	shift
	standin_stop
	standin_start -s "$script" --board "$BOARD" --key "$KEY" "$@"
	export VENDOR=$STANDIN_URL
}

requests() {
	wc -l <"$STANDIN_LOG"
}

# The only record, a chain_abort with that error and exit, and a text in it.
assert_abort() {
	assert "$(wc -l <<<"$output")" = 1 "one record" || return 1
	assert "$(jq -r '"\(.type) \(.symbol) \(.error) \(.exit)"' <<<"$output")" = \
	    "chain_abort SPX $1 $2" || return 1
	[[ -z ${3-} ]] || assert "$(jq -r .detail <<<"$output")" has "$3" || return 1
	assert "$stderr" has "(exit $2)"
}

assert_fails() {
	local script=$1
	shift
	vendor "$script" || return 1
	${FAST:+fast "$FAST"} run_tool "$2" massive --parallel "${WALKS:-1}" \
	    ${DEADLINE:+--deadline "$DEADLINE"} SPX || return 1
	assert_abort "$@"
}

clean() {
	vendor '' || return 1
	run_tool massive --parallel 1 SPX || return 1
	printf '%s\n' "$output" >clean
	assert "$(tail -n 1 clean | jq '.contracts > 1000 and .pages > 4')" = true
}

assert_same() {
	local script=$1
	shift
	vendor "$script" || return 1
	WARN=${WARN-} run_tool massive --parallel 1 "$@" SPX || return 1
	assert "$output" = "$(cat clean)" "$script"
}

# How many pages it took is not the board's.
assert_board() {
	local of
	for of in contract chain_begin; do
		assert "$(records $of <<<"$output")" = "$(records $of <clean)" "$1" || return 1
	done
	assert "$(tail -n 1 <<<"$output" | jq -c 'del(.pages)')" = \
	    "$(tail -n 1 clean | jq -c 'del(.pages)')" "$1"
}

fast() {
	FAULT_WAIT_SCALE=$1 LD_PRELOAD=$BUILD/shim/clock.so "${@:2}"
}

promoted() {
	redis_start || return 1
	geom-hash <clean | epoch-promote >decisions || return 1
	assert "$(rcli HLEN epoch:active)" = 1 || return 1
	state_dump >before
}

# A minute later, so that a snapshot would be taken.
assert_untouched() {
	local want=$1
	shift
	EPOCH_NOW_MS=$((EPOCH_NOW_MS + 60000)) run sh -c \
	    'massive "$@" SPX 2>err.1 | geom-hash 2>err.2 |
	    epoch-promote 2>err.3' sh "$@"
	assert "$status" = "$want" "status of $*" || return 1
	assert "$(jq -r '"\(.outcome) \(.reason) \(.epoch_id)"' <<<"$output")" = \
	    "rejected aborted $(jq -r .epoch_id decisions)" || return 1
	assert "$(state_dump)" = "$(cat before)" "Redis"
}
