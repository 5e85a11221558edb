#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# epoch-inspect --prometheus: read back by a strict parser of the format.

load helpers
load inspect

setup_file() {
	redis_start
	save_world
}

setup() {
	rcli FLUSHDB >/dev/null
	cd "$BATS_TEST_TMPDIR" || return 1
	export EPOCH_NOW_MS=1700000165000 # 45 s after C
}

teardown_file() {
	redis_stop
}

# The text format 0.0.4, as strict as it can be read: HELP and TYPE once, in
# this order and before the samples, the samples of a name together, no sample
# twice, labels well escaped, integer values, a newline at the end.  Prints
# "name|label=value|... VALUE" with the labels unescaped, sorted by name.
parse() {
	perl -0777 -e '
	use strict;
	my $text = <STDIN>;
	die "no newline at the end\n" unless $text =~ /\n\z/;
	my (%help, %type, %seen, $current);
	for (split /\n/, substr($text, 0, -1), -1) {
		die "not printable: $_\n" if /[^\x20-\x7e]/;
		if (/^# HELP ([a-z_][a-z0-9_]*) (\S.*)$/) {
			die "HELP twice: $1\n" if $help{$1}++;
			die "bad escape: $_\n" if $2 =~ /\\(?![\\n])/;
			$current = $1;
			next;
		}
		if (/^# TYPE ([a-z_][a-z0-9_]*) (gauge|counter)$/) {
			my ($name, $type) = ($1, $2);
			die "TYPE out of place: $_\n"
			    if $name ne $current or $type{$name};
			die "counter: $_\n" if ($type eq "counter") !=
			    ($name =~ /_total$/);
			$type{$name} = $type;
			next;
		}
		/^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (0|[1-9][0-9]*)$/
		    or die "no sample: $_\n";
		my ($name, $labels, $value) = ($1, $2, $3);
		die "out of place: $_\n"
		    unless $name eq $current and $type{$name};
		my %l;
		if (defined $labels) {
			while ($labels =~ s/^([a-z_]+)="((?:[^"\\]|\\["\\n])*)"//) {
				my ($k, $v) = ($1, $2);
				die "label twice: $_\n" if exists $l{$k};
				$v =~ s/\\(.)/$1 eq "n" ? "\n" : $1/ge;
				$l{$k} = $v;
				last unless $labels =~ s/^,(?=.)//;
			}
			die "labels: $_\n" if $labels ne "" or !%l;
		}
		my $id = join "|", $name, map "$_=$l{$_}", sort keys %l;
		die "twice: $_\n" if $seen{$id}++;
		print "$id $value\n";
	}'
}

metrics() { # [RC] ARG...
	local rc=0
	if [[ ${1-} =~ ^[0-9]+$ ]]; then
		rc=$1
		shift
	fi
	run_tool "$rc" epoch-inspect --prometheus "$@" || return 1
	printf '%s\n' "$output" >text
	parse <text >samples
}

value() { # NAME[|LABELS]
	awk -v id="$1" '$1 == id { print $2 }' samples
}

@test "all numbers of the world" {
	load_world
	rcli <<-END >/dev/null
		HSET epoch:meta:$C dormant_count 2 forced_dirty 1 ticks 12345 carried 4
		SET epoch:$C:had_ws_updates 1
		HSET epoch:$C:model:heatmap contracts 1245
		ZADD epoch:staging 1700000100999 SPX:1:aaaa 1700000164000 SPX:2:bbbb
		SREM epoch:dirty $N
	END
	metrics
	assert "$(grep -v info samples | grep -v NDX)" = \
"epoch_up 1
epoch_symbols 2
epoch_staging 2
epoch_staging_age_seconds 64
epoch_age_seconds|symbol=SPX 45
epoch_snapshot_age_seconds|symbol=SPX 45
epoch_dirty|symbol=SPX 1
epoch_dormant_count|symbol=SPX 2
epoch_forced|symbol=SPX 1
epoch_ws|symbol=SPX 1
epoch_contracts|symbol=SPX 5
epoch_strikes|symbol=SPX 3
epoch_expirations|symbol=SPX 2
epoch_seq|symbol=SPX 3
epoch_ticks_total|symbol=SPX 12345
epoch_timeline_length|symbol=SPX 3
epoch_model_contracts|model=heatmap|symbol=SPX 1245
epoch_entered|symbol=SPX 1
epoch_exited|symbol=SPX 2
epoch_carried|symbol=SPX 4
epoch_decisions_total|outcome=new|reason=first|symbol=SPX 1
epoch_decisions_total|outcome=new|reason=geometry|symbol=SPX 2
epoch_decisions_total|outcome=new|reason=filter|symbol=SPX 0
epoch_decisions_total|outcome=new|reason=forced|symbol=SPX 0
epoch_decisions_total|outcome=new|reason=damaged|symbol=SPX 0
epoch_decisions_total|outcome=new|reason=rollback|symbol=SPX 0
epoch_pending_sights|symbol=SPX 0"
	assert "$(value 'epoch_dirty|symbol=NDX')" = 0
	assert "$(value 'epoch_age_seconds|symbol=NDX')" = 165
	assert "$(grep info samples)" = \
"epoch_info|epoch_id=$N|reason=first|source=cboe|symbol=NDX 1
epoch_info|epoch_id=$C|reason=geometry|source=cboe|symbol=SPX 1"
}

@test "the same numbers as the table's" {
	load_world
	metrics
	local line symbol rest
	while read -r line; do
		read -r symbol rest <<<"$line"
		assert "$(for m in age_seconds contracts strikes seq entered; do
			value "epoch_$m|symbol=$symbol"
		done | paste -s -d ' ' -)" = "$rest"
	done < <(epoch-inspect -o symbol,age,contract_count,strike_count,seq,entered |
	    tr '\t' ' ')
	metrics SPX
	assert "$(grep -c NDX samples)" = 0
	assert "$(value epoch_symbols)" = 1
	metrics I:SPX SPX
	assert "$(value epoch_symbols)" = 1
}

@test "what is unknown or no number is left out, and only that" {
	load_world
	rcli <<-END >/dev/null
		HDEL epoch:meta:$C entered
		HSET epoch:meta:$C exited -3 carried 1.5 seq 'NaN 1' ticks ''
		HSET epoch:meta:$C strike_count 99999999999999999999
		DEL epoch:$C:had_ws_updates
		HSET epoch:$C:model:gex contracts '7
		epoch_up 0'
	END
	metrics
	local name
	for name in entered exited carried seq ticks_total strikes ws; do
		assert "$(value "epoch_$name|symbol=SPX")" = "" $name
	done
	assert "$(grep -c model samples)" = 0
	assert "$(value 'epoch_contracts|symbol=SPX')" = 5
	rcli DEL epoch:meta:$C >/dev/null
	metrics
	assert "$(grep SPX samples | sed 's/[ |].*//' | sort -u | paste -s -d ' ')" = \
	    "epoch_decisions_total epoch_dirty epoch_info epoch_pending_sights epoch_timeline_length"
	assert "$(grep info samples | grep SPX)" = \
	    "epoch_info|epoch_id=$C|symbol=SPX 1"
}

@test "decisions: what the promoter did, by reason; who waits, and since when" {
	local i kind
	# as the promoter leaves it, not as this test thinks it does
	rcli FLUSHDB >/dev/null
	promote() {
		make_chain -t $((1750000000000 + $1 * 100000)) "${@:2}" | geom-hash |
			EPOCH_NOW_MS=$((1750000000000 + $1 * 100000)) \
			    epoch-promote "${OPT[@]}" >>decisions 2>>err || :
	}
	OPT=()
	promote 0 -n 80
	promote 1 -n 90
	promote 2 -n 90
	promote 3 -n 100
	OPT=(--force)
	promote 4 -n 100
	OPT=()
	promote 5 -n 20 # shrunk: waits
	EPOCH_NOW_MS=$((1750000000000 + 507500)) metrics
	for kind in first:1 geometry:2 forced:1 filter:0 damaged:0; do
		assert "$(value "epoch_decisions_total|outcome=new|reason=${kind%:*}|symbol=SPX")" = "${kind#*:}" $kind
	done
	assert "$(jq -r 'select(.outcome == "new") | .reason' decisions | sort | uniq -c | xargs)" = \
	    "1 first 1 forced 2 geometry"
	assert "$(value 'epoch_pending_sights|symbol=SPX')" = 1
	assert "$(value 'epoch_pending_age_seconds|symbol=SPX')" = 7
	promote 6 -n 100 # the board is back: nothing waits
	metrics
	assert "$(value 'epoch_pending_sights|symbol=SPX')" = 0
	assert "$(grep -c epoch_pending_age samples)" = 0
	# as many as there are in the timeline, whatever is there
	rcli <<-END >/dev/null
		LPUSH epoch:timeline:SPX x SPX:1:aaaa
		HSET epoch:meta:SPX:1:aaaa reason 'x"}'
		HSET epoch:pending:SPX seen -1 first_ts x
	END
	metrics
	assert "$(value 'epoch_decisions_total|outcome=new|reason=unknown|symbol=SPX')" = 2
	assert "$(grep '^epoch_decisions' samples | awk '{ n += $2 } END { print n }')" = \
	    "$(value 'epoch_timeline_length|symbol=SPX')"
	assert "$(grep -c epoch_pending samples)" = 0
}

@test "a clock behind the writer's: ages are 0, never negative" {
	load_world
	EPOCH_NOW_MS=1600000000000 metrics
	assert "$(value 'epoch_age_seconds|symbol=SPX')" = 0
	assert "$(value 'epoch_snapshot_age_seconds|symbol=SPX')" = 0
}

@test "hostile text is escaped, the labels read back as they were" {
	load_world
	local text='a"b\c{}=,# x" 1'
	rcli HSET epoch:meta:$C filter "$text" >/dev/null
	metrics
	assert "$(grep info samples | grep SPX)" has "|filter=$text|"
	rcli -x HSET epoch:meta:$C filter >/dev/null \
	    <<<$'x"} 1\nepoch_up 0\\'
	metrics
	assert "$(grep '^epoch_up' text)" = "epoch_up 1"
	rcli HSET epoch:meta:$C source $'\e[31m\x7f\xc2\x9b\r\t\xe2\x80\xae' \
	    >/dev/null
	metrics
	assert "$(cat samples)" has \
	    '|source=\x1b[31m\x7f\xc2\x9b\x0d\x09\xe2\x80\xae|'
}

@test "no epochs at all: zero symbols and 0; a symbol without one: 1" {
	metrics
	assert "$(cat samples)" = $'epoch_up 1\nepoch_symbols 0\nepoch_staging 0'
	load_world
	metrics 1 SPX XYZ
	assert "$stderr" has "XYZ: NO_EPOCH"
	assert "$(value epoch_symbols)" = 1
	rcli HSET epoch:active 'B"AD' x >/dev/null
	metrics 70
	assert "$(value epoch_symbols)" = 2
}

@test "300 symbols: more than one window of the pipeline" {
	local i
	for ((i = 0; i < 300; i++)); do
		echo "HSET epoch:active S$i S$i:1700000000:aaaa"
		echo "HSET epoch:meta:S$i:1700000000:aaaa seq $i"
		echo "LPUSH epoch:timeline:S$i x y"
	done | rcli >/dev/null
	metrics
	assert "$(value epoch_symbols)" = 300
	for i in 0 7 249 250 299; do
		assert "$(value "epoch_seq|symbol=S$i")" = $i
		assert "$(value "epoch_timeline_length|symbol=S$i")" = 2
		assert "$(value "epoch_decisions_total|outcome=new|reason=unknown|symbol=S$i")" = 2
	done
}

@test "it writes nothing, and the reader of docs/REDIS.md may do it" {
	load_world
	doc_user reader
	local before
	before=$(state_digest)
	metrics --redis "unix://reader:sekret@$REDIS_SOCK"
	assert "$(state_digest)" = "$before"
	rcli ACL DELUSER reader >/dev/null
}

@test "nobody there, frozen, wrong type, wrong password: nothing on stdout" {
	load_world
	run_tool 75 epoch-inspect --prometheus -r ./none
	assert "$output" = ""
	kill -STOP "$REDIS_PID"
	run_tool 75 epoch-inspect --prometheus -t 0.05 || {
		kill -CONT "$REDIS_PID"
		return 1
	}
	kill -CONT "$REDIS_PID"
	assert "$output" = ""
	assert "$stderr" has "no answer within 50 ms"
	run_tool 77 epoch-inspect --prometheus -r "unix://a:b@$REDIS_SOCK"
	assert "$output" = ""
	rcli DEL epoch:timeline:SPX >/dev/null
	rcli SET epoch:timeline:SPX x >/dev/null
	run_tool 78 epoch-inspect --prometheus
	assert "$output" = ""
}

@test "usage, and output that cannot be written" {
	run_tool 64 epoch-inspect --prometheus $C
	run_tool 64 epoch-inspect --prometheus --timeline
	run_tool 64 epoch-inspect --prometheus -o symbol
	run_tool 64 epoch-inspect --prometheus --watch 1
	run_tool 74 bash -c 'epoch-inspect --prometheus >/dev/full'
}

@test "the parser of these tests refuses what is not the format" {
	local good='# HELP a x
# TYPE a gauge
a{l="v"} 1' bad
	parse <<<"$good"
	for bad in 'a 1' "$good"$'\na{l="v"} 2' "$good"$'\nb 1' \
	    "${good/v/\\x}" "${good/ 1/ -1}" "${good/ 1/ 1.5}" \
	    "${good/gauge/gauges}" "${good/\"v/v}" "${good/\}/,\}}" \
	    "$good"$'\n' "$good"$'\n# HELP a x' "${good/v/$'\e'}"; do
		run ! parse <<<"$bad"
	done
	run ! parse < <(printf '%s' "$good")
}
