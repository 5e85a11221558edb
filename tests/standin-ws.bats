#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The stand-in's WebSocket half: the vendor's handshake, statuses and limits,
# a market that is the same for the same seed, and commands by which a test
# says "now".  Seen with the simplest of clients (build/wsclient), and with
# the vendor's own.

load helpers
load standin/standin

BOARD=$ROOT/tests/boards/open.json
LATER=$ROOT/tests/boards/later.json
LISTED=$ROOT/tests/boards/listed.json
AUTH='{"action": "auth", "params": "k3y"}'

setup() {
	if [[ ! -x $STANDIN ]]; then
		[[ ${CI-} != true ]] || fail "no stand-in built" || return 1
		skip "no stand-in built (make built)"
	fi
	cd "$BATS_TEST_TMPDIR" || return 1
	clients=()
}

teardown() {
	local name
	for name in "${clients[@]}"; do
		hang_up "$name"
	done
	standin_stop
}

# dial NAME [OPTION]...: a client; what it is told comes to file NAME.
dial() {
	local name=$1 fd
	shift
	mkfifo "$name.in"
	exec {fd}<>"$name.in"
	"$BUILD/wsclient" "$@" "$STANDIN_WS" <"$name.in" >"$name" \
	    2>"$name.err" 3>&- 4>&- {fd}>&- &
	printf -v "${name}_pid" %s $!
	printf -v "${name}_fd" %s "$fd"
	clients+=("$name")
}

# say NAME LINE...
say() {
	local name=$1 fd=${1}_fd
	shift
	printf '%s\n' "$@" >&"${!fd}"
}

hang_up() {
	local pid=${1}_pid
	kill "${!pid}" 2>/dev/null || :
	wait "${!pid}" 2>/dev/null || :
}

# It ended by itself.
is_over() {
	local pid=${1}_pid
	eventually has_ended "${!pid}"
}

# subscriber NAME PAIRS [OPTION]...: one who has been acknowledged.
subscriber() {
	local name=$1 pairs=$2 n
	shift 2
	n=$(standin_status .pairs)
	dial "$name" "$@"
	say "$name" "$AUTH" "{\"action\":\"subscribe\",\"params\":\"$pairs\"}"
	n=$((n + $(tr -dc , <<<"$pairs" | wc -c) + 1))
	standin_control "wait pairs $n"
}

lines() {
	[[ $(grep -cv '^!' "$1") -ge $2 ]]
}

# told NAME N: the N-th message and those after it, once there are that many.
told() {
	eventually lines "$1" "$2" || return 1
	grep -v '^!' "$1" | tail -n "+$2"
}

# What a client got, one event a line, statuses left out.
events() {
	grep -hv '^!' "$@" | sed 's/^\[//; s/\]$//; s/},{"ev"/}\n{"ev"/g' |
	    grep -v '"ev":"status"'
}

# The board's contracts nearest to the money, as "Q.…,Q.…".
quotes() {
	jq -r --argjson n "$1" '.data | .current_price as $p | [.options[] |
	    {o: .option, d: ((.option[-8:] | tonumber) / 1000 - $p | fabs)}] |
	    sort_by(.d)[:$n] | map("Q.O:" + .o) | join(",")' "$BOARD"
}

# ------------------------------------------------------------ life, options

@test "help names every command and moment" {
	local word
	run_tool "$STANDIN" --help
	while read -r word; do
		assert "$output" has "  $word " "$word"
	done < <(sed -n 's/^[A-Z]*_ACTION([a-z]*, "\([a-z-]*\)".*/\1/p' \
	    "$ROOT/tests/standin/actions.def")
	for word in plan acks connections evict quotes buffer auth-timeout \
	    refuse; do
		assert "$output" has "  $word=" "$word"
	done
}

@test "misuse is refused: settings, and scripts with their line" {
	local bad
	for bad in nonsense plan=X plan acks=some evict=all connections=x \
	    refuse=199 quotes=-1; do
		run_tool 64 "$STANDIN" --ws "$bad"
		assert "$stderr" has "$bad"
	done
	for bad in 'abort' 'on' 'on birth abort' 'on events abort' \
	    'on ms x abort' 'on auth nonsense' 'on auth of x abort' \
	    'on auth times abort' 'on auth' 'on auth wait idle'; do
		printf '# fine\n\non auth mute on\n%s\n' "$bad" >script
		run_tool 64 "$STANDIN" --ws-script script
		assert "$stderr" has "line 4" "$bad"
	done
	run_tool 66 "$STANDIN" --ws-script nowhere
	run_tool 73 "$STANDIN" --ws-events nowhere/at/all
}

@test "ends on TERM with a burst under way" {
	standin_start --board "$BOARD"
	subscriber one 'T.*' --count
	standin_control 'burst 1000000000 1000 kinds=T:1' 'wait sent 10'
	standin_stop
	is_over one
}

# ---------------------------------------------------------------- handshake

@test "greeting and answer are frames of their own, all frames are arrays" {
	standin_start --board "$BOARD" --key k3y
	dial one
	assert "$(told one 1)" = \
	    '[{"ev":"status","status":"connected","message":"Connected Successfully"}]'
	say one "$AUTH"
	assert "$(told one 2)" = \
	    '[{"ev":"status","status":"auth_success","message":"authenticated"}]'
	say one '{"params":"T.O:A,Q.O:A","action":"subscribe"}'
	assert "$(told one 3)" = '[{"ev":"status","status":"success","message":"subscribed to: T.O:A"},{"ev":"status","status":"success","message":"subscribed to: Q.O:A"}]'
	say one '{"action":"unsubscribe","params":"Q.O:A"}'
	assert "$(told one 4)" = '[{"ev":"status","status":"success","message":"unsubscribed to: Q.O:A"}]'
	assert "$(standin_status -c '.connections[0] | [.pairs, .quotes]')" = \
	    '[1,0]'
	assert "$(standin_log -c '[.connection, .event, .ok, .asked, .done]')" = \
	    '[1,"open",null,null,null]
[1,"auth",true,null,null]
[1,"subscribe",null,2,2]
[1,"unsubscribe",null,1,1]'
}

@test "authentication and subscription are taken without waiting" {
	standin_start --board "$BOARD" --key k3y --ws acks=single
	dial one
	say one "$AUTH" '{"action":"subscribe","params":"T.*,AM.*"}' \
	    '{"action":"subscribe","params":"Q.O:A"}'
	told one 5 >/dev/null
	assert "$(jq -r '.[] | "\(.status) \(.message)"' <(grep -v '^!' one))" = \
	    'connected Connected Successfully
auth_success authenticated
success subscribed to: T.*
success subscribed to: AM.*
success subscribed to: Q.O:A'
}

@test "a wrong key, none, no plan: the reason, then no close frame" {
	local line
	standin_start --board "$BOARD" --key k3y
	for line in '{"action":"auth","params":"K3Y"}' '{"action":"auth"}'; do
		dial "bad${#line}"
		say "bad${#line}" "$line"
		is_over "bad${#line}"
		assert "$(tail -n 2 "bad${#line}")" = \
		    '[{"ev":"status","status":"auth_failed","message":"authentication failed"}]
!lost'
	done
	standin_control 'set refuse=plan'
	dial plan
	say plan "$AUTH"
	is_over plan
	assert "$(tail -n 2 plan)" = "[{\"ev\":\"status\",\"status\":\"auth_failed\",\"message\":\"Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.\"}]
!lost"
	standin_control 'set refuse=key'
	dial key
	say key "$AUTH"
	is_over key
	assert "$(tail -n 2 key | head -n 1)" has "authentication failed"
	assert "$(standin_log 'select(.event == "closed") | .how' | uniq)" = \
	    auth_failed
}

@test "who does not authenticate is told so and dropped" {
	standin_start --board "$BOARD" --ws auth-timeout=30
	dial one
	is_over one
	assert "$(tail -n 2 one)" = \
	    '[{"ev":"status","status":"auth_timeout","message":"No authentication request received."}]
!lost'
}

@test "what comes before authentication, or is no request, is not answered" {
	standin_start --board "$BOARD"
	dial one
	say one '{"action":"subscribe","params":"T.*"}' nonsense '[]' '{}'
	say one "$AUTH" '{"action":"dance","params":"T.*"}' \
	    '{"action":"subscribe"}' '{"action":"subscribe","params":"T.A"}'
	assert "$(told one 3)" has 'subscribed to: T.A"'
	assert "$(grep -cv '^!' one)" = 3
	assert "$(standin_log 'select(.event == "ignored").event' | wc -l)" = 6
}

# ------------------------------------------------------------ subscriptions

@test "not authorized names nothing, comes first, and stops nothing" {
	standin_start --board "$BOARD" --ws plan=T
	dial one
	say one "$AUTH" \
	    '{"action":"subscribe","params":"T.O:A,Q.O:A,AM.*,ZZ.O:A,T.O:B"}'
	assert "$(told one 3)" = \
	    '[{"ev":"status","status":"error","message":"not authorized"}]
[{"ev":"status","status":"error","message":"not authorized"}]
[{"ev":"status","status":"success","message":"subscribed to: T.O:A"},{"ev":"status","status":"success","message":"subscribed to: T.O:B"}]'
	assert "$(standin_log -c 'select(.event == "subscribe") |
	    [.asked, .done, .not_authorized, .unknown, .pairs]')" = '[5,2,2,1,2]'
}

@test "unknown channels and repeated pairs are not answered, unknown tickers are" {
	standin_start --board "$BOARD"
	dial one
	say one "$AUTH" '{"action":"subscribe","params":"ZZ.O:A,T.,T,,Q.O:A"}' \
	    '{"action":"subscribe","params":"Q.O:A"}' \
	    '{"action":"unsubscribe","params":"Q.O:B"}' \
	    '{"action":"subscribe","params":"Q.O:NOTHING,Q.*"}'
	assert "$(told one 3 | jq -r '.[].message')" = \
	    'subscribed to: Q.O:A
subscribed to: Q.O:NOTHING
subscribed to: Q.*'
	# Quotes have no wildcard: that pair is as mute as any unknown ticker.
	standin_control 'tick {"ev":"Q","sym":"O:B","bp":1}' \
	    'tick {"ev":"Q","sym":"O:A","bp":1}' 'wait idle'
	assert "$(events one | jq -r .sym)" = O:A
	assert "$(standin_log -c 'select(.event == "subscribe") |
	    [.asked, .done, .unknown, .no_change]')" = \
	    $'[4,1,3,0]\n[1,0,0,1]\n[2,2,0,0]'
}

@test "no more quotes than the cap: the message is refused, the rest stays" {
	local pairs
	standin_start --board "$BOARD"
	subscriber one 'T.*'
	pairs=$(seq -f 'Q.O:A%g' -s, 999)
	say one "{\"action\":\"subscribe\",\"params\":\"$pairs\"}"
	standin_control 'wait pairs 1000'
	say one '{"action":"subscribe","params":"Q.O:B1,Q.O:B2,T.O:C"}'
	assert "$(told one 5)" = '[{"ev":"status","status":"error","message":"Subscription limit reached for feed. Please remove some subscriptions and try again."}]'
	# What is subscribed already counts once.
	say one '{"action":"subscribe","params":"Q.O:A1,Q.O:B1"}' \
	    '{"action":"unsubscribe","params":"Q.O:A2"}' \
	    '{"action":"subscribe","params":"Q.O:B2"}'
	assert "$(told one 6 | jq -r '.[].message')" = \
	    'subscribed to: Q.O:B1
unsubscribed to: Q.O:A2
subscribed to: Q.O:B2'
	assert "$(standin_status '.connections[0].quotes')" = 1000
}

# ------------------------------------------------------------------- events

@test "each gets what it subscribed, all of it, in order, and nothing else" {
	local some
	some=$(quotes 20)
	standin_start --board "$BOARD" --ws-events sent
	subscriber trades 'T.*,A.O:NONE'
	subscriber quotes "$some,AM.*"
	subscriber mute 'Q.O:NONE'
	standin_control 'burst 5000 0 kinds=Q:6,T:2,A:1,AM:1 unknown=10' \
	    'wait idle'
	eventually lines trades 4
	jq -c 'select(.ev == "T")' sent >want
	events trades | jq -c . >got
	cmp want got
	jq -c --arg some "$some" '. as $e | select(.ev == "AM" or
	    (.ev == "Q" and ("Q." + $e.sym | IN($some | split(",")[]))))' \
	    sent >want
	events quotes | jq -c . >got
	cmp want got
	[[ -s want ]] || fail "no quotes"
	assert "$(events mute)" = ""
	# What the server says it sent is what they have.
	standin_status .burst >burst
	assert "$(jq .sent burst)" = "$(wc -l <sent)"
	assert "$(jq -c '.kinds | [.T, .Q, .A, .AM]' burst)" = "$(jq -sc '
	    [("T", "Q", "A", "AM") as $k | map(select(.ev == $k)) | length]' \
	    sent)"
	assert "$(standin_status -c '[.connections[].events]')" = \
	    "[$(events trades | wc -l),$(events quotes | wc -l),0]"
	assert "$(standin_status -c '.connections[] | [.bytes, .lost]' |
	    head -n 1)" = "[$(grep -v '^!' trades | tr -d '\n' | wc -c),0]"
}

@test "wildcards: T, A and AM; taken back, nothing more comes" {
	standin_start --board "$BOARD"
	subscriber one 'T.*,A.*,AM.*'
	standin_control 'tick [{"ev":"T","sym":"O:X","p":1.10},{"ev":"A","sym":"O:X"},{"ev":"AM","sym":"O:X"},{"ev":"Q","sym":"O:X"}]'
	assert "$control" = '{"ok":true,"sent":3}'
	say one '{"action":"unsubscribe","params":"T.*,A.*"}'
	standin_control 'wait idle'
	assert "$(told one 5)" has 'unsubscribed to: A.*'
	standin_control 'tick [{"ev":"T","sym":"O:X"},{"ev":"AM","sym":"O:Y"}]' \
	    'wait idle'
	told one 6 >/dev/null
	# A literal event keeps its digits.
	assert "$(events one)" = '{"ev":"T","sym":"O:X","p":1.10}
{"ev":"A","sym":"O:X"}
{"ev":"AM","sym":"O:X"}
{"ev":"AM","sym":"O:Y"}'
}

@test "same seed, same events, whatever the rate, frames and readers" {
	local how
	for how in 'a 0 seed=7' 'b 50000 seed=7 frame=300' 'c 0 seed=8'; do
		read -r name rate rest <<<"$how"
		standin_start --board "$BOARD" --ws-events "$name.sent"
		subscriber "$name" 'T.*,A.*,AM.*'
		standin_control "burst 3000 $rate kinds=T:2,A:1,AM:1 start=1750000000000 unknown=5 foreign=5 duplicate=5 reorder=20 late=3:60000 future=3:60000 $rest" \
		    'wait idle'
		standin_stop
	done
	# At another rate the times are others, and so are the bars.
	for name in a b c; do
		sed 's/"[tse]":[0-9]*//g' "$name.sent" >"$name.cut"
	done
	cmp a.cut b.cut
	run ! cmp -s a.cut c.cut
	(($(wc -l <a.sent) > 3000)) || fail "nothing twice"
}

@test "quotes are near the money and near in time, q grows with gaps" {
	standin_start --board "$BOARD" --ws-events sent --ws quotes=100000
	subscriber one "$(quotes 1000),T.*"
	standin_control 'burst 20000 0 unknown=10 start=1750000000000' \
	    'wait idle' 'burst 500 0 start=1750000000000' 'wait idle'
	jq -r '"\(.ev) \(.sym) \(.t) \(.q)"' sent >flat
	jq -r '.data.options[] | "O:" + .option' "$BOARD" >ids
	awk -v spot="$(jq .data.current_price "$BOARD")" '
	function is_near(id,    k) {
		k = substr(id, length(id) - 7) / 1000 / spot - 1
		return k > -0.02 && k < 0.02
	}
	function is_soon(id) {
		return substr(id, length(id) - 14, 6) < 261130
	}
	NR == FNR {
		listed[$1] = 1
		ids++
		ids_near += is_near($1)
		ids_soon += is_soon($1)
		next
	}
	!($2 in listed) { unknown[$1]++ }
	$1 == "Q" { near += is_near($2); soon += is_soon($2) }
	{
		if ($4 <= q[$2])
			print "q does not grow", $0
		gap += q[$2] && $4 > q[$2] + 1
		q[$2] = $4
		n[$1]++
	}
	END {
		if (near / n["Q"] < 1.4 * ids_near / ids)
			print "near:", near / n["Q"], ids_near / ids
		if (soon / n["Q"] < 1.3 * ids_soon / ids)
			print "soon:", soon / n["Q"], ids_soon / ids
		if (n["T"] < 1600 || n["T"] > 2500)
			print n["T"], "trades"
		if (gap < 1000)
			print "contiguous"
		share = unknown["T"] / n["T"]
		if (share < 0.07 || share > 0.13 || unknown["Q"])
			print "unknown:", share, unknown["Q"]
	}' ids flat >wrong
	assert "$(cat wrong)" = ""
	# t begins where it was told to, and the second burst there again.
	assert "$(jq -s 'map(.t - 1750000000000) | min >= 0 and
	    max >= 190 and max < 200' sent)" = true
}

@test "pick=subscribed spends no event on contracts that nobody wants" {
	standin_start --board "$BOARD"
	subscriber one "$(quotes 5)"
	standin_control 'burst 2000 0 pick=subscribed unknown=50' 'wait idle'
	assert "$(standin_status -c '.burst | [.made, .sent, .kinds.Q, .unknown]')" = \
	    '[2000,2000,2000,0]'
	run standin_control 'burst 10 0 pick=subscribed kinds=T:1'
	assert "$output" has "nobody subscribed"
	assert "$status" = 1
}

@test "twice, late, from the future, out of order: as many as it says" {
	standin_start --board "$BOARD" --ws-events sent
	subscriber one 'T.*'
	standin_control 'burst 4000 0 kinds=T:1 start=1750000000000 duplicate=10 late=10:3600000 future=10:7200000 reorder=50 foreign=20' \
	    'wait idle'
	standin_status .burst >burst
	assert "$(jq '.sent - .duplicates' burst)" = 4000
	assert "$(($(sort sent | uniq -d | wc -l)))" = "$(jq .duplicates burst)"
	awk -F '"t":' '{ t = $2 + 0; late += t < 1749999999000
	    future += t > 1750000001000 } END { print late, future }' sent >times
	jq -r '"\(.late) \(.future)"' burst >told
	# An event that is both counts in both and shows as one of the future.
	awk 'NR == 1 { a = $1; b = $2 } NR == 2 { exit !($1 >= a && $2 == b &&
	    a > 300 && b > 300) }' times told || fail "$(cat times told)"
	awk -F '"q":' '{ print $1 }' sent | grep -o '"t":17500000000[0-9]*' >kept
	run ! sort -c kept
	assert "$(jq '.foreign > 600 and .foreign < 1100' burst)" = true
	assert "$(grep -c '"O:ZZQ' sent)" = "$(jq .foreign burst)"
}

@test "times in s, ms, us and ns" {
	local unit
	standin_start --board "$BOARD" --ws-events sent
	subscriber one 'T.*'
	for unit in s ms us ns; do
		standin_control "burst 1 0 kinds=T:1 start=1750000000123 unit=$unit" \
		    'wait idle'
	done
	standin_control status
	assert "$(grep -o '"t":[0-9]*' sent | xargs)" = \
	    "t:1750000000 t:1750000000123 t:1750000000123000 t:1750000000123000000"
}

@test "a rate is kept, not exceeded" {
	standin_start --board "$BOARD"
	subscriber one 'T.*' --count
	standin_control 'burst 2000 10000 kinds=T:1' 'wait idle'
	assert "$(standin_status .burst.sent)" = 2000
	assert "$(standin_status '.burst.elapsed_ms >= 195')" = true
	standin_control 'burst 1000000 10 kinds=T:1'
	run standin_control 'burst 1 1'
	assert "$output" has "one is running"
	standin_control stop
	assert "$(jq .burst.running <<<"$control")" = false
}

# --------------------------------------------------------------------- ends

@test "one too many: the oldest goes, or the newest after its acks; 1008" {
	local text
	text="Maximum number of websocket connections exceeded. You have reached the connection limit for your account. Please contact support at https://massive.com/contact to increase your limit."
	standin_start --board "$BOARD" --ws connections=1
	subscriber a 'T.*'
	dial b
	say b "$AUTH"
	is_over a
	assert "$(tail -n 2 a)" = "[{\"ev\":\"status\",\"status\":\"max_connections\",\"message\":\"$text\"}]
!close 1008"
	standin_control 'set evict=newest'
	dial c
	say c "$AUTH" '{"action":"subscribe","params":"T.*,Q.O:A"}'
	is_over c
	assert "$(tail -n 3 c | grep -o '"message":"[^"]*"\|!.*')" = \
	    "\"message\":\"subscribed to: T.*\"
\"message\":\"subscribed to: Q.O:A\"
\"message\":\"$text\"
!close 1008"
	assert "$(standin_status -c '[.auth, .closed]')" = '[1,2]'
	standin_control 'evict oldest'
	is_over b
	assert "$(tail -n 1 b)" = '!close 1008'
}

@test "the upgrade refused: a status, a wrong proof, another path" {
	local path
	standin_start --board "$BOARD" --ws refuse=403
	dial a
	is_over a
	assert "$(cat a)" =~ '^!refused'
	assert "$(curl -sS -o body -w '%{http_code}' -H 'Upgrade: websocket' \
	    -H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 13' \
	    -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' \
	    "$STANDIN_URL/options")" = 403
	standin_control 'set refuse=accept'
	dial b
	is_over b
	assert "$(cat b)" =~ '^!refused'
	standin_control 'set refuse=off'
	path=$STANDIN_WS
	STANDIN_WS=${path%options}stocks
	dial c
	is_over c
	assert "$(cat c)" =~ '^!refused'
	STANDIN_WS=$path
	subscriber d 'T.*'
	assert "$(standin_log -c 'select(.event == "refused").status' | xargs)" = \
	    "403 403 101 404"
}

@test "close codes, a drop, a reset" {
	local code
	standin_start --board "$BOARD"
	for code in 1000 1001 1008 1011; do
		subscriber "c$code" 'T.*'
		standin_control 'send last words' "close $code" \
		    "wait closed $((++n))"
		is_over "c$code"
		assert "$(tail -n 2 "c$code")" = "last words"$'\n'"!close $code"
	done
	for code in drop abort; do
		subscriber "$code" 'T.*'
		standin_control 'wait idle' "$code" "wait closed $((++n))"
		is_over "$code"
		assert "$(tail -n 1 "$code")" = '!lost'
	done
	subscriber d 'T.*'
	say d '!close'
	standin_control "wait closed $((++n))"
	assert "$(standin_log -c 'select(.event == "closed") |
	    [.by, .how, .code]' | tail -n 3)" = '["server","drop",0]
["server","abort",0]
["client","close",1000]'
}

@test "a command is about those that it names" {
	standin_start --board "$BOARD"
	subscriber a 'T.*'
	subscriber b 'T.*'
	subscriber c 'T.*'
	standin_control 'to 2 send two' 'to first send one' \
	    'to last send three' 'to all send all' 'send each' 'wait idle'
	assert "$(told a 4 | xargs)" = "one all each"
	assert "$(told b 4 | xargs)" = "two all each"
	assert "$(told c 4 | xargs)" = "three all each"
	standin_control 'to first close 1000' 'to first send again' 'wait idle'
	assert "$(told b 7)" = again
	run standin_control 'to 9 send x'
	assert "$output" has "no such connection"
}

# ------------------------------------------------------------------- faults

@test "fragments are one message, a megabyte is one, statuses come mixed" {
	standin_start --board "$BOARD"
	subscriber one 'T.*'
	standin_control 'fragment 1' 'send {"in":"pieces"}' 'wait idle' \
	    'fragment 0' 'huge 1000000' 'wait idle' 'fragment 4096' \
	    'huge 100000' 'wait idle'
	assert "$(told one 4 | awk '{ print length($0) }' | xargs)" = \
	    "15 1000000 100000"
	assert "$(told one 5 | head -n 1 | jq -c '.[] | .ev')" = '"XX"'
	standin_control 'stall write' 'mixed on' 'tick {"ev":"T","sym":"O:A"}'
	say one '{"action":"subscribe","params":"Q.O:A"}'
	standin_control 'wait pairs 2' 'tick {"ev":"Q","sym":"O:A"}' 'stall off'
	assert "$(told one 7)" = '[{"ev":"T","sym":"O:A"},{"ev":"status","status":"success","message":"subscribed to: Q.O:A"},{"ev":"Q","sym":"O:A"}]'
	standin_control 'burst 20000 0 kinds=T:1 frame=1000000' 'wait idle'
	eventually lines one 8
	assert "$(grep -v '^!' one | awk 'length($0) > 900000' | wc -l)" != 0
}

@test "pings are answered, both ways, unless nobody reads" {
	standin_start --board "$BOARD"
	subscriber one 'T.*'
	standin_control ping
	eventually grep -q '"pong"' "$STANDIN_LOG"
	say one '!ping'
	eventually grep -qx '!pong' one
	# Silent with pongs: no event, but all else.
	standin_control 'mute on' 'tick {"ev":"T","sym":"O:A"}'
	assert "$(tail -n 1 <<<"$control")" = '{"ok":true,"sent":0}'
	say one '!ping'
	eventually eval '(($(grep -cx "!pong" one) == 2))'
	assert "$(standin_status '.connections[0].muted')" = 1
	# Data without pongs.
	standin_control 'mute off' 'stall read'
	say one '!ping'
	standin_control 'tick {"ev":"T","sym":"O:B"}' 'wait idle'
	assert "$(told one 4)" = '[{"ev":"T","sym":"O:B"}]'
	assert "$(grep -cx '!pong' one)" = 2
	standin_control 'stall off'
	eventually eval '(($(grep -cx "!pong" one) == 3))'
}

@test "a stalled writer keeps what waits, and goes on" {
	standin_start --board "$BOARD"
	subscriber one 'T.*'
	eventually lines one 3 # all that it was told until then
	standin_control 'stall both' 'burst 1000 0 kinds=T:1'
	standin_control 'wait sent 1000'
	assert "$(standin_status -c '.connections[0] |
	    [.events, .queued_events]')" = '[0,1000]'
	assert "$(grep -cv '^!' one)" = 3
	standin_control 'stall off' 'wait idle'
	assert "$(standin_status '.connections[0].events')" = 1000
	eventually eval '(($(events one | wc -l) == 1000))'
	# Cut while it is stalled: what waits is lost, and counted.
	standin_control 'stall write' 'burst 700 0 kinds=T:1' 'wait sent 1700' \
	    abort 'wait closed 1'
	is_over one
	assert "$(standin_status -c '.connections[0] | [.events, .lost, .how]')" = \
	    '[1000,700,"abort"]'
}

@test "a reader that does not read is reset, or kept if that is wanted" {
	standin_start --board "$BOARD" --ws buffer=2000000
	subscriber slow 'T.*' --stop-after 3
	subscriber fast 'T.*' --count
	standin_control 'burst 200000 100000 kinds=T:1 frame=65536' \
	    'wait closed 1' stop
	assert "$(standin_status -c '.connections | map([.open, .how])')" = \
	    '[[false,"slow"],[true,""]]'
	standin_control 'set buffer=0'
	subscriber patient 'T.*' --stop-after 3
	standin_control 'burst 100000 200000 kinds=T:1' 'wait sent 100000' \
	    stop
	assert "$(standin_status -c '.connections[2] | [.open, .lost,
	    .queued_events > 0]')" = '[true,0,true]'
}

@test "a script: at each moment, of one connection, so often" {
	cat >script <<-'END'
	# who comes first
	on connect of 1 send hello first
	on auth times 2 send authenticated
	on subscribe once send subscribed
	on unsubscribe send unsubscribed
	on events 2 of 1 send second event
	on events 5 of 2 close 1011
	on events 3 of 3 abort
	on ms 1 of 1 ping
	END
	standin_start --board "$BOARD" --ws-script script
	subscriber a 'T.O:A,T.O:B'
	assert "$(told a 2 | grep -v ev | xargs)" = \
	    "hello first authenticated subscribed"
	eventually grep -q '"pong"' "$STANDIN_LOG"
	standin_control 'tick {"ev":"T","sym":"O:A"}' \
	    'tick {"ev":"T","sym":"O:A"}' 'tick {"ev":"T","sym":"O:A"}' \
	    'wait idle'
	say a '{"action":"unsubscribe","params":"T.O:A,T.O:B"}'
	eventually grep -qx unsubscribed a
	assert "$(grep -c 'second event' a)" = 1
	assert "$(tail -n 1 a)" = unsubscribed
	subscriber b 'T.*'
	assert "$(grep -c '^authenticated\|^subscribed' b)" = 1
	standin_control 'burst 50 0 kinds=T:1' 'wait closed 1'
	is_over b
	assert "$(events b | grep -c '"ev":"T"') $(tail -n 1 b)" = "5 !close 1011"
	subscriber c 'T.*'
	assert "$(grep -c '^authenticated\|^subscribed' c)" = 0
	standin_control 'stall write' 'burst 50 0 kinds=T:1' 'wait closed 2'
	assert "$(standin_status -c '.connections[2] | [.events, .lost]')" = \
	    '[0,3]'
	assert "$(standin_log -r 'select(.event == "rule").command' |
	    sort | uniq -c | awk '{ print $1, $2 }' | xargs)" = \
	    "1 abort 1 close 1 ping 2 send 1 send 1 send 1 send 1 send"
}

# ------------------------------------------------------------------ control

@test "commands are answered in their order, the first that fails ends them" {
	local code
	standin_start --board "$BOARD" --board "$LATER"
	run standin_control status nonsense status
	assert "$status" = 1
	assert "$output" has 'unknown command: nonsense'
	code=$(printf 'status\n\nset acks=what\n' | curl -sS -o reply \
	    -w '%{http_code}' --data-binary @- "$STANDIN_URL/control")
	assert "$code $(jq -c .ok reply | xargs)" = "400 true false"
	code=$(printf 'wait open 1 in 20\n' | curl -sS --max-time 10 -o reply \
	    -w '%{http_code}' --data-binary @- "$STANDIN_URL/control")
	assert "$code $(jq -r .error reply)" = \
	    "504 wait open 1 in 20: in vain, now 0"
	assert "$(curl -sS "$STANDIN_URL/control" | jq -c '[.ok, .opened]')" = \
	    '[true,0]'
	# None of that was a request of the vendor's.
	assert "$(standin_status .requests)" = 0
	assert "$(cat "$STANDIN_LOG")" = ""
}

@test "control changes what HTTP serves" {
	local document=/api/global/delayed_quotes/options/_SPX.json
	standin_start --board "$BOARD" --board "$LATER"
	curl -sS "$STANDIN_URL$document" | cmp - "$BOARD"
	standin_control 'board 2'
	curl -sS "$STANDIN_URL$document" | cmp - "$LATER"
	standin_control 'fault on document status 503' 'fault once latency 1'
	assert "$(curl -sS -o body -w '%{http_code}' \
	    "$STANDIN_URL$document")" = 503
	standin_control 'fault off' 'wait requests 3'
	curl -sS "$STANDIN_URL$document" | cmp - "$LATER"
	run standin_control 'fault no-such'
	assert "$output" has 'unknown fault'
}

@test "a burst is of the board that HTTP serves, or of the one it names" {
	local what op
	jq -r '.data.options[] | "O:" + .option' "$BOARD" | sort >old
	jq -r '.data.options[] | "O:" + .option' "$LISTED" | sort >new
	comm -13 old new >listed
	[[ -s listed ]] || fail "nothing is listed"
	standin_start --board "$BOARD" --board "$LISTED" --ws-events sent
	subscriber one 'T.*'
	for what in '' board=2 board=1; do
		[[ $what != board=1 ]] || standin_control 'board 2'
		: >sent
		standin_control "burst 20000 0 kinds=T:1 $what" 'wait idle' status
		grep -o 'O:[A-Z0-9]*' sent | sort -u >seen
		op='='
		[[ $what != board=2 ]] || op='!='
		assert "$(comm -12 seen listed | wc -l)" "$op" 0 "$what"
	done
	run standin_control 'burst 1 1 symbol=NDX'
	assert "$output" has "no such board"
}

# ------------------------------------------------------- TLS, other clients

@test "wss with a certificate made for the test" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
	    -out cert.pem -days 2 -subj /CN=localhost \
	    -addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>openssl.err ||
	    { cat openssl.err && fail "no certificate"; }
	standin_start --board "$BOARD" --tls-cert cert.pem --tls-key key.pem
	STANDIN_URL=https${STANDIN_URL#http}
	STANDIN_WS=wss://localhost:$STANDIN_PORT/options
	subscriber one 'T.*' --cacert cert.pem
	standin_control 'burst 1000 0 kinds=T:1' 'wait idle' 'close 1001'
	is_over one
	assert "$(events one | wc -l) $(tail -n 1 one)" = "1000 !close 1001"
	subscriber two 'T.*' --cacert cert.pem
	standin_control abort 'wait closed 2'
	is_over two
	assert "$(tail -n 1 two)" = '!lost'
	dial three
	is_over three
	assert "$(cat three)" =~ '^!refused'
}

@test "the vendor's own client connects, subscribes and receives" {
	local node
	vendor_client || return 1
	standin_start --board "$BOARD" --key s3cretKEY
	timeout -k 1 200 node "$ROOT/tests/standin/listen.mjs" "$vendor_client" \
	    "${STANDIN_WS%/options}" s3cretKEY 'T.*,Q.O:SPX261120C05400000' \
	    500 >said 2>err 3>&- 4>&- &
	node=$!
	standin_control 'wait pairs 2' \
	    'tick {"ev":"Q","sym":"O:SPX261120C05400000","bp":1,"ap":2}' \
	    'burst 499 0 kinds=T:1' 'wait closed 1'
	wait "$node" || fail "node: $(cat err)"
	assert "$(cat said)" = 'connected Connected Successfully
auth_success authenticated
success subscribed to: T.*
success subscribed to: Q.O:SPX261120C05400000
500 events, O:SPX261120C05400000
success unsubscribed to: T.*
success unsubscribed to: Q.O:SPX261120C05400000'
}
