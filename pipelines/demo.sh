# shellcheck shell=sh
# SPDX-License-Identifier: ISC
#
# demo.sh: what the acts of demo share: the vendor, the clock, how a command
# is shown and judged.  Knows $tmp and $socket.

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m')
	plain=$(printf '\033[0m')
fi

# The vendor and the live pipeline end with us.  Whatever befell us, the vendor
# ends by itself (--ttl), and the pipeline has lost its Redis by then.
vendor=
live=
stop_vendor() {
	[ -n "$vendor" ] || return 0
	kill "$vendor" 2>/dev/null
	wait "$vendor" 2>/dev/null
	vendor=
}
stop_live() {
	[ -n "$live" ] || return 0
	kill "$live" 2>/dev/null
	rc=0
	wait "$live" || rc=$?
	live=
}
trap 'stop_live; stop_vendor' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# serve BOARD [FAULTS [LATER]]: the vendor has that board now, and LATER when it
# is told "board 2".  It says its port through a pipe, so a read waits until it
# listens, or is dead.
serve() {
	stop_vendor
	clock "$1"
	printf '%s\n' "${2-}" >"$tmp/faults"
	rm -f "$tmp/port" "$tmp/log"
	mkfifo "$tmp/port" || exit 70
	standin --ttl 60 --key made-up-key --board "$1" ${3:+--board "$3"} \
	    --script "$tmp/faults" --log "$tmp/log" </dev/null \
	    >"$tmp/port" 2>"$tmp/vendor" &
	vendor=$!
	port=
	read -r _ port <"$tmp/port"
	[ -n "$port" ] || wrong "no vendor: $(cat "$tmp/vendor")"
	export MASSIVE_BASE_URL="http://127.0.0.1:$port"
	export CBOE="$MASSIVE_BASE_URL/api/global/delayed_quotes/options"
	echo "$dim    $1 at http://127.0.0.1:$port$plain"
	[ -z "${2-}" ] || echo "$dim    fault: $2$plain"
	echo
}

# tell COMMAND...: to the vendor; it answers when all is done.
tell() {
	printf '%s\n' "$@" | curl -sS --data-binary @- \
	    "$MASSIVE_BASE_URL/control" >"$tmp/told" 2>&1
	grep -q '"ok":false' "$tmp/told" && wrong "$(cat "$tmp/told")"
	return 0
}

# until_is FIELD VALUE: of the active epoch; the live pipeline needs a moment.
until_is() {
	for _ in $(seq 150); do
		[ "$(epoch-inspect -o "$1" SPX 2>/dev/null)" != "$2" ] ||
			return 0
		sleep 0.1
	done
	cat "$tmp/live.err"
	wrong "$1 never became '$2'"
}

step() {
	printf '%s%s%s\n\n' "$bold" "$1" "$plain"
}

say() {
	printf '%s\n' "$*" | fold -s -w 74 | sed 's/^/  /; s/ *$//'
	echo
}

# show STATUS COMMAND: the command, what it prints, and its status, which must
# be STATUS.  Long commands are broken at pipes, long records at commas.
show() {
	printf '%s' "$dim"
	printf '%s\n' "$2" | awk '{
		n = split($0, part, / [|] /)
		line = "    $ " part[1]
		for (i = 2; i <= n; i++) {
			if (length(line " | " part[i]) > 76) {
				print line " |"
				line = "        " part[i]
			} else
				line = line " | " part[i]
		}
		print line
	}'
	printf '%s' "$plain"
	rc=0
	sh -c "$2" >"$tmp/shown" 2>&1 || rc=$?
	awk '!/^{/ { print "    " $0; next }
	{
		n = split($0, part, ",")
		line = "    "
		for (i = 1; i <= n; i++) {
			p = part[i] (i < n ? "," : "")
			if (length(line p) > 76) {
				print line
				line = "      "
			}
			line = line p
		}
		print line
	}' "$tmp/shown"
	[ "$rc" -eq 0 ] || echo "    (exit status $rc)"
	echo
	[ "$rc" -eq "$1" ] || wrong "exit status $rc, not $1"
}

wrong() {
	printf '\n  This is not as it should be: %s.\n' "$1"
	exit 1
}

# A text member of the last record shown.
member() {
	sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$tmp/shown" | tail -n 1
}

expect() {
	[ "$2" = "$3" ] || wrong "$1 is '$2', not '$3'"
}

active() {
	epoch-inspect -o epoch_id SPX
}

# The board's own clock, 45 s after its snapshot: the boards lie in a November
# that may be past or to come.
clock() {
	EPOCH_NOW_MS=$(($(date -u -d "$(sed -n \
	    's/^.*"timestamp":"\([^"]*\)".*$/\1/p;q' "$1")" +%s)000 + 45000))
	export EPOCH_NOW_MS
}

# What the vendor was asked, and how often with the key in its header alone.
requests() {
	wc -l <"$tmp/log" | tr -d ' '
}

with_key() {
	grep -c '"key_in":\["authorization"\]' "$tmp/log"
}

quote() {
	redis-cli -s "$socket" HMGET \
	    "epoch:$1:contract:O:SPXW261113C05400000" bid ask | paste -s -d ' ' - |
		sed 's/ / and /'
}

# Contracts of an epoch with the size of their last trade, which the document
# does not have.
sizes() {
	redis-cli -s "$socket" --scan --pattern "epoch:$1:contract:*" |
		sed 's/.*/HEXISTS & last_size/' |
		redis-cli -s "$socket" | grep -c 1
}
