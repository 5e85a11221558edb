#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The shipped pipelines, run as they are shipped.

load helpers
load standin/standin

setup_file() {
	export PATH=$ROOT/pipelines:$PATH
	export TMPDIR=$BATS_FILE_TMPDIR/tmp
	export STATE=$XDG_STATE_HOME/epoch-tools
	mkdir "$TMPDIR"
}

teardown() {
	standin_stop
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

@test "for-cron: an option is no command" {
	run_tool 64 for-cron --nonsense
	assert "$stderr" has "usage:"
}

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
	run_tool 64 with-redis --temporary snapshot --nonsense
	run_tool 64 with-redis --temporary snapshot --source cboe
	assert "$stderr" has "no symbol given"
	run_tool 64 snapshot
	assert "$stderr" has "usage: snapshot "
	assert "$stderr" lacks EMPTY
}

@test "every pipeline says what it is, and runs nothing" {
	local p n=0
	for p in "$ROOT"/pipelines/*; do
		[[ -x $p ]] || continue
		run_tool env REDIS_URL=unix:///no/such/redis "${p##*/}" --help
		assert "$output" has "${p##*/}: " "${p##*/}"
		assert "$stderr" = "" "${p##*/}"
		n=$((n + 1))
	done
	assert "$((n > 8))" = 1 "some were looked at"
}

# ------------------------------------------------------- a vendor, here, too

need_standin() {
	[[ ! -x $STANDIN ]] || return 0
	[[ ${CI-} != true ]] || fail "no stand-in built" || return 1
	skip "no stand-in built (make built)"
}

# vendor BOARD [FAULTS]: the stand-in serves that; FETCH is how to ask it.
vendor() {
	standin_stop
	standin_start -s "${2-}" --board "$1"
	# shellcheck disable=SC2153 # standin_start sets it
	FETCH="--source cboe --deadline ${DEADLINE:-25} --base-url \
$STANDIN_URL/api/global/delayed_quotes/options"
}

@test "snapshot: a vendor's board becomes the active epoch, by either vendor" {
	need_standin
	vendor "$ROOT/tests/boards/open.json"
	export EPOCH_NOW_MS=1794495777000 MASSIVE_API_KEY=made-up-key
	# shellcheck disable=SC2086 # a list of words
	run_tool with-redis snapshot $FETCH SPX
	assert "$(jq -r .outcome <<<"$output")" = new
	MASSIVE_BASE_URL=$STANDIN_URL run_tool with-redis snapshot \
	    --source massive SPX
	assert "$(jq -r .outcome <<<"$output")" = same
	standin_stop
	# shellcheck disable=SC2086
	run_tool 69 with-redis snapshot ${FETCH/deadline 25/deadline 1} SPX
	assert "$(jq -r .outcome <<<"$output")" = rejected
}

# ---------------------------------------------------------------------- demo

# Stand-ins of a demo that still run.
vendors() {
	pgrep -u "$(id -u)" -f "^standin .*$TMPDIR/" || :
}

@test "demo: every step comes out as told, and nothing is left" {
	need_standin
	TOOL_TIMEOUT=200 run_tool demo "$BUILD/bin"
	assert "$output" has "2. The same board from another vendor"
	assert "$output" has "3. The same board two hours later"
	assert "$output" has '"outcome":"same"'
	assert "$output" has '"reason":"geometry"'
	assert "$output" has "CUT: after 4 tries"
	assert "$output" has "(exit status 69)"
	assert "$output" has "yes    2        yes     yes 0        0" \
	    "a forced epoch"
	assert "$output" has "SPX: OK: 3 epochs" "after the live pipeline"
	assert "$output" lacks "not as it should be"
	assert "$(ls -A "$TMPDIR")" = "" "left in TMPDIR"
	assert "$(servers)$(vendors)" = "" "left running"
	run ! alive "$STATE"
}

@test "demo: stopped in the middle, it leaves nothing, either" {
	need_standin
	demo "$BUILD/bin" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	local pid=$! rc=0
	# It waits for a second try there.
	eventually grep -q 'fault: ' "$BATS_TEST_TMPDIR/out"
	assert "$(vendors | wc -l)" = 1
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	assert $rc = 143
	assert "$(servers)$(vendors)" = "" "left running"
	assert "$(ls -A "$TMPDIR")" = "" "left in TMPDIR"
}

@test "demo: without a stand-in it says so" {
	local bin=$BATS_TEST_TMPDIR/build/bin
	mkdir -p "$bin"
	run_tool 69 demo "$bin"
	assert "$stderr" has NO_STANDIN
}

@test "demo: no control characters where no terminal is" {
	need_standin
	TOOL_TIMEOUT=200 run_tool demo "$BUILD/bin"
	run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"
}

# ---------------------------------------------------------------------- cron

# cron WORD: the command of crontab.example that holds WORD, as cron runs it:
# the file's variables and nothing else, no input.  Where the tools, Redis, the
# vendor and the files are is put in their place.
cron() {
	local example=$ROOT/pipelines/crontab.example command
	command=$(sed -nE 's/^([0-9*][^ ]* +){5}//p' "$example" | grep -F -- "$1")
	assert "$(wc -l <<<"$command")" = 1 || return 1
	local -a vars
	mapfile -t vars < <(grep -E '^[A-Z_]+=' "$example")
	run --separate-stderr without_bats_fds env -i "${vars[@]}" \
	    PATH="$BUILD/bin:$ROOT/pipelines:/usr/bin:/bin" VAR="$VAR" \
	    TEXTFILES="$VAR" REDIS_URL="$CRON_URL" FETCH="$FETCH" \
	    EPOCH_NOW_MS=1794511000000 \
	    timeout -k 1 100 sh -c "trap '' PIPE; $command" </dev/null
}

# All that cron would mail, and the status.
assert_cron() { # STATUS MAIL
	assert "$status:$output$stderr" = "$1:$2"
}

cron_start() {
	VAR=$BATS_TEST_TMPDIR/var
	need_standin
	mkdir "$VAR"
	vendor "$ROOT/tests/boards/open.json"
	with-redis true
	CRON_URL=unix://$STATE/redis.sock
	redis-cli -s "$STATE/redis.sock" FLUSHALL >/dev/null
}

@test "crontab: whole, and nothing that cron would take for something else" {
	local example=$ROOT/pipelines/crontab.example jobs
	jobs=$(grep -vE '^(#|$|[A-Z_]+=)' "$example")
	assert "$(wc -l <<<"$jobs")" = 9
	run ! grep -vE '^([0-9*/,-]+ ){5} [a-z]' <<<"$jobs"
	run ! grep % <<<"$jobs"
	assert "$(grep -c 'timeout -k 10' <<<"$jobs")" = 7
	assert "$(tail -c 1 "$example" | od -An -tx1)" = " 0a"
}

@test "crontab: every line under cron's environment, silent where all is well" {
	cron_start
	cron snapshot
	assert_cron 0 ""
	cron snapshot
	assert_cron 0 ""
	assert "$(jq -r .outcome "$VAR/epochs.ndjson" | paste -s -)" = \
	    $'new\tsame'
	cron --keep
	assert_cron 0 ""
	assert "$(cat "$VAR/gc.ndjson")" = "" "nothing is old"
	cron --meta
	assert_cron 0 ""
	cron prometheus
	assert_cron 0 ""
	assert "$(grep '^epoch_contracts' "$VAR/epoch.prom")" = \
	    "epoch_contracts{symbol=\"SPX\"} $(jq '.data.options | length' \
	    "$ROOT/tests/boards/open.json")"
	cron 'inspect --check'
	assert_cron 0 ""
	assert "$(tail -n 1 "$VAR/check")" has "SPX: OK"
	cron --doctor
	assert_cron 0 ""
	# with-redis starts its server as the doctor wants it; the clock stands.
	assert "$(grep -cE '^(ADVICE|WRONG)' "$VAR/doctor")" = 1
	assert "$(grep -v ^OK "$VAR/doctor")" has clock-ahead-seconds
}

@test "crontab: finished tapes are looked at, and none is no fault" {
	cron_start
	cron 'replay --check'
	assert_cron 0 ""
	with-redis epoch-record --on
	cron snapshot
	mkdir "$VAR/tapes"
	with-redis epoch-record --once --dir "$VAR/tapes" SPX
	cron 'replay --check'
	assert_cron 0 "" "one that is written is left alone"
	assert "$(find "$VAR" -name tapes.check | wc -l)" = 0
	local tape
	tape=$(find "$VAR/tapes" -name 'SPX-*.ndjson')
	zstd -q "$tape"
	cron 'replay --check'
	assert_cron 0 ""
	assert "$(jq -r .epochs "$VAR/tapes.check")" = 1
	sed '2s/"ts":1/"ts":2/' "$tape" | zstd -qf -o "$tape.zst"
	cron 'replay --check'
	assert "$status" = 65
	assert "$stderr" has BAD_SUM
}

@test "crontab: quiet while another run is at work, and while Redis is away" {
	cron_start
	exec 7>"$VAR/snapshot.lock"
	flock -n 7
	cron snapshot
	exec 7>&-
	assert_cron 0 ""
	assert "$(cat "$VAR/epochs.ndjson")" = "" "it did not run"
	cron snapshot
	cron prometheus
	local before
	before=$(cat "$VAR/epoch.prom")
	with-redis --stop
	cron prometheus
	assert_cron 0 ""
	assert "$(cat "$VAR/epoch.prom")" = "$before"
	cron snapshot
	assert_cron 0 ""
	cron --keep
	assert_cron 0 ""
	# Once a day, a whole day's absence is worth a mail.
	cron 'inspect --check'
	assert "$stderr" has "REDIS_CONNECT"
}

@test "crontab: a mail when somebody should look" {
	cron_start
	cron snapshot
	# A second try would be later than the test's short deadline.
	DEADLINE=1 vendor "$ROOT/tests/boards/open.json" 'on all always cut 50%'
	cron snapshot
	assert "$status" = 69
	assert "$stderr" has "DEADLINE"
	assert "$stderr" has "for-cron: flock: FAILED: ended with 69 (exit 69)"
	vendor "$ROOT/tests/boards/open.json" 'on all always status 404'
	cron snapshot
	assert "$status" = 65
	vendor "$ROOT/tests/boards/open.json" \
	    'on all always status 429 retry-after 3600'
	cron snapshot
	assert_cron 0 ""
	assert "$(jq -r .outcome "$VAR/epochs.ndjson" | paste -s -)" = \
	    $'new\trejected\trejected\trejected'
	local s=$STATE/redis.sock
	redis-cli -s "$s" DEL "epoch:meta:$(redis-cli -s "$s" HGET \
	    epoch:active SPX)" >/dev/null
	cron 'inspect --check'
	assert "$output" has "SPX: "
	assert "$output" lacks "SPX: OK"
	redis-cli -s "$s" CONFIG SET maxmemory-policy allkeys-lru >/dev/null
	cron --doctor
	assert "$output" has "WRONG  maxmemory-policy"
	cron prometheus
	assert_cron 0 ""
}

# ------------------------------------------------------ for-cron, prometheus

@test "for-cron: which statuses and texts pass" {
	run_tool 64 for-cron
	local status_in
	for status_in in 1 75; do
		run_tool for-cron sh -c "echo out; echo err >&2; exit $status_in"
		assert "$output/$stderr" = out/
	done
	run_tool for-cron sh -c 'echo out; echo err >&2'
	assert "$output/$stderr" = out/err
	for status_in in 2 65 70 78 124 137; do
		run_tool $status_in for-cron sh -c "echo err >&2
		    exit $status_in"
		assert "$stderr" = "err
for-cron: sh: FAILED: ended with $status_in (exit $status_in)"
	done
	run_tool 124 for-cron timeout 0.05 sleep 5
	assert "$stderr" has "ended with 124"
	run_tool 127 for-cron no-such-command
	run_tool for-cron printf '%s\n' 'a  b' '*'
	assert "$output" = $'a  b\n*'
}

@test "prometheus: the file is whole, for others to read, and alone" {
	cron_start
	export REDIS_URL=$CRON_URL
	umask 077
	run_tool prometheus "$VAR/a b.prom"
	assert "$output$stderr" = ""
	assert "$(cat "$VAR/a b.prom")" = "$(epoch-inspect --prometheus)"
	assert "$(stat -c %a "$VAR/a b.prom")" = 644
	assert "$(ls "$VAR")" = 'a b.prom'
	run_tool 64 prometheus
	run_tool 64 prometheus "$VAR/epoch.txt"
	run_tool 64 prometheus .prom
	run_tool 64 prometheus "$VAR/x.prom" --check
	run_tool 73 prometheus "$VAR/none/x.prom"
	assert "$stderr" has "CREATE: no file"
	assert "$(ls "$VAR")" = 'a b.prom'
}

@test "prometheus: Redis away, a symbol gone, a full disk: the old file stays" {
	cron_start
	local file=$VAR/epoch.prom
	echo old >"$file"
	REDIS_URL=unix://$VAR/none run_tool 75 prometheus "$file"
	REDIS_URL=$CRON_URL run_tool 1 prometheus "$file" XYZ
	REDIS_URL=$CRON_URL run_tool 74 sh -c \
	    'trap "" XFSZ; ulimit -f 1; exec prometheus "$1"' - "$file"
	assert "$(cat "$file")" = old
	assert "$(ls "$VAR")" = epoch.prom
}
