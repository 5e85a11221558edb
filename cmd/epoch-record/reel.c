/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "reel.h"

#define NAME_MAX_TEXT 64 /* symbol, date, .ndjson.zst */

static const char tail[] = ".ndjson";

static void
name_of(const struct reel *r, char out[NAME_MAX_TEXT])
{
	snprintf(out, NAME_MAX_TEXT, "%s-%s%s", r->symbol, r->date, tail);
}

/* Is it SYMBOL-DATE.ndjson?  Then its date. */
static bool
is_ours(const struct reel *r, const char *name, char date[11])
{
	size_t n = strlen(r->symbol);

	if (strncmp(name, r->symbol, n) != 0 || name[n] != '-' ||
	    strlen(name) != n + 11 + sizeof(tail) - 1 ||
	    strcmp(name + n + 11, tail) != 0)
		return false;
	memcpy(date, name + n + 1, 10);
	date[10] = '\0';
	return clock_date_valid(span_str(date));
}

/* ---- what was there ---- */

static void
remember(struct reel *r, const struct tape_line *l)
{
	size_t at = (size_t)(l->act % REEL_RING);

	r->ring[at].act = l->act;
	memcpy(r->ring[at].sum, l->sum, TAPE_SUM);
	r->last = l->act;
	memcpy(r->sum, l->sum, TAPE_SUM);
}

const char *
reel_sum(const struct reel *r, int64_t act)
{
	size_t at = (size_t)(act % REEL_RING);

	return act > 0 && act <= r->last && r->ring[at].act == act
		   ? r->ring[at].sum
		   : NULL;
}

static void
go_back(struct reel *r, int64_t to)
{
	const char *sum = reel_sum(r, to);

	memcpy(r->sum, sum == NULL ? "" : sum, sum == NULL ? 1 : TAPE_SUM);
	r->last = to;
}

static int
read_line(struct reel *r, struct span text, struct err *e)
{
	struct tape_line l;

	if (tape_read(text, &l, e) < 0)
		return -1;
	if (strcmp(l.symbol, r->symbol) != 0)
		return err_set(e, EX_DATAERR, "BAD_TAPE",
		    "a line of another symbol, %s", l.symbol);
	if (l.what == TAPE_ACT)
		remember(r, &l);
	else if (l.what == TAPE_REWIND)
		go_back(r, l.act);
	else if (r->last == 0)
		r->last = l.act;
	r->headed |= l.what == TAPE_HEAD;
	r->size += (int64_t)text.n + 1;
	return 0;
}

/* Read the newest file to its end; a line without one is cut off. */
static int
read_file(struct reel *r, struct err *e)
{
	struct in in = {.fd = r->fd, .max = STREAM_LINE_MAX};
	struct span text;
	int got, rc = 0;

	while (rc == 0 && (got = in_next(&in, &text, e)) != 0) {
		if (got == 2)
			rc = err_set(
			    e, EX_DATAERR, "BAD_TAPE", "a line too long");
		else
			rc = got < 0 ? -1 : read_line(r, text, e);
	}
	if (rc < 0) {
		struct err why = *e;

		err_set(e, EX_DATAERR, why.code,
		    "%s-%s%s is damaged after byte %lld, act %lld: %.200s",
		    r->symbol, r->date, tail, (long long)r->size,
		    (long long)r->last, why.text);
	}
	buf_free(&in.buf);
	if (rc == 0 && ftruncate(r->fd, r->size) < 0)
		rc = err_set(
		    e, EX_CANTCREAT, "TAPE", "cut: %s", strerror(errno));
	if (rc == 0)
		lseek(r->fd, r->size, SEEK_SET);
	return rc;
}

static int
open_file(struct reel *r, struct err *e)
{
	char name[NAME_MAX_TEXT];

	name_of(r, name);
	r->size = 0;
	r->headed = false;
	r->fd = openat(
	    r->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (r->fd < 0 || fsync(r->dir) < 0)
		return err_set(e, EX_CANTCREAT, "TAPE", "%s/%s: %s", r->path,
		    name, strerror(errno));
	return 0;
}

/* The newest file of ours, "" none; older ones that nobody squeezed are. */
static int
look_around(struct reel *r, struct err *e)
{
	int fd = dup(r->dir);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *f;
	char date[11];

	if (d == NULL)
		return err_set(e, EX_CANTCREAT, "TAPE", "%s: %s", r->path,
		    strerror(errno));
	rewinddir(d);
	r->date[0] = '\0';
	while ((f = readdir(d)) != NULL)
		if (is_ours(r, f->d_name, date) && strcmp(date, r->date) > 0)
			memcpy(r->date, date, sizeof(date));
	rewinddir(d);
	while (r->zstd && (f = readdir(d)) != NULL)
		if (is_ours(r, f->d_name, date) && strcmp(date, r->date) < 0 &&
		    squeeze(r->dir, f->d_name, e) < 0) {
			closedir(d);
			return -1;
		}
	closedir(d);
	return 0;
}

/* One recorder a symbol and directory. */
static int
lock(struct reel *r, struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char name[NAME_MAX_TEXT];

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
	if (lock(r, e) < 0 || look_around(r, e) < 0)
		return -1;
	if (r->date[0] == '\0')
		return 0;
	return open_file(r, e) < 0 ? -1 : read_file(r, e);
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
	char name[NAME_MAX_TEXT];
	struct err e;

	if (r->fd >= 0) {
		if (reel_sync(r, &e) < 0) {
			keep_err(r, &e);
			return;
		}
		close(r->fd);
		r->fd = -1;
		name_of(r, name);
		if (r->zstd && squeeze(r->dir, name, &e) < 0)
			keep_err(r, &e);
	}
	memcpy(r->date, date, sizeof(r->date));
	if (open_file(r, &e) < 0)
		keep_err(r, &e);
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
	before_line(r, l->ts, r->last > 0 ? r->last : l->act - 1);
	if (r->last > 0 && l->act > r->last + 1)
		r->lost += (uint64_t)(l->act - r->last - 1);
	tape_write(&r->buf, l);
	remember(r, l);
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
	go_back(r, to);
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
			err_set(e, EX_IOERR, "TAPE", "%s-%s%s: %s", r->symbol,
			    r->date, tail, strerror(errno));
			/* Else the next one cuts it. */
			if (ftruncate(r->fd, r->size) == 0)
				lseek(r->fd, r->size, SEEK_SET);
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

int
reel_sync(struct reel *r, struct err *e)
{
	if (reel_flush(r, e) < 0)
		return -1;
	if (r->dirty && r->path != NULL && fdatasync(r->fd) < 0) {
		err_set(e, EX_IOERR, "TAPE", "%s-%s%s: %s", r->symbol, r->date,
		    tail, strerror(errno));
		keep_err(r, e);
		return -1;
	}
	r->dirty = false;
	return 0;
}
