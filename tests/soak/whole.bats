#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# whole: the whole system, pipelines/live against the stand-in, for a while.
#
#	SOAK_SECONDS=60		of faults, and again of a steady rate
#	SOAK_SEED=N		which faults; chosen and printed if not given
#	SOAK_RATE=50000		events a second, steady
#	SOAK_RECONNECTS=500
#
# Two witnesses stand around epoch-hydrate, which is started by a script that
# becomes it; they keep the accounts.  Figures are printed as comments.

BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-$((3 * ${SOAK_SECONDS:-60} + 900))}
load ../helpers
load ../standin/standin
load ../hydrate
load live

SOAK_SECONDS=${SOAK_SECONDS:-60}
SOAK_RATE=${SOAK_RATE:-50000}
SOAK_RECONNECTS=${SOAK_RECONNECTS:-500}
MARKET='kinds=Q:6,T:3,A:1 pick=subscribed duplicate=1 reorder=10 late=1:2000'

setup_file() {
	put_witnesses
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export MASSIVE_API_KEY=s3cr3tTESTkey PATH=$WRAP:$ROOT/pipelines:$PATH
	export LIVE_TAP='--channels T,Q,A --backoff 0.01:0.05 --redis-timeout 0.5'
	export LIVE_HYDRATE='--redis-timeout 0.5 --unknown-limit 5'
	export LIVE_WATCH='--threshold 0.5 --max-backoff 4'
	export REDIS_LIFE=$((SOAK_SECONDS * 2 + 3000))
	PID='' RUN=0
	rm -rf "$BATS_FILE_TMPDIR/redis/appendonlydir"
	redis_again
}

teardown() {
	[[ -z ${REDIS_PID-} ]] || kill -CONT "$REDIS_PID" 2>/dev/null || :
	[[ -z $PID ]] || stop_anyhow
	standin_stop
	redis_stop
}

redis_again() {
	redis_start --appendonly yes --appendfsync always
}

# Nothing is wrong in Redis; it may be away.
check() {
	local rc=0
	timeout 20 epoch-inspect --check >check 2>&1 || rc=$?
	CHECKS[rc]=$((${CHECKS[rc]-0} + 1))
	case $rc in
	0 | 75) ;;
	1) ((!was_active)) || fail "no epoch is active any more: $(cat check)" ||
	    return 1 ;;
	*) fail "--check: $rc: $(cat check)" || return 1 ;;
	esac
	[[ $rc != 0 ]] || was_active=1
}

# -------------------------------------------------------------------- faults

kill_stage() {
	local name=${STAGES[RANDOM % ${#STAGES[@]}]} pid
	pid=$(stage "$name")
	[[ -n $pid ]] || return 0
	what+=" $name"
	kill -KILL "$pid" || :
}

stop_redis() {
	kill -STOP "$REDIS_PID"
	sleep "0.$((RANDOM % 9 + 1))"
	kill -CONT "$REDIS_PID"
}

kill_redis() {
	redis_stop KILL
	sleep "0.$((RANDOM % 5))"
	redis_again
}

slow_reader() {
	local pid
	pid=$(stage "${STAGES[RANDOM % 2 + 1]}")
	[[ -n $pid ]] || return 0
	kill -STOP "$pid"
	sleep "0.$((RANDOM % 9 + 1))"
	kill -CONT "$pid" || :
}

vendor_fails() {
	standin_control 'fault on all times 6 status 500'
}

cut_socket() {
	standin_control abort
}

mute() {
	standin_control 'mute on'
	sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
	standin_control 'mute off'
}

other_board() {
	standin_control "board $((RANDOM % 2 + 1))"
}

flush_scripts() {
	rcli SCRIPT FLUSH >/dev/null
}

kill_clients() {
	rcli CLIENT KILL TYPE normal SKIPME yes >/dev/null
}

nothing() {
	:
}

FAULTS=(kill_stage stop_redis kill_redis slow_reader vendor_fails cut_socket
	mute other_board flush_scripts kill_clients nothing)

# One that ended is started again, as whoever supervises it would.
supervise() {
	local rc=0
	has_ended "$PID" || return 0
	wait "$PID" || rc=$?
	PID=
	ENDS[rc]=$((${ENDS[rc]-0} + 1))
	# killed by us; Redis away or the vendor failing, for too long
	case $rc in
	137 | 69 | 75) ;;
	*) fail "live ended with $rc: $(tail -n 5 "err.$RUN")" || return 1 ;;
	esac
	look_at_run || return 1
	rm -f "out.$RUN" "err.$RUN" "$WITNESS"
	start
}

@test "faults: one a second, chosen by a seed; then all is well and complete" {
	local seed=${SOAK_SEED:-$((RANDOM * 32768 + RANDOM))} i what was_active=0
	local -a CHECKS=() ENDS=()
	local -A did=()
	TICKS_IN=0 TICKS_READ=0
	RANDOM=$((seed % 32768))
	say "seed $seed, $SOAK_SECONDS s"
	vendor
	start
	patiently is_subscribed
	standin_control "burst $((SOAK_SECONDS * 40000)) 4000 seed=$seed $MARKET unknown=2"
	for ((i = 0; i < SOAK_SECONDS; i++)); do
		sleep 1
		what=${FAULTS[RANDOM % ${#FAULTS[@]}]}
		did[$what]=$((${did[$what]-0} + 1))
		$what
		echo "$i $what" >>faults
		check || fail "after: $(tail -n 5 faults | xargs), seed $seed"
		supervise || fail "after: $(tail -n 5 faults | xargs), seed $seed"
	done
	standin_control stop
	say "faults: $(for what in "${!did[@]}"; do echo -n "$what ${did[$what]} "; done)"
	say "--check, by status: $(declare -p CHECKS); live ended: $(declare -p ENDS)"
	say "ticks written $TICKS_IN, read $TICKS_READ, in ${RUN} runs"

	# Now nothing goes wrong any more: what the feed sends is in Redis.
	stop_anyhow
	vendor --ws-events sent
	start
	patiently is_subscribed
	# no volumes: a snapshot's is of its own time, so it may be newer
	standin_control "burst 20000 20000 seed=1 ${MARKET/,A:1/}" 'wait idle'
	patiently is_through "$(standin_status .sent)"
	patiently check_is_good
	assert "$(wc -l <sent)" = "$(standin_status .sent)"
	stop_well
	"$TICKS" events <sent | "$TICKS" newest | LC_ALL=C sort >want
	epoch-inspect --digest --values --text SPX | LC_ALL=C sort >have
	assert "$(LC_ALL=C comm -23 want have)" = "" "not the newest values"
	(($(wc -l <want) > 500)) || fail "too few"
	sound "at the end"
	say "epochs $(rcli LLEN epoch:timeline:SPX), abandoned reservations $(rcli ZCARD epoch:staging), keys $(rcli DBSIZE)"
	(($(rcli ZCARD epoch:staging) <= RUN + SOAK_SECONDS / 10 + 1)) || fail "staging"
}

check_is_good() {
	epoch-inspect --check
}

@test "steady: memory stays, and every event is accounted for" {
	local i name first last
	local -A pid_of=()
	vendor
	start
	patiently is_subscribed
	for name in "${STAGES[@]}"; do
		pid_of[$name]=$(stage "$name")
	done
	standin_control "burst $((SOAK_SECONDS * SOAK_RATE)) $SOAK_RATE seed=1 $MARKET"
	for ((i = 0; i < SOAK_SECONDS; i++)); do
		sleep 1
		for name in "${STAGES[@]}"; do
			rss "${pid_of[$name]}" >>"rss.$name"
		done
	done
	standin_control 'wait idle'
	patiently is_through "$(standin_status .sent)"
	say "$(standin_status .sent) events at $SOAK_RATE/s for $SOAK_SECONDS s: written $(counter ws-tap written), conflated by the tap $(counter ws-tap conflated), by the hydrator $(counter epoch-hydrate conflated), applied $(counter epoch-hydrate applied)"
	for name in "${STAGES[@]}"; do
		first=$(greatest 1 2 <"rss.$name") last=$(greatest 3 4 <"rss.$name")
		say "$name: RSS at most $first KiB in the second quarter, $last KiB in the last"
		# at first everything grows
		((last - first < 1024 || SOAK_SECONDS < 60)) || fail "$name grows"
	done
	stop_well
}

# Of all stages but those that open something for each snapshot.
descriptors() {
	local name
	for name in ws-tap epoch-hydrate dormancy-watch geom-hash; do
		echo "$name $(descriptors_of $name)"
	done
}

descriptors_of() {
	find "/proc/$(stage "$1")/fd" -type l | wc -l
}

has_descriptors() {
	[[ $(descriptors) == "$1" ]]
}

@test "reconnects of the whole pipeline: as many descriptors as before" {
	local n pairs before fetch
	vendor
	start
	patiently is_subscribed
	pairs=$(standin_status .pairs)
	before=$(descriptors)
	for ((n = 1; n <= SOAK_RECONNECTS; n++)); do
		standin_control abort "wait closed $n" "wait pairs $pairs"
		# chain-fetch keeps what it has to the vendor: first let it
		((n != SOAK_RECONNECTS / 2)) || fetch=$(descriptors_of chain-fetch)
	done
	assert "$(standin_status .opened)" = $((SOAK_RECONNECTS + 1))
	patiently has_descriptors "$before" ||
		fail "before: $before; now: $(descriptors)"
	say "after $SOAK_RECONNECTS reconnects: $(descriptors | xargs)," \
	    "chain-fetch $(descriptors_of chain-fetch), after half of them $fetch"
	(($(descriptors_of chain-fetch) <= fetch + 8)) || fail "chain-fetch"
	stop_well
	(($(grep -c '"state":"lost"' "out.$RUN") >= SOAK_RECONNECTS)) || fail "losses"
}
