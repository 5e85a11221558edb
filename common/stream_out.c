/* SPDX-License-Identifier: ISC */
/* stream, its way out: see stream.h. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "sig.h"
#include "stream.h"

#define PIECE 4096 /* PIPE_BUF: after POLLOUT a pipe takes that much */
#define PATIENCE_MS 1000
#define KEEP (1024 * 1024) /* of an empty queue's memory */

void
out_init(struct out *o, int fd)
{
	*o = (struct out){
	    .fd = fd, .patience_ms = PATIENCE_MS, .room = OUT_ROOM};
}

void
out_drop(struct out *o)
{
	buf_free(&o->buf);
	o->done = 0;
}

static void
out_fail(struct out *o, const char *text)
{
	o->failed = true;
	out_drop(o);
	err_set(&o->err, EX_IOERR, "WRITE", "output: %s", text);
}

size_t
out_queued(const struct out *o)
{
	return o->buf.n - o->done;
}

/* The next piece that a pipe takes without blocking once it takes anything:
 * whole lines, where they are short enough. */
static size_t
next_piece(const struct out *o)
{
	const char *p = o->buf.p + o->done;
	size_t n = out_queued(o), whole;

	if (n <= PIECE)
		return n;
	for (whole = PIECE; whole > 0 && p[whole - 1] != '\n';)
		whole--;
	return whole > 0 ? whole : PIECE;
}

/*
 * How much may be written now.  Once told to stop, pieces that cannot block,
 * and an end to the patience with a reader that does not read: 0.
 */
static size_t
allowance(const struct out *o, int64_t *deadline)
{
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};
	int64_t now;

	if (!sig_stop)
		return out_queued(o);
	now = clock_mono_ms();
	if (*deadline == 0)
		*deadline = now + o->patience_ms;
	if (now >= *deadline || poll(&p, 1, (int)(*deadline - now)) == 0)
		return 0;
	return next_piece(o);
}

static void
write_piece(struct out *o, size_t n)
{
	ssize_t w = write(o->fd, o->buf.p + o->done, n);

	if (w >= 0)
		o->done += (size_t)w;
	else if (errno == EPIPE && o->fd == STDOUT_FILENO)
		sig_die_of_pipe();
	else if (errno != EINTR)
		out_fail(o, strerror(errno));
}

/* Give back what written bytes take.  To move the others costs less than it
 * cost to write these. */
static void
tidy(struct out *o)
{
	size_t left = out_queued(o);

	if (left > o->done)
		return;
	if (left == 0 && o->buf.cap > KEEP)
		buf_free(&o->buf);
	if (left > 0)
		memmove(o->buf.p, o->buf.p + o->done, left);
	o->buf.n = left;
	o->done = 0;
}

int
out_flush(struct out *o)
{
	int64_t deadline = 0;
	size_t n;

	while (!o->failed && out_queued(o) > 0) {
		n = allowance(o, &deadline);
		if (n == 0)
			out_fail(o, "stopped while nobody was reading");
		else
			write_piece(o, n);
	}
	tidy(o);
	return o->failed ? -1 : 0;
}

void
out_offer(struct out *o)
{
	struct pollfd p = {.fd = o->fd};

	while (!o->failed) {
		p.events = out_queued(o) > 0 ? POLLOUT : 0;
		if (poll(&p, 1, 0) <= 0)
			break;
		if (out_queued(o) > 0)
			write_piece(o, next_piece(o));
		else if (o->fd == STDOUT_FILENO)
			sig_die_of_pipe();
		else
			out_fail(o, "nobody reads");
	}
	tidy(o);
}

/* Room for n bytes more, unless writing has failed. */
static bool
out_room(struct out *o, size_t n)
{
	if (out_queued(o) + n > o->room && !o->failed)
		out_flush(o);
	if (o->failed)
		return false;
	buf_reserve(&o->buf, n);
	return true;
}

static void
out_count(struct out *o, size_t n)
{
	o->lines++;
	o->bytes += n;
}

void
out_write(struct out *o, const char *p, size_t n)
{
	if (out_room(o, n))
		buf_add(&o->buf, p, n);
	out_count(o, n);
}

void
out_line(struct out *o, struct span line)
{
	char *p;

	if (out_room(o, line.n + 1)) {
		p = o->buf.p + o->buf.n;
		memcpy(p, line.p, line.n);
		p[line.n] = '\n';
		p[line.n + 1] = '\0';
		o->buf.n += line.n + 1;
	}
	out_count(o, line.n + 1);
}

int
out_close(struct out *o, struct err *e)
{
	out_flush(o);
	buf_free(&o->buf);
	if (!o->failed)
		return 0;
	*e = o->err;
	return -1;
}
