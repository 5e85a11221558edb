#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# latency SOCKET MODEL SECONDS: how long a change waits until the model has
# published it, as one listener on epoch:events sees both: "p50 p99 n" in ms.
use strict;
use warnings;
use IO::Socket::UNIX;
use IO::Select;
use Time::HiRes 'time';

my ($path, $model, $seconds) = @ARGV;
my $s = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
print $s "*2\r\n\$9\r\nSUBSCRIBE\r\n\$12\r\nepoch:events\r\n";
my $end = time + $seconds;
my $select = IO::Select->new($s);
my (@waiting, @took, $buf);
$buf = '';
while ((my $left = $end - time) > 0) {
	next unless $select->can_read($left);
	sysread($s, $buf, 65536, length $buf) or last;
	my $now = time;
	while ($buf =~ s/^.*?(hydrate|ack) (\S+) (\d+)(?: (\S+))?\r\n//s) {
		if ($1 eq 'hydrate') { push @waiting, [$3, $now] }
		elsif ($4 eq $model) {
			while (@waiting && $waiting[0][0] <= $3) {
				push @took, 1000 * ($now - $waiting[0][1]);
				shift @waiting;
			}
		}
	}
}
@took = sort { $a <=> $b } @took;
die "nothing was published\n" unless @took;
printf "%.2f %.2f %d\n", $took[@took / 2], $took[@took * 0.99],
    scalar @took;
