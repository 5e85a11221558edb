# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# standin: the stand-in vendor for .bats files; load it after helpers.
#
#	standin_start [-n NAME] [-s SCRIPT] OPTION...
#		starts one and waits for its port.  Sets NAME_PORT, NAME_URL,
#		NAME_WS (ws://…/options), NAME_LOG and NAME_PID; NAME is
#		STANDIN.  SCRIPT is the text of
#		its faults.
#	standin_stop [NAME]	ends it by its pid; fails unless it ended well
#	standin_log FILTER	jq over its log, one line a request or an event
#				of a WebSocket
#	standin_control COMMAND...
#		runs commands (build/standin --help), each an argument or a line
#		of one; returns when all are done.  $control is the answer, a
#		JSON object a command; fails, showing it, if one failed.
#	standin_status FILTER	jq over the answer of the command status
#	vendor_client	the directory of the vendor's own JavaScript client, to
#			$vendor_client; installs it.  Skips the test if it cannot
#			be had (fails if CI=true).
#
# Whoever starts one stops it, in teardown or teardown_file.  One that is
# forgotten ends by itself (--ttl).

STANDIN=$BUILD/standin

standin_start() {
	local name=STANDIN script='' host=127.0.0.1 dir i line
	while [[ ${1-} == -[ns] ]]; do
		case $1 in
		-n) name=$2 ;;
		-s) script=$2 ;;
		esac
		shift 2
	done
	dir=$(mktemp -d "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/standin.XXXXXX")
	printf '%s\n' "$script" >"$dir/script"
	: >"$dir/out"
	"$STANDIN" --ttl 900 --script "$dir/script" --log "$dir/log" "$@" \
	    </dev/null >"$dir/out" 2>"$dir/err" 3>&- 4>&- &
	printf -v "${name}_PID" %s $!
	printf -v "${name}_LOG" %s "$dir/log"
	for ((i = 0; i < 3000; i++)); do
		# read fails on a line that is not yet whole
		if read -r line <"$dir/out"; then
			printf -v "${name}_PORT" %s "${line#port }"
			[[ " $* " != *' --ipv6 '* ]] || host='[::1]'
			printf -v "${name}_URL" %s "http://$host:${line#port }"
			printf -v "${name}_WS" %s \
			    "ws://$host:${line#port }/options"
			return 0
		fi
		kill -0 $! 2>/dev/null || break
		sleep 0.02
	done
	cat "$dir/err"
	fail "the stand-in did not come up"
}

standin_stop() {
	local name=${1:-STANDIN} pid rc=0
	pid=${name}_PID
	pid=${!pid-}
	[[ -n $pid ]] || return 0
	unset "${name}_PID"
	kill "$pid" 2>/dev/null || :
	wait "$pid" || rc=$?
	[[ $rc == 0 ]] || fail "the stand-in ended with status $rc"
}

standin_log() {
	jq -r "$@" "$STANDIN_LOG"
}

standin_control() {
	local line
	control=$(printf "%s\n" "$@" | curl -sSk --max-time 150 -H Expect: \
	    --data-binary @- "$STANDIN_URL/control" 3>&- 4>&-) || :
	line=${control##*$'\n'}
	[[ $line == '{"ok":true'* ]] || fail "control: $*" "$line"
}

standin_status() {
	standin_control status || return 1
	jq -r "$@" <<<"$control"
}

vendor_client() {
	local package no=skip
	vendor_client=$ROOT/build/client
	package=$vendor_client/node_modules/@massive.com/client-js/package.json
	[[ ${CI-} != true ]] || no=fail
	command -v node >/dev/null && command -v npm >/dev/null ||
	    $no "no node or no npm here" || return 1
	mkdir -p "$vendor_client"
	(
		flock 9
		[[ $(jq -r .version "$package" 2>/dev/null) == 10.8.0 ]] ||
		    timeout -k 5 150 npm install --prefix "$vendor_client" \
			--no-save --no-audit --no-fund --ignore-scripts \
			--loglevel=error @massive.com/client-js@10.8.0 \
			>npm.log 2>&1 3>&- 4>&- 9>&-
	) 9>"$vendor_client/lock" ||
	    { cat npm.log && $no "@massive.com/client-js cannot be had"; } ||
	    return 1
}
