#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# latency SOCKET MODEL: how long a change waits until the model has published
# it, as one listener on epoch:events sees both: says that it listens, and when
# it gets TERM, "p50 p99 n" in ms.
use strict;
use warnings;
use IO::Socket::UNIX;
use IO::Select;
use Time::HiRes 'time';

my ($path, $model) = @ARGV;
my $s = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
print $s "*2\r\n\$9\r\nSUBSCRIBE\r\n\$12\r\nepoch:events\r\n";
my $select = IO::Select->new($s);
my $over = 0;
$SIG{TERM} = sub { $over = 1 };
$| = 1;
my (@waiting, @took, $buf);
$buf = '';
while (!$over) {
	next unless $select->can_read(0.05);
	sysread($s, $buf, 65536, length $buf) or last;
	print "listening\n" if $buf =~ s/^.*subscribe\r\n.*\r\n:1\r\n//s;
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
