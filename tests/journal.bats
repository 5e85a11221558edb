#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The journal: every act that changes an epoch stands in the symbol's stream,
# numbered without a gap, and whether it is on changes nothing else.

load helpers
load hydrate
load tape

setup_file() {
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	make_boards
	export DIR=$BATS_FILE_TMPDIR
}

setup() {
	find_redis || redis_start
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	kill_started
	[[ $BATS_TEST_DESCRIPTION == own:* ]] && redis_stop
	return 0
}

teardown_file() {
	find_redis && redis_stop
	return 0
}

kinds() {
	stream | jq -r .kind | uniq -c | sed 's/^ *//; s/ /x/' | paste -sd ' '
}

# What does not depend on the run: nonces, clocks.
comparable() {
	state_dump | grep -v ' epoch:config \| epoch:journal:' |
		grep -v 'incarnation='
}

@test "off: nothing is written; on: nothing else changes" {
	a_life 10
	assert "$(rcli EXISTS epoch:journal:SPX)" = 0
	comparable >off
	rcli FLUSHALL >/dev/null
	journal_on
	a_life 10
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
	assert "$(kinds)" = "1xrows 1xcommit 1xhydrate 1xrefresh_begin 1xrefresh_rows 1xrefresh_end 1xdormant 1xhydrate 1xrows 1xcommit 1xhydrate 2xdormant 1xforce_dirty 1xrows 1xcommit 1xrows 1xcommit 1xunpin 1xrows 1xcommit"
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
	a_life 10
	assert "$(rcli XLEN epoch:journal:SPX)" = 4
	assert "$(stream | jq -r .act | paste -sd ' ')" = "0-13 0-14 0-15 0-16"
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
	journal_on
	active() { rcli HGET "{spx}:epoch:active" SPX; }
	a_life
	(($(rcli XLEN "{spx}:epoch:journal:SPX") == 21))
	run_tool epoch-inspect --check
}
