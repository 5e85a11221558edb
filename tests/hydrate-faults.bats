#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-hydrate when things break: killed before every write, every write and
# every read failing, a server that stops, dies, restarts, refuses, a fence,
# itself stopped.  After each the boards are whole, the counters close, and
# the values are those that the reference works out, at once or after the same
# ticks once more.

load helpers
load hydrate

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
	make_growing 40
	"$TICKS" make 1500 1 $Q "$BATS_FILE_TMPDIR/a" |
		"$TICKS" shuffle 1 >"$BATS_FILE_TMPDIR/ticks"
	"$TICKS" strange 200 1 $Q >>"$BATS_FILE_TMPDIR/ticks"
	export DIR=$BATS_FILE_TMPDIR
}

setup() {
	find_redis || redis_start
	rcli FLUSHALL >/dev/null
	rcli CONFIG SET maxmemory 0 >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	epoch-promote <"$DIR/a" >/dev/null
	cp "$DIR/ticks" in
	READ=$(wc -l <in)
	ID=$(rcli GET "epoch:$(active):geometry" | head -n 1)
}

teardown() {
	exec 6>&-
	kill_started
	[[ $BATS_TEST_DESCRIPTION == own:* ]] && redis_stop
	return 0
}

teardown_file() {
	find_redis && redis_stop
	return 0
}

nudge() { # TS: a quote that is surely new
	printf '{"type":"tick","ts":%s,"id":"%s","kind":"quote","recv_ts":%s,"bid":1}\n' \
	    "$1" "$ID" "$1"
}

is_read_up() { # nothing is left in the pipe
	perl -e 'my $n = pack "L", 0; ioctl STDIN, 0x541B, $n or die; exit unpack("L", $n) != 0' <pipe
}

# Run the ticks with fault $1=n for n = 1, 2, … until none is met; each time
# the state is sound, and the ticks once more give the right values.
each_point() { # FAULT [ENV...]
	local fault=$1 n rc
	shift
	POINTS=0 GOOD=0 DROPS=0
	for ((n = 1; n < 300; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_COUNT=count "$@" "$fault=$n" \
		    timeout 100 epoch-hydrate --redis-timeout 30 --deadline 60 <in >out 2>err || rc=$?
		sound "$fault=$n"
		if [[ $fault == FAULT_KILL_AT ]]; then
			((rc == 137 || rc == 0)) || fail "point $n: $rc $(cat err)"
			((rc == 0)) && break
		else
			((rc == 0 || rc == 75)) || fail "point $n: $rc $(cat err)"
			sum_of out
			if [[ $fault == FAULT_TERM_AT ]]; then
				((rc == 75 || sum_dropped == 0)) || fail "point $n: dropped, and 0"
				told=$(records gap out | sed 's/.*"dropped":\([0-9]*\).*/\1/')
				assert "${told:-0}" = "$sum_dropped" "point $n"
				((sum_dropped == 0)) || DROPS=$((DROPS + 1))
			elif ((rc == 0)); then
				assert "$sum_read $sum_held $sum_dropped" = "$READ 0 0" "point $n"
				as_expected in "$DIR/a"
				GOOD=$((GOOD + 1))
			else
				# at the start, before anything was read
				assert "$sum_read" = 0 "point $n"
			fi
			((n > $(cut -d ' ' -f "${FIELD:-1}" count))) && break
		fi
		epoch-hydrate <in >out 2>err || fail "no convergence after $n: $(cat err)"
		as_expected in "$DIR/a"
	done
	POINTS=$((n - 1))
	echo "$fault: $POINTS points, $GOOD of them survived"
	((n < 300)) || fail "the loop never ended"
}

@test "kill -9 before every write" {
	each_point FAULT_KILL_AT FAULT_SHORT=900
	((POINTS > 20)) || fail "too few points: $POINTS"
}

@test "EPIPE, ECONNRESET and ENOSPC at every write: connected anew, nothing lost" {
	for errno in 32 104 28; do
		each_point FAULT_ERR_AT FAULT_ERRNO=$errno
		((POINTS >= 5 && GOOD >= 3)) || fail "points: $POINTS, good $GOOD"
	done
}

@test "a lost answer at every read: sent again, nothing lost" {
	FIELD=2 each_point FAULT_RERR_AT FAULT_ERRNO=110
	((POINTS >= 5 && GOOD >= 3)) || fail "points: $POINTS, good $GOOD"
}

@test "TERM before every write: 75 or done, what was waiting is told" {
	each_point FAULT_TERM_AT FAULT_SHORT=900
	((POINTS >= 10 && DROPS >= 3)) || fail "points: $POINTS, drops $DROPS"
}

@test "short writes: the same values as without" {
	LD_PRELOAD=$FAULT_SO FAULT_SHORT=7 run_tool epoch-hydrate <in
	as_expected in "$DIR/a"
}

@test "the server stands still: the input is read on, and nothing is lost" {
	"$TICKS" make 6000 2 $Q "$DIR/a" >in # ten times what a pipe holds
	hydrate_start -v --redis-timeout 20
	nudge $T >&6
	eventually has_counted applied 1
	kill -STOP "$REDIS_PID"
	timeout 60 cat in >&6 || fail "the input was not read"
	eventually is_read_up
	kill -CONT "$REDIS_PID"
	hydrate_end
	nudge $T >>in
	as_expected in "$DIR/a"
	sum_of out
	assert "$sum_read $sum_dropped $sum_held" = "6001 0 0"
	assert "$(grep -c gap out)" = 0
}

@test "no answer within --redis-timeout: a new connection, nothing lost" {
	hydrate_start --redis-timeout 1
	nudge $T >&6
	eventually has_counted applied 1
	kill -STOP "$REDIS_PID"
	cat in >&6
	eventually grep -q REDIS_TIMEOUT err
	eventually is_read_up
	kill -CONT "$REDIS_PID"
	eventually grep -q REDIS_BACK err
	hydrate_end
	nudge $T >>in
	as_expected in "$DIR/a"
	sum_of out
	assert "$sum_read $sum_dropped $sum_held" = "$((READ + 1)) 0 0"
}

@test "own: killed and back without data: ticks wait for the next epoch" {
	hydrate_start
	head -n 800 in >&6
	eventually has_counted read 800
	redis_stop KILL
	sed -n 801,1200p in >&6
	eventually grep -q 'ticks wait' err
	redis_start 6>&-
	eventually grep -q REDIS_BACK err
	sed -n '1201,$p' in >&6
	epoch-promote <"$DIR/a" >/dev/null
	nudge $T >&6
	eventually grep -q "\"last_tick_ts\":$T" out
	hydrate_end
	{ sed -n '801,$p' in; nudge $T; } >since
	"$TICKS" expect since "$DIR/a" >want
	epoch-inspect --digest --values --text SPX >have
	# What the dead server held is not brought back; what came since is.
	assert "$(diff want have | grep -c '^<.*_ts')" = 0
	sum_of out
	assert "$sum_read $sum_dropped $sum_held" = "$((READ + 1)) 0 0"
	sound
}

@test "own: Redis does not come back: 75, what waited is told in a gap" {
	hydrate_start --deadline 0.2
	nudge $T >&6
	eventually has_counted applied 1
	redis_stop KILL
	nudge $((T + 1)) >&6
	nudge $((T + 2)) >&6
	eventually grep -q 'ticks wait' err
	hydrate_end 75
	assert "$(cat err)" has UNDELIVERED
	sum_of out
	assert "$sum_read $sum_applied $sum_conflated $sum_dropped" = "3 1 1 1"
	assert "$(records gap out)" has "\"from_ts\":$((T + 2)),\"to_ts\":$((T + 2)),\"reason\":\"disconnect\",\"dropped\":1"
}

@test "more waits than --queue: the newest of some are dropped, counted, and told" {
	make_chain -n 800 -t $((T + 60000)) | geom-hash >wide
	epoch-promote <wide >/dev/null
	rcli GET "epoch:$(active):geometry" | grep O: |
	    while read -r ID; do nudge $T; done >in
	hydrate_start --queue 500 --redis-timeout 20
	nudge $((T - 1)) >&6
	eventually has_counted applied 1
	kill -STOP "$REDIS_PID"
	cat in >&6
	eventually is_read_up
	kill -CONT "$REDIS_PID"
	eventually grep -q '"gap"' out
	hydrate_end 0
	sum_of out
	assert "$sum_read" = 801
	((sum_dropped > 0 && sum_dropped <= 300)) || fail "dropped $sum_dropped"
	assert "$(records gap out | jq -s 'map(.dropped) | add')" = "$sum_dropped"
	assert "$(records gap out | jq -c '[.symbols,.from_ts,.to_ts,.reason]' | sort -u)" = "[[\"SPX\"],$T,$T,\"overflow\"]"
	assert "$((sum_applied + sum_dropped))" = 801
}

@test "epoch-hydrate itself stands still: nothing is lost" {
	hydrate_start
	head -n 500 in >&6
	eventually has_counted read 500
	kill -STOP $pid
	sed -n '501,$p' in >&6 &
	epoch-promote <"$DIR/a2" >/dev/null
	epoch-promote <"$DIR/b" >/dev/null
	kill -CONT $pid
	wait $!
	hydrate_end
	as_expected in "$DIR"/{a,a2,b}
	sum_of out
	assert "$sum_read $sum_dropped $sum_held" = "$READ 0 0"
}

@test "under a fence nothing is written and the input is read; then all of it" {
	key=epoch:$(active):fence
	hydrate_start -v
	rcli SET "$key" somebody PX 60000 >/dev/null
	before=$(state_digest)
	cat in >&6
	eventually is_read_up
	eventually has_counted future 1
	sum_of out
	assert "$sum_applied" = 0
	assert "$(state_digest)" = "$before"
	rcli DEL "$key" >/dev/null
	eventually has_counted applied 100
	hydrate_end
	as_expected in "$DIR/a"
	[[ $(cat err) =~ fence_waits\ [1-9] ]] || fail "$(cat err)"
}

@test "a promoter that died leaves its fence: it lapses" {
	rcli SET "epoch:$(active):fence" dead PX 300 >/dev/null
	run_tool epoch-hydrate <in
	as_expected in "$DIR/a"
}

@test "keys of another type: 78, and no key is changed" {
	for key in epoch:active epoch:dirty epoch:clean "epoch:$(active):changed" \
	    "epoch:$(active):had_ws_updates" "epoch:$(active):fence" \
	    "epoch:meta:$(active)" "epoch:$(active):geometry" \
	    "epoch:$(active):contract:$ID"; do
		rcli RENAME "$key" aside >/dev/null 2>&1 || :
		if [[ $key == *geometry || $key == *updates || $key == *fence ]]; then
			rcli RPUSH "$key" x >/dev/null
		else
			rcli SET "$key" x >/dev/null
		fi
		before=$(state_digest)
		nudge $T | run_tool 78 epoch-hydrate
		assert "$(state_digest)" = "$before" "$key"
		rcli DEL "$key" >/dev/null
		rcli RENAME aside "$key" >/dev/null 2>&1 || :
	done
	# one bad contract among many: nothing of that batch is written
	rcli RENAME "epoch:$(active):contract:$ID" aside >/dev/null
	rcli SET "epoch:$(active):contract:$ID" x >/dev/null
	before=$(state_digest)
	{ grep -v "$ID" in | head -n 100; nudge $T; } >batch
	run_tool 78 epoch-hydrate <batch
	assert "$stderr" has BADTYPE
	assert "$(state_digest)" = "$before"
}

@test "a contract deleted by hand is not brought back; its tick is held" {
	rcli DEL "epoch:$(active):contract:$ID" >/dev/null
	nudge $T >one
	run_tool epoch-hydrate <one
	assert "$(rcli EXISTS "epoch:$(active):contract:$ID")" = 0
	sum_of <(echo "$output")
	assert "$sum_unknown" = 1
	hydrate_start
	nudge $T >&6
	eventually has_counted held 1
	epoch-promote <"$DIR/a2" >/dev/null # sees the damage, replaces the epoch
	eventually has_counted applied 1
	hydrate_end
	assert "$(rcli HGET "epoch:$(active):contract:$ID" bid)" = 1
}

@test "meta is gone: ticks wait until the epoch is replaced" {
	hydrate_start
	nudge $T >&6
	eventually has_counted applied 1
	rcli DEL "epoch:meta:$(active)" >/dev/null
	nudge $((T + 1)) >&6
	eventually grep -q DAMAGED err
	epoch-promote <"$DIR/a2" >/dev/null
	eventually has_counted applied 2
	hydrate_end
	assert "$(rcli HGET "epoch:$(active):contract:$ID" quote_ts)" = $((T + 1))
}

@test "SCRIPT FLUSH, memory full, a client killed: not lost, and healed" {
	hydrate_start -v --redis-timeout 2
	nudge $T >&6
	eventually has_counted applied 1
	rcli SCRIPT FLUSH >/dev/null
	nudge $((T + 1)) >&6
	eventually has_counted applied 2
	assert "$(cat err)" = ""
	rcli CONFIG SET maxmemory 100kb >/dev/null
	cat in >&6
	eventually grep -q REDIS_OOM err
	rcli CONFIG SET maxmemory 0 >/dev/null
	eventually grep -q REDIS_BACK err
	rcli CLIENT KILL TYPE normal SKIPME yes >/dev/null
	nudge $((T + 2)) >&6
	eventually has_counted read $((READ + 3))
	hydrate_end
	nudge $((T + 2)) >>in
	as_expected in "$DIR/a"
}

@test "nobody there: 75 at the start; what is no Redis: 76" {
	run_tool 75 epoch-hydrate -r "unix://$PWD/none" </dev/null
	assert "$stderr" has REDIS_CONNECT
	run_tool 78 epoch-hydrate -r rediss://x </dev/null
	EPOCH_PREFIX='{}' run_tool 78 epoch-hydrate </dev/null
}

@test "TERM, INT and HUP while waiting for input: at once, nothing torn" {
	for signal in TERM INT HUP; do
		rm -f pipe
		mkfifo pipe
		perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' epoch-hydrate \
		    >out 2>err <pipe 3>&- 6>&- &
		pid=$!
		exec 6>pipe
		nudge $T >&6
		eventually grep -q hydrated out
		kill -s $signal $pid
		rc=0
		wait $pid || rc=$?
		exec 6>&-
		case $signal in
		TERM) assert $rc = 0 ;; # nothing was waiting
		INT) assert $rc = 130 ;;
		HUP) assert $rc = 129 ;;
		esac
		assert "$(tail -c 2 out)" = "}"
	done
}

@test "TERM against a server that stands still ends, too" {
	hydrate_start --redis-timeout 3600 --deadline 3600
	nudge $T >&6
	eventually has_counted applied 1
	kill -STOP "$REDIS_PID"
	nudge $((T + 1)) >&6
	eventually has_read_all $pid pipe
	kill -TERM $pid
	eventually has_ended $pid
	kill -CONT "$REDIS_PID"
	hydrate_end 75
	sum_of out
	assert "$sum_read $sum_dropped" = "2 1"
}

@test "own: an evicting server: 78" {
	redis_stop
	redis_start --maxmemory 50mb --maxmemory-policy allkeys-lru
	run_tool 78 epoch-hydrate </dev/null
	assert "$stderr" has EVICTING
}

@test "own: a cluster of one node: all keys are declared" {
	redis_stop
	start_cluster
	export EPOCH_PREFIX='{spx}:'
	epoch-promote <"$DIR/a" >/dev/null
	run_tool epoch-hydrate <in
	as_expected in "$DIR/a"
	run_tool epoch-inspect --check
	assert "$(rcli KEYS '*' | grep -vc '^{spx}:epoch:')" = 0
}
