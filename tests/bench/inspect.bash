# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# inspect: the table of 50 symbols against redis-cli PING, both as processes.
# shellcheck disable=SC2154 # work, runs … are run's

SYMBOLS=50
TIMES=10 # processes a sample: one takes about a millisecond

often() {
	local i
	for ((i = 0; i < TIMES; i++)); do
		"$@" || return
	done
}

# The small board under 50 names, in one stream.
make_symbols() {
	local i
	chain-fetch --source cboe --from "$root/tests/boards/open.json" SPX \
	    >"$work/small.chain" || bench_die 'the small board'
	for ((i = 0; i < SYMBOLS; i++)); do
		sed "s/\"symbol\":\"SPX\"/\"symbol\":\"S$i\"/" \
		    "$work/small.chain"
	done | geom-hash | epoch-promote >/dev/null ||
		bench_die "no $SYMBOLS symbols"
}

ask_inspect() {
	local i scale
	scale=$(awk -v n="$TIMES" 'BEGIN { print 1 / n }')
	empty
	make_symbols
	[[ $(epoch-inspect -o symbol | wc -l) == "$SYMBOLS" ]] ||
		bench_die "epoch-inspect does not show $SYMBOLS symbols"
	for ((i = 0; i < runs; i++)); do
		sample inspect often epoch-inspect
		sample ping often redis-cli -s "$sock" PING
	done
	compare "epoch-inspect, $SYMBOLS symbols, wall, ours/PING" o/r inspect \
	    ping 1 "$scale" 'goal 10 ms, stretch 3 ms; start of the process included'
}
