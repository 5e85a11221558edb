#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
#
# The libraries that tests preload: what they pretend, and what they leave.

load helpers

CLOCK=$BUILD/shim/clock.so
RESOLVE=$BUILD/shim/resolve.so

# Waits of 100 s by each call; how long all clocks think that each took.
waits() {
	perl -MTime::HiRes=clock_gettime,nanosleep,CLOCK_MONOTONIC,CLOCK_REALTIME \
	    -MIO::Poll -e '
		sub now { map { clock_gettime($_) } CLOCK_MONOTONIC, CLOCK_REALTIME }
		for my $wait (sub { select(undef, undef, undef, 100) },
		    sub { IO::Poll->new->poll(100) },
		    sub { nanosleep(100e9) }) {
			my ($mono, $real) = now;
			my $time = time;
			$wait->();
			my ($mono2, $real2) = now;
			printf "%.0f %.0f %.0f\n", ($mono2 - $mono) / 10,
			    ($real2 - $real) / 10, (time - $time) / 10;
		}'
}

@test "clock: a wait takes 1/n of its time, and all clocks all of it" {
	FAULT_WAIT_SCALE=1000 LD_PRELOAD=$CLOCK TOOL_TIMEOUT=5 run waits
	assert "$output" = $'10 10 10\n10 10 10\n10 10 10'
}

@test "clock: a wait that something ends is not made longer, nor is work" {
	# a pipe that can be read; a second of the processor is none of the clock's
	run env FAULT_WAIT_SCALE=1000 LD_PRELOAD="$CLOCK" perl \
	    -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC,CLOCK_PROCESS_CPUTIME_ID -e '
		my $start = clock_gettime(CLOCK_MONOTONIC);
		my $cpu = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
		pipe(my $r, my $w); syswrite($w, "x");
		my $in = ""; vec($in, fileno($r), 1) = 1;
		print scalar(select($in, undef, undef, 100)), "\n";
		print clock_gettime(CLOCK_MONOTONIC) - $start < 50 ? "soon\n" : "late\n";
		select(undef, undef, undef, 100);
		print clock_gettime(CLOCK_PROCESS_CPUTIME_ID) - $cpu < 50 ? "idle\n" : "busy\n";'
	assert "$output" = $'1\nsoon\nidle'
}

@test "clock: another time of day" {
	local now earlier
	now=$(FAULT_REALTIME_OFF=0 LD_PRELOAD=$CLOCK perl -e 'print time')
	earlier=$(FAULT_REALTIME_OFF=-259200 LD_PRELOAD=$CLOCK perl -e 'print time')
	# some seconds may have passed in between
	[[ $((now - earlier)) -gt 259100 && $((now - earlier)) -le 259200 ]]
}

@test "resolve: names that are told, nobody else's, and addresses" {
	export FAULT_HOSTS='a.invalid=127.0.0.9 b.invalid=::1,127.0.0.1'
	addresses() {
		LD_PRELOAD=$RESOLVE getent ahosts "$1" | cut -d ' ' -f 1 | uniq | xargs
	}
	assert "$(addresses a.invalid)" = 127.0.0.9
	assert "$(addresses b.invalid)" = "::1 127.0.0.1"
	assert "$(addresses invalid)" = ""
	assert "$(addresses localhost)" = ""
	assert "$(addresses 127.0.0.7)" = 127.0.0.7
	run -124 timeout 0.1 env FAULT_HOSTS='c.invalid=hang' \
	    LD_PRELOAD="$RESOLVE" getent ahosts c.invalid
}
