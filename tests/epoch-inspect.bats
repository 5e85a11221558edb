#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-inspect: the views.  --check has a file of its own (inspect-check).

load helpers
load inspect

setup_file() {
	redis_start
	save_world
}

setup() {
	rcli FLUSHDB >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	export EPOCH_NOW_MS=1700000165000 # 45 s after C
}

teardown_file() {
	redis_stop
}

HEAD='SYMBOL  EPOCH_ID                     AGE(s)  DIRTY  DORMANT  FORCED  WS  HEATMAP  GEX'
RULE='------------------------------------------------------------------------------------------------'

# --- usage

@test "cases" {
	run_cases epoch-inspect
}

@test "usage: help and version" {
	run_tool epoch-inspect --help
	assert "$output" has --timeline
	run_tool epoch-inspect --version
	assert "$output" =~ "^epoch-inspect .*hiredis .*jansson "
}

@test "usage: operands that are no symbols and no ids are 64" {
	local bad
	for bad in '' 'A B' '{x}' '*' '../x' 'meta' $'SPX\r\nDEL x' 'SPX:0:a' \
	    'SPX:1:zz' 'ÄÖ' "$(printf 'A%.0s' {1..10000})"; do
		run_tool 64 epoch-inspect -- "$bad"
		assert "$stderr" has "neither a symbol nor an epoch id"
	done
}

@test "usage: options that do not go together are 64" {
	run_tool 64 epoch-inspect --check --digest
	run_tool 64 epoch-inspect --check -o symbol
	run_tool 64 epoch-inspect --digest --json
	run_tool 64 epoch-inspect -H
	run_tool 64 epoch-inspect --json -o symbol -H
	run_tool 64 epoch-inspect --contracts --json -o id
	assert "$stderr" has "no -o"
	run_tool 64 epoch-inspect --near 5
	run_tool 64 epoch-inspect --values
	run_tool 64 epoch-inspect --diff
	run_tool 64 epoch-inspect --diff A B C
	run_tool 64 epoch-inspect --check --watch 1
	run_tool 64 epoch-inspect --watch 0
	run_tool 64 epoch-inspect --redis-timeout x
	run_tool 64 epoch-inspect --contracts --near 101
	run_tool 64 epoch-inspect --digest --from SPX
}

# --- the table

@test "table: the sample of the specification, byte for byte" {
	rcli <<-END >/dev/null
		HSET epoch:active SPX SPX:1700000000:1f3a NDX NDX:1700000000:9b2e
		HSET epoch:meta:SPX:1700000000:1f3a created_ts 1700000075 dormant_count 0 forced_dirty 0
		HSET epoch:meta:NDX:1700000000:9b2e created_ts 1700000000 dormant_count 2 forced_dirty 1
		SADD epoch:dirty NDX:1700000000:9b2e
		SET epoch:SPX:1700000000:1f3a:had_ws_updates 1
		SET epoch:NDX:1700000000:9b2e:had_ws_updates 0
		HSET epoch:SPX:1700000000:1f3a:model:heatmap contracts 1245
		HSET epoch:SPX:1700000000:1f3a:model:gex contracts 842
	END
	export EPOCH_NOW_MS=1700000120999
	run_tool epoch-inspect
	assert "$output" = "$HEAD
$RULE
NDX     NDX:1700000000:9b2e          120     yes    2        yes     no  0        0
SPX     SPX:1700000000:1f3a          45      no     0        no      yes 1245     842"
	run_tool epoch-inspect I:SPX
	assert "$output" = "$HEAD
$RULE
SPX     SPX:1700000000:1f3a          45      no     0        no      yes 1245     842"
}

@test "table: columns widen when a value needs it, and the rule with them" {
	load_world
	local id=ABCDEFGHIJKLMNOP:1700000000:12345678
	rcli <<-END >/dev/null
		HSET epoch:active ABCDEFGHIJKLMNOP $id
		HSET epoch:meta:$id created_ts 1 dormant_count 1234567890 forced_dirty 1
		SET epoch:$id:had_ws_updates 1
		HSET epoch:$id:model:gex contracts 12345678901234567890
	END
	run_tool epoch-inspect
	printf '%s\n' "$output" >table
	# Every column starts at one offset in all rows: cut there, no word is cut.
	local at
	for at in DIRTY DORMANT FORCED WS HEATMAP GEX; do
		at=$(head -n 1 table | grep -bo "$at" | cut -d : -f 1)
		[[ $(sed 2d table | cut -c "$at" | sort -u) == ' ' ]]
	done
	# 9 more for the symbol, 8 id, 3 age, 2 dormant, 6 gex.
	assert "$(sed -n 2p table)" = "$RULE$(printf -- '-%.0s' {1..28})"
	assert "$(sed -n 4p table | tr -s ' ')" = "NDX NDX:1700000000:9b2e 165 yes 0 no no 0 0"
	run ! grep -q ' $' table
}

@test "table: an age is never negative; keys that are gone are -" {
	load_world
	export EPOCH_NOW_MS=1600000000000
	run_tool epoch-inspect -o age NDX
	assert "$output" = 0
	rcli DEL epoch:meta:$N epoch:$N:had_ws_updates >/dev/null
	run_tool epoch-inspect NDX
	assert "${lines[2]}" = \
	    "NDX     NDX:1700000000:9b2e          -       yes    -        -       -   0        0"
}

@test "table: operands are symbols or ids, in any spelling, once each" {
	load_world
	run_tool epoch-inspect -o epoch_id ^SPX $A _SPX NDX $C
	assert "$output" = "$N
$A
$C"
}

@test "table: no active epoch is 1, what there is is shown" {
	run_tool 1 epoch-inspect
	assert "$output" = "$HEAD
$RULE"
	assert "$stderr" has "epoch-inspect: -: NO_EPOCH: "
	load_world
	run_tool 1 epoch-inspect RUT SPX -o symbol
	assert "$output" = SPX
	assert "$stderr" has "epoch-inspect: RUT: NO_EPOCH: "
}

@test "table: an active entry that is no id of the symbol is 70" {
	load_world
	rcli HSET epoch:active NDX 'x
y' >/dev/null
	run_tool 70 epoch-inspect -o symbol
	assert "$output" = SPX
	assert "$stderr" has 'NDX: ACTIVE_ID'
}

@test "table: another prefix is another world" {
	load_world
	EPOCH_PREFIX='{x}:' run_tool 1 epoch-inspect
	export EPOCH_PREFIX='{x}:'
	put_world
	rcli DEL epoch:active >/dev/null
	run_tool epoch-inspect -o symbol
	assert "$output" = "NDX
SPX"
	EPOCH_PREFIX='{x' run_tool 78 epoch-inspect
}

# --- fields and records

@test "fields: tab-separated, in the order asked for, with -H" {
	load_world
	rcli HSET epoch:meta:$C ack:gex 3 ack:heatmap 2 filter days=30 >/dev/null
	run_tool epoch-inspect -H -o symbol,seq,models,clean,filter,prev,retired
	assert "$output" = "symbol	seq	models	clean	filter	prev	retired
NDX	3	-	no	-	-	-
SPX	3	gex=3,heatmap=2	no	days=30	$B	-"
}

@test "fields: every one that is known can be asked for" {
	load_world
	run_tool 64 epoch-inspect -o symbol,nonsense
	local all
	all=$(sed -n 's/^fields: //p' <<<"$stderr" | tr ' ' ,)
	assert "$all" has "created,created_ts,dirty"
	assert "$(tr , '\n' <<<"$all" | LC_ALL=C sort -c 2>&1)" = ""
	run_tool epoch-inspect -o "$all" SPX
	assert "$(tr '\t' '\n' <<<"$output" | wc -l)" = \
	    "$(tr , '\n' <<<"$all" | wc -l)"
	run_tool 64 epoch-inspect -o symbol,
	run_tool 64 epoch-inspect -o ''
}

@test "records: the same rows, typed, unknown left out" {
	load_world
	run_tool epoch-inspect --json
	assert "$(head -n 1 <<<"$output")" = \
	    '{"type":"epoch_row","ts":1700000165000,"symbol":"NDX","epoch_id":"NDX:1700000000:9b2e","age_s":165,"dirty":true,"dormant":0,"forced":false,"ws":false,"heatmap":0,"gex":0}'
	run_tool epoch-inspect --json -o filter,spot,reason SPX
	assert "$output" = \
	    "{\"type\":\"epoch_row\",\"ts\":1700000165000,\"symbol\":\"SPX\",\"epoch_id\":\"$C\",\"spot\":5000.5,\"reason\":\"geometry\"}"
}

# --- other views

@test "timeline: all epochs of a symbol, newest first" {
	load_world
	rcli HSET epoch:meta:$A retired 1700000100000 seal x pinned 1 >/dev/null
	rcli HSET epoch:meta:$B keep 1 seal x >/dev/null
	rcli HSET epoch:meta:$C pinned 1 keep 0 >/dev/null
	run_tool epoch-inspect --timeline SPX
	assert "$(tr -s ' ' <<<"${lines[0]}")" = \
	    "EPOCH_ID CREATED(UTC) REASON CONTRACTS ENTERED EXITED CARRIED FORCED SUPERSEDED_BY MARKS"
	assert "$(tr -s ' ' <<<"${lines[2]}")" = \
	    "$C 2023-11-14 22:15:20 geometry 5 1 2 0 no - pinned"
	assert "$(tr -s ' ' <<<"${lines[4]}")" = \
	    "$A 2023-11-14 22:13:20 first 4 1 2 0 no $B sealed,retired"
	assert "${lines[3]}" =~ " keep,sealed$"
	assert "${#lines[@]}" = 5
	run_tool epoch-inspect --timeline -o epoch_id
	assert "$output" = "$N
$C
$B
$A"
	run_tool epoch-inspect --timeline -o epoch_id $B
	assert "$output" = $B
}

@test "diff: two ids, two symbols' epochs, one against its own prev" {
	load_world
	run_tool epoch-inspect --diff $A $B
	assert "$output" = "expiration 2025-07-18: 2 entered, 0 left
+ O:SPX250718C05100000
+ O:SPX250718P05100000
total: 2 entered, 0 left"
	run_tool epoch-inspect --diff SPX
	assert "$output" = "expiration 2025-06-20: 0 entered, 1 left
- O:SPX250620C05000000
total: 0 entered, 1 left"
	local before=$output
	run_tool epoch-inspect --diff $B SPX
	assert "$output" = "$before"
	run_tool epoch-inspect --diff SPX $C
	assert "$output" = "total: 0 entered, 0 left"
}

@test "diff: agrees with comm over the geometries" {
	load_world
	rcli GET epoch:$A:geometry >a
	rcli GET epoch:$C:geometry >c
	run_tool epoch-inspect --diff $A $C
	assert "$(grep '^+ ' <<<"$output" | cut -c 3- | LC_ALL=C sort)" = \
	    "$(LC_ALL=C comm -13 a c | grep .)"
	assert "$(grep '^- ' <<<"$output" | cut -c 3- | LC_ALL=C sort)" = \
	    "$(LC_ALL=C comm -23 a c | grep .)"
}

@test "diff: no predecessor, a retired or unknown epoch are 1" {
	load_world
	run_tool 1 epoch-inspect --diff NDX
	assert "$stderr" has NO_PREV
	run_tool 1 epoch-inspect --diff SPX SPX:1:a
	assert "$stderr" has "SPX:1:a: NO_GEOMETRY"
	run_tool 1 epoch-inspect --diff RUT
	assert "$stderr" has "RUT: NO_EPOCH"
}

@test "contracts: a table, fields, records; unknown is -" {
	load_world
	run_tool epoch-inspect --contracts NDX
	assert "${lines[0]}" = "$N: 2 contracts, spot 5000.5"
	assert "$(tr -s ' ' <<<"${lines[3]}")" = \
	    "O:NDX250620C20000000 1.10 1.30 5.0 - 1.2 0.25 -0.5 - - - 10 3 164 175"
	run_tool epoch-inspect --contracts -H -o id,strike,right,expiration,trade_seq,quote_age NDX
	assert "$output" = "id	strike	right	expiration	trade_seq	quote_age
O:NDX250620C20000000	20000	call	2025-06-20	7	164
O:NDX250620P20000000	20000	put	2025-06-20	7	163"
	run_tool epoch-inspect --contracts --json NDX
	assert "${lines[0]}" = '{"type":"contract","ts":1700000001000,"symbol":"NDX","id":"O:NDX250620C20000000","expiration":"2025-06-20","strike":20000,"right":"call","bid":1.10,"ask":1.30,"bid_size":5.0,"quote_ts":1700000001000,"last":1.2,"trade_ts":1699999990000,"iv":0.25,"delta":-0.5,"oi":10,"volume":3}'
	run_tool 64 epoch-inspect --contracts -o nonsense
	assert "$stderr" has "fields: expiration strike"
}

@test "contracts: --near keeps strikes around the spot; none without spot" {
	load_world
	# The spot is 5000.5.
	run_tool epoch-inspect --contracts --near 0.01 -o strike $B
	assert "$(sort -u <<<"$output")" = "5000
5000.5"
	run_tool epoch-inspect --contracts --near 0 -o strike $B
	assert "$output" = 5000.5
	run_tool epoch-inspect --contracts --near 1.99 -o id $B
	assert "$(wc -l <<<"$output")" = 6
	run_tool epoch-inspect --contracts --near 1.98 -o id $B
	assert "$(wc -l <<<"$output")" = 4
	rcli HDEL epoch:meta:$B spot >/dev/null
	run_tool 1 epoch-inspect --contracts --near 1 $B
	assert "$stderr" has "$B: NO_SPOT"
}

@test "contracts: one that is gone is shown as such and told" {
	load_world
	rcli DEL epoch:$N:contract:O:NDX250620C20000000 >/dev/null
	WARN=ok run_tool epoch-inspect --contracts -o id,bid NDX
	assert "$output" = "O:NDX250620C20000000	-
O:NDX250620P20000000	2.10"
	assert "$stderr" has "$N: INCOMPLETE: 1 contract"
}

# --- digests

# The values digest by other means: redis-cli, awk, sort.
values_text() { # ID
	local cid
	while read -r cid; do
		rcli HGETALL "epoch:$1:contract:$cid" | paste - - |
			awk -v k="contract:$cid" '$1 !~ /_seq$/ {
				print k "\t" $1 "\t" $2 }'
	done < <(rcli GET "epoch:$1:geometry" | grep .)
	printf 'geometry\t\t%s\n' "$(rcli GET "epoch:$1:geometry" | grep . | sha)"
}

@test "digest: of values, as computed by other means" {
	load_world
	run_tool epoch-inspect --digest --values SPX $A
	assert "$output" = "$(values_text $A | LC_ALL=C sort | sha)  $A
$(values_text $C | LC_ALL=C sort | sha)  SPX"
}

@test "digest: its text is sorted, and its hash is the digest" {
	load_world
	rcli HSET epoch:meta:$C ack:gex 3 pinned 1 keep 1 seal x >/dev/null
	epoch-inspect --digest --text >text
	LC_ALL=C sort -c text
	run_tool epoch-inspect --digest
	assert "$output" = "$(sha <text)  state"
	assert "$(grep -c 'ack:\|incarnation\|pinned\|keep\|seal' text)" = 0
	assert "$(grep -c '^epoch:timeline:SPX	' text)" = 3
	assert "$(grep '^epoch:active	' text)" = "epoch:active	NDX	$N
epoch:active	SPX	$C"
	assert "$(grep ':changed	' text)" = \
	    "epoch:$C:changed	${BOARD_C[0]}	2
epoch:$C:changed	${BOARD_C[1]}	3"
}

@test "digest: does not depend on order, encoding or prefix" {
	load_world
	local before
	before=$(epoch-inspect --digest && epoch-inspect --digest --values)
	rcli FLUSHDB >/dev/null
	rcli CONFIG SET hash-max-listpack-entries 1 >/dev/null
	rcli CONFIG SET zset-max-listpack-entries 1 >/dev/null
	local -a a=("${BOARD_A[@]}") n=()
	local i
	for ((i = ${#a[@]} - 1; i >= 0; i--)); do
		n+=("${a[i]}")
	done
	BOARD_A=("${n[@]}")
	export EPOCH_PREFIX='other:'
	put_world
	assert "$(epoch-inspect --digest && epoch-inspect --digest --values)" \
	    = "$before"
	rcli CONFIG SET hash-max-listpack-entries 128 >/dev/null
	rcli CONFIG SET zset-max-listpack-entries 128 >/dev/null
}

@test "digest: any change of the state shows, of bookkeeping none does" {
	load_world
	local before change
	before=$(epoch-inspect --digest)
	for change in \
	    "HSET epoch:$C:contract:${BOARD_C[0]} bid 9.99" \
	    "HSET epoch:$B:contract:${BOARD_B[0]} trade_seq 8" \
	    "HDEL epoch:$C:contract:${BOARD_C[0]} iv" \
	    "HSET epoch:$C:contract:${BOARD_C[0]} new 1" \
	    "SET epoch:$B:had_ws_updates 1" \
	    "HSET epoch:meta:$A ticks 1" \
	    "ZADD epoch:$C:changed 1 ${BOARD_C[2]}" \
	    "LREM epoch:timeline:SPX 0 $A" \
	    "HSET epoch:active SPX $B" \
	    "HSET epoch:meta:$A retired 1"; do
		load_world
		# shellcheck disable=SC2086 # words
		rcli $change >/dev/null
		assert "$(epoch-inspect --digest)" != "$before" "$change"
	done
	load_world
	rcli HSET epoch:meta:$A ack:gex 1 seal x pinned 1 keep 1 incarnation y \
	    >/dev/null
	rcli SMOVE epoch:dirty epoch:clean $C >/dev/null
	assert "$(epoch-inspect --digest)" = "$before"
}

@test "digest: --from leaves out what was before, and its prev" {
	load_world
	epoch-inspect --digest --text --from $B SPX >text
	assert "$(grep -c "$A" text)" = 0
	assert "$(grep -c "^epoch:timeline:SPX	" text)" = 2
	local before
	before=$(epoch-inspect --digest --from $B SPX)
	rcli HSET epoch:meta:$A ticks 5 >/dev/null
	assert "$(epoch-inspect --digest --from $B SPX)" = "$before"
}

# --- hostile content

@test "nothing that Redis holds reaches the terminal raw" {
	load_world
	local evil=$'\e[2J\a\x7f\xc2\x9b\xe2\x80\xae\\ ä\n\r\t'
	rcli HSET epoch:meta:$C filter "$evil" reason "$evil" prev "$evil" \
	    ack:"$evil" "$evil" dormant_count "$evil" >/dev/null
	rcli HSET "epoch:$C:contract:${BOARD_C[0]}" bid "$evil" iv "$evil" >/dev/null
	rcli SET epoch:$C:had_ws_updates "$evil" >/dev/null
	rcli LPUSH epoch:timeline:SPX "$evil" >/dev/null
	{
		epoch-inspect
		epoch-inspect -o filter,reason,prev,models
		epoch-inspect --timeline
		epoch-inspect --contracts
		epoch-inspect --contracts -o bid
		epoch-inspect --digest --text
		epoch-inspect --check || :
		epoch-inspect --diff SPX || :
		epoch-inspect --json -o filter,models | tee json
		epoch-inspect --contracts --json | tee -a json
	} >all 2>&1
	run ! env LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f-\xff]' all
	jq . json >/dev/null
	jq -s -e --arg evil "$evil" 'any(.[]; .type == "epoch_row" and
	    .symbol == "SPX" and .filter == $evil)' json
}

# --- Redis

@test "no socket, a stale socket: 75 with the address" {
	run_tool 75 epoch-inspect --redis "unix:$BATS_TEST_TMPDIR/none"
	assert "$stderr" has "REDIS_CONNECT: unix:$BATS_TEST_TMPDIR/none: "
	perl -e 'use IO::Socket::UNIX;
	    IO::Socket::UNIX->new(Local => "stale", Listen => 1) or die'
	run_tool 75 epoch-inspect --redis ./stale
	assert "$stderr" has "Connection refused"
}

@test "a frozen server: 75 within the timeout" {
	load_world
	kill -STOP "$REDIS_PID"
	run_tool 75 epoch-inspect --redis-timeout 0.05 || {
		kill -CONT "$REDIS_PID"
		return 1
	}
	kill -CONT "$REDIS_PID"
	assert "$stderr" has REDIS_TIMEOUT
	assert "$stderr" has "no answer within 50 ms"
}

@test "a password is wanted, or wrong: 77, and it is never shown" {
	load_world
	rcli CONFIG SET requirepass sekret >/dev/null
	run_tool 77 epoch-inspect
	run_tool 77 epoch-inspect --redis "unix://:sekret1@$REDIS_SOCK"
	assert "$stderr" lacks sekret1
	run_tool epoch-inspect -o symbol --redis "unix://:sekret@$REDIS_SOCK" NDX
	assert "$output" = NDX
	rcli -a sekret --no-auth-warning CONFIG SET requirepass '' >/dev/null
}

@test "a wrong type under our key: 78, from --check 70 with its name" {
	load_world
	local key
	for key in epoch:active epoch:meta:$C epoch:$C:had_ws_updates epoch:dirty; do
		rcli DEL $key >/dev/null
		rcli LPUSH $key x >/dev/null
		run_tool 78 epoch-inspect
		run_tool 70 epoch-inspect --check
		assert "$output" has "TYPE: $key is a list"
		load_world
	done
}

@test "not a Redis: 76" {
	perl -e 'use IO::Socket::UNIX; alarm 20;
	    my $l = IO::Socket::UNIX->new(Local => "web", Listen => 1) or die;
	    while (my $c = $l->accept) {
		print $c "HTTP/1.1 400 Bad Request\r\n\r\n"; close $c }' 3>&- &
	local pid=$!
	eventually test -S web
	run_tool 76 epoch-inspect --redis ./web
	kill $pid
	assert "$stderr" has REDIS_PROTOCOL
}

@test "rediss:// and other nonsense: 78 with advice, not repeated" {
	run_tool 78 epoch-inspect --redis rediss://u:sekret@h
	assert "$stderr" has tunnel
	assert "$stderr" lacks sekret
	REDIS_URL=nonsense run_tool 78 epoch-inspect
}

# --- output and life

@test "a full disk is 74, a reader that left 141" {
	load_world
	run_tool 74 bash -c 'epoch-inspect >/dev/full'
	run_tool 74 bash -c 'epoch-inspect >&-'
	run_tool 0 bash -c 'epoch-inspect --watch 0.02 -o symbol |
	    head -n 1 >/dev/null; test "${PIPESTATUS[0]}" = 141'
}

@test "watch: tables at an interval, ends by a signal, 0 after TERM" {
	load_world
	epoch-inspect --watch 0.02 NDX >out 2>err 3>&- &
	local pid=$!
	eventually eval '(($(grep -c NDX: out) >= 3))'
	kill -TERM $pid
	wait $pid
	assert "$(sed -n 1,3p out)" = "$(epoch-inspect NDX)"
	run ! grep -q $'\e' out
	assert "$(cat err)" = ""
}

@test "watch: on a terminal it is drawn in place" {
	command -v script >/dev/null || skip "no script(1)"
	load_world
	script -qefc 'epoch-inspect --watch 0.05' typed </dev/null \
	    >/dev/null 3>&- &
	eventually eval "LC_ALL=C grep -aq $'^.*\\e\\[HSYMBOL' typed"
	eventually eval "LC_ALL=C grep -aq $'\\e\\[J' typed"
	kill_all $!
}

@test "watch: Redis goes and comes back: one line each" {
	load_world
	epoch-inspect --watch 0.02 -o symbol NDX >out 2>err 3>&- &
	local pid=$!
	eventually test -s out
	redis_stop
	eventually grep -q REDIS_AWAY err
	redis_start
	save_world
	load_world
	eventually grep -q REDIS_BACK err
	: >out
	eventually test -s out
	kill -TERM $pid
	wait $pid
	assert "$(grep -c REDIS_AWAY err)/$(grep -c REDIS_BACK err)" = 1/1
}
