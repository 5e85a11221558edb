# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# heatmap: model-heatmap on the biggest board: a build of everything against
# plain Python's; 100 changed contracts, all of them in its dates or anywhere;
# and how long a tick waits until it is published, at 1,000 ticks/s.
# shellcheck disable=SC2154 # work, runs … are run's

# What it shares with the question about the other model.
# shellcheck source=/dev/null
. "$here/gex.bash"

heatmap_ids() {
	rcli GET "epoch:$gex_id:geometry" | sed '/^$/d'
}

heatmap_forget() {
	gex_forget
	rcli HDEL "epoch:meta:$gex_id" ack:heatmap >/dev/null
}

heatmap_python() {
	"$PYTHON" "$here/plain_heatmap.py" "$sock" "$gex_id"
}

# What 100 changed contracts cost, of those in $work/ids.
heatmap_changed() { # WHERE
	local pid i before after rounds=50
	model-heatmap >/dev/null 2>"$work/err" &
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
	awk -v a="$before" -v b="$after" -v n="$rounds" -v w="$1" 'BEGIN {
		printf "model-heatmap, 100 changed contracts %s, CPU\t%.2f" \
		    "\t-\t-\tms\tgoal 5 ms; reading and publishing included\n",
		    w, (b - a) / n }'
}

heatmap_latency() {
	local pid listener
	model-heatmap >/dev/null 2>"$work/err" &
	pid=$!
	gex_clean
	"$here/latency.pl" "$sock" heatmap $((GEX_SECONDS + 1)) \
	    >"$work/latency" &
	listener=$!
	EPOCH_NOW_MS='' "$here/ticks.pl" "$GEX_TICKS" "$GEX_SECONDS" <"$work/ids" |
		epoch-hydrate >/dev/null
	wait "$listener"
	kill "$pid"
	wait "$pid"
	awk '{ printf "model-heatmap, tick to published, p50\t%s\t-\t-\tms\t" \
	    "%d batches\nmodel-heatmap, tick to published, p99\t%s\t-\t-\tms" \
	    "\t\n", $1, $3, $2 }' "$work/latency"
}

ask_heatmap() {
	local i
	empty
	epoch-promote <"$work/big.geom" >/dev/null || bench_die "no board"
	gex_id=$(epoch-inspect -o epoch_id SPX)
	if "$PYTHON" -c 'import redis' 2>/dev/null; then
		for ((i = 0; i < runs; i++)); do
			heatmap_forget
			sample heatmap_full model-heatmap --once
			sample heatmap_python heatmap_python
		done
		compare "model-heatmap, everything, wall, python/ours" r/o \
		    heatmap_full heatmap_python 1 1 'goal 100 ms'
		compare "model-heatmap, everything, CPU, python/ours" r/o \
		    heatmap_full heatmap_python 2 1 ''
	else
		skip "model-heatmap, python/ours" "no redis-py"
	fi
	heatmap_ids >"$work/ids"
	heatmap_changed 'anywhere'
	# Its own dates, as its sheets say.
	model-heatmap --print SPX |
		sed -n 's/.*"expiration":"20\([0-9-]*\)".*"root":"\([A-Z]*\)".*/O:\2\1/p' |
		tr -d - | sort -u >"$work/dates"
	heatmap_ids | grep -F -f "$work/dates" >"$work/ids"
	heatmap_changed 'in its dates'
	heatmap_ids >"$work/ids"
	heatmap_latency
}
