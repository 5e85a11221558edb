/* SPDX-License-Identifier: ISC */
/* stream, its way in: see stream.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

#include "sig.h"
#include "stream.h"

#define CHUNK (64 * 1024)

int
in_open(struct in *in, const char *path, struct out *tied, struct err *e)
{
	*in = (struct in){.name = "-", .tied = tied, .max = STREAM_LINE_MAX};
	if (path == NULL || strcmp(path, "-") == 0)
		return 0; /* stdin is descriptor 0 */
	in->name = path;
	in->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd == -1)
		return err_set(e, EX_NOINPUT, "OPEN", "%s", strerror(errno));
	return 0;
}

void
in_close(struct in *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	buf_free(&in->buf);
}

/* Errors are read's to tell. */
static bool
is_ready(const struct in *in)
{
	struct pollfd p = {.fd = in->fd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

/*
 * Wait until a read would not block; false when told to stop.  The signals
 * are held back between the look at the flag and the wait, else one that came
 * just there would be slept through.
 */
static bool
in_wait(struct in *in)
{
	sigset_t held, before;
	fd_set fds;

	if (is_ready(in))
		return !sig_stop;
	if (in->tied != NULL)
		out_flush(in->tied);
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, &before);
	if (!sig_stop && in->fd < FD_SETSIZE) {
		FD_ZERO(&fds);
		FD_SET(in->fd, &fds);
		pselect(in->fd + 1, &fds, NULL, NULL, NULL, &before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return !sig_stop;
}

/* Of a stretch: nothing else moves its place, so others may read the file. */
static ssize_t
read_placed(struct in *in, char *p)
{
	int64_t left = in->end - in->at;
	ssize_t r =
	    pread(in->fd, p, left < CHUNK ? (size_t)left : CHUNK, in->at);

	if (r > 0)
		in->at += r;
	return r;
}

/* Read more behind what is held: 1, 0 at the end or when told to stop, -1. */
static int
in_fill(struct in *in, struct err *e)
{
	ssize_t r;

	buf_reserve(&in->buf, CHUNK);
	do {
		if (!in_wait(in))
			return 0;
		r = in->placed ? read_placed(in, in->buf.p + in->buf.n)
			       : read(in->fd, in->buf.p + in->buf.n, CHUNK);
	} while (r == -1 && errno == EINTR);
	if (r == -1)
		return err_set(e, EX_NOINPUT, "READ", "%s", strerror(errno));
	if (r == 0 && in->placed && in->at < in->end)
		return err_set(e, EX_NOINPUT, "READ", "it became shorter");
	if (r == 0) {
		in->eof = true;
		return 0;
	}
	in->buf.n += (size_t)r;
	in->buf.p[in->buf.n] = '\0';
	in->bytes += (uint64_t)r;
	return 1;
}

/* Make room for more: drop what was handed out, or a line that is too long.
 * A line of max bytes may still have a CR to come. */
static void
in_shift(struct in *in)
{
	size_t left = in->buf.n - in->pos;

	if (left > in->max + 1)
		in->skipping = true;
	if (in->skipping)
		left = 0;
	if (left > 0 && in->pos > 0)
		memmove(in->buf.p, in->buf.p + in->pos, left);
	in->pos = 0;
	in->buf.n = in->scanned = left;
}

/* The line that ends at nl is over: 1 hand it out, 2 too long, 0 empty. */
static int
in_take(struct in *in, char *nl, struct span *line)
{
	char *p = in->buf.p + in->pos;
	size_t n = (size_t)(nl - p);

	in->pos = in->scanned = in->pos + n + 1;
	in->line_no++;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	if (in->skipping || n > in->max) {
		in->skipping = false;
		in->too_long++;
		return 2;
	}
	if (n == 0)
		return 0;
	p[n] = '\0';
	*line = (struct span){p, n};
	in->lines++;
	return 1;
}

/* The input is over; what is left has no newline. */
static void
in_end(struct in *in)
{
	if (in->skipping || in->pos < in->buf.n) {
		in->torn = 1;
		in->line_no++;
	}
	in->skipping = false;
	in->pos = in->scanned = in->buf.n;
}

int
in_next(struct in *in, struct span *line, struct err *e)
{
	char *nl;
	int r;

	while (!sig_stop) {
		nl = in->scanned == in->buf.n
			 ? NULL
			 : memchr(in->buf.p + in->scanned, '\n',
			       in->buf.n - in->scanned);
		if (nl != NULL) {
			r = in_take(in, nl, line);
			if (r != 0)
				return r;
			continue;
		}
		if (in->eof) {
			in_end(in);
			return 0;
		}
		if (in->nowait && !is_ready(in))
			return 3;
		in_shift(in);
		r = in_fill(in, e);
		if (r == -1)
			return -1;
	}
	return 0;
}

int
in_chunk(struct in *in, struct span *piece, struct err *e)
{
	int r;

	if (in->pos == in->buf.n && !in->eof) {
		in->pos = in->buf.n = 0;
		r = in_fill(in, e);
		if (r != 1)
			return r;
	}
	if (in->pos == in->buf.n || sig_stop)
		return 0;
	*piece = (struct span){in->buf.p + in->pos, in->buf.n - in->pos};
	in->pos = in->scanned = in->buf.n;
	return 1;
}

int
in_peek(struct in *in, size_t n, struct span *piece, struct err *e)
{
	while (in->buf.n - in->pos < n && !in->eof) {
		int r = in_fill(in, e);

		if (r == -1)
			return -1;
		if (r == 0 && !in->eof)
			return 0;
	}
	*piece = (struct span){in->buf.p + in->pos, in->buf.n - in->pos};
	return 1;
}
