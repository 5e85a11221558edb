#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# gex-check NAME=VALUE...: gamma exposure of a board by other means than ours:
# rows "id iv delta gamma oi bid ask volume multiplier", separated by tabs,
# empty where unknown, come in on stdin; names and numbers go out.  Straight
# from the definitions, one contract after the other, nothing shared with the
# tools.
#
#	spot spot_ts gamma sign unit wall_rule flip_rule rate yield settled
#
# as in the record, settled=keep; flip_rule=none looks for no crossing.
use strict;
use warnings;
use List::Util qw(max min sum0);
use POSIX qw(erfc);

my %o = (gamma => 'vendor', sign => 'naive', unit => 'usd_per_1pct',
    wall_rule => 'gross-above', flip_rule => 'none', rate => 0, yield => 0,
    settled => 'drop', map { split /=/, $_, 2 } @ARGV);
my ($S, $now, $r, $q) = @o{qw(spot spot_ts rate yield)};
my $YEAR = 365 * 86400;

# Seconds since 1970 of a New York wall time.
sub days {
	my ($y, $m, $d) = @_;
	my $n = 0;
	$n += ($_ % 4 == 0) ? 366 : 365 for 1970 .. $y - 1;
	my @len = (31, $y % 4 == 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31);
	$n += $len[$_] for 0 .. $m - 2;
	return $n + $d - 1;
}

sub sunday {    # the n-th of a month
	my ($y, $m, $n) = @_;
	my $first = (3 - days($y, $m, 1)) % 7 + 1;    # 1970-01-01: Thursday
	return $first + 7 * ($n - 1);
}

sub is_summer {
	my ($y, $m, $d) = @_;
	return ($m > 3 && $m < 11)
	    || ($m == 3 && $d >= sunday($y, 3, 2))
	    || ($m == 11 && $d < sunday($y, 11, 1));
}

sub ny {
	my ($y, $m, $d, $h) = @_;
	return days($y, $m, $d) * 86400 + $h * 3600 +
	    (is_summer($y, $m, $d) ? 4 : 5) * 3600;
}

sub settles {
	my ($root, $y, $m, $d) = @_;
	return ny($y, $m, $d, 9.5) if $root =~ /^(SPX|NDX|RUT|DJX|VIXW?)$/;
	return ny($y, $m, $d,
	    sprintf('%d-%02d-%02d', $y, $m, $d) =~
	    /^(2026-11-27|2026-12-24)$/ ? 13 : 16);
}

# ---- Black, Scholes, Merton

sub N { return 0.5 * erfc(-$_[0] / sqrt(2)) }
sub phi { return exp(-$_[0] * $_[0] / 2) / sqrt(8 * atan2(1, 1)) }

sub d1 {
	my ($x, $K, $T, $v) = @_;
	return (log($x / $K) + ($r - $q + $v * $v / 2) * $T) / ($v * sqrt $T);
}

sub gamma {
	my ($K, $T, $v) = @_;
	return exp(-$q * $T) * phi(d1($S, $K, $T, $v)) / ($S * $v * sqrt $T);
}

sub price {
	my ($K, $T, $v, $call) = @_;
	my $d1 = d1($S, $K, $T, $v);
	my $d2 = $d1 - $v * sqrt $T;
	my ($s, $k) = ($S * exp(-$q * $T), $K * exp(-$r * $T));
	return $call ? $s * N($d1) - $k * N($d2) : $k * N(-$d2) - $s * N(-$d1);
}

# By halving, of the option that is out of the money.
sub implied {
	my ($K, $T, $p, $call) = @_;
	my ($s, $k) = ($S * exp(-$q * $T), $K * exp(-$r * $T));
	$p -= $call ? $s - $k : $k - $s if $call ? $s > $k : $k > $s;
	return undef if $p <= 0;
	my ($lo, $hi, $otm) = (0.001 * 1.01, 10 * 0.99, $s <= $k);
	return undef
	    if price($K, $T, $lo, $otm) >= $p
	    || price($K, $T, $hi, $otm) <= $p;
	for (1 .. 200) {
		my $v = ($lo + $hi) / 2;
		if (price($K, $T, $v, $otm) > $p) { $hi = $v }
		else { $lo = $v }
	}
	return ($lo + $hi) / 2;
}

# ---- contracts: those that are still to settle, and those that count

my (%n, @open, @in);
my ($ny, $sec) = ([gmtime($now / 1000)], int($now / 1000));
my @today = gmtime($sec - 3600 * (is_summer($ny->[5] + 1900, $ny->[4] + 1,
	$ny->[3]) ? 4 : 5));
my $today = sprintf '%d-%02d-%02d', $today[5] + 1900, $today[4] + 1, $today[3];
my %scale = (usd_per_1pct => $S * $S * 0.01, usd_per_pt => $S,
    shares_per_pt => 1);

sub side { # of the net
	my ($call) = @_;
	return $o{sign} eq 'unsigned' ? 1
	    : ($o{sign} eq 'naive') == !!$call ? 1 : -1;
}

sub volatility {
	my ($c) = @_;
	my $mid;
	$mid = implied($c->{K}, $c->{T}, ($c->{bid} + $c->{ask}) / 2, $c->{call})
	    if length $c->{bid} && length $c->{ask} && $c->{bid} > 0
	    && $c->{ask} >= $c->{bid};
	my $iv = length $c->{iv} && $c->{iv} >= 1e-6 ? $c->{iv} : undef;
	return $o{gamma} eq 'live' ? $mid // $iv : $iv // $mid;
}

sub used_gamma {
	my ($c) = @_;
	my $model =
	    defined $c->{vol} ? gamma($c->{K}, $c->{T}, $c->{vol}) : undef;
	return $model
	    if $o{gamma} ne 'vendor' || !length $c->{gamma} || $c->{gamma} < 0;
	my $unsure = $c->{gamma} == 0 && $c->{oi} > 0
	    && ($c->{date} eq $today
	    || length $c->{delta} && abs($c->{delta}) > 0.02
	    && abs($c->{delta}) < 0.98);
	return $unsure ? $model : $c->{gamma};
}

while (<STDIN>) {
	chomp;
	my %c;
	@c{qw(id iv delta gamma oi bid ask volume multiplier)} =
	    split /\t/, $_, -1;
	my ($root, $y, $m, $d, $right, $k) =
	    $c{id} =~ /^(?:O:)?(\w+?)(\d\d)(\d\d)(\d\d)([CP])(\d{8})$/
	    or die "id $c{id}";
	if ($root =~ /\d$/) { $n{adjusted}++; next }
	%c = (%c, call => $right eq 'C', K => $k / 1000,
	    date => "20$y-$m-$d", settles => settles($root, 2000 + $y, $m, $d));
	my $left = $c{settles} - $now / 1000;
	if ($left <= 0 && $o{settled} ne 'keep') { $n{settled}++; next }
	$c{T} = max(60, $left) / $YEAR;
	$c{vol} = volatility(\%c);
	push @open, \%c;
	if (!length $c{oi}) { $n{no_oi}++; next }
	my $g = used_gamma(\%c);
	if (!defined $g) { $n{no_gamma}++; next }
	$c{size} = $c{oi} * ($c{multiplier} || 100);
	$c{gex} = $g * $c{size} * $scale{$o{unit}};
	push @in, \%c;
}

# ---- what goes out

my %out = map { ($_ => $n{$_} // 0) } qw(adjusted settled no_oi no_gamma);
$out{contracts} = @in;

sub put_number {
	my ($name, $value) = @_;
	$out{$name} = $value if defined $value;
}

sub total { # of a field, over those of which a test is true
	my ($field, $test, $list) = @_;
	return sum0(map { $_->{$field} } grep { length $_->{$field} && $test->() }
	    @$list);
}

sub ratio { return $_[1] > 0 ? $_[0] / $_[1] : undef }

sub call { return $_->{call} }
sub put { return !$_->{call} }
my ($calls, $puts) = (total('gex', \&call, \@in), total('gex', \&put, \@in));
if (@in) {
	put_number(gross_call => $calls);
	put_number(gross_put => $puts);
	put_number(net => side(1) * $calls + side(0) * $puts);
}
put_number(share_0dte => ratio(
    total('gex', sub { $_->{date} eq $today && $_->{settles} > $now / 1000 },
    \@in), $calls + $puts));
put_number("put_call_$_" => ratio(total($_, \&put, \@open),
    total($_, \&call, \@open))) for qw(oi volume);
put_number(coverage_oi =>
    ratio(total('oi', sub { 1 }, \@in), total('oi', sub { 1 }, \@open)));

# ---- by strike and date, walls

my (%strike, %date);
for my $c (@in) {
	for my $row (\%{ $strike{ $c->{K} } }, \%{ $date{ $c->{date} } }) {
		my $right = $c->{call} ? 'call' : 'put';
		$row->{$right} += $c->{gex};
		$row->{"oi_$right"} += $c->{size};
		$row->{net} += side($c->{call}) * $c->{gex};
	}
}
$out{"strike.$_"} = $strike{$_}{net} for keys %strike;
$out{"date.$_"} = $date{$_}{net} for keys %date;
my @strikes = sort { $a <=> $b } keys %strike;

sub nearest { return (sort { abs($a - $S) <=> abs($b - $S) || $a <=> $b } @_)[0] }

sub most { # the strike of the most, where that is above zero
	my ($weight, @of) = @_;
	my %w = map { ($_ => $weight->($strike{$_}) // 0) } @of;
	my $most = max(values %w) // 0;
	return $most > 0 ? nearest(grep { $w{$_} == $most } @of) : undef;
}

for my $right (qw(call put)) {
	my $sign = $right eq 'call' ? 1 : -1;
	my @sided = grep { $sign * ($_ - $S) >= 0 } @strikes;
	my %rule = (
	    'gross-above' => sub { most(sub { $_[0]{$right} }, @sided) },
	    'gross-any' => sub { most(sub { $_[0]{$right} }, @strikes) },
	    'oi-above' => sub { most(sub { $_[0]{"oi_$right"} }, @sided) },
	    'net-max' => sub { most(sub {
		$sign * (($_[0]{call} // 0) - ($_[0]{put} // 0)) }, @strikes) });
	put_number("${right}_wall" => $rule{ $o{wall_rule} }->());
}
put_number(abs_strike =>
    most(sub { ($_[0]{call} // 0) + ($_[0]{put} // 0) }, @strikes));
my @signed = grep { $strike{$_}{net} != 0 } @strikes;
put_number(hvl => nearest(map { $signed[$_] } grep {
    $strike{ $signed[$_ - 1] }{net} < 0 && $strike{ $signed[$_] }{net} > 0 }
    1 .. $#signed));

# ---- max pain, expected move

my %by_date;
push @{ $by_date{ $_->{date} } }, $_ for @open;
for my $d (keys %by_date) {
	my @of = grep { ($_->{oi} || 0) > 0 } @{ $by_date{$d} };
	my %owed = map { ($_->{K} => 0) } @{ $by_date{$d} };
	next unless @of;
	for my $k (keys %owed) {
		$owed{$k} += $_->{oi} * ($_->{multiplier} || 100) *
		    max(0, ($_->{call} ? 1 : -1) * ($k - $_->{K})) for @of;
	}
	my $least = min(values %owed);
	$out{"pain.$d"} = min(grep { $owed{$_} == $least } keys %owed);
}
my @future = grep { $_->{settles} > $now / 1000 } @open;
my $next = min(map { $_->{settles} } @future);
my @smile = grep { $_->{settles} == $next && defined $_->{vol} } @future;
if (@smile) {
	my $k = nearest(map { $_->{K} } @smile);
	my @at = grep { $_->{K} == $k } @smile;
	put_number(expected_move => $S * sqrt($at[0]{T}) *
	    sum0(map { $_->{vol} } @at) / @at);
}

# ---- zero gamma

my $soonest = min(map { $_->{settles} } @in);
my %part = (
    'ex-next-expiry' => sub { $_[0]{settles} != $soonest },
    'ex-0dte' => sub { $_[0]{date} ne $today },
    'only-0dte' => sub { $_[0]{date} eq $today },
    'horizon-weighted' => sub { min(1, $_[0]{T} * 365 / 30) });
my @priced = map {
	my $w = exists $part{ $o{flip_rule} } ? $part{ $o{flip_rule} }->($_) : 1;
	$w ? { %$_, weight => $w } : () }
    grep { defined $_->{vol} && $_->{size} > 0 } @in;

sub G { # but for factors that change no sign
	my ($x) = @_;
	return sum0(map {
		my ($T, $v) = ($_->{T}, $_->{vol});
		my $d = d1($x, $_->{K}, $T, $v);
		$_->{weight} * side($_->{call}) * $_->{size} * exp(-$q * $T) *
		    exp(-$d * $d / 2) / ($v * sqrt $T) } @priced);
}

sub halve {
	my ($a, $b, $up) = @_;
	for (1 .. 60) {
		my $m = ($a + $b) / 2;
		if ((G($m) > 0) == $up) { $b = $m }
		else { $a = $m }
	}
	return ($a + $b) / 2;
}

# Points of a curve: where it passes zero; exact does what lines only guess.
sub crossings {
	my ($exact, @points) = @_;
	my @signed = grep { $points[$_][1] != 0 } 0 .. $#points;
	my @found;
	for (1 .. $#signed) {
		my ($i, $j) = @signed[$_ - 1, $_];
		my ($a, $b, $c) = @points[$i, $j, $i + 1];
		next if $a->[1] * $b->[1] > 0 || ($a->[1] < 0) == ($b->[1] < 0);
		push @found, $exact ? halve($a->[0], $b->[0], $b->[1] > 0)
		    : $c->[1] == 0 ? $c->[0]
		    : $a->[0] + ($c->[0] - $a->[0]) * $a->[1] / ($a->[1] - $c->[1]);
	}
	return @found;
}

if ($o{flip_rule} ne 'none' && $o{sign} ne 'unsigned') {
	my ($run, @found) = (0);
	if ($o{flip_rule} eq 'cumulative') {
		@found = crossings(0,
		    map { [$_, $run += $strike{$_}{net}] } @strikes);
	} else {
		my $first = $o{flip_rule} eq 'reprice-first';
		my $last = $first ? 59 : 160;
		my @x = map { $S * (0.8 + 0.4 * $_ / $last) } 0 .. $last;
		@found = crossings(!$first,
		    map { [$_, G($_) * ($first ? $_ : 1)] } @x);
	}
	$out{"crossing.$_"} = $found[$_] for 0 .. $#found;
	put_number(flip => $o{flip_rule} eq 'reprice-first' ? $found[0]
	    : nearest(@found));
}

# ---- extensions

my %sum = (dex => 0, vex => 0, cex => 0);
for my $c (grep { defined $_->{vol} } @in) {
	my ($T, $v, $s) = ($c->{T}, $c->{vol}, side($c->{call}) * $c->{size});
	my ($d1, $e) = (d1($S, $c->{K}, $T, $v), exp(-$q * $T));
	my ($w, $sign) = ($v * sqrt $T, $c->{call} ? 1 : -1);
	my $d2 = $d1 - $w;
	$sum{dex} += $s * $sign * $e * N($sign * $d1) * $S;
	$sum{vex} -= $s * $e * phi($d1) * $d2 / $v * $S * 0.01;
	$sum{cex} += $s / 365 * $S * ($sign * $q * $e * N($sign * $d1) -
	    $e * phi($d1) * (2 * ($r - $q) * $T - $d2 * $w) / (2 * $T * $w));
}
%out = (%out, %sum) if @in;

printf "%s %.17g\n", $_, $out{$_} for sort keys %out;
