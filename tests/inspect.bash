# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# inspect: epochs written by hand, for the tests of epoch-inspect, so that
# they hold whatever epoch-promote does.
#
#	put_epoch ID PREV CID...	meta, geometry, contracts, had_ws
#	put_active ID [dirty|clean]	active, timeline, marks
#	put_old ID BY			superseded marks
#	put_world			SPX with three epochs, NDX with one
#	save_world, load_world		the same, written once and copied
#	doc_user NAME			that user of docs/REDIS.md, password sekret

# EPOCH_PREFIX of the keys written; the tool takes the same variable.
key() {
	printf '%sepoch:%s' "${EPOCH_PREFIX-}" "$1"
}

sha() {
	sha256sum | cut -d ' ' -f 1
}

grid() { # of contract ids on stdin
	local strikes expirations
	sed -E 's/.*([0-9]{6})[CP]([0-9]{8})$/\1 \2/' >"$BATS_TEST_TMPDIR/grid"
	strikes=$(cut -d ' ' -f 2 "$BATS_TEST_TMPDIR/grid" | sed 's/^0*//' |
	    sort -nu)
	expirations=$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/grid" | sort -u |
	    sed -E 's/(..)(..)(..)/20\1-\2-\3/')
	printf '%s\n--\n%s\n' "$strikes" "$expirations"
	GRID_STRIKES=$(wc -l <<<"$strikes")
	GRID_EXPIRATIONS=$(wc -l <<<"$expirations")
}

put_contract() { # ID CID N: as redis-cli commands on stdout
	local cid=$2 n=$3 right=call strike
	[[ $cid == *C???????? ]] || right=put
	strike=$(sed -E 's/.*[CP]0*([0-9]+)$/\1/; s/([0-9]{3})$/.\1/; s/\.?0+$//' \
	    <<<"$cid")
	printf 'HSET %s expiration 20%s-%s-%s strike %s right %s ' \
	    "$(key "$1:contract:$cid")" "${cid: -15:2}" "${cid: -13:2}" \
	    "${cid: -11:2}" "$strike" "$right"
	printf 'bid %d.10 ask %d.30 bid_size 5.0 quote_ts 17000000%02d000 ' \
	    "$n" "$n" "$n"
	printf 'last %d.2 trade_ts 1699999990000 trade_seq 7 iv 0.25 ' "$n"
	printf 'delta -0.5 oi 10 volume 3 volume_ts 1700000000000\n'
}

put_epoch() {
	local id=$1 prev=$2 symbol=${1%%:*} seconds n=0 cid gridsum ids
	shift 2
	seconds=${id#*:}
	seconds=${seconds%:*}
	ids=$(printf '%s\n' "$@" | LC_ALL=C sort -u)
	grid <<<"$ids" >"$BATS_TEST_TMPDIR/gridtext"
	gridsum=$(sha <"$BATS_TEST_TMPDIR/gridtext")
	{
		while read -r cid; do
			n=$((n + 1))
			put_contract "$id" "$cid" "$n"
		done <<<"$ids"
		printf 'HSET %s symbol %s geometry_hash %s grid_hash %s ' \
		    "$(key "meta:$id")" "$symbol" "$(sha <<<"$ids")" "$gridsum"
		printf 'contract_count %d strike_count %d expiration_count %d ' \
		    "$#" "$GRID_STRIKES" "$GRID_EXPIRATIONS"
		printf 'created_ts %s begin_ts %s000 snapshot_ts %s000 ' \
		    "$seconds" "$seconds" "$seconds"
		printf 'spot 5000.5 spot_ts %s000 source cboe reason %s ' \
		    "$seconds" "$([[ $prev == - ]] && echo first || echo geometry)"
		printf 'forced_dirty 0 dormant_count 0 entered 1 exited 2 '
		printf 'carried 0 seq 3 full_seq 1 ticks 0 incarnation n%s\n' "$n"
		[[ $prev == - ]] ||
			printf 'HSET %s prev %s\n' "$(key "meta:$id")" "$prev"
		printf 'SET %s 0\n' "$(key "$id:had_ws_updates")"
		printf 'HSET %s %s %s\n' "$(key last)" "$symbol" "$seconds"
	} | rcli >/dev/null
	rcli -x SET "$(key "$id:geometry")" <<<"$ids" >/dev/null
}

put_active() {
	local id=$1 symbol=${1%%:*}
	rcli <<-END >/dev/null
		HSET $(key active) $symbol $id
		LPUSH $(key "timeline:$symbol") $id
		SADD $(key "${2:-dirty}") $id
	END
}

put_old() {
	rcli <<-END >/dev/null
		HSET $(key "meta:$1") superseded_by $2 superseded_ts 1700000060000
		SREM $(key dirty) $1
		SADD $(key clean) $1
	END
}

# SPX: A (4 contracts), then B (6, the active one is C with 5); NDX: one.
A=SPX:1700000000:aaaa B=SPX:1700000060:bbbb C=SPX:1700000120:cccc
N=NDX:1700000000:9b2e
BOARD_A=(O:SPX250620C05000000 O:SPX250620P05000000 O:SPX250718C05000000
	O:SPXW250620C05000500)
BOARD_B=("${BOARD_A[@]}" O:SPX250718C05100000 O:SPX250718P05100000)
BOARD_C=("${BOARD_B[@]:1}")
export A B C N

put_world() {
	put_epoch $A - "${BOARD_A[@]}"
	put_active $A
	put_epoch $B $A "${BOARD_B[@]}"
	put_active $B
	put_old $A $B
	put_epoch $C $B "${BOARD_C[@]}"
	put_active $C
	put_old $B $C
	rcli ZADD "$(key $C:changed)" 2 "${BOARD_C[0]}" 3 "${BOARD_C[1]}" \
	    >/dev/null
	put_epoch $N - O:NDX250620C20000000 O:NDX250620P20000000
	put_active $N
}

# In setup_file: the world, put aside into database 1.
save_world() {
	put_world
	rcli SWAPDB 0 1 >/dev/null
}

load_world() {
	rcli EVAL 'redis.call("FLUSHDB")
	redis.call("SELECT", 1)
	for _, k in ipairs(redis.call("KEYS", "*")) do
		redis.call("COPY", k, k, "DB", 0)
	end' 0 >/dev/null
}

doc_user() {
	local rules
	rules=$(perl -0ne '/ACL SETUSER '"$1"' (.*?)(?=\n    ACL|\n\n)/s or die;
	    $_ = $1; s/\s+/ /g; s/>SECRET/>sekret/; print' "$ROOT/docs/REDIS.md")
	# shellcheck disable=SC2086 # words
	(set -f && rcli ACL SETUSER "$1" $rules) >/dev/null
}
