#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# reader: reads epochs as docs/REDIS.md says ("How to read"), apart from the
# tools, until the key "stop" is there.
#
#	reader.pl SOCKET SYMBOL [slow]
#
# The pointer, then by id only: meta, geometry, every contract.  What it reads
# is whole, or it misses something and meta says that the epoch was retired,
# or epoch and meta are forgotten together; anything else is a line on stdout.
# A slow reader waits with the geometry in its hands until the epoch is
# retired, so that it always comes too late.  The last line: looks N whole N
# late N.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use IO::Socket::UNIX;

my ($path, $symbol, $is_slow) = @ARGV;
my $redis = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
my %n = map { $_ => 0 } qw(looks whole late);

sub answer {
	my $line = <$redis> // die "no Redis any more\n";
	$line =~ s/\r\n$//;
	my $kind = substr $line, 0, 1, '';
	die "$line\n" if $kind eq '-';
	return [map { answer() } 1 .. $line] if $kind eq '*' && $line >= 0;
	return $line if $kind ne '$';
	return undef if $line < 0;
	read $redis, my $text, $line + 2;
	return substr $text, 0, $line;
}

# Of each command, a list of words, its answer; some hundred at a time.
sub ask {
	my @answers;
	while (my @some = splice @_, 0, 200) {
		print $redis map { my $c = $_; '*' . @$c . "\r\n",
		    map { '$' . length($_) . "\r\n$_\r\n" } @$c } @some;
		$redis->flush;
		push @answers, answer() for @some;
	}
	return @answers;
}

sub one { return (ask([@_]))[0] }

sub meta { return { @{one('HGETALL', "epoch:meta:$_[0]")} } }

# What is missing of an epoch, or nothing.
sub lack {
	my ($id) = @_;
	my $meta = meta($id);
	return 'its meta' unless $meta->{created_ts};
	my $geometry = one('GET', "epoch:$id:geometry");
	return 'its geometry' unless defined $geometry;
	my @ids = split /\n/, $geometry;
	return scalar @ids . " of $meta->{contract_count} ids"
	    if @ids != $meta->{contract_count};
	return 'the geometry of its hash'
	    if sha256_hex($geometry) ne $meta->{geometry_hash};
	wait_for_end($id) if $is_slow;
	my @rows = ask(map { ['HMGET', "epoch:$id:contract:$_",
	    qw(expiration strike right oi)] } @ids);
	for my $i (0 .. $#rows) {
		return "a part of $ids[$i]" if grep { !defined } @{$rows[$i]};
	}
	return;
}

# Others want the server, too.
sub pause { select undef, undef, undef, 0.004 }

# Whoever looks for the contracts now finds none.
sub wait_for_end {
	my ($id) = @_;
	while (one('EXISTS', "epoch:$id:geometry") && !one('EXISTS', 'stop')) {
		pause();
	}
}

# Does Redis tell whoever was too late that he is?
sub is_told {
	my ($id) = @_;
	my $meta = meta($id);
	return 0 if one('HGET', 'epoch:active', $symbol) eq $id;
	return $meta->{retired} if %$meta;
	return !defined one('LPOS', "epoch:timeline:$symbol", $id);
}

$| = 1;
until (one('EXISTS', 'stop')) {
	pause();
	my $id = one('HGET', 'epoch:active', $symbol) // next;
	my $lack = lack($id);
	$n{looks}++;
	if (!defined $lack) {
		$n{whole}++;
	} elsif (is_told($id)) {
		$n{late}++;
		print STDERR "late\n"; # for who waits for that
	} else {
		print "$id lacks $lack\n";
	}
}
print join(' ', map { "$_ $n{$_}" } qw(looks whole late)), "\n";
