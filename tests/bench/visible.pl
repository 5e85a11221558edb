#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# visible SOCKET EPOCH SECONDS OFFSET: how long it is from an event's time to
# where a reader has its value: one that listens on epoch:events, as models do,
# and then reads what changed.  OFFSET is what the feed's clock is ahead of
# ours, in s.  Prints "p50 p99 n" in ms.  An event's time is cut to whole ms,
# so what is shown is up to 1 ms too long.
use strict;
use warnings;
use IO::Socket::UNIX;
use IO::Select;
use Time::HiRes 'time';

my ($path, $epoch, $seconds, $offset) = @ARGV;
# Of all that changed since, but for more than a thousand: the newest time.
my $script = <<'END';
local ids = redis.call('ZRANGE', KEYS[1], '(' .. ARGV[1], '+inf', 'BYSCORE',
    'LIMIT', 0, 1000, 'WITHSCORES')
local out = {ids[#ids] or ARGV[1]}
for i = 1, #ids, 2 do
	local t = redis.call('HMGET', ARGV[2] .. ids[i], 'quote_ts', 'trade_ts')
	local q, l = tonumber(t[1]) or 0, tonumber(t[2]) or 0
	out[#out + 1] = string.format('%.0f', math.max(q, l))
end
return table.concat(out, ' ')
END

sub redis_open { return IO::Socket::UNIX->new(Peer => $path) // die "$path: $!" }

sub command {
	my $s = shift;
	print $s '*' . @_ . "\r\n" . join '', map { '$' . length() . "\r\n$_\r\n" } @_;
	$s->flush;
}

my ($hints, $reader) = (redis_open(), redis_open());
command($hints, 'SUBSCRIBE', 'epoch:events');
my $select = IO::Select->new($hints);
command($reader, 'HGET', "epoch:meta:$epoch", 'seq');
my ($size, $cursor) = (scalar <$reader>, scalar <$reader>);
$cursor =~ s/\D//g;
my ($end, @took) = time + $seconds;
while ((my $left = $end - time) > 0) {
	next unless $select->can_read($left);
	sysread($hints, my $buf, 65536) or last;
	next unless $buf =~ /hydrate/;
	command($reader, 'EVAL', $script, 1, "epoch:$epoch:changed", $cursor,
	    "epoch:$epoch:contract:");
	$size = <$reader>;
	$size =~ /^\$/ or die $size;
	my ($next, @times) = split ' ', scalar <$reader>;
	my $now = 1000 * (time + $offset);
	push @took, map { $now - $_ } @times;
	$cursor = $next;
}
@took = sort { $a <=> $b } @took;
die "nothing changed\n" unless @took;
printf "%.2f %.2f %d\n", $took[@took / 2], $took[@took * 0.99], scalar @took;
