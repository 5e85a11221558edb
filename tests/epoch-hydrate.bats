#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-hydrate: what becomes of ticks.  tests/ticks.pl makes them, and works
# out, apart from the tools, which values must be in Redis after them.

load helpers
load hydrate

setup_file() {
	redis_start
	make_growing 40
	"$TICKS" make 4000 1 $Q "${GROWING[@]}" >"$BATS_FILE_TMPDIR/ticks"
	export DIR=$BATS_FILE_TMPDIR
}

setup() {
	find_redis
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	GROWING=("$DIR"/{a,a2,b,b2,c,c2})
	epoch-promote <"$DIR/a" >/dev/null
	ID=$(rcli GET "epoch:$(active):geometry" | head -n 1)
}

teardown_file() {
	redis_stop
}

# One tick: KIND TS [NAME VALUE]...; ID is its contract.
tick() {
	local kind=$1 ts=$2
	shift 2
	printf '{"type":"tick","ts":%s,"id":"%s","kind":"%s","recv_ts":%s' \
	    "$ts" "$ID" "$kind" "${RECV:-$ts}"
	while (($# > 1)); do
		printf ',"%s":%s' "$1" "$2"
		shift 2
	done
	echo '}'
}

of() { # FIELD...: of contract ID of the active epoch
	rcli HMGET "epoch:$(active):contract:$ID" "$@" | paste -sd ' '
}

meta() { # FIELD...
	rcli HMGET "epoch:meta:$(active)" "$@" | paste -sd ' '
}

# --- usage and streams

@test "usage: operands, unknown options, bad numbers: 64" {
	run_tool 64 epoch-hydrate SPX
	run_tool 64 epoch-hydrate --nonsense
	for o in --queue=499 --unknown-limit=-1 --deadline=x --redis-timeout=0; do
		run_tool 64 epoch-hydrate $o
	done
	run_tool epoch-hydrate --help
	assert "$output" has --unknown-limit
}

@test "what is no tick passes, byte for byte and in order" {
	cat >in <<-'X'
		{"type":"heartbeat", "ts":1,"symbols":["SPX"]}
		{"ts":2,"type":"gap","reason":"disconnect","symbols":["SPX"]}
		{"type":"unheard_of","ts":3,"x":1.0,"y":"\u00e9"}
	X
	{
		sed -n 1p in
		tick quote $T bid 1
		sed -n 2p in
		tick trade $T last 1
		sed -n 3p in
	} >all
	run_tool epoch-hydrate <all
	assert "$(grep -v '"type":"hydrated"' <<<"$output")" = "$(cat in)"
	assert "$(records tick <<<"$output")" = ""
}

@test "bad lines are named, counted, and end in 65; the others count" {
	{
		tick quote $T bid 1
		echo nonsense
		tick funny $T bid 1
		tick quote $T last 1
		tick trade $T last 1
		tick agg $T volume 5 | head -c 30
	} >in
	run_tool 65 epoch-hydrate -v <in
	assert "$stderr" has "line 2:"
	assert "$stderr" has "line 3: kind"
	assert "$stderr" has "line 4: no value"
	assert "$stderr" has TORN
	assert "$stderr" has "read 2 applied 2 "
	assert "$stderr" has "bad_lines 4 "
}

@test "a tick that only jansson can read is as good as any" {
	printf '{ "kind":"quote","type":"tick","recv_ts":%s,"ts":%s,"bid":7.50,"id":"\\u004f%s" }\n' \
	    $T $T "${ID#O}" >in
	run_tool epoch-hydrate -v <in
	assert "$(of bid quote_ts quote_seq)" = "7.50 $T 0"
	assert "$stderr" has "slow_lines 1 "
}

@test "no input is no failure; output that cannot be written is 74; a reader that left 141" {
	run_tool epoch-hydrate </dev/null
	assert "$output" = ""
	tick quote $T bid 1 >in
	run_tool 74 bash -c 'epoch-hydrate <in >/dev/full'
	run bash -c 'set -o pipefail; { cat in; sleep 0.05; } | epoch-hydrate | true'
	[[ $status == 0 || $status == 141 ]] || fail "status $status"
	# idle, too
	mkfifo to from
	epoch-hydrate <to >from 2>err 3>&- &
	pid=$!
	exec 6>to 7<from
	exec 7<&-
	eventually has_ended $pid
	rc=0
	wait $pid || rc=$?
	assert $rc = 141
	exec 6>&-
}

# --- what a tick does

@test "a tick's fields, meta, marks and the hint" {
	epoch=$(active)
	rcli HSET "epoch:meta:$epoch" dormant_count 2 >/dev/null
	rcli SREM epoch:dirty "$epoch" >/dev/null
	rcli SADD epoch:clean "$epoch" >/dev/null
	rcli SUBSCRIBE epoch:events >events 3>&- &
	listener=$!
	eventually grep -q subscribe events
	tick quote $T feed_seq 7 bid 1.50 ask 1.7 bid_size 3 ask_size 0.0 >in
	tick trade $((T + 5)) last 1.60 last_size 2 >>in
	tick agg $((T + 9)) feed_seq 3 volume 77 >>in
	run_tool epoch-hydrate <in
	assert "$(of bid ask bid_size ask_size quote_ts quote_seq)" = "1.50 1.7 3 0.0 $T 7"
	assert "$(of last last_size trade_ts trade_seq)" = "1.60 2 $((T + 5)) 0"
	assert "$(of volume volume_ts volume_seq)" = "77 $((T + 9)) 3"
	assert "$(meta seq ticks last_tick_ts dormant_count full_seq)" = "2 3 $((T + 9)) 0 1"
	assert "$(rcli GET "epoch:$epoch:had_ws_updates")" = 1
	assert "$(rcli SISMEMBER epoch:dirty "$epoch")$(rcli SISMEMBER epoch:clean "$epoch")" = 10
	assert "$(rcli ZRANGE "epoch:$epoch:changed" 0 -1 WITHSCORES | paste -sd ' ')" = "$ID 2"
	eventually grep -q "hydrate $epoch 2" events
	kill $listener
	assert "$(records hydrated <<<"$output")" = "{\"type\":\"hydrated\",\"ts\":$((T + 9)),\"symbol\":\"SPX\",\"epoch_id\":\"$epoch\",\"seq\":2,\"read\":3,\"applied\":3,\"conflated\":0,\"late\":0,\"duplicate\":0,\"unknown\":0,\"held\":0,\"future\":0,\"dropped\":0,\"last_tick_ts\":$((T + 9))}"
	sound
}

@test "a group is replaced whole, and no other group" {
	before=$(of last last_size trade_ts iv delta oi volume)
	tick quote $T ask 2 >in
	run_tool epoch-hydrate <in
	assert "$(of bid ask bid_size ask_size quote_ts)" = " 2   $T"
	assert "$(of last last_size trade_ts iv delta oi volume)" = "$before"
}

@test "late and repeated ticks change nothing at all, and make nothing dirty" {
	tick quote $T feed_seq 5 bid 2 >in
	run_tool epoch-hydrate <in
	rcli SREM epoch:dirty "$(active)" >/dev/null
	rcli SADD epoch:clean "$(active)" >/dev/null
	before=$(state_digest)
	tick quote $T feed_seq 5 bid 2 >in
	run_tool epoch-hydrate <in
	sum_of <(echo "$output")
	assert "$sum_duplicate" = 1
	for late in "$((T - 1)) feed_seq 9 bid 3" "$T feed_seq 4 bid 3" \
	    "$T bid 3" "$T feed_seq 5 bid 1" "$T feed_seq 5 ask 9"; do
		# shellcheck disable=SC2086 # words
		tick quote $late >in
		run_tool epoch-hydrate <in
		sum_of <(echo "$output")
		assert "$sum_late" = 1 "$late"
	done
	assert "$(state_digest)" = "$before"
}

@test "the order of equals: a tick beats a snapshot, sequence, then bytes" {
	quote_ts=$(of quote_ts)
	while read -r seq bid wins; do
		tick quote "$quote_ts" feed_seq "$seq" bid "$bid" >in
		run_tool epoch-hydrate <in
		sum_of <(echo "$output")
		assert "$sum_applied" = "$wins" "seq $seq bid $bid"
	done <<-X
		0 0.01 1
		0 0.02 1
		9 0.01 1
		10 0.01 1
		9007199254740992 0.01 1
		9007199254740993 0.01 1
		9007199254740992 9.9 0
		9007199254740993 9.9 1
		9007199254740993 10 0
	X
}

@test "more than 5 s ahead of its receipt: future, and never written" {
	before=$(state_digest)
	RECV=$T tick quote $((T + 5001)) bid 9 >in
	run_tool epoch-hydrate <in
	sum_of <(echo "$output")
	assert "$sum_future" = 1
	assert "$(state_digest)" = "$before"
	RECV=$T tick quote $((T + 5000)) bid 9 >in
	run_tool epoch-hydrate <in
	sum_of <(echo "$output")
	assert "$sum_applied" = 1
}

# --- the properties

@test "any order, repeated, across promotions and refreshes: the values of the reference" {
	local seed f
	for ((seed = 1; seed <= ${SEEDS:-4}; seed++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		"$TICKS" shuffle $seed <"$DIR/ticks" >in
		hydrate_start -v --redis-timeout 20
		n=$(wc -l <in) at=0
		for f in a2 b b2 c c2; do
			sed -n "$((at * n / 6 + 1)),$(((at + 1) * n / 6))p" in >&6
			at=$((at + 1))
			epoch-promote <"$DIR/$f" >/dev/null
		done
		sed -n "$((5 * n / 6 + 1)),\$p" in >&6
		hydrate_end
		as_expected in "${GROWING[@]}"
		sum_of out
		assert "$sum_read" = "$n" "seed $seed"
		assert "$sum_held $sum_dropped" = "0 0"
		((sum_applied > 100)) || fail "applied only $sum_applied"
		assert "$(epoch-inspect --digest --values SPX)" = "${digest:=$(epoch-inspect --digest --values SPX)}" "seed $seed"
		sound "seed $seed"
	done
}

# So many tenths of a chain's contracts, as a snapshot of that time.
part() { # CHAIN TENTHS TS
	perl -ne '
		BEGIN { ($tenths, $ts) = splice(@ARGV, 0, 2) }
		if (/"type":"contract"/) {
			next if $n++ % 10 >= $tenths;
			$left++;
		} else {
			s/"ts":\d+/"ts":$ts/;
			s/"contracts":\d+/"contracts":$left/;
		}
		print' "$2" "$3" "$1" | geom-hash
}

# Boards that only grow, each refreshed, of a real one or a wide one.
make_wide() {
	local day tenths ts
	for day in 22 23; do
		if [[ -n $BOARDS ]]; then
			xz -dc "$BOARDS/cboe/_SPX-2026-07-$day.json.xz" |
				chain-fetch --source cboe --from - SPX
		else
			make_chain -n 3000 -s $day -t $((T + day * 1000))
		fi >day$day
	done
	ts=$(sed -n 's/.*"chain_begin","ts":\([0-9]*\).*/\1/p' day23)
	GROWING=()
	for tenths in 8 9 10; do
		for day in 22 23; do
			ts=$((ts + 60000))
			part day$day $tenths $ts >wide$tenths-$day
			GROWING+=("$PWD/wide$tenths-$day")
		done
	done
}

@test "a real board, or a wide one, as it grows: 100,000 ticks in any order" {
	local seed board at n base
	make_wide
	base=$(records contract "${GROWING[0]}" | sed -n 's/.*"quote_ts":\([0-9]*\).*/\1/p' | head -n 1)
	"$TICKS" make 100000 7 "$base" "${GROWING[-1]}" >ticks
	"$TICKS" expect ticks "${GROWING[@]}" >want
	for ((seed = 1; seed <= ${SEEDS:-1}; seed++)); do
		rcli FLUSHALL >/dev/null
		"$TICKS" shuffle $seed <ticks >in
		n=$(wc -l <in) at=0
		epoch-promote <"${GROWING[0]}" >/dev/null
		hydrate_start --redis-timeout 20
		for board in "${GROWING[@]:1}"; do
			sed -n "$((at * n / 6 + 1)),$(((at + 1) * n / 6))p" in >&6
			at=$((at + 1))
			epoch-promote <"$board" >/dev/null
		done
		sed -n "$((5 * n / 6 + 1)),\$p" in >&6
		hydrate_end
		epoch-inspect --digest --values --text SPX >have
		cmp want have || fail "seed $seed: $(diff want have | head -n 20)"
		sum_of out
		assert "$sum_read" = "$n" "seed $seed"
		assert "$sum_held $sum_dropped" = "0 0"
		assert "$(rcli LLEN epoch:timeline:SPX)" = 3
	done
}

@test "no tick is lost at a switch: bursts while epochs are promoted again and again" {
	"$TICKS" make 2000 3 $Q "$DIR/a" "$DIR/c" >in
	hydrate_start --redis-timeout 20
	# Newer and newer, so that each burst leaves its mark.
	for ((i = 0; i < 30; i++)); do
		perl -pe "s/(ts\":)(\d+)/\$1.(\$2+$i*50)/ge" in |
			tee -a sent
	done >&6 &
	writer=$!
	for ((i = 1; i <= 20; i++)); do
		make_chain -n $((40 + i)) -s $i -t $((T + 120000 + i * 50)) |
			geom-hash >"board$(printf %02d $i)"
		epoch-promote <"board$(printf %02d $i)" >/dev/null || fail promote
	done
	wait $writer
	hydrate_end
	as_expected sent "$DIR/a" board*
	sum_of out
	assert "$sum_read" = "$(wc -l <sent)"
	assert "$(rcli LLEN epoch:timeline:SPX)" = 21
	sound
}

# The promoter is stopped before each of its writes; ticks come; it goes on.
@test "no tick is lost at a switch, at whichever of the promoter's writes it comes" {
	local n met=0 fenced=0 under
	"$TICKS" make 300 4 $Q "$DIR/a" "$DIR/b" >in
	is_in() { # … or must wait for the fence, which stands for two seconds
		if (($(rcli EXISTS "epoch:$old:fence") == 1)); then
			under=1
		else
			has_counted read 300
		fi
	}
	for ((n = 1; n < 100; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		old=$(active)
		hydrate_start --redis-timeout 20
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n FAULT_SHORT=1500 \
		    epoch-promote <"$DIR/b" >/dev/null 2>&1 3>&- 6>&- &
		promoter=$!
		comes_to_stop $promoter || break
		cat in >&6
		under=0
		eventually is_in
		fenced=$((fenced + under))
		kill -CONT $promoter
		wait $promoter || fail "promoter, write $n"
		hydrate_end
		met=$((met + 1))
		as_expected in "$DIR/a" "$DIR/b"
		sum_of out
		assert "$sum_read $sum_held $sum_dropped" = "300 0 0" "write $n"
	done
	hydrate_end
	((met > 15 && fenced > 0)) || fail "writes met: $met, under the fence $fenced"
	sound
}

@test "a contract is listed: its ticks of before are in the new epoch at once" {
	ID=$(comm -13 <(sed -n 's/.*"id":"\([^"]*\).*/\1/p' "$DIR/a" | sort) \
	    <(sed -n 's/.*"id":"\([^"]*\).*/\1/p' "$DIR/b" | sort) | head -n 1)
	hydrate_start
	tick quote $((T + 7)) bid 3.25 >&6
	tick quote $((T + 8)) bid 3.50 >&6
	tick trade $((T + 8)) last 3.40 >&6
	eventually has_counted held 2
	assert "$(rcli EXISTS "epoch:$(active):contract:$ID")" = 0
	epoch-promote <"$DIR/b" >/dev/null
	eventually has_counted applied 2
	assert "$(of bid quote_ts last)" = "3.50 $((T + 8)) 3.40"
	hydrate_end
	sum_of out
	assert "$sum_read $sum_applied $sum_unknown $sum_held" = "3 2 1 0"
}

@test "the input ends right after a switch: what was held is in the new epoch" {
	ID=$(comm -13 <(sed -n 's/.*"id":"\([^"]*\).*/\1/p' "$DIR/a" | sort) \
	    <(sed -n 's/.*"id":"\([^"]*\).*/\1/p' "$DIR/b" | sort) | head -n 1)
	for ((i = 0; i < 5; i++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		hydrate_start
		tick quote $((T + 7)) bid 3.25 >&6
		eventually has_counted held 1
		epoch-promote <"$DIR/b" >/dev/null
		hydrate_end
		assert "$(of bid)" = 3.25 "round $i"
	done
}

@test "no tick invents: one in ten of no board; the contract sets stay" {
	"$TICKS" make 4000 5 $Q "$DIR/a" >known
	"$TICKS" strange 400 6 $Q >strange
	cat known strange | "$TICKS" shuffle 1 >in
	epoch-promote --force <"$DIR/a2" >/dev/null
	names() { rcli KEYS '*contract*' | sort; }
	before=$(names)
	run_tool epoch-hydrate <in
	assert "$(names)" = "$before"
	sum_of <(echo "$output")
	assert "$sum_read" = "$(wc -l <in)"
	assert "$sum_unknown" = "$(grep -c '250620[CP]9' in)"
	assert "$sum_held" = 0
	as_expected in "$DIR/a" "$DIR/a2"
	sound
}

# --- unknown contracts ask for a snapshot

strangers() { # FROM N TS: a tick each, 1 ms apart
	local i
	for ((i = 0; i < $2; i++)); do
		ID=$(printf 'O:SPX250620C%08d' $((90000000 + 1000 * ($1 + i))))
		tick quote $(($3 + i)) bid 1
	done
}

N=$((T + 3600000)) # later than any snapshot here

requests() {
	records refresh out | wc -l
}

@test "20 unknown contracts in 10 s ask for a snapshot, 19 do not" {
	strangers 0 19 $N >in
	strangers 0 19 $((N + 100)) >>in # the same again
	strangers 50 19 $((N + 20000)) >>in
	EPOCH_NOW_MS=$T run_tool epoch-hydrate <in
	assert "$(records refresh <<<"$output")" = ""
	strangers 0 20 $N >in
	EPOCH_NOW_MS=$T run_tool epoch-hydrate <in
	assert "$(records refresh <<<"$output")" = "{\"type\":\"refresh\",\"ts\":$T,\"symbol\":\"SPX\",\"reason\":\"unknown_contracts\"}"
	run_tool epoch-hydrate --unknown-limit 0 <in
	assert "$(records refresh <<<"$output")" = ""
	# nobody knows whom to ask for these
	sed -i s/O:SPX/O:NONE/ in
	run_tool epoch-hydrate <in
	assert "$(records refresh <<<"$output")" = ""
	assert "$(records hydrated <<<"$output" | head -n 1)" lacks symbol
}

@test "requests become rarer: 20 s, 40 s … 300 s apart" {
	n=0
	for ((at = 0; at < 1300; at += 5)); do
		strangers $((n++ * 10)) 10 $((N + at * 1000))
	done >in
	run_tool epoch-hydrate -v <in
	# the first at 5 s, then after 20, 40, 80, 160, 300, 300, 300 s
	assert "$stderr" has "requests 8"
}

@test "who is still unknown after a newer snapshot does not count again" {
	hydrate_start
	strangers 0 19 $((T + 60000)) >&6
	eventually has_counted held 19
	epoch-promote <"$DIR/b2" >/dev/null # begins later than these ticks
	# it has looked again: the new epoch is in its records
	ID=$(sed -n 's/.*"id":"\([^"]*\).*/\1/p' "$DIR/a" | head -n 1)
	tick quote $((T + 300000)) bid 1 >&6
	eventually grep -q "$(active)" out
	strangers 0 19 $((T + 300000)) >&6
	strangers 100 19 $((T + 300100)) >&6
	hydrate_end
	assert "$(requests)" = 0
	hydrate_start
	strangers 0 19 $((T + 300000)) >&6
	strangers 100 1 $((T + 300100)) >&6
	hydrate_end
	assert "$(requests)" = 1
}

@test "outside the window of the epoch: unknown at once, and no reason to ask" {
	rcli FLUSHALL >/dev/null
	make_chain -n 8 -f 'exp=..2025-07-01;strike=..6000' -e 2025-06-20 |
		geom-hash | epoch-promote >/dev/null
	hydrate_start
	for ((i = 0; i < 30; i++)); do
		ID=$(printf 'O:SPX250718C%08d' $((5000000 + 5000 * i)))
		tick quote $T bid 1
		ID=$(printf 'O:SPX250620C%08d' $((6000001 + i)))
		tick quote $T bid 1
	done >&6
	eventually has_counted unknown 60
	assert "$sum_held" = 0
	ID=O:SPX250620C06000000 # within
	tick quote $T bid 1 >&6
	eventually has_counted held 1
	hydrate_end
	assert "$(requests)" = 0
}

@test "the first epoch of a symbol comes later: its ticks have waited" {
	rcli FLUSHALL >/dev/null
	hydrate_start
	tick quote $T bid 4.5 >&6
	eventually has_counted held 1
	assert "$(records hydrated out | grep -c symbol)" = 0
	epoch-promote <"$DIR/a" >/dev/null
	eventually has_counted applied 1
	hydrate_end
	assert "$(of bid)" = 4.5
	sum_of out
	assert "$sum_read $sum_applied $sum_held" = "1 1 0"
}

@test "two symbols: each tick to the board that lists it" {
	make_chain -S NDX -n 6 -k 15000 | geom-hash | epoch-promote >/dev/null
	{
		tick quote $T bid 1
		ID=$(rcli GET "epoch:$(active NDX):geometry" | head -n 1)
		tick quote $T bid 2
		tick trade $T last 2
	} >in
	run_tool epoch-hydrate <in
	for s in SPX:1 NDX:2; do
		grep "\"symbol\":\"${s%:*}\"" <<<"$output" >one
		sum_of one
		assert "$sum_read $sum_applied" = "${s#*:} ${s#*:}" "$s"
	done
}
