# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# ticks: how many ticks epoch-hydrate takes from a file and puts into Redis,
# both on this machine, and what one costs.  Uniform: any of 20,000 contracts;
# concentrated: most of them on some hundred, as a market's are.
# shellcheck disable=SC2154 # work, runs … are run's

TICKS=300000

# make_ticks MEAN: contracts at an exponential distance of that mean from the
# first, 0: uniform.
make_ticks() {
	local base
	base=$(grep -o '"end_ts":[0-9]*' "$work/big.geom" | cut -d : -f 2)
	sed -n 's/.*"type":"contract".*"id":"\([^"]*\)".*/\1/p' \
	    "$work/big.geom" | perl -e '
		my ($n, $mean, $base) = @ARGV;
		srand 7;
		my @ids = map { chomp; $_ } <STDIN>;
		@ids = (sort { ($a =~ tr/0-9//cdr) % 9973 <=>
		    ($b =~ tr/0-9//cdr) % 9973 || $a cmp $b } @ids)[0 .. 19999];
		for my $i (1 .. $n) {
			my $at = $mean ? int(-$mean * log(1 - rand)) % 20000 : int rand 20000;
			my $ts = $base + 1000 + int($i / 100);
			my $head = qq({"type":"tick","ts":$ts,"id":"$ids[$at]","kind":);
			my $kind = rand;
			printf $kind < .9
			    ? qq(%s"quote","recv_ts":%d,"feed_seq":%d,"bid":%.2f,"ask":%.2f,"bid_size":%d,"ask_size":%d}\n)
			    : $kind < .97
			    ? qq(%s"trade","recv_ts":%d,"feed_seq":%d,"last":%.2f,"last_size":%d}\n)
			    : qq(%s"agg","recv_ts":%d,"feed_seq":%d,"volume":%d}\n),
			    $head, $ts + 3, $i, rand 100, rand 100, rand 99, rand 99;
		}' "$TICKS" "$1" "$base"
}

count_of() { # NAME FILE: from the line of counters
	sed -n "s/.* $1 \([0-9]*\) .*/\1/p" "$2"
}

hydrate_once() { # FILE
	epoch-hydrate -v <"$work/$1.ticks" 2>"$work/counts" >/dev/null || return
	count_of applied "$work/counts" >>"$work/$1.applied"
}

ask_ticks() {
	local kind i
	make_ticks 0 >"$work/uniform.ticks"
	make_ticks 300 >"$work/concentrated.ticks"
	[[ $(wc -l <"$work/uniform.ticks") == "$TICKS" ]] ||
		bench_die 'no ticks: the board has fewer than 20,000 contracts?'
	for ((i = 0; i < runs; i++)); do
		for kind in uniform concentrated; do
			empty
			epoch-promote <"$work/big.geom" >/dev/null
			sample "$kind" hydrate_once "$kind"
		done
	done
	for kind in uniform concentrated; do
		paste -d ' ' "$work/$kind" "$work/$kind.applied" |
		    awk -v n="$TICKS" '{ print n / $1, $4 / $1, 1000 * $3 / $4 }' |
		    sort -n >"$work/rates"
		awk -v kind="$kind" '
		{ r[NR] = $1; a[NR] = $2; c[NR] = $3 }
		END {
			m = int((NR + 1) / 2)
			printf "epoch-hydrate, %s, received\t%.0f\t150\t%.2f\tthousand/s\tgoal 150, stretch 250\n",
			    kind, r[m], r[m] / 150
			printf "epoch-hydrate, %s, applied\t%.0f\t-\t-\tthousand/s\tthe rest was conflated\n",
			    kind, a[m]
			printf "epoch-hydrate, %s, server CPU\t%.1f\t9\t%.2f\tus an applied group\tgoal 9\n",
			    kind, c[m], c[m] / 9
		}' "$work/rates"
	done
	memory epoch-hydrate "$work/uniform.ticks" epoch-hydrate
	empty
	epoch-promote <"$work/big.geom" >/dev/null
	head -n 50000 "$work/concentrated.ticks" >"$work/few.ticks"
	contracts[few]=50000
	cost 'epoch-hydrate, a tick' few 'a tick each, with its part of the batches' \
	    "$work/few.ticks" epoch-hydrate -t 60
}
