#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# chain-fetch: what a hostile vendor, a slow resolver or a mixed-up archive
# cannot make it do.

load fetch

teardown() {
	standin_stop
	standin_stop OTHER
	kill_started
}

# answer STATUS: a server that gives all requests a status and the file body,
# which the stand-in, always true to the vendor's wording, does not.
answer() {
	[[ -z ${ANSWER_PID-} ]] || kill "$ANSWER_PID"
	rm -f port
	perl -MIO::Socket::INET -e '
		my ($status) = @ARGV;
		alarm 290;
		local $/;
		open(my $f, "<", "body") or die;
		my $body = <$f>;
		$/ = "\r\n\r\n";
		$SIG{PIPE} = "IGNORE";
		my $s = IO::Socket::INET->new(Listen => 5,
		    LocalAddr => "127.0.0.1") or die;
		open(my $port, ">", "port.new") or die;
		print $port $s->sockport;
		close $port;
		rename "port.new", "port";
		while (my $c = $s->accept) {
			<$c>;
			print $c "HTTP/1.1 $status No\r\nConnection: close\r\n",
			    "Content-Length: ", length($body), "\r\n\r\n", $body;
			close $c;
		}' "$1" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	ANSWER_PID=$!
	eventually test -e port
	VENDOR=http://127.0.0.1:$(<port)
	export VENDOR
}

# -------------------------------------------------------------------- the key

@test "an error that echoes the key, whole, escaped or cut, is told to nobody" {
	local text code
	for text in "bad key $KEY" 'bad key s3cr3tTEST\u006bey' \
	    "$(printf 'x%.0s' {1..70}) $KEY"; do
		printf '{"status":"ERROR","error":"%s"}' "$text" >body
		for code in 401 403 418; do
			answer "$code"
			run --separate-stderr massive -v --raw SPX
			assert "$(jq -r .error <<<"$output")" = "HTTP_$code"
			assert "$output" has "(the answer carries the key)"
			assert "$stderr" has "(the answer carries the key)"
			assert "$output$stderr" lacks "${KEY:0:6}"
		done
	done
	# and what does not carry it is told
	printf '{"status":"ERROR","error":"Unknown key"}' >body
	answer 401
	run_tool 77 massive SPX
	assert "$(jq -r .detail <<<"$output")" has "Unknown key"
}

@test "rows that echo the key are rejected without telling it" {
	vendor ''
	curl -s -H "Authorization: Bearer $KEY" \
	    "$VENDOR/v3/snapshot/options/I:SPX?limit=250" | jq -c 'del(.next_url)' >page
	# jansson tells near which word a row is none: one of many …
	sed "s/\"results\":\[/&{\"details\" \"$KEY\"},/" page >body
	vendor "body $PWD/body"
	WARN=ok run_tool massive SPX
	assert "$stderr" has "1 of 251 rows rejected"
	assert "$stderr" has "(the answer carries the key)"
	assert "$output$stderr" lacks "${KEY:0:6}"
	# … and all there are
	echo "{\"status\":\"OK\",\"results\":[{\"details\" \"$KEY\"}]}" >body
	run_tool 65 massive SPX
	assert "$(jq -r .error <<<"$output")" = TOO_MANY_BAD
	assert "$output" has "(the answer carries the key)"
	assert "$output$stderr" lacks "${KEY:0:6}"
}

@test "a next_url with the key in it, percent-encoded, is refused" {
	vendor "on page 1 next url 'http://127.0.0.1/x?k=%733cr3tTESTkey'"
	run_tool 76 massive -v --raw --parallel 1 SPX
	assert "$(tail -n 1 <<<"$output" | jq -r .error)" = NEXT_URL
	assert "$(tail -n 1 <<<"$output" | jq -r .detail)" has "carries the key"
}

@test "a next_url is fetched as it was checked: relative stays relative" {
	local other next
	standin_start -n OTHER --board "$BOARD"
	# shellcheck disable=SC2153 # standin_start sets it
	other=127.0.0.1:$OTHER_PORT
	# read alone and guessed at, these are another server's
	for next in "$other/x?cursor=2&u=://" "x@$other/?u=://"; do
		vendor "on page 1 next url '$next'"
		run massive --parallel 1 SPX
		assert "$status" != 0
		assert "$(wc -l <"$OTHER_LOG")" = 0 "nothing is asked of another"
	done
	# port 80 of another address is not asked: the path is ours
	vendor "on page 1 next url '127.0.0.2/x?cursor=2&u=://'"
	run massive --parallel 1 SPX
	assert "$(standin_log -s '.[1].path')" = \
	    /v3/snapshot/options/127.0.0.2/x
	standin_stop OTHER
}

@test "--from leaves no key in the environment either" {
	local pid
	mkfifo pipe
	chain-fetch --from pipe SPX >out 2>err 3>&- 4>&- &
	pid=$!
	exec 7>pipe
	printf '{"type":' >&7
	# a guarded process's environ is root's alone
	if [[ -r /proc/$pid/environ ]]; then
		eventually eval "! grep -qa $KEY /proc/$pid/environ"
	fi
	exec 7>&-
	wait "$pid" || :
}

# ------------------------------------------------------------ memory and time

@test "an error's body is read to 64 KiB only, or memory would be the vendor's" {
	local n want
	local -a cboe=(chain-fetch --source cboe --base-url)
	for n in 60000 70000 20000000; do
		printf '{"error":"much ado","x":["%s"]}' \
		    "$(head -c "$n" /dev/zero | tr '\0' x)" >body
		want='much ado'
		((n < 65536)) || want='no word of explanation'
		answer 404
		run_tool 65 massive SPX
		assert "$(jq -r '"\(.error) \(.detail)"' <<<"$output")" = \
		    "HTTP_404 page 1: $want"
		run_tool 65 "${cboe[@]}" "$VENDOR" SPX
		assert "$(jq -r '"\(.error) \(.detail)"' <<<"$output")" = \
		    "HTTP_404 $want"
	done
}

@test "H6: bombs side by side share one limit, below 256 MiB" {
	local n script
	local -a limit=(prlimit --as=268435456 --)
	# a sanitizer wants more address space than there is memory
	[[ $BUILD != */san ]] || limit=(env)
	# none is too long by itself, and the second page is a walk's first
	for script in 'bomb 60' 'endless gzip off'; do
		for n in 4 16 32; do
			vendor "on request 2- $script"
			run_tool 65 "${limit[@]}" massive --parallel $n SPX
			assert "$(jq -r '"\(.type) \(.error)"' <<<"$output")" = \
			    "chain_abort TOO_LONG"
			assert "$(jq -r .detail <<<"$output")" has \
			    "bodies side by side of more than 67108864"
		done
	done
	# what failed gives back what it had: six of 12 MiB, four at a time
	vendor 'on request 2-7 bomb 12 clip 99%'
	run_tool massive --parallel 4 SPX
	assert "$(tail -n 1 <<<"$output" | jq -r .type)" = chain_end
}

@test "a resolver that never answers does not outlive the deadline" {
	cat >slow.c <<-'END'
		#include <netdb.h>
		#include <unistd.h>
		int getaddrinfo(const char *n, const char *s,
		    const struct addrinfo *h, struct addrinfo **r)
		{
			(void)n, (void)s, (void)h, (void)r;
			for (;;)
				pause();
		}
	END
	"${CC:-cc}" -shared -fPIC -o slow.so slow.c
	[[ $BUILD != */san ]] || skip "a sanitizer wants to be the first library"
	local source
	for source in massive cboe; do
		run_tool 69 env LD_PRELOAD="$PWD/slow.so" \
		    chain-fetch --source "$source" --base-url \
		    https://nobody.invalid --deadline 0.3 SPX SPY
		assert "$(jq -r .error <<<"$output" | xargs)" = "DEADLINE DEADLINE"
	done
}

@test "told to stop, every symbol is answered" {
	local pid rc=0
	vendor 'on page 2 hang'
	massive --parallel 1 SPX NDX SPY >out 2>err 3>&- 4>&- &
	pid=$!
	eventually grep -q '"page":1' "$STANDIN_LOG"
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	assert "$rc" = 75
	assert "$(jq -r '"\(.symbol) \(.error)"' out | xargs)" = \
	    "SPX STOPPED NDX STOPPED SPY STOPPED"
}

# --------------------------------------------------------------- the archive

# No snapshot comes of the archive "mixed".
assert_none() {
	run --separate-stderr chain-fetch --from mixed SPX
	assert "$status" = 65 "$1"
	assert "$(jq -r .type <<<"$output" | sort -u)" = chain_abort "$1"
}

@test "pages of two fetches, mixed, are no snapshot" {
	local n i
	jq -c '.data.options |= .[0:600]' "$BOARD" >small
	BOARD=small vendor ''
	for n in 1 4; do
		massive --raw --parallel $n SPX | grep '"chain_page"' >one
		massive --raw --parallel $n SPX | grep '"chain_page"' >two
		run_tool chain-fetch --from one SPX
		assert "$(jq -r .run one | sort -u | wc -l)" = 1
		for i in $(seq "$(($(wc -l <one) - 1))"); do
			{
				head -n "$i" one
				tail -n "+$((i + 1))" two
			} >mixed
			assert_none "cut after $i"
			awk -v i=$i 'NR == FNR { a[FNR] = $0; next }
			    { print FNR == i + 1 ? a[FNR] : $0 }' one two >mixed
			assert_none "line $i replaced"
		done
	done
	# without run, which an older archive has not, by what it says itself
	massive --raw --parallel 1 SPX | grep '"chain_page"' | jq -c 'del(.run)' >one
	run_tool chain-fetch --from one SPX
	for n in reason source filter; do
		jq -c "if .page == 2 then .$n = \"manual\" else . end" one >mixed
		assert_none $n
	done
}

@test "pages that do not lead to each other are no snapshot" {
	vendor ''
	massive --raw --parallel 1 SPX | grep '"chain_page"' >one
	[[ $(tail -n 1 one | jq .page) -gt 3 ]]
	# page 2 left out, and the rest renumbered
	jq -c "if .page == 2 then empty elif .page > 2 then .page -= 1
	    else . end" one >mixed
	assert_none "one is missing"
	jq -c 'if .page == 2 then .url |= sub("cursor=."; "cursor=_")
	    else . end' one >mixed
	assert_none "another url"
	jq -c 'select(.page > 1) | .page -= 1' one >mixed
	assert_none "it begins with the second"
	# the end is the last page's, whatever a record says
	jq -c 'if .page == 2 then .last = true else . end' one >mixed
	assert_none "an early end"
	# nor does a walk go on behind its end
	{
		jq -c 'del(.last)' one
		jq -s -c '.[-1].page as $n | .[] | select(.page == $n) |
		    .page += 1' one
	} >mixed
	assert_none "a page behind the end"
}

@test "a walk that is left out of an archive as a whole is missed" {
	local n walks
	vendor ''
	massive --raw --parallel 4 SPX | grep '"chain_page"' >one
	walks=$(jq -s 'map(.walk // 1) | max' one)
	[[ $walks -gt 3 ]]
	assert "$(jq -s 'map(select(.part == 1) | .into // 0) | add + 1' one)" = "$walks"
	for n in $(seq 2 "$walks"); do
		# the others renumbered, and the end where it would be then
		jq -s -c --argjson n "$n" 'map(select((.walk // 1) != $n)) |
		    ([.[].page] | unique) as $p |
		    map(.page as $old | .page = ($p | index($old)) + 1 |
		        if .walk? > $n then .walk -= 1 else . end | del(.last)) |
		    .[-1].last = true | .[]' one >mixed
		assert_none "walk $n left out"
	done
	# an archive that does not tell how many there are can still be read
	jq -c 'del(.into)' one >old
	run_tool chain-fetch --from old SPX
	for n in 0 -1 100 '"x"'; do
		jq -c "if .into then .into = $n else . end" one >mixed
		assert_none "into $n"
	done
}

# ---------------------------------------------------------- walks side by side

@test "real board: 16 walks take few pages more than one, and none is long" {
	need_boards
	local longest asked
	xzcat "$BOARDS/cboe/_SPX-2026-08-05.json.xz" >real
	BOARD=real vendor ''
	EPOCH_NOW_MS=1785969752000 run_tool massive --parallel 16 SPX
	asked=$(requests)
	# pages of each range, one after the other
	longest=$(standin_log '[(.cursor // ""), .args["expiration_date.gte"],
	    .args["expiration_date.lt"]] | join(" ") | [scan("[0-9]{4}-[0-9]{2}-[0-9]{2}")] |
	    join(" ")' | sort | uniq -c | sort -n | awk 'END { print $1 }')
	# 128 by one walk; begun first, the long ones are no tail: 1 + 150 / 16
	# latencies, and one short walk's
	assert "$((asked <= 150)) $((longest <= 10))" = "1 1" "$asked $longest"
}

# ---------------------------------------------------------- plain saved pages

# The pages of the board, each a file: page.1, page.2, …; their number in $n.
save_pages() {
	local url
	vendor ''
	n=0
	url="$VENDOR/v3/snapshot/options/I:SPX?limit=${1-130}&sort=ticker"
	while [[ $url != null ]]; do
		n=$((n + 1))
		curl -s -H "Authorization: Bearer $KEY" "$url" >page.$n
		url=$(jq -r .next_url page.$n)
	done
	standin_stop
	[[ $n -gt 4 ]]
}

# Is a snapshot of these pages refused?
assert_missing() {
	run --separate-stderr chain-fetch --from - SPX < <(cat "$@")
	assert "$(jq -r '"\(.type) \(.error) \(.exit)"' <<<"$output")" = \
	    "chain_abort MISSING_PAGE 65" "$*"
	assert "$status" = 65 "$*"
}

@test "of plain saved pages any that is missing is noticed" {
	local n i
	save_pages 90
	for i in $(seq $((n - 1))); do
		# shellcheck disable=SC2046 # one argument a page
		assert_missing $(seq -f page.%g $n | grep -vx "page.$i")
	done
	# or several of them
	for i in 1 2 $((n - 3)); do
		assert_missing page.$i page.$n
		assert_missing page.$i page.$((i + 2)) page.$n
	done
}

@test "plain saved pages: in any order up to the last, whole and windows" {
	local n i
	save_pages
	# shellcheck disable=SC2046 # one argument a page
	cat $(seq -f page.%g $n) >pages
	run_tool chain-fetch --from pages SPX
	printf '%s\n' "$output" >want
	for i in 2 $((n - 1)); do
		# shellcheck disable=SC2046 # one argument a page
		cat page.$i $(seq -f page.%g $n | grep -vx "page.$i") >mixed
		run_tool chain-fetch --from mixed SPX
		assert "$output" = "$(cat want)" "$i first"
	done
	# what the command line leaves out is not missing
	run_tool chain-fetch --strikes 5000:5400 --from pages SPX
	run_tool chain-fetch --days 40 --from pages SPX
	# nor is one of a hundred that was rejected, at the end of a page
	jq -c '.results[-1].details.ticker = "O:?"' page.2 >bad
	# shellcheck disable=SC2046 # one argument a page
	cat page.1 bad $(seq -f page.%g 3 $n) >mixed
	WARN=ok run_tool chain-fetch --from mixed SPX
	assert "$(tail -n 1 <<<"$output" | jq .rejected)" = 1
}

@test "plain saved pages with other cursors: what cannot be proven is said" {
	local n i cursor
	save_pages
	# of another shape, order or right
	for cursor in x "$(printf 'ap=x&sort=ticker' | base64)" \
	    "$(printf 'ap=O%%3ASPX261218C05500000&sort=strike_price' | base64 -w 0 | tr -d =)" \
	    "$(printf 'ap=O%%3ASPX261218C05500000&contract_type=call' | base64 -w 0 | tr -d =)"; do
		for i in $(seq $n); do
			jq -c --arg c "$cursor" 'if .next_url then
			    .next_url = "http://x/?cursor=" + $c else . end' page.$i
		done >opaque
		WARN=ok run_tool chain-fetch --from opaque SPX
		assert "$stderr" has "UNPROVEN: behind $((n - 1)) of $n pages"
		assert "$(tail -n 1 <<<"$output" | jq -r .type)" = chain_end
	done
	# the beginning tells without a cursor
	tail -n +3 opaque >late
	run_tool 65 chain-fetch --from late SPX
	assert "$(jq -r .detail <<<"$output")" has "before the first page"
}
