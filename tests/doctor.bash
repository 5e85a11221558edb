# shellcheck shell=bash
# SPDX-License-Identifier: ISC
#
# doctor: a server that says of itself what a test wants, for what a real one
# cannot be made to say at will.
#
#	fake_start		a peer on the socket ./fake; facts in ./facts
#	fake_stop
#	healthy			./facts of a server with nothing to be said about
#	fact NAME VALUE		a setting (with '-') or a line of INFO, replaced
#	deny CMD ERROR		that command's answer from now on
#
# ./facts is read again for every command.

healthy() {
	cat >facts <<-'END'
		c maxmemory-policy noeviction
		c maxmemory 1000000
		c appendonly yes
		c appendfsync everysec
		c save
		c lazyfree-lazy-user-del yes
		c unixsocket /run/redis/s
		c unixsocketperm 770
		c port 6379
		c tls-port 0
		c bind 127.0.0.1 -::1
		c protected-mode yes
		c requirepass
		c min-replicas-to-write 1
		c min-replicas-max-lag 10
		c client-output-buffer-limit normal 67108864 33554432 30 slave 0 0 0
		c timeout 0
		c tcp-keepalive 60
		c cluster-enabled no
		i redis_version 7.0.15
		i redis_mode standalone
		i tcp_port 6379
		i maxmemory_policy noeviction
		i maxmemory 1000000
		i used_memory 400000
		i total_system_memory 8000000
		i aof_enabled 1
		i cluster_enabled 0
		i async_loading 0
		i rdb_last_bgsave_status ok
		i aof_last_write_status ok
		i aof_last_bgrewrite_status ok
		i rejected_connections 0
		i evicted_keys 0
		i role master
		i connected_slaves 2
	END
}

fact() {
	local kind=i
	# shellcheck disable=SC2194 # the few without '-' that are settings
	case $1 in
	*-* | save | appendonly | appendfsync | bind | port | requirepass | \
	    timeout | unixsocket | unixsocketperm) kind=c ;;
	esac
	[[ $1 != maxmemory ]] || fact_line c "$1" "$2"
	fact_line "$kind" "$1" "$2"
}

fact_line() {
	grep -v "^$1 $2\( \|\$\)" facts >facts.new
	printf '%s %s %s\n' "$1" "$2" "$3" >>facts.new
	mv facts.new facts
}

deny() {
	printf 'd %s %s\n' "$1" "$2" >>facts
}

fake_start() {
	perl -e '
	use strict; use IO::Socket::UNIX; use Socket;
	alarm 290; $SIG{PIPE} = "IGNORE";
	my $l = IO::Socket::UNIX->new(Local => "fake", Listen => 9) or die;
	sub bulk { my $s = shift; "\$" . length($s) . "\r\n$s\r\n" }
	sub answer {
		my ($cmd, @arg) = @_;
		my (%c, $info, %d);
		open my $f, "<", "facts" or die;
		while (<$f>) {
			/^c (\S+) ?(.*)/ and $c{$1} = $2;
			/^i (\S+) (.*)/ and $info .= "$1:$2\r\n";
			/^d (\S+) (.*)/ and $d{$1} = $2;
		}
		return $d{$cmd} =~ /^[:+]/ ? "$d{$cmd}\r\n" : "-$d{$cmd}\r\n"
		    if exists $d{$cmd};
		return "+PONG\r\n" if $cmd eq "PING";
		return bulk("# Server\r\n$info") if $cmd eq "INFO";
		return "*2\r\n" . bulk(time) . bulk(0) if $cmd eq "TIME";
		return ":1\r\n" if $cmd eq "EVAL";
		return ":0\r\n" if $cmd eq "ZCOUNT";
		return "-ERR unknown command \x27$cmd\x27\r\n"
		    if $cmd ne "CONFIG";
		return "*0\r\n" unless exists $c{$arg[1]};
		return "*2\r\n" . bulk($arg[1]) . bulk($c{$arg[1]});
	}
	while (my $s = $l->accept) {
		$s->autoflush(1);
		while (defined(my $n = <$s>)) {
			my @a;
			for (1 .. substr($n, 1)) {
				read $s, my $x, substr(<$s>, 1);
				push @a, $x; <$s>;
			}
			print $s answer(@a);
		}
	}' 3>&- 4>&- &
	FAKE=$!
	eventually test -S fake
}

fake_stop() {
	[[ -z ${FAKE-} ]] || kill "$FAKE"
	FAKE=
}
