#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-record and the disk: nothing leaves Redis that a power cut could take,
# and whoever ends it in the middle of compressing leaves each act once.

load helpers
load hydrate
load tape

DISK_SO=$BUILD/shim/disk.so

setup_file() {
	[[ -e $DISK_SO && -e $FAULT_SO ]] || fail "no such libraries"
	redis_start
}

setup() {
	find_redis || redis_start
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown_file() {
	find_redis && redis_stop
	return 0
}

# Seven acts of three days to come, with three of a day that is on the tape.
begin() {
	rcli FLUSHALL >/dev/null
	rm -rf d shadow
	mkdir d shadow
	fake_acts 3 $D
	record || fail "$(cat err)"
	fake_acts 3 $((D + DAY))
	fake_acts 2 $((D + 2 * DAY))
	fake_acts 2 $((D + 3 * DAY))
}

record() { # [VARIABLE=VALUE]
	env LD_PRELOAD="$FAULT_SO $DISK_SO" DISK_SHADOW="$PWD/shadow" "$@" \
	    epoch-record -q --once --zstd --dir d SPX 2>err
}

# What must have survived of the directory, in another one.  What was done with
# names may have come to the disk at once (eager), or not before the directory
# was synced (lazy).
power_cut() { # eager|lazy
	local ino name
	if [[ $1 == eager ]]; then
		find d -type f -printf '%i %P\n' >names
	else
		cp shadow/names names
	fi
	rm -rf "$1"
	mkdir "$1"
	while read -r ino name; do
		cat "shadow/data.$ino" >"$1/$name" 2>/dev/null || :
	done <names
}

# The acts in a directory, in order, as epoch-replay reads them.
taped() { # DIR
	find "$1" -name 'SPX-*' -size +0 | sort | xargs -r zstd -qdcf |
		jq -r 'select(.type == "act").act'
}

# From 1 on each act once, and what is not there yet is in Redis.
is_kept() { # DIR LAST WHAT
	local k
	taped "$1" >got || fail "$3, $1: no tape"
	k=$(wc -l <got)
	seq 1 "$k" | cmp -s - got || fail "$3, $1: on the tape: $(paste -sd ' ' got)"
	rcli XRANGE epoch:journal:SPX - + | sed -n 's/^0-//p' |
		awk -v k="$k" '$1 > k' >left
	seq $((k + 1)) "$2" | cmp -s - left ||
		fail "$3, $1: 1 to $k on the tape, in Redis: $(paste -sd ' ' left)"
}

# The next one has all of it, and leaves nothing but tapes.
goes_on() { # DIR LAST WHAT
	run_tool epoch-record -q --once --zstd --dir "$1" SPX
	taped "$1" >got
	seq 1 "$2" | cmp - got || fail "$3, $1: not each act once"
	assert "$(rcli XLEN epoch:journal:SPX)" = 1 "$3"
	assert "$(find "$1" -name '.*.part')" = "" "$3"
	assert "$(find "$1" -name 'SPX-*.ndjson' | wc -l)" = 2 "$3: not compressed"
}

# Killed before every step of a kind; after each what is named.
for_all_kills() { # COMMAND...
	local how n rc
	kills=0
	for how in DISK_KILL_AT FAULT_KILL_AT; do
		rc=137
		for ((n = 1; rc == 137 && n < 60; n++)); do
			begin
			rc=0
			record $how=$n || rc=$?
			((rc == 137)) || break
			kills=$((kills + 1))
			"$@" "$how=$n" || return 1
		done
		assert $rc = 0 "$how=$n: $(cat err)"
	done
	((kills >= 12)) || fail "only $kills kills"
}

# The one that goes on finds now this disk, now that one.
cut_now() { # WHAT
	local next=eager
	((kills % 2)) || next=lazy
	power_cut eager
	power_cut lazy
	is_kept eager 10 "$1" && is_kept lazy 10 "$1" && goes_on $next 10 "$1"
}

@test "a power cut at any step: every act is on the disk or in Redis" {
	for_all_kills cut_now
}

# The next one, which does not write into the file of the first any more.
cut_later() { # WHAT
	fake_act $((D + 4 * DAY))
	record || fail "$1: $(cat err)"
	power_cut eager
	power_cut lazy
	is_kept eager 11 "$1" && is_kept lazy 11 "$1"
}

@test "killed at any step, gone on with on another day, and then a power cut" {
	for_all_kills cut_later
}

just_killed() { # WHAT
	zstd -qt d/*.zst 2>/dev/null || [[ -z $(find d -name '*.zst') ]] ||
		fail "$1: a file that is not whole"
	is_kept d 10 "$1" && goes_on d 10 "$1"
}

@test "--zstd: killed at any step: each act once in the directory, no half file" {
	for_all_kills just_killed
}

@test "--zstd: TERM at any read and write: at once, each act once, no half file" {
	local how n rc stopped=0 packed=0
	for how in RTERM_AT TERM_AT; do
		rc=75
		for ((n = 1; rc == 75 && n < 60; n++)); do
			begin
			rc=0
			record FAULT_FDS=all FAULT_SHORT=60 FAULT_$how=$n || rc=$?
			((rc == 75)) || break
			stopped=$((stopped + 1))
			assert "$(find d -name '.*.part')" = "" "$how=$n"
			[[ -z $(find d -name '*.zst') ]] || packed=$((packed + 1))
			just_killed "$how=$n"
		done
		assert $rc = 0 "$how=$n: $(cat err)"
	done
	((stopped > 20 && packed > 0 && packed < stopped)) ||
		fail "stopped $stopped times, $packed of them with a .zst"
}

@test "--zstd: one empty file after the other: the last one that is not stays" {
	local n rc=137
	for ((n = 1; rc == 137 && n < 60; n++)); do
		begin
		record
		: >d/SPX-2025-06-19.ndjson # killed at midnight, as on the next day
		fake_act $((D + 5 * DAY))
		rc=0
		record FAULT_FDS=all FAULT_KILL_AT=$n || rc=$?
		((rc == 137)) || break
		is_kept d 11 "killed at $n"
		record || fail "$(cat err)"
		taped d >got
		seq 1 11 | cmp - got || fail "killed at $n"
	done
	assert $rc = 0
}

@test "a disk that fails at any sync: told, nothing is trimmed that it lacks; all in the end" {
	local n rc=1 seen=
	for ((n = 1; rc != 0 && n < 60; n++)); do
		begin
		rc=0
		record DISK_ERR_AT=$n || rc=$?
		((rc != 0)) || break
		seen+=$rc,
		assert "$(wc -l <err)" = 1 "$(cat err)"
		assert "$(cat err)" =~ \
		    'epoch-record: SPX: TAPE: .*SPX-2025-.*: Input/output error \(exit 7[34]\)'
		is_kept d 10 "sync $n"
		# the disk says that all is well, and forgot what it lost
		record || fail "$(cat err)"
		power_cut eager
		power_cut lazy
		is_kept eager 10 "sync $n"
		is_kept lazy 10 "sync $n"
		goes_on lazy 10 "sync $n"
	done
	((n > 10)) || fail "only $n syncs"
	assert "$seen" has 73, "a directory"
	assert "$seen" has 74, "a file"
}

@test "stdout with --trim: a file is on the disk before; a sync that fails: 74" {
	local n rc=137
	for ((n = 1; rc == 137 && n < 9; n++)); do
		rcli FLUSHALL >/dev/null
		rm -rf shadow
		mkdir shadow
		fake_acts 5 $D
		rc=0
		env LD_PRELOAD="$DISK_SO" DISK_SHADOW="$PWD/shadow" DISK_KILL_AT=$n \
		    epoch-record -q --once --trim SPX >tape || rc=$?
		cat "shadow/data.$(stat -c %i tape)" 2>/dev/null |
			jq -r 'select(.type == "act").act' >got
		assert "$(rcli XLEN epoch:journal:SPX)" = \
		    "$([[ -s got ]] && echo 1 || echo 5)" "killed at $n"
	done
	assert $rc = 0
	assert "$(wc -l <got)" = 5
	((n > 1)) || fail "no sync"
	fake_acts 2 $((D + 9))
	rc=0
	env LD_PRELOAD="$DISK_SO" DISK_SHADOW="$PWD/shadow" DISK_ERR_AT=1 \
	    epoch-record -q --once --trim SPX >tape 2>err || rc=$?
	assert $rc = 74
	assert "$(cat err)" has "WRITE: output: Input/output error"
	assert "$(rcli XLEN epoch:journal:SPX)" = 3
}
