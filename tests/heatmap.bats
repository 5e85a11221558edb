#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# model-heatmap: what it computes, what it publishes, and how that is shown.
# The golden board is in tests/unit/heatmap.c; here are edge cases as
# directories, a whole real board against an independent program, and the
# incremental result against one from nothing.  What the frame promises is in
# tests/models.bats; here is what it has to do with sheets.

load helpers
load models

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
}

setup() {
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	STARTED=()
	export PATH=$ROOT/pipelines:$PATH
}

teardown() {
	stop_started
}

teardown_file() {
	redis_stop
}

# A board whose strikes are 10 apart in each of two dates.
expose_wide() {
	make_chain -n 80 | geom-hash | epoch-promote >/dev/null
}

# All documents that are published, in order.
published() {
	rcli HGETALL "epoch:$(active):model:${1:-heatmap}" |
		awk 'NR % 2 { f = $0; next } f == "doc" || f ~ /:/' | sort
}

# What is published is what a build from nothing prints, byte for byte.
sheets_as_built() { # [OPTION...]
	published >have
	model-heatmap "$@" --print SPX | sort >want
	cmp have want || fail "published and built from nothing differ"
}

@test "cases" {
	run_cases model-heatmap
}

@test "usage" {
	local o
	run_tool model-heatmap --help
	assert "$output" has --expirations-count
	run_tool model-heatmap --version
	assert "$output" =~ "^model-heatmap .*hiredis "
	for o in --expirations-count={0,-1,x,1001} \
	    --widths={,0,x,5\,,\,5,5\,5,1.0001,-5,100000} --max-age={0,-1,x} \
	    "--widths=$(seq -s, 1 33)" --name=A --nonsense; do
		run_tool 64 model-heatmap "$o"
	done
	run_tool 64 model-heatmap 'a b'
	expose
	run_tool model-heatmap --print --widths "$(seq -s, 1 32)" SPX
	assert "$(jq -c .widths <<<"${lines[0]}")" = "[$(seq -s, 1 32)]"
	# In any order they are the same.
	run_tool model-heatmap --print --widths 10,2.5,5 SPX
	assert "$(jq -c .widths <<<"${lines[0]}")" = "[2.5,5,10]"
}

@test "the order of a snapshot's lines changes no byte" {
	make_chain -n 80 >chain
	geom-hash <chain | epoch-promote >/dev/null
	model-heatmap --print SPX >straight
	rcli FLUSHALL >/dev/null
	{
		head -n 1 chain
		sed '1d;$d' chain | sort -t, -k9
		tail -n 1 chain
	} | geom-hash | epoch-promote >/dev/null
	model-heatmap --print SPX >shuffled
	cmp straight shuffled
	assert "$(($(jq -s '.[0].tiles' straight) > 200))" = 1
}

@test "a head, then the sheets in order; each is a field of the hash" {
	local key name
	expose_wide
	run_tool model-heatmap --once
	key=epoch:$(active):model:heatmap
	assert "$(records heatmap <<<"$output")" = "${lines[0]}"
	assert "$(rcli HGET "$key" doc)" = "${lines[0]}"
	assert "$(jq -r .sheets <<<"${lines[0]}")" = "$((${#lines[@]} - 1))"
	assert "$(jq -r .sheets <<<"${lines[0]}")" = 12
	jq -r 'select(.type == "heatmap_sheet") |
	    "\(.expiration):\(.root):\(.strategy):\(.right)"' <<<"$output" >names
	assert "$(cat names)" = "$(for e in 2025-06-20 2025-07-18; do
		printf "$e:SPX:%s:call\n$e:SPX:%s:put\n" single{,} vertical{,} \
		    butterfly{,}
	done)"
	while read -r name; do
		grep -qxF "$(rcli HGET "$key" "$name")" <<<"$output" ||
			fail "not printed: $name"
	done <names
	assert "$(rcli HLEN "$key")" = $((12 + 6)) "nothing else is there"
	assert "$(rcli HGET "$key" contracts)" = 80
	assert "$(rcli HGET "$key" ts)" = "$(jq .ts <<<"${lines[0]}")"
	assert "$(jq -s '[.[1:][].tiles | length] | add' <<<"$output")" = \
	    "$(jq .tiles <<<"${lines[0]}")"
	assert "$(jq -c 'keys_unsorted' <<<"${lines[0]}")" = \
	    '["type","ts","symbol","epoch_id","seq","geometry_hash","spot","widths","sheets","tiles","missing","contracts"]'
	assert "$(jq -c 'select(.type == "heatmap_sheet") | keys_unsorted' \
	    <<<"$output" | sort -u)" = \
	    '["type","ts","symbol","epoch_id","expiration","root","strategy","right","tiles"]'
	# Every stage passes them, a sheet of 1 MiB would be too long.
	assert "$(geom-hash 2>/dev/null <<<"$output" || :)" = "$output"
	assert "$(grep -ciE '[:,[](nan|-?inf|null)|:-0[,}]' <<<"$output")" = 0
	run_tool epoch-inspect -o heatmap,models
	assert "$output" = $'80\theatmap=1'
}

@test "a sheet of more than 1 MiB is refused: 65, and the epoch stays dirty" {
	make_chain -n 2000 -k 1000 -e 2025-06-20 | geom-hash |
		epoch-promote >/dev/null
	run_tool 65 model-heatmap --once --widths "$(seq -s, 5 5 160)"
	assert "$stderr" has "TOO_LONG: 2025-06-20:SPX:vertical:call"
	is_dirty
	run_tool model-heatmap --once
	is_clean
}

@test "prices, times and a spot that are no numbers: as if absent, and counted" {
	local contract field clean
	expose_wide
	contract=epoch:$(active):contract:$(rcli GET "epoch:$(active):geometry" |
		sed -n 5p)
	model-heatmap --print SPX >rec
	clean=$(head -n 1 rec)
	assert "$(jq -c '[.spot > 0, .missing.no_quote // 0]' <<<"$clean")" = \
	    "[true,0]"
	for field in bid ask; do
		as_if_absent "$contract" $field model-heatmap --print SPX
		# Of a contract: no single, and neither what it is a leg of.
		assert "$(head -n 1 absent | jq '.missing.no_quote > 3')" = true
		assert "$(head -n 1 absent | jq '.tiles + .missing.no_quote')" = \
		    "$(jq .tiles <<<"$clean")"
	done
	as_if_absent "$contract" quote_ts model-heatmap --print SPX
	assert "$(head -n 1 absent | jq .tiles)" = "$(jq .tiles <<<"$clean")"
	as_if_absent "$contract" quote_ts model-heatmap --print --max-age 60 SPX
	assert "$(head -n 1 absent | jq '.missing.stale > 3')" = true
	as_if_absent "epoch:meta:$(active)" spot model-heatmap --print SPX
	assert "$(head -n 1 absent)" = "$(jq -c 'del(.spot)' <<<"$clean")"
	as_if_absent "epoch:meta:$(active)" spot_ts model-heatmap --print SPX
	model-heatmap --print SPX | cmp - rec
}

@test "a price that is no number comes while a model follows: published without it" {
	local bad
	expose_wide
	start model-heatmap --poll 0.05
	eventually is_clean
	for bad in nan inf -inf 12 nan; do
		quiet_change $bad # its ask is one more than that
		eventually is_clean
		sheets_as_built
		assert "$(published | grep -ciE '[:,[](-?nan|-?inf|null)')" = 0
		assert "$(published | jq 'select(.type == "heatmap") |
		    (.missing.no_quote // 0) > 0')" = \
		    "$([[ $bad == 12 ]] && echo false || echo true)"
		run_tool epoch-inspect --heatmap
	done
	assert "$(cat err)" = ""
}

# --- incremental

# Has the model printed N heads, and waits?
has_printed() {
	(($(grep -c '"type":"heatmap"' out) >= $1)) &&
		[[ $(cut -d ' ' -f 3 "/proc/$pid/stat") == S ]]
}

@test "a tick rewrites and prints only the sheets of its leg" {
	expose_wide
	start model-heatmap
	eventually is_clean
	eventually has_printed 1 # a record is published first, then printed
	assert "$(wc -l <out)" = 13
	# 10 is a call of the first date; its flies are held against puts'.
	tick 1 10
	eventually is_clean
	eventually has_printed 2
	assert "$(tail -n +14 out | jq -r '[.type, .strategy // empty,
	    .right // empty] | join(":")' | sort -u | paste -sd' ')" = \
	    "heatmap heatmap_sheet:butterfly:call heatmap_sheet:single:call heatmap_sheet:vertical:call"
	assert "$(tail -n +15 out | jq -r .expiration | sort -u | wc -l)" = 1
	sheets_as_built
}

@test "what has settled at a newer snapshot disappears, the next date comes" {
	local dates="2025-06-16 2025-07-18 2025-08-15" id
	make_chain -n 90 -e "$dates" | geom-hash | epoch-promote >/dev/null
	start model-heatmap --expirations-count 2
	eventually is_clean
	assert "$(published | grep -c '"2025-06-16"')" = 6
	assert "$(published | grep -c '"2025-08-15"')" = 0
	id=$(active)
	make_chain -n 90 -e "$dates" -t 1750200000000 | geom-hash |
		epoch-promote >/dev/null
	assert "$(active)" = "$id" "the same board"
	eventually is_clean
	assert "$(published | grep -c '"2025-06-16"')" = 0
	assert "$(published | grep -c '"2025-08-15"')" = 6
	sheets_as_built --expirations-count 2
}

@test "another epoch has its own sheets; the old one keeps what it had" {
	local old
	expose_wide
	start model-heatmap
	eventually is_clean
	old=$(active)
	make_chain -n 90 -t 1750000200000 | geom-hash | epoch-promote >/dev/null
	eventually is_clean
	sheets_as_built
	assert "$(($(rcli HLEN "epoch:$old:model:heatmap") > 10))" = 1
	assert "$(published | grep -c "$old")" = 0
}

@test "two that are set differently live side by side" {
	expose_wide
	run_tool model-heatmap --once
	run_tool model-heatmap --once --name flies --widths 10 \
	    --expirations-count 1
	is_clean
	assert "$(rcli SMEMBERS epoch:models | sort | paste -sd' ')" = \
	    "flies heatmap"
	assert "$(published flies | wc -l)" = 7
	sheets_as_built
	# The same name with other options: all of it anew, the old dates gone.
	run_tool model-heatmap --once --expirations-count 1
	sheets_as_built --expirations-count 1
}

@test "old quotes go as newer ones come, by the board's own time" {
	expose_wide
	start model-heatmap --max-age 500
	eventually is_clean
	assert "$(published | grep -c '"missing":{"not_listed"')" = 1
	tick 1 0 # 1002 s after the snapshot's quotes
	eventually is_clean
	sheets_as_built --max-age 500
	assert "$(published | jq -c 'select(.type == "heatmap") |
	    [.contracts, .missing.stale > 100]')" = '[1,true]'
}

is_done() {
	is_clean && [[ $(rcli HGET "epoch:$(active):model:heatmap" seq) == \
	    $(rcli HGET "epoch:meta:$(active)" seq) ]]
}

@test "incremental is full: random batches over a real board, refreshes among them" {
	need_boards
	local i differ=0 rounds=${BATCHES:-60} window=2026-07-22:2026-07-31
	export EPOCH_NOW_MS=4102444800000
	promote_real 2026-07-22 --expirations $window
	rcli GET "epoch:$(active):geometry" | sed '/^$/d' >ids
	assert "$(($(wc -l <ids) > 3000))" = 1
	start model-heatmap -v
	eventually is_done
	published >last
	for ((i = 1; i <= rounds; i++)); do
		if ((i % 20 == 10)); then # the same session, two hours later
			promote_real 2026-07-23 --expirations $window
		else
			batch $i $((1 + i % 40)) | epoch-hydrate >/dev/null
		fi
		eventually is_done
		sheets_as_built
		: >out
		sed 's/"\(oldest_quote_\)\?ts":[0-9]*//g; s/"seq":[0-9]*//' \
		    have >now
		cmp -s now last || differ=$((differ + 1))
		mv now last
	done
	assert "$((differ * 10 >= rounds * 9))" = 1 "$differ of $rounds differ"
	assert "$(rcli LLEN epoch:timeline:SPX)" = 1
	kill -TERM "$pid"
	end_of "$pid"
	# It did not read everything each time, nor write everything.
	assert "$(grep -o 'whole [0-9]*' err)" = "whole 1"
	assert "$(grep -o 'again [0-9]*' err)" = "again 0"
}

# The tiles of ./rec as lines.
tiles() {
	jq -r 'select(.type == "heatmap_sheet") |
	    "\(.expiration):\(.root):\(.strategy):\(.right)" as $name |
	    .tiles[] | [$name, .strike, .width // 0, .mid, .natural,
		.max_gain // "-", "[\([.flags[]? | .[4:5]] | add // "")]"] |
	    join(" ")' rec | sort
}

@test "random boards: every tile of later dates against an independent program" {
	local seed today n=0 widths='1 5 25 50 100'
	export EPOCH_NOW_MS=4102444800000
	for ((seed = 1; seed <= ${RANDOM_BOARDS:-25}; seed++)); do
		rcli FLUSHALL >/dev/null
		"$ROOT/tests/random-board.pl" $seed all | geom-hash |
			epoch-promote >/dev/null
		model-heatmap --print --expirations-count 1000 \
		    --widths "${widths// /,}" >rec
		# What settles that day is for the cases.
		today=$(TZ=America/New_York date +%y%m%d -d "@$(rcli HGET \
		    "epoch:meta:$(rcli HVALS epoch:active)" spot_ts |
			sed 's/...$//')")
		awk -v today="$today" -F '\t' '
		    match($1, /[0-9][0-9][0-9][0-9][0-9][0-9][CP]/) &&
			substr($1, RSTART, 6) > today &&
			substr($1, 3, RSTART - 3) !~ /[0-9]$/ {
			print substr($1, 3) "\t" $6 "\t" $7
		    }' all >rows
		tiles | awk -v today="20${today:0:2}-${today:2:2}-${today:4:2}" \
		    '$1 > today ":~"' >have
		# shellcheck disable=SC2086 # a list
		"$ROOT/tests/heatmap-check.pl" 0 $widths <rows |
			sed '/:SPY:/s/p\]$/]/' | sort >want
		cmp want have || fail "board $seed: $(diff want have | head)"
		n=$((n + $(wc -l <want)))
	done
	((n > 500)) || fail "only $n tiles"
}

@test "a whole real board: every tile against an independent program" {
	need_boards
	export EPOCH_NOW_MS=4102444800000
	promote_real 2026-07-24
	# At that spot's time the first date has settled.
	jq -r '.data.options[] | select(.option | test("^SPXW?260724") | not) |
	    [.option, .bid, .ask] | @tsv' doc-2026-07-24.json >rows
	"$ROOT/tests/heatmap-check.pl" 5 20 25 30 35 40 45 50 <rows | sort >want
	model-heatmap --print SPX >rec
	tiles >have
	cmp want have || fail "$(diff want have | head -n 10)"
	assert "$(wc -l <want)" = "$(jq -s '.[0].tiles' rec)"
	assert "$(($(wc -l <want) > 30000))" = 1
	assert "$(jq -s '.[0].contracts' rec)" = "$(grep -c ':single:' want)"
	assert "$(awk '{ if (length > n) n = length } END { print (n < 1048576) }' \
	    rec)" = 1
}

# --- no lost wake-up, no false clean

# Stand still (or die) before the n-th write to Redis, for n = 1, 2, …, and let
# the command run meanwhile; STEPS counts.
at_each_step() { # FAULT COMMAND...
	local fault=$1 n
	shift
	for ((n = 1; n < 100; n++)); do
		rcli FLUSHALL >/dev/null
		expose_wide
		model-heatmap --once >/dev/null
		tick 1 1
		start env LD_PRELOAD="$FAULT_SO" "$fault=$n" model-heatmap --once
		if [[ $fault == FAULT_STOP_AT ]]; then
			comes_to_stop "$pid" || return 0
		else
			end_of "$pid"
			((ended != 0)) || return 0
		fi
		STEPS=$n
		"$@" "$n"
		clean_is_true "step $n, during"
		kill -CONT "$pid" 2>/dev/null || :
		wait "$pid" || :
		clean_is_true "step $n, after"
		! is_clean || sheets_as_built
		model-heatmap --once >/dev/null
		is_clean
		sheets_as_built
	done
	fail "no end"
}

@test "a tick, a promotion, another run at every step of a build; killed there" {
	a_tick() {
		tick $((10 + $1)) $(($1 % 8))
		is_dirty || fail "clean right after a tick"
	}
	a_promotion() {
		make_chain -n 90 -t 1750000200000 | geom-hash |
			epoch-promote >/dev/null
	}
	a_run() {
		model-heatmap --once >/dev/null
		tick $((10 + $1)) 2
	}
	nothing() {
		:
	}
	at_each_step FAULT_STOP_AT a_tick
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
	at_each_step FAULT_STOP_AT a_promotion
	at_each_step FAULT_STOP_AT a_run
	at_each_step FAULT_KILL_AT nothing
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "registered late, it makes what is clean dirty; beside gex both must compute" {
	expose_wide
	model-gex --once --gamma live >/dev/null
	is_clean
	start env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=6 model-heatmap --once
	comes_to_stop "$pid"
	is_dirty
	kill -CONT "$pid"
	end_of "$pid"
	is_clean
	tick 1
	run_tool model-heatmap --once
	is_dirty
	run_tool model-gex --once --gamma live
	is_clean
	clean_is_true
	sheets_as_built
}

# --- the picture in the terminal

a_board() {
	export EPOCH_NOW_MS=4102444800000
	chain-fetch --source cboe --from "$ROOT/tests/boards/open.json" SPX |
		geom-hash | epoch-promote >/dev/null
}

@test "epoch-inspect --heatmap: the sheet that was asked for, around the spot" {
	local line strike value date
	a_board
	run_tool 1 epoch-inspect --heatmap
	assert "$stderr" has NO_MODEL
	model-heatmap --once >rec
	run_tool epoch-inspect --heatmap
	date=$(jq -r '.expiration // empty' rec | head -n 1)
	assert "${lines[0]}" has "$(active)  seq 1  spot $(jq -s '.[0].spot' rec)"
	assert "${lines[1]}" has " $date, call butterfly, newest quote "
	line=$(grep -n ' spot$' <<<"$output" | cut -d: -f1)
	assert "$(awk -v n="$line" -v s="$(jq -s '.[0].spot' rec)" '
	    NR > 5 && NR < n && $1 + 0 < s { bad++ }
	    NR > n && $1 + 0 > s { bad++ } END { print bad + 0 }' \
	    <<<"$output")" = 0
	# Every price is that tile's.
	read -r strike value < <(sed -n "$((line + 1))p" <<<"$output" |
		awk '{ print $1, $4 }')
	assert "$(jq -r --argjson k "$strike" --arg d "$date" '
	    select(.expiration == $d and .root == "SPXW" and .right == "call" and
		.strategy == "butterfly") |
	    .tiles[] | select(.strike == $k and .width == 30) | .mid' rec |
		cents)" = "${value%!}"
	assert "$output" lacks $'\033'
	assert "$(LC_ALL=C grep -c '[^ -~]' <<<"$output")" = 0
	assert "$(awk '{ if (length > n) n = length } END { print (n <= 80) }' \
	    <<<"$output")" = 1
	run_tool epoch-inspect --heatmap --strategy vertical --right put SPX
	assert "${lines[1]}" has "put vertical"
	run_tool epoch-inspect --heatmap --strategy single --near 100 SPX
	assert "$output" has MIDDLE
	run_tool epoch-inspect --heatmap --expiration "$(jq -r \
	    '.expiration // empty' rec | tail -n 1)"
	run_tool 1 epoch-inspect --heatmap --expiration 2031-01-02
	assert "$stderr" has NO_SHEET
	rcli HSET "epoch:meta:$(active)" seq 5 >/dev/null
	run_tool epoch-inspect --heatmap
	assert "${lines[0]}" has "(4 changes behind)"
	run_tool 1 epoch-inspect --heatmap --name flies
	rcli HSET "epoch:$(active):model:heatmap" doc '{"type":"x","ts":1}' \
	    >/dev/null
	run_tool 70 epoch-inspect --heatmap
	local o
	for o in --expiration=2026-02-30 --strategy=fly --right=both --name=A; do
		run_tool 64 epoch-inspect --heatmap "$o"
	done
	run_tool 64 epoch-inspect --right call
	run_tool 64 epoch-inspect --gex --strategy single
}

# Middles of stdin, a line each, to whole cents in integers.
cents() {
	perl -ne '/^(-?)(\d+)(?:\.(\d{1,4}))?$/ or die "odd middle: $_";
	    my $n = int(($2 . substr(($3 // "") . "0000", 0, 4) + 50) / 100);
	    printf "%s%d.%02d\n", $1, $n / 100, $n % 100'
}

@test "half a cent goes away from zero, on the screen and in the picture" {
	local strategy right date k
	a_board
	model-heatmap --once >rec
	date=$(jq -r '.expiration // empty' rec | head -n 1)
	for strategy in single vertical butterfly; do
		for right in call put; do
			jq -c --arg d "$date" --arg s $strategy --arg r $right '
			    select(.expiration == $d and .root == "SPXW" and
				.strategy == $s and .right == $r) |
			    .tiles | sort_by(-.strike, .width // 0)[] | .mid' \
			    rec | tee -a mids | cents >want
			# But the spot's line; without strikes and flags.
			epoch-inspect --heatmap --strategy $strategy \
			    --right $right --near 100 |
				sed '1,/STRIKE/d; / spot$/d; s/!/ /g' |
				awk '{ for (i = 2; i <= NF; i++)
				    if ($i != ".") print $i }' >got
			diff want got
		done
	done
	assert "$(($(grep -c '\.[0-9][0-9]5$' mids) > 20))" = 1
	k=$(jq -s '.[0].spot | floor' rec)
	{
		head -n 1 rec
		grep -F '"strategy":"butterfly"' rec | head -n 1 |
			jq -c --argjson k "$k" '.right = "call" | .tiles = ([
			    0.575, 0.925, 1.525, -0.125, 0.285, -0.345] |
			    to_entries | map({strike: ($k + .key), width: 20,
				mid: .value, natural: 1}))'
	} >odd
	plot-heatmap p.svg <odd
	for k in 0.58 0.93 1.53 -0.13 0.29 -0.35; do
		grep -q -e ">$k<\|$k</text>\|>$k *</" p.svg ||
			fail "not in the picture: $k"
	done
}

@test "epoch-inspect --heatmap: colours on a terminal only, as many rows as fit" {
	a_board
	model-heatmap --once >/dev/null
	LC_ALL=C.UTF-8 TERM=xterm script -qec \
	    'stty rows 24; epoch-inspect --heatmap SPX' /dev/null >tty </dev/null \
	    3>&- 4>&-
	assert "$(cat tty)" has $'\033[48;5;'
	assert "$(cat tty)" has ─
	assert "$(($(wc -l <tty) <= 23))" = 1
	LC_ALL=C NO_COLOR=1 TERM=xterm script -qec 'epoch-inspect --heatmap' \
	    /dev/null >tty </dev/null 3>&- 4>&-
	assert "$(cat tty)" lacks $'\033'
	assert "$(cat tty)" lacks ─
}

# --- the picture in a file

@test "plot-heatmap: an SVG that says what it shows, a PNG that is one" {
	local word
	a_board
	model-heatmap --print SPX >rec
	run_tool plot-heatmap p.svg <rec
	for word in "SPX call butterfly" "spot $(jq -s '.[0].spot' rec)" \
	    "epoch $(active) seq 1" "middle of the quotes, in points" \
	    "price, % of the width" "width, points" ">20<" ">50<" ">spot<"; do
		grep -qF -- "$word" p.svg || fail "not in the picture: $word"
	done
	grep -q '</svg>' p.svg
	cat <(echo '{"type":"tick","ts":1}') rec |
		plot-heatmap -s vertical -r put -n 2 p.png
	assert "$(head -c 8 p.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a
	assert "$(($(wc -c <p.png) > 20000))" = 1
	plot-heatmap -s single -e "$(jq -r '.expiration // empty' rec |
		tail -n 1)" s.svg <rec
	grep -q "call single, SPXW\? $(jq -r '.expiration // empty' rec |
		tail -n 1)" s.svg
	assert "$(find . -name 'p.svg.*' | wc -l)" = 0 "nothing is left beside"
}

@test "plot-heatmap: what cannot be drawn leaves the old picture" {
	a_board
	model-heatmap --print SPX >rec
	echo old >p.svg
	run_tool 65 plot-heatmap p.svg </dev/null
	run_tool 65 plot-heatmap -e 2031-01-02 p.svg <rec
	run_tool 65 plot-heatmap -o XYZ p.svg <rec
	run_tool 65 plot-heatmap -n 0.00001 p.svg <rec
	run_tool 65 plot-heatmap p.svg < <(tail -n +2 rec)
	jq -c 'if .tiles | type == "array" then .tiles = [] else . end' rec >none
	run_tool 65 plot-heatmap p.svg <none
	assert "$(cat p.svg)" = old
	run_tool 64 plot-heatmap
	run_tool 64 plot-heatmap p.gif <rec
	run_tool 64 plot-heatmap -n x p.svg <rec
	run_tool 64 plot-heatmap -s fly p.svg <rec
	run_tool 73 plot-heatmap no/such/p.svg <rec
}

@test "plot-heatmap: no string of a record reaches a command" {
	a_board
	model-heatmap --print SPX >rec
	jq -c '.symbol = "`touch hit`" | .epoch_id =
	    "\"; system(\"touch hit\") #" |
	    if .root then .root = "\u0027; system(\"touch hit\") #" |
	    .expiration = "`touch hit`" else . end' rec >bad
	plot-heatmap p.svg <bad || :
	[[ ! -e hit ]]
	jq -c 'if .tiles | type == "array" then
	    .tiles[0].strike = "system(\"touch hit\")" |
	    .tiles[0].mid = "system(\"touch hit\")" else
	    .spot = "system(\"touch hit\")" |
	    .widths[0] = "`touch hit`" end' rec >bad
	plot-heatmap p.svg <bad || :
	[[ ! -e hit ]]
}
