#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# dormancy-watch: on the time of records (the same bytes each time), and live
# with thresholds of some ten milliseconds.  What the rule says of when is in
# tests/unit/silence.c; here is what comes of it, in Redis and on stdout.

load helpers

T=1750000000000 # a Sunday, which only sessions mind

# Half a second without an answer is an outage by default; not to a test that
# is of something else, on a machine that has much to do.
setup_file() {
	redis_start
	mkdir "$BATS_FILE_TMPDIR/bin"
	printf '#!/bin/sh\nexec "%s" --redis-timeout 30 "$@"\n' \
	    "$BUILD/bin/dormancy-watch" >"$BATS_FILE_TMPDIR/bin/dormancy-watch"
	chmod +x "$BATS_FILE_TMPDIR/bin/dormancy-watch"
	export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

setup() {
	REDIS_PID=$(cat "$BATS_FILE_TMPDIR/redis/pid" 2>/dev/null) || REDIS_PID=
	export REDIS_PID
	rcli PING >/dev/null 2>&1 || redis_start
	rcli FLUSHALL >/dev/null
	rcli CONFIG SET maxmemory 0 >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	BACK=()
}

teardown() {
	kill_started
	[[ $BATS_TEST_DESCRIPTION != own:* ]] || redis_stop
	return 0
}

teardown_file() {
	redis_stop
}

# An active epoch of 8 contracts; its id in $ID.
plate() { # make_chain's options
	make_chain "$@" | geom-hash | epoch-promote >plate.out
	ID=$(jq -r .epoch_id <plate.out)
}

# Heartbeats of the seconds FROM to TO after T.
beat() { # FROM TO [SYMBOL...]
	local s from=$1 to=$2 names
	shift 2
	(($# > 0)) || set -- SPX
	names=$(printf ',"%s"' "$@")
	for ((s = from; s <= to; s++)); do
		printf '{"type":"heartbeat","ts":%s,"symbols":[%s],"state":"subscribed","received":0}\n' \
		    $((T + s * 1000)) "${names#,}"
	done
}

# The batch of a hydrator, at a second (with decimals) after T.
batch() { # SECOND APPLIED [SYMBOL]
	local ms
	ms=$(awk "BEGIN { printf \"%.0f\", $T + $1 * 1000 }")
	printf '{"type":"hydrated","ts":%s,"symbol":"%s","epoch_id":"%s","seq":7,"read":3,"applied":%s,"last_tick_ts":%s}\n' \
	    "$ms" "${3-SPX}" "${ID-}" "$2" "$ms"
}

gap() { # SECOND SYMBOLS-JSON [REST]
	printf '{"type":"gap","ts":%s,"symbols":%s,"from_ts":%s%s,"reason":"disconnect"}\n' \
	    $((T + $1 * 1000)) "$2" $T "${3-}"
}

meta() {
	rcli HGET "epoch:meta:${2-$ID}" "$1"
}

# A watch in the background; its input is descriptor 5, its pid in $PID, its
# output in out and err.
live() { # OPTION...
	rm -f in.fifo
	mkfifo in.fifo
	[[ ! -f out ]] || rm out # who looks there means the new one
	dormancy-watch --coverage 0 "$@" <in.fifo >"${LIVE_OUT-out}" 2>err \
	    3>&- 4>&- 5>&- 6>&- 7>&- &
	PID=$!
	BACK+=("$PID")
	exec 5>in.fifo
}

# It ends by the end of its input, with status RC.
live_ends() { # [RC]
	local rc=0
	exec 5>&-
	eventually has_ended "$PID"
	wait "$PID" || rc=$?
	assert "$rc" = "${1-0}" "the watch's status, stderr: $(cat err)"
}

has_line() { # PATTERN FILE
	grep -qE -- "$1" "$2"
}

lines_of() { # PATTERN FILE N: at least
	(($(grep -cE -- "$1" "$2") >= $3))
}

is_back() {
	(($(grep -c REDIS_BACK err) == $(grep -cE 'REDIS_(LOST|TIMEOUT)' err)))
}

# --- on the time of records

@test "cases" {
	run_cases dormancy-watch
}

@test "a replay: counts, forces, backs off, ends with a tick" {
	plate
	{ beat 0 45; batch 45.5 2; beat 46 57; } >in
	WARN=ok run_tool dormancy-watch --clock records <in
	jq -r '[.ts - '$T', .type, .silent_ms // .reason, .dormant_count // .for_epoch, .forced] | @tsv' \
	    <<<"$output" >got
	cat >want <<-EOF
		5000	dormant	5000	1	false
		10000	dormant	10000	2	true
		10000	refresh	dormant	$ID	
		20000	dormant	20000	3	true
		20000	refresh	dormant	$ID	
		40000	dormant	40000	4	true
		40000	refresh	dormant	$ID	
		51000	dormant	5500	1	false
		56000	dormant	10500	2	true
		56000	refresh	dormant	$ID	
	EOF
	assert "$(cat got)" = "$(cat want)"
	assert "$(head -n 1 <<<"$output")" = "{\"type\":\"dormant\",\"ts\":$((T + 5000)),\"symbol\":\"SPX\",\"epoch_id\":\"$ID\",\"silent_ms\":5000,\"dormant_count\":1,\"forced\":false}"
	assert "$(sed -n 3p <<<"$output")" = "{\"type\":\"refresh\",\"ts\":$((T + 10000)),\"symbol\":\"SPX\",\"reason\":\"dormant\",\"for_epoch\":\"$ID\"}"
	assert "$(grep -c DORMANT <<<"$stderr")$(grep -c AWAKE <<<"$stderr")" = 21
}

@test "a replay gives the same bytes again, in any zone, from any pieces" {
	plate
	{
		beat 0 12 SPX NDX
		echo '{"type":"feed","ts":1,"symbols":["SPX"],"state":"lost"}'
		gap 13 '["SPX"]' ",\"to_ts\":$T"
		batch 13.2 1
		beat 14 60 SPX NDX
	} >in
	dormancy-watch -q --clock records <in >first
	assert "$(wc -l <first)" = 15
	for tz in Asia/Kolkata America/New_York :bad; do
		TZ=$tz LC_ALL=C.UTF-8 dormancy-watch -q --clock records <in | cmp - first
	done
	while IFS= read -r line; do
		printf '%s' "${line:0:20}"
		printf '%s\n' "${line:20}"
	done <in | dormancy-watch -q --clock records | cmp - first
	(trap '' PIPE; env -i PATH="$PATH" REDIS_URL="$REDIS_URL" \
	    dormancy-watch -q --clock records <in) | cmp - first
	LD_PRELOAD=$FAULT_SO FAULT_FDS=all FAULT_SHORT=7 \
	    dormancy-watch -q --clock records <in | cmp - first
}

@test "EINTR everywhere changes nothing" {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	plate
	beat 0 30 >in
	dormancy-watch -q --clock records <in >want
	ASAN_OPTIONS=detect_leaks=0 run_tool strace -o /dev/null \
	    -e inject=write,poll,pselect6,sendto,recvfrom:error=EINTR:when=2+3 \
	    bash -c 'exec dormancy-watch -q --clock records <in >out'
	cmp out want
}

@test "what is written: the count, and with the force a full recompute" {
	plate
	rcli SMOVE epoch:dirty epoch:clean "$ID" >/dev/null
	state_dump >before
	beat 0 9 >in
	dormancy-watch -q --clock records <in >out
	state_dump >after
	assert "$(diff before after | grep '^[<>]')" = "< hash epoch:meta:$ID dormant_count=0
> hash epoch:meta:$ID dormant_count=1" "below the limit only the count"
	beat 0 10 >in
	run -0 timeout 60 redis-cli -s "$REDIS_SOCK" HSET "epoch:meta:$ID" dormant_count 0
	WARN=ok run_tool dormancy-watch --clock records <in
	state_dump >after
	assert "$(diff before after | grep '^[<>]' | sort)" = "< hash epoch:meta:$ID dormant_count=0
< hash epoch:meta:$ID full_seq=1
< hash epoch:meta:$ID seq=1
< set epoch:clean $ID
> hash epoch:meta:$ID dormant_count=2
> hash epoch:meta:$ID full_seq=2
> hash epoch:meta:$ID seq=2
> set epoch:dirty $ID" "with the force"
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "the stored count is only raised, and triggers nothing" {
	plate
	rcli HSET "epoch:meta:$ID" dormant_count 7 >/dev/null
	state_dump >before
	beat 0 4 >in
	run_tool dormancy-watch --clock records <in
	assert "$output" = "" "a restart of the watch forces nothing by itself"
	state_dump | cmp - before
	beat 0 9 >in
	run_tool dormancy-watch --clock records <in
	state_dump | cmp - before
	assert "$(jq -c '[.dormant_count, .forced]' <<<"$output")" = "[1,false]"
	beat 0 10 >in
	WARN=ok run_tool dormancy-watch --clock records <in
	assert "$(meta dormant_count) $(meta seq)" = "7 2"
}

@test "a tick just in time" {
	plate
	{ beat 0 4; batch 5 1; beat 5 9; batch 10 1; beat 10 14; } >in
	run_tool dormancy-watch --clock records <in
	assert "$output" = ""
	{ beat 0 4; batch 5.001 1; beat 6 9; } >in
	run_tool dormancy-watch --clock records <in
	assert "$(jq -c '[.ts - '$T', .silent_ms]' <<<"$output")" = "[5000,5000]"
	# Batches in which nothing was accepted are silence.
	{ beat 0 4; batch 4.5 0; beat 5 6; } >in
	run_tool dormancy-watch --clock records <in
	assert "$(jq -r .type <<<"$output")" = dormant
}

@test "never a tick; ticks of one symbol are not another's" {
	plate
	make_chain -S NDX -k 9000 | geom-hash | epoch-promote >/dev/null
	{ beat 0 3 SPX NDX; batch 3 1 NDX; beat 4 7 SPX NDX; batch 7 1 NDX; beat 8 10 SPX NDX; } >in
	WARN=ok run_tool dormancy-watch --clock records <in
	assert "$(jq -r .symbol <<<"$output" | sort | uniq -c | tr -s ' ')" = " 3 SPX"
}

@test "all but three types pass, byte for byte, in order" {
	plate
	{
		printf '{"type":"feed", "ts":1, "symbols":[], "state":"x", "x": 1.50,"y":"\\u00e4"}\n'
		batch 0 1
		beat 1 1
		make_chain
		gap 2 '["SPX"]'
		echo '{"type":"refresh","ts":9,"symbol":"SPX","reason":"unknown_contracts","more":0.30}'
		echo '{"ts":1,"type":"heartbeat","symbols":["SPX"]}'
		echo '{"type":"strange","ts":2}'
	} >in
	WARN=ok run_tool dormancy-watch --clock records <in
	grep -vE '"type":"(hydrated|heartbeat|gap)"' in >want
	assert "$output" = "$(cat want)"
	live --symbol SPX
	cat in >&5
	live_ends
	cmp out want
}

@test "no epoch: a first request, backing off; the epoch ends it" {
	beat 0 30 >in
	run_tool dormancy-watch --clock records <in
	assert "$(jq -c '[.ts - '$T', .symbol, .reason, .for_epoch]' <<<"$output" | tr '\n' ' ')" = \
	    '[0,"SPX","first",null] [20000,"SPX","first",null] '
	assert "$(state_dump)" = ""
	live --symbol SPX --threshold 0.02 --max-backoff 0.1
	eventually lines_of '"reason":"first"' out 3
	plate
	eventually has_line "\"for_epoch\":\"$ID\"" out
	live_ends
}

@test "a pointer that is none is no epoch" {
	rcli HSET epoch:active SPX "SPX:12:zz" NDX "SPX:1750000000:aaaa" RUT "$(printf 'x%.0s' {1..200})" >/dev/null
	beat 0 2 SPX NDX RUT >in
	run_tool dormancy-watch --clock records <in
	assert "$(jq -r .reason <<<"$output" | uniq -c | tr -s ' ')" = " 3 first"
}

@test "a closed gap: one request, not forced; an open one: none" {
	plate
	{
		beat 0 0 SPX NDX
		gap 1 '["SPX"]'
		gap 2 '["SPX","RUT","O:SPX250620C05000000",7]' ",\"to_ts\":$((T + 2000))"
		printf '{"type":"gap","ts":%s,"reason":"overflow","to_ts":%s,"dropped":5}\n' $((T + 3000)) $T
	} >in
	run_tool dormancy-watch --clock records <in
	# NDX has no epoch that could be repaired.
	assert "$(jq -c '[.ts - '$T', .symbol, .reason]' <<<"$output" | tr '\n' ' ')" = \
	    '[0,"NDX","first"] [2000,"SPX","gap"] [3000,"SPX","gap"] '
	assert "$(grep -c forced <<<"$output")" = 0
	assert "$(meta seq) $(meta dormant_count)" = "1 0"
}

# Who reads the feed sees an epoch when it looks, the watch when that does.
@test "a gap of an epoch that is newer than the last look: one request, now" {
	live --clock records
	beat 0 0 >&5
	eventually has_line '"first"' out
	plate
	gap 0 '["SPX"]' ",\"to_ts\":$T" >&5
	eventually has_line '"gap"' out
	beat 1 4 >&5
	live_ends
	assert "$(jq -c '[.ts - '$T', .reason]' out | tr '\n' ' ')" = '[0,"first"] [0,"gap"] '
}

@test "a gap before the first epoch: that one is repaired, once" {
	live --clock records
	beat 0 0 >&5
	gap 0 '["SPX"]' ",\"to_ts\":$T" >&5
	gap 0 '["SPX"]' ",\"to_ts\":$T" >&5
	beat 1 1 >&5
	echo '{"type":"other","ts":1}' >&5 # it passes when those before are done
	eventually has_line other out
	plate
	beat 2 4 >&5
	live_ends
	assert "$(records refresh <out | jq -c '[.ts - '$T', .reason]' | tr '\n' ' ')" = \
	    '[0,"first"] [2000,"gap"] '
}

@test "sessions: only in hours, anew from each opening" {
	plate
	T=1753363790000 # Thursday 2025-07-24, 09:29:50 in New York
	beat 0 25 >in
	WARN=ok run_tool dormancy-watch --clock records \
	    --session 09:30-16:15@America/New_York <in
	assert "$(jq -c 'select(.type == "dormant") | [.ts - '$T', .silent_ms, .forced]' <<<"$output" | tr '\n' ' ')" = \
	    '[15000,5000,false] [20000,10000,true] '
	T=1753388090000 # the same day, 16:14:50
	beat 0 120 >in
	WARN=ok run_tool dormancy-watch --clock records \
	    --session 09:30-16:15@America/New_York <in
	assert "$(jq -c 'select(.type == "dormant") | [.ts - '$T', .forced]' <<<"$output" | tr '\n' ' ')" = \
	    '[5000,false] ' "the last count of the day"
	printf '2025-07-24 09:30:30\n' >bad
	run_tool 78 dormancy-watch --session 09:30-16:15@America/New_York --closed bad <in
	printf '2025-07-23\n2025-07-24 12:00 # early\n' >days
	run_tool dormancy-watch --clock records --closed days \
	    --session 09:30-16:15@America/New_York <in
	assert "$output" = "" "a half day is over then"
}

@test "a recording with a hole, and two behind one another: T7, T2" {
	plate
	{ beat 0 4; beat 3000 3004; } >in
	run_tool dormancy-watch --clock records <in
	assert "$(jq -c '[.silent_ms, .dormant_count]' <<<"$output")" = "[3000000,1]"
	{ beat 5000 5004; beat 0 9; } >in
	WARN=ok run_tool dormancy-watch -v --clock records <in
	# 4 s of the first, then 9 of the second, whose first second is 4.
	assert "$(jq -c '[.ts - '$T', .type, .silent_ms]' <<<"$output" | tr '\n' ' ')" = \
	    "[1000,\"dormant\",5000] [6000,\"dormant\",10000] [6000,\"refresh\",null] "
	assert "$stderr" has "clock_jumps 1"
}

# --- the input

@test "bad lines are dropped and counted, the rest is served: 65" {
	plate
	{
		beat 0 2
		echo 'no json'
		echo '{"type":"heartbeat","ts":1}'
		echo '{"type":"hydrated","ts":-5,"applied":1}'
		echo '{"type":"hydrated","ts":1,"applied":"1"}'
		echo '{"type":"gap","ts":1.5,"reason":"x"}'
		beat 3 5
		printf '{"type":"feed","ts":1,"symbols":[],"state":"x"}'
	} >in
	run_tool 65 dormancy-watch --clock records <in
	assert "$(jq -r .type <<<"$output")" = dormant
	assert "$(grep -c 'line ' <<<"$stderr")" = 6 "$stderr"
	assert "$stderr" has TORN
	run_tool 65 dormancy-watch </dev/null
	assert "$stderr" has "EMPTY"
	run_tool dormancy-watch --symbol SPX </dev/null
	assert "$(head -c 30 <<<"$output")" = '' "nothing was due"
}

@test "a line over 1 MiB, hostile symbols: nothing but bad lines" {
	plate
	state_dump >before
	{
		beat 0 0 SPX
		head -c 1100000 /dev/zero | tr '\0' a
		echo
		echo '{"type":"heartbeat","ts":1750000001000,"symbols":["a b","x\r\nDEL epoch:active","*","",null,{},"I:SPX"]}'
		echo '{"type":"hydrated","ts":1750000001000,"symbol":"../x","applied":1}'
		beat 2 4
	} >in
	run_tool 65 dormancy-watch --clock records <in
	assert "$output" = ""
	assert "$stderr" has TOO_LONG
	state_dump | cmp - before
}

# --- Redis

@test "keys of another type: 78, and no key is changed" {
	for key in epoch:active epoch:dirty epoch:clean META; do
		rcli FLUSHALL >/dev/null
		plate
		[[ $key != META ]] || key=epoch:meta:$ID
		rcli DEL $key >/dev/null
		rcli LPUSH $key x >/dev/null
		state_dump >before
		beat 0 20 >in
		run_tool 78 dormancy-watch --clock records <in
		assert "$stderr" has "exit 78"
		state_dump | cmp - before
	done
}

@test "a damaged epoch: nothing is written, the request comes all the same" {
	plate
	rcli HDEL "epoch:meta:$ID" created_ts >/dev/null
	state_dump >before
	beat 0 10 >in
	WARN=ok run_tool dormancy-watch --clock records <in
	assert "$(jq -r .type <<<"$output" | tail -n 1)" = refresh
	assert "$stderr" has DAMAGED
	state_dump | cmp - before
}

@test "kill -9 before every write: the count of before or of after, no harm" {
	plate
	beat 0 22 >in
	dormancy-watch -q --clock records <in >want
	for ((n = 1; n < 200; n++)); do
		rcli FLUSHALL >/dev/null
		plate
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_KILL_AT=$n \
		    dormancy-watch -q --clock records <in >out 2>err || rc=$?
		((rc == 0 || rc == 137)) || fail "point $n: $rc $(cat err)"
		"$ROOT/tests/invariants" "$REDIS_SOCK" || fail "point $n"
		count=$(meta dormant_count) seq=$(meta seq)
		case $count-$seq-$(meta full_seq) in
		0-1-1 | 1-1-1 | 2-2-2 | 3-3-3) ;;
		*) fail "point $n: count $count, seq $seq" ;;
		esac
		((rc == 0)) && break
		dormancy-watch -q --clock records <in >out
		cmp out want
		assert "$(meta dormant_count)" = 3
	done
	((n > 20 && n < 200)) || fail "points: $n"
	cmp out want
}

@test "a replay ends with 75 where Redis does; a lost answer counts once" {
	plate
	beat 0 12 >in
	run_tool 75 dormancy-watch --redis "unix://$PWD/none" <in
	assert "$stderr" has "$PWD/none"
	for ((n = 1; n < 200; n++)); do
		rcli FLUSHALL >/dev/null
		plate
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_RERR_AT=$n FAULT_COUNT=count \
		    dormancy-watch -q --clock records <in >out 2>err || rc=$?
		((n > $(cut -d ' ' -f 2 count))) && break
		# Only the greeting is repeated.
		assert "$rc" = $((n == 1 ? 0 : 75)) "point $n: $(cat err)"
		# Counted or not, the next run ends in the same count.
		dormancy-watch -q --clock records <in >out
		assert "$(meta dormant_count)" = 2 "point $n"
	done
	((n > 10 && n < 200)) || fail "points: $n"
}

@test "own: a cluster: every script in one slot, with a prefix that has a tag" {
	redis_stop
	start_cluster
	export EPOCH_PREFIX='{spx}:'
	plate
	beat 0 10 >in
	run_tool dormancy-watch -q --clock records <in
	assert "$(rcli HGET "{spx}:epoch:meta:$ID" dormant_count)" = 2
}

# --- live

@test "live: silence forces, by the monotonic clock; ticks end it" {
	plate
	live --threshold 0.05
	beat 0 0 >&5
	eventually has_line '"reason":"dormant"' out
	(($(meta dormant_count) >= 2)) || fail "$(meta dormant_count)"
	assert "$(rcli SISMEMBER epoch:dirty "$ID")" = 1
	batch 1 5 >&5
	eventually has_line AWAKE err
	n=$(grep -c '"dormant_count":1,' out)
	eventually lines_of '"dormant_count":1,' out $((n + 1))
	live_ends
	assert "$(jq -r 'select(.type == "dormant") | [.dormant_count, .forced] | @tsv' out | head -n 2)" = $'1\tfalse\n2\ttrue'
	# Never a force below the threshold's time.
	jq -e -s 'all(.[]; .type != "dormant" or .silent_ms >= 50 * .dormant_count)' out
}

@test "live: with ticks nearer than the threshold there is nothing" {
	plate
	state_dump >before
	local i last now longest try
	for try in 1 2 3 4 5; do
		live --threshold 2
		beat 0 0 >&5
		longest=0 last=${EPOCHREALTIME/./}
		for ((i = 0; i < 100; i++)); do
			batch $i 1 >&5
			now=${EPOCHREALTIME/./}
			((now - last <= longest)) || longest=$((now - last))
			last=$now
			sleep 0.03
		done
		live_ends
		# A test that is not let run is silence indeed.
		((longest > 1000000)) || break
	done
	assert "$(cat out err)" = ""
	state_dump | cmp - before
}

@test "live: promotions are followed; the epoch that silence forces inherits" {
	plate
	first=$ID
	live --threshold 0.05 --max-backoff 60
	beat 0 0 >&5
	eventually has_line '"reason":"dormant"' out
	jq -c 'select(.type == "refresh")' out | head -n 1 >asked
	make_chain -t $((T + 60000)) -R dormant -F "$(jq -r .for_epoch asked)" -s 9 |
	    geom-hash | epoch-promote >forced.out
	assert "$(jq -r '[.outcome, .forced, .prev] | @tsv' forced.out)" = "new	true	$first"
	ID=$(jq -r .epoch_id forced.out)
	run_tool epoch-inspect SPX
	assert "$output" =~ "SPX:1750000060:[0-9a-f]+ +[0-9]+ +yes +[2-9] +yes +no"
	eventually has_line "\"for_epoch\":\"$ID\"" out
	live_ends
}

@test "live: out of session nothing counts, while in session it does" {
	plate
	mkfifo shut.fifo
	EPOCH_NOW_MS=1753538400000 dormancy-watch --threshold 0.02 --symbol SPX \
	    --session 09:30-16:15@America/New_York \
	    <shut.fifo >shut.out 2>&1 3>&- 4>&- & # a Saturday
	BACK+=($!)
	shut=$!
	exec 6>shut.fifo
	EPOCH_NOW_MS=1753365600000 live --threshold 0.02 --symbol SPX \
	    --session 09:30-16:15@America/New_York # the Thursday before, 10:00
	eventually lines_of '"forced":true' out 4
	exec 6>&-
	wait $shut
	assert "$(cat shut.out)" = ""
	live_ends
}

@test "live: a process that was stopped counts once for it: T7" {
	plate
	live --threshold 0.02 --count 1000 --symbol SPX
	eventually lines_of dormant out 5
	kill -STOP "$PID"
	for ((i = 0; i < 25; i++)); do sleep 0.02; done
	kill -CONT "$PID"
	n=$(wc -l <out)
	eventually lines_of dormant out $((n + 5))
	live_ends
	jq -e -s '[.[] | select(.type == "dormant")] | . as $d |
	    [range(1; length) | [$d[.].silent_ms - $d[. - 1].silent_ms,
		$d[.].dormant_count - $d[. - 1].dormant_count]] |
	    (map(.[0]) | max) >= 400 and all(.[]; .[1] == 1)' out
}

@test "live: a frozen Redis stops neither the stream nor, in the end, the force" {
	plate
	live --threshold 0.05 --redis-timeout 1
	beat 0 0 >&5
	eventually has_line '"dormant_count":1,' out
	kill -STOP "$REDIS_PID"
	batch 1 1 >&5
	for ((i = 0; i < 50; i++)); do
		echo "{\"type\":\"feed\",\"ts\":$i,\"symbols\":[],\"state\":\"lost\"}"
	done >&5
	eventually lines_of '"type":"feed"' out 50
	eventually has_line 'REDIS_TIMEOUT' err
	forced=$(grep -c '"forced":true' out) || :
	kill -CONT "$REDIS_PID"
	eventually lines_of '"forced":true' out $((forced + 1))
	assert "$(rcli SISMEMBER epoch:dirty "$ID")" = 1
	(($(meta full_seq) > 1)) || fail "no full recompute"
	eventually is_back
	live_ends
	assert "$(grep -c REDIS_TIMEOUT err)" = "$(grep -c REDIS_BACK err)" "said once each: $(cat err)"
}

@test "own: live: Redis restarts: said once, and what is owed is done" {
	redis_stop
	redis_start --appendonly yes --appendfsync always
	plate
	live --threshold 0.1
	beat 0 0 >&5
	eventually has_line 'dormant_count' out
	redis_stop KILL
	batch 0 1 >&5
	echo '{"type":"feed","ts":1,"symbols":["SPX"],"state":"lost"}' >&5
	eventually has_line feed out # so the tick was heard
	n=$(grep -c DORMANT err) || :
	eventually lines_of DORMANT err $((n + 1))
	forced=$(grep -c '"forced":true' out) || :
	redis_start --appendonly yes --appendfsync always 5>&-
	eventually lines_of '"forced":true' out $((forced + 1))
	is_forced() {
		(($(meta dormant_count) >= 2 && $(meta seq) > 1)) &&
		    [[ $(meta full_seq) == "$(meta seq)" ]]
	}
	eventually is_forced
	batch 1 1 >&5
	live_ends
	has_line REDIS_BACK err
	assert "$(grep -cE 'REDIS_(LOST|CONNECT)' err)" = 1 "$(cat err)"
}

@test "live: ended while Redis is away: 75, the recompute is still owed" {
	plate
	live --threshold 0.05 --redis-timeout 1 --symbol SPX
	eventually has_line '"dormant_count":1,' out
	kill -STOP "$REDIS_PID"
	batch 1 1 >&5
	echo '{"type":"feed","ts":1,"symbols":["SPX"],"state":"lost"}' >&5
	eventually has_line feed out # so the tick was heard
	n=$(grep -c DORMANT err) || :
	eventually lines_of DORMANT err $((n + 1))
	live_ends 75
	kill -CONT "$REDIS_PID"
	assert "$(tail -n 1 err)" =~ "OWED"
}

@test "own: live: a gap that is closed while Redis is away: asked for when it is back" {
	other() {
		echo "{\"type\":\"other$1\",\"ts\":1}" >&5
		eventually has_line "other$1" out # and what came before it
	}
	redis_stop
	redis_start --appendonly yes --appendfsync always
	plate
	live --threshold 1000 --symbol SPX
	gap 0 '["SPX"]' ",\"to_ts\":$T" >&5
	eventually lines_of '"gap"' out 1
	redis_stop KILL
	gap 1 '["SPX"]' ",\"to_ts\":$T" >&5
	gap 2 '["SPX"]' ",\"to_ts\":$T" >&5
	other 1
	eventually has_line 'REDIS_(LOST|CONNECT)' err
	other 2
	assert "$(grep -c '"gap"' out)" = 1 "nobody could use that snapshot"
	redis_start --appendonly yes --appendfsync always 5>&-
	eventually lines_of '"gap"' out 2
	redis_stop KILL
	gap 3 '["SPX"]' ",\"to_ts\":$T" >&5
	live_ends 75
	assert "$(tail -n 1 err)" =~ "OWED"
	assert "$(grep -c '"gap"' out)" = 2 "those of one outage are one"
}

@test "live: told to stop while Redis is asked: a gap's request is written" {
	local n=0 i
	frozen_by_gap() { # and not in a look of before, which would not read it
		kill -STOP "$REDIS_PID"
		gap 1 '["SPX"]' ",\"to_ts\":$T" >&5
		for ((i = 0; i < 25; i++)); do
			! has_read_all "$PID" in.fifo || return 0
			sleep 0.02
		done
		kill -CONT "$REDIS_PID"
		n=$((n + 1))
		eventually lines_of '"gap"' out "$n"
		return 1
	}
	plate
	live --threshold 1000
	beat 0 0 >&5
	eventually has_read_all "$PID" in.fifo
	until frozen_by_gap; do :; done
	kill -TERM "$PID"
	live_ends
	assert "$(grep -c '"gap"' out)" = "$((n + 1))"
}

@test "live: memory full: said once, not again and again; heals" {
	plate
	rcli CONFIG SET maxmemory 1 >/dev/null
	live --threshold 0.05 --redis-timeout 1 --symbol SPX
	eventually has_line REDIS_OOM err
	for ((i = 0; i < 40; i++)); do sleep 0.02; done
	rcli CONFIG SET maxmemory 0 >/dev/null
	eventually has_line '"forced":true' out
	live_ends
	assert "$(grep -c REDIS_OOM err)" = 1 "$(cat err)"
}

@test "live: a busy reader: requests merge, the upstream never waits" {
	plate
	mkfifo out.fifo
	exec 7<>out.fifo # a reader that does not read yet
	LIVE_OUT=out.fifo live --threshold 0.05 --max-backoff 0.1 -v
	beat 0 0 >&5
	eventually has_line DORMANT err
	rss_before=$(awk '/VmHWM/ { print $2 }' "/proc/$PID/status")
	# 20 MB, far more than pipes hold: all of it is taken.
	yes '{"type":"feed","ts":1,"symbols":["SPX"],"state":"lost","detail":"xxxxxxxxxxxxxxxxx"}' |
	    head -n 250000 >&5
	echo '{"type":"refresh","ts":1,"symbol":"SPX","reason":"unknown_contracts"}' >&5
	echo '{"type":"refresh","ts":1,"symbol":"NDX","reason":"unknown_contracts"}' >&5
	echo '{"type":"refresh","ts":1,"symbol":"NDX","reason":"gap"}' >&5
	gap 1 '["SPX"]' ",\"to_ts\":$T" >&5
	eventually has_line STALLED err
	count=$(meta dormant_count)
	counted_on() { (($(meta dormant_count) > count + 3)); }
	eventually counted_on
	rss=$(awk '/VmHWM/ { print $2 }' "/proc/$PID/status")
	[[ $BUILD == */san ]] || ((rss - rss_before < 4000)) || fail "$rss_before kB, $rss kB"
	cat <out.fifo >got 3>&- 4>&- 5>&- 7>&- &
	BACK+=($!)
	reader=$!
	eventually has_line unknown_contracts got
	live_ends 74
	exec 7>&-
	wait $reader
	passed=$(grep -c '"type":"feed"' got)
	dropped=$(sed -n 's/.*: DROPPED: \([0-9]*\) .*/\1/p' err)
	own=$(grep -oE 'counted [0-9]+' err | cut -d ' ' -f 2)
	told=$(grep -c '"type":"dormant"' got)
	assert $((passed + dropped)) = $((250000 + own - told)) "each record passed, or was counted"
	# What waited while nobody read is one request a symbol.
	awk '/"type":"feed"/ { n = NR } END { print n }' got >last
	tail -n +"$(($(cat last) + 1))" got | records refresh >late
	assert "$(grep -c '"NDX"' late)" = 1
	assert "$(grep '"NDX"' late)" has unknown_contracts
	assert "$(grep '"SPX"' late | head -n 1)" has "\"for_epoch\":\"$ID\""
	assert "$(grep -c unknown_contracts late)" = 1
}

@test "live: a tick takes back a request that nobody has read yet" {
	plate
	mkfifo out.fifo
	exec 7<>out.fifo
	LIVE_OUT=out.fifo live --threshold 2 --count 0
	beat 0 0 >&5
	yes '{"type":"feed","ts":1,"symbols":["SPX"],"state":"lost","detail":"xxxxxxxxxxxxxxxxx"}' |
	    head -n 1000 >&5 # more than a pipe holds
	eventually has_line DORMANT err
	gap 1 '["SPX"]' ",\"to_ts\":$T" >&5
	batch 1 1 >&5
	eventually has_line AWAKE err
	cat <out.fifo >got 3>&- 4>&- 5>&- 7>&- &
	BACK+=($!)
	reader=$!
	live_ends
	exec 7>&-
	wait $reader
	assert "$(records refresh <got | jq -r .reason)" = gap "the gap's is still wanted"
	assert "$(records dormant <got | wc -l)" = 1
}

@test "an epoch that is superseded at any moment is not touched any more" {
	beat 0 12 >in
	for ((n = 1; n < 100; n++)); do
		rcli FLUSHALL >/dev/null
		plate
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n dormancy-watch -q \
		    --clock records <in >out 2>err 3>&- 4>&- &
		pid=$!
		BACK+=("$pid")
		comes_to_stop $pid || break
		make_chain -n 10 -t $((T + 60000)) | geom-hash | epoch-promote >new.out
		state_dump | grep "epoch:meta:$ID " >before
		kill -CONT $pid
		wait $pid
		state_dump | grep "epoch:meta:$ID " | cmp - before || fail "point $n"
		"$ROOT/tests/invariants" "$REDIS_SOCK" || fail "point $n"
	done
	((n > 15 && n < 100)) || fail "points: $n"
}

@test "output that cannot be written: 74; a reader that leaves: 141, also idle" {
	plate
	beat 0 20 >in
	run_tool 74 bash -c 'dormancy-watch -q --clock records <in >/dev/full'
	run_tool 74 bash -c 'dormancy-watch -q --clock records <in >&-'
	mkfifo open
	run_tool 74 bash -c 'dormancy-watch -q --symbol SPX --threshold 0.02 <>open >/dev/full'
	run_tool bash -c 'yes "$(cat in)" | dormancy-watch -q --clock records | head -n 1 >/dev/null
	    echo "${PIPESTATUS[1]}"'
	assert "$output" = 141
	mkfifo hold idle
	without_bats_fds bash -c 'dormancy-watch <hold >idle; echo $? >rc' &
	BACK+=($!)
	exec 5>hold 6<idle
	exec 6<&-
	eventually test -s rc
	assert "$(cat rc)" = 141 "nothing written, the reader gone"
}

@test "TERM, HUP: at once, no torn line, Redis alive or frozen" {
	plate
	# INT: a background job ignores it.  75: it was in the middle of a force.
	for how in TERM:0,75 HUP:129; do
		live --threshold 0.02 --max-backoff 0.02 --symbol SPX
		eventually lines_of dormant out 4
		kill -s "${how%:*}" "$PID"
		eventually has_ended "$PID"
		rc=0
		wait "$PID" || rc=$?
		assert ",${how#*:}," has ",$rc," "$how"
		exec 5>&-
		assert "$(tail -c 1 out)" = "" "a whole last line"
		jq . out >/dev/null
	done
	live --threshold 0.02 --redis-timeout 3600 --symbol SPX
	eventually lines_of dormant out 2
	kill -STOP "$REDIS_PID"
	for ((i = 0; i < 10; i++)); do sleep 0.02; done
	kill -TERM "$PID"
	eventually has_ended "$PID"
	kill -CONT "$REDIS_PID"
	exec 5>&-
}

@test "SCRIPT FLUSH between two counts is not noticed" {
	plate
	live --symbol SPX --threshold 0.05 --max-backoff 0.05 # in any order
	eventually lines_of dormant out 3
	rcli SCRIPT FLUSH >/dev/null
	n=$(grep -c '"type":"dormant"' out)
	eventually lines_of '"type":"dormant"' out $((n + 3))
	live_ends
	assert "$(grep -c REDIS err)" = 0
}

@test "USR1 and -v show counters; descriptors stay as many" {
	plate
	live --threshold 0.05 --max-backoff 0.05 -v
	beat 0 3 >&5
	eventually lines_of dormant out 3
	fds=$(find "/proc/$PID/fd" | wc -l)
	kill -USR1 "$PID"
	eventually has_line 'COUNTS: symbols 1 heartbeats 4 ' err
	for ((i = 0; i < 20; i++)); do
		rcli CLIENT KILL TYPE normal SKIPME yes >/dev/null
		sleep 0.03
	done
	eventually is_back
	assert "$(find "/proc/$PID/fd" | wc -l)" = "$fds"
	batch 9 1 >&5
	live_ends
}

# --- partial silence

# Ticks won the quotes of these contracts at this time.
quotes_at() { # MS PATTERN
	rcli GET "epoch:$ID:geometry" | grep -E -- "$2" | sed "s/^.*$/HSET epoch:$ID:contract:& quote_ts $1 quote_seq 0/" |
	    rcli >/dev/null
}

@test "puts of one expiration died: told, while all others tick" {
	plate -n 60 # 15 in each of two expirations' calls and puts
	quotes_at $((T + 100000)) .
	quotes_at $((T + 80000)) '250718P'
	quotes_at $((T + 80000)) '250620C0500' # 1 of 15 is quiet
	live --threshold 50 --coverage 0.05 --quiet-after 10
	beat 0 0 >&5
	batch 100 9 >&5
	eventually has_line coverage out
	assert "$(records dormant <out | head -n 1 | jq -c '[.dormant_count, .forced, .coverage]')" =~ \
	    '^\[0,false,\[\{"expiration":"2025-06-20","right":"call","active":15,"quiet":1\},\{"expiration":"2025-07-18","right":"put","active":15,"quiet":15\}\]\]$'
	assert "$(cat err)" =~ "SPX: QUIET: 1 of 4 parts fell silent, first 2025-07-18 put"
	assert "$(meta dormant_count) $(meta seq)" = "0 1" "nothing is forced by that"
	# A refresh that replaces what the ticks brought hides nothing.
	make_chain -n 60 -t $((T + 200000)) -q $((T + 150000)) | geom-hash | epoch-promote >/dev/null
	n=$(grep -c coverage out)
	eventually lines_of '"put","active":15,"quiet":15' out $((n + 3))
	# Nor does a new epoch in which no tick's value is left.
	make_chain -n 64 -t $((T + 300000)) -q $((T + 250000)) | geom-hash | epoch-promote >new.out
	assert "$(jq -r .outcome new.out)" = new
	ID=$(jq -r .epoch_id new.out)
	eventually has_line "$ID.*"'"2025-07-18","right":"put","active":15,"quiet":15' out
	quotes_at $((T + 300000)) '250718P'
	eventually has_line QUIET_OVER err
	live_ends
	assert "$(grep -c ': QUIET:' err)" = 1 "said once"
}

@test "all silent: coverage says what had been active; no ticks: it is absent" {
	plate -n 60
	quotes_at $((T + 100000)) '250718P'
	live --threshold 1.5 --coverage 0.02 --quiet-after 0.25
	beat 0 0 >&5
	batch 100 9 >&5
	eventually has_line '"forced":true' out
	live_ends
	assert "$(records dormant <out | grep '"dormant_count":1,' | tail -n 1 | jq -c '.coverage')" = \
	    '[{"expiration":"2025-07-18","right":"put","active":15,"quiet":15}]'
	live --threshold 0.05 --coverage 0.02
	beat 0 0 >&5
	eventually has_line dormant out
	live_ends
	assert "$(grep -c coverage out)" = 0
}
