#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Several promoters at once, on boards that change, with random deaths, while
# a reader walks epoch:active all the time.

load helpers

setup_file() {
	redis_start
}

setup() {
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown_file() {
	redis_stop
}

active() {
	rcli HGET epoch:active SPX
}

# Walks epoch:active until the key "stop" appears: takes the pointer, then, in
# commands of its own (other clients come in between), that epoch's meta,
# geometry, and every contract.  A retired epoch does not exist in this test,
# so whatever was once active must be whole at every later moment.
reader() {
	local id n cid seen=0
	while [[ $(rcli EXISTS stop) == 0 ]]; do
		id=$(active)
		[[ -n $id ]] || continue
		n=$(rcli HGET "epoch:meta:$id" contract_count)
		rcli GET "epoch:$id:geometry" | sed '/^$/d' >geometry
		[[ $(wc -l <geometry) == "$n" ]] ||
			echo "$id: meta says $n, geometry has $(wc -l <geometry)"
		while IFS= read -r cid; do
			printf 'HMGET epoch:%s:contract:%s expiration bid oi\n' "$id" "$cid"
		done <geometry | rcli >values
		[[ $(grep -c . values) == $((3 * n)) ]] ||
			echo "$id: hollow, $(grep -c . values) of $((3 * n)) values"
		seen=$((seen + 1))
		echo $seen >seen.new
		mv seen.new seen
	done
	echo "looks $seen"
}

# Was there too little for the reader to see, or too few deaths?
is_meagre() {
	(($(<seen) <= 20 || $(cat rc.? | grep -c '^137$') < 8))
}

# promoter K: rounds of boards that change, some of them killed somewhere; a few
# more on a machine where they do not make what this is about.
promoter() {
	local k=$1 round rc env file t
	for ((round = 1; round <= 8 * ROUNDS; round++)); do
		((round <= ROUNDS)) || is_meagre || break
		file=board.$(((round * 7 + k) % 40))
		env=(LC_ALL=C)
		(((round * 5 + k * 3) % 9 == 0)) && env=(LD_PRELOAD="$FAULT_SO"
		    FAULT_SHORT=400 FAULT_KILL_AT=$((8 + (round * 11 + k) % 30)))
		# Snapshots are taken one after the other, then they race.
		t=$((1750000000000 + $(rcli INCR clock) * 1000))
		sed "s/1750000000000/$t/g; s/1749999998000/$((t - 500))/" \
		    "$file" >"in.$k"
		rc=0
		env "${env[@]}" timeout 60 epoch-promote --accept-shrink \
		    <"in.$k" >>"out.$k" 2>>"err.$k" || rc=$?
		echo "$rc" >>"rc.$k"
	done
}

@test "four promoters, 200 rounds, a reader, random deaths: no violation" {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	ROUNDS=50
	for ((b = 0; b < 40; b++)); do
		make_chain -n $((6 + b % 5)) -s $b -k $((5000 + 5 * (b % 3))) \
		    -t 1750000000000 | geom-hash >board.$b
	done
	echo 0 >seen
	reader >looks 2>&1 3>&- &
	looker=$!
	pids=()
	for k in 1 2 3 4; do
		promoter $k 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	rcli SET stop 1 >/dev/null
	wait $looker
	cat rc.? | sort | uniq -c
	assert "$(grep -vc '^looks' looks)" = 0 "$(head -5 looks)"
	(($(sed -n 's/^looks //p' looks) > 20)) || fail "the reader saw too little"
	assert "$(cat rc.? | grep -vcE '^(0|1|75|137)$')" = 0 "$(cat err.?)"
	(($(cat rc.? | grep -c '^137$') >= 8)) || fail "too few deaths"
	(($(cat out.? | jq -r .outcome | grep -c new) > 30)) || fail "too few epochs"
	"$ROOT/tests/invariants" "$REDIS_SOCK"
	# Every new epoch that was told is in the timeline, once.
	rcli LRANGE epoch:timeline:SPX 0 -1 | sort >timeline
	assert "$(sort -u timeline | wc -l)" = "$(wc -l <timeline)"
	cat out.? | jq -r 'select(.outcome == "new").epoch_id' | sort >told
	assert "$(sort -u told | wc -l)" = "$(wc -l <told)"
	assert "$(comm -23 told timeline)" = ""
	run_tool epoch-inspect --check
}

@test "the same snapshot by eight promoters at once: one new epoch" {
	make_chain -n 60 | geom-hash >a
	pids=()
	for k in 1 2 3 4 5 6 7 8; do
		epoch-promote <a >out.$k 2>err.$k 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "$(cat err.?)"
	done
	assert "$(cat out.? | jq -r .outcome | sort | uniq -c | xargs)" = "1 new 7 same" "$(cat err.?)"
	assert "$(rcli LLEN epoch:timeline:SPX)" = 1
	assert "$(rcli ZCARD epoch:staging)" = 0
	# The losers took back what they had staged.
	assert "$(rcli KEYS 'epoch:SPX:*:contract:*' | wc -l)" = 60
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "a fence of a promoter that died is waited out" {
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	make_chain -n 8 -t 1750000001000 | geom-hash >b
	make_chain -n 6 -s 2 -t 1750000001000 | geom-hash >r
	epoch-promote <a >/dev/null
	for file in r b; do
		# The slower the machine, the longer until it gets to the fence.
		for lease in 400 2000 10000 50000; do
			rcli FLUSHALL >/dev/null
			epoch-promote <a >/dev/null
			rcli SET "epoch:$(active):fence" somebody PX $lease >/dev/null
			WARN=ok run_tool epoch-promote -v <$file
			[[ ! $stderr =~ fence_waits\ [1-9] ]] || break
		done
		assert "$stderr" =~ "fence_waits [1-9]"
	done
	rcli SET "epoch:$(active):fence" somebody >/dev/null
	make_chain -n 10 -t 1750000002000 | geom-hash >c
	for deadline in 0.3 2 10 50; do
		run_tool 75 epoch-promote --deadline $deadline <c
		[[ -z $output ]] || break # else it did not get there in time
	done
	assert "$(jq -r '.outcome + "/" + .reason' <<<"$output")" = rejected/conflict
}

# Start FILE with a stop before write n; false when it ran through.
start_stopped() { # FILE N
	LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$2 FAULT_SHORT=1500 \
	    epoch-promote <"$1" >out 2>err 3>&- &
	pid=$!
	comes_to_stop $pid && return 0
	wait $pid
	return 1
}

@test "another promoter switches at any moment of ours: one chain" {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	make_chain -n 8 -t 1750000001000 | geom-hash >c
	make_chain -n 10 -t 1750000002000 | geom-hash >b
	for before in none a; do
		for ((n = 1; n < 60; n++)); do
			rcli FLUSHALL >/dev/null
			[[ $before == none ]] || epoch-promote <a >/dev/null
			start_stopped b $n || break
			# Our fence would hold the other one off for its lease.
			rcli DEL "epoch:$(active):fence" >/dev/null
			epoch-promote <c >other
			assert "$(jq -r .outcome other)" = new
			kill -CONT $pid
			wait $pid || fail "stopped before write $n: $(cat err)"
			"$ROOT/tests/invariants" "$REDIS_SOCK"
			assert "$(jq -r .outcome+.prev out)" = "new$(jq -r .epoch_id other)"
			assert "$(rcli LLEN epoch:timeline:SPX)" = "$([[ $before == none ]] && echo 2 || echo 3)"
			assert "$(rcli ZCARD epoch:staging)" = 0
		done
		((n > 6 && n < 60)) || fail "$before: $n points"
	done
}

@test "a newer snapshot at any moment of ours: ours is stale, nothing moves" {
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	make_chain -n 8 -t 1750000001000 | geom-hash >old
	make_chain -n 6 -s 9 -t 1750000002000 | geom-hash >refresh
	make_chain -n 10 -t 1750000002000 | geom-hash >switch
	for newer in refresh switch; do
		for ((n = 4; n < 60; n++)); do
			rcli FLUSHALL >/dev/null
			epoch-promote <a >/dev/null
			start_stopped old $n || break
			rcli DEL "epoch:$(active):fence" >/dev/null
			epoch-promote <$newer >other
			want=$(active)
			kill -CONT $pid
			rc=0
			wait $pid || rc=$?
			assert "$rc/$(jq -r .reason out)" = 1/stale "$newer, write $n"
			assert "$(active)" = "$want"
			"$ROOT/tests/invariants" "$REDIS_SOCK"
		done
		((n > 8 && n < 60)) || fail "$newer: $n points"
	done
}

@test "a refresh changes nothing while a promoter's fence stands" {
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	make_chain -n 6 -s 2 -t 1750000001000 | geom-hash >r
	rows() {
		state_dump | grep ":contract:"
	}
	met=0 deadline=3 # tenths of a second
	for ((n = 4; n < 60; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <a >/dev/null
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n \
		    epoch-promote --deadline $((deadline / 10)).$((deadline % 10)) <r >out 2>err 3>&- &
		pid=$!
		if ! comes_to_stop $pid; then
			rc=0
			wait $pid || rc=$?
			((rc != 0)) || break
			# It was too slow for its deadline.
			((rc == 75 && (deadline *= 2) < 600)) || fail "$(cat err)"
			n=$((n - 1))
			continue
		fi
		rcli SET "epoch:$(active):fence" other PX 30000 >/dev/null
		before=$(rows)
		kill -CONT $pid
		rc=0
		wait $pid || rc=$?
		assert "$(rows)" = "$before" "write $n"
		((rc == 75)) && met=$((met + 1))
		rcli DEL "epoch:$(active):fence" >/dev/null
		run_tool epoch-promote <r
		"$ROOT/tests/invariants" "$REDIS_SOCK"
	done
	((met >= 3 && n < 60)) || fail "$met runs met the fence, $n points"
}

# Stop FILE when the whole new board, of N contracts, is staged, and before the
# first word of what comes then: fence and carry, where there is an old epoch,
# or the commit.
stop_when_staged() { # FILE N [WORD]
	rcli FLUSHALL >/dev/null
	prepare
	LD_PRELOAD=$FAULT_SO FAULT_STOP_HAS=$'\r\n'${3-take}$'\r\n' \
	    epoch-promote -v <"$1" >out 2>err 3>&- &
	pid=$!
	comes_to_stop $pid || fail "it went through: $(cat err)"
	new=$(rcli ZRANGE epoch:staging 0 -1)
	assert "$(rcli KEYS 'epoch:*:fence')" = ""
	assert "$(rcli KEYS "epoch:$new:contract:*" | wc -l)" = "$2" "staged"
}

@test "a tick between staging and commit ends the silence: no forced epoch" {
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	prepare() {
		epoch-promote <a >/dev/null
		rcli HSET "epoch:meta:$(active)" dormant_count 2 ticks 3 \
		    last_tick_ts 1749999999000 >/dev/null
		rcli SET "epoch:$(active):had_ws_updates" 1 >/dev/null
		make_chain -n 6 -s 2 -t 1750000001000 -R dormant -F "$(active)" |
		    geom-hash >b
	}
	prepare
	stop_when_staged b 6
	id=$(active)
	rcli HSET "epoch:meta:$id" dormant_count 0 ticks 4 >/dev/null
	kill -CONT $pid
	wait $pid || fail "$(cat err)"
	assert "$(jq -r .outcome out)/$(active)" = "same/$id"
	assert "$(cat err)" has "fence_waits 0" "its own fence is no obstacle"
	assert "$(rcli EXISTS "epoch:$id:fence")" = 0
	assert "$(rcli ZCARD epoch:staging)" = 0
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "a pin between staging and commit is honoured" {
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	make_chain -n 8 -t 1750000001000 | geom-hash >b
	prepare() {
		epoch-promote <a >/dev/null
	}
	stop_when_staged b 8
	id=$(active)
	rcli HSET "epoch:meta:$id" pinned 1 >/dev/null
	kill -CONT $pid
	rc=0
	wait $pid || rc=$?
	assert "$rc/$(jq -r .reason out)/$(active)" = "1/pinned/$id"
	assert "$(rcli KEYS 'epoch:*:contract:*' | wc -l)" = 6
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "an id that is another's by now is neither committed nor taken back" {
	make_chain -n 6 -t 1750000000000 | geom-hash >a
	prepare() {
		:
	}
	stop_when_staged a 6 geometry_hash
	# All is lost, and another promoter gets the very same id.
	rcli FLUSHALL >/dev/null
	epoch-promote <a >other
	assert "$(jq -r .epoch_id other)" = "$new"
	before=$(state_dump | grep -v ' seq=')
	kill -CONT $pid
	wait $pid || fail "$(cat err)"
	assert "$(jq -r .outcome out)/$(active)" = "same/$new"
	assert "$(state_dump | grep -v ' seq=')" = "$before"
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "more ticks during the staging than one page holds: all are carried" {
	make_chain -n 1200 -t 1750000000000 | geom-hash >a
	make_chain -n 1202 -s 2 -t 1750000001000 | geom-hash >b
	prepare() {
		epoch-promote <a >/dev/null
	}
	stop_when_staged b 1202
	id=$(active)
	rcli EVAL '
	local n = 0
	for cid in string.gmatch(redis.call("GET", "epoch:" .. ARGV[1] .. ":geometry"), "[^\n]+") do
		n = n + 1
		redis.call("HSET", "epoch:" .. ARGV[1] .. ":contract:" .. cid,
		    "bid", n, "quote_ts", "1750000000500", "quote_seq", n)
		redis.call("ZADD", "epoch:" .. ARGV[1] .. ":changed", 1 + n, cid)
	end
	redis.call("HSET", "epoch:meta:" .. ARGV[1], "seq", 1 + n)
	return n' 0 "$id" >n
	assert "$(cat n)" = 1200
	kill -CONT $pid
	wait $pid || fail "$(cat err)"
	assert "$(jq -r .carried out)" = 1200
	records contract a | jq -r .id | while IFS= read -r cid; do
		n=$((${n:-0} + 1))
		echo "$n/1750000000500/$n"
		echo "HMGET epoch:$(active):contract:$cid bid quote_ts quote_seq" >&4
	done >want 4>ask
	rcli <ask | paste -d/ - - - >have
	cmp have want
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

@test "a refresh overtaken between two of its batches stops: the chain values are the newest's" {
	make_chain -n 250 -t 1750000000000 | geom-hash >a
	make_chain -n 250 -s 2 -t 1750000001000 | geom-hash >older
	make_chain -n 250 -s 3 -t 1750000002000 | geom-hash >newer
	met=0
	for ((n = 8; n < 60; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <a >/dev/null
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n \
		    epoch-promote <older >out 2>err 3>&- &
		pid=$!
		comes_to_stop $pid || { wait $pid; break; }
		[[ $(rcli ZCARD "epoch:$(active):changed") =~ ^(100|200)$ ]] && met=$((met + 1))
		epoch-promote <newer >other
		want=$(state_dump | grep ":contract:")
		kill -CONT $pid
		rc=0
		wait $pid || rc=$?
		assert "$(state_dump | grep ":contract:")" = "$want" "write $n"
		((rc == 1 || rc == 0)) || fail "write $n: $(cat err)"
	done
	((met >= 2 && n < 60)) || fail "$met stops between batches"
}
