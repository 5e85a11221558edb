# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# live: stand-in -> ws-tap | epoch-hydrate -> Redis, all on this machine.  How
# many events a second are received when they come as fast as they are taken,
# and how many values that makes in Redis; against plain Python that reads the
# same ticks from a file, and against W = redis-benchmark -P 100 writing as
# many fields.  Then how long it is from an event's time to where a reader can
# see its value, at steady rates.
#
# The day is the board's own: near contracts have not expired (the shim clock,
# preloaded to the stand-in and to the tap).
# shellcheck disable=SC2154 # work, runs … are run's

LIVE_EVENTS=${LIVE_EVENTS:-1000000} # a round
LIVE_FEW=100000                     # of them for plain Python
LIVE_SECONDS=${LIVE_SECONDS:-10}    # of each steady rate
LIVE_MARKET='kinds=Q:9,T:1 pick=subscribed'

live_control() {
	local answer
	answer=$(printf '%s\n' "$@" | curl -sS --max-time 120 -H Expect: \
	    --data-binary @- "http://127.0.0.1:$live_port/control") ||
		bench_die "the stand-in does not answer"
	live_answer=${answer##*$'\n'}
	[[ $live_answer == '{"ok":true'* ]] || bench_die "control: $answer"
}

# Under the board's own day.
live_then() {
	exec env -u EPOCH_NOW_MS LD_PRELOAD="$build/shim/clock.so" \
	    FAULT_REALTIME_OFF="$live_offset" MASSIVE_API_KEY=made-up-key "$@"
}

live_vendor() {
	local end
	end=$(grep -o '"end_ts":[0-9]*' "$work/big.geom" | cut -d : -f 2)
	live_offset=$((end / 1000 + 3600 - EPOCHSECONDS))
	mkfifo "$work/live-port"
	live_then "$build/standin" --ttl 3000 --board "$work/big.json" \
	    </dev/null >"$work/live-port" 2>"$work/standin" &
	live_vendor_pid=$!
	read -r _ live_port <"$work/live-port"
}

# A tap that is ready; its ticks go to FILE.
live_tap() { # FILE
	rm -f "$work/ready"
	mkfifo "$work/ready"
	exec 8<>"$work/ready"
	live_then ws-tap --url "ws://127.0.0.1:$live_port/options" \
	    --ready-fd 8 SPX >"$1" 2>"$work/tap-err" &
	live_tap_pid=$!
	read -r -t 20 -u 8 _ || bench_die "ws-tap: $(cat "$work/tap-err")"
	exec 8>&-
}

# Both, for a while.
live_start() {
	rm -f "$work/live-pipe"
	mkfifo "$work/live-pipe"
	epoch-hydrate -v <"$work/live-pipe" >/dev/null 2>"$work/live-counts" &
	live_hydrate_pid=$!
	live_tap "$work/live-pipe"
}

live_end() {
	kill "$live_tap_pid"
	wait "$live_tap_pid" || bench_die "ws-tap: $(cat "$work/tap-err")"
	wait "$live_hydrate_pid" ||
		bench_die "epoch-hydrate: $(cat "$work/live-counts")"
}

# Has the tap read so many from its socket?
live_received() {
	kill -USR1 "$live_tap_pid"
	sleep 0.01
	sed -n 's/.* COUNTS: .* received \([0-9]*\) .* waiting \([0-9]*\) .*/\1 \2/p' \
	    "$work/tap-err" | tail -n 1 | awk -v n="$1" '{ exit $1 + $2 < n }'
}

# A line of $work/live: events received and applied, in thousand a second; CPU
# of tap, hydrator, server and stand-in, µs an event.
live_round() { # SEED
	local before wall server vendor=0 tap hydrate applied
	live_start
	server=$(server_cpu)
	vendor=$(process_cpu "$live_vendor_pid")
	before=${EPOCHREALTIME/./}
	live_control "burst $LIVE_EVENTS 0 seed=$1 $LIVE_MARKET" 'wait idle'
	until live_received "$LIVE_EVENTS"; do
		kill -0 "$live_tap_pid" || bench_die 'ws-tap ended'
	done
	tap=$(process_cpu "$live_tap_pid")
	hydrate=$(process_cpu "$live_hydrate_pid")
	live_end
	wall=$((${EPOCHREALTIME/./} - before))
	server=$(($(server_cpu) - server))
	applied=$(sed -n 's/.* applied \([0-9]*\) .*/\1/p' "$work/live-counts")
	awk -v n="$LIVE_EVENTS" -v wall=$wall -v applied="$applied" \
	    -v tap="$tap" -v hydrate="$hydrate" -v server=$server \
	    -v vendor="$vendor" -v now="$(process_cpu "$live_vendor_pid")" 'BEGIN {
		print n * 1000 / wall, applied * 1000 / wall, tap * 1000 / n,
		    hydrate * 1000 / n, server / n, (now - vendor) * 1000 / n
	}' >>"$work/live"
}

# The same from ticks in a file, as one would write it in an afternoon.
live_plain() {
	local before=${EPOCHREALTIME/./} wall
	"$PYTHON" "$here/plain_ticks.py" "$sock" <"$work/live-ticks" ||
		bench_die plain_ticks.py
	wall=$((${EPOCHREALTIME/./} - before))
	awk -v n="$LIVE_FEW" -v wall=$wall 'BEGIN { print n * 1000 / wall }' \
	    >>"$work/live-plain"
}

# Commands a second of the fields that a quote has in Redis.
live_ceiling() {
	redis-benchmark -s "$sock" -P 100 -n "$LIVE_FEW" -r 1000 --csv HSET \
	    "epoch:$live_id:bench:O:SPXW26C__rand_int__" bid 101.25 ask 101.75 \
	    bid_size 10 ask_size 12 quote_ts 1785942000000 quote_seq 651921857 |
		awk -F '","' 'END { print $2 / 1000 }' >>"$work/live-ceiling"
}

live_record() {
	live_tap "$work/live-ticks"
	live_control "burst $LIVE_FEW 0 seed=1 $LIVE_MARKET" 'wait idle'
	until live_received "$LIVE_FEW"; do :; done
	kill "$live_tap_pid"
	wait "$live_tap_pid"
}

live_column() { # FILE COLUMN
	awk -v c="$2" '{ print $c }' "$work/$1" | median
}

live_against() { # NAME COLUMN FILE NOTE
	local quotient
	quotient=$(paste -d ' ' "$work/live" "$work/$3" |
	    awk -v c="$2" '{ print $c / $NF }' | median)
	printf '%s\t%.1f\t%.1f\t%.2f\tthousand/s\t%s\n' "$1" \
	    "$(live_column live "$2")" "$(live_column "$3" 1)" "$quotient" "$4"
}

# From an event's time to a reader's, at a steady rate.
live_latency() { # RATE
	local reader
	live_start
	live_control "burst $(($1 * (LIVE_SECONDS + 2))) $1 seed=3 $LIVE_MARKET"
	"$here/visible.pl" "$sock" "$live_id" "$LIVE_SECONDS" "$live_offset" \
	    >"$work/visible" &
	reader=$!
	wait "$reader" || bench_die visible.pl
	live_control stop
	live_end
	awk -v rate="$1" '{
		printf "live, %d events/s, event to visible value, p50\t%s\t-" \
		    "\t-\tms\t%d values; an event has its time in whole ms\n",
		    rate, $1, $3
		printf "live, %d events/s, event to visible value, p99\t%s\t-" \
		    "\t-\tms\t\n", rate, $2 }' "$work/visible"
}

ask_live() {
	local i part rate with_plain=0
	empty
	epoch-promote <"$work/big.geom" >/dev/null || bench_die "no board"
	live_id=$(epoch-inspect -o epoch_id SPX)
	live_vendor
	"$PYTHON" -c 'import redis' 2>/dev/null && with_plain=1
	live_record
	for ((i = 1; i <= runs; i++)); do
		live_round $i
		live_ceiling
		((!with_plain)) || live_plain
	done
	if ((with_plain)); then
		live_against 'live, received, ours/python' 1 live-plain \
		    'goal 150, stretch 250 thousand/s; Python applies what it reads'
	else
		skip 'live, received, ours/python' 'no redis-py'
	fi
	live_against 'live, applied, ours/W' 2 live-ceiling \
	    'the rest was conflated'
	i=3
	for part in ws-tap epoch-hydrate server stand-in; do
		printf 'live, CPU of %s\t%.2f\t-\t-\tus an event\t\n' $part \
		    "$(live_column live $i)"
		i=$((i + 1))
	done
	for rate in 1000 20000; do
		live_latency $rate
	done
	kill "$live_vendor_pid"
	wait "$live_vendor_pid"
}
