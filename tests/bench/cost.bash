# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# cost: instructions (callgrind; they hardly vary) and the greatest resident
# memory (GNU time) of each tool.
# shellcheck disable=SC2154 # work, contracts … are run's

ask_cost() {
	local -a promote=(epoch-promote -t 60) # valgrind is slow
	local -a fetch=(chain-fetch --source cboe --from - SPX)
	cost chain-fetch big 'goal 12k, stretch 8k' "$work/big.json" \
	    "${fetch[@]}"
	cost geom-hash big 'goal 3k, stretch 2k' "$work/big.chain" geom-hash
	empty
	cost 'epoch-promote, new epoch' big 'goal 30k, stretch 8k' \
	    "$work/big.geom" "${promote[@]}"
	empty
	epoch-promote <"$work/first.geom" >/dev/null
	cost 'epoch-promote, refresh' later 'the merging is the server'"'"'s' \
	    "$work/later.geom" "${promote[@]}"
	cost 'epoch-promote, epoch over epoch' next 'with the carry pass' \
	    "$work/next.geom" "${promote[@]}"
	memory chain-fetch "$work/big.json" "${fetch[@]}"
	memory geom-hash "$work/big.chain" geom-hash
	empty
	epoch-promote <"$work/first.geom" >/dev/null
	memory 'epoch-promote, refresh' "$work/later.geom" "${promote[@]}"
	memory 'epoch-promote, epoch over epoch' "$work/big.geom" \
	    "${promote[@]}"
}
