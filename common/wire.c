/* SPDX-License-Identifier: ISC */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <hiredis/hiredis.h>

#include "clock.h"
#include "reply.h"
#include "sig.h"

#define OUT_MAX (64 * 1024)           /* unsent bytes before a push waits */
#define REPLY_MAX (256 * 1024 * 1024) /* of one reply: a peer gone mad */
#define SLICE_MS 200                  /* a signal just before poll is seen */

static int
lose(struct wire *w, const struct err *why)
{
	if (!w->dead)
		w->dead_err = *why;
	w->dead = true;
	return -1;
}

static void
fail(struct wire *w, const struct err *why)
{
	if (!w->failed)
		w->fail_err = *why;
	w->failed = true;
}

static int
lost(struct wire *w, const char *text)
{
	struct err e;

	err_set(&e, EX_TEMPFAIL, "REDIS_LOST", "%s: connection lost: %s",
	    w->addr.name, text);
	return lose(w, &e);
}

static int
no_redis(struct wire *w, const char *text)
{
	struct err e;

	err_set(&e, EX_PROTOCOL, "REDIS_PROTOCOL", "%s: not a Redis: %s",
	    w->addr.name, text);
	return lose(w, &e);
}

static void
deliver(struct wire *w, const redisReply *r)
{
	struct wire_waiter next = {NULL, NULL};
	struct err e;

	if (w->waiting == 0 && w->heard_fn != NULL &&
	    r->type == REDIS_REPLY_ARRAY) {
		w->heard++;
		w->heard_fn(reply_val(r), w->heard_ctx);
		return;
	}
	if (w->waiting == 0 && r->type != REDIS_REPLY_ERROR) {
		no_redis(w, "a reply that nobody asked for");
		return;
	}
	if (w->waiting > 0) {
		next = w->ring[w->head];
		w->head = (w->head + 1) % WIRE_WINDOW;
		w->waiting--;
	}
	w->progress = clock_mono_ms();
	if (r->type == REDIS_REPLY_ERROR) {
		reply_error(r, &e);
		fail(w, &e);
	} else if (next.fn != NULL) {
		next.fn(reply_val(r), next.ctx);
	}
}

static int
receive(struct wire *w)
{
	redisContext *c = w->c;
	bool bad = redisBufferRead(c) != REDIS_OK;
	void *r;

	for (;;) {
		if (!bad)
			bad = redisGetReplyFromReader(c, &r) != REDIS_OK;
		if (bad)
			return c->err == REDIS_ERR_PROTOCOL ||
				       c->err == REDIS_ERR_OOM
				   ? no_redis(w, c->errstr)
				   : lost(w, c->errstr);
		if (r == NULL)
			break;
		deliver(w, r);
		freeReplyObject(r);
	}
	if (c->reader->len > REPLY_MAX)
		return no_redis(w, "a reply without end");
	return w->dead ? -1 : 0;
}

static int
transmit(struct wire *w)
{
	size_t left = w->out.n - w->sent;
	ssize_t n;
	int cause;

	if (left == 0)
		return 0;
	n = send(
	    w->c->fd, w->out.p + w->sent, left, MSG_NOSIGNAL | MSG_DONTWAIT);
	cause = errno;
	if (n < 0 && (cause == EAGAIN || cause == EINTR))
		return 0;
	if (n < 0) {
		/* What it said before it hung up tells more. */
		if (receive(w) == 0)
			lost(w, strerror(cause));
		return -1;
	}
	w->sent += (size_t)n;
	w->progress = clock_mono_ms();
	left -= (size_t)n;
	/* Not more than was sent: megabytes would move again and again. */
	if (left == 0 || (w->sent >= OUT_MAX && w->sent >= left)) {
		memmove(w->out.p, w->out.p + w->sent, left);
		w->out.n = left;
		w->sent = 0;
	}
	return 0;
}

/* What ends a wait for the server, however busy the other descriptor is. */
static bool
is_over(struct wire *w)
{
	int64_t now = clock_mono_ms();
	struct err e;

	if (sig_stop)
		err_set(&e, EX_TEMPFAIL, "INTERRUPTED",
		    "%s: stopped by signal %d while waiting", w->addr.name,
		    (int)sig_stop);
	else if (w->deadline > 0 && now >= w->deadline)
		err_set(&e, EX_TEMPFAIL, "DEADLINE",
		    "%s: the time for all of it is over", w->addr.name);
	else if (now >= w->progress + w->timeout_ms)
		err_set(&e, EX_TEMPFAIL, "REDIS_TIMEOUT",
		    "%s: no answer within %lld ms", w->addr.name,
		    (long long)w->timeout_ms);
	else
		return false;
	lose(w, &e);
	return true;
}

static bool
must_end(const struct wire *w)
{
	return sig_stop != 0 ||
	       (w->deadline > 0 && clock_mono_ms() >= w->deadline);
}

/* One poll up to then: what the server's socket is ready for. */
static short
look(struct wire *w, int fd, short events, int64_t until)
{
	struct pollfd p[2] = {{.fd = fd, .events = events},
	    {.fd = w->other_fd, .events = POLLIN}};
	int64_t left = until - clock_mono_ms();

	if (left < 0)
		left = 0;
	if (left > SLICE_MS)
		left = SLICE_MS;
	if (poll(p, 2, (int)left) <= 0)
		return 0;
	if (p[0].revents == 0 && p[1].revents != 0 && !w->other(w->other_ctx))
		w->other_fd = -1;
	return p[0].revents;
}

/* Wait for events, at most until timeout_ms after the last progress. */
static int
await(struct wire *w, short events, short *got)
{
	int64_t until = w->progress + w->timeout_ms;

	if (w->deadline > 0 && w->deadline < until)
		until = w->deadline;
	/* Told to stop, or out of time, nothing more is done, however ready the
	 * server is; but an answer that is there was not late. */
	while (!must_end(w)) {
		*got = look(w, w->c->fd, events, until);
		if (*got != 0)
			return 0;
		if (is_over(w))
			return -1;
	}
	is_over(w);
	return -1;
}

void
wire_pause(struct wire *w, int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (sig_stop == 0 && clock_mono_ms() < until)
		look(w, -1, 0, until);
}

/* Work until at most target commands are unanswered and, if asked, all that
 * was queued is sent. */
static int
pump(struct wire *w, size_t target, bool all_sent)
{
	short got;

	w->progress = clock_mono_ms();
	while (!w->dead) {
		if (transmit(w) < 0)
			break;
		if (w->waiting <= target && (!all_sent || w->sent == w->out.n))
			return 0;
		if (await(w, w->sent < w->out.n ? POLLIN | POLLOUT : POLLIN,
			&got) < 0)
			break;
		if ((got & ~POLLOUT) != 0)
			receive(w);
	}
	return -1;
}

bool
wire_refuses(const struct wire *w, struct err *e)
{
	if (w->failed)
		*e = w->fail_err;
	else if (w->dead)
		*e = w->dead_err;
	return w->failed || w->dead;
}

void
wire_queued(
    struct wire *w, void (*fn)(const struct db_val *v, void *ctx), void *ctx)
{
	w->ring[(w->head + w->waiting++) % WIRE_WINDOW] =
	    (struct wire_waiter){fn, ctx};
	if (w->waiting == WIRE_WINDOW)
		pump(w, WIRE_WINDOW - WIRE_WINDOW / 8, false);
	else if (w->out.n - w->sent >= OUT_MAX)
		pump(w, WIRE_WINDOW, true);
}

int
wire_hear(struct wire *w, int64_t until)
{
	uint64_t before = w->heard;
	int64_t left;

	while (!w->dead) {
		struct pollfd p = {.fd = w->c->fd, .events = POLLIN};

		left = until - clock_mono_ms();
		if (w->heard != before)
			return 1;
		if (sig_stop || left <= 0)
			return 0;
		if (poll(&p, 1, (int)(left < SLICE_MS ? left : SLICE_MS)) > 0)
			receive(w);
	}
	return -1;
}

void
wire_finish(struct wire *w)
{
	if (!w->dead)
		pump(w, 0, true);
}

/* ---- connecting ---- */

void
wire_hang_up(struct wire *w)
{
	if (w->c != NULL)
		redisFree(w->c);
	w->c = NULL;
	buf_clear(&w->out);
	w->sent = 0;
	w->head = w->waiting = 0;
	w->failed = false;
	w->heard_fn = NULL;
	w->dead = true;
	err_set(&w->dead_err, EX_TEMPFAIL, "REDIS_LOST", "%s: not connected",
	    w->addr.name);
}

static int
refused(const struct wire *w, int cause, const char *text, struct err *e)
{
	/* A full queue of a unix socket; the server is there. */
	if (cause == EAGAIN)
		return err_set(e, EX_TEMPFAIL, "REDIS_CLIENTS",
		    "%s: its queue of new connections is full", w->addr.name);
	return err_set(
	    e, EX_TEMPFAIL, "REDIS_CONNECT", "%s: %s", w->addr.name, text);
}

int
wire_connect(struct wire *w, struct err *e)
{
	const struct addr *a = &w->addr;
	int cause = 0, one = 1;
	socklen_t len = sizeof(cause);
	short got;

	wire_hang_up(w);
	w->c = a->path[0] != '\0' ? redisConnectUnixNonBlock(a->path)
				  : redisConnectNonBlock(a->host, a->port);
	if (w->c == NULL)
		return refused(w, 0, "out of memory", e);
	if (w->c->err != 0)
		return refused(
		    w, w->c->err == REDIS_ERR_IO ? errno : 0, w->c->errstr, e);
	w->dead = false;
	w->progress = clock_mono_ms();
	w->c->reader->maxbuf = 1024 * 1024;
	fcntl(w->c->fd, F_SETFD, FD_CLOEXEC);
	if (await(w, POLLOUT, &got) < 0) {
		*e = w->dead_err;
		return -1;
	}
	if (getsockopt(w->c->fd, SOL_SOCKET, SO_ERROR, &cause, &len) < 0)
		cause = errno;
	if (cause != 0) {
		wire_hang_up(w);
		return refused(w, cause, strerror(cause), e);
	}
	if (a->path[0] == '\0')
		setsockopt(
		    w->c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return 0;
}
