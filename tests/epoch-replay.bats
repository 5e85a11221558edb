#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-replay: the tape of a live run gives its state again, at any speed, up
# to any act; a bad tape gives a message and nothing else.

load helpers
load hydrate
load tape

# One life for the file: its tape, and what there was after each step.
setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	export DIR=$BATS_FILE_TMPDIR
	make_boards
	journal_on
	local i act
	for ((i = 1; i <= STEPS; i++)); do
		step $i || fail "step $i"
		act=$(rcli XREVRANGE epoch:journal:SPX + - COUNT 1 | sed -n '1s/0-//p')
		printf '%s %s\n' "$act" "$(digest '' SPX)" >>moments
	done
	epoch-record --once SPX NDX >tape
	grep '"symbol":"SPX"' tape >spx
	digest '' SPX NDX >live
	digest '' SPX >live.spx
	rcli LRANGE epoch:timeline:SPX 0 -1 | tac >epochs
	while read -r i; do
		printf '%s %s\n' "$i" "$(digest '' --values "$i" | cut -d ' ' -f 1)"
	done <epochs >seals
	epoch-inspect --digest --from "$(sed -n 2p epochs)" SPX >live.from
}

setup() {
	find_redis || redis_start
	cd "$BATS_TEST_TMPDIR" || return 1
	export EPOCH_PREFIX=r:
	forget
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

# Nothing of a prefix is left.
forget() { # [PREFIX]
	rcli --scan --pattern "${1-r:}*" | xargs -r redis-cli -s "$REDIS_SOCK" DEL >/dev/null
}

# The tape is refused with that code, and Redis is not touched.
refused() { # CODE TAPE...
	local code=$1
	shift
	run_tool 65 epoch-replay "$@"
	assert "$stderr" has "$code"
	assert "$(keys_of r:)" = 0 "keys after a refused tape"
	assert "$(jq -s 'map(.acts + .epochs) | add // 0' <<<"$output")" = 0 "what was done"
	run_tool 65 epoch-replay --check "$@"
	assert "$stderr" has "$code"
}

@test "usage" {
	run_tool 64 epoch-replay --until never "$DIR/tape"
	run_tool 64 epoch-replay --until act:0 "$DIR/tape"
	run_tool 64 epoch-replay --from SPX "$DIR/tape"
	run_tool 64 epoch-replay --speed 0 "$DIR/tape"
	run_tool 64 epoch-replay --bisect "$DIR/tape"
	run_tool 64 epoch-replay --check --bisect "$DIR/tape" "$DIR/tape"
	run_tool 66 epoch-replay nowhere
	run_tool 1 epoch-replay </dev/null
	assert "$stderr" has NOTHING
	REDIS_URL=unix:///nowhere run_tool 75 epoch-replay --redis-timeout 0.2 "$DIR/tape"
}

@test "the state is the live one: file, stdin, compressed, again and again" {
	run_tool epoch-replay "$DIR/tape"
	digest r: SPX NDX | cmp - "$DIR/live"
	zstd -q "$DIR/tape" -o tape.zst
	for how in stdin pipe zst split short; do
		forget
		case $how in
		stdin) run_tool epoch-replay <"$DIR/tape" ;;
		pipe) cat "$DIR/tape" | epoch-replay - >out ;;
		zst) run_tool epoch-replay tape.zst ;;
		split)
			head -n 7 "$DIR/spx" >x1
			tail -n +8 "$DIR/spx" >x2
			grep '"symbol":"NDX"' "$DIR/tape" >n
			run_tool epoch-replay x1 n x2
			;;
		short)
			LD_PRELOAD=$FAULT_SO FAULT_FDS=all FAULT_SHORT=7 \
			    epoch-replay "$DIR/tape" >out
			;;
		esac
		digest r: SPX NDX | cmp - "$DIR/live" || fail "$how"
	done
	run_tool epoch-inspect --check
}

@test "more files than may be open: plain, compressed, both; the state is the live one" {
	local f
	many_acts 110
	split -a 3 -l 1 many m.
	(($(ls m.* | wc -l) > 100)) || fail "few files"
	for f in m.*; do
		zstd -q "$f" -o "z${f#m}"
	done
	# all but a few are opened when they are read
	for f in m z '[mz]'; do
		[[ $f != '[mz]' ]] || rm m.*[aceg] z.*[!aceg]
		# shellcheck disable=SC2046
		(ulimit -n 64 && cd "$PWD" &&
		    epoch-replay $(find . -name "$f.*" | sort -t . -k 3) >out 2>err) ||
			fail "$f: $(cat err)"
		digest r: SPX | cmp - many.live || fail "$f"
		forget
	done
	# as many as there are symbols are read at a time
	# shellcheck disable=SC2046
	(ulimit -n 12 && epoch-replay --check $(find . -name '[mz].*' | sort -t . -k 3)) ||
		fail "twelve"
}

@test "a file that is another one when it is read than when it was checked" {
	split -l 1 "$DIR/spx" m.
	(ulimit -n 12 && exec env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=2 \
	    epoch-replay m.* >out 2>err 3>&- 4>&-) &
	pid=$!
	comes_to_stop $pid || fail "$(cat err)"
	cp m.ac other # the same bytes, and another file
	mv other m.ac
	kill -CONT $pid
	rc=0
	wait $pid || rc=$?
	assert $rc = 66
	assert "$(cat err)" has "epoch-replay: m.ac: CHANGED: "
	assert "$(wc -l <err)" = 1
}

@test "text that JSON escapes: recorded and replayed as it was" {
	export EPOCH_PREFIX=t:
	forget t:
	journal_on
	sed '1s|"source":"[a-z]*"|"source":"a\\n\\t\\u0001\\u007f\\"\\\\/\\u00e9"|' \
	    "$DIR/a" | epoch-promote >/dev/null
	assert "$(rcli HGET t:epoch:meta:"$(rcli HGET t:epoch:active SPX)" source)" = \
	    $'a\n\t\001\177"\\/\303\251'
	run_tool epoch-record --once SPX
	EPOCH_PREFIX=r: epoch-replay <<<"$output" >/dev/null
	assert "$(digest r:)" = "$(digest t:)"
	forget t:
}

@test "at ten times the speed of then: the same" {
	run_tool epoch-replay --speed 10 "$DIR/tape"
	digest r: SPX NDX | cmp - "$DIR/live"
}

@test "--until each act: the state of then" {
	while read -r act want; do
		forget
		run_tool epoch-replay --until "act:$act" "$DIR/spx"
		assert "$(digest r: SPX)" = "$want" "act $act"
	done <"$DIR/moments"
	# and of a time: between two acts
	ts=$(jq -r 'select(.type == "act" and .act == 4).ts' "$DIR/spx")
	forget
	run_tool epoch-replay --until "$ts" "$DIR/spx"
	last=$(jq -r .last_act <<<"$output")
	((last >= 4 && $(jq -r "select(.act == $((last + 1))).ts" "$DIR/spx") > ts))
}

@test "--until a time, in a tape of two symbols: each up to that time" {
	# as they come from two batches: all of one before all of the other
	{ grep '"symbol":"SPX"' "$DIR/tape"; grep '"symbol":"NDX"' "$DIR/tape"; } >mixed
	grep '"symbol":"NDX"' "$DIR/tape" >ndx
	for n in 4 3 2; do
		ts=$(jq -s "map(select(.type == \"act\"))[$n - 1].ts" ndx)
		forget
		run_tool epoch-replay --until "$ts" "$DIR/spx" ndx
		sort <<<"$output" >apart
		digest r: >apart.state
		forget
		run_tool epoch-replay --until "$ts" mixed
		sort <<<"$output" | diff apart -
		digest r: | diff apart.state -
	done
	# what is damaged behind the limits of all does not matter
	{ cat mixed; echo torn; } >bad
	forget
	run_tool 65 epoch-replay bad
	run_tool epoch-replay --until "$ts" bad
	digest r: | diff apart.state -
}

@test "--until each epoch's successor: the values of the epoch" {
	before=
	while read -r id hash; do
		if [[ -n $before ]]; then
			forget
			run_tool epoch-replay --until "$id" "$DIR/spx"
			assert "$(digest r: --values SPX | cut -d ' ' -f 1)" = \
			    "$(sed -n "s/^$before //p" "$DIR/seals")" "before $id"
		fi
		before=$id
	done <"$DIR/seals"
	(($(grep -c . "$DIR/seals") >= 4))
}

@test "ten promotions: --until each epoch's successor gives the seal of that epoch" {
	local i n=${REPLAY_PROMOTIONS:-10} id successor seal
	export EPOCH_PREFIX=k:
	run_tool epoch-record --on
	for ((i = 0; i <= n; i++)); do
		make_chain -n $((20 + i % 3 * 2)) -s $i -t $((T + i * 60000)) |
			geom-hash >board
		epoch-promote <board >out
		assert "$(jq -r .outcome out)" = new
		"$TICKS" make 60 $i $((T + i * 60000 - 902000)) board | epoch-hydrate >/dev/null
		make_chain -n $((20 + i % 3 * 2)) -s $((i + 50)) \
		    -t $((T + i * 60000 + 20000)) | geom-hash | epoch-promote >out
		assert "$(jq -r .outcome out)" = same
	done
	# some are sealed early, and their contracts gone
	run_tool epoch-gc --keep 4 --grace 0
	epoch-record -q --once SPX >tape
	rcli LRANGE k:epoch:timeline:SPX 0 -1 | tac >ids
	assert "$(grep -c . ids)" = $((n + 1))
	while read -r id; do
		successor=$(rcli HGET "k:epoch:meta:$id" superseded_by)
		[[ -n $successor ]] || break
		seal=$(rcli HGET "k:epoch:meta:$id" seal)
		forget
		EPOCH_PREFIX=r: run_tool epoch-replay --until "$successor" tape
		assert "$(rcli HGET r:epoch:active SPX)" = "$id"
		assert "$(digest r: --values SPX | cut -d ' ' -f 1)" = "$seal" "$id"
		echo "$seal" >>seals
	done <ids
	assert "$(sort -u seals | grep -c .)" = "$n" "as many different ones"
	forget k:
}

@test "--from an epoch: that and what follows" {
	run_tool epoch-replay --from "$(sed -n 2p "$DIR/epochs")" "$DIR/spx"
	epoch-inspect --digest --from "$(sed -n 2p "$DIR/epochs")" SPX |
		cmp - "$DIR/live.from"
	forget
	run_tool 1 epoch-replay --from SPX:1:ab "$DIR/spx"
	assert "$(keys_of r:)" = 0
}

@test "an epoch that is not on the tape limits nothing: 1, nothing is done" {
	local id
	for id in SPX:1:ab12 NDX:1:ab12 XSP:1:ab12; do
		for how in --until --from; do
			run_tool 1 epoch-replay $how $id "$DIR/tape"
			assert "$stderr" has "NOTHING: no commit of $id"
			run_tool 1 epoch-replay --check $how $id "$DIR/tape"
		done
	done
	id=$(sed -n 2p "$DIR/epochs") # its commit, but not all of its contracts
	grep -n "\"epoch_id\":\"$id\",\"kind\":\"commit\"" "$DIR/spx" | cut -d : -f 1 >at
	{ head -n 1 "$DIR/spx"; tail -n +"$(cat at)" "$DIR/spx"; } >bad
	run_tool 65 epoch-replay bad
	run_tool 1 epoch-replay --from "$id" bad
	assert "$(keys_of r:)" = 0
}

@test "a Redis with such epochs is not touched, unless told" {
	run_tool epoch-replay "$DIR/spx"
	state_dump >before
	run_tool 1 epoch-replay "$DIR/spx"
	assert "$stderr" has --into-used
	run_tool 1 epoch-replay --into-used "$DIR/spx"
	assert "$stderr" has "was given out before"
	state_dump | cmp - before
	forget
	make_chain -t $((T - 9000)) | geom-hash | epoch-promote >/dev/null
	run_tool epoch-replay --into-used "$DIR/spx"
	epoch-inspect --digest --from "$(sed -n 1p "$DIR/epochs")" SPX >got
	forget
	run_tool epoch-replay "$DIR/spx"
	epoch-inspect --digest --from "$(sed -n 1p "$DIR/epochs")" SPX | cmp - got
}

@test "a tape cut anywhere in a line: refused; up to its good end replayed" {
	n=$(wc -l <"$DIR/spx")
	for ((k = 2; k <= n; k += 4)); do
		head -n $k "$DIR/spx" >bad
		truncate -s -9 bad
		refused TORN bad
		((k == 2)) || assert "$stderr" has "good up to act $((k - 2)) (--until)"
	done
	head -n 5 "$DIR/spx" >bad # head, rows, commit, hydrate, begin
	printf '{"type":"act"' >>bad
	run_tool epoch-replay --until act:3 bad
	assert "$(jq -r .last_act <<<"$output")" = 3
}

@test "a line that is missing, doubled or elsewhere: refused" {
	n=$(wc -l <"$DIR/spx")
	for ((k = 1; k < n; k++)); do
		sed "${k}d" "$DIR/spx" >bad
		refused GAP bad
		((k < 4)) || {
			assert "$stderr" has "good up to act $((k - 2)) (--until)"
			run_tool epoch-replay --check --until act:$((k - 2)) bad
		}
		((k > 1)) || continue # the head twice says the same
		sed "${k}p" "$DIR/spx" >bad
		refused ORDER bad
		sed "${k}{h;d};$((k + 1))G" "$DIR/spx" >bad
		run_tool 65 epoch-replay bad
		assert "$(keys_of r:)" = 0
	done
}

@test "flipped bytes, wherever: refused" {
	size=$(stat -c %s "$DIR/spx")
	for seed in $(seq 40); do
		perl -e 'my ($seed, $size) = @ARGV; srand($seed); undef $/;
		    my $t = <STDIN>; my $at = int(rand($size));
		    substr($t, $at, 1) = chr(ord(substr($t, $at, 1)) ^ (1 << int(rand(7))));
		    print $t' "$seed" "$size" <"$DIR/spx" >bad
		run_tool 65 epoch-replay --check bad
	done
	run_tool 65 epoch-replay bad
	assert "$(keys_of r:)" = 0
}

# Lines with their sums made right again.
sign() {
	perl -MDigest::SHA=sha256_hex -ne 's/,"sum":"[0-9a-f]{16}"\}$//; chomp;
	    printf "%s,\"sum\":\"%s\"}\n", $_, substr(sha256_hex($_), 0, 16)'
}

@test "a newer version, a kind of act we do not know: refused" {
	sign <"$DIR/spx" | cmp - "$DIR/spx"
	sed '1s/"version":1/"version":2/' "$DIR/spx" | sign >bad
	refused NEWER bad
	sed 's/"kind":"hydrate"/"kind":"dehydrate"/' "$DIR/spx" | sign >bad
	refused BAD_ACT bad
	{ cat "$DIR/spx"; echo '{"type":"heartbeat","ts":1}'; } >bad
	forget
	run_tool 65 epoch-replay bad
}

@test "contracts that are not the commit's geometry: refused" {
	sed '2s/O:SPX250620C05000000/O:SPX250620C05000001/' "$DIR/spx" | sign >bad
	refused INCOMPLETE bad
	sed '2s/,5000,call,/,5000,cell,/' "$DIR/spx" | sign >bad
	refused "INCOMPLETE: commit of" bad
	assert "$stderr" has "a contract that cannot be"
}

@test "a server that would evict epochs: 78, nothing is done" {
	rcli CONFIG SET maxmemory-policy allkeys-lru >/dev/null
	run_tool 78 epoch-replay "$DIR/spx"
	rcli CONFIG SET maxmemory-policy noeviction >/dev/null
	assert "$stderr" has EVICTING
	assert "$(keys_of r:)" = 0
	run_tool epoch-replay "$DIR/spx"
}

@test "what comes of an act is compared: DIVERGED, 70" {
	# older than what is stored: it would be late
	sed '4s/q,\(O:[A-Z0-9]*\),17[0-9]*,/q,\1,1600000000000,/' "$DIR/spx" | sign >bad
	run_tool 70 epoch-replay bad
	assert "$stderr" has "DIVERGED: act 3"
	assert "$stderr" has "good up to act 2 (--until)"
	assert "$(jq -c '[.acts, .epochs, .last_act]' <<<"$output")" = "[1,1,2]"
}

# A board and N acts of a tick each, on the tape ./many.
many_acts() { # N
	local i
	EPOCH_PREFIX=m: epoch-record --on
	EPOCH_PREFIX=m: epoch-promote <"$DIR/b" >/dev/null
	for ((i = 1; i <= $1; i++)); do
		printf '{"type":"tick","ts":%s,"id":"%s","kind":"trade","recv_ts":%s,"feed_seq":%s,"last":%s,"last_size":1}\n' \
		    $((T + 400000 + i)) "$(jq -r 'select(.type == "contract").id' \
		    "$DIR/b" | head -n 1)" $((T + 400000)) "$i" "$i" |
			EPOCH_PREFIX=m: epoch-hydrate >/dev/null
	done
	EPOCH_PREFIX=m: epoch-record --once SPX >many
	digest m: SPX >many.live
	forget m:
}

@test "many batches on their way: the one that diverged is named, and its line" {
	local act line
	many_acts 12
	line=$(($(wc -l <many) - 5))
	act=$(sed -n "${line}s/.*\"act\":\([0-9]*\).*/\1/p" many)
	sed "${line}s/t,\(O:[A-Z0-9]*\),17[0-9]*,/t,\1,1600000000000,/" many | sign >bad
	run_tool 70 epoch-replay bad
	assert "$stderr" has "bad, line $line: DIVERGED: act $act "
	assert "$stderr" has "good up to act $((act - 1)) "
	told=$output
	digest r: SPX >stands
	forget
	run_tool epoch-replay --until $((act - 1)) many
	assert "$told" = "$output" "what was done"
	digest r: SPX | cmp - stands
	forget
	# but a tick that cannot be comes after all in front of it
	sed "${line}s/t,O:/t,P:/; $((line + 1))s/t,O:/x,O:/" many | sign >bad
	run_tool 70 epoch-replay bad
	assert "$stderr" has "bad, line $line: DIVERGED: act $act "
	sed "$((line + 1))s/t,O:/x,O:/" many | sign >bad
	forget
	run_tool 65 epoch-replay bad
	assert "$stderr" has "bad, line $((line + 1)): BAD_ACT: act $((act + 1)) "
}

@test "many batches on their way: a server that forgot the scripts" {
	many_acts 12
	rcli SCRIPT FLUSH >/dev/null
	run_tool epoch-replay many
	digest r: SPX | cmp - many.live
}

# A replay of ./many to a server that refuses those batches.
refused_replay() { # STATUS REPLY N...
	local status=$1 refuser
	shift
	forget
	rm -f front
	"$ROOT/tests/refuse.pl" "$PWD/front" "$REDIS_SOCK" "$@" 3>&- &
	refuser=$!
	eventually test -S front
	run_tool "$status" epoch-replay -r "unix://$PWD/front" many
	wait $refuser || fail "refuse.pl"
}

@test "many batches on their way: refused ones, those behind them not, are done in order" {
	local reply
	many_acts 12
	for reply in "BUSY Redis is busy running a script" "LOADING Redis is" \
	    "NOSCRIPT No matching script" "OOM command not allowed"; do
		refused_replay 0 "$reply" 2 5 6
		digest r: SPX | cmp - many.live || fail "$reply"
	done
}

@test "many batches on their way: refused for good, nothing behind is done" {
	local act reply
	many_acts 12
	act=$(jq -r 'select(.kind == "hydrate").act' many | sed -n 3p)
	run_tool epoch-replay --until $((act - 1)) many
	digest r: SPX >stands
	for reply in "READONLY You can not write" "ERR what is this"; do
		refused_replay "$([[ $reply == ERR* ]] && echo 70 || echo 75)" \
		    "$reply" 3
		assert "$stderr" has "${reply%% *}"
		digest r: SPX | cmp - stands || fail "$reply"
	done
	assert "$stderr" has "good up to act $((act - 1)) "
}

@test "the tape of a replay is the tape; --bisect names the first difference" {
	run_tool epoch-record --on
	run_tool epoch-replay "$DIR/tape"
	run_tool epoch-record --once SPX NDX
	printf '%s\n' "$output" >again
	run_tool epoch-replay --bisect "$DIR/tape" again
	digest r: SPX NDX | cmp - "$DIR/live"
	for k in 4 6 7 9; do
		act=$(sed -n "${k}p" "$DIR/spx" | jq -r .act)
		sed "${k}s/\\([,\"]\\)1\\([0-9]*\\)\\([,\"]\\)/\\12\\2\\3/" "$DIR/spx" | sign >other
		! cmp -s "$DIR/spx" other || fail "the same: line $k"
		run_tool 1 epoch-replay --bisect "$DIR/spx" other
		assert "$stderr" has "DIFFERENT"
		assert "$stderr" has "act $act"
	done
	head -n 7 "$DIR/spx" >short
	run_tool 1 epoch-replay --bisect "$DIR/spx" short
	assert "$stderr" has "goes on alone: act 7"
}

@test "each writer killed in turn, at every write: the digest holds" {
	local n f rc
	export EPOCH_PREFIX=k:
	run_tool epoch-record --on
	"$TICKS" make 60 1 "$Q" "$DIR/a" >t
	for ((n = 4; n < 60; n += 5)); do
		for f in a a2 b b2 c; do
			LD_PRELOAD=$FAULT_SO FAULT_KILL_AT=$n epoch-promote -q \
			    <"$DIR/$f" >/dev/null 2>&1 || :
			LD_PRELOAD=$FAULT_SO FAULT_KILL_AT=$n epoch-hydrate -q \
			    <t >/dev/null 2>&1 || :
			for rc in 1 2 3; do
				printf '{"type":"heartbeat","ts":%s,"symbols":["SPX"],"state":"subscribed","received":0}\n' \
				    $((T + n * 100000 + rc * 7000))
			done | LD_PRELOAD=$FAULT_SO FAULT_KILL_AT=$n \
			    dormancy-watch -q --clock records >/dev/null 2>&1 || :
		done
		epoch-promote -q --force <"$DIR/c2" >/dev/null
		epoch-record -q --once SPX >tape
		EPOCH_PREFIX=r: run_tool epoch-replay tape
		assert "$(digest r: SPX)" = "$(digest k: SPX)" "killed at $n"
		forget
		forget k:
		run_tool epoch-record --on
	done
}

@test "several promoters at once: the digest holds" {
	local i f pids=()
	export EPOCH_PREFIX=k:
	run_tool epoch-record --on
	"$TICKS" make 200 1 "$Q" "$DIR/a" >t
	for i in 1 2 3; do
		for f in a a2 b b2 c c2; do
			epoch-promote -q --force <"$DIR/$f" >/dev/null 2>&1 || :
		done &
		pids+=($!)
	done
	for i in 1 2 3 4; do
		epoch-hydrate -q <t >/dev/null 2>&1 || :
	done &
	pids+=($!)
	wait "${pids[@]}"
	epoch-record -q --once SPX >tape
	EPOCH_PREFIX=r: run_tool epoch-replay tape
	assert "$(digest r: SPX)" = "$(digest k: SPX)"
	forget k:
}

@test "retiring is an act" {
	export EPOCH_PREFIX=k:
	run_tool epoch-record --on
	for f in a b c; do
		epoch-promote <"$DIR/$f" >/dev/null
	done
	run_tool epoch-gc --keep 0 --grace 0
	epoch-record -q --once SPX >tape
	assert "$(grep -c '"kind":"retire"' tape)" = 2
	EPOCH_PREFIX=r: run_tool epoch-replay tape
	assert "$(digest r: SPX)" = "$(digest k: SPX)"
	forget k:
}

@test "switched off for a while: the gap is seen, nothing is replayed" {
	export EPOCH_PREFIX=k:
	run_tool epoch-record --on
	epoch-promote <"$DIR/a" >/dev/null
	run_tool epoch-record --off
	"$TICKS" make 20 1 "$Q" "$DIR/a" | epoch-hydrate >/dev/null
	run_tool epoch-record --on
	epoch-promote <"$DIR/a2" >/dev/null
	epoch-promote <"$DIR/b" >/dev/null
	epoch-promote <"$DIR/b2" >/dev/null
	WARN=ok epoch-record -q --once SPX >tape
	export EPOCH_PREFIX=r:
	refused "the seq of its epoch" tape
	id=$(jq -r 'select(.kind == "commit").epoch_id' tape | tail -n 1)
	run_tool epoch-replay --from "$id" tape
	assert "$(digest r: SPX --from "$id")" = "$(digest k: SPX --from "$id")"
	forget k:
}

# What a replay of TAPE said it did (in out) is what one up to that act does, and
# the state in Redis; so many acts, whose answers did not come, may be there, too.
told_is_done() { # TAPE MORE WHAT
	local last next
	last=$(jq '.last_act // 0' out)
	((last > 0)) || assert "$(jq -c '[.acts, .epochs, .epoch_id]' out)" = "[0,0,null]" "$3"
	digest r: SPX >stands 2>/dev/null || : >stands
	for ((next = last; next <= last + $2; next++)); do
		: >there
		if ((next > 0)); then
			EPOCH_PREFIX=u: run_tool epoch-replay --until act:$next "$1"
			((next > last)) || assert "$output" = "$(cat out)" "$3"
			digest u: SPX >there
			forget u:
		fi
		cmp -s there stands && return 0
	done
	fail "$3: told of acts up to $last, and done is something else"
}

@test "told to stop before any write: what it says it did is done, and no more" {
	local n rc how stopped
	many_acts 30
	for how in '' '--speed 1000000'; do # with ticks on their way, and without
		rc=75
		stopped=0
		for ((n = 1; rc == 75 && n < 200; n += 3)); do
			forget
			rc=0
			# shellcheck disable=SC2086
			LD_PRELOAD=$FAULT_SO FAULT_TERM_AT=$n epoch-replay $how many \
			    >out 2>err || rc=$?
			((rc == 75)) || break
			stopped=$((stopped + 1))
			told_is_done many "$([[ -z $how ]] && echo 256 || echo 1)" "$how $n"
		done
		assert $rc = 0 "$(cat err)"
		((stopped > 2)) || fail "stopped $stopped times: $how"
	done
}

@test "TERM while it keeps time: at once, 75" {
	epoch-replay --speed 0.01 "$DIR/spx" 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ -n $(rcli HGET r:epoch:active SPX) ]]'
	kill -TERM $pid
	rc=0
	wait $pid || rc=$?
	assert $rc = 75
	assert "$(cat err)" has INTERRUPTED
}

@test "own: a cluster of one node" {
	redis_stop
	start_cluster
	export EPOCH_PREFIX='{spx}:'
	run_tool epoch-record --on
	run_tool epoch-replay "$DIR/tape"
	epoch-inspect --digest SPX NDX | cmp - "$DIR/live"
	run_tool epoch-record --once SPX
}

@test "record-a-day and replay-a-day: a day there and back" {
	PATH=$ROOT/pipelines:$PATH
	export EPOCH_PREFIX=k:
	record-a-day "$PWD/t a" SPX 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ $(rcli HGET k:epoch:config journal) == 1 ]]'
	epoch-promote <"$DIR/a" >/dev/null
	"$TICKS" make 20 1 "$Q" "$DIR/a" | epoch-hydrate >/dev/null
	epoch-promote <"$DIR/b" >/dev/null
	local id
	id=$(rcli HGET k:epoch:active SPX)
	eventually eval 'grep -q "$id.*\"commit\"" "t a"/SPX-*.ndjson'
	kill -TERM $pid
	wait $pid
	export EPOCH_PREFIX=r:
	run_tool replay-a-day "$PWD"/t\ a/*.ndjson
	assert "$output" has "$(digest k: SPX)"
	forget
	run_tool replay-a-day "$PWD"/t\ a/*.ndjson -- --until act:2
	assert "$(jq -r .last_act <<<"${lines[0]}")" = 2
	run_tool 64 replay-a-day
	run_tool 64 record-a-day x
	forget k:
}
