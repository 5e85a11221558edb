/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "reel.h"

static int
open_file(struct reel *r, struct err *e)
{
	char name[REEL_NAME];

	reel_name(r, r->date, name);
	r->size = r->safe = 0;
	r->headed = false;
	r->fd = openat(
	    r->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (r->fd < 0 || fsync(r->dir) < 0)
		return err_set(e, EX_CANTCREAT, "TAPE", "%s/%s: %s", r->path,
		    name, strerror(errno));
	return 0;
}

/* One recorder a symbol and directory. */
static int
lock(struct reel *r, struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char name[REEL_NAME];

	snprintf(name, sizeof(name), ".%s.lock", r->symbol);
	r->lock = openat(
	    r->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (r->lock < 0)
		return err_set(e, EX_CANTCREAT, "TAPE", "%s/%s: %s", r->path,
		    name, strerror(errno));
	if (fcntl(r->lock, F_SETLK, &whole) < 0)
		return err_set(e, EX_TEMPFAIL, "LOCKED",
		    "another epoch-record writes to %s", r->path);
	return 0;
}

int
reel_open(struct reel *r, const char *path, struct out *out, bool zstd,
    const char *symbol, struct err *e)
{
	int rc;

	*r = (struct reel){.symbol = symbol,
	    .path = path,
	    .out = out,
	    .zstd = zstd,
	    .dir = -1,
	    .lock = -1,
	    .fd = -1};
	r->ring = mem_zalloc(REEL_RING * sizeof(*r->ring));
	if (path == NULL)
		return 0;
	r->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir < 0)
		return err_set(
		    e, EX_CANTCREAT, "TAPE", "%s: %s", path, strerror(errno));
	if (lock(r, e) < 0 || past_find(r, e) < 0)
		return -1;
	if (r->date[0] == '\0')
		return 0;
	rc = open_file(r, e) < 0 ? -1 : past_read(r, e);
	/* Who wrote it may have been killed before it was on the disk. */
	r->dirty = rc == 0;
	r->safe = r->size;
	return rc;
}

void
reel_close(struct reel *r)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->lock >= 0)
		close(r->lock);
	if (r->dir >= 0)
		close(r->dir);
	buf_free(&r->buf);
	free(r->ring);
}

/* ---- what comes ---- */

static void
keep_err(struct reel *r, const struct err *e)
{
	if (r->err.exit == 0)
		r->err = *e;
}

/* A day is over: its file is finished, another begins. */
static void
change_file(struct reel *r, const char *date)
{
	struct err e;

	if (r->fd >= 0) {
		if (reel_sync(r, &e) < 0) {
			keep_err(r, &e);
			return;
		}
		close(r->fd);
		r->fd = -1;
		if (r->size > 0) /* else there is no act in it */
			memcpy(r->prev, r->date, sizeof(r->prev));
	}
	memcpy(r->date, date, sizeof(r->date));
	if (open_file(r, &e) < 0)
		keep_err(r, &e);
	else
		past_squeeze(r);
}

static void
before_line(struct reel *r, int64_t ts, int64_t after)
{
	struct tape_line head = {.what = TAPE_HEAD, .ts = ts, .act = after};
	char date[20];

	clock_utc_text(ts, date);
	date[10] = '\0';
	/* Never back: a clock that was set back makes no older file. */
	if (r->path != NULL && (r->fd < 0 || strcmp(date, r->date) > 0))
		change_file(r, date);
	if (r->headed)
		return;
	memcpy(head.symbol, r->symbol, strlen(r->symbol) + 1);
	tape_write(&r->buf, &head);
	r->headed = true;
}

void
reel_add(struct reel *r, struct tape_line *l)
{
	before_line(r, l->ts, r->known ? r->last : l->act - 1);
	if (r->known && l->act > r->last + 1)
		r->lost += (uint64_t)(l->act - r->last - 1);
	tape_write(&r->buf, l);
	reel_remember(r, l);
	r->acts++;
}

void
reel_rewind(struct reel *r, int64_t to)
{
	struct tape_line l = {.what = TAPE_REWIND,
	    .ts = clock_now_ms(),
	    .act = to,
	    .from = r->last};

	before_line(r, l.ts, r->last);
	memcpy(l.symbol, r->symbol, strlen(r->symbol) + 1);
	tape_write(&r->buf, &l);
	r->rewinds++;
	reel_go_back(r, to);
}

static void
fail_file(const struct reel *r, struct err *e)
{
	int why = errno;
	char name[REEL_NAME];

	reel_name(r, r->date, name);
	err_set(e, EX_IOERR, "TAPE", "%s: %s", name, strerror(why));
}

/* Else the next one cuts it, where it is no whole line. */
static void
cut_file(struct reel *r, int64_t size)
{
	if (ftruncate(r->fd, size) == 0)
		r->size = lseek(r->fd, size, SEEK_SET);
}

static int
write_file(struct reel *r, struct err *e)
{
	size_t done = 0;

	while (done < r->buf.n) {
		ssize_t n = write(r->fd, r->buf.p + done, r->buf.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fail_file(r, e);
			cut_file(r, r->size);
			return -1;
		}
		done += (size_t)n;
	}
	r->size += (int64_t)done;
	return 0;
}

int
reel_flush(struct reel *r, struct err *e)
{
	int rc = 0;

	if (r->err.exit != 0) {
		*e = r->err;
		return -1;
	}
	if (r->buf.n == 0)
		return 0;
	if (r->path == NULL) {
		out_write(r->out, r->buf.p, r->buf.n);
		rc = out_flush(r->out);
		*e = r->out->err;
	} else {
		rc = write_file(r, e);
	}
	if (rc < 0) {
		keep_err(r, e);
		return -1;
	}
	r->bytes += r->buf.n;
	buf_clear(&r->buf);
	r->dirty = true;
	return 0;
}

/*
 * What a disk did not take is gone, though it can still be read, and a later
 * sync may say that all is well: so it is cut off, and the next one has it from
 * Redis again.
 */
static int
sync_file(struct reel *r, struct err *e)
{
	if (fdatasync(r->fd) == 0) {
		r->safe = r->size;
		return 0;
	}
	fail_file(r, e);
	keep_err(r, e);
	cut_file(r, r->safe);
	return -1;
}

int
reel_sync(struct reel *r, struct err *e)
{
	if (reel_flush(r, e) < 0)
		return -1;
	if (r->dirty && r->fd >= 0 && sync_file(r, e) < 0)
		return -1;
	/* A file, or what cannot be synced: a pipe, a terminal. */
	if (r->dirty && r->path == NULL && fdatasync(r->out->fd) < 0 &&
	    (errno == EIO || errno == ENOSPC || errno == EDQUOT)) {
		err_set(e, EX_IOERR, "WRITE", "output: %s", strerror(errno));
		keep_err(r, e);
		return -1;
	}
	r->dirty = false;
	return 0;
}
