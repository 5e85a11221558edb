# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# gex: model-gex on the biggest board: a build of everything against plain
# Python's; 100 changed contracts; and how long a tick waits until the model
# has published it, at 1,000 ticks/s.
# shellcheck disable=SC2154 # work, runs … are run's

GEX_TICKS=1000 # a second
GEX_SECONDS=5

# As if no model had been there.
gex_forget() {
	rcli DEL epoch:models >/dev/null
	rcli HDEL "epoch:meta:$gex_id" ack:gex >/dev/null
	rcli SREM epoch:clean "$gex_id" >/dev/null
	rcli SADD epoch:dirty "$gex_id" >/dev/null
}

gex_python() {
	"$PYTHON" "$here/plain_gex.py" "$sock" "$gex_id"
}

# Each batch is later than the one before, and earlier than the wall's clock,
# by which gex_latency's come.
gex_batches=0
gex_batch() { # N
	gex_batches=$((gex_batches + 1))
	awk -v n="$1" -v seed=$gex_batches 'BEGIN { srand(seed) } { id[NR] = $0 } END {
		for (i = 1; i <= n; i++) {
			bid = rand() * 300
			ts = 1786000000000 + seed * 1000 + i
			printf "{\"type\":\"tick\",\"ts\":%.0f,\"id\":\"%s\"," \
			    "\"kind\":\"quote\",\"recv_ts\":%.0f," \
			    "\"feed_seq\":%d,\"bid\":%.2f,\"ask\":%.2f," \
			    "\"bid_size\":1,\"ask_size\":1}\n", ts,
			    id[1 + int(rand() * NR)], ts, i, bid, bid + 2
		}
	}' "$work/ids" | epoch-hydrate >/dev/null
}

gex_cpu() { # of a process, ms
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' \
	    "/proc/$1/stat"
}

gex_clean() {
	local i
	for ((i = 0; i < 500; i++)); do
		[[ $(rcli SISMEMBER epoch:clean "$gex_id") == 1 ]] && return
		sleep 0.01
	done
	bench_die "model-gex does not keep up"
}

# What 100 changed contracts cost, of either source of gamma.
gex_changed() { # SOURCE
	local pid i before after rounds=50
	gex_forget
	model-gex --gamma "$1" >/dev/null 2>"$work/err" &
	pid=$!
	gex_clean
	before=$(gex_cpu $pid)
	for ((i = 1; i <= rounds; i++)); do
		gex_batch 100
		gex_clean
	done
	after=$(gex_cpu $pid)
	kill "$pid"
	wait "$pid"
	awk -v a="$before" -v b="$after" -v n="$rounds" -v s="$1" 'BEGIN {
		printf "model-gex --gamma %s, 100 changed contracts, CPU\t%.2f" \
		    "\t-\t-\tms\tgoal 5 ms, stretch 1 ms; reading included\n",
		    s, (b - a) / n }'
}

gex_latency() { # SOURCE
	local pid listener
	gex_forget
	model-gex --gamma "$1" >/dev/null 2>"$work/err" &
	pid=$!
	gex_clean
	"$here/latency.pl" "$sock" gex $((GEX_SECONDS + 1)) >"$work/latency" &
	listener=$!
	EPOCH_NOW_MS='' "$here/ticks.pl" $GEX_TICKS $GEX_SECONDS <"$work/ids" |
		epoch-hydrate >/dev/null
	wait "$listener"
	kill "$pid"
	wait "$pid"
	awk -v s="$1" '{ printf "model-gex --gamma %s, tick to published, p50\t" \
	    "%s\t-\t-\tms\t%d batches\n" \
	    "model-gex --gamma %s, tick to published, p99\t%s\t-\t-\tms\t" \
	    "goal 20 ms, stretch 5 ms\n", s, $1, $3, s, $2 }' "$work/latency"
}

ask_gex() {
	local i source
	empty
	epoch-promote <"$work/big.geom" >/dev/null || bench_die "no board"
	gex_id=$(epoch-inspect -o epoch_id SPX)
	rcli GET "epoch:$gex_id:geometry" | grep . >"$work/ids"
	if "$PYTHON" -c 'import redis' 2>/dev/null; then
		for ((i = 0; i < runs; i++)); do
			gex_forget
			sample gex_full model-gex --once
			sample gex_python gex_python
		done
		compare "model-gex, everything, wall, python/ours" r/o \
		    gex_full gex_python 1 1 'goal 100 ms, stretch 60 ms'
		compare "model-gex, everything, CPU, python/ours" r/o \
		    gex_full gex_python 2 1 ''
	else
		skip "model-gex, python/ours" "no redis-py"
	fi
	for source in vendor live; do
		gex_changed $source
		gex_latency $source
	done
}
