#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-inspect --doctor: what is said of a server, and with which status.

load helpers
load inspect
load doctor

setup_file() {
	redis_start
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	fake_stop
}

teardown_file() {
	redis_stop
}

doctor() { # [RC]
	run_tool "${1:-0}" epoch-inspect --doctor --redis ./fake
}

# says SEVERITY NAME: there is exactly one such line, with advice unless OK.
says() {
	local lines
	lines=$(grep -E "^$1 +$2: " <<<"$output") || lines=
	assert "$(wc -l <<<"$lines")/${lines:+there}" = 1/there "$1 $2 in
$output" || return 1
	[[ $1 == OK ]] || assert "$lines" =~ '; [a-z].*: ' "advice and why"
}

# one CHANGE... SEVERITY NAME: these facts alone change that line alone.
one() {
	local severity=${*: -2:1} name=${*: -1} rc=0
	healthy
	while (($# > 2)); do
		fact "$1" "$2"
		shift 2
	done
	[[ $severity != WRONG ]] || rc=78
	doctor $rc || return 1
	says "$severity" "$name" || return 1
	[[ $severity == OK ]] ||
		assert "$(grep -c '^[AW]' <<<"$output")" = 1 "others in
$output"
}

# --- a server that is well

@test "a healthy server: every line OK, 0, nothing on stderr" {
	healthy
	fake_start
	doctor
	assert "$stderr" = ""
	assert "$(wc -l <<<"$output")" = 29
	assert "$(grep -cP '^OK     [a-z0-9_-]*: [\x20-\x7e]+$' \
	    <<<"$output")" = 29
}

@test "every rule is broken somewhere in this file" {
	local name
	for name in $(sed -n 's/^    {"\([a-z0-9_-]*\)",.*/\1/p' \
	    "$ROOT"/cmd/epoch-inspect/doctor_{server,clients}.c); do
		[[ $name == libraries ]] ||
			grep -qE "(ADVICE|WRONG) $name\b" \
			    "$BATS_TEST_FILENAME" ||
			fail "no test breaks $name"
	done
}

# --- each rule

@test "memory" {
	fake_start
	one maxmemory-policy allkeys-lru WRONG maxmemory-policy
	one maxmemory-policy allkeys-random WRONG maxmemory-policy
	one maxmemory-policy volatile-ttl ADVICE maxmemory-policy
	one maxmemory 0 OK maxmemory
	assert "$output" lacks used_memory
	one maxmemory 0 used_memory 7000000 ADVICE maxmemory
	one used_memory 500000 OK used_memory
	one used_memory 500001 ADVICE used_memory
	one used_memory 950000 ADVICE used_memory
	one used_memory 950001 WRONG used_memory
	one evicted_keys 3 ADVICE evicted_keys
	one lazyfree-lazy-user-del no ADVICE lazyfree-lazy-user-del
}

@test "persistence" {
	fake_start
	one appendonly no aof_enabled 0 save '900 1' ADVICE appendonly
	assert "$output" lacks appendfsync
	one appendfsync always ADVICE appendfsync
	one appendfsync no ADVICE appendfsync
	healthy
	fact appendonly no
	fact aof_enabled 0
	doctor
	says ADVICE appendonly
	says ADVICE save
	one aof_last_write_status err WRONG aof_last_write_status
	one aof_last_bgrewrite_status err ADVICE aof_last_bgrewrite_status
	one rdb_last_bgsave_status err ADVICE rdb_last_bgsave_status
	one rdb_last_bgsave_status err save '60 1' WRONG rdb_last_bgsave_status
	one async_loading 1 ADVICE async_loading
}

@test "versions, scripts, Sentinel, cluster" {
	fake_start
	one redis_version 6.2.14 WRONG redis_version
	one redis_version 10.0.0 OK redis_version
	one redis_mode sentinel WRONG redis_mode
	one cluster-enabled yes WRONG cluster-enabled
	EPOCH_PREFIX=spx: one cluster-enabled yes WRONG cluster-enabled
	EPOCH_PREFIX="{spx}:" one cluster-enabled yes OK cluster-enabled
	healthy
	deny EVAL 'ERR Error compiling script (new function): user_script:1'
	doctor 78
	says WRONG script-support
	healthy
	deny EVAL "ERR unknown command 'EVAL'"
	doctor 78
	says WRONG script-support
	healthy
	deny EVAL 'NOPERM this user has no permissions'
	doctor
	says ADVICE script-support
}

@test "who can come in" {
	fake_start
	one bind '* -::*' requirepass x ADVICE bind
	one bind '' requirepass x ADVICE bind
	one bind '0.0.0.0' requirepass x ADVICE bind
	one bind '10.1.2.3' requirepass x OK bind
	one bind '10.1.2.3' ADVICE password
	one bind '127.0.0.1 10.1.2.3' ADVICE password
	one protected-mode no ADVICE protected-mode
	one bind '127.0.0.1 ::1 localhost' OK password
	one port 0 bind '*' protected-mode no OK unixsocketperm
	assert "$output" lacks bind:
	assert "$output" lacks protected-mode
	assert "$output" lacks password
	healthy
	fact bind '* -::*'
	fact protected-mode no
	doctor 78
	says WRONG password
	fact port 0
	fact tls-port 6380
	doctor 78
	says WRONG password
	one unixsocketperm 777 ADVICE unixsocketperm
	one unixsocketperm 702 ADVICE unixsocketperm
	one unixsocketperm 0 ADVICE unixsocketperm
	one unixsocketperm 775 OK unixsocketperm
	one unixsocket '' unixsocketperm 0 OK role
	assert "$output" lacks unixsocketperm
}

@test "replicas and clients" {
	fake_start
	one role slave ADVICE role
	one master_link_status down ADVICE master_link_status
	one min-replicas-to-write 0 ADVICE min-replicas-to-write
	assert "$output" lacks max-lag
	one min-replicas-to-write 3 WRONG min-replicas-to-write
	one min-replicas-max-lag 60 ADVICE min-replicas-max-lag
	one min-replicas-max-lag 0 ADVICE min-replicas-max-lag
	local none='normal 0 0 0 slave 1 1 1'
	one client-output-buffer-limit "$none" ADVICE client-output-buffer-limit
	one rejected_connections 1 ADVICE rejected_connections
	one timeout 300 ADVICE timeout
	one tcp-keepalive 0 ADVICE tcp-keepalive
	one tcp-keepalive 3600 ADVICE tcp-keepalive
}

@test "clocks: more than a minute apart, either way" {
	healthy
	fake_start
	local now seconds
	now=$(date +%s)
	for seconds in 3650 -3650; do
		EPOCH_NOW_MS=$((now + seconds))000 doctor
		says ADVICE clock-ahead-seconds
		assert "$output" =~ "clock-ahead-seconds: ${seconds%??}"
	done
	EPOCH_NOW_MS=$((now + 20))000 doctor
	says OK clock-ahead-seconds
}

# --- what may not be looked at

@test "CONFIG denied or renamed: INFO has to do, and it is said" {
	fake_start
	local error
	for error in 'NOPERM this user has no permissions to run config|get' \
	    "ERR unknown command 'CONFIG'"; do
		healthy
		deny CONFIG "$error"
		doctor
		says ADVICE denied
		assert "$output" has "denied: CONFIG GET;"
		says OK appendonly
		fact maxmemory_policy allkeys-lru
		fact cluster_enabled 1
		fact aof_enabled 0
		doctor 78
		says WRONG maxmemory-policy
		says WRONG cluster-enabled
		says ADVICE appendonly
	done
}

@test "INFO, TIME or our key denied: the rest is shown" {
	fake_start
	local cmd
	for cmd in INFO TIME; do
		healthy
		deny $cmd 'NOPERM no'
		doctor
		assert "$output" has "ADVICE denied: $cmd;"
		says OK maxmemory-policy
	done
	healthy
	deny ZCOUNT 'NOPERM no'
	doctor
	assert "$output" lacks staging
	says OK timeout
}

@test "neither CONFIG nor INFO: 77, and nothing is called OK" {
	healthy
	deny CONFIG 'NOPERM no'
	deny INFO 'NOPERM no'
	fake_start
	doctor 77
	assert "$output" = ""
	assert "$stderr" has "CONFIG GET nor INFO"
}

@test "values from outside: visible, cut, one line each" {
	healthy
	fake_start
	fact bind $'10.0.0.1\e[31m\xc2\x9b\\'"$(printf 'x%.0s' {1..500})"
	fact requirepass sekret
	doctor
	says OK bind
	assert "$output" has '10.0.0.1\x1b[31m\xc2\x9b\\xxx'
	assert "$output$stderr" lacks sekret
	local shown=$output
	run ! grep -qP '[^\x20-\x7e]' <<<"$shown"
	run ! grep -qE '.{400}' <<<"$shown"
}

@test "our key of another type: 78 with its line, findings all the same" {
	healthy
	deny ZCOUNT 'WRONGTYPE Operation against a key'
	fake_start
	doctor 78
	says OK maxmemory-policy
	assert "$stderr" has REDIS_WRONGTYPE
	assert "$(grep -c '^WRONG' <<<"$output")" = 0
}

# --- real servers

@test "a real server, set wrong and set right again" {
	rcli FLUSHALL >/dev/null
	rcli CONFIG SET maxmemory-policy allkeys-lru timeout 7 >/dev/null
	run_tool 78 epoch-inspect --doctor
	says WRONG maxmemory-policy
	says ADVICE timeout
	says OK redis_version
	says OK script-support
	rcli CONFIG SET maxmemory-policy noeviction timeout 0 appendonly yes \
	    lazyfree-lazy-user-del yes client-output-buffer-limit \
	    'normal 64mb 32mb 30' >/dev/null
	run_tool epoch-inspect --doctor
	run ! grep -E '^(WRONG|ADVICE)' <<<"$(grep -v unixsocketperm \
	    <<<"$output")"
	rcli CONFIG SET appendonly no >/dev/null
}

@test "it writes nothing" {
	rcli SET k v >/dev/null
	local before
	before=$(state_digest)
	run_tool epoch-inspect --doctor
	assert "$(state_digest)" = "$before"
	rcli FLUSHALL >/dev/null
}

@test "reservations: those older than 15 minutes are counted, by Redis's clock" {
	local now=$(($(rcli TIME | head -n 1) * 1000))
	rcli ZADD epoch:staging $((now - 901000)) SPX:1:aaaa \
	    $((now - 9000000)) SPX:2:aaaa $((now - 800000)) SPX:3:aaaa >/dev/null
	EPOCH_NOW_MS=1 run_tool epoch-inspect --doctor
	says ADVICE staging-older-than-15-min
	assert "$output" has "staging-older-than-15-min: 2;"
	EPOCH_PREFIX=other: run_tool epoch-inspect --doctor
	says OK staging-older-than-15-min
	rcli FLUSHALL >/dev/null
}

@test "the users of docs/REDIS.md may do what is said there" {
	doc_user doctor
	rcli ACL SETUSER few on '>sekret' '~*' -@all +ping +info >/dev/null
	rcli ACL SETUSER none on '>sekret' '~*' -@all +ping >/dev/null
	run_tool epoch-inspect --doctor -r "unix://doctor:sekret@$REDIS_SOCK"
	says OK script-support
	says OK staging-older-than-15-min
	assert "$output$stderr" lacks denied
	run_tool epoch-inspect --doctor -r "unix://few:sekret@$REDIS_SOCK"
	says ADVICE denied
	says ADVICE script-support
	says OK maxmemory-policy
	run_tool 77 epoch-inspect --doctor -r "unix://none:sekret@$REDIS_SOCK"
	assert "$output" = ""
	assert "$stderr" lacks sekret
	run_tool 77 epoch-inspect --doctor -r "unix://few:sekre@$REDIS_SOCK"
	rcli ACL DELUSER doctor few none >/dev/null
}

@test "a password: that there is one is said where TCP is open, never itself" {
	local port
	port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
	    LocalAddr => "127.0.0.1", Listen => 1)->sockport')
	rcli CONFIG SET bind 127.0.0.1 port "$port" requirepass sekret1 >/dev/null
	run_tool epoch-inspect --doctor -r "redis://:sekret1@127.0.0.1:$port"
	says OK password
	assert "$output" has "password: set"
	assert "$output$stderr" lacks sekret1
	rcli -a sekret1 --no-auth-warning CONFIG SET requirepass '' port 0 \
	    >/dev/null
}

@test "a cluster without a tag: 78; 75 where it is down only" {
	redis_start --cluster-enabled yes
	run_tool 78 epoch-inspect --doctor -t 0.1
	says WRONG cluster-enabled
	EPOCH_PREFIX="{spx}:" run_tool 75 epoch-inspect --doctor -t 0.1
	says OK cluster-enabled
	redis_start
}

@test "nobody there: 75; frozen: 75 in time; no Redis: 76; all on one line" {
	run_tool 75 epoch-inspect --doctor -r ./none
	assert "$output" = ""
	local pid
	pid=$(cat "$BATS_FILE_TMPDIR/redis/pid")
	kill -STOP "$pid"
	run_tool 75 epoch-inspect --doctor -t 0.05 || {
		kill -CONT "$pid"
		return 1
	}
	kill -CONT "$pid"
	assert "$stderr" has "no answer within 50 ms"
	assert "$(wc -l <<<"$stderr")" = 1
	healthy
	deny PING '+HELLO'
	fake_start
	doctor 76
	assert "$output" = ""
}

@test "usage, and output that cannot be written" {
	run_tool 64 epoch-inspect --doctor SPX
	run_tool 64 epoch-inspect --doctor --check
	run_tool 64 epoch-inspect --doctor -o symbol
	run_tool 64 epoch-inspect --doctor --json
	run_tool 74 bash -c 'epoch-inspect --doctor >/dev/full'
}
