#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# day: a day's shape, compressed: a board of 31,000 contracts, ticks at a
# steady rate through pipelines/live, snapshots all the while, each second one
# of another board, so that epochs follow each other; it is recorded, models
# follow, and epoch-gc removes.
#
#	SOAK_SECONDS=60		600 for the proof: docs/BENCH.md
#	DAY_RATE=5000		events a second
#
# Ten snapshots, 20 sweeps and 60 samples, however long it takes.  Sizes are
# asserted, times only told.

BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-$((3 * ${SOAK_SECONDS:-60} + 900))}
load ../helpers
load ../standin/standin
load ../hydrate
load live

SOAK_SECONDS=${SOAK_SECONDS:-60}
DAY_RATE=${DAY_RATE:-5000}
SAMPLES=60
MARKET='kinds=Q:9,T:1 pick=subscribed'

setup_file() {
	local name
	put_witnesses
	for name in open listed; do # of years that are to come
		"$ROOT/tests/bench/make-big" 77 1 \
		    <"$ROOT/tests/boards/$name.json" \
		    >"$BATS_FILE_TMPDIR/$name.json"
	done
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MASSIVE_API_KEY=s3cr3tTESTkey PATH=$WRAP:$ROOT/pipelines:$PATH
	export REDIS_LIFE=$((SOAK_SECONDS * 2 + 3000))
	VENDOR_BOARDS=("$BATS_FILE_TMPDIR"/{open,listed}.json)
	PID='' RUN=0 BESIDE=()
	redis_start
}

teardown() {
	local name
	[[ -z $PID ]] || stop_anyhow
	for name in "${!BESIDE[@]}"; do
		kill -KILL "${BESIDE[$name]}" 2>/dev/null || :
	done
	standin_stop
	redis_stop
}

# beside NAME COMMAND...: runs beside the pipeline; its words in err.NAME.  What
# it writes nobody keeps: models publish some 100 MB a second there.
beside() {
	local name=$1
	shift
	"$@" >/dev/null 2>"err.$name" 3>&- 4>&- &
	BESIDE[$name]=$!
}

# They are told to stop, and do, with nothing to complain of.
end_beside() { # NAME...
	local name rc
	for name; do
		rc=0
		kill -TERM "${BESIDE[$name]}"
		patiently has_ended "${BESIDE[$name]}"
		wait "${BESIDE[$name]}" || rc=$?
		unset "BESIDE[$name]"
		assert $rc = 0 "$name: $(tail -n 5 "err.$name")"
	done
}

used() {
	rcli INFO memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p'
}

journal_length() {
	rcli XLEN epoch:journal:SPX
}

outcomes() { # [OUTCOME]: how many snapshots came to that, or to anything
	grep -c "^{\"type\":\"epoch\".*\"outcome\":\"${1-}" "out.$RUN" || :
}

has_outcomes() { # N
	(($(outcomes) >= $1))
}

journal_is_on() {
	[[ $(rcli HGET epoch:config journal) == 1 ]]
}

journal_is_taped() {
	(($(journal_length) <= 1))
}

# A line of ./samples: KiB of Redis, acts in the journal, KiB of the tape, and
# RSS, KiB, of everybody.
take_sample() {
	local name line
	line="$(($(used) / 1024)) $(journal_length) $(du -sk tapes | cut -f 1)"
	for name in "${STAGES[@]:0:3}" "${STAGES[@]:5}"; do
		line+=" $(rss "${PID_OF[$name]}")"
	done
	for name in record gex heatmap; do
		line+=" $(rss "${BESIDE[$name]}")"
	done
	echo "$line" >>samples
}

SAMPLED=(redis acts tape ws-tap epoch-hydrate dormancy-watch epoch-promote
	epoch-record model-gex model-heatmap)

show_samples() {
	say "KiB, but for acts; of each $((SAMPLES / 20)) samples one"
	awk -v s="$SOAK_SECONDS" -v n="$SAMPLES" -v every=$((SAMPLES / 20)) \
	    -v names="s ${SAMPLED[*]}" '
	function row(text, field, i, count) {
		count = split(text, field, " ")
		printf "#"
		for (i = 1; i <= count; i++) printf " %14s", field[i]
		printf "\n"
	}
	NR == 1 { row(names) }
	NR % every == 0 { row(NR * s / n " " $0) }' samples >&3
}

# Column N has no more than MOST in the second half than in the first.
stays() { # NAME N MOST
	local first last
	first=$(cut -d ' ' -f "$2" samples | greatest 0 2)
	last=$(cut -d ' ' -f "$2" samples | greatest 2 4)
	say "$1: at most $first in the first half, $last in the second"
	((last <= first + $3)) || fail "$1 grows by more than $3"
}

# In sizes: of an epoch and of what may be there at a time.  That is the active
# one, the one that is kept, one that no sweep has seen yet, one that a
# promoter stages, and for models, ticks and the journal one more.
memory_stays() { # BEFORE EPOCH, bytes
	local i most
	most=$(cut -d ' ' -f 1 samples | greatest 0 4)
	say "redis: at most $most KiB, an epoch has $(($2 / 1024)) KiB"
	((most <= ($1 + 5 * $2) / 1024)) || fail "more than five epochs"
	stays redis 1 $(($2 / 1024))
	(($(cut -d ' ' -f 2 samples | greatest 0 4) < 10000)) ||
		fail "the journal overran"
	for ((i = 3; i < ${#SAMPLED[@]}; i++)); do
		stays "${SAMPLED[i]}" $((i + 1)) 8192
	done
}

# One board more than now, then once more the same, and so on.
next_board() { # SNAPSHOTS so far
	standin_control "board $(($1 / 2 % 2 + 1))"
}

a_day() {
	local i seen=0 now
	for ((i = 1; i <= SAMPLES; i++)); do
		# (a sample takes some of it)
		sleep "$(awk -v s="$SOAK_SECONDS" -v n="$SAMPLES" \
		    'BEGIN { print s / n }')"
		take_sample
		now=$(outcomes)
		((now == seen)) || next_board "$now"
		seen=$now
		((i % 3)) || epoch-gc --keep 1 --grace 0 SPX >>gc 2>>err.gc ||
			fail "epoch-gc: $(tail -n 3 err.gc)"
	done
	standin_control 'wait idle'
	patiently is_through "$(standin_status .sent)"
}

# The tape again, in a Redis of its own; what it comes to is in ./again, how
# long it took, ms, in ./took.
replay() { # COMMAND...: what replays
	with-redis --temporary bash -c 'before=${EPOCHREALTIME/./}
		"$@" >again || exit
		echo $(((${EPOCHREALTIME/./} - before) / 1000)) >took
		epoch-inspect --digest SPX >>again
		epoch-inspect --digest --values SPX >>again' - "$@"
}

look_at_tape() {
	local n
	n=$(cat tapes/*.ndjson | awk -F '"rows":"' '
	    /"kind":"hydrate"/ { n += gsub(/;/, ";", $2) + 1 }
	    END { print n }')
	assert "$n" = "$APPLIED" "ticks on the tape"
	run_tool epoch-replay --check tapes/*.ndjson
	assert "$output" has '"void":0,"gaps":0'
	assert "$output" has "\"last_act\":$(rcli XINFO STREAM epoch:journal:SPX |
	    grep -A 1 last-generated-id | sed -n '2s/0-//p'),"
	say "tape: $(cat tapes/*.ndjson | wc -lc | awk '{ print $1, "lines,", $2, "bytes" }')," \
	    "zstd $(cat tapes/*.ndjson | zstd -q -c | wc -c); $n ticks"
	replay epoch-replay tapes/*.ndjson
	assert "$(tail -n 2 again)" = "$LIVE" "the tape's state is the live one"
	say "replayed in $(cat took) ms: $((n / $(cat took))) thousand ticks/s, snapshots included"
	/usr/bin/python3 -c 'import redis' 2>/dev/null || return 0
	cat tapes/*.ndjson >day
	replay sh -c '"$0" "${REDIS_URL#unix://}" day' \
	    "$ROOT/tests/bench/plain_replay.py"
	assert "$(tail -n 1 again)" = "$(tail -n 1 <<<"$LIVE")" "plain Python's values"
	say "plain Python: $(cat took) ms"
}

@test "a day: memory stays, the tape has every tick and act, and gives the state" {
	local name before epoch
	local -A BESIDE=() PID_OF=()
	vendor
	before=$(used)
	beside record record-a-day tapes SPX
	patiently journal_is_on
	start --every "$(awk -v s="$SOAK_SECONDS" 'BEGIN { print s / 10 }')"
	patiently is_subscribed
	patiently has_outcomes 1
	epoch=$(($(used) - before))
	say "$(rcli HGET "epoch:meta:$(active)" contract_count) contracts"
	beside gex model-gex SPX
	beside heatmap model-heatmap SPX
	for name in "${STAGES[@]}"; do
		PID_OF[$name]=$(stage "$name")
	done
	standin_control "burst $((SOAK_SECONDS * DAY_RATE)) $DAY_RATE seed=1 $MARKET"
	a_day
	APPLIED=$(counter epoch-hydrate applied)
	say "$(standin_status .sent) events: written $(counter ws-tap written), conflated by the tap $(counter ws-tap conflated), by the hydrator $(counter epoch-hydrate conflated), late $(counter epoch-hydrate late), unknown $(counter epoch-hydrate unknown), applied $APPLIED in $(counter epoch-hydrate batches) batches"
	stop_well
	say "snapshots: new $(outcomes new), same $(outcomes same), rejected $(outcomes rejected); epoch-gc sealed $(grep -c '"act":"seal"' gc), retired $(grep -c '"act":"retire"' gc)"
	patiently journal_is_taped
	end_beside record gex heatmap
	show_samples
	sound "at the end"
	LIVE=$(epoch-inspect --digest SPX && epoch-inspect --digest --values SPX)
	look_at_tape
	memory_stays "$before" "$epoch"
}
