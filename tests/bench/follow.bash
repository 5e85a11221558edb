# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# follow: what the questions about models share: a model that follows, ours or
# plain Python's; what 100 changed contracts cost it; how long a tick waits
# until it has published.
#
#	MODEL is gex or heatmap; WHO is ours, everything or changed, the last two
#	plain Python that reads every contract each time, or what changed
# shellcheck disable=SC2154 # work, here, sock … are run's

FOLLOW_TICKS=1000 # a second
FOLLOW_SECONDS=2  # a round
FOLLOW_ROUNDS=3
FOLLOW_BATCHES=25 # of 100 ticks a round; a third of it for plain Python

# The biggest board in an empty database.
follow_board() {
	empty
	epoch-promote <"$work/big.geom" >/dev/null || bench_die "no board"
	follow_id=$(epoch-inspect -o epoch_id SPX)
	rcli GET "epoch:$follow_id:geometry" | grep . >"$work/ids"
	follow_seconds=0
}

# As if no model had been there.
follow_forget() {
	rcli DEL epoch:models "epoch:$follow_id:model:python" >/dev/null
	rcli HDEL "epoch:meta:$follow_id" ack:gex ack:heatmap >/dev/null
	rcli SREM epoch:clean "$follow_id" >/dev/null
	rcli SADD epoch:dirty "$follow_id" >/dev/null
}

# Nothing is measured before the two agree.  RULE: one that both have.
follow_agree() { # MODEL [OPTION...]
	local model=$1
	shift
	follow_plain "$model" "$@" || bench_die "plain_$model.py"
	follow_agree_now "$model" "$@"
}

follow_agree_now() { # MODEL [OPTION...]
	local model=$1 rule=()
	shift
	[[ $model != gex ]] || rule=(--flip-rule reprice-first)
	"model-$model" --print "$@" "${rule[@]}" SPX >"$work/printed"
	follow_plain "$model" "$@" --check <"$work/printed" ||
		bench_die "model-$model and plain Python do not agree"
}

follow_plain() { # MODEL [OPTION...]
	local model=$1
	shift
	"$PYTHON" "$here/plain_$model.py" "$sock" "$follow_id" "$@"
}

# Each batch is later than the one before, and earlier than the wall's clock,
# by which those of follow_tick come.
follow_seconds=0
follow_batch() { # N
	follow_seconds=$((follow_seconds + 1))
	awk -v n="$1" -v seed=$follow_seconds 'BEGIN { srand(seed) } { id[NR] = $0 } END {
		for (i = 1; i <= n; i++) {
			bid = rand() * 300
			ts = 1786000000000 + seed * 1000 + i
			printf "{\"type\":\"tick\",\"ts\":%.0f,\"id\":\"%s\"," \
			    "\"kind\":\"quote\",\"recv_ts\":%.0f," \
			    "\"feed_seq\":%d,\"bid\":%.2f,\"ask\":%.2f," \
			    "\"bid_size\":1,\"ask_size\":1}\n", ts,
			    id[1 + int(rand() * NR)], ts, i, bid, bid + 2
		}
	}' "$work/ids" | epoch-hydrate >/dev/null
}

# CPU of a process, ms: to the ns where the kernel tells it.
follow_cpu() {
	if [[ -r /proc/$1/schedstat ]]; then
		awk '{ print $1 / 1e6 }' "/proc/$1/schedstat"
	else
		awk -v hz="$(getconf CLK_TCK)" \
		    '{ print ($14 + $15) * 1000 / hz }' "/proc/$1/stat"
	fi
}

# Until it has published what it knows of the last change.
follow_ready() { # NAME
	local i
	for ((i = 0; i < 3000; i++)); do
		[[ $(rcli HGET "epoch:$follow_id:model:$1" seq) != \
		"$(rcli HGET "epoch:meta:$follow_id" seq)" ]] || return 0
		kill -0 "$follow_pid" 2>/dev/null || break
		sleep 0.01
	done
	cat "$work/err" >&2
	bench_die "the model $1 does not keep up"
}

# follow_start WHO MODEL [OPTION...]: its pid is in $follow_pid, its name as a
# model in $follow_name.
follow_start() {
	local who=$1 model=$2
	shift 2
	follow_forget
	if [[ $who == ours ]]; then
		follow_name=$model
		rcli DEL "epoch:$follow_id:model:$model" >/dev/null
		"model-$model" "$@" >/dev/null 2>"$work/err" &
	else
		follow_name=python
		"$PYTHON" "$here/plain_$model.py" "$sock" "$follow_id" "$@" \
		    --follow "$who" >/dev/null 2>"$work/err" &
	fi
	follow_pid=$!
	follow_ready "$follow_name"
}

follow_stop() {
	kill "$follow_pid"
	wait "$follow_pid"
}

# A line "CPU" in ms a batch into $work/FILE.
follow_increment() { # FILE WHO MODEL [OPTION...]
	local file=$1 i before after n=$FOLLOW_BATCHES
	shift
	[[ $1 == ours ]] || n=$((n / 3))
	follow_start "$@"
	before=$(follow_cpu "$follow_pid")
	for ((i = 1; i <= n; i++)); do
		follow_batch 100
		follow_ready "$follow_name"
	done
	after=$(follow_cpu "$follow_pid")
	follow_stop
	awk -v a="$before" -v b="$after" -v n="$n" \
	    'BEGIN { print (b - a) / n }' >>"$work/$file"
}

# A line "p50 p99 n" in ms into $work/FILE.
follow_tick() { # FILE WHO MODEL [OPTION...]
	local file=$1 listener i
	shift
	follow_start "$@"
	"$here/latency.pl" "$sock" "$follow_name" >"$work/latency" &
	listener=$!
	for ((i = 0; i < 500; i++)); do
		[[ ! -s $work/latency ]] || break
		sleep 0.01
	done
	EPOCH_NOW_MS='' "$here/ticks.pl" $FOLLOW_TICKS $FOLLOW_SECONDS \
	    <"$work/ids" | epoch-hydrate >/dev/null
	follow_ready "$follow_name"
	sleep 0.1
	kill "$listener"
	wait "$listener" || bench_die "latency.pl"
	tail -n +2 "$work/latency" >>"$work/$file"
	follow_stop
}

# follow_ask NAME CASE WHAT MODEL [OPTION...]: WHAT is increment or tick; its
# lines of the report.
follow_ask() {
	local name=$1 tag=$2 what=$3 who round
	shift 3
	for ((round = 0; round < FOLLOW_ROUNDS; round++)); do
		for who in ours everything changed; do
			[[ $who == ours ]] || ((follow_python)) || continue
			"follow_$what" "$what-$tag-$who" "$who" "$@"
		done
	done
	((follow_python)) && [[ $what == increment ]] &&
		follow_agree_now "$@"
	"follow_tell_$what" "$name" "$what-$tag"
}

follow_tell_increment() { # NAME FILE
	follow_line "$1, 100 changed contracts, CPU" "$2" 1 \
	    'goal 5 ms; reading and publishing included'
}

follow_tell_tick() { # NAME FILE
	follow_line "$1, tick to published, p50" "$2" 1 ''
	follow_line "$1, tick to published, p99" "$2" 2 \
	    'goal 20 ms, stretch 5 ms'
}

# Ours against either way of plain Python.
follow_line() { # NAME FILE COLUMN NOTE
	local how
	if ((!follow_python)); then
		printf '%s\t%.2f\t-\t-\tms\t%s\n' "$1" \
		    "$(scaled "$work/$2-ours" "$3" 1)" "$4"
		return
	fi
	for how in everything changed; do
		paste -d ' ' "$work/$2-ours" "$work/$2-$how" |
		    awk -v c="$3" '{ o = $c; r = $(NF / 2 + c); print o, r,
			r / (o > 0 ? o : 1e-9) }' >"$work/pairs"
		printf '%s, python (%s)/ours\t%.2f\t%.2f\t%.2f\tms\t%s\n' "$1" \
		    "$([[ $how == changed ]] && echo "reads what changed" ||
			echo "reads everything")" \
		    "$(scaled "$work/pairs" 1 1)" \
		    "$(scaled "$work/pairs" 2 1)" \
		    "$(scaled "$work/pairs" 3 1)" "$4"
	done
}

# A build of everything, by --once, and by plain Python.
follow_full() { # MODEL NOTE
	local i
	((follow_python)) || {
		skip "model-$1, everything, python/ours" 'no redis-py'
		for ((i = 0; i < runs; i++)); do
			follow_forget
			sample "$1-full" "model-$1" --once
		done
		printf 'model-%s, everything, wall\t%.2f\t-\t-\tms\t%s\n' "$1" \
		    "$(scaled "$work/$1-full" 1 1)" "$2"
		return
	}
	for ((i = 0; i < runs; i++)); do
		follow_forget
		sample "$1-full" "model-$1" --once
		sample "$1-python" follow_plain "$1"
	done
	compare "model-$1, everything, wall, python/ours" r/o \
	    "$1-full" "$1-python" 1 1 "$2"
	compare "model-$1, everything, CPU, python/ours" r/o \
	    "$1-full" "$1-python" 2 1 ''
	compare "model-$1, everything, server CPU, ours/python" o/r \
	    "$1-full" "$1-python" 3 1 ''
}
