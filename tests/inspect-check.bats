#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-inspect --check: content with what is whole, and for each thing that
# must hold one way to break it.

load helpers
load inspect

setup_file() {
	redis_start
	save_world
}

setup() {
	load_world
	cd "$BATS_TEST_TMPDIR" || return 1
	export EPOCH_NOW_MS=1700000165000
	broken=0
}

teardown_file() {
	redis_stop
}

# breaks CODE COMMAND...: the commands do damage to a fresh world, --check
# finds it under that code.  Goes on after a failure; whole() ends the test.
breaks() {
	local code=$1
	shift
	load_world
	printf '%s\n' "$@" | rcli >said
	if grep -q ERR said; then
		printf '%s\n' "--- bad test for $code:" "$@" "$(cat said)"
		broken=$((broken + 1))
		return 0
	fi
	run --separate-stderr timeout 20 epoch-inspect --check
	if [[ $status != 70 || $output != *": $code: "* ||
	    $stderr != *": DAMAGED: "* ]]; then
		printf '%s\n' "--- $code not found (status $status) after:" \
		    "$@" "$output" "$stderr"
		broken=$((broken + 1))
	fi
}

# passes COMMAND...: a world that has changed so is still whole.
passes() {
	load_world
	printf '%s\n' "$@" | rcli >said
	run --separate-stderr timeout 20 epoch-inspect --check
	if [[ $status != 0 || $stderr != '' ]]; then
		printf '%s\n' "--- not whole (status $status) after:" "$@" \
		    "$output" "$stderr"
		broken=$((broken + 1))
	fi
}

whole() {
	assert "$broken" = 0 "cases that went wrong"
}

@test "a whole world passes, and it is said how much was seen" {
	run_tool epoch-inspect --check
	assert "$output" = "NDX: OK: 1 epochs, 2 contracts whole
SPX: OK: 3 epochs, 15 contracts whole"
	run_tool epoch-inspect --check SPX
	assert "$output" = "SPX: OK: 3 epochs, 15 contracts whole"
	run_tool 1 epoch-inspect --check RUT
	assert "$stderr" has "RUT: NO_EPOCH"
	rcli FLUSHDB >/dev/null
	run_tool epoch-inspect --check
	assert "$output" = "-: OK: no epochs"
}

@test "what the chain must be" {
	breaks ACTIVE_ID "HSET epoch:active SPX nonsense"
	breaks ACTIVE_SYMBOL "HSET epoch:active SPX $N"
	breaks ACTIVE_MISSING "HDEL epoch:active SPX"
	breaks SYMBOL "HSET epoch:active spx $C"
	breaks TIMELINE_HEAD "HSET epoch:active SPX $B"
	breaks TIMELINE_HEAD "LPUSH epoch:timeline:SPX SPX:1700000300:dddd"
	breaks TIMELINE_ID "RPUSH epoch:timeline:SPX nonsense"
	breaks TIMELINE_ID "RPUSH epoch:timeline:SPX NDX:1600000000:aaaa"
	breaks TIMELINE_ORDER "RPUSH epoch:timeline:SPX $A"
	breaks TIMELINE_ORDER "LSET epoch:timeline:SPX 1 $A" \
	    "LSET epoch:timeline:SPX 2 $B"
	breaks STAGED "ZADD epoch:staging 1 $C"
	breaks LAST "HSET epoch:last SPX 1700000119"
	breaks LAST "HDEL epoch:last NDX"
	breaks PREV "HSET epoch:meta:$C prev $A"
	breaks PREV "HDEL epoch:meta:$B prev"
	breaks PREV "LREM epoch:timeline:SPX 0 $A"
	breaks SUPERSEDED "HSET epoch:meta:$C superseded_by $B"
	breaks NOT_SUPERSEDED "HDEL epoch:meta:$B superseded_by"
	breaks NOT_SUPERSEDED "HSET epoch:meta:$A superseded_by $C"
	breaks NOT_SUPERSEDED "HDEL epoch:meta:$A superseded_ts"
	breaks DIRTY_AND_CLEAN "SADD epoch:clean $C"
	breaks UNTRACKED "SREM epoch:dirty $C"
	whole
}

@test "what meta must be" {
	local f
	for f in symbol geometry_hash grid_hash source reason contract_count \
	    strike_count expiration_count created_ts begin_ts snapshot_ts \
	    forced_dirty dormant_count entered exited carried seq full_seq \
	    ticks; do
		breaks META_FIELD "HDEL epoch:meta:$C $f"
		assert "$output" has "meta lacks $f"
	done
	breaks META_FIELD "HSET epoch:meta:$B dormant_count x"
	breaks META_FIELD "HSET epoch:meta:$B carried -1"
	breaks META_MISSING "DEL epoch:meta:$C"
	breaks META_SYMBOL "HSET epoch:meta:$C symbol NDX"
	breaks CREATED_TS "HSET epoch:meta:$C created_ts 1700000121"
	breaks SEQ "HSET epoch:meta:$C full_seq 4"
	breaks SEQ "HSET epoch:meta:$C full_seq 0"
	whole
}

@test "what the board must be" {
	local k=epoch:$C:contract:${BOARD_C[0]}
	breaks GEOMETRY_MISSING "DEL epoch:$C:geometry"
	breaks GEOMETRY "APPEND epoch:$C:geometry O:SPX"
	breaks GEOMETRY "SETRANGE epoch:$C:geometry 0 Z"
	breaks GEOMETRY_HASH "HSET epoch:meta:$C geometry_hash 00"
	breaks GEOMETRY_HASH "HSET epoch:meta:$B grid_hash 00"
	breaks GEOMETRY_HASH "SETRANGE epoch:$A:geometry 19 1"
	breaks COUNT "HSET epoch:meta:$C contract_count 6"
	breaks COUNT "HSET epoch:meta:$C strike_count 6"
	breaks COUNT "HSET epoch:meta:$C expiration_count 6"
	breaks CONTRACT_MISSING "DEL $k"
	breaks CONTRACT_MISSING "DEL epoch:$B:contract:${BOARD_B[0]}"
	breaks CONTRACT_ID "HSET $k strike 5001"
	breaks CONTRACT_ID "HSET $k right call"
	breaks CONTRACT_ID "HSET $k expiration 2025-06-21"
	breaks CONTRACT_ID "HDEL $k expiration"
	breaks CONTRACT_VALUE "HSET $k bid -1"
	breaks CONTRACT_VALUE "HSET $k bid 1e999"
	breaks CONTRACT_VALUE "HSET $k iv NaN"
	breaks CONTRACT_VALUE "HSET $k quote_ts 1.5"
	breaks CONTRACT_VALUE "HSET $k trade_seq x"
	breaks CONTRACT_TS "HDEL $k quote_ts"
	breaks CONTRACT_TS "HDEL $k trade_ts"
	breaks CONTRACT_TS "HDEL $k volume_ts"
	breaks CONTRACT_SEQ "HDEL $k trade_ts last"
	breaks CHANGED "ZADD epoch:$C:changed 4 ${BOARD_C[0]}"
	breaks CHANGED "ZADD epoch:$C:changed 0 ${BOARD_C[0]}"
	breaks CHANGED "ZADD epoch:$C:changed 1 O:SPX250620C09000000"
	breaks HAD_WS "SET epoch:$C:had_ws_updates 2"
	breaks HAD_WS "DEL epoch:$B:had_ws_updates"
	breaks HAD_WS "HSET epoch:meta:$C ticks 3" "SET epoch:$C:had_ws_updates 0"
	whole
}

@test "marks: nothing is clean that a model has not computed on" {
	breaks FALSE_CLEAN "SREM epoch:dirty $C" "SADD epoch:clean $C" \
	    "SADD epoch:models gex"
	breaks FALSE_CLEAN "SREM epoch:dirty $C" "SADD epoch:clean $C" \
	    "SADD epoch:models gex b" "HSET epoch:meta:$C ack:gex 3 seq 3"
	breaks FALSE_CLEAN "SREM epoch:dirty $C" "SADD epoch:clean $C" \
	    "SADD epoch:models gex@${C%%:*}" "HSET epoch:meta:$C ack:gex 2 seq 3"
	breaks FALSE_CLEAN "SADD epoch:dirty $C" "SADD epoch:clean $C"
	breaks ACK "HSET epoch:meta:$C ack:gex 4 seq 3"
	breaks ACK "HSET epoch:meta:$C ack:gex x seq 3"
	passes "SREM epoch:dirty $C" "SADD epoch:clean $C" \
	    "SADD epoch:models gex b@OTHER" "HSET epoch:meta:$C ack:gex 3 seq 3"
	passes "SREM epoch:clean $C" "SADD epoch:dirty $C" \
	    "SADD epoch:models gex" "HSET epoch:meta:$C ack:gex 2 seq 3"
	whole
}

@test "what the types must be" {
	local k
	for k in active dirty clean models staging last config \
	    pending:SPX meta:$C $C:geometry $C:changed $C:model:gex \
	    "$C:contract:${BOARD_C[0]}" meta:$A $B:geometry; do
		breaks TYPE "DEL epoch:$k" "LPUSH epoch:$k x"
		assert "$output" has "TYPE: epoch:$k is a list"
	done
	for k in timeline:SPX journal:SPX $C:had_ws_updates $C:fence $C:model:heatmap; do
		breaks TYPE "DEL epoch:$k" "SADD epoch:$k x"
		assert "$output" has "TYPE: epoch:$k is a set"
	done
	whole
}

@test "what is no damage" {
	passes "HSET epoch:last SPX 1700009999 RUT 5" \
	    "ZADD epoch:staging 1 SPX:1700009999:eeee"
	# Retired: contracts and geometry are given back.
	passes "HSET epoch:meta:$A retired 1" "DEL epoch:$A:geometry" \
	    "DEL epoch:$A:contract:${BOARD_A[0]}" "DEL epoch:$A:had_ws_updates"
	# The oldest one's meta was removed, too.
	passes "LREM epoch:timeline:SPX 0 $A" "DEL epoch:meta:$A"
	passes "SMOVE epoch:dirty epoch:clean $C"
	# Replaced because it was damaged: that is known.
	passes "DEL epoch:$B:contract:${BOARD_B[0]}" \
	    "HSET epoch:meta:$C reason damaged"
	passes "HSET epoch:$C:contract:${BOARD_C[0]} strike 5000.0" \
	    "HSET epoch:$C:contract:${BOARD_C[0]} delta -0.0"
	passes "SET epoch:$C:fence x" "HSET epoch:$C:model:gex seq 1"
	whole
}

@test "many findings of one kind are counted, not all told" {
	local i
	for i in "${BOARD_B[@]}"; do
		echo "HSET epoch:$B:contract:$i bid x"
	done | rcli >/dev/null
	run_tool 70 epoch-inspect --check
	assert "$(grep -c CONTRACT_VALUE <<<"$output")" = 5
	assert "$output" has "$B: 1 contracts more like these"
	assert "$stderr" has "SPX: DAMAGED: 6 findings"
}

@test "changed over many pages" {
	put_epoch RUT:1700000000:aaaa - $(
		seq -f 'O:RUT250620C%08.0f' 1000 1000 1300000)
	put_active RUT:1700000000:aaaa
	local i
	for ((i = 1; i <= 1300; i++)); do
		printf 'ZADD epoch:RUT:1700000000:aaaa:changed 3 O:RUT250620C%08d\n' \
		    $((i * 1000))
	done | rcli >/dev/null
	run_tool epoch-inspect --check RUT
	rcli ZADD epoch:RUT:1700000000:aaaa:changed 3 x >/dev/null
	run_tool 70 epoch-inspect --check RUT
	assert "$output" has "CHANGED: RUT:1700000000:aaaa: changed holds x"
}

@test "promotions and acks under its eyes are no damage" {
	# One script a promotion, atomic as the real one: same board, new id.
	cat >flip.lua <<-'END'
		local old = redis.call('HGET', 'epoch:active', 'SPX')
		local s = tonumber(string.match(old, ':(%d+):')) + 1
		local new = string.format('SPX:%d:cccc', s)
		for _, k in ipairs(redis.call('KEYS', 'epoch:' .. old .. ':*')) do
		  if not string.find(k, 'changed', 1, true) then
		    redis.call('COPY', k, 'epoch:' .. new ..
		      string.sub(k, #old + 7))
		  end
		end
		redis.call('COPY', 'epoch:meta:' .. old, 'epoch:meta:' .. new)
		redis.call('HSET', 'epoch:meta:' .. new, 'created_ts', s, 'prev', old)
		redis.call('HSET', 'epoch:meta:' .. old, 'superseded_by', new,
		  'superseded_ts', s)
		redis.call('LPUSH', 'epoch:timeline:SPX', new)
		redis.call('HSET', 'epoch:last', 'SPX', s)
		redis.call('SREM', 'epoch:dirty', old)
		redis.call('SADD', 'epoch:clean', old)
		redis.call('SADD', 'epoch:dirty', new)
		redis.call('HSET', 'epoch:active', 'SPX', new)
	END
	touch on
	while [[ -e on ]]; do
		rcli --eval flip.lua >/dev/null
		rcli SMOVE epoch:dirty epoch:clean "$(
			rcli HGET epoch:active SPX)" >/dev/null
	done 3>&- &
	local pid=$! i rc
	for ((i = 0; i < 25; i++)); do
		rc=0
		epoch-inspect --check >out 2>err || rc=$?
		if [[ $rc != 0 && $rc != 75 ]]; then
			rm on
			wait $pid
			cat out err
			return 1
		fi
	done
	rm on
	wait $pid
	run_tool epoch-inspect --check
	[[ $(rcli LLEN epoch:timeline:SPX) -gt 5 ]]
}
