#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# pipelines/live: how the stages are joined, and how they end.  The tap and
# what stands behind it are small scripts here, told by files what to do; the
# second half of the pipe is the real one, with the stand-in for a vendor.

load helpers
load standin/standin

setup_file() {
	export EPOCH_NOW_MS=1794511000000
	export FAKES=$BATS_FILE_TMPDIR/fakes
	mkdir "$FAKES"
	# A stage passes its input on.  $NAME-does is sourced at its start.
	cat >"$FAKES/stage" <<-'END'
		#!/usr/bin/env bash
		name=${0##*/}
		trap 'echo $name >>"$WORK/told"; exit "${on_term-0}"' TERM
		env >"$WORK/$name-env"
		echo "$$ $*" >>"$WORK/$name-args"
		[[ ! -f $WORK/$name-does ]] || . "$WORK/$name-does"
		[[ $name != ws-tap ]] || exec 0<>"$WORK/feed"
		while :; do
			[[ ! -f $WORK/$name-dies ]] || exit "$(cat "$WORK/$name-dies")"
			read -r -t 0.03 line
			rc=$?
			if [[ $rc == 0 ]]; then
				printf '%s\n' "$part$line"
				part=
			elif [[ $rc -gt 128 ]]; then
				part+=$line
			else
				break
			fi
		done
		echo $name >>"$WORK/ended"
		exit "${on_eof-0}"
	END
	chmod +x "$FAKES/stage"
	local name
	for name in ws-tap epoch-hydrate dormancy-watch; do
		cp "$FAKES/stage" "$FAKES/$name"
	done
	export PATH=$FAKES:$ROOT/pipelines:$PATH
}

setup() {
	if [[ ! -x $STANDIN ]]; then
		[[ ${CI-} != true ]] || fail "no stand-in built" || return 1
		skip "no stand-in built (make built)"
	fi
	cd "$BATS_TEST_TMPDIR" || return 1
	export WORK=$PWD TMPDIR=$PWD/tmp MASSIVE_API_KEY=s3cr3tTESTkey
	mkdir tmp
	mkfifo feed
	exec 7<>feed
	redis_start
	vendor ''
	PID=
}

teardown() {
	exec 7>&-
	standin_stop
	kill_started
	redis_stop
}

vendor() {
	standin_stop
	standin_start -s "$1" --board "$ROOT/tests/boards/open.json" \
	    --key "$MASSIVE_API_KEY"
	export LIVE_FETCH="--source massive --base-url $STANDIN_URL --parallel 1"
}

# start [OPTION...] SYMBOL...: in the background, with TERM and INT as at a
# terminal, and waited for until all stages are there, and listen.
start() {
	rm -f ./*-args out
	env --default-signal=INT,TERM live "$@" >out 2>err 3>&- 4>&- 7>&- &
	PID=$!
	eventually eval '[[ $(cat ws-tap-args epoch-hydrate-args \
	    dormancy-watch-args | wc -l) == 3 && $(stages | wc -l) == 6 ]]'
	local p
	for p in $(stages); do
		eventually minds "$p" TERM
	done
}

# The pids of the stages that live.
stages() {
	pgrep -P "$PID" -f 'ws-tap|epoch-hydrate|dormancy-watch|chain-fetch|geom-hash|epoch-promote' || :
}

# One of them, by its name.
stage() {
	pgrep -P "$PID" -f "$1"
}

# finish STATUS: it ends so, and leaves nothing behind.
finish() {
	local rc=0 left
	left=$(stages)
	eventually has_ended "$PID"
	wait "$PID" || rc=$?
	PID=
	for left in $left; do
		has_ended "$left" || fail "a stage is left: $(ps -o pid,ppid,stat,args -p $left)"
	done
	assert "$(ls tmp)" = ""
	assert $rc = "$1" "$(cat err)"
}

refresh() {
	printf '{"type":"refresh","ts":1,"symbol":"SPX","reason":"%s"%s}\n' \
	    "$1" "${2:+,\"for_epoch\":\"$2\"}" >&7
}

decided() {
	[[ $(grep -c '"type":"epoch"' out) -ge $1 ]]
}

@test "usage, help, and tools that are missing" {
	run_tool 64 live
	run_tool 64 live --every
	run_tool 64 live --nonsense SPX
	run_tool 64 live --every 5
	run_tool live --help
	assert "$output" has 'live [--every S] SYMBOL...'
	mkdir bin
	ln -s "$BASH" /usr/bin/env /usr/bin/mktemp bin
	run_tool 69 env PATH="$PWD/bin" "$ROOT/pipelines/live" SPX
	assert "$stderr" = "live: ws-tap: NOT_FOUND: no such tool in PATH (exit 69)"
	TMPDIR=$PWD/nowhere run_tool 73 live SPX
}

@test "records go the whole way; a request becomes an epoch" {
	LIVE_TAP='--quotes 10' LIVE_WATCH='--threshold 1' start SPX NDX
	assert "$(cut -d ' ' -f 2- ws-tap-args)" = "--quotes 10 SPX NDX"
	assert "$(cut -d ' ' -f 2- epoch-hydrate-args)" = ""
	assert "$(cut -d ' ' -f 2- dormancy-watch-args)" = "--threshold 1"
	echo '{"type":"note","ts":1,"state":"up"}' >&7
	refresh first
	eventually decided 1
	assert "$(head -n 1 out)" = '{"type":"note","ts":1,"state":"up"}'
	assert "$(tail -n 1 out | jq -r '"\(.outcome) \(.reason)"')" = "new first"
	"$ROOT/tests/invariants" "$REDIS_SOCK"
	kill -TERM "$PID"
	finish 0
	assert "$(cat told)" = ws-tap "the others end with their input"
	assert "$(xargs <ended)" = "epoch-hydrate dormancy-watch"
	assert "$(cat err)" = ""
}

@test "the key is for those who speak with the vendor" {
	start SPX
	grep -q s3cr3tTESTkey ws-tap-env
	local n pid
	for n in epoch-hydrate dormancy-watch geom-hash epoch-promote; do
		pid=$(stage "$n")
		tr '\0' '\n' <"/proc/$pid/environ" | grep -q KEY= &&
			fail "$n has a key"
	done
	kill -TERM "$PID"
	finish 0
}

@test "--every: snapshots besides, at once and again" {
	start --every 0.05 SPX
	eventually decided 3
	refresh gap
	kill -TERM "$PID"
	local rc=0
	wait "$PID" || rc=$?
	PID=
	[[ $rc == 0 || $rc == 75 ]] # in the middle of one
	assert "$(records epoch <out | jq -r .outcome | head -n 2 | xargs)" = "new same"
}

@test "stopped before anything came: 0, in order; INT and HUP by that signal" {
	local sig
	for sig in TERM:0 INT:130 HUP:129; do
		start SPX
		kill -s "${sig%:*}" "$PID"
		finish "${sig#*:}"
		assert "$(cat err)" = ""
	done
}

@test "stopped in the middle of a fetch: an abort, the epoch that stays is forced" {
	start SPX
	refresh first
	eventually decided 1
	kill -TERM "$PID"
	finish 0
	local id
	id=$(rcli HGET epoch:active SPX)
	rcli HSET "epoch:meta:$id" dormant_count 2
	vendor 'on page 2 hang'
	start SPX
	refresh dormant "$id"
	eventually grep -q '"page":1' "$STANDIN_LOG"
	kill -TERM "$PID"
	finish 75
	assert "$(jq -r '"\(.epoch_id) \(.outcome) \(.reason)"' out)" = "$id rejected aborted"
	assert "$(rcli HGET "epoch:meta:$id" forced_dirty)" = 1
	assert "$(tail -n 1 err)" = "live: chain-fetch: FAILED: ended with 75 (exit 75)"
}

@test "what was on its way when the tap was stopped arrives" {
	echo 'trap "exec 0<feed-rest" TERM' >ws-tap-does
	# They read slowly, and 0.7 s later they would be told to end.
	echo 'trap "" TERM' | tee epoch-hydrate-does >dormancy-watch-does
	seq 1 300 | sed 's/.*/{"type":"note","ts":&}/' >feed-rest
	start SPX
	refresh first
	eventually decided 1
	kill -TERM "$PID"
	finish 0
	assert "$(grep -c note out)" = 300
}

@test "a stage that ends by itself ends all, with its status" {
	local case name rc
	for case in ws-tap:69 ws-tap:77 epoch-hydrate:75 dormancy-watch:78; do
		name=${case%:*} rc=${case#*:}
		rm -f ./*-does
		echo 'until [[ -f die ]]; do sleep 0.02; done; exit '"$rc" >"$name-does"
		start SPX
		touch die
		finish "$rc"
		rm die
		assert "$(head -n 1 err)" has "live: $name: ENDED: with $rc"
		assert "$(tail -n 1 err)" = "live: $name: FAILED: ended with $rc (exit $rc)"
	done
}

@test "one that ended well is not named while the one behind its end is to be seen" {
	# the pipe of one that dies is closed before its end is seen
	echo 'echo $$ >hydrate-pid
	    until [[ -f die ]]; do sleep 0.02; done; exit 0' >epoch-hydrate-does
	echo 'until [[ -f die ]] && ! kill -0 "$(cat hydrate-pid)" 2>/dev/null; do sleep 0.02; done
	    for _ in 1 2 3 4 5 6 7 8; do sleep 0.05; done; exit 75' >ws-tap-does
	start SPX
	touch die
	finish 75
	assert "$(head -n 1 err)" has "live: ws-tap: ENDED: with 75"
}

@test "a stage that is killed ends all; the next run goes on" {
	local name rc
	for name in ws-tap epoch-hydrate dormancy-watch chain-fetch geom-hash epoch-promote; do
		start SPX
		refresh gap
		eventually decided 1
		kill -KILL "$(stage $name)"
		finish 137
		assert "$(cat err)" has "live: $name: ENDED: with 137"
		assert "$(tail -n 1 err)" = "live: $name: FAILED: ended with 137 (exit 137)"
		"$ROOT/tests/invariants" "$REDIS_SOCK"
	done
}

@test "a failure of long ago is not the status of a stage that dies" {
	vendor 'on request 1 status 401'
	start SPX
	refresh gap
	eventually decided 1
	assert "$(jq -r .reason out)" = aborted
	echo 69 >ws-tap-dies
	finish 69
	rm ws-tap-dies
	# told to stop: the worst of all
	vendor 'on request 1 status 401'
	start SPX
	refresh gap
	eventually decided 1
	kill -TERM "$PID"
	finish 77
}

@test "no key: 77, which a supervisor does not try again" {
	unset MASSIVE_API_KEY
	rm -f ./*-args
	LIVE_FETCH='--source massive' run_tool 77 live SPX
	assert "$stderr" has "chain-fetch: -: NO_KEY"
	assert "$(tail -n 1 <<<"$stderr")" = "live: chain-fetch: FAILED: ended with 77 (exit 77)"
}

@test "a stage that does not listen is told, and killed in the end" {
	echo 'trap "" TERM; while :; do sleep 0.05; done' >epoch-hydrate-does
	start SPX
	local i
	kill -TERM "$PID"
	for ((i = 0; i < 200; i++)); do
		! has_ended "$PID" || break
		sleep 0.05
	done
	finish 137
	assert "$(cat told)" has ws-tap
}

@test "the reader of its output leaves: 141" {
	mkfifo pipe
	rm -f ./*-args
	env --default-signal=INT,TERM live SPX >pipe 2>err 3>&- 4>&- 7>&- &
	PID=$!
	exec 8<pipe
	refresh first
	head -n 1 <&8 >/dev/null
	exec 8<&-
	refresh gap
	finish 141
}

@test "crontab: started by its line, once, silently" {
	local line
	line=$(sed -nE 's/^(\* +){5}//p' "$ROOT/pipelines/crontab.example" | grep ' live ')
	assert "$(wc -l <<<"$line")" = 1
	rm -f ./*-args
	env --default-signal=TERM VAR="$PWD" sh -c "exec $line" </dev/null >cron-out 2>&1 3>&- 4>&- 7>&- &
	PID=$!
	eventually test -s dormancy-watch-args
	refresh first
	eventually grep -q '"outcome":"new"' live.ndjson
	VAR=$PWD run_tool sh -c "$line"
	assert "$output$stderr" = ""
	kill -TERM "$(pgrep -P "$PID" -f 'live SPX')"
	local rc=0
	wait "$PID" || rc=$?
	PID=
	assert "$rc $(cat cron-out live.err)" = "0 "
}

@test "the unit: systemd understands it, and it starts what is there" {
	local unit=$ROOT/pipelines/epoch-live@.service
	assert "$(sed -n 's|^ExecStart=/usr/local/share/epoch-tools/\([^ ]*\).*|\1|p' "$unit")" = live
	# those that nobody but a person can mend
	assert "$(sed -n 's/^RestartPreventExitStatus=//p' "$unit")" = "64 77 78"
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	sed "s|/usr/local/share/epoch-tools|$ROOT/pipelines|; /^Documentation/d" \
	    "$unit" >epoch-live@.service
	systemd-analyze verify ./epoch-live@.service 2>verify || :
	assert "$(grep epoch-live verify)" = ""
}

@test "the runbook quotes what the tools say, and names what there is" {
	local book=$ROOT/docs/RUNBOOK.md code option tool
	[[ -d $ROOT/cmd/ws-tap ]] || skip "without ws-tap"
	while read -r tool code; do
		case $tool in
		live) grep -qw "$code" "$ROOT/pipelines/live" ;;
		*) grep -rqiF -- "\"${code/#HTTP_[0-9]*/HTTP_%ld}\"" \
		    "$ROOT/cmd/$tool" "$ROOT/common" ;;
		esac || fail "$tool does not say $code"
	done < <(grep -oE '^    [a-z-]+: [^ ]+: [A-Z][A-Z0-9_]+: ' "$book" |
	    awk '{ print $1, $3 }' | tr -d : | grep -v DAMAGED | sort -u)
	for tool in chain-fetch epoch-promote epoch-inspect epoch-gc; do
		while IFS= read -r option; do
			"$tool" --help | grep -q -e "$option " ||
				fail "$tool has no $option"
		done < <(grep -oE "${tool}[^|\`]* --[a-z-]+" "$book" |
		    grep -oE -e '--[a-z-]+' | sort -u)
	done
}

@test "Redis is away at the start: 75" {
	redis_stop
	run_tool 75 live SPX
	assert "$stderr" has "epoch-promote: -: REDIS_CONNECT"
}
