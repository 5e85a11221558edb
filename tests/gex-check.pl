#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# gex-check SPOT SPOT_TS vendor|model: gamma exposure of a CBOE document, by
# other means than ours: rows "id iv delta gamma oi bid ask volume", separated
# by tabs, come in on stdin; names and numbers go out.  Straight from the
# definitions, one contract after the other, nothing shared with the tools.
use strict;
use warnings;
use POSIX qw(erfc);

my ($S, $now, $mode) = @ARGV;
my $PI = 4 * atan2(1, 1);

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

sub ny {
	my ($y, $m, $d, $h) = @_;
	my $summer =
	    ($m > 3 && $m < 11)
	    || ($m == 3 && $d >= sunday($y, 3, 2))
	    || ($m == 11 && $d < sunday($y, 11, 1));
	return days($y, $m, $d) * 86400 + $h * 3600 + ($summer ? 4 : 5) * 3600;
}

sub N { return 0.5 * erfc(-$_[0] / sqrt(2)) }

sub gamma {
	my ($K, $T, $v) = @_;
	my $d1 = (log($S / $K) + $v * $v / 2 * $T) / ($v * sqrt($T));
	return exp(-$d1 * $d1 / 2) / sqrt(2 * $PI) / ($S * $v * sqrt($T));
}

sub price {
	my ($K, $T, $v, $call) = @_;
	my $d1 = (log($S / $K) + $v * $v / 2 * $T) / ($v * sqrt($T));
	my $d2 = $d1 - $v * sqrt($T);
	return $call ? $S * N($d1) - $K * N($d2) : $K * N(-$d2) - $S * N(-$d1);
}

# By halving, of the option that is out of the money.
sub implied {
	my ($K, $T, $p, $call) = @_;
	$p -= $call ? $S - $K : $K - $S if $call ? $S > $K : $K > $S;
	return undef if $p <= 0;
	my ($lo, $hi) = (0.001, 10);
	my $otm = $S <= $K;
	return undef
	    if price($K, $T, $lo * 1.01, $otm) >= $p
	    || price($K, $T, $hi * 0.99, $otm) <= $p;
	for (1 .. 200) {
		my $v = ($lo + $hi) / 2;
		if (price($K, $T, $v, $otm) > $p) { $hi = $v }
		else { $lo = $v }
	}
	return ($lo + $hi) / 2;
}

my (%sum, %strike, %date, %oi, %volume, %n);
my @today = gmtime($now / 1000 - 4 * 3600);
my $today = sprintf '%02d%02d%02d', $today[5] % 100, $today[4] + 1, $today[3];
while (<STDIN>) {
	chomp;
	my ($id, $iv, $delta, $gamma, $oi, $bid, $ask, $volume) =
	    split /\t/, $_, -1;
	my ($root, $y, $m, $d, $right, $k) =
	    $id =~ /^([A-Z]+)(..)(..)(..)([CP])(\d{8})$/ or die "id $id";
	my ($call, $K) = ($right eq 'C', $k / 1000);
	my $settles = ny(2000 + $y, $m, $d, $root eq 'SPX' ? 9.5 : 16);
	my $T = ($settles - $now / 1000) / (365 * 86400);
	if ($T <= 0) { $n{settled}++; next }
	$oi{$right} += $oi;
	$volume{$right} += $volume;
	my $v = $iv > 0 ? $iv : undef;
	$v = implied($K, $T, ($bid + $ask) / 2, $call)
	    if !defined $v && $bid > 0 && $ask >= $bid;
	my $model = defined $v ? gamma($K, $T, $v) : undef;
	my $g = $model;
	if ($mode eq 'vendor') {
		my $zero = $gamma == 0 && $oi > 0
		    && ((abs($delta) > 0.02 && abs($delta) < 0.98)
			|| "$y$m$d" eq $today);
		$g = $gamma unless $zero;
	}
	if (!defined $g) { $n{no_gamma}++; next }
	my $gex = $g * $oi * 100 * $S * $S * 0.01;
	$n{contracts}++;
	$sum{$right} += $gex;
	$strike{ $K + 0 } += $call ? $gex : -$gex;
	$date{"20$y-$m-$d"} += $call ? $gex : -$gex;
}
printf "gross_call %.17g\ngross_put %.17g\nnet %.17g\n", $sum{C}, $sum{P},
    $sum{C} - $sum{P};
printf "put_call_oi %.17g\nput_call_volume %.17g\n", $oi{P} / $oi{C},
    $volume{P} / $volume{C};
printf "contracts %d\nsettled %d\nno_gamma %d\n", $n{contracts},
    $n{settled} // 0, $n{no_gamma} // 0;
printf "strike.%s %.17g\n", $_, $strike{$_} for sort { $a <=> $b } keys %strike;
printf "date.%s %.17g\n", $_, $date{$_} for sort keys %date;
