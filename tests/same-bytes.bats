#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The same epoch gives the same bytes: the models' engines, built by each
# compiler that is here, plain and optimised, print the same records of the
# golden board.  All of them use the C library of this machine: log, exp and
# erfc are its own.

load helpers

# built NAME COMPILER FLAGS...: the engine's unit program, on its own.
built() {
	local name=$1 cc=$2
	shift 2
	# shellcheck disable=SC2046 # lists of flags
	"$cc" -std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off "$@" \
	    -I"$ROOT/common" -I"$BUILD/gen" -DJANSSON_PKG='""' \
	    -o "$BATS_TEST_TMPDIR/$name" "$ROOT/tests/unit/$engine.c" \
	    "${parts[@]/#/$ROOT/common/}" \
	    $(pkg-config --cflags --libs jansson libcrypto) -lm
}

# Every compiler and optimisation prints what the first one does.
all_the_same() {
	local cc opt n=0
	for cc in gcc clang; do
		command -v "$cc" >/dev/null || continue
		for opt in -O0 '-O2 -march=native'; do
			# shellcheck disable=SC2086 # a list of flags
			built "prog$n" "$cc" $opt
			"$BATS_TEST_TMPDIR/prog$n" print \
			    >"$BATS_TEST_TMPDIR/out$n"
			[[ -s $BATS_TEST_TMPDIR/out$n ]]
			cmp "$BATS_TEST_TMPDIR/out0" "$BATS_TEST_TMPDIR/out$n" ||
				fail "$cc $opt differs"
			n=$((n + 1))
		done
	done
	((n >= 2)) || fail "no compiler"
}

@test "gex: gcc and clang, plain and optimised, print the same records" {
	engine=gex
	parts=(gex.c gex_board.c gex_sum.c gex_level.c gex_flip.c gex_skew.c
		gex_rec.c bs.c num.c
		settle.c geom.c sha.c symbol.c clock.c buf.c err.c rec.c
		contract.c)
	all_the_same
	assert "$(jq -r .gamma "$BATS_TEST_TMPDIR/out0" | paste -sd' ')" = \
	    "vendor model live"
}

@test "gex: no multiplication is fused and no order is changed by a flag" {
	local flags
	flags=$(make -C "$ROOT" -n -B V=1 BUILD="$BATS_TEST_TMPDIR/b" \
	    "$BATS_TEST_TMPDIR/b/obj/common/gex.o" 2>/dev/null | grep -- ' -c ')
	assert "$flags" has -ffp-contract=off
	assert "$flags" lacks -ffast-math
	assert "$flags" lacks -Ofast
}

@test "heatmap: gcc and clang, plain and optimised, print the same records" {
	engine=heatmap
	parts=(heatmap.c heatmap_pick.c heatmap_tile.c price.c num.c bs.c settle.c
		geom.c sha.c symbol.c clock.c buf.c err.c rec.c contract.c)
	all_the_same
	assert "$(jq -s '.[0].tiles, length' "$BATS_TEST_TMPDIR/out0" |
		paste -sd' ')" = "112 19"
}
