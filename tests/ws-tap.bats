#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# ws-tap against the stand-in vendor: what is subscribed, what comes out, the
# account of it, and everything that can go wrong between the two.

load helpers
load standin/standin
load tap

setup_file() {
	redis_start
	chain-fetch --from "$BOARD" SPX 2>/dev/null | geom-hash |
	    epoch-promote >/dev/null
}

teardown_file() {
	redis_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	# of the board: its contracts expire
	export MASSIVE_API_KEY=$KEY EPOCH_NOW_MS=1794495777000
	tap_pid=
}

teardown() {
	standin_stop
	kill_started
}

# --------------------------------------------------------------------- usage

@test "what does not go together is 64, before anything is opened" {
	run_tool 64 ws-tap
	run_tool 64 ws-tap --no-board SPX
	assert "$stderr" has "contracts, no symbols"
	run_tool 64 ws-tap --raw --from x SPX
	run_tool 64 ws-tap --channels T,X SPX
	run_tool 64 ws-tap --channels T,T SPX
	run_tool 64 ws-tap --backoff 5 SPX
	run_tool 64 ws-tap --backoff 5:1 SPX
	run_tool 64 ws-tap --ready-fd 77 SPX
	run_tool 64 ws-tap 'A B'
	run_tool 64 ws-tap O:SPX260832C00200000
	run_tool 66 ws-tap @nothing-there
}

@test "operands from a file; what is neither symbol nor contract is told" {
	printf '%s\n' SPX O:SPXW261130P05425000 '' >list
	vendor
	ready_tap --channels T @list
	tap_ends
	assert "$(head -n 1 out)" has '"symbols":["SPX"]'
	echo 'SPX;x' >list
	run_tool 64 ws-tap @list
	printf 'SPX' >list
	run_tool 65 ws-tap @list
}

@test "H8: ws:// to loopback only, no user in a URL: 78" {
	local url
	for url in ws://example.com/x http://127.0.0.1 wss:// \
	    ws://127.0.0.1:0/ ws://127.0.0.1:x/ ws://localhost:9/x \
	    wss://me@example.com/x $'wss://ex\nample.com/'; do
		run_tool 78 ws-tap --url "$url" SPX
		assert "$stderr" has ': URL: '
	done
	MASSIVE_WS_URL=ws://example.com run_tool 78 ws-tap SPX
	run_tool 78 ws-tap --url wss://127.0.0.1:9/ --cacert nothing SPX
}

@test "K1: no key, a key others may read: 77" {
	echo "$KEY" >key
	chmod 644 key
	run_tool 77 ws-tap --key-file key SPX
	MASSIVE_API_KEY='' run_tool 77 ws-tap SPX
	assert "$stderr" has NO_KEY
}

# -------------------------------------------------------------- golden path

@test "every event becomes the tick that it is, in order, digits as they were" {
	vendor
	ready_tap --channels T,Q,A,AM SPX
	standin_control 'burst 5000 0 kinds=Q:5,T:3,A:1,AM:1 pick=subscribed' \
	    'wait idle'
	eventually has_count tick 5000
	tap_ends
	account_closes
	assert "$account" = '[5000,5000,0,0,0,0,0]'
	reference sent >want
	as_reference out >got
	cmp want got || diff want got | head
	assert "$(jq -s 'map(select(.type == "tick") | .recv_ts > 1e12) | all' \
	    out)" = true
	assert "$(cat err)" = ''
}

@test "W11: ready only when authenticated, subscribed, and a ping came back" {
	mkfifo ready
	exec 8<>ready
	echo 'on subscribe once stall read' >script
	vendor --ws-script script
	tap --ready-fd 8 --answer 2 SPX
	eventually has_count feed 3
	assert "$(tail -n 1 <(grep '"feed"' out))" has '"state":"subscribed"'
	run ! read -r -t 0.05 -u 8 _
	standin_control 'stall off'
	read -r -t 10 -u 8 _
	tap_ends
}

@test "W7: statuses among data, empty arrays, several events in a message" {
	vendor
	ready_tap SPX
	standin_control 'mixed on' \
	    'burst 1000 0 kinds=Q:1,T:1 pick=subscribed frame=300' 'wait idle' \
	    'send []' 'send  [ ] ' 'wait idle'
	eventually has_count tick 1000
	tap_ends
	account_closes
	assert "$account" = '[1000,1000,0,0,0,0,0]'
}

@test "unknown contracts of the board's roots pass; other roots are filtered" {
	vendor
	ready_tap SPX
	standin_control 'burst 4000 0 kinds=T:1 unknown=20 foreign=30' \
	    'wait idle'
	eventually eval 'tail -n 1 out | grep -q "\"received\":4000"'
	tap_ends
	account_closes
	local foreign unknown
	foreign=$(grep -cv '"sym":"O:SPXW\?[0-9]' sent)
	assert "$account" = "[4000,$((4000 - foreign)),0,$foreign,0,0,0]"
	jq -r '"O:" + .data.options[].option' "$BOARD" | sort >board
	unknown=$(jq -r 'select(.type == "tick").id' out | sort -u |
	    comm -23 - board | wc -l)
	assert "$unknown" != 0
	assert "$foreign" != 0
}

@test "bad and unsupported events are counted, and named" {
	vendor
	ready_tap SPX
	standin_control \
	    'send [{"ev":"FMV","fmv":1,"sym":"O:SPX261218C05350000","t":1},{"ev":"T","sym":"no","p":1,"t":1794495732000},{"ev":"T","sym":"O:SPX261218C05350000","p":-1,"t":1794495732000},{"ev":"T","sym":"O:SPX261218C05350000","t":1794495732000},{"ev":"T","sym":"O:SPX261218C05350000","p":1,"t":0},{"ev":"T","sym":"O:SPX261218C05350000","p":1.250,"t":1794495732.5,"q":3.0}]' \
	    'send [{"ev":"T"' 'wait idle'
	eventually has_count gap 1
	tap_ends
	account_closes
	assert "$account" = '[7,1,0,0,1,5,0]'
	assert "$(grep '"tick"' out)" =~ \
	    '"ts":1794495732000,.*"feed_seq":3,"last":1.250}$'
	assert "$(jq -c 'select(.type == "gap") | [.symbols, .reason, .dropped]' \
	    out)" = '[["SPX"],"bad_frame",1]'
	assert "$(grep -c BAD_EVENT err)" = 5
}

@test "W8: times in s, ms, us and ns are told by their size" {
	local unit n=0
	vendor
	ready_tap --channels T -v SPX
	for unit in s ms us ns; do
		standin_control "burst 10 0 kinds=T:1 pick=subscribed \
		    start=1794495732000 unit=$unit" 'wait idle'
		n=$((n + 10))
		eventually has_count tick $n
	done
	tap_ends
	assert "$(jq -r 'select(.type == "tick").ts / 1000 | floor' out |
	    sort -u)" = 1794495732
	assert "$(cat err)" has 'odd_units 30'
}

# ------------------------------------------------------------- subscriptions

@test "a symbol without an epoch: said, heartbeats all the same; then its board" {
	vendor
	rcli DEL epoch:active
	tap SPX
	eventually has_count heartbeat 2
	assert "$(grep '"feed"' out)" =~ \
	    '"symbols":\["SPX"\],"state":"waiting","detail":"no active epoch"'
	assert "$(cat err)" has 'SPX: WAITING: '
	assert "$(standin_status .opened)" = 0
	rcli HSET epoch:active SPX "$(rcli LINDEX epoch:timeline:SPX 0)"
	eventually has_state subscribed
	tap_ends
}

@test "another epoch: the difference is subscribed, over the same connection" {
	export EPOCH_PREFIX=other:
	vendor
	make_chain -n 12 -e 2099-12-18 -t 1794495732000 | geom-hash |
	    epoch-promote >/dev/null
	ready_tap SPX
	make_chain -n 8 -k 5010 -e 2099-12-18 -t 1794495832000 | geom-hash |
	    epoch-promote --accept-shrink >/dev/null
	eventually grep -q 'granted 9, given back 4' out
	standin_control 'pairs 1'
	assert "$(jq -r '.pairs[]' <<<"$control" | sort | xargs)" = \
	    "$(rcli GET "other:epoch:$(rcli HGET other:epoch:active SPX):geometry" |
		sed '/./!d; s/^/Q./' | sort | xargs) T.*"
	assert "$(standin_status .opened)" = 1
	tap_ends
}

# A look is one command after the other: the second symbol's may fail.
@test "a look that fails behind a new epoch: it is chosen from all the same" {
	export EPOCH_PREFIX=half:
	local vix spot='s/"spot":[0-9.]*/"spot":5020/' # one that moved asks again
	failed_twice() {
		(($(rcli INFO commandstats |
		    sed -n 's/^cmdstat_hgetall:.*failed_calls=\([0-9]*\).*/\1/p') >= 2))
	}
	vendor
	make_chain -S VIX -n 4 -e 2099-12-18 -t 1794495732000 | geom-hash |
	    epoch-promote >/dev/null
	make_chain -n 12 -e 2099-12-18 -t 1794495732000 | sed "$spot" |
	    geom-hash | epoch-promote >/dev/null
	ready_tap SPX VIX
	kill -STOP "$tap_pid"
	make_chain -n 8 -k 5010 -e 2099-12-18 -t 1794495832000 | sed "$spot" |
	    geom-hash | epoch-promote --accept-shrink >/dev/null
	vix=half:epoch:meta:$(rcli HGET half:epoch:active VIX)
	rcli RENAME "$vix" half:aside
	rcli SET "$vix" 'no hash'
	rcli CONFIG RESETSTAT
	kill -CONT "$tap_pid"
	eventually failed_twice # the first may have begun before the stop
	rcli RENAME half:aside "$vix"
	eventually grep -q 'granted 13, given back 4' out
	tap_ends
}

@test "the nearest contracts get the quotes; a spot that moves changes which" {
	local before after
	vendor --ws quotes=60
	# the board's own day
	EPOCH_NOW_MS=1794495732000 ready_tap --quotes 60 -v SPX
	standin_control 'pairs 1'
	before=$(jq -r '.pairs[]' <<<"$control" 2>/dev/null | grep '^Q' | sort)
	assert "$(wc -l <<<"$before")" = 60
	assert "$(jq -r '.pairs[]' <<<"$control" | grep -v '^Q')" = 'T.*'
	# of the nearest expiration those at the money
	assert "$before" has "$(jq -r --arg e "$(jq -r '.data.options[].option |
	    capture("(?<d>[0-9]{6})[CP][0-9]{8}$").d' "$BOARD" | sort | head -n 1)" \
	    '.data | .current_price as $p | [.options[] |
	    select(.option | test($e + "C")) | {o: .option, d:
	    ((.option[-8:] | tonumber) / 1000 - $p | fabs)}] | min_by(.d).o' \
	    "$BOARD")"
	# the spot goes far away, the board stays
	local id
	id=$(rcli LINDEX epoch:timeline:SPX 0)
	local spot
	spot=$(rcli HGET "epoch:meta:$id" spot)
	rcli HSET "epoch:meta:$id" spot 5150
	eventually err_has 'given back'
	standin_control 'pairs 1'
	rcli HSET "epoch:meta:$id" spot "$spot"
	after=$(jq -r '.pairs[]' <<<"$control" | grep '^Q' | sort)
	assert "$(wc -l <<<"$after")" = 60
	assert "$after" != "$before"
	assert "$(standin_status .opened)" = 1
	tap_ends
	assert "$(jq -r 'select(.type == "feed").detail // empty' out)" \
	    lacks refused
}

@test "a channel that the plan lacks, a cap: said in the feed record and on stderr" {
	vendor --ws plan=T --ws quotes=50
	ready_tap SPX
	assert "$(jq -r 'select(.type == "feed").detail // empty' out)" =~ \
	    '^asked [0-9]+, granted 1, refused [0-9]+ \(error: not authorized\)$'
	assert "$(cat err)" has 'SUBSCRIBED: asked'
	tap_ends
	standin_control 'set plan=T,Q'
	ready_tap SPX
	assert "$(jq -r 'select(.type == "feed").detail // empty' out)" =~ \
	    'refused [0-9]+ \(error: Subscription limit reached'
	tap_ends
}

@test "contracts without a board: theirs only, and Redis is not asked" {
	vendor
	REDIS_URL=unix:///nothing ready_tap --no-board --channels T,Q,AM \
	    O:SPXW261130P05425000 O:SPX261218C05350000
	standin_control 'pairs 1'
	assert "$(jq -r '.pairs[]' <<<"$control" | sort | xargs)" = \
	    "AM.O:SPX261218C05350000 AM.O:SPXW261130P05425000 Q.O:SPX261218C05350000 Q.O:SPXW261130P05425000 T.O:SPX261218C05350000 T.O:SPXW261130P05425000"
	standin_control 'burst 100 0 kinds=Q:1,T:1 pick=subscribed' 'wait idle'
	eventually has_count tick 100
	tap_ends
	assert "$(jq -r 'select(.type == "tick").id' out | sort -u | xargs)" = \
	    "O:SPX261218C05350000 O:SPXW261130P05425000"
	assert "$(cat err)" = ''
}

@test "Redis frozen, then killed: the socket goes on, one warning each change" {
	vendor
	ready_tap --redis-timeout 2 SPX
	kill -STOP "$REDIS_PID"
	standin_control 'burst 2000 0 kinds=Q:1,T:1 pick=subscribed' 'wait idle'
	eventually has_count tick 2000
	eventually err_has REDIS_TIMEOUT
	eventually has_count heartbeat 3
	kill -CONT "$REDIS_PID"
	eventually err_has REDIS_BACK
	tap_ends
	assert "$(grep -c REDIS_TIMEOUT err)" = 1
	account_closes
	assert "$account" = '[2000,2000,0,0,0,0,0]'
}

@test "Redis away at the start: waits, says so once; a bad URL of it is 78" {
	vendor
	tap --redis unix:///nothing/there SPX
	eventually has_count heartbeat 2
	tap_ends
	assert "$(grep -c REDIS_CONNECT err)" = 1
	tap --redis rediss://x SPX
	tap_waits 78
}

# -------------------------------------------------------------- connection

@test "W1: refused upgrades: again and again, told once, heartbeats go on" {
	vendor --ws refuse=403
	tap SPX
	eventually eval '[[ $(standin_log -c "select(.event == \"refused\")" |
	    wc -l) -ge 5 ]]'
	eventually has_count heartbeat 2
	assert "$(grep -c ': LOST: ' err)" = 1
	assert "$(count feed)" = 1
	standin_control 'set refuse=accept'
	accepted=$(standin_log -c 'select(.event == "refused")' | wc -l)
	eventually eval '[[ $(standin_log -c "select(.event == \"refused\")" |
	    wc -l) -ge $((accepted + 5)) ]]'
	assert "$(grep -c ': LOST: ' err)/$(count feed)" = 2/2 "another reason"
	standin_control 'set refuse=off'
	eventually has_state subscribed
	tap_ends
	assert "$(count gap)" = 0 "nothing was lost that was ever there"
}

@test "W1: nobody there: the same" {
	vendor
	standin_stop
	tap SPX
	eventually has_count heartbeat 3
	tap_ends
	assert "$(grep -c ': LOST: ' err)" = 1
}

@test "W2: a refused key, or plan: 77 at once, one connection" {
	vendor
	MASSIVE_API_KEY=another-key tap SPX
	tap_waits 77
	assert "$(cat err)" has 'AUTH: auth_failed: authentication failed'
	assert "$(standin_status .opened)" = 1
	standin_control 'set refuse=plan'
	tap SPX
	tap_waits 77
	assert "$(cat err)" has "Your plan doesn't include"
}

@test "W3: too many connections: a pause of --cooldown, not a duel" {
	vendor --ws connections=1 --ws evict=oldest
	ready_tap -o first --cooldown 600 SPX
	local first=$tap_pid
	ready_tap --cooldown 600 SPX
	eventually grep -q '"state":"refused"' first
	eventually has_count heartbeat 3
	assert "$(standin_status '[.opened, .open] | @csv')" = 2,1
	kill "$first"
	wait "$first"
	tap_ends
	assert "$(jq -r 'select(.type == "gap").reason' first)" = disconnect
	# the newest goes: it was granted all, and still is refused
	standin_control 'set evict=newest' "wait open 0"
	ready_tap -o first SPX
	first=$tap_pid
	tap --cooldown 600 SPX
	eventually err_has REFUSED
	eventually has_count heartbeat 2
	assert "$(standin_status .opened)" = 4
	kill "$first"
	wait "$first"
	tap_ends
}

@test "W3: after --cooldown it comes again" {
	vendor
	ready_tap --cooldown 0.05 SPX
	standin_control 'evict oldest'
	eventually has_count gap 1
	tap_ends
	assert "$(jq -r 'select(.type == "feed").state' out | xargs)" = \
	    "connected authenticated subscribed refused connected authenticated subscribed"
}

@test "W4: quiet is not dead while pongs come; nothing at all is" {
	vendor
	ready_tap --ping 0.05 --dead 2 SPX
	eventually has_count heartbeat 4 # one a second
	assert "$(standin_status .opened)" = 1
	standin_control 'stall both'
	standin_control 'wait opened 2'
	eventually has_count gap 1
	tap_ends
	assert "$(cat err)" has 'LOST: nothing heard'
}

@test "W4: no answer to the key: another connection" {
	echo 'on connect of 1 stall read' >script
	vendor --ws-script script
	tap --answer 0.3 SPX
	standin_control 'wait opened 2'
	eventually has_state subscribed
	tap_ends
	assert "$(cat err)" has 'LOST: no answer to the key'
}

@test "W5: fragments are put together, a megabyte is a message" {
	vendor
	ready_tap SPX
	standin_control 'fragment 1' \
	    'burst 50 0 kinds=T:1,Q:1 pick=subscribed frame=2000' 'wait idle' \
	    'fragment 1000' 'huge 1000000' 'wait idle' 'fragment 0' \
	    'burst 20000 0 kinds=T:1,Q:1 pick=subscribed frame=1000000' \
	    'wait idle'
	eventually has_count tick 20050
	tap_ends
	account_closes
	assert "$account" = '[20051,20050,0,0,1,0,0]'
}

@test "W5: a message over --max-message: 1009, a gap, and on" {
	vendor
	ready_tap --max-message 100000 SPX
	standin_control 'huge 100001'
	eventually has_count gap 1
	standin_control 'wait closed 1'
	standin_control 'huge 99999'
	eventually eval 'tail -n 1 out | grep -q "\"received\":2,"'
	tap_ends
	account_closes
	assert "$account" = '[2,0,0,0,1,1,0]'
	assert "$(jq -c 'select(.type == "gap") | [.reason, .dropped]' out)" = \
	    '["bad_frame",1]'
	assert "$(standin_log -c 'select(.event == "closed") | [.by, .code]' |
	    head -n 1)" = '["client",1009]'
}

@test "W6: whatever code, a drop, a reset: a gap, all subscribed again" {
	local how n=1
	vendor
	ready_tap SPX
	for how in 'close 1000' 'close 1001' 'close 1008' 'close 1011' \
	    'close 1012' drop abort; do
		standin_control 'burst 100 0 kinds=T:1,Q:1 pick=subscribed' \
		    'wait idle' "$how"
		n=$((n + 1))
		standin_control "wait pairs 407"
		eventually has_count gap $((n - 1))
		assert "$(standin_status .opened)" = $n
	done
	tap_ends
	account_closes
	assert "$(jq -r 'select(.type == "gap") | .reason' out | sort -u)" = \
	    disconnect
	assert "$(jq -s 'map(select(.type == "gap") | .from_ts <= .to_ts) | all' \
	    out)" = true
	assert "$(grep -c ': BACK: ' err)" = 7
}

@test "W6: 20 cuts in a burst: sent - received is 0 but across a cut, there a gap" {
	local n
	vendor
	ready_tap SPX
	for ((n = 1; n <= 20; n++)); do
		standin_control \
		    'burst 2000 0 kinds=T:1,Q:1 pick=subscribed frame=700' abort
		eventually has_count gap $n
		standin_control 'wait pairs 407'
	done
	standin_control 'wait idle'
	standin_control 'burst 500 0 kinds=T:1 pick=subscribed' 'wait idle'
	eventually eval '[[ $(tail -n 1 sent | reference) == \
	    $(as_reference out | tail -n 1) ]]'
	tap_ends
	account_closes
	assert "$(count gap)" = 20
	# what came is what was sent, less what a cut took: of each
	# connection a beginning, and nothing twice
	reference sent | sort >want
	as_reference out | sort >got
	assert "$(comm -13 want got | wc -l)" = 0
	assert "$account" =~ "^\[$(wc -l <got),$(wc -l <got),0,0,0,0,0\]"
}

@test "P15: the same descriptors after 30 connections" {
	local n before
	vendor
	ready_tap SPX
	before=$(ls "/proc/$tap_pid/fd" | wc -l)
	for ((n = 1; n <= 30; n++)); do
		standin_control abort "wait closed $n" 'wait pairs 407'
	done
	eventually eval '[[ $(ls "/proc/$tap_pid/fd" | wc -l) == "$before" ]]'
	eventually has_count gap 30
	tap_ends
}

# -------------------------------------------------------------- slow readers

@test "P6: a stalled stdout: the socket is read, ticks conflate, the account closes" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe --channels T,Q SPX
	standin_control 'burst 200000 0 kinds=T:1,Q:1 pick=subscribed' 'wait idle'
	# 24 MB, more than all buffers between the two: the socket was read
	assert "$(standin_status .open)" = 1
	assert "$(awk '/VmHWM/ {print ($2 < 65536)}' "/proc/$tap_pid/status")" = 1
	drain
	eventually eval 'tail -n 1 out | grep -q "\"received\":200000"'
	tap_ends
	wait "$drain_pid"
	account_closes
	assert "$account" =~ '^\[200000,'
	assert "$account" =~ ',0,0,0,0\]$'
	assert "$(count gap)" = 0
	assert "$(jq -n "${account}[2] > 100000")" = true "conflated"
	assert "$(cat err)" has 'SLOW: stdout is too slow'
	# of each contract and kind the newest is the last that came out
	newest() {
		awk '{k = $1 " " $2; v[k] = $0} END {for (k in v) print v[k]}' |
		    sort
	}
	assert "$(as_reference out | newest)" = "$(reference sent | newest)"
}

@test "P6: more contracts than --queue: dropped, counted, told as a gap" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe --queue 20 SPX
	standin_control 'burst 50000 0 kinds=T:1,Q:1 pick=subscribed' 'wait idle' ping
	eventually grep -q '"pong"' "$STANDIN_LOG" # all was read, not only sent
	drain
	eventually eval 'tail -n 1 out | grep -q "\"received\":50000"'
	tap_ends
	wait "$drain_pid"
	account_closes
	assert "$account" =~ '^\[50000,'
	assert "$(jq -s 'map(select(.type == "gap") | .dropped) | add' out)" = \
	    "$(jq -n "${account}[6]")"
	assert "$(jq -n "${account}[6] > 0")" = true
	assert "$(jq -r 'select(.type == "gap") | .reason' out | sort -u)" = \
	    overflow
}

@test "P6: cuts while there is no room to tell of them: one gap, once there is" {
	local n=1
	vendor
	mkfifo pipe
	exec 6<>pipe
	# many symbols make long records: 1 MiB of them is full after some cuts
	printf 'LONG-SYMBOL-%s\n' {1000..4999} >names
	ready_tap -o pipe --channels T O:SPX261218C05350000 @names
	standin_control 'burst 50000 0 kinds=T:1 pick=subscribed' 'wait idle' ping
	eventually grep -q '"pong"' "$STANDIN_LOG"
	until err_has LOST_RECORD; do
		n=$((n + 1))
		standin_control abort "wait opened $n" 'wait pairs 1'
		((n < 200)) || fail "there always is room"
	done
	n=$((n + 1))
	standin_control abort "wait opened $n" 'wait pairs 1'
	drain
	eventually eval 'tail -n 1 out | grep -q "\"received\":50000"'
	tap_ends
	wait "$drain_pid"
	account_closes
	assert "$(count gap)" = "$(grep -c ': BACK: ' err)" "each was told"
	assert "$(grep -oE 'LOST_RECORD|BACK' err | tail -n 1)" = BACK
}

@test "P6: a slow stdout: each heartbeat's account is closed, ticks waiting or not" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe SPX
	exec 5<pipe
	perl -e 'while (sysread(STDIN, $b, 65536)) { syswrite(STDOUT, $b);
	    select(undef, undef, undef, 0.02) }' <&5 >out 6>&- &
	drain_pid=$!
	exec 5<&- 6>&-
	standin_control \
	    'burst 300000 100000 kinds=T:1,Q:1 pick=subscribed' 'wait idle'
	eventually eval 'tail -n 1 out | grep -q "\"received\":300000"'
	tap_ends
	wait "$drain_pid"
	account_closes
	assert "$account" =~ '^\[300000,'
	assert "$(jq -s 'map(select(.type == "heartbeat" and .conflated > 0)) |
	    length > 2' out)" = true
}

@test "P5: stdout stays a blocking descriptor" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe SPX
	standin_control 'burst 20000 0 kinds=T:1,Q:1 pick=subscribed' 'wait idle'
	# O_NONBLOCK is 04000
	assert "$(awk '/^flags/ {print substr($2, length($2) - 3, 1)}' \
	    "/proc/$tap_pid/fdinfo/1")" =~ '^[0123]$'
	kill -KILL "$tap_pid"
}

@test "P1, P7: the reader leaves, in silence too: 141 within a second" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe SPX
	exec 6>&-
	tap_waits 141
	standin_control 'wait open 0'
	assert "$(standin_log -c 'select(.event == "closed") | [.by, .code]')" = \
	    '["client",1000]'
}

# Events, gone on or waiting for the reader.
has_all_of() {
	kill -USR1 "$tap_pid"
	sed -n 's/.* received \([0-9]*\) .* waiting \([0-9]*\) .*/\1 \2/p' err |
		awk -v all="$1" '$1 + $2 == all && $2 > 0 { yes = 1 } END { exit !yes }'
}

@test "P1: the reader leaves what it did not read: 141, and not a word" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe SPX
	standin_control 'burst 50000 0 kinds=T:1,Q:1 pick=subscribed' 'wait idle'
	eventually has_all_of 50000
	head -c 100000 <&6 >some # more than a pipe holds: of the rest a part is written
	exec 6>&-
	tap_waits 141
	assert "$(grep -v COUNTS err)" = ""
}

@test "P2, P9: stdout full or closed: 74" {
	vendor
	tap -o /dev/full SPX
	tap_waits 74
	run bash -c "ws-tap --url '$STANDIN_WS' SPX >&- 2>err"
	assert "$status" = 74
	run bash -c "timeout 60 ws-tap --url '$STANDIN_WS' SPX <&- 2>&- |
	    head -n 3 | wc -l"
	assert "$output" = 3
}

@test "P8: TERM, INT and HUP at any moment: whole lines, the vendor is told" {
	local i sig rc
	vendor
	for i in 1 2 3 4 5 6; do
		rm -f out
		tap SPX
		eventually test -s out
		sleep "0.0$((i * 7 % 5))"
		tap_ends
		account_closes
	done
	for sig in INT:130 HUP:129 TERM:0; do
		trap - INT
		rm -f out
		# a background job of a script ignores INT; a tool must not
		env --default-signal=INT,HUP ws-tap --url "$STANDIN_WS" SPX \
		    >out 2>err 3>&- 4>&- &
		tap_pid=$!
		eventually has_state subscribed
		standin_control 'burst 5000000 0 kinds=T:1,Q:1 pick=subscribed'
		eventually has_count tick 1000
		kill "-${sig%:*}" "$tap_pid"
		tap_waits "${sig#*:}"
		standin_control stop
		assert "$(tail -c 1 out | xxd -p)" = 0a
		account_closes
		standin_control 'wait open 0'
	done
	assert "$(standin_log -c 'select(.event == "closed") | .code' |
	    tail -n 1)" = 1000
}

@test "P8: TERM while stdout is stalled: an end within two seconds" {
	vendor
	mkfifo pipe
	exec 6<>pipe
	ready_tap -o pipe SPX
	standin_control 'burst 50000 0 kinds=T:1,Q:1 pick=subscribed' 'wait idle'
	kill "$tap_pid"
	eventually has_ended "$tap_pid"
	tap_waits 74
	cat <&6 >out &
	local cat_pid=$!
	eventually test -s out
	kill "$cat_pid"
	assert "$(tail -c 1 out | xxd -p)" = 0a "no torn line"
}

# ---------------------------------------------------------------- TLS, key

@test "H8: TLS: a trusted certificate works; untrusted, wrong name, no TLS: 69" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
	    -out cert.pem -days 2 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>openssl.err
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key2.pem \
	    -out cert2.pem -days 2 -subj /CN=other \
	    -addext subjectAltName=DNS:other.example 2>openssl.err
	standin_start --board "$BOARD" --tls-cert cert.pem --tls-key key.pem \
	    --ws-events sent
	STANDIN_URL=https${STANDIN_URL#http}
	local host
	for host in localhost 127.0.0.1; do
		STANDIN_WS=wss://$host:$STANDIN_PORT/options
		ready_tap --cacert cert.pem SPX
		standin_control \
		    'burst 3000 0 kinds=T:1,Q:1 pick=subscribed frame=900000' \
		    'wait idle'
		eventually has_count tick 3000
		tap_ends
	done
	tap SPX
	tap_waits 69
	assert "$(cat err)" has ': TLS: '
	tap --cacert cert2.pem SPX
	tap_waits 69
	standin_stop
	standin_start --board "$BOARD" --tls-cert cert2.pem --tls-key key2.pem
	STANDIN_WS=wss://localhost:$STANDIN_PORT/options
	tap --cacert cert2.pem SPX
	tap_waits 69
}

@test "H18: a name that does not resolve: heartbeats go on" {
	STANDIN_WS=wss://nothing.invalid/options
	tap SPX
	eventually has_count heartbeat 3
	tap_ends
	assert "$(grep -c ': LOST: ' err)" = 1
}

@test "proxies of the environment see nothing" {
	vendor
	http_proxy=http://127.0.0.1:9 socks_proxy=127.0.0.1:9 \
	    ready_tap SPX
	tap_ends
}

@test "K1: the key is nowhere but in the one frame" {
	echo "on subscribe send [{\"ev\":\"status\",\"status\":\"error\",\"message\":\"$KEY\"}]" >script
	vendor --ws-script script
	echo "$KEY" >key
	chmod 600 key
	unset MASSIVE_API_KEY
	mkfifo ready
	exec 8<>ready
	MASSIVE_API_KEY=$KEY tap --raw -v --ready-fd 8 SPX
	eventually has_count feed 3
	assert "$(tr '\0' ' ' <"/proc/$tap_pid/cmdline")" lacks "$KEY"
	run cat "/proc/$tap_pid/environ"
	assert "$output" lacks "$KEY"
	kill -USR1 "$tap_pid"
	eventually err_has COUNTS
	tap_ends
	run ! grep -q "$KEY" out err
	run ! grep -q '"auth"' out
	assert "$(rcli --scan | xargs)" lacks "$KEY"
	MASSIVE_API_KEY=wrong-key-wrong ready_tap --key-file key SPX
	kill -ABRT "$tap_pid"
	wait "$tap_pid" || :
	tap_pid=
	run ! ls core*
}

# ------------------------------------------------------------ raw and from

@test "--raw and --from: the same ticks as live, with the same receive times" {
	vendor
	ready_tap -o raw --raw SPX
	local pid=$tap_pid
	ready_tap SPX
	standin_control 'mixed on' \
	    'burst 3000 0 kinds=T:1,Q:1 pick=subscribed foreign=5' 'wait idle'
	eventually eval 'tail -n 1 out | grep -q "\"received\":3000"'
	eventually eval 'tail -n 1 raw | grep -q "\"received\":3000"'
	tap_ends
	kill "$pid"
	wait "$pid"
	assert "$(count tick raw)" = 0
	run_tool ws-tap --from raw SPX
	grep '^{"type":"tick"' <<<"$output" >again
	assert "$(as_reference again)" = "$(as_reference out)"
	assert "$(head -n 1 again | jq .recv_ts)" = \
	    "$(jq -r 'select(.type == "ws_frame" and
		(.frame | test("\"ev\":\"[TQ]\""))).ts' raw | head -n 1)"
	# the stand-in says the same to all; all other records pass as they are
	grep -v ws_frame raw >others
	grep -v '^{"type":"tick"' <<<"$output" >passed
	cmp others passed
	account_raw=$(jq -c 'select(.type == "heartbeat") | [.received, .written]' \
	    raw | tail -n 1)
	assert "$account_raw" = "[3000,3000]"
}

@test "--raw: messages of more than a record come in parts" {
	vendor
	ready_tap --raw --channels T SPX
	standin_control 'burst 20000 0 kinds=T:1 pick=subscribed frame=1000000' \
	    'wait idle'
	eventually eval 'tail -n 1 out | grep -q "\"received\":20000"'
	tap_ends
	assert "$(jq -s 'map(.part // 0) | max > 3' out)" = true
	run_tool ws-tap --from out
	as_reference <<<"$output" >got
	reference sent >want
	cmp want got
	grep -v '"more":true' out >cut
	run_tool 65 ws-tap --from cut
}

@test "--from: bare messages have the newest event's time, contracts filter" {
	cat >bare <<-'EOF'
		[{"ev":"T","sym":"O:SPX261218C05350000","p":1,"t":1794495732000},{"ev":"T","sym":"O:SPXW261130P05425000","p":2,"t":1794495733000}]
		[{"ev":"T","sym":"O:SPX261218C05350000","p":3,"t":1794495731000}]
	EOF
	run_tool ws-tap --from bare
	assert "$(jq -c '[.ts, .recv_ts]' <<<"$output" | xargs)" = \
	    "[1794495732000,1794495733000] [1794495733000,1794495733000] [1794495731000,1794495733000]"
	run_tool ws-tap --from - O:SPX261218C05350000 <bare
	assert "$(jq .last <<<"$output" | xargs)" = "1 3"
	EPOCH_PREFIX=none: run_tool 1 ws-tap --from bare SPX
	echo '[{' >>bare
	run_tool 65 ws-tap --from bare
	assert "$(tail -n 1 <<<"$output")" has '"reason":"bad_frame"'
	run_tool 65 ws-tap --from /dev/null
	run_tool 66 ws-tap --from nothing
	run_tool ws-tap --from - <<<'{"type":"other","ts":1}'
	assert "$output" = '{"type":"other","ts":1}'
}

@test "T3: any zone, any locale: the same bytes" {
	reference_out=$(ws-tap --from - <<<'[{"ev":"T","sym":"O:SPX261218C05350000","p":1.10,"t":1794495732000}]')
	local zone
	for zone in Asia/Kolkata America/New_York :bad; do
		TZ=$zone LC_ALL=de_DE.UTF-8 run_tool ws-tap --from - \
		    <<<'[{"ev":"T","sym":"O:SPX261218C05350000","p":1.10,"t":1794495732000}]'
		assert "$output" = "$reference_out"
	done
}
