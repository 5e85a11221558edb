#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The stand-in vendor: faithful where it should be, wrong where a script says
# so.  What other tests rely on is shown here with curl, and with the vendor's
# own client.

load helpers
load standin/standin

BOARD=$ROOT/tests/boards/open.json
LATER=$ROOT/tests/boards/later.json
SPX=/v3/snapshot/options/I:SPX
DOCUMENT=/api/global/delayed_quotes/options/_SPX.json

setup() {
	if [[ ! -x $STANDIN ]]; then
		[[ ${CI-} != true ]] || fail "no stand-in built" || return 1
		skip "no stand-in built (make built)"
	fi
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	standin_stop
	standin_stop OTHER
	kill_started
}

# get PATH [CURL OPTION...]: with a key.
get() {
	local path=$1
	shift
	curl -sS --max-time 120 -g -H 'Authorization: Bearer k3y' "$@" \
	    "$STANDIN_URL$path" 3>&- 4>&-
}

# next FILE: path and query of the next page, nothing on the last.
next() {
	printf '%s\n' "$(sed -n \
	    's|.*"next_url":"[a-z]*://[^/"]*\([^"]*\)".*|\1|p' "$1")"
}

# walk PATH [CURL OPTION...]: pages to page.1, page.2, …; their number to
# $pages, all tickers in the order in which they came to file tickers.
walk() {
	local path=$1
	shift
	pages=0
	rm -f page.*
	while [[ -n $path ]]; do
		pages=$((pages + 1))
		((pages <= ${MAX_PAGES:-200})) || fail "no end to this walk" || return 1
		get "$path" -f "$@" >"page.$pages" || return 1
		path=$(next "page.$pages")
	done
	sed 's/"details"/\n&/g' $(seq -f page.%g "$pages") |
	    sed -n 's/^"details".*"ticker":"\(O:[^"]*\)".*/\1/p' >tickers
}

# The ids of a board that a jq filter on {id, e, r, k} selects, sorted.
select_ids() {
	jq -r '.data.options[].option | capture(
	    "^(?<root>.*)(?<e>[0-9]{6})(?<r>[CP])(?<k>[0-9]{8})$") +
	    {id: ("O:" + .)} | .k |= (tonumber / 1000) |
	    .e |= ("20" + .[0:2] + "-" + .[2:4] + "-" + .[4:6]) |
	    select('"$1"') | .id' "${2:-$BOARD}" | LC_ALL=C sort
}

# An equity's board out of the index's.
make_equity() {
	sed -e 's/"_SPX"/"SPY"/; s/"^SPX"/"SPY"/; s/"index"/"stock"/' \
	    -e 's/"SPXW/"SPY/; s/"SPX\([0-9]\)/"SPYX\1/' "$BOARD"
}

unbase64() {
	perl -MMIME::Base64 -e '
	my $s = shift; $s =~ tr|-_|+/|; print decode_base64($s)' "$1"
}

# ------------------------------------------------------------ life, options

@test "help names every fault, version the libraries" {
	local word
	run_tool "$STANDIN" --help
	while read -r word; do
		assert "$output" has "  $word " "$word"
	done < <(sed -n 's/^FAULT([A-Z_]*, "\([a-z-]*\)".*/\1/p' \
	    "$ROOT/tests/standin/faults.def")
	run_tool "$STANDIN" --version
	assert "$output" has libwebsockets
}

@test "misuse is 64, a missing board 66, a bad one 65" {
	run_tool 64 "$STANDIN" --no-such
	run_tool 64 "$STANDIN" --tls-cert x
	run_tool 66 "$STANDIN" --board nowhere
	head -c 5000 "$BOARD" >cut
	run_tool 65 "$STANDIN" --board cut
	jq -c '.data.options += [.data.options[0]]' "$BOARD" >twice
	run_tool 65 "$STANDIN" --board twice
	assert "$stderr" has "twice"
}

@test "a script with a mistake is refused, with its line" {
	local bad
	for bad in 'on page 1 no-such' 'on pge 1 rst' 'on page 0 rst' \
	    'on page 3-2 rst' 'latency' 'latency x' 'next sideways' \
	    'gzip maybe' 'cut 101%' 'on all once' 'header "open' \
	    'set nowhere a 1' 'times x rst' 'on page 1 of'; do
		printf '# fine\nlatency 1\n%s\n' "$bad" >script
		run_tool 64 "$STANDIN" --script script
		assert "$stderr" has "line 3" "$bad"
	done
}

@test "tells its port, ends on TERM, ends by itself" {
	standin_start --board "$BOARD"
	assert "$STANDIN_PORT" =~ '^[0-9]+$'
	standin_stop
	run_tool "$STANDIN" --ttl 0.05
	assert "$output" =~ '^port [0-9]+$'
	"$STANDIN" --ttl 0.05 --ready-fd 9 9>ready >/dev/null
	assert "$(cat ready)" =~ '^port [0-9]+$'
}

# ------------------------------------------------------------- faithfulness

@test "a whole board is walked page by page, each contract once" {
	standin_start --board "$BOARD"
	walk "$SPX?limit=50"
	assert "$pages" = 9
	assert "$(cat tickers)" = "$(select_ids true)"
	assert "$(jq '.results | length' page.8 page.9 | xargs)" = "50 6"
	assert "$(jq -c 'keys' page.8)" = \
	    '["next_url","request_id","results","status"]'
	assert "$(jq -c 'keys' page.9)" = '["request_id","results","status"]'
}

@test "the last page is full and nothing follows it" {
	standin_start --board "$BOARD"
	walk "$SPX?limit=203"
	assert "$pages" = 2 "406 contracts"
	assert "$(sort -u tickers | wc -l)" = 406
}

@test "values keep the document's digits" {
	local field name
	standin_start --board "$BOARD"
	walk "$SPX?limit=250"
	# One line a row of both, the numbers as text.
	for name in bid ask bid_size ask_size; do
		grep -oh "\"$name\":[^,}]*" page.* | sort >got
		grep -oh "\"$name\":[^,}]*" <(tail -n +2 "$BOARD") | sort >want
		cmp got want
	done
	while read -r name field; do
		jq -r --arg f "$field" '.data.options[] |
		    "O:\(.option) \(.[$f])"' "$BOARD" | sort >want
		jq -r ".results[] | \"\(.details.ticker) \($name)\"" \
		    page.* | sort >got
		cmp got want
	done <<-'END'
	.greeks.delta delta
	.greeks.gamma gamma
	.greeks.theta theta
	.greeks.vega vega
	.implied_volatility iv
	.open_interest open_interest
	.day.volume volume
	.day.high high
	.day.previous_close prev_day_close
	END
	assert "$(jq -r '.results[].underlying_asset.value' page.* | uniq)" = \
	    "$(jq -r .data.current_price "$BOARD")"
	assert "$(jq -c '.results[] | select(.underlying_asset.price)' \
	    page.1)" = ""
}

@test "a trade that never was is left out, times are nanoseconds" {
	standin_start --board "$BOARD"
	walk "$SPX?limit=250"
	jq -r '.data.options[] | select(.last_trade_time) |
	    "O:\(.option) \(.last_trade_price)"' "$BOARD" | sort >want
	jq -r '.results[] | select(.last_trade) |
	    "\(.details.ticker) \(.last_trade.price)"' page.* | sort >got
	cmp got want
	[[ -s want ]]
	assert "$(wc -l <want)" != 406
	# 15:02:12 UTC less 900 s; the digits below a millisecond are ours.
	grep -oh '"last_quote":{[^}]*"last_updated":[0-9]*' page.* |
	    grep -o '[0-9]*$' >times
	assert "$(wc -l <times)" = 406
	assert "$(cut -c 1-13 times | uniq)" = "$(jq -n '"2026-11-12T14:47:12Z" |
	    fromdate * 1000')"
	assert "$(awk 'length($0) != 19' times)" = ""
	assert "$(sort -u times | wc -l)" = 406
}

@test "10 rows by default, never more than 250" {
	standin_start --board "$BOARD"
	get "$SPX" >page
	assert "$(jq '.results | length' page)" = 10
	get "$SPX?limit=1000" >page
	assert "$(jq '.results | length' page)" = 250
	standin_stop
	standin_start --board "$BOARD" --over-limit error
	assert "$(get "$SPX?limit=251" -o page -w '%{http_code}')" = 400
	assert "$(get "$SPX?limit=250" -o page -w '%{http_code}')" = 200
}

@test "every filter selects what it says" {
	local query filter
	standin_start --board "$BOARD"
	while read -r query filter; do
		walk "$SPX?limit=101&$query"
		assert "$(cat tickers)" = "$(select_ids "$filter")" "$query"
		[[ -s tickers ]] || fail "selects nothing: $query"
	done <<-'END'
	strike_price=5400 .k == 5400
	strike_price.gte=5400 .k >= 5400
	strike_price.gt=5400 .k > 5400
	strike_price.lte=5.4e3 .k <= 5400
	strike_price.lt=5400.0 .k < 5400
	expiration_date=2026-11-20 .e == "2026-11-20"
	expiration_date.gte=2026-11-20 .e >= "2026-11-20"
	expiration_date.gt=2026-11-20 .e > "2026-11-20"
	expiration_date.lte=2026-11-20 .e <= "2026-11-20"
	expiration_date.lt=2026-11-20 .e < "2026-11-20"
	contract_type=call .r == "C"
	contract_type=put .r == "P"
	contract_type=put&strike_price.gte=5300&strike_price.lt=5500 .r == "P" and .k >= 5300 and .k < 5500
	expiration_date.gt=2026-11-16&strike_price.gt=5500 .e > "2026-11-16" and .k > 5500
	underlying=SPX&as_of=2020-01-01&strike=1 true
	END
	get "$SPX?strike_price.gt=99999" >page
	assert "$(jq -c '[.results, .next_url]' page)" = '[[],null]'
}

@test "three sorts, two orders, and cursors that keep them" {
	local sort order key
	standin_start --board "$BOARD"
	for sort in ticker expiration_date strike_price; do
		case $sort in
		ticker) key=.details.ticker ;;
		*) key="[.details.$sort, .details.ticker]" ;;
		esac
		for order in asc desc; do
			walk "$SPX?limit=37&sort=$sort&order=$order&strike_price.gte=5300&expiration_date.lte=2026-12-18"
			assert "$(sort tickers)" = "$(select_ids \
			    '.k >= 5300 and .e <= "2026-12-18"')" "$sort $order"
			jq -s -c "[.[].results[]] | if map($key) ==
			    (sort_by($key) | map($key) |
			    if \"$order\" == \"desc\" then reverse else . end)
			    then empty else map($key) end" \
			    $(seq -f page.%g "$pages") >wrong
			[[ ! -s wrong ]] || fail "order: $sort $order" "$(cat wrong)"
		done
	done
}

@test "cursors have the vendor's shape, and name the server and no key" {
	local url
	standin_start --board "$BOARD"
	get "$SPX?limit=10&expiration_date.gte=2026-11-20&apiKey=k3y" >page
	url=$(jq -r .next_url page)
	assert "$url" =~ "^$STANDIN_URL$SPX\?cursor=[A-Za-z0-9_-]+$"
	assert "$(unbase64 "${url#*cursor=}")" =~ \
	    '^ap=O%3ASPX261120[CP]0[0-9]{7}%3A[0-9]+\.[0-9]{2}&as=&expiration_date.gte=2026-11-20&limit=10&sort=ticker$'
	get "$SPX?limit=7&contract_type=put&sort=strike_price&order=desc" >page
	url=$(jq -r .next_url page)
	assert "$(unbase64 "${url#*cursor=}")" =~ \
	    '^ap=O%3ASPX[W0-9]+P[0-9]{8}&as=&contract_type=put&limit=7&order=desc&sort=strike_price&strike_price.lte=[0-9]+\.000000$'
	assert "$(get "$SPX?cursor=!!" -o page -w '%{http_code}')" = 400
	assert "$(get "$SPX?cursor=YXA9" -o page -w '%{http_code}')" = 400
}

@test "I:SPX, I%3ASPX and SPX are one; an equity has a price, not a value" {
	local name
	make_equity >spy.json
	standin_start --board "$BOARD" --board spy.json
	for name in I:SPX I%3ASPX SPX; do
		get "/v3/snapshot/options/$name?limit=3" |
		    jq -c '.results[] | [.details.ticker,
		    .underlying_asset.ticker]' >"$name"
		assert "$(jq -r '.[1]' "$name" | uniq)" = I:SPX "$name"
		cmp "$name" SPX || [[ $name != SPX ]]
	done
	cmp I:SPX SPX
	cmp I%3ASPX SPX
	get /v3/snapshot/options/SPY >page
	assert "$(jq -c '[.results[0].underlying_asset | .ticker, .price, .value],
	    .results[0].details.exercise_style' page)" = \
	    '["SPY",5404.1,null]'$'\n''"american"'
	for name in spx _SPX I:SPY NDX; do
		get "/v3/snapshot/options/$name" >page
		assert "$(jq -c .results page)" = '[]' "$name"
	done
	standin_stop
	standin_start --board "$BOARD" --unknown 404
	assert "$(get /v3/snapshot/options/NDX -o page -w '%{http_code}')" = 404
}

@test "the key: by header, by argument, wrong, none; never in the log" {
	local code
	standin_start --board "$BOARD" --key s3cretKEY
	code=$(curl -sS -o page -w '%{http_code}' "$STANDIN_URL$SPX")
	assert "$code $(jq -r .error page)" = "401 API Key was not provided"
	code=$(get "$SPX" -o page -w '%{http_code}')
	assert "$code $(jq -r .error page)" = "401 Unknown API Key"
	code=$(curl -sS -o page -w '%{http_code}' \
	    "$STANDIN_URL$SPX?apiKey=s3cretKEY")
	assert "$code" = 200
	code=$(curl -sS -o page -w '%{http_code}' -H 'X-Api-Key: s3cretKEY' \
	    -H 'Authorization: Bearer s3cretKEY' -A 'curl/s3cretKEY' \
	    "$STANDIN_URL$SPX")
	assert "$code" = 200
	assert "$(standin_log -c '[.auth, .key_in]')" = '["none",[]]
["bearer",[]]
["query",["args"]]
["bearer",["authorization","user-agent","x-api-key"]]'
	run ! grep -q s3cretKEY "$STANDIN_LOG"
	standin_stop
	standin_start --board "$BOARD" --log-auth
	get "$SPX" -o page
	assert "$(standin_log .key)" = k3y
}

@test "errors have the vendor's shapes" {
	local id
	standin_start --board "$BOARD"
	assert "$(get /v3/other -w ' %{http_code} %{content_type}')" = \
	    $'404 page not found\n 404 text/plain'
	assert "$(get "$SPX?strike_price=BCAB" -o page -w '%{http_code}')" = 400
	assert "$(jq -r '.status + ": " + .error' page)" = \
	    'ERROR: Failed to parse query parameters from URL: strconv.ParseFloat: parsing "BCAB": invalid syntax'
	assert "$(get "$SPX?limit=ten" -o page -w '%{http_code}')" = 400
	assert "$(get "$SPX?expiration_date=2026-02-30" -o page \
	    -w '%{http_code}')" = 400
	assert "$(get "$SPX/O:SPX991231C00001000" -o page -w '%{http_code}')" \
	    = 404
	assert "$(jq -r .error page)" = "Options contract not found."
	id=$(get "$SPX?limit=1" -D headers | jq -r .request_id)
	assert "$id" =~ '^[0-9a-f]{32}$'
	assert "$(tr -d '\r' <headers)" has "X-Request-Id: $id"
	assert "$(get "$SPX" -X POST -o page -w '%{http_code}')" = 405
}

@test "a single contract is an object" {
	local id
	standin_start --board "$BOARD"
	id=$(select_ids true | sed -n 100p)
	get "$SPX/$id" >one
	get "$SPX/${id/:/%3A}" >two
	assert "$(jq -S -c .results two)" = "$(jq -S -c .results one)"
	get "$SPX?strike_price=$(jq .results.details.strike_price one)&limit=250" |
	    jq -S -c --arg id "$id" '.results[] |
	    select(.details.ticker == $id)' >row
	assert "$(jq -S -c .results one)" = "$(cat row)"
}

@test "gzip when asked, the same bytes inside; keep-alive" {
	standin_start --board "$BOARD"
	get "$SPX?limit=250" -D headers -o plain
	assert "$(tr -d '\r' <headers)" lacks "Content-Encoding"
	assert "$(tr -d '\r' <headers)" has "Vary: Accept-Encoding"
	assert "$(tr -d '\r' <headers)" has "Transfer-Encoding: chunked"
	get "$SPX?limit=250" -D headers -H 'Accept-Encoding: gzip' -o packed
	assert "$(tr -d '\r' <headers)" has "Content-Encoding: gzip"
	(($(wc -c <packed) * 4 < $(wc -c <plain)))
	gzip -dc packed | jq -S -c .results >got
	jq -S -c .results plain >want
	cmp got want
	get "$SPX?limit=2" -D headers -o plain
	assert "$(tr -d '\r' <headers)" has \
	    "Content-Length: $(wc -c <plain)"
	get "$SPX?limit=250" --http1.0 -D headers -o plain
	assert "$(tr -d '\r' <headers)" lacks "chunked"
	jq -e . plain >parsed
	assert "$(curl -sS -H 'Authorization: Bearer k' -o a -o b -o c \
	    -w '%{num_connects}' "$STANDIN_URL$SPX" "$STANDIN_URL$SPX?limit=250" \
	    "$STANDIN_URL/nowhere")" = 100
}

@test "CBOE's document, verbatim; 403 for what it does not know" {
	standin_start --board "$BOARD"
	curl -sS -o plain "$STANDIN_URL$DOCUMENT"
	cmp plain "$BOARD"
	curl -sS --compressed -D headers -o plain "$STANDIN_URL$DOCUMENT"
	cmp plain "$BOARD"
	assert "$(tr -d '\r' <headers)" has "Content-Encoding: gzip"
	assert "$(curl -sS -o page -w '%{http_code}' \
	    "$STANDIN_URL${DOCUMENT/_SPX/SPX}")" = 403
}

@test "the log tells what was asked" {
	standin_start -s 'on page 2 status 500' --board "$BOARD"
	get "$SPX?limit=100&strike_price.gte=5300&odd=a%26b%3D%22c" -o page
	assert "$(standin_log -c '[.request, .method, .path, .args, .auth,
	    .status, .page, .rows, .faults]')" = \
	    '[1,"GET","/v3/snapshot/options/I:SPX",{"limit":"100","strike_price.gte":"5300","odd":"a&b=\"c"},"bearer",200,1,100,[]]'
	get "$(next page)" -o page
	assert "$(standin_log -c 'select(.request == 2) | [.cursor, .status,
	    .page, .faults]')" =~ \
	    '^\["ap=O%3ASPX.*&as=&limit=100&sort=ticker&strike_price.gte=5300",500,2,\["on page 2 status 500"\]\]$'
	assert "$(standin_log -c 'select(.request == 2) | .headers' |
	    jq -r '.[]' | sort | xargs)" = "accept authorization host user-agent"
}

@test "the log tells when, and Retry-After can be a date to come" {
	standin_start -s $'on request 2 latency 60\non request 3 status 429 retry-after +90' \
	    --board "$BOARD"
	get "$SPX" -o page
	get "$SPX" -o page
	get "$SPX" -D headers -o page
	# the second was answered 60 ms after it came, and then came the third
	assert "$(standin_log -s '[.[].at] | .[1] >= .[0] and .[2] - .[1] >= 59')" = true
	# of the answer's own Date, a second may have passed in between
	date_of() {
		date -u -d "$(sed -n "s/^$1: //p" headers | tr -d '\r')" +%s
	}
	local ahead=$(($(date_of Retry-After) - $(date_of Date)))
	[[ $ahead == 90 || $ahead == 89 ]] || fail "$ahead"
}

@test "--ipv6: on ::1, and there only" {
	grep -q '^0\{31\}1 ' /proc/net/if_inet6 || skip "no ::1 here"
	standin_start --board "$BOARD" --ipv6
	assert "$STANDIN_URL" = "http://[::1]:$STANDIN_PORT"
	curl -s -H "Authorization: Bearer k" -o page \
	    "$STANDIN_URL/v3/snapshot/options/I:SPX"
	assert "$(jq -r .next_url page)" =~ "^http://\[::1\]:$STANDIN_PORT/"
	run curl -s "http://127.0.0.1:$STANDIN_PORT/"
	assert "$status" = 7
}

@test "an empty document is empty once" {
	standin_start -s 'on request 1 empty-body' --board "$BOARD"
	local url=$STANDIN_URL/api/global/delayed_quotes/options/_SPX.json
	assert "$(curl -s --compressed "$url")" = ""
	assert "$(curl -s --compressed "$url" | sha256sum)" = "$(sha256sum <"$BOARD")"
}

# ------------------------------------------------------------------- faults

# code PATH [CURL OPTION...]: curl's own status, ":" and the HTTP status.
code() {
	local path=$1 rc=0 http
	shift
	http=$(get "$path" -o body -w '%{http_code}' "$@" 2>curl.err) || rc=$?
	echo "$rc:$http"
}

@test "rules: which requests, how often" {
	local i
	standin_start -s '
	on page 2 once status 500          # the first time only
	on page 3- times 2 status 503
	on request 10-11 html 502
	on contract status 429 retry-after 7
	on document status 500
	on page 1 of NDX status 500' --board "$BOARD"
	walk "$SPX?limit=150" && fail "page 2 should have failed"
	for i in 1 2; do
		assert "$(code "$(next page.1)" -f)" = 0:200
	done
	get "$(next page.1)" -o page.2
	assert "$(code "$(next page.2)")" = 0:503
	assert "$(code "$(next page.2)")" = 0:503
	assert "$(code "$(next page.2)")" = 0:200
	assert "$(code "$SPX/O:SPX261120C05400000")" = 0:429
	assert "$(code "$SPX")" = 0:502
	assert "$(cat body)" =~ '<html>'
	assert "$(code "$SPX")" = 0:502
	assert "$(code "$SPX")" = 0:200
	assert "$(code "$DOCUMENT")" = 0:500
}

@test "status, retry-after, header, html: bodies as vendors write them" {
	standin_start -s '
	on request 1 status 403
	on request 2 status 429 retry-after "Wed, 21 Oct 2026 07:28:00 GMT"
	on request 3 html 504 header "X-Odd: a b"
	on request 4 status 499' --board "$BOARD"
	assert "$(code "$SPX")" = 0:403
	assert "$(jq -c 'del(.request_id)' body)" =~ \
	    '^\{"status":"NOT_AUTHORIZED","message":"You are not entitled'
	assert "$(code "$SPX" -D headers)" = 0:429
	assert "$(jq -r .error body)" =~ "exceeded the maximum requests"
	assert "$(tr -d '\r' <headers)" has \
	    "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"
	assert "$(code "$SPX" -D headers)" = 0:504
	assert "$(tr -d '\r' <headers)" has "X-Odd: a b"
	assert "$(code "$SPX")" = 0:499
	assert "$(code "$SPX")" = 0:200
}

@test "cuts that a client must notice: length, chunks, reset, nothing" {
	standin_start -s '
	on request 1 framing length cut 5
	on request 2 framing chunked cut 50%
	on request 3 framing length cut 0
	on request 4 rst
	on request 5 framing length rst 1000
	on request 6 empty-reply
	on request 7 gzip force cut 90%' --board "$BOARD"
	assert "$(code "$SPX")" = 18:200 "a length not reached"
	assert "$(wc -c <body)" = 5
	assert "$(code "$SPX?limit=250")" = 18:200 "chunks cut"
	assert "$(code "$SPX")" = 18:200 "no body at all"
	assert "$(code "$SPX")" = 56:000 "reset before a byte"
	assert "$(code "$SPX")" = 56:200 "reset inside the body"
	assert "$(wc -c <body)" = 1000
	assert "$(code "$SPX")" = 52:000 "empty reply"
	assert "$(code "$SPX?limit=250" --compressed)" =~ '^(18|56):200'
	assert "$(code "$SPX")" = 0:200
}

@test "cuts that look whole: close-delimited, clipped, clipped gzip" {
	standin_start -s '
	on request 1 framing close cut 50%
	on request 2 clip 50%
	on request 3 gzip force clip 50%
	on request 4 empty-body
	on request 5 framing close' --board "$BOARD"
	for _ in 1 2; do
		assert "$(code "$SPX")" = 0:200
		(($(wc -c <body) > 1000))
		run ! jq -e . body
	done
	assert "$(code "$SPX?limit=250" -D headers)" = 0:200
	assert "$(tr -d '\r' <headers)" has "Content-Length: $(wc -c <body)"
	run ! gzip -t body
	run ! jq -e . <(gzip -dc body 2>/dev/null)
	assert "$(code "$SPX")" = 0:200
	assert "$(wc -c <body)" = 0
	assert "$(code "$SPX")" = 0:200
	jq -e . body >parsed
}

@test "gzip on, off, by force; framing as told" {
	standin_start -s '
	gzip off
	on request 2 gzip on
	on request 3 gzip force
	on request 4 framing length' --board "$BOARD"
	assert "$(code "$SPX" -H 'Accept-Encoding: gzip' -D h1)" = 0:200
	assert "$(code "$SPX" -H 'Accept-Encoding: gzip' -D h2)" = 0:200
	assert "$(code "$SPX" -D h3)" = 0:200
	assert "$(code "$SPX?limit=250" -D h4)" = 0:200
	assert "$(grep -il 'content-encoding: gzip' h? | xargs)" = "h2 h3"
	assert "$(grep -il 'content-length' h4)" = h4
}

@test "who waits does not hold up others" {
	local pid url
	make_equity >spy.json
	standin_start -s '
	on document latency 600000
	on document of NDX rst
	on contract hang
	on all of SPY stall 100' --board "$BOARD" --board spy.json
	for url in "$DOCUMENT" "$SPX/O:SPX261120C05400000" \
	    /v3/snapshot/options/SPY; do
		get "$url" -N -o slow &
		echo $! >>pids
	done
	eventually test -s slow
	walk "$SPX?limit=50"
	assert "$pages" = 9
	while read -r pid; do
		kill -0 "$pid" || fail "an answer that should not have come"
		kill "$pid"
	done <pids
}

@test "latency and drip come out whole" {
	standin_start -s '
	on request 1 latency 5
	on request 2 drip 100 1
	on request 3 drip 5000 1 gzip force' --board "$BOARD"
	get "$SPX" >one
	get "$SPX" >two
	get "$SPX?limit=250" --compressed >three
	assert "$(jq -c .results two)" = "$(jq -c .results one)"
	assert "$(jq '.results | length' three)" = 250
}

@test "a client that gives up is logged, the server goes on" {
	standin_start -s '
	on request 1 hang
	on request 2 stall 50%
	on request 3 endless
	on request 4 drip 1 100000' --board "$BOARD"
	assert "$(code "$SPX" --max-time 0.05)" = 28:000
	# as long as the head of an answer may take
	assert "$(code "$SPX" --max-time 2)" = 28:200
	get "$SPX" 2>/dev/null | head -c 3000000 | wc -c >bytes
	assert "$(cat bytes)" = 3000000
	assert "$(code "$SPX" --max-time 2)" = 28:200
	assert "$(code "$SPX")" = 0:200
	eventually grep -q '"request":4' "$STANDIN_LOG"
	assert "$(standin_log -s -c 'sort_by(.request) | map(.end)')" = \
	    '["stall","stall","gone","gone","keep"]'
}

@test "a gzip bomb is small on the wire, and a valid gzip" {
	standin_start -s '
	on request 1 bomb
	on request 2 bomb 3' --board "$BOARD"
	get "$SPX" -o bomb -H 'Accept-Encoding: gzip'
	(($(wc -c <bomb) < 200000))
	assert "$(gzip -dc bomb | wc -c)" = $((64 * 1024 * 1024 + 28))
	get "$SPX" --compressed >body
	assert "$(wc -c <body)" = $((3 * 1024 * 1024 + 28))
	assert "$(jq -c . body)" = '{"status":"OK","results":[]}'
}

@test "redirects, with or without the path; a body from a file" {
	echo '{"status":"OK"}' >file
	standin_start -s '
	on request 1 redirect 301 http://foreign.invalid%P
	on request 2 redirect 302 file:///etc/hosts
	on request 3 body file' --board "$BOARD"
	assert "$(get "$SPX?limit=5&odd=a%20b&apiKey=x" -o body \
	    -w '%{http_code} %{redirect_url}')" = \
	    "301 http://foreign.invalid$SPX?limit=5&odd=a+b"
	assert "$(get "$SPX" -o body -w '%{http_code} %{redirect_url}')" = \
	    "302 file:///etc/hosts"
	get "$SPX" -o body
	cmp body file
}

@test "next_url: every odd kind" {
	local kind want target
	standin_start --board "$BOARD"
	get "$SPX" -o body
	target=$(next body)
	standin_stop
	while read -r kind want; do
		standin_start -s "on page 1 next $kind" --board "$BOARD"
		get "$SPX" -o body
		want=${want//@U/"$STANDIN_URL"}
		want=${want//@T/"$target"}
		assert "$(jq -c .next_url body)" = "$want" "$kind"
		standin_stop
	done <<-'END'
	absent null
	null null
	empty ""
	number 42
	relative "@T"
	foreign "https://foreign.invalid@T"
	slashes "//foreign.invalid@T"
	userinfo "@U@foreign.invalid@T"
	double-port "https://127.0.0.1:443:443@T"
	key "@U@T&apiKey=k3y"
	crlf "@U@T\r\nX-Odd: 1"
	END
}

@test "next_url: other port, other scheme, any text" {
	standin_start -s '
	on request 1 next port
	on request 2 next scheme
	on request 3 next url "http://127.0.0.1:1%P"
	on request 4 next null
	on request 5 next absent' --board "$BOARD"
	get "$SPX" -o body
	assert "$(jq -r .next_url body)" =~ \
	    "^http://127.0.0.1:$((STANDIN_PORT + 1))/v3/.*cursor="
	get "$SPX" -o body
	assert "$(jq -r .next_url body)" =~ "^https:${STANDIN_URL#http:}/v3/"
	get "$SPX" -o body
	assert "$(jq -r .next_url body)" =~ "^http://127.0.0.1:1/v3/.*cursor="
	get "$SPX" -o body
	assert "$(jq -c 'has("next_url")' body)" = true
	get "$SPX" -o body
	assert "$(jq -c 'has("next_url")' body)" = false
}

@test "cursors that go round: one, two, and always a new one" {
	local i MAX_PAGES=8
	standin_start -s 'on page 2 next self' --board "$BOARD"
	walk "$SPX?limit=100&sort=strike_price" && fail "no end expected"
	[[ $(next page.2) == "$(next page.1)" ]]
	cmp <(jq .results page.2) <(jq .results page.3)
	standin_stop
	standin_start -s 'on page 3 next back' --board "$BOARD"
	walk "$SPX?limit=100" && fail "no end expected"
	assert "$(next page.3)" = "$(next page.1)"
	assert "$(next page.4)" = "$(next page.2)"
	assert "$(standin_log .page | head -n 6 | xargs)" = "1 2 3 2 3 2"
	standin_stop
	standin_start -s 'on page 2 next fresh' --board "$BOARD"
	walk "$SPX?limit=100" && fail "no end expected"
	assert "$(standin_log .page | head -n 5 | xargs)" = "1 2 2 2 2"
	assert "$(for i in 1 2 3 4 5 6; do next page.$i; done | sort -u |
	    wc -l)" = 6
	standin_stop
	standin_start -s 'on page 1 next self' --board "$BOARD"
	walk "$SPX?limit=100" && fail "no end expected"
	assert "$(standin_log .page | head -n 3 | xargs)" = "1 1 1"
}

@test "duplicate pages, overlaps, rows of other expirations" {
	standin_start -s '
	on page 3 once repeat
	on page 2 once overlap 7
	on page 1 once foreign 4' --board "$BOARD"
	walk "$SPX?limit=50&expiration_date=2026-11-20"
	assert "$pages" = 4
	assert "$(sort tickers | uniq -d | wc -l)" = $((50 + 7))
	assert "$(jq '.results | length' page.? | xargs)" = "54 57 50 16"
	assert "$(sort -u tickers)" = "$( (select_ids '.e == "2026-11-20"'
	    jq -r '.results[50:][].details.ticker' page.1) | LC_ALL=C sort -u)"
	assert "$(jq -r '.results[].details.expiration_date' page.1 |
	    sort | uniq -c | xargs)" =~ '^50 2026-11-20 4 |^4 .* 50 2026-11-20'
	walk "$SPX?limit=50&expiration_date=2026-11-20"
	assert "$(cat tickers)" = "$(select_ids '.e == "2026-11-20"')"
}

@test "values: null, empty, missing, huge, text, unknown keys" {
	standin_start -s "$(cat <<-'END'
	on page 1 set rows greeks null
	on page 1 set rows last_quote {} drop 1 details
	on page 1 set 2 details.strike_price -5
	on page 1 set 3 details.ticker '"O:SPXW261120C005400000"'
	on page 1 set 4 open_interest 1e308 set 4 day.volume 12.0
	on page 1 set 5 last_trade.sip_timestamp 9223372036854775807
	on page 1 set 6 new.deep.key [1,{"a":2}] set 6 underlying_asset {}
	on page 1 drop page status set page count 3
	on page 2 set page results null
	on page 3 drop page results
	on contract set page results [] set page status '"DELAYED"'
	on contract drop rows day
	END
	)" --board "$BOARD"
	walk "$SPX?limit=150"
	assert "$(jq -c '[.results[].greeks] | unique' page.1)" = '[null]'
	assert "$(jq -c '[.results[].last_quote] | unique' page.1)" = '[{}]'
	assert "$(jq -c '.results[0] | has("details"), has("greeks")' page.1 |
	    xargs)" = "false true"
	assert "$(jq -c '.results[1].details.strike_price' page.1)" = -5
	assert "$(jq -r '.results[2].details.ticker' page.1)" = \
	    O:SPXW261120C005400000
	grep -q '"open_interest":1e308' page.1
	grep -q '"volume":12\.0,' page.1
	grep -q '"sip_timestamp":9223372036854775807' page.1
	assert "$(jq -c '.results[5].new' page.1)" = \
	    '{"deep":{"key":[1,{"a":2}]}}'
	assert "$(jq -c '.results[5].underlying_asset' page.1)" = '{}'
	assert "$(jq -c 'has("status"), .count' page.1 | xargs)" = "false 3"
	assert "$(jq -c 'has("results"), .results' page.2 | xargs)" = "true null"
	assert "$(jq -c 'has("results")' page.3)" = false
	get "$SPX/O:SPX261120C05400000" -o body
	assert "$(jq -c '[.results, .status]' body)" = '[[],"DELAYED"]'
}

@test "another board of the same symbol, in the middle of a walk" {
	standin_start -s 'on page 4 once board 2' --board "$BOARD" --board "$LATER"
	walk "$SPX?limit=50"
	assert "$(cat tickers)" = "$(select_ids true)"
	assert "$(jq -c '.results[0].last_quote.last_updated / 1e13 | floor' \
	    page.? | uniq -c | awk '{ print $1 }' | xargs)" = "3 6"
	curl -sS -o body "$STANDIN_URL$DOCUMENT"
	cmp body "$LATER"
}

@test "parallel walks, each complete" {
	local i
	standin_start -s 'latency 2' --board "$BOARD"
	for i in 1 2 3 4 5 6 7 8; do
		(mkdir "w$i" && cd "w$i" && walk "$SPX?limit=50") &
		echo $! >>pids
	done
	while read -r i; do
		wait "$i"
	done <pids
	for i in 1 2 3 4 5 6 7 8; do
		assert "$(cat "w$i/tickers")" = "$(select_ids true)"
	done
}

@test "TLS with a certificate made for the test" {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
	    -out cert.pem -days 2 -subj /CN=standin \
	    -addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>openssl.err ||
	    { cat openssl.err && fail "no certificate"; }
	standin_start -s '
	on request 3 rst 100
	on request 4 cut 50%' --board "$BOARD" --tls-cert cert.pem \
	    --tls-key key.pem
	STANDIN_URL=https${STANDIN_URL#http}
	walk "$SPX?limit=200" --cacert cert.pem && fail "request 3 is reset"
	assert "$pages" = 3
	assert "$(jq -r .next_url page.1)" =~ "^$STANDIN_URL/v3/"
	assert "$(code "$SPX" --cacert cert.pem)" = 18:200
	assert "$(code "$SPX" --cacert cert.pem)" = 0:200
	assert "$(code "$SPX")" = 60:000
	run_tool 69 "$STANDIN" --tls-cert key.pem --tls-key key.pem
}

@test "the vendor's own client walks a whole board" {
	vendor_client || return 1
	standin_start --board "$BOARD" --key s3cretKEY
	run --separate-stderr timeout -k 1 200 node \
	    "$ROOT/tests/standin/walk.mjs" "$vendor_client" "$STANDIN_URL" s3cretKEY \
	    I:SPX "$BOARD" 3>&- 4>&-
	assert "$status: $output" = "0: 406 rows, 0 differences" "$stderr"
	assert "$(standin_log .page | head -n 9 | xargs)" = "1 2 3 4 5 6 7 8 9"
}

@test "a real board, page by page" {
	need_boards
	local file=$BOARDS/cboe/_SPX-2026-08-05.json.xz
	[[ -f $file ]] || skip "no _SPX-2026-08-05.json.xz in BOARDS"
	xz -dc "$file" >board.json
	standin_start --board board.json
	walk "$SPX?limit=250" --compressed
	assert "$pages" = 128
	assert "$(cat tickers)" = "$(grep -o '"option": *"[^"]*"' board.json |
	    sed 's/.*"\(.*\)"/O:\1/' | LC_ALL=C sort)"
	curl -sS -o body "$STANDIN_URL$DOCUMENT"
	cmp body board.json
}
