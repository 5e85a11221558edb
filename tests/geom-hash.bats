#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# geom-hash: a snapshot is held until it is whole, and its hash is that of the
# set of its contracts.

# shellcheck disable=SC2154 # run sets output, lines and stderr
# shellcheck disable=SC2016 # scripts for another bash
load helpers

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# board N [SEED]: a chain of N contracts over several dates and two roots.
board() {
	local first=$(($1 / 2)) seed=${2:-1}
	local dates='2025-06-20 2025-07-18 2025-09-19 2026-01-16 2026-06-18'
	make_chain -n "$first" -s "$seed" -e "$dates" | head -n -1
	make_chain -n $(($1 - first)) -s "$seed" -r SPXW -e "$dates" -c "$1" |
	    tail -n +2
}

# The recipe that anybody can use.
recipe() {
	grep '"type":"contract"' "$1" | jq -r .id | LC_ALL=C sort -u |
	    sha256sum | cut -d ' ' -f 1
}

# field NAME FILE: of the geometry record.
field() {
	records geometry "$2" | jq -r ".$1"
}

# shuffled FILE SEED: its contracts in another order.
shuffled() {
	head -n 1 "$1"
	sed '1d;$d' "$1" | shuf --random-source=<(yes "seed $2")
	tail -n 1 "$1"
}

# ------------------------------------------------------ usage, golden, edges

@test "cases" {
	run_cases geom-hash
}

@test "--help and --version" {
	run_tool geom-hash --help
	assert "${lines[0]}" = "usage: geom-hash [OPTION...] [FILE...]"
	assert "$output" has "--diff"
	run_tool geom-hash --version
	assert "$output" =~ '^geom-hash .+ \(jansson .+, libcrypto .+\)$'
	run_tool 74 bash -c 'geom-hash --help >/dev/full'
}

@test "an unknown variable of ours is reported, a known one is not" {
	make_chain >in
	EPOCH_PREFX=x EPOCH_PREFIX=y WARN=ok run_tool geom-hash in
	assert "$stderr" = "geom-hash: -: ENVIRONMENT: EPOCH_PREFX is no\
 variable of ours, ignored"
}

@test "files are operands, each a stream of its own" {
	make_chain -n 4 >a
	make_chain -n 6 -S NDX >b
	geom-hash <a >want
	geom-hash <b >>want
	run_tool geom-hash a b
	assert "$output" = "$(cat want)"
	run_tool geom-hash - b <a
	assert "$output" = "$(cat want)"
	# one that is cut is not finished by the next
	head -n 3 a >begun
	run_tool 65 geom-hash begun b
	assert "$output" = "$(geom-hash b)"
	assert "$stderr" has "SPX: INCOMPLETE: "
}

@test "counts, times and spot are those of the snapshot" {
	board 60 >in
	run_tool geom-hash in
	geom-hash in >out
	assert "$(field contracts out)" = 60
	assert "$(field strikes out)" = \
	    "$(records contract in | jq .strike | sort -u | wc -l)"
	assert "$(field expirations out)" = \
	    "$(records contract in | jq .expiration | sort -u | wc -l)"
	assert "$(field begin_ts out)" = "$(records chain_begin in | jq .ts)"
	assert "$(field end_ts out)" = "$(records chain_end in | jq .ts)"
	assert "$(field ts out)" = "$(records chain_end in | jq .ts)"
	assert "$(records geometry out)" has \
	    "$(records chain_end in | grep -o '"spot":.*"spot_ts":[0-9]*')"
}

# ------------------------------------------------------------- the one hash

@test "the hashes are those of the recipes" {
	local n
	for n in 2 7 61 400; do
		board "$n" "$n" >in
		geom-hash in >out
		assert "$(field geometry_hash out)" = "$(recipe in)"
		{
			records contract in | jq '.strike * 1000' | sort -un
			echo --
			records contract in | jq -r .expiration | sort -u
		} >grid
		assert "$(field grid_hash out)" = \
		    "$(sha256sum <grid | cut -d ' ' -f 1)"
	done
}

@test "order and paging change no byte" {
	local seed
	board 300 >in
	geom-hash in >want
	records contract want >sorted
	records contract in | LC_ALL=C sort -t : -k 6 | cmp - <(
		LC_ALL=C sort -t : -k 6 sorted)
	assert "$(jq -r .id sorted)" = "$(jq -r .id sorted | LC_ALL=C sort)"
	for seed in 1 2 3 4 5 6 7 8; do
		shuffled in "$seed" >again
		run_tool geom-hash again
		assert "$output" = "$(cat want)" "seed $seed"
	done
}

@test "repetitions change neither hash nor contracts" {
	local seed n
	board 200 >in
	geom-hash in | grep -v chain_end >want
	for seed in 1 2 3 4 5; do
		n=$((200 + seed * 30))
		{
			head -n 1 in
			records contract in | shuf -n $((seed * 30)) \
			    --random-source=<(yes "$seed")
			sed "1d;s/\"contracts\":200/\"contracts\":$n/" in
		} >again
		run_tool geom-hash again
		assert "$(grep -v chain_end <<<"$output")" = "$(cat want)"
		assert "$(jq -c '[.contracts, .duplicates]' \
		    <<<"${lines[-1]}")" = "[200,$((seed * 30))]"
	done
}

@test "contracts that differ in values are merged alike in any order" {
	local seed
	for seed in 1 2 3; do
		make_chain -n 40 -s "$seed" -q $((1749999000000 + seed))
	done | grep '"type":"contract"' >lines
	{
		make_chain -n 40 | head -n 1
		cat lines
		make_chain -n 40 -c 120 | tail -n 1
	} >in
	geom-hash in >want
	assert "$(records contract want | wc -l)" = 40
	assert "$(field geometry_hash want)" = \
	    "$(make_chain -n 40 | geom-hash | jq -r '.geometry_hash // empty')"
	for seed in 1 2 3 4 5 6; do
		shuffled in "$seed" >again
		run_tool geom-hash again
		assert "$output" = "$(cat want)" "seed $seed"
	done
}

@test "one contract more or less is another hash" {
	local k hash seen=
	board 40 >in
	seen=$(geom-hash in | jq -r '.geometry_hash // empty')
	for k in $(seq 2 41); do
		hash=$(sed "${k}d;s/\"contracts\":40/\"contracts\":39/" in |
		    geom-hash | jq -r '.geometry_hash // empty')
		[[ $hash =~ ^[0-9a-f]{64}$ ]]
		assert "$seen" lacks "$hash"
		seen+=" $hash"
	done
}

@test "no zone, no locale, no bare environment changes a byte" {
	local tz locale
	board 50 >in
	geom-hash in >want
	for tz in Asia/Kolkata America/New_York :bad ''; do
		TZ=$tz run_tool geom-hash in
		assert "$output" = "$(cat want)" "TZ=$tz"
	done
	for locale in de_DE.UTF-8 tr_TR.UTF-8 C.UTF-8 nonsense; do
		LC_ALL=$locale LANG=$locale run_tool geom-hash in
		assert "$output" = "$(cat want)" "LC_ALL=$locale"
	done
	env -i "$BUILD/bin/geom-hash" <in | cmp - want
}

@test "real boards hash as the recipe says" {
	local f n=0 symbol
	need_boards
	for f in "$BOARDS"/cboe/*.json.xz; do
		symbol=${f##*/}
		symbol=${symbol%%-*}
		xzcat "$f" |
		    chain-fetch --source cboe --from - "$symbol" >in
		geom-hash in >out
		assert "$(field geometry_hash out)" = "$(recipe in)" "$f"
		assert "$(field contracts out)" = \
		    "$(records chain_end in | jq .contracts)" "$f"
		n=$((n + 1))
	done
	((n > 0))
}

# ------------------------------------------------------- cut and bad streams

@test "a stream cut at any line yields nothing" {
	local k
	board 12 >in
	for k in $(seq 0 13); do
		run_tool 65 bash -c "head -n $k in | geom-hash"
		assert "$output" = "" "after $k lines"
		assert "$stderr" =~ '^geom-hash: .*\(exit 65\)$'
	done
}

@test "a stream cut at any byte yields nothing, or the snapshot before" {
	local k size first
	make_chain -n 3 >a
	make_chain -n 4 -S NDX >b
	cat a b >in
	geom-hash a >want
	size=$(stat -c %s in)
	first=$(stat -c %s a)
	for ((k = 1; k < size; k += 17)); do
		rc=0
		head -c "$k" in | geom-hash >out 2>err || rc=$?
		assert "$rc" = 65 "cut after $k of $size"
		if ((k < first)); then
			[[ ! -s out ]]
		else
			cmp out want
		fi
	done
}

@test "a line over 1 MiB spoils its snapshot only, in flat memory" {
	local limit='ulimit -v 100000'
	[[ $BUILD != */san ]] || limit=: # sanitizers reserve far more
	make_chain -n 4 >good
	geom-hash good >want
	{
		head -n 2 good
		head -c 30000000 /dev/zero | tr '\0' a
		echo
		tail -n +3 good
		cat good
	} >in
	run_tool 65 bash -c "$limit; exec geom-hash in"
	assert "$output" = "$(cat want)"
	assert "$stderr" has "SPX: TOO_LONG: line 3: more than 1048576 bytes"
	# nothing but one endless line
	run_tool 65 bash -c "$limit
	    head -c 100000000 /dev/zero | tr '\\0' a | geom-hash"
	assert "$output" = ""
}

@test "more contracts than a snapshot may have" {
	make_chain -n 2 >small
	{
		head -n 1 small
		sed -n 2p small | awk '{ for (i = 0; i < 200001; i++) print }'
		sed 's/"contracts":2/"contracts":200001/;$!d' small
		cat small
	} >in
	run_tool 65 geom-hash in
	assert "$output" = "$(geom-hash small)"
	assert "$stderr" has "SPX: TOO_MANY: "
}

@test "records of other types pass byte for byte" {
	# whatever is JSON with a type and a ts: blanks, escapes, digits
	jq -nr 'range(0; 400) | "{ \"ts\":\(.),\t\"type\" :\"kind_\(. % 7)\"," +
	    "\"x\":\(.).\(.)0e-3,\"y\":\"\\u00\(. % 90 + 10) é ☃\" } "' >others
	run_tool 65 geom-hash others # no snapshot in it
	assert "$output" = "$(cat others)"
	run_tool geom-hash --allow-none others
	assert "$output" = "$(cat others)"
	run_tool geom-hash --allow-none /dev/null
	make_chain -n 6 >chain
	run_tool 65 geom-hash --allow-none < <(head -n 3 chain)
	{
		head -n 3 chain
		cat others
		tail -n +4 chain
	} >in
	run_tool geom-hash in
	assert "$output" = "$(cat others <(geom-hash chain))"
}

# ------------------------------------------------- pipes, files, the process

@test "output that cannot be written is an error" {
	board 100 >in
	run_tool 74 bash -c 'geom-hash in >/dev/full'
	assert "$stderr" =~ 'WRITE: .*\(exit 74\)$'
	run_tool 74 bash -c 'geom-hash in >&-'
	run_tool 74 bash -c 'geom-hash --diff in in >/dev/full'
}

@test "a reader that leaves ends it silently by SIGPIPE" {
	board 2000 >in
	run_tool bash -c 'geom-hash in | head -n 1 >/dev/null
	    echo "${PIPESTATUS[0]}"'
	assert "$output" = 141
	assert "$stderr" = ""
	run_tool bash -c 'trap "" PIPE; geom-hash in | head -n 1 >/dev/null
	    echo "${PIPESTATUS[0]}"'
	assert "$output" = 141
}

@test "closed descriptors do no harm" {
	make_chain >in
	run_tool bash -c 'geom-hash in <&- 2>&-'
	assert "$output" = "$(geom-hash in)"
	run_tool 65 bash -c 'geom-hash <&-'
	assert "$stderr" has "EMPTY: "
}

@test "an input that cannot be read is 66, the others are served" {
	make_chain >in
	run_tool 66 geom-hash missing in
	assert "$output" = "$(geom-hash in)"
	assert "$stderr" has "missing: OPEN: "
	run_tool 66 geom-hash . in
	assert "$output" = "$(geom-hash in)"
}

@test "what is there goes out before it waits for more" {
	local pid
	make_chain -n 5 >in
	geom-hash in >want
	mkfifo pipe
	timeout 200 geom-hash >out 2>err <pipe 3>&- 4>&- &
	pid=$!
	exec 9>pipe
	cat in >&9
	eventually cmp out want
	echo '{"type":"note","ts":1}' >&9
	echo '{"type":"note","ts":1}' >>want
	eventually cmp out want
	exec 9>&-
	wait "$pid"
}

@test "TERM while waiting: at once, no torn line" {
	local pid rc
	make_chain -n 5 >in
	geom-hash in >want
	mkfifo pipe
	for lines in 7 4; do # all of it; or cut inside
		geom-hash >out 2>err <pipe 3>&- 4>&- &
		pid=$!
		exec 9>pipe
		{
			cat in
			head -n "$lines" in | tail -n +8
			((lines == 7)) || head -n "$lines" in
			printf '{"type":"no'
		} >&9
		eventually cmp out want
		eventually has_read_all "$pid" pipe
		kill -TERM "$pid"
		rc=0
		wait "$pid" || rc=$?
		exec 9>&-
		cmp out want
		if ((lines == 7)); then
			assert "$rc" = 0
			assert "$(cat err)" = ""
		else
			assert "$rc" = 65
			assert "$(cat err)" has "INCOMPLETE: stopped without"
		fi
	done
}

@test "EINTR everywhere changes nothing" {
	command -v strace >/dev/null || skip "no strace"
	board 400 >in
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	: >out
	ASAN_OPTIONS=detect_leaks=0 run_tool strace -o /dev/null \
	    -P "$PWD/in" -P "$PWD/out" \
	    -e inject=read,write:error=EINTR:when=1+2 \
	    bash -c 'exec geom-hash in >out'
	geom-hash in | cmp - out
}

@test "short writes change nothing" {
	[[ -f $FAULT_SO ]] || skip "no fault shim"
	board 100 >in
	FAULT_FDS=all FAULT_SHORT=7 LD_PRELOAD=$FAULT_SO geom-hash in >out
	geom-hash in | cmp - out
}

@test "a failing write at any point is never status 0" {
	local n rc=1
	[[ -f $FAULT_SO ]] || skip "no fault shim"
	board 700 >in # some 250 KB: several writes
	geom-hash in >want
	for ((n = 1; n < 50 && rc != 0; n++)); do
		rc=0
		FAULT_FDS=all FAULT_ERR_AT=$n FAULT_ERRNO=28 \
		    LD_PRELOAD=$FAULT_SO geom-hash in >out 2>err || rc=$?
		((rc == 0 || rc == 74))
	done
	((n > 4))
	cmp out want
}

# --------------------------------------------------------------------- diff

@test "--diff agrees with comm, on either form of a saved chain" {
	make_chain -n 60 -k 5000 >a
	make_chain -n 70 -k 5020 >b
	geom-hash a >ga
	shuffled b 3 | geom-hash >gb
	run_tool geom-hash --diff a b
	assert "$(grep '^+' <<<"$output" | cut -c 3- | LC_ALL=C sort)" = \
	    "$(LC_ALL=C comm -13 <(records contract a | jq -r .id |
	        LC_ALL=C sort) <(records contract b | jq -r .id |
	        LC_ALL=C sort))"
	assert "$(grep '^-' <<<"$output" | cut -c 3- | LC_ALL=C sort)" = \
	    "$(LC_ALL=C comm -23 <(records contract a | jq -r .id |
	        LC_ALL=C sort) <(records contract b | jq -r .id |
	        LC_ALL=C sort))"
	printf '%s\n' "$output" >want
	run_tool geom-hash --diff ga gb
	assert "$output" = "$(cat want)"
	run_tool geom-hash --diff ga b
	assert "$output" = "$(cat want)"
	run_tool geom-hash --diff a ga
	assert "$output" = "total: 0 entered, 0 left"
}

# --------------------------------------------------------------------- cost

# Instructions do not depend on the machine's mood: a gate, not a benchmark.
@test "instructions a contract" {
	local small big each
	command -v valgrind >/dev/null || skip "no valgrind"
	[[ $BUILD != */san ]] || skip "sanitizers count differently"
	count() {
		valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		    geom-hash "$1" 2>&1 >/dev/null |
		    sed -n 's/.*Collected : //p'
	}
	board 1000 >small.in
	board 4000 >big.in
	small=$(count small.in)
	big=$(count big.in)
	each=$(((big - small) / 3000))
	echo "# $each instructions a contract" >&3
	((each > 500 && each < 5000)) # measured: 4200 of these lines
}
