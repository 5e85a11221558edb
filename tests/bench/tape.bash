# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# tape: what the journal costs those who write, how large a tape is, what
# epoch-record costs, and how fast epoch-replay is, against plain Python that
# replays the same tape to the same values.
#
# Three tapes: boards (a new epoch, a refresh, an epoch over it), full (a board
# and ticks in full batches, from a file) and steady (a board and ticks at
# 5,000 a second, in the small batches that these make).
# shellcheck disable=SC2154 # work, runs … are run's

TAPE_RATE=5000
TAPE_SECONDS=20 # of the steady tape
TAPE_LOOK=5     # seconds of each steady look
TAPE_PASSES=3

# Of each contract of the big board a quote, of some a trade, a volume: at
# most one of each, so that nothing is conflated and each round does the same.
tape_ticks() { # PASS
	local base
	base=$(grep -o '"end_ts":[0-9]*' "$work/big.geom" | cut -d : -f 2)
	perl -MList::Util=shuffle -e '
		my ($pass, $base) = @ARGV;
		srand $pass;
		chomp(my @ids = <STDIN>);
		my @ticks = shuffle map { my $id = $_; ([$id, "quote"],
		    rand() < .08 ? [$id, "trade"] : (),
		    rand() < .03 ? [$id, "agg"] : ()) } @ids;
		for my $i (0 .. $#ticks) {
			my ($id, $kind) = @{$ticks[$i]};
			my $ts = $base + $pass * 100000 + $i;
			printf qq({"type":"tick","ts":%d,"id":"%s",)
			    . qq("kind":"%s","recv_ts":%d,"feed_seq":%d,%s}\n),
			    $ts, $id, $kind, $ts + 3, $i + 1,
			    $kind eq "quote" ? sprintf(qq("bid":%.2f,)
				. qq("ask":%.2f,"bid_size":%d,"ask_size":%d),
				rand 100, rand 100, rand 99, rand 99)
			    : $kind eq "trade" ? sprintf(
				qq("last":%.2f,"last_size":%d), rand 100, rand 99)
			    : sprintf qq("volume":%d), rand 9999;
		}' "$1" "$base" <"$work/ids"
}

tape_promote() { # BOARD
	epoch-promote <"$work/$1.geom" >/dev/null
}

tape_switch() { # off or on
	empty
	[[ $1 == off ]] || epoch-record --on
}

tape_hydrate() {
	local i
	for ((i = 1; i <= TAPE_PASSES; i++)); do
		epoch-hydrate -v <"$work/pass.$i" 2>"$work/counts" >/dev/null ||
			return
		grep -q ' conflated 0 ' "$work/counts" || return
	done
}

# What the journal holds becomes a tape.
tape_keep() { # NAME
	[[ -s $work/tape.$1 ]] ||
		epoch-record --once SPX >"$work/tape.$1" || bench_die epoch-record
}

tape_round() { # off or on
	local job
	tape_switch "$1"
	for job in first later next; do
		sample "$job.$1" tape_promote $job
	done
	[[ $1 == off ]] || tape_keep boards
	tape_switch "$1"
	tape_promote big
	sample "hydrate.$1" tape_hydrate
	[[ $1 == off ]] || tape_keep full
}

# So many seconds of ticks at their pace; a line "wall cpu server" of the
# hydrator, all for a thousand applied ticks, in NAME.
tape_steady() { # NAME SECONDS
	local before=${EPOCHREALTIME/./} server wall TIMEFORMAT='%U %S'
	server=$(server_cpu)
	"$here/ticks.pl" $TAPE_RATE "$2" <"$work/ids" >"$work/steady.fifo" &
	{ time epoch-hydrate -v <"$work/steady.fifo" 2>"$work/counts" \
	    >/dev/null; } 2>"$work/times" || bench_die epoch-hydrate
	wall=$((${EPOCHREALTIME/./} - before))
	server=$(($(server_cpu) - server))
	sed -n 's/.* applied \([0-9]*\) .* batches \([0-9]*\) .*/\1 \2/p' \
	    "$work/counts" >"$work/applied"
	awk -v wall=$wall -v server=$server '
	NR == FNR { n = $1 / 1000; next }
	{ print wall / 1000 / n, ($1 + $2) * 1000 / n, server / 1000 / n }' \
	    "$work/applied" "$work/times" >>"$work/$1"
}

# The same with epoch-record at work; its CPU, ms, goes to $recorder.
tape_recorded() { # NAME SECONDS
	rm -rf "$work/tapes"
	mkdir "$work/tapes"
	epoch-record --dir "$work/tapes" --fsync 1 -v SPX 2>"$work/recorded" &
	tape_pid=$!
	tape_steady "$1" "$2"
	until [[ $(rcli XLEN epoch:journal:SPX) -le 1 ]]; do
		kill -0 "$tape_pid" || bench_die epoch-record
		sleep 0.05
	done
	recorder=$(process_cpu "$tape_pid")
	kill "$tape_pid"
	wait "$tape_pid" || bench_die "epoch-record: $(cat "$work/recorded")"
}

tape_look() {
	local i how
	for ((i = 0; i < (runs + 2) / 3; i++)); do
		for how in off on; do
			tape_switch $how
			tape_promote big
			tape_steady steady.$how $TAPE_LOOK
		done
		tape_switch on
		tape_promote big
		tape_recorded steady.taped $TAPE_LOOK
	done
}

tape_price() {
	local job name
	for job in 'first:new epoch' 'later:refresh' 'next:epoch over epoch' \
	    'hydrate:ticks in full batches'; do
		name=${job#*:} job=${job%%:*}
		compare "journal, $name, wall, on/off" o/r $job.on $job.off 1 1 ''
		compare "journal, $name, CPU, on/off" o/r $job.on $job.off 2 1 ''
		compare "journal, $name, server CPU, on/off" o/r $job.on \
		    $job.off 3 1 ''
	done
	compare "journal, $TAPE_RATE ticks/s, server CPU, on/off" o/r \
	    steady.on steady.off 3 1 'a thousand ticks'
	compare "journal, $TAPE_RATE ticks/s, server CPU, recorded/off" o/r \
	    steady.taped steady.off 3 1 'a thousand ticks; with epoch-record'
	compare "journal, $TAPE_RATE ticks/s, CPU of epoch-hydrate, on/off" o/r \
	    steady.on steady.off 2 1 'a thousand ticks'
	awk -v n="$(cat "$work"/pass.* | wc -l)" '{ print n / $1 }' \
	    "$work/hydrate.off" >"$work/rate.off"
	awk -v n="$(cat "$work"/pass.* | wc -l)" '{ print n / $1 }' \
	    "$work/hydrate.on" >"$work/rate.on"
	paste "$work/rate.on" "$work/rate.off" | awk '{ print $1 / $2 }' |
	    median >"$work/rate"
	printf 'journal, ticks in full batches, applied, on/off\t%.1f\t%.1f\t%.2f\tthousand/s\t\n' \
	    "$(median <"$work/rate.on")" "$(median <"$work/rate.off")" \
	    "$(cat "$work/rate")"
}

# Rows of the acts of a kind on a tape, and the bytes of these acts.
tape_rows() { # KIND TAPE
	grep "\"kind\":\"$1\"" "$work/tape.$2" >"$work/acts"
	awk -F '"rows":"' '{ n += gsub(/;/, ";", $2) + 1 } END { print n + 0 }' \
	    "$work/acts"
}

tape_size() { # NAME KIND TAPE UNIT
	local n packed
	n=$(tape_rows "$2" "$3")
	packed=$(zstd -q -c "$work/acts" | wc -c)
	awk -v name="$1" -v n="$n" -v bytes="$(wc -c <"$work/acts")" \
	    -v acts="$(wc -l <"$work/acts")" -v packed="$packed" -v unit="$4" '
	BEGIN {
		printf "tape, %s, zstd/plain\t%.1f\t%.1f\t%.2f\tbytes a %s\t" \
		    "%d in %d acts\n", name, packed / n, bytes / n,
		    packed / bytes, unit, n, acts
	}'
}

tape_recorder() {
	local acts
	acts=$(wc -l <"$work/tape.steady")
	awk -v ms="$recorder" -v n="$acts" 'BEGIN {
		printf "epoch-record, CPU\t%.1f\t-\t-\tus an act\t%d acts, %d ms\n",
		    ms * 1000 / n, n, ms }'
	tape_switch on
	tape_promote big
	tape_hydrate || bench_die epoch-hydrate
	memory epoch-record /dev/null epoch-record --once SPX
}

# --- replay

tape_ours() { # NAME [OPTION...]
	local name=$1
	shift
	epoch-replay "$@" "$work/tape.$name" >/dev/null
}

tape_plain() { # NAME [ACT]
	"$PYTHON" "$here/plain_replay.py" "$sock" "$work/tape.$1" "${@:2}"
}

tape_same() { # NAME
	local ours theirs
	empty
	tape_ours "$1"
	ours=$(epoch-inspect --digest --values SPX)
	empty
	tape_plain "$1"
	theirs=$(epoch-inspect --digest --values SPX)
	[[ -n $ours && $ours == "$theirs" ]] ||
		bench_die "$1: epoch-replay and plain_replay.py: other values"
}

# Of a tape that begins with one board: its last act.
tape_board() { # NAME
	sed -n '/"kind":"commit"/{s/.*"act":\([0-9]*\),.*/\1/p;q}' \
	    "$work/tape.$1"
}

tape_replay_round() {
	local name side
	for name in boards full steady; do
		for side in ours plain; do
			((with_python)) || [[ $side == ours ]] || continue
			empty
			sample "replay.$name.$side" tape_$side $name
		done
	done
	for name in full steady; do
		empty
		sample "board.$name.ours" tape_ours $name \
		    --until "act:$(tape_board $name)"
		((with_python)) || continue
		empty
		sample "board.$name.plain" tape_plain $name \
		    "$(tape_board $name)"
	done
}

# Thousand ticks a second, the board's own time left out.
tape_rate() { # NAME SIDE
	paste "$work/replay.$1.$2" "$work/board.$1.$2" |
	    awk -v n="$(tape_rows hydrate "$1")" '{ print n / ($1 - $4) }'
}

tape_report_replay() {
	local name note=no
	for name in boards full steady; do
		if ((!with_python)); then
			skip "replay, $name, python/ours" 'no redis-py'
			continue
		fi
		compare "replay, $name, wall, python/ours" r/o \
		    "replay.$name.ours" "replay.$name.plain" 1 1 \
		    'same values digest in Redis'
		compare "replay, $name, CPU, python/ours" r/o \
		    "replay.$name.ours" "replay.$name.plain" 2 1 ''
		compare "replay, $name, server CPU, ours/python" o/r \
		    "replay.$name.ours" "replay.$name.plain" 3 1 ''
	done
	for name in full steady; do
		tape_rate $name ours >"$work/rate.ours"
		note='goal 100, stretch 200 thousand/s'
		if ((with_python)); then
			tape_rate $name plain >"$work/rate.plain"
			printf 'replay, %s, ticks, ours/python\t%.1f\t%.1f\t%.2f\tthousand/s\t%s\n' \
			    $name "$(median <"$work/rate.ours")" \
			    "$(median <"$work/rate.plain")" \
			    "$(paste "$work/rate.ours" "$work/rate.plain" |
				awk '{ print $1 / $2 }' | median)" "$note"
		else
			printf 'replay, %s, ticks\t%.1f\t-\t-\tthousand/s\t%s\n' \
			    $name "$(median <"$work/rate.ours")" "$note"
		fi
	done
	empty
	memory epoch-replay /dev/null epoch-replay "$work/tape.steady"
}

ask_tape() {
	local i name with_python=0 recorder=0 tape_pid
	sed -n 's/.*"type":"contract".*"id":"\([^"]*\)".*/\1/p' \
	    "$work/big.geom" >"$work/ids"
	mkfifo "$work/steady.fifo"
	for ((i = 1; i <= TAPE_PASSES; i++)); do
		tape_ticks $i >"$work/pass.$i"
	done
	tape_switch on
	tape_promote big
	tape_recorded warm $TAPE_SECONDS
	cat "$work"/tapes/*.ndjson >"$work/tape.steady"
	i=$recorder
	tape_look
	recorder=$i
	for ((i = 0; i < runs; i++)); do
		tape_round off
		tape_round on
	done
	tape_price
	tape_size 'a board' rows full contract
	tape_size 'a refresh' refresh_rows boards contract
	tape_size 'ticks in full batches' hydrate full tick
	tape_size "ticks at $TAPE_RATE/s" hydrate steady tick
	tape_recorder
	if have_python; then
		with_python=1
		for name in boards full steady; do
			tape_same $name
		done
	fi
	for ((i = 0; i < runs; i++)); do
		tape_replay_round
	done
	tape_report_replay
}
