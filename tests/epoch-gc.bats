#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-gc: what stays and what goes, seals, dead reservations; killed and
# paused before every write, twice at once, raced by all who write epochs.

load helpers
load models

T=1750000000000

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
}

setup() {
	rcli PING >/dev/null 2>&1 || redis_start
	rcli FLUSHALL >/dev/null
	rcli CONFIG SET maxmemory 0 >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	STARTED=()
	export EPOCH_NOW_MS=$((T + 100000000))
}

teardown() {
	stop_started
	kill_started
	[[ $BATS_TEST_DESCRIPTION != own:* ]] || redis_stop
}

teardown_file() {
	redis_stop
}

# history N [CONTRACTS]: N epochs of SPX, one a minute; their ids, oldest
# first, in $ID.
history() {
	local i n=${2:-8}
	for ((i = 0; i < $1; i++)); do
		make_chain -n "$n" -s $i -k $((5000 + 5 * (i % 3))) \
		    -t $((T + 60000 * i)) | geom-hash |
			epoch-promote --force --accept-shrink >/dev/null
	done
	mapfile -t ID < <(rcli LRANGE epoch:timeline:SPX 0 -1 | tac)
	[[ ${#ID[@]} == "$1" ]]
}

sound() { # [WHAT]
	"$ROOT/tests/invariants" "$REDIS_SOCK" || fail "not sound: ${1-}"
	epoch-inspect --check >check 2>&1 || fail "--check: ${1-}: $(cat check)"
}

# Which of $ID are retired, and given back, as their places: "0 1 3".
gone() {
	local i
	local -a places=()
	for i in "${!ID[@]}"; do
		[[ -n $(rcli HGET "epoch:meta:${ID[i]}" retired) ]] || continue
		assert "$(rcli KEYS "epoch:${ID[i]}:*")" = "" "${ID[i]} given back"
		places+=("$i")
	done
	echo "${places[*]}"
}

gc() { # as run_tool
	run_tool epoch-gc --grace 0 "$@"
	sound "epoch-gc $*"
}

values() { # of an epoch, by other means
	local cid
	rcli GET "epoch:$1:geometry" | grep . | while IFS= read -r cid; do
		rcli HGETALL "epoch:$1:contract:$cid" | paste - - |
			grep -v '_seq	' | sed "s/^/contract:$cid	/"
	done
	printf 'geometry\t\t%s\n' "$(rcli GET "epoch:$1:geometry" | head -c -1 |
		sha256sum | cut -d ' ' -f 1)"
}

# --- what stays

@test "the active epoch and the newest superseded ones stay" {
	history 6
	gc --keep 3
	assert "$(gone)" = "0 1"
	assert "$(jq -r 'select(.act == "retire") | .reason' <<<"$output" | sort -u)" = surplus
	assert "$(jq -r 'select(.act == "retire") | [.epoch_id, .contracts] | @tsv' <<<"$output" | sort)" = \
	    "${ID[0]}	8
${ID[1]}	8"
	gc --keep 3
	assert "$output" = "" "nothing more to do"
	gc --keep 0
	assert "$(gone)" = "0 1 2 3 4"
	gc --keep 0 --max-age 0.001
	assert "$(gone)" = "0 1 2 3 4"
	assert "$(rcli LLEN epoch:timeline:SPX)" = 6
	assert "$(rcli SCARD epoch:clean)" = 0
}

@test "by default two stay, and what was superseded in the last 10 minutes" {
	history 8
	# The last is superseded by none; number i by the snapshot of T + 60 (i + 1).
	export EPOCH_NOW_MS=$((T + 60000 * 4 + 600000))
	run_tool epoch-gc
	assert "$(gone)" = "0 1 2 3"
	EPOCH_NOW_MS=$((T + 60000 * 100)) run_tool epoch-gc
	assert "$(gone)" = "0 1 2 3 4"
	sound
}

@test "--grace and --max-age: by Redis's time and the successor's snapshot" {
	history 6
	export EPOCH_NOW_MS=$((T + 60000 * 10))
	run_tool epoch-gc --keep 0 --grace 421
	assert "$(gone)" = "0 1"
	run_tool epoch-gc --keep 5 --grace 0 --max-age 0.004
	assert "$(gone)" = "0 1 2 3" "0.004 days are 345.6 s"
	assert "$(jq -r 'select(.act == "retire") | .reason' <<<"$output" | uniq)" = max_age
	run_tool epoch-gc --keep 5 --grace 310 --max-age 0.001
	assert "$(gone)" = "0 1 2 3" "younger than --grace stays, whatever --max-age"
	sound
}

@test "kept and dirty epochs stay; --release lets go" {
	history 6
	run_tool epoch-gc --keep-id "${ID[1]}"
	assert "$(jq -c 'del(.ts)' <<<"$output")" = \
	    "{\"type\":\"gc\",\"act\":\"keep\",\"symbol\":\"SPX\",\"epoch_id\":\"${ID[1]}\"}"
	rcli SMOVE epoch:clean epoch:dirty "${ID[2]}" >/dev/null
	run_tool epoch-gc --grace 0 --keep 0
	assert "$(gone)" = "0 3 4"
	rcli SMOVE epoch:dirty epoch:clean "${ID[2]}" >/dev/null
	gc --keep 0
	assert "$(gone)" = "0 2 3 4"
	run_tool 1 epoch-gc --keep-id "${ID[0]}"
	assert "$stderr" has "${ID[0]}: RETIRED"
	run_tool 1 epoch-gc --release SPX:1700000000:abcd
	assert "$stderr" has NO_EPOCH
	run_tool epoch-gc --release "${ID[1]}"
	gc --keep 0
	assert "$(gone)" = "0 1 2 3 4"
}

@test "other symbols have their own newest; operands choose" {
	history 4
	make_chain -S NDX | geom-hash | epoch-promote >/dev/null
	make_chain -S NDX -n 6 -t $((T + 60000)) | geom-hash |
		epoch-promote --accept-shrink >/dev/null
	gc --keep 1 NDX
	assert "$(gone)" = ""
	gc --keep 0 I:SPX
	assert "$(gone)" = "0 1 2"
	gc --keep 0
	assert "$(jq -r 'select(.act == "retire") | .symbol' <<<"$output")" = NDX
}

@test "--dry-run tells the same, and changes nothing" {
	local before
	history 5
	rcli HSET epoch:meta:SPX:1600000000:aaaa incarnation x >/dev/null
	rcli ZADD epoch:staging 5 SPX:1600000000:aaaa >/dev/null
	before=$(state_digest)
	run_tool epoch-gc --grace 0 --keep 1 --meta -n
	assert "$(state_digest)" = "$before"
	assert "$(jq -r .dry_run <<<"$output" | sort -u)" = true
	jq -r '[.act, .epoch_id] | @tsv' <<<"$output" | sed 's/sweep/condemn/' | sort >dry
	run_tool epoch-gc --grace 0 --keep 1 --meta
	assert "$(jq -r '[.act, .epoch_id] | @tsv' <<<"$output" | sort)" = "$(cat dry)"
	assert "$(cut -f 1 dry | uniq -c | xargs)" = "1 condemn 3 erase 3 retire 4 seal"
}

@test "--meta forgets the oldest, up to the first that stays" {
	history 6
	epoch-gc --keep-id "${ID[2]}" >/dev/null
	gc --keep 1 --meta
	assert "$(rcli LRANGE epoch:timeline:SPX 0 -1 | tac | xargs)" = "${ID[*]:2}"
	assert "$(rcli KEYS 'epoch:meta:*' | wc -l)" = 4
	assert "$(rcli KEYS "*${ID[0]}*")" = ""
	run_tool 1 epoch-inspect --contracts "${ID[3]}"
	assert "$stderr" has "${ID[3]}: RETIRED"
	run_tool 1 epoch-inspect --contracts "${ID[0]}"
	assert "$stderr" has "${ID[0]}: NO_GEOMETRY: no such epoch"
	# Ids are not given out again all the same.
	make_chain -n 8 -t $T | geom-hash >again
	run_tool 1 epoch-promote <again
	epoch-gc --release "${ID[2]}" >/dev/null
	gc --keep 0 --meta
	assert "$(rcli LRANGE epoch:timeline:SPX 0 -1)" = "${ID[5]}"
}

@test "what models published goes, of those that were forgotten, too" {
	history 2
	model-gex --once >/dev/null
	model-gex --once --name b >/dev/null
	model-gex --once --name b --unit shares_per_pt >/dev/null
	model-gex --once --name c >/dev/null
	rcli DEL epoch:clean epoch:dirty >/dev/null
	rcli SADD epoch:dirty "${ID[1]}" >/dev/null
	# A run with other options takes the acknowledgement back, and is gone.
	rcli HSET "epoch:meta:${ID[1]}" ack:b 0 >/dev/null
	epoch-gc --forget-model b >/dev/null
	epoch-gc --forget-model c >/dev/null
	promote_now 9
	assert "$(rcli KEYS "epoch:${ID[1]}:model:*" | wc -l)" = 3
	gc --keep 0
	assert "$(gone)" = "0 1"
	assert "$(jq -s 'map(.models // 0) | add' <<<"$output")" = 3
}

@test "other options of a model do not hide what it has published" {
	history 1
	model-gex --once --name b >/dev/null
	timeout -s KILL 20 env LD_PRELOAD="$FAULT_SO" FAULT_KILL_AT=12 \
	    model-gex --once --name b --unit shares_per_pt >/dev/null 2>&1 || :
	assert "$(rcli HEXISTS "epoch:meta:${ID[0]}" ack:b)" = 1
}

# --- seals

@test "seals: of every superseded epoch, the digest of its values" {
	local i
	history 3
	tick 1
	values "${ID[1]}" | LC_ALL=C sort | sha256sum | cut -d ' ' -f 1 >want
	gc --keep 5
	assert "$(rcli HGET "epoch:meta:${ID[1]}" seal)" = "$(cat want)"
	assert "$(rcli HEXISTS "epoch:meta:${ID[2]}" seal)" = 0 "the active one"
	for i in 0 1; do
		assert "$(rcli HGET "epoch:meta:${ID[i]}" seal)  ${ID[i]}" = \
		    "$(epoch-inspect --digest --values "${ID[i]}")"
	done
	assert "$(jq -r 'select(.act == "seal") | .seal' <<<"$output" | sort)" = \
	    "$(for i in 0 1; do rcli HGET "epoch:meta:${ID[i]}" seal; done | sort)"
	gc --keep 5
	assert "$output" = "" "sealed once"
	# It outlives its contracts.
	gc --keep 0
	assert "$(rcli HGET "epoch:meta:${ID[1]}" seal)" = "$(cat want)"
}

@test "seals: --check finds whatever is changed afterwards" {
	local key change
	history 3
	gc --keep 5
	key=epoch:${ID[0]}:contract:$(rcli GET "epoch:${ID[0]}:geometry" | sed -n 3p)
	for change in "HSET $key bid 1.23" "HSET $key volume_ts 1750000000001" \
	    "HDEL $key iv" "HSET $key new 1" "HSET $key oi 1.0" \
	    "HSET epoch:meta:${ID[0]} seal x"; do
		rcli COPY "$key" kept REPLACE >/dev/null
		rcli COPY "epoch:meta:${ID[0]}" meta REPLACE >/dev/null
		# shellcheck disable=SC2086 # words
		rcli $change >/dev/null
		run_tool 70 epoch-inspect --check
		assert "$output" has "SEAL: ${ID[0]} was changed since it was sealed"
		rcli COPY kept "$key" REPLACE >/dev/null
		rcli COPY meta "epoch:meta:${ID[0]}" REPLACE >/dev/null
	done
	rcli DEL kept meta >/dev/null
	sound
	rcli HSET "epoch:meta:${ID[2]}" seal x >/dev/null
	run_tool 70 epoch-inspect --check
	assert "$output" has "SEAL: ${ID[2]} is active and sealed"
}

@test "seals: an epoch that is not whole gets none, and that is told: 70" {
	history 3
	rcli DEL "epoch:${ID[1]}:contract:$(rcli GET "epoch:${ID[1]}:geometry" |
		sed -n 2p)" >/dev/null
	run_tool 70 epoch-gc --keep 5
	assert "$stderr" has "${ID[1]}: DAMAGED"
	assert "$(rcli HEXISTS "epoch:meta:${ID[1]}" seal)" = 0
	assert "$(rcli HEXISTS "epoch:meta:${ID[0]}" seal)" = 1 "the others do"
	run_tool 70 epoch-gc --grace 0 --keep 0
	assert "$(gone)" = "0 1" "its remains go all the same"
	# Replaced because of the damage: known, no news.
	rcli DEL "epoch:${ID[2]}:contract:$(rcli GET "epoch:${ID[2]}:geometry" |
		sed -n 2p)" >/dev/null
	make_chain -n 8 -s 2 -k 5010 -t $((T + 900000)) | geom-hash | epoch-promote >out
	assert "$(jq -r .reason out)" = damaged
	run_tool epoch-gc --keep 5
}

# --- killed, failing, paused, twice at once

# What must be the same whoever was killed on the way: all but when.
outcome() {
	state_dump | sed '/ retired=/s/=.*/=when/'
}

@test "kill -9 before every write: the next one finishes" {
	local n rc want
	history 5 6
	epoch-gc --keep-id "${ID[1]}" >/dev/null
	epoch-gc --grace 0 --keep 1 --meta >/dev/null
	want=$(outcome)
	for ((n = 1; n < 500; n++)); do
		rcli FLUSHALL >/dev/null
		history 5 6
		epoch-gc --keep-id "${ID[1]}" >/dev/null
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_KILL_AT=$n FAULT_SHORT=400 \
		    timeout 20 epoch-gc --grace 0 --keep 1 --meta >out 2>err || rc=$?
		((rc == 0)) && break
		assert "$rc" = 137 "$(cat err)"
		sound "killed before write $n"
		epoch-gc --grace 0 --keep 1 --meta >>out || fail "after $n"
		sound "finished after $n"
		assert "$(outcome | sed 's/incarnation=.*//')" = \
		    "$(sed 's/incarnation=.*//' <<<"$want")" "point $n"
		((n % 3)) || n=$((n + 4)) # not all: each costs a history
	done
	((n > 20 && n < 500)) || fail "points: $n"
}

@test "errors at every write and every read: 75, and the next one finishes" {
	local n rc fault
	for fault in FAULT_ERR_AT FAULT_RERR_AT; do
		for ((n = 1; n < 300; n += 5)); do
			rcli FLUSHALL >/dev/null
			history 3 6
			rc=0
			env LD_PRELOAD="$FAULT_SO" FAULT_COUNT=count $fault=$n \
			    epoch-gc --grace 0 --keep 0 >out 2>err || rc=$?
			((rc == 0 || rc == 75)) || fail "$fault=$n: $rc $(cat err)"
			sound "$fault=$n"
			if [[ $fault == FAULT_ERR_AT ]]; then
				((n > $(cut -d ' ' -f 1 count))) && break
			else
				((n > $(cut -d ' ' -f 2 count))) && break
			fi
			epoch-gc --grace 0 --keep 0 >out
			assert "$(gone)" = "0 1" "$fault=$n"
		done
		((n > 10 && n < 300)) || fail "points of $fault: $n"
	done
}

@test "two at once: the same end, nothing told twice" {
	local k
	history 8 40
	for k in 1 2 3; do
		epoch-gc --grace 0 --keep 1 --meta >out.$k 2>err.$k 3>&- &
		STARTED+=($!)
	done
	for k in "${STARTED[@]}"; do
		wait "$k" || fail "$(cat err.*)"
	done
	sound
	assert "$(cat out.? | jq -s 'map(.contracts // 0) | add')" = $((6 * 40))
	assert "$(cat out.? | jq -r 'select(.act == "seal").epoch_id' | sort | uniq -d)" = ""
	assert "$(cat out.? | jq -r 'select(.act == "erase").epoch_id' | sort | uniq -c | awk '$1 != 1')" = ""
	assert "$(rcli LLEN epoch:timeline:SPX)" = 2
}

# at_each_stop WHAT [OPTIONS]: pause it before every write, do WHAT, go on.
at_each_stop() {
	local what=$1 n p
	shift
	STOPS=0
	for ((n = 1; n < 300; n += ${STEP:-1})); do
		rcli FLUSHALL >/dev/null
		history 3 6
		env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=$n \
		    epoch-gc --grace 0 --keep 0 "$@" >out 2>err 3>&- &
		p=$!
		if ! comes_to_stop $p; then
			wait $p || fail "point $n: $(cat err)"
			break
		fi
		$what "$n"
		kill -CONT $p
		wait $p || fail "point $n: $(cat err)"
		sound "$what at stop $n"
		after_$what "$n"
		STOPS=$((STOPS + 1))
	done
	((STOPS > 8)) || fail "stops: $STOPS"
}

is_retired() {
	[[ -n $(rcli HGET "epoch:meta:$1" retired) ]]
}

# Kept in time is kept whole; too late is told.
keep_first() {
	if is_retired "${ID[0]}"; then
		run_tool 1 epoch-gc --keep-id "${ID[0]}"
	else
		run_tool epoch-gc --keep-id "${ID[0]}"
		KEPT=$((KEPT + 1))
		epoch-inspect --digest --values "${ID[0]}" >values
	fi
}

after_keep_first() {
	[[ -n $(rcli HGET "epoch:meta:${ID[0]}" keep) ]] || return 0
	is_retired "${ID[0]}" && fail "kept and retired"
	assert "$(epoch-inspect --digest --values "${ID[0]}")" = "$(cat values)"
}

@test "an epoch that is kept at any moment stays whole, or that is refused" {
	KEPT=0
	at_each_stop keep_first
	((KEPT > 5 && KEPT < STOPS)) || fail "kept $KEPT of $STOPS"
}

make_first_dirty() {
	is_retired "${ID[0]}" || rcli SMOVE epoch:clean epoch:dirty "${ID[0]}" >/dev/null
}

after_make_first_dirty() {
	if [[ $(rcli SISMEMBER epoch:dirty "${ID[0]}") == 1 ]]; then
		is_retired "${ID[0]}" && fail "dirty and retired"
		rcli SMOVE epoch:dirty epoch:clean "${ID[0]}" >/dev/null
	fi
	return 0
}

@test "an epoch that becomes dirty at any moment stays" {
	# The invariants call a dirty superseded epoch damage: look first.
	sound() { :; }
	at_each_stop make_first_dirty
}

promote_now() {
	make_chain -n 6 -s "$1" -k 5020 -t $((T + 900000)) | geom-hash |
		epoch-promote --accept-shrink >/dev/null
}

after_promote_now() {
	is_retired "$(active)" && fail "the active epoch is retired"
	is_retired "${ID[2]}" && fail "what was active when it began is retired"
	return 0
}

@test "a promotion at any moment: what was active when it began stays" {
	STEP=2 at_each_stop promote_now --meta
}

@test "it empties no other life of the database: the same ids, alive again" {
	local n p before
	for ((n = 6; n < 60; n += 2)); do
		rcli FLUSHALL >/dev/null
		history 2 6
		env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=$n \
		    epoch-gc --grace 0 --keep 0 >out 2>err 3>&- &
		p=$!
		comes_to_stop $p || break
		rcli FLUSHALL >/dev/null
		history 1 6
		before=$(state_digest)
		kill -CONT $p
		wait $p || fail "$n: $(cat err)"
		assert "$(state_digest)" = "$before" "stop $n"
	done
	((n > 12)) || fail "stops: $n"
}

@test "TERM before every write: done or 75, the next one finishes" {
	local n rc
	for ((n = 1; n < 300; n += 3)); do
		rcli FLUSHALL >/dev/null
		history 3 6
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_COUNT=count FAULT_TERM_AT=$n \
		    epoch-gc --grace 0 --keep 0 >out 2>err || rc=$?
		((rc == 0 || rc == 75)) || fail "$n: $rc $(cat err)"
		jq . out >/dev/null || fail "torn: $(cat out)"
		sound "TERM before write $n"
		epoch-gc --grace 0 --keep 0 >>out
		assert "$(gone)" = "0 1" "$n"
		((n > $(cut -d ' ' -f 1 count))) && break
	done
	((n > 10 && n < 300)) || fail "points: $n"
}

# --- readers

@test "models beside promotions, ticks and a broom without grace" {
	local i
	unset EPOCH_NOW_MS
	expose
	start model-gex --gamma live --poll 0.05
	eventually is_clean
	(while [[ ! -e stop ]]; do
		epoch-gc --grace 0 --keep 0 --meta || exit
	done >gc.out 2>gc.err) 3>&- &
	broom=$!
	for ((i = 1; i <= 25; i++)); do
		make_chain -n $((6 + i % 5)) -s $i -t $((T + 60000 * i)) |
			geom-hash | epoch-promote --accept-shrink >/dev/null
		epoch-inspect --contracts >shown 2>shown.err || :
		assert "$(grep -v ': RETIRED: ' shown.err)" = ""
	done
	touch stop
	wait $broom || fail "$(cat gc.err)"
	eventually is_clean
	clean_is_true
	as_built gex model-gex --gamma live
	kill -TERM "$pid"
	end_of "$pid"
	assert "$ended" = 0 "$(cat err)"
	assert "$(cat err)" = ""
	sound
	epoch-gc --grace 0 --keep 0 --meta >/dev/null
	assert "$(rcli KEYS 'epoch:SPX:*' | grep -cv "$(active)")" = 0
	# Every record that it published is of a whole epoch.
	assert "$(jq -r 'select(.type == "gex") | .contracts' out | sort -un | awk '$1 < 6 || $1 > 10')" = ""
}

@test "an epoch that is retired while it is read: told, no digest, no damage" {
	local n p rc seen=0
	history 2 300
	for ((n = 3; n < 14; n++)); do
		rcli FLUSHALL >/dev/null
		history 2 300
		env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=$n epoch-inspect \
		    --digest --values "${ID[0]}" >out 2>err 3>&- &
		p=$!
		comes_to_stop $p || break
		epoch-gc --grace 0 --keep 0 >/dev/null
		kill -CONT $p
		rc=0
		wait $p || rc=$?
		assert "$(cat err)" has RETIRED
		assert "$(cat out)" = ""
		((rc == 75)) && seen=$((seen + 1))
	done
	((seen > 0)) || fail "never in the middle"
	sound
}

# --- dead reservations

# A promoter killed while it stages; its reservation's id in $dead.
die_staging() {
	make_chain -n 60 -k 6000 -t $((T + 30000)) | geom-hash |
		env LD_PRELOAD="$FAULT_SO" FAULT_SHORT=900 FAULT_KILL_AT="${1:-14}" \
		    epoch-promote --accept-shrink >/dev/null 2>&1 || :
	dead=$(rcli ZRANGE epoch:staging 0 -1)
	[[ -n $dead ]]
}

@test "a dead reservation: condemned after 15 minutes, swept 15 later" {
	export EPOCH_NOW_MS=$((T + 60000))
	die_staging
	(($(rcli KEYS "epoch:$dead:contract:*" | wc -l) > 0))
	EPOCH_NOW_MS=$((T + 60000 + 899999)) run_tool epoch-gc
	assert "$output" = "" "too young"
	export EPOCH_NOW_MS=$((T + 60000 + 900000))
	run_tool epoch-gc
	assert "$(jq -r .act <<<"$output")" = condemn
	assert "$(rcli KEYS "epoch:$dead:contract:*")" = ""
	assert "$(rcli EXISTS "epoch:$dead:geometry")" = 1 "the index stays"
	# What the dead one had on its way arrives now.
	rcli HSET "epoch:$dead:contract:$(rcli GET "epoch:$dead:geometry" | head -n 1)" bid 1 >/dev/null
	run_tool epoch-gc
	assert "$output" = ""
	EPOCH_NOW_MS=$((EPOCH_NOW_MS + 900000)) run_tool epoch-gc
	assert "$(jq -c '[.act, .epoch_id, .contracts]' <<<"$output")" = "[\"sweep\",\"$dead\",1]"
	assert "$(rcli KEYS "*$dead*")" = ""
	assert "$(rcli EXISTS epoch:staging)" = 0
	assert "$(rcli HGET epoch:last SPX)" = "$(cut -d : -f 2 <<<"$dead")" "ids never repeat"
}

@test "kill -9 of the sweep before every write: the next ones finish" {
	local n rc dead
	for ((n = 1; n < 100; n++)); do
		rcli FLUSHALL >/dev/null
		export EPOCH_NOW_MS=$((T + 60000))
		make_chain -n 6 | geom-hash | epoch-promote >/dev/null
		die_staging 20
		export EPOCH_NOW_MS=$((T + 1060000))
		((n % 2)) || epoch-gc >/dev/null # the second look, too
		((n % 2)) || EPOCH_NOW_MS=$((T + 2060000))
		rc=0
		env LD_PRELOAD="$FAULT_SO" FAULT_KILL_AT=$((n / 2 + 1)) \
		    FAULT_SHORT=300 epoch-gc >out 2>err || rc=$?
		assert "$rc" =~ '^(0|137)$' "$(cat err)"
		sound "killed at $n"
		for ((i = 3; i < 6; i++)); do
			EPOCH_NOW_MS=$((T + i * 1000000)) epoch-gc >/dev/null
		done
		assert "$(rcli KEYS "*$dead*")" = "" "point $n"
		assert "$(rcli EXISTS epoch:staging)" = 0
		((rc == 0 && n % 2 == 0)) && break
	done
	((n > 20 && n < 100)) || fail "points: $n"
}

@test "a slow promoter whose reservation was swept: gone, and it begins anew" {
	local n p looks slow
	make_chain -n 40 -k 5100 -t $((T + 120000)) | geom-hash >slow
	for looks in 1 2; do
		for ((n = 8; n < 34; n += 3)); do
			rcli FLUSHALL >/dev/null
			export EPOCH_NOW_MS=$((T + 60000))
			make_chain -n 6 | geom-hash | epoch-promote >/dev/null
			EPOCH_NOW_MS=$((T + 120000)) LD_PRELOAD=$FAULT_SO \
			    FAULT_SHORT=700 FAULT_STOP_AT=$n \
			    epoch-promote --accept-shrink <slow >out 2>err 3>&- &
			p=$!
			comes_to_stop $p || break
			slow=$(rcli ZRANGE epoch:staging 0 -1)
			EPOCH_NOW_MS=$((T + 1200000)) epoch-gc >/dev/null
			((looks == 1)) || EPOCH_NOW_MS=$((T + 2200000)) epoch-gc >/dev/null
			kill -CONT $p
			wait $p || fail "stop $n: $(cat err)"
			sound "stop $n"
			assert "$(jq -r .outcome out)" = new
			assert "$(rcli LLEN epoch:timeline:SPX)" = 2
			if [[ -n $slow ]]; then
				assert "$(active)" != "$slow" "stop $n"
				assert "$(rcli KEYS "*$slow*")" = "" "stop $n: nothing is left"
			fi
			assert "$(rcli EXISTS epoch:staging)" = 0
		done
		((n > 20)) || fail "stops: $n"
	done
}

# --- the server

@test "a server that is full: what is retired still goes" {
	history 4 60
	rcli CONFIG SET maxmemory 100kb >/dev/null
	assert "$(rcli SET x y 2>&1)" has OOM
	run_tool epoch-gc --grace 0 --keep 0
	rcli CONFIG SET maxmemory 0 >/dev/null
	assert "$(gone)" = "0 1 2"
	sound
}

# What the server's own thread has worked, in microseconds.
worked() {
	rcli INFO cpu | tr -d '\r' |
		awk -F : '/main_thread/ { s += $2 } END { printf "%.0f\n", 1e6 * s }'
}

@test "31,000 contracts: no script of it holds the server for long" {
	local calls slow us try
	# A machine that is busy takes the processor from the server, and this
	# counts as the command's: of some tries one is good.
	for try in 1 2 3 4 5; do
		rcli FLUSHALL >/dev/null
		history 1 31000
		promote_now 1
		mapfile -t ID < <(rcli LRANGE epoch:timeline:SPX 0 -1 | tac)
		rcli CONFIG RESETSTAT >/dev/null
		rcli CONFIG SET slowlog-log-slower-than 5000 slowlog-max-len 1000 >/dev/null
		rcli SLOWLOG RESET >/dev/null
		us=$(worked)
		run_tool epoch-gc --grace 0 --keep 0
		us=$(($(worked) - us))
		assert "$(gone)" = 0
		calls=$(rcli INFO commandstats | sed -n 's/^cmdstat_evalsha:calls=\([0-9]*\),.*/\1/p')
		slow=$(rcli SLOWLOG LEN)
		rcli CONFIG SET slowlog-log-slower-than 10000 slowlog-max-len 128 >/dev/null
		echo "$calls scripts, $((us / calls)) us each, $slow slow"
		((slow * 10 >= calls)) || break
	done
	((calls > 60 && us / calls < 2500 && slow * 10 < calls)) || fail "$calls $us $slow"
}

@test "a key of another type: 78, nothing is changed" {
	local key before
	history 3
	epoch-gc --keep 5 >/dev/null # seals are put first
	for key in "epoch:meta:${ID[0]}" epoch:dirty epoch:clean epoch:active \
	    epoch:timeline:SPX epoch:last epoch:staging; do
		rcli COPY "$key" kept >/dev/null
		rcli DEL "$key" >/dev/null
		rcli SET "$key" x >/dev/null
		before=$(state_digest)
		run_tool 78 epoch-gc --grace 0 --keep 1
		[[ $key == epoch:staging ]] || assert "$(state_digest)" = "$before" "$key"
		rcli DEL "$key" >/dev/null
		rcli COPY kept "$key" >/dev/null
		rcli DEL kept >/dev/null
	done
}

@test "own: a prefix with a tag on a cluster of one node" {
	redis_stop
	redis_start --cluster-enabled yes
	rcli CLUSTER ADDSLOTSRANGE 0 16383 >/dev/null
	eventually cluster_is_up
	export EPOCH_PREFIX='{spx}:'
	make_chain -n 8 | geom-hash | epoch-promote >/dev/null
	make_chain -n 9 -t $((T + 60000)) | geom-hash | epoch-promote >/dev/null
	die() {
		make_chain -n 60 -t $((T + 90000)) | geom-hash |
			env LD_PRELOAD="$FAULT_SO" FAULT_SHORT=900 FAULT_KILL_AT=14 \
			    epoch-promote >/dev/null 2>&1
	}
	EPOCH_NOW_MS=$((T + 90000)) die || :
	run_tool epoch-gc --keep-id "$(rcli HGET '{spx}:epoch:active' SPX)"
	run_tool epoch-gc --grace 0 --keep 0 --meta
	assert "$(jq -r .act <<<"$output" | xargs)" = "seal retire erase condemn"
	EPOCH_NOW_MS=$((EPOCH_NOW_MS + 900000)) run_tool epoch-gc
	assert "$(jq -r .act <<<"$output")" = sweep
	run_tool epoch-inspect --check
	assert "$(rcli DBSIZE)" = 16 "9 contracts and 7 keys beside them"
}

cluster_is_up() {
	rcli CLUSTER INFO | grep -q cluster_state:ok
}

# --- usage

@test "usage, Redis away, output that fails" {
	local bad
	for bad in '--keep -1' '--keep x' '--grace -1' '--max-age 0' \
	    '--max-age x' '--keep-id SPX' '--release x' 'a b' 'spx' \
	    '--keep-id SPX:1700000000:abcd --keep 1' \
	    '--keep-id SPX:1700000000:abcd --release SPX:1700000000:abcd' \
	    '--keep-id SPX:1700000000:abcd --keep-id SPX:1700000001:abcd' \
	    '--forget-model a --forget-model b' \
	    '--dry-run --forget-model x' '--nonsense'; do
		# shellcheck disable=SC2086 # words
		run_tool 64 epoch-gc $bad
	done
	run_tool 75 epoch-gc --redis ./no-such-socket
	run_tool epoch-gc
	assert "$output" = "" "an empty Redis: nothing to do"
	run_tool epoch-gc SPX
	history 3
	run_tool 74 bash -c 'epoch-gc >/dev/full'
	run_tool epoch-gc -v --grace 0 --keep 0
	assert "$stderr" = "epoch-gc: -: COUNTS: epochs 3 sealed 0 retired 2 resumed 0 erased 0 condemned 0 swept 0 contracts 16"
}
