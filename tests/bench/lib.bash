# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# lib: a private Redis, samples, medians and quotients for bench.
#
#	sample NAME COMMAND…     run it; keep wall, the tools' CPU, the server's
#	compare NAME OURS REF …  one line of the report
#	cost NAME …, memory NAME …	the same of instructions, of memory
#
# A sample is a line "wall cpu server" in ms in $work/NAME.  Samples of one
# round stand in the same line of their files: a quotient is taken within each
# round, and the median of those is shown, so that a machine that is slow for
# a while is slow for both sides.
# shellcheck disable=SC2154 # work and contracts are run's

bench_die() {
	echo "bench: $*" >&2
	exit 1
}

have_python() {
	[[ -x $PYTHON ]] && "$PYTHON" -c 'import redis, zoneinfo' 2>/dev/null
}

# skip NAME WHY: a question that cannot be answered here.
skip() {
	printf '%s\t-\t-\t-\t-\tskipped: %s\n' "$1" "$2"
}

rcli() {
	redis-cli -s "$sock" "$@"
}

redis_up() {
	local i
	sock=$work/s
	((${#sock} < 100)) || bench_die "TMPDIR is too long for a socket: $work"
	# timeout: it ends even if we are killed; it passes TERM on.
	timeout -k 2 3600 redis-server --port 0 --unixsocket "$sock" --dir "$work" \
	    --save '' --appendonly no </dev/null >"$work/redis.log" 2>&1 &
	redis_pid=$!
	export REDIS_URL=unix://$sock
	for ((i = 0; i < 250; i++)); do
		[[ $(rcli PING 2>/dev/null) == PONG ]] && return
		kill -0 "$redis_pid" 2>/dev/null || break
		sleep 0.02
	done
	tail -n 5 "$work/redis.log" >&2
	bench_die "redis-server did not come up"
}

redis_down() {
	[[ -n ${redis_pid-} ]] || return 0
	kill "$redis_pid" 2>/dev/null
	wait "$redis_pid" 2>/dev/null
	redis_pid=
}

empty() {
	rcli FLUSHALL SYNC >/dev/null
}

# CPU of the server so far, in µs.
server_cpu() {
	rcli INFO cpu | awk -F '[:.\r]' '/^used_cpu_(sys|user):/ {
		us += $2 * 1000000 + $3 } END { printf "%.0f\n", us }'
}

process_cpu() { # PID, ms so far
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' \
	    "/proc/$1/stat"
}

sample() {
	local name=$1 wall before after TIMEFORMAT='%U %S'
	shift
	before=$(server_cpu)
	wall=${EPOCHREALTIME/./}
	if ! { time "$@" >"$work/out" 2>"$work/err"; } 2>"$work/times"; then
		cat "$work/err" >&2
		bench_die "failed: $*"
	fi
	wall=$((${EPOCHREALTIME/./} - wall))
	after=$(server_cpu)
	awk -v wall="$wall" -v server="$((after - before))" '{
		print wall / 1000, ($1 + $2) * 1000, server / 1000
	}' "$work/times" >>"$work/$name"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END {
		print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
	}'
}

# compare NAME HOW OURS REF COLUMN SCALE NOTE: HOW is o/r or r/o, SCALE what
# one sample is multiplied with.
compare() {
	local name=$1 how=$2 ours=$work/$3 ref=$work/$4 column=$5 scale=$6
	local quotient
	quotient=$(paste "$ours" "$ref" | awk -v c="$column" -v how="$how" '{
		o = $c; r = $(c + 3)
		print how == "o/r" ? o / (r > 0 ? r : 1e-9) \
		    : r / (o > 0 ? o : 1e-9)
	}' | median)
	printf '%s\t%.1f\t%.1f\t%.2f\tms\t%s\n' "$name" \
	    "$(scaled "$ours" "$column" "$scale")" \
	    "$(scaled "$ref" "$column" "$scale")" "$quotient" "$7"
}

scaled() {
	awk -v c="$2" -v s="$3" '{ print $c * s }' "$1" | median
}

# instructions TOOL…: of the tool, counted; its input is stdin.
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
