/* SPDX-License-Identifier: ISC */
/*
 * clock: a library for LD_PRELOAD under which waiting is short, and the time
 * of day another.
 *
 *	FAULT_WAIT_SCALE=n	a wait that nothing ends takes 1/n of its
 *				time; then all clocks went on by all of it
 *	FAULT_REALTIME_OFF=s	the time of day is s seconds later (-s: earlier)
 *
 * With it a test can see a limit of minutes reached in a blink.  Only waiting
 * is made short: a process that works, or is not let run, sees time go by as
 * it does, so a busy machine makes no timeout come early.  Others do not know
 * of it: what answers within t has to do so within t/n, where nothing else
 * wakes the process.
 *
 * Known are poll, select, epoll, nanosleep and their kin; what the kernel
 * counts by itself (SO_RCVTIMEO, timerfd, alarm), and pthread's conditions,
 * last as long as ever.  Each process has clocks of its own.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)
#define SIGSET_BYTES 8 /* the kernel's */

static _Atomic int64_t skipped; /* ns that were not waited */

static int64_t
setting(const char *name, int64_t fallback)
{
	const char *text = getenv(name);

	return text == NULL ? fallback : strtoll(text, NULL, 10);
}

static int64_t
scale(void)
{
	int64_t n = setting("FAULT_WAIT_SCALE", 1);

	return n > 1 ? n : 1;
}

static int64_t
to_ns(const struct timespec *t)
{
	return t->tv_sec * SECOND + t->tv_nsec;
}

static struct timespec
of_ns(int64_t ns)
{
	return (struct timespec){ns / SECOND, ns % SECOND};
}

/* What is left of a wait of ns; the rest is skipped once it is over. */
static struct timespec
shorter(int64_t ns)
{
	return of_ns(ns / scale());
}

static void
skip(int64_t ns)
{
	skipped += ns - ns / scale();
}

/* ----------------------------------------------------------------- clocks */

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int64_t more = skipped;

	if (syscall(SYS_clock_gettime, id, t) != 0)
		return -1;
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		more += setting("FAULT_REALTIME_OFF", 0) * SECOND;
	else if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE &&
		 id != CLOCK_MONOTONIC_RAW && id != CLOCK_BOOTTIME)
		more = 0; /* the processor's */
	*t = of_ns(to_ns(t) + more);
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

/* ------------------------------------------------------------------ waits */

int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *t,
    const sigset_t *mask)
{
	int64_t ns = t == NULL ? 0 : to_ns(t);
	struct timespec less = shorter(ns);
	int rc = (int)syscall(
	    SYS_ppoll, fds, n, t == NULL ? NULL : &less, mask, SIGSET_BYTES);

	if (rc == 0)
		skip(ns);
	return rc;
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec t = of_ns(ms < 0 ? 0 : ms * MS);

	return ppoll(fds, n, ms < 0 ? NULL : &t, NULL);
}

/* What callers become that were built with _FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size);

int
__poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size)
{
	if (size / sizeof(*fds) < n)
		abort();
	return poll(fds, n, ms);
}

int
pselect(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
    const struct timespec *restrict t, const sigset_t *restrict mask)
{
	struct {
		const sigset_t *set;
		size_t bytes;
	} last = {mask, SIGSET_BYTES};
	int64_t ns = t == NULL ? 0 : to_ns(t);
	struct timespec less = shorter(ns);
	int rc = (int)syscall(
	    SYS_pselect6, n, r, w, e, t == NULL ? NULL : &less, &last);

	if (rc == 0)
		skip(ns);
	return rc;
}

int
select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
    struct timeval *restrict tv)
{
	struct timespec t = {0};

	if (tv != NULL)
		t = (struct timespec){tv->tv_sec, tv->tv_usec * 1000};
	return pselect(n, r, w, e, tv == NULL ? NULL : &t, NULL);
}

/* In whole ms, as the kernel's own: at least one. */
int
epoll_pwait(
    int fd, struct epoll_event *events, int n, int ms, const sigset_t *mask)
{
	int less = ms <= 0 ? ms : (int)((ms + scale() - 1) / scale());
	int rc = (int)syscall(
	    SYS_epoll_pwait, fd, events, n, less, mask, SIGSET_BYTES);

	if (rc == 0)
		skipped += (ms - less) * MS;
	return rc;
}

int
epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	return epoll_pwait(fd, events, n, ms, NULL);
}

int
nanosleep(const struct timespec *t, struct timespec *left)
{
	struct timespec less = shorter(to_ns(t)), rest = {0};
	int rc = (int)syscall(SYS_nanosleep, &less, &rest);
	int64_t ns = to_ns(&rest) * scale();

	skip(to_ns(t) - ns);
	if (rc != 0 && left != NULL)
		*left = of_ns(ns);
	return rc;
}

int
clock_nanosleep(
    clockid_t id, int flags, const struct timespec *t, struct timespec *left)
{
	struct timespec now = {0};
	int64_t ns = to_ns(t);

	if (flags & TIMER_ABSTIME) {
		if (clock_gettime(id, &now) != 0)
			return errno;
		ns -= to_ns(&now);
		left = NULL;
	}
	now = of_ns(ns > 0 ? ns : 0);
	return nanosleep(&now, left) == 0 ? 0 : errno;
}
