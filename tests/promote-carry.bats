#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# Newer wins, at a promotion (carry) and at a refresh: live values set by hand
# on the old epoch, older, as old and newer than the snapshot's, by a tick or
# by a snapshot, greater and smaller, whole and with a field missing: every
# combination, in every group, against an expectation that this file works
# out for itself.

load helpers

setup_file() {
	redis_start
}

setup() {
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	T=1750000000000
	NEW=$((T + 60000)) # end of the snapshot that meets the live values
	QUOTE_TS=$((NEW - 2000 - 900000))
	TRADE_TS=$((QUOTE_TS - 60000))
	VOLUME_TS=$QUOTE_TS # CBOE: begin - 900 s
	# One contract for each combination.
	COMBOS=()
	for delta in -1000 0 1000; do
		for origin in tick:7 tick:0 snapshot; do
			for size in small great holed; do
				COMBOS+=("$delta $origin $size")
			done
		done
	done
}

teardown_file() {
	redis_stop
}

value_in() { # FIELD: of the contract line $line, "" when absent
	sed -nE "s/.*\"$1\":([^,}]*).*/\1/p" <<<"$line"
}

# The live values of a combination: sets live_FIELD for all stored fields.
make_live() { # DELTA ORIGIN SIZE
	local v=0.01
	[[ $3 == small ]] || v=99999.5
	live_bid=$v live_ask=$v live_bid_size=3 live_ask_size=$v
	live_last=$v live_last_size=$v live_volume=$v
	[[ $3 == holed ]] && live_ask='' live_last_size=''
	live_quote_ts=$((QUOTE_TS + $1)) live_trade_ts=$((TRADE_TS + $1))
	live_volume_ts=$((VOLUME_TS + $1))
	live_quote_seq='' live_trade_seq='' live_volume_seq=''
	if [[ $2 == tick:* ]]; then
		live_quote_seq=${2#*:} live_trade_seq=${2#*:}
		live_volume_seq=${2#*:}
	fi
}

# The row's values: snap_FIELD.
make_snap() {
	local f
	for f in bid ask bid_size ask_size quote_ts last last_size trade_ts \
	    volume; do
		printf -v "snap_$f" '%s' "$(value_in $f)"
	done
	snap_volume_ts=$VOLUME_TS
	snap_quote_seq='' snap_trade_seq='' snap_volume_seq=''
}

# Does the live group win?  Time; a tick after a snapshot; then the bytes.
live_wins() { # DELTA ORIGIN FIELD...
	local delta=$1 origin=$2 a='' b='' f l s
	shift 2
	((delta == 0)) || { ((delta > 0)); return; }
	[[ $origin == snapshot ]] || return 0
	for f; do
		l=live_$f s=snap_$f
		a+=${!l}$'\t' b+=${!s}$'\t'
	done
	[[ $(printf '%s\n' "${a%$'\t'}" "${b%$'\t'}" | LC_ALL=C sort | tail -1) == "${a%$'\t'}" ]]
}

GROUPS_OF=("quote bid ask bid_size ask_size" "trade last last_size"
    "volume volume")

# Write every combination's live values on the epoch $1; $2: mark only some.
set_live() {
	local i combo id g f name
	local -a cmd
	for i in "${!COMBOS[@]}"; do
		read -r -a combo <<<"${COMBOS[i]}"
		make_live "${combo[@]}"
		id=${IDS[i]}
		cmd=()
		for g in "${GROUPS_OF[@]}"; do
			for f in ${g#* } "${g%% *}_ts" "${g%% *}_seq"; do
				name=live_$f
				echo "HDEL epoch:$1:contract:$id $f"
				[[ -z ${!name} ]] ||
					echo "HSET epoch:$1:contract:$id $f ${!name}"
			done
		done
		# A promotion does not mark what it carried: half is unmarked.
		[[ ${2-} == half ]] && ((i % 2)) ||
			echo "ZADD epoch:$1:changed 2 $id"
	done | rcli >/dev/null
	rcli HSET "epoch:meta:$1" seq 2 >/dev/null
}

# Compare what the epoch $1 holds with the right winners.
check_winners() {
	local i combo line g f want have name side bad=0
	WON=0 LAST_TICK=0
	for i in "${!COMBOS[@]}"; do
		read -r -a combo <<<"${COMBOS[i]}"
		line=$(grep -F "\"${IDS[i]}\"" b)
		make_live "${combo[@]}"
		make_snap
		for g in "${GROUPS_OF[@]}"; do
			side=snap
			# shellcheck disable=SC2086 # names of fields
			if live_wins "${combo[0]}" "${combo[1]}" ${g#* }; then
				side=live
				WON=$((WON + 1))
				name=live_${g%% *}_ts
				[[ ${combo[1]} == tick* ]] && ((${!name} > LAST_TICK)) &&
					LAST_TICK=${!name}
			fi
			for f in ${g#* } "${g%% *}_ts" "${g%% *}_seq"; do
				name=${side}_$f
				want=${!name}
				have=$(rcli HGET "epoch:$1:contract:${IDS[i]}" "$f")
				[[ $have == "$want" ]] && continue
				bad=$((bad + 1))
				echo "${COMBOS[i]}: $f is '$have', not '$want' ($side)"
			done
		done
		for f in iv delta gamma theta vega oi; do
			have=$(rcli HGET "epoch:$1:contract:${IDS[i]}" "$f")
			[[ $have == "$(value_in "$f")" ]] && continue
			bad=$((bad + 1))
			echo "${COMBOS[i]}: $f is '$have', not the snapshot's"
		done
	done
	((bad == 0)) || fail "$bad fields are wrong"
}

start() { # the new board's extra options
	make_chain -n 30 -s 1 -t $T | geom-hash >a
	make_chain -n 30 -s 2 -t $NEW "$@" | geom-hash >b
	epoch-promote <a >/dev/null
	OLD=$(rcli HGET epoch:active SPX)
	mapfile -t IDS < <(records contract a | jq -r .id)
	[[ -n ${LATER-} ]] || set_live "$OLD" half
}

@test "carry: the right winner in every group and combination" {
	start -n 32
	run_tool epoch-promote <b
	assert "$(jq -r .outcome <<<"$output")" = new
	id=$(rcli HGET epoch:active SPX)
	check_winners "$id"
	assert "$(rcli GET "epoch:$id:had_ws_updates")" = 1
	assert "$(rcli HGET "epoch:meta:$id" last_tick_ts)" = "$LAST_TICK"
	assert "$(rcli HGET "epoch:meta:$id" ticks)" = 0
	# 27 contracts; those all of whose groups are older are not carried.
	((WON > 27))
	carried=$(jq .carried <<<"$output")
	assert "$carried" = "$(rcli HGET "epoch:meta:$id" carried)"
	((carried > 9 && carried <= 18)) || fail "carried $carried"
}

@test "carry: nothing of a contract that left, nothing for one that entered" {
	start -n 32 -k 5005
	run_tool epoch-promote --max-shrink 100 <b
	id=$(rcli HGET epoch:active SPX)
	gone=${IDS[0]}
	assert "$(rcli EXISTS "epoch:$id:contract:$gone")" = 0
	rcli KEYS "epoch:$id:contract:*" | sed "s/^epoch:$id:contract://" |
	    LC_ALL=C sort >have
	records contract b | jq -r .id | LC_ALL=C sort >want
	diff have want
}

@test "carry: a board without live values has had none" {
	make_chain -n 8 -t $T | geom-hash >a
	make_chain -n 10 -t $NEW | geom-hash >b
	epoch-promote <a >/dev/null
	run_tool epoch-promote <b
	id=$(rcli HGET epoch:active SPX)
	assert "$(rcli GET "epoch:$id:had_ws_updates")" = 0
	assert "$(rcli HEXISTS "epoch:meta:$id" last_tick_ts)" = 0
	assert "$(jq .carried <<<"$output")" = 0
}

@test "refresh: the right winner in every group and combination" {
	start
	run_tool epoch-promote <b
	assert "$(jq -r .outcome <<<"$output")/$(rcli HGET epoch:active SPX)" = "same/$OLD"
	check_winners "$OLD"
}

@test "refresh: repeated, it ends in the same values" {
	start
	epoch-promote <b >/dev/null
	first=$(state_dump | grep ":contract:")
	epoch-promote <b >/dev/null
	assert "$(state_dump | grep ":contract:")" = "$first"
}

# A hydrator by hand: newer wins on one quote, never while the fence stands,
# always on what is active.  Prints what became of the tick.
TICK='
local id = redis.call("HGET", "epoch:active", "SPX")
if redis.call("EXISTS", "epoch:" .. id .. ":fence") == 1 then return "fenced" end
local key = "epoch:" .. id .. ":contract:" .. ARGV[1]
if redis.call("EXISTS", key) == 0 then return "unknown" end
local ts = redis.call("HGET", key, "quote_ts")
if ts and tonumber(ts) >= tonumber(ARGV[2]) then return "late" end
redis.call("HSET", key, "bid", ARGV[3], "quote_ts", ARGV[2], "quote_seq", 1)
redis.call("HDEL", key, "ask", "bid_size", "ask_size")
local seq = redis.call("HINCRBY", "epoch:meta:" .. id, "seq", 1)
redis.call("HINCRBY", "epoch:meta:" .. id, "ticks", 1)
redis.call("HSET", "epoch:meta:" .. id, "last_tick_ts", ARGV[2])
redis.call("ZADD", "epoch:" .. id .. ":changed", seq, ARGV[1])
redis.call("SET", "epoch:" .. id .. ":had_ws_updates", 1)
return "applied"'



# Runs board b with a stop before write n, for n = 1, 2, … until a run is not
# stopped; calls at_stop in between, after_all at the end.
at_each_stop() {
	make_chain -n 8 -s 1 -t $T | geom-hash >a
	make_chain -n 10 -s 2 -t $NEW | geom-hash >b
	id=$(records contract a | sed -n 4p | jq -r .id)
	tick=$((QUOTE_TS + 500))
	for ((n = 1; n < 60; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <a >/dev/null
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n FAULT_SHORT=1500 \
		    epoch-promote <b >out 2>err 3>&- &
		pid=$!
		comes_to_stop $pid || { wait $pid; break; }
		at_stop
		kill -CONT $pid
		wait $pid || fail "promotion $n failed: $(cat err)"
		after_all
		key="epoch:$(rcli HGET epoch:active SPX):contract:$id"
		assert "$(rcli HMGET "$key" bid ask quote_ts quote_seq | paste -sd/)" = \
		    "4.25//$tick/1" "tick before write $n ($said)"
		assert "$(jq -r .outcome out)" = new
		"$ROOT/tests/invariants" "$REDIS_SOCK"
	done
	((n < 60)) || fail "the loop never came to an undisturbed run"
}

@test "carry: the same for values that came while the board was staged" {
	LATER=yes start -n 32
	LD_PRELOAD=$FAULT_SO FAULT_STOP_HAS=$'\r\ntake\r\n' \
	    epoch-promote <b >out 2>err 3>&- &
	pid=$!
	comes_to_stop $pid || fail "it took no fence"
	new=$(rcli ZRANGE epoch:staging 0 -1)
	assert "$(rcli KEYS "epoch:$new:contract:*" | wc -l)" = 32 "staged"
	set_live "$OLD"
	kill -CONT $pid
	wait $pid || fail "$(cat err)"
	id=$(rcli HGET epoch:active SPX)
	check_winners "$id"
	assert "$(rcli GET "epoch:$id:had_ws_updates")" = 1
	assert "$(rcli HGET "epoch:meta:$id" last_tick_ts)" = "$LAST_TICK"
	((WON > 27)) || fail "won $WON"
}

@test "no tick is lost at a switch, whenever it comes" {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	fenced=0 applied=0
	at_stop() {
		said=$(rcli EVAL "$TICK" 0 "$id" $tick 4.25)
	}
	after_all() {
		if [[ $said == fenced ]]; then
			# A hydrator keeps its batch and tries again.
			fenced=$((fenced + 1))
			assert "$(rcli EVAL "$TICK" 0 "$id" $tick 4.25)" = applied
		else
			assert "$said" = applied
			applied=$((applied + 1))
		fi
	}
	at_each_stop
	((applied >= 3 && fenced >= 1)) || fail "applied $applied, fenced $fenced"
}

@test "no tick is lost either when the fence lapsed under a slow promoter" {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	lapsed=0
	at_stop() {
		# What a lease that ran out looks like.
		lapsed=$((lapsed + $(rcli DEL "epoch:$(rcli HGET epoch:active SPX):fence")))
		said=$(rcli EVAL "$TICK" 0 "$id" $tick 4.25)
		assert "$said" = applied
	}
	after_all() {
		:
	}
	at_each_stop
	((lapsed >= 1)) || fail "no stop was under the fence"
}
