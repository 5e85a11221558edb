#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# chain-fetch, its offline half: saved bodies of CBOE to snapshots.

load helpers

# make_doc: a document on stdout.
#	-n N      rows (6): calls and puts, two expirations, two roots
#	-S TEXT   the symbol inside (^SPX); outside it is _SPX's form
#	-t TEXT   timestamp (2025-06-15 15:06:40 = 1750000000000 ms)
#	-r ROW    one more row, verbatim; may be repeated, comes last
#	-l        keys of the document in alphabetical order: the time comes last
#	-b        blanks and newlines wherever JSON allows them
make_doc() {
	perl -e '
	my ($n, $sym, $ts, $late, $blank, @more) =
	    (6, "^SPX", "2025-06-15 15:06:40", 0, "");
	while (@ARGV) {
		my $o = shift @ARGV;
		if ($o eq "-n") { $n = shift @ARGV }
		elsif ($o eq "-S") { $sym = shift @ARGV }
		elsif ($o eq "-t") { $ts = shift @ARGV }
		elsif ($o eq "-r") { push @more, shift @ARGV }
		elsif ($o eq "-l") { $late = 1 }
		elsif ($o eq "-b") { $blank = " \n\t" }
		else { die "make_doc: $o" }
	}
	my ($w, @rows) = ($blank);
	for my $i (0 .. $n - 1) {
		my $k = 5000 + 5 * int($i / 4);
		my $id = sprintf("%s%s%s%08d", $i % 4 < 2 ? "SPXW" : "SPX",
		    $i % 8 < 4 ? "250620" : "250718", $i % 2 ? "P" : "C",
		    $k * 1000);
		push @rows, sprintf("{%s\"option\":%s\"%s\",\"bid\":%.1f," .
		    "\"bid_size\":%d.0,\"ask\":%.2f,\"ask_size\":0.0," .
		    "\"iv\":0.%04d,\"open_interest\":%d.0,\"volume\":0.0," .
		    "\"delta\":%s0.5,\"gamma\":0.0,\"vega\":1.25," .
		    "\"theta\":-0.0,\"rho\":0.1,\"theo\":%d.5,\"change\":0.0," .
		    "\"open\":0.0,\"high\":0.0,\"low\":0.0," .
		    "\"last_trade_price\":%s,\"last_trade_time\":%s," .
		    "\"percent_change\":0.0,\"prev_day_close\":1.0%s}", $w, $w,
		    $id, $i % 7, $i, $i % 7 + 0.25, $i % 9999, 10 * $i,
		    $i % 2 ? "-" : "", $i, $i % 3 ? "$i.50" : "0.0",
		    $i % 3 ? "\"2025-06-13T16:14:59\"" : "null", $w);
	}
	my $rows = join("$w,$w", @rows, @more);
	(my $outer = $sym) =~ s/^\^/_/;
	my $time = "\"timestamp\":$w\"$ts\"";
	my $data = "\"data\":{$w";
	my $head = "\"current_price\":6000.50,$w\"last_trade_time\":" .
	    "\"2025-06-13T16:14:59\"";
	my $options = "\"options\":$w\[$w$rows$w\]";
	if ($late) {
		print "{$w$data$head,$w$options,\"symbol\":\"$sym\"}," .
		    "\"symbol\":\"$outer\",$time$w}\n";
	} else {
		print "{$w$time,\"symbol\":\"$outer\",$w$data\"symbol\":" .
		    "\"$sym\",$head,$w$options$w}$w}\n";
	}' -- "$@"
}

# A row whose option is $1 and whose other members are $2.
row() {
	printf '{"option":"%s"%s}' "$1" "${2:+,$2}"
}

# cf FILE ...: a program, since run_tool starts programs.
setup_file() {
	mkdir "$BATS_FILE_TMPDIR/bin"
	printf '%s\n' "#!/bin/sh" 'exec chain-fetch --source cboe --from "$@"' \
	    >"$BATS_FILE_TMPDIR/bin/cf"
	chmod +x "$BATS_FILE_TMPDIR/bin/cf"
	export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

# The only record, a chain_abort of SYMBOL with that error and exit.
assert_abort() {
	assert "$(wc -l <<<"$output")" = 1 "one record"
	assert "$output" has "{\"type\":\"chain_abort\",\"ts\":"
	assert "$output" has ",\"symbol\":\"$1\",\"reason\":\"scheduled\",\"error\":\"$2\",\"exit\":$3,\"detail\":\""
	assert "$stderr" =~ "^chain-fetch: $1: $2: [^A-Z].*\(exit $3\)$"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	make_doc >doc
}

# -------------------------------------------------------------------- usage

@test "usage errors: 64, a reason and the usage line, nothing on stdout" {
	local args
	while read -r args; do
		# shellcheck disable=SC2086 # split on purpose
		run_tool 64 chain-fetch $args
		assert "$output" = "" "stdout of: $args"
		assert "$stderr" =~ '^chain-fetch: -: USAGE: .*usage: chain-fetch '
	done <<-'END'

		--from doc
		--source cboe
		--source cboe --from doc
		--source cboe --from
		--source cboe --from doc --raw SPX
		--source cboe --from doc --every 5 SPX
		--source cboe --parallel 0 SPX
		--source cboe --parallel 33 SPX
		--source cboe --deadline 0 SPX
		--source cboe --every x SPX
		--source cboe --max-pages 0 SPX
		--source cboe --max-page-bytes 67108865 SPX
		--source nasdaq --from doc SPX
		--source cboe --from doc --no-such-option SPX
		--source cboe --from doc -
		--source cboe --from doc --reason because SPX
		--source cboe --from doc --reason= SPX
		--source cboe --from= SPX
		--source cboe --from doc --days -1 SPX
		--source cboe --from doc --days 1.5 SPX
		--source cboe --from doc --days 99999999999999999999 SPX
		--source cboe --from doc --expirations 2025-06-20 SPX
		--source cboe --from doc --expirations : SPX
		--source cboe --from doc --expirations 2025-06-31: SPX
		--source cboe --from doc --expirations 20250620: SPX
		--source cboe --from doc --expirations 2025-07-01:2025-06-01 SPX
		--source cboe --from doc --expirations 2025-06-01:2025-06-02:x SPX
		--source cboe --from doc --strikes 5000 SPX
		--source cboe --from doc --strikes : SPX
		--source cboe --from doc --strikes 0: SPX
		--source cboe --from doc --strikes -5:5 SPX
		--source cboe --from doc --strikes 5e3: SPX
		--source cboe --from doc --strikes 1.0005: SPX
		--source cboe --from doc --strikes 6000:5000 SPX
		--source cboe --from doc --max-contracts 0 SPX
		--source cboe --from doc --max-contracts 200001 SPX
	END
}

@test "what is no symbol: 64" {
	local name
	for name in '' 'spx' 'meta' 'active' '-x' 'A B' '{x}' '}' '*' '../x' \
	    $'SPX\r\nDEL epoch:active' $'SPX\e[31m' '%s%n' 'SPХ' 'I:' '_' \
	    'ABCDEFGHIJKLMNOPQ' "$(printf 'A%.0s' {1..10000})"; do
		run_tool 64 cf doc -- "$name"
		assert "$output" = "" "stdout of $name"
		LC_ALL=C run ! grep -q '[^ -~]' <<<"$stderr"
	done
	# one bad symbol, and nothing is read
	run_tool 64 cf doc SPX spx
	assert "$output" = ""
}

@test "help and version" {
	run_tool chain-fetch --help
	assert "$output" has "usage: chain-fetch [OPTION...] [-] [SYMBOL...]"
	local name
	for name in source from expirations days strikes reason equity \
	    max-contracts quiet; do
		assert "$output" has "--$name"
	done
	run_tool chain-fetch --version
	assert "$output" =~ '^chain-fetch .*jansson 2\.'
}

# --------------------------------------------------------------- golden path

@test "cases" {
	run_cases chain-fetch
}

@test "a document becomes one snapshot, sorted, counted" {
	make_doc -n 40 >doc
	run_tool cf doc SPX
	assert "$(head -n 1 <<<"$output")" = '{"type":"chain_begin","ts":1750000000000,"symbol":"SPX","source":"cboe","reason":"scheduled"}'
	assert "$(tail -n 1 <<<"$output")" = '{"type":"chain_end","ts":1750000000000,"symbol":"SPX","contracts":40,"rejected":0,"duplicates":0,"pages":1,"spot":6000.50,"spot_ts":1749845699000}'
	records contract <<<"$output" | jq -r .id >ids
	assert "$(wc -l <ids)" = 40
	LC_ALL=C sort -cu ids
	assert "$stderr" = ""
}

@test "the order of rows does not matter" {
	make_doc -n 60 >doc
	cf doc SPX >want
	perl -0pe 's{(\[)(.*)(\])}{
		$1 . join(",", reverse split(/(?<=\}),(?=\{)/, $2)) . $3}se' \
	    doc >turned
	run ! cmp -s doc turned
	cf turned SPX | cmp - want
}

@test "a file, standard input, pieces of any size: the same bytes" {
	make_doc -n 300 >doc
	cf doc SPX >want
	cf - SPX <doc | cmp - want
	cat doc /dev/null | cf - SPX | cmp - want
	local size
	for size in 1 7 443 65536; do
		dd if=doc bs="$size" status=none | cf - SPX | cmp - want
	done
}

@test "blanks in the document: the same bytes" {
	make_doc -n 60 >doc
	cf doc SPX >want
	make_doc -n 60 -b >spaced
	cf spaced SPX | cmp - want
}

@test "a timestamp after the rows: the same bytes" {
	make_doc -n 500 >doc
	make_doc -n 500 -l >late
	cf doc SPX >want
	cf late SPX | cmp - want
}

@test "every spelling of the symbol; an operand twice is one operand" {
	local name
	cf doc SPX >want
	for name in I:SPX _SPX ^SPX; do
		cf doc "$name" | cmp - want
	done
	cf doc SPX _SPX I:SPX | cmp - want
	cf doc --equity SPX | cmp - want
	# the document may spell it in each way too
	for name in SPX _SPX; do
		make_doc -S "$name" | cf - SPX | cmp - want
	done
}

@test "several documents: one snapshot each, in order" {
	make_doc >a
	make_doc -n 9 -t "2025-06-15 15:06:41" >b
	make_doc -n 3 -S SPY >c
	cat a b c a >all
	run_tool cf all SPX SPY
	assert "$(records chain_begin <<<"$output" | jq -r '"\(.symbol) \(.ts)"')" \
	    = $'SPX 1750000000000\nSPX 1750000001000\nSPY 1750000000000\nSPX 1750000000000'
	{ cf a SPX; cf b SPX; cf c SPY; cf a SPX; } | cmp - <(echo "$output")
	# one after the other without anything between
	tr -d '\n' <all >joined
	cf joined SPX SPY | cmp - <(echo "$output")
}

@test "the reason is recorded" {
	local word
	for word in scheduled dormant first unknown_contracts gap manual; do
		run_tool cf doc --reason "$word" SPX
		assert "$(head -n 1 <<<"$output" | jq -r .reason)" = "$word"
	done
}

# ------------------------------------------------------------------- values

@test "zeros stay, null is absent, a last of 0 without a time is left out" {
	make_doc -n 0 -r "$(row SPX250620C05000000 '"bid":0.0,"ask":null,"iv":0,
	    "delta":-0.0,"last_trade_price":0.0,"last_trade_time":null')" >doc
	run_tool cf doc SPX
	assert "$(records contract <<<"$output")" = '{"type":"contract","ts":1749999100000,"symbol":"SPX","id":"O:SPX250620C05000000","expiration":"2025-06-20","strike":5000,"right":"call","bid":0.0,"quote_ts":1749999100000,"iv":0,"delta":-0.0}'
}

@test "New York time in the rows, UTC above, whatever the zone and locale" {
	cf doc SPX >want
	local zone
	for zone in UTC Asia/Kolkata America/New_York :bad Europe/Berlin ''; do
		TZ=$zone cf doc SPX | cmp - want
	done
	for zone in de_DE.UTF-8 C.UTF-8 tr_TR xx; do
		LC_ALL=$zone LANG=$zone cf doc SPX | cmp - want
	done
	env -i PATH="$PATH" chain-fetch --source cboe --from doc SPX |
	    cmp - want
	# winter and summer, and the hours around both changes
	local time strike=1000
	local -a rows=()
	for time in 2025-01-15T12:00:00 2025-03-09T01:59:59 \
	    2025-03-09T03:00:00 2025-07-01T12:00:00 2025-11-02T00:59:59 \
	    2025-11-02T02:00:00; do
		strike=$((strike + 1))
		rows+=(-r "$(row "A250620C0${strike}000" \
		    "\"last_trade_price\":1,\"last_trade_time\":\"$time\"")")
	done
	make_doc -n 0 "${rows[@]}" >doc
	run_tool cf doc SPX
	assert "$(records contract <<<"$output" | jq -r .trade_ts)" = \
	    "$(tr " " "\n" <<<"1736960400000 1741503599000 1741503600000 1751385600000 1762059599000 1762066800000")"
}

@test "bad values of a good row are dropped and counted" {
	make_doc -n 3 -r "$(row SPX250620C06000000 '"bid":-1,"ask":"7",
	    "bid_size":true,"ask_size":{},"iv":[1],"delta":"x","vega":1e100,
	    "open_interest":5.0,"last_trade_price":1.5,"last_trade_time":7')" \
	    >doc
	WARN=ok run_tool cf doc SPX
	assert "$(records contract <<<"$output" | grep C06000000)" = '{"type":"contract","ts":1750000000000,"symbol":"SPX","id":"O:SPX250620C06000000","expiration":"2025-06-20","strike":6000,"right":"call","last":1.5,"oi":5.0}'
	assert "$(records chain_end <<<"$output")" =~ '"contracts":4,.*,"spot_ts":[0-9]+,"bad_values":8}$'
	assert "$stderr" =~ '^chain-fetch: SPX: DISCARDED: .* 8 bad values'
	run_tool cf doc -q SPX
	assert "$stderr" = ""
}

@test "what the scanner does not like goes through jansson, and is said" {
	make_doc -n 5 >doc
	cf doc SPX >want
	sed 's/"option":"SPXW250620C/"\\u006fption":"SPXW2506\\u00320C/' doc >odd
	run ! cmp -s doc odd
	WARN=ok run_tool cf odd SPX
	assert "$output" = "$(cat want)"
	assert "$stderr" has " 1 read by jansson"
}

# ----------------------------------------------------------------- bad rows

# H15 H16 H17: rows whose id is bad, or that are no rows.
bad_rows() {
	local id
	for id in SPX250620C00000000 SPX250620C-0005000 SPX250620C049875000 \
	    SPX250620C0498750 SPX260230C05000000 SPX000000C05000000 \
	    SPX251301C05000000 SPX250620X05000000 spx250620C05000000 \
	    250620C05000000 O:SPX250620C05000000 '' 'S X250620C05000000' \
	    'SPX250620C0500000\u0030x' '\u001b[31m250620C05000000' \
	    "$(printf 'A%.0s' {1..300})"; do
		row "$id" '"bid":1.0'
		echo
	done
	printf '%s\n' '{}' '[]' '7' '"x"' 'null' '{"option":null}' \
	    '{"option":6800}' '{"option":true}' '{"bid":1.0}' \
	    '{"option":"A250620C05000000","option":"A250620C05000000"}' \
	    '{"option":"A250620C05000000","bid":1,"bid":1}' \
	    '{"option":"A250620C05000000","bid":NaN}' \
	    '{"option":"A250620C05000000","bid":01}' \
	    '{"option":"A250620C05000000","bid":.5}' \
	    '{"option":"A250620C05000000","bid":1e400}' \
	    '{"option":"A250620C05000000","bid":9223372036854775808}' \
	    '{"option":"A250620C05000000","x":"\u0000"}' \
	    $'{"option":"A250620C05000000","x":"\xff"}' \
	    '{"option":"A250620C05000000",}' '{option:"A250620C05000000"}'
}

@test "a row with a bad id is rejected and counted" {
	local bad
	make_doc -n 99 >doc
	cf doc SPX >clean
	while IFS= read -r bad; do
		make_doc -n 99 -r "$bad" >doc
		WARN=ok run_tool cf doc SPX
		assert "$output" = "$(sed 's/"rejected":0/"rejected":1/' clean)" "$bad"
		assert "$stderr" =~ '^chain-fetch: SPX: DISCARDED: 1 of 100 rows rejected'
		assert "$(wc -l <<<"$stderr")" = 1
		LC_ALL=C run ! grep -q '[^ -~]' <<<"$stderr"
	done < <(bad_rows)
}

@test "more than one in a hundred rejected: no snapshot" {
	local bad
	while IFS= read -r bad; do
		make_doc -n 98 -r "$bad" >doc
		run_tool 65 cf doc SPX
		assert_abort SPX TOO_MANY_BAD 65
		assert "$output" has '"ts":1750000000000,'
		LC_ALL=C run ! grep -q '[^ -~]' <<<"$output$stderr"
	done < <(bad_rows)
	make_doc -n 198 -r '{}' -r '{}' >doc
	WARN=ok run_tool cf doc SPX
	make_doc -n 197 -r '{}' -r '{}' >doc
	run_tool 65 cf doc SPX
}

@test "H11: repeated rows are folded, the newer group wins, same board" {
	make_doc -n 6 >doc
	cf doc SPX >clean
	make_doc -n 5 -r "$(row SPXW250718C05005000)" \
	    -r "$(row SPXW250718C05005000 '"iv":0.5,"open_interest":3.0,
	    "last_trade_price":7.5,"last_trade_time":"2025-06-13T10:00:00"')" \
	    -r "$(row SPXW250718C05005000 '"last_trade_price":9.5,
	    "last_trade_time":"2025-06-13T09:59:59"')" >doc
	WARN=ok run_tool cf doc SPX
	assert "$(records chain_end <<<"$output")" =~ '"contracts":5,"rejected":0,"duplicates":3,'
	assert "$stderr" has " 3 duplicates"
	# the trade of the first row is the newest one
	records contract <<<"$output" | grep SPXW250718C05005000 >c
	assert "$(jq -c '[.last, .trade_ts]' c)" = "$(grep SPXW250718C05005000 clean | jq -c '[.last, .trade_ts]')"
	make_doc -n 5 >doc
	assert "$(records contract <<<"$output" | jq -r .id)" = "$(cf doc SPX | records contract | jq -r .id)"
	# in whatever order they come
	cp doc first
	make_doc -n 60 >a
	perl -0pe 's{\[(.*)\]}{"[$1,$1]"}se' a >twice
	WARN=ok run_tool cf twice SPX
	assert "$(records contract <<<"$output")" = "$(cf a SPX | records contract)"
	assert "$(records chain_end <<<"$output" | jq -c '[.contracts, .duplicates]')" = "[60,60]"
}

@test "H12: an empty chain is no snapshot" {
	make_doc -n 0 >doc
	run_tool 65 cf doc SPX
	assert_abort SPX EMPTY 65
	echo '{"timestamp":"2025-06-15 15:06:40","symbol":"_SPX","data":{}}' >doc
	run_tool 65 cf doc SPX
	assert_abort SPX EMPTY 65
	make_doc >doc
	run_tool 65 cf doc --strikes 9000: SPX
	assert_abort SPX EMPTY 65
	assert "$stderr" has "filter"
}

@test "more contracts than allowed: no snapshot" {
	make_doc -n 20 >doc
	run_tool cf doc --max-contracts 20 SPX
	make_doc -n 21 >doc
	run_tool 65 cf doc --max-contracts 20 SPX
	assert_abort SPX TOO_MANY 65
	# what the filter drops does not count, the next document is read
	run_tool cf doc --max-contracts 20 --strikes :5010 SPX
	cat doc >>doc2
	make_doc -n 2 >>doc2
	run_tool 65 cf doc2 --max-contracts 20 SPX
	assert "$(jq -r .type <<<"$output" | tr '\n' ' ')" = "chain_abort chain_begin contract contract chain_end "
}

# ------------------------------------------------------------ bad documents

@test "H15: a document of another symbol is refused" {
	run_tool 65 cf doc SPY
	assert_abort SPY SYMBOL_MISMATCH 65
	make_doc -S SPY >spy
	cat doc spy >both
	run_tool 65 cf both SPX
	assert "$output" = "$(cf doc SPX)"
	assert "$stderr" =~ '^chain-fetch: both: SYMBOL_MISMATCH: .*SPY.*\(exit 65\)$'
	# inside and outside must agree
	sed 's/"symbol":"_SPX"/"symbol":"_NDX"/' doc >two
	run_tool 65 cf two SPX
	assert_abort SPX BAD_DOCUMENT 65
}

@test "a saved body of the vendor that --source does not name is refused" {
	run_tool 65 chain-fetch --source massive --from doc SPX
	assert_abort SPX OTHER_VENDOR 65
	assert "$stderr" has "of cboe, and --source says massive"
	run_tool 65 cf <(echo '{"results":[],"status":"OK"}') SPX
	assert_abort SPX OTHER_VENDOR 65
	run_tool chain-fetch --from doc SPX
	assert "$output" = "$(cf doc SPX)" "without --source the input says it"
}

@test "a symbol without a document: chain_abort, the others are served" {
	run_tool 65 cf doc NDX SPX VIX
	cf doc SPX >want
	assert "$(grep -v chain_abort <<<"$output")" = "$(cat want)"
	assert "$(records chain_abort <<<"$output" | jq -r '"\(.symbol) \(.error)"')" = $'NDX NO_DOCUMENT\nVIX NO_DOCUMENT'
	assert "$(wc -l <<<"$stderr")" = 2
	run_tool 65 cf /dev/null SPX
	assert_abort SPX NO_DOCUMENT 65
	printf ' \n\t\r\n' >blank
	run_tool 65 cf blank SPX
	assert_abort SPX NO_DOCUMENT 65
}

@test "a cut document never becomes a snapshot, wherever it is cut" {
	make_doc -n 5 >doc
	make_doc -n 5 -l >late
	local file size at
	for file in doc late; do
		size=$(($(wc -c <$file) - 1)) # without the newline
		for ((at = 1; at < size; at += 1 + at % 97)); do
			head -c "$at" $file >cut
			run --separate-stderr cf cut SPX
			assert "$status" = 65 "cut at $at of $size"
			assert_abort SPX CUT 65
		done
		# the last byte is what makes it whole
		head -c "$((size - 1))" $file >cut
		run_tool 65 cf cut SPX
		head -c "$size" $file >whole
		run_tool cf whole SPX
	done
}

@test "a cut: the document's time where it is known, else now" {
	head -c 1000 doc >cut
	EPOCH_NOW_MS=1760000000000 run_tool 65 cf cut SPX
	assert "$(jq .ts <<<"$output")" = 1750000000000
	head -c 20 doc >cut
	EPOCH_NOW_MS=1760000000000 run_tool 65 cf cut SPX
	assert "$(jq .ts <<<"$output")" = 1760000000000
}

@test "after a whole document a cut one is the second's failure only" {
	cf doc SPX >want
	{ cat doc; head -c 1000 doc; } >two
	run_tool 65 cf two SPX
	assert "$(head -n -1 <<<"$output")" = "$(cat want)"
	assert "$(tail -n 1 <<<"$output" | jq -r .error)" = CUT
	{ cat doc; head -c 20 doc; } >two
	run_tool 65 cf two SPX
	assert "$output" = "$(cat want)"
	assert "$stderr" =~ '^chain-fetch: two: CUT: .*\(exit 65\)$'
}

@test "what is no JSON, or no document: 65" {
	local text
	while IFS= read -r text; do
		printf '%s' "$text" >bad
		run_tool 65 cf bad SPX
		assert_abort SPX BAD_JSON 65
	done <<-'END'
		<html>403 Forbidden</html>
		[]
		null
		{]
		{"data":{"options":[{"option":"A"},]}}
		{"data":{"options":[{"option":"A"} {"option":"A"}]}}
		{"data":{"options":[,{"option":"A"}]}}
		{"data":{"options":[{"option":"A"]}}
		{"timestamp":NaN}
		{"timestamp":"2025-06-15 15:06:40","timestamp":"2025-06-15 15:06:40","symbol":"SPX"}
		{"symbol":"SPX",}
	END
	printf '\xef\xbb\xbf' | cat - doc >bad
	run_tool 65 cf bad SPX
	assert_abort SPX BAD_JSON 65
	while IFS= read -r text; do
		printf '%s' "$text" >bad
		run_tool 65 cf bad SPX
		assert_abort SPX BAD_DOCUMENT 65
	done <<-'END'
		{}
		{"symbol":"SPX"}
		{"timestamp":"2025-06-15 15:06:40"}
		{"symbol":"SPX","timestamp":null}
		{"symbol":"SPX","timestamp":"2025-06-31 15:06:40"}
		{"symbol":"SPX","timestamp":"1969-12-31 23:59:59"}
		{"symbol":"SPX","timestamp":1750000000}
		{"symbol":"\u001b[31m","timestamp":"2025-06-15 15:06:40"}
		{"symbol":"S X","timestamp":"2025-06-15 15:06:40"}
	END
}

@test "rows are good and the shell around them is not: no snapshot" {
	sed 's/\(.*\)}}$/\1,"x":NaN}}/' doc >bad
	run ! cmp -s doc bad
	run_tool 65 cf bad SPX
	assert_abort SPX BAD_JSON 65
	assert "$output" has '"ts":1750000000000,'
	sed 's/\(.*\)}}$/\1},"symbol":"_SPX"}/' doc >bad
	run_tool 65 cf bad SPX
	assert_abort SPX BAD_JSON 65
}

@test "rows and shells beyond the limits: 65" {
	perl -e 'print "{\"data\":{\"options\":[{\"x\":\"", "a" x 1100000,
	    "\"}]}}"' >bad
	run_tool 65 cf bad SPX
	assert_abort SPX TOO_LONG 65
	perl -e 'print "{\"x\":\"", "a" x 1100000, "\"}"' >bad
	run_tool 65 cf bad SPX
	assert_abort SPX TOO_LONG 65
	# 66 MB of rows before anybody knows whose they are
	perl -e 'print "{\"data\":{\"options\":[{}"; my $r = ",{\"x\":\"" .
	    "a" x 999990 . "\"}"; print $r for 1 .. 68; print "]}}"' >bad
	run_tool 65 cf bad SPX
	assert_abort SPX TOO_LONG 65
}

@test "many faulty documents are counted, not all told" {
	make_doc -S SPY -n 1 >spy
	local i
	for i in {1..50}; do cat spy; done >many
	run_tool 65 cf many SPX
	assert "$(wc -l <<<"$stderr")" = 10
	assert "$(jq -r .error <<<"$output")" = SYMBOL_MISMATCH
}

@test "a missing file: 66, and every symbol is answered" {
	run_tool 66 cf nowhere SPX SPY
	assert "$(jq -r '"\(.type) \(.symbol) \(.exit)"' <<<"$output")" = $'chain_abort SPX 66\nchain_abort SPY 66'
	assert "$stderr" has "No such file"
	run_tool 66 cf . SPX
	assert "$(jq -r '.type + " " + .symbol' <<<"$output")" = "chain_abort SPX"
}

@test "S3: what a vendor writes never reaches the terminal raw" {
	# shellcheck disable=SC2059
	printf '{"symbol":"SPX","\x1b]0;x\x07\xc2\x9b31m":1,"x\r\n' >bad
	run_tool 65 cf bad SPX
	LC_ALL=C run ! grep -q '[^ -~]' <<<"$output"
	printf '{"symbol":"SPX","a":\x1b\x07\xe2\x80\xae}' >bad
	run_tool 65 cf bad SPX
	assert "$(wc -l <<<"$stderr")" = 1
	LC_ALL=C run ! grep -q '[^ -~]' <<<"$stderr"
	run_tool 66 cf $'no\e[31mfile\n' SPX
	assert "$(wc -l <<<"$stderr")" = 1
	LC_ALL=C run ! grep -q '[^ -~]' <<<"$stderr"
	make_doc -S $'SP\e[31m' >bad
	run_tool 65 cf bad SPX
	LC_ALL=C run ! grep -q '[^ -~]' <<<"$output$stderr"
}

# ------------------------------------------------------------------ filters

# What the filter should let pass, found by other means.
by_awk() {
	jq -r 'select(.type == "contract") | "\(.id) \(.expiration) \(.strike)"' |
	    awk "$1 { print \$1 }"
}

@test "filters: a subset, by date and strike, both ends inclusive" {
	make_doc -n 200 >doc
	cf doc SPX >all
	local text args expression
	while IFS='|' read -r text args expression; do
		# shellcheck disable=SC2086 # split on purpose
		run_tool cf doc $args SPX
		assert "$(head -n 1 <<<"$output" | jq -r .filter)" = "$text"
		assert "$(records contract <<<"$output" | jq -r .id)" = "$(by_awk "$expression" <all)" "$args"
		assert "$(tail -n 1 <<<"$output" | jq .contracts)" = "$(records contract <<<"$output" | wc -l)"
		[[ $(records contract <<<"$output" | wc -l) -gt 0 ]]
	done <<-'END'
		exp=2025-06-20..2025-06-20|--expirations 2025-06-20:2025-06-20|$2 == "2025-06-20"
		exp=2025-06-21..|--expirations 2025-06-21:|$2 > "2025-06-20"
		exp=..2025-07-17|--expirations :2025-07-17|$2 < "2025-07-18"
		exp=..2025-07-18|--expirations :2025-07-18|1
		strike=5050..5100|--strikes 5050:5100|$3 >= 5050 && $3 <= 5100
		strike=5050..5100|--strikes 5050.000:5100.0|$3 >= 5050 && $3 <= 5100
		strike=5050.5..|--strikes 5050.5:|$3 > 5050
		strike=..5050.25|--strikes :5050.25|$3 <= 5050
		days=5|--days 5|$2 == "2025-06-20"
		days=33|--days 33|1
		days=32|--days 32|$2 == "2025-06-20"
		exp=2025-06-01..2025-07-31;days=5;strike=5000..5010|--strikes 5000:5010 --days 5 --expirations 2025-06-01:2025-07-31|$2 == "2025-06-20" && $3 <= 5010
	END
	# without a filter there is none
	assert "$(head -n 1 all | jq .filter)" = null
}

@test "days are counted from the date in New York" {
	# 03:30 UTC on the 16th is still the 15th there
	make_doc -n 20 -t "2025-06-16 03:30:00" >doc
	run_tool 65 cf doc --days 4 SPX
	run_tool cf doc --days 5 SPX
	make_doc -n 20 -t "2025-06-16 04:00:00" >doc
	run_tool cf doc --days 4 SPX
	run_tool 65 cf doc --days 3 SPX
}

@test "what was filtered out is no fault, and silent" {
	make_doc -n 200 >doc
	run_tool cf doc --strikes 5050:5050 SPX
	assert "$stderr" = ""
	# but bad rows are counted among all rows of the document
	make_doc -n 199 -r '{}' >doc
	WARN=ok run_tool cf doc --strikes 5050:5050 SPX
	assert "$stderr" has "1 of 200 rows rejected"
}

# ------------------------------------------------------------ pipes, signals

@test "output that cannot be written: 74" {
	make_doc -n 2000 >doc
	run_tool 74 bash -c 'chain-fetch --source cboe --from doc SPX >/dev/full'
	assert "$stderr" has "(exit 74)"
	run_tool 66 bash -c 'chain-fetch --source cboe --from nowhere SPX >/dev/full'
	assert "$stderr" has "(exit 74)"
	run_tool 74 bash -c 'chain-fetch --help >/dev/full'
}

@test "the reader leaves: 141, silently" {
	make_doc -n 2000 >doc
	run --separate-stderr bash -c 'chain-fetch --source cboe --from doc SPX |
	    head -n 1 >/dev/null; echo ${PIPESTATUS[0]}'
	assert "$output" = 141
	assert "$stderr" = ""
}

@test "closed descriptors" {
	run --separate-stderr bash -c 'chain-fetch --source cboe --from - SPX <&- | cat'
	assert "$(jq -r .error <<<"$output")" = NO_DOCUMENT
	run bash -c 'chain-fetch --source cboe --from nowhere SPX >/dev/null 2>&-'
	assert "$status" = 66
}

@test "told to stop while waiting: an abort, 75, no snapshot" {
	mkfifo pipe
	chain-fetch --source cboe --from pipe SPX >out 2>err 3>&- 4>&- &
	local pid=$! rc=0
	exec 9>pipe
	head -c 1000 doc >&9
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	exec 9>&-
	assert "$rc" = 75
	assert "$(jq -r '.type + " " + .error' out)" = "chain_abort STOPPED"
}

# -------------------------------------------------------------- real boards

# Independent of the tool: the source's rows by regular expressions.
independent() {
	perl -MPOSIX -0777 -ne '
	BEGIN { $ENV{TZ} = "EST5EDT,M3.2.0,M11.1.0"; POSIX::tzset() }
	sub ny {
		my @t = $_[0] =~ /^(....)-(..)-(..)T(..):(..):(..)$/ or die;
		return mktime($t[5], $t[4], $t[3], $t[2], $t[1] - 1,
		    $t[0] - 1900, 0, 0, -1) . "000";
	}
	my ($spot) = /"current_price":([-0-9.eE+]+)/;
	print "spot $spot\n";
	while (/\{"option":"([^"]+)"([^}]*)\}/g) {
		my ($id, %v) = ($1);
		my $rest = $2;
		$v{$1} = $2 while $rest =~ /"([a-z_]+)":("[^"]*"|[^,}]*)/g;
		my ($time, $last) = @v{"last_trade_time", "last_trade_price"};
		my $timed = $time =~ s/"//g;
		printf "O:%s %s\n", $id, join(" ",
		    (map { defined $v{$_} && $v{$_} ne "null" ? $v{$_} : "-" }
			qw(bid ask bid_size ask_size)),
		    !$timed && $last == 0 ? "-" : $last,
		    $timed ? ny($time) : "-",
		    (map { defined $v{$_} && $v{$_} ne "null" ? $v{$_} : "-" }
			qw(iv delta gamma theta vega open_interest volume)));
	}'
}

ours() {
	perl -ne '
	print "spot $1\n" if /^\{"type":"chain_end".*"spot":([-0-9.eE+]+)/;
	next unless /^\{"type":"contract"/;
	my %v;
	$v{$1} = $2 while /"([a-z_]+)":("[^"]*"|[^,}]*)/g;
	s/"//g for values %v;
	print join(" ", map { defined $v{$_} ? $v{$_} : "-" }
	    qw(id bid ask bid_size ask_size last trade_ts iv delta gamma theta
		vega oi volume)), "\n";'
}

@test "real boards: every value is the source's own text" {
	need_boards
	local board name
	for board in "$BOARDS"/cboe/*.json.xz; do
		name=${board##*/}
		name=${name%%-*}
		xzcat "$board" >body
		cf body "$name" >out 2>err
		# nothing rejected, nothing repeated, no fallback
		assert "$(cat err)" = "" "$name"
		assert "$(tail -n 1 out)" =~ '"rejected":0,"duplicates":0,"pages":1,'
		independent <body | LC_ALL=C sort >want
		ours <out | LC_ALL=C sort >got
		cmp want got
		assert "$(tail -n 1 out | jq .contracts)" = "$(($(wc -l <want) - 1))"
		[[ $(wc -l <want) -gt 10000 ]]
	done
}
