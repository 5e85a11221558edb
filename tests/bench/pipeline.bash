# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# pipeline: a whole board from document to visible epoch; against plain Python
# doing the same, and against W = redis-benchmark -P 100 writing the HSETs.
# shellcheck disable=SC2154 # work, runs, contracts … are run's

ours() {
	fetch "$1" | geom-hash | epoch-promote
}

plain() {
	"$PYTHON" "$here/plain.py" "$sock" "$work/$1.json"
}

promote() {
	epoch-promote <"$work/$1.geom"
}

# A contract of the epoch that is active now, as the arguments of an HSET: the
# first that has a trade, so all the fields that this vendor has.
take_contract() {
	local id cid
	id=$(rcli HGET epoch:active SPX)
	while read -r cid; do
		mapfile -t hset < <(rcli HGETALL "epoch:$id:contract:$cid")
		[[ " ${hset[*]} " == *' trade_ts '* ]] && break
	done < <(rcli GET "epoch:$id:geometry")
	# As long as a real name, with the 12 digits that are random.
	hset=(HSET "epoch:$id:contract:O:SPXW26C__rand_int__" "${hset[@]}")
}

# Fields a contract of the active epoch, on average.
mean_fields() {
	rcli EVAL '
	local n, f, id = 0, 0, redis.call("HGET", KEYS[1], ARGV[1])
	for c in redis.call("GET", "epoch:" .. id .. ":geometry")
	    :gmatch("[^\n]+") do
		n = n + 1
		f = f + redis.call("HLEN", "epoch:" .. id .. ":contract:" .. c)
	end
	return string.format("%.1f", f / n)' 1 epoch:active SPX
}

ceiling() {
	redis-benchmark -s "$sock" -P 100 -n "${contracts[first]}" \
	    -r 100000000 -q "${hset[@]}"
}

# Both sides must have done the same job, or there is nothing to compare.
check_same() {
	local ours theirs name
	for name in first later; do
		empty
		[[ $name == later ]] && ours first >/dev/null
		ours "$name" >/dev/null
		ours=$(epoch-inspect --digest --values SPX)
		empty
		[[ $name == later ]] && plain first >/dev/null
		plain "$name" >/dev/null
		theirs=$(epoch-inspect --digest --values SPX)
		[[ -n $ours && $ours == "$theirs" ]] ||
			bench_die "$name: ours and plain.py wrote different values"
	done
}

one_round() {
	empty
	sample ours.first ours first
	sample ours.later ours later
	sample ours.next ours next
	if ((with_python)); then
		empty
		sample plain.first plain first
		sample plain.later plain later
		sample plain.next plain next
	fi
	empty
	sample promote.first promote first
	sample promote.later promote later
	sample promote.next promote next
	empty
	sample ceiling ceiling
}

report_python() {
	local job name
	for job in 'first:new epoch' 'later:refresh' 'next:epoch over epoch'; do
		name=${job#*:} job=${job%%:*}
		if ((!with_python)); then
			skip "$name, python/ours" \
			    "no $PYTHON with redis-py (Debian: python3-redis)"
			continue
		fi
		compare "$name, wall, python/ours" r/o "ours.$job" \
		    "plain.$job" 1 1 "goal 6, stretch 10; ${notes[$job]}"
		compare "$name, CPU, python/ours" r/o "ours.$job" \
		    "plain.$job" 2 1 'user + system of the processes'
		compare "$name, server CPU, ours/python" o/r "ours.$job" \
		    "plain.$job" 3 1 "${notes[$job]}"
	done
}

ask_pipeline() {
	local i fields with_python=0
	local -a hset
	local -A notes=(
		[first]="same values digest in Redis"
		[later]='Python overwrites: no newer wins, no changed'
		[next]='Python carries nothing')
	if have_python; then
		with_python=1
		check_same
	fi
	empty
	promote first >/dev/null
	fields=$(mean_fields)
	take_contract
	for ((i = 0; i < runs; i++)); do
		one_round
	done
	report_python
	compare 'new epoch, wall, pipeline/W' o/r ours.first ceiling 1 1 \
	    "W: HSET of $(((${#hset[@]} - 2) / 2)) fields (ours: $fields on average)"
	compare 'new epoch, wall, promote/W' o/r promote.first ceiling 1 1 \
	    'goal 1.5, stretch 1.2; from a ready geom-hash file'
	compare 'new epoch, server CPU, promote/W' o/r promote.first ceiling 3 1 \
	    'W asks no questions'
	compare 'epoch over epoch, wall, promote/W' o/r promote.next ceiling 1 1 \
	    'reads the old epoch to carry what is newer'
	compare 'refresh, server CPU, refresh/staging' o/r promote.later \
	    promote.first 3 1 'goal 3, stretch 2'
	compare 'refresh, wall, refresh/staging' o/r promote.later \
	    promote.first 1 1 'the same two promotes'
}
