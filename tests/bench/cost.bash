# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# cost: instructions (callgrind; they hardly vary) and the greatest resident
# memory (GNU time) of each tool.
# shellcheck disable=SC2154 # work, contracts … are run's

# instructions FILE TOOL…: of the tool, counted; its input is stdin.
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" \
	    2>"$work/valgrind" >/dev/null || bench_die "callgrind: $*"
	sed -n 's/.*Collected *: *//p' "$work/valgrind"
}

resident() {
	command time -f %M -o "$work/rss" "$@" >/dev/null ||
		bench_die "failed: $*"
	tail -n 1 "$work/rss"
}

# cost NAME BOARD GOAL FILE TOOL…: FILE is its input, or /dev/null.
cost() {
	local name=$1 n=${contracts[$2]} goal=$3 in=$4 count
	shift 4
	if command -v valgrind >/dev/null; then
		count=$(instructions "$@" <"$in") || exit 1
		awk -v name="$name" -v count="$count" -v n="$n" \
		    -v goal="$goal" 'BEGIN {
			printf "%s, instructions\t%.0f\t%d\t%.0f\t" \
			    "per contract\t%s\n", name, count, n, count / n,
			    goal
		}'
	else
		skip "$name, instructions" 'no valgrind'
	fi
}

memory() {
	local name=$1 in=$2 kb
	shift 2
	if type -P time >/dev/null; then
		kb=$(resident "$@" <"$in") || exit 1
		awk -v name="$name" -v kb="$kb" 'BEGIN {
			printf "%s, RSS\t%.1f\t64\t%.2f\tMiB\tgoal 64, " \
			    "stretch 24\n", name, kb / 1024, kb / 65536
		}'
	else
		skip "$name, RSS" 'no GNU time (Debian: time)'
	fi
}

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
