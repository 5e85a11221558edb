#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-record: each act of the journal is on the tape, once, in order,
# whatever kills it, fills its disk, or happens to Redis.

load helpers
load hydrate
load tape

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	make_boards
	export DIR=$BATS_FILE_TMPDIR
}

setup() {
	find_redis || redis_start
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir d
}

teardown() {
	touch stop # for those who write until it is there
	for p in ${going_on-}; do
		wait "$p" || :
	done
	kill_started
	[[ $BATS_TEST_DESCRIPTION == own:* ]] && redis_stop
	return 0
}

teardown_file() {
	find_redis && redis_stop
	return 0
}

# A Redis that remembers nothing, also of what it had saved.
redis_anew() {
	redis_stop
	rm -f "$BATS_FILE_TMPDIR/redis/dump.rdb"
	redis_start
}

@test "usage" {
	run_tool 64 epoch-record
	run_tool 64 epoch-record --dir d
	run_tool 64 epoch-record --off SPX
	run_tool 64 epoch-record --max 3 SPX
	run_tool 64 epoch-record --on --max 0 SPX
	run_tool 64 epoch-record --zstd SPX
	run_tool 64 epoch-record SPX SPX
	run_tool 64 epoch-record spx
	run_tool 73 epoch-record --once --dir nowhere SPX
	REDIS_URL=unix:///nowhere run_tool 75 epoch-record --redis-timeout 0.2 --once SPX
}

@test "the switch" {
	run_tool epoch-record --on
	assert "$(rcli HGETALL epoch:config | paste -sd ' ')" = "journal 1"
	run_tool epoch-record --on --max 77
	run_tool epoch-record --off
	assert "$(rcli HGETALL epoch:config | paste -sd ' ')" = \
	    "journal 0 journal_max 77"
	WARN=ok run_tool epoch-record --once SPX
	assert "$stderr" has JOURNAL_OFF
	run_tool epoch-record --once --on SPX
	assert "$(rcli HGET epoch:config journal)" = 1
}

@test "stdout: all that is there; Redis keeps it unless told" {
	journal_on
	a_life
	acts=$(rcli XLEN epoch:journal:SPX)
	run_tool epoch-record --once SPX NDX
	assert "$(grep -c '"type":"act".*"symbol":"SPX"' <<<"$output")" = "$acts"
	assert "$(grep -c '"type":"tape"' <<<"$output")" = 2
	jq -c . <<<"$output" >/dev/null
	assert "$(rcli XLEN epoch:journal:SPX)" = "$acts"
	run_tool epoch-record --once --trim SPX
	assert "$(rcli XLEN epoch:journal:SPX)" = 1
	# a sum is of the bytes before it
	line=$(sed -n 3p <<<"$output")
	assert "$(printf %s "${line%,\"sum\"*}" | sha256sum | head -c 16)" = \
	    "$(jq -r .sum <<<"$line")"
}

@test "a directory: files, resumed; what is on disk is trimmed" {
	journal_on
	step 1
	step 2
	run_tool epoch-record --once --dir d SPX
	assert "$(rcli XLEN epoch:journal:SPX)" = 1
	cp d/SPX-*.ndjson before
	run_tool epoch-record --once --dir d SPX
	cmp before d/SPX-*.ndjson
	step 3
	step 4
	run_tool epoch-record --once --dir d SPX
	head -c "$(stat -c %s before)" d/SPX-*.ndjson | cmp - before
	last=$(rcli XREVRANGE epoch:journal:SPX + - COUNT 1 | sed -n '1s/0-//p')
	is_complete d SPX 1 "$last"
	assert "$(ls d)" = "SPX-$(date -u +%F).ndjson"
}

@test "one file a day, by the acts' times; never back" {
	fake_acts 3 $D
	fake_acts 2 $((D + DAY))
	fake_act $D # a clock that was set back
	fake_act $((D + 3 * DAY))
	WARN=ok run_tool epoch-record --once --dir d SPX
	assert "$(cd d && wc -l ./*.ndjson | awk '{print $1, $2}' | paste -sd ' ')" \
	    = "4 ./SPX-2025-06-15.ndjson 4 ./SPX-2025-06-16.ndjson 2 ./SPX-2025-06-18.ndjson 10 total"
	is_complete d SPX 1 7
	assert "$(head -qn 1 d/*.ndjson | jq -r .after | paste -sd ' ')" = "0 3 6"
}

@test "--zstd: all but the two newest, also those of a run that was killed" {
	for day in 0 1 2; do
		fake_acts 2 $((D + day * DAY))
		WARN=ok run_tool epoch-record --once --dir d SPX
	done
	cp d/SPX-2025-06-15.ndjson plain
	WARN=ok run_tool epoch-record --once --zstd --dir d SPX
	assert "$(ls d | paste -sd ' ')" = \
	    "SPX-2025-06-15.ndjson.zst SPX-2025-06-16.ndjson SPX-2025-06-17.ndjson"
	fake_acts 2 $((D + 3 * DAY))
	WARN=ok run_tool epoch-record --once --zstd --dir d SPX
	assert "$(ls d | paste -sd ' ')" = \
	    "SPX-2025-06-15.ndjson.zst SPX-2025-06-16.ndjson.zst SPX-2025-06-17.ndjson SPX-2025-06-18.ndjson"
	zstd -dc d/SPX-2025-06-15.ndjson.zst | cmp - plain
	assert "$(zstd -dc d/*.zst | cat - d/*.ndjson |
	    jq -r 'select(.type == "act").act' | paste -sd ' ')" = "1 2 3 4 5 6 7 8"
}

@test "--zstd that fails is told, 74; the tape goes on" {
	for day in 0 1 2; do
		fake_acts 2 $((D + day * DAY))
		WARN=ok run_tool epoch-record --once --dir d SPX
	done
	mkdir d/.SPX-2025-06-15.ndjson.zst.part
	fake_acts 2 $((D + 2 * DAY + 9))
	run_tool 74 epoch-record --once --zstd --dir d SPX
	is_complete d SPX 1 8
	assert "$(ls d | wc -l)" = 3
	rmdir d/.SPX-2025-06-15.ndjson.zst.part
	WARN=ok run_tool epoch-record --once --zstd --dir d SPX
	[[ -e d/SPX-2025-06-15.ndjson.zst ]]
}

@test "a new day: killed, or out of disk, at every write: each act once" {
	local how found=
	for how in KILL_AT=4 ERR_AT=4 KILL_AT=5 ERR_AT=5 KILL_AT=6 KILL_AT=7; do
		rcli FLUSHALL >/dev/null
		rm -rf d
		mkdir d
		fake_acts 3 $D
		WARN=ok run_tool epoch-record --once --dir d SPX
		fake_acts 3 $((D + DAY))
		! env LD_PRELOAD="$FAULT_SO" FAULT_FDS=all FAULT_ERRNO=28 \
		    FAULT_SHORT=100 FAULT_"$how" \
		    epoch-record -q --once --dir d SPX 2>err || fail "$how"
		[[ -e d/SPX-2025-06-16.ndjson ]] || continue
		found+=$(stat -c %s d/SPX-2025-06-16.ndjson),
		WARN=ok run_tool epoch-record -q --once --dir d SPX
		is_complete d SPX 1 6
		run_tool 1 epoch-replay --check d/*.ndjson # no commit
		assert "$(head -n 1 d/SPX-2025-06-16.ndjson | jq .after)" = 3
	done
	assert "$found" =~ '^0,.*[1-9][0-9]*,'
}

@test "kill -9 before every write, at every step: each act once" {
	journal_on
	kills=0
	for ((i = 1; i <= STEPS; i++)); do
		step $i
		for ((n = 1; n < 40; n++)); do
			rc=0
			LD_PRELOAD=$FAULT_SO FAULT_FDS=all FAULT_SHORT=$((n * 97)) \
			    FAULT_KILL_AT=$n epoch-record -q --once --dir d \
			    SPX NDX 2>/dev/null || rc=$?
			((rc == 137)) || break
			kills=$((kills + 1))
		done
		assert $rc = 0
	done
	((kills >= 100)) || fail "only $kills kills"
	for s in SPX NDX; do
		is_complete d $s 1 "$(rcli XREVRANGE epoch:journal:$s + - COUNT 1 |
		    sed -n '1s/0-//p')"
	done
	run_tool epoch-replay --check d/*.ndjson
}

# Promotions and refreshes of two symbols, until the file stop is there; and
# some ticks every other millisecond, each newer than the one before.
boards_go_on() {
	local i f
	for ((i = 1; i < 5000; i++)); do
		[[ ! -e stop ]] || return 0
		for f in a b n; do
			sed "s/\"\(ts\|begin_ts\|end_ts\)\":[0-9]*/\"\1\":$((T + 300000 + i * 1000))/g" \
			    "$DIR/$f" | epoch-promote -q --accept-shrink
		done
	done
}

ticks_go_on() {
	"$TICKS" make 50000 1 $((T + 300000)) "$DIR/a" | perl -ne '
	    BEGIN { $| = 1 }
	    s/"((?:recv_)?ts)":(\d+)/qq("$1":) . ($2 + 50 * $.)/ge;
	    print;
	    next if $. % 5;
	    select undef, undef, undef, 0.002;
	    last if -e "stop"' | epoch-hydrate -q
}

size_of_tape() {
	cat d/*.ndjson 2>/dev/null | wc -c
}

has_other_size() {
	[[ $(size_of_tape) != "$1" ]]
}

@test "kill -9 at random moments, 100 times during a run: each act once" {
	local kills=${RECORD_KILLS:-100} i rc size before=0 grew=0 s
	RANDOM=${RECORD_SEED:-1}
	journal_on 1000000
	step 5
	boards_go_on >boards.out 2>&1 3>&- 4>&- &
	going_on=$!
	ticks_go_on >ticks.out 2>&1 3>&- 4>&- &
	going_on+=" $!"
	for ((i = 0; i < kills; i++)); do
		epoch-record -q --dir d --fsync 0.01 SPX NDX 2>err 3>&- 4>&- &
		pid=$!
		# in its first moments, or when it has written
		((i % 2)) || eventually has_other_size "$before"
		sleep "0.0$((RANDOM % 40 + 10))"
		kill -KILL $pid
		rc=0
		wait $pid || rc=$?
		pid=
		assert $rc = 137 "$(cat err)"
		size=$(size_of_tape)
		((size == before)) || grew=$((grew + 1))
		before=$size
	done
	touch stop
	for p in $going_on; do
		wait "$p" || fail "$(tail -n 3 boards.out ticks.out)"
	done
	going_on=
	((grew * 2 >= kills)) || fail "only $grew of $kills wrote anything"
	run_tool epoch-record --once --dir d SPX NDX
	for s in SPX NDX; do
		is_complete d $s 1 "$(rcli XREVRANGE epoch:journal:$s + - COUNT 1 |
		    sed -n '1s/0-//p')"
	done
	printf '# %s kills, %s of them of one that wrote, %s acts\n' "$kills" \
	    "$grew" "$(cat d/*.ndjson | grep -c '"type":"act"')" >&3
	EPOCH_PREFIX=r: run_tool epoch-replay d/*.ndjson
	assert "$(digest r: SPX NDX)" = "$(digest '' SPX NDX)"
}

@test "an unfinished last line is cut off" {
	fake_acts 3 $D
	WARN=ok run_tool epoch-record --once --dir d SPX
	file=d/SPX-2025-06-15.ndjson
	cp $file whole
	fake_act $((D + 9))
	for n in 1 50 100 150; do
		cp whole $file
		tail -n 1 whole | head -c $n >>$file
		WARN=ok run_tool epoch-record --once --dir d SPX
		is_complete d SPX 1 4
		head -c "$(stat -c %s whole)" $file | cmp - whole
	done
}

@test "told to stop while it reads its own file: nothing is cut off" {
	fake_acts 900 $D # some reads of 64 KiB
	WARN=ok run_tool epoch-record --once --dir d SPX
	cp d/SPX-*.ndjson before
	stopped=0
	for ((n = 1; n < 40; n++)); do
		rc=0
		LD_PRELOAD=$FAULT_SO FAULT_FDS=all FAULT_RTERM_AT=$n \
		    epoch-record -q --once --dir d SPX 2>err || rc=$?
		cmp before d/SPX-*.ndjson
		((rc == 75)) || break
		stopped=$((stopped + 1))
	done
	assert $rc = 0 "$(cat err)"
	((stopped > 4)) || fail "stopped only $stopped times"
}

@test "a damaged tape is not gone on with: 65" {
	fake_acts 3 $D
	WARN=ok run_tool epoch-record --once --dir d SPX
	file=d/SPX-2025-06-15.ndjson
	fake_act $((D + 9))
	sed -i '3s/"1"/"7"/' $file
	cp $file before
	run_tool 65 epoch-record --once --dir d SPX
	assert "$stderr" has "BAD_SUM"
	assert "$stderr" has "act 1"
	cmp before $file
	assert "$(rcli XLEN epoch:journal:SPX)" = 2
}

@test "two files without a whole line: begun anew" {
	mkdir -p d
	printf '{"type":"ta' | tee d/SPX-2025-06-13.ndjson >d/SPX-2025-06-14.ndjson
	fake_acts 3 $D
	WARN=ok run_tool epoch-record --once --dir d SPX
	jq -r 'select(.type == "act").act' d/SPX-2025-06-15.ndjson >got
	seq 1 3 | cmp - got
}

@test "a full disk: 74, whole lines, nothing trimmed; then all of it" {
	fake_acts 5 $D
	WARN=ok run_tool epoch-record -q --once --dir d SPX
	fake_acts 200 $((D + 10))
	run_tool 74 prlimit --fsize=8192 epoch-record -q --once --dir d SPX
	assert "$(tail -c 1 d/SPX-*.ndjson | od -An -c | tr -d ' ')" = '\n' newline
	(($(stat -c %s d/SPX-*.ndjson) <= 8192))
	assert "$(rcli XLEN epoch:journal:SPX)" = 201
	is_complete d SPX 1 5
	run_tool epoch-record -q --once --dir d SPX
	is_complete d SPX 1 205
	rc=0
	epoch-record -q --once SPX >/dev/full 2>err || rc=$?
	assert $rc = 74
}

@test "two at once: the second is told, 75" {
	journal_on
	epoch-record --dir d SPX 3>&- 4>&- &
	pid=$!
	eventually test -e d/.SPX.lock
	step 1
	eventually is_complete d SPX 1 2
	run_tool 75 epoch-record --once --dir d SPX
	assert "$stderr" has LOCKED
	run_tool epoch-record --once --dir d NDX
	kill -TERM $pid
	wait $pid
	pid=
}

# What a tape lacks between its first act and its last.
lacks() { # DIR
	cat "$1"/SPX-*.ndjson | jq -r 'select(.type == "act").act' >have
	sort -nu have | cmp -s - have || fail "$1: twice, or out of order"
	seq "$(head -n 1 have)" "$(tail -n 1 have)" | comm -23 <(sort) <(sort have)
}

# One of the two looks: what it cannot have any more it says, by number.
one_looks() { # DIR
	local before=0 now rc=0 lost
	[[ ! -e $1/lost ]] || before=$(wc -l <"$1/lost")
	epoch-record -q --once --dir "$1" SPX 2>err || rc=$?
	lacks "$1" >"$1/lost"
	now=$(wc -l <"$1/lost")
	lost=$(sed -n 's/.*LOST: \([0-9]*\) acts are not on the tape.*/\1/p' err)
	assert "${lost:-0}" = $((now - before)) "$1: $(cat err)"
	assert $rc = $((now > before ? 65 : 0)) "$(cat err)"
	((now == 0)) || {
		run_tool 65 epoch-replay --check "$1"/SPX-*.ndjson
		assert "$stderr" has "GAP: acts of SPX are missing before act"
	}
}

@test "two, into two directories: a tape that lacks acts shows it; together all" {
	local turn dir n=0 both=0
	RANDOM=${RECORD_SEED:-1}
	mkdir a b
	for ((turn = 0; turn < 40; turn++)); do
		case $((RANDOM % 4)) in
		0) one_looks a ;;
		1) one_looks b ;;
		*)
			fake_acts $((RANDOM % 4 + 1)) $((D + n * 10))
			n=$((n + 1))
			;;
		esac
	done
	one_looks a
	one_looks b
	n=$(rcli XREVRANGE epoch:journal:SPX + - COUNT 1 | sed -n '1s/0-//p')
	((n > 30)) || fail "only $n acts"
	for dir in a b; do
		[[ ! -s $dir/lost ]] || both=$((both + 1))
	done
	assert $both = 2 "both lack some"
	cat a/*.ndjson b/*.ndjson | jq -r 'select(.type == "act").act' |
		sort -nu | cmp - <(seq 1 "$n")
}

@test "two that follow at once: whole and the live state, or 65 and refused" {
	local dir rc p pids=() whole=0
	journal_on
	mkdir a b
	for dir in a b; do
		epoch-record -q --fsync 0.01 --dir $dir SPX 2>$dir.err 3>&- 4>&- &
		pids+=($!)
		eventually test -e $dir/.SPX.lock
	done
	a_life 10
	p=$(rcli XREVRANGE epoch:journal:SPX + - COUNT 1 | sed -n '1s/0-//p')
	for dir in a b; do
		eventually eval 'tail -qn 1 $dir/SPX-*.ndjson | grep -q "\"act\":$p,"'
		kill -TERM "${pids[0]}"
		rc=0
		wait "${pids[0]}" || rc=$?
		pids=("${pids[@]:1}")
		lacks $dir >lost
		assert $rc = "$([[ -s lost ]] && echo 65 || echo 0)" "$(cat $dir.err)"
		run_tool $rc epoch-replay --check $dir/SPX-*.ndjson
		((rc == 0)) || continue
		whole=$((whole + 1))
		EPOCH_PREFIX=r$dir: run_tool epoch-replay $dir/SPX-*.ndjson
		assert "$(digest r$dir: SPX)" = "$(digest '' SPX)" $dir
	done
	printf '# %s of 2 tapes are whole\n' $whole >&3
}

@test "an entry that is none of ours: 65, after all that came before" {
	fake_acts 3 $D
	rcli XADD epoch:journal:SPX '0-*' not ours >/dev/null
	run_tool 65 epoch-record -q --once --dir d SPX
	assert "$stderr" has BAD_ACT
	is_complete d SPX 1 3
}

@test "an overrun is told, and seen on the tape" {
	journal_on 5
	fake_acts 3 $D
	WARN=ok run_tool epoch-record --once --dir d SPX
	fake_acts 7 $((D + 10))
	rcli XTRIM epoch:journal:SPX MAXLEN = 2 >/dev/null
	run_tool 65 epoch-record --once --dir d SPX
	assert "$stderr" has "acts 4 to 8 are lost"
	assert "$stderr" has "5 acts are not on the tape"
	assert "$(jq -r 'select(.type == "act").act' d/*.ndjson | paste -sd ' ')" \
	    = "1 2 3 9 10"
	run_tool epoch-record --once --dir d SPX # told once
}

@test "own: Redis falls back to an older state: rewind" {
	redis_anew
	journal_on
	step 1
	step 2
	run_tool epoch-record --once --dir d SPX
	step 3
	rcli SAVE >/dev/null
	step 4
	run_tool epoch-record --once --dir d SPX
	last=$(jq -r 'select(.type == "act").act' d/*.ndjson | tail -n 1)
	redis_stop KILL
	redis_start # with what was saved
	WARN=ok run_tool epoch-record --once --dir d SPX
	assert "$stderr" has REWIND
	assert "$(tail -n 1 d/*.ndjson | jq -c '[.type, .from, .to]')" = \
	    "[\"rewind\",$last,$((last - 1))]"
	# and again, now with other acts under the same numbers
	step 6
	step 7
	WARN=ok run_tool epoch-record --once --dir d SPX
	rm -f "$BATS_FILE_TMPDIR/redis/dump.rdb"
	EPOCH_PREFIX=r: run_tool epoch-replay d/SPX*.ndjson
	assert "$(jq -r .void <<<"$output")" = 1
	assert "$(digest r: SPX)" = "$(digest '' SPX)"
}

@test "own: it falls back, and has gone on already when we look" {
	redis_anew
	journal_on
	step 1
	run_tool epoch-record --once --dir d SPX
	rcli SAVE >/dev/null
	step 2
	step 3
	run_tool epoch-record --once --dir d SPX
	redis_stop KILL
	redis_start
	for n in 4 6 7 3; do
		[[ $n == 3 ]] || step $n
	done
	WARN=ok run_tool epoch-record --once --dir d SPX
	rm -f "$BATS_FILE_TMPDIR/redis/dump.rdb"
	assert "$(grep -c '"type":"rewind"' d/*.ndjson)" = 1
	EPOCH_PREFIX=r: run_tool epoch-replay d/SPX*.ndjson
	assert "$(digest r: SPX)" = "$(digest '' SPX)"
}

@test "own: it falls back over midnight, the recorder too: only that is void" {
	redis_anew
	journal_on
	step 1
	step 2
	run_tool epoch-record --once --dir d SPX
	last=$(jq -r 'select(.type == "act").act' d/*.ndjson | tail -n 1)
	rcli SAVE >/dev/null
	fake_act $(($(date +%s) * 1000 + DAY)) # alone in the newest file
	run_tool epoch-record --once --dir d SPX
	redis_stop KILL
	redis_start # with what was saved
	rm -f "$BATS_FILE_TMPDIR/redis/dump.rdb"
	WARN=ok run_tool epoch-record --once --dir d SPX
	assert "$(tail -qn 1 d/*.ndjson | tail -n 1 |
	    jq -c '[.type, .from, .to]')" = "[\"rewind\",$((last + 1)),$last]"
	EPOCH_PREFIX=r: run_tool epoch-replay d/SPX*.ndjson
	assert "$(jq -c '[.epochs, .void]' <<<"$output")" = "[1,1]"
	assert "$(digest r: SPX)" = "$(digest '' SPX)"
}

@test "all is lost: the tape begins anew" {
	journal_on
	step 1
	step 2
	run_tool epoch-record --once --dir d SPX
	rcli FLUSHALL >/dev/null
	journal_on
	step 6
	step 7
	WARN=ok run_tool epoch-record --once --dir d SPX
	assert "$stderr" has REWIND
	EPOCH_PREFIX=r: run_tool epoch-replay d/SPX*.ndjson
	assert "$(jq -r .epochs <<<"$output")" = 1
	assert "$(digest r: SPX)" = "$(digest '' SPX)"
}

@test "own: following, while Redis is gone for a while" {
	redis_anew
	epoch-record --on --dir d SPX 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ $(rcli HGET epoch:config journal) == 1 ]]'
	step 1
	eventually is_complete d SPX 1 2
	rcli SAVE >/dev/null
	redis_stop KILL
	redis_start
	eventually grep -q REDIS_BACK err
	step 2
	eventually is_complete d SPX 1 3
	kill -TERM $pid
	wait $pid
	pid=
	rm -f "$BATS_FILE_TMPDIR/redis/dump.rdb"
}

@test "all is lost between reading and trimming: what is new stays, and is recorded" {
	local n
	for ((n = 1; n < 12; n++)); do
		rcli FLUSHALL >/dev/null
		rm -rf d
		mkdir d
		journal_on
		step 1
		step 2
		step 3
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n epoch-record --once -q --dir d SPX \
		    2>err 3>&- 4>&- &
		pid=$!
		comes_to_stop $pid || break
		rcli FLUSHALL >/dev/null # and other acts under the same numbers
		journal_on
		step 6
		step 7
		kill -CONT $pid
		wait $pid || fail "$(cat err)"
		epoch-record --once -q --dir d SPX
		EPOCH_PREFIX=r: run_tool epoch-replay d/SPX*.ndjson
		assert "$(digest r: SPX)" = "$(digest '' SPX)" "stopped at $n"
	done
	((n > 5)) || fail "stopped only at $n"
	pid=
}

@test "Redis forgets the switch, not the connection: it is said again" {
	epoch-record --on --dir d SPX 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ $(rcli HGET epoch:config journal) == 1 ]]'
	step 1
	eventually is_complete d SPX 1 2
	rcli FLUSHALL >/dev/null
	eventually eval '[[ $(rcli HGET epoch:config journal) == 1 ]]'
	grep -q 'JOURNAL_OFF: Redis forgot' err
	step 6
	eventually eval '[[ $(tail -n 1 d/*.ndjson | jq -r .kind) == commit ]]'
	# what is switched off stays off, and is said
	epoch-record --off
	eventually grep -q 'JOURNAL_OFF: the journal is off' err
	assert "$(rcli HGET epoch:config journal)" = 0
	kill -TERM $pid
	wait $pid
	pid=
}

@test "a Redis that is full is recorded, and so made room in" {
	journal_on
	a_life 10
	rcli CONFIG SET maxmemory 1 >/dev/null
	run_tool epoch-record --on --once --dir d SPX
	rcli CONFIG SET maxmemory 0 >/dev/null
	assert "$(rcli XLEN epoch:journal:SPX)" = 1
}

looks() { # N: has it looked that often?
	(($(rcli INFO commandstats | sed -n 's/^cmdstat_xrange:calls=\([0-9]*\),.*/\1/p') >= $1))
}

@test "a timeout shorter than it would wait is no outage" {
	local s try
	journal_on
	for s in 0.2 0.6; do
		for try in 1 2 3 4 5; do
			rcli CONFIG RESETSTAT >/dev/null
			epoch-record --redis-timeout $s -v --dir d SPX 2>err 3>&- 4>&- &
			pid=$!
			eventually looks 4
			kill -TERM $pid
			rc=0
			wait $pid || rc=$?
			# a machine that does much else may be that slow, now and then
			[[ $rc != 0 || $(cat err) != *'outages 0'* ]] || break
		done
		assert "$rc $(cat err)" =~ "^0 .*outages 0"
	done
	pid=
}

@test "the users of docs/REDIS.md may do what recording and replaying does" {
	load inspect
	doc_user recorder
	doc_user replayer
	REDIS_URL=unix://recorder:sekret@$REDIS_SOCK \
	    run_tool epoch-record --on --once --dir d SPX
	a_life
	REDIS_URL=unix://recorder:sekret@$REDIS_SOCK \
	    run_tool epoch-record --on --max 99 --once --dir d SPX NDX
	assert "$(rcli XLEN epoch:journal:SPX)" = 1
	state=$(digest '' SPX NDX)
	rcli FLUSHALL >/dev/null
	for prefix in '' x:; do # the second time with a journal of its own
		[[ -z $prefix ]] || journal_on
		REDIS_URL=unix://replayer:sekret@$REDIS_SOCK run_tool epoch-replay \
		    d/SPX*.ndjson d/NDX*.ndjson
		assert "$(digest '' SPX NDX)" = "$state"
		[[ -n $prefix ]] || rcli FLUSHALL >/dev/null
	done
	run_tool 77 epoch-record --redis "unix://replayer:sekret@$REDIS_SOCK" \
	    --once --trim SPX
	rcli ACL DELUSER recorder replayer >/dev/null
}

@test "TERM, INT: at once, whole lines; USR1 shows counters" {
	journal_on
	for sig in TERM INT; do
		rm -f d/.SPX.lock err
		env --default-signal=INT epoch-record --dir d SPX 2>err 3>&- 4>&- &
		pid=$!
		eventually test -e d/.SPX.lock
		kill -USR1 $pid
		eventually grep -q COUNTS err
		kill -$sig $pid
		rc=0
		wait $pid || rc=$?
		[[ $sig == INT ]] && assert $rc = 130 || assert $rc = 0
		pid=
	done
}
