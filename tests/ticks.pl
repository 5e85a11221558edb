#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# ticks: streams of ticks, and what must be in Redis after them.
#
#	ticks.pl make N SEED BASE GEOMETRY...
#		N ticks for the contracts of these boards; times, sequence
#		numbers and values from so few that many are equal
#	ticks.pl strange N SEED BASE
#		N ticks for contracts that no board lists
#	ticks.pl shuffle SEED
#		stdin in another order, every tenth line twice
#	ticks.pl events
#		the vendor's events on stdin, one a line, as the ticks that they
#		are; recv_ts is ts
#	ticks.pl cuts SENT CAME COUNT...
#		CAME, records of ws-tap, has of SENT, ticks, a beginning of each
#		COUNT, one a connection, and gaps for the rest
#	ticks.pl expect TICKS GEOMETRY...
#		the text of `epoch-inspect --digest --values --text` for the
#		last of these boards (they only grow) after all of it
#	ticks.pl newest
#		the lines of such a text that the ticks on stdin settle
#	ticks.pl sum
#		stdin's hydrated records, added up: NAME COUNT a line; says
#		which does not close
#
# Apart from the tools on purpose: "newer wins" in a few lines of its own.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use List::Util 'shuffle';

my %values = (
	quote => ['bid', 'ask', 'bid_size', 'ask_size'],
	trade => ['last', 'last_size'],
	volume => ['volume'],
);
my %group_of = (quote => 'quote', trade => 'trade', agg => 'volume');

sub field { my ($line, $name) = @_; return $line =~ /"$name":"?([^,"}]*)/ ? $1 : undef }

# Sorted ids of boards.
sub ids {
	my %seen;
	for my $file (@_) {
		open my $f, '<', $file or die "$file: $!";
		/"type":"contract"/ and $seen{field($_, 'id')} = 1 while <$f>;
	}
	return sort keys %seen;
}

sub pick { return $_[rand @_] }

sub tick {
	my ($id, $base) = @_;
	my $kind = pick('quote', 'quote', 'quote', 'trade', 'agg');
	my $ts = $base + int rand 40;
	# 2^53 and its neighbours: no double tells them apart
	my $seq = pick('', 0, 1, 2, 10, '9007199254740992', '9007199254740993');
	my $recv = $ts + int rand 9;
	$recv = $ts - 5000 - int rand 2 if rand 50 < 1; # in time, or from the future
	my $line = qq({"type":"tick","ts":$ts,"id":"$id","kind":"$kind","recv_ts":$recv);
	$line .= qq(,"feed_seq":$seq) if $seq ne '';
	my @names = @{$values{$group_of{$kind}}};
	my $sure = pick(@names);
	for my $name (@names) {
		next if $name ne $sure && rand 6 < 1;
		$line .= sprintf ',"%s":%s', $name,
		    pick('0', '0.0', '1', '1.5', '10', '1e1', '9', '0.30');
	}
	return "$line}\n";
}

sub make {
	my ($n, $seed, $base, @files) = @_;
	my @ids = ids(@files) or die "no contracts\n";
	srand $seed;
	print tick(pick(@ids), $base) for 1 .. $n;
}

sub strange {
	my ($n, $seed, $base) = @_;
	srand $seed;
	for (1 .. $n) {
		my $id = sprintf 'O:%s250620%s%08d', pick('SPX', 'NONE'),
		    pick('C', 'P'), 90000000 + 1000 * int rand 300;
		(my $line = tick($id, $base)) =~ s/"recv_ts":\d+/"recv_ts":$base/;
		print $line;
	}
}

sub reorder {
	srand $_[0];
	my @lines = <STDIN>;
	print shuffle(@lines, @lines[grep { $_ % 10 == 0 } 0 .. $#lines]);
}

# What the ticks of a vendor's events are: field of theirs, field of ours.
my %fields = (
	Q => [t => 'quote', bp => 'bid', ap => 'ask', bs => 'bid_size', as => 'ask_size'],
	T => [t => 'trade', p => 'last', s => 'last_size'],
	A => [e => 'agg', av => 'volume'],
	AM => [e => 'agg', av => 'volume'],
);

sub events {
	while (my $event = <STDIN>) {
		my ($t, $kind, %values) = @{$fields{field($event, 'ev')}};
		my ($ts, $q) = (field($event, $t), field($event, 'q'));
		print qq({"type":"tick","ts":$ts,"id":"), field($event, 'sym'),
		    qq(","kind":"$kind","recv_ts":$ts);
		print qq(,"feed_seq":$q) if defined $q && $kind ne 'agg';
		for my $name (grep { $values{$_} } qw(bp ap bs as p s av)) {
			my $v = field($event, $name);
			print qq(,"$values{$name}":$v) if defined $v;
		}
		print "}\n";
	}
}

# The tap's account of connections that were cut: of what each was sent, in
# order, came a beginning, all of it but where a gap follows; and the gap begins
# with the last that came (nothing else is heard meanwhile) and ends before the
# next.
sub cuts {
	my ($sent, $came, @counts) = @_;
	my (@of, @gaps, $lost);
	open my $f, '<', $sent or die "$sent: $!";
	for my $n (@counts) {
		push @of, [map { scalar <$f> } 1 .. $n];
	}
	die "more was sent than that\n" if defined <$f>;
	open $f, '<', $came or die "$came: $!";
	my ($i, $k, $before, $after) = (0, 0, 0, 0);
	while (my $line = <$f>) {
		if ($line =~ /"type":"gap".*"reason":"disconnect"/) {
			my ($from, $to) = (field($line, 'from_ts'), field($line, 'to_ts'));
			die "a gap from $from, a tick of $before\n"
			    if $from < $before || $k > 0 && $from > $before;
			die "a gap that ends before it begins\n" if $to < $from;
			$after = $to;
			$lost += $counts[$i++] - $k;
			$k = 0;
			push @gaps, $line;
		}
		next unless $line =~ /"type":"tick"/;
		$before = field($line, 'recv_ts');
		die "a tick of $before, inside a gap until $after\n" if $before < $after;
		my $want = $of[$i][$k++] // die "nobody sent $line";
		s/"recv_ts":\d+/"recv_ts":0/ for $line, $want;
		die "came $line, sent $want" if $line ne $want;
	}
	die "no gap tells of what is missing\n" if $i != $#counts || $k != $counts[$i];
	print "gaps ", scalar @gaps, " lost $lost\n";
}

# Is candidate a = [time, 0 snapshot or 1 tick, seq, bytes, {field => value}]
# newer than b?
sub newer {
	my ($x, $y) = @_;
	return ($x->[0] <=> $y->[0] || $x->[1] <=> $y->[1] ||
	    $x->[2] <=> $y->[2] || $x->[3] cmp $y->[3]) > 0;
}

# A candidate for a contract's group.
sub offer {
	my ($best, $id, $group, $ts, $origin, $seq, $line) = @_;
	my %v = map { $_ => field($line, $_) } @{$values{$group}};
	return unless grep { defined } values %v;
	my $bytes = join "\t",
	    map { defined $v{$_} ? $v{$_} : '' } @{$values{$group}};
	my $c = [$ts, $origin, $seq, $bytes, \%v];
	my $b = $best->{$id}{$group};
	$best->{$id}{$group} = $c if !$b || newer($c, $b);
}

sub offer_ticks {
	my ($best, $f) = @_;
	while (my $line = <$f>) {
		next unless $line =~ /"type":"tick"/;
		my $ts = field($line, 'ts');
		next if $ts > field($line, 'recv_ts') + 5000;
		offer($best, field($line, 'id'), $group_of{field($line, 'kind')},
		    $ts, 1, field($line, 'feed_seq') // 0, $line);
	}
}

# What the best of a contract's groups make of its fields.
sub settle {
	my ($all, $best) = @_;
	for my $group (keys %values) {
		my $b = $best->{$group} or next;
		$all->{"${group}_ts"} = $b->[0];
		defined $b->[4]{$_} and $all->{$_} = $b->[4]{$_}
		    for @{$values{$group}};
	}
}

sub show {
	my ($id, $all) = @_;
	print "contract:$id\t$_\t$all->{$_}\n" for sort keys %$all;
}

sub newest {
	my %best;
	offer_ticks(\%best, \*STDIN);
	for my $id (sort keys %best) {
		settle(\my %all, $best{$id});
		show($id, \%all);
	}
}

sub expect {
	my ($ticks, @boards) = @_;
	my (%best, %board);
	for my $file (@boards) {
		my $default;
		%board = ();
		open my $f, '<', $file or die "$file: $!";
		while (my $line = <$f>) {
			if ($line =~ /"type":"geometry"/) {
				$default = field($line, 'begin_ts');
				$default -= 900000 if $line =~ /"cboe"/;
			}
			next unless $line =~ /"type":"contract"/;
			my $id = field($line, 'id');
			for my $name (qw(expiration strike right multiplier iv
			    delta gamma theta vega oi)) {
				my $v = field($line, $name);
				$board{$id}{$name} = $v if defined $v;
			}
			for my $group (keys %values) {
				my $ts = $group eq 'volume' ? $default
				    : field($line, "${group}_ts") // $default;
				offer(\%best, $id, $group, $ts, 0, -1, $line);
			}
		}
	}
	open my $f, '<', $ticks or die "$ticks: $!";
	offer_ticks(\%best, $f);
	for my $id (sort keys %board) {
		my %all = %{$board{$id}};
		settle(\%all, $best{$id});
		show($id, \%all);
	}
	print "geometry\t\t", sha256_hex(join '', map { "$_\n" } sort keys %board), "\n";
}

sub sum {
	my %sum;
	my @parts = qw(applied conflated late duplicate unknown held future dropped);
	while (<STDIN>) {
		next unless /"type":"hydrated"/;
		my $read = field($_, 'read');
		$sum{read} += $read;
		for my $name (@parts) {
			my $n = field($_, $name);
			$sum{$name} += $n;
			$read -= $n;
		}
		print "open by $read: $_" if $read != 0;
	}
	print "$_ ", $sum{$_} // 0, "\n" for 'read', @parts;
}

my %do = (make => \&make, strange => \&strange, shuffle => \&reorder,
    events => \&events, cuts => \&cuts, expect => \&expect, newest => \&newest, sum => \&sum);
my $what = shift // '';
die "ticks.pl: see its first lines\n" unless $do{$what};
$do{$what}->(@ARGV);
