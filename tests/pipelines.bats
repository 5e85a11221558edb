#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The shipped pipelines, run as they are shipped.

load helpers

setup_file() {
	export PATH=$ROOT/pipelines:$PATH
	export TMPDIR=$BATS_FILE_TMPDIR/tmp
	export STATE=$XDG_STATE_HOME/epoch-tools
	mkdir "$TMPDIR"
}

teardown() {
	with-redis --stop >/dev/null 3>&- 4>&-
}

# Is a server alive whose data are in that folder?
alive() {
	! flock -n "$1/server.lock" true
}

process() {
	redis-cli -s "${1#unix://}" INFO server | tr -d '\r' |
		sed -n 's/^process_id://p'
}

# Processes of a redis-server somewhere below TMPDIR.
servers() {
	local f
	for f in /proc/[0-9]*/cmdline; do
		tr '\0' ' ' 2>/dev/null <"$f"
		echo
	done | grep "^redis-server .*$TMPDIR/" || :
}

# ---------------------------------------------------------------- with-redis

@test "with-redis: usage" {
	run_tool 64 with-redis
	assert "$stderr" has "usage:"
	run_tool 64 with-redis --nonsense
	run_tool 64 with-redis --temporary
	run_tool 64 with-redis --stop now
	run_tool with-redis --help
	assert "$output" has "--temporary COMMAND"
}

@test "with-redis: starts one, keeps it, and the data outlive it" {
	run_tool 1 with-redis --status
	run_tool with-redis sh -c 'echo "$REDIS_URL"
	    redis-cli -s "${REDIS_URL#unix://}" SET k kept'
	assert "${lines[0]}" = "unix://$STATE/redis.sock"
	alive "$STATE"
	local pid
	pid=$(process "$STATE/redis.sock")
	run_tool with-redis true
	assert "$(process "$STATE/redis.sock")" = "$pid" "the same server"
	run_tool with-redis --status
	assert "$output" has "process $pid"
	run_tool with-redis --stop
	run ! alive "$STATE"
	run_tool 1 with-redis --status
	run_tool with-redis sh -c \
	    'redis-cli -s "${REDIS_URL#unix://}" GET k'
	assert "$output" = kept
}

@test "with-redis: the server is private, append-only, evicts nothing" {
	run_tool with-redis true
	local s=$STATE/redis.sock
	assert "$(stat -c %a "$s")" = 700
	assert "$(stat -c %a "$STATE")" = 700
	assert "$(redis-cli -s "$s" CONFIG GET maxmemory-policy)" has noeviction
	assert "$(redis-cli -s "$s" CONFIG GET appendonly)" has yes
	assert "$(redis-cli -s "$s" CONFIG GET appendfsync)" has everysec
	assert "$(redis-cli -s "$s" CONFIG GET port)" =~ $'port\n0'
}

@test "with-redis: the command's own status, input and umask" {
	run_tool 7 with-redis sh -c 'exit 7'
	run_tool 127 with-redis no-such-command
	run_tool 9 with-redis --temporary sh -c 'exit 9'
	run_tool with-redis cat <<<"through"
	assert "$output" = through
	run_tool with-redis --temporary cat <<<"through"
	assert "$output" = through
	umask 027
	run_tool with-redis sh -c umask
	assert "$output" =~ 027$
}

@test "with-redis: many at once start one server" {
	local i pids=()
	for i in 1 2 3 4 5; do
		with-redis sh -c 'redis-cli -s "${REDIS_URL#unix://}" \
		    INFO server | grep process_id' \
		    >"$BATS_TEST_TMPDIR/$i" 2>&1 3>&- 4>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	assert "$(cat "$BATS_TEST_TMPDIR"/[1-5] | wc -l)" = 5
	assert "$(cat "$BATS_TEST_TMPDIR"/[1-5] | sort -u | wc -l)" = 1
}

@test "with-redis: a killed server is replaced, a stopped one is not doubled" {
	run_tool with-redis true
	local pid
	pid=$(process "$STATE/redis.sock")
	kill -KILL "$pid"
	eventually eval '! alive "$STATE"'
	run_tool with-redis true
	pid=$(process "$STATE/redis.sock")
	# It hangs: it is alive, so no second one may touch its data.
	kill -STOP "$pid"
	TOOL_TIMEOUT=0.3 run_tool 124 with-redis true
	kill -CONT "$pid"
	run_tool with-redis true
	assert "$(process "$STATE/redis.sock")" = "$pid"
}

@test "with-redis: a temporary one leaves nothing" {
	run_tool with-redis --temporary sh -c 'echo "$REDIS_URL"
	    redis-cli -s "${REDIS_URL#unix://}" PING'
	assert "${lines[1]}" = PONG
	assert "$(servers)" = ""
	run ! redis-cli -s "${lines[0]#unix://}" PING
	assert "$(ls -A "$TMPDIR")" = ""
	run ! alive "$STATE"
}

@test "with-redis: a long state folder gets a short socket" {
	export XDG_STATE_HOME
	XDG_STATE_HOME=$BATS_TEST_TMPDIR/$(printf '%0100d' 0)
	run_tool with-redis sh -c \
	    'echo "$REDIS_URL"; redis-cli -s "${REDIS_URL#unix://}" PING'
	assert "${lines[1]}" = PONG
	((${#lines[0]} < 107))
	assert "$(stat -c %a "$(dirname "${lines[0]#unix://}")")" = 700
	run_tool with-redis --stop
}

@test "with-redis: no folder, no server: said in one line" {
	run_tool 78 env -u HOME -u XDG_STATE_HOME with-redis true
	assert "$stderr" = "with-redis: -: FOLDER: neither XDG_STATE_HOME nor \
HOME is set (exit 78)"
	run_tool 78 env XDG_STATE_HOME=/dev/null with-redis true
	local bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	ln -s "$(command -v sh)" "$(command -v env)" "$bin"
	run_tool 69 env PATH="$bin" sh "$ROOT/pipelines/with-redis" true
	assert "$stderr" has NO_REDIS
}

# ------------------------------------------------------------------ snapshot

@test "snapshot: a saved body becomes the active epoch" {
	run_tool with-redis --temporary sh -c 'snapshot --source cboe \
	    --from "$1" SPX && epoch-inspect --check && epoch-inspect \
	    -o symbol,contract_count' - "$ROOT/tests/boards/open.json"
	assert "$(jq -r '.outcome + " " + .reason' <<<"${lines[0]}")" = \
	    "new first"
	assert "${lines[-1]}" = "SPX"$'\t'"$(jq '.data.options | length' \
	    "$ROOT/tests/boards/open.json")"
}

@test "snapshot: a cut body changes nothing, and the status tells" {
	head -c 60000 "$ROOT/tests/boards/open.json" >"$BATS_TEST_TMPDIR/cut"
	run_tool 65 with-redis --temporary snapshot --source cboe \
	    --from "$BATS_TEST_TMPDIR/cut" SPX
	assert "$(jq -r .outcome <<<"$output")" = rejected
}

@test "snapshot: a lost output or a wrong use fails the whole line" {
	run_tool 74 with-redis --temporary sh -c 'snapshot --source cboe \
	    --from "$1" SPX >/dev/full' - "$ROOT/tests/boards/open.json"
	run with-redis --temporary snapshot --nonsense 3>&- 4>&-
	assert "$status" != 0
}

# ---------------------------------------------------------------------- demo

@test "demo: every step comes out as told, and nothing is left" {
	TOOL_TIMEOUT=60 run_tool demo "$BUILD/bin"
	assert "$output" has "2. The same board two hours later"
	assert "$output" has '"outcome":"same"'
	assert "$output" has '"reason":"geometry"'
	assert "$output" has "(exit status 65)"
	assert "$output" lacks "not as it should be"
	assert "$(ls -A "$TMPDIR")" = "" "left in TMPDIR"
	assert "$(servers)" = "" "left running"
	run ! alive "$STATE"
}

@test "demo: no control characters where no terminal is" {
	TOOL_TIMEOUT=60 run_tool demo "$BUILD/bin"
	run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"
}
