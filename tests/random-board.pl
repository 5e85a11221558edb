#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# random-board SEED ROWS: a small board as a snapshot on stdout, and its rows
# for gex-check in the file ROWS.  Around settlements in the morning and the
# evening, changes of the clocks and short days; with adjusted and unknown
# roots, one side, one strike; values are missing, zero, crossed, rounded away.
use strict;
use warnings;
use POSIX qw(strftime);
use Time::Local qw(timegm);

my ($seed, $file) = @ARGV;
srand $seed;
sub one { return $_[int rand @_] }
sub chance { return rand() < $_[0] }

my ($symbol, $base, $step, @roots) = @{ one(
    ['SPX', 5000, 25, qw(SPX SPXW SPXW SPQ SPX1)],
    ['SPX', 5000, 5, qw(SPX SPXW)],
    ['NDX', 20000, 100, qw(NDX NDXP)],
    ['XSP', 500, 2.5, qw(XSP)],
    ['SPY', 500, 1, qw(SPY SPY1)]) };
# UTC: before, at and after settlements.
my $now = one(map { my ($t) = @$_;
	timegm($_->[5] // 0, $_->[4], $_->[3], $_->[2], $_->[1] - 1, $_->[0]) }
    [2026, 7, 17, 13, 29, 59], [2026, 7, 17, 13, 30], [2026, 7, 17, 19, 59, 30],
    [2026, 7, 17, 20, 0], [2026, 7, 17, 2, 30], [2026, 7, 15, 15, 0],
    [2026, 11, 27, 17, 59, 30], [2026, 11, 27, 18, 0], [2026, 3, 6, 21, 30],
    [2026, 3, 9, 13, 0], [2026, 10, 30, 16, 0], [2026, 11, 2, 14, 45]);
my $n = one(1, 2, 3, 5, 8, 14);
my $low = $base - $step * int rand($n + 1);
my @strikes = map { $low + $step * $_ } 0 .. $n - 1;
my $spot = sprintf '%.2f',
    one(one(@strikes), one(@strikes) + $step / 2, $base + (rand(6) - 3) * $step);
my $rights = one('CP', 'CP', 'CP', 'C', 'P');
my $missing = one(0, 0.03, 0.3);

# A value, or one of the others.
sub value { return chance($missing) ? one(@_[1 .. $#_]) : $_[0] }

my (%rows, %lines);
for my $day (map { one(-7, -1, 0, 0, 1, 3, 7, 28, 90) } 1 .. one(1, 2, 3, 4)) {
	my @d = gmtime($now - 5 * 3600 + $day * 86400);
	for my $root (map { one(@roots) } 1 .. 2) {
		for my $k (@strikes) {
			for my $right (split //, $rights) {
				my $id = sprintf 'O:%s%s%s%08d', $root,
				    strftime('%y%m%d', @d), $right, $k * 1000;
				next if chance(0.07) || $rows{$id};
				my $iv = 0.14 + abs($k - $spot) / $base +
				    rand(0.01);
				my $bid = abs($k - $spot) * ($right eq 'C' xor
				    $k > $spot) + rand($base / 100) + 0.01;
				my %f = (
				    iv => value(sprintf('%.6f', $iv), '', '0',
					'1e-99'),
				    delta => value(sprintf('%.3f', rand),
					'', '0', '0.02', '-0.98', '0.5'),
				    gamma => value(sprintf('%.6f',
					rand(4) / $base), '', '0', '-0.0',
					'-0.001'),
				    oi => value(int rand 5000, '', '0',
					'10000000', '0.5'),
				    bid => value(sprintf('%.2f', $bid), '',
					'0', '-0.0', '1e-2'),
				    ask => value(sprintf('%.2f', $bid * 1.02),
					'', '0', '0.01'),
				    volume => value(int rand 900, '', '0'),
				    multiplier => value('100', '', '10', '0'));
				$rows{$id} = join "\t", $id, @f{qw(iv delta gamma
				    oi bid ask volume multiplier)};
				$lines{$id} = join ',', map {
				    length $f{$_} ? "\"$_\":$f{$_}" : () }
				    qw(multiplier bid ask iv delta gamma oi
				    volume);
				$lines{$id} = sprintf '{"type":"contract",' .
				    '"ts":%d000,"symbol":"%s","id":"%s",' .
				    '"expiration":"%s","strike":%s,' .
				    '"right":"%s"%s}', $now, $symbol, $id,
				    strftime('%Y-%m-%d', @d), $k,
				    $right eq 'C' ? 'call' : 'put',
				    $lines{$id} ne '' ? ",$lines{$id}" : '';
			}
		}
	}
}
open my $out, '>', $file or die "$file: $!";
print $out "$rows{$_}\n" for sort keys %rows;
close $out or die "$file: $!";
printf '{"type":"chain_begin","ts":%d000,"symbol":"%s","source":"massive",' .
    "\"reason\":\"scheduled\"}\n", $now + 60, $symbol;
print "$lines{$_}\n" for sort keys %lines;
printf '{"type":"chain_end","ts":%d000,"symbol":"%s","contracts":%d,' .
    '"rejected":0,"duplicates":0,"pages":1,"spot":%s,"spot_ts":%d000}' . "\n",
    $now + 60, $symbol, scalar keys %lines, $spot, $now;
