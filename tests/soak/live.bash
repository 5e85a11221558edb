# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# live: pipelines/live for .bats files that run it for long; load it after
# helpers, standin and hydrate.
#
# Two witnesses stand around epoch-hydrate, which is started by a script that
# becomes it; they keep the accounts.  Figures are printed as comments.
#
# VENDOR_BOARDS are the boards of its vendor.
# shellcheck disable=SC2034,SC2154 # variables of helpers and of who loads this

STAGES=(ws-tap epoch-hydrate dormancy-watch chain-fetch geom-hash epoch-promote)
PAGE_KIB=$(($(getconf PAGESIZE) / 1024))
VENDOR_BOARDS=("$ROOT"/tests/boards/{open,listed}.json)

put_witnesses() {
	export WRAP=$BATS_FILE_TMPDIR/wrap
	mkdir "$WRAP"
	cat >"$WRAP/epoch-hydrate" <<-END
		#!/usr/bin/env bash
		exec 7<&0 8>&1
		exec "$BUILD/bin/epoch-hydrate" "\$@" \\
		    < <(exec "$ROOT/tests/soak/witness" in "\$WITNESS" <&7 7<&- 8>&-) \\
		    > >(exec "$ROOT/tests/soak/witness" out "\$WITNESS" >&8 7<&- 8>&-) \\
		    7<&- 8>&-
	END
	chmod +x "$WRAP/epoch-hydrate"
}

say() {
	printf '# %s\n' "$*" >&3
}

# As eventually, for up to a minute: a soak shares its machine.
patiently() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	fail "never came true: $*" "$(tail -n 5 "err.$RUN")"
}

vendor() { # OPTION...
	local board boards=()
	for board in "${VENDOR_BOARDS[@]}"; do
		boards+=(--board "$board")
	done
	standin_stop
	standin_start --key "$MASSIVE_API_KEY" --ttl "$REDIS_LIFE" \
	    "${boards[@]}" "$@"
	export MASSIVE_BASE_URL=$STANDIN_URL MASSIVE_WS_URL=$STANDIN_WS
}

start() { # OPTION...
	RUN=$((RUN + 1))
	export WITNESS=$PWD/witness.$RUN
	: >"$WITNESS"
	live "$@" SPX >"out.$RUN" 2>"err.$RUN" 3>&- 4>&- &
	PID=$!
}

stage() { # NAME: its pid
	pgrep -P "$PID" -x "$1" | head -n 1
}

has_subscribed() {
	grep -q '"state":"subscribed"' "out.$RUN"
}

is_subscribed() {
	has_subscribed && [[ $(standin_status .auth) == 1 ]]
}

stop_anyhow() {
	local i
	kill -TERM "$PID" 2>/dev/null || :
	for i in "${STAGES[@]}"; do
		kill -CONT "$(stage "$i")" 2>/dev/null || :
	done
	for ((i = 0; i < 100; i++)); do
		has_ended "$PID" && break
		sleep 0.02
	done
	kill -KILL "$PID" 2>/dev/null || :
	wait "$PID" || rc=$?
	PID=
}

# The pipeline has ended: every line whole, both accounts closed.
look_at_run() {
	local ticks read
	jq -es 'true' "out.$RUN" >/dev/null || fail "run $RUN: torn" || return 1
	assert "$(tail -c 1 "out.$RUN")" = "" "the end of run $RUN" || return 1
	patiently eval '[[ $(wc -l <"$WITNESS") == 2 ]]' || return 1
	assert "$(grep -o ' open [0-9]*' "$WITNESS" | xargs)" = "open 0 open 0" \
	    "run $RUN: $(cat "$WITNESS")" || return 1
	ticks=$(sed -n 's/^in ticks \([0-9]*\) .*/\1/p' "$WITNESS")
	read=$(sed -n 's/^out .* read \([0-9]*\) .*/\1/p' "$WITNESS")
	((read <= ticks)) || fail "run $RUN: read $read of $ticks ticks" ||
	    return 1
	TICKS_IN=$((TICKS_IN + ticks)) TICKS_READ=$((TICKS_READ + read))
}

# Told to stop, it ends well, with nothing lost between tap and hydrator.
stop_well() {
	local rc=0
	kill -TERM "$PID"
	patiently has_ended "$PID"
	wait "$PID" || rc=$?
	PID=
	assert $rc = 0 "$(tail -n 5 "err.$RUN")"
	TICKS_IN=0 TICKS_READ=0
	look_at_run
	assert "$TICKS_READ" = "$TICKS_IN" "read by the hydrator"
	assert "$(cut -d ' ' -f 13 "$WITNESS" | xargs)" = "0 0" "torn"
}

# What a stage's counters say, by SIGUSR1.
counter() { # TOOL NAME
	kill -USR1 "$(stage "$1")"
	sed -n "s/^$1: .*COUNTS:.* $2 \([0-9]*\).*/\1/p" "err.$RUN" | tail -n 1
}

is_through() { # EVENTS
	[[ $(counter ws-tap received) == "$1" ]] &&
	    [[ $(counter epoch-hydrate read) == "$(counter ws-tap written)" ]] &&
	    [[ $(counter epoch-hydrate waiting) == 0 ]]
}

rss() { # PID, in KiB; without a process, so that a second stays one
	local pages
	read -r _ pages _ <"/proc/$1/statm"
	echo $((pages * PAGE_KIB))
}

# Of numbers, one a line, those from the A-th to the B-th quarter: the greatest.
greatest() { # A B
	awk -v a="$1" -v b="$2" '{ v[NR] = $1 } END {
		for (i = int(NR * a / 4) + 1; i <= NR * b / 4; i++)
			if (v[i] > m) m = v[i]
		print m }'
}
