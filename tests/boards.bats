#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The made-up boards: what the demo and the other tests rely on.

load helpers

ids() {
	jq -r '.data.options[].option' "$1" | LC_ALL=C sort
}

@test "the same seed gives the same bytes, and they are the ones shipped" {
	local v
	for v in open later listed; do
		"$ROOT/tests/boards/make-board" --variant $v \
		    >"$BATS_TEST_TMPDIR/$v"
		cmp "$BATS_TEST_TMPDIR/$v" "$ROOT/tests/boards/$v.json"
	done
}

@test "another seed gives another board of the same kind" {
	"$ROOT/tests/boards/make-board" --seed 7 >"$BATS_TEST_TMPDIR/seven"
	run ! cmp -s "$BATS_TEST_TMPDIR/seven" "$ROOT/tests/boards/open.json"
	assert "$(jq '.data.options | length' "$BATS_TEST_TMPDIR/seven")" = \
	    "$(jq '.data.options | length' "$ROOT/tests/boards/open.json")"
}

@test "later is the same board with other values" {
	cd "$ROOT/tests/boards"
	assert "$(ids later.json)" = "$(ids open.json)" "contracts"
	assert "$(jq -c '.data.options[] | [.option, .bid, .ask]' later.json)" \
	    != "$(jq -c '.data.options[] | [.option, .bid, .ask]' open.json)"
}

@test "listed adds contracts, but neither a strike nor an expiration" {
	local grid='[.data.options[].option | capture(
	    "(?<e>[0-9]{6})[CP](?<k>[0-9]{8})$")] |
	    [(map(.e) | unique), (map(.k) | unique)]'
	cd "$ROOT/tests/boards"
	assert "$(comm -13 <(ids later.json) <(ids listed.json) | wc -l)" = 2
	assert "$(comm -23 <(ids later.json) <(ids listed.json) | wc -l)" = 0
	assert "$(jq -c "$grid" listed.json)" = "$(jq -c "$grid" later.json)"
}

@test "the boards have what real ones are known for" {
	local what
	cd "$ROOT/tests/boards"
	for what in '.bid == 0' '.iv == 0' '.gamma == 0' \
	    '.last_trade_time == null' '.volume > 0'; do
		assert "$(jq "[.data.options[] | select($what)] | length > 0" \
		    open.json)" = true "$what"
	done
	assert "$(jq '[.data.options[] | select(.ask < .bid)] | length' \
	    open.json)" = 0 "crossed quotes"
	# Two roots on one date; integers spelt as floats.
	grep -q SPX261120C open.json
	grep -q SPXW261120C open.json
	grep -q '"open_interest":[0-9]*\.0,' open.json
}
