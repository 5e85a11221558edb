#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-inspect --at: which epoch was active at a moment; and with a tape all
# that there was at it, as if looked at then.

load helpers
load hydrate
load tape

VIEWS=7

# What is to be seen now, or then: each view one file, in a folder.  (What is
# no state of an epoch differs: who was registered, and the life of ids.)
look() { # FOLDER [OPTION...]
	local to=$1 e
	shift
	mkdir -p "$to"
	epoch-inspect "$@" --digest >"$to/digest"
	epoch-inspect "$@" --digest --text >"$to/text"
	epoch-inspect "$@" -o symbol,epoch_id,dirty,dormant,forced,ws,heatmap,gex,seq,full_seq,ticks,models \
	    >"$to/table"
	epoch-inspect "$@" --timeline -o epoch_id,since_ts,until,reason,entered,exited,carried,superseded_by \
	    >"$to/timeline"
	epoch-inspect "$@" --gex >"$to/gex"
	for e in 2025-06-20 2025-07-18; do
		epoch-inspect "$@" --heatmap --expiration $e
		epoch-inspect "$@" --heatmap --expiration $e \
		    --strategy butterfly --right put
	done >"$to/heatmap"
	epoch-inspect "$@" --models >"$to/models"
}

# One life for the file: its tape, and what was seen after each step; when
# that was is the time of the last act by then.
setup_file() {
	redis_start
	cd "$BATS_FILE_TMPDIR" || return 1
	export DIR=$BATS_FILE_TMPDIR COLUMNS=200
	make_boards
	journal_on
	local i ts before=0
	for ((i = 1; i <= STEPS; i++)); do
		step $i || fail "step $i"
		model-gex --once >/dev/null
		model-heatmap --once >/dev/null
		ts=$({ stream SPX && stream NDX; } | jq -s 'map(.ts | tonumber) | max')
		((ts > before)) || fail "step $i: nothing happened"
		look "seen.$i"
		printf '%s %s\n' "$i" "$ts" >>moments
		before=$ts
	done
	epoch-record --once SPX >spx
	epoch-record --once NDX >ndx
	# The truth about record time: what each commit says.
	{ stream SPX && stream NDX; } |
		jq -r 'select(.kind == "commit") |
		    "\(.id) \(.args | fromjson | .[2]) \(.ts)"' >commits
	rcli LRANGE epoch:timeline:SPX 0 -1 | tac >epochs
	(($(grep -c SPX: commits) >= 5 && $(grep -c . epochs) >= 5))
}

setup() {
	find_redis || redis_start
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir private
	export TMPDIR=$PWD/private
	TAPES=(--tape "$DIR/spx" --tape "$DIR/ndx")
}

teardown() {
	kill_started
}

teardown_file() {
	find_redis && redis_stop
	return 0
}

# No file of ours, and no process that knows of it.
nothing_left() { # [WHAT]
	assert "$(ls -A "$TMPDIR")" = "" "files left: ${1-}"
	assert "$(grep -lF "$TMPDIR/epoch-at" /proc/[0-9]*/cmdline 2>/dev/null)" \
	    = "" "processes left: ${1-}"
}

# The epoch of SYMBOL whose snapshot was the newest by TS; "-" none.
by_records() { # SYMBOL TS
	awk -v s="$1:" -v ts="$2" 'BEGIN { id = "-" }
	    index($1, s) == 1 && $2 <= ts { id = $1 } END { print id }' \
	    "$DIR/commits"
}

# A copy of epoch-inspect in ./here, with these beside it: the tools that it
# starts are its neighbours.
stand_alone() { # SCRIPT-NAME SCRIPT
	mkdir -p here
	cp "$BUILD/bin/epoch-inspect" here/
	printf '#!/bin/sh\n%s\n' "$2" >"here/$1"
	chmod +x "here/$1"
}

@test "usage" {
	run_tool 64 epoch-inspect --at noon SPX
	run_tool 64 epoch-inspect --at 2026-11-20T15:30:00 SPX # of which zone?
	run_tool 64 epoch-inspect --at 1969-12-31T23:59:59Z SPX
	run_tool 64 epoch-inspect --at -1 SPX
	run_tool 64 epoch-inspect --at 1 "$(sed -n 1p "$DIR/epochs")"
	assert "$stderr" has "symbols are wanted"
	run_tool 64 epoch-inspect --at 1 --digest SPX
	assert "$stderr" has "--at with a view needs --tape"
	run_tool 64 epoch-inspect "${TAPES[@]}" SPX
	run_tool 64 epoch-inspect --at 1 --watch 1 SPX
	run_tool 64 epoch-inspect --at 1 "${TAPES[@]}" --doctor
	run_tool 64 epoch-inspect --at 1 "${TAPES[@]}" -r unix:///x SPX
	run_tool 64 epoch-inspect --at 1 -o nonsense SPX
	nothing_left
}

@test "the very instants of each promotion, the way back included" {
	while read -r id end ts; do
		symbol=${id%%:*}
		for t in $((end - 1)) $end $((end + 1)); do
			want=$(by_records "$symbol" $t)
			rc=$([[ $want != - ]] || echo 1)
			run_tool ${rc:-0} epoch-inspect --at $t -o epoch_id "$symbol"
			assert "$output" = "$want" "$id at $t"
		done
		assert "$(by_records "$symbol" $((end - 1)))" != "$id"
	done <"$DIR/commits"
	grep -q . "$DIR/commits"
	# An hour is an hour in any zone; later than all is the one of now.
	read -r id end ts < <(grep SPX "$DIR/commits" | sed -n 2p)
	run_tool epoch-inspect -o epoch_id SPX \
	    --at "$(date -u -d "@$((end / 1000))" +%Y-%m-%dT%H:%M:%SZ)"
	assert "$output" = "$id"
	run_tool epoch-inspect -o epoch_id SPX --at "$(TZ=Etc/GMT-3 \
	    date -d "@$((end / 1000))" +%Y-%m-%dT%H:%M:%S+03:00)"
	assert "$output" = "$id"
	run_tool epoch-inspect --at 4000000000000 -o epoch_id SPX
	assert "$output" = "$(active)"
}

@test "to the millisecond; of two of the same time the later" {
	export EPOCH_PREFIX=ms:
	make_chain -t $((T + 345)) | geom-hash >a
	make_chain -n 10 -t $((T + 1678)) | geom-hash >b
	epoch-promote <a >/dev/null
	a=$(rcli HGET ms:epoch:active SPX)
	run_tool epoch-inspect --at $((T + 345)) -o epoch_id,since_ts,until SPX
	assert "$output" = "$a	$((T + 345))	-"
	run_tool 1 epoch-inspect --at $((T + 344)) SPX
	epoch-promote <b >/dev/null
	b=$(rcli HGET ms:epoch:active SPX)
	run_tool epoch-inspect --at $((T + 1677)) -o epoch_id SPX
	assert "$output" = "$a"
	run_tool epoch-inspect --at $((T + 1678)) -o epoch_id,since_ts SPX
	assert "$output" = "$b	$((T + 1678))"
	epoch-promote --force <b >/dev/null
	c=$(rcli HGET ms:epoch:active SPX)
	assert "$c" != "$b"
	run_tool epoch-inspect --at $((T + 1678)) -o epoch_id,since_ts SPX
	assert "$output" = "$c	$((T + 1678))"
	run_tool epoch-inspect --at $((T + 1677)) -o epoch_id SPX
	assert "$output" = "$a"
	# In the table neighbours are no predecessors.
	run_tool epoch-inspect -o since_ts "$a" "$b"
	assert "$output" = "$((T + 345))
$((T + 1678))"
}

@test "what it looks like: a row a symbol, a dash for none" {
	read -r id end ts < <(grep SPX "$DIR/commits" | head -n 1)
	run_tool epoch-inspect --at $((T + 125000))
	assert "${lines[0]}" =~ ^SYMBOL\ +EPOCH_ID\ +SINCE.UTC.\ +UNTIL.UTC.\ +REASON\ +CONTRACTS\ +MARKS$
	assert "${lines[2]}" =~ ^NDX\ +NDX:.*2025-06-15\ 15:07:50\ +-\ +first\ +12
	assert "${lines[3]}" =~ ^SPX\ +$id\ +2025-06-15\ 15:07:40\ +2025-06-15\ 15:09:40\ +first\ +30
	assert "${#lines[@]}" = 4
	run_tool 1 epoch-inspect --at "$end"
	assert "${lines[2]}" =~ ^NDX\ +-\ +-\ +-
	assert "${lines[3]}" =~ ^SPX\ +$id
	assert "$stderr" =~ ^epoch-inspect:\ NDX:\ NO_EPOCH:\ none\ at\ 2025-06-15\ 15:07:40\ UTC:\ the\ oldest\ epoch\ begins\ at\ 2025-06-15\ 15:07:50
	run_tool epoch-inspect --at "$end" -H -o symbol,epoch_id,age,since SPX
	assert "$output" = "symbol	epoch_id	age	since
SPX	$id	0	2025-06-15 15:07:40"
	run_tool epoch-inspect --at "$end" -o age SPX # as of then
	assert "$output" = 0
	run_tool 1 epoch-inspect --at "$end" --json
	assert "$(jq -r '.symbol + " " + .epoch_id + " " + .since' <<<"$output")" = \
	    "SPX $id 2025-06-15 15:07:40" # a record has an epoch
	run_tool 1 epoch-inspect --at "$end" RUT
	assert "$stderr" has "RUT: NO_EPOCH"
}

@test "what was retired is named all the same, what is forgotten is told" {
	export EPOCH_PREFIX=gc:
	epoch-replay "$DIR/spx" "$DIR/ndx" >/dev/null
	first=$(sed -n 1p "$DIR/epochs")
	end=$(awk -v id="$first" '$1 == id { print $2 }' "$DIR/commits")
	WARN=ok run_tool epoch-gc --keep 0 --grace 0
	assert "$(rcli EXISTS "gc:epoch:$first:geometry")" = 0
	run_tool epoch-inspect --at "$end" -o epoch_id,marks SPX
	assert "$output" = "$first	sealed,retired"
	while read -r id t ts; do
		for t in $((t - 1)) "$t"; do
			have=$(epoch-inspect --at $t -o epoch_id "${id%%:*}" \
			    2>/dev/null || :)
			assert "$have" = "$(by_records "${id%%:*}" $t)" "$id at $t"
		done
	done <"$DIR/commits"
	WARN=ok run_tool epoch-gc --keep 0 --grace 0 --meta
	assert "$(rcli EXISTS "gc:epoch:meta:$first")" = 0
	run_tool 1 epoch-inspect --at "$end" -o epoch_id SPX
	assert "$output" = -
	assert "$stderr" has "the oldest that is remembered begins at"
	oldest=$(rcli LINDEX gc:epoch:timeline:SPX -1)
	end=$(awk -v id="$oldest" '$1 == id { print $2 }' "$DIR/commits")
	run_tool epoch-inspect --at "$end" -o epoch_id SPX
	assert "$output" = "$oldest"
}

@test "with a tape: every view of every moment is what was seen then" {
	before=$(state_dump)
	while read -r i ts; do
		look back --at "$ts" "${TAPES[@]}"
		diff -r "$DIR/seen.$i" back || fail "step $i"
		assert "$(ls back | wc -l)" = $VIEWS
	done <"$DIR/moments"
	assert "$(state_dump)" = "$before" "the live Redis"
	nothing_left
	# They do differ, so that the comparison says something.
	for f in text table gex heatmap; do
		assert "$(sha256sum "$DIR"/seen.*/$f | cut -c 1-64 | sort -u |
			wc -l)" =~ '^([4-9]|1[0-9])$' "$f"
	done
}

@test "with a tape: the digest of epoch-replay --until, also between acts" {
	export EPOCH_PREFIX=u:
	while read -r id end ts; do
		for t in $((ts - 1)) "$ts"; do
			rcli --scan --pattern 'u:*' |
				xargs -r redis-cli -s "$REDIS_SOCK" DEL >/dev/null
			if ! epoch-replay --until $t "$DIR/spx" "$DIR/ndx" >/dev/null 2>&1; then
				run_tool 1 epoch-inspect --at $t --digest \
				    "${TAPES[@]}"
				assert "$output" = ""
				continue
			fi
			want=$(epoch-inspect --digest)
			run_tool epoch-inspect --at $t "${TAPES[@]}" --digest
			assert "$output" = "$want" "$t"
			run_tool epoch-inspect --at $t "${TAPES[@]}" --check
			[[ $id != SPX:* ]] && continue
			run_tool epoch-inspect --at $t "${TAPES[@]}" \
			    -o epoch_id SPX
			[[ $output == "$id" ]] || ((t < ts)) ||
				fail "$id is not active at its commit, $t"
			[[ $output != "$id" ]] || ((t == ts)) ||
				fail "$id is active before its commit, $t"
		done
	done <"$DIR/commits"
}

@test "with a tape: ages are as of then, ids are looked at, too" {
	read -r i ts < <(sed -n 6p "$DIR/moments")
	id=$(sed -n 1p "$DIR/epochs")
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" -o age,created_ts SPX
	read -r age created <<<"$output"
	assert "$age" = $((ts / 1000 - created))
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" -o epoch_id "$id"
	assert "$output" = "$id"
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --diff SPX
	assert "$output" = "$(epoch-inspect --diff "$id" "$(sed -n 2p "$DIR/epochs")")"
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --gex --name other SPX
	assert "$output" = "$(epoch-inspect --at "$ts" "${TAPES[@]}" --gex SPX)"
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --contracts \
	    -o epoch_id,id,quote_age,bid SPX
	assert "${#lines[@]}" = 36
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --prometheus SPX
	assert "$output" has "epoch_contracts{symbol=\"SPX\"} 36"
	nothing_left
}

@test "with a tape no other Redis is needed, and any prefix will do" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	REDIS_URL=unix:///nowhere EPOCH_PREFIX=other: run_tool epoch-inspect \
	    --at "$ts" "${TAPES[@]}" --digest
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	# Also from a pipe, compressed.
	zstd -qc "$DIR/spx" | epoch-inspect --at "$ts" --tape - --tape "$DIR/ndx" \
	    --digest >out
	cmp out "$DIR/seen.7/digest"
	# A folder whose name does not fit into a socket's.
	long=$PWD/$(printf 'x%.0s' {1..90})
	mkdir "$long"
	TMPDIR=$long run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --digest
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	assert "$(ls -A "$long")" = ""
	# One that is not the same from elsewhere, one that no address can name.
	mkdir 'what?' "it's a %41"
	for dir in private "$PWD/what?" "$PWD/it's a %41"; do
		TMPDIR=$dir run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --digest
		assert "$output" = "$(cat "$DIR/seen.7/digest")" "$dir"
		assert "$(ls -A "$dir")" = ""
	done
	TMPDIR=$PWD/not-there run_tool 74 epoch-inspect --at "$ts" "${TAPES[@]}"
	assert "$stderr" has FOLDER
}

@test "a folder of tapes: of the symbols asked for, up to that day" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	mkdir tapes none
	day=$(date -u -d "@$((ts / 1000))" +%F)
	head -n 9 "$DIR/spx" >tapes/SPX-2025-01-01.ndjson
	tail -n +10 "$DIR/spx" >"tapes/SPX-$day.ndjson"
	cp "$DIR/ndx" "tapes/NDX-$day.ndjson"
	digest_at 0
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	# Not read: later days, other names, half of a compression.
	echo torn >tapes/SPX-2099-01-01.ndjson
	echo torn >"tapes/.SPX-$day.ndjson.zst.part"
	echo torn >tapes/SPX.ndjson
	cp "tapes/SPX-$day.ndjson" tapes/notes.txt
	digest_at 0
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	zstd -q tapes/SPX-2025-01-01.ndjson # and the plain one is still there
	digest_at 0
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	rm tapes/SPX-2025-01-01.ndjson
	digest_at 0
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	echo torn >"tapes/NDX-$day.ndjson"
	digest_at 65
	digest_at 0 SPX
	assert "$output" = "$(digest_of_spx)"
	# A file and a folder; the same order as in one.
	run_tool epoch-inspect --at "$ts" "${TAPES[@]}" --digest SPX
	assert "$output" = "$(digest_of_spx)"
	digest_at 66 RUT
	assert "$stderr" has "NO_TAPE"
	run_tool 66 epoch-inspect --at "$ts" --tape none
	run_tool 1 epoch-inspect --at 2024-01-01T00:00:00Z --tape tapes SPX
	assert "$stderr" has NOTHING
	nothing_left
}

digest_at() { # RC [SYMBOL]
	run_tool "$1" epoch-inspect --at "$ts" --tape tapes --digest "${@:2}"
}

# Of SPX alone, at the moment $ts.
digest_of_spx() {
	EPOCH_PREFIX=only: epoch-replay --into-used --until "$ts" "$DIR/spx" >/dev/null
	EPOCH_PREFIX=only: epoch-inspect --digest SPX
	rcli --scan --pattern 'only:*' |
		xargs -r redis-cli -s "$REDIS_SOCK" DEL >/dev/null
}

@test "a bad tape: the message and the status of epoch-replay, nothing shown" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	before=$(state_dump)
	sed '5s/[0-9]/x/' "$DIR/spx" >changed
	sed 5d "$DIR/spx" >lacking
	head -c 4000 "$DIR/spx" >torn
	for bad in changed lacking torn; do
		EPOCH_PREFIX=b: run_tool 65 epoch-replay --until "$ts" $bad
		want=$stderr
		run_tool 65 epoch-inspect --at "$ts" --tape $bad SPX
		assert "$output" = ""
		assert "$stderr" = "$want"
		nothing_left $bad
	done
	run_tool 66 epoch-inspect --at "$ts" --tape nowhere SPX
	assert "$stderr" has "epoch-replay: nowhere: OPEN"
	run_tool 1 epoch-inspect --at 1 "${TAPES[@]}" SPX
	assert "$stderr" has NOTHING
	nothing_left
	assert "$(state_dump)" = "$before"
}

@test "no redis-server: 69; one that does not start: 75, and why" {
	mkdir no
	run_tool 69 env PATH="$PWD/no" "$BUILD/bin/epoch-inspect" --at 1 "${TAPES[@]}"
	assert "$stderr" has "NO_REDIS: --tape needs a redis-server"
	nothing_left
	cat >no/redis-server <<-'END'
		#!/bin/sh
		while [ "$1" != --logfile ]; do shift; done
		echo first >"$2"
		echo 'cannot: no memory' >>"$2"
		exit 3
	END
	chmod +x no/redis-server
	run_tool 75 env PATH="$PWD/no:$PATH" epoch-inspect --at 1 "${TAPES[@]}"
	assert "$stderr" has "START: redis-server ended with 3: cannot: no memory"
	nothing_left
}

@test "its neighbours are used first, then PATH" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	stand_alone epoch-replay 'echo "neighbour $*" >&2; exit 65'
	run_tool 65 here/epoch-inspect --at "$ts" "${TAPES[@]}" SPX
	assert "$stderr" =~ ^neighbour\ --redis\ unix://$TMPDIR/epoch-at.*\ --until\ $ts\ --\ $DIR/spx\ $DIR/ndx$
	rm here/epoch-replay
	run_tool here/epoch-inspect --at "$ts" "${TAPES[@]}" --digest
	assert "$output" = "$(cat "$DIR/seen.7/digest")"
	run_tool 69 env PATH=/usr/bin:/bin here/epoch-inspect --at "$ts" \
	    "${TAPES[@]}"
	assert "$stderr" has "cannot run epoch-replay"
	nothing_left
}

@test "a child that crashes: 70; a model that fails: what there is is shown" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	stand_alone epoch-replay 'kill -SEGV $$'
	run_tool 70 here/epoch-inspect --at "$ts" "${TAPES[@]}" SPX
	assert "$stderr" has "epoch-replay: CRASHED: ended by signal 11"
	assert "$output" = ""
	nothing_left
	rm here/epoch-replay
	stand_alone model-gex 'exit 70'
	run_tool 70 here/epoch-inspect --at "$ts" "${TAPES[@]}" \
	    -o symbol,gex,heatmap SPX
	assert "$output" =~ ^SPX.0.[1-9]
	nothing_left
}

@test "told to stop in the middle: soon, and nothing is left" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	stand_alone epoch-replay 'echo $$ >replaying; kill -STOP $$'
	for sig in TERM HUP KILL; do
		rm -f replaying
		here/epoch-inspect --at "$ts" "${TAPES[@]}" >out 2>err 3>&- 4>&- &
		pid=$!
		eventually test -s replaying
		eventually is_stopped "$(cat replaying)"
		kill -s $sig $pid
		rc=0
		wait $pid || rc=$?
		pid=
		case $sig in
		TERM) assert $rc = 75 ;;
		HUP) assert $rc = 129 ;;
		KILL) assert $rc = 137 ;;
		esac
		assert "$(cat out)" = "" $sig
		[[ $sig != KILL ]] || eventually has_ended "$(cat replaying)"
		[[ $sig != KILL ]] || eventually nothing_left
		nothing_left $sig
	done
}

@test "a reader that left: 141; a full disk: 74; and nothing is left" {
	read -r i ts < <(sed -n 7p "$DIR/moments")
	rc=0
	epoch-inspect --at "$ts" "${TAPES[@]}" --contracts 2>err | true ||
		rc=$?
	rc=$(set +o pipefail
	{ epoch-inspect --at "$ts" "${TAPES[@]}" --contracts 3>&- 4>&- || echo $? >rc; } | true
	cat rc)
	assert "$rc" = 141
	eventually nothing_left
	run_tool 74 sh -c "epoch-inspect --at $ts --tape '$DIR/spx' >/dev/full"
	nothing_left
}
