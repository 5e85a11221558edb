#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# heatmap-check N WIDTH...: the nearest N dates' sheets (0: all) of a board, by
# other means than ours: rows "id bid ask", separated by tabs, empty or 0 where
# unknown, come in on stdin (of contracts that have not settled); a line a tile
# goes out: its sheet, strike, width, mid, natural, max_gain, flags.  Straight
# from the definitions, tile by tile, in 1/10000 $; nothing shared with the
# tools.
use strict;
use warnings;
use integer;

my ($dates, @widths) = @ARGV;
my %leg;    # date root right strike -> [bid, ask]
my %dates;
while (<STDIN>) {
	chomp;
	my ($id, $bid, $ask) = split /\t/;
	my ($root, $y, $m, $d, $right, $k) =
	    $id =~ /^(.+)(\d\d)(\d\d)(\d\d)([CP])(\d{8})$/ or die "id: $id";
	$dates{"20$y-$m-$d"} = 1;
	$leg{"20$y-$m-$d:$root"}{$right}{$k} =
	    [map { no integer; sprintf '%.0f', 10000 * ($_ || 0) } $bid, $ask];
}
my @near = sort keys %dates;
@near = @near[0 .. $dates - 1] if $dates;

sub dec {    # of halves of 1/10000
	my ($v) = @_;
	my $sign = $v < 0 ? '-' : '';
	my $s = sprintf '%s%d.%05d', $sign, abs($v) / 20000,
	    abs($v) % 20000 * 5;
	$s =~ s/\.?0+$//;
	return $s;
}

my (%tile, %mono);

# The price of legs [times, quote]: halves of mid and natural; () without.
sub price {
	my ($mid, $natural) = (0, 0);
	for (@_) {
		my ($times, $q) = @$_;
		return () if !$q || $q->[0] <= 0 || $q->[1] < $q->[0];
		$mid += $times * ($q->[0] + $q->[1]);
		$natural += 2 * $times * ($times > 0 ? $q->[1] : $q->[0]);
	}
	return ($mid, $natural);
}

for my $of (keys %leg) {
	next if !grep { $of =~ /^$_:/ } @near;
	for my $right ('C', 'P') {
		my $q = $leg{$of}{$right};
		my $name = $right eq 'C' ? 'call' : 'put';
		for my $k (keys %$q) {
			my @one = price([1, $q->{$k}]);
			$tile{"$of:single:$name"}{$k + 0}{0} = [@one] if @one;
			for my $w (@widths) {
				my ($lo, $hi) = map { sprintf '%08d', $_ }
				    $k - 1000 * $w, $k + 1000 * $w;
				my @v = price([1, $q->{$k}],
				    [-1, $q->{$right eq 'C' ? $hi : $lo}]);
				my @f = price([1, $q->{$lo}], [-2, $q->{$k}],
				    [1, $q->{$hi}]);
				$tile{"$of:vertical:$name"}{$k + 0}{$w} = [@v]
				    if @v;
				$tile{"$of:butterfly:$name"}{$k + 0}{$w} = [@f]
				    if @f;
			}
		}
	}
}

# Dearer than what it cannot be dearer than, beyond both spreads.
sub dearer {
	my ($x, $y) = @_;
	return $x->[0] - $y->[0] >
	    $x->[1] - $x->[0] + $y->[1] - $y->[0];
}

for my $name (keys %tile) {
	next if $name !~ /vertical:(.*)/;
	my @strikes = sort { $a <=> $b } keys %{ $tile{$name} };
	@strikes = reverse @strikes if $1 eq 'put';
	for my $w (@widths) {
		my $last;
		for my $k (@strikes) {
			next if !$tile{$name}{$k}{$w};
			$mono{"$name $k $w"} = $mono{"$name $last $w"} = 1
			    if defined $last && dearer($tile{$name}{$k}{$w},
				$tile{$name}{$last}{$w});
			$last = $k;
		}
	}
}

for my $name (keys %tile) {
	(my $other = $name) =~ s/(call|put)$/$1 eq 'call' ? 'put' : 'call'/e;
	for my $k (keys %{ $tile{$name} }) {
		for my $w (keys %{ $tile{$name}{$k} }) {
			my $t = $tile{$name}{$k}{$w};
			my $top = $w ? $w * 20000 : $k * 20;
			my $o = $tile{$other}{$k}{$w};
			my $flags = '';
			$flags .= 'n' if $t->[0] < 0;
			$flags .= 'b' if $t->[0] < 0 || ($t->[0] > $top
				&& $name !~ /single:call/);
			$flags .= 'm' if $mono{"$name $k $w"};
			$flags .= 'p' if $name =~ /butterfly/ && $o
			    && (dearer($t, $o) || dearer($o, $t));
			print join(' ', $name, dec($k * 20), $w, dec($t->[0]),
			    dec($t->[1]), $w ? dec($top - $t->[0]) : '-',
			    "[$flags]"), "\n";
		}
	}
}
