#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What the other tests lean on: a helper that cannot fail proves nothing.

load helpers

setup_file() {
	redis_start
}

teardown_file() {
	redis_stop
}

setup() {
	rcli FLUSHALL >/dev/null
}

# A bats file of its own, with the helpers; its TAP is in $output.
inner() {
	local file=$BATS_TEST_TMPDIR/inner.bats
	{
		echo "load $ROOT/tests/helpers"
		sed "s|^%test|@test|" # not a test of this file
	} >"$file"
	run env -u HELPERS_LOADED_IN bats --tap "$file"
}

@test "assert: a false one fails its test, and shows both sides" {
	inner <<-'END'
	%test "x" {
		assert "one" = "two" "the word"
	}
	END
	assert "$status" = 1
	assert "$output" has "not ok 1 x"
	assert "$output" has "the word"
	assert "$output" has "A: one"
}

@test "assert: each operator can say no" {
	assert a = a
	assert a != b
	assert abc =~ ^a.c$
	assert "a b" has " "
	assert "a b" lacks c
	run ! assert a = b
	run ! assert a != a
	run ! assert abc =~ ^b
	run ! assert abc has x
	run ! assert abc lacks b
	run ! assert a like a
}

@test "run_tool: another status than the expected one fails" {
	run_tool 3 sh -c 'echo out; echo err >&2; exit 3'
	assert "$output" = out
	assert "$stderr" = err
	run ! run_tool 2 true
	run ! run_tool sh -c 'exit 1'
	run ! run_tool 1 true
}

@test "run_tool: a tool that succeeds must not warn, unless told so" {
	run ! run_tool sh -c 'echo "tool: -: ODD: a thing" >&2'
	WARN=ok run_tool sh -c 'echo "tool: -: ODD: a thing" >&2'
	run_tool sh -c 'echo "just talking" >&2'
	run_tool sh -c 'echo "tool: -: COUNTS: read 3" >&2'
}

@test "run_tool: stdin is the test's, and the deadline holds" {
	run_tool cat <<<"hello"
	assert "$output" = hello
	TOOL_TIMEOUT=0.04 run_tool 124 sleep 5
}

@test "the environment is clean, home and state are private" {
	export EPOCH_PREFIX=x MASSIVE_API_KEY=secret REDIS_URL=redis://example
	inner <<-'END'
	setup_file() { export EPOCH_NOW_MS=5; }
	%test "x" {
		assert "${EPOCH_PREFIX-}${MASSIVE_API_KEY-}${REDIS_URL-}" = ""
		assert "$EPOCH_NOW_MS" = 5 "set by the file itself"
		assert "$HOME" has "$BATS_FILE_TMPDIR"
		assert "$PATH" =~ "^$BUILD/bin:"
	}
	END
	assert "$output" lacks "not ok"
	assert "$output" has "ok 1 x"
}

@test "make_chain: whole, and its options move what they say" {
	local a=$BATS_TEST_TMPDIR/a b=$BATS_TEST_TMPDIR/b
	make_chain -n 10 >"$a"
	assert "$(jq -c . "$a" | wc -l)" = 12 "lines of JSON"
	assert "$(head -n 1 "$a")" =~ '^\{"type":"chain_begin",'
	assert "$(records contract "$a" | wc -l)" = 10
	assert "$(records contract "$a" | jq -r .id | sort -u | wc -l)" = 10
	assert "$(tail -n 1 "$a" | jq .contracts)" = 10
	make_chain -n 10 -s 2 >"$b"
	assert "$(jq -r .id "$a")" = "$(jq -r .id "$b")" "same board"
	run ! cmp -s "$a" "$b"
	make_chain -n 10 -k 6000 -S NDX -f days=30 -R gap -c 9 >"$b"
	assert "$(jq -rs '.[0] | .symbol + .filter + .reason' "$b")" = \
	    NDXdays=30gap
	assert "$(tail -n 1 "$b" | jq .contracts)" = 9 "as told"
	assert "$(jq -r '.id // ""' "$b" | head -n 2 | tail -n 1)" = \
	    O:NDX250620C06000000
}

@test "records: those of the type, byte for byte" {
	printf '%s\n' '{"type":"a","x":1.0}' '{"type":"b"}' 'not json' \
	    '{"x":0.30,"type":"a"}' >"$BATS_TEST_TMPDIR/f"
	assert "$(records a "$BATS_TEST_TMPDIR/f")" = \
	    '{"type":"a","x":1.0}'$'\n''{"x":0.30,"type":"a"}'
}

@test "state_digest: any change shows, the order of writing does not" {
	local one
	rcli MSET a 1 b 2 >/dev/null
	rcli HSET h x 1 y 2 >/dev/null
	rcli ZADD z 1 m >/dev/null
	rcli RPUSH l 1 2 >/dev/null
	rcli SADD s 1 >/dev/null
	one=$(state_digest)
	rcli FLUSHALL >/dev/null
	rcli SADD s 1 >/dev/null
	rcli RPUSH l 1 2 >/dev/null
	rcli ZADD z 1 m >/dev/null
	rcli HSET h y 2 x 1 >/dev/null
	rcli MSET b 2 a 1 >/dev/null
	assert "$(state_digest)" = "$one"
	rcli ZADD z 2 m >/dev/null
	assert "$(state_digest)" != "$one" "a score"
	rcli ZADD z 1 m >/dev/null
	rcli HSET h x '' >/dev/null
	assert "$(state_digest)" != "$one" "a field"
	rcli HSET h x 1 >/dev/null
	assert "$(state_digest)" = "$one"
	rcli LSET l 0 3 >/dev/null
	assert "$(state_digest)" != "$one" "an element"
}

@test "redis: another server with options, stopped by its pid" {
	inner <<-'END'
	setup_file() { redis_start --requirepass x; }
	teardown_file() {
		local pid=$REDIS_PID
		redis_stop
		if kill -0 "$pid" 2>/dev/null; then false; fi
	}
	%test "x" {
		assert "$(rcli PING)" has NOAUTH
		assert "$(REDISCLI_AUTH=x rcli PING)" = PONG
		((${#REDIS_SOCK} < 108))
	}
	END
	assert "$output" lacks "not ok"
	assert "$output" has "ok 1 x"
}

@test "cases: goes on after a failure, names it, honours CASE" {
	local d
	ROOT=$BATS_TEST_TMPDIR
	for d in right wrong badrc; do
		mkdir -p "$ROOT/tests/cases/cat/$d"
		echo "in $d" >"$ROOT/tests/cases/cat/$d/in"
		echo "in $d" >"$ROOT/tests/cases/cat/$d/out"
	done
	run_cases cat
	echo other >"$ROOT/tests/cases/cat/wrong/out"
	echo 3 >"$ROOT/tests/cases/cat/badrc/rc"
	run run_cases cat
	assert "$status" = 1
	assert "$output" has "case cat/wrong"
	assert "$output" has "case cat/badrc"
	assert "$output" lacks "case cat/right"
	assert "$output" has "2 of 3 cases failed"
	CASE=right run_cases cat
	CASE=cat/wrong run run_cases cat
	assert "$status" = 1
	run ! run_cases nothing
}

@test "cases: args, env and a missing file that means nothing" {
	ROOT=$BATS_TEST_TMPDIR
	mkdir -p "$ROOT/tests/cases/sh/one"
	cd "$ROOT/tests/cases/sh/one"
	printf '%s\n' -c 'echo "$A b" >&2; exit 4' >args
	echo 'A=a a' >./env
	echo 4 >rc
	run run_cases sh
	assert "$status" = 1 "an unexpected stderr"
	echo 'a a b' >err
	run_cases sh
}

@test "run: counts, and a file that dies early is a failure" {
	local d=$BATS_TEST_TMPDIR/b/unit
	mkdir -p "$d"
	printf '#!/bin/sh\n%s\n' 'echo ok 1 - a
	echo "ok 2 - b # skip no boards"
	echo 1..2' >"$d/good"
	chmod +x "$d/good"
	run env BUILD="$BATS_TEST_TMPDIR/b" "$ROOT/tests/run" "$d/good"
	assert "$status" = 0
	assert "${lines[-1]}" = "1 passed, 0 failed, 1 skipped"
	printf '#!/bin/sh\n%s\n' 'echo ok 1 - a; kill -9 $$' >"$d/dies"
	printf '#!/bin/sh\n%s\n' 'echo not ok 1 - a; echo why; echo 1..1; exit 1' \
	    >"$d/fails"
	chmod +x "$d/dies" "$d/fails"
	run env BUILD="$BATS_TEST_TMPDIR/b" "$ROOT/tests/run" "$d/good" \
	    "$d/dies" "$d/fails"
	assert "$status" = 1
	assert "${lines[-1]}" = "2 passed, 2 failed, 1 skipped"
	assert "$output" has "ended before its plan was complete"
	assert "$output" has why
}

@test "run: nothing run is not a success" {
	printf '#!/bin/sh\necho 1..0\n' >"$BATS_TEST_TMPDIR/none"
	chmod +x "$BATS_TEST_TMPDIR/none"
	run "$ROOT/tests/run" "$BATS_TEST_TMPDIR/none"
	assert "$status" = 1
	assert "${lines[-1]}" = "0 passed, 0 failed"
}

@test "shim: killed before the write, failed at it, cut short" {
	local cut=(env "LD_PRELOAD=$FAULT_SO")
	run_tool 137 "${cut[@]}" FAULT_KILL_AT=1 redis-cli -s "$REDIS_SOCK" \
	    SET a 1
	assert "$(rcli EXISTS a)" = 0 "nothing was sent"
	run "${cut[@]}" FAULT_ERR_AT=1 redis-cli -s "$REDIS_SOCK" SET a 1
	assert "$(rcli EXISTS a)" = 0
	run_tool "${cut[@]}" FAULT_SHORT=2 \
	    FAULT_COUNT="$BATS_TEST_TMPDIR/count" redis-cli -s "$REDIS_SOCK" \
	    SET a 1
	assert "$(rcli GET a)" = 1
	assert "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/count")" =~ \
	    '^[0-9][0-9]+$' "many short writes"
}

# deps with a PATH in which jq is not, and an apt-get that only talks.
deps_without_jq() {
	local c bin=$BATS_TEST_TMPDIR/bin
	mkdir -p "$bin"
	for c in sh cc make ar pkg-config bats curl openssl redis-cli \
	    redis-server xz perl flock pkill env printf; do
		ln -s "$(command -v $c)" "$bin/$c"
	done
	printf '#!/bin/sh\necho "apt-get $*"\n' >"$bin/apt-get"
	printf '#!/bin/sh\necho %s\n' "$1" >"$bin/id"
	chmod +x "$bin/apt-get" "$bin/id"
	shift
	PATH=$bin run "$bin/sh" "$ROOT/tests/deps" "$@"
}

@test "deps: silent when all is there" {
	run "$ROOT/tests/deps"
	assert "$status" = 0
	assert "$output" = ""
}

@test "deps: says what is missing and what it installs" {
	deps_without_jq 0
	assert "$output" has "deps: not found: jq"
	assert "$output" =~ 'apt-get install .*-y.* jq'
	assert "$output" has "still not found: jq"
	assert "$status" = 1 "the apt-get of this test installs nothing"
}

@test "deps: without root and sudo it gives the command" {
	deps_without_jq 1000
	assert "$status" = 1
	assert "$output" has "run as root: apt-get install"
}
