#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# refuse.pl LISTEN REDIS REPLY N...: a server that refuses.
#
# Stands between one tool and Redis, both unix sockets.  In place of the N-th
# command that puts ticks, counted from 1, Redis is asked to answer with the
# error REPLY; everything else passes, so what the tool had sent behind it is
# done.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

$SIG{ALRM} = sub { die "refuse.pl: nobody came, or went\n" };
alarm 290;
my ($listen, $redis, $reply, @which) = @ARGV;
my %refused = map { $_ => 1 } @which;
my $door = IO::Socket::UNIX->new(Local => $listen, Listen => 1)
    or die "$listen: $!\n";
my $tool = $door->accept or die "accept: $!\n";
my $server = IO::Socket::UNIX->new(Peer => $redis) or die "$redis: $!\n";
my ($text, $n) = ('', 0);

sub send_all {
	my ($to, $bytes) = @_;
	while (length $bytes) {
		my $k = syswrite $to, $bytes;
		exit 0 unless defined $k;
		substr $bytes, 0, $k, '';
	}
}

sub resp {
	join '', '*', scalar(@_), "\r\n",
	    map { '$' . length($_) . "\r\n$_\r\n" } @_;
}

# The first whole command of $text, or nothing.
sub command {
	return unless $text =~ /\A\*(\d+)\r\n/;
	my ($left, $at) = ($1, $+[0]);
	while ($left-- > 0) {
		pos($text) = $at;
		return unless $text =~ /\G\$(\d+)\r\n/g;
		$at = pos($text) + $1 + 2;
	}
	return if $at > length $text;
	return substr $text, 0, $at, '';
}

my $both = IO::Select->new($tool, $server);
while (my @ready = $both->can_read) {
	for my $from (@ready) {
		sysread($from, my $piece, 65536) or exit 0;
		if ($from == $server) {
			send_all $tool, $piece;
			next;
		}
		$text .= $piece;
		while (defined(my $c = command())) {
			# letter and time of a tick
			$n++ if $c =~ /\r\n\$1\r\n[qtv]\r\n\$13\r\n/;
			$c = resp('EVAL', "return redis.error_reply('$reply')", 0)
			    if delete $refused{$n};
			send_all $server, $c;
		}
	}
}
