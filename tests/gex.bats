#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# model-gex: what it computes.  The golden board is in tests/unit/gex.c; here
# are edge cases as directories, whole real boards against an independent
# program, and the incremental result against one from nothing.  What the
# frame promises is in tests/models.bats.

load helpers
load models

setup_file() {
	redis_start
}

setup() {
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	STARTED=()
	# Real boards and ticks that come after them.
	export EPOCH_NOW_MS=4102444800000 PATH=$ROOT/pipelines:$PATH
}

teardown() {
	stop_started
}

teardown_file() {
	redis_stop
}

@test "cases" {
	unset EPOCH_NOW_MS
	run_cases model-gex
}

@test "usage" {
	local o
	run_tool model-gex --help
	assert "$output" has --compare-rules
	run_tool model-gex --version
	assert "$output" =~ "^model-gex .*hiredis "
	for o in --unit=usd --sign=long --gamma=fresh --wall-rule=any \
	    --flip-rule=first --rate=x --rate=2 --yield=nan --greeks=dex,rho \
	    --greeks= '--greeks=dex,' --settled=yes --skew=sticky --min-coverage=101 \
	    --schema=old --explain=0 --explain=x; do
		run_tool 64 model-gex "$o"
	done
}

@test "the order of a snapshot's lines changes no byte" {
	make_chain -n 40 >chain
	geom-hash <chain | epoch-promote >/dev/null
	model-gex --print --skew sticky-moneyness SPX >straight
	rcli FLUSHALL >/dev/null
	{
		head -n 1 chain
		sed '1d;$d' chain | sort -t, -k9
		tail -n 1 chain
	} | geom-hash | epoch-promote >/dev/null
	model-gex --print --skew sticky-moneyness SPX >shuffled
	cmp straight shuffled
}

@test "a record is one line of the stream, and the document is that line" {
	make_chain -n 40 | geom-hash | epoch-promote >/dev/null
	run_tool model-gex --once
	assert "$(rcli HGET "epoch:$(active):model:gex" doc)" = "$output"
	assert "$(rcli HGET "epoch:$(active):model:gex" contracts)" = \
	    "$(jq .contracts <<<"$output")"
	assert "$(rcli HGET "epoch:$(active):model:gex" ts)" = \
	    "$(jq .ts <<<"$output")"
	# Every stage passes it.
	assert "$(geom-hash 2>/dev/null <<<"$output" || :)" = "$output"
	assert "$(grep -ciE '[:,[](nan|-?inf|null)|:-0[,}]' <<<"$output")" = 0
}

@test "values and a spot that are no numbers: as if absent" {
	local contract field gamma
	make_chain -n 40 | geom-hash | epoch-promote >/dev/null
	contract=epoch:$(active):contract:$(rcli GET "epoch:$(active):geometry" |
		sed -n 15p)
	for field in iv delta gamma oi volume multiplier bid ask; do
		gamma=vendor
		case $field in
		iv) gamma=model ;;
		bid | ask) gamma=live ;;
		esac
		as_if_absent "$contract" $field model-gex --print \
		    --gamma $gamma --greeks dex,vex,cex SPX
	done
	for field in spot spot_ts; do
		as_if_absent "epoch:meta:$(active)" $field model-gex --print SPX
		assert "$(jq -r .why.net absent)" = no_spot
	done
}

# --- the picture in the terminal

a_record() {
	chain-fetch --source cboe --from "$ROOT/tests/boards/open.json" SPX |
		geom-hash | epoch-promote >/dev/null
	model-gex --print SPX >rec
}

@test "epoch-inspect --gex: walls, flip and spot at their places, as wide as asked" {
	local line
	run_tool 1 epoch-inspect --gex
	EPOCH_NOW_MS=4102444800000 chain-fetch --source cboe \
	    --from "$ROOT/tests/boards/open.json" SPX | geom-hash |
		epoch-promote >/dev/null
	run_tool 1 epoch-inspect --gex
	assert "$stderr" has "NO_MODEL"
	model-gex --once >rec
	run_tool epoch-inspect --gex
	assert "${lines[0]}" has "$(jq -r .epoch_id rec)  seq 1"
	assert "${lines[1]}" = "usd_per_1pct, naive, gamma vendor, walls gross-above, flip reprice-nearest"
	assert "${lines[3]}" has "call wall $(jq .call_wall rec)"
	# The rows are as far apart as said.
	assert "$(awk '/^a row: / { step = $(NF - 1) }
	    NF > 1 && $1 ~ /^[0-9.]+$/ && !/ spot$/ {
		if (last && (last - $1) / step % 1) bad++
		last = $1; n++ } END { print (n > 2 && step > 0 && !bad) }' \
	    <<<"$output")" = 1
	assert "$output" lacks "2nd"
	assert "$(grep -c ' spot$' <<<"$output")" = 1
	line=$(grep -n ' spot$' <<<"$output" | cut -d: -f1)
	# Above the line the strikes above the spot.
	assert "$(awk -v n="$line" -v s="$(jq .spot rec)" '
	    NR > 7 && NR < n && $1 + 0 < s { bad++ }
	    NR > n && $1 + 0 > s { bad++ } END { print bad + 0 }' \
	    <<<"$output")" = 0
	assert "$output" lacks $'\033'
	assert "$(LC_ALL=C grep -c '[^ -~]' <<<"$output")" = 0
	assert "$(awk '{ if (length > n) n = length } END { print (n <= 80) }' \
	    <<<"$output")" = 1
	COLUMNS=140 run_tool epoch-inspect --gex
	assert "$(awk '{ if (length > n) n = length } END { print (n > 100 && n <= 140) }' \
	    <<<"$output")" = 1
	rcli HSET "epoch:meta:$(active)" seq 5 >/dev/null
	run_tool epoch-inspect --gex
	assert "$output" has "(4 changes behind)"
	rcli HSET "epoch:$(active):model:gex" doc '{"type":"x","ts":1}' >/dev/null
	run_tool 70 epoch-inspect --gex
	run_tool 1 epoch-inspect --gex --name gex-live
	run_tool 64 epoch-inspect --gex --name A
	run_tool 64 epoch-inspect --name gex
}

@test "epoch-inspect --gex: a row is the whole sum of its strikes, at the edges, too" {
	local near
	a_record
	model-gex --once >/dev/null
	rcli HGET "epoch:$(active):model:gex" doc | jq -r '.spot as $s |
	    .strikes[] | [.strike, .net, .call, .put, $s] | @tsv' >strikes
	for near in '' 0.3 1 2 7 30; do
		run_tool epoch-inspect --gex ${near:+--near "$near"}
		# Amounts have three digits.
		awk -v near="$near" '
		    function amount(s) {
			return s * (s ~ /tn$/ ? 1e12 : s ~ /bn$/ ? 1e9 : \
			    s ~ /m$/ ? 1e6 : s ~ /k$/ ? 1e3 : 1)
		    }
		    NR == FNR {
			k[FNR] = $1; net[FNR] = $2; call[FNR] = $3
			put[FNR] = $4; spot = $5; n = FNR; next
		    }
		    /^a row: / { step = $(NF - 1) }
		    !step || $1 !~ /^[0-9.]+$/ || / spot$/ { next }
		    {
			sum = 0
			rows++
			for (i = 1; i <= n; i++)
				if (k[i] >= $1 && k[i] < $1 + step) {
					sum += net[i]
					calls[rows] += call[i]
					puts[rows] += put[i]
				}
			d = sum - amount($3)
			if (d > 0.006 * (sum < 0 ? -sum : sum) + 0.5 || \
			    -d > 0.006 * (sum < 0 ? -sum : sum) + 0.5)
				bad = 1
			right[rows] = gsub(/#/, "#")
			left[rows] = gsub(/=/, "=")
			if (calls[rows] > most) most = calls[rows]
			if (puts[rows] > most) most = puts[rows]
			if (right[rows] > half) half = right[rows]
			if (left[rows] > half) half = left[rows]
		    }
		    # No row that reaches into the part asked for is left out.
		    END {
			for (r = 1; r <= rows; r++)
				if (right[r] != int(calls[r] / most * half + 0.5) || \
				    left[r] != int(puts[r] / most * half + 0.5))
					bad = 1
			reach = spot * near / 100
			for (i = 1; i <= n; i++) {
				low = int(k[i] / step + 1e-9) * step
				if (low + step > spot - reach && \
				    low <= spot + reach && !seen[low]++)
					want++
			}
			exit bad || rows < 2 || (near != "" && rows != want)
		    }' strikes <(echo "$output") ||
			fail "near ${near:-}: $output"
	done
}

@test "epoch-inspect --gex: no line is longer than the screen, from 40 columns on" {
	local width near
	a_record
	model-gex --once --skew sticky-moneyness >/dev/null
	rcli HSET "epoch:meta:$(active)" seq 123456789 >/dev/null
	for width in 40 47 49 50 59 60 61 80 137 240; do
		for near in '' 0.1 5; do
			COLUMNS=$width run_tool epoch-inspect --gex \
			    ${near:+--near "$near"}
			assert "$(awk -v w="$width" 'length > w || / $/' \
			    <<<"$output")" = "" "$width columns"
			assert "$output" has " spot"
			assert "$output" has "call wall"
		done
	done
}

@test "what one epoch lacks, or holds of another type, hides no other" {
	a_record
	make_chain -n 8 -S NDX | geom-hash | epoch-promote >/dev/null
	model-gex --once >/dev/null
	model-heatmap --once >/dev/null
	rcli DEL "epoch:$(active NDX):model:gex" >/dev/null
	run_tool 1 epoch-inspect --gex
	assert "$stderr" has NO_MODEL
	assert "${lines[0]}" has "$(active SPX)"
	for model in gex heatmap; do
		rcli SET "epoch:$(active NDX):model:$model" text >/dev/null
		run_tool 78 epoch-inspect --$model
		assert "$stderr" has "$(active NDX)"
		assert "$output" has "$(active SPX)"
	done
}

@test "epoch-inspect --gex: colours and box characters on a terminal only" {
	chain-fetch --source cboe --from "$ROOT/tests/boards/open.json" SPX |
		geom-hash | epoch-promote >/dev/null
	model-gex --once >/dev/null
	LC_ALL=C.UTF-8 TERM=xterm script -qec 'epoch-inspect --gex' /dev/null \
	    >tty </dev/null 3>&- 4>&-
	assert "$(cat tty)" has $'\033[32m'
	assert "$(cat tty)" has █
	LC_ALL=C NO_COLOR=1 TERM=xterm script -qec 'epoch-inspect --gex' \
	    /dev/null >tty </dev/null 3>&- 4>&-
	assert "$(cat tty)" lacks $'\033'
	assert "$(cat tty)" lacks █
}

# --- the picture in a file

@test "plot-gex: an SVG that says what it shows, a PNG that is one" {
	a_record
	run_tool plot-gex p.svg <rec
	local word
	for word in "SPX gamma exposure by strike" "epoch $(jq -r .epoch_id rec) seq 1" \
	    "sign naive, gamma vendor, walls gross-above, flip reprice-nearest" \
	    "$ per 1 % move" "spot $(jq .spot rec)" "call wall $(jq .call_wall rec)" \
	    "put wall $(jq .put_wall rec)" "flip " "by expiration"; do
		grep -qF -- "$word" p.svg || fail "not in the picture: $word"
	done
	grep -q '</svg>' p.svg
	! grep -q 'nearest 24' p.svg
	jq -c '.expirations = [range(30) as $i | {expiration: "2026-01-\($i)",
	    call: (if $i < 2 then 0 else 1e9 end), put: 0, net: 1e9}]' rec |
		plot-gex m.svg
	grep -qF 'by expiration, the nearest 24 of 28' m.svg
	cat <(echo '{"type":"tick","ts":1}') rec | plot-gex p.png
	assert "$(head -c 8 p.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a
	assert "$(($(wc -c <p.png) > 20000))" = 1
	# Narrower: no wall in it.
	plot-gex n.svg 0.5 <rec
	! grep -q 'call wall' n.svg
	assert "$(find . -name 'p.svg.*' | wc -l)" = 0 "nothing is left beside"
}

# Are the bars of ./drawn those of the strikes of that record?  Prints how many
# of them hold a strike beyond the edges of the picture.
bars_are_whole() { # RECORD
	jq -r '.strikes[] | [.strike, .call, .put, .net] | @tsv' "$1" >strikes
	awk '
	    function abs(v) { return v < 0 ? -v : v }
	    FILENAME == "strikes" {
		k[FNR] = $1; call[FNR] = $2; put[FNR] = $3; net[FNR] = $4
		n = FNR; next
	    }
	    FILENAME == "drawn/facts" {
		if (/^step = /) step = $3
		if (/^low = /) { low = $3 + 0; high = $6 + 0 }
		if (/^ytitle = /)
			by = /billion/ ? 1e9 : /million/ ? 1e6 : 1e3
		next
	    }
	    {
		c = p = t = size = over = 0
		for (i = 1; i <= n; i++)
			if (k[i] >= $1 - step / 2 && k[i] < $1 + step / 2) {
				c += call[i] / by; p += put[i] / by
				t += net[i] / by
				if (k[i] < low || k[i] > high) over = 1
			}
		size = 1e-9 * (c + p) + 1e-9
		if (abs(c - $2) > size || abs(p + $3) > size || \
		    abs(t - $4) > size || $1 < low || $1 > high) {
			print "bar", $0, "is", c, p, t >"/dev/stderr"
			bad = 1
		}
		bars++
		beyond += over
	    }
	    END {
		for (i = 1; i <= n; i++) {
			at = int(k[i] / step + 0.5) * step
			if (at >= low && at <= high && !seen[at]++) want++
		}
		print beyond + 0
		exit bad || bars != want || bars < 2
	    }' strikes drawn/facts drawn/strikes
}

@test "plot-gex: a bar is the whole sum of its strikes, at the edges, too" {
	local near all=0 beyond gnuplot
	gnuplot=$(command -v gnuplot)
	mkdir bin drawn
	# What it is given is what it draws.
	printf '#!/bin/sh\ncp "${1%%/*}/strikes" "${1%%/*}/facts" drawn &&\n\texec %s "$@"\n' \
	    "$gnuplot" >bin/gnuplot
	chmod +x bin/gnuplot
	PATH=$PWD/bin:$PATH
	a_record
	model-gex --once >/dev/null
	rcli HGET "epoch:$(active):model:gex" doc >doc
	# Strikes so near to each other that there are some at every edge.
	jq -c '.strikes = [range(4000; 6800; 0.5) as $k | {strike: $k,
	    call: ((($k * 2) % 7 + 1) * 1e7), put: ((($k * 2) % 11 + 1) * 1e7),
	    net: ((($k * 2) % 7 - ($k * 2) % 11) * 1e7)}]' doc >dense
	for near in '' 0.3 1 2 6 7 20 30; do
		rm -f drawn/*
		plot-gex p.svg $near <doc
		bars_are_whole doc >/dev/null || fail "near ${near:-}"
		rm -f drawn/*
		plot-gex p.svg $near <dense
		beyond=$(bars_are_whole dense) || fail "dense, near ${near:-}"
		all=$((all + beyond))
	done
	((all > 3)) || fail "only $all bars have strikes beyond an edge"
	# All that there is: the sums of the record.
	plot-gex p.svg 30 <doc
	assert "$(awk -v want="$(jq '.gross_call + .gross_put' doc)" '
	    FNR == NR { if (/^ytitle/) by = /billion/ ? 1e9 : /million/ ? 1e6 : 1e3
		next }
	    { sum += ($2 - $3) * by }
	    END { d = sum / want - 1; print (d < 1e-9 && d > -1e-9) }' \
	    drawn/facts drawn/strikes)" = 1
}

@test "a second zero gamma is asked for, named, and in both pictures" {
	local flip
	a_record
	model-gex --print --skew sticky-moneyness SPX >two
	assert "$(jq -cS 'del(.flip_sticky_moneyness,
	    .crossings_sticky_moneyness)' two)" = "$(jq -cS . rec)"
	flip=$(jq '.flip_sticky_moneyness * 100 | round / 100' two)
	[[ $flip != null && $flip != "$(jq '.flip * 100 | round / 100' two)" ]]
	plot-gex p.svg 10 <two
	grep -qF "2nd flip $flip" p.svg
	grep -qF "flip reprice-nearest, 2nd by moneyness" p.svg
	plot-gex p.svg 10 <rec
	! grep -qF 2nd p.svg
	# Published under other options, so it is computed anew.
	model-gex --once >/dev/null
	assert "$(model-gex --once --skew sticky-moneyness | jq -c .)" = \
	    "$(jq -c . two)"
	run_tool epoch-inspect --gex
	assert "${lines[4]}" = "2nd flip $flip, sticky-moneyness"
	assert "$(awk 'length > 80' <<<"$output")" = ""
}

@test "plot-gex: what cannot be drawn leaves the old picture" {
	a_record
	echo old >p.svg
	run_tool 65 plot-gex p.svg </dev/null
	assert "$stderr" has "NO_RECORD"
	run_tool 65 plot-gex p.svg <<<'{"type":"heatmap","ts":1}'
	assert "$stderr" has "NO_RECORD"
	run_tool 65 plot-gex p.svg <<<'{"type":"gex","ts":1,"strikes":[]}'
	assert "$stderr" has "NO_RECORD"
	jq -c 'del(.spot)' rec >no-spot
	run_tool 65 plot-gex p.svg <no-spot
	assert "$stderr" has "NO_RECORD"
	run_tool 65 plot-gex p.svg 0.0001 <rec
	assert "$stderr" has "NO_STRIKES"
	assert "$(cat p.svg)" = old
	run_tool 64 plot-gex
	run_tool 64 plot-gex p.gif <rec
	run_tool 64 plot-gex p.svg x <rec
	run_tool 73 plot-gex no/such/p.svg <rec
}

@test "plot-gex: no string of a record reaches a command" {
	a_record
	jq -c '.symbol = "`touch hit`" | .unit = "\u0027; system(\"touch hit\") #" |
	    .epoch_id = "\"; system(\"touch hit\") #" |
	    .expirations[0].expiration = "`touch hit`" |
	    .sign = "a\nsystem(\"touch hit\")"' rec >bad
	plot-gex p.svg <bad || :
	[[ ! -e hit ]]
	jq -c '.flip = "system(\"touch hit\")" | .spot_ts = 1e12' rec >bad
	plot-gex p.svg <bad || :
	[[ ! -e hit ]]
}

# --- real boards

# The record's numbers as lines of a name and a value.
flat() {
	jq -r '
	    . as $r |
	    (["gross_call", "gross_put", "net", "share_0dte", "put_call_oi",
		"put_call_volume", "coverage_oi", "contracts", "call_wall",
		"put_wall", "abs_strike", "hvl", "expected_move", "flip",
		"dex", "vex", "cex"][] | select($r[.] != null) |
		"\(.) \($r[.])"),
	    (["adjusted", "settled", "no_oi", "no_gamma"][] |
		"\(.) \($r.excluded[.] // 0)"),
	    (.max_pain | to_entries[] | "pain.\(.key) \(.value)"),
	    (.strikes[] | "strike.\(.strike) \(.net)"),
	    (.expirations[] | "date.\(.expiration) \(.net)"),
	    (.crossings | to_entries[] | "crossing.\(.key) \(.value.level)")' \
	    rec | sort
}

# Is file have what want is?  Sums to so much of what they are made of, zero
# gamma to a millionth, the rest relative.
judged() { # TOLERANCE
	assert "$(cut -d' ' -f1 have)" = "$(cut -d' ' -f1 want)" "names"
	awk -v by="$1" -v size="$(jq '(.gross_call // 0) + (.gross_put // 0)' rec)" '
	    function abs(v) { return v < 0 ? -v : v }
	    NR == FNR { want[$1] = $2; next }
	    {
		d = abs($2 - want[$1])
		most = $1 ~ /^(flip|crossing)/ ? 1e-6 : \
		    by * ($1 ~ /^(net|strike|date)/ ? size : abs(want[$1]))
		if (d > most) { print $1, $2, want[$1]; bad++ }
	    }
	    END { exit bad > 0 }' want have
}

@test "random boards: every number by every convention against an independent program" {
	local seed i n=0
	local -a rule how check
	for ((seed = 1; seed <= ${RANDOM_BOARDS:-25}; seed++)); do
		rcli FLUSHALL >/dev/null
		"$ROOT/tests/random-board.pl" $seed rows | geom-hash |
			epoch-promote >/dev/null
		for i in 1 2 3; do
			# Each a mix of conventions, by turns.
			n=$((n + 1))
			rule=(vendor model live)
			how=("gamma=${rule[i - 1]}")
			rule=(naive short-calls unsigned)
			how+=("sign=${rule[n / 2 % 7 % 3]}")
			rule=(usd_per_1pct shares_per_pt usd_per_pt)
			how+=("unit=${rule[n % 3]}")
			rule=(gross-above net-max gross-any oi-above)
			how+=("wall_rule=${rule[n % 4]}")
			rule=(reprice-nearest reprice-first cumulative
			    ex-next-expiry ex-0dte only-0dte horizon-weighted)
			how+=("flip_rule=${rule[n % 7]}")
			rule=(0 0.045 0 -0.01 0.2)
			how+=("rate=${rule[n % 5]}")
			rule=(0 0.013)
			how+=("yield=${rule[n % 2]}")
			rule=(drop drop keep)
			how+=("settled=${rule[seed % 3]}")
			check=("${how[@]/#/--}")
			check=("${check[@]/_rule/-rule}")
			model-gex --print --greeks dex,vex,cex "${check[@]}" >rec
			"$ROOT/tests/gex-check.pl" "spot=$(jq .spot rec)" \
			    "spot_ts=$(jq .spot_ts rec)" "${how[@]}" \
			    <rows >want
			flat >have
			judged "$([[ $i == 3 ]] && echo 1e-6 || echo 1e-9)" ||
				fail "board $seed ${how[*]}"
			# What is not there has a reason.
			assert "$(jq '(.excluded | add // 0) + .contracts' rec)" = \
			    "$(wc -l <rows)"
			assert "$(jq -r '(["net", "call_wall", "put_wall",
			    "abs_strike", "flip", "hvl", "share_0dte",
			    "put_call_oi", "put_call_volume", "expected_move",
			    "coverage_oi"] - keys) - (.why // {} | keys) |
			    join(" ")' rec)" = ""
		done
	done
}

@test "a whole real board: every total against an independent program, to 1e-9" {
	need_boards
	local mode
	promote_real 2026-07-24
	jq -r '.data.options[] | [.option, .iv, .delta, .gamma, .open_interest,
	    .bid, .ask, .volume] | @tsv' doc-2026-07-24.json >rows
	assert "$(wc -l <rows)" = 29420
	for mode in vendor model; do
		model-gex --gamma $mode --greeks dex,vex,cex --print SPX >rec
		"$ROOT/tests/gex-check.pl" "spot=$(jq .spot rec)" \
		    "spot_ts=$(jq .spot_ts rec)" "gamma=$mode" <rows >want
		assert "$(($(wc -l <want) > 800))" = 1
		flat | grep -vE '^(flip|crossing)' >have
		judged 1e-9
		awk -v net="$(jq .net rec)" '$1 == "net" { d = $2 / net - 1
			exit d > 1e-9 || d < -1e-9 }' want
	done
}

is_done() {
	is_clean && [[ $(tail -n 1 out | jq .seq) == \
	    $(rcli HGET "epoch:meta:$(active)" seq) ]]
}

@test "incremental is full: random batches over a real board, refreshes among them" {
	need_boards
	local i last='' differ=0 rounds=${BATCHES:-60}
	# WHOLE=1: all of the board; it takes longer
	local -a window=(--expirations 2026-07-22:2026-08-07)
	[[ -z ${WHOLE-} ]] || window=()
	promote_real 2026-07-22 "${window[@]}"
	rcli GET "epoch:$(active):geometry" | grep . >ids
	((rounds > 0 && $(wc -l <ids) > 1000))
	start model-gex --gamma live --skew sticky-moneyness -v
	eventually is_done
	for ((i = 1; i <= rounds; i++)); do
		if ((i % 20 == 10)); then # the same session, two hours later
			promote_real 2026-07-23 "${window[@]}"
		else
			batch $i $((1 + i % 40)) | epoch-hydrate >/dev/null
		fi
		eventually is_done
		as_built gex model-gex --gamma live --skew sticky-moneyness
		tail -n 1 out | sed 's/"ts":[0-9]*//; s/"seq":[0-9]*//' >now
		[[ $(cat now) == "$last" ]] || differ=$((differ + 1))
		last=$(cat now)
	done
	assert "$((differ * 10 >= rounds * 9))" = 1 "$differ of $rounds differ"
	assert "$(rcli LLEN epoch:timeline:SPX)" = 1
	kill -TERM "$pid"
	end_of "$pid"
	# It did not read everything each time.
	assert "$(grep -o 'whole [0-9]*' err)" = "whole 1"
}
