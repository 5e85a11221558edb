#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# chain-fetch -: snapshots for refresh records, while all else passes.

load fetch

E1=SPX:1794510000:abcd
E2=SPX:1794510777:00ff

setup_file() {
	fetch_file
	jq -c '(.. | strings) |= (sub("^SPXW?(?<n>[0-9]{6}[CP])"; "NDX\(.n)") |
	    sub("(?<m>[_^])SPX$"; "\(.m)NDX")) |
	    .data.options |= unique_by(.option)' "$ROOT/tests/boards/open.json" \
	    >"$BATS_FILE_TMPDIR/ndx.json"
}

setup() {
	fetch_test
	PIDS=()
}

teardown() {
	exec 7>&- 8<&-
	standin_stop
	kill_started
	redis_stop
}

# vendor SCRIPT [OPTION...]: one with these faults; a new one for the old.
vendor() {
	local script=$1
	shift
	standin_stop
	standin_start -s "$script" --board "$BATS_FILE_TMPDIR/board.json" \
	    --board "$BATS_FILE_TMPDIR/ndx.json" --key "$KEY" "$@"
	export VENDOR=$STANDIN_URL
}

# refresh SYMBOL REASON [FOR_EPOCH]
refresh() {
	printf '{"type":"refresh","ts":1794510990000,"symbol":"%s","reason":"%s"%s}\n' \
	    "$1" "$2" "${3:+,\"for_epoch\":\"$3\"}"
}

# For a while it takes no time.
does_nothing() {
	local before after
	before=$(awk '{ print $14 + $15 }' "/proc/$PID/stat")
	for _ in 1 2 3 4 5 6; do sleep 0.05; done
	after=$(awk '{ print $14 + $15 }' "/proc/$PID/stat")
	((after - before <= 2)) # hundredths of a second
}

# others FROM TO: records that are not ours, no two alike.
others() {
	seq "$1" "$2" |
		sed 's/.*/{"type":"note", "ts":&,"x":&.10,"y":"\\u00e9 é"}/'
}

# start COMMAND…: in the background, what is written to descriptor 7 is its
# stdin; $PID, and out and err.
start() {
	mkfifo in
	[[ ! -f out ]] || rm out # who looks there means the new one
	"$@" <in >out 2>err 3>&- 4>&- 7>&- 8<&- &
	PID=$!
	PIDS+=("$PID")
	exec 7>in
}

# The end of its input, and its status.
finish() {
	local rc=0
	exec 7>&-
	wait "$PID" || rc=$?
	assert "$rc" = "$1" "status; $(cat err)"
}

has_lines() {
	[[ $(wc -l <"$2") -ge $1 ]]
}

has_types() {
	[[ $(grep -c "\"type\":\"$2\"" "$3") -ge $1 ]]
}

# Every snapshot stands in one piece, with as many contracts as it says.
whole_snapshots() {
	jq -r '"\(.type) \(.symbol) \(.contracts)"' "$1" | awk '
	$1 == "chain_begin" { if (open) exit 1; open = 1; n = 0; s = $2; next }
	$1 == "contract" { if (!open || $2 != s) exit 1; n++; next }
	$1 == "chain_end" { if (!open || $2 != s || n != $3) exit 1; open = 0; next }
	open { exit 1 }
	END { exit open }'
}

begins() {
	jq -r 'select(.type == "chain_begin" or .type == "chain_abort") |
	    "\(.type) \(.symbol) \(.reason) \(.for_epoch) \(.error)"' "$@"
}

# --------------------------------------------------------------- what it does

@test "a request becomes the snapshot, and the snapshot says why" {
	vendor ''
	local source reason
	for source in massive cboe; do
		run_tool $source SPX
		printf '%s\n' "$output" >plain
		for reason in scheduled dormant first unknown_contracts gap manual; do
			run_tool $source - < <(refresh SPX $reason)
			assert "$output" = "$(sed "1s/scheduled/$reason/" plain)"
			[[ $source == massive ]] || break # not more than one a second
		done
		run_tool $source - < <(refresh SPX dormant $E1)
		assert "$output" = "$(sed "1s/scheduled\"/dormant\",\"for_epoch\":\"$E1\"/" plain)"
	done
}

@test "a request that fails is an abort that says why, and the tool goes on" {
	vendor 'on request 1 status 401'
	run_tool 77 massive --parallel 1 - < <(refresh SPX dormant $E1
		refresh NDX gap
		refresh QQQQ first)
	assert "$(begins <<<"$output")" = "chain_abort SPX dormant $E1 HTTP_401
chain_begin NDX gap null null
chain_abort QQQQ first null EMPTY"
	whole_snapshots /dev/stdin <<<"$output"
	assert "$stderr" =~ 'SPX: HTTP_401: .*\(exit 77\)'
}

@test "of a symbol the last answer counts for the status" {
	vendor 'on request 1 status 401'
	start massive --parallel 1 -
	refresh SPX gap >&7
	eventually has_types 1 chain_abort out
	refresh SPX gap >&7
	finish 0
	assert "$(begins out)" = "chain_abort SPX gap null HTTP_401
chain_begin SPX gap null null"
}

@test "other records pass byte for byte, in order, whatever is between them" {
	vendor ''
	{
		others 1 500
		refresh SPX gap
		others 501 900
		refresh NDX gap
		others 901 3000
	} >mixed
	run_tool massive - <mixed
	printf '%s\n' "$output" >out
	grep '"note"' out | cmp - <(others 1 3000)
	whole_snapshots out
	assert "$(begins out | wc -l)" = 2
	# nothing asked for: a mere pipe
	run_tool massive - < <(others 1 3000)
	assert "$output" = "$(others 1 3000)"
	run_tool massive - </dev/null
	assert "$output" = ""
}

@test "while a vendor hangs, lines pass at once, and the rest is asked for later" {
	vendor 'on page 2 once hang'
	start massive --parallel 1 --deadline 5 -
	refresh SPX gap >&7
	eventually grep -q '"page":1' "$STANDIN_LOG"
	local i
	for i in 1 2 3; do
		others $((i * 100)) $((i * 100 + 99)) >&7
		eventually has_lines $((i * 100)) out
	done
	cmp out <(others 100 399)
	refresh SPX dormant $E1 >&7
	finish 0
	assert "$(tail -n +301 out | begins)" = "chain_abort SPX gap null DEADLINE
chain_begin SPX dormant $E1 null"
}

@test "while CBOE is slow, lines pass at once, too" {
	vendor 'on request 1 drip 400 20'
	start cboe -v -
	refresh SPX gap >&7
	others 1 1 >&7
	eventually has_lines 1 out
	# the document takes some seconds
	others 2 2 >&7
	eventually has_lines 2 out
	others 3 3 >&7
	eventually has_lines 3 out
	assert "$(grep -c chain_ out)" = 0 "still being fetched"
	finish 0
	whole_snapshots out
	cmp <(head -n 3 out) <(others 1 3)
}

@test "requests merge while one is served: dormant wins, its newest epoch" {
	vendor 'on page 2 once latency 1500'
	start massive -v --parallel 1 -
	refresh SPX scheduled >&7
	eventually grep -q '"page":1' "$STANDIN_LOG"
	{
		refresh SPX scheduled
		refresh SPX gap
		refresh SPX dormant $E1
		refresh NDX scheduled
		refresh SPX first
		refresh SPX dormant $E2
		refresh SPX unknown_contracts
		refresh NDX gap
		refresh NDX first
	} >&7
	finish 0
	assert "$(begins out)" = "chain_begin SPX scheduled null null
chain_begin SPX dormant $E2 null
chain_begin NDX gap null null"
	assert "$(cat err)" has "asked 10 merged 7 snapshots 3 aborts 0"
}

@test "who asked first is served first, a greedy symbol starves nobody" {
	vendor 'latency 20'
	{
		for ((i = 0; i < 50; i++)); do refresh SPX gap; done
		refresh NDX gap
		for ((i = 0; i < 50; i++)); do refresh SPX gap; done
	} >in.ndjson
	run_tool massive - <in.ndjson
	assert "$(begins <<<"$output" | cut -d ' ' -f 2 | xargs)" = "SPX NDX"
}

@test "operands are asked for at the start; with --every again and again" {
	vendor ''
	run_tool massive --reason manual - SPX NDX < <(refresh SPX dormant $E1)
	assert "$(begins <<<"$output" | head -n 1)" = "chain_begin SPX manual null null"
	assert "$(begins <<<"$output" | grep -c NDX)" = 1
	assert "$(begins <<<"$output")" has "SPX dormant $E1"
	start massive --every 0.02 - SPX
	eventually has_types 3 chain_end out
	refresh NDX dormant NDX:1794510000:abcd >&7
	eventually grep -q 'NDX.*dormant' out
	local n
	n=$(grep -c chain_end out)
	eventually has_types $((n + 2)) chain_end out
	finish 0
	whole_snapshots out
	assert "$(begins out | sort | uniq -c | awk '{print $3, $4}')" = "NDX dormant
SPX scheduled"
}

@test "CBOE is asked once a second at most, whoever asks" {
	local try early apart
	for try in 1 2 3 4 5; do
		vendor ''
		rm -f in
		start cboe -
		refresh SPX gap >&7
		refresh NDX gap >&7
		eventually has_types 1 chain_end out
		# the second waits for its turn: lines do not
		others 1 1 >&7
		eventually grep -q note out
		early=$(requests)
		finish 0
		assert "$(requests)" = 2
		apart=$(standin_log -s '.[1].at - .[0].at >= 900')
		# else this test, or the first on its way, took that second
		[[ $early/$apart != 1/true ]] || break
	done
	assert $early/"$apart" = 1/true
}

@test "usage: what - does not go with" {
	run_tool 64 chain-fetch --from - - SPX
	run_tool 64 chain-fetch --raw - SPX
	run_tool 64 chain-fetch --every 1 -
	assert "$stderr" has "--every of no symbol"
	run_tool 64 chain-fetch - spx
	unset MASSIVE_API_KEY
	run_tool 77 chain-fetch --source massive - </dev/null
	assert "$stderr" has NO_KEY
	run_tool 78 chain-fetch --source cboe --base-url http://10.0.0.1 - </dev/null
	assert "$(wc -l <<<"$stderr")" = 1
}

# ------------------------------------------------------------------ bad lines

@test "a bad line: named, counted, 65 at the end; the others are served" {
	vendor ''
	local line code
	while IFS=$'\t' read -r code line; do
		run_tool 65 massive - < <(others 1 1
			printf '%s\n' "$line"
			refresh SPX gap)
		assert "$(begins <<<"$output")" = "chain_begin SPX gap null null" "$line"
		assert "$(head -n 1 <<<"$output")" = "$(others 1 1)"
		assert "$(head -n 1 <<<"$stderr")" =~ "chain-fetch: -: $code: line 2: "
		assert "$(tail -n 1 <<<"$stderr")" = \
		    "chain-fetch: -: BAD_LINES: bad lines dropped: 1 (exit 65)"
	done <<-'END'
		BAD_RECORD	{"type":"refresh","ts":1,"reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX"}
		BAD_RECORD	{"type":"refresh","symbol":"SPX","reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX","reason":"boredom"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX","reason":7}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"spx","reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"I:SPX","reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX/../x","reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX\r\nDEL","reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"","reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":["SPX"],"reason":"gap"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX","reason":"dormant","for_epoch":"now"}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX","reason":"dormant","for_epoch":7}
		BAD_RECORD	{"type":"refresh","ts":1,"symbol":"SPX","reason":"dormant","for_epoch":"NDX:1794510000:abcd"}
		BAD_JSON	{"type":"refresh","ts":1,"symbol":"SPX","symbol":"SPX","reason":"gap"}
		BAD_JSON	{"type":"refresh","ts":1,"symbol":"SPX","reason":"gap"
		BAD_JSON	refresh SPX
		BAD_RECORD	{"ts":1}
		BAD_JSON	[1]
	END
}

@test "an unfinished last line is never a request; a line over 1 MiB is skipped" {
	vendor ''
	run_tool 65 massive - < <(refresh SPX gap | head -c -1)
	assert "$output" = ""
	assert "$stderr" has "TORN"
	assert "$(requests)" = 0
	run_tool 65 massive - < <(
		head -c 3000000 /dev/zero | tr '\0' a
		echo
		refresh SPX gap)
	assert "$(begins <<<"$output")" = "chain_begin SPX gap null null"
	assert "$stderr" has "TOO_LONG: line 1"
}

@test "more symbols than anybody serves: each request has its answer, none grows" {
	vendor 'status 404'
	seq 1 1100 | sed 's/.*/{"type":"refresh","ts":1,"symbol":"S&","reason":"gap"}/' >in.ndjson
	run_tool 65 massive - <in.ndjson
	assert "$(begins <<<"$output" | awk '{print $5}' | sort | uniq -c | xargs)" = \
	    "1000 HTTP_404 100 TOO_MANY"
}

# ------------------------------------------------------------- slow neighbours

@test "a reader that stalls: the writer goes on, requests merge, nothing is lost" {
	vendor 'on page 2 once latency 700'
	local asked
	mkfifo out
	start massive -v --parallel 1 -
	exec 8<out
	refresh SPX gap >&7
	eventually grep -q '"page":1' "$STANDIN_LOG"
	refresh SPX gap >&7
	# it is fetched, and more than a pipe holds
	eventually eval '[[ $(requests) -ge 5 ]]'
	others 1 150000 >&7
	asked=$(requests)
	refresh SPX gap >&7
	refresh NDX gap >&7
	refresh SPX dormant $E1 >&7
	others 150001 150002 >&7
	eventually eval 'kill -USR1 "$PID"
	    grep -q "asked 5 .* passed 150002" err'
	sleep 0.05
	asked+=" $(requests)"
	cat <&8 >got 3>&- 4>&- 7>&- &
	PIDS+=("$!")
	assert "${asked#* }" = "${asked% *}" "none is begun before the last one is read"
	finish 0
	wait "${PIDS[1]}"
	grep '"note"' got | cmp - <(others 1 150002)
	whole_snapshots <(grep -v '"note"' got)
	whole_snapshots got
	assert "$(begins got)" = "chain_begin SPX gap null null
chain_begin SPX dormant $E1 null
chain_begin NDX gap null null"
	assert "$(cat err)" has "asked 5 merged 2 snapshots 3 aborts 0 passed 150002"
}

@test "a reader that stalls for long: memory has a bound, and nothing is lost" {
	vendor ''
	mkfifo out
	start massive -
	exec 8<out
	refresh SPX gap >&7
	yes "$(others 1 1)" | head -n 1500000 >&7 3>&- 4>&- 8<&- &
	PIDS+=("$!")
	# it reads until it has enough: for half a second no more, and waits
	local k=0 same=0 before=-1 now
	until ((same == 10)); do
		sleep 0.05
		now=$(awk '/rchar/ { print $2 }' "/proc/$PID/io")
		[[ $now == "$before" && $(cut -d ' ' -f 3 "/proc/$PID/stat") == S ]] &&
			same=$((same + 1)) || same=0
		before=$now
		((++k < 2000))
	done
	((now > 10000000 && now < 40000000))
	run ! has_ended "${PIDS[1]}"
	[[ $BUILD == */san ]] || (($(awk '/VmHWM/ { print $2 }' "/proc/$PID/status") < 100000))
	exec 7>&-
	cat <&8 >got 3>&- 4>&- &
	PIDS+=("$!")
	finish 0
	wait "${PIDS[2]}"
	assert "$(grep -c '"note"' got)" = 1500000
	whole_snapshots <(grep -v '"note"' got)
}

@test "snapshots that pass through are not broken up by ours" {
	vendor ''
	massive --parallel 1 SPX >plain
	local i pages
	pages=$(requests)
	make_chain -S SPY -n 40 >passing
	start massive --parallel 1 -
	head -n 10 passing >&7
	refresh SPX gap >&7
	eventually eval '[[ $(requests) == $((2 * pages)) ]]'
	for ((i = 11; i <= 30; i++)); do
		sed -n ${i}p passing >&7
		eventually has_lines $i out
	done
	tail -n +31 passing >&7
	finish 0
	whole_snapshots out
	cmp <(head -n 42 out) passing
	assert "$(geom-hash <out | records geometry | jq -r .symbol | xargs)" = "SPY SPX"
	# one that never ends does not hold ours for ever
	run_tool massive - < <(head -n 10 passing
		refresh SPX gap)
	assert "$(begins <<<"$output" | wc -l)" = 2
	assert "$(tail -n 1 <<<"$output" | jq -r .type)" = chain_end
}

# ------------------------------------------------------------- life and death

@test "TERM: the running request and the waiting ones are answered, 75" {
	local rc sig
	for sig in TERM INT HUP; do
		rm -f in
		vendor 'on page 2 hang'
		# bash starts it with INT ignored
		start env --default-signal=INT massive --parallel 1 -
		refresh SPX dormant $E1 >&7
		eventually grep -q '"page":1' "$STANDIN_LOG"
		refresh NDX gap >&7
		refresh SPX dormant $E2 >&7
		others 1 1 >&7
		eventually has_lines 1 out
		kill -s $sig "$PID"
		rc=0
		wait "$PID" || rc=$?
		exec 7>&-
		case $sig in
		TERM) assert $rc = 75 ;;
		INT) assert $rc = 130 ;;
		HUP) assert $rc = 129 ;;
		esac
		assert "$(tail -n +2 out | begins)" = "chain_abort SPX dormant $E1 STOPPED
chain_abort NDX gap null STOPPED
chain_abort SPX dormant $E2 STOPPED"
	done
}

@test "TERM between requests: 0; with a reader that stalls: at once, no torn line" {
	vendor ''
	start massive -
	others 1 1 >&7
	eventually has_lines 1 out
	kill -TERM "$PID"
	finish 0
	rm -f in out
	mkfifo out
	start massive -
	exec 8<out
	refresh SPX gap >&7
	others 1 20000 >&7
	kill -TERM "$PID"
	finish 74
	cat <&8 >got
	assert "$(tail -c 1 got)" = "" "the last byte is a newline"
	jq -es 'length > 10' got >/dev/null
	run_tool 65 geom-hash <got
}

@test "TERM at any moment: no torn line, no half snapshot that counts" {
	vendor 'latency 2'
	local i rc
	for ((i = 0; i < 25; i++)); do
		rm -f in
		start massive -
		{
			refresh SPX gap
			others 1 400
			refresh NDX gap
		} >&7
		eventually has_lines 1 out
		sleep "0.0$((i * 7 % 40 + 10))"
		kill -TERM "$PID"
		rc=0
		wait "$PID" || rc=$?
		exec 7>&-
		[[ $rc == 0 || $rc == 75 ]] || fail "status $rc"
		assert "$(tail -c 1 out)" = "" "the last byte is a newline"
		whole_snapshots <(grep -v '"note"' out)
	done
}

@test "P1: the reader leaves: 141, at the next line or without one" {
	vendor ''
	mkfifo out
	start massive -
	exec 8<out
	others 1 1 >&7
	head -n 1 <&8 >/dev/null
	exec 8<&-
	finish 141
	# its input stays open, nothing flows
	rm in
	start massive -
	exec 8<out
	exec 8<&-
	eventually has_ended "$PID"
	finish 141
}

@test "P2: output that cannot be written: 74" {
	vendor ''
	run_tool 74 bash -c 'massive - >/dev/full' < <(others 1 10)
	run_tool 74 bash -c 'massive - >/dev/full' < <(refresh SPX gap)
	run_tool 74 bash -c 'massive - >&-' < <(refresh SPX gap)
}

@test "P5: its descriptors stay blocking: they are shared" {
	vendor ''
	mkfifo out
	start massive -
	exec 8<out
	refresh SPX gap >&7
	eventually eval '[[ $(requests) -ge 5 ]]'
	local fd
	for fd in 0 1; do
		(($(awk '/flags/ { print "0" $2 }' "/proc/$PID/fdinfo/$fd") & 04000)) &&
			fail "descriptor $fd does not block"
	done
	cat <&8 >got 3>&- 4>&- 7>&- &
	PIDS+=("$!")
	finish 0
}

@test "P9: descriptors closed at the start" {
	vendor ''
	run_tool bash -c 'massive - <&-'
	run_tool 74 bash -c 'massive - SPX <&- >&-'
	run_tool bash -c 'massive - SPX <&- 2>&-'
	whole_snapshots /dev/stdin <<<"$output"
}

@test "P14: EINTR everywhere changes nothing" {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	vendor ''
	{
		others 1 300
		refresh SPX gap
	} >in.ndjson
	run_tool massive - <in.ndjson
	printf '%s\n' "$output" >want
	: >out
	ASAN_OPTIONS=detect_leaks=0 run_tool strace -o log \
	    -P "$PWD/in.ndjson" -P "$PWD/out" \
	    -e inject=read,write,poll:error=EINTR:when=1+2 bash -c \
	    'exec chain-fetch --source massive --base-url "$VENDOR" - \
	    <in.ndjson >out'
	local call
	for call in read write poll; do
		grep -q "^$call.*INJECTED" log || fail "no $call was interrupted"
	done
	cmp out want
}

@test "P15: descriptors and memory stay as they are, over 150 requests" {
	vendor ''
	local i fds
	start massive --strikes 5400:5410 -
	for ((i = 1; i <= 150; i++)); do
		refresh SPX gap >&7
		eventually has_types $i chain_end out
		((i != 10)) || fds=$(find "/proc/$PID/fd" | wc -l)
	done
	assert "$(find "/proc/$PID/fd" | wc -l)" = "$fds"
	finish 0
}

@test "idle, it does nothing" {
	vendor ''
	start massive -
	others 1 1 >&7
	eventually has_lines 1 out
	does_nothing
	finish 0
}

@test "its input is over, its reader stalls, a beat is due: it waits for the reader" {
	vendor ''
	local k
	mkfifo out
	start massive --every 0.02 - SPX
	exec 8<out
	others 1 20000 >&7
	refresh NDX gap >&7
	exec 7>&-
	for ((k = 0; k < 100; k++)); do
		! does_nothing || break
	done
	((k < 100))
	cat <&8 >got 3>&- 4>&- 8<&- &
	PIDS+=("$!")
	finish 0
	wait "${PIDS[1]}"
	grep '"note"' got | cmp - <(others 1 20000)
	assert "$(grep -c '"chain_end".*"NDX"' got)" = 1
}

# --------------------------------------------------------------- the whole way

# The pipe behind us; its standard output is decisions.
loop() {
	massive --parallel 1 --deadline "${DEADLINE:-50}" - | geom-hash | epoch-promote >decisions
}

decisions() {
	jq -r '"\(.outcome) \(.reason) \(.forced)"' decisions
}

meta() {
	rcli HGET "epoch:meta:$(rcli HGET epoch:active SPX)" "$1"
}

@test "silence forces a new epoch; the same request again does not" {
	redis_start
	vendor ''
	loop < <(refresh SPX first)
	assert "$(decisions)" = "new first false"
	local id
	id=$(rcli HGET epoch:active SPX)
	rcli HSET "epoch:meta:$id" dormant_count 2
	export EPOCH_NOW_MS=$((EPOCH_NOW_MS + 10000))
	loop < <(refresh SPX dormant "$id")
	assert "$(decisions)" = "new forced true"
	assert "$(meta prev)" = "$id"
	assert "$(meta reason) $(meta forced_dirty) $(meta dormant_count)" = "forced 1 2"
	# that epoch is not active any more: values only
	EPOCH_NOW_MS=$((EPOCH_NOW_MS + 10000)) loop < <(refresh SPX dormant "$id")
	assert "$(decisions)" = "same null false"
}

@test "the vendor fails: the epoch that stays is forced dirty, whoever failed how" {
	redis_start
	vendor ''
	loop < <(refresh SPX first)
	local id fault rc seq
	id=$(rcli HGET epoch:active SPX)
	rcli HSET "epoch:meta:$id" dormant_count 2
	local DEADLINE
	for fault in 'status 401:77' 'html 500:69' 'status 429 retry-after 99999:75' \
	    'cut 50%:69' 'on page 2 hang:69' 'drop page results next absent:65'; do
		DEADLINE=50
		[[ $fault != *:69 ]] || DEADLINE=1 # whatever it failed of by then
		vendor "${fault%:*}"
		rcli HSET "epoch:meta:$id" forced_dirty 0
		rcli SREM epoch:dirty "$id"
		seq=$(meta seq)
		rc=0
		EPOCH_NOW_MS=$((EPOCH_NOW_MS + 10000)) loop 2>err \
		    < <(refresh SPX dormant "$id") || rc=$?
		assert $rc = "${fault##*:}" "$fault"
		assert "$(jq -r '"\(.epoch_id) \(.outcome) \(.reason)"' decisions)" = \
		    "$id rejected aborted"
		assert "$(meta forced_dirty) $(meta full_seq)" = "1 $((seq + 1))"
		assert "$(rcli SISMEMBER epoch:dirty "$id")" = 1
		"$ROOT/tests/invariants" "$REDIS_SOCK"
	done
	# nobody there at all; and a request that no silence raised
	DEADLINE=1
	standin_stop
	rcli HSET "epoch:meta:$id" forced_dirty 0
	rc=0
	loop 2>err < <(refresh SPX gap) || rc=$?
	assert $rc = 69
	assert "$(meta forced_dirty)" = 0
	rc=0
	loop 2>err < <(refresh SPX dormant "$id") || rc=$?
	assert $rc = 69
	assert "$(meta forced_dirty)" = 1
}

@test "a snapshot of silence that is refused forces the epoch that stays, too" {
	redis_start
	vendor ''
	loop < <(refresh SPX first)
	local id
	id=$(rcli HGET epoch:active SPX)
	rcli HSET "epoch:meta:$id" dormant_count 2
	# older than what is there; then most of the board is gone
	EPOCH_NOW_MS=$((EPOCH_NOW_MS - 60000)) loop 2>err \
	    < <(refresh SPX dormant "$id") || :
	assert "$(decisions)" = "rejected stale null"
	assert "$(rcli HGET epoch:active SPX) $(meta forced_dirty)" = "$id 1"
	rcli HSET "epoch:meta:$id" forced_dirty 0
	EPOCH_NOW_MS=$((EPOCH_NOW_MS + 60000)) \
	    massive --strikes 5400:5410 - 2>err < <(refresh SPX dormant "$id") |
		geom-hash | epoch-promote >decisions 2>err2 || :
	assert "$(decisions)" = "rejected filter null"
	assert "$(meta forced_dirty)" = 1
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "Redis is away for a while: requests wait their turn, and are served" {
	redis_start
	vendor ''
	loop < <(refresh SPX first)
	mkfifo in
	massive --parallel 1 - <in 2>err 3>&- 4>&- 7>&- |
		geom-hash 2>err2 3>&- 4>&- 7>&- |
		epoch-promote --redis-timeout 100 --deadline 100 >out 2>err3 3>&- 4>&- 7>&- &
	PIDS+=("$!")
	exec 7>in
	kill -STOP "$REDIS_PID"
	refresh SPX gap >&7
	local i
	for ((i = 0; i < 20; i++)); do refresh SPX gap >&7; done
	others 1 100000 >&7 # nobody is kept waiting
	kill -CONT "$REDIS_PID"
	exec 7>&-
	wait "${PIDS[0]}"
	assert "$(grep -c '"note"' out)" = 100000
	assert "$(grep -v '"note"' out | jq -r .outcome | sort -u)" = same
	assert "$(cat err err2 err3)" = ""
}
