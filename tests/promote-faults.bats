#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-promote when things break: killed before every write, every write and
# every read failing, a server that stops, dies, restarts, refuses.  After
# each, tests/invariants (written apart from the tools) must find the old or
# the new epoch active and whole, and the next run must converge.

load helpers

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	T=1750000000000
	make_chain -n 6 -s 1 -t $T | geom-hash >a
	make_chain -n 8 -s 2 -t $((T + 60000)) | geom-hash >b # another board
	make_chain -n 6 -s 3 -t $((T + 60000)) | geom-hash >r # the same, later
	make_chain -n 40 -s 4 -t $((T + 60000)) | geom-hash >wide
	export T DIR=$BATS_FILE_TMPDIR
}

# Tests called "own:" stop the server and start others in its place.
find_redis() {
	REDIS_PID=$(cat "${REDIS_SOCK%/s}/pid" 2>/dev/null) || REDIS_PID=
	export REDIS_PID
	rcli PING >/dev/null 2>&1
}

setup() {
	find_redis || redis_start
	rcli FLUSHALL >/dev/null
	rcli CONFIG SET maxmemory 0 >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
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

active() {
	rcli HGET epoch:active SPX
}

sound() { # [WHAT]
	"$ROOT/tests/invariants" "$REDIS_SOCK" || fail "not sound: ${1-}"
	epoch-inspect --check >check 2>&1 || fail "--check: ${1-}: $(cat check)"
}

contracts() { # of the active epoch, as text
	state_dump | grep "^hash epoch:$(active):contract:"
}

# From the state of board a: run board $1 with the fault $2=n for n = 1, 2, …
# until a run is not touched by it; after each, the state is sound, and a run
# without a fault ends in the values of an undisturbed one.
each_point() { # FILE FAULT [ENV...]
	local file=$1 fault=$2 n rc want old epochs
	shift 2
	rcli FLUSHALL >/dev/null
	epoch-promote <"$DIR/a" >/dev/null
	old=$(active)
	epoch-promote <"$DIR/$file" >/dev/null
	want=$(contracts | sed "s/^hash epoch:[^ ]*:contract:/ /")
	epochs=$(rcli LLEN epoch:timeline:SPX)
	POINTS=0 FAILED=0 OLD_STAYED=0
	for ((n = 1; n < 2000; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_COUNT=count "$@" "$fault=$n" \
		    timeout 100 epoch-promote --redis-timeout 30 --deadline 60 \
		    <"$DIR/$file" >out 2>err || rc=$?
		sound "$fault=$n"
		if [[ $(active) == "$old" ]]; then
			OLD_STAYED=$((OLD_STAYED + 1))
		else
			assert "$(rcli HGET "epoch:meta:$(active)" prev)" = "$old" "point $n"
		fi
		((rc == 0)) || FAILED=$((FAILED + 1))
		if [[ $fault == FAULT_TERM_AT ]]; then
			((rc == 75 || rc == 0)) || fail "point $n: $rc $(cat err)"
			((n > $(cut -d ' ' -f 1 count))) && break
		elif [[ $fault == FAULT_KILL_AT ]]; then
			((rc == 137 || rc == 0)) || fail "point $n: $rc $(cat err)"
			((rc == 0)) && break
		elif ((n > $(cut -d ' ' -f "${FIELD:-1}" count))); then
			break
		elif ((rc != 0 && rc != 75)); then
			fail "point $n: $rc $(cat err)"
		fi
		# A fence of the dead stands for at most 2 s: spare the wait.
		rcli DEL "epoch:$(active):fence" >/dev/null
		epoch-promote <"$DIR/$file" >out 2>err || fail "no convergence: $(cat err)"
		sound "after $fault=$n and a good run"
		assert "$(rcli LLEN epoch:timeline:SPX)" = "$epochs" "epochs after $fault=$n"
		[[ $(contracts | sed "s/^hash epoch:[^ ]*:contract:/ /") == "$want" ]] ||
			fail "other values after $fault=$n"
	done
	POINTS=$((n - 1))
	echo "$file $fault: $POINTS points, $FAILED failed, old stayed $OLD_STAYED"
	((n < 2000)) || fail "the loop never ended"
}

# --- kill -9, and failing calls, at every point

@test "kill -9 before every write of a promotion" {
	each_point b FAULT_KILL_AT FAULT_SHORT=120
	((POINTS > 40 && FAILED == POINTS && OLD_STAYED > 30)) || fail "too few points: $POINTS"
}

@test "kill -9 before every write of a refresh" {
	each_point r FAULT_KILL_AT FAULT_SHORT=120
	((POINTS > 20 && FAILED == POINTS)) || fail "too few points: $POINTS"
}

@test "kill -9 before every write of the first promotion of all" {
	for ((n = 1; n < 500; n++)); do
		rcli FLUSHALL >/dev/null
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_KILL_AT=$n FAULT_SHORT=120 \
		    epoch-promote <"$DIR/a" >out 2>err || rc=$?
		((rc == 0)) && break
		assert "$(active)" = "" "killed before write $n"
		epoch-promote <"$DIR/a" >out
		sound
		assert "$(rcli LLEN epoch:timeline:SPX)" = 1
	done
	((n > 30 && n < 500)) || fail "points: $n"
}

@test "TERM before every write: 75 or done, nothing torn, nothing half" {
	each_point b FAULT_TERM_AT FAULT_SHORT=250
	((POINTS > 25 && FAILED > 10)) || fail "points: $POINTS, failed $FAILED"
	each_point r FAULT_TERM_AT FAULT_SHORT=250
	((POINTS > 10 && FAILED > 5)) || fail "points: $POINTS, failed $FAILED"
}

@test "EPIPE, ECONNRESET and ENOSPC at every write" {
	for errno in 32 104 28; do
		each_point b FAULT_ERR_AT FAULT_ERRNO=$errno
		((POINTS >= 5)) || fail "too few points: $POINTS"
		each_point r FAULT_ERR_AT FAULT_ERRNO=$errno
		((POINTS >= 4)) || fail "too few points: $POINTS"
	done
}

@test "a lost answer at every read: a commit takes effect once" {
	FIELD=2 each_point b FAULT_RERR_AT FAULT_ERRNO=110
	((POINTS >= 5)) || fail "too few points: $POINTS"
	FIELD=2 each_point r FAULT_RERR_AT FAULT_ERRNO=110
	((POINTS >= 4)) || fail "too few points: $POINTS"
}

@test "a lost answer at every read, forced: one new epoch, not two" {
	early=0
	for ((n = 1; n < 200; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_COUNT=count FAULT_RERR_AT=$n \
		    epoch-promote --force <"$DIR/r" >out 2>err || rc=$?
		if ((rc == 75 && n <= 3)); then
			# While it connects: told at once, nothing was asked.
			early=$((early + 1))
			assert "$(rcli LLEN epoch:timeline:SPX)" = 1
			continue
		fi
		assert $rc = 0 "read $n: $(cat err)"
		assert "$(rcli LLEN epoch:timeline:SPX)" = 2 "read $n"
		assert "$(jq -r .outcome out)" = new "read $n"
		assert "$(jq -r .epoch_id out)" = "$(active)" "read $n"
		epoch-promote --force <"$DIR/r" >out 2>err
		assert "$(rcli LLEN epoch:timeline:SPX)" = 2 "repeated, read $n"
		sound
		((n > $(cut -d ' ' -f 2 count))) && break
	done
	((n > 8 && n < 200 && early <= 3)) || fail "points: $n"
}

@test "short writes: the same state as without" {
	epoch-promote <"$DIR/a" >/dev/null
	epoch-promote <"$DIR/b" >/dev/null
	want=$(state_dump | grep -v incarnation | grep -v staging)
	rcli FLUSHALL >/dev/null
	for f in a b; do
		LD_PRELOAD=$FAULT_SO FAULT_SHORT=7 epoch-promote <"$DIR/$f" >/dev/null
	done
	assert "$(state_dump | grep -v incarnation | grep -v staging)" = "$want"
}

# --- a commit of unknown outcome

@test "the server stops answering: 75 in time; the next run settles it" {
	epoch-promote <"$DIR/a" >/dev/null
	kill -STOP "$REDIS_PID"
	run_tool 75 epoch-promote --redis-timeout 0.2 --deadline 0.5 <"$DIR/b"
	assert "$stderr" has REDIS_TIMEOUT
	kill -CONT "$REDIS_PID"
	sound
	run_tool epoch-promote <"$DIR/b"
	sound
	assert "$(rcli LLEN epoch:timeline:SPX)" = 2
}


seconds() { # HUNDREDTHS
	printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}

# A promoter whose Redis was to stand still did not get so far: it gave up
# before, which a machine with much to do makes it.  A longer wait, then.
more_patience() {
	local rc=0
	wait $pid || rc=$?
	((rc == 75 && (PATIENCE *= 2) < 6000)) || fail "$rc: $(cat err)"
}

# The promoter is stopped before write n, the server too; the promoter goes
# on against a server that does not answer, gives its connection up, and the
# server reads what was sent only then.
@test "a connection dropped while the server is stopped in mid-stage: what is read late touches no live epoch" {
	met=0 PATIENCE=15
	for ((n = 3; n <= 10; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		before=$(state_dump | grep "^hash epoch:$(active):contract:")
		old=$(active)
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n FAULT_SHORT=700 \
		    epoch-promote --redis-timeout "$(seconds $PATIENCE)" \
		    --deadline "$(seconds $((2 * PATIENCE)))" <"$DIR/wide" \
		    >out 2>err 3>&- &
		pid=$!
		comes_to_stop $pid || { more_patience; n=$((n - 1)); continue; }
		kill -STOP "$REDIS_PID"
		kill -CONT $pid
		rc=0
		wait $pid || rc=$?
		kill -CONT "$REDIS_PID"
		sound "read late, write $n"
		if ((rc == 75)); then
			met=$((met + 1))
			assert "$(state_dump | grep "^hash epoch:$old:contract:")" = "$before"
		fi
		rcli DEL "epoch:$old:fence" >/dev/null
		run_tool epoch-promote --max-shrink 100 <"$DIR/wide"
		sound "converged, write $n"
	done
	((met >= 4)) || fail "only $met runs met a stopped server"
}

sockets() { # PID
	find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | sort
}

has_other_sockets() { # PID SOCKETS
	[[ $(sockets "$1") != "$2" ]]
}

# As above, but the promoter is patient: it has connected anew when the server
# goes on, which then reads what came over the old connection and the new one.
@test "a promoter that connects anew is not met by its own late commands" {
	met=0 PATIENCE=10
	for ((n = 9; n <= 16; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n FAULT_SHORT=700 \
		    epoch-promote -v --redis-timeout "$(seconds $PATIENCE)" \
		    <"$DIR/wide" >out 2>err 3>&- &
		pid=$!
		comes_to_stop $pid || { more_patience; n=$((n - 1)); continue; }
		kill -STOP "$REDIS_PID"
		before=$(sockets $pid)
		kill -CONT $pid
		eventually has_other_sockets $pid "$before"
		kill -CONT "$REDIS_PID"
		wait $pid || fail "write $n: $(cat err)"
		[[ $(cat err) =~ reconnects\ [1-9] ]] && met=$((met + 1))
		sound "write $n"
		assert "$(rcli LLEN epoch:timeline:SPX)" = 2 "write $n"
		assert "$(rcli KEYS "epoch:$(active):contract:*" | wc -l)" = 40
	done
	((met >= 4)) || fail "only $met runs connected anew"
}

# The commit is done, its answer lost, and its repetition refused: what was
# committed must not be taken back.
@test "a commit done, its answer lost, its repetition refused: it stands" {
	met=0
	for ((n = 11; n < 20; n++)); do
		for ((m = n + 1; m < n + 5; m++)); do
			rcli FLUSHALL >/dev/null
			epoch-promote <"$DIR/a" >/dev/null
			old=$(active)
			LD_PRELOAD=$FAULT_SO FAULT_RERR_AT=$n FAULT_STOP_AT=$m \
			    epoch-promote --redis-timeout 5 --deadline 10 \
			    <"$DIR/b" >out 2>err 3>&- &
			pid=$!
			comes_to_stop $pid || :
			[[ $(active) != "$old" ]] && met=$((met + 1))
			rcli ACL SETUSER default -evalsha -eval >/dev/null
			kill -CONT $pid 2>/dev/null || :
			wait $pid || :
			rcli ACL SETUSER default +@all >/dev/null
			sound "read $n, write $m"
		done
	done
	((met >= 2)) || fail "no run was stopped after its commit"
}

@test "--deadline ends the wait for a server that would answer in a minute" {
	epoch-promote <"$DIR/a" >/dev/null
	for file in b r; do
		mkfifo pipe.$file
		epoch-promote --redis-timeout 3600 --deadline 0.3 >out 2>err <pipe.$file 3>&- &
		pid=$!
		exec 5>pipe.$file
		head -n 3 "$DIR/$file" >&5
		eventually has_read_all $pid pipe.$file
		kill -STOP "$REDIS_PID"
		tail -n +4 "$DIR/$file" >&5
		exec 5>&-
		eventually has_ended $pid
		rc=0
		wait $pid || rc=$?
		kill -CONT "$REDIS_PID"
		assert $rc = 75 "$file"
		assert "$(cat err)" has DEADLINE
		sound
	done
}


@test "a contract key of another type: 78, structure as it was, heals once it is gone" {
	epoch-promote <"$DIR/a" >/dev/null
	id=$(active)
	key=$(rcli KEYS "epoch:$id:contract:*" | head -1)
	for file in r b; do
		rcli DEL "$key" >/dev/null
		rcli SET "$key" foreign >/dev/null
		run_tool 78 epoch-promote <"$DIR/$file"
		assert "$(active)/$(rcli LLEN epoch:timeline:SPX)" = "$id/1"
		assert "$(rcli ZCARD epoch:staging)" = 0
	done
	rcli DEL "$key" >/dev/null
	run_tool epoch-promote <"$DIR/r"
	assert "$(jq -r .reason <<<"$output")" = damaged
	"$ROOT/tests/invariants" "$REDIS_SOCK" | grep -v "$id" | grep . && fail "not sound"
	run_tool epoch-inspect --check
}

# --- the server dies, restarts, refuses

@test "own: killed while a tool holds a snapshot: 75, not 141; then a new one" {
	mkfifo pipe
	epoch-promote --deadline 1 >out 2>err <pipe 3>&- &
	pid=$!
	exec 5>pipe
	head -n 4 "$DIR/a" >&5
	eventually has_read_all $pid pipe
	redis_stop KILL
	tail -n +5 "$DIR/a" >&5
	exec 5>&-
	rc=0
	wait $pid || rc=$?
	assert $rc = 75
	redis_start
	run_tool epoch-promote <"$DIR/a"
	assert "$(jq -r .outcome <<<"$output")" = new
	sound
}

@test "own: a server that comes back within the deadline is used" {
	epoch-promote <"$DIR/a" >/dev/null
	mkfifo pipe
	epoch-promote -v >out 2>err <pipe 3>&- &
	pid=$!
	exec 5>pipe
	head -n 4 "$DIR/b" >&5
	eventually has_read_all $pid pipe
	redis_stop KILL
	tail -n +5 "$DIR/b" >&5
	exec 5>&-
	redis_start
	wait $pid || fail "$(cat err)"
	assert "$(jq -r .reason out)" = first "all data was lost"
	assert "$(cat err)" =~ "reconnects [1-9]"
	sound
}

@test "own: AOF: the same id after kill -9; nothing half" {
	redis_stop
	redis_start --appendonly yes --appendfsync always
	epoch-promote <"$DIR/a" >/dev/null
	epoch-promote <"$DIR/b" >/dev/null
	before=$(state_digest)
	redis_stop KILL
	redis_start --appendonly yes --appendfsync always
	assert "$(state_digest)" = "$before"
	sound
	run_tool epoch-promote <"$DIR/b"
	assert "$(jq -r .outcome <<<"$output")" = same
	redis_stop
	rm -rf "${REDIS_SOCK%/s}"/appendonlydir
}

@test "nobody there, and a stale socket file: 75, one line with the address" {
	run_tool 75 epoch-promote -r "unix://$PWD/none" <"$DIR/a"
	assert "$(wc -l <<<"$stderr")" = 1
	assert "$stderr" has "$PWD/none"
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Type => 1, Local => "stale", Listen => 1)'
	run_tool 75 epoch-promote -r "unix://$PWD/stale" <"$DIR/a"
	assert "$stderr" has "Connection refused"
}

@test "own: evicting server: 78 before anything is read" {
	redis_stop
	redis_start --maxmemory 4mb --maxmemory-policy allkeys-lru
	run_tool 78 epoch-promote <"$DIR/a"
	assert "$stderr" has "maxmemory-policy allkeys-lru would evict epochs"
	assert "$(rcli DBSIZE)" = 0
}

@test "own: memory full: 75 OOM, the active epoch untouched, heals" {
	redis_stop
	redis_start --maxmemory-policy noeviction
	epoch-promote <"$DIR/a" >/dev/null
	before=$(state_digest)
	rcli CONFIG SET maxmemory 100kb >/dev/null
	for PATIENCE in 30 200 1500; do
		run_tool 75 epoch-promote --redis-timeout "$(seconds $PATIENCE)" \
		    --deadline "$(seconds $((3 * PATIENCE)))" <"$DIR/b"
		[[ $stderr != *OOM* ]] || break # else it did not get so far
	done
	assert "$stderr" has OOM
	assert "$(state_digest)" = "$before"
	rcli CONFIG SET maxmemory 0 >/dev/null
	run_tool epoch-promote <"$DIR/b"
	sound
}

@test "memory full in mid-stage: what was staged is taken back" {
	met=0 PATIENCE=20
	for ((n = 10; n <= 15; n++)); do
		rcli FLUSHALL >/dev/null
		epoch-promote <"$DIR/a" >/dev/null
		before=$(state_dump | grep -v "^hash epoch:last")
		LD_PRELOAD=$FAULT_SO FAULT_STOP_AT=$n FAULT_SHORT=1500 \
		    epoch-promote --redis-timeout "$(seconds $PATIENCE)" \
		    --deadline "$(seconds $((5 * PATIENCE)))" \
		    <"$DIR/wide" >out 2>err 3>&- &
		pid=$!
		comes_to_stop $pid || { more_patience; n=$((n - 1)); continue; }
		staged=$(rcli ZCARD epoch:staging)
		rcli CONFIG SET maxmemory 100kb maxmemory-policy noeviction >/dev/null
		kill -CONT $pid
		rc=0
		wait $pid || rc=$?
		rcli CONFIG SET maxmemory 0 >/dev/null
		sound "write $n"
		if ((rc == 75 && staged == 1)); then
			met=$((met + 1))
			assert "$(state_dump | grep -v "^hash epoch:last")" = "$before" "write $n"
		fi
	done
	((met >= 2)) || fail "only $met runs were in mid-stage"
}

@test "own: LOADING is waited out, else 75" {
	redis_stop
	redis_start --appendonly yes
	rcli EVAL 'for i = 1, 60000 do redis.call("SET", "x" .. i, i) end' 0 >/dev/null
	redis_stop
	redis_start --appendonly yes --key-load-delay 300 \
	    --loading-process-events-interval-bytes 1024
	assert "$(rcli PING 2>&1)" has LOADING
	run_tool 75 epoch-promote --redis-timeout 2 <"$DIR/a"
	assert "$stderr" has LOADING
	rcli CONFIG SET key-load-delay 0 >/dev/null
	run_tool epoch-promote --redis-timeout 50 <"$DIR/a"
	redis_stop
	rm -rf "${REDIS_SOCK%/s}"/appendonlydir
}

@test "BUSY is waited out, else 75; the other's script is left alone" {
	rcli CONFIG SET busy-reply-threshold 1 >/dev/null
	mkfifo held
	spin='local n = 0; while redis.call("GET", "go") ~= "x" and n < tonumber(ARGV[1]) do n = n + 1 end return n'
	rcli EVAL "$spin" 0 6000000 >spun 2>&1 3>&- &
	spinner=$!
	eventually bash -c 'redis-cli -s "$REDIS_SOCK" PING 2>&1 | grep -q BUSY'
	run_tool 75 epoch-promote --redis-timeout 0.1 <"$DIR/a"
	assert "$stderr" has BUSY
	TOOL_TIMEOUT=200 run_tool epoch-promote --redis-timeout 190 --deadline 190 <"$DIR/a"
	wait $spinner
	assert "$(cat spun)" = 6000000 "not killed"
	rcli CONFIG SET busy-reply-threshold 5000 >/dev/null
}

@test "own: passwords: 77, without the password in the text" {
	redis_stop
	redis_start --requirepass s3cret
	run_tool 77 epoch-promote <"$DIR/a"
	run_tool 77 epoch-promote -r "unix://:wr0ng@$REDIS_SOCK" <"$DIR/a"
	assert "$stderr" lacks wr0ng
	run_tool epoch-promote -r "unix://:s3cret@$REDIS_SOCK" <"$DIR/a"
	export REDISCLI_AUTH=s3cret
	rcli ACL SETUSER poor on '>p00r' '~*' '+@all' '-evalsha' '-eval' >/dev/null
	run_tool 77 epoch-promote -r "unix://poor:p00r@$REDIS_SOCK" <"$DIR/b"
	assert "$stderr" lacks p00r
	rcli ACL SETUSER blind on '>bl1nd' '~*' '+@all' '-info' >/dev/null
	WARN=ok run_tool epoch-promote -r "unix://blind:bl1nd@$REDIS_SOCK" <"$DIR/b"
	assert "$stderr" has UNCHECKED
	unset REDISCLI_AUTH
}

@test "SCRIPT FLUSH between two snapshots is not noticed" {
	mkfifo pipe
	epoch-promote >out 2>err <pipe 3>&- &
	pid=$!
	exec 5>pipe
	cat "$DIR/a" >&5
	eventually grep -q new out
	rcli SCRIPT FLUSH >/dev/null
	cat "$DIR/b" >&5
	exec 5>&-
	wait $pid
	assert "$(jq -r .outcome out | paste -sd' ')" = "new new"
	assert "$(cat err)" = ""
	sound
}

@test "a peer that is no Redis: 76" {
	cat >web.pl <<-'EOP'
	use IO::Socket::UNIX;
	my $s = IO::Socket::UNIX->new(Type => 1, Local => "web", Listen => 5) or die;
	alarm 100;
	while (my $c = $s->accept) { sysread $c, my $x, 1000;
		syswrite $c, "HTTP/1.1 400 Bad Request\r\n\r\n"; close $c; }
	EOP
	perl web.pl 3>&- &
	pid=$!
	eventually test -S web
	run_tool 76 epoch-promote -r "unix://$PWD/web" --deadline 1 <"$DIR/a"
	kill $pid
}

# --- signals

@test "TERM while waiting for input: at once, nothing torn" {
	mkfifo pipe
	for signal in TERM INT HUP; do
		rcli FLUSHALL >/dev/null
		# A shell's "&" would start it with INT ignored.
		perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' epoch-promote \
		    >out 2>err <pipe 3>&- &
		pid=$!
		exec 5>pipe
		cat "$DIR/a" >&5
		head -n 3 "$DIR/b" >&5
		eventually grep -q new out
		eventually has_read_all $pid pipe
		kill -s $signal $pid
		rc=0
		wait $pid || rc=$?
		exec 5>&-
		case $signal in
		TERM) assert $rc = 75 ;; # inside a snapshot
		INT) assert $rc = 130 ;;
		HUP) assert $rc = 129 ;;
		esac
		assert "$(wc -l <out)" = 1
		sound
	done
}

@test "TERM against a frozen server ends, too" {
	kill -STOP "$REDIS_PID"
	epoch-promote --redis-timeout 3600 <"$DIR/a" >out 2>err 3>&- &
	pid=$!
	eventually minds $pid TERM
	kill -TERM $pid
	eventually has_ended $pid
	rc=0
	wait $pid || rc=$?
	kill -CONT "$REDIS_PID"
	assert $rc = 75
	assert "$(cat err)" has INTERRUPTED
}

# --- a cluster of one node

@test "own: a cluster: 78 with advice, unless the prefix has a hash tag" {
	redis_stop
	start_cluster
	run_tool 78 epoch-promote <"$DIR/a"
	assert "$stderr" has "set EPOCH_PREFIX to a hash tag"
	export EPOCH_PREFIX='{spx}:'
	for f in a r wide; do
		run_tool epoch-promote <"$DIR/$f"
	done
	assert "$(rcli KEYS '*' | grep -vc '^{spx}:epoch:')" = 0
	run_tool epoch-inspect --check
	assert "$output" has "SPX: OK: 2 epochs"
}
