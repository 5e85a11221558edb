#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-promote --rollback: the older board and its values, whole and under a
# new id, whatever is killed, promoted, ticked or retired meanwhile; and the
# lock that it brings.

load helpers
load models

T=1750000000000

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	make_chain -n 8 -s 1 -t $T | geom-hash >a
	make_chain -n 8 -s 2 -k 4990 -t $((T + 60000)) | geom-hash >b # a bad one
	make_chain -n 10 -s 3 -t $((T + 120000)) | geom-hash >c # yet another
	make_chain -n 8 -s 4 -t $((T + 600000)) | geom-hash >later # as a
	export DIR=$BATS_FILE_TMPDIR
}

setup() {
	rcli PING >/dev/null 2>&1 || redis_start
	cd "$BATS_TEST_TMPDIR" || return 1
	export EPOCH_NOW_MS=$((T + 300000))
	world
}

teardown() {
	kill_started
	[[ $BATS_TEST_DESCRIPTION != own:* ]] || redis_stop
}

teardown_file() {
	redis_stop
}

# A, with a tick, then B: with an option, the state of that file only.
world() {
	rcli FLUSHALL >/dev/null
	epoch-promote <"$DIR/a" >/dev/null
	A=$(active)
	tick 1 1
	epoch-promote --accept-shrink <"$DIR/b" >/dev/null
	B=$(active)
}

sound() { # [WHAT]
	"$ROOT/tests/invariants" "$REDIS_SOCK" || fail "not sound: ${1-}"
	epoch-inspect --check >check 2>&1 || fail "--check: ${1-}: $(cat check)"
}

# The values, as one hash, of an epoch or of the active one.
values() {
	epoch-inspect --digest --values "${1-SPX}" | cut -d ' ' -f 1
}

meta() { # FIELD [ID]
	rcli HGET "epoch:meta:${2-$(active)}" "$1"
}

contract() { # N: key of the N-th contract of the active epoch, from 1
	rcli GET "epoch:$(active):geometry" | sed -n "$1s/^/epoch:$(active):contract:/p"
}

@test "a new epoch with the older one's board and values, pinned" {
	local before
	before=$(values "$A")
	run_tool epoch-promote --rollback SPX </dev/null
	assert "$(jq -c '[.symbol, .outcome, .reason, .prev, .contracts, .entered, .exited, .carried, .forced, .ts]' <<<"$output")" = \
	    "[\"SPX\",\"new\",\"rollback\",\"$B\",8,4,4,0,false,$EPOCH_NOW_MS]"
	assert "$(jq -r .epoch_id <<<"$output")" = "$(active)"
	assert "$(jq -r .geometry_hash <<<"$output")" = "$(meta geometry_hash "$A")"
	sound
	assert "$(values)" = "$before"
	assert "$(values "$A")" = "$before"
	# To the last field, sequence numbers included.
	assert "$(state_dump | sed -n "s/^hash epoch:$(active):contract://p")" = \
	    "$(state_dump | sed -n "s/^hash epoch:$A:contract://p")"
	assert "$(meta reason) $(meta pinned) $(meta begin_ts) $(meta snapshot_ts)" = \
	    "rollback 1 $EPOCH_NOW_MS $EPOCH_NOW_MS"
	assert "$(meta spot) $(meta source)" = "$(meta spot "$A") $(meta source "$A")"
	assert "$(meta superseded_by "$B")" = "$(active)"
	assert "$(rcli GET "epoch:$(active):had_ws_updates")" = 1 "a tick's value is in it"
	assert "$(meta last_tick_ts)" = "$(meta last_tick_ts "$A")"
	is_dirty
	# What was copied is sealed now.
	assert "$(meta seal "$A")" = "$before"
	assert "$(rcli EXISTS epoch:staging)" = 0
}

@test "while pinned: other boards are rejected, the same one is refreshed" {
	local id
	epoch-promote --rollback SPX >/dev/null
	id=$(active)
	EPOCH_NOW_MS=$((T + 700000))
	sed "s/$((T + 120000))/$((T + 500000))/g; s/$((T + 118000))/$((T + 499000))/g" "$DIR/c" >c
	run_tool 1 epoch-promote <c
	assert "$(jq -r '[.outcome, .reason, .epoch_id] | @tsv' <<<"$output")" = \
	    "rejected	pinned	$id"
	run_tool 1 epoch-promote --force --accept-shrink --accept-filter <c
	assert "$(jq -r .reason <<<"$output")" = pinned
	run_tool epoch-promote <"$DIR/later"
	assert "$(jq -r .outcome <<<"$output")" = same
	assert "$(meta snapshot_ts)" = $((T + 600000))
	run_tool epoch-promote --force <"$DIR/later"
	assert "$(jq -r .reason <<<"$output")" = forced
	assert "$(meta pinned)" = 1 "inherited"
	sed "s/$((T + 120000))/$((T + 650000))/g; s/$((T + 118000))/$((T + 649000))/g" "$DIR/c" >c
	run_tool 1 epoch-promote <c
	run_tool epoch-inspect --timeline SPX
	assert "${lines[2]}" =~ " pinned$"
	assert "$(grep -c pinned <<<"$output")" = 1 "only where it counts"
	run_tool epoch-promote --unpin SPX
	assert "$(jq -r '[.outcome, .reason, .epoch_id] | @tsv' <<<"$output")" = "same	unpinned	$(active)"
	run_tool epoch-promote --unpin I:SPX
	assert "$(jq -r '[.outcome, .reason] | @tsv' <<<"$output")" = "same	" "twice: nothing to do"
	run_tool epoch-promote <c
	assert "$(jq -r .reason <<<"$output")" = geometry
	assert "$(meta pinned)" = ""
	sound
}

@test "said twice, it does not go forth again; --to says where" {
	local before
	epoch-promote --rollback SPX >/dev/null
	before=$(state_digest)
	run_tool 1 epoch-promote --rollback SPX
	assert "$stderr" has "PINNED: went back already, to $(active)"
	assert "$(state_digest)" = "$before"
	run_tool 1 epoch-promote --rollback SPX --to "$(active)"
	assert "$stderr" has ACTIVE
	assert "$(state_digest)" = "$before"
	run_tool epoch-promote --rollback SPX --to "$B"
	assert "$(values)" = "$(values "$B")"
	assert "$(meta pinned)" = 1
	epoch-promote --unpin SPX >/dev/null
	run_tool epoch-promote --rollback SPX
	assert "$(values)" = "$(values "$A")" "unpinned, the one before is meant again"
	sound
}

@test "nothing to go back to, or nothing that may be: refused, 1, unchanged" {
	local before
	run_tool 1 epoch-promote --rollback NDX
	assert "$stderr" has "NDX: NO_EPOCH: no active epoch"
	run_tool 1 epoch-promote --unpin NDX
	run_tool 1 epoch-promote --rollback SPX --to SPX:1600000000:abcd
	assert "$stderr" has "NO_EPOCH: SPX:1600000000:abcd is retired, or never was"
	epoch-gc --grace 0 --keep 0 >/dev/null
	before=$(state_digest)
	run_tool 1 epoch-promote --rollback SPX
	assert "$stderr" has "NO_EPOCH: no epoch is left to go back to"
	run_tool 1 epoch-promote --rollback SPX --to "$A"
	assert "$output" = ""
	assert "$(state_digest)" = "$before"
	# A reservation is no epoch.
	rcli HSET epoch:meta:SPX:1650000000:abcd incarnation x >/dev/null
	run_tool 1 epoch-promote --rollback SPX --to SPX:1650000000:abcd
}

@test "past a retired one, the next older is meant" {
	epoch-promote --accept-shrink <"$DIR/c" >/dev/null
	epoch-gc --keep-id "$A" >/dev/null
	epoch-gc --grace 0 --keep 0 >/dev/null
	run_tool epoch-promote --rollback SPX
	assert "$(values)" = "$(values "$A")"
	sound
}

@test "an epoch that was changed since its seal, or lacks a part: 70, unchanged" {
	local before key
	epoch-gc --keep 5 --grace 0 >/dev/null
	key=epoch:$A:contract:$(rcli GET "epoch:$A:geometry" | sed -n 3p)
	rcli COPY "$key" kept >/dev/null
	rcli HSET "$key" bid 9.99 >/dev/null
	before=$(state_digest)
	run_tool 70 epoch-promote --rollback SPX
	assert "$stderr" has "SEAL: $A was changed since it was sealed"
	assert "$(state_digest)" = "$before"
	rcli DEL "$key" >/dev/null
	before=$(state_digest)
	run_tool 70 epoch-promote --rollback SPX
	assert "$stderr" has "SOURCE: not all of $A is there"
	assert "$(state_digest)" = "$before"
	rcli RENAME kept "$key" >/dev/null
	rcli APPEND "epoch:$A:geometry" "O:SPX990101C00001000
" >/dev/null
	run_tool 70 epoch-promote --rollback SPX
	rcli DEL "epoch:$A:geometry" >/dev/null
	run_tool 70 epoch-promote --rollback SPX
	assert "$(active)" = "$B"
}

@test "exempt from stale, shrink and filter" {
	rcli FLUSHALL >/dev/null
	make_chain -n 4 -f days=30 -t $T | geom-hash | epoch-promote >/dev/null
	A=$(active)
	make_chain -n 40 -t $((T + 60000)) | geom-hash |
		epoch-promote --accept-filter >/dev/null
	# Redis's clock may be up to a minute behind a snapshot.
	EPOCH_NOW_MS=$((T + 10000)) run_tool epoch-promote --rollback SPX
	assert "$(jq -c '[.reason, .exited]' <<<"$output")" = '["rollback",36]'
	assert "$(meta filter)" = days=30
	assert "$(values)" = "$(values "$A")"
	sound
}

# --- what is carried

@test "of the epoch that is left only what ticks brought is carried" {
	local call=O:SPX250620C05000000 put=O:SPX250620P05000000
	rcli HGETALL "epoch:$A:contract:$call" | paste - - | sort >old
	rcli HGETALL "epoch:$A:contract:$put" | paste - - | sort >old.put
	tick 5 1 # of B's second contract: newer than all
	assert "$(rcli HGET "epoch:$B:contract:$call" quote_seq)" = 5
	assert "$(rcli HEXISTS "epoch:$A:contract:$put" oi)" = 1 "on both boards"
	rcli HSET "epoch:$B:contract:$put" oi 123456 >/dev/null
	run_tool epoch-promote --rollback SPX
	assert "$(jq .carried <<<"$output")" = 1
	sound
	rcli HGETALL "epoch:$(active):contract:$call" | paste - - | sort >new
	rcli HGETALL "epoch:$(active):contract:$put" | paste - - | sort >new.put
	assert "$(grep '^\(bid\|ask\|quote\)' new)" = "$(
		rcli HGETALL "epoch:$B:contract:$call" | paste - - | sort |
			grep '^\(bid\|ask\|quote\)')" "the quote is the tick's"
	assert "$(grep -v '^\(bid\|ask\|quote\)' new)" = \
	    "$(grep -v '^\(bid\|ask\|quote\)' old)" "all else is A's"
	assert "$(cat new.put)" = "$(cat old.put)" "B's newer snapshot is not"
	assert "$(meta last_tick_ts)" = "$(meta last_tick_ts "$B")"
}

# at_each_stop WHAT: pause the rollback before every write, do WHAT, go on.
at_each_stop() {
	local what=$1 n p rc
	STOPS=0
	for ((n = 1; n < 200; n += ${STEP:-1})); do
		world
		want=$(values "$A")
		env LD_PRELOAD="$FAULT_SO" FAULT_SHORT=500 FAULT_STOP_AT=$n \
		    epoch-promote --rollback SPX >out 2>err 3>&- &
		p=$!
		if ! comes_to_stop $p; then
			wait $p || fail "point $n: $(cat err)"
			break
		fi
		$what "$n"
		kill -CONT $p
		rc=0
		wait $p || rc=$?
		sound "$what at stop $n: $(cat err)"
		after_$what "$n" "$rc"
		STOPS=$((STOPS + 1))
	done
	((STOPS > 10 && n < 200)) || fail "stops: $STOPS"
}

# Under a fence it would wait in the hydrator; here it is sent again later.
late_tick() {
	local ts=$((T + 100000 + $1))
	cid=O:SPX250620C05000000
	printf '{"type":"tick","ts":%s,"id":"%s","kind":"quote","recv_ts":%s,"feed_seq":%s,"bid":1,"ask":2,"bid_size":1,"ask_size":2}\n' \
	    $ts "$cid" $ts "$1" >late
	[[ $(rcli EXISTS "epoch:$B:fence") == 1 ]] || epoch-hydrate <late >/dev/null
}

after_late_tick() {
	assert "$2" = 0 "$(cat err)"
	epoch-hydrate <late >hydrated
	assert "$(rcli HGET "epoch:$(active):contract:$cid" quote_seq)" = "$1" "stop $1"
	HAD=$((HAD + $(jq -s 'map(.duplicate // 0) | add' hydrated)))
}

@test "no tick is lost at a rollback, whenever it comes" {
	HAD=0
	at_each_stop late_tick
	((HAD > 8)) || fail "carried only $HAD times"
}

# --- killed, failing

@test "kill -9 before every write: B or a whole copy of A; repeated, the copy" {
	local n rc want ids
	want=$(values "$A")
	for ((n = 1; n < 200; n++)); do
		world
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_SHORT=300 FAULT_KILL_AT=$n \
		    timeout 20 epoch-promote --rollback SPX >out 2>err || rc=$?
		sound "killed before write $n"
		((rc == 0)) && break
		assert "$rc" = 137 "$(cat err)"
		if [[ $(active) != "$B" ]]; then
			assert "$(values)" = "$want"
			run_tool 1 epoch-promote --rollback SPX
		else
			rcli DEL "epoch:$B:fence" >/dev/null
			run_tool epoch-promote --rollback SPX
		fi
		sound "repeated after $n"
		assert "$(values) $(meta pinned)" = "$want 1"
		# What the dead one left is swept, and nothing else.
		for ids in 1 2; do
			EPOCH_NOW_MS=$((EPOCH_NOW_MS + ids * 900000)) epoch-gc --keep 9 >/dev/null
		done
		assert "$(rcli KEYS 'epoch:SPX:*:geometry' | wc -l)" = 3
		assert "$(values)" = "$want"
	done
	((n > 20 && n < 200)) || fail "points: $n"
}

@test "errors at every write and every read: done, or 75 and as before" {
	local n rc want fault
	want=$(values "$A")
	for fault in FAULT_ERR_AT FAULT_RERR_AT; do
		for ((n = 1; n < 200; n++)); do
			world
			rc=0
			env LD_PRELOAD="$FAULT_SO" FAULT_SHORT=300 \
			    FAULT_COUNT=count $fault=$n \
			    epoch-promote --deadline 4 --rollback SPX >out 2>err || rc=$?
			assert "$rc" =~ '^(0|75)$' "$fault=$n: $(cat err)"
			sound "$fault=$n"
			if ((rc == 0)); then
				assert "$(values) $(rcli LLEN epoch:timeline:SPX)" = "$want 3" "$fault=$n"
			fi
			if [[ $fault == FAULT_ERR_AT ]]; then
				((n > $(cut -d ' ' -f 1 count))) && break
			else
				((n > $(cut -d ' ' -f 2 count))) && break
			fi
		done
		((n > 15 && n < 200)) || fail "points of $fault: $n"
	done
}

# --- raced

promote_other() {
	OTHER=0
	epoch-promote --accept-shrink --deadline 0.2 <"$DIR/c" >other 2>other.err || OTHER=$?
}

after_promote_other() {
	local n=$1 rc=$2
	assert "$rc" = 0 "stop $n: $(cat err)"
	assert "$(meta reason) $(meta pinned)" = "rollback 1" "the lock holds at stop $n"
	# One before: the other's board, where that came in between.
	if [[ $(jq -r .outcome other) == new ]]; then
		assert "$(meta prev)" = "$(jq -r .epoch_id other)" "stop $n"
		assert "$(values)" = "$(values "$B")" "what was before that"
		WON=$((WON + 1))
	else
		assert "$(values)" = "$want" "stop $n"
	fi
}

@test "a promoter at any moment: one chain, and the lock holds" {
	WON=0
	at_each_stop promote_other
	((WON > 8)) || fail "the other won $WON of $STOPS"
}

retire_source() {
	epoch-gc --grace 0 --keep 0 >/dev/null
}

after_retire_source() {
	if [[ $(active) == "$B" ]]; then
		assert "$2" = 1 "stop $1: $(cat err)"
		assert "$(cat err)" has NO_EPOCH
		REFUSED=$((REFUSED + 1))
	else
		assert "$(values)" = "$want" "whole at stop $1"
		assert "$2" = 0
	fi
}

@test "what it goes back to is retired at any moment: whole, or refused" {
	REFUSED=0
	at_each_stop retire_source
	# Retired once all was read, the copy is whole.
	((REFUSED > 8 && REFUSED < STOPS)) || fail "refused $REFUSED of $STOPS"
}

@test "three rollbacks and a broom at once: one chain, one winner at a time" {
	local k round pids
	for round in 1 2 3 4; do
		world
		pids=()
		for k in 1 2 3; do
			epoch-promote --rollback SPX >out.$k 2>err.$k 3>&- &
			pids+=($!)
		done
		epoch-gc --grace 0 --keep 1 >gc.out 2>gc.err 3>&- &
		wait $! || fail "$(cat gc.err)"
		for k in "${pids[@]}"; do
			wait "$k" || :
		done
		sound "round $round: $(cat err.?)"
		assert "$(cat out.? | jq -r .outcome | sort | uniq -c | xargs)" = "1 new" "$(cat err.?)"
		assert "$(grep -c PINNED err.? | cut -d : -f 2 | paste -sd + | bc)" = 2
	done
}

# --- replay of the day: models, usage

@test "models compute on the copy as on any epoch" {
	model-gex --once >/dev/null
	epoch-promote --rollback SPX >/dev/null
	is_dirty
	run_tool model-gex --once
	is_clean
	as_built gex model-gex
	assert "$(jq .contracts <<<"$output")" = 8
}

@test "own: a prefix with a tag on a cluster of one node" {
	redis_stop
	redis_start --cluster-enabled yes
	rcli CLUSTER ADDSLOTSRANGE 0 16383 >/dev/null
	eventually cluster_is_up
	export EPOCH_PREFIX='{spx}:'
	epoch-promote <"$DIR/a" >/dev/null
	epoch-promote --accept-shrink <"$DIR/b" >/dev/null
	run_tool epoch-promote --rollback SPX
	run_tool epoch-promote --unpin SPX
	run_tool epoch-inspect --check
}

cluster_is_up() {
	rcli CLUSTER INFO | grep -q cluster_state:ok
}

@test "usage, other types, a full disk" {
	local bad before
	for bad in '--rollback' '--rollback spx' '--rollback SPX SPX' \
	    '--to SPX:1:a' '--rollback SPX --to x' "--rollback NDX --to $A" \
	    '--rollback SPX --unpin SPX' '--unpin a/b/c/'; do
		# shellcheck disable=SC2086 # words
		run_tool 64 epoch-promote $bad
	done
	rcli COPY "epoch:meta:$A" kept >/dev/null
	rcli SET "epoch:meta:$A" x >/dev/null
	before=$(state_digest)
	run_tool 78 epoch-promote --rollback SPX
	assert "$(state_digest)" = "$before"
	rcli RENAME kept "epoch:meta:$A" >/dev/null
	run_tool 75 epoch-promote --redis ./no-such-socket --rollback SPX
	run_tool 74 bash -c 'epoch-promote --rollback SPX >/dev/full'
	assert "$(meta reason)" = rollback
	run_tool epoch-promote -v --unpin SPX
	assert "$stderr" has "COUNTS: snapshots 0 new 0 same 1"
}
