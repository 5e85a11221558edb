/* SPDX-License-Identifier: ISC */
/*
 * midnight: a library for LD_PRELOAD under which the time of day stands still,
 * and jumps once.
 *
 *	MIDNIGHT_BEFORE=s  seconds since 1970, until the first connection
 *	MIDNIGHT_AFTER=s   from there on
 *
 * With it a test can let a date change between a request and its answer.
 * Other clocks go on as they do.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool is_after;

int
clock_gettime(clockid_t id, struct timespec *t)
{
	const char *text =
	    getenv(is_after ? "MIDNIGHT_AFTER" : "MIDNIGHT_BEFORE");

	if (id != CLOCK_REALTIME || text == NULL)
		return (int)syscall(SYS_clock_gettime, id, t);
	*t = (struct timespec){.tv_sec = strtol(text, NULL, 10)};
	return 0;
}

int
connect(int fd, const struct sockaddr *to, socklen_t n)
{
	is_after = true;
	return (int)syscall(SYS_connect, fd, to, n);
}
