/* SPDX-License-Identifier: ISC */
/*
 * fault: a library for LD_PRELOAD that makes a chosen write or read go wrong.
 *
 *	FAULT_KILL_AT=n    SIGKILL before the nth write to a socket
 *	FAULT_TERM_AT=n    SIGTERM before it
 *	FAULT_STOP_AT=n    SIGSTOP before it: the test changes something, then
 *	                   lets the tool go on with SIGCONT
 *	FAULT_STOP_HAS=s   SIGSTOP before the first write that has the text s:
 *	                   how many there are before it may differ
 *	FAULT_ERR_AT=n     the nth write fails with FAULT_ERRNO (default EPIPE)
 *	FAULT_RERR_AT=n    the nth read fails with FAULT_ERRNO (default
 *	                   ETIMEDOUT), after the request went out
 *	FAULT_RTERM_AT=n   SIGTERM before the nth read
 *	FAULT_SHORT=k      no write takes more than k bytes
 *	FAULT_COUNT=file   at exit: number of writes, a blank, of reads
 *	FAULT_FDS=all      all descriptors count, not only sockets
 *
 * With it a test can stop a tool before every single thing that it tells
 * Redis: for n = 1, 2, 3 … until a run ends by itself.  Calls go straight to
 * the kernel, so that nothing else that is preloaded matters.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long writes, reads;
static bool has_stopped;

static long
setting(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtol(text, NULL, 10);
}

static bool
counts(int fd)
{
	const char *fds = getenv("FAULT_FDS");
	struct stat st;

	if (fds != NULL && strcmp(fds, "all") == 0)
		return true;
	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int
fail_with(int fallback)
{
	long e = setting("FAULT_ERRNO");

	errno = e > 0 ? (int)e : fallback;
	return -1;
}

static void
stop_where_it_has(const void *p, size_t n)
{
	const char *text = getenv("FAULT_STOP_HAS");

	if (text == NULL || has_stopped ||
	    memmem(p, n, text, strlen(text)) == NULL)
		return;
	has_stopped = true;
	kill(getpid(), SIGSTOP);
}

/* What happens to a write of n bytes: -1 it fails, else how many may go. */
static ssize_t
before_write(int fd, const void *p, size_t n)
{
	long most = setting("FAULT_SHORT");

	if (!counts(fd))
		return (ssize_t)n;
	writes++;
	if (writes == setting("FAULT_KILL_AT"))
		kill(getpid(), SIGKILL);
	if (writes == setting("FAULT_TERM_AT"))
		kill(getpid(), SIGTERM);
	if (writes == setting("FAULT_STOP_AT"))
		kill(getpid(), SIGSTOP);
	stop_where_it_has(p, n);
	if (writes == setting("FAULT_ERR_AT"))
		return fail_with(EPIPE);
	return most > 0 && n > (size_t)most ? most : (ssize_t)n;
}

static int
before_read(int fd)
{
	if (!counts(fd))
		return 0;
	reads++;
	if (reads == setting("FAULT_RTERM_AT"))
		kill(getpid(), SIGTERM);
	if (reads == setting("FAULT_RERR_AT"))
		return fail_with(ETIMEDOUT);
	return 0;
}

/* A process without any (timeout, env) keeps what its child reported. */
__attribute__((destructor)) static void
report(void)
{
	const char *path = getenv("FAULT_COUNT");
	FILE *f;

	if (path == NULL || writes + reads == 0)
		return;
	f = fopen(path, "w");
	if (f == NULL)
		return;
	fprintf(f, "%ld %ld\n", writes, reads);
	fclose(f);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t may = before_write(fd, p, n);

	return may < 0 ? -1 : syscall(SYS_write, fd, p, (size_t)may);
}

ssize_t
sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
    socklen_t len)
{
	ssize_t may = before_write(fd, p, n);

	if (may < 0)
		return -1;
	return syscall(SYS_sendto, fd, p, (size_t)may, flags, to, len);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	return sendto(fd, p, n, flags, NULL, 0);
}

/* Vectors are neither cut nor looked at: the kernel sees them whole. */
ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	if (before_write(fd, "", 1) < 0)
		return -1;
	return syscall(SYS_writev, fd, iov, n);
}

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (before_write(fd, "", 1) < 0)
		return -1;
	return syscall(SYS_sendmsg, fd, msg, flags);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return before_read(fd) < 0 ? -1 : syscall(SYS_read, fd, p, n);
}

ssize_t
recvfrom(int fd, void *restrict p, size_t n, int flags,
    struct sockaddr *restrict from, socklen_t *restrict len)
{
	if (before_read(fd) < 0)
		return -1;
	return syscall(SYS_recvfrom, fd, p, n, flags, from, len);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	return recvfrom(fd, p, n, flags, NULL, NULL);
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	if (before_read(fd) < 0)
		return -1;
	return syscall(SYS_recvmsg, fd, msg, flags);
}

/* What callers become that were built with _FORTIFY_SOURCE. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t __recv_chk(int fd, void *p, size_t n, size_t size, int flags);

ssize_t
__read_chk(int fd, void *p, size_t n, size_t size)
{
	if (n > size)
		abort();
	return read(fd, p, n);
}

ssize_t
__recv_chk(int fd, void *p, size_t n, size_t size, int flags)
{
	if (n > size)
		abort();
	return recv(fd, p, n, flags);
}
