#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# chain-fetch, its network half, against the stand-in vendor.

load fetch

# ------------------------------------------------------------------ the walk

@test "a board, page by page: what the document says, in Massive's form" {
	clean
	assert "$(head -n 1 clean)" = '{"type":"chain_begin","ts":1794511000000,"symbol":"SPX","source":"massive","reason":"scheduled"}'
	# the stand-in makes its rows from the document: same ids, same digits
	run_tool cboe SPX
	local field='.id, .bid, .ask, .bid_size, .ask_size, .iv, .delta, .gamma, .theta, .vega, .oi, .volume'
	assert "$(records contract <clean | jq -c "[$field]")" = \
	    "$(records contract <<<"$output" | jq -c "[$field]")"
	assert "$(jq -c .spot <(tail -n 1 clean))" = "$(jq -c .spot <(tail -n 1 <<<"$output"))"
	# it asked for what it should, over one connection, with the header only
	assert "$(standin_log -s '.[0] | "\(.path) \(.args.limit) \(.args.sort) \(.auth)"')" = \
	    "/v3/snapshot/options/I:SPX 250 ticker bearer"
}

@test "a board of one page takes one request" {
	jq -c '.data.options |= .[0:250]' "$BOARD" >small
	standin_start --board small
	VENDOR=$STANDIN_URL run_tool massive --parallel 8 SPX
	assert "$(requests)" = 1
	assert "$(tail -n 1 <<<"$output" | jq -c '[.contracts, .pages]')" = '[250,1]'
}

@test "filters are sent to the vendor, and rows are checked again" {
	clean
	local n
	for n in 1 4; do
		vendor 'on all foreign 3'
		WARN=ok run_tool massive --parallel $n --expirations 2026-11-20: \
		    --strikes 5000:5400 SPX
		assert "$(head -n 1 <<<"$output" | jq -r .filter)" = "exp=2026-11-20..;strike=5000..5400"
		assert "$(records contract <<<"$output")" = "$(records contract <clean | jq -c -R '
		    select(fromjson | .expiration >= "2026-11-20" and
		    .strike >= 5000 and .strike <= 5400)' | jq -r .)" "$n walks"
		assert "$(standin_log -s '.[0].args | "\(.["expiration_date.gte"]) \(.["strike_price.gte"]) \(.["strike_price.lte"])"')" = \
		    "2026-11-20 5000 5400"
	done
	WARN=ok run_tool massive --days 20 SPX
	assert "$(records contract <<<"$output" | jq -r .expiration | sort -u | tail -n 1)" = \
	    "$(records contract <clean | jq -r '.expiration | select(. <= "2026-12-02")' | sort -u | tail -n 1)"
}

@test "CBOE: one document, one request, no key" {
	vendor ''
	run_tool cboe SPX
	printf '%s\n' "$output" >net
	run_tool chain-fetch --source cboe --from "$BOARD" SPX
	assert "$output" = "$(cat net)"
	assert "$(standin_log '"\(.path) \(.headers | index("authorization"))"')" = \
	    "/api/global/delayed_quotes/options/_SPX.json null"
}

@test "without --source: massive when there is a key, else cboe, and it says so" {
	vendor ''
	WARN=ok run_tool chain-fetch --base-url "$VENDOR" SPX
	assert "$stderr" = "chain-fetch: -: SOURCE: massive, since there is a key"
	run_tool chain-fetch -q --base-url "$VENDOR" SPX
	assert "$stderr" = ""
	unset MASSIVE_API_KEY
	WARN=ok run_tool chain-fetch --base-url "$VENDOR/api/global/delayed_quotes/options/" SPX
	assert "$stderr" = "chain-fetch: -: SOURCE: cboe, since there is no key"
	assert "$(head -n 1 <<<"$output" | jq -r .source)" = cboe
	run_tool 77 chain-fetch --source massive --base-url "$VENDOR" SPX SPY
	assert "$(jq -r '"\(.symbol) \(.error)"' <<<"$output" | xargs)" = "SPX NO_KEY SPY NO_KEY"
}

@test "several symbols, and one that there is not" {
	vendor ''
	run_tool 65 massive NDX SPX
	assert "$(jq -r 'select(.type != "contract") | "\(.type) \(.symbol)"' <<<"$output" | xargs)" = \
	    "chain_abort NDX chain_begin SPX chain_end SPX"
}

@test "nothing is written to stderr but what failed; -v tells each page" {
	clean
	WARN=ok run_tool massive -v SPX
	assert "$(grep -c ': PAGE: ' <<<"$stderr")" = "$(tail -n 1 <<<"$output" | jq .pages)"
}

# --------------------------------------------------------------- the archive

@test "--raw: pages beside the snapshot; --from gives back identical lines" {
	local n
	vendor ''
	for n in 1 4; do
		unset EPOCH_NOW_MS
		run_tool massive --raw --parallel $n --reason gap --days 300 SPX
		export EPOCH_NOW_MS=1794511000000
		printf '%s\n' "$output" >all
		grep '^{"type":"chain_page"' all >pages
		grep -v '^{"type":"chain_page"' all >snapshot
		run_tool chain-fetch --from pages SPX
		assert "$output" = "$(cat snapshot)"
		run_tool chain-fetch --from all SPX
		assert "$output" = "$(cat snapshot)"
		assert "$(jq -r 'select(.last) | .page' pages)" = "$(tail -n 1 snapshot | jq .pages)"
	done
	# the body is what was sent
	run_tool cboe --raw SPX
	printf '%s\n' "$output" >all
	assert "$(grep '"chain_page"' all | jq -j .body | sha256sum)" = "$(sha256sum <"$BOARD")"
	run_tool chain-fetch --from all SPX
	assert "$output" = "$(grep -v '"chain_page"' all)"
}

@test "an archive that lacks a line, or its end, gives no snapshot" {
	vendor ''
	massive --raw --parallel 1 SPX | grep '"chain_page"' >pages
	local line
	for line in $(seq "$(wc -l <pages)"); do
		sed "${line}d" pages >less
		run_tool 65 chain-fetch --from less SPX
		assert "$(jq -r .type <<<"$output" | sort -u)" = chain_abort
	done
	head -c -100 pages >torn
	run_tool 65 chain-fetch --from torn SPX
	assert "$(jq -r .error <<<"$output")" = CUT
	# two archives behind each other are two snapshots
	cat pages pages >twice
	run_tool chain-fetch --from twice SPX
	assert "$(grep -c '"chain_end"' <<<"$output")" = 2
	# what it was filtered by stays with it
	massive --raw --days 30 SPX | grep '"chain_page"' >window
	run_tool chain-fetch --from window SPX
	assert "$(head -n 1 <<<"$output" | jq -r .filter)" = days=30
	run_tool 65 chain-fetch --days 10 --from window SPX
	assert "$(jq -r .error <<<"$output")" = FILTER_MISMATCH
	# and nobody else's
	run_tool 65 chain-fetch --from pages SPY
	assert "$(jq -r .error <<<"$output")" = NO_DOCUMENT
}

@test "a page that is not ASCII is archived byte for byte" {
	vendor $'on page 2 set page note \'"\xc3\xa9"\''
	massive --raw --parallel 1 SPX >all
	assert "$(jq -r 'select(.base64) | .page' all | sort -u)" = 2
	run_tool chain-fetch --from all SPX
	assert "$output" = "$(grep -v '"chain_page"' all)"
}

@test "saved pages behind each other are a chain; one too few and it is cut" {
	clean
	massive --raw --parallel 1 SPX | jq -j 'select(.type == "chain_page") | .body' >pages
	run_tool chain-fetch --from pages SPX
	assert "$(records contract <<<"$output")" = "$(records contract <clean)"
	# their time is the newest of their rows
	assert "$(head -n 1 <<<"$output" | jq .ts)" = \
	    "$(records contract <clean | jq '.quote_ts, .trade_ts' | sort -n | tail -n 1)"
	cat pages pages | chain-fetch --from - SPX >two
	assert "$(grep -c '"chain_end"' two)" = 2
	jq -c 'select(.next_url)' pages >cut
	run_tool 65 chain-fetch --from cut SPX
	assert_abort CUT 65
	head -c -10 pages >cut
	run_tool 65 chain-fetch --from cut SPX
	assert_abort CUT 65
	run_tool 65 chain-fetch --from pages NDX
	assert "$(jq -r .error <<<"$output")" = SYMBOL_MISMATCH
}

@test "real samples of pages" {
	need_boards
	[[ -d $BOARDS/massive ]] || skip "no samples of pages"
	local dir=$BOARDS/massive f n=0
	for f in "$dir"/chain_snapshot_*.json; do
		run_tool 65 chain-fetch --from "$f" SPY
		assert "$(jq -r .error <<<"$output")" = CUT
		jq 'del(.next_url)' "$f" >whole
		run_tool chain-fetch --from whole SPY
		assert "$(records contract <<<"$output" | jq -c '[.id, .iv, .oi, .volume, .multiplier, .delta]' | sort)" = \
		    "$(jq -c '.results[] | [.details.ticker, .implied_volatility, .open_interest, .day.volume, .details.shares_per_contract, .greeks.delta]' "$f" | sort)"
		n=$((n + 1))
	done
	[[ $n -gt 0 ]]
	run_tool chain-fetch --from "$dir/vendor_mock_chain_snapshot_AAPL.json" AAPL
	assert "$(records contract <<<"$output" | jq -c '[.id, .bid, .quote_ts, .last, .last_size, .trade_ts]')" = \
	    '["O:AAPL230616C00150000",28.9,1651254260800,29.25,1,1678718527714]'
	assert "$(tail -n 1 <<<"$output" | jq -c '[.spot, .spot_ts]')" = '[159.9606,1651254263172]'
	run_tool 65 chain-fetch --source massive --from "$dir/chainfeed_SPX_2025-10-17_2rows.json" SPX
	run_tool 65 chain-fetch --from "$dir/vendor_mock_contract_snapshot_AAPL.json" AAPL
}

# -------------------------------------------------------------------- faults

@test "H1: 500 on a page: once is retried, always is 69; downstream nothing" {
	clean
	local n
	assert_same 'on page 3 once status 500'
	assert_same 'on page 3 once html 502'
	assert_same 'on page 1 once status 499'
	FAST=20 assert_fails 'on page 3 always status 500' HTTP_500 69 'page 3: after 4 tries'
	promoted
	for n in 1 4 8; do
		vendor 'on request 3- always status 500'
		fast 20 assert_untouched 69 --parallel $n
	done
	# a whole one goes on from there
	vendor ''
	EPOCH_NOW_MS=$((EPOCH_NOW_MS + 60000)) run sh -c \
	    'massive SPX | geom-hash | epoch-promote'
	assert "$status" = 0
	run ! diff -q before <(state_dump)
	redis_stop
}

@test "H2: 429 in mid-walk: the same snapshot; for ever: 75" {
	clean
	assert_same 'on page 2 once status 429 retry-after 0'
	assert_same 'on page 2 once status 429'
	# until one answer is there in time
	DEADLINE=0.3 assert_fails 'always status 429' HTTP_429 75 ||
		DEADLINE=3 assert_fails 'always status 429' HTTP_429 75 ||
		DEADLINE=30 assert_fails 'always status 429' HTTP_429 75
	promoted
	vendor 'on page 3 always status 429 retry-after 99999'
	assert_untouched 75 --parallel 1
	redis_stop
}

@test "H3: 401, 403: 77 at once, with the vendor's word" {
	assert_fails 'status 401' HTTP_401 77 'Unknown API Key'
	assert "$(requests)" = 1
	assert_fails 'on page 2 status 403' HTTP_403 77 'not entitled'
	assert "$(requests)" = 2
	local status
	for status in '404 65' '400 65' '418 69'; do
		assert_fails "status ${status% *}" "HTTP_${status% *}" "${status#* }"
		assert "$(requests)" = 1 "$status"
	done
	# CBOE asks for no key: it cannot be the key
	vendor 'status 403'
	run_tool 69 cboe SPX
	assert_abort HTTP_403 69
	assert "$(requests)" = 1
}

@test "H4: cut by length, by chunk, reset, an empty reply: retried, then 69" {
	clean
	local fault
	for fault in 'framing length cut 50%' 'framing chunked cut 50%' \
	    'rst' 'rst 5000' 'empty-reply' 'empty-body'; do
		assert_same "on page 2 once $fault"
		assert "$(requests)" = $(($(tail -n 1 clean | jq .pages) + 1)) "$fault"
		FAST=20 assert_fails "on page 2 always $fault" CUT 69 'page 2: after 4 tries'
		# on a connection that was used before, libcurl asks once more
		[[ $(requests) -ge 5 && $(requests) -le 9 ]] || fail "$fault"
		vendor "on request 1 $fault"
		run_tool cboe SPX
		assert "$(requests)" = 2 "cboe: $fault"
		assert "$(records contract <<<"$output" | wc -l)" = "$(tail -n 1 clean | jq .contracts)"
	done
}

@test "H5: cuts that curl calls complete: retried, then 69" {
	clean
	local fault
	for fault in 'gzip off framing close cut 50%' 'gzip off framing close cut 99%' \
	    'gzip off clip 50%' 'gzip force clip 50%' 'gzip force framing close cut 60%'; do
		assert_same "on page 2 once $fault"
		assert "$(requests)" = $(($(tail -n 1 clean | jq .pages) + 1)) "$fault"
		FAST=20 assert_fails "on page 2 always $fault" CUT 69 'page 2: after 4 tries'
	done
	FAST=20 assert_fails 'on page 2 always gzip off clip 50%' CUT 69 'ends inside its JSON'
	# a 200 that is HTML
	echo '<html>maintenance</html>' >html
	assert_same "on page 2 once body $PWD/html"
	assert_fails "on page 2 body $PWD/html" BAD_JSON 65
}

@test "H6: a bomb, an endless body, endless pages, too many contracts: 65" {
	local script rss
	local -a limit=(prlimit --as=600000000 --)
	# a sanitizer wants more address space than there is memory
	[[ $BUILD != */san ]] || limit=(env)
	for script in 'bomb 65' 'endless gzip off'; do
		vendor "$script"
		run_tool 65 "${limit[@]}" massive SPX
		assert_abort TOO_LONG 65 67108864
		assert "$(requests)" = 1
	done
	# what was held at most is known as long as it lives
	local pid
	for script in 'bomb 1000' 'endless gzip off'; do
		vendor "$script"
		rm -f out
		massive --parallel 1 --every 3600 SPX >out 2>err 3>&- 4>&- &
		pid=$!
		eventually grep -q TOO_LONG out
		rss=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status")
		kill -TERM "$pid"
		wait "$pid" || :
		[[ $BUILD == */san || $rss -lt 262144 ]] || fail "$script: $rss kB"
		[[ $rss -gt 1000 ]]
	done
	vendor ''
	run_tool 65 massive --max-page-bytes 10000 SPX
	assert_abort TOO_LONG 65
	vendor 'next fresh'
	run_tool 65 massive --parallel 1 --max-pages 20 SPX
	assert_abort TOO_MANY_PAGES 65
	run_tool 65 massive --max-contracts 300 SPX
	assert_abort TOO_MANY 65
}

@test "H7: a hanging vendor, a dripping one: 69 by the deadline" {
	DEADLINE=0.2
	assert_fails 'on page 2 hang' DEADLINE 69
	assert_fails 'on page 2 stall 50%' DEADLINE 69
	assert_fails 'on page 2 drip 1 30' DEADLINE 69
	assert_fails 'latency 90' DEADLINE 69
	vendor 'hang'
	run_tool 69 cboe --deadline 0.2 SPX
	assert_abort DEADLINE 69
}

# certificate NAME SUBJECT-ALT-NAME [DAYS]: it is its own authority, valid for
# two days, from so many days from now on.
certificate() {
	FAULT_REALTIME_OFF=$((${3:-0} * 86400)) LD_PRELOAD=$BUILD/shim/clock.so \
	    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 2 \
	    -addext "subjectAltName=$2" 2>/dev/null
}

# tls NAME [OPTION...]: a vendor with that certificate, at the address it has.
tls() {
	local name=$1
	shift
	vendor '' --tls-cert "$name.pem" --tls-key "$name.key" "$@"
	VENDOR=https://${VENDOR#http://}
}

# Both vendors' requests fail with TLS and a text; nothing was asked.
assert_no_tls() {
	local source before
	before=$(requests)
	for source in massive cboe; do
		run_tool 69 $source "${@:2}" SPX || return 1
		assert_abort TLS 69 "$1" || return 1
		assert "$output" lacks tries || return 1
	done
	assert "$(requests)" = "$before" "no key was sent"
}

@test "H8: TLS: a trusted certificate works; untrusted, wrong name, expired: 69" {
	clean
	certificate good IP:127.0.0.1
	certificate wrong DNS:elsewhere.invalid
	certificate old IP:127.0.0.1 -3
	certificate early IP:127.0.0.1 3
	tls good
	run_tool massive --cacert good.pem SPX
	assert_board "over TLS"
	[[ $(requests) -gt 4 ]]
	assert_no_tls 'self-signed certificate'
	assert_no_tls 'self-signed certificate' --cacert wrong.pem
	run_tool 78 massive --cacert nowhere SPX
	assert_abort CACERT 78
	: >empty
	assert_no_tls '' --cacert empty
	tls wrong
	assert_no_tls "no alternative certificate subject name matches" --cacert wrong.pem
	tls old
	assert_no_tls 'certificate has expired' --cacert old.pem
	tls early
	assert_no_tls 'certificate is not yet valid' --cacert early.pem
	# no TLS at all behind https
	vendor ''
	VENDOR=https://127.0.0.1:$STANDIN_PORT
	assert_no_tls ''
}

@test "H8: an authority's certificates; nothing in the environment adds any" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout ca.key -out ca.pem -subj /CN=authority -days 2 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout leaf.key -out leaf.csr -subj /CN=leaf 2>/dev/null
	openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 2 \
	    -CAcreateserial -extfile <(echo subjectAltName=IP:127.0.0.1) \
	    -out leaf.pem 2>/dev/null
	tls leaf
	run_tool massive --cacert ca.pem SPX
	assert_no_tls 'unable to get local issuer certificate'
	CURL_CA_BUNDLE=$PWD/ca.pem assert_no_tls ''
}

@test "H8: a server of TLS 1.0 or 1.1 only: 69, whatever this machine's OpenSSL allows" {
	local version pid port
	certificate good IP:127.0.0.1
	printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' \
	    'system_default = c' '[c]' 'MinProtocol = TLSv1' \
	    'CipherString = ALL:@SECLEVEL=0' >lax
	export VENDOR OPENSSL_CONF=$PWD/lax
	for version in tls1 tls1_1 tls1_2; do
		timeout 200 openssl s_server -accept 127.0.0.1:0 -$version -cert good.pem \
		    -key good.key -HTTP >served.$version 2>&1 3>&- 4>&- </dev/null &
		pid=$!
		eventually grep -qE "^ACCEPT .*:[0-9]+$" served.$version
		port=$(sed -n "s/^ACCEPT .*://p" served.$version)
		# who is content with less gets through
		curl -s --max-time 60 --tlsv1.0 --cacert good.pem \
		    "https://127.0.0.1:$port/" -o /dev/null
		VENDOR=https://127.0.0.1:$port
		run --separate-stderr massive --cacert good.pem SPX
		kill "$pid"
		wait "$pid" || :
		if [[ $version == tls1_2 ]]; then
			# it serves no pages, but it was asked
			assert_abort BAD_JSON 65
		else
			assert_abort TLS 69 'protocol version'
		fi
	done
}

@test "H8: plain http only to a loopback address; no user in a base URL" {
	local url
	for url in http://api.massive.com http://localhost:1 http://127.0.0.1.example \
	    http://10.0.0.1 ftp://127.0.0.1 file:///etc/passwd https://u@127.0.0.1 \
	    'https://u:p@127.0.0.1' nonsense://x 'http://127.0.0.1@evil.invalid'; do
		VENDOR=$url run_tool 78 massive SPX
		assert "$(jq -r .error <<<"$output")" = BASE_URL "$url"
	done
}

@test "H9: redirects are not followed: 69, nothing is sent there" {
	standin_start -n OTHER --board "$BOARD"
	local to
	for to in "$OTHER_URL%P" "file:///etc/passwd" "http://127.0.0.1%P"; do
		assert_fails "redirect 302 $to" HTTP_302 69 'not followed'
		assert "$(requests)" = 1
	done
	assert_fails "on page 2 redirect 307 $OTHER_URL%P" HTTP_307 69
	assert "$(wc -l <"$OTHER_LOG")" = 0
}

@test "H10: next_url that leaves the origin, or is none: 76" {
	standin_start -n OTHER --board "$BOARD"
	local next
	for next in foreign port slashes userinfo scheme double-port crlf number \
	    empty "url $OTHER_URL%P" 'url http://127.0.0.1%P' 'url //evil.invalid/x' \
	    "url 'http://127.0.0.1:1@evil.invalid%P'"; do
		assert_fails "on page 2 next $next" NEXT_URL 76
		assert "$(requests)" = 2 "$next"
	done
	assert "$(wc -l <"$OTHER_LOG")" = 0
}

@test "H10: loops of next_url: 76; relative ones are followed, null ends" {
	clean
	assert_fails 'on page 2 next self' PAGE_LOOP 76 'page repeated'
	assert_fails 'on page 3 next back' PAGE_LOOP 76
	assert_same 'on page 2 next relative'
	assert_same 'on page 6- next null'
	vendor 'next key'
	run_tool 76 massive --parallel 1 SPX
	assert_abort NEXT_URL 76 'carries the key'
	assert "$stderr$output" lacks "$KEY"
}

@test "H11: pages and rows that come twice are folded, and counted" {
	clean
	local script
	for script in 'on page 3 overlap 20' 'on page 2- overlap 250'; do
		vendor "$script"
		WARN=ok run_tool massive --parallel 1 SPX
		assert "$(records contract <<<"$output")" = "$(records contract <clean)"
		assert "$(tail -n 1 <<<"$output" | jq '.duplicates > 0')" = true
		assert "$stderr" has DISCARDED
	done
	local n
	for n in 4 8; do
		vendor 'on request 2- overlap 20'
		WARN=ok run_tool massive --parallel $n SPX
		assert "$(records contract <<<"$output")" = "$(records contract <clean)" "$n walks"
		assert "$(tail -n 1 <<<"$output" | jq '.duplicates > 0')" = true
	done
}

@test "H12: an empty chain: 65" {
	local n
	clean
	vendor '' --unknown empty
	for n in 1 4; do
		run_tool 65 massive --parallel $n NDX
		assert "$(jq -r '"\(.type) \(.symbol) \(.error)"' <<<"$output")" = \
		    "chain_abort NDX EMPTY"
	done
	promoted
	vendor 'set page results [] next absent'
	assert_untouched 65
	redis_stop
	assert_fails 'on page 1 drop page results next absent' EMPTY 65
	assert_fails 'on page 1 set page results null next absent' EMPTY 65
}

@test "H15, H16, H17: bad rows are dropped and counted; over 1 % is 65" {
	clean
	local bad n
	n=$(tail -n 1 clean | jq .contracts)
	while read -r bad; do
		vendor "on page 1 set 5 $bad"
		WARN=ok run_tool massive --parallel 1 SPX
		assert "$(tail -n 1 <<<"$output" | jq -c '[.contracts, .rejected]')" = "[$((n - 1)),1]" "$bad"
		assert "$stderr" has "1 of $n rows rejected"
	done <<-'END'
		details.ticker '"O:SPX261120C0000"'
		details.ticker null
		details null
		underlying_asset.ticker '"I:NDX"'
		details.strike_price 0
		details.strike_price -5
		details.strike_price 1e308
		details.strike_price 2.0005
		details.strike_price 17
		details.expiration_date '"2026-02-30"'
		details.expiration_date '"1969-01-01"'
		details.contract_type '"other"'
		last_quote {"bid":1,"bid":2}
	END
	while read -r bad; do
		vendor "on page 1 set 5 $bad"
		WARN=ok run_tool massive --parallel 1 SPX
		assert "$(tail -n 1 <<<"$output" | jq -c '[.contracts, .rejected, .bad_values]')" = "[$n,0,1]" "$bad"
	done <<-'END'
		details.strike_price '"6800"'
		details.strike_price true
		last_quote.bid -1
		last_quote.bid '"1"'
		last_quote 7
		last_quote.last_updated 17
		greeks.delta true
	END
	assert_fails 'on page 1 set rows details.ticker null' TOO_MANY_BAD 65
}

@test "missing, empty and null objects are absent values, silently" {
	local what gone
	clean
	while IFS="|" read -r what gone; do
		vendor "$what"
		run_tool massive --parallel 1 SPX </dev/null
		# that is gone, and nothing else; ts is the newest time there is
		assert "$(records contract <<<"$output" | jq -c 'del(.ts)')" = \
		    "$(records contract <clean | jq -c "del(.ts, $gone)")" "$what"
	done <<-'END'
		set rows last_quote null|.bid, .ask, .bid_size, .ask_size, .quote_ts
		drop rows last_quote|.bid, .ask, .bid_size, .ask_size, .quote_ts
		set rows last_quote {}|.bid, .ask, .bid_size, .ask_size, .quote_ts
		drop rows last_trade|.last, .last_size, .trade_ts
		set rows greeks {}|.delta, .gamma, .theta, .vega
		drop rows implied_volatility|.iv
		drop rows day|.volume
		set rows underlying_asset {}|.none
		drop rows underlying_asset|.none
		set rows surprise {"a":[1,2,{"b":null}]}|.none
	END
}

@test "H18: a name that does not resolve, an address where nobody is: 69" {
	local source
	export FAULT_HOSTS='other.invalid=127.0.0.1'
	for source in massive cboe; do
		VENDOR=https://vendor.invalid LD_PRELOAD=$BUILD/shim/resolve.so:$BUILD/shim/clock.so \
		    FAULT_WAIT_SCALE=20 run_tool 69 $source SPX
		assert_abort DNS 69 'after 4 tries: could not resolve host: vendor.invalid'
		VENDOR=http://127.0.0.1:1 fast 20 run_tool 69 $source SPX
		assert_abort CONNECT 69 'after 4 tries'
		VENDOR='http://[::1]:1' fast 20 run_tool 69 $source SPX
		assert_abort CONNECT 69 'after 4 tries'
	done
}

@test "H18: IPv6 only: by address, by name; either family where there are both" {
	local hosts
	grep -q '^0\{31\}1 ' /proc/net/if_inet6 || skip "no ::1 here"
	clean
	vendor '' --ipv6
	assert "$VENDOR" =~ '^http://\[::1\]:'
	run_tool massive SPX
	assert_board ::1
	run_tool cboe SPX
	certificate six DNS:vendor.invalid
	tls six --ipv6
	VENDOR=https://vendor.invalid:$STANDIN_PORT
	for hosts in ::1 ::1,127.0.0.1 127.0.0.1,::1; do
		FAULT_HOSTS="vendor.invalid=$hosts" LD_PRELOAD=$BUILD/shim/resolve.so \
		    run_tool massive --cacert six.pem SPX
		assert_board "$hosts"
	done
	tls six
	VENDOR=https://vendor.invalid:$STANDIN_PORT
	for hosts in ::1,127.0.0.1 127.0.0.1,::1; do
		FAULT_HOSTS="vendor.invalid=$hosts" LD_PRELOAD=$BUILD/shim/resolve.so \
		    run_tool massive --cacert six.pem SPX
		assert_board "$hosts, no IPv6"
	done
}

@test "times in other units are told by their size, and counted" {
	clean
	local quote
	quote=$(records contract <clean | head -n 1 | jq .quote_ts)
	for unit in "$quote" "${quote}123" "${quote:0:10}"; do
		vendor "on page 1 set 1 last_quote.last_updated $unit"
		WARN=ok run_tool massive --parallel 1 SPX
		assert "$stderr" has "1 odd units of time"
		assert "$(records contract <<<"$output" | head -n 1 | jq .quote_ts)" = \
		    "$([[ ${#unit} == 10 ]] && echo "${unit}000" || echo "$quote")"
	done
}

# ------------------------------------------------------------ the key (K1)

@test "K1: the key is nowhere but in one header, to one server" {
	local pid
	redis_start
	vendor 'on page 3 hang' --log-auth
	massive -v --raw --parallel 1 SPX >out 2>err 3>&- 4>&- &
	pid=$!
	eventually grep -q '"page":2' "$STANDIN_LOG"
	run ! grep -qa "$KEY" "/proc/$pid/cmdline"
	# a guarded process's environ is root's alone, and wiped even there
	if [[ -r /proc/$pid/environ ]]; then
		run ! grep -qa "$KEY" "/proc/$pid/environ"
	fi
	assert "$(sed -n 's/^Max core file size  *\([0-9]*\) .*/\1/p' "/proc/$pid/limits")" = 0
	kill -ABRT "$pid"
	wait "$pid" || :
	run ! compgen -G 'core*'
	run ! grep -qa "$KEY" out err
	assert "$(standin_log -s '[.[].key] | unique == ["'"$KEY"'"]')" = true
	assert "$(standin_log -s '[.[].key_in] | unique | tostring')" = '[["authorization"]]'
	# failures do not tell it, either
	vendor 'status 401'
	run_tool 77 massive -v SPX
	assert "$output$stderr" lacks "$KEY"
	# nor does what goes downstream
	vendor ''
	massive --raw SPX | geom-hash | epoch-promote >decisions
	run ! grep -qa "$KEY" decisions
	state_dump >state
	run ! grep -q "$KEY" state
	[[ $(wc -l <state) -gt 100 ]]
	redis_stop
	# CBOE gets none
	run_tool cboe SPX
	assert "$(standin_log -s '[.[] | select(.path | test("cboe|delayed")) | .headers | index("authorization")] | unique | tostring')" = '[null]'
}

@test "K1: the key's file: 0600 and a key, or 77" {
	local text
	unset MASSIVE_API_KEY
	vendor ''
	printf '%s\n' "$KEY" >key
	chmod 600 key
	run_tool massive --key-file key SPX
	mkdir cred
	printf %s "$KEY" >cred/massive_api_key
	chmod 400 cred/massive_api_key
	CREDENTIALS_DIRECTORY=$PWD/cred run_tool massive SPX
	chmod 640 key
	run_tool 77 massive --key-file key SPX
	assert_abort KEY_FILE 77
	run_tool 77 massive --key-file . SPX
	assert_abort KEY_FILE 77
	mkfifo -m 600 fifo
	run_tool 77 massive --key-file fifo SPX
	run_tool 77 massive --key-file nowhere SPX
	chmod 600 key
	for text in short 'with blank in it' $'two\nlines1234' $'key12345\r' \
	    "$(printf 'a%.0s' {1..257})" ''; do
		printf %s "$text" >key
		run_tool 77 massive --key-file key SPX
		assert_abort BAD_KEY 77
		assert "$output$stderr" lacks "$text" || [[ -z $text ]]
	done
	MASSIVE_API_KEY=$'bad\r\nX: y12345' run_tool 77 massive SPX
	assert_abort BAD_KEY 77
}

@test "an answer that echoes the key is not archived" {
	vendor "on page 2 set page note '\"$KEY\"'"
	run_tool 76 massive --raw --parallel 1 SPX
	assert "$output$stderr" lacks "$KEY"
	assert "$(tail -n 1 <<<"$output" | jq -r .error)" = KEY_IN_BODY
}

# ------------------------------------------------------------- life and death

@test "told to stop in the middle: an abort, 75, at once" {
	local pid rc=0
	vendor 'on page 3 hang'
	massive --parallel 1 SPX >out 2>err 3>&- 4>&- &
	pid=$!
	eventually grep -q '"page":2' "$STANDIN_LOG"
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	assert "$rc" = 75
	assert "$(jq -r '.type + " " + .error' out)" = "chain_abort STOPPED"
}

@test "frozen in the middle and resumed: the same snapshot" {
	clean
	local n pid rc
	for n in 1 4; do
		vendor 'on request 4 latency 700'
		rc=0
		massive --parallel $n SPX >out 2>err 3>&- 4>&- &
		pid=$!
		standin_control 'wait requests 4'
		kill -STOP "$pid"
		comes_to_stop "$pid"
		# what was asked is answered, to nobody as yet
		eventually grep -q '"request":4' "$STANDIN_LOG"
		assert "$(wc -c <out)" = 0
		kill -CONT "$pid"
		wait "$pid" || rc=$?
		assert "$rc" = 0
		output=$(cat out) assert_board "$n walks"
	done
}

@test "kill -9 while it fetches: the epoch does not move, until a whole one comes" {
	local n pid last rc
	clean
	promoted
	jq -c '.data.options |= .[100:]' "$BOARD" >less
	export EPOCH_NOW_MS=1794511060000
	for n in 1 4; do
		vendor 'on request 4- hang' --board less
		mkfifo pipe.$n
		massive --parallel $n --raw SPX >pipe.$n 2>err 3>&- 4>&- &
		pid=$!
		(geom-hash <pipe.$n | epoch-promote) >out 2>err2 3>&- 4>&- &
		last=$!
		eventually grep -q '"request":3' "$STANDIN_LOG"
		kill -KILL "$pid"
		rc=0
		wait "$last" || rc=$?
		assert "$rc" = 65 "$n walks"
		assert "$(state_dump)" = "$(cat before)" "$n walks"
	done
	# the next run converges
	BOARD=less vendor ''
	run sh -c 'massive SPX | geom-hash | epoch-promote'
	assert "$(jq -r .outcome <<<"$output")" = new
	assert "$(rcli HGET epoch:active SPX)" = "$(jq -r .epoch_id <<<"$output")"
	assert "$(jq -r .epoch_id <<<"$output")" != "$(jq -r .epoch_id decisions)"
	redis_stop
}

@test "--every: a snapshot each beat until told to stop; a failure ends none" {
	local pid rc=0
	vendor 'on request 2 status 401'
	FAULT_WAIT_SCALE=20 LD_PRELOAD=$BUILD/shim/clock.so \
	    cboe --every 0.02 SPX >out 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ $(grep -c chain_end out) -ge 3 ]]'
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[[ $rc == 0 || $rc == 75 ]] || fail "status $rc"
	assert "$(jq -r '.error // (.type | select(. == "chain_end"))' out | head -n 3 | xargs)" = \
	    "chain_end HTTP_401 chain_end"
	vendor 'on page 2 once status 401'
	rc=0
	massive --parallel 1 --every 0.02 SPX >out 2>err 3>&- 4>&- &
	pid=$!
	eventually eval '[[ $(grep -c chain_end out) -ge 3 ]]'
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[[ $rc == 0 || $rc == 75 ]] || fail "status $rc"
	assert "$(jq -r '.error // (.type | select(. == "chain_end"))' out | head -n 3 | xargs)" = \
	    "HTTP_401 chain_end chain_end"
	# each is whole, or not there
	[[ $(grep -c chain_begin out) == "$(grep -c chain_end out)" ]]
	assert "$(grep -c '"contract"' out)" = "$(jq -s 'map(.contracts // 0) | add' out)"
}

@test "the status at the end of a pipe, as sh and cron see it" {
	local code n
	clean
	promoted
	for code in 401:77 429:75 503:69 404:65; do
		for n in 1 4; do
			vendor "on request 2- status ${code%:*} retry-after 99999"
			assert_untouched "${code#*:}" --parallel $n
		done
	done
	redis_stop
}

@test "output that cannot be written: 74; a reader that leaves: 141" {
	vendor ''
	run_tool 74 bash -c 'massive SPX >/dev/full'
	run --separate-stderr bash -c 'massive SPX | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}'
	assert "$output" = 141
}

@test "a real board: every value arrives, by one walk or eight" {
	need_boards
	local n
	xzcat "$BOARDS/cboe/_SPX-2026-08-05.json.xz" >board.json
	BOARD=board.json
	vendor ''
	export EPOCH_NOW_MS=1785970000000
	values() {
		records contract | jq -c '[.id, .bid, .ask, .bid_size, .ask_size, .last, .trade_ts, .iv, .delta, .gamma, .theta, .vega, .oi, .volume]'
	}
	run_tool cboe SPX
	values <<<"$output" >want
	[[ $(wc -l <want) -gt 30000 ]]
	for n in 1 8; do
		run_tool massive --parallel $n SPX
		values <<<"$output" >got
		cmp want got
	done
}

# ------------------------------------------- pages that are not what they seem

@test "a 200 without rows is no last page: asked for again, then 65" {
	clean
	local body
	for body in '{"status":"NOT_FOUND","message":"no"}' \
	    '{"error":"internal error"}' '{"status":"error"}' '{"status":"OK"}' \
	    '{"status":"OK","request_id":"1","results":[]}'; do
		echo "$body" >body
		assert_same "on page 2 once body $PWD/body"
	done
	assert_fails "on page 2 always body $PWD/body" BAD_PAGE 65
	assert "$(requests)" = 5
	# one that goes on, too
	assert_fails 'on page 3 drop page results' BAD_PAGE 65
}

@test "a page of too many rows is none; nor are rows under another spelling" {
	clean
	curl -s -H "Authorization: Bearer $KEY" "$VENDOR/v3/snapshot/options/I:SPX?limit=250&sort=ticker" >page
	jq -c '.results |= [limit(10001; repeat(.[]))]' page >body
	assert "$(jq '.results | length' body)" = 10001
	assert_same "on page 1 once body $PWD/body"
	sed 's/"results"/"resul\\u0074s"/' page >body
	assert "$(jq '.results | length' body)" = 250
	assert_same "on page 1 once body $PWD/body"
}

@test "a page that was refused leaves no trace: not its spot, either" {
	clean
	# the newest level, in a page that is cut behind its rows
	assert_same 'on page 2 once gzip off clip 90% set rows underlying_asset {"ticker":"I:SPX","value":666,"last_updated":1894494820000000001}'
}

@test "the deadline ends a page of many slow rows, too" {
	vendor ''
	# escapes make them jansson's to read
	curl -s -H "Authorization: Bearer $KEY" "$VENDOR/v3/snapshot/options/I:SPX?limit=250&sort=ticker" |
		jq -c 'del(.next_url) | .results |= [limit(9999; repeat(.[])) | .note = ("\"" * 200)]' >body
	vendor "body $PWD/body"
	run_tool 69 massive --deadline 0.3 SPX
	assert_abort DEADLINE 69
}
