#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# chain-fetch: a board by several walks at once is the same board, and fails
# the same way.

load fetch

@test "any number of walks gives the same contracts, and so does any frozen day" {
	clean
	local n now
	for n in 2 4 8 32; do
		for now in 1794511000000 1700000000000 1900000000000; do
			EPOCH_NOW_MS=$now run_tool massive --parallel $n SPX
			assert "$(records contract <<<"$output")" = "$(records contract <clean)" "$n walks"
			assert "$(tail -n 1 <<<"$output" | jq -c '[.contracts, .rejected, .duplicates]')" = \
			    "$(tail -n 1 clean | jq -c '[.contracts, .rejected, .duplicates]')"
		done
	done
	# the first range is open at its start, the last one at its end
	assert "$(standin_log -s '[.[] | .args | select(has("limit")) |
	    select(has("expiration_date.gte") | not)] | length > 0')" = true
	assert "$(standin_log -s '[.[] | .args | select(has("limit")) |
	    select(has("expiration_date.lt") | not)] | length > 0')" = true
}

# What a fault does to one walk it does to any number: CODE EXIT FAULT.
many_walks() {
	cat <<-END
		HTTP_500 69 status 500
		HTTP_502 69 html 502
		HTTP_429 75 status 429 retry-after 99999
		HTTP_401 77 status 401
		HTTP_403 77 status 403
		HTTP_404 65 status 404
		HTTP_302 69 redirect 302 $OTHER_URL%P
		CUT 69 framing length cut 50%
		CUT 69 framing chunked cut 50%
		CUT 69 gzip off framing close cut 50%
		CUT 69 gzip force clip 50%
		CUT 69 rst
		CUT 69 empty-reply
		CUT 69 empty-body
		TIMEOUT 69 stall 50%
		TIMEOUT 69 hang
		BAD_PAGE 65 drop page results
		NEXT_URL 76 next foreign
		NEXT_URL 76 next url $OTHER_URL%P
		NEXT_URL 76 next key
		PAGE_LOOP 76 next self
		TOO_MANY_BAD 65 set rows details.ticker null
		TOO_LONG 65 bomb 65
	END
}

@test "H1 to H15, by four walks and by eight: the same ends, and one record" {
	clean
	local n code rc fault known
	standin_start -n OTHER --board "$BOARD"
	for n in 4 8; do
		known=
		while read -r code rc fault; do
			# one of each by eight
			[[ $n == 4 || $known != *" $code "* ]] || continue
			known+=" $code "
			WALKS=$n FAST=50 DEADLINE=600 assert_fails "on request 3- always $fault" "$code" "$rc" </dev/null
			assert "$output$stderr" lacks "$KEY"
			assert "$(standin_log -s '[.[].key_in[]] | unique | tostring')" = '["authorization"]'
		done < <(many_walks)
	done
	assert "$(wc -l <"$OTHER_LOG")" = 0 "nothing is asked of another"
}

@test "H1 to H7, by four walks and by eight: once is no harm" {
	clean
	local n k code rc fault
	OTHER_URL=http://127.0.0.1:1
	for n in 4 8; do
		k=$((n == 4 ? 4 : 1))
		while read -r code rc fault; do
			case $code in HTTP_500 | HTTP_502 | CUT | TIMEOUT | BAD_PAGE) ;; *) continue ;; esac
			vendor "on request $k $fault"
			fast 50 run_tool massive --parallel $n SPX </dev/null
			assert_board "request $k of $n walks: $fault"
		done < <(many_walks)
	done
}

# ---------------------------------------------------------- walks side by side

@test "contracts of a walk that was given up must come again, or 65" {
	local script
	# every range is empty; one is, and stays so; a page of many rows is
	for script in 'on request 2- drop page results' \
	    'on request 2- drop page results next absent' \
	    'on request 2- overlap 20 set page results []'; do
		vendor "$script"
		run_tool 65 massive --parallel 4 SPX
		assert "$(jq -r .type <<<"$output")" = chain_abort "$script"
	done
	vendor 'on request 2- set page results [] next absent'
	run_tool 65 massive --parallel 4 SPX
	assert_abort INCOMPLETE 65 '250 of 250 contracts did not come again'
}

@test "a range that is empty is asked for once more" {
	clean
	local n
	for n in 2 3 4 7; do
		vendor "on request $n set page results [] next absent"
		run_tool massive --parallel 4 SPX
		assert "$(records contract <<<"$output")" = "$(records contract <clean)" "request $n"
	done
}

@test "a contract that vanishes between two walks is let go, and not kept" {
	clean
	local n gone
	gone=$(records contract <clean | jq -r .id | head -n 1)
	for n in 2 3; do
		# at most 1 % of the 250 of the first page may go
		jq -c --argjson n "$n" '.data.options |= (sort_by(.option) | .[$n:])' \
		    "$BOARD" >less
		vendor 'on request 2- board 2' --board less
		if ((n == 2)); then
			run_tool massive --parallel 4 SPX
			assert "$output" lacks "$gone"
		else
			run_tool 65 massive --parallel 4 SPX
			assert_abort INCOMPLETE 65 '3 of 250'
		fi
	done
}

@test "contracts that are asked for twice count once against the limit" {
	clean
	local n
	n=$(tail -n 1 clean | jq .contracts)
	for walks in 1 4 16; do
		run_tool massive --parallel $walks --max-contracts "$n" SPX
		assert "$(tail -n 1 <<<"$output" | jq .contracts)" = "$n"
		run_tool 65 massive --parallel $walks --max-contracts $((n - 1)) SPX
		assert_abort TOO_MANY 65
	done
	# so do those that the vendor repeats
	vendor 'on page 2- overlap 20'
	WARN=ok run_tool massive --parallel 1 --max-contracts "$n" SPX
	assert "$(tail -n 1 <<<"$output" | jq .contracts)" = "$n"
}

@test "--days over New York's midnight: what is asked for is what is kept" {
	clean
	local n before after last
	# 2026-11-18T23:59:59 there, and two seconds later
	before=1795064399
	after=$((before + 2))
	last=$(TZ=America/New_York date -d "@$((after + 86400))" +%F)
	assert "$last" = 2026-11-20
	for n in 1 4; do
		vendor ''
		EPOCH_NOW_MS='' MIDNIGHT_BEFORE=$before MIDNIGHT_AFTER=$after \
		    LD_PRELOAD=$BUILD/shim/midnight.so \
		    run_tool massive --parallel $n --days 1 SPX
		assert "$(head -n 1 <<<"$output" | jq .ts)" = "${after}000"
		assert "$(records contract <<<"$output")" = "$(records contract <clean |
		    jq -c -R --arg last "$last" 'select(fromjson | .expiration <= $last)' | jq -r .)" "$n walks"
		assert "$(standin_log -s '[.[].args["expiration_date.lt"] | values] | max')" = 2026-11-21
	done
}
