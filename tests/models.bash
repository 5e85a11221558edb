# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# models: what the tests of models share.  Each test has a small active epoch,
# ticks that change it, and judges that know nothing of the models' code.

# A board of 8 contracts of SPX (or -S …), active.
expose() {
	make_chain -n 8 "$@" | geom-hash | epoch-promote >/dev/null
}

active() {
	rcli HGET epoch:active "${1:-SPX}"
}

# tick N [K]: the N-th tick of this test (later ones are newer) moves the
# quote of contract K of the board, counted from 0.
tick() {
	local n=$1 k=${2:-0} id ts
	id=$(rcli GET "epoch:$(active):geometry" | sed -n "$((k + 1))p")
	ts=$((1750000100000 + n * 10))
	printf '{"type":"tick","ts":%s,"id":"%s","kind":"quote","recv_ts":%s,"feed_seq":%s,"bid":%d.%02d,"ask":%d.%02d,"bid_size":1,"ask_size":2}\n' \
	    $ts "$id" $ts "$n" $((100 + n % 37)) $((n % 100)) \
	    $((101 + n % 41)) $((n % 100)) | epoch-hydrate >/dev/null
}

# A change that nobody is told of.
quiet_change() { # BID
	rcli EVAL '
	local id = redis.call("HGET", "epoch:active", "SPX")
	local cid = string.match(redis.call("GET", "epoch:" .. id ..
	    ":geometry"), "[^\n]+")
	local seq = redis.call("HINCRBY", "epoch:meta:" .. id, "seq", 1)
	redis.call("HSET", "epoch:" .. id .. ":contract:" .. cid, "bid",
	    ARGV[1], "ask", ARGV[1] + 1, "quote_ts", "1750000999000")
	redis.call("ZADD", "epoch:" .. id .. ":changed", seq, cid)
	redis.call("SADD", "epoch:dirty", id)
	redis.call("SREM", "epoch:clean", id)' 0 "$1" >/dev/null
}

# What somebody put into Redis instead of a number: each is as good as nothing.
# as_if_absent KEY FIELD TOOL...: what it prints is what it prints without that
# field, byte for byte, which is in ./absent, and no NaN.
NO_NUMBERS=(nan NaN -nan 'nan(0x1)' inf -inf Infinity 1e999 -1e999 '' ' ' ' 5'
    '5 ' $'5\n' 5. .5 +5 05 0x10 0x1p3 1e 1,5 1_000 -- text '"' '\' '{}' null
    true %s%n $'\xff' $'\e[31m' ٣ "$(printf '9%.0s' {1..70})")
as_if_absent() {
	local key=$1 field=$2 was bad
	shift 2
	was=$(rcli HGET "$key" "$field")
	rcli HDEL "$key" "$field" >/dev/null
	"$@" >absent
	for bad in "${NO_NUMBERS[@]}"; do
		rcli HSET "$key" "$field" "$bad" >/dev/null
		run_tool "$@"
		assert "$output" = "$(cat absent)" "$field is '$bad'"
	done
	jq . absent >/dev/null
	assert "$(grep -ciE '[:,[](-?nan|-?inf|null)' absent)" = 0
	rcli HDEL "$key" "$field" >/dev/null
	[[ -z $was ]] || rcli HSET "$key" "$field" "$was" >/dev/null
}

is_clean() { # [SYMBOL]
	[[ $(rcli SISMEMBER epoch:clean "$(active "${1-}")") == 1 &&
	$(rcli SISMEMBER epoch:dirty "$(active "${1-}")") == 0 ]]
}

is_dirty() {
	[[ $(rcli SISMEMBER epoch:dirty "$(active "${1-}")") == 1 &&
	$(rcli SISMEMBER epoch:clean "$(active "${1-}")") == 0 ]]
}

# Whatever is active and clean: every registered model that serves its symbol
# has published, and acknowledged, exactly its present seq.  One look.
clean_is_true() {
	local bad
	bad=$(rcli EVAL '
	local bad = {}
	local active = redis.call("HGETALL", "epoch:active")
	for i = 1, #active, 2 do
		local symbol, id = active[i], active[i + 1]
		local clean = redis.call("SISMEMBER", "epoch:clean", id)
		local dirty = redis.call("SISMEMBER", "epoch:dirty", id)
		local seq = redis.call("HGET", "epoch:meta:" .. id, "seq")
		if clean + dirty ~= 1 then
			bad[#bad + 1] = id .. " is clean " .. clean ..
			    " dirty " .. dirty
		end
		local models = redis.call("SMEMBERS", "epoch:models")
		for _, m in ipairs(clean == 1 and models or {}) do
			local name, of = string.match(m, "^([^@]*)@?(.*)$")
			if of == "" or of == symbol then
				local ack = redis.call("HGET", "epoch:meta:" ..
				    id, "ack:" .. name)
				local doc = redis.call("HGET", "epoch:" .. id ..
				    ":model:" .. name, "seq")
				if ack ~= seq or doc ~= seq then
					bad[#bad + 1] = id .. " is clean at " ..
					    seq .. ", " .. name .. " at " ..
					    tostring(ack) .. ", doc " ..
					    tostring(doc)
				end
			end
		end
		if clean == 1 and #models == 0 then
			bad[#bad + 1] = id .. " is clean without a model"
		end
	end
	return bad' 0)
	[[ -z $bad ]] || fail "not clean: $bad ${1-}"
}

# What is published is what a build from nothing gives, byte for byte.
# as_built NAME TOOL OPTIONS...
as_built() {
	local name=$1
	shift
	assert "$(rcli HGET "epoch:$(active):model:$name" doc)" = \
	    "$("$@" --print SPX)" "published and built from nothing"
}

# In the background; its pid is in $pid.
start() {
	"$@" >>out 2>>err 3>&- 4>&- &
	pid=$!
	STARTED+=("$pid")
}

# Who ended is let alone: its number may be somebody else's by now.
stop_started() {
	local p living
	living=" $(jobs -p | paste -sd ' ') "
	for p in "${STARTED[@]}"; do
		[[ $living == *" $p "* ]] || continue
		kill -CONT "$p" 2>/dev/null || :
		kill -KILL "$p" 2>/dev/null || :
		wait "$p" 2>/dev/null || :
	done
	STARTED=()
}

# Wait until it ends; its status is in $ended.  (Not in a subshell: whose
# child is it?)
end_of() { # PID
	ended=0
	wait "$1" || ended=$?
}

# A batch of ticks on the contracts in file ids, from a seed; many of the quotes
# are crossed or have no bid.
batch() { # SEED N
	awk -v seed="$1" -v n="$2" '
	{ id[NR - 1] = $0 }
	END {
		srand(seed)
		for (i = 0; i < n; i++) {
			bid = int(rand() * 4000) / 20
			ts = 1785100000000 + seed * 1000 + i
			printf "{\"type\":\"tick\",\"ts\":%.0f,\"id\":\"%s\"," \
			    "\"kind\":\"quote\",\"recv_ts\":%.0f," \
			    "\"feed_seq\":%d,\"bid\":%.2f,\"ask\":%.2f," \
			    "\"bid_size\":%d,\"ask_size\":1}\n", ts,
			    id[int(rand() * NR)], ts, i + 1, bid,
			    bid + int(rand() * 60 - 2) / 20, rand() * 50
		}
	}' ids
}

# A real board, its document in ./doc-SESSION.json, becomes active.
promote_real() { # SESSION [OPTION...]
	local session=$1
	shift
	[[ -e doc-$session.json ]] ||
		xz -dc "$BOARDS/cboe/_SPX-$session.json.xz" >"doc-$session.json"
	chain-fetch --source cboe --from "doc-$session.json" "$@" SPX |
		geom-hash | epoch-promote >/dev/null
}
