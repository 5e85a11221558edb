#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The frame that models share, through model-gex --gamma live (which every
# tick moves): no change is lost, nothing is clean that was not computed,
# whoever is paused, killed, raced or deceived, and at whatever point.

load helpers
load models

LIVE=(model-gex --gamma live)

setup_file() {
	[[ -e $FAULT_SO ]] || fail "no fault library"
	redis_start
}

setup() {
	rcli PING >/dev/null 2>&1 || redis_start
	rcli FLUSHALL >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	STARTED=()
}

teardown() {
	stop_started
	kill_started
	[[ $BATS_TEST_DESCRIPTION != own:* ]] || redis_stop
}

teardown_file() {
	redis_stop
}

# --- the life of an epoch's marks

@test "an epoch is clean when the model has published, dirty after a tick" {
	expose
	is_dirty
	run_tool "${LIVE[@]}" --once
	is_clean
	clean_is_true
	assert "$(rcli SMEMBERS epoch:models)" = gex
	as_built gex "${LIVE[@]}"
	tick 1
	is_dirty
	run_tool "${LIVE[@]}" --once
	is_clean
	assert "$(jq .seq <<<"$output")" = 2
	as_built gex "${LIVE[@]}"
	run_tool "${LIVE[@]}" --once
	assert "$output" = "" "nothing to do: nothing printed"
}

@test "with two models, clean is when both have computed on the last change" {
	expose
	run_tool model-gex --once
	is_clean
	run_tool "${LIVE[@]}" --once --name gex-live
	is_clean
	tick 1
	run_tool model-gex --once
	is_dirty
	clean_is_true
	run_tool epoch-inspect --models
	assert "$output" =~ "gex +SPX +[^ ]+ +2 +2 +0 +yes"
	assert "$output" =~ "gex-live +SPX +[^ ]+ +2 +1 +1 +yes"
	run_tool "${LIVE[@]}" --once --name gex-live
	is_clean
	clean_is_true
}

@test "without a model an epoch stays dirty" {
	expose
	run_tool model-gex --print
	is_dirty
	assert "$(rcli EXISTS epoch:models)" = 0
	assert "$(state_dump | grep -c ':model:')" = 0
}

@test "a model of one symbol is waited for by that symbol alone" {
	expose
	expose -S NDX
	run_tool model-gex --once SPX
	assert "$(rcli SMEMBERS epoch:models)" = gex@SPX
	is_clean SPX
	is_dirty NDX
	run_tool model-gex --once
	is_clean NDX
	clean_is_true
}

@test "other options compute everything anew, the same ones nothing" {
	expose
	run_tool model-gex --once
	run_tool model-gex --once
	assert "$output" = ""
	run_tool model-gex --once --unit shares_per_pt
	assert "$(jq -r .unit <<<"$output")" = shares_per_pt
	is_clean
	as_built gex model-gex --unit shares_per_pt
}

@test "a full_seq above the cursor reads everything, else only what changed" {
	expose
	start "${LIVE[@]}" -v
	eventually is_clean
	tick 1 3
	eventually is_clean
	# A value that no `changed` tells of is seen when all is read.
	rcli HSET "epoch:$(active):contract:$(rcli GET "epoch:$(active):geometry" |
		sed -n 5p)" oi 77777 >/dev/null
	tick 2 3
	eventually is_clean
	assert "$(tail -n 1 out)" != "$("${LIVE[@]}" --print SPX)"
	rcli EVAL 'local m = KEYS[1]
	redis.call("HSET", m, "full_seq", redis.call("HINCRBY", m, "seq", 1))
	redis.call("SADD", "epoch:dirty", ARGV[1])
	redis.call("SREM", "epoch:clean", ARGV[1])
	redis.call("PUBLISH", "epoch:events", "force x")' 1 \
	    "epoch:meta:$(active)" "$(active)" >/dev/null
	eventually is_clean
	as_built gex "${LIVE[@]}"
	kill -TERM "$pid"
	end_of "$pid"
	assert "$ended" = 0
	assert "$(grep -o 'whole [0-9]* changed [0-9]* contracts [0-9]*' err)" = \
	    "whole 2 changed 2 contracts 18"
}

# --- waking

@test "a hint wakes, and a lost one costs at most a poll" {
	expose
	start "${LIVE[@]}" --poll 3600
	eventually is_clean
	tick 1
	eventually is_clean
	as_built gex "${LIVE[@]}"
	stop_started
	start "${LIVE[@]}" --poll 0.1
	eventually is_clean
	quiet_change 123
	eventually is_clean
	as_built gex "${LIVE[@]}"
}

@test "a lost listener is replaced; what was said meanwhile is found" {
	expose
	start "${LIVE[@]}" --poll 0.5
	eventually is_clean
	rcli CLIENT KILL TYPE pubsub >/dev/null
	quiet_change 123
	eventually is_clean
	tick 1
	eventually is_clean
	eventually is_listening
	as_built gex "${LIVE[@]}"
}

is_listening() {
	[[ $(rcli PUBSUB NUMSUB epoch:events | tail -n 1) == 1 ]]
}

# --- no lost wake-up, no false clean

# at_each_step FAULT COMMAND...: for n = 1, 2, … run the model with that fault
# before its n-th write to Redis, and the command while it stands still (or
# is dead); until a run is not touched by it.  STEPS counts them.
at_each_step() {
	local fault=$1 n
	shift
	STEPS=0
	for ((n = 1; n < 200; n++)); do
		rcli FLUSHALL >/dev/null
		expose
		"${LIVE[@]}" --once >/dev/null
		tick 1 1
		start env LD_PRELOAD="$FAULT_SO" "$fault=$n" "${LIVE[@]}" --once
		if [[ $fault == FAULT_STOP_AT ]]; then
			comes_to_stop "$pid" || return 0
		else
			end_of "$pid"
			((ended != 0)) || return 0
		fi
		STEPS=$n
		clean_is_true "step $n, before"
		"$@" "$n"
		clean_is_true "step $n, during"
		kill -CONT "$pid" 2>/dev/null || :
		wait "$pid" || :
		clean_is_true "step $n, after"
		! is_clean || as_built gex "${LIVE[@]}"
		# The next run finds whatever was missed.
		"${LIVE[@]}" --once >/dev/null
		is_clean
		clean_is_true "step $n, at last"
		as_built gex "${LIVE[@]}"
	done
	fail "no end"
}

@test "a tick at every step of a build: never lost, never clean without it" {
	a_tick() {
		tick $((10 + $1)) $(($1 % 8))
		is_dirty || fail "clean right after a tick"
	}
	at_each_step FAULT_STOP_AT a_tick
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "a promotion at every step of a build: the new epoch is not forgotten" {
	a_promotion() {
		make_chain -n 10 -t 1750000200000 | geom-hash |
			epoch-promote >/dev/null
	}
	at_each_step FAULT_STOP_AT a_promotion
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "another model registers at every step of a build" {
	a_model() {
		model-gex --once --name other >/dev/null
		assert "$(rcli SCARD epoch:models)" = 2
	}
	at_each_step FAULT_STOP_AT a_model
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "another run of the same model at every step of a build" {
	a_run() {
		"${LIVE[@]}" --once >/dev/null
		tick $((10 + $1)) 2
		"${LIVE[@]}" --once >/dev/null
	}
	at_each_step FAULT_STOP_AT a_run
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "killed at every step of a build" {
	nothing() {
		:
	}
	at_each_step FAULT_KILL_AT nothing
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "killed and started again 50 times, while ticks come" {
	local i
	expose
	for ((i = 1; i <= 50; i++)); do
		start "${LIVE[@]}" --poll 0.05
		tick $i $((i % 8))
		((i % 3)) || sleep 0.02
		kill -KILL "$pid"
		clean_is_true "round $i"
	done
	run_tool "${LIVE[@]}" --once
	is_clean
	as_built gex "${LIVE[@]}"
}

@test "two of the same, racing: every publication is whole" {
	local i
	expose
	start "${LIVE[@]}"
	start "${LIVE[@]}"
	for ((i = 1; i <= 60; i++)); do
		tick $i $((i % 8))
		clean_is_true "tick $i"
	done
	eventually is_clean
	clean_is_true
	as_built gex "${LIVE[@]}"
}

@test "a model that comes late makes what is clean dirty" {
	expose
	model-gex --once >/dev/null
	is_clean
	start env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=6 "${LIVE[@]}" --once \
	    --name late
	comes_to_stop "$pid"
	assert "$(rcli SISMEMBER epoch:models late)" = 1
	is_dirty
	clean_is_true
	kill -KILL "$pid"
	run_tool epoch-inspect --models
	assert "$output" =~ "late +SPX +[^ ]+ +1 +- +1 +yes"
}

@test "own: Redis fallen back to an older state while a model follows" {
	local dump
	expose
	start "${LIVE[@]}" --poll 0.1
	eventually is_clean
	tick 1
	eventually is_clean
	rcli SAVE >/dev/null
	for ((i = 2; i <= 6; i++)); do tick $i $i; done
	eventually is_clean
	assert "$(rcli HGET "epoch:meta:$(active)" seq)" = 7
	dump=$BATS_FILE_TMPDIR/redis/dump.rdb
	[[ -s $dump ]]
	# The model shall see nothing between the two.
	kill -STOP "$pid"
	redis_stop KILL
	redis_start
	assert "$(rcli HGET "epoch:meta:$(active)" seq)" = 2 "fell back"
	# To the very seq that it had before, with other values.
	for ((i = 12; i <= 16; i++)); do tick $i $((i - 10)); done
	assert "$(rcli HGET "epoch:meta:$(active)" seq)" = 7
	kill -CONT "$pid"
	eventually is_clean
	clean_is_true
	as_built gex "${LIVE[@]}"
	rm -f "$dump"
}

@test "own: Redis away: patience, then 75; --once does not wait" {
	expose
	start "${LIVE[@]}" --patience 0.3
	eventually is_clean
	redis_stop KILL
	end_of "$pid"
	assert "$ended" = 75
	assert "$(cat err)" =~ "^model-gex: gex: REDIS_.* \(exit 75\)$"
	run_tool 75 "${LIVE[@]}" --once
	redis_start
}

# --- what the scripts refuse

# publish SEQ INCARNATION BASE BY [KIND]: what the script ack answers.
publish() {
	local id
	id=$(active)
	{
		sed -n 1p "$ROOT/common/lua/ack.lua"
		cat "$ROOT/common/lua/lib.lua"
		sed 1d "$ROOT/common/lua/ack.lua"
	} >ack.lua
	rcli EVAL "$(cat ack.lua)" 8 epoch:active "epoch:meta:$id" \
	    epoch:models epoch:dirty epoch:clean "epoch:$id:model:gex" \
	    epoch:events epoch:config SPX "$id" gex "$1" "$2" "$3" "$4" \
	    options 8 1 "${5:-gex}" 0 \
	    doc text | head -n 1
}

@test "the acknowledgement refuses what is older, other, partial, unknown" {
	local incarnation before
	expose
	"${LIVE[@]}" --once >/dev/null
	tick 1
	tick 2
	incarnation=$(rcli HGET "epoch:meta:$(active)" incarnation)
	"${LIVE[@]}" --once >/dev/null
	before=$(state_digest)
	assert "$(publish 2 "$incarnation" '' me)" = older
	assert "$(publish 4 "$incarnation" '' me)" = other "a seq never had"
	assert "$(publish 3 another '' me)" = other
	assert "$(publish 3 "$incarnation" 3 me)" = base "another run wrote"
	assert "$(publish 3 "$incarnation" 2 me)" = base
	rcli HSET "epoch:meta:$(active)" retired 1 >/dev/null
	assert "$(publish 3 "$incarnation" '' me)" = retired
	rcli HDEL "epoch:meta:$(active)" retired >/dev/null
	rcli SREM epoch:models gex >/dev/null
	assert "$(publish 3 "$incarnation" '' me)" = unknown
	rcli SADD epoch:models gex >/dev/null
	assert "$(publish 3 "$incarnation" '' me heatmap)" = taken
	assert "$(state_digest)" = "$before" "refused: nothing changed"
	assert "$(publish 3 "$incarnation" '' me)" = ok
	assert "$(publish 3 "$incarnation" 3 me)" = ok
	rcli DEL "epoch:meta:$(active)" >/dev/null
	assert "$(publish 3 "$incarnation" '' me)" = gone
}

@test "a key of another type: 78, and nothing is changed" {
	local key before
	expose
	"${LIVE[@]}" --once >/dev/null
	tick 1
	for key in epoch:models epoch:dirty epoch:clean epoch:config \
	    "epoch:$(active):model:gex"; do
		rcli COPY "$key" kept >/dev/null
		rcli SET "$key" x >/dev/null
		before=$(state_digest)
		run_tool 78 "${LIVE[@]}" --once
		assert "$(state_digest)" = "$before" "$key"
		rcli DEL "$key" >/dev/null
		rcli COPY kept "$key" >/dev/null
		rcli DEL kept >/dev/null
	done
	run_tool "${LIVE[@]}" --once
}

@test "a damaged epoch is computed by nobody: 65, and stays dirty" {
	local cid before
	expose
	cid=$(rcli GET "epoch:$(active):geometry" | sed -n 3p)
	rcli DEL "epoch:$(active):contract:$cid" >/dev/null
	run_tool 65 model-gex --once
	assert "$stderr" has "DAMAGED: 1 contracts of 8 are not there"
	is_dirty
	assert "$(rcli EXISTS "epoch:$(active):model:gex")" = 0
	rcli DEL "epoch:$(active):geometry" >/dev/null
	run_tool 65 model-gex --once
	assert "$stderr" has "DAMAGED: the geometry is gone"
	rcli SET "epoch:$(active):geometry" "$cid" >/dev/null
	run_tool 65 model-gex --print
	assert "$stderr" has "DAMAGED: the geometry is not the one"
}

@test "a follower tells of damage once, goes on with others, heals with the next epoch" {
	expose
	expose -S NDX
	rcli DEL "epoch:$(active):contract:$(rcli GET "epoch:$(active):geometry" |
		sed -n 3p)" >/dev/null
	start model-gex --poll 0.05
	eventually is_clean NDX
	sleep 0.05
	sleep 0.05
	sleep 0.05
	assert "$(grep -c DAMAGED err)" = 1
	is_dirty SPX
	make_chain -n 8 -t 1750000200000 | geom-hash | epoch-promote >/dev/null
	eventually is_clean SPX
	kill -TERM "$pid"
	end_of "$pid"
	assert "$ended" = 65 "the damage is in its status"
}

@test "a damaged board is not read again for every tick on it" {
	local i
	expose
	expose -S NDX
	rcli DEL "epoch:$(active):contract:$(rcli GET "epoch:$(active):geometry" |
		sed -n 3p)" >/dev/null
	start model-gex --poll 60 -v
	eventually is_clean NDX
	for i in 1 2 3 4 5; do
		tick $i
		rcli EVAL 'local id = redis.call("HGET", "epoch:active", "NDX")
			redis.call("HINCRBY", "epoch:meta:" .. id, "seq", 1)
			redis.call("SMOVE", "epoch:clean", "epoch:dirty", id)
			redis.call("PUBLISH", "epoch:events", "tick " .. id)' 0 \
		    >/dev/null
		eventually is_clean NDX
	done
	is_dirty SPX
	kill -TERM "$pid"
	end_of "$pid"
	# Once each; the other board's changes were read as such.
	assert "$(grep -o 'whole [0-9]* changed [0-9]*' err)" = \
	    "whole 2 changed 5"
}

# --- a name is one kind of model's

# type_of NAME: of the documents under that name.
type_of() {
	rcli HGET "epoch:$(active):model:$1" doc | jq -r .type
}

# Refused, in one line, and no key is changed.  refused KIND TOOL...
refused() {
	local kind=$1 before
	shift
	before=$(state_digest)
	run_tool 78 "$@"
	assert "$output" = ""
	assert "$stderr" = "$1: a: NAME_TAKEN: a model of another kind is registered under that name: $kind (choose another --name, or epoch-gc --forget-model) (exit 78)"
	assert "$(state_digest)" = "$before" "$*: nothing is changed"
}

@test "two kinds of model under one name: the second is refused, 78" {
	expose
	run_tool model-gex --once --name a
	refused gex model-heatmap --once --name a
	refused gex model-heatmap --once --name a SPX
	refused gex model-heatmap --once --name a NDX
	refused gex model-heatmap --name a
	# A tick, or an epoch on which it has not published.
	tick 1
	refused gex model-heatmap --once --name a
	make_chain -n 10 -t 1750000200000 | geom-hash | epoch-promote >/dev/null
	assert "$(rcli EXISTS "epoch:$(active):model:a")" = 0
	refused gex model-heatmap --once --name a
	# To look is allowed; so is another of the same kind, however set.
	run_tool model-heatmap --print --name a
	run_tool "${LIVE[@]}" --once --name a
	run_tool model-gex --once --name a --sign unsigned SPX
	is_clean
	assert "$(type_of a)" = gex
	# Each under its own name, one of them the other's usual one.
	run_tool model-heatmap --once --name b
	run_tool model-heatmap --once --name gex
	is_clean
	clean_is_true
}

@test "a name that was forgotten, wholly, is free for another kind" {
	expose
	expose -S NDX
	run_tool model-gex --once --name a SPX NDX
	run_tool epoch-gc --forget-model a@SPX
	refused gex model-heatmap --once --name a SPX
	run_tool epoch-gc --forget-model a@NDX
	assert "$(rcli EXISTS epoch:config)" = 0 "nothing is left of it"
	run_tool model-heatmap --once --name a
	assert "$(type_of a)" = heatmap
	refused heatmap model-gex --once --name a
	run_tool epoch-gc --forget-model a
	# Without a single epoch, too.
	rcli FLUSHALL >/dev/null
	run_tool 1 model-gex --once --name a
	refused gex model-heatmap --once --name a
	rcli HSET epoch:config journal 0 >/dev/null
	run_tool epoch-gc --forget-model a
	assert "$(rcli HGETALL epoch:config | paste -sd ' ')" = "journal 0"
}

@test "a name that an older version registered: its documents tell, else who comes first" {
	local member
	for member in a a@SPX; do
		rcli FLUSHALL >/dev/null
		expose
		run_tool model-gex --once --name a
		rcli DEL epoch:config epoch:models >/dev/null
		rcli SADD epoch:models $member ab b@SPX >/dev/null
		refused gex model-heatmap --once --name a
		run_tool model-gex --once --name a
		rcli HDEL "epoch:$(active):model:a" doc >/dev/null
		refused gex model-heatmap --once --name a
		# Nobody can know.
		rcli DEL epoch:config >/dev/null
		run_tool model-heatmap --once --name a
		assert "$(type_of a)" = heatmap
		refused heatmap model-gex --once --name a
	done
}

@test "two kinds race for a free name: at every step one of them has it" {
	local n other=0 gex=0
	for ((n = 1; n < 100; n++)); do
		rcli FLUSHALL >/dev/null
		expose
		start env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=$n \
		    model-gex --once --name a
		comes_to_stop "$pid" || break
		run -0 --separate-stderr bash -c \
		    'model-heatmap --once --name a >/dev/null; echo $?'
		other=$output
		kill -CONT "$pid"
		end_of "$pid"
		assert "$other $ended" =~ "^(0 78|78 0)$" "step $n"
		assert "$(type_of a)" = \
		    "$([[ $ended == 0 ]] && echo gex || echo heatmap)"
		gex=$((gex + (ended == 0)))
		is_clean
		clean_is_true
	done
	((gex > 2 && n - 1 > gex)) || fail "gex $gex of $((n - 1))"
}

@test "forgotten, and the name another kind's, while a model computes: 78, it publishes nothing" {
	local how before
	for how in --once --follow; do
		rcli FLUSHALL >/dev/null
		expose
		: >err
		start env LD_PRELOAD="$FAULT_SO" FAULT_STOP_HAS='"type":"gex"' \
		    model-gex $how --name a
		comes_to_stop "$pid"
		epoch-gc --forget-model a >/dev/null
		model-heatmap --once --name a >/dev/null
		before=$(state_digest)
		kill -CONT "$pid"
		end_of "$pid"
		assert "$ended" = 78
		assert "$(cat err)" =~ "^model-gex: a: NAME_TAKEN: .* heatmap .*\(exit 78\)$"
		assert "$(state_digest)" = "$before"
	done
}

# --- --once does all of it, or says that it did not

# each_stop COMMAND CHECK: a run with --once stands still before its
# n-th write to Redis, for n = 1, 2, …; the command runs meanwhile; then the
# check judges $ended, ./out and ./err.
each_stop() {
	local n
	STEPS=0
	for ((n = 1; n < 100; n++)); do
		rcli FLUSHALL >/dev/null
		expose
		: >out
		: >err
		start env LD_PRELOAD="$FAULT_SO" FAULT_STOP_AT=$n \
		    "${LIVE[@]}" --once
		if ! comes_to_stop "$pid"; then
			end_of "$pid"
			((ended == 0)) || fail "untouched: $ended, $(cat err)"
			return
		fi
		STEPS=$n
		"$1"
		kill -CONT "$pid"
		end_of "$pid"
		"$2" || fail "step $n: status $ended, $(cat err)"
	done
	fail "no end"
}

@test "--once: Redis is emptied at any step of a build: no active epoch, 1" {
	emptied() {
		rcli FLUSHALL >/dev/null
	}
	none() {
		((ended == 1)) && [[ ! -s out ]] &&
			[[ $(cat err) == *NO_EPOCH* ]]
	}
	each_stop emptied none
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
}

@test "--once: emptied, and the same snapshot promoted anew: computed, or 1 and dirty" {
	anew() {
		local was
		was=$(active)
		rcli FLUSHALL >/dev/null
		expose
		assert "$(active)" = "$was" "the same id"
	}
	# All was read of the new life: as if somebody had forgotten it.
	computed() {
		if [[ $(cat err) == *FORGOTTEN* ]]; then
			forgotten=$((forgotten + 1))
			((ended == 1)) && [[ ! -s out ]] && is_dirty
			return
		fi
		((ended == 0)) && [[ $(wc -l <out) == 1 ]] && is_clean &&
			clean_is_true &&
			as_built gex "${LIVE[@]}"
	}
	local forgotten=0
	each_stop anew computed
	assert "$((STEPS > 6 && STEPS - forgotten > 5))" = 1 \
	    "steps: $STEPS, $forgotten"
}

@test "--once: what is active is not there, before or during a build: 75, LOST" {
	gone() {
		rcli DEL "epoch:meta:$(active)" >/dev/null
	}
	lost() {
		((ended == 75)) && [[ ! -s out ]] &&
			[[ $(cat err) == "model-gex: gex: LOST: "*"(exit 75)" ]]
	}
	each_stop gone lost
	assert "$((STEPS > 6))" = 1 "steps: $STEPS"
	expose -S NDX
	gone
	run_tool 75 "${LIVE[@]}" --once
	assert "$output" has '"symbol":"NDX"' "another board is computed"
	is_clean NDX
}

@test "own: --once: Redis comes back with an older state: 75, the next run computes" {
	local dump=$BATS_FILE_TMPDIR/redis/dump.rdb
	expose
	rcli SAVE >/dev/null
	tick 1
	start env LD_PRELOAD="$FAULT_SO" FAULT_STOP_HAS='"type":"gex"' \
	    "${LIVE[@]}" --once
	comes_to_stop "$pid"
	[[ -s $dump ]]
	redis_stop KILL
	redis_start
	assert "$(rcli HGET "epoch:meta:$(active)" seq)" = 1 "fell back"
	kill -CONT "$pid"
	end_of "$pid"
	assert "$ended" = 75
	assert "$(rcli EXISTS epoch:models)" = 0
	run_tool "${LIVE[@]}" --once
	is_clean
	as_built gex "${LIVE[@]}"
	rm -f "$dump"
}

@test "--once: TERM before every write and read: 75, or all of it is done" {
	local fault n stopped
	for fault in FAULT_TERM_AT FAULT_RTERM_AT; do
		stopped=0
		for ((n = 1; n < 100; n++)); do
			rcli FLUSHALL >/dev/null
			expose
			expose -S NDX
			: >err
			start env LD_PRELOAD="$FAULT_SO" $fault=$n \
			    "${LIVE[@]}" --once
			end_of "$pid"
			((ended != 0)) || break
			assert "$ended" = 75 "$fault=$n"
			assert "$(cat err)" =~ "(STOPPED: told to stop|INTERRUPTED: .*) \(exit 75\)$"
			stopped=$((stopped + 1))
		done
		assert "$ended" = 0
		is_clean SPX
		is_clean NDX
		clean_is_true
		((stopped > 6)) || fail "stopped $stopped times"
	done
}

# --- forgetting

@test "forget: epochs that only it kept dirty become clean, others do not" {
	expose
	expose -S NDX
	model-gex --once >/dev/null
	model-gex --once --name b >/dev/null
	model-gex --once --name c NDX >/dev/null
	tick 1
	model-gex --once >/dev/null
	is_dirty SPX
	run_tool epoch-gc --forget-model b
	assert "$(jq -c 'del(.ts)' <<<"$output")" = \
	    '{"type":"gc","act":"forget","model":"b","registrations":1,"cleaned":1}'
	is_clean SPX
	clean_is_true
	run_tool epoch-gc --forget-model c@NDX
	assert "$(jq -c 'del(.ts)' <<<"$output")" = \
	    '{"type":"gc","act":"forget","model":"c@NDX","registrations":1,"cleaned":0}'
	run_tool 1 epoch-gc --forget-model b
	assert "$stderr" has NO_MODEL
	tick 2
	run_tool epoch-gc --forget-model gex
	is_dirty SPX
	assert "$(rcli EXISTS epoch:models)" = 0
}

@test "forget: a run of it that lives ends with 1 and is not waited for" {
	expose
	model-gex --once >/dev/null
	start "${LIVE[@]}" --poll 0.05 --name b
	eventually is_clean
	epoch-gc --forget-model b >/dev/null
	end_of "$pid"
	assert "$ended" = 1
	assert "$(cat err)" has "model-gex: b: FORGOTTEN: b is not registered any more (exit 1)"
	assert "$(rcli SMEMBERS epoch:models)" = gex
}

@test "epoch-gc: usage" {
	run_tool 64 epoch-gc x
	run_tool 64 epoch-gc SPX --forget-model x
	local bad
	for bad in '' 'A' 'a b' '-x' 'a@' 'a@b' 'a@SPX@X' "$(printf 'a%.0s' {1..33})"; do
		run_tool 64 epoch-gc --forget-model "$bad"
	done
	run_tool 75 epoch-gc --redis ./no-such-socket --forget-model x
}

@test "the users of docs/REDIS.md may do what a model does, and look at it" {
	load inspect
	expose
	doc_user model
	doc_user reader
	start "${LIVE[@]}" --redis "unix://model:sekret@$REDIS_SOCK" --poll 3600
	eventually is_clean
	tick 1
	eventually is_clean # woken: it may listen, too
	as_built gex "${LIVE[@]}"
	run_tool epoch-inspect --redis "unix://reader:sekret@$REDIS_SOCK" --check
	assert "$output" = "SPX: OK: 1 epochs, 8 contracts whole"
	run_tool epoch-inspect --redis "unix://reader:sekret@$REDIS_SOCK" --models
	run_tool epoch-inspect --redis "unix://reader:sekret@$REDIS_SOCK" --gex
	run_tool 77 model-gex --once --redis "unix://reader:sekret@$REDIS_SOCK"
	assert "$(cat err)" = ""
	rcli ACL DELUSER model reader >/dev/null
}

# --- ends

@test "TERM, INT and a reader that leaves end it" {
	expose
	start model-gex
	eventually is_clean
	kill -TERM "$pid"
	end_of "$pid"
	assert "$ended" = 0
	start model-gex
	eventually is_listening
	kill -HUP "$pid"
	end_of "$pid"
	assert "$ended" = 129
	run_tool 74 bash -c 'model-gex --print SPX >/dev/full'
	run_tool bash -c 'model-gex --print SPX | true; echo "${PIPESTATUS[0]}"'
	assert "$output" =~ '^(0|141)$'
}

@test "no active epoch: 1; wrong operands: 64" {
	run_tool 1 model-gex --once
	run_tool 1 model-gex --print SPX
	run_tool 1 model-gex --print SPX:1700000000:abcd
	assert "$stderr" has "NO_EPOCH: it is not there, or retired"
	run_tool 64 model-gex 'a b'
	run_tool 64 model-gex SPX:1700000000:abcd
	run_tool 64 model-gex --name Gex
	run_tool 64 model-gex --poll 0
	run_tool 64 model-gex --nonsense
}

@test "own: a prefix with a tag on a cluster of one node" {
	redis_stop
	redis_start --cluster-enabled yes
	rcli CLUSTER ADDSLOTSRANGE 0 16383 >/dev/null
	eventually cluster_is_up
	export EPOCH_PREFIX='{spx}:'
	make_chain -n 8 | geom-hash | epoch-promote >/dev/null
	run_tool model-gex --once
	assert "$(rcli SCARD '{spx}:epoch:clean')" = 1
	assert "$(rcli SCARD '{spx}:epoch:dirty')" = 0
	run_tool model-gex --once --name b
	run_tool epoch-inspect --models
	assert "$output" =~ "b +SPX"
	run_tool epoch-gc --forget-model b
	unset EPOCH_PREFIX
	run_tool 78 model-gex --once
	redis_stop
	redis_start
}

cluster_is_up() {
	rcli CLUSTER INFO | grep -q cluster_state:ok
}
