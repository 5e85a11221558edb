#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-promote: the decisions and what they leave in Redis.  Kills, broken
# connections and races have files of their own (promote-faults, promote-races).

load helpers

setup_file() {
	redis_start
}

setup() {
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	T=1750000000000 # end of the first snapshot, ms
}

teardown_file() {
	redis_stop
}

# board FILE [make_chain option...]: what geom-hash makes of it
board() {
	local file=$1
	shift
	make_chain "$@" | geom-hash >"$file"
}

promote() { # FILE [RC] [option...]
	local file=$1 rc=${2:-0}
	shift $(($# < 2 ? $# : 2))
	run_tool "$rc" epoch-promote "$@" <"$file"
}

field() { # NAME: of the last epoch record; absent is ""
	jq -r --arg f "$1" 'if has($f) then .[$f] else "" end' <<<"$output"
}

active() {
	rcli HGET epoch:active "${1:-SPX}"
}

meta() {
	rcli HGET "epoch:meta:$(active)" "$1"
}

sound() {
	"$ROOT/tests/invariants" "$REDIS_SOCK"
}

# --- usage

@test "usage: unknown option, bad value, operand are 64 and touch nothing" {
	board a
	run_tool 64 epoch-promote --nonsense <a
	assert "$stderr" has usage
	run_tool 64 epoch-promote --max-shrink 101 <a
	run_tool 64 epoch-promote --confirm 0 <a
	run_tool 64 epoch-promote --redis-timeout 0 <a
	run_tool 64 epoch-promote --redis-timeout x <a
	run_tool 64 epoch-promote SPX <a
	assert "$(rcli DBSIZE)" = 0
}

@test "usage: --help and --version say what they should" {
	run_tool epoch-promote --help
	assert "$output" has --accept-shrink
	run_tool epoch-promote --version
	assert "$output" =~ "^epoch-promote .*hiredis .*jansson "
}

# --- the golden path

@test "first snapshot: a whole epoch, dirty, with all that meta promises" {
	board a -n 12 -t $T
	promote a
	assert "$(field outcome)/$(field reason)" = new/first
	assert "$(field epoch_id)" =~ "^SPX:1750000000:[0-9a-f]{4}$"
	assert "$(field contracts)/$(field entered)/$(field exited)" = 12/12/0
	assert "$(field ts)" = $T
	sound
	assert "$(active)" = "$(field epoch_id)"
	assert "$(meta geometry_hash)" = "$(jq -r 'select(.type=="geometry").geometry_hash' a)"
	assert "$(meta grid_hash)" = "$(jq -r 'select(.type=="geometry").grid_hash' a)"
	assert "$(meta contract_count)/$(meta strike_count)/$(meta expiration_count)" = 12/6/2
	assert "$(meta created_ts)" = 1750000000
	assert "$(meta begin_ts)/$(meta snapshot_ts)" = 1749999998000/$T
	assert "$(meta seq)/$(meta full_seq)/$(meta ticks)/$(meta dormant_count)" = 1/1/0/0
	assert "$(meta reason)/$(meta source)/$(meta forced_dirty)" = first/cboe/0
	assert "$(rcli HEXISTS "epoch:meta:$(active)" prev)" = 0
	assert "$(rcli SMEMBERS epoch:dirty)" = "$(active)"
	assert "$(rcli GET "epoch:$(active):had_ws_updates")" = 0
	assert "$(rcli EXISTS "epoch:$(active):changed")" = 0 "a new epoch is read whole"
	assert "$(rcli ZCARD epoch:staging)" = 0
	assert "$(rcli HGET epoch:last SPX)" = 1750000000
}

@test "values reach Redis digit for digit" {
	board a -n 20 -s 5
	promote a
	while IFS= read -r line; do
		id=$(jq -r .id <<<"$line")
		for f in bid ask bid_size ask_size quote_ts last last_size \
		    trade_ts iv delta gamma theta vega oi volume; do
			want=$(grep -o "\"$f\":[^,}]*" <<<"$line" | cut -d: -f2)
			assert "$(rcli HGET "epoch:$(active):contract:$id" $f)" = "$want" "$id $f"
		done
	done < <(records contract a | head -5)
}

@test "a group without a time of its own gets the snapshot's" {
	make_chain -n 2 -t $T -o massive | sed -E \
	    's/"(quote|trade)_ts":[0-9]+,//g' | geom-hash >a
	promote a
	id=$(records contract a | head -1 | jq -r .id)
	key="epoch:$(active):contract:$id"
	for f in quote_ts trade_ts volume_ts; do
		assert "$(rcli HGET "$key" $f)" = 1749999998000 "$f, massive: begin"
	done
	rcli FLUSHALL
	sed 's/"source":"massive"/"source":"cboe"/' a >b
	promote b
	for f in quote_ts trade_ts volume_ts; do
		assert "$(rcli HGET "$key" $f)" = 1749999098000 "$f, cboe: begin - 900 s"
	done
}

@test "the same snapshot again: same epoch, not a value moved" {
	board a
	promote a
	id=$(active)
	before=$(state_dump | grep contract)
	promote a
	assert "$(field outcome)" = same
	assert "$(field reason)" = ""
	assert "$(active)" = "$id"
	assert "$(state_dump | grep contract)" = "$before"
	assert "$(rcli ZCARD "epoch:$id:changed")" = 0 "nothing differed"
	assert "$(rcli LLEN epoch:timeline:SPX)" = 1
	sound
}

@test "the same board later: refreshed in place, changes marked" {
	board a -n 10 -s 1 -t $T
	board b -n 10 -s 2 -t $((T + 7200000))
	promote a
	id=$(active)
	rcli SREM epoch:dirty "$id" && rcli SADD epoch:clean "$id"
	promote b
	assert "$(field outcome)/$(field epoch_id)" = "same/$id"
	assert "$(rcli SISMEMBER epoch:dirty "$id")/$(rcli SISMEMBER epoch:clean "$id")" = 1/0
	assert "$(rcli ZCARD "epoch:$id:changed")" = 10
	assert "$(meta snapshot_ts)" = $((T + 7200000))
	assert "$(meta spot)" = "$(records chain_end b | grep -o '"spot":[^,]*' | cut -d: -f2)"
	assert "$(meta seq)" = 3 "one batch, and the last script"
	assert "$(meta full_seq)" = 1
	line=$(records contract b | tail -1)
	key="epoch:$id:contract:$(jq -r .id <<<"$line")"
	assert "$(rcli HGET "$key" bid)" = "$(grep -o '"bid":[^,]*' <<<"$line" | cut -d: -f2)"
	sound
}

@test "a refresh that touches one contract marks that one" {
	board a -n 6 -t $T
	promote a
	awk '/"type":"contract"/ && ++n == 3 { sub(/"oi":[0-9.]+/, "\"oi\":77777.0") } 1' a |
	    sed -e "s/_ts\":$T/_ts\":$((T + 1000))/" >b
	promote b
	assert "$(rcli ZRANGE "epoch:$(active):changed" 0 -1)" = \
	    "$(records contract b | sed -n 3p | jq -r .id)"
}

@test "another board: a new epoch, the old one superseded and clean" {
	board a -n 8 -t $T
	board b -n 10 -t $((T + 60000))
	promote a
	old=$(active)
	promote b
	assert "$(field outcome)/$(field reason)/$(field prev)" = "new/geometry/$old"
	assert "$(field entered)/$(field exited)" = 2/0
	assert "$(rcli HGET "epoch:meta:$old" superseded_by)" = "$(active)"
	assert "$(rcli HGET "epoch:meta:$old" superseded_ts)" = $((T + 60000))
	assert "$(rcli SMEMBERS epoch:clean)" = "$old"
	assert "$(rcli SMEMBERS epoch:dirty)" = "$(active)"
	assert "$(rcli LRANGE epoch:timeline:SPX 0 -1)" = "$(active)"$'\n'"$old"
	sound
}

@test "a strike listed in one more expiration: geometry moves, the grid does not" {
	make_chain -n 8 -t $T >s
	extra=$(records contract s | head -1 |
	    sed -e 's/SPX250620C/SPX250718C/' -e 's/2025-06-20/2025-07-18/')
	geom-hash <s >a
	awk -v x="$extra" '/chain_end/ { print x; sub(/"contracts":8/, "\"contracts\":9") } 1' s |
	    sed "s/\"ts\":$T/\"ts\":$((T + 1000))/" | geom-hash >b
	promote a
	grid=$(meta grid_hash)
	promote b
	assert "$(field outcome)/$(field reason)/$(field entered)" = new/geometry/1
	assert "$(meta grid_hash)" = "$grid"
	sound
}

@test "two symbols do not meet" {
	board a -S SPX
	board b -S NDX -k 18000
	promote a
	spx=$(active SPX)
	promote b
	assert "$(active SPX)" = "$spx"
	assert "$(active NDX)" =~ "^NDX:"
	sound
}

@test "several snapshots in one stream: a record for each" {
	board a -n 8 -t $T
	board b -n 8 -s 2 -t $((T + 1000))
	board c -n 10 -t $((T + 2000))
	cat a b c >all
	promote all
	assert "$(jq -r .outcome <<<"$output" | paste -sd' ')" = "new same new"
	sound
}

@test "EPOCH_PREFIX stands before every key" {
	board a
	EPOCH_PREFIX='{spx}:' run_tool epoch-promote <a
	assert "$(rcli KEYS '*' | grep -vc '^{spx}:epoch:')" = 0
	EPOCH_PREFIX='a{b}{c}' run_tool 78 epoch-promote <a
	EPOCH_PREFIX='a b' run_tool 78 epoch-promote <a
}

# --- what is not whole changes nothing

@test "a stream cut after any line changes nothing: 65" {
	board a -n 8 -t $T
	board b -n 10 -t $((T + 1000))
	promote a
	before=$(state_digest)
	total=$(wc -l <b)
	for ((n = 1; n < total; n++)); do
		head -n $n b >cut
		promote cut 65
		assert "$(field outcome)/$(field reason)" = rejected/incomplete
		assert "$(state_digest)" = "$before" "cut after line $n"
	done
	head -c -1 b >cut
	promote cut 65
	assert "$(state_digest)" = "$before" "no newline at the end"
}

@test "no input, and input without a snapshot, are not success" {
	: >none
	promote none 65
	echo '{"type":"heartbeat","ts":1,"symbols":["SPX"]}' >hb
	promote hb 65
	assert "$output" = '{"type":"heartbeat","ts":1,"symbols":["SPX"]}'
	assert "$(rcli DBSIZE)" = 0
	promote none 0 --allow-none
	promote hb 0 --allow-none
	assert "$output" = '{"type":"heartbeat","ts":1,"symbols":["SPX"]}'
	# it allows nothing else
	echo '{' >bad
	promote bad 65 --allow-none
	make_chain | geom-hash | head -n 3 >cut
	promote cut 65 --allow-none
}

@test "a count, a hash, a line that does not agree: rejected, unchanged" {
	board a -n 8
	before=$(state_digest)
	tamper() {
		promote bad 65
		assert "$(field reason)" = incomplete "$1"
		assert "$(state_digest)" = "$before" "$1"
	}
	sed '3d' a >bad
	tamper "a contract missing"
	sed '3p' a >bad
	tamper "a contract twice"
	sed 's/"geometry_hash":"./"geometry_hash":"x/' a >bad
	tamper "another hash"
	sed '/chain_end/s/"contracts":8/"contracts":9/' a >bad
	tamper "another count"
	sed '4s/"bid":/"bid":-/' a >bad
	tamper "a negative bid"
	sed '4s/}$/,"bid":1}/' a >bad
	tamper "a repeated key"
	sed '4s/.*/{"type":/' a >bad
	tamper "a line that is no JSON"
	sed '4s/"symbol":"SPX"/"symbol":"NDX"/' a >bad
	tamper "a contract of another symbol"
	sed '4s/"strike":[0-9]*/"strike":1/' a >bad
	tamper "strike and id disagree"
	cat a a | sed '10d' >bad
	run_tool 65 epoch-promote <bad
	assert "$(jq -r '.outcome' <<<"$output" | paste -sd' ')" = "rejected new"
}

@test "a geometry with impossible times is a rejected snapshot, told as one" {
	board a
	promote a
	id=$(active)
	sed 's/"begin_ts":[0-9]*/"begin_ts":9999999999999/; s/"reason":"scheduled"/"reason":"dormant"/' a >bad
	promote bad 65
	assert "$(field outcome)/$(field reason)/$(field epoch_id)" = "rejected/incomplete/$id"
	assert "$(meta forced_dirty)" = 1 "the request was a dormant one"
}

@test "a time without values is no candidate and blocks none" {
	make_chain -n 2 -t $T | sed -E 's/"(bid|ask|bid_size|ask_size)":[0-9.]+,//g' |
	    geom-hash >hollow
	board old -n 2 -s 2 -t $((T + 1000)) -q $((T - 5000000))
	promote hollow
	id=$(records contract old | head -1 | jq -r .id)
	key="epoch:$(active):contract:$id"
	assert "$(rcli HEXISTS "$key" quote_ts)" = 0
	promote old
	assert "$(field outcome)" = same
	assert "$(rcli HGET "$key" quote_ts)" = $((T - 5000000))
	assert "$(rcli HGET "$key" bid)" != ""
	# Nor where another writer left one.
	rcli HDEL "$key" bid ask bid_size ask_size >/dev/null
	rcli HSET "$key" quote_ts $((T + 9000000)) quote_seq 4 >/dev/null
	board next -n 2 -s 3 -t $((T + 2000)) -q $((T - 4000000))
	promote next
	assert "$(rcli HMGET "$key" quote_ts quote_seq | paste -sd/)" = "$((T - 4000000))/"
}

@test "a stored time that is no number: damaged, nothing half-merged" {
	board a -n 4 -t $T
	board b -n 4 -s 2 -t $((T + 1000))
	promote a
	id=$(active)
	rcli HSET "epoch:$id:contract:$(records contract a | tail -1 | jq -r .id)" quote_ts x >/dev/null
	promote b
	assert "$(field outcome)/$(field reason)" = new/damaged
}

@test "contracts without geom-hash before us: told so, 65" {
	make_chain >raw
	run_tool 65 epoch-promote <raw
	assert "$stderr" has geom-hash
	assert "$(rcli DBSIZE)" = 0
}

@test "other records pass byte for byte, in order" {
	board a
	{
		echo '{"type":"heartbeat","ts":1,"symbols":[],"x":1.50, "y":"\u00e9"}'
		cat a
		echo '{"type":"unheard_of","ts":2,"z":[1,{"a":null}]}'
	} >mixed
	promote mixed
	assert "$(sed -n 1p <<<"$output")" = '{"type":"heartbeat","ts":1,"symbols":[],"x":1.50, "y":"\u00e9"}'
	assert "$(sed -n 3p <<<"$output")" = '{"type":"unheard_of","ts":2,"z":[1,{"a":null}]}'
}

# --- refusals

refused() { # FILE REASON [option...]: exit 1, nothing changed
	local file=$1 reason=$2 before
	shift 2
	before=$(state_digest)
	promote "$file" 1 "$@"
	assert "$(field outcome)/$(field reason)" = "rejected/$reason"
	assert "$(field epoch_id)" = "$(active)" "the epoch that stays is named"
	assert "$stderr" has "${reason^^}:"
	assert "$(state_digest)" = "$before" "$reason changes no key"
}

@test "stale: a begin or an end below the stored ones" {
	board a -n 8 -t $T
	board older -n 10 -t $((T - 1))
	board begin -n 10 -t $((T + 5000)) -b $((T - 2001))
	promote a
	refused older stale
	refused begin stale
	refused older stale --force
}

@test "future: more than 60 s ahead of the clock" {
	board a -t $T
	EPOCH_NOW_MS=$((T - 60001)) run_tool 1 epoch-promote <a
	assert "$(field reason)" = future
	assert "$(rcli DBSIZE)" = 0
	EPOCH_NOW_MS=$((T - 60000)) run_tool epoch-promote <a
	assert "$(field outcome)" = new
}

@test "future: without a frozen clock it is Redis's" {
	now=$(rcli TIME | head -1)
	board a -t $(((now + 3600) * 1000))
	run_tool 1 epoch-promote <a
	assert "$(field reason)" = future
	board b -t $(((now + 30) * 1000))
	run_tool epoch-promote <b
}

@test "filter: another window is refused, unless accepted" {
	board a -n 8 -t $T
	board w -n 8 -t $((T + 1000)) -f 'days=30'
	promote a
	refused w filter
	promote w 0 --accept-filter
	assert "$(field outcome)/$(field reason)" = new/filter
	assert "$(meta filter)" = days=30
	board w2 -n 8 -s 2 -t $((T + 2000)) -f 'days=30'
	promote w2
	assert "$(field outcome)" = same "the same filter is the same board"
	board back -n 8 -t $((T + 3000))
	refused back filter
	sound
}

@test "shrink: refused, until the same board was seen twice, 60 s apart" {
	board full -n 100 -t $T
	board small -n 10 -t $((T + 10000))
	board early -n 10 -s 2 -t $((T + 69999))
	board late -n 10 -s 3 -t $((T + 70000))
	promote full
	promote small 1
	assert "$(field reason)" = shrink
	assert "$stderr" has "90 of 100 unexpired contracts gone, 1 of 2 confirmations"
	promote early 1
	assert "$stderr" has "1 of 2"
	promote late
	assert "$(field outcome)/$(field exited)" = new/90
	assert "$(rcli EXISTS epoch:pending:SPX)" = 0
	sound
}

@test "shrink: the full snapshot of before, sent again, is no new sight" {
	board full -n 100 -t $T
	board small -n 10 -t $((T + 10000))
	board late -n 10 -s 3 -t $((T + 70000))
	promote full
	promote small 1
	promote full
	promote late
	assert "$(field outcome)" = new
}

@test "shrink: three confirmations are 60 s apart, each from the last" {
	board full -n 100 -t $T
	promote full
	for at in 0 119 120; do
		board small -n 10 -t $((T + 10000 + at * 1000))
		promote small 1 --confirm 3
	done
	assert "$stderr" has "2 of 3"
	board small -n 10 -t $((T + 10000 + 179000))
	promote small 0 --confirm 3
}

@test "shrink: another small board, or a full one in between, starts anew" {
	board full -n 100 -t $T
	board small -n 10 -t $((T + 10000))
	board other -n 12 -t $((T + 80000))
	board again -n 100 -s 2 -t $((T + 90000))
	board small2 -n 12 -t $((T + 160000))
	promote full
	promote small 1
	promote other 1
	assert "$stderr" has "1 of 2"
	promote again
	assert "$(field outcome)" = same
	assert "$(rcli EXISTS epoch:pending:SPX)" = 0
	promote small2 1
	assert "$stderr" has "1 of 2"
}

@test "shrink: --confirm, --max-shrink and --accept-shrink" {
	board full -n 100 -t $T
	board small -n 80 -t $((T + 1000))
	board less -n 78 -t $((T + 2000))
	promote full
	promote small
	assert "$(field outcome)" = new "exactly 20 % gone is not more than 20 %"
	promote less 1 --max-shrink 0
	promote less 0 --max-shrink 5
	board tiny -n 4 -t $((T + 3000))
	promote tiny 1
	promote tiny 0 --accept-shrink
	board full2 -n 100 -t $((T + 4000))
	promote full2
	board tiny2 -n 6 -t $((T + 5000))
	promote tiny2 0 --confirm 1
	sound
}

@test "shrink: what expired by New York's date does not count" {
	# Snapshot ends 2025-06-21 03:59:59 UTC: still the 20th in New York.
	board a -n 100 -t 1750478398000
	board roll -n 100 -t 1750478399000 -e '2025-07-18'
	promote a
	promote roll 1
	assert "$(field reason)" = shrink "on the 20th it has not expired"
	board roll2 -n 100 -t 1750478400000 -e '2025-07-18'
	make_chain -n 100 -t 1750478400000 | grep -v 2025-06-20 |
	    sed '/chain_end/s/"contracts":100/"contracts":50/' | geom-hash >roll2
	promote roll2
	assert "$(field outcome)/$(field exited)" = new/50 "at midnight it has"
	sound
}

@test "pinned: only the pinned board passes, and the pin is inherited" {
	board a -n 8 -t $T
	board b -n 10 -t $((T + 1000))
	promote a
	rcli HSET "epoch:meta:$(active)" pinned 1
	refused b pinned
	board a2 -n 8 -s 2 -t $((T + 2000))
	promote a2
	assert "$(field outcome)" = same
	board a3 -n 8 -t $((T + 3000))
	promote a3 0 --force
	assert "$(field outcome)" = new
	assert "$(meta pinned)" = 1
	sound
}

@test "flapping A, B, A, B: each a valid epoch" {
	board a -n 10 -t $T
	promote a
	for ((round = 1; round <= 20; round++)); do
		board x -n $((10 + round % 2)) -t $((T + round * 1000))
		promote x
		assert "$(field outcome)" = new
	done
	assert "$(rcli LLEN epoch:timeline:SPX)" = 21
	sound
}

# --- forced

@test "--force: a new epoch of the same board; the same snapshot once only" {
	board a -t $T
	promote a
	board b -s 2 -t $((T + 1000))
	promote b 0 --force
	assert "$(field outcome)/$(field reason)/$(field forced)" = new/forced/true
	assert "$(meta forced_dirty)" = 1
	id=$(active)
	promote b 0 --force
	assert "$(field outcome)" = same
	assert "$(active)" = "$id"
	promote b
	assert "$(field outcome)" = same
	sound
}

@test "--force on the first snapshot, repeated, is one epoch" {
	board a -t $T
	promote a 0 --force
	assert "$(field outcome)/$(field reason)/$(field forced)" = new/first/false
	promote a 0 --force
	assert "$(field outcome)" = same
	assert "$(rcli LLEN epoch:timeline:SPX)" = 1
}

@test "--force during silence inherits the count of it" {
	board a -t $T
	promote a
	rcli HSET "epoch:meta:$(active)" dormant_count 2 ticks 5 >/dev/null
	board b -s 2 -t $((T + 1000))
	promote b 0 --force
	assert "$(meta dormant_count)/$(meta forced_dirty)" = 2/1
}

@test "two forced epochs of one second have two ids" {
	board a -t $T
	promote a
	for i in 100 200 300; do
		board f -s 2 -t $((T + i))
		promote f 0 --force
	done
	assert "$(rcli LRANGE epoch:timeline:SPX 0 -1 | cut -d: -f2 | paste -sd' ')" = \
	    "1750000003 1750000002 1750000001 1750000000"
	sound
}

@test "ids never go back, whatever was reserved or restored" {
	board a -t $T
	rcli HSET epoch:last SPX 1750000500
	promote a
	assert "$(active)" =~ "^SPX:1750000501:"
	rcli DEL epoch:last
	board b -n 10 -t $((T + 1000))
	promote b
	assert "$(active)" =~ "^SPX:1750000502:" "above the active one's, too"
	sound
}

@test "a dormant request forces while its epoch is active and silent" {
	board a -t $T
	promote a
	id=$(active)
	rcli HSET "epoch:meta:$id" dormant_count 2 ticks 5 last_tick_ts $T
	rcli SET "epoch:$id:had_ws_updates" 1
	board b -s 2 -t $((T + 1000)) -R dormant -F "$id"
	promote b
	assert "$(field outcome)/$(field reason)/$(field forced)" = new/forced/true
	assert "$(meta dormant_count)/$(meta forced_dirty)" = 2/1
	assert "$(field entered)/$(field exited)" = 0/0
	# The same snapshot again: its epoch is no longer the active one.
	promote b
	assert "$(field outcome)/$(field forced)" = same/false
	sound
}

@test "a dormant request is a plain one after a tick, or for another epoch" {
	board a -t $T
	promote a
	id=$(active)
	rcli HSET "epoch:meta:$id" dormant_count 0 ticks 1
	board b -s 2 -t $((T + 1000)) -R dormant -F "$id"
	promote b
	assert "$(field outcome)" = same
	rcli HSET "epoch:meta:$id" dormant_count 3
	board c -s 3 -t $((T + 2000)) -R dormant -F SPX:1:abcd
	promote c
	assert "$(field outcome)" = same
	assert "$(meta forced_dirty)" = 0
}

@test "an abort: its own exit code; a dormant one leaves the epoch forced and dirty" {
	board a -t $T
	promote a
	id=$(active)
	rcli SMOVE epoch:dirty epoch:clean "$id"
	before=$(state_digest)
	echo '{"type":"chain_abort","ts":5,"symbol":"SPX","reason":"scheduled","error":"HTTP_500","exit":69,"detail":"page 3"}' >x
	promote x 69
	assert "$(field outcome)/$(field reason)/$(field epoch_id)" = "rejected/aborted/$id"
	assert "$stderr" has "HTTP_500: page 3"
	assert "$(state_digest)" = "$before"
	sed 's/scheduled/dormant/; s/"error"/"for_epoch":"SPX:1:ab","error"/' x >y
	promote y 69
	assert "$(state_digest)" = "$before" "another epoch was meant"
	sed "s/SPX:1:ab/$id/" y >z
	promote z 69
	assert "$(meta forced_dirty)/$(meta seq)/$(meta full_seq)" = 1/2/2
	assert "$(rcli SMEMBERS epoch:dirty)/$(rcli SCARD epoch:clean)" = "$id/0"
	sound
}

@test "a rejection with reason dormant leaves the epoch forced and dirty, too" {
	board a -n 100 -t $T
	promote a
	id=$(active)
	rcli HSET "epoch:meta:$id" dormant_count 2 ticks 1
	board b -n 10 -t $((T + 1000)) -R dormant -F "$id"
	promote b 1
	assert "$(field reason)" = shrink
	assert "$(meta forced_dirty)" = 1
	head -n 5 b >cut
	rcli HSET "epoch:meta:$id" forced_dirty 0
	promote cut 65
	assert "$(meta forced_dirty)" = 1
}

# --- damage

@test "a damaged epoch is replaced though the board is the same" {
	for harm in 'DEL epoch:%:contract:O:SPX250620C05000000' \
	    'DEL epoch:%:geometry' 'SET epoch:%:geometry x' \
	    'DEL epoch:meta:%' 'HDEL epoch:meta:% geometry_hash' \
	    'HDEL epoch:meta:% created_ts'; do
		rcli FLUSHALL >/dev/null
		board a -t $T
		promote a
		id=$(active)
		# shellcheck disable=SC2086 # words of a command
		rcli ${harm//%/$id} >/dev/null
		board b -s 2 -t $((T + 1000))
		promote b
		assert "$(field outcome)/$(field reason)/$(field prev)" = "new/damaged/$id" "$harm"
		assert "$(rcli EXISTS "epoch:$(active):contract:O:SPX250620C05000000")" = 1
		board c -s 3 -t $((T + 2000))
		promote c
		assert "$(field outcome)" = same "$harm: whole again"
	done
}

@test "a refresh never brings a deleted contract back to life in place" {
	board a -t $T
	promote a
	id=$(active)
	rcli DEL "epoch:$id:contract:O:SPX250620C05000000"
	board b -s 2 -t $((T + 1000))
	promote b
	assert "$(rcli EXISTS "epoch:$id:contract:O:SPX250620C05000000")" = 0
}

@test "a key of another type: 78, and no key is changed" {
	board a -t $T
	board b -n 10 -t $((T + 1000))
	board r -s 2 -t $((T + 1000))
	promote a
	id=$(active)
	for key in epoch:timeline:SPX epoch:dirty epoch:clean epoch:staging \
	    epoch:last epoch:pending:SPX "epoch:$id:fence" "epoch:meta:$id" \
	    "epoch:$id:geometry" "epoch:$id:changed" epoch:active; do
		for file in b r; do
			rcli FLUSHALL >/dev/null
			promote a
			rcli DEL "$key" >/dev/null
			case $key in
			*geometry | *fence) rcli HSET "$key" wrong type ;;
			*) rcli SET "$key" wrong ;;
			esac
			before=$(state_dump | grep -v "epoch:$id:contract")
			# A refresh needs neither of these.
			[[ $file == r && $key =~ timeline|staging ]] && continue
			promote $file 78
			assert "$stderr" has "TYPE: " "$key"
			assert "$(state_dump | grep -v "epoch:$id:contract")" = "$before" "$key, $file"
		done
	done
}

# --- output

@test "output that cannot be written is 74; a reader that leaves is 141" {
	board a -t $T
	run_tool 74 bash -c 'epoch-promote <a >/dev/full'
	run_tool 74 bash -c 'epoch-promote <a >&-'
	yes '{"type":"other","ts":1}' | head -n 200000 >many
	run bash -c 'epoch-promote <many | head -1 >/dev/null; exit ${PIPESTATUS[0]}'
	assert "$status" = 141
}

@test "descriptors closed at the start: no socket becomes stdout" {
	board a -t $T
	run_tool 0 bash -c 'epoch-promote <a 2>&-'
	assert "$(field outcome)" = new
	run_tool 65 bash -c 'epoch-promote <&-'
	sound
}
