#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# ticks RATE SECONDS <IDS: so many quotes a second on contracts chosen at
# random, as they would come from the feed: at their times.
use strict;
use warnings;
use Time::HiRes qw(time sleep);

my ($rate, $seconds) = @ARGV;
chomp(my @ids = <STDIN>);
my ($start, $n) = (time, 0);
$| = 1;
srand 1;
while (time - $start < $seconds) {
	my $due = int((time - $start) * $rate);
	my $text = '';
	while ($n < $due) {
		my ($ms, $bid) = (int(time * 1000), rand 300);
		$text .= sprintf '{"type":"tick","ts":%d,"id":"%s",'
		    . '"kind":"quote","recv_ts":%d,"feed_seq":%d,"bid":%.2f,'
		    . '"ask":%.2f,"bid_size":1,"ask_size":1}' . "\n", $ms,
		    $ids[rand @ids], $ms, ++$n, $bid, $bid + 2;
	}
	print $text if $text ne '';
	sleep 0.001;
}
