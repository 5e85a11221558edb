# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# tap: what the tests around ws-tap share; load it after helpers and standin.
# Its ticks are in ./out, its words in ./err, what the vendor sent in ./sent.

BOARD=$ROOT/tests/boards/open.json
KEY=s3cr3t-TEST_key

# vendor [OPTION]...: the stand-in, keeping what it sent.
vendor() {
	standin_start --board "$BOARD" --key "$KEY" --ws-events sent "$@"
}

# tap [-o FILE] OPTION...: in the background, stdout to FILE (out).
tap() {
	local to=out
	if [[ $1 == -o ]]; then
		to=$2
		shift 2
	fi
	[[ ! -f $to ]] || rm "$to" # who looks there means this one
	ws-tap --url "$STANDIN_WS" --backoff 0.01:0.05 --answer 30 "$@" \
	    >"$to" 2>err 3>&- 4>&- 6>&- &
	tap_pid=$!
}

# The same, until it says that it is ready.
ready_tap() {
	local dummy
	rm -f ready
	mkfifo ready
	exec 8<>ready
	tap "$@" --ready-fd 8
	read -r -t 60 -u 8 dummy || { cat err && fail "never ready"; }
}

# End it, well.
tap_ends() {
	kill "$tap_pid" 2>/dev/null || :
	tap_waits 0
}

# It ends by itself.
tap_waits() {
	local rc=0
	wait "$tap_pid" || rc=$?
	tap_pid=
	[[ $rc == "${1:-0}" ]] || { cat err && fail "status $rc, not ${1:-0}"; }
}

# Every heartbeat's account is closed, and its "written" is the number of
# ticks above it.  Leaves the last one's numbers in $account.
account_closes() {
	account=$(jq -nc 'reduce inputs as $r ({n: 0};
	    if $r.type == "tick" then .n += 1
	    elif $r.type == "heartbeat" then
		.last = $r |
		if $r.written != .n then error("written \($r), not \(.n)")
		elif $r.received != $r.written + $r.conflated + $r.filtered +
		    $r.unsupported + $r.bad + $r.dropped
		then error("open account: \($r)") else . end
	    else . end) | .last | [.received, .written, .conflated, .filtered,
	    .unsupported, .bad, .dropped]' out)
}

count() {
	grep -c "^{\"type\":\"$1\"" "${2:-out}" || :
}

has_count() {
	[[ $(count "$1") -ge $2 ]]
}

has_state() {
	[[ $(jq -r 'select(.type == "heartbeat").state' out | tail -n 1) == "$1" ]]
}

err_has() {
	grep -q -- "$1" err
}

# Somebody reads what comes through the pipe, which descriptor 6 kept open.
drain() {
	exec 5<pipe
	cat <&5 >out 6>&- &
	drain_pid=$!
	exec 5<&- 6>&-
}

# What the vendor's events are as ticks: by another program, from the same
# text; feed_seq and numbers as they are written.
reference() {
	jq -Rr 'def n(k): capture("\"" + k + "\":(?<v>[-0-9.eE+]+)") // null |
	    if . then .v else null end;
	    def f(k; name): n(k) as $v | if $v then ",\"" + name + "\":" + $v
		else "" end;
	    capture("\"ev\":\"(?<e>[A-Z]+)\"").e as $e |
	    capture("\"sym\":\"(?<s>[^\"]+)\"").s as $s |
	    if $e == "Q" then "\($s) quote \(n("t"))" + f("q"; "feed_seq") +
		f("bp"; "bid") + f("ap"; "ask") + f("bs"; "bid_size") +
		f("as"; "ask_size")
	    elif $e == "T" then "\($s) trade \(n("t"))" + f("q"; "feed_seq") +
		f("p"; "last") + f("s"; "last_size")
	    else "\($s) agg \(n("e"))" + f("av"; "volume") end' "$@"
}

# Ticks in the same form.
as_reference() {
	grep '^{"type":"tick"' "$@" |
	    sed -E 's/^.*"ts":([0-9]+),"id":"([^"]+)","kind":"([a-z]+)","recv_ts":[0-9]+/\2 \3 \1/; s/}$//'
}
