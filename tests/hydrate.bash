# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# hydrate: what the tests of epoch-hydrate share.

T=1750000000000
# when the snapshots' quotes are: ticks about then meet them
Q=$((T + 120000 - 902000))
TICKS=$ROOT/tests/ticks.pl

# Boards that only grow, and refreshes, in $BATS_FILE_TMPDIR: a b c are three
# boards, each the next one's part; a2 b2 c2 the same boards, later.
make_growing() { # CONTRACTS
	local i=0 n f
	for f in a a2 b b2 c c2; do
		case $f in
		a*) n=$1 ;; b*) n=$(($1 + $1 / 5)) ;; c*) n=$(($1 + $1 / 2)) ;;
		esac
		i=$((i + 1))
		make_chain -n "$n" -s $i -t $((T + i * 60000)) |
			geom-hash >"$BATS_FILE_TMPDIR/$f"
	done
	GROWING=("$BATS_FILE_TMPDIR"/{a,a2,b,b2,c,c2})
}

# Tests called "own:" stop the server and start others in its place.
find_redis() {
	REDIS_PID=$(cat "${REDIS_SOCK%/s}/pid" 2>/dev/null) || REDIS_PID=
	export REDIS_PID
	rcli PING >/dev/null 2>&1
}

active() {
	rcli HGET epoch:active "${1-SPX}"
}

sound() { # [WHAT]
	"$ROOT/tests/invariants" "$REDIS_SOCK" || fail "not sound: ${1-}"
	epoch-inspect --check >check 2>&1 || fail "--check: ${1-}: $(cat check)"
}

# The values in Redis are those that the reference works out.
as_expected() { # TICKS BOARD...
	"$TICKS" expect "$@" >want
	epoch-inspect --digest --values --text SPX >have
	cmp -s want have || fail "other values than expected: $(diff want have | head -n 20)"
}

# What hydrated records of FILE add up to, as variables sum_read, sum_applied …;
# each of them closes.
sum_of() { # FILE
	local name n
	while read -r name n; do
		[[ $name != open ]] || fail "does not close: $n" || return 1
		printf -v "sum_$name" '%s' "$n"
	done < <("$TICKS" sum <"$1")
}

# A running epoch-hydrate that reads what is written to descriptor 6: its pid
# is $pid; it writes ./out and ./err.
hydrate_start() { # [OPTION...]
	rm -f pipe
	mkfifo pipe
	epoch-hydrate --redis-timeout 30 --deadline 60 "$@" \
	    >out 2>err <pipe 3>&- 4>&- 6>&- &
	pid=$!
	exec 6>pipe
}

hydrate_end() { # [STATUS]
	local rc=0
	exec 6>&-
	wait "$pid" || rc=$?
	assert $rc = "${1:-0}" "status of epoch-hydrate: $(cat err)"
}

# Has it counted so many?
has_counted() { # NAME N
	sum_of out
	local name=sum_$1
	((${!name} >= $2))
}
