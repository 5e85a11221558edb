#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The journal: every act that changes an epoch stands in the symbol's stream,
# numbered without a gap, and whether it is on changes nothing else.

load helpers
load hydrate

setup_file() {
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	make_growing 30
	make_chain -n 24 -s 9 -t $((T + 400000)) -R dormant | geom-hash >forced
	export DIR=$BATS_FILE_TMPDIR
}

setup() {
	find_redis || redis_start
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	[[ $BATS_TEST_DESCRIPTION == own:* ]] && redis_stop
	return 0
}

teardown_file() {
	find_redis && redis_stop
	return 0
}

journal_on() { # [MAX]
	rcli HSET epoch:config journal 1 journal_max "${1-1000}" >/dev/null
}

stream() {
	rcli --json XRANGE epoch:journal:SPX - + | jq -c '.[] |
	    {act: .[0]} + ([.[1] | _nwise(2) | {(.[0]): .[1]}] | add)'
}

kinds() {
	stream | jq -r .kind | uniq -c | sed 's/^ *//; s/ /x/' | paste -sd ' '
}

# Promotions, refreshes, ticks, a forced epoch, a snapshot that failed.
a_life() {
	"$TICKS" make 80 5 $Q "$DIR/a" >ticks
	# from files: how a pipe is read would make other batches
	split -l 40 ticks ticks.
	"$TICKS" make 40 6 $((Q + 60000)) "$DIR/b" >ticks.b
	epoch-promote <"$DIR/a" >/dev/null
	epoch-hydrate <ticks.aa >/dev/null
	epoch-promote <"$DIR/a2" >/dev/null
	epoch-hydrate <ticks.ab >/dev/null
	epoch-promote <"$DIR/b" >/dev/null
	epoch-hydrate <ticks.b >/dev/null
	id=$(active)
	printf '%s\n' '{"type":"chain_abort","ts":1750000300000,"symbol":"SPX","reason":"dormant","for_epoch":"'"$id"'","error":"CUT","exit":65}' |
		epoch-promote >/dev/null 2>&1 || :
	sed 's/"reason":"scheduled"/"reason":"dormant","for_epoch":"'"$id"'"/' \
	    "$DIR/b2" | epoch-promote --force >/dev/null
}

# What does not depend on the run: nonces, clocks.
comparable() {
	state_dump | grep -v ' epoch:config \| epoch:journal:SPX ' |
		grep -v 'incarnation='
}

@test "off: nothing is written; on: nothing else changes" {
	a_life
	assert "$(rcli EXISTS epoch:journal:SPX)" = 0
	comparable >off
	rcli FLUSHALL >/dev/null
	journal_on
	a_life
	comparable >on
	diff off on
	(($(grep -c . on) > 500))
	(($(stream | grep -c .) > 8))
}

@test "acts are numbered from 1, without a gap, each of a known kind" {
	journal_on
	a_life
	assert "$(stream | jq -r .act)" = \
	    "$(seq 1 "$(rcli XLEN epoch:journal:SPX)" | sed 's/^/0-/')"
	assert "$(kinds)" = "1xrows 1xcommit 1xhydrate 1xrefresh_begin 1xrefresh_rows 1xrefresh_end 1xhydrate 1xrows 1xcommit 1xhydrate 1xforce_dirty 1xrows 1xcommit"
	# an epoch's acts count its versions one by one
	assert "$(stream | jq -r 'select(.kind == "hydrate") | .args')" = \
	    '["2"]
["5"]
["2"]'
	stream | jq -e 'select(.kind == "commit") | .args | fromjson |
	    .[6] == "1" and length % 2 == 1' >/dev/null
}

@test "a batch that changes nothing is no act; a repeated commit is one" {
	journal_on
	epoch-promote <"$DIR/a" >/dev/null
	"$TICKS" make 40 5 $Q "$DIR/a" >ticks
	epoch-hydrate <ticks >/dev/null
	stream >before
	epoch-hydrate <ticks >/dev/null # duplicates, late
	stream | diff before -
	assert "$(grep -c '"hydrate"' before)" = 1
}

@test "what is journalled of ticks is what was applied" {
	journal_on
	epoch-promote <"$DIR/a" >/dev/null
	"$TICKS" make 300 7 $Q "$DIR/a" >ticks
	split -l 30 ticks part.
	for p in part.*; do
		epoch-hydrate <"$p" >>out
	done
	sum_of out
	# shellcheck disable=SC2154 # set by sum_of
	assert "$(stream | jq -r 'select(.kind == "hydrate") | .rows' |
		tr ';' '\n' | grep -c .)" = "$sum_applied"
}

@test "the journal is bounded; what overran is a gap in the numbers" {
	journal_on 4
	a_life
	assert "$(rcli XLEN epoch:journal:SPX)" = 4
	assert "$(stream | jq -r .act | paste -sd ' ')" = "0-10 0-11 0-12 0-13"
	for max in 0 -3 x 1.5 99999999999 ''; do # not ours: 10000
		rcli HSET epoch:config journal_max "$max" >/dev/null
		epoch-promote <"$DIR/c2" >/dev/null # a refresh: three acts
	done
	assert "$(rcli XLEN epoch:journal:SPX)" = 21
}

@test "a key of another type stops every act before it: 78, nothing changed" {
	for key in epoch:config epoch:journal:SPX; do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		rcli SET "$key" x >/dev/null
		state_dump >before
		for f in a2 b; do
			run_tool 78 epoch-promote <"$DIR/$f"
			assert "$stderr" has "$key"
			state_dump | diff before -
		done
		"$TICKS" make 20 5 $Q "$DIR/a" >t
		run_tool 78 epoch-hydrate <t
		assert "$stderr" has "$key"
		state_dump | diff before -
	done
}

@test "a stream that does not take acts: nothing is half done" {
	journal_on
	epoch-promote <"$DIR/a" >/dev/null
	rcli XADD epoch:journal:SPX 5-1 not ours >/dev/null
	state_dump >before
	run_tool 70 epoch-promote <"$DIR/a2"
	state_dump | diff before -
	"$TICKS" make 20 5 $Q "$DIR/a" >t
	run timeout 20 epoch-hydrate <t
	[[ $status != 0 ]]
	state_dump | diff before -
}

@test "switched on while a promoter stages: the commit has its contracts" {
	epoch-promote <"$DIR/a" >/dev/null
	local n
	for n in 8 10 12 14 16; do
		rcli DEL epoch:config epoch:journal:SPX >/dev/null
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n epoch-promote --force \
		    <"$DIR/b" >out 2>err 3>&- 4>&- &
		pid=$!
		if comes_to_stop $pid; then
			journal_on
			kill -CONT $pid
		fi
		wait $pid || fail "$(cat err)"
		[[ -z $(stream) ]] && continue
		assert "$(kinds)" =~ "rows 1xcommit$"
		assert "$(stream | jq -r 'select(.kind == "rows").id' | sort -u)" \
		    = "$(stream | jq -r 'select(.kind == "commit").id')"
	done
}

@test "own: a cluster of one node: all keys are declared" {
	redis_stop
	start_cluster
	export EPOCH_PREFIX='{spx}:'
	rcli HSET "{spx}:epoch:config" journal 1 >/dev/null
	active() { rcli HGET "{spx}:epoch:active" SPX; }
	a_life
	(($(rcli XLEN "{spx}:epoch:journal:SPX") == 13))
	run_tool epoch-inspect --check
}
