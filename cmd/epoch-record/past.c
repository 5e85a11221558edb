/* SPDX-License-Identifier: ISC */
/*
 * past: what is on the tape already, by the files of a directory.
 *
 * The two newest are read.  The last act may stand in the older one: whoever
 * was stopped at midnight, or found the disk full, leaves a newest file without
 * any.  And a Redis that fell back over midnight is at an act of the older one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "reel.h"
#include "sig.h"

static const char tail[] = ".ndjson";

void
reel_name(const struct reel *r, const char *date, char out[REEL_NAME])
{
	snprintf(out, REEL_NAME, "%s-%s%s", r->symbol, date, tail);
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

/* ---- which files ---- */

static DIR *
open_dir(const struct reel *r, struct err *e)
{
	int fd = dup(r->dir);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL)
		err_set(e, EX_CANTCREAT, "TAPE", "%s: %s", r->path,
		    strerror(errno));
	else
		rewinddir(d);
	return d;
}

/* The newest file of ours before that date, of those that hold anything;
 * without a date of all. */
static int
find_newest(struct reel *r, const char *before, char newest[11], struct err *e)
{
	DIR *d = open_dir(r, e);
	const struct dirent *f;
	struct stat st;
	char date[11];

	newest[0] = '\0';
	if (d == NULL)
		return -1;
	while ((f = readdir(d)) != NULL) {
		if (!is_ours(r, f->d_name, date) || strcmp(date, newest) <= 0)
			continue;
		if (before == NULL ||
		    (strcmp(date, before) < 0 &&
			fstatat(r->dir, f->d_name, &st, 0) == 0 &&
			st.st_size > 0))
			memcpy(newest, date, sizeof(date));
	}
	closedir(d);
	return 0;
}

int
past_find(struct reel *r, struct err *e)
{
	if (find_newest(r, NULL, r->date, e) < 0)
		return -1;
	return find_newest(r, r->date, r->prev, e);
}

void
past_squeeze(struct reel *r)
{
	DIR *d = r->zstd ? open_dir(r, &r->unpacked) : NULL;
	const struct dirent *f;
	char date[11];

	if (d == NULL)
		return;
	while ((f = readdir(d)) != NULL)
		if (is_ours(r, f->d_name, date) && strcmp(date, r->prev) < 0 &&
		    squeeze(r->dir, f->d_name, &r->unpacked) < 0)
			err_warn(r->symbol, r->unpacked.code, "%s",
			    r->unpacked.text);
	closedir(d);
}

/* ---- what is in them ---- */

void
reel_remember(struct reel *r, const struct tape_line *l)
{
	size_t at = (size_t)(l->act % REEL_RING);

	r->ring[at].act = l->act;
	memcpy(r->ring[at].sum, l->sum, TAPE_SUM);
	r->last = l->act;
	r->last_ts = l->ts;
	r->known = true;
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

void
reel_go_back(struct reel *r, int64_t to)
{
	const char *sum = reel_sum(r, to);

	memcpy(r->sum, sum == NULL ? "" : sum, sum == NULL ? 1 : TAPE_SUM);
	r->last = to;
	r->last_ts = 0;
	r->known = true;
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
		reel_remember(r, &l);
	else if (l.what == TAPE_REWIND)
		reel_go_back(r, l.act);
	else if (!r->known || l.act > r->last)
		reel_go_back(r, l.act);
	r->headed |= l.what == TAPE_HEAD;
	r->size += (int64_t)text.n + 1;
	return 0;
}

/* All whole lines of a file.  0; 1 told to stop; -1 and *e. */
static int
read_lines(struct reel *r, int fd, const char *date, struct err *e)
{
	struct in in = {.fd = fd, .max = STREAM_LINE_MAX};
	struct span text;
	int got, rc = 0;

	r->size = 0;
	r->headed = false;
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
		    r->symbol, date, tail, (long long)r->size,
		    (long long)r->last, why.text);
	}
	if (rc == 0 && !in.eof)
		rc = 1;
	buf_free(&in.buf);
	return rc;
}

/* The file before.  A damaged one is told, and then as if it were not there. */
static int
read_prev(struct reel *r, struct err *e)
{
	char name[REEL_NAME];
	int fd, rc;

	reel_name(r, r->prev, name);
	fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(e, EX_CANTCREAT, "TAPE", "%s/%s: %s", r->path,
		    name, strerror(errno));
	rc = read_lines(r, fd, r->prev, e);
	close(fd);
	if (rc >= 0)
		return rc;
	err_warn(r->symbol, e->code, "%s", e->text);
	memset(r->ring, 0, REEL_RING * sizeof(*r->ring));
	r->last = r->last_ts = 0;
	r->known = false;
	r->sum[0] = '\0';
	return 0;
}

int
past_read(struct reel *r, struct err *e)
{
	int rc;

	*e = (struct err){.exit = 0};
	rc = r->prev[0] == '\0' ? 0 : read_prev(r, e);

	if (rc == 0)
		rc = read_lines(r, r->fd, r->date, e);
	if (rc != 0)
		return rc;
	if (e->exit != 0 && !r->known)
		return -1; /* *e: what is wrong with the one before */
	if (ftruncate(r->fd, r->size) < 0)
		return err_set(
		    e, EX_CANTCREAT, "TAPE", "cut: %s", strerror(errno));
	lseek(r->fd, r->size, SEEK_SET);
	past_squeeze(r);
	return 0;
}
