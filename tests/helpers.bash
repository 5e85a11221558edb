# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# helpers: what every .bats file loads.  One test file has one private Redis,
# one private home, and an environment without our variables in it; nothing
# here waits without a bound, nothing is found by a fixed port or name.
#
#	run_tool [RC] TOOL ARGS...   run with a deadline, expect status RC
#	run_cases TOOL               all case directories of a tool
#	assert A = B [WHAT]          = != =~ has lacks
#	records TYPE [FILE]          the lines of that type, byte for byte
#	eventually COMMAND...        wait until it succeeds
#	comes_to_stop PID            wait for what FAULT_STOP_AT does to it
#	kill_started                 in teardown, where a file has its own: what
#	                             the test began in the background ends
#	make_chain [OPTION]...       a small well-formed chain stream
#	redis_start [OPTION...]      private server; redis_stop [SIGNAL]; rcli
#	state_digest, state_dump     all of Redis as canonical text, or its hash
#	need_boards                  skip without $BOARDS

bats_require_minimum_version 1.5.0
# bats counts in a background job: in tests wait for pids, never for all.
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-300}

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
BOARDS=${BOARDS:-}
[[ -z $BOARDS || $BOARDS == /* ]] || BOARDS=$ROOT/$BOARDS
FAULT_SO=$BUILD/shim/fault.so
export ROOT BUILD BOARDS FAULT_SO

# Once a file: what setup_file exports must survive the load of each test.
if [[ ${HELPERS_LOADED_IN-} != "$BATS_FILE_TMPDIR" ]]; then
	export HELPERS_LOADED_IN=$BATS_FILE_TMPDIR
	while IFS= read -r _name; do
		unset "$_name"
	done < <(compgen -e | grep -E '^(MASSIVE_|EPOCH_|FAULT_|LC_)' | grep -vx FAULT_SO)
	unset _name REDIS_URL REDISCLI_AUTH REDIS_SOCK REDIS_PID CDPATH
	export PATH=$BUILD/bin:$PATH LANG=C TZ=UTC
	export HOME=$BATS_FILE_TMPDIR/home
	export XDG_STATE_HOME=$HOME/.local/state
	mkdir -p "$XDG_STATE_HOME"
fi

# ---------------------------------------------------------------- asserting

# assert A OP B [WHAT]: OP is =, != (whole strings), =~ (regular expression),
# has, lacks (substring).
assert() {
	local a=$1 op=$2 b=$3 what=${4-} ok=1
	case $op in
	=) [[ $a == "$b" ]] || ok=0 ;;
	!=) [[ $a != "$b" ]] || ok=0 ;;
	=~) [[ $a =~ $b ]] || ok=0 ;;
	has) [[ $a == *"$b"* ]] || ok=0 ;;
	lacks) [[ $a != *"$b"* ]] || ok=0 ;;
	*) fail "assert: unknown operator '$op'" || return 1 ;;
	esac
	((ok)) && return 0
	printf '%s\n' "--- ${what:-assertion} failed: A $op B" \
	    "A: ${a:0:4000}" "B: ${b:0:4000}"
	if [[ $op == = && $a$b == *$'\n'* ]]; then
		diff -a -u --label B --label A <(printf '%s\n' "$b") \
		    <(printf '%s\n' "$a") | head -n 60
	fi
	return 1
}

fail() {
	printf '%s\n' "--- $*"
	return 1
}

# Poll until a command succeeds: at most 3000 times 20 ms.  Only a failure lasts
# so long; on a machine that does much else, so may a success.
eventually() {
	local i
	for ((i = 0; i < 3000; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.02
	done
	fail "never came true: $*"
}

# What a tool starts and leaves behind would keep bats waiting on them.
without_bats_fds() {
	"$@" 3>&- 4>&-
}

# Of a process in the background: does it stand still (FAULT_STOP_AT), is it
# gone?
is_stopped() {
	[[ $(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null) == T ]]
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# Wait until it stands still (true) or is gone (false).
comes_to_stop() {
	local k
	for ((k = 0; k < 6000; k++)); do
		is_stopped "$1" && return 0
		has_ended "$1" && return 1
		sleep 0.01
	done
	kill -KILL "$1" # or whoever takes it for ended waits for it
	fail "neither stopped nor ended: $1"
}

# Does it wait, having read all that was written to the pipe?  Who is not let
# run, or works, does not wait.
has_read_all() { # PID PIPE
	perl -e 'my $n = pack "L", 0; ioctl STDIN, 0x541B, $n or die; exit unpack("L", $n) != 0' <"$2" &&
		[[ $(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null) == S ]]
}

# Does it handle, or ignore, that signal?  Before, it would be its end.
minds() { # PID SIGNAL
	local ignored caught
	ignored=$(sed -n 's/^SigIgn:[[:blank:]]*/0x/p' "/proc/$1/status" 2>/dev/null)
	caught=$(sed -n 's/^SigCgt:[[:blank:]]*/0x/p' "/proc/$1/status" 2>/dev/null)
	(((${caught:-0} | ${ignored:-0}) >> ($(kill -l "$2") - 1) & 1))
}

# Processes and all below them, whether they stand still or not.  None of them
# is let go on while those below it are looked for.
kill_all() { # PID...
	local pid below
	for pid; do
		kill -STOP "$pid" 2>/dev/null || continue
		mapfile -t below < <(pgrep -P "$pid")
		kill -KILL "$pid" 2>/dev/null || :
		kill_all "${below[@]}"
	done
}

# A test that fails in the middle leaves nobody behind, nor a server that stands
# still for the next one.  The first job is bats's own, its clock.
kill_started() {
	# shellcheck disable=SC2046 # numbers
	kill_all $(jobs -p | tail -n +2)
	[[ -z ${REDIS_PID-} ]] || kill -CONT "$REDIS_PID" 2>/dev/null || :
}

teardown() {
	kill_started
}

# run_tool [RC] TOOL ARGS...: stdin is inherited; sets $status, $output
# (stdout), $stderr.  A tool that succeeds must not warn, unless the test says
# WARN=ok run_tool ….
run_tool() {
	local want=0
	if [[ $1 =~ ^[0-9]+$ ]]; then
		want=$1
		shift
	fi
	local -a how=(--separate-stderr)
	((want != 127)) || how+=(-127) # or bats warns of a misspelt command
	run "${how[@]}" without_bats_fds timeout -k 1 "${TOOL_TIMEOUT:-60}" "$@"
	# shellcheck disable=SC2154 # run sets status, output and stderr
	local text="\$ $*
status: $status (expected $want)
stdout: ${output:0:2000}
stderr: ${stderr:0:2000}"
	if [[ $status != "$want" ]]; then
		fail "wrong exit status" "$text"
		return 1
	fi
	# -v's counters are no warning.
	if [[ $want == 0 && ${WARN-} != ok ]] &&
	    grep -E '^[a-z-]+: [^:]+: [A-Z][A-Z0-9_]+: ' <<<"$stderr" |
	    grep -qv ': COUNTS: '; then
		fail "succeeded with a warning (WARN=ok allows it)" "$text"
		return 1
	fi
}

# The lines of a type, unchanged (jq would rewrite 1.0 and 0.30).
records() {
	jq -R -r --arg t "$1" \
	    'select((fromjson? // {} | .type?) == $t)' "${2:--}"
}

need_boards() {
	[[ -n $BOARDS && -d $BOARDS/cboe ]] || skip "no BOARDS folder given"
}

# --------------------------------------------------------- case directories

# One case: tests/cases/TOOL/CASE/ with args (one a line), env (NAME=value
# lines), in, out, err, rc.  A missing in is an empty one, a missing rc is 0,
# a missing out or err is an empty one.  Runs inside the directory, so that
# args can name its files.  Leaves results in DIR/{out,err,rc}.
case_run() {
	local tool=$1 dir=$2 to=$3 in=/dev/null
	local -a args=() env=()
	[[ -f $dir/args ]] && mapfile -t args <"$dir/args"
	[[ -f $dir/env ]] && mapfile -t env <"$dir/env"
	[[ -f $dir/in ]] && in=$dir/in
	mkdir -p "$to"
	local rc=0
	# Where a tool needs more than its standard input.
	[[ ! -x $ROOT/tests/cases/$tool/run ]] ||
		tool=$ROOT/tests/cases/$tool/run
	(cd "$dir" && exec env "${env[@]}" timeout -k 1 60 "$tool" \
	    "${args[@]}" <"$in" >"$to/out" 2>"$to/err" 3>&- 4>&-) || rc=$?
	printf '%s\n' "$rc" >"$to/rc"
}

# Compare expected and actual files of one case; prints what differs.
case_compare() {
	local dir=$1 got=$2 part want bad=0
	for part in rc out err; do
		want=$dir/$part
		if [[ ! -f $want ]]; then
			want=$got/none
			: >"$want"
			[[ $part == rc ]] && echo 0 >"$want"
		fi
		cmp -s "$want" "$got/$part" && continue
		bad=1
		diff -a -u --label "expected $part" --label "actual $part" \
		    "$want" "$got/$part" | head -n 40
	done
	return $bad
}

# All case directories of a tool, on after a failure; CASE=name (or
# CASE=tool/name) runs one.
run_cases() {
	local tool=$1 dir name n=0 bad=0 only=${CASE-}
	only=${only#"$tool"/}
	for dir in "$ROOT/tests/cases/$tool"/*/; do
		dir=${dir%/}
		name=${dir##*/}
		[[ -d $dir ]] || continue
		[[ -z $only || $name == "$only" ]] || continue
		n=$((n + 1))
		case_run "$tool" "$dir" "$BATS_TEST_TMPDIR/case.$name"
		if ! case_compare "$dir" "$BATS_TEST_TMPDIR/case.$name" \
		    >"$BATS_TEST_TMPDIR/diff"; then
			bad=$((bad + 1))
			printf '%s\n' "--- case $tool/$name"
			cat "$BATS_TEST_TMPDIR/diff"
		fi
	done
	if ((n == 0)); then
		[[ -n ${CASE-} ]] && skip "no case $CASE of $tool"
		fail "no case directories for $tool"
		return 1
	fi
	((bad == 0)) || fail "$bad of $n cases failed"
}

# ------------------------------------------------------------ chain streams

# make_chain: a whole chain stream on stdout.
#	-n N       contracts (8): which ones depends on N and -k only
#	-k STRIKE  the lowest strike (5000); one more every 2 contracts, by 5
#	-s SEED    moves the values, never the board (1)
#	-S SYMBOL  (SPX)   -r ROOT of the ids (the symbol)
#	-t TS      chain_end's ts, ms (1750000000000 = 2025-06-15 15:06:40 UTC)
#	-b TS      chain_begin's ts, ms (end - 2000)
#	-q TS      quote_ts of all contracts (begin - 900000); trade_ts is 60 s
#	           earlier
#	-e DATES   expirations, space separated ("2025-06-20 2025-07-18"), in
#	           turn, one for every second contract
#	-R REASON  (scheduled)   -F EPOCH  for_epoch   -f TEXT  filter
#	-o SOURCE  (cboe)        -c N  what chain_end claims, if not the truth
make_chain() {
	local OPTIND=1 opt n=8 k=5000 seed=1 symbol=SPX root='' end=1750000000000
	local begin='' quote='' exps='2025-06-20 2025-07-18' reason=scheduled
	local for_epoch='' filter='' source=cboe claim=''
	while getopts n:k:s:S:r:t:b:q:e:R:F:f:o:c: opt; do
		case $opt in
		n) n=$OPTARG ;; k) k=$OPTARG ;; s) seed=$OPTARG ;;
		S) symbol=$OPTARG ;; r) root=$OPTARG ;; t) end=$OPTARG ;;
		b) begin=$OPTARG ;; q) quote=$OPTARG ;; e) exps=$OPTARG ;;
		R) reason=$OPTARG ;; F) for_epoch=$OPTARG ;;
		f) filter=$OPTARG ;; o) source=$OPTARG ;; c) claim=$OPTARG ;;
		*) fail "make_chain: bad option" || return 1 ;;
		esac
	done
	awk -v n="$n" -v k="$k" -v seed="$seed" -v symbol="$symbol" \
	    -v root="${root:-$symbol}" -v end="$end" \
	    -v begin="${begin:-$((end - 2000))}" \
	    -v quote="${quote:-$((${begin:-$((end - 2000))} - 900000))}" \
	    -v exps="$exps" -v reason="$reason" -v for_epoch="$for_epoch" \
	    -v filter="$filter" -v source="$source" -v claim="${claim:-$n}" '
	function rnd(m) {
		state = (state * 16807) % 2147483647
		return state % m
	}
	function contract(i,    right, strike, e, id, bid) {
		e = exp_of[int(i / 2) % nexp + 1]
		strike = k + 5 * int(i / 2)
		right = i % 2 ? "put" : "call"
		id = sprintf("O:%s%s%s%s%s%s%08d", root, substr(e, 3, 2),
		    substr(e, 6, 2), substr(e, 9, 2), i % 2 ? "P" : "C",
		    "", strike * 1000)
		bid = 1 + rnd(4000) / 20
		printf "{\"type\":\"contract\",\"ts\":%s,\"symbol\":\"%s\"," \
		    "\"id\":\"%s\",\"expiration\":\"%s\",\"strike\":%d," \
		    "\"right\":\"%s\",", quote, symbol, id, e, strike, right
		printf "\"bid\":%.2f,\"ask\":%.2f,\"bid_size\":%d.0," \
		    "\"ask_size\":%d.0,\"quote_ts\":%s,", bid, bid + 0.3,
		    rnd(90), rnd(90), quote
		printf "\"last\":%.2f,\"last_size\":%d,\"trade_ts\":%.0f,",
		    bid + 0.15, 1 + rnd(9), quote - 60000
		printf "\"iv\":0.%04d,\"delta\":%s0.%04d,\"gamma\":0.%04d," \
		    "\"theta\":-0.%04d,\"vega\":0.%04d,\"oi\":%d.0," \
		    "\"volume\":%d.0}\n", 1000 + rnd(3000), i % 2 ? "-" : "",
		    rnd(9999), rnd(99), rnd(9999), rnd(9999), rnd(5000),
		    rnd(500)
	}
	BEGIN {
		nexp = split(exps, exp_of, " ")
		state = (seed * 7919 + 17) % 2147483646 + 1
		rnd(2); rnd(2); rnd(2)
		printf "{\"type\":\"chain_begin\",\"ts\":%s,\"symbol\":" \
		    "\"%s\",\"source\":\"%s\",\"reason\":\"%s\"", begin,
		    symbol, source, reason
		if (for_epoch != "")
			printf ",\"for_epoch\":\"%s\"", for_epoch
		if (filter != "")
			printf ",\"filter\":\"%s\"", filter
		print "}"
		for (i = 0; i < n; i++)
			contract(i)
		printf "{\"type\":\"chain_end\",\"ts\":%s,\"symbol\":" \
		    "\"%s\",\"contracts\":%d,\"rejected\":0," \
		    "\"duplicates\":0,\"pages\":1,\"spot\":%d.%02d," \
		    "\"spot_ts\":%.0f}\n", end, symbol, claim, k + rnd(50),
		    rnd(100), quote
	}'
}

# -------------------------------------------------------------------- Redis

# A private server; options are the server's own (--requirepass x …).  One
# for the file in setup_file; started again, it takes the place of the old.
redis_start() {
	local dir=$BATS_FILE_TMPDIR/redis
	redis_stop TERM
	mkdir -p "$dir"
	if [[ "$*" != *cluster-enabled* ]]; then
		redis_comes_up "$dir" "$@" && return 0
	else
		# Two of a cluster would meet on the bus, port 10000 by
		# default; below the kernel's own, and another if it is taken.
		for _ in 1 2 3 4 5; do
			redis_comes_up "$dir" "$@" --bind 127.0.0.1 \
			    --cluster-port $((20000 + RANDOM % 12000)) && return 0
		done
	fi
	tail -n 20 "$dir/log"
	fail "redis-server did not come up"
}

redis_comes_up() { # DIR [OPTION...]
	local dir=$1 sock i answer
	shift
	sock=$dir/s
	((${#sock} < 100)) || sock=$(mktemp -d /tmp/epoch-test.XXXXXX)/s
	rm -f "$sock"
	# timeout: it ends even if whoever should stop it was killed.
	timeout -k 2 "${REDIS_LIFE:-1800}" redis-server --port 0 --unixsocket "$sock" \
	    --dir "$dir" --pidfile "$dir/pid" --save '' --appendonly no "$@" \
	    </dev/null >>"$dir/log" 2>&1 3>&- 4>&- &
	disown
	export REDIS_SOCK=$sock REDIS_URL=unix://$sock
	for ((i = 0; i < 3000; i++)); do
		answer=$(redis-cli -s "$sock" PING 2>/dev/null) || :
		case $answer in
		PONG | NOAUTH* | LOADING* | BUSY*)
			REDIS_PID=$(cat "$dir/pid" 2>/dev/null) || :
			export REDIS_PID
			[[ -z $REDIS_PID ]] || return 0
			;;
		esac
		has_ended $! && return 1
		sleep 0.02
	done
	return 1
}

# Cluster mode wants a TCP port: one that was free a moment ago.
start_cluster() {
	local port
	for _ in 1 2 3; do
		port=$(perl -MIO::Socket::INET -e 'my $s;
		    do { $s = IO::Socket::INET->new(Listen => 1,
			LocalAddr => "127.0.0.1") } until $s && $s->sockport < 55000;
		    print $s->sockport')
		redis_start --port "$port" --bind 127.0.0.1 \
		    --cluster-enabled yes --cluster-config-file "$PWD/nodes" &&
			break
	done
	rcli CLUSTER ADDSLOTSRANGE 0 16383 >/dev/null
	# shellcheck disable=SC2016 # it is for the other shell
	eventually bash -c 'redis-cli -s "$REDIS_SOCK" CLUSTER INFO | grep -q state:ok'
}

# redis_stop [SIGNAL]: by its pid; KILL leaves the socket file behind.  The
# file of the pid also knows a server that another test started.
redis_stop() {
	local file=$BATS_FILE_TMPDIR/redis/pid i pid sig=${1:-TERM}
	unset REDIS_PID
	pid=$(cat "$file" 2>/dev/null) || return 0
	[[ $(cat "/proc/$pid/comm" 2>/dev/null) == redis-server ]] || return 0
	kill -s "$sig" "$pid"
	kill -s CONT "$pid" 2>/dev/null || :
	for ((i = 0; i < 1500; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	kill -s KILL "$pid" 2>/dev/null || :
	rm -f "$file"
	if [[ $REDIS_SOCK == /tmp/epoch-test.??????/s ]]; then
		rm -rf "${REDIS_SOCK%/s}"
	fi
}

rcli() {
	redis-cli -s "$REDIS_SOCK" "$@"
}

# Everything in Redis as sorted lines "type key field=value"; independent of
# encodings and of our own tools.
state_dump() {
	rcli EVAL '
	local out = {}
	local function add(t, k, v)
		local line = t .. " " .. k .. " " .. v
		line = line:gsub("\\", "\\\\"):gsub("\n", "\\n")
		out[#out + 1] = line
	end
	for _, k in ipairs(redis.call("KEYS", "*")) do
		local t = redis.call("TYPE", k).ok
		if t == "string" then
			add(t, k, redis.call("GET", k))
		elseif t == "set" then
			for _, m in ipairs(redis.call("SMEMBERS", k)) do
				add(t, k, m)
			end
		elseif t == "list" then
			for i, m in ipairs(redis.call("LRANGE", k, 0, -1)) do
				add(t, k, string.format("%06d=%s", i, m))
			end
		elseif t == "stream" then
			for _, x in ipairs(redis.call("XRANGE", k, "-", "+")) do
				add(t, k, x[1] .. "=" ..
				    table.concat(x[2], "\t"))
			end
		else
			local flat = t == "hash" and redis.call("HGETALL", k)
			    or redis.call("ZRANGE", k, 0, -1, "WITHSCORES")
			for i = 1, #flat, 2 do
				add(t, k, flat[i] .. "=" .. flat[i + 1])
			end
		end
	end
	return out' 0 | LC_ALL=C sort
}

state_digest() {
	state_dump | sha256sum | cut -d ' ' -f 1
}
