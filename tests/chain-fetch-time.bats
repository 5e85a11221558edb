#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# chain-fetch: how long it waits, for whom, and whom it believes to be the
# vendor.  Waits are made short by tests/shim/clock.c, so that limits of
# minutes are reached, and seen, in a blink; what the log's "at" tells is the
# stand-in's own clock, on which nothing comes early.

load fetch

# ms between the arrivals of two requests.
gap() {
	standin_log -s "(.[] | select(.request == $2).at) -
	    (.[] | select(.request == $1).at)"
}

at_least() {
	((${1%.*} >= $2)) || fail "${3-}: $1 is less than $2"
}

# ---------------------------------------------------------------------- H2

@test "H2: Retry-After, seconds or a date, is waited: once refused, not twice" {
	clean
	# 5 s are 250 ms; without it no wait is longer than 1 s, 50 ms
	vendor 'on page 2 once status 429 retry-after 5'
	fast 20 run_tool massive --parallel 1 --deadline 600 SPX
	assert "$output" = "$(cat clean)"
	at_least "$(gap 2 3)" 249 seconds
	# a date has no ms: from 4 to 5 s
	vendor 'on page 2 once status 429 retry-after +5'
	EPOCH_NOW_MS=1794511000000 fast 20 run_tool massive --parallel 1 --deadline 600 SPX
	assert "$output" = "$(cat clean)"
	at_least "$(gap 2 3)" 199 date
	# CBOE's, too
	vendor 'on request 1 status 429 retry-after 5'
	fast 20 run_tool cboe --deadline 600 SPX
	at_least "$(gap 1 2)" 249 cboe
}

@test "H2: one that is refused makes all walks wait" {
	clean
	local n
	for n in 4 8; do
		# all that are on their way when the first refusal comes
		vendor "on request 2-$((n + 1)) status 429 retry-after 5"
		fast 20 run_tool massive --parallel $n --deadline 600 SPX
		assert_board "$n walks"
		assert "$(standin_log -s '[.[] | select(.status == 429)] | length')" = $n
		at_least "$(gap $((n + 1)) $((n + 2)))" 249 "$n walks"
	done
	# the longest of their waits counts
	vendor $'on request 2 status 429 retry-after 9\non request 3 latency 20 status 429 retry-after 0'
	fast 20 run_tool massive --parallel 2 --deadline 600 SPX
	assert_board "two waits"
	at_least "$(gap 2 4)" 449 "two waits"
}

@test "H2: absurd ones end it at once, odd ones are none, none is patient" {
	clean
	local odd n
	for odd in 99999 '"Fri, 01 Jan 2100 00:00:00 GMT"'; do
		# were it waited for, the test's own timeout would end it
		DEADLINE=3600 assert_fails "on page 2 always status 429 retry-after $odd" \
		    HTTP_429 75 'page 2: after 1 tries'
		assert "$(requests)" = 2 "$odd"
	done
	for odd in soon -5 '""' 99999999999999999999 '"Sun, 06 Nov 1994 08:49:37 GMT"'; do
		vendor "on page 2 once status 429 retry-after $odd"
		fast 20 run_tool massive --parallel 1 SPX
		assert "$output" = "$(cat clean)" "$odd"
	done
	# with none it asks until its minute is over, ever more seldom
	vendor 'on page 2 always status 429'
	fast 100 run_tool 75 massive --parallel 1 SPX
	assert_abort HTTP_429 75 'page 2: after'
	n=$(requests)
	[[ $n -ge 6 && $n -le 60 ]] || fail "asked $n times"
}

@test "H1: failures are asked about again after waits, four times in all" {
	local code
	for code in 500 499 503; do
		vendor "on page 3 always status $code"
		fast 20 run_tool 69 massive --parallel 1 SPX
		assert_abort "HTTP_$code" 69 'page 3: after 4 tries'
		assert "$(requests)" = 6
	done
	# anyone's failure is his own: others go on, and none is asked more often
	for code in 2 5 8; do
		vendor "on request $code- always status 500"
		fast 20 run_tool 69 massive --parallel 8 SPX
		assert_abort HTTP_500 69 'after 4 tries'
		at_least "$(requests)" $((code + 3)) "request $code"
	done
}

# ---------------------------------------------------------------------- H7

# A port that never takes a connection: its queue is full.
full_port() {
	perl -MIO::Socket::INET -MSocket -e '
		alarm 290;
		my $s = IO::Socket::INET->new(Listen => 1,
		    LocalAddr => "127.0.0.1") or die;
		listen($s, 0);
		my @full = map { IO::Socket::INET->new(Blocking => 0,
		    PeerAddr => "127.0.0.1", PeerPort => $s->sockport) } 1 .. 3;
		open(my $port, ">", "port.new") or die;
		print $port $s->sockport;
		close $port;
		rename "port.new", "port";
		sleep 290' </dev/null >/dev/null 2>&1 3>&- 4>&- &
	FULL_PID=$!
	eventually test -e port
}

@test "H7: nobody accepts: 5 s to connect, four times, then 69" {
	full_port
	local source rc=0
	export VENDOR
	VENDOR=http://127.0.0.1:$(<port)
	for source in massive cboe; do
		fast 50 run_tool 69 $source --deadline 600 SPX || rc=1
		assert_abort TIMEOUT 69 'after 4 tries' || rc=1
		assert "$output" =~ 'after 5[0-9]{3} ms' || rc=1
	done
	# what is left of the deadline may be less
	fast 50 run_tool 69 massive --deadline 8 SPX || rc=1
	assert_abort DEADLINE 69 || rc=1
	kill $FULL_PID
	return $rc
}

@test "H7: below 1024 bytes a second for 10 s: given up, asked again, then 69" {
	clean
	local slow
	# at 50 times, 20 ms are 1 s
	for slow in hang 'stall 50%' 'gzip off drip 10 20'; do
		vendor "on page 2 once $slow"
		fast 50 run_tool massive --parallel 1 SPX
		assert "$output" = "$(cat clean)" "$slow"
		assert "$(requests)" = $(($(tail -n 1 clean | jq .pages) + 1))
		vendor "on page 2 always $slow"
		fast 50 run_tool 69 massive --parallel 1 --deadline 600 SPX
		assert_abort TIMEOUT 69 \
		    'page 2: after 4 tries: operation too slow. Less than 1024 bytes/sec transferred the last 10 seconds'
	done
	vendor 'stall 10000'
	fast 50 run_tool 69 cboe --deadline 600 SPX
	assert_abort TIMEOUT 69 'Less than 1024 bytes/sec transferred the last 10 seconds'
	assert "$(requests)" = 4
}

@test "H7: slow, but not that slow: read to its end, or the minute's" {
	clean
	# some 8 KB a second
	vendor 'on page 2 gzip off drip 8000 20'
	fast 50 run_tool massive --parallel 1 --deadline 600 SPX
	assert "$output" = "$(cat clean)"
	assert "$(requests)" = "$(tail -n 1 clean | jq .pages)"
	# all of them: more than the 60 s that nobody asked for
	vendor 'gzip off drip 4000 20'
	fast 50 run_tool 69 massive --parallel 1 SPX
	assert_abort DEADLINE 69 'not done within 60000 ms'
	vendor 'gzip off drip 4000 20'
	fast 50 run_tool 69 massive SPX
	assert_abort DEADLINE 69 'not done within 60000 ms'
}

# ------------------------------------------------------------ the schedule

# Somebody is connected to a loopback port.
is_connected() {
	grep -q "$(printf ' 0100007F:%04X 01 ' "$1")" /proc/net/tcp
}

# Nothing is being done.
is_asleep() {
	[[ $(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null) == S ]]
}

# When beats are is unit/clock's; here, that these are the times.  What a busy
# machine delays makes one distance longer, but never all of them, and the next
# one shorter.
@test "--every: on its beats, however long each takes; one missed is left out" {
	local pid rc=0
	jq -c '.data.options |= .[0:250]' "$BOARD" >small
	# at 10 times: each takes 2.5 s, the fourth some 15, but never stands still
	BOARD=small vendor $'latency 250\non request 4 gzip off drip 13000 125'
	unset EPOCH_NOW_MS
	FAULT_WAIT_SCALE=10 LD_PRELOAD=$BUILD/shim/clock.so \
	    massive --every 5 --deadline 600 SPX >out 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ $(grep -c chain_end out) -ge 10 ]]'
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[[ $rc == 0 || $rc == 75 ]]
	# a snapshot begins when its first page came
	records chain_begin out | head -n 10 |
	    jq -s -c '.[0].ts as $t | [.[].ts - $t | . / 5000]' >beats
	# from end to begin there would be 1.5 beats or more between any two; the
	# long one begins late, so the one after it begins soon
	jq -e '. as $b | any(range(1; 3), range(5; 10); $b[.] - $b[. - 1] < 1.4)' beats
	# were those missed made up for, there would be half a beat between them
	jq -e '. as $b | $b[3] > 5 and any(4, 5; $b[9] - $b[.] > 0.75 * (9 - .))' beats
}

@test "--every: told to stop between two beats: 0, also when the last failed" {
	local pid rc source script
	for source in massive cboe; do
		for script in '' 'status 401'; do
			vendor "$script"
			rc=0
			rm -f out
			$source --every 3600 SPX >out 2>err 3>&- 4>&- &
			pid=$!
			eventually grep -qE 'chain_(end|abort)' out
			eventually is_asleep "$pid"
			kill -TERM "$pid"
			wait "$pid" || rc=$?
			assert "$rc" = 0 "$source $script"
			assert "$(tail -n 1 out | jq -r '.error // .type')" = \
			    "$([[ -z $script ]] && echo chain_end || echo HTTP_401)"
		done
	done
	# in the middle of one: that one is aborted
	vendor 'on request 1 hang'
	rc=0
	massive --every 3600 SPX >out 2>err 3>&- 4>&- &
	pid=$!
	# what is never answered is logged as late as the client leaves
	eventually is_connected "$STANDIN_PORT"
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	assert "$rc" = 75
	assert "$(jq -r '"\(.type) \(.error)"' out)" = "chain_abort STOPPED"
}

@test "CBOE is never asked more than once a second, whatever --every says" {
	local pid try
	for try in 1 2 3 4 5; do
		vendor 'on request 3 status 500'
		FAULT_WAIT_SCALE=10 LD_PRELOAD=$BUILD/shim/clock.so \
		    cboe --every 0.01 SPX NDX >out 2>err 3>&- 4>&- &
		pid=$!
		eventually eval '[[ $(requests) -ge 9 ]]'
		kill -TERM "$pid"
		wait "$pid" || :
		# 8 s are 800 ms, unless the first was long on its way
		! at_least "$(gap 1 9)" 790 || return 0
	done
	fail "sooner than once a second, every time"
}
