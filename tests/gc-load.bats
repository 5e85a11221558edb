#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-gc under load: promotions one after the other, ticks, both models, the
# recorder, and a broom without grace that never rests.  Whoever reads finds an
# epoch whole or is told that it came too late; models publish whole epochs
# only; and in the end Redis holds what was to be kept, and not a key more.
#
#	GC_ROUNDS=120	promotions; of a real board (BOARDS) a twelfth of that

load helpers
load hydrate
load models

GC_ROUNDS=${GC_ROUNDS:-120}
TICKS_AT=$((T + 60000 * (GC_ROUNDS + 10))) # newer than every snapshot

setup_file() {
	redis_start
}

teardown_file() {
	redis_stop
}

setup() {
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	STARTED=()
	mkdir tape
}

teardown() {
	rcli SET stop 1 >/dev/null
	stop_started
	kill_started
}

# ------------------------------------------------------------ what there is

# put TEXT FILE: whoever reads it meanwhile finds the old text or this, never
# an empty file.
put() {
	echo "$1" >"$2.$BASHPID"
	mv "$2.$BASHPID" "$2"
}

# until_stop NAME COMMAND...: again and again in the background; its pid is in
# $pid.  It counts in NAME.rounds, and ends with the first failure.
until_stop() {
	local name=$1
	shift
	(
		ROUND=0
		while [[ $(rcli EXISTS stop) == 0 ]]; do
			ROUND=$((ROUND + 1))
			"$@" >>"$name.out" 2>>"$name.err" || exit
			put $ROUND "$name.rounds"
		done
	) 3>&- 4>&- &
	pid=$!
	STARTED+=("$pid")
}

ends_well() { # PID NAME
	end_of "$1"
	assert "$ended" = 0 "$2: $(tail -n 3 "$2.err")"
}

# At first nothing but the active epoch stays.  Every third time what is
# retired is forgotten, too.
sweep() {
	local -a meta=()
	((ROUND % 3)) || meta=(--meta)
	epoch-gc --grace 0 --keep "$(<keep)" "${meta[@]}"
}

# From here on some stay.
keep_some() {
	local n
	eventually test -s gc.rounds
	n=$(<gc.rounds)
	put "$KEEP" keep
	eventually has_gone_round gc $((n + 1)) || fail "$(tail -n 3 gc.err)"
}

# 300 ticks on what is listed for sure, all of them with both prices.
ticks() {
	awk -v seed="$ROUND" -v ts="$((TICKS_AT + ROUND * 300))" '
	{ id[NR - 1] = $0 }
	END {
		srand(seed)
		for (i = 0; i < 300; i++) {
			bid = 1 + int(rand() * 4000) / 20
			printf "{\"type\":\"tick\",\"ts\":%.0f,\"id\":\"%s\"," \
			    "\"kind\":\"quote\",\"recv_ts\":%.0f,\"feed_seq\":%d," \
			    "\"bid\":%.2f,\"ask\":%.2f,\"bid_size\":%d," \
			    "\"ask_size\":1}\n", ts + i, id[int(rand() * NR)],
			    ts + i, i + 1, bid, bid + 0.3, rand() * 50
		}
	}' ids | epoch-hydrate
}

# Everybody but the promoter.  pid_of[NAME] are their pids.
all_begin() { # HEATMAP OPTION...
	declare -gA pid_of
	rm -f ./*.rounds
	echo 0 >keep
	begins record epoch-record --on --dir tape --fsync 0.05 SPX
	eventually eval '[[ $(rcli HGET epoch:config journal) == 1 ]]'
	begins gex model-gex --gamma live --poll 0.05
	begins heatmap model-heatmap --poll 0.05 "$@"
	begins reader "$ROOT/tests/reader.pl" "$REDIS_SOCK" SPX
	begins slow "$ROOT/tests/reader.pl" "$REDIS_SOCK" SPX slow
	until_stop gc sweep
	pid_of[gc]=$pid
	until_stop hydrate ticks
	pid_of[hydrate]=$pid
}

begins() { # NAME COMMAND...
	local name=$1
	shift
	"$@" >"$name.out" 2>"$name.err" 3>&- 4>&- &
	pid_of[$name]=$!
	STARTED+=($!)
}

promoted() { # FILE
	epoch-promote --accept-shrink <"$1" >>promote.out
}

has_gone_round() { # NAME THAN
	(($(<"$1.rounds") > $2))
}

# The load is over; models and recorder still follow.
load_ends() {
	local name
	rcli SET stop 1 >/dev/null
	for name in gc hydrate reader slow; do
		ends_well "${pid_of[$name]}" $name
	done
	rcli DEL stop >/dev/null
}

models_end() {
	local name
	for name in gex heatmap record; do
		kill -TERM "${pid_of[$name]}"
		ends_well "${pid_of[$name]}" $name
		assert "$(cat $name.err)" = "" "$name"
	done
}

# ------------------------------------------------------------- what must be

# Nobody saw a part of an epoch; and some saw a whole one, some came too late.
readers_are_content() {
	local looks whole late
	assert "$(grep -v '^looks' reader.out slow.out)" = "" "partial"
	read -r _ looks _ whole _ late <reader.out
	((whole > 3)) || fail "the reader saw $looks, $whole of them whole"
	read -r _ looks _ whole _ late <slow.out
	((late > 3)) || fail "the slow one was late $late times"
	printf '# readers: %s; slow: %s; brooms %s, batches of ticks %s\n' \
	    "$(<reader.out)" "$(<slow.out)" "$(<gc.rounds)" "$(<hydrate.rounds)" >&3
}

# What models published is of whole boards: what is in and what is out, with a
# reason, are all contracts of that epoch; and not of one or two epochs only.
models_saw_whole() {
	jq -r 'select(.outcome == "new") | "\(.epoch_id) \(.contracts)"' promote.out |
		sort >boards
	jq -r 'select(.type == "gex") |
	    "\(.epoch_id) \(.contracts + ([.excluded // {} | .[]] | add // 0))"' \
	    gex.out | sort -u >whole
	assert "$(comm -13 boards whole)" = "" "gex of other than whole boards"
	(($(wc -l <whole) > 3)) || fail "too few"
	jq -r 'select(.type == "heatmap") | .epoch_id' heatmap.out | sort -u >drawn
	(($(wc -l <drawn) > 3)) || fail "too few heatmaps"
}

# Every one of them full and incremental at last the same.
models_are_as_built() { # HEATMAP OPTION...
	eventually is_clean
	clean_is_true
	as_built gex model-gex --gamma live
	rcli HGETALL "epoch:$(active):model:heatmap" |
		awk 'NR % 2 { f = $0; next } f == "doc" || f ~ /:/' | sort >have
	model-heatmap --print "$@" SPX | sort | cmp have - || fail "heatmap"
}

# All keys that there may be: of each of the epochs that stay, and the few
# that are one a symbol, or one in all.
keys_that_stay() {
	local id cid
	printf 'epoch:%s\n' active clean last models config timeline:SPX journal:SPX
	rcli LRANGE epoch:timeline:SPX 0 -1 | while read -r id; do
		printf "epoch:%s\n" "meta:$id" \
		    "$id":{geometry,had_ws_updates,changed,model:gex,model:heatmap}
		rcli GET "epoch:$id:geometry" | grep . | sed "s/^/epoch:$id:contract:/"
	done
}

# The bytes of them.  (The pointers and names between them are Redis's own.)
bytes() {
	rcli EVAL '
	local sum = 0
	for _, k in ipairs(redis.call("KEYS", "*")) do
		sum = sum + redis.call("MEMORY", "USAGE", k, "SAMPLES", 0)
	end
	return sum' 0
}

memory_is_bounded() {
	local contracts n
	epoch-gc --grace 0 --keep "$KEEP" --meta >>gc.out
	eventually eval '[[ $(rcli XLEN epoch:journal:SPX) == 1 ]]'
	assert "$(rcli LLEN epoch:timeline:SPX)" = $((KEEP + 1))
	keys_that_stay | LC_ALL=C sort >want
	rcli KEYS '*' | LC_ALL=C sort | diff want - >differ || fail "keys: $(cat differ)"
	assert "$(rcli DBSIZE)" = "$(wc -l <want)"
}

# board FILE N STRIKE TIME SEED: a board of N contracts.
board() {
	make_chain -n "$2" -k "$3" -t $((T + 60000 * $4)) -s "$5" | geom-hash >"$1"
}

# The ids that are on all of these boards.
ids_of_all() { # FILE...
	records contract <(cat "$@") | jq -r .id | sort | uniq -c |
		awk -v n=$# '$1 == n { print $2 }'
}

# KEEP + 1 promotions more, each of them with ticks and both models' work, so
# that it is known what stays.
last_ones() { # FILE...
	local f
	keep_some
	for f; do
		promoted "$f"
		eventually eval '[[ $(id=epoch:$(active); rcli EXISTS \
		    $id:changed $id:model:gex $id:model:heatmap) == 3 ]]'
	done
}

# One load after the other: what is left does not grow.
@test "promotions, ticks, models and brooms at once: nobody sees a part" {
	local i n part half=$((GC_ROUNDS / 2)) first
	KEEP=2
	for ((i = 1; i <= 2 * half; i++)); do
		# three boards in turn, which grow; each fourth time only values
		n=$((i - (i % 4 == 3)))
		board board.$i $((60 + n / 4)) $((5000 + 10 * (n % 3))) \
		    $((i + 5 * (i > half))) $i
	done
	for ((i = 1; i <= 2 * (KEEP + 1); i++)); do
		part=$(((i - 1) / (KEEP + 1) + 1))
		board last.$part.$i 100 $((5000 + 10 * (i % (KEEP + 1)))) \
		    $((half * part + i + 2 * (part > 1))) $i
	done
	ids_of_all board.* last.* >ids
	(($(wc -l <ids) > 30)) || fail "too few ids"
	promoted board.1
	for part in 1 2; do
		all_begin
		for ((i = half * (part - 1) + 1; i <= half * part; i++)); do
			promoted board.$i
		done
		last_ones last.$part.*
		load_ends
		readers_are_content
		models_are_as_built
		memory_is_bounded
		models_end
		models_saw_whole
		sound
		cp want keys.$part
		bytes >bytes.$part
	done
	assert "$(sed 's/:1[0-9]*:/:/' keys.1)" = "$(sed 's/:1[0-9]*:/:/' keys.2)"
	printf '# bytes of %s keys: %s, then %s\n' "$(wc -l <keys.1)" \
	    "$(<bytes.1)" "$(<bytes.2)" >&3
	(($(<bytes.2) < $(<bytes.1) * 105 / 100)) || fail "it grew"
}

# The model stands still before each write to Redis, its epoch goes, it goes on.
@test "a model whose epoch goes while it reads publishes nothing of it" {
	local model n p old stops
	[[ -e $FAULT_SO ]] || fail "no fault library"
	for model in gex heatmap; do
		stops=0
		for ((n = 4; n < 48; n += 4)); do
			rcli FLUSHALL >/dev/null
			expose -n 240
			old=$(active)
			env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=$n FAULT_SHORT=1500 \
			    model-$model --once >out 2>err 3>&- 4>&- &
			p=$!
			STARTED+=("$p")
			if ! comes_to_stop $p; then
				end_of $p
				break
			fi
			stops=$((stops + 1))
			expose -n 220 -k 5010 -t $((T + 60000)) -s 2
			epoch-gc --grace 0 --keep 0 >gc.out
			kill -CONT $p
			end_of $p
			assert "$ended" = 0 "$model, write $n: $(cat err)"
			assert "$(jq -r --arg old "$old" 'select(.epoch_id == $old and .contracts != 240)' out)" = "" "write $n"
			assert "$(rcli KEYS "epoch:$old:*")" = "" "write $n"
			# what it did not get round to is the next one's
			model-$model --once >>out
			assert "$(rcli HGET "epoch:$(active):model:$model" contracts)" = 220 "write $n"
			is_clean || fail "$model, write $n: not clean"
		done
		((stops > 8)) || fail "$model: $stops stops"
	done
}

# Contracts of a real session, as geom-hash would give them for a snapshot at
# that minute.
real_board() { # FILE SESSION MINUTE
	local begin=$((R + 60000 * $3))
	[[ -e session.$2 ]] ||
		xz -dc "$BOARDS/cboe/_SPX-$2.json.xz" |
		chain-fetch --source cboe --from - SPX | geom-hash >"session.$2"
	sed -E "/\"type\":\"(geometry|chain_end)\"/{
	    s/\"(ts|end_ts)\":[0-9]*/\"\1\":$((begin + 2000))/g
	    s/\"begin_ts\":[0-9]*/\"begin_ts\":$begin/
	}" "session.$2" >"$1"
}

@test "the same with real boards of 29,000 contracts" {
	local i rounds=$((GC_ROUNDS / 12)) heatmap=(--expirations-count 3)
	local -a sessions=(2026-07-22 2026-07-23 2026-07-24)
	need_boards
	KEEP=1 R=1785000000000 TICKS_AT=$((R + 60000 * (4 * rounds + 10)))
	export EPOCH_NOW_MS=$((R + 1000000000))
	for ((i = 1; i <= rounds; i++)); do
		real_board board.$i "${sessions[i % 3]}" $i
	done
	for i in 1 2; do
		real_board last.$i "${sessions[i]}" $((4 * rounds + i))
	done
	ids_of_all board.[123] | head -n 3000 >ids
	promoted board.1
	all_begin "${heatmap[@]}"
	for ((i = 2; i <= rounds; i++)); do
		promoted board.$i
	done
	# more of them where promotions are not what takes longest
	for ((; i <= 4 * rounds && $(grep -c late slow.err) <= 3; i++)); do
		real_board board.$i "${sessions[i % 3]}" $i
		promoted board.$i
	done
	last_ones last.1 last.2
	load_ends
	readers_are_content
	models_are_as_built "${heatmap[@]}"
	memory_is_bounded
	models_end
	models_saw_whole
	sound
}
