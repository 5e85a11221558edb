#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The tape of a whole life: pipelines/live with two symbols against the
# stand-in, models and a broom beside it, epoch-record all the time; boards
# grow, the socket is cut, there is silence, and each writer is killed in the
# middle of an act and started anew.  Then the tape is replayed, again and
# again, and every time there is the state of the live run.
#
#	TAPE_ROUNDS=2	how many such lives, one after the other, on one tape
#	TAPE_SEED=1	which ticks, and the writes before which writers die
#	TAPE_TICKS=4000	in each burst

load helpers
load standin/standin
load hydrate
load tape

TAPE_ROUNDS=${TAPE_ROUNDS:-2}
TAPE_SEED=${TAPE_SEED:-1}
TAPE_TICKS=${TAPE_TICKS:-4000}
BATS_TEST_TIMEOUT=$((180 * TAPE_ROUNDS))

SYMBOLS=(SPX NDX)
BOARDS_OF=4 # versions, each with more contracts than the one before

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	export REDIS_LIFE=$((BATS_TEST_TIMEOUT * 5))
	export WRAP=$BATS_FILE_TMPDIR/wrap DIR=$BATS_FILE_TMPDIR
	mkdir "$WRAP"
	# A stage of the pipe with a fault, where a file tells of one.
	cat >"$WRAP/stage" <<-END
		#!/usr/bin/env bash
		name=\${0##*/}
		[[ ! -s $DIR/\$name.fault ]] ||
			export LD_PRELOAD=$FAULT_SO \$(<"$DIR/\$name.fault")
		exec "$BUILD/bin/\$name" "\$@"
	END
	chmod +x "$WRAP/stage"
	local name n
	for name in epoch-promote epoch-hydrate dormancy-watch; do
		cp "$WRAP/stage" "$WRAP/$name"
	done
	for ((n = 1; n <= BOARDS_OF; n++)); do
		# of a year in which this test will not be run
		jq -c ".data.options |= .[:-20 * ($BOARDS_OF - $n) - 1]" \
		    "$ROOT/tests/boards/open.json" |
		    sed -E 's/"(SPXW?)26/"\146/g' >"$DIR/SPX.$n"
		sed 's/SPXW/NDXP/g; s/SPX/NDX/g' "$DIR/SPX.$n" >"$DIR/NDX.$n"
	done
	redis_start
}

teardown_file() {
	redis_stop
}

setup() {
	[[ -x $STANDIN ]] || fail "no stand-in built (make built)" || return 1
	cd "$DIR" || return 1
	export PATH=$WRAP:$ROOT/pipelines:$PATH MASSIVE_API_KEY=s3cr3tTESTkey
	export LIVE_TAP='--backoff 0.01:0.05 --cooldown 0.1'
	export LIVE_HYDRATE='--unknown-limit 1'
	RUN=0 SEED=$TAPE_SEED LIVE='' RECORDER='' GEX='' HEATMAP='' BROOM=''
}

teardown() {
	standin_stop
	kill_started
}

# ---------------------------------------------------------------- processes

vendor() {
	local s n
	local -a boards=()
	for s in "${SYMBOLS[@]}"; do
		for ((n = 1; n <= BOARDS_OF; n++)); do
			boards+=(--board "$DIR/$s.$n")
		done
	done
	standin_start --ttl "$BATS_TEST_TIMEOUT" --key "$MASSIVE_API_KEY" "${boards[@]}"
	export MASSIVE_BASE_URL=$STANDIN_URL MASSIVE_WS_URL=$STANDIN_WS
}

# live_start THRESHOLD [STAGE WRITE SHORT]: all of it; that stage stands still
# before that write to Redis, of which each takes so many bytes at most.
live_start() {
	local threshold=$1
	rm -f ./*.fault
	[[ $# == 1 ]] ||
		echo "FAULT_STOP_AT=$3 FAULT_SHORT=$4" >"$2.fault"
	RUN=$((RUN + 1))
	LIVE_WATCH="--threshold $threshold --max-backoff 2" \
	    env --default-signal=INT,TERM live "${SYMBOLS[@]}" \
	    >"live.$RUN.out" 2>"live.$RUN.err" 3>&- 4>&- &
	LIVE=$!
	standin_control 'wait auth 1'
	eventually is_subscribed
}

# The tap has asked for quotes, too, so it has seen a board.  (That it says so
# may wait behind a stage that stands still.)
is_subscribed() {
	(($(standin_status .pairs) > 10))
}

# It ended, with that status.
live_ends() { # STATUS
	local rc=0
	eventually has_ended "$LIVE"
	wait "$LIVE" || rc=$?
	LIVE=
	assert $rc = "$1" "$(tail -n 5 "live.$RUN.err")"
}

# What is on its way has 0.7 s then; so nothing much is.
live_stops() { # [STATUS]
	standin_control 'wait idle'
	eventually is_quiet
	kill -TERM "$LIVE"
	live_ends "${1-0}"
}

# No tick is applied, at some looks.
is_quiet() {
	local i before now
	for i in 1 2 3 4 5 6; do
		now=$(meta SPX ticks)/$(meta NDX ticks)
		[[ $now == "${before:=$now}" ]] || return 1
		sleep 0.05
	done
}

stage() { # NAME: its pid
	pgrep -P "$LIVE" -x "$1"
}

# The stage with the fault stands still: it is killed there, and so all end.
stage_dies() { # NAME
	local p
	p=$(stage "$1")
	comes_to_stop "$p"
	[[ -z ${2-} ]] || $2
	kill -KILL "$p"
	live_ends 137
	assert "$(cat "live.$RUN.err")" has "live: $1: ENDED: with 137"
	echo "$1" >>killed
}

# begin VARIABLE [VALUE=NAME...] COMMAND...: in the background, pid in VARIABLE.
begin() {
	local variable=$1
	shift
	env "$@" >>"$variable.out" 2>>"$variable.err" 3>&- 4>&- &
	printf -v "$variable" %s $!
}

# kill -9 of one that stands still, or runs.
dies() { # VARIABLE
	local rc=0
	kill -KILL "${!1}"
	wait "${!1}" || rc=$?
	assert $rc = 137
	printf -v "$1" %s ''
	echo "$1" >>killed
}

# dies_at_write VARIABLE WRITE SHORT COMMAND...: begun, it stands still before
# that write, and is killed there.
dies_at_write() {
	local variable=$1
	begin "$variable" LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT="$2" \
	    FAULT_SHORT="$3" "${@:4}"
	comes_to_stop "${!variable}"
	dies "$variable"
}

ends_well() { # VARIABLE
	local rc=0
	kill -TERM "${!1}"
	wait "${!1}" || rc=$?
	printf -v "$1" %s ''
	assert $rc = 0 "$1: $(tail -n 3 "$1.err")"
}

RECORD=(epoch-record --on --dir tape --fsync 0.1 "${SYMBOLS[@]}")
GEX_IS=(model-gex --gamma live --poll 0.1)
HEATMAP_IS=(model-heatmap --poll 0.1)

# ---------------------------------------------------------------- the life

meta() { # SYMBOL FIELD
	rcli HGET "epoch:meta:$(active "$1")" "$2"
}

meta_is() { # SYMBOL FIELD NUMBER: that, or more
	(($(meta "$1" "$2") >= $3))
}

# The number of the last act.
last_act() { # SYMBOL
	rcli XINFO STREAM "epoch:journal:$1" | sed -n '/^last-generated-id$/{n;s/0-//p}'
}

is_at_board() { # SYMBOL VERSION
	[[ $(meta "$1" contract_count) == $(jq '.data.options | length' "$1.$2") ]]
}

is_forced() { # SYMBOL EPOCH
	[[ $(active "$1") != "$2" && $(meta "$1" reason) == forced ]]
}

has_newer_snapshot() { # SYMBOL EPOCH THAN
	[[ $(active "$1") == "$2" ]] && (($(meta "$1" snapshot_ts) > $3))
}

is_clean() { # SYMBOL
	[[ $(rcli SISMEMBER epoch:clean "$(active "$1")") == 1 ]]
}

# Ticks, at once, that both symbols take in.
burst() {
	local s
	local -A before=()
	SEED=$((SEED + 1))
	for s in "${SYMBOLS[@]}"; do
		before[$s]=$(meta "$s" ticks)
	done
	standin_control "burst $TAPE_TICKS ${1-0} seed=$SEED kinds=Q:6,T:3,A:1 pick=subscribed duplicate=2 reorder=10"
	for s in "${SYMBOLS[@]}"; do
		eventually meta_is "$s" ticks $((before[$s] + 1))
	done
}

# The vendor has another board, and tells by a trade in what is new.
listed() { # VERSION
	local s id now
	standin_control "board $1"
	now=$(($(date +%s%3N) + 4500))
	for s in "${SYMBOLS[@]}"; do
		id=$(comm -13 <(ids_of "$s.$(($1 - 1))") <(ids_of "$s.$1") | head -n 1)
		standin_control "tick {\"ev\":\"T\",\"sym\":\"O:$id\",\"x\":302,\"p\":1.25,\"s\":3,\"t\":$now,\"q\":7}"
	done
}

ids_of() {
	jq -r '.data.options[].option' "$1" | LC_ALL=C sort
}

# As cron would, beside the pipe.
snapshots() {
	local s
	for s in "${SYMBOLS[@]}"; do
		snapshot --source massive "$s" >>cron.out 2>>cron.err
	done
}

grows_to() { # VERSION
	local s
	listed "$1"
	for s in "${SYMBOLS[@]}"; do
		eventually is_at_board "$s" "$1"
	done
}

cut_off() {
	local s
	local -A id=() ts=()
	for s in "${SYMBOLS[@]}"; do
		id[$s]=$(active "$s") ts[$s]=$(meta "$s" snapshot_ts)
	done
	standin_control abort 'wait auth 1'
	for s in "${SYMBOLS[@]}"; do
		eventually has_newer_snapshot "$s" "${id[$s]}" "${ts[$s]}"
	done
}

# Silence, and the vendor fails; then he does not.
falls_silent() {
	local s
	local -A id=()
	for s in "${SYMBOLS[@]}"; do
		id[$s]=$(active "$s")
	done
	standin_control 'fault on all always status 500'
	live_start 0.3
	for s in "${SYMBOLS[@]}"; do
		eventually meta_is "$s" forced_dirty 1
	done
	standin_control 'fault off'
	for s in "${SYMBOLS[@]}"; do
		eventually is_forced "$s" "${id[$s]}"
	done
	live_stops 69
}

# It counts, and nothing comes of it.
is_silent_for_a_while() {
	local s
	live_start '0.1 --count 1000'
	for s in "${SYMBOLS[@]}"; do
		eventually meta_is "$s" dormant_count 2
	done
	live_stops
}

# Some of a reserved epoch's contracts are there, and not all.
is_in_mid_stage() {
	local id there all
	id=$(rcli ZRANGE epoch:staging -1 -1)
	there=$(rcli KEYS "epoch:$id:contract:*" | grep -c .) || :
	all=$(rcli GET "epoch:$id:geometry" | grep -c .)
	((there > 0 && there < all)) || fail "staged: $there of $all"
}

# A round; VARY moves the writes before which they die.
a_life() { # ROUND
	local vary=$(((TAPE_SEED + $1) % 12)) s
	# --- all is well
	live_start 60
	standin_control 'board 1'
	(($1 == 1)) || snapshots
	for s in "${SYMBOLS[@]}"; do
		eventually is_at_board "$s" 1
	done
	burst
	snapshots
	burst
	grows_to 2
	burst 20000
	cut_off
	# --- those who stand beside are killed
	dies RECORDER
	burst
	dies_at_write RECORDER $((12 + vary * 7)) $((97 + vary)) FAULT_FDS=all "${RECORD[@]}"
	begin RECORDER "${RECORD[@]}"
	dies GEX
	burst
	dies_at_write GEX $((8 + vary)) 300 "${GEX_IS[@]}"
	begin GEX "${GEX_IS[@]}"
	dies HEATMAP
	burst
	dies_at_write HEATMAP $((8 + vary)) 300 "${HEATMAP_IS[@]}"
	begin HEATMAP "${HEATMAP_IS[@]}"
	# --- the broom is killed, another one goes on
	dies_at_write BROOM $((7 + vary)) 200 epoch-gc --grace 0 --keep 0
	epoch-gc --grace 0 --keep 0 >>gc.out
	live_stops
	# --- the pipe's writers are killed
	live_start 60 epoch-hydrate $((9 + vary)) 400
	standin_control "burst $TAPE_TICKS 0 seed=$SEED pick=subscribed"
	stage_dies epoch-hydrate
	live_start 60 epoch-promote $((500 + vary * 3)) 500
	listed 3
	stage_dies epoch-promote is_in_mid_stage
	live_start 0.3 dormancy-watch $((4 + vary)) 30
	stage_dies dormancy-watch
	# --- silence, and what it forces; a way back, and forward
	falls_silent
	live_start 60
	burst
	epoch-promote -q --rollback NDX >>cron.out
	burst
	epoch-promote -q --unpin NDX >>cron.out
	grows_to 4
	burst
	live_stops
	is_silent_for_a_while
}

@test "two symbols live: each writer dies, and each act is on the tape once" {
	local i s
	vendor
	mkdir tape
	begin RECORDER "${RECORD[@]}"
	begin GEX "${GEX_IS[@]}"
	begin HEATMAP "${HEATMAP_IS[@]}"
	for ((i = 1; i <= TAPE_ROUNDS; i++)); do
		a_life "$i"
	done
	for s in "${SYMBOLS[@]}"; do
		eventually is_clean "$s"
		eventually is_complete tape "$s" 1 "$(last_act "$s")"
	done
	ends_well GEX
	ends_well HEATMAP
	ends_well RECORDER
	# beyond what replay does; what is superseded is sealed
	epoch-gc --keep 1000 >>gc.out
	sound "the live run"
	digest '' "${SYMBOLS[@]}" >live
	for s in "${SYMBOLS[@]}"; do
		is_complete tape "$s" 1 "$(last_act "$s")"
		model-gex --gamma live --print "$s"
		model-heatmap --print "$s"
	done >live.models
	all_happened
}

# KIND: how many acts of a symbol on the tape.
acts() { # SYMBOL KIND
	cat tape/"$1"-*.ndjson | grep -c "\"kind\":\"$2\"" || :
}

# None of it is true of an idle life.
all_happened() {
	local s n=$TAPE_ROUNDS
	assert "$(sort killed | uniq -c | xargs)" = \
	    "$n BROOM $((2 * n)) GEX $((2 * n)) HEATMAP $((2 * n)) RECORDER $n dormancy-watch $n epoch-hydrate $n epoch-promote"
	for s in "${SYMBOLS[@]}"; do
		records epoch <(cat live.*.out) | grep "\"symbol\":\"$s\"" >told
		assert "$(jq -r 'select(.outcome == "new").reason' told |
		    sort -u | xargs)" = "first forced geometry" "$s"
		(($(grep -c '"reason":"geometry"' told) >= 3 * n)) || fail "$s: boards"
		(($(grep -c '"reason":"forced"' told) >= n)) || fail "$s: forced"
		(($(jq -s 'map(.carried // 0) | add' told) > 100)) || fail "$s: carried"
		# one by hand, one after the cut, at the least
		(($(acts "$s" refresh_end) >= 2 * n)) || fail "$s: refreshes"
		(($(acts "$s" dormant) >= 2 * n)) || fail "$s: silence"
		(($(acts "$s" force_dirty) >= n)) || fail "$s: fetches that failed"
		(($(acts "$s" retire) >= n)) || fail "$s: retired"
		(($(acts "$s" hydrate) >= 20 * n)) || fail "$s: ticks"
		(($(acts "$s" commit) >= 4 * n)) || fail "$s: promotions"
	done
	assert "$(acts NDX unpin)" = "$n"
	assert "$(grep -l '"state":"lost"' live.*.out | wc -l)" = "$n" "cuts"
}

# ---------------------------------------------------------------- the replay

# Does Redis have, under the prefix, what it had live?
is_as_live() { # WHAT
	local s
	assert "$(digest "${EPOCH_PREFIX-}" "${SYMBOLS[@]}")" = "$(<live)" "$1"
	epoch-inspect --check >check 2>&1 || fail "--check: $1: $(cat check)"
	for s in "${SYMBOLS[@]}"; do
		model-gex --gamma live --print "$s"
		model-heatmap --print "$s"
	done | cmp - live.models || fail "$1: the models"
}

# No key of the prefix r: is left.
forget() {
	rcli --scan --pattern 'r:*' | xargs -r redis-cli -s "$REDIS_SOCK" DEL >/dev/null
}

# The seals of what is sealed: "ID SEAL", oldest first.
seals() { # SYMBOL
	local id seal
	rcli LRANGE "${EPOCH_PREFIX-}epoch:timeline:$1" 0 -1 | tac | while read -r id; do
		seal=$(rcli HGET "${EPOCH_PREFIX-}epoch:meta:$id" seal)
		[[ -z $seal ]] || echo "$id $seal"
	done
}

needs_life() {
	[[ -s live.models ]] || fail "there was no life"
	export EPOCH_PREFIX=r:
	forget
}

@test "replayed as fast as can be, five times: the live state" {
	needs_life
	run_tool epoch-replay --check tape/*.ndjson
	run_tool epoch-replay tape/*.ndjson
	assert "$(jq -s 'map(.gaps + .void) | add' <<<"$output")" = 0
	is_as_live "files"
	forget
	cat tape/*.ndjson | epoch-replay >replayed
	is_as_live "a pipe"
	forget
	zstd -q tape/*.ndjson --output-dir-flat .
	run_tool epoch-replay ./*.zst
	is_as_live "compressed"
	forget
	# recorded once more, it is the same tape
	run_tool epoch-record --on --max 1000000
	run_tool epoch-replay tape/*.ndjson
	is_as_live "recorded again"
	local s
	for s in "${SYMBOLS[@]}"; do
		epoch-record -q --once "$s" >again
		cat tape/"$s"-*.ndjson >first
		run_tool epoch-replay --bisect first again
	done
	forget
	# on another server
	EPOCH_PREFIX='' run_tool with-redis --temporary bash -c \
	    'epoch-replay tape/*.ndjson && epoch-inspect --check && epoch-inspect --digest '"${SYMBOLS[*]}"
	assert "${lines[-1]}" = "$(<live)" "another server"
}

@test "replayed at ten times the speed of then: the live state" {
	needs_life
	TOOL_TIMEOUT=$((BATS_TEST_TIMEOUT / 4)) run_tool epoch-replay --speed 10 tape/*.ndjson
	is_as_live "ten times"
	forget
}

@test "the seals are those of the live run, each epoch's up to its successor" {
	local s id seal successor n
	needs_life
	run_tool epoch-replay tape/*.ndjson
	run_tool epoch-gc --keep 1000
	for s in "${SYMBOLS[@]}"; do
		EPOCH_PREFIX='' seals "$s" >seals.live
		seals "$s" >seals.again
		# those that the broom had retired are not there to be sealed
		(($(wc -l <seals.again) > 0)) || fail "$s: none is sealed"
		assert "$(grep -vxFf seals.live seals.again)" = "" "$s: other seals"
	done
	for s in "${SYMBOLS[@]}"; do
		EPOCH_PREFIX='' seals "$s" >seals.live
		assert "$(wc -l <seals.live)" = "$(($(acts "$s" commit) - 1))" "$s: all but the active one"
		while read -r id seal; do
			successor=$(rcli HGET "epoch:meta:$id" superseded_by)
			forget
			run_tool epoch-replay --until "$successor" tape/"$s"-*.ndjson
			assert "$(active_again "$s")" = "$id"
			assert "$(epoch-inspect --digest --values "$s" | cut -d ' ' -f 1)" = "$seal" "$id"
		done <seals.live
	done
	forget
}

active_again() {
	rcli HGET r:epoch:active "$1"
}
