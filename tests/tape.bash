# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# tape: what the tests of the journal, epoch-record and epoch-replay share.

journal_on() { # [MAX]
	epoch-record --on --max "${1-10000}"
}

# Acts of the symbol, one JSON object a line.
stream() { # [SYMBOL]
	rcli --json XRANGE "${EPOCH_PREFIX-}epoch:journal:${1-SPX}" - + |
		jq -c '.[] | {act: .[0]} +
		    ([.[1] | _nwise(2) | {(.[0]): .[1]}] | add)'
}

# The boards of a life, in $BATS_FILE_TMPDIR.
make_boards() {
	make_growing 30
	make_chain -S NDX -n 12 -k 20000 -t $((T + 70000)) | geom-hash >n
	make_chain -S NDX -n 12 -k 20000 -s 4 -t $((T + 130000)) | geom-hash >n2
}

ticks_for() { # N SEED BASE BOARD
	"$TICKS" make "$1" "$2" "$3" "$4" >ticks."$2"
	epoch-hydrate <ticks."$2" >/dev/null
}

silence() { # [SECONDS]
	local s
	for ((s = 0; s <= ${1-12}; s++)); do
		printf '{"type":"heartbeat","ts":%s,"symbols":["SPX"],"state":"subscribed","received":0}\n' \
		    $((T + 500000 + s * 1000))
	done | dormancy-watch -q --clock records >/dev/null
}

abort() { # EPOCH
	printf '{"type":"chain_abort","ts":%s,"symbol":"SPX","reason":"dormant","for_epoch":"%s","error":"CUT","exit":65}\n' \
	    $((T + 300000)) "$1" | epoch-promote >/dev/null 2>&1 || :
}

# Steps of a life, each some acts: promotions, refreshes, ticks, silence and
# what it forces, a snapshot that failed, another symbol, a way back.
STEPS=13
step() { # N
	local id
	case $1 in
	1) epoch-promote <"$DIR/a" >/dev/null ;;
	2) ticks_for 40 1 "$Q" "$DIR/a" ;;
	3)
		epoch-promote <"$DIR/a2" >/dev/null
		silence 7 # counts, and forces nothing
		;;
	4) ticks_for 60 2 $((Q + 5000)) "$DIR/a" ;;
	5) epoch-promote <"$DIR/n" >/dev/null ;;
	6) epoch-promote <"$DIR/b" >/dev/null ;;
	7) ticks_for 60 3 $((Q + 60000)) "$DIR/b" ;;
	8) silence ;;
	9) abort "$(active)" ;;
	10)
		id=$(active)
		sed 's/"reason":"scheduled"/"reason":"dormant","for_epoch":"'"$id"'"/' \
		    "$DIR/b2" | epoch-promote --force >/dev/null
		epoch-promote <"$DIR/n2" >/dev/null
		;;
	11) epoch-promote -q --rollback SPX >/dev/null ;;
	12) epoch-promote -q --unpin SPX >/dev/null ;;
	13) # newer than the way back, which was just now
		id=$(($(date +%s) + 2))000
		sed "s/\"ts\":$((T + 300000))/\"ts\":$id/g
		    s/\"\\(begin\\|end\\)_ts\":[0-9]*/\"\\1_ts\":$id/g" \
		    "$DIR/c" | epoch-promote >/dev/null
		;;
	esac
}

a_life() { # [LAST STEP]; from 11 on it goes by the clock
	local i
	for ((i = 1; i <= ${1-STEPS}; i++)); do
		step $i || fail "step $i"
	done
}

digest() { # [PREFIX] [INSPECT OPTION...]
	local prefix=${1-}
	shift || :
	EPOCH_PREFIX=$prefix epoch-inspect --digest "$@"
}

# Acts that nobody did: their times can be chosen, a millisecond apart.
fake_acts() { # N TS [SYMBOL]
	local i symbol=${3-SPX}
	for ((i = 0; i < $1; i++)); do
		printf "XADD epoch:journal:%s 0-* ts %s kind refresh_begin id %s args '[\"1\",\"2\"]' rows ''\n" \
		    "$symbol" $(($2 + i)) "$symbol:1750000000:ab12"
	done | rcli >/dev/null
}

fake_act() { # TS [SYMBOL]
	fake_acts 1 "$@"
}

D=1750000000000 # 2025-06-15
DAY=86400000

# Every act of the stream is on the tape in DIR once, and in order.
is_complete() { # DIR SYMBOL FIRST LAST
	cat "$1/$2"-*.ndjson | jq -r 'select(.type == "act").act' >got
	seq "$3" "$4" | cmp -s - got ||
		fail "$2: not each act once: $(seq "$3" "$4" | diff - got | head)"
}

# Keys of a prefix.
keys_of() {
	rcli --scan --pattern "$1*" | grep -c . || :
}
