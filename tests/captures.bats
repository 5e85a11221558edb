#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-replay of captures: what chain-fetch --raw and ws-tap --raw kept of a
# live run gives the values of that run, whatever the order of files and on any
# day; of what is not good nothing is done.

load helpers
load standin/standin
load hydrate
load tap
load tape

# Late, twice, out of order, and of contracts that no board has.
MARKET='kinds=Q:6,T:3,A:1 pick=subscribed duplicate=3 reorder=20 late=3:2000'
MARKET+=' unknown=3'

snapshot() { # SYMBOL SOURCE [OPTION...]
	local url=$STANDIN_URL
	[[ $2 != cboe ]] || url+=/api/global/delayed_quotes/options
	chain-fetch -q --raw --source "$2" --base-url "$url" "${@:3}" "$1" |
		tee -a chains | geom-hash -q | epoch-promote >>decided
}

# All that the vendor sent, but of roots that nobody asked for, was read.
is_in_redis() {
	sum_of hydrated
	((sum_read + foreign == $(wc -l <sent)))
}

burst() { # SEED [MORE...]
	standin_control "burst 2500 0 seed=$1 symbol=SPX $MARKET ${*:2}" 'wait idle'
	foreign=$((foreign + $(standin_status .burst.foreign)))
	eventually is_in_redis
}

# Ticks of what is listed later: held until then.
unlisted() {
	local id now
	now=$(($(date +%s%3N) + 1000))
	for id in $(comm -13 <(jq -r '.data.options[].option' "$BOARD" | sort) \
	    <(jq -r '.data.options[].option' "${BOARD%/*}/listed.json" | sort)); do
		standin_control "tick {\"ev\":\"T\",\"sym\":\"O:$id\",\"x\":302,\"p\":1.25,\"s\":3,\"t\":$now,\"q\":7}"
	done
	eventually is_in_redis
}

# One live run for the file: two symbols, two vendors, a promotion and a refresh
# in the middle of ticks, a snapshot that fails.
setup_file() {
	local rc=0 foreign=0
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	export DIR=$BATS_FILE_TMPDIR MASSIVE_API_KEY=$KEY EPOCH_PREFIX=live:
	sed 's/SPXW/NDXP/g; s/SPX/NDX/g' "$BOARD" >ndx.json
	vendor --board "${BOARD%/*}/listed.json" --board ndx.json
	: >sent
	snapshot SPX massive
	mkfifo tapped told
	epoch-hydrate --unknown-limit 0 <told >hydrated 2>hydrate-err 3>&- 4>&- &
	hydrating=$!
	ws-tap -q --from - SPX <tapped >told 2>from-err 3>&- 4>&- &
	tapped=$!
	mkfifo frames-in
	tee frames <frames-in >tapped 3>&- 4>&- &
	ready_tap -o frames-in --raw --channels T,Q,A SPX
	burst 1
	date +%s%3N >moment
	digest live: --values SPX | sed 's/live://' >live.then
	sleep 0.02 # what comes is of later
	unlisted
	snapshot NDX cboe
	standin_control 'board 2'
	snapshot SPX massive
	burst 2
	standin_control 'fault on page 2 once status 404'
	snapshot SPX massive --parallel 1 || rc=$?
	[[ $rc != 0 ]] || fail "that snapshot was to fail"
	snapshot SPX massive
	burst 3 foreign=2
	tap_ends
	wait "$tapped"
	wait "$hydrating"
	tapped='' hydrating=''
	digest live: --values SPX NDX >live
	rcli HGETALL live:epoch:active >ids
	standin_stop
	# what this is about
	assert "$(records epoch decided | jq -r .outcome | tr '\n' ' ')" = \
	    "new new new rejected same " "decisions"
	sum_of hydrated
	((sum_applied > 500 && sum_conflated + sum_late + sum_duplicate > 100)) ||
		fail "too little happened"
	assert "$(count chain_abort chains)" = 1
	unset EPOCH_PREFIX MASSIVE_API_KEY
}

teardown_file() {
	local pid
	for pid in ${tap_pid-} ${tapped-} ${hydrating-}; do
		kill -KILL "$pid" 2>/dev/null || :
	done
	standin_stop || :
	find_redis && redis_stop
	return 0
}

setup() {
	find_redis || redis_start
	cd "$BATS_TEST_TMPDIR" || return 1
	export EPOCH_PREFIX=r: TMPDIR=$PWD/tmp
	mkdir tmp
	forget
}

teardown() {
	kill_started
}

forget() {
	rcli --scan --pattern "r:*" | xargs -r redis-cli -s "$REDIS_SOCK" DEL >/dev/null
}

# Replayed: the values of the live run, and nothing left behind.
is_live() { # WHAT
	digest r: --values SPX NDX | cmp - "$DIR/live" || fail "other values: $1"
	assert "$(rcli HGETALL r:epoch:active)" = "$(cat "$DIR/ids")" "ids: $1"
	assert "$(ls tmp)" = "" "temporary files"
	run_tool epoch-inspect --check
	forget
}

# Refused with that code and place, at the check too, and Redis not touched.
refused() { # STATUS CODE PLACE FILE...
	local status=$1 want=$2 place=$3 how
	shift 3
	for how in '' --check; do
		# shellcheck disable=SC2086
		run_tool "$status" epoch-replay $how "$@"
		assert "$stderr" has "epoch-replay: $place: $want: " "$how"
		assert "$(wc -l <<<"$stderr")" = 1 "lines of stderr: $stderr"
		[[ -n $how ]] || assert "$(jq -s 'map(.acts + (.read // 0)) |
		    add // 0' <<<"$output")" = 0 "what was done"
	done
	assert "$(keys_of r:)" = 0 "keys after refused captures"
}

line_of() { # PATTERN FILE
	grep -n "$1" "$2" | head -n 1 | cut -d : -f 1
}

field() { # SYMBOL FILTER
	jq -c "select(.symbol == \"$1\") | $2" <<<"$output"
}

@test "captures of a live run give its values, in any order of files, twice" {
	local order
	for order in "chains frames" "frames chains" "frames chains"; do
		# shellcheck disable=SC2086
		(cd "$DIR" && run_tool epoch-replay $order && cat <<<"$output") >out
		is_live "$order"
	done
	cp out first
	output=$(cat out)
	assert "$(field SPX '[.acts, .epochs, .same, .rejected, .aborted]')" = \
	    "[3,2,1,0,1]" || jq . out
	assert "$(field NDX '[.acts, .epochs]')" = "[1,1]"
	# each account closes, and is of all ticks
	assert "$(jq -s 'map(select(.read != null) | .read - (.applied + .conflated +
	    .late + .duplicate + .unknown + .future)) | map(select(. != 0)) | length' out)" = 0
	assert "$(jq -s 'map(.read // 0) | add' out)" = "$(wc -l <"$DIR/sent")" "ticks read"
}

@test "from stdin, compressed, or cut into files that are named anyhow" {
	cat "$DIR/chains" "$DIR/frames" | run_tool epoch-replay
	is_live stdin
	zstd -q "$DIR/chains" -o chains.zst
	zstd -q "$DIR/frames" -o frames.zst
	run_tool epoch-replay frames.zst chains.zst
	is_live zstd
	# between any lines: in the middle of snapshots, too
	split -l 7 "$DIR/chains" c.
	split -l 3 "$DIR/frames" f.
	(($(ls c.* | wc -l) > 5 && $(ls f.* | wc -l) > 3)) || fail "few files"
	# shellcheck disable=SC2012
	ls c.* f.* | shuf --random-source="$DIR/frames" | xargs epoch-replay >out
	is_live split
}

@test "more files than may be open: plain, compressed, both; the values are the live ones" {
	local f
	split -a 3 -l 1 "$DIR/chains" c.
	split -a 3 -n l/70 "$DIR/frames" f.
	(($(ls c.* f.* | wc -l) > 100)) || fail "few files"
	for f in [cf].*; do
		zstd -q "$f" -o "z$f"
	done
	for f in '[cf]' 'z[cf]' '*[cf]'; do
		[[ $f != '*[cf]' ]] || rm ?.*[aceg] z?.*[!aceg]
		# shellcheck disable=SC2046
		(ulimit -n 64 && epoch-replay $(find . -name "$f.*") >out 2>err) ||
			fail "$f: $(cat err)"
		is_live "$f"
	done
}

@test "ticks, and bare messages, as somebody else may have kept them" {
	ws-tap -q --from "$DIR/frames" | records tick >ticks
	run_tool epoch-replay ticks "$DIR/chains"
	is_live ticks
	# no time of receipt: the newest time of an event is taken for it
	jq -r 'select(.type == "ws_frame").frame' "$DIR/frames" >bare
	assert "$(head -c 1 bare)" = "["
	run_tool epoch-replay "$DIR/chains" bare
	is_live bare
	# keys in another order, an empty line before all
	jq -cS . "$DIR/frames" >sorted
	{ echo && cat "$DIR/chains"; } >blank
	run_tool epoch-replay blank sorted
	is_live "as others write"
}

@test "a snapshot, and messages that came between its pages, in one file" {
	local first last
	first=$(line_of '"type":"chain_page"' "$DIR/chains")
	last=$(line_of '"last":' "$DIR/chains")
	assert $((last > first)) = 1 "one page only"
	{
		sed -n "${first}p" "$DIR/chains"
		cat "$DIR/frames"
		sed -n "$((first + 1)),${last}p" "$DIR/chains"
	} >both
	sed "1,${last}d" "$DIR/chains" >rest
	run_tool epoch-replay both rest
	is_live "in one file"
}

@test "a message in parts, in two files" {
	# one long message of many ticks, as --raw writes it
	jq -Rsc 'rtrimstr("\n") | split("\n") | "[" + join(",") + "]"' \
	    "$DIR/sent" >message
	jq -c --argjson n 131072 '. as $m | [range(0; $m | length; $n)] |
	    length as $parts | to_entries[] | {type: "ws_frame",
	    ts: '"$(head -c 60 "$DIR/frames" | grep -o '[0-9]\{13\}' | head -n 1)"',
	    conn: 1, part: (.key + 1), more: (.key + 1 < $parts),
	    frame: $m[.value:.value + $n]} | if .more then . else del(.more) end' \
	    message >parts
	(($(wc -l <parts) > 3)) || fail "one part only"
	head -n 2 parts >z
	tail -n +3 parts >a
	run_tool epoch-replay --check parts "$DIR/chains"
	want=$output
	run_tool epoch-replay --check a "$DIR/chains" z
	assert "$output" = "$want"
	assert "$(jq -s 'map(.read // 0) | add' <<<"$want")" = "$(wc -l <"$DIR/sent")"
	refused 65 BAD_RECORD a a "$DIR/chains"
}

@test "on any day: the clock of an act is the time of receipt" {
	local now
	for now in 1000000000000 4000000000000; do
		EPOCH_NOW_MS=$now run_tool epoch-replay "$DIR/chains" "$DIR/frames"
		is_live "$now"
	done
}

# A document of CBOE as --raw archives it, received at that time.
page() { # FILE TS
	jq -Rsc --argjson ts "$2" --argjson n 131072 '. as $b |
	    [range(0; $b | length; $n)] | length as $parts | to_entries[] |
	    {type: "chain_page", ts: $ts, symbol: "SPX", source: "cboe",
	    reason: "scheduled", run: "\($ts)", page: 1, url: "x",
	    part: (.key + 1), parts: $parts, last: (.key + 1 == $parts),
	    body: $b[.value:.value + $n]} | if .last then . else del(.last) end' "$1"
}

@test "a contract that leaves and comes back: the order of receipt decides" {
	local id i from t=1794529000000 ts want boards=${BOARD%/*}
	id=$(comm -13 <(jq -r '.data.options[].option' "$BOARD" | sort) \
	    <(jq -r '.data.options[].option' "$boards/listed.json" | sort) | head -n 1)
	# listed, not listed, listed again: a minute apart
	for i in 1 2 3; do
		from=listed
		[[ $i != 2 ]] || from=open
		sed "s/\"timestamp\": *\"[^\"]*\"/\"timestamp\":\"2026-11-13 00:0$i:00\"/" \
		    "$boards/$from.json" >doc
		page doc $((t + i * 60000))
	done >archive
	# the tick of it is received before it leaves: gone with the epoch; or
	# after: held until it is back
	for ts in $((t + 90000)) $((t + 150000)); do
		printf '{"type":"ws_frame","ts":%s,"conn":1,"frame":"[{\\"ev\\":\\"T\\",\\"sym\\":\\"O:%s\\",\\"x\\":302,\\"p\\":1.25,\\"s\\":3,\\"t\\":%s,\\"q\\":7}]"}\n' \
		    "$ts" "$id" "$ts" >frame
		run_tool epoch-replay frame archive
		want=
		((ts < t + 120000)) || want=1.25
		assert "$(rcli HGET "r:epoch:$(rcli HGET r:epoch:active SPX):contract:O:$id" last)" \
		    = "$want" "received at $ts"
		assert "$(field SPX .epochs)" = 3
		forget
	done
}

@test "with the journal on it leaves a tape, which gives the same state" {
	journal_on
	run_tool epoch-replay "$DIR/chains" "$DIR/frames"
	epoch-record --once SPX NDX >tape
	digest r: SPX NDX >state
	forget
	run_tool epoch-replay tape
	digest r: SPX NDX | cmp - state
	is_live "by way of a tape"
}

@test "--until a time: the values of then; after it nothing matters" {
	local moment files
	moment=$(cat "$DIR/moment")
	run_tool epoch-replay --until "$moment" "$DIR/chains" "$DIR/frames"
	digest r: --values SPX | cmp - "$DIR/live.then"
	assert "$(field SPX .acts)" = 1
	assert "$(rcli HEXISTS r:epoch:active NDX)" = 0
	forget
	# damage behind it, and a file that is all after it
	{ ws-tap -q --from "$DIR/frames" | records tick && echo '{'; } >ticks
	run_tool epoch-replay --until "$moment" "$DIR/chains" ticks
	digest r: --values SPX | cmp - "$DIR/live.then"
	forget
	{ cat "$DIR/chains" && echo '{'; } >damaged
	split -l 9 "$DIR/chains" c.
	for files in damaged "$(ls c.*)"; do
		# shellcheck disable=SC2086
		run_tool epoch-replay --until "$moment" $files "$DIR/frames"
		digest r: --values SPX | cmp - "$DIR/live.then"
		forget
	done
}

@test "--until a time: one file of all captures is as good as two" {
	local moment order last
	moment=$(cat "$DIR/moment")
	for order in "chains frames" "frames chains"; do
		# shellcheck disable=SC2086
		(cd "$DIR" && cat $order) >both
		run_tool epoch-replay --until "$moment" both
		digest r: --values SPX | cmp - "$DIR/live.then" || fail "$order"
		assert "$(field SPX '[.acts, .aborted]')" = "[1,0]" "$order"
		forget
	done
	# what is bad between two records of before the moment is not behind it
	last=$(wc -l <"$DIR/chains")
	{ cat "$DIR/chains" && echo '{' && cat "$DIR/frames"; } >both
	refused 65 BAD_JSON "both, line $((last + 1))" --until "$moment" both
	# the pages are of before, the word that they failed is of after
	sed -n '/"type":"chain_page"/{p;q}' "$DIR/chains" >b
	moment=$(jq .ts b)
	printf '{"type":"chain_abort","ts":%s,"symbol":"SPX","reason":"scheduled","error":"TIMEOUT","exit":75}\n' \
	    "$((moment + 1))" >a
	run_tool 1 epoch-replay --until "$moment" a b
	assert "$stderr" lacks CUT
	assert "$(keys_of r:)" = 0
}

@test "a snapshot that failed when it was fetched counts for nothing" {
	grep -v '^{"type":"chain_abort"' "$DIR/chains" >untold
	n=$(grep -n '"type":"chain_abort"' "$DIR/chains" | cut -d : -f 1)
	run_tool 65 epoch-replay untold
	assert "$stderr" =~ "untold, line [0-9]+: CUT: the snapshot of SPX that begins here breaks off in page"
	assert "$(keys_of r:)" = 0
	# also when a file ends between its pages and the word of it
	head -n $((n - 1)) "$DIR/chains" >b
	tail -n +"$n" "$DIR/chains" >a
	run_tool epoch-replay b a "$DIR/frames"
	is_live "cut before chain_abort"
}

@test "of pages alone: a fetch that failed at once takes no whole snapshot with it" {
	local abort now
	now=$(tail -n 1 "$DIR/chains" | jq .ts)
	abort='{"type":"chain_abort","ts":'$((now + 9))',"symbol":"SPX"'
	abort+=',"reason":"scheduled","error":"X","exit":69}'
	{
		grep -E '^.{9}chain_(page|abort)"' "$DIR/chains"
		printf '%s\n' "$abort"
	} >pages
	run_tool epoch-replay pages "$DIR/frames"
	assert "$(field SPX '[.acts, .aborted]')" = "[3,2]"
	is_live "pages alone"
	# whole, and what is in it is why it failed
	echo '{"data":{"options":[]}}' >doc
	{ page doc "$((now + 8))" && printf '%s\n' "$abort"; } >empty
	run_tool epoch-replay pages "$DIR/frames" empty
	assert "$(field SPX '[.acts, .aborted]')" = "[3,3]"
	is_live "an empty one, which failed then"
	head -n 1 empty >untold
	refused 65 BAD_DOCUMENT "untold, line 1" untold pages
}

@test "bad captures: a message with the place, its status, and nothing done" {
	local one page last
	one=$(line_of '"type":"chain_page".*"page":2,' "$DIR/chains")
	last=$(line_of '"type":"chain_page".*"last":true' "$DIR/chains")
	page=$((last - 1))
	# a page is missing; twice; of another snapshot
	sed "${one}d" "$DIR/chains" >bad
	refused 65 CUT "bad, line 1" bad "$DIR/frames"
	sed "${one}p" "$DIR/chains" >bad
	refused 65 CUT "bad, line 1" "$DIR/frames" bad
	sed "${one}s/\"run\":\"./\"run\":\"x/" "$DIR/chains" >bad
	refused 65 CUT "bad, line 1" bad
	# the first, the last
	sed 1d "$DIR/chains" >bad
	refused 65 CUT "bad, line 1" bad
	assert "$stderr" has "the beginning of this snapshot is missing"
	sed "${last}d" "$DIR/chains" >bad
	refused 65 CUT "bad, line 1" bad
	# bytes
	sed "${page}s/^{\"type\"/{\"type\\x01/" "$DIR/chains" >bad
	refused 65 BAD_JSON "bad, line $page" bad
	sed "1s/\\\\\"results\\\\\"/\\\\\"results{/" "$DIR/chains" >bad
	run_tool 65 epoch-replay bad
	assert "$stderr" has "epoch-replay: bad, line 1: "
	assert "$(keys_of r:)" = 0
	# torn, also of messages
	head -c -20 "$DIR/chains" >bad
	refused 65 TORN "bad, line $(($(wc -l <bad) + 1))" bad
	head -c -20 "$DIR/frames" >bad
	run_tool 65 epoch-replay bad "$DIR/chains"
	assert "$stderr" has "TORN: unfinished last line"
	# a message that cannot be read
	sed '4s/"frame":"\[{/"frame":"[}/' "$DIR/frames" >bad
	cmp -s bad "$DIR/frames" && fail "nothing was changed"
	run_tool 65 epoch-replay bad "$DIR/chains"
	assert "$stderr" has "epoch-replay: bad: "
	sed '4s/"frame"/"frame/' "$DIR/frames" >bad
	refused 65 BAD_JSON bad bad "$DIR/chains"
	assert "$stderr" has "line 4"
	assert "$(keys_of r:)" = 0
	assert "$(ls tmp)" = "" "temporary files"
}

@test "nothing to make an epoch of: ticks alone, nothing at all, what Redis has" {
	: >empty
	run_tool 1 epoch-replay "$DIR/frames"
	assert "$stderr" has "NOTHING: no snapshot in the captures"
	run_tool 66 epoch-replay "$DIR/chains" nowhere
	assert "$stderr" has "epoch-replay: nowhere: OPEN"
	run_tool 1 epoch-replay empty
	assert "$stderr" has NOTHING
	run_tool 1 epoch-replay --until 1000000000000 "$DIR/chains" "$DIR/frames"
	assert "$stderr" has NOTHING
	run_tool epoch-replay empty "$DIR/chains" "$DIR/frames"
	is_live "and an empty file"
	run_tool epoch-replay "$DIR/chains"
	run_tool 1 epoch-replay "$DIR/frames" "$DIR/chains"
	assert "$stderr" has "USED: Redis knows epochs of NDX already"
	# allowed: the same snapshots are refused or refreshed, never in part
	WARN=ok run_tool epoch-replay --into-used "$DIR/frames" "$DIR/chains"
	assert "$(field SPX .rejected)" = 2 "older ones"
	digest r: --values SPX NDX | cmp - "$DIR/live"
}

@test "what only a tape has is refused; --check and --speed are for both" {
	printf '{"type":"tape","ts":1,"symbol":"SPX","version":1,"after":0,"sum":"0000000000000000"}\n' >tape
	for option in "--from SPX:1:abcd" "--until act:3" "--until 3" \
	    "--until SPX:1:abcd" "--bisect $DIR/chains" tape; do
		# shellcheck disable=SC2086
		run_tool 64 epoch-replay $option "$DIR/chains"
	done
	assert "$stderr" has "tapes or captures, not both: tape is no capture"
	assert "$(keys_of r:)" = 0
	REDIS_URL=unix:///nowhere run_tool epoch-replay --check "$DIR/frames" "$DIR/chains"
	assert "$(field SPX '[.acts, .aborted]')" = "[3,1]"
	run_tool epoch-replay --speed 100 "$DIR/chains" "$DIR/frames"
	is_live "100 times as fast"
}

@test "the decoders: not to be found, killed; told to stop in the middle" {
	local rc=0
	mkdir alone
	cp "$(command -v epoch-replay)" alone/
	run_tool 69 env PATH=/nowhere "$PWD/alone/epoch-replay" "$DIR/chains"
	assert "$stderr" has "START: cannot run chain-fetch"
	printf '#!/bin/sh\nkill -9 $$\n' >alone/chain-fetch
	chmod +x alone/chain-fetch
	run_tool 70 "$PWD/alone/epoch-replay" "$DIR/chains"
	assert "$(keys_of r:)" = 0
	# a decoder that never ends
	printf '#!/bin/sh\necho $$ >>%s\nexec sleep 60\n' "$PWD/pids" >alone/chain-fetch
	alone/epoch-replay "$DIR/chains" >out 2>err 3>&- 4>&- &
	k=$!
	eventually test -s pids
	kill -TERM $k
	wait $k || rc=$?
	k=
	assert $rc = 75 "$(cat err)"
	eventually has_ended "$(cat pids)"
	assert "$(keys_of r:)" = 0
}

@test "memory does not grow with the number of messages" {
	[[ $BUILD != */san ]] || skip "a sanitizer's memory is another"
	local i
	head -n 5 "$DIR/frames" >many
	for i in {1..50}; do
		cat "$DIR/frames"
	done >>many
	(ulimit -v 120000 && epoch-replay "$DIR/chains" many >out 2>err) || fail "$(cat err)"
	(($(jq -s 'map(.read // 0) | add' out) > 300000)) || fail "few ticks"
	is_live "the same ticks again and again"
}

@test "--leave-out: what is bad is named and left out, the rest is replayed, 65" {
	local one
	# a fetch was killed in the middle of a line, and the next one appended
	one=$(line_of '"type":"chain_page".*"symbol":"NDX"' "$DIR/chains")
	{
		head -n 1 "$DIR/chains"
		sed -n "${one}p" "$DIR/chains" | head -c 500
		sed 's/"page":2,/"page":2 ,/' "$DIR/chains"
		printf '{"type":"ws_frame","ts":1,"conn":1,"frame":"[{"}\n'
	} >bad
	run_tool 65 epoch-replay bad "$DIR/frames"
	assert "$(keys_of r:)" = 0
	run_tool 65 epoch-replay --leave-out bad "$DIR/frames"
	assert "$stderr" has "bad, line 2: BAD_JSON: "
	assert "$(wc -l <<<"$stderr")" = 2 "lines, one of ws-tap: $stderr"
	digest r: --values SPX >have
	run ! cmp have "$DIR/live" # the first snapshot was on that line
	grep SPX "$DIR/live" | cmp - have
	forget
	# faults without end: ten are told
	for i in {1..30}; do
		head -n 1 "$DIR/chains"
	done >bad
	run_tool 65 epoch-replay bad
	assert "$(wc -l <<<"$stderr")" = 12 "$stderr"
	# ... and then what ends the replay
	{ cat "$DIR/chains" bad; } >more
	rcli SET r:epoch:timeline:SPX x >/dev/null
	run_tool 78 epoch-replay --leave-out more
	assert "$stderr" has "BADTYPE: key r:epoch:timeline:SPX"
	forget
	# all of it is bad
	head -n 1 "$DIR/chains" >bad
	run_tool 65 epoch-replay --leave-out bad "$DIR/frames"
	assert "$stderr" has NOTHING
	assert "$(keys_of r:)" = 0
	run_tool 64 epoch-replay --leave-out </dev/null
}
